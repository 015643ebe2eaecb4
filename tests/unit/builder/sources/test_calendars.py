"""Calendars as records: what people search in them, and nothing of who is invited."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from vademecum.errors import ContentError
from vademecum_builder.discovery.discover import discover
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.catalog import CatalogSource
from vademecum_builder.sources.formats.calendars import events
from vademecum_builder.sources.formats.record_files import Layout, read_records
from vademecum_builder.sources.records import Failed

ZONE = """BEGIN:VTIMEZONE
TZID:Club Time
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
"""
FETE = """BEGIN:VEVENT
UID:fete@club.example
DTSTAMP:20240101T000000Z
LAST-MODIFIED:20240102T000000Z
SUMMARY:Summer fête\\, all day
DESCRIPTION:Bring <b>cakes</b>.\\nAnd
  a friend.
LOCATION:Town hall
CATEGORIES:feast,http://schemas.example/g#event
CATEGORIES:public
URL:https://club.example/fete
DTSTART;VALUE=DATE:20240601
DTEND;VALUE=DATE:20240603
STATUS:CONFIRMED
ORGANIZER;CN=Max:mailto:max@club.example
ATTENDEE;CN=Eva:mailto:eva@club.example
COMMENT:Eva is ill
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Buy flour
TRIGGER:-PT1H
END:VALARM
END:VEVENT
"""
CHOIR = """BEGIN:VEVENT
UID:choir
SUMMARY:Choir
DTSTART;TZID=Club Time:20240603T190000
DURATION:PT2H
RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,-1FR;UNTIL=20241231T000000Z
END:VEVENT
"""


def calendar(*items: str, name: str = "Club") -> str:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nX-WR-CALNAME:{name}\n{''.join(items)}END:VCALENDAR\n".replace("\n", "\r\n")


def read(text: str, longest: int = 10_000) -> tuple[list[tuple[int, Any]], list[str]]:
    told: list[str] = []
    found = [
        (line, one.reason if isinstance(one, Failed) else one)
        for line, one in events(io.StringIO(text, newline=""), longest, told.append)
    ]
    return found, told


def test_an_event_is_a_record_without_those_who_are_invited() -> None:
    [(line, fete), (_, choir)], told = read(calendar(FETE, CHOIR, ZONE))
    assert (line, told) == (4, [])
    assert fete == {
        "id": "fete@club.example",
        "summary": "Summer fête, all day",
        "description": "Bring <b>cakes</b>.\nAnd a friend.",
        "location": "Town hall",
        "url": "https://club.example/fete",
        "start": "2024-06-01",
        "end": "2024-06-02",  # the last day: behind it the next one is said
        "updated": "2024-01-02T00:00:00+00:00",
        "categories": ["feast", "public"],
        "calendar": "Club",
    }
    assert choir == {
        "id": "choir",
        "summary": "Choir",
        "start": "2024-06-03T19:00:00+03:00",  # its zone is told behind it
        "end": "2024-06-03T21:00:00+03:00",
        "repeats": "every 2 weeks on Monday, last Friday until 2024-12-31",
        "calendar": "Club",
    }


def test_an_occurrence_of_its_own_has_an_id_of_its_own() -> None:
    late = CHOIR.replace("UID:choir", "UID:choir\nRECURRENCE-ID;TZID=Club Time:20240617T190000").replace("19", "20")
    [(_, first), (_, other)], _ = read(calendar(ZONE, CHOIR, late))
    assert first["id"] == "choir" and other["id"].startswith("choir 2024-06-17")
    assert read(calendar("BEGIN:VTODO\nSUMMARY:Paint\nDUE:20240101\nEND:VTODO\n"))[0][0][1] == {
        "id": "Paint", "summary": "Paint", "due": "2024-01-01", "calendar": "Club",
    }  # fmt: skip


def test_a_broken_event_costs_no_other_and_is_told() -> None:
    bad = "BEGIN:VEVENT\nUID:bad\nDTSTART:soon\nSUMMARY:Some day\nno line at all\nRRULE:FREQ=SOMETIMES\nEND:VEVENT\n"
    long = f"BEGIN:VEVENT\nUID:long\nDESCRIPTION:{'x' * 2000}\nEND:VEVENT\n"
    found, told = read(calendar(bad, long, "BEGIN:VEVENT\nUID:x\nEND:VTODO\nEND:VEVENT\n", FETE), 1500)
    assert [line for line, _ in found] == [4, 11, 16, 20]
    assert found[0][1] == {"id": "bad", "summary": "Some day", "calendar": "Club"}
    assert "larger than" in found[1][1] and found[3][1]["id"] == "fete@club.example"
    assert told[0].startswith("left out: 2 lines of events that cannot be read, as of that on line 4: ")
    for cut in (calendar(FETE)[:-30], calendar(FETE).partition("ATTENDEE")[0]):
        with pytest.raises(ContentError, match="ends in the middle"):
            read(cut)


def event(*lines: str) -> str:
    return "".join(f"{line}\n" for line in ("BEGIN:VEVENT", "UID:a", *lines, "END:VEVENT"))


def test_what_icalendar_stumbles_over_costs_no_other_event() -> None:
    bad = event("BEGIN:VTIMEZONE", "TZID:a", "TZID:b", "END:VTIMEZONE")
    [(_, first), (_, other)], _ = read(calendar(bad, FETE))
    assert "no event that can be read" in first and other["id"] == "fete@club.example"
    [(_, alone)], warned = read(calendar(ZONE.replace("TZID:", "TZID:Zone\nTZID:"), FETE))
    assert alone["id"] == "fete@club.example" and "its name and its own zones cannot be read" in warned[0]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("SUMMARY:Fair", "DTEND;VALUE=DATE:20240603"), {"summary": "Fair", "end": "2024-06-02"}),
        (
            ("DTSTART:20240601T100000", "DTEND;VALUE=DATE:20240603"),
            {"start": "2024-06-01T10:00:00", "end": "2024-06-02"},
        ),
        (("DTSTART:20240601T100000", "DURATION:P99999999D"), {"start": "2024-06-01T10:00:00"}),
        (("DTSTART;VALUE=DATE:00010101", "DTEND;VALUE=DATE:00010101"), {"start": "0001-01-01"}),
        (("DTSTART:20240601T100000", "DURATION;VALUE=DATE:20240601"), {"start": "2024-06-01T10:00:00"}),
        (("DTSTART;VALUE=DURATION:PT1H", "SUMMARY:Fair"), {"summary": "Fair"}),
        (("SUMMARY:Fair", "SUMMARY:Market"), {"summary": "Fair"}),
        (("CLASS:PUBLIC", "CLASS:PRIVATE"), {"access": "private"}),
    ],
)
def test_times_that_do_not_fit_together_and_lines_that_stand_twice_are_read_as_far_as_they_go(
    lines: tuple[str, ...], said: dict[str, str]
) -> None:
    [(_, first), (_, other)], _ = read(calendar(event(*lines), FETE))
    assert first == {"id": "a", "calendar": "Club"} | said and other["id"] == "fete@club.example"


def test_who_a_calendar_belongs_to_and_what_is_private_in_it_is_nobodys_business(tmp_path: Path) -> None:
    dentist = CHOIR.replace("choir", "tooth").replace("SUMMARY", "CLASS:PRIVATE\nSUMMARY")
    path = tmp_path / "club.ics"
    path.write_text(calendar(FETE, dentist, ZONE, name="max@club.example"), newline="")
    source = CatalogSource(str(path), id="id")
    told = {one.key: one.data.decode() for one in source.changes(None).entries if isinstance(one, SourceItem)}
    assert all("@club.example" not in data.replace("fete@club.example", "") for data in told.values())
    assert '"access":"private"' in told["tooth"]


def test_a_calendar_is_found_by_what_it_says_and_proposed(tmp_path: Path) -> None:
    text = calendar(ZONE, *(FETE.replace("fete@", f"{number}@").replace("fête", f"fête {number}") for number in "abc"))
    stream = io.BytesIO(text.encode("cp1252"))
    told: list[str] = []
    assert [one["id"] for _, one in read_records(stream, "", Layout(), warn=told.append) if isinstance(one, dict)]
    assert "cp1252" in told[0]
    (tmp_path / "a.ics").write_text(text, newline="")
    (proposed,) = discover(str(tmp_path), tmp_path)
    assert {name: proposed.settings[name] for name in ("id", "title", "link", "updated")} == {
        "id": "id", "title": "summary", "link": "url", "updated": "updated",
    }  # fmt: skip
    assert {"description", "location"} <= {*proposed.settings["text"]} and "start" in proposed.settings["metadata"]


def test_what_reads_a_calendar_is_named_where_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vademecum_builder.sources.formats.calendars.find_spec", lambda _: None)
    with pytest.raises(ContentError, match=r"\[calendar\]"):
        read(calendar(FETE))
