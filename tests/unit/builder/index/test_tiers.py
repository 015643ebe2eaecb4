"""Recency tiers: an update costs what changed, from any older release.

The bound that holds, for every older sequence v of the same epoch. Let need(v) be the live weight newer than v,
and got(v) the weight, dead rows included, of the tiers that reach beyond v. Then

    got(v) <= ((1 + eps) * need(v) + s0) / (1 - dead_share)

Proof. Let T be the oldest of those tiers and N the live weight of the others. Those lie wholly beyond v, so
N <= need(v). If T is one release alone, it ends at that release, so it lies beyond v too, and the live
weight got is need(v). Otherwise T weighs at most max(s0, eps * N), so the live weight got is at most
N + max(s0, eps * N) <= (1 + eps) * need(v) + s0. A kept tier has at most the share `dead_share` of dead rows, the
others none; so what is got weighs at most 1 / (1 - dead_share) times its live rows.

Their number: two neighbours that were not joined weigh together more than s0 and more than eps times all that is
newer. So over two tiers the weight so far grows by the factor 1 + eps, and starts at s0 at the latest.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum_builder.index.tiers import PublishedTier, Tier, TierLimits, lay_tiers

LIMITS = TierLimits(eps=0.25, s0=1000, dead_share=0.125, cheap=500)

Row = tuple[str, int]
"""Key and sequence of a row."""


@dataclass(frozen=True)
class Object:
    """A published segment: its rows and their weights, dead ones too."""

    rows: dict[Row, int]

    @property
    def weight(self) -> int:
        return sum(self.rows.values())


@dataclass
class History:
    """A publisher's rows over many releases: what counts now, and what lies in the published segments."""

    limits: TierLimits = LIMITS
    sequence: int = 0
    live: dict[str, tuple[int, int]] = field(default_factory=dict)
    tiers: list[tuple[Tier, Object]] = field(default_factory=list)
    kept: int = 0

    def release(self, changes: dict[str, int]) -> None:
        """Publish rows with new weights; a deletion is a row too: its tombstone."""
        self.sequence += 1
        self.live |= {key: (self.sequence, weight) for key, weight in changes.items()}
        self.publish()

    def forget(self, keys: list[str], trace: str) -> None:
        """Publish a release in which chunk rows are gone without a trace of their own."""
        self.sequence += 1
        for key in keys:
            self.live.pop(key, None)
        self.live[trace] = (self.sequence, 24)
        self.publish()

    def publish(self) -> None:
        before = [PublishedTier(tier.after, tier.upto, segment.weight) for tier, segment in self.tiers]
        laid = lay_tiers(self.weights(), before, self.sequence, self.limits)
        self.tiers = [(tier, self.object_of(tier)) for tier in laid]

    def object_of(self, tier: Tier) -> Object:
        if tier.kept is not None:
            self.kept += 1
            return self.tiers[tier.kept][1]
        rows = {(key, s): weight for key, (s, weight) in self.live.items() if tier.after < s <= tier.upto}
        return Object(rows)

    def weights(self) -> Counter[int]:
        weights: Counter[int] = Counter()
        for sequence, weight in self.live.values():
            weights[sequence] += weight
        return weights

    def check(self) -> None:
        self.check_ranges()
        self.check_rows()
        for version in range(self.sequence):
            self.check_bound(version)
        self.check_count()

    def check_ranges(self) -> None:
        """As `decode_manifest` demands, and segments hold no row from outside their range."""
        upper = self.sequence
        for index, (tier, segment) in enumerate(self.tiers):
            assert tier.after < tier.upto
            assert tier.upto <= upper if index == 0 else tier.upto == upper
            assert all(tier.after < sequence <= tier.upto for _, sequence in segment.rows)
            upper = tier.after
        assert upper == 0 or not self.tiers

    def check_rows(self) -> None:
        there = {row for _, segment in self.tiers for row in segment.rows}
        assert {(key, sequence) for key, (sequence, _) in self.live.items()} <= there

    def check_bound(self, version: int) -> None:
        need = sum(weight for sequence, weight in self.live.values() if sequence > version)
        got = sum(segment.weight for tier, segment in self.tiers if tier.upto > version)
        limits = self.limits
        allowed = ((1 + limits.eps) * need + limits.s0) / (1 - limits.dead_share)
        assert got <= allowed + 1e-6, (version, got, need)
        if not need:
            assert not got

    def check_count(self) -> None:
        total = sum(self.weights().values())
        growth = math.log(max(1.0, total / self.limits.s0), 1 + self.limits.eps)
        assert len(self.tiers) <= 2 * (growth + 2)


KEYS = [f"k{number}" for number in range(12)]
WEIGHTS = st.one_of(st.integers(24, 400), st.integers(24, 20_000))
EDIT = st.dictionaries(st.sampled_from(KEYS), WEIGHTS, min_size=1, max_size=4)
LARGE = st.just({f"large{number}": 3_000 for number in range(20)})
TOMBSTONES = st.lists(st.sampled_from(KEYS), min_size=1, max_size=6).map(lambda keys: dict.fromkeys(keys, 24))
FORGOTTEN = st.lists(st.sampled_from([*KEYS, *(f"large{n}" for n in range(20))]), min_size=1, max_size=20)


@given(st.lists(st.one_of(EDIT, EDIT, LARGE, TOMBSTONES, FORGOTTEN), min_size=1, max_size=25))
def test_every_release_of_every_history_keeps_the_bound(steps: list[dict[str, int] | list[str]]) -> None:
    history = History()
    for step in steps:
        if isinstance(step, dict):
            history.release(step)
        else:
            history.forget(step, "trace")
        history.check()


def test_hundred_small_releases_after_a_large_one_stay_few_tiers_and_keep_the_large_one() -> None:
    history = History()
    history.release({f"page{number}": 500 for number in range(400)})
    first = history.tiers[-1][1]
    for number in range(100):
        history.release({f"page{number * 7 % 400}": 510})
        history.check()
    assert history.kept > 90
    assert len(history.tiers) < 30
    assert history.tiers[-1][1] is not first  # a quarter of it is dead: it was written anew, at some time


def test_a_kept_tier_is_the_published_one_and_its_index_says_which() -> None:
    live = {1: 50_000, 2: 3_000}
    published = [PublishedTier(0, 1, 50_000)]
    assert lay_tiers(live, published, 2, LIMITS) == (Tier(1, 2, live[2]), Tier(0, 1, live[1], kept=0))


@pytest.mark.parametrize(("dead", "kept"), [(12_400, 0), (12_600, None)])
def test_a_tier_is_written_anew_when_more_than_the_share_of_it_is_dead(dead: int, kept: int | None) -> None:
    published = [PublishedTier(0, 1, 100_000)]
    tiers = lay_tiers({1: 100_000 - dead, 2: 3_000}, published, 2, LIMITS)
    assert tiers == (Tier(1, 2, 3_000), Tier(0, 1, 100_000 - dead, kept))


def test_a_cheap_tier_is_written_anew_when_anything_in_it_is_dead() -> None:
    limits = TierLimits(eps=0.01, s0=10, cheap=500)
    assert lay_tiers({1: 399, 2: 400}, [PublishedTier(0, 1, 400)], 2, limits)[1].kept is None
    assert lay_tiers({1: 400, 2: 400}, [PublishedTier(0, 1, 400)], 2, limits)[1].kept == 0


def test_a_tier_without_live_rows_disappears_and_leaves_no_gap() -> None:
    published = [PublishedTier(3, 5, 5_000), PublishedTier(0, 3, 9_000)]
    assert lay_tiers({6: 5_000, 3: 9_000}, published, 6, LIMITS) == (Tier(3, 6, 5_000), Tier(0, 3, 9_000, kept=1))


def test_a_large_release_whose_newer_neighbours_died_ends_where_it_ends() -> None:
    """Or else a client that has it would fetch it again: nothing of the rest of its tier lives."""
    published = [PublishedTier(7, 8, 300_000), PublishedTier(3, 7, 60_000), PublishedTier(0, 3, 90_000)]
    tiers = lay_tiers({9: 24, 4: 50_000, 3: 90_000}, published, 9, LIMITS)
    assert [(tier.after, tier.upto) for tier in tiers] == [(4, 9), (3, 4), (0, 3)]


def test_a_first_release_is_one_tier_and_nothing_is_none() -> None:
    assert lay_tiers({1: 10}, [], 1, LIMITS) == (Tier(0, 1, 10),)
    assert lay_tiers({}, [], 1, LIMITS) == ()
