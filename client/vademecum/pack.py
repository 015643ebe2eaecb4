"""Packs: a segment encoded against what the client already has, read (format.md, section 4.4).

A pack leads from one release to a later one. It refers to the rows that the older one has, deflates new text
against the text that it replaces, and leaves out what follows from the rest: ids of chunks, sequences.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from .codebooks import DIFFERENCES, TEXTS, VECTORS
from .errors import ContentError
from .pack_base import COPY, END, INSERT, REPLACE, SKIP, TAKE, Dictionary, Entry, Step, VectorBase
from .segment import LEVELS, ChunkRow, DocumentRow, chunk_id, encode_segment, vector_bytes

PACK_FORMAT: Final = 1
SENT, SAME = 0, 1 + len(DIFFERENCES)
"""What is told of a new chunk's vector: all of it, or that it is that of an older chunk. Between them: the codebook
that its difference to that one is coded by."""


@dataclass(frozen=True)
class Header:
    """Which release a pack builds on, which it makes, and of what kind the vectors are."""

    after: int
    upto: int
    bits: int
    dimensions: int


# Reading -----------------------------------------------------------------------------------------


def decode_pack(data: bytes, base: VectorBase, expected: Header, epoch: str, limit: int) -> bytes:
    """Return the segment that a pack makes.

    Args:
        expected: What the client has, and what it wants.
        limit: The most bytes of texts, inflated.

    Raises:
        ContentError: Malformed in any way, or not a pack for this base.
    """
    reader = _Reader(data)
    _check_header(reader, expected)
    removed = [base.document(index).key for index in _indices(reader, len(base))]
    documents = _Documents(base, reader, limit)
    documents.read_changed()
    documents.read_added()
    vectors = _read_vectors(reader, documents, expected)
    sequence = expected.upto
    rows = [
        replace(row, sequence=sequence, vector=vector, scale=scale)
        for row, (vector, scale) in zip(documents.fresh, vectors, strict=True)
    ]
    found = [replace(row, sequence=sequence) for row in documents.rows]
    found += [DocumentRow(key, sequence, removed=True) for key in removed]
    return encode_segment(epoch, expected.dimensions, found, rows, expected.bits)


def _check_header(reader: _Reader, expected: Header) -> None:
    codec = reader.byte()
    if codec != PACK_FORMAT:
        raise ContentError(f"pack of format {codec}, which this vademecum cannot read")
    found = Header(reader.number(), reader.number(), reader.number(), reader.number())
    if found.bits != 8 and found.bits not in LEVELS:
        raise ContentError(f"pack: vectors of {found.bits} bits, which this vademecum cannot read")
    if found != expected:
        raise ContentError(f"pack: it is {found}, wanted is {expected}")


def _indices(reader: _Reader, count: int) -> Iterator[int]:
    """Yield rising indices below `count`, each told by its distance from the one before."""
    at = -1
    for _ in range(reader.count()):
        at += reader.number() + 1
        if at >= count:
            raise ContentError(f"pack: it names document {at} of {count}")
        yield at


@dataclass
class _Documents:
    """The documents of a pack and their new chunks, in the order in which they are read."""

    base: VectorBase
    reader: _Reader
    limit: int
    rows: list[DocumentRow] = field(default_factory=list)
    fresh: list[ChunkRow] = field(default_factory=list)
    likes: list[int | None] = field(default_factory=list)
    """For each new chunk the document of the base that its own is held against."""

    def __post_init__(self) -> None:
        self._dictionary = Dictionary(self.base)

    def read_changed(self) -> None:
        for index in _indices(self.reader, len(self.base)):
            facts = self.reader.number() == 1
            self._read(Entry(index, index, facts, self._steps()), index)

    def read_added(self) -> None:
        for _ in range(self.reader.count()):
            like = self.reader.number() - 1
            if like >= len(self.base):
                raise ContentError(f"pack: it names document {like} of {len(self.base)}")
            at = self.reader.number()
            self._read(Entry(None, like if like >= 0 else None, True, self._steps()), at)

    def _steps(self) -> tuple[Step, ...]:
        return tuple(self._step() for _ in range(self.reader.count()))

    def _step(self) -> Step:
        value = self.reader.number()
        kind, count = value & 7, value >> 3
        if kind > TAKE or not count:
            raise ContentError(f"pack: unknown step {value}")
        return Step(kind, count, *((self.reader.number(), self.reader.number()) if kind == TAKE else ()))

    def _read(self, entry: Entry, at: int) -> None:
        texts = self._texts(entry, at)
        fields = texts.split(END)
        if len(fields) != entry.fields + 1 or fields.pop():
            raise ContentError(f"pack: {len(fields)} fields of texts, expected {entry.fields}")
        told = iter(_decoded(fields))
        old = DocumentRow(next(told), 0) if entry.old is None else self.base.document(entry.old)
        facts = (next(told), next(told), next(told)) if entry.facts else (old.title, old.url, old.metadata)
        title, url, metadata = facts
        chunks = self._chunks(entry, old, title, told)
        self.likes += [entry.like] * entry.fresh
        self.rows.append(DocumentRow(old.key, 0, title, url, metadata, chunks))

    def _texts(self, entry: Entry, at: int) -> bytes:
        if not entry.fields:
            return b""
        size, coded = self.reader.number(), self.reader.number()
        self.limit -= size
        if self.limit < 0:
            raise ContentError("pack: more text than a release may have")
        head = TEXTS if coded & 1 else b""
        texts = _inflated(head + self.reader.take(coded >> 1), size, self._dictionary.of(entry, at))
        self._dictionary.add(texts)
        return texts

    def _chunks(self, entry: Entry, old: DocumentRow, title: str, told: Iterator[str]) -> tuple[int, ...]:
        chunks: list[int] = []
        at = 0
        for step in entry.steps:
            if step.kind == COPY:
                chunks += _part(old.chunks, at, step.count)
            elif step.kind == TAKE:
                chunks += _part(self._list(step.document), step.position, step.count)
            if step.kind in (REPLACE, INSERT):
                chunks += [self._fresh(title, next(told), next(told), next(told)) for _ in range(step.count)]
            if step.kind in (COPY, REPLACE, SKIP):
                at += step.count
        return tuple(chunks)

    def _list(self, document: int) -> Sequence[int]:
        """Return the chunks of a document of the base, or behind those of one that was read before."""
        count = len(self.base)
        if document < count:
            return self.base.document(document).chunks
        if document - count < len(self.rows):
            return self.rows[document - count].chunks
        raise ContentError(f"pack: it names document {document} of {count + len(self.rows)}")

    def vector(self, fresh: int, position: int) -> tuple[bytes, int]:
        """Return vector and scale of a chunk of the document that a new chunk's own is held against."""
        like = self.likes[fresh]
        if like is None:
            raise ContentError("pack: a vector that builds on another, in a document that builds on none")
        return self.base.vector(_part(self.base.document(like).chunks, position, 1)[0])

    def _fresh(self, title: str, headings: str, anchor: str, text: str) -> int:
        chunk = chunk_id(title, headings, anchor, text)
        self.fresh.append(ChunkRow(chunk, 0, b"", 0, headings, anchor, text))
        return chunk


def _decoded(fields: Sequence[bytes]) -> list[str]:
    try:
        return [value.decode() for value in fields]
    except UnicodeDecodeError as error:
        raise ContentError(f"pack: texts that are not UTF-8: {error}") from None


def _part(chunks: Sequence[int], start: int, count: int) -> Sequence[int]:
    if start + count > len(chunks):
        raise ContentError(f"pack: chunks {start} to {start + count} of a list of {len(chunks)}")
    return chunks[start : start + count]


def _read_vectors(reader: _Reader, documents: _Documents, header: Header) -> list[tuple[bytes, int]]:
    """Return vector and scale of each new chunk: as sent, as another one's, or as the difference to another one."""
    told = [reader.number() for _ in documents.fresh]
    kinds = [value & 7 for value in told]
    olds = [documents.vector(index, value >> 3) for index, value in enumerate(told) if value & 7]
    if any(kind > SAME or (kind not in (SENT, SAME) and header.bits != 4) for kind in kinds):
        raise ContentError(f"pack: unknown kinds of vectors {sorted({*kinds})} of {header.bits} bits")
    scales = _read_scales(reader, sum(kind != SAME for kind in kinds))
    width = vector_bytes(header.dimensions, header.bits)
    streams = {kind: _rows(reader, kind, kinds.count(kind), width) for kind in range(SAME) if kind in kinds}
    reader.finish()
    found: list[tuple[bytes, int]] = []
    references = iter(olds)
    for kind in kinds:
        if kind == SENT:
            found.append((next(streams[kind]), next(scales)))
            continue
        vector, scale = next(references)
        if len(vector) != width:
            raise ContentError(f"pack: it builds on a vector of {len(vector)} bytes, expected {width}")
        found.append((vector, scale) if kind == SAME else (_sum(vector, next(streams[kind])), next(scales)))
    return found


def _read_scales(reader: _Reader, count: int) -> Iterator[int]:
    lowest = reader.number() if count else 0
    scales = [lowest + reader.number() for _ in range(count)]
    if max(scales, default=0) > 0xFFFF:
        raise ContentError("pack: a scale that does not fit into 16 bits")
    return iter(scales)


def _rows(reader: _Reader, kind: int, count: int, width: int) -> Iterator[bytes]:
    coded = reader.number()
    books = (VECTORS if coded & 1 else b"", *DIFFERENCES)
    data = _inflated(books[kind] + reader.take(coded >> 1), count * width)
    return (data[row * width : (row + 1) * width] for row in range(count))


def _sum(old: bytes, difference: bytes) -> bytes:
    """Return the sums, modulo 16, of the codes of 4 bits of two vectors."""
    low = int.from_bytes(b"\x0f" * len(old), "big")
    first, second = int.from_bytes(old, "big"), int.from_bytes(difference, "big")
    lows = (first & low) + (second & low) & low
    highs = (first >> 4 & low) + (second >> 4 & low) & low
    return (lows | highs << 4).to_bytes(len(old), "big")


def _inflated(stream: bytes, size: int, known: bytes = b"") -> bytes:
    inflater = zlib.decompressobj(-15, zdict=known) if known else zlib.decompressobj(-15)
    try:
        content = inflater.decompress(stream, size + 1)
    except zlib.error as error:
        raise ContentError(f"pack: damaged deflate stream: {error}") from None
    if len(content) != size or not inflater.eof or inflater.unused_data:
        raise ContentError(f"pack: a stream of {len(content)} bytes, expected {size}")
    return content


class _Reader:
    """Reads a pack from its beginning to its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) != count:
            raise ContentError(f"pack: it ends after {len(self._data)} bytes, in the middle")
        self._at += count
        return part

    def number(self) -> int:
        """Return an unsigned LEB128 below 2^35."""
        value = 0
        for shift in range(0, 35, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ContentError("pack: a number that is too long")

    def count(self) -> int:
        """Return a number of things that take at least a byte each."""
        count = self.number()
        if count > len(self._data) - self._at:
            raise ContentError(f"pack: {count} things announced, {len(self._data) - self._at} bytes left")
        return count

    def finish(self) -> None:
        """Refuse what lies behind the end.

        Raises:
            ContentError: There is something.
        """
        if self._at != len(self._data):
            raise ContentError(f"pack: {len(self._data) - self._at} bytes behind its end")
