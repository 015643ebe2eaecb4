"""Decodes a pack: a segment encoded against what the client already has (format.md, section 4.4).

A pack leads from one release to a later one. It refers to the rows that the older one has, deflates new text
against the text that it replaces, and leaves out what follows from the rest: ids of chunks, sequences.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from vademecum.delta.dictionary import (
    END,
    FACTS,
    KEY,
    PACK_FORMAT,
    Entry,
    Header,
    OldDocument,
    PackBase,
    Spread,
    Step,
    window,
)
from vademecum.delta.reader import Bits, Reader, part
from vademecum.errors import ContentError
from vademecum.format.segment import ChunkRow, DocumentRow, chunk_id, encode_segment, scale_of


def read_vectors(reader: Reader, olds: Sequence[Sequence[ChunkRow]], dimensions: int) -> list[bytes]:
    """Return the vector of each new chunk, and see that the pack ends behind them.

    Args:
        olds: For each new chunk the chunks of the document that its own is held against.

    Raises:
        ContentError: Malformed in any way.
    """
    numbers = [reader.number() for _ in olds]
    bases = [
        part(chunks, (number - 1) // 2, 1)[0].vector if number else bytes(dimensions)
        for chunks, number in zip(olds, numbers, strict=True)
    ]
    bits = reader.bits()
    vectors = [
        base if number and not number % 2 else _vector(bits, base) for base, number in zip(bases, numbers, strict=True)
    ]
    bits.finish()
    return vectors


def _vector(bits: Bits, base: bytes) -> bytes:
    """Return a vector that is told by its differences to another one."""
    vector, spread = array("b"), Spread()
    for old in memoryview(base).cast("b"):
        code = bits.rice(spread.low)
        difference = code >> 1 ^ -(code & 1)
        spread.add(difference)
        value = old + difference
        if not -128 <= value < 128:
            raise ContentError(f"pack: {value} as a component of a vector")
        vector.append(value)
    return vector.tobytes()


_TOGETHER: Final = 1024
"""Documents of the base that are read at a time."""


async def decode_pack(data: bytes, base: PackBase, expected: Header, epoch: str, limit: int) -> bytes:
    """Return the segment that a pack makes.

    Of the base only what the pack names is read.

    Args:
        expected: What the client has, and what it wants.
        limit: The most bytes of texts, inflated.

    Raises:
        ContentError: Malformed in any way, or not a pack for this base.
        StorageError: The base has lost an object.
    """
    reader = Reader(data)
    _check_header(reader, expected)
    removed = [_document(reader.number(), len(base)) for _ in range(reader.count())]
    entries = [_read_entry(reader, len(base)) for _ in range(reader.count())]
    documents = _Documents(base, reader, limit)
    for start in range(0, len(entries), _TOGETHER):
        await documents.read(entries[start : start + _TOGETHER])
    vectors = read_vectors(reader, [new.olds for new in documents.fresh], expected.dimensions)
    rows = [
        replace(fresh.row, sequence=expected.upto, vector=vector, scale=scale_of(vector))
        for fresh, vector in zip(documents.fresh, vectors, strict=True)
    ]
    found = [replace(row, sequence=expected.upto) for row in documents.rows]
    for start in range(0, len(removed), _TOGETHER):
        gone = await base.documents(removed[start : start + _TOGETHER])
        found += [DocumentRow(old.row.key, expected.upto, removed=True) for old in gone]
    return encode_segment(epoch, expected.dimensions, found, rows)


def _check_header(reader: Reader, expected: Header) -> None:
    codec = reader.byte()
    if codec != PACK_FORMAT:
        raise ContentError(f"pack of format {codec}, which this vademecum cannot read")
    found = Header(reader.number(), reader.number(), reader.number())
    if found != expected:
        raise ContentError(f"pack: it is {found}, wanted is {expected}")


def _document(index: int, count: int) -> int:
    if index >= count:
        raise ContentError(f"pack: it names document {index} of {count}")
    return index


def _read_entry(reader: Reader, count: int) -> Entry:
    like, scope = divmod(reader.number(), 3)
    if not like and scope != KEY:
        raise ContentError("pack: a document that is like none, and has no key")
    steps = tuple(_read_step(reader) for _ in range(reader.count()))
    return Entry(_document(like - 1, count) if like else None, scope, steps)


def _read_step(reader: Reader) -> Step:
    count, taken = divmod(reader.number(), 2)
    return Step(count, reader.number(), reader.number()) if taken else Step(count)


@dataclass(frozen=True)
class _Fresh:
    """A new chunk, without its vector; `olds`: the chunks of the document that its own is held against."""

    row: ChunkRow
    olds: Sequence[ChunkRow]


@dataclass
class _Documents:
    """The documents of a pack and their new chunks, in the order in which they are read."""

    base: PackBase
    reader: Reader
    limit: int
    rows: list[DocumentRow] = field(default_factory=list)
    lists: list[list[int]] = field(default_factory=list)
    fresh: list[_Fresh] = field(default_factory=list)
    past: bytes = b""

    async def read(self, entries: Sequence[Entry]) -> None:
        """Read these entries' texts; what they name is read from the base at once."""
        named = {step.document - 1 for entry in entries for step in entry.steps if step.document}
        named |= {entry.like for entry in entries if entry.like is not None}
        indices = sorted(index for index in named if index < len(self.base))
        olds = dict(zip(indices, await self.base.documents(indices), strict=True))
        for entry in entries:
            self._read(entry, olds)

    def _read(self, entry: Entry, olds: Mapping[int, OldDocument]) -> None:
        like = None if entry.like is None else olds[entry.like]
        texts = iter(self._texts(entry, like))
        row = DocumentRow(next(texts), 0) if entry.scope == KEY or like is None else like.row
        if entry.scope >= FACTS:
            row = replace(row, title=next(texts), url=next(texts), metadata=next(texts))
        chunks: list[int] = []
        self.lists.append(chunks)
        for step in entry.steps:
            if step.document is None:
                new = [_new_chunk(row.title, next(texts), next(texts), next(texts)) for _ in range(step.count)]
                self.fresh += [_Fresh(chunk, like.chunks if like else ()) for chunk in new]
                chunks += [chunk.id for chunk in new]
            else:
                chunks += part(self._list(step.document, like, olds), step.position, step.count)
        self.rows.append(replace(row, chunks=tuple(chunks)))

    def _texts(self, entry: Entry, like: OldDocument | None) -> list[str]:
        if not entry.fields:
            return []
        size = self.reader.number()
        self.limit -= size
        if self.limit < 0:
            raise ContentError("pack: more text than a release may have")
        texts = self.reader.inflated(size, window(self.past, like))
        self.past = window(self.past + texts, None)
        fields = texts.split(END)
        if len(fields) != entry.fields + 1 or fields.pop():
            raise ContentError(f"pack: {len(fields)} fields of texts, expected {entry.fields}")
        try:
            return [value.decode() for value in fields]
        except UnicodeDecodeError as error:
            raise ContentError(f"pack: texts that are not UTF-8: {error}") from None

    def _list(self, document: int, like: OldDocument | None, olds: Mapping[int, OldDocument]) -> Sequence[int]:
        """Return the chunks of a document: see `Step`."""
        if document == 0:
            return like.row.chunks if like else ()
        if document <= len(self.base):
            return olds[document - 1].row.chunks
        own = document - 1 - len(self.base)
        return self.lists[_document(own, len(self.lists))]


def _new_chunk(title: str, headings: str, anchor: str, text: str) -> ChunkRow:
    return ChunkRow(chunk_id(title, headings, anchor, text), 0, b"", 0, headings, anchor, text)
