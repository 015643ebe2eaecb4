"""The guard against publishing over a newer release, or over another publisher's."""

from __future__ import annotations

from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Timestamp

from vademecum.errors import ContentError, EquivocationError, RollbackError, UsageError
from vademecum.format.json import parse_object
from vademecum.trust.channel import CUSTOM, ManifestHint, read_hint
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.hosting.base import Host
from vademecum_builder.hosting.tree import Tree
from vademecum_builder.signing.metadata import is_signed


def require_older(host: Host, tree: Tree) -> bool:
    """Return whether the host has exactly this release already; refuse to replace a newer one or a different equal one.

    What no key of the newest root has signed does not count, whether it is damaged or made with a revoked key: clients
    do not follow it either.

    Raises:
        UsageError: The host has another publisher's tree.
        RollbackError: It has a newer timestamp.
        EquivocationError: It has the same number of timestamp or release with other content.
    """
    there = host.read(TIMESTAMP)
    found = None if there is None else _timestamp(there)
    if found is None:
        return False
    if not is_signed(found, tree.roots):
        raise UsageError(
            f"{TIMESTAMP} there is signed by keys that no root of this tree names: another knowledge base? Name "
            "another place, or empty this one"
        )
    if not is_signed(found, tree.roots[-1:]):
        return False
    ours = _timestamp(tree.timestamp)
    assert ours is not None, "verified"
    if found.signed.version > ours.signed.version:
        raise RollbackError(
            f"a newer timestamp lies there ({found.signed.version}; this tree has {ours.signed.version}): build on "
            "what is published (--previous) and publish that"
        )
    if found.signed.version == ours.signed.version and there != tree.timestamp:
        raise EquivocationError(
            f"another timestamp {found.signed.version} lies there: two builds went on from the same release. Build on "
            "what is published (--previous) and publish that"
        )
    snapshot = host.read(f"metadata/{found.signed.snapshot_meta.version}.snapshot.json")
    here = _releases(tree.snapshot)
    for channel, release in _releases(snapshot).items():
        mine = here.get(channel)
        if mine is not None and mine.sequence == release.sequence and mine.sha256 != release.sha256:
            raise EquivocationError(
                f"another release {mine.sequence} of {channel} lies there: clients keep the one that they saw first. "
                "Build on what is published (--previous) and publish that"
            )
    return there == tree.timestamp


def _releases(snapshot: bytes | None) -> dict[str, ManifestHint]:
    """Return the releases that a snapshot names for each channel; none if it cannot be read."""
    try:
        custom = parse_object(snapshot or b"", "snapshot.json")["signed"][CUSTOM]
        hints = {channel: read_hint(custom, channel) for channel in custom["channels"]}
    except (ContentError, LookupError, TypeError):
        return {}
    return {channel: hint for channel, hint in hints.items() if hint is not None}


def _timestamp(data: bytes) -> Metadata[Timestamp] | None:
    """Return the timestamp if it is well-formed; a damaged one will be replaced."""
    try:
        parse_object(data, TIMESTAMP)
        found: Metadata[Any] = Metadata.from_bytes(data)
    except (ContentError, RepositoryError):
        return None
    return found if isinstance(found.signed, Timestamp) else None
