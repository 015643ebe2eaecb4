"""Questions and their checks, and whether a document matches a filter; js/search/question.mjs is the twin.

>>> matches(["pump", "oil"], "oil"), matches(2024, "2024"), matches("2024-05-01", {"min": "2024"}), matches(None, ["a"])
(True, True, True, False)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from vademecum.errors import UsageError
from vademecum.search.ranking import MODES, Mode

MOST_HITS: Final = 1000
"""The greatest `limit` and `offset`; the browser has the same."""
NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")

Value: TypeAlias = str | float | bool
Filters: TypeAlias = Mapping[str, Value | Collection[Value] | Mapping[str, str | float]]
"""Wanted values by metadata field: this value, one of these, or from `min` to `max`."""


@dataclass(frozen=True)
class Question:
    """What is asked of a generation. Attributes: see `KnowledgeBase.search`."""

    query: str
    limit: int = 10
    offset: int = 0
    mode: Mode = "hybrid"
    filters: Filters = field(default_factory=dict)
    prefer: Mapping[str, str] = field(default_factory=dict)
    group: bool = True
    facets: Sequence[str] | None = None


def check_question(question: Question) -> None:
    """Raise UsageError if a question cannot be answered; the message says what its fields may be."""
    query, mode, prefer, facets = map(vars(question).get, ("query", "mode", "prefer", "facets"))
    if not isinstance(query, str):
        raise UsageError(f"query must be a text, not {query!r}")
    check_count("limit", question.limit, 1)
    check_count("offset", question.offset, 0)
    if mode not in MODES:
        raise UsageError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
    check_filters(question.filters)
    if not isinstance(prefer, Mapping) or not all(isinstance(value, str) for value in prefer.values()):
        raise UsageError(f"prefer must name a text for each field, such as lang and de, not {prefer!r}")
    if facets is not None and not (isinstance(facets, list | tuple) and all(isinstance(name, str) for name in facets)):
        raise UsageError(f"facets must be a list of fields of the metadata, such as tags, not {facets!r}")


def chunk_of(id_: object) -> int:
    """Return the number of a chunk from its id; raise UsageError if that is malformed."""
    if not isinstance(id_, str) or not re.fullmatch("[0-9a-f]{16}", id_):
        raise UsageError(f"id must be that of a hit, 16 hex digits, not {id_!r}")
    return int(id_, 16)


def check_count(name: str, value: object, least: int) -> None:
    """Raise UsageError if a number of hits is not from `least` to `MOST_HITS`."""
    if type(value) is not int or not least <= value <= MOST_HITS:
        further = "; filters narrow a question, documents() lists everything" if least == 0 else ""
        raise UsageError(f"{name} must be from {least} to {MOST_HITS}, not {value!r}{further}")


def check_filters(filters: object) -> None:
    """Raise UsageError if these are not filters. A field that no document has is no error: nothing is found then."""
    if not isinstance(filters, Mapping) or not all(isinstance(name, str) for name in filters):
        raise UsageError(f"filters must name a value for each field, such as version and 2.0, not {filters!r}")
    for name, wanted in filters.items():
        if isinstance(wanted, Mapping):
            good = wanted.keys() in ({"min"}, {"max"}, {"min", "max"}) and all(map(_kind, wanted.values()))
        else:
            some = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
            good = all(map(_kind, some))
        if not good:
            may = "a text, a number, true or false, a list of these, or min and max"
            raise UsageError(f"filters: {name} must be {may}, not {wanted!r}")


def matches(said: Any, wanted: Value | Collection[Value] | Mapping[str, str | float]) -> bool:
    """Return whether a document's value, or one of its list of values, matches a filter."""
    values = said if isinstance(said, list) else [said]
    if isinstance(wanted, Mapping):
        return any(_lies_within(value, wanted) for value in values)
    some = [wanted] if isinstance(wanted, str | float | int) else wanted
    return any(_is_same(value, one) for value in values for one in some)


def text_of(value: object) -> str:
    """Return a value as facets show it and filters take it; empty: facets leave it out.

    >>> text_of("de"), text_of(2.0), text_of(1.5), text_of(True), text_of(1e300), text_of(None)
    ('de', '2', '1.5', 'true', '', '')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        plain = value == 0 or 1e-4 <= abs(value) < 1e15  # without an exponent in both languages
        return (str(int(value)) if value == int(value) else repr(value)) if plain else ""
    return value if isinstance(value, str) else ""


def _is_same(value: Any, wanted: Value) -> bool:
    """Compare values; a text may stand for a number or a boolean, since a command line has only texts."""
    if _kind(value) == _kind(wanted):
        return bool(value == wanted)
    if not isinstance(wanted, str):
        return False
    if _kind(value) == "number":
        return bool(NUMBER.fullmatch(wanted)) and float(wanted) == value
    return _kind(value) == "truth" and wanted == ("true" if value else "false")


def _lies_within(value: Any, wanted: Mapping[str, str | float]) -> bool:
    """Compare numbers, and texts that spell one, by size; other texts, such as ISO 8601 dates, by code points."""
    if "number" in map(_kind, (value, *wanted.values())):
        value, wanted = _spelt(value), {end: _spelt(one) for end, one in wanted.items()}
    least, most = wanted.get("min", value), wanted.get("max", value)
    return _kind(value) == _kind(least) == _kind(most) and least <= value <= most


def _spelt(value: Any) -> Any:
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "truth"
    return "text" if isinstance(value, str) else "number" if isinstance(value, int | float) else ""
