"""Documents of LibreOffice and others (OpenDocument, ISO/IEC 26300): text, sheets as shown, and slides.

Hidden parts are not read: comments, deleted text, hidden text, sheets, rows, columns and slides, notes of speakers, and
tables of contents.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import islice
from typing import Final
from xml.etree import ElementTree

from vademecum_builder.readers.converted import read_converted
from vademecum_builder.readers.office import MOST_ROWS, sheet_section, slide_section, table_row, told_title
from vademecum_builder.readers.outline import Block, Reading, Section, block_text
from vademecum_builder.readers.text import clean_block, clean_line
from vademecum_builder.sources.formats.office_files import parser_errors
from vademecum_builder.sources.formats.opendocument import content_of, is_shown, name_of, said_of, shown_rows

_SPACES: Final = 100


def read_opendocument(data: bytes) -> Reading:
    """Read a text, a spreadsheet or a presentation; raise ContentError if it is encrypted, damaged, or has no text."""
    told, content, hidden = content_of(data)
    with parser_errors("OpenDocument file"):
        title = told_title(told)
        body = next(part for part in content if name_of(part) == "body")
        match name_of(body[0]):
            case "spreadsheet":
                return _sheets(body[0], title, hidden)
            case "presentation":
                sections = tuple(_slides(body[0], hidden))
                return Reading(title or (sections[0].headings[0] if sections else ""), sections)
        reading = read_converted(_inner(body[0], hidden), {})
        sections = tuple(Section(one.headings, "", one.blocks) for one in reading.sections)
        return Reading(reading.title or title, sections, {}, reading.warnings)


def _inner(element: ElementTree.Element, hidden: frozenset[str]) -> str:
    """Return the contents of an element as HTML."""
    parts = [escape(element.text or "")]
    for part in element:
        parts += [_html(part, hidden) if is_shown(part, hidden) else "", escape(part.tail or "")]
    return "".join(parts)


def _html(element: ElementTree.Element, hidden: frozenset[str]) -> str:
    match name_of(element):
        case "s":
            return " " * min(int(said_of(element, "c") or 1), _SPACES)
        case "tab":
            return " "
        case "line-break":
            return "<br>"
        case "a":
            return f'<a href="{escape(said_of(element, "href"))}">{_inner(element, hidden)}</a>'
        case "h":
            level = min(int(said_of(element, "outline-level") or 1), 6)
            return f"<h{level}>{_inner(element, hidden)}</h{level}>"
        case "p":
            tag = "h1" if said_of(element, "style-name") == "Title" else "p"
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
        if not is_shown(part, hidden):
            continue
        if name_of(part) in ("p", "h"):
            page = read_converted(f"<h1>-</h1><p>{_inner(part, hidden)}</p>", {})
            yield from (block_text(block) for section in page.sections for block in section.blocks)
        else:
            yield from _texts(part, hidden)


def _rows(table: ElementTree.Element, hidden: frozenset[str]) -> Iterator[list[str]]:
    return (row for _, row in shown_rows(table, lambda cell: " ".join(_texts(cell, hidden))))


def _sheets(book: ElementTree.Element, title: str, hidden: frozenset[str]) -> Reading:
    sections, warnings = [], []
    for table in book:
        if name_of(table) == "table" and is_shown(table, hidden):
            name = clean_line(said_of(table, "name"))
            rows = list(islice(_rows(table, hidden), MOST_ROWS + 1))
            if len(rows) > MOST_ROWS:
                warnings.append(f"{name}: only {MOST_ROWS} rows are read")
            section, told = sheet_section(name, rows[:MOST_ROWS])
            sections.append(section)
            warnings += told
    return Reading(title, tuple(sections), {}, tuple(warnings))


def _slides(show: ElementTree.Element, hidden: frozenset[str]) -> Iterator[Section]:
    pages = (page for page in show if name_of(page) == "page")
    for number, page in enumerate(pages, 1):
        if not is_shown(page, hidden):
            continue
        frames = [part for part in page if is_shown(part, hidden)]
        head = next((one for one in frames if said_of(one, "class") == "title"), None)
        heading = clean_line(" ".join(_texts(head, hidden))) if head is not None else ""
        blocks = tuple(block for one in frames if one is not head for block in _blocks_of(one, hidden))
        yield slide_section(number, heading, blocks)


def _blocks_of(frame: ElementTree.Element, hidden: frozenset[str]) -> Iterator[Block]:
    """Yield the paragraphs and tables in a frame of a slide."""
    tables = [part for part in frame if name_of(part) == "table" and is_shown(part, hidden)]
    for table in tables:
        yield from (table_row(row, header=not number) for number, row in enumerate(_rows(table, hidden)))
    if not tables:
        yield from filter(None, map(clean_block, _texts(frame, hidden)))
