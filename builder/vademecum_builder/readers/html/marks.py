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
    """An empty text that begins a style; `END` ends the last one that is open."""

    __slots__ = ("style",)
    style: dict[str, Any]

    def __new__(cls, **style: Any) -> Self:
        mark = super().__new__(cls, "")
        mark.style = style
        return mark


END: Final = Mark()
BORDER: Final = Mark()
"""A cell of a table begins."""
_STRONG, _EMPHASIS, _CODE = Mark(strong=True), Mark(emphasis=True), Mark(code=True)
STYLES: Final = {
    "strong": _STRONG,
    "b": _STRONG,
    "em": _EMPHASIS,
    "i": _EMPHASIS,
    "var": _EMPHASIS,
} | dict.fromkeys(("code", "kbd", "samp", "tt"), _CODE)


def runs_of(parts: Sequence[str]) -> Runs:
    """Return the runs of a line that has marks; of another none: its text says it all."""
    if not any(isinstance(part, Mark) for part in parts):
        return ()
    open_styles = [Run("")]
    runs: list[Run] = []
    for part in parts:
        if not isinstance(part, Mark):
            text = _SPACES.sub(" ", without_invisible(part))
            after_space = not runs or runs[-1].text.endswith(" ")
            text = text.lstrip() if after_space else text
            if text:
                runs.append(replace(open_styles[-1], text=text))
        elif part.style:
            open_styles.append(replace(open_styles[-1], **part.style))
        elif len(open_styles) > 1:
            open_styles.pop()
    return clean_runs(tuple(runs))


def cells_of(parts: Sequence[str]) -> tuple[Runs, ...]:
    """Return the cells of a row; nothing where the line is none."""
    borders = [number for number, part in enumerate(parts) if part is BORDER]
    if not borders:
        return ()
    cells = [
        runs_of([END, *(part for part in parts[begin:end] if part != " | ")])
        for begin, end in pairwise([0, *borders, len(parts)])
    ]
    return tuple(cells if cells[0] else cells[1:])
