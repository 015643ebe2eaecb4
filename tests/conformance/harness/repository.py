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
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

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
        keys: The keys that sign each role; the root's and the delegations' list of keys is another matter.
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
        self.delegated: dict[str, Targets] = {}
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

    def publish(self, *roles: str) -> None:
        """Raise the versions of these delegated roles, of targets, snapshot and timestamp; write them all."""
        for role in (*roles, *ONLINE):
            self.role(role).version += 1
        self.write_all()

    def role(self, name: str) -> Targets | Snapshot | Timestamp:
        if name == "snapshot":
            return self.snapshot
        if name == "timestamp":
            return self.timestamp
        return self.targets if name == "targets" else self.delegated[name]

    def write_all(self) -> None:
        """Write every role with the version that it has now."""
        for name in self.delegated:
            self.write_targets(name)
        self.write_targets("targets")
        self.write_snapshot()
        self.write_timestamp()

    def write_targets(self, name: str) -> None:
        signed = self.targets if name == "targets" else self.delegated[name]
        data = self._write(name, signed)
        self.snapshot.meta[f"{name}.json"] = self._meta(signed.version, data)

    def write_snapshot(self) -> None:
        data = self._write("snapshot", self.snapshot)
        self.timestamp.snapshot_meta = self._meta(self.snapshot.version, data)

    def write_timestamp(self) -> None:
        self.files["metadata/timestamp.json"] = sign(self.timestamp, self.keys["timestamp"])

    def path(self, name: str, version: int) -> str:
        quoted = name.replace("/", "%2F")
        return f"metadata/{version}.{quoted}.json" if self.consistent else f"metadata/{quoted}.json"

    def _write(self, name: str, signed: Targets | Snapshot) -> bytes:
        data = sign(signed, self.keys[name])
        self.files[self.path(name, signed.version)] = data
        return data

    def _meta(self, version: int, data: bytes) -> MetaFile:
        if not self.hashes:
            return MetaFile(version)
        return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})

    # Targets and delegations ------------------------------------------------------------------

    def add_target(self, path: str, content: bytes, role: str = "targets", algorithm: str = "sha256") -> str:
        """Have `role` sign a target; return where the file lies."""
        digest = hashlib.new(algorithm, content).hexdigest()
        signed = self.targets if role == "targets" else self.delegated[role]
        signed.targets[path] = TargetFile(len(content), {algorithm: digest}, path)
        folder, slash, name = path.rpartition("/")
        place = f"targets/{folder}{slash}{digest}.{name}" if self.consistent else f"targets/{path}"
        self.files[place] = content
        return place

    def delegate(
        self,
        delegator: str,
        role: str,
        paths: Sequence[str] | None = ("*",),
        *,
        prefixes: Sequence[str] | None = None,
        terminating: bool = False,
        threshold: int = 1,
        keys: Sequence[SigningKey] | None = None,
    ) -> None:
        """Have `delegator` trust `role` with these paths; a role that is new gets a key of its own."""
        self.delegated.setdefault(role, Targets(expires=self.later))
        self.keys.setdefault(role, [TestKey(role)])
        named = self.keys[role] if keys is None else keys
        patterns = None if prefixes is not None else list(paths or ())
        entry = DelegatedRole(role, [], threshold, terminating, patterns, None if prefixes is None else list(prefixes))
        signed = self.targets if delegator == "targets" else self.delegated[delegator]
        if signed.delegations is None:
            signed.delegations = Delegations({}, {})
        assert signed.delegations.roles is not None
        signed.delegations.roles[role] = entry
        for key in named:
            signed.add_key(key.key, role)

    def delegate_bins(self, prefix: str, bits: int) -> list[str]:
        """Have targets trust 2**bits bins by the digest of the path (TAP 15); return their names."""
        key = TestKey(prefix)
        succinct = SuccinctRoles([], 1, bits, prefix)
        self.targets.delegations = Delegations({}, None, succinct)
        self.targets.add_key(key.key)
        names = list(succinct.get_roles())
        for name in names:
            self.delegated[name] = Targets(expires=self.later)
            self.keys[name] = [key]
        return names
