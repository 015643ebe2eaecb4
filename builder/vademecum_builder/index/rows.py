"""The rows of a release that count, the weight of each, and the space of their vectors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from vademecum.format.segment import ChunkRow, DocumentRow, Segment
from vademecum.generation.live_rows import assemble
from vademecum.generation.row_index import unpacked


@dataclass(frozen=True)
class VectorSpace:
    """What two vectors must have in common to be compared.

    Attributes:
        encoder: The encoder's name, as the release carries it.
        dimensions: D.
        epoch: 16 hex digits that name chunker, encoder and quantiser together; rows of different epochs never mix.
    """

    encoder: str
    dimensions: int
    epoch: str


_ROW_COST = 24  # ids, sequences, offsets and scale of a row, about


@dataclass(frozen=True)
class Rows:
    """The rows that count: live documents and tombstones by key, live chunks by id."""

    documents: Mapping[str, DocumentRow] = field(default_factory=dict)
    chunks: Mapping[int, ChunkRow] = field(default_factory=dict)

    @property
    def live(self) -> list[DocumentRow]:
        """The documents that are there: without tombstones."""
        return [row for row in self.documents.values() if not row.removed]


def rows_of(segments: Iterable[Segment]) -> Rows:
    """Return the rows that count, tombstones among them; raise ContentError if the segments do not fit together."""
    state = assemble(tuple(segments))
    places = map(unpacked, chain(state.documents.places, state.tombstones.places))
    documents = [state.segments[index].document(row) for index, row in places]
    chunks = [state.segments[index].chunk(row) for index, row in map(unpacked, state.chunks.places)]
    return Rows({row.key: row for row in documents}, {row.id: row for row in chunks})


def laid_on(rows: Rows, base: Rows, sequence: int) -> Rows:
    """Return the rows of release `sequence` on top of another one, given its live rows.

    Rows that `base` has as well keep their bits and their sequence. All others get this sequence, and so do the
    tombstones of what is gone. So a client of any release that `base` follows only lacks what is newer.
    """
    documents = {row.key: _document_on(row, base.documents.get(row.key), sequence) for row in rows.live}
    gone = {
        key: row if row.removed else DocumentRow(key, sequence, removed=True)
        for key, row in base.documents.items()
        if key not in documents
    }
    chunks = {number: base.chunks.get(number) or replace(row, sequence=sequence) for number, row in rows.chunks.items()}
    return Rows(gone | documents, chunks)


def _document_on(row: DocumentRow, old: DocumentRow | None, sequence: int) -> DocumentRow:
    return old if old is not None and same(row, old) else replace(row, sequence=sequence)


def same(row: DocumentRow, other: DocumentRow) -> bool:
    """Return whether two rows are equal, apart from the sequence in which they last changed."""
    return replace(row, sequence=other.sequence) == other


def metadata_of(row: DocumentRow) -> dict[str, Any]:
    """Return a document's metadata."""
    said: dict[str, Any] = json.loads(row.metadata or "{}")  # not orjson: apps verify a tree without the extra [build]
    return said


def document_weight(row: DocumentRow) -> int:
    """Return about how many bytes a row takes in a segment, before gzip."""
    texts = (row.key, row.title, row.url, row.metadata)
    return _ROW_COST + sum(map(len, texts)) + 8 * len(row.chunks)


def chunk_weight(row: ChunkRow) -> int:
    """Return about how many bytes a row takes in a segment, before gzip; vectors count half, since gzip halves them."""
    return _ROW_COST + len(row.vector) // 2 + len(row.headings) + len(row.anchor) + len(row.text)
