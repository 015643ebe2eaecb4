"""Compaction: many segments of one generation become few, without the rows that nothing needs any more.

A client that follows every release gets a segment with each update. Rows carry their sequences, and which
segment a row came from does not matter (format.md, section 5), so any of them may be merged at any time.

**Which.** Size-tiered, as log-structured merge trees do it. Too many small segments: the smallest are merged, as
long as the next is no larger than those before it together. So each row lands in a segment at least twice
the size of the one it came from, and is rewritten at most log2(segment / update) times in its life, not with
every update; what is left more than doubles from one to the next, so its number is logarithmic too. Too
many dead rows: exactly the segments that are too dead are rewritten; each byte written is paid for by dead
bytes dropped. Segments of half the full size are left alone until they are among those.

**Memory.** One segment at a time is written, of at most about `max_merged` bytes: its rows and two copies of its file.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from vademecum.config import Config
from vademecum.errors import ContentError
from vademecum.format.segment import Column, SegmentOutline, cut, encode_segment
from vademecum.generation.lazy_segment import StoredSegment, decode_stored
from vademecum.generation.live_rows import LiveRows, assemble
from vademecum.generation.row_index import unpacked
from vademecum.generation.staged import Staged
from vademecum.store.objects import read_sound

S = TypeVar("S", bound=SegmentOutline)
_CHUNK_BYTES = 8 + 4 + 2 + 3 * 4
"""Bytes of a chunk row beside vector and texts: id, sequence, scale, offsets."""
_DOCUMENT_BYTES = 4 + 1 + 5 * 4
"""Bytes of a document row beside chunks and texts: sequence, flag, offsets."""


@dataclass(frozen=True)
class _Weight:
    """Bytes of the rows of one segment: all of them, and those that count."""

    index: int
    total: int
    live: int


def segments_to_merge(state: LiveRows[S], config: Config) -> frozenset[int]:
    """Return the segments to merge; empty when no limit is passed. Pure, and cheap: no row is looked at.

    Live bytes are estimated by the number of rows that count, times the mean row of their segment.
    """
    weights = _weights(state)
    chosen: set[_Weight] = set()
    small = [weight for weight in weights if weight.live < config.max_merged / 2]
    if len(small) > max(1, config.max_segments):
        chosen.update(_smallest(small, config.max_segments))
    total, live = sum(weight.total for weight in weights), sum(weight.live for weight in weights)
    if total - live > max(config.max_dead_share * total, config.min_dead_bytes):
        chosen.update(w for w in weights if w.total - w.live > config.max_dead_share * w.total)
    return frozenset(weight.index for weight in chosen)


@dataclass(frozen=True)
class Piece:
    """Rows that make one segment: packed places, in the format's order."""

    documents: array[int]
    chunks: array[int]


def pieces(state: LiveRows[S], chosen: Collection[int], most: int) -> list[Piece]:
    """Return the rows that count in the chosen segments, cut into segments of about `most` bytes. Pure.

    A tombstone counts as long as another segment still holds a row of its key. The order is that of
    format.md, section 4, so the same rows make the same bytes, however they were spread.
    """
    documents, chunks = _counting(state, chosen)
    sizes = chain(_document_sizes(state, documents), _chunk_sizes(state, chunks))
    first = len(documents)  # chunk rows come behind all document rows
    return [
        Piece(documents[start:stop], chunks[max(0, start - first) : max(0, stop - first)])
        for start, stop in cut(sizes, most)
    ]


async def write_piece(staged: Staged, piece: Piece) -> bytes:
    """Return the file of a segment of these rows, with their own sequences.

    Raises:
        StorageError: The store has lost an object.
    """
    like = staged.state.segments[0]
    documents = await staged.document_rows(piece.documents)
    chunks = await staged.chunk_rows(piece.chunks)
    return encode_segment(like.epoch, like.dimensions, documents, chunks)


async def compact(staged: Staged, chosen: Collection[int], config: Config) -> Staged:
    """Store the merged segments and return the generation that has them in place of the chosen ones.

    Nothing is deleted and no pointer is written. The new objects are read back and checked: their digests, and
    that the whole state still has the signed one. They stand first: of every key and id that they hold, they
    hold the newest row.

    Raises:
        ContentError: What was stored is not the same state.
        StorageError, QuotaError: The store is broken or full.
    """
    store, generation = staged.store, staged.generation
    segments: list[StoredSegment] = []
    for piece in pieces(staged.state, chosen, config.max_merged):
        content = await write_piece(staged, piece)
        name = hashlib.sha256(content).hexdigest()
        await store.put(name, content)
        segments.append(decode_stored(name, await read_sound(store, name)))
    segments += [staged.state.segments[index] for index in sorted(staged.state.used - frozenset(chosen))]
    names = tuple(segment.name for segment in segments)
    compacted = replace(staged, generation=replace(generation, segments=names), state=assemble(segments))
    if await compacted.digest() != generation.digest:
        raise ContentError(f"release {generation.sequence}: what compaction gives is not the signed state")
    return compacted


# Which ---------------------------------------------------------------------------------------------


def _weights(state: LiveRows[S]) -> list[_Weight]:
    """Return the segments that the state needs, the one with the fewest live bytes first."""
    chunks = Counter(place >> 32 for place in state.chunks.places)
    rows = chain(state.documents.places, state.tombstones.places)
    documents = Counter(place >> 32 for place in rows)
    weights = []
    for index in state.used:
        segment = state.segments[index]
        n, m = len(segment.ids), len(segment.keys)
        chunk_bytes = n * _CHUNK_BYTES + sum(column.bounds[-1] for column in segment.chunk_columns)
        labels = len(segment.keys.blob) + sum(column.bounds[-1] for column in segment.document_columns)
        document_bytes = m * _DOCUMENT_BYTES + 8 * len(segment.document_chunks) + labels
        live = chunk_bytes * chunks[index] // max(1, n) + document_bytes * documents[index] // max(1, m)
        weights.append(_Weight(index, chunk_bytes + document_bytes, live))
    return sorted(weights, key=lambda weight: (weight.live, weight.index))


def _smallest(weights: Sequence[_Weight], limit: int) -> Sequence[_Weight]:
    """Return the smallest segments, up to the last that is no larger than those before it together."""
    count = len(weights) - max(1, limit) + 1  # at least so many, or the limit stays passed
    before = 0
    for position, weight in enumerate(weights):
        if weight.live <= before:
            count = max(count, position + 1)
        before += weight.live
    return weights[:count]


# Rows ----------------------------------------------------------------------------------------------


def _counting(state: LiveRows[S], chosen: Collection[int]) -> tuple[array[int], array[int]]:
    """Return the places of the chosen segments' document rows and chunk rows that count, in the format's order."""
    segments = state.segments

    def by_key(place: int) -> tuple[int, bytes]:
        index, row = unpacked(place)
        return -segments[index].document_sequences[row], segments[index].keys.encoded(row)

    def by_id(place: int) -> tuple[int, int]:
        index, row = unpacked(place)
        return -segments[index].sequences[row], segments[index].ids[row]

    documents = chain(_in(chosen, state.documents.places), _needed_tombstones(state, chosen))
    return array("Q", sorted(documents, key=by_key)), array("Q", sorted(_in(chosen, state.chunks.places), key=by_id))


def _needed_tombstones(state: LiveRows[S], chosen: Collection[int]) -> list[int]:
    """Return the places of the chosen segments' tombstones that keep an older row elsewhere dead."""
    places = state.tombstones.places
    buried = {state.tombstones.key(at): place for at, place in enumerate(places) if place >> 32 in chosen}
    found: set[bytes] = set()
    for index in state.used - frozenset(chosen):
        keys = state.segments[index].keys
        found.update(buried.keys() & set(map(keys.encoded, range(len(keys)))))
    return [buried[key] for key in found]


def _in(chosen: Collection[int], places: Iterable[int]) -> list[int]:
    return [place for place in places if place >> 32 in chosen]


def _document_sizes(state: LiveRows[S], places: Iterable[int]) -> Iterator[int]:
    for place in places:
        index, row = unpacked(place)
        segment = state.segments[index]
        named = 8 * (segment.bounds[row + 1] - segment.bounds[row]) + len(segment.keys.encoded(row))
        yield _DOCUMENT_BYTES + named + _size(segment.document_columns, row)


def _chunk_sizes(state: LiveRows[S], places: Iterable[int]) -> Iterator[int]:
    for place in places:
        index, row = unpacked(place)
        yield _CHUNK_BYTES + _size(state.segments[index].chunk_columns, row)


def _size(columns: Iterable[Column], row: int) -> int:
    return sum(column.span(row, row + 1)[1] for column in columns)
