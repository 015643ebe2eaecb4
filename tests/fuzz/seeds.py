"""Real files to begin with: a frozen tree that the builder made, a small segment, and metadata with keys we hold."""

from __future__ import annotations

import functools
import gzip
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.formats import encode_canonical

from support.publisher import Publisher, TestKey, make_encoder
from vademecum.delta.dictionary import Header
from vademecum.encoder.file import encode_encoder
from vademecum.format.json import parse_object
from vademecum.format.manifest import decode_manifest
from vademecum.format.segment import ChunkRow, DocumentRow, Segment, chunk_id, decode_segment, encode_segment, scale_of
from vademecum.generation.live_rows import LiveRows, assemble
from vademecum.store.pointer import Head, encode_head, generation_of
from vademecum.store.seal import seal, unseal
from vademecum_builder.delta.encode import encode_pack
from vademecum_builder.delta.old_rows import OldRelease
from vademecum_builder.index.rows import Rows

_TREE = Path(__file__).parents[1] / "golden" / "format-1" / "second"
EPOCH = "0123456789abcdef"


@dataclass(frozen=True)
class Golden:
    """Files of the frozen tree, by what they are."""

    manifests: list[bytes]
    segments: list[bytes]
    encoders: list[bytes]
    sources: list[bytes]
    objects: list[bytes]
    version: bytes


@functools.cache
def golden() -> Golden:
    manifests = [path.read_bytes() for path in sorted((_TREE / "releases").iterdir())]
    files = [path.read_bytes() for path in sorted((_TREE / "objects").glob("*.gz"))]
    contents = [gzip.decompress(file) for file in files]
    return Golden(
        manifests,
        [content for content in contents if b"vademecum.segment.1" in content[:4000]],
        [content for content in contents if b"vademecum.encoder.1" in content[:4000]],
        [content for content in contents if content.startswith(b"{")],
        files,
        (_TREE / "version.json").read_bytes(),
    )


def small_segment() -> bytes:
    """Return a segment with a tombstone, and text beyond ASCII."""
    chunks = [
        ChunkRow(number + 1, 2, bytes([number] * 6), 400, "Ä\x1fB", "b", "Grüße 東京 " * number) for number in range(3)
    ]
    documents = [
        DocumentRow("a.md", 2, "Título", "https://example.org/a", '{"a":[1,"x"]}', (1, 2)),
        DocumentRow("b.md", 1, "B", "", "", (3,)),
        DocumentRow("c.md", 2, removed=True),
    ]
    return encode_segment(EPOCH, 6, documents, chunks)


@dataclass(frozen=True)
class SmallPack:
    """A pack, what it builds on, and what its header must say."""

    data: bytes
    state: LiveRows[Segment]
    header: Header


@functools.cache
def small_pack() -> SmallPack:
    """Return a pack that changes, adds and removes documents, with texts and differences of vectors."""
    rows = [_rows(release) for release in (1, 2)]
    first, header = rows[0], Header(1, 2, 8)
    base = OldRelease(sorted(first.documents.values(), key=lambda row: row.key), first.chunks)
    segment = encode_segment(EPOCH, 8, first.documents.values(), first.chunks.values())
    return SmallPack(encode_pack(base, rows[1], header), assemble([decode_segment(segment)]), header)


def _rows(release: int) -> Rows:
    documents, chunks = {}, {}
    for name in "abcde"[release - 1 : release + 2]:
        texts = [f"The {name} of part {part}, as it was told." for part in range(3)]
        if release == 2 and name == "b":
            texts[1] += " And then again."
        found = []
        for text in texts:
            chunk = chunk_id(name, "", "", text)
            born = 1 if "again" not in text and name in "bc" else release
            vector = hashlib.sha256(text[:20].encode()).digest()[:8]
            chunks[chunk] = ChunkRow(chunk, born, vector, scale_of(vector), "", "", text)
            found.append(chunk)
        born = 1 if name == "c" else release
        documents[name] = DocumentRow(name, born, name, "", "", tuple(found))
    return Rows(documents, chunks)


def small_encoder() -> bytes:
    return encode_encoder(make_encoder().file)


def head_record() -> bytes:
    manifest = decode_manifest(golden().manifests[0])
    current = generation_of(manifest, tuple(entry.object.sha256 for entry in manifest.segments), "2026-11-21T08:00:00Z")
    current = replace(current, manifest="a" * 64, root=1, signers=("b" * 64,))
    # Without its seal, see `resealed`: what is changed below it has to be refused, or taken, for what it says.
    return unseal(encode_head(Head(current, current, 3, (1, 2))), "head")


def resealed(data: bytes) -> bytes:
    """Return a record with a digest that is right, whatever it says now."""
    return seal(data) if data.startswith(b"{") else data


@dataclass(frozen=True)
class TinyTree:
    """A publisher's metadata, and how to sign others with the same keys."""

    publisher: Publisher

    def file(self, role: str) -> bytes:
        files = self.publisher.files
        names = {"root": "1.root", "timestamp": "timestamp", "snapshot": "1.snapshot", "targets": "1.targets"}
        return files[f"metadata/{names[role]}.json"]

    def signed(self, role: str) -> bytes:
        """Return the part of a role's metadata that is signed: what the fuzzers damage."""
        return _canonical(parse_object(self.file(role), role)["signed"])

    def next_root(self) -> bytes:
        """Return what the second root would sign."""
        root = parse_object(self.file("root"), "root")["signed"]
        return _canonical({**root, "version": 2})

    def sign(self, role: str, signed: Any) -> dict[str, Any]:
        """Return metadata with these signed values and a good signature."""
        keys = self.publisher.keys[role]
        payload = _canonical(signed)
        signatures = [{"keyid": key.key.keyid, "sig": _signature(key, payload).hex()} for key in keys]
        return {"signatures": signatures, "signed": signed}


@functools.cache
def tiny_tree() -> TinyTree:
    publisher = Publisher()
    publisher.publish({"a.md": {"title": "A", "chunks": ["rotate the key", "run home"]}})
    # Without lengths and digests, so that damaged metadata of the next role are not stopped before they are read.
    publisher.snapshot.meta["targets.json"].hashes = publisher.snapshot.meta["targets.json"].length = None
    publisher.write_snapshot()
    publisher.timestamp.snapshot_meta.hashes = publisher.timestamp.snapshot_meta.length = None
    publisher.write_timestamp()
    return TinyTree(publisher)


def release_key() -> str:
    """Return the PEM of the release key that the tiny tree names."""
    key = _private(tiny_tree().publisher.keys["targets"][0])
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _signature(key: TestKey, payload: bytes) -> bytes:
    return _private(key).sign(payload)


def _private(key: TestKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(key.word.encode()).digest())


def _canonical(value: Any) -> bytes:
    text = encode_canonical(value)
    assert text is not None
    return text.encode()
