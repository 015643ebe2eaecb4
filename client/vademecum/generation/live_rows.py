"""The live state of a generation: which rows of its segments count (format.md, section 5).

Rows of one sequence in one segment are a *run*: documents rise by key in it, chunks by id. The state is a merge of
all runs, and takes the columns that say what counts, never texts or vectors. So it does for segments in memory and
for those whose texts and vectors stay in the store, at some 60 bytes a chunk.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import chain, islice
from operator import ge, lt, neg
from typing import Generic, TypeVar

from vademecum.errors import ContentError
from vademecum.format.segment import ChunkRow, DocumentRow, Segment, SegmentOutline, framed
from vademecum.generation.row_index import ChunkPlaces, DocumentPlaces, packed, position, unpacked

S = TypeVar("S", bound=SegmentOutline)
_BATCH_BITS = 12
"""Chunks are merged in ranges of ids, about 4,096 rows at a time: ids are bits of a hash, so they spread evenly."""

Run = tuple[int, int, int, int]
"""Rows of one sequence: (index of the segment, sequence, first row, row behind the last)."""


@dataclass(frozen=True)
class LiveRows(Generic[S]):
    """The live rows of a generation.

    Attributes:
        segments: The segments the places point into; their order does not matter.
        documents: Live documents by key (UTF-8 bytes), in rising order.
        chunks: Live chunks by id, in rising order; each is owned by the first live document that names it.
        tombstones: Where the newest row of each removed document lies.
    """

    segments: tuple[S, ...]
    documents: DocumentPlaces
    chunks: ChunkPlaces
    tombstones: DocumentPlaces

    @property
    def used(self) -> frozenset[int]:
        """The segments that this state needs: any other holds only rows that newer ones have replaced.

        One with nothing but tombstones is needed: they keep older rows dead.
        """
        places = chain(self.documents.places, self.chunks.places, self.tombstones.places)
        return frozenset(place >> 32 for place in places)

    def owner(self, chunk: int) -> bytes:
        """Return the lowest key of a live document that names a live chunk."""
        return self.documents.key(self.chunks.owners[position(self.chunks.ids, chunk)])

    def document_chunks(self, place: int) -> array[int]:
        """Return the ids of a document's chunks in reading order; `place` is packed."""
        index, row = unpacked(place)
        segment = self.segments[index]
        return segment.document_chunks[segment.bounds[row] : segment.bounds[row + 1]]

    def document(self: LiveRows[Segment], at: int) -> DocumentRow:
        """Return the live document with this number, in the order of keys."""
        index, row = unpacked(self.documents.places[at])
        return self.segments[index].document(row)

    def chunk(self: LiveRows[Segment], at: int) -> ChunkRow:
        """Return the live chunk with this number, in the order of ids."""
        index, row = unpacked(self.chunks.places[at])
        return self.segments[index].chunk(row)

    def digest(self: LiveRows[Segment]) -> str:
        """Return the state digest: the same content gives the same digest, whatever way it came."""
        digest = StateDigest()
        for place in self.documents.places:
            index, row = unpacked(place)
            segment = self.segments[index]
            facts = segment.cells(segment.document_columns, row)
            digest.add_document(segment.keys.encoded(row), facts, self.document_chunks(place))
        for chunk, place in zip(self.chunks.ids, self.chunks.places, strict=True):
            index, row = unpacked(place)
            segment = self.segments[index]
            vector, *texts = segment.cells(segment.chunk_columns, row)
            digest.add_chunk(chunk, segment.scales[row], vector, texts)
        return digest.hex()


class StateDigest:
    """The state digest as it grows: all documents by rising key, then all chunks by rising id."""

    def __init__(self) -> None:
        self._hasher = hashlib.sha256(b"vademecum.state.1\n")

    def add_document(self, key: bytes, texts: Sequence[bytes], chunks: array[int]) -> None:
        """Add a document; `texts` are title, url and metadata."""
        count = len(chunks).to_bytes(4, "little")
        self._hasher.update(b"".join([framed(key), *map(framed, texts), count, chunks.tobytes()]))

    def add_chunk(self, chunk: int, scale: int, vector: bytes | memoryview, texts: Sequence[bytes]) -> None:
        """Add a chunk; `texts` are headings, anchor and text."""
        number = chunk.to_bytes(8, "little") + scale.to_bytes(2, "little")
        self._hasher.update(b"".join([number, vector, *map(framed, texts)]))

    def hex(self) -> str:
        """Return the digest of what was added so far."""
        return self._hasher.hexdigest()


def assemble(segments: Sequence[S]) -> LiveRows[S]:
    """Return the live state of these segments together.

    Raises:
        ContentError: They are of different epochs, their rows are not in order, or a live document names a chunk
            that none of them has.
    """
    if len({(segment.epoch, segment.dimensions) for segment in segments}) > 1:
        raise ContentError("segments of different epochs stand in one generation")
    documents, tombstones = _newest_documents(segments)
    return LiveRows(tuple(segments), documents, _newest_chunks(segments, documents), tombstones)


def _newest_documents(segments: Sequence[S]) -> tuple[DocumentPlaces, DocumentPlaces]:
    """Return the places of live documents, and those of removed ones."""
    live, removed = array("Q"), array("Q")
    previous: bytes | None = None
    runs = [run for i, segment in enumerate(segments) for run in _runs(i, segment.document_sequences)]
    for key, _, place in merge(*(_document_rows(segments[run[0]], run) for run in runs)):
        if key == previous:
            continue
        previous = key
        index, row = unpacked(place)
        (removed if segments[index].removed[row] else live).append(place)
    keys = tuple(segment.keys for segment in segments)
    return DocumentPlaces(keys, live), DocumentPlaces(keys, removed)


def _document_rows(segment: SegmentOutline, run: Run) -> Iterator[tuple[bytes, int, int]]:
    """Yield (key, minus sequence, place) of a run: of one key the newest comes first."""
    index, sequence, start, stop = run
    previous = b""
    for row in range(start, stop):
        key = segment.keys.encoded(row)
        if key <= previous:
            raise _disorder("documents")
        yield key, -sequence, packed(index, row)
        previous = key


def _newest_chunks(segments: Sequence[S], documents: DocumentPlaces) -> ChunkPlaces:
    """Return where each live chunk lies. A text that left and came back may be there twice."""
    runs = _chunk_runs(segments)
    shift = 64 - max(0, sum(stop - start for *_, start, stop in runs).bit_length() - _BATCH_BITS)
    named = _named_chunks(segments, documents, shift)
    ids, places, owners = array("Q"), array("Q"), array("I")
    for number, (chunks, owner_positions) in enumerate(named):
        # Of several documents that name a chunk the first has the lowest key.
        wanted = dict(zip(reversed(chunks), reversed(owner_positions), strict=True))
        found = _newest_between(segments, runs, number << shift, (number + 1) << shift)
        for chunk in reversed(wanted):
            if chunk not in found:
                name = documents.key(wanted[chunk]).decode()
                raise ContentError(f"document {name!r} names chunk {chunk:016x}, which no segment has")
        live = sorted(wanted)
        ids.extend(live)
        places.extend(map(found.__getitem__, live))
        owners.extend(map(wanted.__getitem__, live))
    return ChunkPlaces(ids, places, owners)


def _named_chunks(
    segments: Sequence[SegmentOutline], documents: DocumentPlaces, shift: int
) -> list[tuple[array[int], array[int]]]:
    """Return the ids that live documents name, and the documents' positions, in ranges of 2^shift ids."""
    ranges = [(array("Q"), array("I")) for _ in range(1 << 64 - shift)]
    named = [(chunks.append, owners.append) for chunks, owners in ranges]
    for at, place in enumerate(documents.places):
        index, row = unpacked(place)
        segment = segments[index]
        for chunk in segment.document_chunks[segment.bounds[row] : segment.bounds[row + 1]]:
            name, own = named[chunk >> shift]
            name(chunk)
            own(at)
    return ranges


def _newest_between(segments: Sequence[SegmentOutline], runs: Sequence[Run], low: int, high: int) -> dict[int, int]:
    """Return where the newest row of each of these ids lies, packed."""
    newest: dict[int, int] = {}
    for index, _, start, stop in runs:
        ids = segments[index].ids
        first = bisect_left(ids, low, start, stop)
        last = bisect_left(ids, high, first, stop)
        newest.update(zip(ids[first:last], range(packed(index, first), packed(index, last)), strict=True))
    return newest


def _chunk_runs(segments: Sequence[SegmentOutline]) -> list[Run]:
    """Return the runs of chunk rows, the newest last, and see that ids rise in each."""
    found: list[Run] = []
    for i, segment in enumerate(segments):
        for run in _runs(i, segment.sequences):
            ids = memoryview(segment.ids)[run[2] : run[3]]
            if not all(map(lt, ids, islice(ids, 1, None))):
                raise _disorder("chunks")
            found.append(run)
    return sorted(found, key=lambda run: (run[1], -run[0]))


def _runs(index: int, sequences: array[int]) -> Iterator[Run]:
    """Yield the runs of a column of sequences, which must never rise."""
    if not all(map(ge, sequences, islice(sequences, 1, None))):
        raise _disorder("rows")
    start = 0
    while start < len(sequences):
        stop = bisect_right(sequences, -sequences[start], start, key=neg)
        yield index, sequences[start], start, stop
        start = stop


def _disorder(what: str) -> ContentError:
    return ContentError(f"segment: its {what} are not in the order of the format")
