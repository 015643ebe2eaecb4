"""A manifest and generations, for the tests of plans and records."""

from __future__ import annotations

from vademecum.format.manifest import EncoderEntry, Manifest, SegmentEntry
from vademecum.format.objects import ObjectRef
from vademecum.store.pointer import Generation

_PIECES = (
    "a¦b ¦word¦!¦[¦]¦(¦)¦*¦**¦***¦`¦``¦```¦|¦\\¦- ¦1. ¦\n¦---¦<b>¦ | ¦| ¦"
    " |¦](x)¦[a](¦![¦é¦東¦\u2028¦\r¦&amp;¦#¦> ¦_¦~~¦  ¦\n\n¦{¦é😀¦![a](b.png)¦](javascript:x)¦](HTTPS://x)¦\x7f¦\t¦```py\n"
)
MARKUP_PIECES = tuple(_PIECES.split("¦"))
"""What texts of chunks are made of, and what may confuse who reads them (format.md, section 4.5)."""


def ref(letter: str, size: int = 10) -> ObjectRef:
    return ObjectRef(letter * 64, size, size * 2)


def entry(after: int, upto: int, letter: str = "b") -> SegmentEntry:
    return SegmentEntry(after, upto, 1, 2, ref(letter))


MANIFEST = Manifest(
    sequence=12,
    version="2026.11.21-12",
    channel="stable",
    built="2026-11-21T08:00:00Z",
    epoch="0123456789abcdef",
    digest="d" * 64,
    documents=3,
    chunks=6,
    encoder=EncoderEntry("builtin", 192, ref("e")),
    segments=(entry(11, 12), entry(4, 11, "c"), entry(0, 4, "f")),
    sources=ref("a"),
)


def generation(sequence: int, *segments: str) -> Generation:
    return Generation(
        sequence=sequence,
        version=f"v{sequence}",
        built="2026-11-21T08:00:00Z",
        installed="2026-11-21T08:05:00Z",
        epoch="0123456789abcdef",
        digest="d" * 64,
        documents=3,
        chunks=6,
        dimensions=4,
        encoder="e" * 64,
        segments=tuple(letter * 64 for letter in segments),
        manifest=f"{sequence:064x}",
        root=1,
        signers=("f" * 64,),
    )
