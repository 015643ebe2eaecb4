"""The TUF metadata of a release: made and checked with python-tuf, signed with securesystemslib's signers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Signer
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from vademecum.errors import ContentError, SignatureError
from vademecum.format.json import canonical, parse_object
from vademecum.format.objects import FORMAT
from vademecum.trust.channel import CUSTOM, Line, ReleasePointer
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.signing.defaults import Validity

_SERIALIZER = JSONSerializer(compact=True)


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


def sign_release(
    signer: Signer,
    before: Versions,
    channels: Mapping[str, Line],
    listing: SignedTarget | None,
    now: datetime,
    validity: Validity,
    *,
    preview: bool = False,
) -> dict[str, bytes]:
    """Return new targets, snapshot and timestamp: path in the published tree -> bytes, timestamp last.

    Snapshot and timestamp only name a version, as the specification allows (4.4, 4.6): one key signs all three roles,
    so the length and digest of the next file would add nothing to its signature and version
    (site/content/decisions/streams-and-metadata.md). The snapshot has the places of the manifests, so that clients
    fetch theirs at the same time as the targets (site/content/decisions/round-trips.md).

    Args:
        channels: What each channel leads to; every release that they name is a target.
        listing: The list of the site's files; None: no site is published.
        preview: See `sign_timestamp`.
    """
    releases = [release for line in channels.values() for release in line.releases]
    targets = [*(SignedTarget(one.path, one.sha256, one.length) for one in releases), *filter(None, [listing])]
    custom = {"channels": {name: _entry(line) for name, line in channels.items()}, "format": FORMAT}
    hints = {name: line.current.json() for name, line in channels.items()}
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
        unrecognized_fields={CUSTOM: {"channels": hints}},
    )
    data = signed_bytes(snapshot, signer)
    return {
        f"metadata/{signed_targets.version}.targets.json": signed_bytes(signed_targets, signer),
        f"metadata/{snapshot.version}.snapshot.json": data,
        **sign_timestamp(signer, replace(before, snapshot=snapshot.version), data, now, validity, preview=preview),
    }


def sign_timestamp(
    signer: Signer, before: Versions, snapshot: bytes, now: datetime, validity: Validity, *, preview: bool = False
) -> dict[str, bytes]:
    """Return a new timestamp over the last snapshot: its path in the published tree -> bytes.

    The snapshot is identified by its version and the beginning of its digest: two independent builds may use one
    version for two snapshots in the same second, and clients then notice at once (TUF's `hashes` would be complete, at
    seven times the bytes: decisions/streams-and-metadata.md).

    Args:
        preview: Mark it as a preview, which no build counts on from (`publish.guard.is_preview`).
    """
    timestamp = Timestamp(
        version=before.timestamp + 1,
        expires=expiry(now, validity.timestamp),
        snapshot_meta=MetaFile(before.snapshot, unrecognized_fields={"snapshot": sha256(snapshot).hexdigest()[:8]}),
        unrecognized_fields={CUSTOM: {"preview": True}} if preview else {},
    )
    return {TIMESTAMP: signed_bytes(timestamp, signer)}


def _entry(line: Line) -> dict[str, object]:
    """Return the entry of a channel in the targets, for `vademecum.trust.channel.read_line`."""
    entry = _named(line.current)
    if line.candidate is not None:
        entry["candidate"] = {**_named(line.candidate), "rollout": line.rollout}
    lists = {"critical": line.critical, "yanked": line.yanked}
    entry |= {name: list(sequences) for name, sequences in lists.items() if sequences}
    return entry


def _named(release: ReleasePointer) -> dict[str, object]:
    return {"release": release.path, "sequence": release.sequence, "version": release.version}


def signed_bytes(signed: Signed, *signers: Signer) -> bytes:
    """Return the metadata, signed by all signers. The same input gives the same bytes: ed25519 and sorted keys."""
    metadata: Metadata[Any] = Metadata(signed)
    for signer in signers:
        metadata.sign(signer, append=True)
    return canonical(parse_object(metadata.to_bytes(_SERIALIZER), signed.type))


def expiry(now: datetime, validity: timedelta) -> datetime:
    """Return the expiry of what is signed now, in whole seconds."""
    return (now.astimezone(UTC) + validity).replace(microsecond=0)


def parse_root(data: bytes, where: Path | str = "root.json") -> Metadata[Root]:
    """Read root metadata signed by their own keys; raise ContentError, which names `where`, for anything else."""
    parse_object(data, str(where))
    try:
        metadata = Metadata[Root].from_bytes(data)
        if not isinstance(metadata.signed, Root):
            raise ContentError(f"{where} is {metadata.signed.type} metadata, not root metadata")
        metadata.signed.verify_delegate("root", metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, UnverifiedSignatureError) as error:
        raise ContentError(f"{where} is not self-signed root metadata: {error}") from error
    return metadata


def vouches(root: bytes, other: bytes) -> bool:
    """Return whether `other` is root metadata signed by the root keys that `root` names."""
    return is_signed(parse_root(other), [root])


def is_signed(metadata: Metadata[Any], roots: Iterable[bytes]) -> bool:
    """Return whether metadata is signed by the keys that one of the roots names for its role."""
    for root in map(parse_root, roots):
        with suppress(RepositoryError):
            root.signed.verify_delegate(metadata.signed.type, metadata.signed_bytes, metadata.signatures)
            return True
    return False


def check_signed(data: bytes, path: str, roots: Iterable[bytes]) -> None:
    """Check single metadata, without a walk: it must be signed by the keys of one of the roots.

    Raises:
        ContentError: It is not such metadata. SignatureError: None of the roots names the key.
    """
    parse_object(data, path)
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(data)
    except RepositoryError as error:
        raise ContentError(f"{path}: not TUF metadata: {error}") from error
    role = metadata.signed.type
    if path != f"metadata/{metadata.signed.version}.{role}.json":
        raise ContentError(f"{path}: holds {role} version {metadata.signed.version}")
    if not is_signed(metadata, roots):
        raise SignatureError(f"{path}: not signed by a key that any of the roots names")
