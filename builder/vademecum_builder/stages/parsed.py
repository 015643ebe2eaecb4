"""A parsed item: its document row and its chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from vademecum.errors import ContentError
from vademecum.format.json import canonical
from vademecum.format.segment import HEADING_SEPARATOR, ChunkRow, DocumentRow, chunk_id
from vademecum_builder.chunking.structure import Chunk, chunk_document, embedding_text
from vademecum_builder.readers.document import Document
from vademecum_builder.readers.language import guess_language, is_short
from vademecum_builder.sources.base import BINARY, HTML, RECORD, SourceItem
from vademecum_builder.sources.charset import decode_text
from vademecum_builder.sources.records import fields_with_lost_characters
from vademecum_builder.stages.documents import DocumentReader


@dataclass(frozen=True)
class PendingChunk:
    """A chunk before its vector exists.

    Attributes:
        id: From `chunk_id`.
        sequence: Of the release that is being made.
        headings, anchor, text: As a segment holds them.
        embedded_text: What the encoder reads.
    """

    id: int
    sequence: int
    headings: str
    anchor: str
    text: str
    embedded_text: str

    def row(self, vector: bytes, scale: int) -> ChunkRow:
        """Return the row, with a vector and its scale as `quantise` gives them."""
        return ChunkRow(self.id, self.sequence, vector, scale, self.headings, self.anchor, self.text)


@dataclass(frozen=True)
class Parsed:
    """The rows of a document.

    Attributes:
        warnings: One line for each thing that is wrong with it.
        is_short: It does not name its language, and is too short to guess it.
    """

    row: DocumentRow
    chunks: tuple[PendingChunk, ...]
    warnings: tuple[str, ...]
    is_short: bool = False


Outcome: TypeAlias = Parsed | str | ContentError
"""What became of an item: its rows, why it is not a document, or why it cannot be read."""


def parse(reader: DocumentReader, item: SourceItem, sequence: int) -> Outcome:
    """Return what becomes of an item in the release that is being made."""
    try:
        document = reader.read(item)
    except ContentError as error:
        return error
    if not isinstance(document, Document):
        return document
    warnings = list(document.warnings)
    if item.media_type == RECORD:
        if lost := fields_with_lost_characters(item.data):
            warnings.append(f"{item.key}: {', '.join(lost)}: NUL, or what is no character, is shown as \ufffd")
    elif item.media_type not in (HTML, *BINARY) and (told := decode_text(item.data).warning):
        warnings.append(f"{item.key}: {told}")
    chunks = tuple(_pending(document.title, chunk, sequence) for chunk in chunk_document(document))
    metadata = dict(document.metadata)
    says_none = not metadata.get("lang")
    if says_none and (language := guess_language(chunk.text for chunk in chunks)):
        metadata["lang"] = language  # chooses the stemmer
    row = DocumentRow(
        key=item.key,
        sequence=sequence,
        title=document.title,
        url=document.url,
        metadata=canonical(metadata).decode() if metadata else "",
        chunks=tuple(chunk.id for chunk in chunks),
    )
    return Parsed(row, chunks, tuple(warnings), says_none and is_short(chunk.text for chunk in chunks))


def _pending(title: str, chunk: Chunk, sequence: int) -> PendingChunk:
    headings = HEADING_SEPARATOR.join(chunk.headings)
    identity = chunk_id(title, headings, chunk.anchor, chunk.text)
    return PendingChunk(identity, sequence, headings, chunk.anchor, chunk.text, embedding_text(title, chunk))
