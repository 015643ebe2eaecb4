"""Marks between the pieces of a line's text: where links, styles, images and cells begin and end. They have no text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, Self

from vademecum.format.markup import Run, Runs
from vademecum_builder.readers.outline import clean_runs
from vademecum_builder.readers.text import without_invisible

_SPACES = re.compile(r"\s+")


class Mark(str):
    """An empty text that begins a style; `END` ends the last open one."""

    __slots__ = ("style",)
    style: dict[str, Any]

    def __new__(cls, **style: Any) -> Self:
        mark = super().__new__(cls, "")
        mark.style = style
        return mark

    def over(self, run: Run) -> Run:
        """Return the style of this mark within another one; its text is empty."""
        return replace(run, text="", **self.style)


END: Final = Mark()
BORDER: Final = Mark()
"""A cell of a table begins."""
_STRONG, _EMPHASIS, _CODE = Mark(strong=True), Mark(emphasis=True), Mark(code=True)
STYLES: Final = (
    dict.fromkeys(("strong", "b", "summary"), _STRONG)
    | dict.fromkeys(("em", "i", "var"), _EMPHASIS)
    | dict.fromkeys(("code", "kbd", "samp", "tt"), _CODE)
)
# Known by class only: literals of docutils and Doxygen, and titles of admonitions and rubrics.
_BY_CLASS = re.compile(
    r"(?:^|\s)(?:(?P<code>literal|tt)|rubric|admonitionHeading_\w+|"
    r"(?:admonition|topic|sidebar|custom-block|markdown-alert|blockquote-tag|starlight-aside_)[-_]title)(?:\s|$)"
)


def style_of(tag: str, names: str | None) -> Mark | None:
    """Return the mark that begins the style of an element with these classes; None if it has no style."""
    if tag in STYLES or not names or tag not in ("span", "p", "div"):
        return STYLES.get(tag)
    found = _BY_CLASS.search(names)
    return found and (_CODE if found["code"] else _STRONG)


def runs_of(parts: Sequence[str]) -> Runs:
    """Return the runs of a line with marks; nothing for a line without any, whose text is enough."""
    if not any(isinstance(part, Mark) for part in parts):
        return ()
    styles = [Run("")]
    runs: list[Run] = []
    pieces: list[str] = []
    for part in (*parts, END):
        if not isinstance(part, Mark):
            pieces.append(part)
            continue
        text = _SPACES.sub(" ", without_invisible("".join(pieces)))
        pieces.clear()
        if not runs or runs[-1].text.endswith(" "):
            text = text.lstrip()
        if text:
            runs.append(styles[-1].with_text(text))
        if part.style:
            styles.append(part.over(styles[-1]))
        elif len(styles) > 1:
            styles.pop()
    return clean_runs(tuple(runs))


def cells_of(parts: Sequence[str]) -> tuple[Runs, ...]:
    """Return the cells of a row; nothing for other lines."""
    borders = [number for number, part in enumerate(parts) if part is BORDER]
    if not borders:
        return ()
    cells = [
        runs_of([END, *(part for part in parts[begin:end] if part != " | ")])
        for begin, end in pairwise([0, *borders, len(parts)])
    ]
    return tuple(cells if cells[0] else cells[1:])
