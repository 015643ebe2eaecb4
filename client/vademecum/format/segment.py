"""Segments: document rows and chunk rows, read and written (format.md, section 4)."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul

from vademecum.errors import ContentError
from vademecum.format.tensors import (
    Strings,
    Tensor,
    TensorFile,
    decode_tensors,
    encode_tensors,
    integers,
    string_column,
)

SEGMENT_FORMAT = "vademecum.segment.1"
HEADING_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class DocumentRow:
    """A document, or its tombstone.

    Attributes:
        key: What it is known by; never empty.
        sequence: Of the release that last changed it.
        metadata: JSON text, or empty.
        chunks: Ids, in reading order.
        removed: Whether it is a tombstone: the newest row of a key that is gone.
    """

    key: str
    sequence: int
    title: str = ""
    url: str = ""
    metadata: str = ""
    chunks: tuple[int, ...] = ()
    removed: bool = False


@dataclass(frozen=True)
class ChunkRow:
    """A chunk with its vector.

    Attributes:
        id: 64 bits, from its texts (`chunk_id`).
        sequence: Of the release that first had it.
        vector: int8 [D], in bytes.
        scale: 16 bits: what makes the vector's length 65,535 (section 4.2).
        headings: Outermost first, joined by U+001F, without the document's title.
        anchor: The URL fragment of the nearest heading; may be empty.
    """

    id: int
    sequence: int
    vector: bytes
    scale: int
    headings: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Column:
    """A column in a segment's file: row i lies from `at + bounds[i]` to `at + bounds[i + 1]`, in bytes."""

    at: int
    bounds: Sequence[int]

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Return (offset, length) of neighbouring rows in the file."""
        return self.at + self.bounds[start], self.bounds[stop] - self.bounds[start]


@dataclass(frozen=True, kw_only=True)
class SegmentOutline:
    """What says which rows of a segment count, and where its texts and vectors lie. n chunks, m documents.

    Attributes:
        dimensions: D.
        ids, sequences, scales: [n].
        keys, document_sequences, removed: [m]; `removed` is 1 for a tombstone.
        document_chunks, bounds: Document i has `document_chunks[bounds[i]:bounds[i + 1]]`.
        chunk_columns: Where vector, headings, anchor and text of the chunks lie.
        document_columns: Where title, url and metadata of the documents lie.
    """

    epoch: str
    dimensions: int
    ids: array[int]
    sequences: array[int]
    scales: array[int]
    keys: Strings
    document_sequences: array[int]
    removed: bytes
    document_chunks: array[int]
    bounds: array[int]
    chunk_columns: tuple[Column, ...]
    document_columns: tuple[Column, ...]

    def document_row(self, row: int, title: bytes, url: bytes, metadata: bytes) -> DocumentRow:
        """Return a document row, from 0 to m - 1, whose texts these are; it may be a tombstone."""
        return DocumentRow(
            self.keys[row],
            self.document_sequences[row],
            title.decode(),
            url.decode(),
            metadata.decode(),
            tuple(self.document_chunks[self.bounds[row] : self.bounds[row + 1]]),
            bool(self.removed[row]),
        )

    def chunk_row(self, row: int, vector: bytes, headings: bytes, anchor: bytes, text: bytes) -> ChunkRow:
        """Return a chunk row, from 0 to n - 1, whose vector and texts these are."""
        texts = headings.decode(), anchor.decode(), text.decode()
        return ChunkRow(self.ids[row], self.sequences[row], vector, self.scales[row], *texts)


@dataclass(frozen=True, kw_only=True)
class Segment(SegmentOutline):
    """A decoded segment, with its file in memory."""

    data: bytes

    @property
    def vectors(self) -> memoryview:
        """All vectors, int8 [n, D], row after row."""
        column = self.chunk_columns[0]
        return memoryview(self.data)[column.at : column.at + column.bounds[-1]]

    def cells(self, columns: Iterable[Column], row: int) -> tuple[bytes, ...]:
        """Return the bytes of one row in these columns."""
        return tuple(self.data[at : at + size] for at, size in (c.span(row, row + 1) for c in columns))

    def chunk(self, row: int) -> ChunkRow:
        """Return a chunk row, from 0 to n - 1."""
        return self.chunk_row(row, *self.cells(self.chunk_columns, row))

    def document(self, row: int) -> DocumentRow:
        """Return a document row, from 0 to m - 1; it may be a tombstone."""
        return self.document_row(row, *self.cells(self.document_columns, row))


def chunk_id(title: str, headings: str, anchor: str, text: str) -> int:
    """Return the id of a chunk (format.md, section 4.1); `headings` joined by U+001F."""
    hasher = hashlib.sha256()
    for value in (title, headings, anchor, text):
        hasher.update(framed(value.encode()))
    return int.from_bytes(hasher.digest()[:8], "big")


def scale_of(vector: bytes) -> int:
    """Return the scale of a vector (format.md, section 4.2).

    >>> scale_of(bytes([3, 0, 256 - 4]))
    13107
    """
    components = memoryview(vector).cast("b")
    squares = sum(map(mul, components, components))
    return int(65535 / math.sqrt(squares) + 0.5) if squares else 0


def framed(value: bytes) -> bytes:
    """Return the bytes with their length before them, as `u32`.

    >>> framed(b"Keys").hex()
    '040000004b657973'
    """
    return len(value).to_bytes(4, "little") + value


def encode_segment(epoch: str, dimensions: int, documents: Iterable[DocumentRow], chunks: Iterable[ChunkRow]) -> bytes:
    """Return a segment of these rows, sorted as the format asks. The same rows give the same bytes."""
    docs = sorted(documents, key=lambda row: (-row.sequence, row.key.encode()))
    rows = sorted(chunks, key=lambda row: (-row.sequence, row.id))
    tensors: dict[str, Tensor] = {
        "chunk.id": integers("U64", (row.id for row in rows)),
        "chunk.sequence": integers("U32", (row.sequence for row in rows)),
        "chunk.scale": integers("U16", (row.scale for row in rows)),
        "chunk.vector": Tensor("I8", (len(rows), dimensions), b"".join(row.vector for row in rows)),
        "document.sequence": integers("U32", (row.sequence for row in docs)),
        "document.removed": integers("U8", (row.removed for row in docs)),
        "document.chunks": integers("U64", (chunk for row in docs for chunk in row.chunks)),
        "document.chunks.offsets": integers("U32", _running([len(row.chunks) for row in docs])),
        **string_column("chunk.headings", (row.headings for row in rows)),
        **string_column("chunk.anchor", (row.anchor for row in rows)),
        **string_column("chunk.text", (row.text for row in rows)),
        **string_column("document.key", (row.key for row in docs)),
        **string_column("document.title", (row.title for row in docs)),
        **string_column("document.url", (row.url for row in docs)),
        **string_column("document.metadata", (row.metadata for row in docs)),
    }
    return encode_tensors(TensorFile(tensors, {"epoch": epoch, "format": SEGMENT_FORMAT}))


def cut(sizes: Iterable[int], most: int) -> Iterator[tuple[int, int]]:
    """Yield (first, behind the last) of neighbours that together take about `most` bytes at most; at least one."""
    start = stop = total = 0
    for size in sizes:
        if stop > start and total + size > most:
            yield start, stop
            start, total = stop, 0
        stop, total = stop + 1, total + size
    if stop > start:
        yield start, stop


def decode_segment(data: bytes) -> Segment:
    """Read a segment.

    Raises:
        NewerFormatError: A segment of a later major format.
        ContentError: Malformed in any way; nothing of it is used then.
    """
    file = decode_tensors(data)
    file.check_format(SEGMENT_FORMAT)
    n = file.tensor("chunk.id", "U64", [None]).shape[0]
    m = file.tensor("document.sequence", "U32", [None]).shape[0]
    vectors = file.tensor("chunk.vector", "I8", [n, None])
    dimensions = vectors.shape[1]
    if not dimensions:
        raise ContentError("segment: vectors without dimensions")
    chunks = file.tensor("document.chunks", "U64", [None])
    texts = [file.strings(f"chunk.{name}", n) for name in ("headings", "anchor", "text")]
    facts = [file.strings(f"document.{name}", m) for name in ("title", "url", "metadata")]
    segment = Segment(
        epoch=file.metadata.get("epoch", ""),
        dimensions=dimensions,
        ids=file.tensor("chunk.id", "U64", [n]).values(),
        sequences=file.tensor("chunk.sequence", "U32", [n]).values(),
        scales=file.tensor("chunk.scale", "U16", [n]).values(),
        keys=file.strings("document.key", m),
        document_sequences=file.tensor("document.sequence", "U32", [m]).values(),
        removed=bytes(file.tensor("document.removed", "U8", [m]).data),
        document_chunks=chunks.values(),
        bounds=file.offsets("document.chunks", chunks.shape[0], m),
        chunk_columns=(
            Column(vectors.at, range(0, n * dimensions + 1, dimensions)),
            *(Column(column.at, column.bounds) for column in texts),
        ),
        document_columns=tuple(Column(column.at, column.bounds) for column in facts),
        data=data,
    )
    if any(flag > 1 for flag in segment.removed) or any(a == b for a, b in pairwise(segment.keys.bounds)):
        raise ContentError("segment: a document row without a key or with an unknown flag")
    return segment


def _running(counts: Sequence[int]) -> array[int]:
    totals = array("I", [0])
    for count in counts:
        totals.append(totals[-1] + count)
    return totals
