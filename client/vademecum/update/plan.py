"""The plan of an update: from the installed and the published release to downloads, or a refusal. Pure."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Literal

from vademecum.errors import EquivocationError, RollbackError
from vademecum.format.manifest import Manifest, PackEntry
from vademecum.format.objects import ObjectRef
from vademecum.store.pointer import Generation, Head
from vademecum.trust.channel import Line, ReleasePointer

Kind = Literal["none", "direct", "tiers", "full"]


@dataclass(frozen=True)
class Plan:
    """What an update takes.

    Attributes:
        kind: `none`: nothing; `direct`: packs that lead from the installed release to the new one;
            `tiers`: the segments that reach beyond the installed sequence; `full`: all segments.
        downloads: The objects to fetch, without those that the store already holds.
        segments: The digests of the new generation's segments, newest first; of `direct` those that stay.
        base: The sequence that the plan builds on, or None.
        hops: The packs of `direct`, in the order in which they are applied.
    """

    kind: Kind
    downloads: tuple[ObjectRef, ...] = ()
    segments: tuple[str, ...] = ()
    base: int | None = None
    hops: tuple[PackEntry, ...] = ()

    @property
    def bytes(self) -> int:
        """Bytes to download."""
        return sum(ref.size for ref in self.downloads)

    @property
    def inflated(self) -> int:
        """Bytes to store: the downloads without gzip."""
        return sum(ref.uncompressed for ref in self.downloads)


def refuse_older(pointer: ReleasePointer, head: Head, line: Line) -> None:
    """Raise RollbackError if the signed targets name an older release than the installed one, and do not know that one.

    An installed candidate that is no longer for this store, or was yanked, stays until a newer release comes.
    """
    installed = 0 if head.floor is None else head.floor.sequence
    if pointer.sequence < installed and line.newest < installed:
        raise RollbackError(
            f"the host offers release {pointer.sequence}, release {installed} is installed: "
            "a publisher takes a release back by publishing a newer one"
        )


def refuse_other(head: Head, line: Line) -> None:
    """Raise EquivocationError if the signed targets give an installed release's number to another release."""
    for generation in (head.current, head.previous):
        for release in line.releases:
            if (
                generation is not None
                and not generation.revoked
                and release.sequence == generation.sequence
                and generation.manifest != release.sha256
            ):
                raise equivocation(f"release {release.sequence}")


def equivocation(what: str) -> EquivocationError:
    """Return the error for two different things signed under one number."""
    return EquivocationError(
        f"the trusted keys have signed {what} twice, and not the same: what was taken first stays. Ask the publisher: "
        "was a key stolen, or did two builds run? A newer release settles it"
    )


def plans(
    installed: Generation | None, held: Container[str], manifest: Manifest, route: tuple[PackEntry, ...] = ()
) -> tuple[Plan, ...]:
    """Return the ladder of plans: those that use what the store holds, the cheapest first; then everything anew.

    Args:
        installed: The current generation, or None.
        held: Digests of the objects in the store: what an interrupted run has fetched is not fetched twice.
        manifest: The release to install.
        route: Packs that lead from the installed release to this one, see delta_chain.py; empty: there are none.
    """
    anew = full_plan((), manifest)
    if installed is None or not builds_on(installed, manifest):
        full = full_plan(held, manifest)
        return (anew,) if full == anew else (full, anew)
    newer = [entry.object for entry in manifest.segments if entry.upto > installed.sequence]
    fresh = tuple(ref.sha256 for ref in newer)
    kept = tuple(digest for digest in installed.segments if digest not in fresh)
    tiers = Plan("tiers", _missing(held, newer), fresh + kept, installed.sequence)
    packs = _missing(held, [entry.object for entry in route])
    direct = Plan("direct", packs, installed.segments, installed.sequence, route)
    # A tie goes to what needs no decoding.
    return (direct, tiers, anew) if route and direct.bytes < tiers.bytes else (tiers, anew)


def full_plan(held: Container[str], manifest: Manifest) -> Plan:
    """Return the plan that fetches the whole release, without the objects that are `held`."""
    segments = tuple(entry.object.sha256 for entry in manifest.segments)
    return Plan("full", _missing(held, list(manifest.objects)), segments)


def builds_on(installed: Generation, manifest: Manifest) -> bool:
    """Return whether the installed rows may stay: the release is newer, and its vectors are of the same space."""
    same_space = installed.epoch == manifest.epoch and installed.encoder == manifest.encoder.object.sha256
    return same_space and installed.sequence < manifest.sequence


def _missing(held: Container[str], refs: Sequence[ObjectRef]) -> tuple[ObjectRef, ...]:
    unique = {ref.sha256: ref for ref in refs}
    return tuple(ref for digest, ref in unique.items() if digest not in held)
