"""Rows of CSV; the delimiter and the header line are detected."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TextIO

from vademecum.errors import ContentError, counted
from vademecum_builder.sources.records import NOT_UTF_8, Failed, Numbered, Record, too_large

_DELIMITER = re.compile(r"\ufeff?sep=([^\r\n])[\r\n]*")
_DELIMITERS = ",;\t|"
_NOTHING = "\x1f"
"""The delimiter of a single column: it does not occur in texts."""
_SHOWN = 60
_FIRST = 20
"""The names of columns are among the first lines."""
_ESCAPED = re.compile(r"(?:\\r)?\\n(?:(?<=[>.;!?,)]\\n)|(?<=\\n\\n)|(?=\s*[<*•]|\\n))")
"""A line break that shops write as two characters, at the end of a sentence or beside markup; not in `C:\\new`."""
_TOTAL = re.compile(
    r"(?:grand |sub-?)?total(?:e|en|s)?|sums?|(?:gesamt|zwischen)?summe|gesamt|insgesamt|suma|somme|totaal|totaux"
    r"|(?:grand |sub-?)?total(?:e)? ?:|summe ?:",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
DIGITS = re.compile(r"\s*-?[\d.,]*\d\s*%?\s*")
_FIELD = re.compile(r"[A-Za-z][\w-]*: \S[^;\t]*$|[ \t].*|\s*$")
"""A line of a control file (deb822), its continuation, or the end of a paragraph."""
_AS_TEXT = re.compile(r'="([^"]*)"')
"""As Goodreads and others keep a spreadsheet from taking an ISBN for a number."""
_TICKED = "checked"
"""As Airtable writes a box that is ticked; of one that is not it says nothing."""
_WITH_COMMA = re.compile(r"-?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?")
_MEASURED = re.compile(r"-\d+(?:[.,]\d+)?|\d+\.\d{2,}")
"""Measurements, which are not names of columns; a year or a decile may be one."""
_QUOTED = re.compile(r'"[^"]*"')
_MOST = 1 << 20
"""How many characters are searched for them."""


def csv_rows(text: TextIO, longest: int, warn: Callable[[str], None]) -> Numbered:
    """Yield the rows, each with the line on which it begins, and its cells by the names of their columns.

    Args:
        text: Seekable.
        longest: The most characters of a row.
        warn: Called with warnings about the whole file, such as rows that are not records.

    Raises:
        ContentError: It ends in the middle of a row.
    """
    csv.field_size_limit(longest)
    shape = _shape(text, longest, warn)
    text.seek(0)
    for _ in range(shape.above):
        text.readline(longest)
    lines = _Lines(text, longest)
    rows = csv.reader(lines, delimiter=shape.delimiter, strict=True)
    head = next(rows, [])
    if shape.second_head:
        next(rows)
    names = _named(head, shape.second_head, warn)
    left_out: Counter[str] = Counter()
    number = rows.line_num + shape.above + 1
    while True:
        try:
            row, wrong = next(rows, None), ""
        except csv.Error as error:
            row, wrong = [], str(error)
        if row is None:
            for what, count in left_out.items():
                warn(f"left out: {counted(count, what)}")
            return
        if "unexpected end" in wrong:
            raise ContentError("it ends within a quoted field: it was cut off, or is being written")
        if wrong or lines.too_long:
            yield number, too_large(longest) if lines.too_long else Failed(f"no row that can be read ({wrong})")
            lines.too_long = False
        elif len(row) < len(names) and any(row) and not lines.last.endswith(("\r", "\n")):
            raise ContentError("its last row ends in the middle: it was cut off, or is being written")
        elif row == head and len(row) > 1:  # in a single column it may be a word of a list
            left_out["rows with the names of its columns again"] += 1
        elif len(row) == len(names) and _is_total(row):
            left_out["rows with totals"] += 1
        elif any(cell.strip() for cell in row):
            yield number, _record(names, shape.normalised(row))
        number = rows.line_num + shape.above + 1


@dataclass(frozen=True)
class _Shape:
    """How a table is written.

    Attributes:
        above: The number of lines above the names of the columns.
        second_head: A second row of names; empty: there is none.
        forms: For each column, what normalises its cells.
    """

    above: int
    delimiter: str
    second_head: list[str]
    forms: Sequence[Callable[[str], str]]

    def normalised(self, row: Sequence[str]) -> list[str]:
        """Return the cells of a row, those without a column as they are."""
        return [self.forms[at](cell) if at < len(self.forms) else cell for at, cell in enumerate(row)]


def _shape(text: TextIO, longest: int, warn: Callable[[str], None]) -> _Shape:
    """Return how a table is written, by its first lines.

    Raises:
        ContentError: It is no table.
    """
    first = [text.readline(longest)]
    while len(first) < _FIRST and sum(map(len, first)) < _MOST:
        first.append(text.readline(longest))
    if len(first) > 2 and all(map(_FIELD.match, first)) and first[0][:1].isalpha():
        raise ContentError(f"no table: each line is a field ({first[0].strip()[:_SHOWN]}): make JSON of it")
    above, delimiter = _beginning(first, warn)
    columns = _columns(csv.reader(first[above:], delimiter=delimiter))
    if not all(columns):  # a box may be ticked for the first time far below
        below = islice((line for line in iter(lambda: text.readline(longest), "") if _TICKED in line), _FIRST)
        late = _columns(csv.reader(["", *below], delimiter=delimiter))
        columns = [early or late for early, late in zip_longest(columns, late, fillvalue=list[str]())]
    second_head = _second_head(csv.reader(first[above:], delimiter=delimiter))
    return _Shape(above, delimiter, second_head, _forms(columns, delimiter))


def _beginning(first: list[str], warn: Callable[[str], None]) -> tuple[int, str]:
    """Return the number of lines above the names of the columns, and the delimiter."""
    said = _DELIMITER.fullmatch(first[0])  # `sep=;`, which Excel understands
    declared = int(said is not None)
    delimiter, skipped = _head_of(first[declared:])
    if skipped:
        title = first[declared].strip(f" \r\n{_DELIMITERS}")
        warn(f"left out: {counted(skipped, 'lines')} above the names of its columns ({title[:_SHOWN]})")
    return declared + skipped, said[1] if said else delimiter


def _named(head: list[str], second: list[str], warn: Callable[[str], None]) -> list[str]:
    """Return the names of the columns, which are in one line, or in two."""
    if second:
        warn(f"two lines name its columns: {', '.join(filter(None, second[:3]))[:_SHOWN]} … is the second")
    elif found := next(filter(_MEASURED.fullmatch, map(str.strip, head)), ""):
        warn(
            f"its first line is taken for the names of its columns, and looks like a record ({found}): name them above"
        )
    return _names(_under(head, second) if second else head)


def _columns(rows: Iterator[list[str]]) -> list[list[str]]:
    """Return the cells with text of each column, below the names of the columns."""
    below: list[list[str]] = []
    with suppress(csv.Error):
        below.extend(islice(rows, 1, None))
    return [[cell.strip() for cell in column if cell.strip()] for column in zip_longest(*below, fillvalue="")]


def _forms(columns: Sequence[Sequence[str]], delimiter: str) -> list[Callable[[str], str]]:
    """Return for each column what normalises its cells, by the first rows: numbers with decimal commas (`3,50` beside
    `12`), unless a comma may separate thousands (before three digits, or if commas delimit cells), ticked boxes, and
    texts that are written as formulas (`="0012"`)."""
    return [
        _truth
        if {*cells} == {_TICKED}
        else _as_text
        if cells and all(map(_AS_TEXT.fullmatch, cells))
        else _with_point
        if delimiter != ","
        and all(map(_WITH_COMMA.fullmatch, cells))
        and any(len(cell.partition(",")[2]) not in (0, 3) for cell in cells)
        else str
        for cells in columns
    ]


def _with_point(cell: str) -> str:
    return cell.strip().replace(".", "").replace(",", ".") if _WITH_COMMA.fullmatch(cell.strip()) else cell


def _as_text(cell: str) -> str:
    found = _AS_TEXT.fullmatch(cell.strip())
    return found[1] if found else cell


def _truth(cell: str) -> str:
    return str(cell == _TICKED).lower() if cell in ("", _TICKED) else cell


def _is_total(row: Sequence[str]) -> bool:
    """Return whether a row is the total of those above: its first cell says so, most cells are empty, and the others
    are numbers, unlike those of a firm with such a name."""
    first, *sums = [*filter(None, map(str.strip, row))] or [""]
    is_summed = 2 * (1 + len(sums)) <= len(row) and bool(sums) and all(map(_DIGIT.search, sums))
    return len(row) > 2 and is_summed and _TOTAL.fullmatch(first) is not None


def _head_of(lines: Sequence[str]) -> tuple[str, int]:
    """Return the delimiter of a table, and how many lines are above the names of columns: a title or a date is the only
    cell that is filled of as many as all lines have, or the only cell above at least three."""
    bare = [line for line in (_QUOTED.sub("x", line.rstrip("\r\n")) for line in lines) if '"' not in line]
    cut = [at for at, line in enumerate(bare) if any(map(line.count, _DELIMITERS))]
    while len(cut) > 2 and _is_title(*(bare[at] for at in cut)):
        del cut[0]
    delimiter = _widest(bare[cut[0]] if cut else "")
    rows = [line.split(delimiter) for line in bare]
    filled = [sum(map(bool, map(str.strip, row))) for row in rows]
    head = next((at for at in range(cut[0] if cut else 0, len(rows)) if filled[at] > 1), 0)
    alike = all(len(row) == len(rows[head]) for row in rows[:head])
    below = len(rows) > head + 1 and len(rows[head + 1]) == len(rows[head])
    several = filled[head] > 2 or (alike and filled[head] == len(rows[head])) if rows else False
    counts = Counter(len(row) for row in rows[1:] if any(row))
    if rows and len(rows[0]) == 1 and 2 * max((counts[n] for n in counts if n > 1), default=1) <= counts.total():
        return _NOTHING, 0  # a single column of texts, some with commas
    return delimiter, head if head and filled[0] and below and several else 0


def _widest(line: str) -> str:
    """Return the delimiter that gives a line the most cells."""
    return max(_DELIMITERS, key=line.count)


def _is_title(line: str, head: str, *below: str) -> bool:
    """Return whether a line that contains a comma is a title: all lines below it have the same number of cells, at
    least twice as many, and the first of these has the names of columns, none of which is a number."""
    own, delimiter = _widest(line), _widest(head)
    cells = head.count(delimiter)
    alike = all(one.count(delimiter) == cells for one in below)
    numbers = any(map(DIGITS.fullmatch, head.split(delimiter)))
    return alike and not numbers and head.count(own) != line.count(own) and 2 * (1 + line.count(own)) <= 1 + cells


def _second_head(rows: Iterator[list[str]]) -> list[str]:
    """Return a second row of names, below names that several columns share as joined cells; empty: it is a record. It
    has words where later rows have numbers. If it has a cell below the first name, like a record, a column below joined
    cells must have only numbers."""
    try:
        top, second, *below = islice(rows, _FIRST)
    except (ValueError, csv.Error):
        return []
    blank = [at for at, name in enumerate(top) if not name.strip() and at]
    below = [row for row in below if len(row) == len(second)]
    if len(blank) < 2 or len(second) != len(top) or any(map(DIGITS.fullmatch, second)):
        return []
    named = [(_filled(top)[at], second[at].strip()) for at in blank]
    columns = [[cell for cell in column if cell.strip()] for column in zip(*below, strict=True)]
    if top[0].strip() and second[0].strip():
        joined = (columns[at] for one in blank for at in (one - 1, one) if columns)
        numbers = any(column and all(map(DIGITS.fullmatch, column)) for column in joined)
    else:
        numbers = any(any(map(DIGITS.fullmatch, column)) for column in columns)
    return second if numbers and all(label for _, label in named) and len({*named}) == len(named) else []


def _filled(row: Sequence[str]) -> list[str]:
    """Return a row with empty cells filled from the cell before them."""
    said = ""
    return [said := cell.strip() or said for cell in row]


def _under(top: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return the names of columns from two lines; one below several others (`Response`) is not used."""
    groups = Counter(_filled(top))
    alone = Counter(label for name, label in zip(_filled(top), second, strict=True) if groups[name] == 1)
    return [
        f"{name}: {label.strip()}" if name and label.strip() not in ("", name) and alone[label] < 2 else name or label
        for name, label in zip(_filled(top), second, strict=True)
    ]


def _names(row: list[str]) -> list[str]:
    """Return unique names of columns; those without a name get a number."""
    names: dict[str, None] = {}
    for number, name in enumerate(map(str.strip, row), 1):
        free = name or f"column {number}"
        count = 1
        while free in names:
            free = f"{name} {(count := count + 1)}"
        names[free] = None
    return list(names)


class _Lines:
    """The lines of a text; a line that is too long is cut, and never in memory as a whole.

    Attributes:
        last: The last line, or its last piece.
        too_long: Whether a line was too long since this was last set to False.
    """

    def __init__(self, text: TextIO, longest: int) -> None:
        self.last = ""
        self.too_long = False
        self._text = text
        self._longest = longest

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.last = line = self._text.readline(self._longest + 1)
        while len(self.last) > self._longest and not self.last.endswith("\n"):
            self.too_long = True
            self.last = self._text.readline(self._longest + 1)
        if not line:
            raise StopIteration
        return line


def _record(names: list[str], row: list[str]) -> Record:
    said = ",".join(row)
    if len(row) != len(names):
        return Failed(f"{counted(len(row), 'fields')} in a row of {counted(len(names), 'columns')}", said)
    if any("\udc80" <= character <= "\udcff" for cell in row if not cell.isascii() for character in cell):
        return Failed(NOT_UTF_8, said)
    cells = (_ESCAPED.sub("\n", cell) if "\\n" in cell and cell[0] not in "{[" else cell for cell in row)
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell}
