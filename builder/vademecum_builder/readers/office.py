"""Documents of office programs (ECMA-376): text, slides and tables, read from the bytes of their zip files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vademecum.errors import ContentError
from vademecum.format.markup import Row, Run
from vademecum_builder.readers.converted import parser_errors, read_converted
from vademecum_builder.readers.outline import Block, Reading, Section, cleaned
from vademecum_builder.readers.text import clean_block, clean_line, unify_line_breaks

LARGEST = 256 * 1024 * 1024
"""Bytes that the parts of a file may have unpacked."""
MOST_ROWS = 20_000
"""Of a sheet that are read."""
_OLE = b"\xd0\xcf\x11\xe0"  # [MS-CFB], 2.2: an encrypted file, and one of before 2007


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

    with opened_zip(data, "Word document"):
        page = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map="p[style-name='Title'] => h1:fresh",
            convert_image=mammoth.images.img_element(lambda _: {"src": ""}),
        ).value
    reading = read_converted(page, {})
    return Reading(reading.title, tuple(_without_anchors(reading)), {}, reading.warnings)


def read_pptx(data: bytes) -> Reading:
    """Read slides, each under its title; what its speaker wrote for himself is not read.

    Raises:
        ContentError: It is encrypted, damaged, or has no text.
    """
    import pptx

    sections = []
    with opened_zip(data, "presentation"):
        slides = pptx.Presentation(io.BytesIO(data))
        title = clean_line(slides.core_properties.title or "")
        for number, slide in enumerate(slides.slides, 1):
            if slide.element.get("show") == "0":
                continue
            head = slide.shapes.title
            heading = clean_line(head.text_frame.text if head is not None else "") or f"{number}"
            others = [shape for shape in slide.shapes if head is None or shape.shape_id != head.shape_id]
            sections.append(Section((heading,), f"slide={number}", tuple(_shapes(others))))
    first = sections[0].headings[0] if sections else ""
    return Reading("" if title == "PowerPoint Presentation" else title or first, tuple(sections))


def _shapes(shapes: list[Any]) -> Iterator[Block]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(list(shape.shapes))
        elif getattr(shape, "has_table", False):
            for number, row in enumerate(shape.table.rows):
                yield _row([cell.text for cell in row.cells], header=not number)
        elif shape.has_text_frame:
            for paragraph in shape.text_frame.paragraphs:
                if text := clean_block(unify_line_breaks(paragraph.text)):
                    yield text


def read_xlsx(data: bytes) -> Reading:
    """Read the rows of all sheets that are shown, each under the name of its sheet; of a formula its last value.

    Raises:
        ContentError: It is encrypted, damaged, or has no text.
    """
    import openpyxl

    sections, warnings = [], []
    with opened_zip(data, "workbook"):
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        title = clean_line(book.properties.title or "")
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            rows: list[Block] = []
            for number, cells in enumerate(sheet.iter_rows(values_only=True)):
                if number == MOST_ROWS:
                    warnings.append(f"{clean_line(sheet.title)}: only {MOST_ROWS} rows are read")
                    break
                if any(cell is not None for cell in cells):
                    rows.append(_row(["" if cell is None else str(cell) for cell in cells], header=not rows))
            sections.append(Section((clean_line(sheet.title),), "", tuple(rows)))
        book.close()
    return Reading(title, tuple(sections), {}, tuple(warnings))


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
        files = {
            part.attrib["id"]: part.attrib["href"] for part in package.iter() if part.tag.endswith("}item")
        }
        named = (part.text for part in package.iter("{http://purl.org/dc/elements/1.1/}title"))
        title = clean_line(next(named, "") or "")
        for part in package.iter():
            if part.tag.endswith("}itemref"):
                file = posixpath.normpath(
                    posixpath.join(posixpath.dirname(top), unquote(files[part.attrib["idref"]]))
                )
                chapter = read_html(decode(book.read(file)).text)
                shown = [one for one in chapter.sections if one.blocks]
                titled = bool(chapter.title) and not all(one.headings for one in shown)
                above = (chapter.title,) if titled and chapter.title != title else ()
                sections += (Section((*above, *one.headings), "", one.blocks) for one in shown)
    return Reading(title, tuple(sections))


_LOCKED = "META-INF/encryption.xml"


def _row(cells: list[str], *, header: bool) -> Block:
    return cleaned(Row(tuple((Run(" ".join(cell.split())),) for cell in cells), header))


def _without_anchors(reading: Reading) -> Iterator[Section]:
    return (Section(section.headings, "", section.blocks) for section in reading.sections)
