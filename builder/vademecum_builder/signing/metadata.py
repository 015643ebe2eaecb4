"""The TUF metadata of a release: made and judged with python-tuf, signed with securesystemslib's signers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Signer
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from vademecum.errors import ContentError, SignatureError
from vademecum.format.json import canonical, parse_object
from vademecum.format.version import FORMAT
from vademecum.trust.channel import CUSTOM, ManifestHint

_SERIALIZER = JSONSerializer(compact=True)


@dataclass(frozen=True)
class Validity:
    """How long signatures hold. A build signs anew once half of a timestamp's time has passed."""

    root: timedelta = timedelta(days=3 * 365)
    targets: timedelta = timedelta(days=365)
    timestamp: timedelta = timedelta(days=30)


@dataclass(frozen=True)
class Versions:
    """The versions of the last published metadata; 0 before the first."""

    targets: int = 0
    snapshot: int = 0
    timestamp: int = 0


@dataclass(frozen=True)
class SignedTarget:
    """A file that the targets sign: its TUF path, digest and length."""

    path: str
    sha256: str
    length: int


@dataclass(frozen=True)
class Channel:
    """What a channel points to."""

    name: str
    release: str
    sequence: int
    version: str
    yanked: tuple[int, ...] = ()


def sign_release(
    signer: Signer,
    before: Versions,
    targets: tuple[SignedTarget, ...],
    channel: Channel,
    now: datetime,
    validity: Validity,
) -> dict[str, bytes]:
    """Return new targets, snapshot and timestamp: path in the published tree -> bytes, timestamp last.

    Snapshot and timestamp name a version alone, as the specification allows (4.4, 4.6): one key signs all three
    roles, so a length and a digest of the next file would say nothing that its signature and version do not
    (site/content/decisions/streams-and-metadata.md). The snapshot says where the manifest lies, so that clients
    fetch it beside the targets (site/content/decisions/round-trips.md).
    """
    entry: dict[str, object] = {
        "release": channel.release,
        "sequence": channel.sequence,
        "version": channel.version,
    }
    if channel.yanked:
        entry["yanked"] = list(channel.yanked)
    current = next(target for target in targets if target.path == channel.release)
    hint = ManifestHint(channel.sequence, current.path, current.sha256, current.length)
    custom = {"channels": {channel.name: entry}, "format": FORMAT}
    files = {t.path: TargetFile(t.length, {"sha256": t.sha256}, t.path) for t in targets}
    signed_targets = Targets(
        version=before.targets + 1,
        expires=expiry(now, validity.targets),
        targets=files,
        unrecognized_fields={CUSTOM: custom},
    )
    snapshot = Snapshot(
        version=before.snapshot + 1,
        expires=expiry(now, validity.targets),
        meta={"targets.json": MetaFile(signed_targets.version)},
        unrecognized_fields={CUSTOM: {"channels": {channel.name: hint.json()}}},
    )
    timestamp = Timestamp(
        version=before.timestamp + 1,
        expires=expiry(now, validity.timestamp),
        snapshot_meta=MetaFile(snapshot.version),
    )
    return {
        f"metadata/{signed_targets.version}.targets.json": signed_bytes(signed_targets, signer),
        f"metadata/{snapshot.version}.snapshot.json": signed_bytes(snapshot, signer),
        "metadata/timestamp.json": signed_bytes(timestamp, signer),
    }


def signed_bytes(signed: Signed, signer: Signer) -> bytes:
    """Return the metadata, signed. The same input gives the same bytes: ed25519 and sorted keys."""
    metadata: Metadata[Any] = Metadata(signed)
    metadata.sign(signer)
    return canonical(parse_object(metadata.to_bytes(_SERIALIZER), signed.type))


def expiry(now: datetime, validity: timedelta) -> datetime:
    return (now.astimezone(UTC) + validity).replace(microsecond=0)


def parse_root(data: bytes) -> Metadata[Root]:
    """Read root metadata; their own keys must have signed them.

    Raises:
        ContentError: Anything else.
    """
    parse_object(data, "root.json")
    try:
        metadata = Metadata[Root].from_bytes(data)
        if not isinstance(metadata.signed, Root):
            raise ContentError(f"root.json is {metadata.signed.type} metadata, not root metadata")
        metadata.signed.verify_delegate("root", metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, UnverifiedSignatureError) as error:
        raise ContentError(f"root.json is not self-signed root metadata: {error}") from error
    return metadata


def vouches(root: bytes, other: bytes) -> bool:
    """Return whether `other` is root metadata signed by the root keys that `root` names."""
    metadata = parse_root(other)
    try:
        parse_root(root).signed.verify_delegate("root", metadata.signed_bytes, metadata.signatures)
    except RepositoryError:
        return False
    return True


def check_signed(data: bytes, path: str, roots: Iterable[bytes]) -> None:
    """Check targets or snapshot metadata of an earlier release: the keys of one of the roots signed them.

    Raises:
        ContentError: Not such metadata. SignatureError: None of the roots names the key.
    """
    parse_object(data, path)
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(data)
    except RepositoryError as error:
        raise ContentError(f"{path}: not TUF metadata: {error}") from error
    role = metadata.signed.type
    if path != f"metadata/{metadata.signed.version}.{role}.json":
        raise ContentError(f"{path}: holds {role} version {metadata.signed.version}")
    for root in roots:
        try:
            parse_root(root).signed.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        except RepositoryError:
            continue
        return
    raise SignatureError(f"{path}: not signed by a key that any of the roots names")
