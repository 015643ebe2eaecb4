"""Sheets and tables of OpenDocument (ISO/IEC 26300): visible rows and columns, and the values of cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final
from xml.etree import ElementTree

from vademecum.errors import ContentError
from vademecum_builder.sources.formats.office_files import LARGEST, Sheet, opened_zip

_MANIFEST: Final = "META-INF/manifest.xml"
_LEFT_OUT: Final = frozenset(
    "annotation tracked-changes table-of-content alphabetical-index illustration-index table-index object-index "
    "user-index hidden-text hidden-paragraph forms note-citation title desc notes sequence-decls".split()
)
_MOST_COLUMNS: Final = 1000
_MOST_REPEATED: Final = 20_001
"""The most repetitions of a row."""
_DIGITS: Final = re.compile(r"\d(?:[\d.,'’\s]*\d)?")


def name_of(element: ElementTree.Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def said_of(element: ElementTree.Element, name: str) -> str:
    """Return the value of an attribute in any namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _hidden_styles(content: ElementTree.Element) -> Iterator[str]:
    for style in content.iter():
        if name_of(style) == "style" and any(
            said_of(part, "display") in ("none", "false") or said_of(part, "visibility") == "hidden" for part in style
        ):
            yield said_of(style, "name")


def is_shown(element: ElementTree.Element, hidden: frozenset[str]) -> bool:
    """Return whether an element is visible.

    Args:
        hidden: Styles that hide their content.
    """
    return (
        name_of(element) not in _LEFT_OUT
        and said_of(element, "style-name") not in hidden
        and said_of(element, "display") not in ("none", "condition")
    )


def content_of(data: bytes) -> tuple[str, ElementTree.Element, frozenset[str]]:
    """Return a document's title, its content, and the styles that hide their content.

    Raises:
        ContentError: It is encrypted or damaged, or too large with all repetitions in its tables.
    """
    with opened_zip(data, "OpenDocument file") as parts:
        names = parts.namelist()
        if _MANIFEST in names and b"encryption-data" in parts.read(_MANIFEST):
            raise ContentError("encrypted: save it without a password")
        content = ElementTree.fromstring(parts.read("content.xml"))
        meta = ElementTree.fromstring(parts.read("meta.xml")) if "meta.xml" in names else ()
        if _characters(content) > LARGEST:
            raise ContentError(f"larger than {LARGEST >> 20} MB with all that is repeated in its tables: split it")
        title = next((part.text or "" for one in meta for part in one.iter() if name_of(part) == "title"), "")
        return title, content, frozenset(_hidden_styles(content))


def sheets_of_opendocument(data: bytes) -> list[Sheet]:
    """Return the visible sheets, with dates in ISO 8601 and numbers with a point. Errors: see `content_of`."""
    _, content, hidden = content_of(data)
    return [
        Sheet(said_of(table, "name"), list(shown_rows(table, lambda cell: _value(cell, hidden))), [])
        for table in content.iter()
        if name_of(table) == "table" and is_shown(table, hidden)
    ]


def shown_rows(
    table: ElementTree.Element, said: Callable[[ElementTree.Element], str]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the visible rows of a table, each after its number, from 1.

    Args:
        said: Returns a cell as text.
    """
    parts = list(_parts(table))
    columns = [said_of(one, "visibility") in ("", "visible") for one in parts if name_of(one) == "table-column"
               for _ in range(_times(one, "columns", _MOST_COLUMNS))]  # fmt: skip
    number = 1
    held: dict[int, tuple[int, str]] = {}
    for row in parts:
        if name_of(row) != "table-row":
            continue
        cells: list[str] = []
        for cell in row:
            # The first of joined cells has the content: it is valid for each of their rows.
            if name_of(cell) == "covered-table-cell":
                for _ in range(_times(cell, "columns", _MOST_COLUMNS - len(cells))):
                    last, above = held.get(len(cells), (0, ""))
                    cells.append(above if number <= last else "")
            elif name_of(cell) == "table-cell":
                told = said(cell)
                if (joined := int(said_of(cell, "number-rows-spanned") or 1)) > 1:
                    held[len(cells)] = number + joined - 1, told
                cells += [told] * _times(cell, "columns", _MOST_COLUMNS - len(cells))
        shown = [cell for at, cell in enumerate(cells) if at >= len(columns) or columns[at]]
        while shown and not shown[-1]:
            shown.pop()
        if shown and said_of(row, "visibility") in ("", "visible"):
            yield from ((number + more, shown) for more in range(_times(row, "rows", _MOST_REPEATED)))
        number += int(said_of(row, "number-rows-repeated") or 1)


def _value(cell: ElementTree.Element, hidden: frozenset[str]) -> str:
    """Return the text of a cell as it is shown, but with days in ISO 8601, and numbers with only a point, in any
    language."""
    shown = "\n".join(_paragraphs(cell, hidden)).strip()
    kind, number = said_of(cell, "value-type"), said_of(cell, "value")
    if kind == "date":
        return said_of(cell, "date-value").removesuffix("T00:00:00") or shown
    if kind == "boolean":
        return said_of(cell, "boolean-value") or shown
    if kind in ("float", "percentage", "currency") and (digits := _DIGITS.search(shown)) and number:
        value = abs(float(number)) * (100 if kind == "percentage" else 1)
        plain = "".join(filter(str.isdecimal, digits[0]))
        for decimals in range(len(plain)):
            if (figure := f"{value:.{decimals}f}").replace(".", "") == plain:
                return f"{shown[: digits.start()]}{figure}{shown[digits.end() :]}"
    return shown


def _paragraphs(element: ElementTree.Element, hidden: frozenset[str]) -> Iterator[str]:
    for part in element:
        if is_shown(part, hidden) and name_of(part) in ("p", "h"):
            yield _plain(part, hidden)
        elif is_shown(part, hidden):
            yield from _paragraphs(part, hidden)


def _plain(element: ElementTree.Element, hidden: frozenset[str]) -> str:
    told = [{"s": " ", "tab": " ", "line-break": "\n"}.get(name_of(element), ""), element.text or ""]
    for part in element:
        told += [_plain(part, hidden) if is_shown(part, hidden) else "", part.tail or ""]
    return "".join(told)


def _parts(table: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield the columns and rows of a table, but not those of tables within its cells."""
    for part in table:
        if name_of(part) in ("table-row", "table-column"):
            yield part
        else:
            yield from _parts(part)


def _times(part: ElementTree.Element, what: str, most: int) -> int:
    return min(int(said_of(part, f"number-{what}-repeated") or 1), most)


def _characters(content: ElementTree.Element) -> int:
    """Return how many characters the cells of all tables have, with all repetitions."""
    return sum(
        _times(row, "rows", _MOST_REPEATED)
        * sum(_times(cell, "columns", _MOST_COLUMNS) * len("".join(cell.itertext())) for cell in row)
        for row in content.iter()
        if name_of(row) == "table-row"
    )
