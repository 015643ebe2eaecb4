"""From what is installed and what is published to the list of downloads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.samples import MANIFEST, generation
from vademecum.update.plan import Plan, full_plan, plans

NEWEST, MIDDLE, OLDEST, ENCODER = "b" * 64, "c" * 64, "f" * 64, "e" * 64
"""The objects of the manifest: sequences 11..12, 4..11, 0..4, and the encoder."""


def names(plan: Plan) -> list[str]:
    return [ref.sha256 for ref in plan.downloads]


def test_a_first_install_is_full() -> None:
    plan = plans(None, (), MANIFEST)[0]
    assert (plan.kind, plan.base) == ("full", None)
    assert names(plan) == [ENCODER, NEWEST, MIDDLE, OLDEST]
    assert plan.segments == (NEWEST, MIDDLE, OLDEST)
    assert plan.bytes == 40
    assert plan == full_plan((), MANIFEST)


@pytest.mark.parametrize(
    ("installed", "fetched"),
    [
        (11, [NEWEST]),
        (10, [NEWEST, MIDDLE]),
        (5, [NEWEST, MIDDLE]),
        (4, [NEWEST, MIDDLE]),
        (3, [NEWEST, MIDDLE, OLDEST]),
    ],
)
def test_an_update_takes_the_tiers_that_reach_beyond(installed: int, fetched: list[str]) -> None:
    plan = plans(generation(installed, "1", "2"), (), MANIFEST)[0]
    assert (plan.kind, plan.base) == ("tiers", installed)
    assert names(plan) == fetched
    assert plan.segments == (*fetched, "1" * 64, "2" * 64)


def test_held_objects_are_not_fetched_again() -> None:
    plan = plans(None, {NEWEST, ENCODER}, MANIFEST)[0]
    assert names(plan) == [MIDDLE, OLDEST]
    assert plan.segments == (NEWEST, MIDDLE, OLDEST)
    tiers = plans(generation(10, "1"), {MIDDLE}, MANIFEST)[0]
    assert names(tiers) == [NEWEST]
    assert tiers.segments == (NEWEST, MIDDLE, "1" * 64)


def test_a_segment_that_is_installed_already_stands_once() -> None:
    plan = plans(generation(10, "c", "f"), {MIDDLE, OLDEST}, MANIFEST)[0]
    assert plan.segments == (NEWEST, MIDDLE, OLDEST)
    assert names(plan) == [NEWEST]


def test_the_same_object_is_fetched_once() -> None:
    first, second, third = MANIFEST.segments
    twice = replace(MANIFEST, segments=(first, replace(second, object=first.object), third))
    assert names(plans(None, (), twice)[0]) == [ENCODER, NEWEST, OLDEST]


def test_rows_of_different_spaces_are_never_mixed() -> None:
    other_epoch = replace(generation(11, "1"), epoch="f" * 16)
    other_encoder = replace(generation(11, "1"), encoder="9" * 64)
    for installed in (other_epoch, other_encoder):
        plan = plans(installed, (), MANIFEST)[0]
        assert plan.kind == "full"
        assert plan.segments == (NEWEST, MIDDLE, OLDEST)


def test_nothing_builds_on_a_newer_generation() -> None:
    assert plans(generation(13, "1"), (), MANIFEST)[0].kind == "full"


def test_an_empty_release_takes_its_encoder_alone() -> None:
    empty = replace(MANIFEST, segments=())
    assert names(plans(None, (), empty)[0]) == [ENCODER]
    assert plans(generation(11, "1"), (), empty)[0].segments == ("1" * 64,)
