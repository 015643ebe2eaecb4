"""Parsing the times of records, as databases and exports write them, without guessing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vademecum.errors import ContentError

_NUMBER = re.compile(r"-?\d{1,19}(?:\.\d{1,9})?")
_DIGITS = re.compile(r"\d{9,19}(?:\.\d{1,9})?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_DAY_FIRST = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})(?:,? (\d\d:\d\d(?::\d\d)?))?")
"""Dates with points always begin with the day; with slashes, it may be the month."""
_SPELLED = re.compile(r"[A-Z]\w+, ([A-Z]\w+ \d\d?, \d{4}) at (\d\d?:\d\d:\d\d)\s?([AP]M) UTC")
"""As exported by Google Chat, with a narrow no-break space before AM."""
_MONTH_NAMED = re.compile(r"(\d\d?)[/ -]([A-Z][a-z]{2})[/ -](\d\d(?:\d\d)?)(?:,? (\d\d?:\d\d)(:\d\d)?(?: ?([AP]M))?)?")
"""`04/Jan/23 10:00 AM` of Jira, `4-Jan-2023`: no other order can be meant. Two digits are a year since 1969."""
_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
_SOME_YEAR = re.compile(r"(?<![\w-])[12]\d(?:\d[u?-]|[u?-]{2})(?![\w-])", re.IGNORECASE)
"""A year that is only partly known, as libraries write it: `196-?`, `19uu`; without another number, which may be it."""
_NUMERAL = re.compile(r"\d")
_OF_ASP = re.compile(r"/Date\((-?\d{1,16})(?:[+-]\d{4})?\)/")
"""As .NET wrote times in JSON: milliseconds since 1970 in UTC; the zone after them is only the writer's."""
_DURATION = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1, 1, 1), datetime(9996, 12, 31, 23, 59, 59)
_LEAST_SECONDS = 10**8
"""A smaller number does not count seconds since 1970: it is a year, or a day in digits."""
_EXCEL = datetime(1899, 12, 30, tzinfo=UTC)
_EXCEL_DAYS = re.compile(r"(2[5-9]|[3-6]\d|7[0-2])\d{3}(?:\.\d+)?")
"""Days as a spreadsheet counts them, from 1968 to 2099, with the time of day as a fraction."""
# A larger number does not count seconds (that would be the year 5138), but milli-, micro- or nanoseconds.
_MOST_SECONDS = 10**11


class NoZoneError(ContentError):
    """A time without a zone, and no setting that names one."""


def read_time(value: object, zone: tzinfo | None = None) -> datetime:
    """Return a time in UTC.

    Args:
        value: A `datetime`, an ISO 8601 text, `31.12.2026` or `31.12.2026 23:59`,
            `31/Dec/26 11:59 PM`, the time since 1970 in UTC as a
            number or its digits (seconds, or milli-, micro- or nanoseconds, depending on its size), or
            `/Date(1700000000000)/`.
        zone: For times without one. An hour that a clock shows twice is read as the first of the two; an hour that it
            skips, as if it had not been put forward yet (PEP 495, fold 0).

    Raises:
        NoZoneError: The time has no zone, and none is given.
        ContentError: It is not a time.
    """
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _since_epoch(Decimal(str(value)))
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.fullmatch(text) and len(text) > 8:
            return _since_epoch(Decimal(text))
        if of_asp := _OF_ASP.fullmatch(text):
            return _EPOCH + timedelta(milliseconds=int(of_asp[1]))
        written = text
        if found := _DAY_FIRST.fullmatch(text):
            day, month, year, hour = found.groups("00:00")
            written = f"{year}-{month:0>2}-{day:0>2} {hour}"
        try:
            if spelled := _SPELLED.fullmatch(text):
                return datetime.strptime(" ".join(spelled.groups()), "%B %d, %Y %I:%M:%S %p").replace(tzinfo=UTC)
            if named := _MONTH_NAMED.fullmatch(text):
                day, month, year, hour, second, half = (one or "" for one in named.groups())
                form = f"%d %b {'%Y' if len(year) > 2 else '%y'} {'%I' if half else '%H'}:%M:%S %p"
                written = f"{day} {month} {year} {hour or '0:00'}{second or ':00'} {half or 'AM'}"
                return read_time(datetime.strptime(written, form), zone)
            value = datetime.fromisoformat(written)
        except ValueError:
            raise ContentError(f"{text[:40]!r} is not a time: expected ISO 8601, or seconds since 1970") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise ContentError(f"{value!r} is not a time: expected ISO 8601, or seconds since 1970")
    if value.tzinfo is None:
        if zone is None:
            raise NoZoneError(f"{value.isoformat(' ')} has no zone; the settings have to say which it is")
        value = value.replace(tzinfo=zone)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ContentError(f"{value.isoformat(' ')} is out of range") from None


def spans_of(value: object, last: int = 9999) -> list[tuple[datetime, datetime]]:
    """Return the first and last moment, in UTC, of a time as people write it: `2027-03-31`, `May 2024`, a year, the day
    of a spreadsheet.

    `12/03/2024` has two such spans, since the day may come first or second. Other texts with a year (`Spring 2023`,
    `end of March 2027`, `19uu`) have its beginning and its end.

    Args:
        last: A two-digit year that would be after this one is in the century before.

    Raises:
        ContentError: It does not name a year.
    """
    if (
        not isinstance(value, bool)
        and isinstance(value, int | float | Decimal)
        and -_LEAST_SECONDS < value < _LEAST_SECONDS
    ):
        value = f"{value:.0f}" if value == int(value) else str(value)  # a year, or 20270331
    try:
        begin = read_time(value, UTC)
    except ContentError:
        if not isinstance(value, str):
            raise
        if _EXCEL_DAYS.fullmatch(value.strip()):
            begin = _EXCEL + timedelta(days=float(value))
            return [(begin, begin + timedelta(days=1, microseconds=-1) if begin.time() == time() else begin)]
        spans = _spans_of_text(value, last)
        if not spans:
            raise
        return spans
    is_day = not isinstance(value, datetime) and len(str(value).strip()) <= len("2027-03-31")
    return [(begin, begin + timedelta(days=1, microseconds=-1) if is_day and begin.time() == time() else begin)]


def _spans_of_text(text: str, last: int) -> list[tuple[datetime, datetime]]:
    from dateutil import parser

    def zone(_: str, seconds: int | None) -> tzinfo:
        return timezone(timedelta(seconds=seconds or 0))

    if (some := _SOME_YEAR.search(text)) and not _NUMERAL.search(text.replace(some[0], "", 1)):
        return _of_years(re.sub("[u?-]", digit, some[0], flags=re.IGNORECASE) for digit in "09")
    found = []
    for day_first in (False, True):
        # What a text leaves out is taken as early as possible, then as late as possible.
        with suppress(ValueError, OverflowError):
            ends = [
                parser.parse(text.strip(" <>[]"), default=one, dayfirst=day_first, tzinfos=zone)
                for one in (_FIRST, _LAST)
            ]
            begin, end = [one.replace(tzinfo=one.tzinfo or UTC) for one in ends]
            if begin.year == end.year:
                back = 100 * (begin.year > last and not _YEAR.search(text))
                found.append((begin.replace(year=begin.year - back), end.replace(year=end.year - back)))
    return found or _of_years(_YEAR.findall(text))


def _of_years(named: Iterable[str]) -> list[tuple[datetime, datetime]]:
    """Return the beginning of the first of these years, and the end of the last."""
    years = sorted(map(int, named))
    ends = [datetime(years[0], 1, 1, tzinfo=UTC), datetime(years[-1], 12, 31, 23, 59, 59, tzinfo=UTC)] if years else []
    return [(end, end) for end in ends]


def read_zone(name: object) -> tzinfo | None:
    """Return the zone of an IANA name (`Europe/Berlin`, `UTC`); None: there is none."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def time_form(value: object) -> str:
    """Return the form in which a time is written, if values of this form sort by time; empty: they do not."""
    match value:
        case bool():
            return ""
        case int() | float() | Decimal() if Decimal(str(value)).is_finite():
            return f"number {_thousands(Decimal(str(value)))}"
        case datetime():
            return "local" if value.tzinfo is None else "datetime"
        case date():
            return "date"
        case str() if _DIGITS.fullmatch(value):
            return f"digits {len(value.partition('.')[0])}"
        case str() if _ISO.match(value):
            return "text"
    return ""


def time_before(moment: datetime, form: str) -> tuple[Any, datetime]:
    """Return a value of a form that is not above any time since `moment`, and a moment not after any such value.

    Texts and local times are compared by date only, since their zones may differ.
    """
    kind, _, number = form.partition(" ")
    low = moment.replace(microsecond=0)
    if kind == "number":
        return int(low.timestamp()) * 1000 ** int(number), low
    if kind == "digits":
        smallest = Decimal(10) ** (int(number) - 1) + 1
        return str(int(low.timestamp()) * 1000 ** _thousands(smallest)).zfill(int(number)), low
    if kind == "datetime":
        return low, low
    day = low.replace(hour=0, minute=0, second=0) - timedelta(days=1)
    values = {"local": day.replace(tzinfo=None), "date": day.date(), "text": day.date().isoformat()}
    return values[kind], day - timedelta(days=1)


def read_duration(text: object) -> timedelta | None:
    """Return `90s`, `30m`, `12h`, `7d` or `2w` as a positive duration; None: it is not one."""
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    seconds = int(match[1]) * _SECONDS[match[2]] if match and len(match[1]) < 9 else 0
    return timedelta(seconds=seconds) if seconds else None


def micros(moment: datetime) -> int:
    """Return an aware time in microseconds since 1970: integers compare exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def of_micros(count: int) -> datetime:
    """Return the time, in UTC, at this many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=count)


def _thousands(count: Decimal) -> int:
    """Return how many times seconds were multiplied by 1,000."""
    return next((times for times in range(9) if abs(count) / 1000**times <= _MOST_SECONDS), 9)


def _since_epoch(count: Decimal) -> datetime:
    if not count.is_finite():
        raise ContentError(f"{count} is not a time")
    count /= 1000 ** _thousands(count)
    try:
        return _EPOCH + timedelta(microseconds=int((count * 1_000_000).to_integral_value()))
    except OverflowError:
        raise ContentError(f"{count} seconds since 1970 are out of range") from None
