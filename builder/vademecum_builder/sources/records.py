"""Records as items: a canonical JSON object of a record's fields, whatever values a database or file has."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final
from unicodedata import category
from uuid import UUID

import orjson

from vademecum.format.json import canonical
from vademecum_builder.sources.base import RECORD, Skipped, SourceItem

MAX_BYTES: Final = 16 * 1024 * 1024
"""A larger record is left out."""
_NAMED: Final = 20
LONGEST_KEY: Final = 500
NOT_UTF_8: Final = "bytes that are not UTF-8: save it as UTF-8, or say its encoding"
EXTENDED: Final = frozenset("$oid $date $uuid $symbol $numberInt $numberLong $numberDouble $numberDecimal".split())
"""What MongoDB's Extended JSON wraps single values in, by their type."""
_FALSE: Final = frozenset({"", "0", "f", "false", "n", "no"})
_LOST: Final = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Failed:
    """A record that cannot be read: why, and its content."""

    reason: str
    said: str = field(default="", repr=False)


Record = dict[str, Any] | Failed
"""The fields of a record, or why it cannot be read."""
Numbered = Iterator[tuple[int, Record]]
"""Records, each after the line on which it begins, or its number."""


def too_large(longest: int, said: str = "") -> Failed:
    """Return the failure of a record with more than this many bytes."""
    return Failed(f"larger than the limit of {longest / 2**20:g} MiB: split it", said)


def record_key(id: object) -> str | None:
    """Return the key for a record's id: a text, an integer or a UUID; None: it is something else, or too long."""
    if isinstance(id, Decimal) and id == id.to_integral_value():
        id = int(id)
    if isinstance(id, bool) or not isinstance(id, str | int | UUID):
        return None
    key = str(id)
    # In French, a no-break space comes before a question mark.
    shown = all(letter.isprintable() or category(letter) == "Zs" for letter in key)
    return key if 0 < len(key) <= LONGEST_KEY and shown and key == key.strip() else None


def record_item(key: str, fields: Mapping[str, Any]) -> SourceItem | Skipped:
    """Return a record as an item, or why it cannot be one."""
    data = canonical({name: json_value(value) for name, value in fields.items()})
    if len(data) > MAX_BYTES:
        largest = max(fields, key=lambda name: len(str(fields[name])))
        reason = f"larger than {MAX_BYTES // 2**20} MB; the largest field is {largest!r}"
        return Skipped(key, reason, data.decode())
    return SourceItem(key, RECORD, data)


def json_value(value: object) -> Any:
    """Return a value as JSON: U+FFFD for NUL and lone surrogates, of bytes the digest; NUL at the end is dropped."""
    match value:
        case None | bool():
            return value
        case str():
            return value if value.isprintable() else _LOST.sub("\ufffd", value.rstrip("\0"))
        case int():
            return int(value) if abs(value) <= 2**53 else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return _number(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes() | bytearray() | memoryview():
            return f"sha256:{hashlib.sha256(value).hexdigest()}"
        case dict():
            return {str(json_value(str(name))): json_value(inner) for name, inner in value.items()}
        case list() | tuple():
            return [json_value(inner) for inner in value]
    return json_value(str(value))


def mapping(value: object) -> Mapping[str, Any]:
    """Return a value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the objects in a list; none if it is not a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def fields_with_lost_characters(record: bytes) -> list[str]:
    """Return the fields of an item's record that contain U+FFFD, in place of something that was not text."""
    if "\ufffd".encode() not in record:
        return []
    return [name for name, value in orjson.loads(record).items() if "\ufffd" in str(value)]


def listed(value: Any) -> list[Any]:
    """Return the values of a field, which may be a list: none, one, or several."""
    return [one for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]


def ids_in(value: Any) -> list[str]:
    """Return the ids in a field as text; `3.0` is 3: pandas makes whole numbers fractions beside missing ones."""
    return [re.sub(r"^(\d+)\.0$", r"\1", str(one)) for one in listed(value)]


def field_at(record: Mapping[str, Any], path: str) -> Any:
    """Return the value of a field, with `.` for nested ones: `price.amount`, `images.0.url`; None: there is none.

    A field with dots in its name takes precedence over a nested one.
    """
    if path in record:
        return record[path]
    value: Any = record
    for name in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif name in EXTENDED and value is not None:
            continue
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def instead(name: object, known: Collection[str]) -> str:
    """Return which of the known names may be meant by an unknown one."""
    meant = get_close_matches(str(name), known)
    more = ", …" if len(known) > _NAMED else ""
    there = ", ".join(sorted(known)[:_NAMED]) or "none"
    return f"did you mean {meant[0]}?" if meant else f"there is {there}{more}"


def is_deleted(value: object) -> bool:
    """Return whether the value of a tombstone column means that its row is deleted."""
    return value.strip().lower() not in _FALSE if isinstance(value, str) else bool(value)


def _number(value: Decimal) -> int | float | str:
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value() and abs(value) <= 2**53:
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)
