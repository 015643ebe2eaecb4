"""The one JSON parser for bytes that came from elsewhere (format.md, section 1)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

from vademecum.errors import ContentError, NewerFormatError

DIGEST = re.compile(r"[0-9a-f]{64}")

# Whole strings, so that the brackets inside them do not count. Possessive: no input makes it slow.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)

_MAX_DEPTH = 32
_LONGEST_INTEGER = 300
_T = TypeVar("_T")


def parse_object(data: bytes, what: str) -> dict[str, Any]:
    """Parse one strict JSON object.

    Args:
        data: UTF-8 without a byte order mark.
        what: Names the input in errors.

    Raises:
        ContentError: Not UTF-8, not JSON, not an object; duplicate keys, NaN, a number beyond IEEE doubles,
            lone surrogates, trailing data, or nesting deeper than 32.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContentError(f"{what}: not UTF-8 at byte {error.start}") from None
    if text.lstrip()[:1] == "<":
        raise ContentError(f"{what}: HTML or XML where JSON was expected (a login page or an error page?)")
    if _is_deep(text):
        raise ContentError(f"{what}: nested deeper than {_MAX_DEPTH}")
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer
        )
        if "\\u" in text:  # nothing else makes a surrogate of UTF-8
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ContentError(f"{what}: a lone surrogate") from None
    except ValueError as error:
        raise ContentError(f"{what}: not the JSON that was expected ({error})") from None
    if not isinstance(value, dict):
        raise ContentError(f"{what}: expected an object")
    return value


def canonical(value: object) -> bytes:
    """Return the bytes a writer of ours makes: sorted keys, no white space, UTF-8.

    >>> canonical({"b": 1, "a": "é"}).decode()
    '{"a":"é","b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def iso_time(moment: datetime) -> str:
    """Return an aware time the way our files write it: `2026-11-21T08:00:00Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Fields:
    """Typed reading of a JSON object. Every method raises `ContentError`, which names the path of the field.

    >>> fields = Fields({"segments": [{"to": 3}]}, "manifest")
    >>> fields.children("segments")[0].integer("to")
    3
    >>> fields.children("segments")[0].text("to")
    Traceback (most recent call last):
    vademecum.errors.ContentError: manifest.segments[0].to: expected a text of 0 to 1000 characters

    Args:
        values: The object, from `parse_object`.
        path: What it is called in errors.
    """

    def __init__(self, values: dict[str, Any], path: str) -> None:
        self._values = values
        self._path = path

    def refuse_newer(self, known: int) -> None:
        """Raise `NewerFormatError` where `format` is above what is known."""
        found = self.integer("format", 1)
        if found > known:
            raise NewerFormatError(
                f"{self._path} has format {found}, this vademecum reads up to {known}: update vademecum"
            )

    def raw(self, name: str) -> Any:
        """Return a field as it was parsed; None where it is not there."""
        return self._values.get(name)

    def integer(self, name: str, low: int = 0, high: int = 2**53) -> int:
        """Return an integer from `low` to `high`; 2^53 is the last that JavaScript counts exactly."""
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ContentError(f"{self._path}.{name}: expected an integer from {low} to {high}")
        return value

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise ContentError(f"{self._path}.{name}: expected true or false")
        return value

    def text(self, name: str, shortest: int = 0, longest: int = 1000) -> str:
        """Return a text of so many characters."""
        value = self._values.get(name)
        if not isinstance(value, str) or not shortest <= len(value) <= longest:
            raise ContentError(f"{self._path}.{name}: expected a text of {shortest} to {longest} characters")
        return value

    def match(self, name: str, pattern: re.Pattern[str]) -> str:
        """Return a text that the pattern matches whole."""
        value = self._values.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ContentError(f"{self._path}.{name}: expected {pattern.pattern}")
        return value

    def time(self, name: str) -> datetime:
        """Return an ISO time, aware."""
        try:
            value = datetime.fromisoformat(self.text(name, 1, 40))
        except ValueError:
            raise ContentError(f"{self._path}.{name}: expected an ISO time") from None
        if value.tzinfo is None:
            raise ContentError(f"{self._path}.{name}: expected a time with its zone")
        return value

    def child(self, name: str) -> Fields:
        """Return an object."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise ContentError(f"{self._path}.{name}: expected an object")
        return Fields(value, f"{self._path}.{name}")

    def children(self, name: str) -> list[Fields]:
        """Return the objects of a list."""
        values = self._list(name, lambda value: isinstance(value, dict), "objects")
        return [Fields(value, f"{self._path}.{name}[{index}]") for index, value in enumerate(values)]

    def lists(self, name: str) -> list[Fields]:
        """Return the lists in a list, which may be left out; their fields are called `0`, `1` and so on."""
        values = self._list(name, lambda value: isinstance(value, list), "lists") if name in self else []
        return [
            Fields({str(at): part for at, part in enumerate(value)}, f"{self._path}.{name}[{index}]")
            for index, value in enumerate(values)
        ]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def digests(self, name: str) -> tuple[str, ...]:
        """Return a list of SHA-256 digests, in hex."""
        return tuple(
            self._list(name, lambda value: isinstance(value, str) and bool(DIGEST.fullmatch(value)), "digests")
        )

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self._list(name, lambda value: isinstance(value, str), "texts"))

    def integers(self, name: str) -> tuple[int, ...]:
        """Return a list of integers from 0 to 2^53."""
        kind = f"integers from 0 to {2**53}"
        return tuple(self._list(name, lambda value: type(value) is int and 0 <= value <= 2**53, kind))

    def optional(self, name: str, read: Callable[[str], _T]) -> _T | None:
        """Return `read(name)`, or None where the field is null or not there."""
        return None if self._values.get(name) is None else read(name)

    def _list(self, name: str, fits: Callable[[Any], bool], kind: str) -> list[Any]:
        values = self._values.get(name)
        if not isinstance(values, list) or not all(map(fits, values)):
            raise ContentError(f"{self._path}.{name}: expected a list of {kind}")
        return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    """Return the integer. JavaScript reads one beyond IEEE doubles as Infinity; so nobody takes it."""
    if len(digits) > _LONGEST_INTEGER:
        _finite(digits)
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:40]} is too large a number")
    return value


def _is_deep(text: str) -> bool:
    """Return whether brackets are nested too deep: the parser would overflow its stack before it complains."""
    if text.count("[") + text.count("{") <= _MAX_DEPTH:  # as in most files: strings and all
        return False
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > _MAX_DEPTH:
                return True
        elif first in "]}":
            depth -= 1
    return False
