"""Merging consecutive records with one id, such as the rows for the variants of a product."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vademecum_builder.sources.records import MAX_BYTES, Failed, Numbered, Record


def merged(records: Iterable[tuple[int, Record]], id_of: Callable[[Mapping[str, Any]], str | int | Failed]) -> Numbered:
    """Yield consecutive records with one id, or without an id after one that has it, merged, with the number of the
    first."""
    number = size = 0
    last: Record | None = None
    last_id: str | int | Failed = Failed("")
    seen: dict[tuple[str, ...], set[str]] = {}
    for at, record in records:
        if isinstance(record, Failed):
            yield at, record
            continue
        id = id_of(record)
        if last is None or isinstance(id, Failed) or id not in (last_id, ""):
            if last is not None:
                yield number, last
            number, last, last_id, seen, size = at, record, id, {}, 0
        elif isinstance(last, dict):
            try:
                size += _add(record, last, seen)
            except RecursionError:
                last = Failed("nested too deeply")
            if size > MAX_BYTES:
                last = Failed(f"its rows together are larger than {MAX_BYTES / 2**20:g} MiB")
    if last is not None:
        yield number, last


def _add(record: Mapping[str, Any], to: dict[str, Any], seen: dict[tuple[str, ...], set[str]], *at: str) -> int:
    """Add the fields of a record to another one with the same id; return the number of added characters.

    Args:
        to: Fields with different values become lists.
        seen: The values in each of these lists, as JSON, since to Python True equals 1.
        at: The names of the objects around both.
    """
    added = 0
    for name, value in record.items():
        before, path = to.get(name), (*at, name)
        if before is None:
            to[name] = value
            added += len(json.dumps(value))
        elif isinstance(before, dict) and isinstance(value, dict):
            added += _add(value, before, seen, *path)
        elif value is not None and (value or not isinstance(value, str)):
            values = before if isinstance(before, list) else [before]
            known = seen.get(path) or seen.setdefault(path, {json.dumps(one, sort_keys=True) for one in values})
            said = {json.dumps(one, sort_keys=True): one for one in (value if isinstance(value, list) else [value])}
            fresh = {text: one for text, one in said.items() if text not in known}
            if fresh:
                values += fresh.values()
                to[name] = values
                known |= fresh.keys()
                added += sum(map(len, fresh))
    return added
