"""A TUF repository in memory that signs anything on demand: good metadata, and what an attacker would show.

The idea is python-tuf's repository simulator. Publisher (tests/support/publisher.py) makes releases of ours; this
one knows nothing of releases, but has delegations, thresholds, every type of key, and both ways of naming files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from securesystemslib.signer import CryptoSigner, Key, Signature
from tuf.api.metadata import MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from support.publisher import ONLINE, SigningKey, TestKey, sign


@dataclass(frozen=True)
class CryptoKey:
    """A key of any type that `cryptography` makes."""

    signer: CryptoSigner

    @property
    def key(self) -> Key:
        return self.signer.public_key

    def sign(self, payload: bytes) -> Signature:
        return self.signer.sign(payload)


@dataclass(frozen=True)
class Alias:
    """A key under another identifier; `public`: written in another way, too."""

    original: SigningKey
    keyid: str
    public: str = ""

    @property
    def key(self) -> Key:
        known = self.original.key
        public = self.public or known.keyval["public"]
        return type(known)(self.keyid, known.keytype, known.scheme, {"public": public})

    def sign(self, payload: bytes) -> Signature:
        return Signature(self.keyid, self.original.sign(payload).signature)


@dataclass
class Repository:
    """Everything lies open; nothing is served before it is published.

    Attributes:
        consistent: Whether file names carry versions and digests.
        hashes: Whether timestamp and snapshot sign lengths and digests, or versions alone.
        files: What the host serves: `metadata/...` and `targets/...`.
        keys: The keys that sign each role; the root's list of keys is another matter.
    """

    consistent: bool = True
    hashes: bool = True
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.later = self.now + timedelta(days=30)
        self.keys: dict[str, list[SigningKey]] = {
            role: [TestKey(role)] for role in ("root", "timestamp", "snapshot", "targets")
        }
        self.root = Root(expires=self.later, consistent_snapshot=self.consistent)
        self.targets = Targets(expires=self.later)
        self.snapshot = Snapshot(expires=self.later)
        self.timestamp = Timestamp(expires=self.later)
        for role, keys in self.keys.items():
            for key in keys:
                self.root.add_key(key.key, role)
        self.root.version = 0
        self.publish_root()
        self.write_all()

    # The top-level roles ----------------------------------------------------------------------

    @property
    def first_root(self) -> bytes:
        return self.files["metadata/1.root.json"]

    def publish_root(self, extra: Sequence[SigningKey] = ()) -> None:
        """Sign the next root with its own keys and, where they were replaced, those before (`extra`)."""
        self.root.version += 1
        self.files[f"metadata/{self.root.version}.root.json"] = sign(self.root, [*self.keys["root"], *extra])

    def set_keys(self, role: str, keys: Sequence[SigningKey], threshold: int = 1) -> None:
        """Name these keys for a role, and no others, and sign with them; the root is still to be published."""
        self.root.roles[role].keyids = []
        self.root.roles[role].threshold = threshold
        for key in keys:
            self.root.add_key(key.key, role)
        self.keys[role] = list(keys)

    def publish(self) -> None:
        """Raise the versions of targets, snapshot and timestamp; write them all."""
        for role in ONLINE:
            self.role(role).version += 1
        self.write_all()

    def role(self, name: str) -> Targets | Snapshot | Timestamp:
        roles: dict[str, Targets | Snapshot | Timestamp] = {"targets": self.targets, "snapshot": self.snapshot}
        return roles.get(name, self.timestamp)

    def write_all(self) -> None:
        """Write every role with the version that it has now."""
        data = self._write("targets", self.targets)
        self.snapshot.meta["targets.json"] = self._meta(self.targets.version, data)
        self.write_snapshot()
        self.write_timestamp()

    def write_snapshot(self) -> None:
        data = self._write("snapshot", self.snapshot)
        self.timestamp.snapshot_meta = self._meta(self.snapshot.version, data)

    def write_timestamp(self) -> None:
        self.files["metadata/timestamp.json"] = sign(self.timestamp, self.keys["timestamp"])

    def path(self, name: str, version: int) -> str:
        return f"metadata/{version}.{name}.json" if self.consistent else f"metadata/{name}.json"

    def _write(self, name: str, signed: Targets | Snapshot) -> bytes:
        data = sign(signed, self.keys[name])
        self.files[self.path(name, signed.version)] = data
        return data

    def _meta(self, version: int, data: bytes) -> MetaFile:
        if not self.hashes:
            return MetaFile(version)
        return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})

    def add_target(self, path: str, content: bytes) -> str:
        """Have a target signed; return where the file lies."""
        digest = hashlib.sha256(content).hexdigest()
        self.targets.targets[path] = TargetFile(len(content), {"sha256": digest}, path)
        folder, slash, name = path.rpartition("/")
        place = f"targets/{folder}{slash}{digest}.{name}" if self.consistent else f"targets/{path}"
        self.files[place] = content
        return place
