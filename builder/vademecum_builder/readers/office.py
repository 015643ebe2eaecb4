"""Documents of office programs (ECMA-376): text, slides and tables, read from the bytes of their zip files."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time
from itertools import zip_longest
from typing import Any

from vademecum.errors import ContentError
from vademecum.format.markup import Row, Run
from vademecum_builder.readers.converted import parser_errors, read_converted
from vademecum_builder.readers.outline import Block, Reading, Section, cleaned
from vademecum_builder.readers.text import clean_block, clean_line, unify_line_breaks
from vademecum_builder.sources.private_fields import is_named_private, many_reach, reaches

LARGEST = 256 * 1024 * 1024
"""Bytes that the parts of a file may have unpacked."""
MOST_ROWS = 20_000
"""Of a sheet that are read."""
_TEXTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_HIDDEN_RUN = re.compile(rb"<w:r(?: [^>]*)?>.*?</w:r>", re.DOTALL)
_VANISH = re.compile(rb'<w:vanish(?: w:val="(?:1|true|on)")?\s*/>')
_ROW_OR_COLUMN = re.compile(rb"<(?:\w+:)?(row|col) ([^>]*)>")
_NUMBER = re.compile(
    r'(?P<before>(?:"[^"]*"|\[[^\]]*\]|\\.|_.|\*.|[ $€£¥+(-])*)(?P<whole>[#,?0]*0)(?:\.(?P<decimals>0+)#*)?'
    r'(?P<after>(?:"[^"]*"|\[[^\]]*\]|\\.|_.|\*.|[ $€£¥%)-])*)'
)
"""The format of a number (ECMA-376, 18.8.31): digits between what is shown beside them."""
_LITERAL = re.compile(
    r'"(?P<text>[^"]*)"|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\\(?P<character>.)|(?P<none>\[[^\]]*\]|_.|\*.|[()+])'
)
_NO_VALUE = re.compile(rb"</(?:\w+:)?f>(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>")
_ASIDE = re.compile(r"<(/?)aside\b", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"(?:untitled|\(?anonymous\)?|unspecified|(?:powerpoint[ -])?presentation|document|book|workbook|title)\W*\d*|"
    r"microsoft \w+ - .*|.*\.(?:docx?|pptx?|xlsx?|pdf|indd|qxd|tex|dvi|odt|rtf)",
    re.IGNORECASE,
)
_OLE = b"\xd0\xcf\x11\xe0"  # [MS-CFB], 2.2: an encrypted file, and one of before 2007


def told_title(title: str | None) -> str:
    """Return the title that a document's properties tell; empty: none, or what a program filled in."""
    found = clean_line(title or "")
    return "" if _NO_TITLE.fullmatch(found) else found


@contextmanager
def opened_zip(data: bytes, what: str) -> Iterator[zipfile.ZipFile]:
    """Open a file that is a zip.

    Raises:
        ContentError: It is encrypted, damaged, or too large when it is unpacked; whatever a parser raises within.
    """
    if data.startswith(_OLE):
        raise ContentError("encrypted, or of before 2007: save it without a password, as a new document")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError):
        raise ContentError(f"damaged: no {what} that can be opened") from None
    with archive, parser_errors(what):
        if sum(part.file_size for part in archive.infolist()) > LARGEST:
            raise ContentError(f"larger than {LARGEST >> 20} MB when it is unpacked: split it")
        yield archive


def read_docx(data: bytes) -> Reading:
    """Read a document of Word.

    Raises:
        ContentError: It is encrypted, damaged, or has no text.
    """
    import mammoth

    with opened_zip(data, "Word document") as parts:
        page = mammoth.convert_to_html(
            io.BytesIO(_without_hidden_text(data, parts)),
            style_map="p[style-name='Title'] => h1:fresh",
            convert_image=mammoth.images.img_element(lambda _: {"src": ""}),
        ).value
    reading = read_converted(page, {})
    return Reading(reading.title, tuple(_without_anchors(reading)), {}, reading.warnings)


def _without_hidden_text(data: bytes, parts: zipfile.ZipFile) -> bytes:
    """Return a document without the runs that Word neither shows nor prints (17.3.2.41, `vanish`)."""
    if not any(b"<w:vanish" in parts.read(name) for name in _TEXTS if name in parts.namelist()):
        return data
    shown = io.BytesIO()
    with zipfile.ZipFile(shown, "w") as copy:
        for name in parts.namelist():
            part = parts.read(name)
            copy.writestr(name, _HIDDEN_RUN.sub(_shown_run, part) if name in _TEXTS else part)
    return shown.getvalue()


def _shown_run(run: re.Match[bytes]) -> bytes:
    return b"" if _VANISH.search(run[0]) else run[0]


def read_pptx(data: bytes) -> Reading:
    """Read slides, each under its title; what its speaker wrote for himself is not read.

    Raises:
        ContentError: It is encrypted, damaged, or has no text.
    """
    import pptx

    sections = []
    with opened_zip(data, "presentation"):
        slides = pptx.Presentation(io.BytesIO(data))
        title = told_title(slides.core_properties.title)
        for number, slide in enumerate(slides.slides, 1):
            if slide.element.get("show") == "0":
                continue
            head = slide.shapes.title
            heading = clean_line(head.text_frame.text if head is not None else "") or f"{number}"
            others = [shape for shape in slide.shapes if head is None or shape.shape_id != head.shape_id]
            sections.append(Section((heading,), f"slide={number}", tuple(_shapes(others))))
    first = sections[0].headings[0] if sections else ""
    return Reading(title or first, tuple(sections))


def _shapes(shapes: list[Any]) -> Iterator[Block]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(list(shape.shapes))
        elif getattr(shape, "has_table", False):
            for number, row in enumerate(shape.table.rows):
                yield table_row([cell.text for cell in row.cells], header=not number)
        elif shape.has_text_frame:
            for paragraph in shape.text_frame.paragraphs:
                if text := clean_block(unify_line_breaks(paragraph.text)):
                    yield text


def read_xlsx(data: bytes) -> Reading:
    """Read the rows and columns that are shown, each sheet under its name; of a formula its last value.

    Raises:
        ContentError: It is encrypted, damaged, or has no text.
    """
    import openpyxl

    sections, warnings = [], []
    with opened_zip(data, "workbook") as parts:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        title = told_title(book.properties.title)
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            name, part = clean_line(sheet.title), parts.read(sheet._worksheet_path)
            hidden = _hidden(part)
            cells_of: list[list[str]] = []
            for number, cells in enumerate(sheet.iter_rows()):
                if number == MOST_ROWS:
                    warnings.append(f"{name}: only {MOST_ROWS} rows are read")
                    break
                told = [_cell(cell) for at, cell in enumerate(cells, 1) if at not in hidden["col"]]
                if any(told) and number + 1 not in hidden["row"]:
                    cells_of.append(told)
            section, told_of = sheet_section(name, cells_of)
            warnings += told_of
            if out := len(hidden["row"]) + len(hidden["col"]):
                warnings.append(f"{name}: {out} hidden rows and columns are left out")
            if empty := len(_NO_VALUE.findall(part)):
                warnings.append(f"{name}: {empty} formulas have no value: open it and save it once")
            sections.append(section)
        book.close()
    return Reading(title, tuple(sections), {}, tuple(warnings))


def sheet_section(name: str, rows: Sequence[Sequence[str]]) -> tuple[Section, list[str]]:
    """Return the rows of a sheet as a section, and a warning where a column may be nobody's business."""
    warnings = []
    if seen := _personal(rows):
        told_of = f"{len(seen)} columns that may be nobody's business are published ({', '.join(seen)})"
        warnings.append(f"{name}: {told_of}: hide them there, or leave the file out by --pattern")
    return Section((name,), "", tuple(_blocks(rows))), warnings


def _blocks(rows: Sequence[Sequence[str]]) -> Iterator[Block]:
    """Yield the rows of a sheet; lines above the first one with several cells are no heads of columns."""
    head = next((at for at, row in enumerate(rows) if sum(map(bool, row)) > 1), 0)
    yield from (" ".join(filter(None, row)) for row in rows[:head])
    for at, row in enumerate(rows[head:]):
        yield table_row(row, header=not at)


def _personal(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the heads of columns whose name or values say that they are of persons, or secret."""
    found = []
    for head, *values in zip_longest(*rows, fillvalue="") if len(rows) > 1 else ():
        told = [value for value in values if value]
        if told and (is_named_private(head) or many_reach(sum(map(reaches, told)), len(told))):
            found.append(clean_line(head) or "?")
    return found


def _hidden(sheet: bytes) -> dict[str, set[int]]:
    """Return the numbers of rows and columns that are not shown (ECMA-376, 18.3.1.13 and 18.3.1.73)."""
    found: dict[str, set[int]] = {"row": set(), "col": set()}
    for kind, told in _ROW_OR_COLUMN.findall(sheet):
        values = dict(re.findall(r'(\w+)="(\w*)"', told.decode("utf-8", "replace")))
        if values.get("hidden") in ("1", "true"):
            first = int(values.get("r") or values.get("min") or 0)
            found[kind.decode()] |= set(range(first, int(values.get("max") or first) + 1))
    return found


def _cell(cell: Any) -> str:
    """Return a cell as text: a date without a time has none, a number the digits that are shown, as of a price or a
    percentage, else 15 of them."""
    value, shown = cell.value, cell.number_format or ""
    if isinstance(value, datetime) and value.time() == time() and not re.search("[hH]", shown):
        return value.date().isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if (form := _NUMBER.fullmatch(shown.partition(";")[0])) is None:
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    before, decimals, after = form["before"], len(form["decimals"] or ""), form["after"]
    number = value * 100 if "%" in after else value
    # A postcode and an article's number begin with the zeros that the format asks for.
    width = form["whole"].count("0") + (decimals + 1 if decimals else 0) + (number < 0)
    figure = f"{number:0{width}.{decimals}f}"
    return f"{_LITERAL.sub(_said, before)}{figure}{_LITERAL.sub(_said, after)}".strip()


def _said(part: re.Match[str]) -> str:
    """Return what a part of a format shows beside a number: a currency, a unit."""
    return part["text"] or part["currency"] or part["character"] or ("" if part["none"] else part[0])


def read_epub(data: bytes) -> Reading:
    """Read the chapters of a book in their order (EPUB 3.3, 5.6 and 5.7).

    Raises:
        ContentError: It is encrypted, damaged, or has no text.
    """
    import posixpath
    from urllib.parse import unquote
    from xml.etree import ElementTree

    from vademecum_builder.readers.html.page import read_html
    from vademecum_builder.sources.charset import decode

    sections: list[Section] = []
    with opened_zip(data, "EPUB") as book:
        if b"enc#aes" in (book.read(_LOCKED) if _LOCKED in book.namelist() else b""):
            raise ContentError("encrypted: its publisher has locked it")
        container = ElementTree.fromstring(book.read("META-INF/container.xml"))
        top = next(part.attrib["full-path"] for part in container.iter() if part.tag.endswith("rootfile"))
        package = ElementTree.fromstring(book.read(top))
        files = {part.attrib["id"]: part.attrib["href"] for part in package.iter() if part.tag.endswith("}item")}
        named = (part.text for part in package.iter("{http://purl.org/dc/elements/1.1/}title"))
        title = clean_line(next(named, "") or "")
        for part in package.iter():
            if part.tag.endswith("}itemref"):
                file = posixpath.normpath(posixpath.join(posixpath.dirname(top), unquote(files[part.attrib["idref"]])))
                # A book has nothing beside its text: an aside is a note of it.
                chapter = read_html(_ASIDE.sub(r"<\1div", decode(book.read(file)).text))
                shown = [one for one in chapter.sections if one.blocks]
                titled = bool(chapter.title) and not all(one.headings for one in shown)
                above = (chapter.title,) if titled and chapter.title != title else ()
                sections += (Section((*above, *one.headings), "", one.blocks) for one in shown)
    return Reading(title, tuple(sections))


_LOCKED = "META-INF/encryption.xml"


def table_row(cells: Sequence[str], *, header: bool) -> Block:
    """Return a row of a table of texts."""
    return cleaned(Row(tuple((Run(" ".join(cell.split())),) for cell in cells), header))


def _without_anchors(reading: Reading) -> Iterator[Section]:
    return (Section(section.headings, "", section.blocks) for section in reading.sections)
