"""What both sides of a pack know: its base, and the dictionary that texts are deflated against (format.md, 4.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from .places import unpacked
from .segment import DocumentRow, Segment
from .state import State

END: Final = b"\xff"
"""Ends a field of the texts: no UTF-8 has this byte."""
WINDOW: Final = 32_768
"""How far deflate looks back."""
COPY, REPLACE, INSERT, SKIP, TAKE = range(5)
"""What a step of a chunk list does."""


class Base(Protocol):
    """The release that a pack builds on: its live documents by rising key (bytes), and their chunks."""

    def __len__(self) -> int:
        """Return how many documents are live."""
        ...

    def document(self, index: int) -> DocumentRow:
        """Return a live document."""
        ...

    def texts(self, chunk: int) -> tuple[str, str, str]:
        """Return headings, anchor and text of a live chunk."""
        ...


class VectorBase(Base, Protocol):
    """A base that has the vectors too."""

    def vector(self, chunk: int) -> tuple[bytes, int]:
        """Return vector and scale of a live chunk."""
        ...


class LiveBase:
    """The live state of an installed generation, as the base of a pack."""

    def __init__(self, state: State[Segment]) -> None:
        self._state = state
        self._places = [unpacked(place) for place in state.documents.places]

    def __len__(self) -> int:
        return len(self._places)

    def document(self, index: int) -> DocumentRow:
        segment, row = self._places[index]
        return self._state.segments[segment].document(row)

    def texts(self, chunk: int) -> tuple[str, str, str]:
        index, row = self._state.chunks[chunk]
        segment = self._state.segments[index]
        return segment.headings[row], segment.anchors[row], segment.texts[row]

    def vector(self, chunk: int) -> tuple[bytes, int]:
        index, row = self._state.chunks[chunk]
        segment = self._state.segments[index]
        return bytes(segment.vector(row)), segment.scales[row]


@dataclass(frozen=True)
class Step:
    """A step of a document's chunk list. TAKE copies from `position` of another document's list."""

    kind: int
    count: int
    document: int = 0
    position: int = 0


@dataclass(frozen=True)
class Entry:
    """A document that the newer release has anew: changed if the base has it at `old`, else added.

    Attributes:
        like: The base document whose texts its own are held against; for a changed one, that one.
        facts: Whether its texts begin with title, URL and metadata.
        steps: How its list of chunks is made.
    """

    old: int | None
    like: int | None
    facts: bool
    steps: tuple[Step, ...]

    @property
    def fresh(self) -> int:
        """How many new chunks it brings."""
        return sum(step.count for step in self.steps if step.kind in (REPLACE, INSERT))

    @property
    def fields(self) -> int:
        """How many fields its texts have."""
        return (self.old is None) + 3 * self.facts + 3 * self.fresh


def record(*fields: str) -> bytes:
    """Return fields as they stand among the texts of a pack."""
    return b"".join(value.encode() + END for value in fields)


class Dictionary:
    """What texts are deflated against; it grows with the pack. The same for who writes and who reads."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._read = b""

    def of(self, entry: Entry, at: int) -> bytes:
        """Return the last bytes of: neighbours, texts of the pack so far, the document that is replaced.

        Args:
            at: Where the document stands, or would stand, in the base.
        """
        known = self._read + (b"" if entry.like is None else self._replaced(entry.like, entry.steps))
        near = []
        missing = WINDOW - len(known)
        for index in self._neighbours(at):
            if missing <= 0:
                break
            near.append(self._whole(index))
            missing -= len(near[-1])
        return b"".join([*reversed(near), known])[-WINDOW:]

    def add(self, texts: bytes) -> None:
        """Take in the texts of an entry."""
        self._read = (self._read + texts)[-WINDOW:]

    def _neighbours(self, at: int) -> Iterator[int]:
        """Yield the documents before and after in turn, the nearest first."""
        for distance in range(1, len(self._base) + 1):
            for index in (at - distance, at + distance):
                if 0 <= index < len(self._base):
                    yield index

    def _replaced(self, index: int, steps: Sequence[Step]) -> bytes:
        """Return a document, the chunks that its successor does without last."""
        old = self._base.document(index)
        gone = _dropped(steps, len(old.chunks))
        kept = [chunk for at, chunk in enumerate(old.chunks) if at not in gone]
        lost = [chunk for at, chunk in enumerate(old.chunks) if at in gone]
        facts = record(old.key, old.title, old.url, old.metadata)
        return b"".join([*map(self._chunk, kept), facts, *map(self._chunk, lost)])

    def _whole(self, index: int) -> bytes:
        document = self._base.document(index)
        facts = record(document.key, document.title, document.url, document.metadata)
        return b"".join([facts, *map(self._chunk, document.chunks)])

    def _chunk(self, chunk: int) -> bytes:
        return record(*self._base.texts(chunk))


def _dropped(steps: Sequence[Step], count: int) -> frozenset[int]:
    """Return which entries of the old list, of `count`, the steps pass over."""
    gone: list[int] = []
    at = 0
    for step in steps:
        if step.kind in (REPLACE, SKIP):
            gone += range(at, min(count, at + step.count))
        if step.kind in (COPY, REPLACE, SKIP):
            at += step.count
    return frozenset((*gone, *range(at, count)))
