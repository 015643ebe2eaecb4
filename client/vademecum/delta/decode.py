"""Packs: a segment encoded against what the client already has, read (format.md, section 4.4).

A pack leads from one release to a later one. It refers to the rows that the older one has, deflates new text
against the text that it replaces, and leaves out what follows from the rest: ids of chunks, sequences.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, TypeVar

from vademecum.delta.codebooks import DIFFERENCES, TEXTS, VECTORS
from vademecum.delta.dictionary import (
    COPY,
    END,
    INSERT,
    REPLACE,
    SKIP,
    TAKE,
    WINDOW,
    Base,
    Dictionary,
    Entry,
    OldDocument,
    Step,
    neighbours,
    whole,
)
from vademecum.errors import ContentError
from vademecum.format.segment import LEVELS, ChunkRow, DocumentRow, chunk_id, encode_segment, vector_bytes

PACK_FORMAT: Final = 1
SENT, SAME = 0, 1 + len(DIFFERENCES)
"""What is told of a new chunk's vector: all of it, or that it is that of an older chunk. Between them: the codebook
that its difference to that one is coded by."""


_TOGETHER = 1024
"""Documents of the base that are read at a time."""
_ALONE, _NEAR = 64, 8
"""For so many documents at the beginning of a pack, so many neighbours each are read at once with them."""


@dataclass(frozen=True)
class Header:
    """Which release a pack builds on, which it makes, and of what kind the vectors are."""

    after: int
    upto: int
    bits: int
    dimensions: int


# Reading -----------------------------------------------------------------------------------------


async def decode_pack(data: bytes, base: Base, expected: Header, epoch: str, limit: int) -> bytes:
    """Return the segment that a pack makes.

    Of the base only what the pack names is read, and what lies beside it.

    Args:
        expected: What the client has, and what it wants.
        limit: The most bytes of texts, inflated.

    Raises:
        ContentError: Malformed in any way, or not a pack for this base.
        StorageError: The base has lost an object.
    """
    reader = _Reader(data)
    _check_header(reader, expected)
    removed = list(_indices(reader, len(base)))
    entries = [*_read_changed(reader, len(base)), *_read_added(reader, len(base))]
    documents = _Documents(base, reader, limit)
    for start in range(0, len(entries), _TOGETHER):
        await documents.read(entries[start : start + _TOGETHER])
    vectors = _read_vectors(reader, documents.fresh, expected)
    rows = [
        replace(fresh.row, sequence=expected.upto, vector=vector, scale=scale)
        for fresh, (vector, scale) in zip(documents.fresh, vectors, strict=True)
    ]
    found = [replace(row, sequence=expected.upto) for row in documents.rows]
    for start in range(0, len(removed), _TOGETHER):
        gone = await base.documents(removed[start : start + _TOGETHER])
        found += [DocumentRow(old.row.key, expected.upto, removed=True) for old in gone]
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


def _read_changed(reader: _Reader, count: int) -> Iterator[Entry]:
    for index in _indices(reader, count):
        facts = reader.number() == 1
        yield Entry(index, index, index, facts, _read_steps(reader))


def _read_added(reader: _Reader, count: int) -> Iterator[Entry]:
    for _ in range(reader.count()):
        like, at = reader.number() - 1, reader.number()
        if max(like, at - 1) >= count:
            raise ContentError(f"pack: it names document {max(like, at - 1)} of {count}")
        yield Entry(None, like if like >= 0 else None, at, True, _read_steps(reader))


def _read_steps(reader: _Reader) -> tuple[Step, ...]:
    return tuple(_read_step(reader) for _ in range(reader.count()))


def _read_step(reader: _Reader) -> Step:
    value = reader.number()
    kind, count = value & 7, value >> 3
    if kind > TAKE or not count:
        raise ContentError(f"pack: unknown step {value}")
    return Step(kind, count, *((reader.number(), reader.number()) if kind == TAKE else ()))


@dataclass(frozen=True)
class _Fresh:
    """A new chunk, without its vector; `olds`: the chunks of the document that its own is held against."""

    row: ChunkRow
    olds: Sequence[ChunkRow]


@dataclass
class _Documents:
    """The documents of a pack and their new chunks, in the order in which they are read."""

    base: Base
    reader: _Reader
    limit: int
    rows: list[DocumentRow] = field(default_factory=list)
    fresh: list[_Fresh] = field(default_factory=list)
    dictionary: Dictionary = field(default_factory=Dictionary)

    async def read(self, entries: Sequence[Entry]) -> None:
        """Read these entries' texts; what they name is read from the base at once."""
        count = len(self.base)
        named = {step.document for entry in entries for step in entry.steps if step.kind == TAKE}
        named |= {entry.like for entry in entries if entry.like is not None}
        if not self.rows:  # the pack has said little yet: neighbours will be asked for
            for entry in entries[:_ALONE]:
                named |= set(islice(neighbours(entry, count), _NEAR))
        indices = sorted(index for index in named if index < count)
        olds = dict(zip(indices, await self.base.documents(indices), strict=True))
        for entry in entries:
            await self._read(entry, olds)

    async def _read(self, entry: Entry, olds: Mapping[int, OldDocument]) -> None:
        like = None if entry.like is None else olds[entry.like]
        fields = (await self._texts(entry, like)).split(END)
        if len(fields) != entry.fields + 1 or fields.pop():
            raise ContentError(f"pack: {len(fields)} fields of texts, expected {entry.fields}")
        told = iter(_decoded(fields))
        old = DocumentRow(next(told), 0) if entry.old is None or like is None else like.row
        facts = (next(told), next(told), next(told)) if entry.facts else (old.title, old.url, old.metadata)
        title, url, metadata = facts
        known = () if like is None else like.chunks
        chunks: list[int] = []
        at = 0
        for step in entry.steps:
            if step.kind == COPY:
                chunks += _part(old.chunks, at, step.count)
            elif step.kind == TAKE:
                chunks += _part(self._list(step.document, olds, chunks), step.position, step.count)
            if step.kind in (REPLACE, INSERT):
                new = [_new_chunk(title, next(told), next(told), next(told)) for _ in range(step.count)]
                self.fresh += [_Fresh(row, known) for row in new]
                chunks += [row.id for row in new]
            if step.kind in (COPY, REPLACE, SKIP):
                at += step.count
        self.rows.append(DocumentRow(old.key, 0, title, url, metadata, tuple(chunks)))

    async def _texts(self, entry: Entry, like: OldDocument | None) -> bytes:
        if not entry.fields:
            return b""
        size, coded = self.reader.number(), self.reader.number()
        self.limit -= size
        if self.limit < 0:
            raise ContentError("pack: more text than a release may have")
        head = TEXTS if coded & 1 else b""
        known = self.dictionary.known(like, entry.steps)
        near = await self._near(entry, WINDOW - len(known))
        texts = _inflated(head + self.reader.take(coded >> 1), size, (near + known)[-WINDOW:])
        self.dictionary.add(texts)
        return texts

    async def _near(self, entry: Entry, missing: int) -> bytes:
        """Return neighbours until nothing is missing."""
        parts: list[bytes] = []
        for index in neighbours(entry, len(self.base)):
            if missing <= 0:
                break
            (document,) = await self.base.documents([index])
            parts.insert(0, whole(document))
            missing -= len(parts[0])
        return b"".join(parts)

    def _list(self, document: int, olds: Mapping[int, OldDocument], here: Sequence[int]) -> Sequence[int]:
        """Return the chunks of a document of the base, or behind those of one that was read before, or is now."""
        count = len(self.base)
        if document - count == len(self.rows):
            return here
        if document < count:
            return olds[document].row.chunks
        if document - count < len(self.rows):
            return self.rows[document - count].chunks
        raise ContentError(f"pack: it names document {document} of {count + len(self.rows)}")


def _new_chunk(title: str, headings: str, anchor: str, text: str) -> ChunkRow:
    return ChunkRow(chunk_id(title, headings, anchor, text), 0, b"", 0, headings, anchor, text)


def _decoded(fields: Sequence[bytes]) -> list[str]:
    try:
        return [value.decode() for value in fields]
    except UnicodeDecodeError as error:
        raise ContentError(f"pack: texts that are not UTF-8: {error}") from None


_T = TypeVar("_T")


def _part(chunks: Sequence[_T], start: int, count: int) -> Sequence[_T]:
    if start + count > len(chunks):
        raise ContentError(f"pack: chunks {start} to {start + count} of a list of {len(chunks)}")
    return chunks[start : start + count]


def _read_vectors(reader: _Reader, fresh: Sequence[_Fresh], header: Header) -> list[tuple[bytes, int]]:
    """Return vector and scale of each new chunk: as sent, as another one's, or as the difference to another one."""
    told = [reader.number() for _ in fresh]
    kinds = [value & 7 for value in told]
    olds = [
        _part(new.olds, value >> 3, 1)[0] for new, value in zip(fresh, told, strict=True) if value & 7 != SENT
    ]
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
        old = next(references)
        if kind == SAME:
            found.append((old.vector, old.scale))
        else:
            found.append((_sum(old.vector, next(streams[kind])), next(scales)))
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
