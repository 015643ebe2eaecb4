"""Which records are kept back by a field that may be one of times: that is known when all of them are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from vademecum_builder.sources.base import RECORD, SourceItem
from vademecum_builder.stages.gathered import Gathered

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


def item(key: str, **fields: object) -> SourceItem:
    return SourceItem(key, RECORD, json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("values", "are_times"),
    [
        (["Steam", "GOG"], False),
        (["Steam", "", None, "Windows 10", "GOG"], False),
        (["North America", "the Pacific"], False),
        ([["Steam", "GOG"]], False),
        (["Steam", "GOG", "2020-01-01"], True),
        (["2020-01-01", "Steam", "GOG"], True),
        (["Steam", "GOG", 20], True),
        (["Steam", "GOG", "coming soon"], True),
        (["Demnächst", "Demnächst"], True),
        (["Steam", "Steam"], True),
        (["the 3rd", "the 4th", "Steam"], True),
        (["скоро", "позже"], True),
        (["Fünf Türme", "Thế Giới"], False),
    ],
)
def test_a_field_without_a_time_in_any_record_is_none_of_times(values: list[object], are_times: bool) -> None:
    found = Gathered()
    items = [item(str(n), published_on=one) for n, one in enumerate(values)]
    first = [found.why_private(one, NOW) for one in items]
    told = [*found.decide_times()]
    last = [why if why is not None else found.why_private(one, NOW) for why, one in zip(first, items, strict=True)]
    assert any(filter(None, last)) is bool(told == []) is are_times


def test_an_embargo_is_one_whatever_it_says_and_what_is_a_draft_besides_stays_one() -> None:
    found = Gathered()
    items = [item(str(n), published_on=f"Shop {'AB'[n]}", embargo="the fair" if n else None) for n in range(2)]
    items.append(item("2", published_on="Shop A", draft=True))
    assert [found.why_private(one, NOW) is None for one in items] == [True, False, False]
    assert [*found.decide_times()] and found.why_private(items[0], NOW) == ""
    assert found.why_private(items[2], NOW) == "pages that are not for everybody: draft"
