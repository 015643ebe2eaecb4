"""What both sides of a pack know: its base, and the dictionary that texts are deflated against (format.md, 4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from vademecum.format.segment import ChunkRow, DocumentRow

PACK_FORMAT: Final = 1
SENT, DIFFERENCE, SAME = range(3)
"""What a pack has of a new chunk's vector: all of it, the difference to that of an older chunk, or which one it is."""
END: Final = b"\xff"
"""Ends a field of the texts: no UTF-8 has this byte."""
WINDOW: Final = 32_768
"""How far deflate looks back."""
COPY, REPLACE, INSERT, SKIP, TAKE = range(5)
"""What a step of a chunk list does."""


@dataclass(frozen=True)
class Header:
    """Which release a pack builds on, which it makes, and of what kind the vectors are."""

    after: int
    upto: int
    bits: int
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
    """Return fields as they stand among the texts of a pack.

    >>> record("Keys", "")
    b'Keys\\xff\\xff'
    """
    return b"".join(value.encode() + END for value in fields)


class Dictionary:
    """What texts are deflated against; it grows with the pack. The same for who writes and who reads.

    It is the last 32 KiB of: the texts of the pack so far; the document that is replaced. What is nearest to the end
    is the cheapest to refer to.
    """

    def __init__(self) -> None:
        self._past = b""

    def known(self, like: OldDocument | None, steps: Sequence[Step]) -> bytes:
        """Return what the texts of an entry are deflated against, whose chunks these steps make."""
        return (self._past + (b"" if like is None else _replaced(like, steps)))[-WINDOW:]

    def add(self, texts: bytes) -> None:
        """Take in the texts of an entry."""
        self._past = (self._past + texts)[-WINDOW:]


def _replaced(old: OldDocument, steps: Sequence[Step]) -> bytes:
    """Return a document, the chunks that its successor does without last."""
    gone = _dropped(steps, len(old.chunks))
    kept = [_chunk_record(chunk) for at, chunk in enumerate(old.chunks) if at not in gone]
    lost = [_chunk_record(chunk) for at, chunk in enumerate(old.chunks) if at in gone]
    return b"".join([*kept, _facts_record(old.row), *lost])


def _facts_record(row: DocumentRow) -> bytes:
    return record(row.key, row.title, row.url, row.metadata)


def _chunk_record(row: ChunkRow) -> bytes:
    return record(row.headings, row.anchor, row.text)


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
