"""Objects and the manifest of a release: read and written. The bytes are described in format.md."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass

from vademecum.errors import ContentError
from vademecum.format.json import DIGEST, Fields, canonical, parse_object

FORMAT = 1
GZIP_HEADER = bytes.fromhex("1f8b08000000000002ff")
MAX_SEQUENCE = 2**32 - 1

EPOCH = re.compile(r"[0-9a-f]{16}")


# Objects and their gzip (format.md, section 1) -------------------------------------------------


@dataclass(frozen=True)
class ObjectRef:
    """A content-addressed file: digest of its content, bytes on the host, bytes inflated."""

    sha256: str
    size: int
    uncompressed: int

    @property
    def path(self) -> str:
        """Where it lies in the published tree."""
        return f"objects/{self.sha256}.gz"


class PackRef(ObjectRef):
    """A pack: a file that is not gzipped."""

    @property
    def path(self) -> str:
        return f"objects/{self.sha256}.pack"


def deflate(content: bytes) -> tuple[ObjectRef, bytes]:
    """Return the reference and the gzip file of an object. The same content gives the same bytes."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return gzip_member(content, compressor.compress(content) + compressor.flush())


def gzip_member(content: bytes, deflated: bytes) -> tuple[ObjectRef, bytes]:
    """Return the reference and the gzip file of an object, from its content and that as a raw deflate stream."""
    trailer = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    file = GZIP_HEADER + deflated + trailer
    return ObjectRef(hashlib.sha256(content).hexdigest(), len(file), len(content)), file


def inflate(ref: ObjectRef, body: bytes) -> bytes:
    """Return the verified content of an object, from its gzip file or from the content itself.

    Raises:
        ContentError: Anything else than the very object that `ref` names.
    """
    content = body
    if body.startswith(GZIP_HEADER):
        content = _gunzip(ref, body)
    return verified(ref, content, ref.path)


def inflate_named(sha256: str, body: bytes, most: int) -> bytes:
    """Return the content of an object of which only the digest is known, from the body that a host sent.

    Args:
        most: Never more bytes than that are inflated.

    Raises:
        ContentError: Anything else than the very object of that digest.
    """
    content = body
    if body.startswith(GZIP_HEADER):
        content = _gunzip(ObjectRef(sha256, len(body), most), body)
    ref = ObjectRef(sha256, len(body), len(content))
    if len(content) > most:
        raise ContentError(f"{ref.path}: more than {most} bytes")
    return verified(ref, content, ref.path)


def verified(ref: ObjectRef, content: bytes, path: str) -> bytes:
    """Return the content if it is the very one that `ref` names.

    Raises:
        ContentError: It is not; the message names `path`.
    """
    if len(content) != ref.uncompressed or hashlib.sha256(content).hexdigest() != ref.sha256:
        hint = " (HTML: a login page or an error page?)" if content[:512].lstrip()[:1] == b"<" else ""
        raise ContentError(f"{path}: {len(content)} bytes that are not what was signed{hint}")
    return content


def _gunzip(ref: ObjectRef, body: bytes) -> bytes:
    if len(body) != ref.size:
        raise ContentError(f"{ref.path}: {len(body)} bytes, the manifest says {ref.size}")
    inflater = zlib.decompressobj(wbits=31)
    try:
        content = inflater.decompress(body, ref.uncompressed + 1)
    except zlib.error as error:
        raise ContentError(f"{ref.path}: damaged gzip: {error}") from None
    if not inflater.eof or inflater.unused_data:
        raise ContentError(f"{ref.path}: the gzip does not end where it should")
    return content


# Manifest (section 3) ---------------------------------------------------------------------------


@dataclass(frozen=True)
class EncoderEntry:
    """The query encoder of a release: its name, its dimensions and its file."""

    name: str
    dimensions: int
    object: ObjectRef


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
        return PackRef(self.sha256, self.size, self.size)

    @property
    def manifest_path(self) -> str:
        """Where the manifest of release `after` lies."""
        return "" if self.manifest is None else f"releases/{self.manifest.sha256}.{self.after}.json"


@dataclass(frozen=True)
class Manifest:
    """One release. `built` is an ISO time in UTC; `segments` and `packs` are newest first."""

    sequence: int
    version: str
    channel: str
    built: str
    epoch: str
    digest: str
    documents: int
    chunks: int
    encoder: EncoderEntry
    segments: tuple[SegmentEntry, ...]
    sources: ObjectRef
    packs: tuple[PackEntry, ...] = ()

    @property
    def objects(self) -> tuple[ObjectRef, ...]:
        """Everything that a client without an older release needs to read this one."""
        return (self.encoder.object, *(segment.object for segment in self.segments))


def encode_manifest(manifest: Manifest) -> bytes:
    packs = {"packs": [_pack_json(entry) for entry in manifest.packs]} if manifest.packs else {}
    return canonical(
        {
            **packs,
            "built": manifest.built,
            "channel": manifest.channel,
            "chunks": manifest.chunks,
            "digest": manifest.digest,
            "documents": manifest.documents,
            "encoder": {
                "dimensions": manifest.encoder.dimensions,
                "name": manifest.encoder.name,
                "object": _object_json(manifest.encoder.object),
            },
            "epoch": manifest.epoch,
            "format": FORMAT,
            "segments": [
                {
                    "chunks": entry.chunks,
                    "documents": entry.documents,
                    "from": entry.after,
                    "object": _object_json(entry.object),
                    "to": entry.upto,
                }
                for entry in manifest.segments
            ],
            "sequence": manifest.sequence,
            "sources": _object_json(manifest.sources),
            "version": manifest.version,
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
    fields.time("built")
    manifest = Manifest(
        sequence=fields.integer("sequence", 1, MAX_SEQUENCE),
        version=fields.text("version", 1, 100),
        channel=fields.text("channel", 1, 100),
        built=fields.text("built", 1, 40),
        epoch=fields.match("epoch", EPOCH),
        digest=fields.match("digest", DIGEST),
        documents=fields.integer("documents"),
        chunks=fields.integer("chunks"),
        encoder=EncoderEntry(
            name=encoder.text("name", 1, 500),
            dimensions=encoder.integer("dimensions", 1, 4096),
            object=read_object(encoder.child("object")),
        ),
        segments=tuple(_segment_entry(child) for child in fields.children("segments")),
        sources=read_object(fields.child("sources")),
        packs=tuple(_pack_entry(entry) for entry in fields.lists("packs")),
    )
    _check_tiers(manifest)
    _check_packs(manifest)
    return manifest


def _segment_entry(fields: Fields) -> SegmentEntry:
    return SegmentEntry(
        after=fields.integer("from", 0, MAX_SEQUENCE),
        upto=fields.integer("to", 1, MAX_SEQUENCE),
        documents=fields.integer("documents"),
        chunks=fields.integer("chunks"),
        object=read_object(fields.child("object")),
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


def read_object(fields: Fields) -> ObjectRef:
    """Return the reference that an object of JSON makes."""
    return ObjectRef(fields.match("sha256", DIGEST), fields.integer("size"), fields.integer("uncompressed"))


def _object_json(ref: ObjectRef) -> dict[str, object]:
    return {"sha256": ref.sha256, "size": ref.size, "uncompressed": ref.uncompressed}
