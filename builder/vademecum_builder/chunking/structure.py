"""Cuts a document into chunks along its structure.

Every section is cut by itself, from its start, and nothing outside it is looked at: an edit leaves the chunks
of all other sections bit-identical, and mostly those before it in its own. That is what makes updates small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vademecum_builder.readers.document import Document, Section
from vademecum_builder.readers.text import clean_block, clean_line

CHUNKER = "structure-1"
"""Names the algorithm; part of the epoch. Whatever changes a border or a text needs a new name."""

# Where a text may be cut besides between blocks, and what that costs, in characters of distance from the
# wished-for length: between lines, sentences, words.
_BLOCK_BORDER = re.compile(r"\n\n+")
_BORDERS = (
    (re.compile(r"\n"), 200),
    (re.compile(r"(?<=[.!?…])[\"'”’»)\]]*[ \t]+|(?<=[。！？])(?=[^\s。！？])"), 250),
    (re.compile(r"[ \t]+"), 500),
)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Chunk:
    """A piece of a document.

    Attributes:
        headings: The headings above it, outermost first, without the document's title.
        anchor: URL fragment of the nearest heading, without `#`; may be empty.
        text: Plain text, not empty; no control characters but \\n and \\t.
    """

    headings: tuple[str, ...]
    anchor: str
    text: str


def chunk_document(document: Document, *, target: int = 600, longest: int = 900) -> tuple[Chunk, ...]:
    """Cut a document into chunks, in reading order; no two are equal.

    A section of at most `longest` characters is one chunk. A longer one is cut near `target`, between
    blocks if possible, else between lines, sentences, words; inside a word only if it is longer than `longest`.
    A section without text gives no chunk; a document without text gives one chunk, its title.

    Args:
        target: The wished-for length in characters.
        longest: No chunk is longer. At least 3/2 of `target`.
    """
    chunks = [
        Chunk(_headings(section), clean_line(section.anchor), text)
        for section in document.sections
        for text in _pieces(section, target, longest)
    ]
    title = clean_line(document.title, longest)
    if not chunks and title:
        chunks = [Chunk((), "", title)]
    return tuple(dict.fromkeys(chunks))


def embedding_text(title: str, chunk: Chunk) -> str:
    """Return what the encoder reads for a chunk: title, headings and text, on lines of their own."""
    return "\n".join(part for part in (title, *chunk.headings, chunk.text) if part)


def _headings(section: Section) -> tuple[str, ...]:
    return tuple(heading for heading in map(clean_line, section.headings) if heading)


def _pieces(section: Section, target: int, longest: int) -> Iterator[str]:
    """Yield the texts of a section's chunks."""
    text = "\n\n".join(block for block in map(clean_block, section.blocks) if block)
    start = 0
    while start < len(text):
        end = len(text) if len(text) - start <= longest else _cut(text, start, target, longest)
        piece = clean_block(text[start:end])
        if piece:
            yield piece
        start = end


def _cut(text: str, start: int, target: int, longest: int) -> int:
    """Return where the piece that begins at `start` ends; more than `longest` characters remain there."""
    remaining = len(text) - start
    tail = target // 4  # no piece is shorter, if borders allow
    aim = min(target, (remaining + 1) // 2)
    stop = start + min(longest, remaining - tail) + 1  # white space at the border itself does not count
    costs = [(abs(m.end() - start - aim), m.end()) for m in _BLOCK_BORDER.finditer(text, start + tail, stop)]
    for border, cost in _BORDERS:
        found = border.finditer(text, start + aim // 2, stop)
        costs += [(abs(m.end() - start - aim) + cost, m.end()) for m in found]
    return min(costs)[1] if costs else _cut_anywhere(text, start, start + aim, longest)


def _cut_anywhere(text: str, start: int, wished: int, longest: int) -> int:
    """Return the last end of a word within `longest`; `wished` if the word behind it is too long anyway."""
    last = start
    for match in _SPACE.finditer(text, start + 1, start + longest + 1):
        last = match.end()
    word_is_too_long = not _SPACE.search(text, last + 1, last + longest + 1) and len(text) - last > longest
    return wished if word_is_too_long and wished > last else max(last, start + 1)
