"""PDF: the text of pages under the headings of the document's outline, with anchors such as `#page=3` (RFC 8118)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from ctypes import c_ushort
from itertools import groupby

import pypdfium2
from pypdfium2.raw import FPDFText_GetBoundedText, FPDFText_GetUnicode

from vademecum.errors import ContentError, counted
from vademecum_builder.readers.office import table_row, told_title
from vademecum_builder.readers.outline import Block, Reading, Section
from vademecum_builder.readers.text import clean_block, clean_line, unify_line_breaks

_WORD = r"[^\W\d_]+"
_BROKEN_WORD = re.compile(rf"(?P<joined>-?)(?P<first>{_WORD})(?:[\ufffe\x02]\n?|-\n)(?P<second>(?![A-Z]){_WORD})")
_ALIKE = 5
"""The number of common characters at the beginning of related words: approved, approval."""
_SYMBOL = re.compile("^[\uf020-\uf0ff](?=\\s)")
"""The sign of an item in the fonts Symbol and Wingdings, whose characters have no others' codes."""
_LONG = 4
"""The least characters of a word that is more than a syllable."""
_WIDE = 1.0
"""The least gap between two cells of a table, in heights of a line; gaps between words of a full line are smaller."""
_TABLE = 6
"""The least cells of a table; with fewer, it is a note in the margin."""
_NEAR = 6
"""The number of lines before and after a line that show the width of its column."""
_SIGN = re.compile(r"\W{1,2}|\w{1,3}[.)]")
"""The beginning of an item of a list."""
_NUMBER = re.compile(r"\d+")
_ENDS = (".", ":", "!", "?", ";", "•")
LEAST_PAGES = 4
"""A line at the beginning or end of more than half of at least so many pages is not part of their text."""
_MOST_REPEATS = 3
"""The most such lines at each end."""
_LEADER = re.compile(r"(?:\. ?){4,}\s*[\divxlc]{1,5}$|…{2,}\s*[\divxlc]{1,5}$")
"""The end of a line in a table of contents."""


def read_pdf(data: bytes) -> Reading:
    """Read a PDF; raise ContentError if it is encrypted, damaged, or has no text."""
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        encrypted = "password" in str(error).lower() or "security" in str(error).lower()
        said = "encrypted: save it without a password" if encrypted else "damaged: no PDF that can be opened"
        raise ContentError(said) from None
    try:
        written, tables = zip(*map(_text_and_cells, pdf), strict=True) if len(pdf) else ((), ())
        outline = [
            (mark.level, clean_line(mark.get_title()), mark.get_dest().get_index())
            for mark in pdf.get_toc()
            if mark.get_dest() is not None
        ]
        title = told_title(pdf.get_metadata_value("Title"))
    except pypdfium2.PdfiumError as error:
        raise ContentError(f"damaged: {clean_line(str(error), 80)}") from None
    finally:
        pdf.close()
    pages = [*map(_lines, _with_whole_words(written))]
    headings = {heading for _, heading, _ in outline}
    empty = sum(not lines for lines in pages)
    if empty == len(pages):
        raise ContentError("no text in it: pictures of pages; let a program recognise the text (ocrmypdf)")
    warnings = [f"{empty} of {counted(len(pages), 'pages')} without text (scanned?)"] if empty else []
    shown = _sections(_without_repeats(pages, headings), tables, outline, title)
    return Reading(title, tuple(shown), {}, tuple(warnings))


Cells = Mapping[str, Sequence[str]]
"""The cells of lines with wide gaps on a page."""


def _text_and_cells(page: pypdfium2.PdfPage) -> tuple[str, Cells]:
    text = page.get_textpage()
    try:
        cells, start = {}, 0
        # PDFium counts a character beyond U+FFFF as one or two, depending on the font.
        written = "".join(chr(FPDFText_GetUnicode(text, at)) for at in range(text.count_chars()))
        for line in written.split("\r\n"):
            if len(found := [*map(_whole, _cells(text, line, start))]) > 1 and not _SIGN.fullmatch(found[0]):
                cells[_cleaned(_whole(line))] = found
            start += len(line) + 2
        return unify_line_breaks(_on_page(text, page)), cells
    finally:
        text.close()
        page.close()


def _on_page(text: pypdfium2.PdfTextPage, page: pypdfium2.PdfPage) -> str:
    """Return the text on the page. `get_text_bounded` loses its end: it reads as many UTF-16 units as PDFium counts
    characters."""
    left, bottom, right, top = page.get_bbox()
    where = (text, left, top, right, bottom)
    units = (c_ushort * (2 * FPDFText_GetBoundedText(*where, None, 0) + 1))()
    count = FPDFText_GetBoundedText(*where, units, len(units))
    return bytes(units)[: 2 * count].decode("utf-16-le", "ignore")


def _whole(text: str) -> str:
    """Return a text in which surrogate pairs are joined."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _cells(text: pypdfium2.PdfTextPage, line: str, start: int) -> Iterator[str]:
    """Yield the cells of the line that begins at this character of a page."""
    begin = 0
    for blank in re.finditer(r"(?<=\S) (?=\S)", line):
        before, behind = (text.get_charbox(start + at, loose=True) for at in (blank.start() - 1, blank.end()))
        if behind[0] - before[2] > _WIDE * (behind[3] - behind[1]) > 0:
            yield line[begin : blank.start()]
            begin = blank.end()
    yield line[begin:].strip()


def _with_whole_words(written: Sequence[str]) -> Iterator[str]:
    """Yield the pages with words joined that end a line with a hyphen. The hyphen stays if the word has it elsewhere,
    if its first part begins others (well-known, well-made), or if both parts are words in the document."""
    whole = [_BROKEN_WORD.sub(" ", page) for page in written]
    words = {word for page in whole for word in re.findall(rf"{_WORD}(?:-{_WORD})*", page)}
    alike, begins = {word[:_ALIKE] for word in words}, {word.partition("-")[0].lower() for word in words if "-" in word}

    def mended(broken: re.Match[str]) -> str:
        joined, first, second = broken["joined"], broken["first"], broken["second"]
        known = len(first) >= _LONG and (
            first.lower() in begins or (second[:_ALIKE] in alike and {first, first.lower()} & words)
        )
        compound = joined or known or f"{first}-{second}" in words
        return f"{joined}{first}{'-' if compound and first + second not in words else ''}{second}"

    return (_BROKEN_WORD.sub(mended, page) for page in written)


def _lines(written: str) -> list[str]:
    lines = map(_cleaned, written.split("\n"))
    return [line for line in lines if line and not _LEADER.search(line)]


def _cleaned(line: str) -> str:
    return _SYMBOL.sub("•", clean_block(line))


def _without_repeats(pages: Sequence[list[str]], headings: Collection[str] = ()) -> list[list[str]]:
    """Return the pages without headers and footers, in which numbers may count up.

    Args:
        headings: Those of the outline; a repeated one is the header of its chapter.
    """
    cut = [*pages]
    for _ in range(_MOST_REPEATS if len(pages) >= LEAST_PAGES else 0):
        ends = {at: [_NUMBER.sub("0", lines[at]) if lines else "" for lines in cut] for at in (0, -1)}
        found = {at: Counter(all_) for at, all_ in ends.items()}
        repeated = {
            at: [
                bool(line)
                and (found[at][line] > len(pages) / 2 or (found[at][line] >= LEAST_PAGES and said in headings))
                for line, said in zip(all_, (lines[at] if lines else "" for lines in cut), strict=True)
            ]
            for at, all_ in ends.items()
        }
        sides = zip(cut, repeated[0], repeated[-1], strict=True)
        cut = [lines[head : len(lines) - (foot and len(lines) > head)] for lines, head, foot in sides]
    return cut


def _sections(
    pages: Sequence[list[str]], tables: Sequence[Cells], outline: Sequence[tuple[int, str, int]], title: str
) -> Iterator[Section]:
    """Yield a section for each page, and one for each heading of the outline on it."""
    path: list[tuple[int, str]] = []
    for number, lines in enumerate(pages):
        due = [(level, heading) for level, heading, at in outline if at == number and heading]
        block: list[str] = []
        for line in lines:
            if due and clean_line(line) == due[0][1]:
                yield _section(path, number, block, tables[number], title)
                path, block = _path_with(path, *due.pop(0)), []
            else:
                block.append(line)
        for missed in due:  # it differs from the text of the page: the next section is below it
            path = _path_with(path, *missed) if block else path
        yield _section(path, number, block, tables[number], title)


def _path_with(path: Sequence[tuple[int, str]], level: int, heading: str) -> list[tuple[int, str]]:
    return [*(one for one in path if one[0] < level), (level, heading)]


def _section(path: Sequence[tuple[int, str]], page: int, lines: Sequence[str], cells: Cells, title: str) -> Section:
    headings = tuple(heading for _, heading in path if heading != title)
    return Section(headings, f"page={page + 1}", tuple(_paragraphs(lines, cells)))


def _paragraphs(lines: Sequence[str], cells: Cells) -> Iterator[Block]:
    """Yield the lines of each paragraph in one piece. A paragraph ends with a sentence, or with a line shorter than its
    neighbours unless the next one begins in lower case. Adjacent lines with equally many cells are rows of a table; a
    single one begins a paragraph."""
    found, text = _with_cells(lines, cells), ""
    for count, group in groupby(enumerate(found), key=lambda line: len(line[1][1])):
        told = [*group]
        if text and count > 1:
            yield text
            text = ""
        if count > 1 and count * len(told) >= _TABLE:
            yield from (table_row(row, header=not number) for number, (_, (_, row)) in enumerate(told))
            continue
        for at, (line, _) in told:
            text = f"{text} {line}" if text else line
            near = max(len(other) for other, _ in found[max(at - _NEAR, 0) : at + _NEAR + 1])
            goes_on = any(other[:1].islower() for other, _ in found[at + 1 : at + 2])
            if line.endswith(_ENDS) or (len(line) < near * 0.6 and not goes_on):
                yield text
                text = ""
    if text:
        yield text


def _with_cells(lines: Sequence[str], cells: Cells) -> Sequence[tuple[str, list[str]]]:
    """Return lines with their cells; text that continues below such a line belongs to its last cell."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line not in cells and line[:1].islower() and found and found[-1][1]:
            above, row = found[-1]
            found[-1] = (f"{above} {line}", [*row[:-1], f"{row[-1]} {line}"])
        else:
            found.append((line, [*cells.get(line, ())]))
    return found
