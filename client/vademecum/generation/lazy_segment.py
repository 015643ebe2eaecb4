"""Segments whose texts and vectors stay in the store, and are read a few rows at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vademecum.errors import StorageError
from vademecum.format.segment import decode_segment, row_bounds, vector_bytes
from vademecum.format.tensors import Strings
from vademecum.generation.row_index import packed, unpacked
from vademecum.ports import Span, Store

_NEAR = 4
"""Rows between two wanted ones that are read along, rather than apart."""


@dataclass(frozen=True)
class Column:
    """A column in a stored object: row i lies from `at + bounds[i]` to `at + bounds[i + 1]`, in bytes."""

    at: int
    bounds: Sequence[int]

    def span(self, start: int, stop: int) -> Span:
        """Return (offset, length) of neighbouring rows in the object."""
        return self.at + self.bounds[start], self.bounds[stop] - self.bounds[start]


@dataclass(frozen=True)
class StoredSegment:
    """A `SegmentOutline` of the stored object `name`, with the places of its other columns. n chunks, m documents.

    Attributes:
        scales: [n].
        chunk_columns: Vector, headings, anchor, text.
        document_columns: Title, url, metadata.
    """

    name: str
    epoch: str
    dimensions: int
    bits: int
    ids: array[int]
    sequences: array[int]
    scales: array[int]
    keys: Strings
    document_sequences: array[int]
    removed: bytes
    document_chunks: array[int]
    bounds: array[int]
    chunk_columns: tuple[Column, ...]
    document_columns: tuple[Column, ...]

    @property
    def chunk_bounds(self) -> tuple[Sequence[int], ...]:
        """See `SegmentOutline`."""
        return tuple(column.bounds for column in self.chunk_columns)

    @property
    def document_bounds(self) -> tuple[Sequence[int], ...]:
        """See `SegmentOutline`."""
        return tuple(column.bounds for column in self.document_columns)


def decode_stored(name: str, data: bytes) -> StoredSegment:
    """Check a segment's file whole, and return what is to be kept of it in memory.

    Raises:
        NewerFormatError, ContentError: See `decode_segment`.
    """
    segment = decode_segment(data)
    vectors = row_bounds(len(segment.ids), vector_bytes(segment.dimensions, segment.bits))
    return StoredSegment(
        name=name,
        epoch=segment.epoch,
        dimensions=segment.dimensions,
        bits=segment.bits,
        ids=segment.ids,
        sequences=segment.sequences,
        scales=segment.scales,
        keys=segment.keys,
        document_sequences=segment.document_sequences,
        removed=segment.removed,
        document_chunks=segment.document_chunks,
        bounds=segment.bounds,
        chunk_columns=(
            Column(segment.vectors_at, vectors),
            *map(_column, (segment.headings, segment.anchors, segment.texts)),
        ),
        document_columns=tuple(map(_column, (segment.titles, segment.urls, segment.metadata))),
    )


def _column(strings: Strings) -> Column:
    return Column(strings.at, strings.bounds)


async def read_rows(
    store: Store,
    segments: Sequence[StoredSegment],
    places: Sequence[int],
    columns: Callable[[StoredSegment], Sequence[Column]],
) -> list[tuple[bytes, ...]]:
    """Return the bytes of these columns, row for row in the order of `places` (packed).

    All of it is in memory at once: ask for a few thousand rows at a time.

    Raises:
        StorageError: The store has lost an object.
    """
    found: dict[int, tuple[bytes, ...]] = {}
    for index, stretches in _stretches(places).items():
        segment = segments[index]
        wanted = columns(segment)
        spans = [column.span(start, stop) for start, stop in stretches for column in wanted]
        parts = await store.parts(segment.name, spans)
        if parts is None:
            raise StorageError(
                f"the store has lost object {segment.name[:12]}: run a forced update to fetch it again"
            )
        each = iter(parts)
        for start, stop in stretches:
            pieces = [_pieces(column, next(each), start, stop) for column in wanted]
            found.update(
                zip(range(packed(index, start), packed(index, stop)), zip(*pieces, strict=True), strict=True)
            )
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
