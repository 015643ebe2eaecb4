"""Packs: a segment encoded against what the client already has, read (format.md, section 4.4).

A pack leads from one release to a later one. It refers to the rows that the older one has, deflates new text
against the text that it replaces, and leaves out what follows from the rest: ids of chunks, sequences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from vademecum.delta.dictionary import (
    COPY,
    END,
    INSERT,
    PACK_FORMAT,
    REPLACE,
    SKIP,
    TAKE,
    Dictionary,
    Entry,
    Header,
    OldDocument,
    PackBase,
    Step,
)
from vademecum.delta.reader import Reader, part
from vademecum.delta.vectors import read_vectors
from vademecum.errors import ContentError
from vademecum.format.segment import LEVELS, ChunkRow, DocumentRow, chunk_id, encode_segment

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
    removed = list(_read_indices(reader, len(base)))
    entries = [*_read_changed(reader, len(base)), *_read_added(reader, len(base))]
    documents = _Documents(base, reader, limit)
    for start in range(0, len(entries), _TOGETHER):
        await documents.read(entries[start : start + _TOGETHER])
    vectors = read_vectors(reader, [new.olds for new in documents.fresh], expected)
    rows = [
        replace(fresh.row, sequence=expected.upto, vector=vector, scale=scale)
        for fresh, (vector, scale) in zip(documents.fresh, vectors, strict=True)
    ]
    found = [replace(row, sequence=expected.upto) for row in documents.rows]
    for start in range(0, len(removed), _TOGETHER):
        gone = await base.documents(removed[start : start + _TOGETHER])
        found += [DocumentRow(old.row.key, expected.upto, removed=True) for old in gone]
    return encode_segment(epoch, expected.dimensions, found, rows, expected.bits)


def _check_header(reader: Reader, expected: Header) -> None:
    codec = reader.byte()
    if codec != PACK_FORMAT:
        raise ContentError(f"pack of format {codec}, which this vademecum cannot read")
    found = Header(reader.number(), reader.number(), reader.number(), reader.number())
    if found.bits != 8 and found.bits not in LEVELS:
        raise ContentError(f"pack: vectors of {found.bits} bits, which this vademecum cannot read")
    if found != expected:
        raise ContentError(f"pack: it is {found}, wanted is {expected}")


def _read_indices(reader: Reader, count: int) -> Iterator[int]:
    """Yield rising indices below `count`, each told by its distance from the one before."""
    at = -1
    for _ in range(reader.count()):
        at += reader.number() + 1
        if at >= count:
            raise ContentError(f"pack: it names document {at} of {count}")
        yield at


def _read_changed(reader: Reader, count: int) -> Iterator[Entry]:
    for index in _read_indices(reader, count):
        facts = reader.number() == 1
        yield Entry(index, index, facts, _read_steps(reader))


def _read_added(reader: Reader, count: int) -> Iterator[Entry]:
    for _ in range(reader.count()):
        like = reader.number() - 1
        if like >= count:
            raise ContentError(f"pack: it names document {like} of {count}")
        yield Entry(None, like if like >= 0 else None, True, _read_steps(reader))


def _read_steps(reader: Reader) -> tuple[Step, ...]:
    return tuple(_read_step(reader) for _ in range(reader.count()))


def _read_step(reader: Reader) -> Step:
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

    base: PackBase
    reader: Reader
    limit: int
    rows: list[DocumentRow] = field(default_factory=list)
    fresh: list[_Fresh] = field(default_factory=list)
    dictionary: Dictionary = field(default_factory=Dictionary)

    async def read(self, entries: Sequence[Entry]) -> None:
        """Read these entries' texts; what they name is read from the base at once."""
        count = len(self.base)
        named = {step.document for entry in entries for step in entry.steps if step.kind == TAKE}
        named |= {entry.like for entry in entries if entry.like is not None}
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
                chunks += part(old.chunks, at, step.count)
            elif step.kind == TAKE:
                chunks += part(self._list(step.document, olds, chunks), step.position, step.count)
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
        size = self.reader.number()
        self.limit -= size
        if self.limit < 0:
            raise ContentError("pack: more text than a release may have")
        texts = self.reader.inflated(size, self.dictionary.known(like, entry.steps))
        self.dictionary.add(texts)
        return texts

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
