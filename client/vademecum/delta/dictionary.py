"""What both sides of a pack know: its base, and the dictionary that texts are deflated against (format.md, 4.4); and
which older release a release has a pack from, beside the last few: steps of powers (format.md, 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from vademecum.format.segment import ChunkRow, DocumentRow

PACK_FORMAT: Final = 1
END: Final = b"\xff"
"""Ends a field of the texts: no UTF-8 has this byte."""
WINDOW: Final = 32_768
"""How far deflate looks back."""
STEPS, FACTS, KEY = range(3)
"""What a pack gives of a document: its list of chunks alone, or title, URL and metadata too, or its key as well."""


@dataclass(frozen=True)
class Header:
    """Which release a pack builds on, which it makes, and how many dimensions the vectors have."""

    after: int
    upto: int
    dimensions: int


@dataclass(frozen=True)
class OldDocument:
    """A live document of the base, with its chunks in reading order."""

    row: DocumentRow
    chunks: tuple[ChunkRow, ...]


class PackBase(Protocol):
    """The release that a pack builds on: its live documents by rising key (bytes)."""

    def __len__(self) -> int:
        """Return how many documents are live."""
        ...

    async def documents(self, indices: Sequence[int]) -> list[OldDocument]:
        """Return live documents, by their places among all of them."""
        ...


@dataclass(frozen=True)
class Step:
    """Neighbours in a document's list of chunks.

    Attributes:
        document: Whose list has them, from `position` on: 0 is the document that this one is held against, 1 the
            first of the base, and behind those of the base stand this pack's own. None: they are new.
    """

    count: int
    document: int | None = None
    position: int = 0


@dataclass(frozen=True)
class Entry:
    """A document that the newer release has anew.

    Attributes:
        like: The base document whose texts its own are held against; unless `scope` is KEY, its older self.
        scope: What is given anew: STEPS, FACTS or KEY.
        steps: How its list of chunks is made.
    """

    like: int | None
    scope: int
    steps: tuple[Step, ...]

    @property
    def fields(self) -> int:
        """How many fields its texts have."""
        fresh = sum(step.count for step in self.steps if step.document is None)
        return (self.scope == KEY) + 3 * (self.scope >= FACTS) + 3 * fresh


def record(*fields: str) -> bytes:
    """Return fields as they stand among the texts of a pack.

    >>> record("Keys", "")
    b'Keys\\xff\\xff'
    """
    return b"".join(value.encode() + END for value in fields)


def window(past: bytes, like: OldDocument | None) -> bytes:
    """Return what texts are deflated against: the last 32 KiB of the pack's texts so far, and of the older document."""
    if like is None:
        return past[-WINDOW:]
    row = like.row
    chunks = (field for chunk in like.chunks for field in (chunk.headings, chunk.anchor, chunk.text))
    return (past + record(row.key, row.title, row.url, row.metadata, *chunks))[-WINDOW:]


@dataclass
class Spread:
    """How large the differences of a vector are, as far as they are told: what the next one is written by."""

    total: int = 10
    count: int = 4

    @property
    def low(self) -> int:
        """How many low bits of the next code are written as they are (a Rice code): as many as the mean has."""
        return (max(self.total - 1, 0) // self.count).bit_length()

    def add(self, difference: int) -> None:
        """Take in one; what was seen before counts less and less."""
        self.total, self.count = self.total + abs(difference), self.count + 1
        if self.count == _SEEN:
            self.total, self.count = self.total // 2, self.count // 2


_SEEN = 8


FANOUT = 4


def step_of(sequence: int) -> int:
    """Return the release that the step of this one leads to (format.md, section 3.1).

    >>> [step_of(sequence) for sequence in (1, 3, 4, 16)]
    [4, 4, 16, 64]
    """
    size = FANOUT
    while sequence % size == 0:
        size *= FANOUT
    return (sequence // size + 1) * size
