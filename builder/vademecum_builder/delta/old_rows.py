"""Dead rows of the last releases, which packs from those releases are encoded against.

A build machine keeps no state of its own, so they are published too, only for the builder (format.md, section 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vademecum.delta.dictionary import OldDocument
from vademecum.errors import ContentError
from vademecum.format.json import Fields
from vademecum.format.segment import ChunkRow, DocumentRow, decode_segment, encode_segment
from vademecum_builder.index.rows import Rows, VectorSpace


@dataclass(frozen=True)
class OldRelease:
    """An older release as a base: its live documents sorted by key (bytes), and its chunks by id."""

    documents: Sequence[DocumentRow]
    chunks: Mapping[int, ChunkRow]

    def __len__(self) -> int:
        return len(self.documents)

    def document(self, index: int) -> OldDocument:
        """Return a document with its chunks in reading order."""
        row = self.documents[index]
        return OldDocument(row, tuple(self.chunks[chunk] for chunk in row.chunks))


def by_key(row: DocumentRow) -> bytes:
    """Return the sort key of documents."""
    return row.key.encode()


@dataclass(frozen=True)
class History:
    """Rows of the releases since `first` that the current one does not have.

    Attributes:
        documents, chunks: Rows, each with the sequence of the first release without it.
    """

    first: int
    documents: tuple[tuple[DocumentRow, int], ...] = ()
    chunks: tuple[tuple[ChunkRow, int], ...] = ()

    def followed(self, before: Rows, now: Rows, sequence: int) -> History:
        """Return the history after release `sequence`, in which the rows `now` replace `before`."""
        documents = [(row, sequence) for row in before.live if now.documents.get(row.key) != row]
        chunks = [
            (row, sequence)
            for row in before.chunks.values()
            if row.id not in now.chunks or now.chunks[row.id].sequence != row.sequence
        ]
        return History(self.first, (*self.documents, *documents), (*self.chunks, *chunks))

    def since(self, first: int) -> History:
        """Return the rows of the releases since `first`."""
        return History(
            max(first, self.first),
            tuple((row, until) for row, until in self.documents if until > first),
            tuple((row, until) for row, until in self.chunks if until > first),
        )

    def release(self, sequence: int, now: Rows) -> OldRelease:
        """Return an older release.

        Args:
            sequence: `first` or later.
            now: The rows of the current release.
        """
        documents = [row for row in now.live if row.sequence <= sequence]
        documents += [row for row, until in self.documents if row.sequence <= sequence < until]
        chunks = {row.id: row for row in now.chunks.values() if row.sequence <= sequence}
        chunks |= {row.id: row for row, until in self.chunks if row.sequence <= sequence < until}
        return OldRelease(sorted(documents, key=by_key), chunks)


def encode_history(history: History, space: VectorSpace) -> tuple[bytes, dict[str, object]]:
    """Return a segment of the rows, and JSON with the rest."""
    documents = sorted(history.documents, key=lambda pair: (-pair[0].sequence, pair[0].key.encode()))
    chunks = sorted(history.chunks, key=lambda pair: (-pair[0].sequence, pair[0].id))
    rows = [row for row, _ in documents], [row for row, _ in chunks]
    content = encode_segment(space.epoch, space.dimensions, *rows)
    until = {"documents": [until for _, until in documents], "chunks": [until for _, until in chunks]}
    return content, {"first": history.first, **until}


def decode_history(content: bytes, fields: Fields) -> History:
    """Read what `encode_history` gave; raise ContentError if the two do not fit together."""
    segment = decode_segment(content)
    documents, chunks = fields.integers("documents"), fields.integers("chunks")
    if (len(documents), len(chunks)) != (len(segment.keys), len(segment.ids)):
        raise ContentError("sources.history: its counts are not those of its rows")
    return History(
        fields.integer("first", 1),
        tuple((segment.document(row), until) for row, until in enumerate(documents)),
        tuple((segment.chunk(row), until) for row, until in enumerate(chunks)),
    )
