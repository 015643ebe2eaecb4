"""Direct packs: what a client of one older release lacks, encoded against what it has (format.md, section 4.4)."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vademecum.delta.dictionary import FACTS, KEY, PACK_FORMAT, STEPS, Entry, Header, Step, known, record
from vademecum.format.segment import ChunkRow, DocumentRow
from vademecum_builder.delta.old_rows import OldRelease, by_key
from vademecum_builder.index.rows import Rows


def number(value: int) -> bytes:
    """Return an unsigned LEB128: 7 bits a byte, lowest first, 0x80 set on all but the last.

    >>> number(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def raw_deflate(content: bytes, known: bytes = b"", strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    """Return a raw deflate stream (RFC 1951).

    Args:
        known: What it may refer to; at most 32 KiB.
        strategy: One of zlib's.
    """
    # zlib takes no empty dictionary.
    dictionary = (known,) if known else ()
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy, *dictionary)
    return compressor.compress(content) + compressor.flush()


ALIKE: Final = 1 / 3
"""The share of codes in common with an older vector from which on the difference to that is sent: with fewer, it
takes as many bytes as the vector (site/content/decisions/packs.md)."""


def encode_vectors(rows: Sequence[ChunkRow], olds: Sequence[Sequence[ChunkRow]], bits: int) -> bytes:
    """Return the last part of a pack: the vectors and scales of its new chunks.

    Args:
        rows: The new chunks.
        olds: For each the chunks of the document that its own is held against.
        bits: Of a component.
    """
    codes = [_code(row, chunks if bits == 4 else ()) for row, chunks in zip(rows, olds, strict=True)]
    parts = [number(place) for place, _ in codes]
    parts += [row.scale.to_bytes(2, "little") for row in rows]
    for differences in (False, True):
        data = b"".join(data for place, data in codes if (place > 0) == differences)
        if data:
            # Nothing in them repeats but zeros: Huffman codes alone, and runs of one byte.
            stream = raw_deflate(data, strategy=zlib.Z_RLE)
            parts += [number(len(stream)), stream]
    return b"".join(parts)


def _code(row: ChunkRow, olds: Sequence[ChunkRow]) -> tuple[int, bytes]:
    """Return 0 and the vector, or 1 + the position of the older one that is most alike, and the difference to it."""
    if olds:
        new = _halves(row.vector)
        differences = np.array([(new - _halves(old.vector)) % 16 for old in olds], np.uint8)
        alike = (differences == 0).mean(axis=(1, 2))
        position = int(alike.argmax())
        if alike[position] >= ALIKE:
            low, high = differences[position]
            return 1 + position, (low | high << 4).tobytes()
    return 0, row.vector


def _halves(vector: bytes) -> NDArray[np.int16]:
    """Return the codes of 4 bits, [2, bytes]: those in the low halves, those in the high ones."""
    data = np.frombuffer(vector, np.uint8).astype(np.int16)
    return np.stack([data & 15, data >> 4])


def encode_pack(base: OldRelease, rows: Rows, header: Header) -> bytes:
    """Return the pack that leads from `base` to the release of these rows.

    The same input gives the same bytes, with one version of zlib.
    """
    return _Writer(base, rows, header).pack()


@dataclass
class _Writer:
    """Writes one pack, the documents in the order in which they are read."""

    base: OldRelease
    rows: Rows
    header: Header
    fresh: list[ChunkRow] = field(default_factory=list)
    olds: list[Sequence[ChunkRow]] = field(default_factory=list)
    """For each new chunk the chunks of the document that its own is held against."""
    new_places: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Where each chunk that the pack brings stands first: see `_places`."""
    past: bytes = b""

    def pack(self) -> bytes:
        """Return the bytes of the pack, in the order of format.md, section 4.4."""
        header, live = self.header, {row.key: row for row in self.rows.live}
        removed = [index for index, row in enumerate(self.base.documents) if row.key not in live]
        own = {row.key: index for index, row in enumerate(self.base.documents)}
        new = [row for row in sorted(live.values(), key=by_key) if self._differs(own.get(row.key), row)]
        entries = [self._entry(own.get(row.key), row, removed, at) for at, row in enumerate(new)]
        return b"".join(
            [
                bytes([PACK_FORMAT]),
                *map(number, (header.after, header.upto, header.bits, header.dimensions)),
                *map(number, (len(removed), *removed, len(entries))),
                *map(_encode_entry, entries),
                *(self._texts(entry, row) for entry, row in zip(entries, new, strict=True)),
                encode_vectors(self.fresh, self.olds, header.bits),
            ]
        )

    def _differs(self, index: int | None, new: DocumentRow) -> bool:
        if index is None:
            return True
        old = self.base.documents[index]
        return _facts(old) != _facts(new) or old.chunks != new.chunks or not all(map(self._has, new.chunks))

    def _has(self, chunk: int) -> bool:
        """Return whether a client of the base has this very row: one that left and came back may differ."""
        if chunk not in self._places:
            return False
        old, new = self.base.chunks[chunk], self.rows.chunks[chunk]
        return (old.scale, old.vector) == (new.scale, new.vector)

    @cached_property
    def _places(self) -> dict[int, tuple[int, int]]:
        """Where each chunk of the base stands first: (document, as steps name it, place in its list)."""
        places: dict[int, tuple[int, int]] = {}
        for index, row in enumerate(self.base.documents):
            for at, chunk in enumerate(row.chunks):
                places.setdefault(chunk, (1 + index, at))
        return places

    def _entry(self, index: int | None, new: DocumentRow, removed: Sequence[int], nth: int) -> Entry:
        """Return how a document is told that is at `index` in the base, and the nth of the pack."""
        like = self._like(new, removed) if index is None else index
        own = {} if like is None else {chunk: at for at, chunk in enumerate(self.base.documents[like].chunks)}

        def origin(at: int) -> tuple[int, int] | None:
            """Return the list that has a chunk, and how far behind `at` its place is there; None: it is new."""
            chunk, here = new.chunks[at], (1 + len(self.base) + nth, at)
            if not self._has(chunk):
                document, place = self.new_places.setdefault(chunk, here)
            else:
                document, place = (0, own[chunk]) if chunk in own else self._places[chunk]
            return None if (document, place) == here else (document, place - at)

        steps = []
        for found, run in groupby(range(len(new.chunks)), origin):
            at, *more = run
            where = () if found is None else (found[0], found[1] + at)
            steps.append(Step(1 + len(more), *where))
        changed = index is not None and _facts(self.base.documents[index]) != _facts(new)
        return Entry(like, KEY if index is None else FACTS if changed else STEPS, tuple(steps))

    def _like(self, new: DocumentRow, removed: Sequence[int]) -> int | None:
        """Return the document of the base that a new one came from, by what it takes, or else by what is gone."""
        shared = Counter(self._places[chunk][0] - 1 for chunk in new.chunks if self._has(chunk))
        if not shared:
            texts = {self.rows.chunks[chunk].text for chunk in new.chunks}
            for index in removed:
                chunks = self.base.documents[index].chunks
                shared[index] = sum(self.base.chunks[chunk].text in texts for chunk in chunks)
        best = max(shared, key=lambda index: (shared[index], -index), default=None)
        return best if best is not None and shared[best] else None

    def _texts(self, entry: Entry, new: DocumentRow) -> bytes:
        """Return the texts of a document; take in its new chunks."""
        like = None if entry.like is None else self.base.document(entry.like)
        brought = [self.rows.chunks[chunk] for chunk in _brought(entry, new)]
        self.fresh += brought
        self.olds += [() if like is None else like.chunks] * len(brought)
        key = (new.key,) if entry.told == KEY else ()
        facts = _facts(new) if entry.told >= FACTS else ()
        texts = record(*key, *facts, *(t for row in brought for t in (row.headings, row.anchor, row.text)))
        if not texts:
            return b""
        stream = raw_deflate(texts, known(self.past, like))
        self.past = known(self.past + texts, None)
        return number(len(texts)) + number(len(stream)) + stream


def _brought(entry: Entry, new: DocumentRow) -> Iterator[int]:
    """Yield the new chunks of a document."""
    at = 0
    for step in entry.steps:
        if step.document is None:
            yield from new.chunks[at : at + step.count]
        at += step.count


def _facts(row: DocumentRow) -> tuple[str, str, str]:
    return row.title, row.url, row.metadata


def _encode_entry(entry: Entry) -> bytes:
    like = 0 if entry.like is None else entry.like + 1
    return number(3 * like + entry.told) + number(len(entry.steps)) + b"".join(map(_encode_step, entry.steps))


def _encode_step(step: Step) -> bytes:
    if step.document is None:
        return number(2 * step.count)
    return number(2 * step.count + 1) + number(step.document) + number(step.position)
