"""From the installed release to the published one by packs, directly or by way of releases between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from vademecum.delta.dictionary import step_of
from vademecum.errors import ContentError
from vademecum.format.manifest import Manifest, PackEntry
from vademecum.store.pointer import Generation
from vademecum.update.plan import builds_on


async def find_route(
    installed: Generation, manifest: Manifest, fetch: Callable[[PackEntry], Awaitable[Manifest]]
) -> tuple[PackEntry, ...]:
    """Return the packs that lead from the installed release to this one, the first to apply first.

    A manifest names packs from the last few releases and from some older ones; from a release still older,
    steps lead to one of those, and the manifests between name them. Nothing is asked where the tiers cost less anyway.

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
    tiers = sum(entry.object.size for entry in manifest.segments if entry.upto > installed.sequence)
    route: tuple[PackEntry, ...] = ()
    at = manifest
    for sequence in reversed(_steps(installed.sequence, manifest)):
        if route:
            at = await _older(route[0], manifest, fetch)
        entry = next((entry for entry in at.packs if entry.after == sequence), None)
        if entry is None or (sequence != installed.sequence and entry.manifest is None):
            return ()
        route = (entry, *route)
        if sum(entry.size for entry in route) >= tiers:
            return ()
    return route


def _steps(sequence: int, manifest: Manifest) -> list[int]:
    """Return the releases to go by, from the installed one on; none, where no step leads to a pack's base."""
    direct = {entry.after for entry in manifest.packs}
    steps = [sequence]
    while steps[-1] not in direct:
        steps.append(step_of(steps[-1]))
        if steps[-1] >= manifest.sequence:
            return []
    return steps


async def _older(entry: PackEntry, manifest: Manifest, fetch: Callable[[PackEntry], Awaitable[Manifest]]) -> Manifest:
    older = await fetch(entry)
    if (older.sequence, older.epoch) != (entry.after, manifest.epoch):
        raise ContentError(
            f"{entry.manifest_path} is release {older.sequence}, epoch {older.epoch}, "
            f"expected {entry.after}, epoch {manifest.epoch}"
        )
    return older
