"""A publisher in memory: makes valid published trees, and invalid ones on purpose.

The idea is python-tuf's repository simulator: the four TUF roles lie open as objects, a test changes what it
likes and has them signed again. Keys are made from words and signatures are deterministic (RFC 8032), so
that the same trees come out on CPython and in Pyodide, which has the pure Python that securesystemslib brings along.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from securesystemslib._vendor.ed25519 import ed25519
from securesystemslib.signer import Key, Signature, SSlibKey
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from support.objects import deflate
from vademecum.encoder.alphabet import Alphabet
from vademecum.encoder.file import EncoderFile, Golden, encode_encoder, row_bytes
from vademecum.encoder.query import Encoder
from vademecum.format.json import canonical, iso_time
from vademecum.format.manifest import EncoderEntry, Manifest, SegmentEntry, changed_last, encode_manifest
from vademecum.format.objects import ObjectRef
from vademecum.format.segment import ChunkRow, DocumentRow, chunk_id, decode_segment, encode_segment, scale_of
from vademecum.generation.live_rows import assemble
from vademecum.trust.channel import ManifestHint

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
except ImportError:  # Pyodide
    Ed25519PrivateKey = None  # type: ignore[assignment, misc]

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
EPOCH = "0123456789abcdef"
DIMENSIONS = 4
Role = Root | Targets | Snapshot | Timestamp
ONLINE = ("timestamp", "snapshot", "targets")

Documents = Mapping[str, Mapping[str, Any]]
"""By key: `{"title": ..., "url": ..., "metadata": {...}, "chunks": [text, ...]}`; all but chunks may be left out."""


@dataclass(frozen=True)
class TestKey:
    """An ed25519 key made from a word."""

    __test__ = False
    word: str

    @property
    def key(self) -> SSlibKey:
        public = _public(self.word).hex()
        return SSlibKey(hashlib.sha256(public.encode()).hexdigest(), "ed25519", "ed25519", {"public": public})

    def sign(self, payload: bytes) -> Signature:
        return Signature(self.key.keyid, _sign(self.word, payload).hex())


def _secret(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()


@functools.cache
def _public(word: str) -> bytes:
    if Ed25519PrivateKey is not None:
        return Ed25519PrivateKey.from_private_bytes(_secret(word)).public_key().public_bytes_raw()
    return bytes(ed25519.publickey_unsafe(_secret(word)))  # type: ignore[no-untyped-call]


@functools.cache
def _sign(word: str, payload: bytes) -> bytes:
    if Ed25519PrivateKey is not None:
        return Ed25519PrivateKey.from_private_bytes(_secret(word)).sign(payload)
    return bytes(ed25519.signature_unsafe(payload, _secret(word), _public(word)))  # type: ignore[no-untyped-call]


def make_encoder(words: str = "rotate the key of a lamp and run home", goldens: int = 1) -> Encoder:
    """Return a tiny encoder; its rows are as good as random, and the same each time."""
    vocabulary = sorted(set(words.split()))
    rows = b"".join(hashlib.sha256(word.encode()).digest()[16:][: row_bytes(DIMENSIONS)] for word in vocabulary)
    letters = sorted(string.ascii_letters)
    alphabet = Alphabet([ord(x) for x in letters], [x.lower() for x in letters], bytes(len(letters)))
    bare = EncoderFile("test", DIMENSIONS, vocabulary, rows, [100] * len(vocabulary), alphabet)
    texts = vocabulary[:goldens]
    examples = [Golden(text, Encoder(bare).encode(text)) for text in texts]
    return Encoder(EncoderFile("test", DIMENSIONS, vocabulary, rows, bare.weights, alphabet, examples))


def quantise(vector: Sequence[float]) -> tuple[bytes, int]:
    """Return the signed bytes and the scale of a vector (format.md, section 4.2)."""
    largest = max(map(abs, vector))
    if not largest:
        return bytes(len(vector)), 0
    values = bytes(math.floor(v * 127 / largest + 0.5) & 0xFF for v in vector)
    return values, scale_of(values)


class SigningKey(Protocol):
    @property
    def key(self) -> Key: ...

    def sign(self, payload: bytes) -> Signature: ...


def sign(signed: Role, keys: Iterable[SigningKey]) -> bytes:
    """Return the metadata file of a role."""
    metadata: Metadata[Any] = Metadata(signed)
    for key in keys:
        signature = key.sign(metadata.signed_bytes)
        metadata.signatures[signature.keyid] = signature
    return metadata.to_bytes(JSONSerializer(compact=True))


@dataclass
class Publisher:
    """One knowledge base. `files` is what the host serves; every call of `publish` is one release.

    Attributes:
        borders: Where the recency tiers are cut; a test may remove some, which merges segments.
        change: Applied to each manifest before it is signed.
        keys: The keys that sign each role.
    """

    now: datetime = NOW
    line: str = ""
    epoch: str = EPOCH
    channel: str = "stable"
    encoder: Encoder = field(default_factory=make_encoder)
    change: Callable[[Manifest], Manifest] = lambda manifest: manifest
    files: dict[str, bytes] = field(default_factory=dict)
    sequence: int = 0
    borders: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        self.keys: dict[str, list[TestKey]] = {role: [TestKey(f"{self.line}release")] for role in ONLINE}
        self.keys["root"] = [TestKey(f"{self.line}root")]
        self.rows: dict[str, DocumentRow] = {}
        self.chunks: dict[int, ChunkRow] = {}
        self.past: dict[int, tuple[dict[str, DocumentRow], dict[int, ChunkRow]]] = {}
        self.manifest: Manifest | None = None
        self.root = Root(expires=self.now + timedelta(days=3000), consistent_snapshot=True)
        self.targets, self.snapshot, self.timestamp = Targets(), Snapshot(), Timestamp()
        for role, keys in self.keys.items():
            for key in keys:
                self.root.add_key(key.key, role)
        for signed in (self.root, self.targets, self.snapshot, self.timestamp):
            signed.version = 0  # nothing is published yet
        self.publish_root()

    # Metadata ---------------------------------------------------------------------------------

    @property
    def first_root(self) -> bytes:
        return self.files["metadata/1.root.json"]

    def publish_root(self, extra: Iterable[TestKey] = ()) -> bytes:
        """Sign the next root with its own keys and those of the one before (`extra`)."""
        self.root.version += 1
        data = sign(self.root, [*self.keys["root"], *extra])
        self.files[f"metadata/{self.root.version}.root.json"] = data
        return data

    def rotate(self, role: str, word: str) -> None:
        """Replace the keys of a role by one new key, and publish the root that says so."""
        old = self.keys[role]
        for key in old:
            self.root.revoke_key(key.key.keyid, role)
        self.keys[role] = [TestKey(word)]
        self.root.add_key(self.keys[role][0].key, role)
        self.publish_root(old if role == "root" else ())

    def sign_targets(self) -> None:
        self.targets.version += 1
        self.targets.expires = self.now + timedelta(days=365)
        self.write_targets()

    def write_targets(self) -> None:
        data = sign(self.targets, self.keys["targets"])
        self.files[f"metadata/{self.targets.version}.targets.json"] = data
        hashes = {"sha256": hashlib.sha256(data).hexdigest()}
        self.snapshot.meta["targets.json"] = MetaFile(self.targets.version, len(data), hashes)

    def sign_snapshot(self) -> None:
        self.snapshot.version += 1
        self.snapshot.expires = self.now + timedelta(days=30)
        self.write_snapshot()

    def write_snapshot(self) -> None:
        data = sign(self.snapshot, self.keys["snapshot"])
        self.files[f"metadata/{self.snapshot.version}.snapshot.json"] = data
        hashes = {"sha256": hashlib.sha256(data).hexdigest()}
        self.timestamp.snapshot_meta = MetaFile(self.snapshot.version, len(data), hashes)

    def sign_timestamp(self) -> None:
        self.timestamp.version += 1
        self.timestamp.expires = self.now + timedelta(days=30)
        self.write_timestamp()

    def write_timestamp(self) -> None:
        self.files["metadata/timestamp.json"] = sign(self.timestamp, self.keys["timestamp"])

    def sign(self) -> None:
        """Sign the three online roles anew, in the order in which a publisher writes them."""
        self.sign_targets()
        self.sign_snapshot()
        self.sign_timestamp()

    # Releases ---------------------------------------------------------------------------------

    def publish(self, documents: Documents) -> Manifest:
        """Publish these documents as the next release; return its manifest."""
        self.sequence += 1
        self._take(documents)
        self.past[self.sequence] = (dict(self.rows), dict(self.chunks))
        self.borders.append(self.sequence)
        segments = [self._segment(a, b) for a, b in reversed([*zip(self.borders, self.borders[1:], strict=False)])]
        entries = tuple(entry for entry, _ in segments if entry.documents or entry.chunks)
        state = assemble([decode_segment(content) for _, content in segments])
        manifest = self.change(
            Manifest(
                sequence=self.sequence,
                version=f"v{self.sequence}",
                channel=self.channel,
                built=iso_time(self.now),
                epoch=self.epoch,
                digest=state.digest(),
                documents=len(state.documents),
                chunks=len(state.chunks),
                encoder=EncoderEntry("test", DIMENSIONS, self.put(encode_encoder(self.encoder.file))),
                segments=_joined(entries),
                sources=self.put(canonical({"files": {}})),
                changed=changed_last(row.sequence for row in self.rows.values()),
            )
        )
        self.announce(manifest)
        return manifest

    def announce(self, manifest: Manifest) -> None:
        """Write a manifest and sign it as the channel's release."""
        self.manifest = manifest
        data = encode_manifest(manifest)
        digest = hashlib.sha256(data).hexdigest()
        path = f"releases/{manifest.sequence}.json"
        self.files[f"releases/{digest}.{manifest.sequence}.json"] = data
        self.targets.targets = {path: TargetFile(len(data), {"sha256": digest}, path)}
        pointer = {"release": path, "sequence": manifest.sequence, "version": manifest.version}
        self.targets.unrecognized_fields["vademecum"] = {"channels": {self.channel: pointer}, "format": 1}
        self.hint = ManifestHint(manifest.sequence, path, digest, len(data)).json()
        self.sign()

    @property
    def hint(self) -> dict[str, Any]:
        """What the snapshot says of the channel."""
        hint: dict[str, Any] = self.snapshot.unrecognized_fields["vademecum"]["channels"][self.channel]
        return hint

    @hint.setter
    def hint(self, hint: object) -> None:
        self.snapshot.unrecognized_fields["vademecum"] = {"channels": {self.channel: hint}}

    def publish_candidate(self, documents: Documents, rollout: object) -> Manifest:
        """Publish a release beside the current one; `rollout` goes into the targets as it is."""
        entry, targets = self.entry, self.targets.targets
        manifest = self.publish(documents)
        candidate = {**self.entry, "rollout": rollout}
        self.targets.targets = {**targets, **self.targets.targets}
        self.change_line({**entry, "candidate": candidate})
        return manifest

    @property
    def entry(self) -> dict[str, Any]:
        """What the targets say of the channel."""
        entry: dict[str, Any] = self.targets.unrecognized_fields["vademecum"]["channels"][self.channel]
        return entry

    def change_line(self, line: Mapping[str, Any]) -> None:
        """Say something else of the channel, and sign it."""
        self.targets.unrecognized_fields["vademecum"] = {"channels": {self.channel: dict(line)}, "format": 1}
        self.sign()

    def put(self, content: bytes) -> ObjectRef:
        """Write an object; return its reference."""
        ref, body = deflate(content)
        self.files[ref.path] = body
        return ref

    def new_epoch(self, epoch: str, encoder: Encoder) -> None:
        """Begin a new epoch: with the next release every row is written anew."""
        self.epoch, self.encoder = epoch, encoder
        self.rows, self.chunks, self.borders = {}, {}, [0]

    def _take(self, documents: Documents) -> None:
        live = {chunk for row in self.rows.values() for chunk in row.chunks}
        for key, document in documents.items():
            chunks = [self._chunk(document, text) for text in document["chunks"]]
            for chunk in chunks:
                if chunk.id not in live:
                    self.chunks[chunk.id] = chunk
            row = DocumentRow(
                key=key,
                sequence=self.sequence,
                title=document.get("title", ""),
                url=document.get("url", ""),
                metadata=_metadata(document.get("metadata", {})),
                chunks=tuple(chunk.id for chunk in chunks),
            )
            known = self.rows.get(key)
            if known is None or known != _at(row, known.sequence):
                self.rows[key] = row
        for key, known in list(self.rows.items()):
            if key not in documents and not known.removed:
                self.rows[key] = DocumentRow(key, self.sequence, removed=True)
        named = {chunk for row in self.rows.values() for chunk in row.chunks}
        self.chunks = {chunk: row for chunk, row in self.chunks.items() if chunk in named}

    def _chunk(self, document: Mapping[str, Any], text: str) -> ChunkRow:
        title = document.get("title", "")
        vector, scale = quantise([float(v) for v in self.encoder.accumulate(text, prefixes=False)])
        return ChunkRow(chunk_id(title, "", "", text), self.sequence, vector, scale, "", "", text)

    def _segment(self, after: int, upto: int) -> tuple[SegmentEntry, bytes]:
        documents = [row for row in self.rows.values() if after < row.sequence <= upto]
        chunks = [row for row in self.chunks.values() if after < row.sequence <= upto]
        content = encode_segment(self.epoch, DIMENSIONS, documents, chunks)
        return SegmentEntry(after, upto, len(documents), len(chunks), self.put(content)), content


def _at(row: DocumentRow, sequence: int) -> DocumentRow:
    return DocumentRow(row.key, sequence, row.title, row.url, row.metadata, row.chunks)


def _metadata(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":")) if values else ""


def _joined(entries: Sequence[SegmentEntry]) -> tuple[SegmentEntry, ...]:
    """Close the gaps that empty segments have left: each tier reaches down to the next one's end."""
    lower = [*(entry.upto for entry in entries), 0][1:]
    return tuple(
        SegmentEntry(after, entry.upto, entry.documents, entry.chunks, entry.object)
        for entry, after in zip(entries, lower, strict=False)
    )
