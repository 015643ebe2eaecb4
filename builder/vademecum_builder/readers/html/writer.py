"""Makes the lines of a page: collects pieces until a line ends, then writes it with its anchor and block."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from vademecum_builder.readers.html.anchors import Anchors
from vademecum_builder.readers.html.lines import ENTRY, Flow, Kind, Line
from vademecum_builder.readers.html.marks import BORDER, cells_of, runs_of
from vademecum_builder.readers.text import without_invisible

_NOTE = re.compile(r"\(\d+\)")
"""The heading of a note of Texinfo: `(12)`."""


class Place(NamedTuple):
    """The place of a line: see `container` and `place` of `Line`."""

    container: int = 0
    path: int = 0


@dataclass(slots=True)
class Heading:
    """The heading that is being read.

    Attributes:
        own: Its own id.
        spare: The text of permalinks in it, which is used if there is no other.
        links: Fragments of these permalinks.
    """

    level: int
    own: str
    excluded: bool
    joined: bool = False
    spare: str = ""
    links: list[str] = field(default_factory=list)


class LineWriter:
    """Makes lines from the pieces that a walk meets.

    Attributes:
        pieces: Texts of the current line, and marks between them.
        place: The place of the walk.
        links, targets: Of the current line; see `Line`.
        item: Of a list's item whose first line has not been written; see `Line`.
    """

    def __init__(self, flow: Flow, anchors: Anchors) -> None:
        self.pieces: list[str] = []
        self.place = Place()
        self.links = self.targets = 0
        self.item: tuple[int, int | None] | None = None
        self._flow = flow
        self._anchors = anchors
        self._anchor: str | None = None
        self._block = flow.lines[-1].block + 1 if flow.lines else 0

    def text(self, text: str) -> None:
        """Add a text, which may be the first one after an id."""
        self.pieces.append(text)
        if text and not text.isspace() and (self._anchor is None or self._anchors.waiting):
            anchor = self._anchors.text()
            self._anchor = anchor if self._anchor is None else self._anchor

    def next_cell(self) -> None:
        """Begin a cell. Empty cells do not count."""
        self.pieces.append(BORDER)
        before = next((piece for piece in reversed(self.pieces) if piece.strip()), " | ")
        if before != " | ":
            self.pieces.append(" | ")

    def next_code_line(self) -> None:
        """End a line within a block of code, unless one has just ended."""
        if not next((piece.endswith("\n") for piece in reversed(self.pieces) if piece), True):
            self.pieces.append("\n")

    def end_line(self, kind: Kind = Kind.TEXT) -> None:
        """Write the pieces as a line, if they have any text."""
        pieces, self.pieces = self.pieces, []
        line = self._text_line(kind, _plain("".join(pieces)).removesuffix(" |"), self.place)
        if line is not None:
            line.cells = cells_of(pieces)
            line.runs = () if line.cells else runs_of(pieces)
            if kind is Kind.TEXT:
                line.item, self.item = self.item, None
        self.links = self.targets = 0

    def end_block(self) -> None:
        """End the line, and its paragraph, list or table."""
        self.end_line()
        self._block += 1

    def end_entries(self, place: Place, level: int) -> None:
        """Write that a definition list has ended."""
        self.end_block()
        self._add(Kind.END, "", "", place, level)

    def code(self, text: str, place: Place, language: str) -> None:
        """Write a block of code."""
        line = self._text_line(Kind.CODE, _code(text), place)
        if line is not None:
            line.language = language
        self._block += 1

    def plain_code(self, text: str, language: str) -> None:
        """Write a block of code that is a single text."""
        self._anchor = self._anchors.text()
        self.code(text, self.place, language)

    def end_code(self, place: Place, language: str) -> None:
        """Write the pieces as a block of code."""
        self.code("".join(self.pieces), place, language)
        self.pieces = []

    def end_heading(self, heading: Heading, place: Place) -> None:
        """Write the pieces as a heading; as text if it is a term without an id, or the number of a note."""
        text = _plain("".join(self.pieces)) or _plain(heading.spare)
        self.pieces, self.links, self.targets = [], 0, 0
        if not text:
            return
        anchor = self._anchors.heading(heading.level, heading.own, heading.links)
        is_entry = heading.level >= ENTRY
        if _NOTE.fullmatch(text) or (is_entry and not (anchor and any(character.isalpha() for character in text))):
            self._add(Kind.TEXT, text, anchor, place)
            return
        line = self._add(Kind.HEADING, text, anchor, place, heading.level)
        line.excluded, line.joined = heading.excluded, heading.joined
        self._block += 1

    def _text_line(self, kind: Kind, text: str, place: Place) -> Line | None:
        if not text:
            return None
        line = self._add(kind, text, self._anchor or "", place)
        self._anchor = None
        return line

    def _add(self, kind: Kind, text: str, anchor: str, place: Place, level: int = 0) -> Line:
        line = Line(kind, text, anchor, self._block, *place, level, self.links, self.targets)
        self._flow.lines.append(line)
        return line


def _plain(text: str) -> str:
    return " ".join(without_invisible(text).split())


def _code(text: str) -> str:
    lines = without_invisible(text).replace("\xa0", " ").replace("\r\n", "\n").split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(line.rstrip() for line in lines).rstrip()
