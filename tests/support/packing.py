"""The plainest packs that the format allows: every changed document anew, nothing compared. Written for tests.

The builder's own are small; these are readable, and made without a line of the builder's.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from support.publisher import DIMENSIONS, Publisher
from vademecum.delta.dictionary import FACTS, KEY, OldDocument
from vademecum.format.manifest import Manifest, PackEntry, encode_manifest
from vademecum.format.objects import ObjectRef
from vademecum.format.segment import ChunkRow, DocumentRow, Segment
from vademecum.generation.live_rows import LiveRows


def number(value: int) -> bytes:
    """Return an unsigned LEB128."""
    return bytes([value & 127 | 128]) + number(value >> 7) if value > 127 else bytes([value])


def deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()


def pack(publisher: Publisher, after: int, upto: int) -> bytes:
    """Return a pack from one release of the publisher to another."""
    old_rows, old_chunks = publisher.past[after]
    new_rows, new_chunks = publisher.past[upto]
    old, new = (
        sorted((row for row in rows.values() if not row.removed), key=lambda row: row.key.encode())
        for rows in (old_rows, new_rows)
    )
    keys = {row.key for row in new}
    places = {chunk: (i, at) for i, row in enumerate(old) for at, chunk in enumerate(row.chunks)}
    known = {row.key: i for i, row in enumerate(old)}
    fresh: list[ChunkRow] = []
    out = [b"\x01", *map(number, (after, upto, DIMENSIONS))]
    removed = [i for i, row in enumerate(old) if row.key not in keys]
    named = [row for row in new if row.key not in known or row.sequence > after]
    entries = [_entry(row, known.get(row.key), places, new_chunks, fresh) for row in named]
    out += [number(len(removed)), *map(number, removed), number(len(named))]
    out += [head for head, _ in entries] + [texts for _, texts in entries]
    del old_chunks
    return b"".join([*out, *[number(0)] * len(fresh), told(*(row.vector for row in fresh))])


def told(*vectors: bytes) -> bytes:
    """Return vectors as a pack holds them: each component alone, by its distance from 0."""
    bits = ""
    for vector in vectors:
        total, count = 10, 4
        for byte in vector:
            code = 2 * byte if byte < 128 else 2 * (256 - byte) - 1
            low = next(low for low in range(99) if count << low >= total)
            bits += "0" * (code >> low) + "1" + "".join(str(code >> at & 1) for at in reversed(range(low)))
            total, count = total + (code + 1) // 2, count + 1
            if count == 8:
                total, count = total // 2, 4
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def _entry(
    row: DocumentRow,
    old: int | None,
    places: dict[int, tuple[int, int]],
    chunks: dict[int, ChunkRow],
    fresh: list[ChunkRow],
) -> tuple[bytes, bytes]:
    """Return number, steps and texts of a document; what is new is added to `fresh`."""
    steps, fields = [], [*([row.key] if old is None else []), row.title, row.url, row.metadata]
    for chunk in row.chunks:
        if chunk in places:
            steps.append(number(3) + number(1 + places[chunk][0]) + number(places[chunk][1]))
            continue
        steps.append(number(2))
        fresh.append(chunks[chunk])
        fields += [chunks[chunk].headings, chunks[chunk].anchor, chunks[chunk].text]
    texts = b"".join(field.encode() + b"\xff" for field in fields)
    coded = deflated(texts)
    head = number(KEY if old is None else 3 * (1 + old) + FACTS)
    return head + number(len(steps)) + b"".join(steps), number(len(texts)) + number(len(coded)) + coded


class Live:
    """A state in memory as a base."""

    def __init__(self, state: LiveRows[Segment]) -> None:
        self._state = state
        self._places = list(state.documents.values())

    def __len__(self) -> int:
        return len(self._places)

    async def documents(self, indices: Sequence[int]) -> list[OldDocument]:
        return [self.document(index) for index in indices]

    def document(self, index: int) -> OldDocument:
        segment, row = self._places[index]
        document = self._state.segments[segment].document(row)
        places = (self._state.chunks[chunk] for chunk in document.chunks)
        return OldDocument(document, tuple(self._state.segments[i].chunk(row) for i, row in places))


Spoil = Callable[[bytes], bytes]


def with_packs(
    publisher: Publisher, *bases: int, by_way_of: Iterable[Manifest] = (), spoil: Spoil = bytes
) -> Callable[[Manifest], Manifest]:
    """Return a change of the publisher's manifests that names packs from these releases.

    Args:
        by_way_of: Manifests of those of the bases that lead on from older ones.
        spoil: Applied to each pack; its digest is that of what comes out.
    """
    ways = {manifest.sequence: manifest for manifest in by_way_of}

    def entry(after: int, upto: int) -> PackEntry:
        data = spoil(pack(publisher, after, upto))
        sha256 = hashlib.sha256(data).hexdigest()
        publisher.files[f"objects/{sha256}.pack"] = data
        way = None
        if after in ways:
            manifest = encode_manifest(ways[after])
            way = ObjectRef(hashlib.sha256(manifest).hexdigest(), len(manifest), len(manifest))
        return PackEntry(after, sha256, len(data), way)

    return lambda manifest: replace(
        manifest, packs=tuple(entry(after, manifest.sequence) for after in sorted(bases, reverse=True))
    )
