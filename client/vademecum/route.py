"""From the installed release to the published one by packs, directly or by way of releases between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from .errors import ContentError
from .format import Manifest, PackEntry
from .head import Generation
from .plan import builds_on


async def find_route(
    installed: Generation, manifest: Manifest, fetch: Callable[[PackEntry], Awaitable[Manifest]]
) -> tuple[PackEntry, ...]:
    """Return the packs that lead from the installed release to this one, the first to apply first.

    A manifest names packs from the last few releases and from some older ones; to reach one of those from a
    release still older, its own manifest is asked. Nothing is asked where the tiers cost less anyway.

    Args:
        fetch: Returns the verified manifest that an entry names.

    Returns:
        Nothing, where no packs lead there or the tiers cost less.

    Raises:
        ContentError: A manifest on the way is not that of the release it stands for.
        NetworkError, ServerError: It cannot be had.
    """
    if not builds_on(installed, manifest):
        return ()
    most = sum(entry.object.size for entry in manifest.segments if entry.upto > installed.sequence)
    route: list[PackEntry] = []
    at = manifest
    while at.sequence > installed.sequence:
        entry = _towards(installed.sequence, at)
        if entry is None:
            return ()
        most -= entry.size
        if most <= 0:
            return ()
        route.insert(0, entry)
        if entry.after == installed.sequence:
            break
        at = await _older(entry, manifest, fetch)
    return tuple(route)


def _towards(sequence: int, manifest: Manifest) -> PackEntry | None:
    """Return the pack from this sequence, or from the nearest one above it whose manifest leads on."""
    found = None
    for entry in manifest.packs:  # newest first
        if entry.after < sequence:
            break
        if entry.after == sequence or entry.manifest is not None:
            found = entry
    return found


async def _older(
    entry: PackEntry, manifest: Manifest, fetch: Callable[[PackEntry], Awaitable[Manifest]]
) -> Manifest:
    older = await fetch(entry)
    if (older.sequence, older.channel, older.epoch) != (entry.after, manifest.channel, manifest.epoch):
        raise ContentError(
            f"{entry.manifest_path} is release {older.sequence} of {older.channel!r}, epoch {older.epoch}, "
            f"expected {entry.after} of {manifest.channel!r}, epoch {manifest.epoch}"
        )
    return older
