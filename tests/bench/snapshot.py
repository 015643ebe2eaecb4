"""The live content of one release, read from a published tree or from a client's store: what every arm must bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vademecum.format.segment import HEADING_SEPARATOR, ChunkRow, DocumentRow
from vademecum.generation.opened import Opened, open_generation
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.loop import run
from vademecum.runtime.sqlite.store import SqliteStore
from vademecum.store.pointer import decode_head
from vademecum_builder.chunking.structure import Chunk, embedding_text
from vademecum_builder.index.rows import rows_of
from vademecum_builder.release.published import Published, read_published


@dataclass(frozen=True)
class Snapshot:
    """Live rows. Their sequences are 0: when a row came is no content.

    Attributes:
        documents: By rising key.
        chunks: By id.
    """

    documents: tuple[DocumentRow, ...]
    chunks: Mapping[int, ChunkRow]

    def in_order(self) -> list[tuple[DocumentRow, ChunkRow]]:
        """Return document after document, each one's chunks in reading order; shared chunks come repeatedly."""
        return [(document, self.chunks[chunk]) for document in self.documents for chunk in document.chunks]


def read_tree(folder: Path) -> tuple[Snapshot, Published]:
    """Return the release that a published tree shows."""
    published = run(read_published(FolderTransport(folder), None, SystemClock()))
    rows = rows_of(published.segments)
    return _snapshot({row.key: row for row in rows.live}, rows.chunks), published


def read_store(path: Path) -> Snapshot:
    """Return the release that a client has installed."""
    state = run(_open(path)).state
    documents = {key.decode(): state.segments[i].document(row) for key, (i, row) in state.documents.items()}
    return _snapshot(documents, {chunk: state.segments[i].chunk(row) for chunk, (i, row) in state.chunks.items()})


def text_of(document: DocumentRow, chunk: ChunkRow) -> str:
    """Return what the encoder reads for a chunk."""
    headings = tuple(chunk.headings.split(HEADING_SEPARATOR))
    return embedding_text(document.title, Chunk(headings, chunk.anchor, chunk.text))


def _snapshot(documents: Mapping[str, DocumentRow], chunks: Mapping[int, ChunkRow]) -> Snapshot:
    return Snapshot(
        tuple(replace(documents[key], sequence=0) for key in sorted(documents, key=str.encode)),
        {chunk: replace(row, sequence=0) for chunk, row in chunks.items()},
    )


async def _open(path: Path) -> Opened:
    store = SqliteStore(path, readonly=True)
    try:
        current = decode_head(await store.read("head")).current
        assert current is not None, f"{path}: nothing is installed"
        return await open_generation(store, current)
    finally:
        await store.close()
