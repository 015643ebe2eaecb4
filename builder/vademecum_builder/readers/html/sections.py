"""From lines to sections: headings and entries with the text below them, long lists and tables in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from vademecum.format.markup import Code, Item, Paragraph, Row, Run
from vademecum_builder.readers.html.lines import ENTRY, Kind, Line
from vademecum_builder.readers.outline import Block, Section, block_text, cleaned
from vademecum_builder.readers.text import clean_block, clean_line

PIECE = 600
"""Characters: a longer list or table is cut between its items or rows, and each piece of a table has its header."""
LONGEST_HEADER = 200
CONTINUE = 400
"""Characters of a section after which the next element with an id begins a new part of it."""


@dataclass
class _Part:
    headings: tuple[str, ...]
    anchor: str
    blocks: list[Block] = field(default_factory=list)
    size: int = 0
    entry: str = ""
    listed: bool = False


class Sections:
    """Puts lines under their headings.

    Args:
        listed: Whether a heading without text below it is a section.
    """

    def __init__(self, *, listed: bool = False) -> None:
        self._listed = listed
        self._path: list[tuple[int, str]] = []
        self._bases: dict[int, tuple[list[tuple[int, str]], str]] = {}
        self._parts = [_Part((), "")]
        self._silent_above = 0

    def add(self, lines: Iterable[Line]) -> None:
        """Add lines, in reading order."""
        for (kind, block), same in groupby(lines, key=lambda line: (_group(line.kind), line.block)):
            del block
            group = list(same)
            if kind is Kind.HEADING:
                for line in group:
                    self._heading(line)
            elif kind is Kind.END:
                for line in group:
                    self._end(line)
            elif not self._silent_above:
                self._blocks(group)

    def result(self, title: str) -> tuple[Section, ...]:
        """Return the sections that have text or are listed. `title` is removed from their headings if it is the
        outermost one. An entry without a description is its own text.
        """
        below = [(part, part.headings[part.headings[:1] == (title,) :]) for part in self._parts]
        return tuple(
            Section(headings, part.anchor, tuple(part.blocks or filter(None, [part.entry])))
            for part, headings in below
            if part.blocks or part.entry or (part.listed and headings)
        )

    def _heading(self, line: Line) -> None:
        if self._silent_above and line.level > self._silent_above:
            return
        self._silent_above = line.level if line.excluded else 0
        if line.excluded:
            return
        if line.joined and len(self._parts) > 1:
            self._parts[-1].blocks.append(clean_block(line.text))
            return
        text = clean_line(line.text)
        if line.level >= ENTRY and line.level not in self._bases:
            self._bases[line.level] = ([entry for entry in self._path if entry[0] < line.level], self._parts[-1].anchor)
        if line.level >= ENTRY:
            self._path = [*self._bases[line.level][0]]
        else:
            self._path = [entry for entry in self._path if entry[0] < line.level]
        self._path.append((line.level, text))
        self._open(line.anchor)
        self._parts[-1].entry = clean_block(line.text) if line.level >= ENTRY else ""
        self._parts[-1].listed = self._listed
        if text.endswith("…") and len(line.text) > len(text):
            # Too long for a heading: none of it is lost.
            self._parts[-1].blocks.append(clean_block(line.text))

    def _end(self, line: Line) -> None:
        for level in [level for level in self._bases if level >= line.level]:
            path, anchor = self._bases.pop(level)
            if level == line.level:
                self._path = path
                self._open(anchor)

    def _open(self, anchor: str) -> None:
        self._parts.append(_Part(tuple(heading for _, heading in self._path), anchor))

    def _blocks(self, lines: Sequence[Line]) -> None:
        for anchor, piece in _pieces(lines):
            blocks = list(_blocks_of(piece))
            if not blocks:
                continue
            part = self._parts[-1]
            if anchor and part.size >= CONTINUE and anchor != part.anchor:
                part = _Part(part.headings, anchor)
                self._parts.append(part)
            part.blocks += blocks
            part.size += sum(len(block_text(block)) for block in blocks)


def _group(kind: Kind) -> Kind:
    return kind if kind in (Kind.HEADING, Kind.END, Kind.CODE) else Kind.TEXT


def _blocks_of(lines: Sequence[Line]) -> Iterator[Block]:
    """Yield code, rows and items; the lines between them, such as a paragraph with line breaks, are one block."""
    open_lines: list[Run] = []
    item: tuple[int, int | None] | None = None
    for line in (*lines, None):
        begins = line is None or bool(line.cells) or line.item is not None or line.kind is Kind.CODE
        if begins and open_lines:
            block = cleaned(Item(tuple(open_lines), *item) if item else Paragraph(tuple(open_lines)))
            yield from [block] if block_text(block) else []
            open_lines = []
        if line is None:
            return
        item = line.item if begins else item
        if line.kind is Kind.CODE:
            yield cleaned(Code(line.text, line.language))
        elif line.cells:
            yield Row(line.cells, line.kind is Kind.HEADER)
        else:
            open_lines += [Run("\n")] if open_lines else []
            open_lines += line.runs or [Run(line.text)]


def _pieces(lines: Sequence[Line]) -> Iterator[tuple[str, Sequence[Line]]]:
    """Yield the anchor and the lines of each piece of a block."""
    header = lines[0] if lines[0].kind is Kind.HEADER and len(lines[0].text) <= LONGEST_HEADER else None
    piece: list[Line] = []
    size = 0
    anchor = lines[0].anchor
    for number, line in enumerate(lines):
        goes_with = lines[number + 1 : number + 2] if line.kind is Kind.TERM else []
        wanted = len(line.text) + sum(len(other.text) for other in goes_with)
        after_term = number > 0 and lines[number - 1].kind is Kind.TERM
        if size + wanted > PIECE and len(piece) > bool(header) and not after_term:
            yield anchor, piece
            piece, size, anchor = [header] if header else [], len(header.text) if header else 0, line.anchor
        piece.append(line)
        size += len(line.text) + 1
    yield anchor, piece
