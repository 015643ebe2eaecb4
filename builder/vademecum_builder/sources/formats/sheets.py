"""The sheets of a spreadsheet (.xlsx, .ods) as tables of records. Titles above the names of columns, totals and so on
are detected as in any other table (`csv_rows`)."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from itertools import dropwhile, islice, pairwise
from typing import Any, Final

from vademecum.errors import ContentError
from vademecum.origin import pip_install
from vademecum_builder.sources.formats.csv_rows import DIGITS, csv_rows
from vademecum_builder.sources.formats.office_files import LARGEST, Sheet, opened_zip
from vademecum_builder.sources.formats.opendocument import sheets_of_opendocument
from vademecum_builder.sources.formats.workbook import sheets_of_workbook
from vademecum_builder.sources.records import Failed, Numbered

SHEETS: Final = (".xlsx", ".ods")
_MOST: Final = 1 << 20
"""The most rows of a sheet."""
_LOOKED_AT: Final = 100
"""How many rows show whether it is a table."""
_FILLED: Final = 0.75
"""The share of a table's rows with a value in its fullest column."""
_BREAK: Final = "\u2028"
"""Replaces line breaks, so that a cell is one line."""


@lru_cache(maxsize=1)  # discovery reads a workbook several times, which takes seconds
def read_sheets(data: bytes) -> list[Sheet]:
    """Return the visible sheets.

    Raises:
        ContentError: The file is encrypted, damaged or too large, or its reader is not installed.
    """
    if len(data) > LARGEST:
        raise ContentError(f"larger than {LARGEST >> 20} MB: split it")
    with opened_zip(data, "spreadsheet") as parts:
        is_open = "content.xml" in parts.namelist()
    if not is_open and not find_spec("openpyxl"):
        raise ContentError(f"a workbook needs {pip_install('files')}")
    sheets = sheets_of_opendocument(data) if is_open else sheets_of_workbook(data, _MOST)[1]
    return [table for sheet in sheets for table in _apart(sheet)]


def _apart(sheet: Sheet) -> Iterator[Sheet]:
    """Yield the tables below each other in a sheet; the second one is named `Prices (2)`."""
    rows = sheet.rows
    gaps = (at for at in range(1, len(rows)) if rows[at][0] > rows[at - 1][0] + 1)
    heads = [at for at in gaps if _names_columns(rows[at : at + _LOOKED_AT])]
    # A title and a gap may be above the names of columns.
    starts = [at for before, at in pairwise([0, *heads]) if not all(map(_is_title, rows[before:at]))]
    parts = [Sheet("", rows[begin:end], []) for begin, end in pairwise([0, *starts, len(rows)])]
    several = starts and all(map(_is_table, parts))
    for number, part in enumerate(parts if several else [sheet], 1):
        name = sheet.name if number == 1 else f"{sheet.name} ({number})"
        yield replace(sheet, name=name, rows=part.rows, warnings=sheet.warnings if number == 1 else [])


def _is_title(row: tuple[int, list[str]]) -> bool:
    return sum(map(bool, map(str.strip, row[1]))) < 2


def _names_columns(rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Return whether a row, be it below a title, has words above columns of numbers, up to the next gap."""
    (first, head), *below = [*dropwhile(_is_title, rows)] or [(0, [""])]
    block = [row for at, (number, row) in enumerate(below, 1) if number == first + at]
    words = [at for at, cell in enumerate(head) if cell.strip() and not DIGITS.fullmatch(cell)]
    columns = [[row[at] for row in block if at < len(row) and row[at].strip()] for at in words]
    numbers = any(len(column) > 1 and all(map(DIGITS.fullmatch, column)) for column in columns)
    return len(words) == sum(map(bool, map(str.strip, head))) > 1 and numbers


def rows_of_sheet(sheet: Sheet, longest: int, warn: Callable[[str], None]) -> Numbered:
    """Yield the rows of a sheet, each after its number, by the names of its columns. Arguments: see `csv_rows`."""
    for told in sheet.warnings:
        warn(told)
    wide = max((len(row) for _, row in sheet.rows), default=0)
    full = [at for at in range(wide) if any(at < len(row) and row[at].strip() for _, row in sheet.rows)]
    lines = ("\t".join(_quoted(row[at] if at < len(row) else "") for at in full) for _, row in sheet.rows)
    text = io.StringIO("".join(f"{line}\n" for line in lines), newline="")
    for line, record in csv_rows(text, longest, warn):
        if not isinstance(record, Failed):
            record = {" ".join(name.split()): value.replace(_BREAK, "\n") for name, value in record.items()}
            if link := sheet.links.get(sheet.rows[line - 1][0]):
                record.setdefault("url", link)
        yield sheet.rows[line - 1][0], record


def are_tables(sheets: list[Sheet]) -> list[Sheet]:
    """Return the sheets that are tables: rows below the names of several columns, one of which is filled in almost
    every row. Letters, forms (with labels that end in a colon) and title pages are not tables."""
    return [*filter(_is_table, sheets)]


def _is_table(sheet: Sheet) -> bool:
    told: list[str] = []
    rows = islice(rows_of_sheet(Sheet(sheet.name, sheet.rows[:_LOOKED_AT], []), LARGEST, told.append), _LOOKED_AT)
    records: list[dict[str, Any]] = []
    with suppress(ContentError):
        records = [record for _, record in rows if not isinstance(record, Failed)]
    filled = Counter(name for record in records for name in record if not name.startswith("column "))
    labels = sum(row[0].rstrip().endswith(":") for _, row in sheet.rows[:_LOOKED_AT] if row)
    is_form = 2 * labels > len(sheet.rows[:_LOOKED_AT]) and next(iter(filled), "").endswith(":")
    return not is_form and len(records) > 1 and len(filled) > 1 and max(filled.values()) >= _FILLED * len(records)


def _quoted(cell: str) -> str:
    told = cell.strip().replace("\r\n", _BREAK).replace("\n", _BREAK).replace("\r", _BREAK)
    return '"{}"'.format(told.replace('"', '""')) if set(told) & {*'",;|\t'} else told
