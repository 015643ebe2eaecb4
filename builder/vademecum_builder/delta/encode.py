"""Direct packs: what a client of one older release lacks, encoded against what it has (format.md, section 4.4)."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import groupby

import numpy as np

from vademecum.delta.dictionary import FACTS, KEY, PACK_FORMAT, STEPS, Entry, Header, Spread, Step, record, window
from vademecum.format.segment import ChunkRow, DocumentRow
from vademecum_builder.delta.old_rows import OldRelease, by_key
from vademecum_builder.index.rows import Rows


def number(value: int) -> bytes:
    """Return an unsigned LEB128: 7 bits per byte, lowest first, 0x80 set on all but the last.

    >>> number(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def raw_deflate(content: bytes, known: bytes = b"") -> bytes:
    """Return a raw deflate stream (RFC 1951).

    Args:
        known: The dictionary; at most 32 KiB.
    """
    # zlib refuses an empty dictionary.
    dictionary = (known,) if known else ()
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, *dictionary)
    return compressor.compress(content) + compressor.flush()


def encode_vectors(rows: Sequence[ChunkRow], olds: Sequence[Sequence[ChunkRow]]) -> bytes:
    """Return the last part of a pack: the vectors of its new chunks.

    Args:
        rows: The new chunks.
        olds: For each, the chunks of the document that its own document is compared with.
    """
    told = [_difference(row.vector, [old.vector for old in chunks]) for row, chunks in zip(rows, olds, strict=True)]
    bits = "".join(bits for _, bits in told)
    bits += "0" * (-len(bits) % 8)
    return b"".join(number(place) for place, _ in told) + int(bits or "0", 2).to_bytes(len(bits) // 8, "big")


def _difference(vector: bytes, olds: Sequence[bytes]) -> tuple[int, str]:
    """Return the number of the vector's base, and the bits of the difference: none if it equals an older vector."""
    if vector in olds:
        return 2 * olds.index(vector) + 2, ""
    new, *bases = np.array([memoryview(data).cast("b") for data in (vector, bytes(len(vector)), *olds)], np.int64)
    differences = new - bases
    place = int(np.log2(1 + np.abs(differences)).sum(axis=1).argmin())
    return max(2 * place - 1, 0), _rice(tuple(differences[place].tolist()))


@lru_cache(1 << 14)  # a build makes packs from several releases, mostly of the same rows
def _rice(differences: Sequence[int]) -> str:
    bits, spread = [], Spread()
    for difference in differences:
        code, low = 2 * abs(difference) - (difference < 0), spread.low
        spread.add(difference)
        bits.append(f"{'0' * (code >> low)}1" + (f"{code & (1 << low) - 1:0{low}b}" if low else ""))
    return "".join(bits)


def encode_pack(base: OldRelease, rows: Rows, header: Header) -> bytes:
    """Return the pack that leads from `base` to the release of these rows.

    The same input gives the same bytes, with one version of zlib.
    """
    return _Writer(base, rows, header).pack()


@dataclass
class _Writer:
    """Writes one pack, with the documents in reading order."""

    base: OldRelease
    rows: Rows
    header: Header
    fresh: list[ChunkRow] = field(default_factory=list)
    olds: list[Sequence[ChunkRow]] = field(default_factory=list)
    """For each new chunk, the chunks of the document that its own document is compared with."""
    new_places: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The first place of each chunk that the pack brings: see `_places`."""
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
                *map(number, (header.after, header.upto, header.dimensions)),
                *map(number, (len(removed), *removed, len(entries))),
                *map(_encode_entry, entries),
                *(self._texts(entry, row) for entry, row in zip(entries, new, strict=True)),
                encode_vectors(self.fresh, self.olds),
            ]
        )

    def _differs(self, index: int | None, new: DocumentRow) -> bool:
        if index is None:
            return True
        old = self.base.documents[index]
        return _facts(old) != _facts(new) or old.chunks != new.chunks or not all(map(self._has, new.chunks))

    def _has(self, chunk: int) -> bool:
        """Return whether a client of the base has exactly this row: one that was removed and came back may differ."""
        if chunk not in self._places:
            return False
        old, new = self.base.chunks[chunk], self.rows.chunks[chunk]
        return (old.scale, old.vector) == (new.scale, new.vector)

    @cached_property
    def _places(self) -> dict[int, tuple[int, int]]:
        """The first place of each chunk of the base: (document, as named by steps, place in its list)."""
        places: dict[int, tuple[int, int]] = {}
        for index, row in enumerate(self.base.documents):
            for at, chunk in enumerate(row.chunks):
                places.setdefault(chunk, (1 + index, at))
        return places

    def _entry(self, index: int | None, new: DocumentRow, removed: Sequence[int], nth: int) -> Entry:
        """Return the entry of a document that is at `index` in the base, and the nth of the pack."""
        like = self._like(new, removed) if index is None else index
        own = {} if like is None else {chunk: at for at, chunk in enumerate(self.base.documents[like].chunks)}

        def origin(at: int) -> tuple[int, int] | None:
            """Return the list that has a chunk, and the distance of its place from `at`; None: the chunk is new."""
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
        """Return the document of the base that a new one came from: one that it shares chunks with, else one that is
        gone."""
        shared = Counter(self._places[chunk][0] - 1 for chunk in new.chunks if self._has(chunk))
        if not shared:
            texts = {self.rows.chunks[chunk].text for chunk in new.chunks}
            for index in removed:
                chunks = self.base.documents[index].chunks
                shared[index] = sum(self.base.chunks[chunk].text in texts for chunk in chunks)
        best = max(shared, key=lambda index: (shared[index], -index), default=None)
        return best if best is not None and shared[best] else None

    def _texts(self, entry: Entry, new: DocumentRow) -> bytes:
        """Return the texts of a document, and add its new chunks."""
        like = None if entry.like is None else self.base.document(entry.like)
        brought = [self.rows.chunks[chunk] for chunk in _brought(entry, new)]
        self.fresh += brought
        self.olds += [() if like is None else like.chunks] * len(brought)
        key = (new.key,) if entry.scope == KEY else ()
        facts = _facts(new) if entry.scope >= FACTS else ()
        texts = record(*key, *facts, *(t for row in brought for t in (row.headings, row.anchor, row.text)))
        if not texts:
            return b""
        stream = raw_deflate(texts, window(self.past, like))
        self.past = window(self.past + texts, None)
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
    return number(3 * like + entry.scope) + number(len(entry.steps)) + b"".join(map(_encode_step, entry.steps))


def _encode_step(step: Step) -> bytes:
    if step.document is None:
        return number(2 * step.count)
    return number(2 * step.count + 1) + number(step.document) + number(step.position)
