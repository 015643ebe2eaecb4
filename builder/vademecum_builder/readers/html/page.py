"""Reads an HTML page: alone, or as one of a site whose template is known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vademecum_builder.readers.html.content import candidates
from vademecum_builder.readers.html.flow import walk
from vademecum_builder.readers.html.head import Head, read_head
from vademecum_builder.readers.html.lines import Flow, Kind, Line
from vademecum_builder.readers.html.repeats import Repeated, without_repeats
from vademecum_builder.readers.html.sections import Sections
from vademecum_builder.readers.html.tree import Node, Tree, children, parse, text_of
from vademecum_builder.readers.html.unseen import Part, part_of
from vademecum_builder.readers.outline import Block, Reading, Section
from vademecum_builder.readers.text import clean_line, unify_line_breaks

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{2}|[^\W\d_]{2,}")
_SAYING_MORE = 2
"""So many words more than the title make an `<h1>` a heading of its own: menus shorten titles (`let`)."""
_SEPARATOR = re.compile(r"(?<!\s)\s+[|·•—–\-»«:]+\s+|:\s+|(?<!\s)\s+(?=\((?:[^()]|\([^()]*\))*\)$)")
_BREADCRUMBS = '[aria-label*="readcrumb"], [class*="readcrumb"], [id*="readcrumb"]'
MAX_BREADCRUMBS = 8
_UNTITLED = "<no title>"
"""Sphinx's title of a page without one."""
_NUMBER = re.compile(r"(?:[^\W\d]+ )?((?:[A-Z]\.)?\d+(?:\.\d+)*\.?|[A-Z]\.?)")
"""A title that is only the number of a section: `Section 4.38`, `A.23`."""


@dataclass(frozen=True)
class Template:
    """What the pages of a site share.

    Attributes:
        repeated: Lines that are on many pages.
        names: Parts of titles that name the site: "Pump documentation".
        folders: The same for the pages of each folder.
    """

    repeated: Repeated = field(default_factory=Repeated)
    names: frozenset[str] = frozenset()
    folders: Mapping[str, frozenset[str]] = field(default_factory=dict)


ALONE = Template()


@dataclass(frozen=True)
class Page:
    """The contents of a page.

    Attributes:
        title: On one line; empty if it has none.
        sections: In reading order.
        breadcrumbs: The pages above it according to the page, outermost first, without itself.
        marked: Whether the page marks its content.
        excluded: Whether the publisher keeps the whole page from search.
        linked: Characters of its text in links.
        size: Characters of its text.
    """

    head: Head
    title: str
    sections: tuple[Section, ...]
    breadcrumbs: tuple[str, ...]
    marked: bool
    excluded: bool
    linked: int
    size: int

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata of the page besides its title, as JSON values."""
        said = {
            "description": self.head.description,
            "lang": self.head.lang,
            "version": self.head.version,
            "breadcrumbs": list(self.breadcrumbs),
        }
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class Opened:
    """A page of which only the head has been read: enough to know that many pages are not documents."""

    tree: Tree
    head: Head


@dataclass(frozen=True)
class Look:
    """A page before what it shares with others is removed.

    Attributes:
        h1: The first one, wherever it is.
    """

    flow: Flow
    marked: bool
    excluded: bool
    h1: str
    breadcrumbs: tuple[str, ...]


def open_page(text: str) -> Opened:
    """Return a page's tree and metadata."""
    tree = parse(unify_line_breaks(text))
    if "#cmnt_ref" in text:
        _leave_comments_out(tree)
    return Opened(tree, read_head(tree))


def _leave_comments_out(tree: Tree) -> None:
    """Remove the comments on a document, which are at the end of an export of Google Docs."""
    for way_back in tree.css('a[id^="cmnt"][href^="#cmnt_ref"]'):
        paragraph = way_back.parent
        box = paragraph.parent if paragraph is not None else None
        whole = box is not None and box.tag == "div" and box.css_first("a") == way_back  # of several paragraphs
        told = box if whole else paragraph
        if told is not None:
            told.decompose()
    for mark in tree.css('a[id^="cmnt_ref"]'):
        mark.decompose()


def read_page(page: Opened, template: Template = ALONE, folder: str = "", *, listed: bool = False) -> Page:
    """Read a page of a site.

    Args:
        folder: Its folder, by which the template groups pages.
        listed: Whether a heading without text below it is a section.
    """
    seen = look_at(page)
    repeated = template.repeated.lines(folder, marked=seen.marked)
    lines = without_repeats(seen.flow, repeated, marked=seen.marked)
    names = template.names | template.folders.get(folder, frozenset())
    title = _title(page.head.title, seen.h1, lines, names)
    sections = Sections(listed=listed)
    sections.add(lines)
    crumbs = [crumb for crumb in seen.breadcrumbs if crumb != title]
    return Page(
        page.head,
        title,
        sections.result(_outermost(title, lines)),
        tuple(crumbs[:MAX_BREADCRUMBS]),
        seen.marked,
        seen.excluded or any(line.excluded and line.level == 1 for line in lines),
        seen.flow.linked,
        sum(len(line.text) for line in lines if line.kind is not Kind.HEADING),
    )


def read_html(text: str, *, listed: bool = False) -> Reading:
    """Read an HTML page by itself.

    The title is the first `<h1>` if `<title>` begins with it (the rest names the site), else `<title>`, else the
    `<h1>`, else the first heading. The text is that of the content that the page marks, else of its body.
    """
    page = read_page(open_page(text), listed=listed)
    private = {"robots": "noindex"} if {"noindex", "none"} & page.head.robots else {}
    return Reading(page.title, page.sections, {**page.metadata, **private})


_HEAD_END = re.compile(r"</head\s*>", re.IGNORECASE)
_CLOSED = re.compile(r"<(/?)(main|article|section|div|table|[ou]l|dl|pre|script|style|title)\b", re.IGNORECASE)
_SCRIPTS = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_OPEN_TAG = re.compile(r"<(?:[A-Za-z/][^<>]*|!--(?:(?!-->)[\s\S])*)\Z")


def cut_off(text: str) -> str:
    """Return the warning that a page ends in the middle; empty if it does not.

    A page is cut off if it closes its head, or leaves an element open that must be closed, but closes neither `<body>`
    nor `<html>`: authors who omit end tags also omit that of the head.
    """
    end = text[-4096:].rstrip()
    ended = re.search(r"</(?:body|html)", end, re.IGNORECASE)
    cut = _OPEN_TAG.search(end) or (not ended and (_HEAD_END.search(text) or _leaves_open(text)))
    return "it ends in the middle: is the file cut off?" if cut else ""


def _leaves_open(text: str) -> bool:
    """Return whether an element is left open although its end tag is required (HTML 13.1.2.4)."""
    tags = Counter((end, name.lower()) for end, name in _CLOSED.findall(_SCRIPTS.sub("", text)))
    return any(count > tags["/", name] for (end, name), count in tags.items() if not end)


def html_blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a piece of HTML; headings count as text."""
    tree = parse(unify_line_breaks(text))
    flow = walk((tree.body,) if tree.body is not None else (), marked=True)
    for line in flow.lines:
        line.kind = Kind.TEXT if line.kind is Kind.HEADING else line.kind
    sections = Sections()
    sections.add(line for line in flow.lines if line.kind is not Kind.END)
    for section in sections.result(""):
        yield from section.blocks


def look_at(page: Opened) -> Look:
    """Return the content of a page, with all that it shares with others."""
    tree = page.tree
    flow, marked, excluded = Flow(), False, False
    for content in candidates(tree):
        flow, marked = walk(content.roots, marked=content.marked), content.marked
        excluded = excluded or any(map(_is_excluded, content.roots))
        if flow.has_text:
            break
    # It may be above the content; Doxygen's is not a heading, and includes the groups of what it names.
    named = tree.css_first(".headertitle > .title")
    h1 = clean_line(text_of(tree.css_first("h1")) or (named.text(deep=False) if named is not None else ""))
    return Look(flow, marked, excluded, h1, tuple(_breadcrumbs(tree)))


def name_parts(title: str) -> tuple[str, ...]:
    """Return the first and the last part of a title: one of them may name the site."""
    pieces = [piece.strip() for piece in _SEPARATOR.split(title) if piece.strip()]
    return (pieces[0], pieces[-1]) if len(pieces) > 1 else ()


def _title(title: str, h1: str, lines: list[Line], names: frozenset[str]) -> str:
    headings = [line for line in lines if line.kind is Kind.HEADING]
    h1 = next((clean_line(line.text) for line in headings if line.level == 1), h1)
    named = without_names(title, names)
    named = "" if named == _UNTITLED else named
    if named != h1 and (number := _NUMBER.fullmatch(named)) and (said := _numbered(number[1], headings)):
        return said
    if h1 and (title.startswith(h1) or named in ("", *_names_in(h1, names)) or named in names or h1 in names):
        return h1
    return named or h1 or next((clean_line(line.text) for line in headings), "")


def _names_in(h1: str, names: frozenset[str]) -> tuple[str, ...]:
    """Return a heading and its parts, one of which may be the whole `<title>` (`M600 - Filament Change`)."""
    pieces = {piece.strip() for piece in _SEPARATOR.split(h1)}
    return (h1, *pieces) if not pieces & names else (h1,)


def _numbered(number: str, headings: list[Line]) -> str:
    """Return the heading that begins with a section's number, if that number is all of the page's title."""
    begins = f"{number.rstrip('.')} "
    lines = (clean_line(line.text) for line in headings)
    return next((line for line in lines if line.replace(". ", " ", 1).startswith(begins)), "")


def _outermost(title: str, lines: list[Line]) -> str:
    """Return the heading that only repeats the title: it, or the `<h1>` with at most a word more, as a badge is."""
    h1 = next((clean_line(line.text) for line in lines if line.kind is Kind.HEADING and line.level == 1), "")
    repeats = title in h1 and len(_WORD.findall(h1.replace(title, "", 1))) < _SAYING_MORE
    return h1 if title and h1 and (repeats or h1 in title) else title


def without_names(title: str, names: frozenset[str]) -> str:
    """Return a title without the parts that name the site."""
    if not names or title in names:
        return title
    while True:
        borders = list(_SEPARATOR.finditer(title))
        if borders and title[borders[-1].end() :].strip() in names:
            title = title[: borders[-1].start()].strip()
        elif borders and title[: borders[0].start()].strip() in names:
            title = title[borders[0].end() :].strip()
        else:
            return title


def _is_excluded(node: Node | None) -> bool:
    while node is not None and node.is_element_node:
        if part_of(node, node.tag or "", node.attributes) is Part.EXCLUDED:
            return True
        node = node.parent
    return False


def _breadcrumbs(tree: Tree) -> Iterator[str]:
    place = tree.css_first(_BREADCRUMBS)
    if place is None:
        yield from _chapter_titles(tree)
        return
    items = place.css("li") or place.css("a")
    for item in items[: MAX_BREADCRUMBS + 1]:
        text = clean_line(" ".join(text_of(child) for child in children(item)) or text_of(item), 80).strip("/›»> ")
        if text and text.lower() not in ("home", "🏠", "docs", "¶"):
            yield text


def _chapter_titles(tree: Tree) -> Iterator[str]:
    """Yield the chapter of a page according to its head, as DocBook and Texinfo write it; not the whole manual, which
    is above all chapters."""
    links = {rel: link for link in tree.css("head link[href]") for rel in (link.attributes.get("rel") or "").split()}
    above, manual = links.get("up"), links.get("home") or links.get("top") or links.get("start")
    if above is not None and (manual is None or manual.attributes["href"] != above.attributes["href"]):
        yield from filter(None, [clean_line(above.attributes.get("title") or "", 80)])
