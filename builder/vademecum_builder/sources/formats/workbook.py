"""Sheets of a workbook (ECMA-376): visible rows and columns, with the last values of formulas."""

from __future__ import annotations

import io
import re
from collections.abc import Container
from datetime import datetime, time
from pathlib import PurePosixPath
from typing import Any
from warnings import catch_warnings, simplefilter
from xml.etree import ElementTree
from zipfile import ZipFile

from vademecum.errors import counted
from vademecum_builder.sources.formats.office_files import Sheet, opened_zip

_ROW_OR_COLUMN = re.compile(rb"<(?:\w+:)?(row|col) ([^>]*)>")
_KINDS = {b"row": "rows", b"col": "columns"}
_NUMBER = re.compile(
    r'(?P<before>(?:"[^"]*"|\[[^\]]*\]|\\.|_.|\*.|[ $€£¥+(-])*)(?P<whole>[#,?0]*0)(?:\.(?P<decimals>0+)#*)?'
    r'(?P<after>(?:"[^"]*"|\[[^\]]*\]|\\.|_.|\*.|[ $€£¥%)-])*)'
)
"""The format of a number (ECMA-376, 18.8.31): digits, and the text before and after them."""
_LITERAL = re.compile(
    r'"(?P<text>[^"]*)"|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\\(?P<character>.)|(?P<none>\[[^\]]*\]|_.|\*.|[()+])'
)
_NO_VALUE = re.compile(rb"</(?:\w+:)?f>(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>")
_LINK = re.compile(rb"<(?:\w+:)?hyperlink ([^>]*)>")
_JOINED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+)(\d+):[A-Z]+(\d+)"')


def sheets_of_workbook(data: bytes, most: int) -> tuple[str, list[Sheet]]:
    """Return a workbook's title and its visible sheets.

    Args:
        most: The most rows of a sheet to read.

    Raises:
        ContentError: It is encrypted or damaged.
        ModuleNotFoundError: openpyxl is not installed.
    """
    import openpyxl

    sheets = []
    with opened_zip(data, "workbook") as parts, catch_warnings():
        simplefilter("ignore")  # about what it leaves out, such as pictures
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            part = parts.read(sheet._worksheet_path)
            hidden, joined, warnings = _hidden(part), _joined(part), list[str]()
            rows: list[tuple[int, list[str]]] = []
            held: list[str] = []
            sheet.reset_dimensions()  # programs that stream a sheet give its size as "A1" (18.3.1.35)
            for number, cells in enumerate(sheet.iter_rows(), 1):
                if number > most:
                    warnings.append(f"only {most} rows are read")
                    break
                told = [_cell(cell) for cell in cells]
                for at in joined.get(number, ()):
                    told += [""] * (at - len(told))
                    told[at - 1] = held[at - 1] if at <= len(held) else ""
                held = told
                told = [text for at, text in enumerate(held, 1) if at not in hidden["columns"]]
                if any(told) and number not in hidden["rows"]:
                    rows.append((number, told))
            out = [counted(len(found), f"hidden {kind}") for kind, found in hidden.items() if found]
            if out:
                warnings.append(f"left out: {' and '.join(out)}")
            if empty := len(_NO_VALUE.findall(part)):
                warnings.append(f"{counted(empty, 'formulas')} without a value: open it and save it once")
            wide = max((len(row) for _, row in rows), default=0)
            full = [(number, row + [""] * (wide - len(row))) for number, row in rows]
            sheets.append(Sheet(sheet.title, full, warnings, _links(parts, sheet._worksheet_path, hidden["columns"])))
        title = book.properties.title or ""
        book.close()
    return title, sheets


def _links(parts: ZipFile, path: str, hidden: Container[int]) -> dict[int, str]:
    """Return the target of the first link in each row (18.3.1.47), from the relationships of the sheet."""
    from openpyxl.utils.cell import coordinate_to_tuple

    of = PurePosixPath(path)
    place = f"{of.parent}/_rels/{of.name}.rels"
    told = parts.read(place) if place in parts.namelist() else b"<none/>"
    leads = {one.get("Id"): one.get("Target", "") for one in ElementTree.fromstring(told)}
    found: dict[int, str] = {}
    for link in _LINK.findall(parts.read(path)):
        said = dict(re.findall(r'(\w+)="([^"]*)"', link.decode("utf-8", "replace")))
        row, column = coordinate_to_tuple(said.get("ref", "A1").partition(":")[0])
        address = leads.get(said.get("id"), "")
        if column not in hidden and address.startswith("http"):
            found.setdefault(row, address)
    return found


def _hidden(sheet: bytes) -> dict[str, set[int]]:
    """Return the numbers of hidden rows and columns (ECMA-376, 18.3.1.13 and 18.3.1.73)."""
    found: dict[str, set[int]] = {"rows": set(), "columns": set()}
    for kind, told in _ROW_OR_COLUMN.findall(sheet):
        values = dict(re.findall(r'(\w+)="(\w*)"', told.decode("utf-8", "replace")))
        if values.get("hidden") in ("1", "true"):
            first = int(values.get("r") or values.get("min") or 0)
            found[_KINDS[kind]] |= set(range(first, int(values.get("max") or first) + 1))
    return found


def _joined(sheet: bytes) -> dict[int, set[int]]:
    """Return, by the number of a row, the columns in which it is joined with the row above (18.3.1.55): the value of
    the first cell is valid for all joined rows, but a title as wide as the table occurs once."""
    from openpyxl.utils import column_index_from_string

    found: dict[int, set[int]] = {}
    for column, first, last in _JOINED.findall(sheet):
        for number in range(int(first) + 1, int(last) + 1):
            found.setdefault(number, set()).add(column_index_from_string(column.decode()))
    return found


def _cell(cell: Any) -> str:
    """Return a cell as text: a date without a time as a date only; a number with the digits that are shown, for a price
    or a percentage, else 15; `#N/A` and other errors as nothing."""
    value, shown = None if cell.data_type == "e" else cell.value, cell.number_format or ""
    if isinstance(value, datetime) and value.time() == time() and not re.search("[hH]", shown):
        return value.date().isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if (form := _NUMBER.fullmatch(shown.partition(";")[0])) is None:
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    before, decimals, after = form["before"], len(form["decimals"] or ""), form["after"]
    number = value * 100 if "%" in after else value
    # The format may add leading zeros to a postcode or an article number.
    width = form["whole"].count("0") + (decimals + 1 if decimals else 0) + (number < 0)
    figure = f"{number:0{width}.{decimals}f}"
    return f"{_LITERAL.sub(_shown_beside, before)}{figure}{_LITERAL.sub(_shown_beside, after)}".strip()


def _shown_beside(part: re.Match[str]) -> str:
    """Return the text that a part of a format shows beside a number, such as a currency or a unit."""
    return part["text"] or part["currency"] or part["character"] or ("" if part["none"] else part[0])
