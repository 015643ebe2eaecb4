"""What every reader builds: sections under their headings, with anchors that are unique in the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vademecum_builder.readers.slugs import GITHUB, SlugRule, Slugs
from vademecum_builder.readers.text import clean_block, clean_line


@dataclass(frozen=True)
class Section:
    """What stands between one heading and the next.

    Attributes:
        headings: The headings above the text, outermost first, without the document's title.
        anchor: URL fragment of the nearest heading, without `#`; empty before the first heading.
        blocks: Plain text: paragraphs, lists, tables (a line an item or row), code with its line breaks.
    """

    headings: tuple[str, ...]
    anchor: str
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What a reader found in one file.

    Attributes:
        title: What the file says its title is, or the empty string.
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
    blocks: list[str] = field(default_factory=list)


class Outline:
    """Collects blocks under headings; keeps anchors unique and the heading path in step with the levels."""

    def __init__(self, slugs: SlugRule = GITHUB) -> None:
        self.first_h1 = ""
        self._path: list[tuple[int, str]] = []
        self._slugs = Slugs(slugs)
        self._sections = [_Open((), "")]

    def heading(self, level: int, text: str, anchor: str = "", source: str = "") -> None:
        """Open a section. Without an explicit anchor it gets a slug; `source` is the heading as it is written."""
        whole, text = text, clean_line(text)
        is_title = level == 1 and not self.first_h1
        if is_title:
            self.first_h1 = text
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        if text:
            self._path.append((level, text))
        headings = tuple(heading for _, heading in self._path)
        has_id = not is_title or self._slugs.rule.of_title
        self._sections.append(_Open(headings, self.anchor(text, anchor, source) if has_id else ""))
        if text.endswith("…") and len(whole) > len(text):
            self.block(whole)  # too long for a heading: none of it is lost

    def anchor(self, text: str, explicit: str = "", source: str = "") -> str:
        """Return the anchor of a heading and note that it is taken."""
        return self._slugs.take(text, clean_line(explicit), source)

    def block(self, text: str) -> None:
        """Add a block of plain text to the open section; nothing but white space is no block."""
        text = clean_block(text)
        if text:
            self._sections[-1].blocks.append(text)

    def sections(self, title: str) -> tuple[Section, ...]:
        """Return the sections, with `title` no longer among their headings where it was the outermost."""
        return tuple(
            Section(part.headings[part.headings[:1] == (title,) :], part.anchor, tuple(part.blocks))
            for part in self._sections
            if part.headings or part.blocks
        )
