"""PDF: the text of each page under the headings of the document's outline; `#page=3` is its anchor (RFC 8118)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import pypdfium2

from vademecum.errors import ContentError
from vademecum_builder.readers.office import told_title
from vademecum_builder.readers.outline import Block, Reading, Section
from vademecum_builder.readers.text import clean_block, clean_line, unify_line_breaks

_BROKEN_WORD = re.compile(r"(?<=\w)[\ufffe\x02-]\n(?=[^\W\d_A-Z])")
_NUMBER = re.compile(r"\d+")
_ENDS = (".", ":", "!", "?", ";", "•")
LEAST_PAGES = 4
"""A line that is the first or last on more than half of so many pages is no text of theirs."""
_MOST_REPEATS = 3
"""Of such lines at either end."""
_LEADER = re.compile(r"(?:\. ?){4,}\s*[\divxlc]{1,5}$|…{2,}\s*[\divxlc]{1,5}$")
"""The end of a line of a table of contents: it says where the text is that is here."""


def read_pdf(data: bytes) -> Reading:
    """Read a PDF.

    Raises:
        ContentError: It is encrypted, damaged, or has no text.
    """
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        encrypted = "password" in str(error).lower() or "security" in str(error).lower()
        raise ContentError(
            "encrypted: save it without a password" if encrypted else "damaged: no PDF that can be opened"
        ) from None
    try:
        pages = [_lines(page) for page in pdf]
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
    headings = {heading for _, heading, _ in outline}
    empty = sum(not lines for lines in pages)
    if empty == len(pages):
        raise ContentError("no text in it: pictures of pages; let a program recognise the text (ocrmypdf)")
    warnings = [f"{empty} of {len(pages)} pages have no text (scanned?)"] if empty else []
    return Reading(
        title, tuple(_sections(_without_repeats(pages, headings), outline, title)), {}, tuple(warnings)
    )


def _lines(page: pypdfium2.PdfPage) -> list[str]:
    text = page.get_textpage()
    try:
        written = unify_line_breaks(text.get_text_bounded())
    finally:
        text.close()
        page.close()
    lines = map(clean_block, _BROKEN_WORD.sub("", written).split("\n"))
    return [line for line in lines if line and not _LEADER.search(line)]


def _without_repeats(pages: Sequence[list[str]], headings: Collection[str] = ()) -> list[list[str]]:
    """Return the pages without running heads and feet; numbers in them count up.

    Args:
        headings: Of the outline: one that is repeated from page to page is the head of its chapter.
    """
    cut = [*pages]
    for _ in range(_MOST_REPEATS if len(pages) >= LEAST_PAGES else 0):
        ends = {at: [_NUMBER.sub("0", lines[at]) if lines else "" for lines in cut] for at in (0, -1)}
        found = {at: Counter(all_) for at, all_ in ends.items()}
        repeated = {
            at: [
                bool(line)
                and (
                    found[at][line] > len(pages) / 2 or (found[at][line] >= LEAST_PAGES and said in headings)
                )
                for line, said in zip(all_, (lines[at] if lines else "" for lines in cut), strict=True)
            ]
            for at, all_ in ends.items()
        }
        sides = zip(cut, repeated[0], repeated[-1], strict=True)
        cut = [lines[head : len(lines) - (foot and len(lines) > head)] for lines, head, foot in sides]
    return cut


def _sections(
    pages: Sequence[list[str]], outline: Sequence[tuple[int, str, int]], title: str
) -> Iterator[Section]:
    """Yield a section for each page, and one for each heading of the outline that stands on it."""
    path: list[tuple[int, str]] = []
    for number, lines in enumerate(pages):
        due = [(level, heading) for level, heading, at in outline if at == number and heading]
        block: list[str] = []
        for line in lines:
            if due and clean_line(line) == due[0][1]:
                yield _section(path, number, block, title)
                path, block = _below(path, *due.pop(0)), []
            else:
                block.append(line)
        for missed in due:  # written otherwise on the page: it holds for the next one
            path = _below(path, *missed) if block else path
        yield _section(path, number, block, title)


def _below(path: Sequence[tuple[int, str]], level: int, heading: str) -> list[tuple[int, str]]:
    return [*(one for one in path if one[0] < level), (level, heading)]


def _section(path: Sequence[tuple[int, str]], page: int, lines: Sequence[str], title: str) -> Section:
    headings = tuple(heading for _, heading in path if heading != title)
    return Section(headings, f"page={page + 1}", tuple(_paragraphs(lines)))


def _paragraphs(lines: Sequence[str]) -> Iterator[Block]:
    """Yield lines that go on in one piece; a line that ends a sentence, and is short, ends a paragraph."""
    longest = max(map(len, lines), default=0)
    text = ""
    for line in lines:
        text = f"{text} {line}" if text else line
        if line.endswith(_ENDS) or len(line) < longest * 0.6:
            yield text
            text = ""
    if text:
        yield text
