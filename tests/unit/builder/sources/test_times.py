"""Times as exports write them."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from vademecum.errors import ContentError
from vademecum_builder.sources.times import read_time


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("04/Jan/23 10:00 AM", "2023-01-04T10:00:00+00:00"),
        ("4/Jan/23 12:05 AM", "2023-01-04T00:05:00+00:00"),
        ("04/Jan/2023 15:54:09", "2023-01-04T15:54:09+00:00"),
        ("4-Jan-2023", "2023-01-04T00:00:00+00:00"),
        ("04 Jan 1970, 9:30", "1970-01-04T09:30:00+00:00"),
    ],
)
def test_a_month_that_is_named_tells_the_day_apart(said: str, read: str) -> None:
    assert read_time(said, UTC).isoformat() == read


def test_a_named_month_has_the_zone_that_is_said() -> None:
    assert read_time("04/Jul/23 10:00 AM", ZoneInfo("Europe/Berlin")).isoformat() == "2023-07-04T08:00:00+00:00"


@pytest.mark.parametrize("said", ["31/Feb/23", "04/Foo/23", "04/Jan/23 13:00 PM", "04/01/23 10:00 AM"])
def test_what_names_no_day_is_no_time(said: str) -> None:
    with pytest.raises(ContentError, match="is not a time"):
        read_time(said, UTC)
