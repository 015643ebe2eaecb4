"""Calendars (iCalendar, RFC 5545) as records: events, tasks and journal entries. icalendar reads them.

Attendees, organisers, alarms and attachments are private. The time of writing (`DTSTAMP`) is not a field either: each
export would change every record.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, TextIO

from vademecum.errors import ContentError, counted
from vademecum.origin import pip_install
from vademecum_builder.sources.fetched import is_address
from vademecum_builder.sources.private_fields import reaches
from vademecum_builder.sources.records import Failed, Numbered, too_large

if TYPE_CHECKING:
    from icalendar import Component

BEGINS: Final = "BEGIN:VCALENDAR"
_ITEM: Final = re.compile(r"BEGIN:(VEVENT|VTODO|VJOURNAL)\s*", re.IGNORECASE)
_CUT: Final = "it ends in the middle: it was cut off, or is being written"
_TEXTS: Final = {"SUMMARY": "summary", "DESCRIPTION": "description", "LOCATION": "location", "URL": "url"}
_TIMES: Final = {"DTSTART": "start", "DTEND": "end", "DUE": "due", "LAST-MODIFIED": "updated"}
# Besides its own errors, icalendar passes on others: for a zone with two names, or one that ends within an event.
_UNREADABLE: Final = (ValueError, LookupError, AttributeError, TypeError)
_SAYS_NOTHING: Final = ("CONFIRMED", "NEEDS-ACTION", "FINAL")
_UNITS: Final = {"HOURLY": "hour", "DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_DAYS: Final = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
    "SU": "Sunday",
}  # fmt: skip
_NTH: Final = {1: "first ", 2: "second ", 3: "third ", 4: "fourth ", 5: "fifth ", -1: "last ", -2: "last but one "}


def events(text: TextIO, longest: int, warn: Callable[[str], None]) -> Numbered:
    """Yield the items of a calendar, each after the line on which it begins. A broken one does not affect others.

    An occurrence that differs from its series has an id of its own, which begins with that of the series.

    Args:
        text: Seekable: a calendar may define its own zones after the items that use them.
        longest: The most characters of an item.
        warn: Called with the number of lines that could not be read.

    Raises:
        ContentError: It is no calendar, ends in the middle, or what reads it is not installed.
    """
    if not find_spec("icalendar"):
        raise ContentError(f"a calendar needs {pip_install('calendar')}")
    from icalendar import Calendar

    around = "".join(part for _, part, is_item in _parts(text, longest) if not is_item)
    called = {}
    try:
        for calendar in Calendar.from_ical(around, multiple=True)[:1]:
            name = str(calendar.get("X-WR-CALNAME", "")).strip()
            called = {"calendar": name} if name and not reaches(name) else {}  # Google names a calendar after its owner
    except _UNREADABLE as error:
        warn(f"its name and its own zones cannot be read ({error})")
    text.seek(0)
    broken: list[str] = []
    for line, part, _ in filter(lambda one: one[2], _parts(text, longest)):
        if len(part) > longest:
            yield line, too_large(longest, part[:100])
            continue
        try:
            item = _read(part)
        except _UNREADABLE as error:
            yield line, Failed(f"no event that can be read ({' '.join(str(error).split())[:120]})", part)
            continue
        broken += [f"line {line}: {error}" for name, error in item.errors if name is None or name in _TIMES]
        yield line, _fields(item) | called
    if broken:
        warn(
            f"left out: {counted(len(broken), 'lines')} of events that cannot be read, as of that on {broken[0][:200]}"
        )


def _parts(text: TextIO, longest: int) -> Iterator[tuple[int, str, bool]]:
    """Yield the pieces of a calendar, each with its first line and whether it is an item; the others are around
    items."""
    number = begun = size = 0
    ends, lines = "", list[str]()
    opened = 0
    while line := text.readline(longest):
        number += 1
        word = line.strip().upper()
        if not ends and (found := _ITEM.fullmatch(line)):
            ends, lines, begun, size = f"END:{found[1].upper()}", [], number, 0
        if not ends:
            opened += (word == BEGINS) - (word == "END:VCALENDAR")
            yield number, line, False
            continue
        if size <= longest:
            lines.append(line)
            size += len(line)
        if word == ends:
            yield begun, "".join(lines), True
            ends = ""
    if ends or opened:
        raise ContentError(_CUT)


def _read(part: str) -> Component:
    from icalendar import Component

    with warnings.catch_warnings():  # it rightly guesses a zone by the end of its name, with a warning
        warnings.simplefilter("ignore")
        return Component.from_ical(part)


def _fields(item: Component) -> dict[str, Any]:
    """Return the fields of an event that people search."""
    texts = {field: _values(item, name) for name, field in _TEXTS.items()}
    told: dict[str, Any] = {field: said for field, values in texts.items() if (said := "".join(values[:1]).strip())}
    times = {field: at for name, field in _TIMES.items() if (at := _time(item, name, date))}
    start, end = times.get("start"), times.get("end")
    if start and not end and (length := _time(item, "DURATION", timedelta)):
        with suppress(OverflowError):  # it ends after the last possible year
            times["end"] = end = start + length
    if end and not isinstance(end, datetime):
        last = end - timedelta(end > date.min)  # the end of whole days is the day after the last one
        times["end"] = max(last, start.date() if isinstance(start, datetime) else start or last)
    told |= {field: at.isoformat() for field, at in times.items() if field != "end" or at != times.get("start")}
    rules = item.get("RRULE")
    if repeats := _repeats(rules[0] if isinstance(rules, list) else rules):
        told["repeats"] = repeats
    listed = item.get("CATEGORIES", [])
    listed = listed if isinstance(listed, list) else [listed]
    if words := [
        word
        for one in listed
        for word in map(str.strip, map(str, getattr(one, "cats", [])))
        if word and not is_address(word)
    ]:
        told["categories"] = words
    for name, field in (("STATUS", "status"), ("CLASS", "access")):
        words_of = (said.strip().upper() for said in _values(item, name))
        if said := next((one for one in words_of if one and one not in (*_SAYS_NOTHING, "PUBLIC")), ""):
            told[field] = said.lower()
    occurs = _time(item, "RECURRENCE-ID", date)
    id = str(item.get("UID", "")).strip() or f"{told.get('start', '')} {told.get('summary', '')}".strip()
    return {"id": f"{id} {occurs.isoformat()}" if occurs else id} | told


def _values(item: Component, name: str) -> list[str]:
    """Return the texts of a property: some programs repeat one that may occur once."""
    said = item.get(name, [])
    return [str(one) for one in (said if isinstance(said, list) else [said])]


def _time(item: Component, name: str, kind: type[date] | type[timedelta]) -> Any:
    """Return a time or a duration; None: there is none, it cannot be read, there are several, or it is of the other
    kind."""
    at = getattr(item.get(name), "dt", None) if name not in {one for one, _ in item.errors} else None
    return at if isinstance(at, kind) else None


def _repeats(rule: Any) -> str:
    """Return a rule in words: `every 2 weeks on Monday until 2026-06-30`; empty: none, or it cannot be read."""
    if not isinstance(rule, dict):
        return ""
    said = {name: list(value) if isinstance(value, list | tuple) else [value] for name, value in rule.items()}
    unit = _UNITS.get(str(said.get("FREQ", [""])[0]).upper(), "")
    if not unit:
        return ""
    many = int(said.get("INTERVAL", [1])[0])
    told = [f"every {unit}" if many == 1 else f"every {many} {unit}s"]
    if days := [f"{_nth(day)}{_DAYS[day[-2:]]}" for day in map(str, said.get("BYDAY", [])) if day[-2:] in _DAYS]:
        told.append(f"on {', '.join(days)}")
    if (until := said.get("UNTIL", [None])[0]) and isinstance(until, date):
        told.append(f"until {until.isoformat()[:10]}")
    elif count := said.get("COUNT", [0])[0]:
        told.append(counted(count, "times"))
    return " ".join(told)


def _nth(day: str) -> str:
    number = day[:-2]
    return _NTH.get(int(number), f"{number}. ") if number.lstrip("+-").isdecimal() else ""
