"""Titles in references by name: `:ref:` and `:doc:` of Sphinx, `{ref}` and `{doc}` of MyST, pages of AsciiDoc."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence

_LABEL = re.compile(r"\.\. _`?(.+?)`?:[ \t]*|\(([^()]+)\)=[ \t]*")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}[ \t]*")
_HEADINGS = {".md": re.compile(r"#{1,6}[ \t]+(.+)"), ".adoc": re.compile(r"=[ \t]+([^\]]+)")}
_ROLE = re.compile(r"(?::[\w:+.-]+:|\{[\w:+.-]+\})`([^`<]*?)\s*(?:<[^`<>]*>)?`")
_REFERENCE = re.compile(r":(?:std:)?(?P<role>ref|doc):`(?P<name>[^`<>!]+)`")
_LONGEST_TITLE = 500
_BORDER = re.compile(r"=+(?: +=+)+")
"""A border of a simple table."""
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

    lines = in_tables(text, _REFERENCE, titled).split("\n")
    for number, _ in _read(lines):
        lines[number] = _REFERENCE.sub(titled, lines[number]) if "`" in lines[number] else lines[number]
    return "\n".join(lines)


def in_tables(text: str, pattern: re.Pattern[str], written: Callable[[re.Match[str]], str]) -> str:
    """Return reStructuredText with what is written for matches in its tables. Their columns must stay, so it is put in
    by substitutions as wide as the matches."""
    lines = text.split("\n")
    put_in = list[str]()
    first = text.count("\n.. |=")

    def as_wide(match: re.Match[str]) -> str:
        if (said := written(match)) == match[0]:
            return said
        name = f"|={first + len(put_in):0{len(match[0]) - 3}}|"
        put_in.append(f".. {name} replace:: {said}")
        return name

    for number, in_table in _read(lines):
        if in_table and "`" in lines[number]:
            lines[number] = pattern.sub(as_wide, lines[number])
    return "\n".join([*lines, *([""] if put_in else []), *put_in])


def _read(lines: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """Yield the numbers of the lines that are not shown as they are, and whether they are of a table."""
    shown_below: int | None = None
    in_simple = False
    for number, line in enumerate(lines):
        bare = line.strip()
        if _BORDER.fullmatch(bare):
            in_simple = any(map(str.strip, lines[number + 1 : number + 2]))
        if not bare:
            continue
        indent = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if shown_below is None or indent <= shown_below:
            shown_below = indent if SHOWN.match(bare) else None
            yield number, in_simple or bare[0] == "|"
