"""Recency tiers: how the live rows of a release are cut into segments (site/content/format.md, section 3). Pure.

An update from any older release costs only what changed, by this rule: newest first, each tier weighs at most max(s0,
eps * everything newer), or is a single release and ends with it. A client at sequence v takes the tiers that reach
beyond v. Only the last of these may have rows that it already has, and by the rule they weigh at most max(s0, eps *
what it needed anyway). Dead rows in kept tiers come on top; their share is bounded.
tests/unit/builder/index/test_tiers.py has the exact bound and its proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TierLimits:
    """Limits for the cut.

    Attributes:
        eps: Overhead that a tier may add to an update, as a share of what is newer.
        s0: Weight in bytes below which tiers are always joined.
        dead_share: A published tier is rewritten if a larger share of it is dead.
        cheap: A published tier of at most this weight is rewritten if anything in it is dead.
        part: About the most bytes of one segment, inflated: a larger tier is cut into several. A client needs memory
            for one at a time, and an interrupted download continues after the last complete one.
    """

    eps: float = 0.25
    s0: int = 8_192
    dead_share: float = 0.125
    cheap: int = 65_536
    part: int = 8_388_608


@dataclass(frozen=True)
class Tier:
    """Rows that last changed in a sequence above `after`, at most `upto`.

    Attributes:
        weight: Bytes of the live ones.
        kept: The index of the published tier that is reused; None: it has to be written.
    """

    after: int
    upto: int
    weight: int
    kept: int | None = None


@dataclass(frozen=True)
class PublishedTier:
    """A tier of the previous release: its range, and the weight of its rows in bytes, dead ones included."""

    after: int
    upto: int
    weight: int


def lay_tiers(
    live: Mapping[int, int], published: Sequence[PublishedTier], sequence: int, limits: TierLimits
) -> tuple[Tier, ...]:
    """Return the tiers of a release, newest first, without a gap; published ones are reused if possible.

    Args:
        live: Weight in bytes of the live rows of each sequence.
        published: The previous release's tiers, newest first.
        sequence: The new release's sequence.
    """
    start = published[0].upto if published else 0
    units = [Tier(start, sequence, _weight(live, start, sequence))]
    for index, tier in enumerate(published):
        units += _reusable(index, tier, live, units, limits)
    return tuple(_joined(units, limits))


def _reusable(
    index: int, tier: PublishedTier, live: Mapping[int, int], newer: Sequence[Tier], limits: TierLimits
) -> list[Tier]:
    """Return the published tier as it is, or to be rewritten, or cut into its releases."""
    weight = _weight(live, tier.after, tier.upto)
    releases = [sequence for sequence in sorted(live, reverse=True) if tier.after < sequence <= tier.upto]
    allowed = max(limits.s0, limits.eps * sum(unit.weight for unit in newer))
    if weight > allowed and releases != [tier.upto]:
        return _into_releases(tier, releases, live)
    dead = tier.weight - weight
    tolerated = 0 if tier.weight <= limits.cheap else limits.dead_share * tier.weight
    return [Tier(tier.after, tier.upto, weight, index if dead <= tolerated else None)]


def _into_releases(tier: PublishedTier, releases: Sequence[int], live: Mapping[int, int]) -> list[Tier]:
    """Return a tier cut at its releases: a client that has one of these must not fetch it again."""
    borders = [tier.upto, *releases, tier.after]  # above the newest release with live rows, the range is empty
    lowers = [releases[0], *releases[1:], tier.after]
    pairs = zip(borders[:-1], lowers, strict=True)
    return [Tier(after, upto, _weight(live, after, upto)) for upto, after in pairs if after < upto]


def _joined(units: Sequence[Tier], limits: TierLimits) -> list[Tier]:
    """Join neighbours as long as the rule allows it; a unit without live rows is always joined."""
    joined: list[Tier] = []
    newer = 0
    current = units[0]
    for unit in units[1:]:
        together = current.weight + unit.weight
        if not unit.weight:
            current = Tier(unit.after, current.upto, current.weight, current.kept)
        elif not current.weight:
            current = Tier(unit.after, current.upto, unit.weight, unit.kept)
        elif together <= max(limits.s0, limits.eps * newer):
            current = Tier(unit.after, current.upto, together)
        else:
            joined.append(current)
            newer += current.weight
            current = unit
    joined.append(current)
    return [unit for unit in joined if unit.weight]


def _weight(live: Mapping[int, int], after: int, upto: int) -> int:
    return sum(weight for sequence, weight in live.items() if after < sequence <= upto)
