"""Titles in references by name: `:ref:` and `:doc:` of Sphinx, `{ref}` and `{doc}` of MyST, pages of AsciiDoc."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

_LABEL = re.compile(r"\.\. _`?(.+?)`?:[ \t]*|\(([^()]+)\)=[ \t]*")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}[ \t]*")
_HEADINGS = {".md": re.compile(r"#{1,6}[ \t]+(.+)"), ".adoc": re.compile(r"=[ \t]+([^\]]+)")}
_ROLE = re.compile(r"(?::[\w:+.-]+:|\{[\w:+.-]+\})`([^`<]*?)\s*(?:<[^`<>]*>)?`")
_REFERENCE = re.compile(r":(?:std:)?(?P<role>ref|doc):`(?P<name>[^`<>!]+)`")
_LONGEST_TITLE = 500
SHOWN = re.compile(
    r"\.\.[ \t]+(?:code-block|sourcecode|code|parsed-literal|raw|prompt|example)::|"
    r"\.\.(?:[ \t]+(?![\w:+.-]+::|\[|_|\|).*)?$|(?!\.\.[ \t]).*::$"
)
"""Text that is indented below these is shown as it is, or not at all: code, comments, a paragraph that ends in `::`."""


def titles_in(path: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the names of a page (`/guide/pump`) and its labelled sections (`oil`) in references, with their titles."""
    page, ending = posixpath.splitext(path)
    first, labels = [f"/{page}"], list[str]()
    lines = text.split("\n")
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if label := _LABEL.fullmatch(line):
            labels.append(folded(label[1] or label[2]))
            continue
        is_adornment = _ADORNMENT.fullmatch(line) is not None
        if ending in _HEADINGS:
            heading = _HEADINGS[ending].fullmatch(line)
            title = heading[1] if heading else ""
        else:
            title = line if not is_adornment and _ADORNMENT.fullmatch(below) else ""
        if title := title[:_LONGEST_TITLE].strip(" #"):
            shown = re.sub(r"[`*]", "", _ROLE.sub(r"\1", title))
            yield from ((name, shown) for name in (*first, *labels))
            first, labels = [], []
        elif line[:1].strip() and not is_adornment and not line.startswith(".. index::"):
            labels = []  # they belong to something else


def folded(label: str) -> str:
    """Return a label as Sphinx compares it."""
    return " ".join(label.lower().split())


def with_titles(text: str, title: Callable[[str, str], str]) -> str:
    """Return reStructuredText with titles in its references (:ref:`Oil change <oil>`), where `title` knows them."""
    if ":ref:" not in text and ":doc:" not in text:
        return text

    def titled(match: re.Match[str]) -> str:
        shown = title(match["role"], match["name"])
        return f":{match['role']}:`{shown} <{match['name']}>`" if shown else match[0]

    lines = text.split("\n")
    shown_below: int | None = None
    for number, line in enumerate(lines):
        bare = line.strip()
        if not bare:
            continue
        indent = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if shown_below is None or indent <= shown_below:
            shown_below = indent if SHOWN.match(bare) else None
            lines[number] = _REFERENCE.sub(titled, line) if "`" in line else line
    return "\n".join(lines)
