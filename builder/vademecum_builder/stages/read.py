"""The first stage: a source as it is now, compared with what the previous release knows of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vademecum.errors import ContentError
from vademecum.format.json import canonical
from vademecum.format.segment import HEADING_SEPARATOR, ChunkRow, DocumentRow, chunk_id
from vademecum.version import __version__
from vademecum_builder.chunking.structure import CHUNKER, Chunk, chunk_document, embedding_text
from vademecum_builder.index.rows import Rows
from vademecum_builder.options import Progress
from vademecum_builder.readers.document import read_document
from vademecum_builder.sources.base import Skipped, Source, SourceFile


@dataclass(frozen=True)
class Before:
    """What the previous release knows.

    Attributes:
        documents: Its live documents by key, whatever their epoch: what additions and edits are counted against.
        rows: The rows to build on: all that count; none in a new epoch.
        sources: The digest of each source file behind `rows`.
    """

    documents: Mapping[str, DocumentRow] = field(default_factory=dict)
    rows: Rows = field(default_factory=Rows)
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """The source as it is now.

    Attributes:
        documents: Rows by key; the sequence is the new one for rows that differ from the previous release.
        chunks: By id, for documents that were read: what the encoder reads, and the row without its vector.
        sources: The digest of each source file and of what else shapes its rows.
        added, modified, removed: Keys of documents, sorted.
    """

    documents: Mapping[str, DocumentRow]
    chunks: Mapping[int, tuple[str, ChunkRow]]
    sources: Mapping[str, str]
    added: tuple[str, ...]
    modified: tuple[str, ...]
    removed: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Whether any document was added, modified or removed."""
        return bool(self.added or self.modified or self.removed)


@dataclass
class _Found:
    documents: dict[str, DocumentRow] = field(default_factory=dict)
    chunks: dict[int, tuple[str, ChunkRow]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read_source(
    source: Source, before: Before, *, base_url: str, sequence: int, progress: Progress
) -> Reading:
    """Read what changed; what did not is taken from the previous release without being parsed.

    Args:
        base_url: Where the documents are served.
        sequence: Of the release that is being made.

    Raises:
        UsageError: There is nothing to read.
        ContentError: Two different texts share a chunk id.
    """
    found = _Found()
    files = list(source.scan())
    for done, file in enumerate(files):
        progress("reading", done, len(files))
        if isinstance(file, Skipped):
            found.warnings.append(f"{file.key}: skipped: {file.reason}")
        else:
            _read_file(file, before, base_url, sequence, found)
    progress("reading", len(files), len(files))
    return _compared(found, before)


def _read_file(file: SourceFile, before: Before, base_url: str, sequence: int, found: _Found) -> None:
    old = before.rows.documents.get(file.key)
    found.sources[file.key] = digest = _source_digest(file, base_url)
    if old is not None and not old.removed and before.sources.get(file.key) == digest:
        found.documents[file.key] = old
        return
    try:
        document = read_document(file, base_url=base_url)
    except ContentError as error:
        found.warnings.append(f"{error.message}; skipped")
        return
    found.warnings += document.warnings
    pairs = [_chunk_row(document.title, chunk, sequence) for chunk in chunk_document(document)]
    row = DocumentRow(
        key=file.key,
        sequence=sequence,
        title=document.title,
        url=document.url,
        metadata=canonical(document.metadata).decode() if document.metadata else "",
        chunks=tuple(row.id for _, row in pairs),
    )
    if old is not None and _same(row, old):
        found.documents[file.key] = old
        return
    found.documents[file.key] = row
    for pair in pairs:
        _refuse_collision(pair, found, before)
        found.chunks[pair[1].id] = pair


def _source_digest(file: SourceFile, base_url: str) -> str:
    """Return the digest of the file and of what else shapes its rows."""
    return hashlib.sha256(canonical([__version__, CHUNKER, base_url, file.content_hash])).hexdigest()


def _chunk_row(title: str, chunk: Chunk, sequence: int) -> tuple[str, ChunkRow]:
    headings = HEADING_SEPARATOR.join(chunk.headings)
    identity = chunk_id(title, headings, chunk.anchor, chunk.text)
    row = ChunkRow(identity, sequence, b"", 0, headings, chunk.anchor, chunk.text)
    return embedding_text(title, chunk), row


def _refuse_collision(pair: tuple[str, ChunkRow], found: _Found, before: Before) -> None:
    """Two different texts with one id (64 bits: about one chance in 10^9 among 100,000 chunks) are an error.

    Raises:
        ContentError: There are two.
    """
    row = pair[1]
    known = before.rows.chunks.get(row.id, row)
    same_text = (known.headings, known.anchor, known.text) == (row.headings, row.anchor, row.text)
    if not same_text or found.chunks.get(row.id, pair) != pair:
        raise ContentError(f"two texts share the id {row.id:016x}: change a word in {row.text[:60]!r}")


def _compared(found: _Found, before: Before) -> Reading:
    now, live = found.documents, before.documents
    return Reading(
        documents=now,
        chunks=found.chunks,
        sources=found.sources,
        added=tuple(sorted(now.keys() - live.keys())),
        modified=tuple(sorted(key for key in now.keys() & live.keys() if not _same(now[key], live[key]))),
        removed=tuple(sorted(live.keys() - now.keys())),
        warnings=tuple(found.warnings),
    )


def _same(row: DocumentRow, other: DocumentRow) -> bool:
    """Return whether two rows say the same; when they last changed does not matter."""
    return replace(row, sequence=other.sequence) == other
