"""Segments whose texts and vectors stay in the store, and are read a few rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Literal

from vademecum.format.segment import Column, SegmentOutline, decode_segment
from vademecum.generation.row_index import packed, unpacked
from vademecum.ports import Store
from vademecum.store.objects import lacks

_NEAR = 4
"""Rows between two wanted ones that are read along, rather than apart."""


@dataclass(frozen=True, kw_only=True)
class StoredSegment(SegmentOutline):
    """The outline of the stored object `name`; its texts and vectors are read from the store when they are needed."""

    name: str


def decode_stored(name: str, data: bytes) -> StoredSegment:
    """Check a segment's file whole, and return what is kept of it in memory. Errors: see `decode_segment`."""
    segment = decode_segment(data)
    kept = {field.name: getattr(segment, field.name) for field in fields(SegmentOutline)}
    return StoredSegment(name=name, **kept)


async def read_rows(
    store: Store,
    segments: Sequence[StoredSegment],
    places: Sequence[int],
    columns: Literal["document_columns", "chunk_columns"],
) -> list[tuple[bytes, ...]]:
    """Return the bytes of these columns, row for row in the order of `places` (packed).

    All of it is in memory at once: ask for a few thousand rows at a time.

    Raises:
        StorageError: The store has lost an object.
    """
    found: dict[int, tuple[bytes, ...]] = {}
    for index, stretches in _stretches(places).items():
        segment = segments[index]
        wanted: Sequence[Column] = getattr(segment, columns)
        spans = [column.span(start, stop) for start, stop in stretches for column in wanted]
        parts = await store.parts(segment.name, spans)
        if parts is None:
            raise lacks(segment.name)
        each = iter(parts)
        for start, stop in stretches:
            pieces = [_pieces(column, next(each), start, stop) for column in wanted]
            found.update(zip(range(packed(index, start), packed(index, stop)), zip(*pieces, strict=True), strict=True))
    return [found[place] for place in places]


def _pieces(column: Column, data: bytes, start: int, stop: int) -> list[bytes]:
    bounds, first = column.bounds[start : stop + 1], column.bounds[start]
    return [data[a - first : b - first] for a, b in pairwise(bounds)]


def _stretches(places: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Return, for each segment, (first row, row behind the last) of the neighbourhoods that hold these rows."""
    stretches: dict[int, list[tuple[int, int]]] = {}
    for index, row in map(unpacked, sorted(places)):
        mine = stretches.setdefault(index, [])
        if mine and row <= mine[-1][1] + _NEAR:
            mine[-1] = (mine[-1][0], max(row + 1, mine[-1][1]))
        else:
            mine.append((row, row + 1))
    return stretches
