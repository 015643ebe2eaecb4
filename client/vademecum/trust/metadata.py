"""Is this metadata acceptable? The Update Framework, through python-tuf; no network, no clock, no files.

The caller fetches and stores; this module only answers, and always by raising. The order of calls is the
client workflow of the TUF specification, section 5.3 to 5.6: roots, timestamp, snapshot, targets. Delegated
targets (5.6.7) are none of the client's: our publishers have none (tests/conformance/harness adds them).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from tuf.api import exceptions
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

# The rules of the specification, as one class that does no input or output. It is python-tuf's own inner
# part, so pyproject.toml pins the minor version and tests/unit/client/trust/test_metadata.py walks every rule.
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from vademecum.errors import ContentError, RollbackError
from vademecum.format.json import DIGEST
from vademecum.trust.channel import CUSTOM, Line, ManifestHint, ReleasePointer, read_hint, read_line
from vademecum.trust.judging import count, judging, limit
from vademecum.trust.signatures import fingerprint, require_signatures, signers_of

TIMESTAMP = "metadata/timestamp.json"
"""The one file of a published tree whose content changes under its name: all else is reached from it."""


class StaleError(RollbackError):
    """A timestamp that is signed well, and older than the trusted one: an attack, or a cache that is behind.

    Attributes:
        fresh: It expires no earlier than the trusted one: no cache looks like that, but a line that was begun anew.
    """

    def __init__(self, message: str, *, fresh: bool) -> None:
        super().__init__(message)
        self.fresh = fresh


class Trust:
    """The metadata trusted so far. Each `accept_...` either takes the bytes or raises and changes nothing.

    Args:
        root: The trusted root metadata: shipped with the app, or stored earlier.
        now: The time that expiry is judged by; aware, UTC.

    Raises:
        ContentError: Not root metadata.
        SignatureError: Not signed by its own keys.
    """

    def __init__(self, root: bytes, now: datetime) -> None:
        with judging("root.json", root):
            self._set = TrustedMetadataSet(root, EnvelopeType.METADATA)
            require_signatures(root, self._set.root, "root")
        # 5.1: one time for the whole walk. python-tuf reads the system clock here; our clock is an argument.
        self._set.reference_time = now

    @property
    def root_version(self) -> int:
        """The trusted root's version."""
        return count(self._set.root.version, "root.json: the version")

    @property
    def timestamp_version(self) -> int:
        """The trusted timestamp's version. Only after `accept_timestamp`, as what follows."""
        return count(self._set.timestamp.version, "timestamp.json: the version")

    @property
    def snapshot_version(self) -> int:
        """The version of the snapshot that the timestamp names."""
        return count(self._set.timestamp.snapshot_meta.version, "timestamp.json: the snapshot's version")

    @property
    def targets_version(self) -> int:
        """The version of the targets that the snapshot names. Only after `accept_snapshot`."""
        return count(self._targets_meta.version, "snapshot.json: the version of targets.json")

    @property
    def timestamp_expires(self) -> datetime:
        """When the trusted timestamp expires; aware."""
        return self._set.timestamp.expires

    @property
    def expires(self) -> datetime:
        """When the first of the four roles expires. Only after `accept_targets`."""
        trusted = self._set
        roles = (trusted.root, trusted.timestamp, trusted.snapshot, trusted.targets)
        return min(role.expires for role in roles)

    def snapshot_length(self, default: int) -> int:
        """Return the signed size of the snapshot, or the default where none or a larger one is signed."""
        return limit(self._set.timestamp.snapshot_meta.length, default, "timestamp.json: the snapshot's length")

    def targets_length(self, default: int) -> int:
        """Return the signed size of the targets, or the default where none or a larger one is signed."""
        return limit(self._targets_meta.length, default, "snapshot.json: the length of targets.json")

    @property
    def _targets_meta(self) -> MetaFile:
        meta = self._set.snapshot.meta.get("targets.json")
        if meta is None:
            raise ContentError("snapshot.json does not name targets.json")
        return meta

    def accept_root(self, data: bytes) -> None:
        """Take the next root (5.3): signed by the trusted one and by itself, its version one higher.

        Raises:
            ContentError, SignatureError, RollbackError: Not acceptable; the old root stays.
        """
        with judging(f"{self.root_version + 1}.root.json", data):
            require_signatures(data, self._set.root, "root")  # 5.3.4: by the keys of version N
            signed = Metadata[Root].from_bytes(data).signed
            if isinstance(signed, Root):  # another role's file names no keys of a root; python-tuf refuses it
                require_signatures(data, signed, "root")  # 5.3.4: and by those of N+1
            # 5.3.5, stricter: version N again is refused, too, for N+1 was asked for. 5.3.6: expiry is looked at later.
            self._set.update_root(data)

    def signs(self, role: str, data: bytes) -> bool:
        """Whether the keys that the root names for a role have signed metadata that verified once."""
        try:
            stored: Metadata[Any] = Metadata.from_bytes(data)
            return self._set.root.get_verification_result(role, stored.signed_bytes, stored.signatures).verified
        except exceptions.RepositoryError:
            return False

    def claims(self, role: str, data: bytes) -> bool:
        """Return whether enough keys that the root names say that they have signed metadata, or nothing can be said."""
        named = self._set.root.get_delegated_role(role)
        try:
            signatures = Metadata[Any].from_bytes(data).signatures
        except exceptions.RepositoryError:
            return True
        return sum(keyid in signatures for keyid in named.keyids) >= named.threshold

    def accept_timestamp(self, data: bytes) -> bool:
        """Take the timestamp (5.4).

        Returns:
            True if it is trusted from now on; False if it has the version of the trusted one, which stays.

        Raises:
            ExpiredError: It, or the root, has expired. It is kept as a floor against rollback.
            StaleError: It is older than the trusted one, which stays.
            ContentError, SignatureError, RollbackError: Not acceptable.
        """
        with judging("timestamp.json", data) as value:
            require_signatures(data, self._set.root, "timestamp")  # 5.4.2
            before = self._set.timestamp.version if "timestamp" in self._set else 0
            try:
                # First 5.3.10, the root's expiry: it is the last root now. 5.3.11 is nothing to do: what is stored is
                # judged by this root, too, before it counts (trust/floor.py).
                self._set.update_timestamp(data)
            except exceptions.EqualVersionNumberError:  # 5.4.3.1: no error; but 5.4.4 holds for the old one
                if self._set.timestamp.is_expired(self._set.reference_time):
                    raise exceptions.ExpiredMetadataError("timestamp.json is expired") from None
                return False
            except exceptions.BadVersionNumberError as error:
                # 5.4.3.1 is told from 5.4.3.2: a host that is behind shows an older timestamp, well signed. One whose
                # newer timestamp names an older snapshot is no cache.
                if value["signed"]["version"] < before:
                    fresh = Metadata[Timestamp].from_bytes(data).signed.expires >= self.timestamp_expires
                    raise StaleError(f"timestamp.json: {error}", fresh=fresh) from error
                raise
        return True

    def is_other_timestamp(self, data: bytes) -> bool:
        """Whether a timestamp says something else than the trusted one, whatever signatures stand beside it."""
        return Metadata[Timestamp].from_bytes(data).signed != self._set.timestamp

    def differs_from(self, other: Trust) -> str:
        """Return the role and version that both have with other content; empty: none. After `accept_targets`."""
        for role in (Snapshot.type, Targets.type):
            mine, theirs = getattr(self._set, role), getattr(other._set, role)
            if mine.version == theirs.version and mine != theirs:
                return f"{role}.json of version {mine.version}"
        return ""

    def is_other_snapshot(self, data: bytes) -> bool:
        """Whether the trusted timestamp names another snapshot of the version of this one."""
        try:
            self._set.timestamp.snapshot_meta.verify_length_and_hashes(data)
        except exceptions.LengthOrHashMismatchError:
            return True
        return False

    def accept_snapshot(self, data: bytes, *, stored: bool = False) -> None:
        """Take the snapshot (5.5); `stored`: it was verified when it was stored, and may be an older one.

        Raises:
            ContentError, SignatureError, RollbackError, ExpiredError: Not acceptable.
        """
        with judging("snapshot.json", data):
            require_signatures(data, self._set.root, "snapshot")  # 5.5.3
            # 5.5.2, but for a stored one: it was checked when it came. Then 5.5.5. Last 5.5.6 and 5.5.4: a stored one
            # that has expired, or is older than the timestamp says, stays as the floor for the next.
            self._set.update_snapshot(data, trusted=stored)

    def accept_targets(self, data: bytes) -> None:
        """Take the top-level targets (5.6).

        Raises:
            ContentError, SignatureError, RollbackError, ExpiredError: Not acceptable.
        """
        with judging("targets.json", data):
            require_signatures(data, self._set.root, "targets")  # 5.6.3
            # 5.6.2, 5.6.4, 5.6.5. Not 5.6.7: nothing is delegated.
            self._set.update_targets(data)
            self._signers = signers_of(data, self._set.root, "targets")

    def metadata_path(self, role: str, version: int) -> str:
        """Return where a role's metadata lie in the tree; a slash in the role's name is written `%2F`."""
        name = role.replace("/", "%2F")
        # 5.3.12, as the root says. Our own publishers have consistent snapshots always.
        return f"metadata/{version}.{name}.json" if self._set.root.consistent_snapshot else f"metadata/{name}.json"

    def line(self, channel: str) -> Line:
        """Return what the signed targets say of a channel. Only after `accept_targets`. Errors: see `read_line`."""
        line = read_line(self._set.targets.unrecognized_fields.get(CUSTOM), channel, self.target)

        def signed(release: ReleasePointer) -> ReleasePointer:
            return replace(release, root=self.root_version, signers=self._signers)

        return replace(line, current=signed(line.current), candidate=line.candidate and signed(line.candidate))

    def channels(self) -> tuple[str, ...]:
        """Return the names of the channels that the signed targets have. Only after `accept_targets`."""
        match self._set.targets.unrecognized_fields.get(CUSTOM):
            case {"channels": dict(channels)}:
                return tuple(sorted(map(str, channels)))
        return ()

    def named(self) -> tuple[frozenset[str], int]:
        """Return the keys that the root names for the targets, by their fingerprints, and the threshold."""
        root = self._set.root
        role = root.get_delegated_role("targets")
        keys = frozenset(fingerprint(root.keys[keyid]) for keyid in role.keyids if keyid in root.keys)
        return keys, role.threshold

    def hint(self, channel: str) -> ManifestHint | None:
        """Return what the snapshot hints at for a channel. Only after `accept_snapshot`. See `read_hint`."""
        return read_hint(self._set.snapshot.unrecognized_fields.get(CUSTOM), channel)

    def target(self, path: str) -> tuple[str, int]:
        """Return digest and length of a signed target; raise ContentError if there is none, or it has no SHA-256."""
        target = self._set.targets.targets.get(path)
        digest = "" if target is None else target.hashes.get("sha256", "")
        # It becomes part of a URL: nothing but a digest may stand here.
        if target is None or not DIGEST.fullmatch(digest):
            raise ContentError(f"targets.json does not sign {path!r} with SHA-256")
        return digest, count(target.length, f"targets.json: the length of {path!r}", least=0)

    def target_paths(self) -> tuple[str, ...]:
        """Return the paths of all signed targets."""
        return tuple(self._set.targets.targets)
