"""Direct packs: what a client of one older release lacks, encoded against what it has (format.md, section 4.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from itertools import groupby

from vademecum.delta.dictionary import (
    COPY,
    INSERT,
    PACK_FORMAT,
    REPLACE,
    SKIP,
    TAKE,
    Dictionary,
    Entry,
    Header,
    OldDocument,
    Step,
    record,
)
from vademecum.format.segment import ChunkRow, DocumentRow
from vademecum_builder.delta.old_rows import OldRelease, by_key
from vademecum_builder.delta.vectors import encode_vectors
from vademecum_builder.delta.writing import number, raw_deflate
from vademecum_builder.index.rows import Rows


def encode_pack(base: OldRelease, rows: Rows, header: Header) -> bytes:
    """Return the pack that leads from `base` to the release of these rows.

    The same input gives the same bytes, with one version of zlib.
    """
    return PackWriter(base, rows, header).pack()


@dataclass
class PackWriter:
    """Writes one pack. Its parts can be replaced, so that a benchmark can say what each is worth."""

    base: OldRelease
    rows: Rows
    header: Header
    fresh: list[ChunkRow] = field(default_factory=list)
    olds: list[Sequence[ChunkRow]] = field(default_factory=list)
    """For each new chunk the chunks of the document that its own is held against."""

    def __post_init__(self) -> None:
        self._dictionary = Dictionary()
        self._written = 0  # documents so far
        self._new_places: dict[int, tuple[int, int]] = {}

    def pack(self) -> bytes:
        """Return the bytes of the pack, in the order of format.md, section 4.4."""
        header, old = self.header, self.base.documents
        known = {row.key for row in old}
        changed = [
            (index, self._live[row.key])
            for index, row in enumerate(old)
            if row.key in self._live and self._differs(row, self._live[row.key])
        ]
        added = sorted((row for key, row in self._live.items() if key not in known), key=by_key)
        entries = [self._changed(index, row) for index, row in changed] + [self._added(row) for row in added]
        gaps = _gaps([index for index, _ in changed])
        parts = [bytes([PACK_FORMAT])]
        parts += map(number, (header.after, header.upto, header.bits, header.dimensions))
        parts.append(_encode_indices([i for i, row in enumerate(old) if row.key not in self._live]))
        parts.append(number(len(changed)))
        parts += [number(gap) + _encode_entry(entry) for gap, entry in zip(gaps, entries, strict=False)]
        parts.append(number(len(added)))
        parts += map(_encode_entry, entries[len(changed) :])
        rows = [row for _, row in changed] + added
        parts += [self._texts(entry, row) for entry, row in zip(entries, rows, strict=True)]
        parts.append(encode_vectors(self.fresh, self.olds, header.bits))
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

    def _changed(self, index: int, new: DocumentRow) -> Entry:
        old = self.base.documents[index]
        return Entry(index, index, _facts(old) != _facts(new), self._steps(old.chunks, new.chunks))

    def _added(self, new: DocumentRow) -> Entry:
        steps = self._steps((), new.chunks)
        return Entry(None, self._like(new, steps), True, steps)

    def _texts(self, entry: Entry, new: DocumentRow) -> bytes:
        """Return the texts of a document; take in its new chunks."""
        like = None if entry.like is None else self.base.document(entry.like)
        brought = [self.rows.chunks[chunk] for chunk in _brought(entry, new)]
        self.fresh += brought
        self.olds += [() if like is None else like.chunks] * len(brought)
        key = (new.key,) if entry.old is None else ()
        facts = _facts(new) if entry.facts else ()
        texts = record(*key, *facts, *(t for row in brought for t in (row.headings, row.anchor, row.text)))
        if not texts:
            return b""
        stream = raw_deflate(texts, self._known(like, entry))
        self._dictionary.add(texts)
        return number(len(texts)) + number(len(stream)) + stream

    def _known(self, like: OldDocument | None, entry: Entry) -> bytes:
        return self._dictionary.known(like, entry.steps)

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

    def _steps(self, old: Sequence[int], new: Sequence[int]) -> tuple[Step, ...]:
        """Return how the new list is made of the old one."""
        wanted = [chunk if self._has(chunk) else -1 - at for at, chunk in enumerate(new)]
        steps: list[Step] = []
        for kind, i, j, a, b in SequenceMatcher(None, old, wanted, autojunk=False).get_opcodes():
            if kind == "equal":
                steps.append(Step(COPY, j - i))
            else:
                steps += _paired(j - i, list(self._others(new, a, b)))
        self._written += 1
        return tuple(steps)

    def _others(self, new: Sequence[int], start: int, stop: int) -> Iterator[Step]:
        """Yield INSERT for new chunks, TAKE for those that stand in a list already, neighbours joined."""
        for where, run in groupby(range(start, stop), lambda at: self._origin(new[at], at)):
            places = list(run)
            if where is None:
                yield Step(INSERT, len(places))
            else:
                yield Step(TAKE, len(places), where[0], where[1] + places[0])

    def _origin(self, chunk: int, at: int) -> tuple[int, int] | None:
        """Return the list that has a chunk, and how far before `at` its place is there; None: it is new."""
        here = len(self.base) + self._written, at
        found = self._places[chunk] if self._has(chunk) else self._new_places.setdefault(chunk, here)
        return None if found == here else (found[0], found[1] - at)


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


def _brought(entry: Entry, new: DocumentRow) -> Iterator[int]:
    """Yield the new chunks of a document."""
    at = 0
    for step in entry.steps:
        if step.kind in (REPLACE, INSERT):
            yield from new.chunks[at : at + step.count]
        if step.kind != SKIP:
            at += step.count


def _encode_entry(entry: Entry) -> bytes:
    like = 0 if entry.like is None else entry.like + 1
    head = number(like if entry.old is None else entry.facts)
    return head + number(len(entry.steps)) + b"".join(map(_encode_step, entry.steps))


def _facts(row: DocumentRow) -> tuple[str, str, str]:
    return row.title, row.url, row.metadata


def _encode_step(step: Step) -> bytes:
    place = number(step.document) + number(step.position) if step.kind == TAKE else b""
    return number(step.count << 3 | step.kind) + place


def _encode_indices(rising: Sequence[int]) -> bytes:
    return number(len(rising)) + b"".join(map(number, _gaps(rising)))


def _gaps(rising: Sequence[int]) -> list[int]:
    return [index - before - 1 for before, index in zip([-1, *rising], rising, strict=False)]
