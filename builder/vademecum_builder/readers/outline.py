"""The result of all readers: sections under their headings, with anchors that are unique in the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from vademecum.format.markup import Code, Item, Paragraph, Row, Run, Runs, is_address, merged, plain_block
from vademecum_builder.readers.slugs import GITHUB, SlugRule, Slugs
from vademecum_builder.readers.text import clean, clean_block, clean_line, has_words

Block: TypeAlias = str | Paragraph | Item | Row | Code
"""A block below a heading. A string is plain text without markup."""
LONGEST_ADDRESS = 2000
_BADGE = re.compile(r"https?://(?=[^?#]*(?:badge|shields\.io))(?![^?#]*\.(?:png|jpe?g|gif|webp)\b)", re.IGNORECASE)
"""Images of badges, but not screenshots of them."""
_BESIDE = 4
"""How many blocks above a picture may have its words: the title of a figure of several pictures, and their captions."""
_LINE_FEEDS = re.compile(r"(?<![ \t])[ \t]*\n\s*")


@dataclass(frozen=True)
class Section:
    """The text between a heading and the next.

    Attributes:
        headings: The headings above the text, outermost first, without the document's title.
        anchor: URL fragment of the nearest heading, without `#`; empty before the first heading.
        blocks: In reading order; each item of a list and each row of a table is a block.
    """

    headings: tuple[str, ...]
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Reading:
    """What a reader found in a file.

    Attributes:
        title: The title in the file; may be empty.
        sections: In reading order, headings without the title.
        metadata: Front matter or meta elements: JSON values.
        warnings: One line each, without the name of the file.
    """

    title: str
    sections: tuple[Section, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass
class _Open:
    headings: tuple[str, ...]
    anchor: str
    blocks: list[Block] = field(default_factory=list)
    ends_in_picture: bool = False


class Outline:
    """Collects blocks under headings; keeps anchors unique and the heading path in step with the levels.

    Attributes:
        first_h1: The first heading of level 1; empty if there is none.
        begins_with: The first heading; empty if there is text above it.
    """

    def __init__(self, slugs: SlugRule = GITHUB) -> None:
        self.first_h1 = ""
        self.begins_with = ""
        self._path: list[tuple[int, str]] = []
        self._slugs = Slugs(slugs)
        self._sections = [_Open((), "")]

    def heading(self, level: int, text: str, anchor: str = "", source: str = "", written: str = "") -> None:
        """Open a section. Without an explicit anchor it gets a slug; `source` is the heading as written.

        Args:
            written: Its text without markup, but with its white space, if that differs from `text`.
        """
        whole, text = text, clean_line(text)
        is_title = level == 1 and not self.first_h1
        if is_title:
            self.first_h1 = text
        if len(self._sections) == 1 and not self._sections[0].blocks:
            self.begins_with = text
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        if text:
            self._path.append((level, text))
        headings = tuple(heading for _, heading in self._path)
        # Even if the page's title shows none.
        taken = self.anchor(level, written if written.strip() else text, anchor, source)
        self._sections.append(_Open(headings, taken if level > 1 or self._slugs.rule.of_title else ""))
        if text.endswith("…") and len(whole) > len(text):
            self.block(whole)  # too long for a heading: none of it is lost

    def anchor(self, level: int, text: str, explicit: str = "", source: str = "") -> str:
        """Return the anchor of a heading and note that it is taken."""
        has_id = level in self._slugs.rule.levels
        return self._slugs.take(text, clean_line(explicit), source) if has_id else ""

    def block(self, block: Block) -> None:
        """Add a block to the open section, unless it has no words (such as an image without alternative text), or only
        badges, which are about builds and not about the page. A picture whose words stand beside it has none either:
        the title of its figure, or the caption below."""
        is_picture = _is_picture(block)
        block = clean_block(block) if isinstance(block, str) else cleaned(block)
        if not block_text(block) or (isinstance(block, Paragraph) and all(map(_is_badge, block.runs))):
            return
        part = self._sections[-1]
        said = block_text(block)
        if part.ends_in_picture and has_words(said, block_text(part.blocks[-1])):
            part.blocks.pop()
            part.ends_in_picture = False
        if not (is_picture and any(has_words(block_text(above), said) for above in part.blocks[-_BESIDE:])):
            part.blocks.append(block)
            part.ends_in_picture = is_picture

    def sections(self, title: str) -> tuple[Section, ...]:
        """Return the sections, without `title` as the outermost of their headings."""
        return tuple(
            Section(part.headings[part.headings[:1] == (title,) :], part.anchor, tuple(part.blocks))
            for part in self._sections
            if part.headings or part.blocks
        )


def _is_picture(block: Block) -> bool:
    """Return whether a block has pictures alone."""
    if not isinstance(block, Paragraph):
        return False
    return any(run.image for run in block.runs) and all(run.image or not run.text.strip() for run in block.runs)


def _is_badge(run: Run) -> bool:
    return _BADGE.match(run.image) is not None or not run.text.strip()


def block_text(block: Block) -> str:
    """Return the words of a block."""
    return block if isinstance(block, str) else plain_block(block)


def cleaned(block: Paragraph | Item | Row | Code) -> Block:
    """Return a block in the form for segments; a paragraph without any style is a string."""
    match block:
        case Code():
            return replace(block, text=clean_block(block.text))
        case Row():
            return replace(block, cells=tuple(map(clean_runs, block.cells)))
        case Item():
            return replace(block, runs=clean_runs(block.runs))
        case Paragraph():
            runs = clean_runs(block.runs)
            return runs[0].text if len(runs) == 1 and runs[0] == Run(runs[0].text) else Paragraph(runs)


def clean_runs(runs: Runs) -> Runs:
    """Return runs without control characters, blank lines, white space at the ends, invalid links, and images whose
    text is repeated after them: icons of labels."""
    runs = merged(runs)
    kept: list[Run] = []
    behind = ""
    for run in reversed(runs):
        if not (run.image and _begins(behind, run.text)):
            kept.append(_clean_run(run))
        behind = run.text if run.text.strip() else behind
    kept.reverse()
    while kept and not kept[0].image and not kept[0].text.strip():
        del kept[0]
    while kept and not kept[-1].image and not kept[-1].text.strip():
        del kept[-1]
    if kept:
        kept[0] = kept[0].with_text(kept[0].text.lstrip())
        kept[-1] = kept[-1].with_text(kept[-1].text.rstrip())
    return merged(kept) if len(kept) > 1 else tuple(kept)


def _begins(text: str, said: str) -> bool:
    """Return whether a text begins with these words; False without words."""
    text, said = text.lstrip().casefold(), said.strip().casefold()
    return said != "" and text.startswith(said) and not text[len(said) : len(said) + 1].isalnum()


def _clean_run(run: Run) -> Run:
    text = clean(run.text)
    if "\n" in text:
        text = _LINE_FEEDS.sub(" " if run.code or run.image else "\n", text)
    link = run.link if run.link and _leads(run.link, "http:", "https:", "mailto:") else ""
    image = run.image if run.image and _leads(run.image, "http:", "https:") else ""
    return Run(text, run.strong, run.emphasis, run.code, link, image)


def _leads(address: str, *schemes: str) -> bool:
    return len(address) <= LONGEST_ADDRESS and is_address(address, *schemes)
