"""The lines of a page: a walk finds them, and sections are made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from vademecum.format.markup import Runs

ENTRY = 7
"""The level of an entry of a definition list; an entry within another one has one more."""


class Kind(Enum):
    """What a line is."""

    TEXT = auto()
    CODE = auto()
    HEADER = auto()
    """The header row of a table."""
    TERM = auto()
    """A term of a definition list, which belongs to what follows."""
    HEADING = auto()
    END = auto()
    """The end of a definition list: what follows belongs to the heading before the list."""


@dataclass(slots=True)
class Line:
    """A line of text.

    Attributes:
        level: Of a heading, 1 to 6; of an entry of a definition list, from `ENTRY`; else 0.
        anchor: The id in the page where it begins; may be empty.
        block: Lines of one block (a paragraph, a list, a table) have the same number.
        container: The number of its element.
        place: A number for the tags and ids of all elements around it: the same on pages of one template.
        links: Characters in links within the page or to other pages of its site.
        targets: The number of such links.
        excluded: Whether it is a heading whose section is kept from search.
        joined: Whether it is an entry that shares its description with the previous one.
        runs: Its text with links and styles; none for a row of a table.
        cells: Of a row of a table.
        item: The depth and number of a list's item, on its first line.
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
    """The result of a walk.

    Attributes:
        lines: In reading order.
        parents: The container around each container; the first one is its own.
        linked: Characters in links of any kind.
    """

    lines: list[Line] = field(default_factory=list)
    parents: list[int] = field(default_factory=lambda: [0])
    linked: int = 0

    @property
    def has_text(self) -> bool:
        """Whether any line is text."""
        return any(line.kind is not Kind.END for line in self.lines)
