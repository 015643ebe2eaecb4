"""Compaction: many segments of one generation become one, without the rows that nothing needs any more.

A client that follows every release gets a segment with each update. Rows carry their sequences, and which
segment a row came from does not matter (format.md, section 5), so any of them may be merged at any time.

**Which.** Size-tiered, as log-structured merge trees do it. Too many segments: the smallest are merged, as
long as the next is no larger than those before it together. So each row lands in a segment at least twice
the size of the one it came from, and is rewritten at most log2(index / update) times in its life, not with
every update; what is left more than doubles from one to the next, so its number is logarithmic too. Too
many dead rows: exactly the segments that are too dead are rewritten; each byte written is paid for by dead
bytes dropped. The large segment of the first install is left alone until it is one of those.

**Memory.** The generation as it is open, and two copies of the merged segment (its columns and its file).
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from .config import Config
from .errors import ContentError, StorageError
from .head import Generation
from .ports import Store
from .reader import Opened
from .segment import Segment, decode_segment, encode_columns, vector_bytes
from .state import Place, State, assemble
from .tensors import Strings

_CHUNK_BYTES = 8 + 4 + 2 + 3 * 4
"""Bytes of a chunk row beside vector and texts: id, sequence, scale, offsets."""
_DOCUMENT_BYTES = 4 + 1 + 5 * 4
"""Bytes of a document row beside chunks and texts: sequence, flag, offsets."""

Run = tuple[int, int, int]
"""Neighbouring rows of one segment: (index of the segment, first row, row behind the last)."""


@dataclass(frozen=True)
class _Weight:
    """Bytes of the rows of one segment: all of them, and those that count."""

    index: int
    total: int
    live: int


def choose(state: State, config: Config) -> frozenset[int]:
    """Return the segments to merge; empty when no limit is passed. Pure, and cheap: no row is looked at.

    Live bytes are estimated by the number of rows that count, times the mean row of their segment.
    """
    weights = _weights(state)
    chosen: set[_Weight] = set()
    if len(weights) > max(1, config.max_segments):
        chosen.update(_smallest(weights, config.max_segments))
    total, live = sum(weight.total for weight in weights), sum(weight.live for weight in weights)
    if total - live > max(config.max_dead_share * total, config.min_dead_bytes):
        chosen.update(w for w in weights if w.total - w.live > config.max_dead_share * w.total)
    return _fitting(chosen, config)


def choose_all(state: State, config: Config) -> frozenset[int]:
    """Return all segments, but for the largest ones that do not fit into one object together."""
    return _fitting(_weights(state), config)


def merge(state: State, chosen: Collection[int]) -> Segment:
    """Return one segment of the rows that count in the chosen ones, with their own sequences.

    A tombstone counts as long as another segment still holds a row of its key. The order is that of
    format.md, section 4, so the same rows make the same bytes, however they were spread.
    """
    segments = state.segments
    needed = _needed_tombstones(state, chosen)
    rows = chain(state.documents.values(), (state.tombstones[key] for key in needed))
    documents = _runs(
        _in(chosen, rows),
        lambda at: (-segments[at[0]].document_sequences[at[1]], segments[at[0]].keys.encoded(at[1])),
    )
    chunks = _runs(
        _in(chosen, state.chunks.values()),
        lambda at: (-segments[at[0]].sequences[at[1]], segments[at[0]].ids[at[1]]),
    )
    ids, bounds = array("Q"), array("I", [0])
    for index, start, stop in documents:
        segment = segments[index]
        ids.extend(segment.document_chunks[segment.bounds[start] : segment.bounds[stop]])
        _extend_bounds(bounds, segment.bounds, start, stop)
    first = segments[0]
    width = vector_bytes(first.dimensions, first.bits)
    return Segment(
        epoch=first.epoch,
        dimensions=first.dimensions,
        bits=first.bits,
        ids=_integers("Q", chunks, [segment.ids for segment in segments]),
        sequences=_integers("I", chunks, [segment.sequences for segment in segments]),
        vectors=memoryview(b"".join(segments[i].vectors[a * width : b * width] for i, a, b in chunks)),
        scales=_integers("H", chunks, [segment.scales for segment in segments]),
        headings=_strings(chunks, [segment.headings for segment in segments]),
        anchors=_strings(chunks, [segment.anchors for segment in segments]),
        texts=_strings(chunks, [segment.texts for segment in segments]),
        keys=_strings(documents, [segment.keys for segment in segments]),
        titles=_strings(documents, [segment.titles for segment in segments]),
        urls=_strings(documents, [segment.urls for segment in segments]),
        metadata=_strings(documents, [segment.metadata for segment in segments]),
        document_sequences=_integers("I", documents, [segment.document_sequences for segment in segments]),
        removed=b"".join(segments[i].removed[a:b] for i, a, b in documents),
        document_chunks=ids,
        bounds=bounds,
    )


async def compact(store: Store, opened: Opened, chosen: Collection[int]) -> Generation:
    """Store the merged segment and return the generation that has it in place of the chosen ones.

    Nothing is deleted and no pointer is written. The new object is read back and checked: its digest, and
    that the whole state still has the signed one. It stands first: of every key and id that it holds, it
    holds the newest row.

    Raises:
        ContentError: What was stored is not the same state.
        StorageError, QuotaError: The store is broken or full.
    """
    state, generation = opened.state, opened.generation
    kept = sorted(state.used - frozenset(chosen))
    content = _encoded(merge(state, chosen))
    names = [generation.segments[index] for index in kept]
    segments = [state.segments[index] for index in kept]
    if content is not None:
        name = hashlib.sha256(content).hexdigest()
        await store.put(name, content)
        del content  # from here on one copy is enough: the one that is read back
        segments.insert(0, decode_segment(await _read_back(store, name)))
        names.insert(0, name)
    if assemble(segments).digest() != generation.digest:
        raise ContentError(f"release {generation.sequence}: what compaction gives is not the signed state")
    return replace(generation, segments=tuple(names))


async def _read_back(store: Store, name: str) -> bytes:
    data = await store.get(name)
    if data is None:
        raise StorageError(f"the store has lost object {name[:12]} at once")
    if hashlib.sha256(data).hexdigest() != name:
        raise ContentError(f"object {name[:12]} does not come back from the store as it was put")
    return data


def _encoded(segment: Segment) -> bytes | None:
    """Return the segment's file, or None when no row is left."""
    return encode_columns(segment) if segment.ids or segment.document_sequences else None


# Which ---------------------------------------------------------------------------------------------


def _weights(state: State) -> list[_Weight]:
    """Return the segments that the state needs, the one with the fewest live bytes first."""
    chunks = Counter(index for index, _ in state.chunks.values())
    rows = chain(state.documents.values(), state.tombstones.values())
    documents = Counter(index for index, _ in rows)
    weights = []
    for index in state.used:
        segment = state.segments[index]
        n, m = len(segment.ids), len(segment.keys)
        texts = (segment.headings, segment.anchors, segment.texts)
        labels = (segment.keys, segment.titles, segment.urls, segment.metadata)
        chunk_bytes = n * _CHUNK_BYTES + len(segment.vectors) + sum(len(text.blob) for text in texts)
        ids = 8 * len(segment.document_chunks)
        document_bytes = m * _DOCUMENT_BYTES + ids + sum(len(label.blob) for label in labels)
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


def _fitting(weights: Iterable[_Weight], config: Config) -> frozenset[int]:
    """Leave the largest out until the rest fits into one object, with room for its header."""
    chosen = sorted(weights, key=lambda weight: (weight.live, weight.index))
    while chosen and sum(weight.live for weight in chosen) > config.max_object - 65_536:
        chosen.pop()
    # One alone is worth rewriting for its dead rows only.
    if len(chosen) == 1 and chosen[0].live == chosen[0].total:
        return frozenset()
    return frozenset(weight.index for weight in chosen)


# Columns -------------------------------------------------------------------------------------------


def _needed_tombstones(state: State, chosen: Collection[int]) -> list[bytes]:
    """Return the keys of the chosen segments' tombstones that keep an older row elsewhere dead."""
    buried = {key for key, (index, _) in state.tombstones.items() if index in chosen}
    found: set[bytes] = set()
    for index in state.used - frozenset(chosen):
        keys = state.segments[index].keys
        found.update(buried.intersection(map(keys.encoded, range(len(keys)))))
    return sorted(found)


def _in(chosen: Collection[int], places: Iterable[Place]) -> list[Place]:
    return [place for place in places if place[0] in chosen]


def _runs(places: list[Place], order: Callable[[Place], tuple[int, bytes] | tuple[int, int]]) -> list[Run]:
    """Return the rows in order, neighbours joined: most rows lie as they will lie, so whole runs are copied."""
    places.sort(key=order)
    runs: list[Run] = []
    for index, row in places:
        if runs and runs[-1][0] == index and runs[-1][2] == row:
            runs[-1] = (index, runs[-1][1], row + 1)
        else:
            runs.append((index, row, row + 1))
    return runs


def _integers(typecode: str, runs: list[Run], columns: Sequence[array[int]]) -> array[int]:
    values = array(typecode)
    for index, start, stop in runs:
        values.extend(columns[index][start:stop])
    return values


def _strings(runs: list[Run], columns: Sequence[Strings]) -> Strings:
    bounds = array("I", [0])
    parts = []
    for index, start, stop in runs:
        column = columns[index]
        parts.append(memoryview(column.blob)[column.bounds[start] : column.bounds[stop]])
        _extend_bounds(bounds, column.bounds, start, stop)
    return Strings(b"".join(parts), bounds)


def _extend_bounds(bounds: array[int], source: array[int], start: int, stop: int) -> None:
    shift = bounds[-1] - source[start]
    bounds.extend(array("I", [bound + shift for bound in source[start + 1 : stop + 1]]))
