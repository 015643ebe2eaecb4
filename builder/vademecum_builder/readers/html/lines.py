"""The lines of a page: what a walk through it finds, and what its sections are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from vademecum.format.markup import Runs

ENTRY = 7
"""The level of an entry of a definition list; of one in it, one more."""


class Kind(Enum):
    """What a line is."""

    TEXT = auto()
    CODE = auto()
    HEADER = auto()
    """The header row of a table."""
    TERM = auto()
    """A term of a definition list, which goes with what follows."""
    HEADING = auto()
    END = auto()
    """The end of a definition list: what follows is again under the heading before it."""


@dataclass(slots=True)
class Line:
    """A line of text.

    Attributes:
        level: Of a heading, 1 to 6, or of an entry of a definition list, from `ENTRY`; else 0.
        anchor: An id in the page at which it begins; may be empty.
        block: Lines of one block (a paragraph, a list, a table) have the same number.
        container: Number of the element that it lies in.
        place: What elements it lies in, by their tags and ids, as a number: the same on pages of one template.
        links: Characters that are links within the page or to other pages of its site.
        targets: How many such links there are.
        excluded: A heading whose section is kept from search.
        joined: An entry that shares its description with the one before.
        runs: Its text with links and styles; of a row of a table none.
        cells: Of a row of a table.
        item: Of the first line of a list's item: its depth and number.
        language: Of code.
    """

    kind: Kind
    text: str
    anchor: str
    block: int
    container: int
    place: int
    level: int
    links: int
    targets: int
    excluded: bool = False
    joined: bool = False
    runs: Runs = ()
    cells: tuple[Runs, ...] = ()
    item: tuple[int, int | None] | None = None
    language: str = ""


@dataclass
class Flow:
    """What a walk found.

    Attributes:
        lines: In reading order.
        parents: Of each container the one that it lies in; the first is itself.
        linked: Characters that are links, to wherever.
    """

    lines: list[Line] = field(default_factory=list)
    parents: list[int] = field(default_factory=lambda: [0])
    linked: int = 0

    @property
    def has_text(self) -> bool:
        """Whether any line is text."""
        return any(line.kind is not Kind.END for line in self.lines)
