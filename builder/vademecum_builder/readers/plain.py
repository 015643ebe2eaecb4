"""Plain text: paragraphs between blank lines, and a short first line as the title."""

from __future__ import annotations

import re

from vademecum_builder.readers.outline import Outline, Reading
from vademecum_builder.readers.text import clean_line

LONGEST_TITLE = 80
"""A first line that is longer is text, not a title."""
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_SIGN = re.compile(r"^(?:#+|/{2,}|;+|-{2,})[ \t]+(?=\w)")
_RULE = re.compile(r"[=\-~*#_]{3,}")


def read_plain_text(text: str) -> Reading:
    """Return the paragraphs of a text (line breaks are `\\n`) as one section.

    The first line is the title if it is short, without the sign of a comment (`# `, `// `) before it. It is removed
    from the text only if there is a blank line or a rule (`=====`) below it.
    """
    head, _, rest = text.lstrip().partition("\n")
    below, _, behind = rest.partition("\n")
    title = clean_line(_SIGN.sub("", head)) if len(head.strip()) <= LONGEST_TITLE else ""
    if title and (not below.strip() or _RULE.fullmatch(below.strip())):
        text = behind
    outline = Outline()
    for paragraph in _BLANK_LINES.split(text):
        outline.block(paragraph)
    return Reading(title, outline.sections(title))
