"""Direct packs: what a client of one older release lacks, encoded against what it has (format.md, section 4.4)."""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from vademecum.codebooks import DIFFERENCES, TEXTS, VECTORS
from vademecum.pack import PACK_FORMAT, SAME, SENT, Header
from vademecum.pack_base import COPY, INSERT, REPLACE, SKIP, TAKE, Dictionary, Entry, Step, record
from vademecum.segment import ChunkRow, DocumentRow

from .blocks import Codebook, tokens
from .pack import Rows

_TEXTS, _VECTORS = Codebook(TEXTS), Codebook(VECTORS)
_DIFFERENCES = tuple(map(Codebook, DIFFERENCES))


@dataclass(frozen=True)
class OldRelease:
    """An older release as a base: its live documents by rising key (bytes), and its chunks by id."""

    documents: Sequence[DocumentRow]
    chunks: Mapping[int, ChunkRow]

    def __len__(self) -> int:
        return len(self.documents)

    def document(self, index: int) -> DocumentRow:
        return self.documents[index]

    def texts(self, chunk: int) -> tuple[str, str, str]:
        row = self.chunks[chunk]
        return row.headings, row.anchor, row.text

    def place(self, key: str) -> int:
        """Return the index of a key, or where it would stand."""
        return bisect_left(self.documents, key.encode(), key=lambda row: row.key.encode())


@dataclass(frozen=True)
class _Vector:
    """How a vector is told: see `vademecum.pack.SENT`; `position` of the older chunk in its document's list."""

    kind: int
    position: int = 0
    data: bytes = b""


def encode_pack(base: OldRelease, rows: Rows, header: Header) -> bytes:
    """Return the pack that leads from `base` to the release of these rows.

    The same input gives the same bytes, with one version of zlib.
    """
    return _Writer(base, rows, header).pack()


@dataclass
class _Writer:
    base: OldRelease
    rows: Rows
    header: Header
    fresh: list[ChunkRow] = field(default_factory=list)
    likes: list[int | None] = field(default_factory=list)

    def pack(self) -> bytes:
        header = self.header
        self._dictionary = Dictionary(self.base)
        self._written = 0  # documents so far
        self._new_places: dict[int, tuple[int, int]] = {}
        live = self._live
        parts = [bytes([PACK_FORMAT])]
        parts += map(number, (header.after, header.upto, header.bits, header.dimensions))
        parts.append(_indices([i for i, row in enumerate(self.base.documents) if row.key not in live]))
        changed = [
            (i, live[row.key])
            for i, row in enumerate(self.base.documents)
            if row.key in live and self._differs(row, live[row.key])
        ]
        parts.append(number(len(changed)))
        gaps = _gaps([index for index, _ in changed])
        parts += [number(gap) + self._changed(i, row) for gap, (i, row) in zip(gaps, changed, strict=True)]
        known = {row.key for row in self.base.documents}
        added = sorted(
            (row for row in live.values() if row.key not in known), key=lambda row: row.key.encode()
        )
        parts.append(number(len(added)))
        parts += map(self._added, added)
        parts.append(self._vectors())
        return b"".join(parts)

    @cached_property
    def _live(self) -> Mapping[str, DocumentRow]:
        return {row.key: row for row in self.rows.live}

    def _differs(self, old: DocumentRow, new: DocumentRow) -> bool:
        return _facts(old) != _facts(new) or old.chunks != new.chunks or not all(map(self._has, new.chunks))

    def _has(self, chunk: int) -> bool:
        """Return whether a client of the base has this very row: one that left and came back may differ."""
        return chunk in self._places and self.rows.chunks[chunk].sequence <= self.header.after

    @cached_property
    def _places(self) -> Mapping[int, tuple[int, int]]:
        """Where each chunk of the base stands first: (document, place in its list)."""
        places: dict[int, tuple[int, int]] = {}
        for index, row in enumerate(self.base.documents):
            for at, chunk in enumerate(row.chunks):
                places.setdefault(chunk, (index, at))
        return places

    def _changed(self, index: int, new: DocumentRow) -> bytes:
        old = self.base.documents[index]
        facts = _facts(old) != _facts(new)
        entry = Entry(index, index, facts, tuple(self._steps(old.chunks, new.chunks)))
        return number(facts) + self._entry(entry, new, index)

    def _added(self, new: DocumentRow) -> bytes:
        steps = tuple(self._steps((), new.chunks))
        like, at = self._like(new, steps), self.base.place(new.key)
        head = number(0 if like is None else like + 1) + number(at)
        return head + self._entry(Entry(None, like, True, steps), new, at)

    def _entry(self, entry: Entry, new: DocumentRow, at: int) -> bytes:
        brought = []
        cursor = iter(new.chunks)
        for step in entry.steps:
            if step.kind == SKIP:
                continue
            part = [next(cursor) for _ in range(step.count)]
            if step.kind in (REPLACE, INSERT):
                brought += part
        for chunk in brought:
            self._new_places[chunk] = len(self.base) + self._written, new.chunks.index(chunk)
        self._written += 1
        self.fresh += [self.rows.chunks[chunk] for chunk in brought]
        self.likes += [entry.like] * len(brought)
        facts = _facts(new) if entry.facts else ()
        key = (new.key,) if entry.old is None else ()
        texts = record(*key, *facts, *(text for chunk in brought for text in self._texts(chunk)))
        steps = number(len(entry.steps)) + b"".join(map(_step, entry.steps))
        return steps + (self._deflated(texts, self._dictionary.of(entry, at)) if texts else b"")

    def _texts(self, chunk: int) -> tuple[str, str, str]:
        row = self.rows.chunks[chunk]
        return row.headings, row.anchor, row.text

    def _deflated(self, texts: bytes, known: bytes) -> bytes:
        self._dictionary.add(texts)
        own = _deflate(texts, known)
        shared = _TEXTS.write(tokens(own))
        best, coded = (shared, 1) if len(shared) < len(own) else (own, 0)
        return number(len(texts)) + number(len(best) << 1 | coded) + best

    def _like(self, new: DocumentRow, steps: Sequence[Step]) -> int | None:
        """Return the document of the base that a new one came from, by what it takes and what it is called."""
        taken: dict[int, int] = {}
        for step in steps:
            if step.kind == TAKE and step.document < len(self.base):
                taken[step.document] = taken.get(step.document, 0) + step.count
        if taken:
            return max(taken, key=lambda index: (taken[index], -index))
        texts = {self.rows.chunks[chunk].text for chunk in new.chunks}
        gone = (i for i, row in enumerate(self.base.documents) if row.key not in self._live)
        shared = {
            i: sum(self.base.chunks[c].text in texts for c in self.base.documents[i].chunks) for i in gone
        }
        best = max(shared, key=lambda index: (shared[index], -index), default=None)
        return best if best is not None and shared[best] else None

    # Lists of chunks --------------------------------------------------------------------------

    def _steps(self, old: Sequence[int], new: Sequence[int]) -> Iterator[Step]:
        """Yield how the new list is made of the old one."""
        told: set[int] = set()
        wanted = [chunk if self._has(chunk) else -1 - at for at, chunk in enumerate(new)]
        for kind, i, j, a, b in SequenceMatcher(None, old, wanted, autojunk=False).get_opcodes():
            if kind == "equal":
                yield Step(COPY, j - i)
            else:
                yield from _paired(j - i, list(self._brought(new[a:b], told)))

    def _brought(self, chunks: Sequence[int], told: set[int]) -> Iterator[Step]:
        """Yield INSERT for new chunks, TAKE for those that another list has, neighbours joined."""

        def origin(pair: tuple[int, int]) -> tuple[int, int] | None:
            at, chunk = pair
            found = self._places.get(chunk) if self._has(chunk) else self._new_places.get(chunk)
            if found is None and chunk not in told:
                told.add(chunk)
                return None
            document, position = found if found is not None else (-1, 0)
            return document, position - at

        for where, run in groupby(enumerate(chunks), origin):
            pairs = list(run)
            if where is None:
                yield Step(INSERT, len(pairs))
            else:
                yield Step(TAKE, len(pairs), where[0], where[1] + pairs[0][0])

    def _vectors(self) -> bytes:
        told = [self._told(row, like) for row, like in zip(self.fresh, self.likes, strict=True)]
        scales = [row.scale for row, one in zip(self.fresh, told, strict=True) if one.kind != SAME]
        lowest = min(scales, default=0)
        parts = [number(one.position << 3 | one.kind) for one in told]
        parts += [number(scale) for scale in ([lowest] if scales else []) + [s - lowest for s in scales]]
        for kind in sorted({one.kind for one in told} - {SAME}):
            data = b"".join(one.data for one in told if one.kind == kind)
            coded, book = self._coded(data) if kind == SENT else (_DIFFERENCES[kind - 1].literals(data), 0)
            parts += [number(len(coded) << 1 | book), coded]
        return b"".join(parts)

    def _told(self, row: ChunkRow, like: int | None) -> _Vector:
        """Return the cheapest way to tell a vector: alone, or by an older one of the document that it came from."""
        chunks = () if like is None else self.base.documents[like].chunks
        olds = [(old.vector, old.scale) for old in map(self.base.chunks.__getitem__, chunks)]
        if (row.vector, row.scale) in olds:
            return _Vector(SAME, olds.index((row.vector, row.scale)))
        if self.header.bits != 4 or not olds:
            return _Vector(SENT, data=row.vector)
        new = _codes(row.vector)
        differences = np.array([(new - _codes(vector)) % 16 for vector, _ in olds], np.uint8)
        packed = differences[:, 0] | differences[:, 1] << 4
        bits = np.array([book.lengths[packed].sum(axis=1) for book in _DIFFERENCES])
        book, position = np.unravel_index(bits.argmin(), bits.shape)
        if bits[book, position] >= _VECTORS.lengths[np.frombuffer(row.vector, np.uint8)].sum():
            return _Vector(SENT, data=row.vector)
        return _Vector(1 + int(book), int(position), packed[position].tobytes())

    def _coded(self, vectors: bytes) -> tuple[bytes, int]:
        deflated = min((_deflate(vectors), _deflate(vectors, strategy=zlib.Z_HUFFMAN_ONLY)), key=len)
        coded = _VECTORS.literals(vectors) if self.header.bits == 4 else deflated
        return (coded, 1) if len(coded) < len(deflated) else (deflated, 0)


def _codes(vector: bytes) -> NDArray[np.int16]:
    """Return the codes of 4 bits, [2, bytes]: those in the low halves, those in the high ones."""
    data = np.frombuffer(vector, np.uint8).astype(np.int16)
    return np.stack([data & 15, data >> 4])


def _paired(gone: int, steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps with what goes joined to what is inserted in its place."""
    for step in steps:
        joined = min(gone, step.count) if step.kind == INSERT else 0
        if joined:
            yield Step(REPLACE, joined)
            gone -= joined
        if joined < step.count:
            yield Step(step.kind, step.count - joined, step.document, step.position)
    if gone:
        yield Step(SKIP, gone)


def _facts(row: DocumentRow) -> tuple[str, str, str]:
    return row.title, row.url, row.metadata


def _step(step: Step) -> bytes:
    place = number(step.document) + number(step.position) if step.kind == TAKE else b""
    return number(step.count << 3 | step.kind) + place


def _indices(rising: Sequence[int]) -> bytes:
    return number(len(rising)) + b"".join(map(number, _gaps(rising)))


def _gaps(rising: Sequence[int]) -> list[int]:
    return [index - before - 1 for before, index in zip([-1, *rising], rising, strict=False)]


def _deflate(content: bytes, known: bytes = b"", strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    if known:
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy, known)
    else:
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy)
    return compressor.compress(content) + compressor.flush()


def number(value: int) -> bytes:
    """Return an unsigned LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
