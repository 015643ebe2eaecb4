"""Cuts a document into chunks along its structure.

Every section is cut by itself, from its start, without looking at anything outside: an edit leaves the chunks of all
other sections bit-identical, and mostly those before it in its own section. That is what makes updates small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import zip_longest

from vademecum.format.markup import (
    Block,
    Code,
    Item,
    Paragraph,
    Row,
    Run,
    Runs,
    follows,
    plain,
    plain_block,
    plain_runs,
)
from vademecum_builder.chunking.markup import write
from vademecum_builder.readers.document import Document
from vademecum_builder.readers.outline import Section
from vademecum_builder.readers.text import clean_block, clean_line

CHUNKER = "structure-4"
"""The name of the algorithm, part of the epoch. Any change of a border or a text needs a new name."""

# Where a text may be cut other than between blocks, and the cost, in characters of distance from the target length:
# between lines, sentences, words.
_BLOCK_BORDER = re.compile(r"\n\n+")
_BORDERS = (
    (re.compile(r"\n"), 200),
    (re.compile(r"(?<=[.!?…])[\"'”’»)\]]*[ \t]+|(?<=[。！？])(?=[^\s。！？])"), 250),
    (re.compile(r"[ \t]+"), 500),
)
_CUT_OFF = 300
"""The additional cost of separating a block from its introduction: a line that ends with a colon, or is all strong."""
_CAPTION = 40
"""The most characters of a caption above a page's first heading, without a sentence: it is not a passage by itself."""
_SENTENCE = re.compile(r"[.!?:…。！？]")
LONGEST_HEADER = 200
"""The most characters of a table's header that is repeated where the table is cut."""
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Chunk:
    """A piece of a document.

    Attributes:
        headings: The headings above it, outermost first, without the document's title.
        anchor: URL fragment of the nearest heading, without `#`; may be empty.
        text: As a segment holds it (format.md, section 4.5): not empty, without control characters but \\n and \\t.
    """

    headings: tuple[str, ...]
    anchor: str
    text: str


def chunk_document(document: Document, *, target: int = 600, longest: int = 900) -> tuple[Chunk, ...]:
    """Cut a document into chunks, in reading order; no two are equal.

    A section of at most `longest` characters is one chunk. A longer one is cut near `target`, between blocks if
    possible, else between lines, sentences, words; inside a word only if it is longer than `longest`. A table that is
    cut has its header in each piece. Markup does not count: the plain text is cut. Without text, names are used: the
    heading of a section without any text below it, such as a setting that is only listed, or the title of a document.

    Args:
        target: The preferred length in characters.
        longest: The most characters of a chunk; at least 3/2 of `target`.
    """
    sections = _below_captions(document.sections)
    chunks = []
    for section, following in zip_longest(sections, sections[1:]):
        headings, anchor = _headings(section), clean_line(section.anchor)
        pieces = [*_pieces(section, target, longest)]
        if not pieces and headings and (following is None or _headings(following)[: len(headings)] != headings):
            pieces = [_line(headings[-1])]
        chunks += [Chunk(headings, anchor, text) for text in pieces]
    title = clean_line(document.title, longest)
    if not chunks and title:
        chunks = [Chunk((), "", _line(title))]
    return tuple(dict.fromkeys(chunks))


def embedding_text(title: str, chunk: Chunk) -> str:
    """Return what the encoder reads for a chunk: title, headings and plain text, each on a line."""
    return "\n".join(part for part in (title, *chunk.headings, plain(chunk.text)) if part)


def _below_captions(sections: Sequence[Section]) -> Sequence[Section]:
    """Return the sections, with a caption above the first heading (*Reference* above *Pumps*) moved below it."""
    for at, section in enumerate(sections[1:], start=1):
        if section.blocks:
            blocks = sections[0].blocks
            text = " ".join(block if isinstance(block, str) else plain_block(block) for block in blocks)
            below = sections[0].headings or sections[0].anchor  # of the page's title
            if below or not 0 < len(text) <= _CAPTION or _SENTENCE.search(text):
                break
            return [*sections[1:at], replace(section, blocks=(*blocks, *section.blocks)), *sections[at + 1 :]]
    return sections


def _line(text: str) -> str:
    return write([Paragraph((Run(text),))])


def _headings(section: Section) -> tuple[str, ...]:
    return tuple(heading for heading in map(clean_line, section.headings) if heading)


def _pieces(section: Section, target: int, longest: int) -> Iterator[str]:
    """Yield the texts of a section's chunks."""
    blocks = [Paragraph((Run(clean_block(b)),)) if isinstance(b, str) else b for b in section.blocks]
    blocks = [block for block in blocks if plain_block(block)]
    headers = _headers(blocks)
    text, starts = _laid(blocks)
    introduced = {start for block, start in zip(blocks, starts[1:], strict=False) if _introduces(block)}
    start = first = 0
    while start < len(text):
        while first + 1 < len(blocks) and starts[first + 1] <= start:
            first += 1
        header = headers[first] if start > 0 else None
        space = len(plain_block(header)) + 1 if header else 0
        left = longest - space
        end = (
            len(text) if len(text) - start <= left else _cut(text, start, min(target, left * 2 // 3), left, introduced)
        )
        piece: list[Block] = [header] if header and header != blocks[first] else []
        for block, at in zip(blocks[first:], starts[first:], strict=True):
            if at >= end:
                break
            piece += _slice(block, max(0, start - at), end - at)
        if written := write(piece):
            yield written
        start = end


def _headers(blocks: Sequence[Block]) -> list[Row | None]:
    """Return, for each block that is a row, the header of its table, unless that is too long to be repeated."""
    headers: list[Row | None] = []
    for block in blocks:
        if isinstance(block, Row) and block.header:
            headers.append(block if len(plain_block(block)) <= LONGEST_HEADER else None)
        else:
            headers.append(headers[-1] if isinstance(block, Row) and headers else None)
    return headers


def _introduces(block: Block) -> bool:
    if isinstance(block, Code | Row):
        return False
    caption = isinstance(block, Paragraph) and all(run.strong or not run.text.strip() for run in block.runs)
    return caption or plain_block(block).rstrip().endswith((":", "："))


def _laid(blocks: Sequence[Block]) -> tuple[str, list[int]]:
    """Return the plain text of blocks, and where each of them begins."""
    text, starts = "", []
    for number, block in enumerate(blocks):
        if number:
            text += "\n" if follows(blocks[number - 1], block) else "\n\n"
        starts.append(len(text))
        text += plain_block(block)
    return text, starts


def _slice(block: Block, start: int, end: int) -> Iterator[Block]:
    """Yield the part of a block between two characters of its plain text; the rest of an item becomes a paragraph."""
    match block:
        case Code():
            yield replace(block, text=clean_block(block.text[start:end]))
        case Row() if start or end < len(plain_block(block)):
            at = 0
            cells = []
            for cell in filter(plain_runs, block.cells):
                cells.append(_slice_runs(cell, start - at, end - at))
                at += len(plain_runs(cell)) + len(" | ")
            yield Row(tuple(filter(None, cells)))
        case Row():
            yield block
        case Paragraph() | Item():
            runs = _slice_runs(block.runs, start, end)
            yield replace(block, runs=runs) if not start else Paragraph(runs)


def _slice_runs(runs: Runs, start: int, end: int) -> Runs:
    kept, at = [], 0
    for run in runs:
        text = run.text[max(0, start - at) : max(0, end - at)]
        at += len(run.text)
        if text:
            kept.append(run.with_text(text))
    return tuple(kept)


def _cut(text: str, start: int, target: int, longest: int, introduced: Set[int] = frozenset()) -> int:
    """Return where the piece that begins at `start` ends; more than `longest` characters remain there.

    Args:
        introduced: Where blocks begin that are introduced by the block before them.
    """
    remaining = len(text) - start
    tail = target // 4  # no piece is shorter, if borders allow
    aim = min(target, (remaining + 1) // 2)
    stop = start + min(longest, remaining - tail) + 1  # white space at the border itself does not count
    ends = [(0, m.end()) for m in _BLOCK_BORDER.finditer(text, start + tail, stop)]
    for border, cost in _BORDERS:
        ends += [(cost, m.end()) for m in border.finditer(text, start + aim // 2, stop)]
    costs = [(abs(end - start - aim) + cost + (end in introduced) * _CUT_OFF, end) for cost, end in ends]
    return min(costs)[1] if costs else _cut_anywhere(text, start, start + aim, longest)


def _cut_anywhere(text: str, start: int, wished: int, longest: int) -> int:
    """Return the end of the last word within `longest`; `wished` if the next word is too long anyway."""
    last = start
    for match in _SPACE.finditer(text, start + 1, start + longest + 1):
        last = match.end()
    word_is_too_long = not _SPACE.search(text, last + 1, last + longest + 1) and len(text) - last > longest
    return wished if word_is_too_long and wished > last else max(last, start + 1)
