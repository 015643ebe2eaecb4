"""The manifest of a release, read and written (format.md, section 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any

from vademecum.errors import ContentError
from vademecum.format.json import DIGEST, Fields, canonical, parse_object
from vademecum.format.objects import EPOCH, FORMAT, MAX_SEQUENCE, ObjectRef, PackRef, read_ref, ref_json

PLACES = ("lang", "version")
"""Fields of documents' metadata that make several places of one page."""
MOST_VALUES = 1000
MOST_CHANGED = 8


@dataclass(frozen=True)
class EncoderEntry:
    """The query encoder of a release: its name, its dimensions and its file.

    Attributes:
        directions: What vectors of the model are projected onto (section 4.6), where they are; no client needs it
            but one whose app encodes queries itself.
        model: The model's own files (section 4.7), where they are published.
    """

    name: str
    dimensions: int
    object: ObjectRef
    directions: ObjectRef | None = None
    model: ObjectRef | None = None

    @property
    def extras(self) -> dict[str, ObjectRef]:
        """What builders need, and only some clients, by its name in the manifest."""
        named = {"directions": self.directions, "model": self.model}
        return {name: ref for name, ref in named.items() if ref is not None}


@dataclass(frozen=True)
class SegmentEntry:
    """A recency tier, or one of its parts: rows that last changed in a sequence above `after`, at most `upto`."""

    after: int
    upto: int
    documents: int
    chunks: int
    object: ObjectRef


@dataclass(frozen=True)
class PackEntry:
    """A direct pack: it leads from release `after` to this one.

    Attributes:
        sha256, size: Of the file, which is not gzipped.
        manifest: That of release `after`, where it names packs that lead on from older ones; only its digest
            and size are known.
    """

    after: int
    sha256: str
    size: int
    manifest: ObjectRef | None = None

    @property
    def object(self) -> PackRef:
        """The file."""
        return PackRef(self.sha256, self.size, self.size)

    @property
    def manifest_path(self) -> str:
        """Where the manifest of release `after` lies."""
        return "" if self.manifest is None else f"releases/{self.manifest.sha256}.{self.after}.json"


@dataclass(frozen=True)
class ReleaseInfo:
    """What is known of a release wherever it is: in its manifest, and where it is installed.

    Attributes:
        sequence: Its number, from 1; every release of a line has the next one.
        version: What people call it.
        built: An ISO time in UTC.
        epoch: 16 hex digits: releases whose vectors can be compared (section 4.2).
        digest: The state digest (section 5), in hex.
        documents, chunks: How many are live.
        places: Of the fields in `PLACES` that documents have, the values, the preferred first (section 5.1).
    """

    sequence: int
    version: str
    built: str
    epoch: str
    digest: str
    documents: int
    chunks: int
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict, kw_only=True)

    @property
    def info(self) -> dict[str, Any]:
        """These fields alone, by their names, which are also those of the JSON."""
        return {field.name: getattr(self, field.name) for field in dataclass_fields(ReleaseInfo)}


@dataclass(frozen=True)
class Manifest(ReleaseInfo):
    """One release, as it is published.

    Attributes:
        segments: Newest first; together they cover all sequences from 0 without a gap.
        sources: For the builder alone (section 6).
        packs: Newest base first.
        changed: (sequence, documents): how many document rows, tombstones among them, changed last in that sequence;
            newest first, the last `MOST_CHANGED`.
    """

    channel: str
    encoder: EncoderEntry
    segments: tuple[SegmentEntry, ...]
    sources: ObjectRef
    packs: tuple[PackEntry, ...] = ()
    changed: tuple[tuple[int, int], ...] = ()

    def documents_since(self, sequence: int) -> int | None:
        """Return how many documents differ from those of an older release; None where that is not said."""
        if not self.changed or (len(self.changed) == MOST_CHANGED and self.changed[-1][0] > sequence + 1):
            return None
        return sum(documents for changed, documents in self.changed if changed > sequence)

    @property
    def objects(self) -> tuple[ObjectRef, ...]:
        """Everything that a client without an older release needs to read this one."""
        return (self.encoder.object, *(segment.object for segment in self.segments))

    @property
    def extras(self) -> tuple[ObjectRef, ...]:
        """What builders need, and only some clients."""
        return tuple(self.encoder.extras.values())


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the bytes of a manifest, canonical: the same release gives the same bytes."""
    packs = {"packs": [_pack_json(entry) for entry in manifest.packs]} if manifest.packs else {}
    info = {name: value for name, value in manifest.info.items() if name != "places" or value}
    return canonical(
        {
            **info,
            **packs,
            **({"changed": [[*pair] for pair in manifest.changed]} if manifest.changed else {}),
            "channel": manifest.channel,
            "encoder": {
                "dimensions": manifest.encoder.dimensions,
                "name": manifest.encoder.name,
                "object": ref_json(manifest.encoder.object),
                **{name: ref_json(ref) for name, ref in manifest.encoder.extras.items()},
            },
            "format": FORMAT,
            "segments": [
                {
                    "chunks": entry.chunks,
                    "documents": entry.documents,
                    "from": entry.after,
                    "object": ref_json(entry.object),
                    "to": entry.upto,
                }
                for entry in manifest.segments
            ],
            "sources": ref_json(manifest.sources),
        }
    )


def decode_manifest(data: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        NewerFormatError: Made by a publisher that writes a newer major format.
        ContentError: Malformed, or its tiers have a gap or an overlap.
    """
    fields = Fields(parse_object(data, "manifest"), "manifest")
    fields.refuse_newer(FORMAT)
    encoder = fields.child("encoder")
    manifest = Manifest(
        **read_info(fields),
        channel=fields.text("channel", 1, 100),
        encoder=EncoderEntry(
            name=encoder.text("name", 1, 500),
            dimensions=encoder.integer("dimensions", 1, 4096),
            object=read_ref(encoder.child("object")),
            **{name: read_ref(encoder.child(name)) for name in ("directions", "model") if name in encoder},
        ),
        segments=tuple(_segment_entry(child) for child in fields.children("segments")),
        sources=read_ref(fields.child("sources")),
        packs=tuple(_pack_entry(entry) for entry in fields.lists("packs")),
        changed=_changed(fields),
    )
    _check_tiers(manifest)
    _check_packs(manifest)
    return manifest


def read_info(fields: Fields) -> dict[str, Any]:
    """Read the fields of `ReleaseInfo`, which a manifest and the store's pointer both have. Raises ContentError."""
    fields.time("built")
    places = fields.child("places") if "places" in fields else Fields({}, "")
    return {
        "sequence": fields.integer("sequence", 1, MAX_SEQUENCE),
        "version": fields.text("version", 1, 100),
        "built": fields.text("built", 1, 40),
        "epoch": fields.match("epoch", EPOCH),
        "digest": fields.match("digest", DIGEST),
        "documents": fields.integer("documents"),
        "chunks": fields.integer("chunks"),
        "places": {n: places.texts(n)[:MOST_VALUES] for n in PLACES if n in places},
    }


def changed_last(sequences: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return `Manifest.changed` for document rows of these sequences."""
    return tuple(sorted(Counter(sequences).items(), reverse=True)[:MOST_CHANGED])


def _changed(fields: Fields) -> tuple[tuple[int, int], ...]:
    """Read pairs; junk is as if nothing was said: no release is refused for what only says how much it brings."""
    try:
        return tuple((pair.integer("0", 1), pair.integer("1")) for pair in fields.lists("changed"))
    except ContentError:
        return ()


def _segment_entry(fields: Fields) -> SegmentEntry:
    return SegmentEntry(
        after=fields.integer("from", 0, MAX_SEQUENCE),
        upto=fields.integer("to", 1, MAX_SEQUENCE),
        documents=fields.integer("documents"),
        chunks=fields.integer("chunks"),
        object=read_ref(fields.child("object")),
    )


def _pack_entry(fields: Fields) -> PackEntry:
    """Read `[from, size, digest]`, to which size and digest of a manifest may be added."""
    after = fields.integer("0", 1, MAX_SEQUENCE)
    size, sha256 = fields.integer("1"), fields.match("2", DIGEST)
    manifest = None
    if "3" in fields:
        length = fields.integer("3")
        manifest = ObjectRef(fields.match("4", DIGEST), length, length)
    return PackEntry(after, sha256, size, manifest)


def _pack_json(entry: PackEntry) -> list[object]:
    more = () if entry.manifest is None else (entry.manifest.size, entry.manifest.sha256)
    return [entry.after, entry.size, entry.sha256, *more]


def _check_packs(manifest: Manifest) -> None:
    upper = manifest.sequence
    for index, entry in enumerate(manifest.packs):
        if entry.after >= upper:
            raise ContentError(f"manifest.packs[{index}] begins at {entry.after}, expected below {upper}")
        upper = entry.after


def _check_tiers(manifest: Manifest) -> None:
    upper = manifest.sequence
    for index, entry in enumerate(manifest.segments):
        if index and _is_next_part(entry, manifest.segments[index - 1]):
            continue
        joins = entry.upto <= upper if index == 0 else entry.upto == upper
        if not joins or entry.after >= entry.upto:
            raise ContentError(
                f"manifest.segments[{index}] covers {entry.after}..{entry.upto}, expected its end at {upper}"
            )
        upper = entry.after
    if manifest.segments and upper != 0:
        raise ContentError(f"manifest.segments leave out the sequences up to {upper}")


def _is_next_part(entry: SegmentEntry, before: SegmentEntry) -> bool:
    """Return whether this is a further segment of the tier before."""
    same = (entry.after, entry.upto) == (before.after, before.upto)
    return same and entry.object.sha256 != before.object.sha256
