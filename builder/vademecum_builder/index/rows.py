"""The rows of a release that count, and what each weighs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from vademecum.format.segment import ChunkRow, DocumentRow, Segment
from vademecum.generation.live_rows import assemble
from vademecum.generation.row_index import unpacked

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
    """Return the rows of a release that count, tombstones among them.

    Raises:
        ContentError: The segments do not fit together.
    """
    state = assemble(tuple(segments))
    places = map(unpacked, chain(state.documents.places, state.tombstones.places))
    documents = [state.segments[index].document(row) for index, row in places]
    chunks = [state.segments[index].chunk(row) for index, row in map(unpacked, state.chunks.places)]
    return Rows({row.key: row for row in documents}, {row.id: row for row in chunks})


def document_weight(row: DocumentRow) -> int:
    """Return about how many bytes a row takes in a segment, before gzip."""
    texts = (row.key, row.title, row.url, row.metadata)
    return _ROW_COST + sum(map(len, texts)) + 8 * len(row.chunks)


def chunk_weight(row: ChunkRow) -> int:
    """Return about how many bytes a row takes in a segment, before gzip."""
    return _ROW_COST + len(row.vector) + len(row.headings) + len(row.anchor) + len(row.text)
