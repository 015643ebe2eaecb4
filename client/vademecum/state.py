"""The live state of a generation: which rows of its segments count (format.md, section 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from .errors import ContentError
from .segment import Segment, framed

Place = tuple[int, int]
"""Where a row lies: (index of the segment, index of the row in it)."""


@dataclass(frozen=True)
class State:
    """The live rows of a generation.

    Attributes:
        segments: The segments the places point into; their order does not matter.
        documents: Live documents by key (UTF-8 bytes), in rising order.
        chunks: Live chunks by id, in rising order.
        owners: For each live chunk, the lowest key of a live document that names it.
        tombstones: Where the newest row of each removed document lies.
    """

    segments: tuple[Segment, ...]
    documents: dict[bytes, Place]
    chunks: dict[int, Place]
    owners: dict[int, bytes]
    tombstones: dict[bytes, Place]

    @property
    def used(self) -> frozenset[int]:
        """The segments that this state needs: any other holds only rows that newer ones have replaced.

        One with nothing but tombstones is needed: they keep older rows dead.
        """
        places = (*self.documents.values(), *self.chunks.values(), *self.tombstones.values())
        return frozenset(index for index, _ in places)

    def digest(self) -> str:
        """Return the state digest: the same content gives the same digest, whatever way it came."""
        hasher = hashlib.sha256(b"vademecum.state.1\n")
        for part in self._parts():
            hasher.update(part)
        return hasher.hexdigest()

    def _parts(self) -> Iterator[bytes | memoryview]:
        for key, (index, row) in self.documents.items():
            segment = self.segments[index]
            ids = segment.document_chunks[segment.bounds[row] : segment.bounds[row + 1]]
            texts = (segment.titles, segment.urls, segment.metadata)
            yield b"".join([framed(key), *(framed(text.encoded(row)) for text in texts)])
            yield len(ids).to_bytes(4, "little") + ids.tobytes()
        for chunk, (index, row) in self.chunks.items():
            segment = self.segments[index]
            texts = (segment.headings, segment.anchors, segment.texts)
            yield chunk.to_bytes(8, "little") + segment.scales[row].to_bytes(2, "little")
            yield segment.vector(row)
            yield b"".join(framed(text.encoded(row)) for text in texts)


def assemble(segments: Sequence[Segment]) -> State:
    """Return the live state of these segments together.

    Raises:
        ContentError: They are of different epochs, or a live document names a chunk that none of them has.
    """
    if len({(segment.epoch, segment.dimensions, segment.bits) for segment in segments}) > 1:
        raise ContentError("segments of different epochs stand in one generation")
    newest = _newest_documents(segments)
    documents = {key: newest[key] for key in sorted(newest) if not _removed(segments, newest[key])}
    tombstones = {key: place for key, place in newest.items() if key not in documents}
    owners: dict[int, bytes] = {}
    for key, (index, row) in documents.items():
        segment = segments[index]
        for chunk in segment.document_chunks[segment.bounds[row] : segment.bounds[row + 1]]:
            owners.setdefault(chunk, key)
    places = _newest_chunks(segments, owners)
    if len(places) != len(owners):
        missing = next(chunk for chunk in owners if chunk not in places)
        owner = owners[missing].decode()
        raise ContentError(f"document {owner!r} names chunk {missing:016x}, which no segment has")
    chunks = {chunk: places[chunk] for chunk in sorted(places)}
    return State(tuple(segments), documents, chunks, owners, tombstones)


def _newest_documents(segments: Sequence[Segment]) -> dict[bytes, Place]:
    newest: dict[bytes, Place] = {}
    sequences: dict[bytes, int] = {}
    for index, segment in enumerate(segments):
        for row, sequence in enumerate(segment.document_sequences):
            key = segment.keys.encoded(row)
            if sequence > sequences.get(key, -1):
                newest[key] = (index, row)
                sequences[key] = sequence
    return newest


def _newest_chunks(segments: Sequence[Segment], live: Container[int]) -> dict[int, Place]:
    """Return where each live chunk lies. A text that left and came back may have been embedded twice."""
    places: dict[int, Place] = {}
    sequences: dict[int, int] = {}
    for index, segment in enumerate(segments):
        for row, (chunk, sequence) in enumerate(zip(segment.ids, segment.sequences, strict=True)):
            if chunk in live and sequence > sequences.get(chunk, -1):
                places[chunk] = (index, row)
                sequences[chunk] = sequence
    return places


def _removed(segments: Sequence[Segment], place: Place) -> bool:
    return bool(segments[place[0]].removed[place[1]])
