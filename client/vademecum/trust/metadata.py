"""Is this metadata acceptable? The Update Framework, through python-tuf; no network, no clock, no files.

The caller fetches and stores; this module only answers, and always by raising. The order of calls is the
client workflow of the TUF specification, section 5.3 to 5.6: roots, timestamp, snapshot, targets. Delegated
targets may follow (delegations.py); our own publishers have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from tuf.api import exceptions
from tuf.api.metadata import Metadata, MetaFile, Root, TargetFile, Targets

# The rules of the specification, as one class that does no input or output. It is python-tuf's own inner
# part, so pyproject.toml pins the major version and tests/client/test_trust.py walks every rule.
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from vademecum.errors import ContentError, ExpiredError, RollbackError, SignatureError, VademecumError
from vademecum.format.json import DIGEST, Fields, parse_object
from vademecum.format.version import FORMAT, MAX_SEQUENCE
from vademecum.trust.signatures import require_signatures

CUSTOM = "vademecum"
"""The name of our one field in `targets.signed`."""

WHOLE = 10_000
"""A rollout to everybody, in hundredths of a percent."""

MOST_YANKED = 1000

_RELEASE_PATH = re.compile(r"releases/[0-9A-Za-z._-]{1,100}")


@dataclass(frozen=True)
class ReleasePointer:
    """What the signed targets say of a release: where its manifest lies, and whether it was taken back."""

    sequence: int
    version: str
    path: str
    sha256: str
    length: int
    yanked: bool = False

    @property
    def url_path(self) -> str:
        """The manifest's path in the published tree: the digest stands before the file's name."""
        folder, _, name = self.path.rpartition("/")
        return f"{folder}/{self.sha256}.{name}"


@dataclass(frozen=True)
class Line:
    """What the signed targets say of a channel.

    Attributes:
        current: The release for everybody.
        candidate: A newer one for some, or None.
        rollout: For how many: of 10,000. 0 where what is signed is no such number.
        yanked: Sequences that the publisher has taken back.
    """

    current: ReleasePointer
    candidate: ReleasePointer | None = None
    rollout: int = 0
    yanked: tuple[int, ...] = ()

    @property
    def newest(self) -> int:
        """The highest sequence that is named: the publisher knows of it."""
        candidate = 0 if self.candidate is None else self.candidate.sequence
        return max(self.current.sequence, candidate, *self.yanked)


@dataclass(frozen=True)
class SignedFile:
    """A target as its role signs it.

    Attributes:
        path: Its TUF name.
        url_path: Where it lies below the targets' address: with consistent snapshots, a digest stands before
            the file's name (specification, section 6.2).
        length: Bytes.
        hashes: Hexadecimal digests by algorithm.
    """

    path: str
    url_path: str
    length: int
    hashes: Mapping[str, str]

    def verify(self, data: bytes) -> None:
        """Raise unless `data` has the signed length and all of the signed digests.

        Raises:
            ContentError: Other bytes, or an algorithm that is not known here.
        """
        try:
            TargetFile(self.length, dict(self.hashes), self.path).verify_length_and_hashes(data)
        except exceptions.LengthOrHashMismatchError as error:
            raise ContentError(f"{self.path}: not the file that was signed ({error})") from error


class StaleError(RollbackError):
    """A timestamp that is signed well, and older than the trusted one: an attack, or a cache that is behind."""


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
        with _judging("root.json", root) as value:
            self._set = TrustedMetadataSet(root, EnvelopeType.METADATA)
            require_signatures(root, value, self._set.root, "root")
        # python-tuf reads the system clock here; our clock is an argument.
        self._set.reference_time = now

    @property
    def root_version(self) -> int:
        return _count(self._set.root.version, "root.json: the version")

    @property
    def timestamp_version(self) -> int:
        return _count(self._set.timestamp.version, "timestamp.json: the version")

    @property
    def snapshot_version(self) -> int:
        return _count(self._set.timestamp.snapshot_meta.version, "timestamp.json: the snapshot's version")

    @property
    def targets_version(self) -> int:
        return _count(self._targets_meta.version, "snapshot.json: the version of targets.json")

    @property
    def timestamp_expires(self) -> datetime:
        return self._set.timestamp.expires

    @property
    def expires(self) -> datetime:
        """When the first of the four roles expires. Only after `accept_targets`."""
        trusted = self._set
        roles = (trusted.root, trusted.timestamp, trusted.snapshot, trusted.targets)
        return min(role.expires for role in roles)

    def snapshot_length(self, default: int) -> int:
        """Return the signed size of the snapshot, or the default where none or a larger one is signed."""
        return _limit(
            self._set.timestamp.snapshot_meta.length, default, "timestamp.json: the snapshot's length"
        )

    def targets_length(self, default: int) -> int:
        """Return the signed size of the targets, or the default where none or a larger one is signed."""
        return _limit(self._targets_meta.length, default, "snapshot.json: the length of targets.json")

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
        with _judging("root.json", data) as value:
            self._require_signatures(data, value, "root")
            signed = Metadata[Root].from_bytes(data).signed
            if isinstance(signed, Root):  # another role's file names no keys of a root; python-tuf refuses it
                require_signatures(data, value, signed, "root")
            self._set.update_root(data)

    def accept_timestamp(self, data: bytes) -> bool:
        """Take the timestamp (5.4).

        Returns:
            True if it is trusted from now on; False if it has the version of the trusted one, which stays.

        Raises:
            ExpiredError: It, or the root, has expired. It is kept as a floor against rollback.
            StaleError: It is older than the trusted one, which stays.
            ContentError, SignatureError, RollbackError: Not acceptable.
        """
        with _judging("timestamp.json", data) as value:
            self._require_signatures(data, value, "timestamp")
            before = self._set.timestamp.version if "timestamp" in self._set else 0
            try:
                self._set.update_timestamp(data)
            except exceptions.EqualVersionNumberError:
                if self._set.timestamp.is_expired(self._set.reference_time):
                    raise exceptions.ExpiredMetadataError("timestamp.json is expired") from None
                return False
            except exceptions.BadVersionNumberError as error:
                if value["signed"]["version"] < before:
                    raise StaleError(f"timestamp.json: {error}") from error
                raise
        return True

    def accept_snapshot(self, data: bytes, *, stored: bool = False) -> None:
        """Take the snapshot (5.5); `stored`: it was verified when it was stored, and may be an older one.

        Raises:
            ContentError, SignatureError, RollbackError, ExpiredError: Not acceptable.
        """
        with _judging("snapshot.json", data) as value:
            self._require_signatures(data, value, "snapshot")
            self._set.update_snapshot(data, trusted=stored)

    def accept_targets(self, data: bytes) -> None:
        """Take the top-level targets (5.6).

        Raises:
            ContentError, SignatureError, RollbackError, ExpiredError: Not acceptable.
        """
        with _judging("targets.json", data) as value:
            self._require_signatures(data, value, "targets")
            self._set.update_targets(data)

    def accept_delegated(self, data: bytes, role: str, delegator: str) -> None:
        """Take delegated targets (5.6.7): named by the snapshot, signed as the delegator asks now.

        Args:
            delegator: A role that was accepted before, such as `targets`.

        Raises:
            ContentError, SignatureError, RollbackError, ExpiredError: Not acceptable.
        """
        with _judging(f"{role}.json", data) as value:
            require_signatures(data, value, self._targets_of(delegator), role)
            self._set.update_delegated_targets(data, role, delegator)

    def delegations(self, role: str, path: str) -> list[tuple[str, bool]]:
        """Return whom `role` trusts with the target at `path`, in its order, and whether each one has the last word."""
        delegations = self._targets_of(role).delegations
        return [] if delegations is None else list(delegations.get_roles_for_target(path))

    def delegated_meta(self, role: str, default_length: int) -> tuple[int, int]:
        """Return version and size limit of a role's metadata, as the snapshot names them.

        Raises:
            ContentError: The snapshot does not name it.
        """
        meta = self._set.snapshot.meta.get(f"{role}.json")
        if meta is None:
            raise ContentError(f"snapshot.json does not name {role}.json")
        return meta.version, meta.length or default_length

    def metadata_path(self, role: str, version: int) -> str:
        """Return where a role's metadata lie in the tree; a slash in the role's name is written `%2F`."""
        name = role.replace("/", "%2F")
        return (
            f"metadata/{version}.{name}.json"
            if self._set.root.consistent_snapshot
            else f"metadata/{name}.json"
        )

    def signed_file(self, role: str, path: str) -> SignedFile | None:
        """Return the target that `role` itself signs at `path`."""
        target = self._targets_of(role).targets.get(path)
        if target is None:
            return None
        url_path = path
        if self._set.root.consistent_snapshot:
            folder, slash, name = path.rpartition("/")
            url_path = f"{folder}{slash}{_digest(target)}.{name}"
        return SignedFile(path, url_path, target.length, target.hashes)

    def _targets_of(self, role: str) -> Targets:
        return cast(Targets, self._set[role])

    def _require_signatures(self, data: bytes, value: Mapping[str, Any], role: str) -> None:
        require_signatures(data, value, self._set.root, role)

    def release(self, channel: str) -> ReleasePointer:
        """Return the current release of a channel. See `line`."""
        return self.line(channel).current

    def line(self, channel: str) -> Line:
        """Return what is said of a channel. Only after `accept_targets`.

        A candidate that is not as format.md says counts as none: everybody stays with the current release.

        Raises:
            NewerFormatError: The publisher writes a newer major format.
            ContentError: There is no such channel, or the entry is malformed.
        """
        targets = self._set.targets
        custom = targets.unrecognized_fields.get(CUSTOM)
        if not isinstance(custom, dict):
            raise ContentError(f"targets.json has no field {CUSTOM!r}: not a tree that vademecum published")
        fields = Fields(custom, CUSTOM)
        fields.refuse_newer(FORMAT)
        entry = fields.child("channels").child(channel)
        yanked = entry.integers("yanked") if "yanked" in entry else ()
        if len(yanked) > MOST_YANKED:
            raise ContentError(f"{CUSTOM}: {len(yanked)} yanked releases, more than {MOST_YANKED}")
        current = self._pointer(entry, yanked)
        candidate, rollout = self._candidate(entry, yanked)
        if candidate is not None and candidate.sequence <= current.sequence:
            candidate = None
        return Line(current, candidate, rollout, yanked)

    def _pointer(self, entry: Fields, yanked: tuple[int, ...]) -> ReleasePointer:
        path = entry.match("release", _RELEASE_PATH)
        sequence = entry.integer("sequence", 1, MAX_SEQUENCE)
        sha256, length = self.target(path)
        return ReleasePointer(
            sequence, entry.text("version", 1, 100), path, sha256, length, sequence in yanked
        )

    def _candidate(self, entry: Fields, yanked: tuple[int, ...]) -> tuple[ReleasePointer | None, int]:
        """Return the candidate and its rollout; junk closes: it is a candidate for nobody, or none at all."""
        try:
            named = entry.optional("candidate", entry.child)
            if named is None:
                return None, 0
            candidate = self._pointer(named, yanked)
        except ContentError:
            return None, 0
        try:
            return candidate, named.integer("rollout", 0, WHOLE)
        except ContentError:
            return candidate, 0

    def target(self, path: str) -> tuple[str, int]:
        """Return digest and length of a signed target.

        Raises:
            ContentError: There is no such target, or it has no SHA-256.
        """
        target = self._set.targets.targets.get(path)
        digest = "" if target is None else target.hashes.get("sha256", "")
        # It becomes part of a URL: nothing but a digest may stand here.
        if target is None or not DIGEST.fullmatch(digest):
            raise ContentError(f"targets.json does not sign {path!r} with SHA-256")
        return digest, _count(target.length, f"targets.json: the length of {path!r}", least=0)

    def target_paths(self) -> tuple[str, ...]:
        """Return the paths of all signed targets."""
        return tuple(self._set.targets.targets)


def _count(value: object, what: str, least: int = 1) -> int:
    """Return a number that becomes part of a path or a limit: python-tuf takes `true` as well.

    Raises:
        ContentError: It is no such integer.
    """
    if type(value) is not int or value < least:
        raise ContentError(f"{what} is {str(value)[:40]}, expected an integer from {least}")
    return value


def _limit(length: object, most: int, what: str) -> int:
    """Return how many bytes to take; whoever holds a release key may sign any length."""
    return most if length is None else min(_count(length, what), most)


def _unsigned(message: str) -> SignatureError:
    return SignatureError(
        f"{message}, as the trusted root.json asks: do not go on, ask the publisher (or is it another root.json?)"
    )


_ERRORS: tuple[tuple[type[Exception], Callable[[str], VademecumError]], ...] = (
    (exceptions.ExpiredMetadataError, ExpiredError),
    (exceptions.UnsignedMetadataError, _unsigned),
    (exceptions.BadVersionNumberError, RollbackError),
    (exceptions.RepositoryError, ContentError),
)


@contextmanager
def _judging(name: str, data: bytes) -> Iterator[Mapping[str, Any]]:
    """Turn python-tuf's answers into ours, after our strict parser has seen the bytes; yield what it saw."""
    value = _parse(data, name)
    try:
        yield value
    except exceptions.RepositoryError as error:
        make = next(make for kind, make in _ERRORS if isinstance(error, kind))
        raise make(f"{name}: {error}") from error


def _parse(data: bytes, name: str) -> Mapping[str, Any]:
    value: dict[str, Any] = parse_object(data, name)
    if not isinstance(value.get("signed"), dict):
        raise ContentError(f"{name}: not TUF metadata")
    return value


def _digest(target: TargetFile) -> str:
    """Return the digest that stands in a target's file name."""
    digest = target.hashes.get("sha256") or next(iter(target.hashes.values()), "")
    if not re.fullmatch(r"[0-9a-f]{1,128}", digest):  # it becomes part of a URL
        raise ContentError(f"{target.path}: signed with a digest that is none")
    return digest
