"""Documents of office programs (ECMA-376): text, slides and tables, read from the bytes of their zip files."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from vademecum.errors import ContentError, counted
from vademecum.format.markup import Row, Run
from vademecum_builder.readers.converted import read_converted
from vademecum_builder.readers.outline import Block, Reading, Section, cleaned
from vademecum_builder.readers.text import clean_block, clean_line, unify_line_breaks
from vademecum_builder.sources.formats.office_files import opened_zip
from vademecum_builder.sources.formats.workbook import sheets_of_workbook
from vademecum_builder.sources.private_fields import is_named_private, many_reach, reaches

MOST_ROWS = 20_000
"""The most rows of a sheet that are read."""
_TEXTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_HIDDEN_RUN = re.compile(rb"<w:r(?: [^>]*)?>.*?</w:r>", re.DOTALL)
_RUBY = re.compile(rb"<w:ruby>.*?<w:rubyBase>(.*?)</w:rubyBase>\s*</w:ruby>", re.DOTALL)
_VANISH = re.compile(rb'<w:vanish(?: w:val="(?:1|true|on)")?\s*/>')
_ASIDE = re.compile(r"<(/?)aside\b", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"(?:untitled|\(?anonymous\)?|unspecified|(?:powerpoint[ -])?presentation|document|book|workbook|title)\W*\d*|"
    r"microsoft \w+ - .*|.*\.(?:docx?|pptx?|xlsx?|pdf|indd|qxd|tex|dvi|odt|rtf)",
    re.IGNORECASE,
)


def told_title(title: str | None) -> str:
    """Return the title in a document's properties; empty if there is none, or if a program filled it in."""
    found = clean_line(title or "")
    return "" if _NO_TITLE.fullmatch(found) else found


def read_docx(data: bytes) -> Reading:
    """Read a document of Word; raise ContentError if it is encrypted, damaged, or has no text."""
    import mammoth

    with opened_zip(data, "Word document") as parts:
        page = mammoth.convert_to_html(
            io.BytesIO(_as_shown(data, parts)),
            style_map="p[style-name='Title'] => h1:fresh",
            convert_image=mammoth.images.img_element(lambda _: {"src": ""}),
        ).value
    reading = read_converted(page, {})
    sections = (Section(section.headings, "", section.blocks) for section in reading.sections)  # its ids lead nowhere
    return Reading(reading.title, tuple(sections), {}, reading.warnings)


def _as_shown(data: bytes, parts: zipfile.ZipFile) -> bytes:
    """Return a document without the runs that Word neither shows nor prints (ECMA-376, 17.3.2.41, `vanish`), and with
    text below its phonetic reading (17.3.3.25, `ruby`), which Mammoth leaves out."""
    texts = {name: parts.read(name) for name in _TEXTS if name in parts.namelist()}
    if not any(b"<w:vanish" in text or b"<w:ruby>" in text for text in texts.values()):
        return data
    shown = io.BytesIO()
    with zipfile.ZipFile(shown, "w") as copy:
        for name in parts.namelist():
            if name in texts:
                seen = _HIDDEN_RUN.sub(lambda run: b"" if _VANISH.search(run[0]) else run[0], texts[name])
                copy.writestr(name, _RUBY.sub(rb"\1", seen))
            else:
                copy.writestr(name, parts.read(name))
    return shown.getvalue()


def read_pptx(data: bytes) -> Reading:
    """Read slides, each under its title, without the notes of the speaker.

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
            heading = clean_line(head.text_frame.text if head is not None else "")
            others = [shape for shape in slide.shapes if head is None or shape.shape_id != head.shape_id]
            sections.append(slide_section(number, heading, tuple(_shapes(others))))
    first = sections[0].headings[0] if sections else ""
    return Reading(title or first, tuple(sections))


def slide_section(number: int, heading: str, blocks: tuple[Block, ...]) -> Section:
    """Return a slide under its title. If there is no other text, the title is also the text: there may be a picture."""
    return Section((heading or f"{number}",), f"slide={number}", blocks or ((heading,) if heading else ()))


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
    """Read visible rows and columns, each sheet under its name; formulas have their last values.

    Raises:
        ContentError: It is encrypted, damaged, or has no text.
    """
    sections, warnings = [], []
    title, sheets = sheets_of_workbook(data, MOST_ROWS)
    for sheet in sheets:
        name = clean_line(sheet.name)
        section, private = sheet_section(name, [row for _, row in sheet.rows])
        sections.append(section)
        warnings += [*private, *(f"{name}: {warning}" for warning in sheet.warnings)]
    return Reading(told_title(title), tuple(sections), {}, tuple(warnings))


def sheet_section(name: str, rows: Sequence[Sequence[str]]) -> tuple[Section, list[str]]:
    """Return the rows of a sheet as a section, and a warning if a column may be private."""
    warnings = []
    if seen := _personal(rows):
        what = f"published, though maybe private: {counted(len(seen), 'columns')} ({', '.join(seen)})"
        warnings.append(f"{name}: {what}: hide them there, or leave the file out by --pattern")
    return Section((name,), "", tuple(_blocks(rows))), warnings


def _blocks(rows: Sequence[Sequence[str]]) -> Iterator[Block]:
    """Yield the rows of a sheet; lines above the first one with several cells are not headers of columns."""
    head = next((at for at, row in enumerate(rows) if sum(map(bool, row)) > 1), 0)
    yield from (" ".join(filter(None, row)) for row in rows[:head])
    for at, row in enumerate(rows[head:]):
        yield table_row(row, header=not at)


def _personal(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the headers of columns that are personal or secret, judging by their names or values."""
    found = []
    for head, *values in zip_longest(*rows, fillvalue="") if len(rows) > 1 else ():
        told = [value for value in values if value]
        if told and (is_named_private(head) or many_reach(sum(map(reaches, told)), len(told))):
            found.append(clean_line(head) or "?")
    return found


def read_epub(data: bytes) -> Reading:
    """Read a book (EPUB 3.3, 5.6 and 5.7); raise ContentError if it is encrypted, damaged, or has no text."""
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
                # A book has nothing besides its text: an aside is a note in it.
                chapter = read_html(_ASIDE.sub(r"<\1div", decode(book.read(file)).text))
                shown = [one for one in chapter.sections if one.blocks]
                titled = bool(chapter.title) and not all(one.headings for one in shown)
                above = (chapter.title,) if titled and chapter.title != title else ()
                sections += (Section((*above, *one.headings), "", one.blocks) for one in shown)
    return Reading(title, tuple(sections))


_LOCKED = "META-INF/encryption.xml"


def table_row(cells: Sequence[str], *, header: bool) -> Block:
    """Return a row of a table with these texts."""
    return cleaned(Row(tuple((Run(" ".join(cell.split())),) for cell in cells), header))
