"""Documents of LibreOffice and others (OpenDocument, ISO/IEC 26300): text, sheets as they are shown, and slides.

What is not shown is not read: comments, what was deleted, hidden text, sheets, rows, columns and slides, notes of a
speaker, tables of contents.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import islice
from typing import Final
from xml.etree import ElementTree
from zipfile import ZipFile

from vademecum.errors import ContentError
from vademecum_builder.readers.converted import read_converted
from vademecum_builder.readers.office import LARGEST, MOST_ROWS, opened_zip, sheet_section, told_title
from vademecum_builder.readers.outline import Block, Reading, Section, block_text
from vademecum_builder.readers.text import clean_block, clean_line

_MANIFEST: Final = "META-INF/manifest.xml"
_LEFT_OUT: Final = frozenset(
    "annotation tracked-changes table-of-content alphabetical-index illustration-index table-index object-index "
    "user-index hidden-text hidden-paragraph forms note-citation title desc notes sequence-decls".split()
)
_MOST_COLUMNS: Final = 1000
_SPACES: Final = 100


def read_opendocument(data: bytes) -> Reading:
    """Read a text, a spreadsheet or a presentation.

    Raises:
        ContentError: It is encrypted, damaged, or has no text.
    """
    with opened_zip(data, "OpenDocument file") as parts:
        if _MANIFEST in parts.namelist() and b"encryption-data" in parts.read(_MANIFEST):
            raise ContentError("encrypted: save it without a password")
        content = ElementTree.fromstring(parts.read("content.xml"))
        title = told_title(_title(parts))
        hidden = frozenset(_hidden_styles(content))
        body = next(part for part in content if _name(part) == "body")
        if _repeated(content) > LARGEST:
            raise ContentError(f"larger than {LARGEST >> 20} MB with all that is repeated in its tables: split it")
        match _name(body[0]):
            case "spreadsheet":
                return _sheets(body[0], title, hidden)
            case "presentation":
                sections = tuple(_slides(body[0], hidden))
                return Reading(title or (sections[0].headings[0] if sections else ""), sections)
        reading = read_converted(_inner(body[0], hidden), {})
        sections = tuple(Section(one.headings, "", one.blocks) for one in reading.sections)
        return Reading(reading.title or title, sections, {}, reading.warnings)


def _title(parts: ZipFile) -> str:
    meta = parts.read("meta.xml") if "meta.xml" in parts.namelist() else b"<none/>"
    return next((part.text or "" for part in ElementTree.fromstring(meta).iter() if _name(part) == "title"), "")


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _said(element: ElementTree.Element, name: str) -> str:
    """Return an attribute, whatever its namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _hidden_styles(content: ElementTree.Element) -> Iterator[str]:
    for style in content.iter():
        if _name(style) == "style" and any(
            _said(part, "display") in ("none", "false") or _said(part, "visibility") == "hidden" for part in style
        ):
            yield _said(style, "name")


def _is_shown(element: ElementTree.Element, hidden: frozenset[str]) -> bool:
    return (
        _name(element) not in _LEFT_OUT
        and _said(element, "style-name") not in hidden
        and _said(element, "display") not in ("none", "condition")
    )


def _inner(element: ElementTree.Element, hidden: frozenset[str]) -> str:
    """Return what is in an element as HTML."""
    told = [escape(element.text or "")]
    for part in element:
        told += [_html(part, hidden) if _is_shown(part, hidden) else "", escape(part.tail or "")]
    return "".join(told)


def _html(element: ElementTree.Element, hidden: frozenset[str]) -> str:
    match _name(element):
        case "s":
            return " " * min(int(_said(element, "c") or 1), _SPACES)
        case "tab":
            return " "
        case "line-break":
            return "<br>"
        case "a":
            return f'<a href="{escape(_said(element, "href"))}">{_inner(element, hidden)}</a>'
        case "h":
            level = min(int(_said(element, "outline-level") or 1), 6)
            return f"<h{level}>{_inner(element, hidden)}</h{level}>"
        case "p":
            tag = "h1" if _said(element, "style-name") == "Title" else "p"
            return f"<{tag}>{_inner(element, hidden)}</{tag}>"
        case "note":
            return escape(f" ({' '.join(_texts(element, hidden))})")
        case "list":
            return f"<ul>{_inner(element, hidden)}</ul>"
        case "list-item" | "list-header":
            return f"<li>{_inner(element, hidden)}</li>"
        case "table":
            rows = enumerate(_rows(element, hidden))
            cells = (
                "".join(f"<t{'d' if at else 'h'}>{escape(one)}</t{'d' if at else 'h'}>" for one in row)
                for at, row in rows
            )
            return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    return _inner(element, hidden)


def _texts(element: ElementTree.Element, hidden: frozenset[str]) -> Iterator[str]:
    """Yield the paragraphs in an element as texts."""
    for part in element:
        if not _is_shown(part, hidden):
            continue
        if _name(part) in ("p", "h"):
            page = read_converted(f"<h1>-</h1><p>{_inner(part, hidden)}</p>", {})
            yield from (block_text(block) for section in page.sections for block in section.blocks)
        else:
            yield from _texts(part, hidden)


def _rows(table: ElementTree.Element, hidden: frozenset[str]) -> Iterator[list[str]]:
    """Yield the rows of a table that are shown, as texts."""
    parts = list(_parts(table))
    columns = [_said(one, "visibility") in ("", "visible") for one in parts if _name(one) == "table-column"
               for _ in range(_times(one, "columns", _MOST_COLUMNS))]  # fmt: skip
    for row in parts:
        if _name(row) != "table-row" or _said(row, "visibility") not in ("", "visible"):
            continue
        cells: list[str] = []
        for cell in row:
            if _name(cell) in ("table-cell", "covered-table-cell"):
                told = "" if _name(cell).startswith("covered") else " ".join(_texts(cell, hidden))
                cells += [told] * _times(cell, "columns", _MOST_COLUMNS - len(cells))
        shown = [cell for at, cell in enumerate(cells) if at >= len(columns) or columns[at]]
        while shown and not shown[-1]:
            shown.pop()
        if shown:
            yield from [shown] * _times(row, "rows", MOST_ROWS + 1)


def _parts(table: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield the columns and rows of a table, not those of a table in one of its cells."""
    for part in table:
        if _name(part) in ("table-row", "table-column"):
            yield part
        else:
            yield from _parts(part)


def _times(part: ElementTree.Element, what: str, most: int) -> int:
    return min(int(_said(part, f"number-{what}-repeated") or 1), most)


def _repeated(content: ElementTree.Element) -> int:
    """Return how many characters the cells of all tables have, as often as they are repeated."""
    return sum(
        _times(row, "rows", MOST_ROWS)
        * sum(_times(cell, "columns", _MOST_COLUMNS) * len("".join(cell.itertext())) for cell in row)
        for row in content.iter()
        if _name(row) == "table-row"
    )


def _sheets(book: ElementTree.Element, title: str, hidden: frozenset[str]) -> Reading:
    sections, warnings = [], []
    for table in book:
        if _name(table) == "table" and _is_shown(table, hidden):
            name = clean_line(_said(table, "name"))
            rows = list(islice(_rows(table, hidden), MOST_ROWS + 1))
            if len(rows) > MOST_ROWS:
                warnings.append(f"{name}: only {MOST_ROWS} rows are read")
            section, told = sheet_section(name, rows[:MOST_ROWS])
            sections.append(section)
            warnings += told
    return Reading(title, tuple(sections), {}, tuple(warnings))


def _slides(show: ElementTree.Element, hidden: frozenset[str]) -> Iterator[Section]:
    pages = (page for page in show if _name(page) == "page")
    for number, page in enumerate(pages, 1):
        if not _is_shown(page, hidden):
            continue
        frames = [part for part in page if _is_shown(part, hidden)]
        head = next((one for one in frames if _said(one, "class") == "title"), None)
        heading = clean_line(" ".join(_texts(head, hidden))) if head is not None else ""
        texts = (text for one in frames if one is not head for text in _texts(one, hidden))
        blocks: tuple[Block, ...] = tuple(filter(None, map(clean_block, texts)))
        yield Section((heading or f"{number}",), f"slide={number}", blocks)
