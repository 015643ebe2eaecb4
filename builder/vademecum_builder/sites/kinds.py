"""Pages that are not documents: redirects, search pages, indexes, print versions, and noindex."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from vademecum_builder.readers.html.head import Head
from vademecum_builder.readers.html.page import Page


class LeftOutKind(Enum):
    """Why a page is left out; the values are the words in the table at the end of a build."""

    REDIRECT = "redirects"
    NOINDEX = "pages with noindex"
    NOT_FOUND = "error pages"
    SEARCH = "search pages"
    INDEX = "index pages"
    TAGS = "tag and archive pages"
    PRINT = "copies for print"
    SOURCE = "source code and sources"
    TEMPLATE = "templates and parts of pages"
    EXCLUDED = "pages kept from search"
    FRAMES = "frames"
    EMPTY = "pages without text"
    UNREADABLE = "files that cannot be read"


@dataclass(frozen=True)
class LeftOut:
    """A file of a site that is not a document, and why.

    Attributes:
        reason: The evidence.
    """

    key: str
    kind: LeftOutKind
    reason: str


_FOLDERS = {
    "_sources": LeftOutKind.SOURCE,
    "_modules": LeftOutKind.SOURCE,
    "src-html": LeftOutKind.SOURCE,
    "_templates": LeftOutKind.TEMPLATE,
    "_includes": LeftOutKind.TEMPLATE,
    "_layouts": LeftOutKind.TEMPLATE,
    "_static": LeftOutKind.TEMPLATE,
    "_print": LeftOutKind.PRINT,
    "print_page": LeftOutKind.PRINT,
    "singlehtml": LeftOutKind.PRINT,
}
# By the file's name. Names that may also be those of documents need a second sign.
_NAMES: tuple[tuple[LeftOutKind, re.Pattern[str]], ...] = (
    (LeftOutKind.NOT_FOUND, re.compile(r"(?:.*/)?(?:40[0-9]|50[0-9])(?:/index)?\.html?")),
    (LeftOutKind.SEARCH, re.compile(r"(?:.*/)?search(?:/index)?\.html?")),
    (LeftOutKind.PRINT, re.compile(r"(?:.*/)?print(?:view)?(?:/index)?\.html?")),
    (LeftOutKind.TAGS, re.compile(r"(?:.*/)?page/\d+(?:/index)?\.html?")),
    (
        LeftOutKind.TAGS,
        re.compile(r"(?:.*/)?(?:tags?|categor(?:y|ies)|archives?|authors?)(?:/[^/]+)*?(?:/index)?\.html?"),
    ),
)
# Names of indexes and source views of one generator; on other sites, pages with such names are documents.
_OF_GENERATORS: tuple[tuple[str, LeftOutKind, re.Pattern[str]], ...] = (
    (
        "",
        LeftOutKind.INDEX,
        re.compile(
            r"(?:.*/)?(?:genindex(?:-[^/]*)?|(?:py|cpp|c|js|http|std)-modindex|http-routingtable|index-all|"
            r"doc-index(?:-[^/]*)?)\.html?"
        ),
    ),
    (
        "javadoc",
        LeftOutKind.INDEX,
        re.compile(
            r"(?:.*/)?(?:index-files/index-\d+|allclasses(?:-(?:no)?frame|-index)?|allpackages(?:-index)?|"
            r"overview-(?:tree|frame)|package-(?:tree|use|frame)|class-use/[^/]*|module-frame|deprecated-list|new-list|"
            r"preview-list|serialized-form|system-properties|help-doc|external-specs|legal/[^/]*)\.html?"
        ),
    ),
    (
        "doxygen",
        LeftOutKind.INDEX,
        re.compile(
            r"(?:.*/)?(?:annotated|classes|hierarchy|inherits|files|namespaces|namespacemembers(?:_\w+)*|search/[^/]*|"
            r"functions(?:_\w+)*|globals(?:_\w+)*|dir_[0-9a-f]{32}|graph_legend|[^/]*-members|topics|modules)\.html?"
        ),
    ),
    # GAP's second copy of each page, with formulas for a script.
    ("gapdoc", LeftOutKind.PRINT, re.compile(r"(?:.*/)?chap\w+_mj\.html")),
    ("doxygen", LeftOutKind.SOURCE, re.compile(r"(?:.*/)?[^/]*_source\.html?")),
    ("rustdoc", LeftOutKind.INDEX, re.compile(r"(?:.*/)?(?:all|help|settings)\.html|(?:.*/)?trait\.impl/.*")),
    ("rustdoc", LeftOutKind.SOURCE, re.compile(r"(?:.*/)?src/.*\.html")),
)
_OF_CODE = re.compile(r"javadoc|doxygen|rustdoc|docutils|sphinx", re.IGNORECASE)
"""Generators of manuals and API pages, in which "tags" or "archives" is a module."""
_INDEX_TITLE = re.compile(
    r"(?:[\d.]+ )?(?:(?:and|general|alphabetical|api|author|class|concept|data|editor|full|graphics|library|properties|"
    r"subject|(?:function|variable|command|keyword|macro|name|operator|option|style|symbol|tag|type)s?) )*index",
    re.IGNORECASE,
)
_FRONT = re.compile(r"(?:^|/)index\.x?html?$")
_WHOLE = re.compile(r"((?:.*/)?)(?:[^/]*[^/a-z])?(?:single|one)[-_]?page(?:/index)?\.html?", re.IGNORECASE)
_CHAPTERS = 9
_LONG = 100_000
"""In characters: a manual on one page has more text, a page about such pages less."""
_SHORT = 600
"""In characters: a search page, or one that says that something does not exist, has at most this much text."""
_LINKED = 0.4
"""The share of links in the text of a list of pages."""
_AT_TOP = re.compile(r"(?:[a-z]{2}(?:-\w+)?/)?[^/]+(?:/index)?\.html?$")
"""Pages in the top folder, or in that of a language."""
_PART = re.compile(r"<(?:!doctype|html|head|body|title|meta|frameset)\b", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}|<%[^<>]*%>")
_SCRIPTED_REDIRECT = re.compile(r"\blocation(?:\.href)?\s*=|location\.replace\(|location\.assign\(")
_HEAD = 4096


def kind_by_name(key: str) -> LeftOut | None:
    """Return why a file is left out by its path; None: the path does not tell."""
    path = PurePosixPath(key)
    for folder in path.parts[:-1]:
        kind = _FOLDERS.get(folder)
        if kind is not None:
            return LeftOut(key, kind, f"in {folder}/")
    return None


def kind_by_text(key: str, text: str) -> LeftOut | None:
    """Return why a file is left out that is not a complete page; None: it is."""
    head = text[:_HEAD]
    if not _PART.search(head) and not _PART.search(text):
        return LeftOut(key, LeftOutKind.TEMPLATE, "a part of a page: neither <html>, <head>, <body> nor <title>")
    if "/src/" in f"/{key}" and re.search(r"<span class=['\"]hs-", head):
        return LeftOut(key, LeftOutKind.SOURCE, "source code, as Haddock shows it")
    if 'id="full_list_header"' in head:
        return LeftOut(key, LeftOutKind.INDEX, "a list of names, as YARD frames it")
    title = head.partition("<title")[2].partition("</title")[0]
    if _TEMPLATE.search(title):
        return LeftOut(key, LeftOutKind.TEMPLATE, "a template: its title holds {{ or {% or <%")
    return None


def kind_by_head(key: str, head: Head, generator: str) -> LeftOut | None:
    """Return why a page is left out by its head, without reading it; None: the head does not tell.

    Args:
        generator: Of the site, for pages that do not name one.
    """
    if head.redirect is not None:
        return LeftOut(key, LeftOutKind.REDIRECT, f"leads to {head.redirect[:120]}")
    if {"noindex", "none"} & head.robots:
        return LeftOut(key, LeftOutKind.NOINDEX, "it says noindex")
    made_by = (head.generator or generator).lower()
    for name, kind, pattern in _OF_GENERATORS:
        if name in made_by and pattern.fullmatch(key):
            return LeftOut(key, kind, f"by its name{f', as {name} gives it' if name else ''}")
    return None


def kind_of(key: str, page: Page, text: str, generator: str, *, pages: Iterable[str] = ()) -> LeftOut | None:
    """Return why a page is left out after reading it; None: it is a document.

    Args:
        text: The whole file.
        generator: Of the site.
        pages: All pages of the site.
    """
    if page.excluded:
        return LeftOut(key, LeftOutKind.EXCLUDED, "it is marked as not to be searched")
    for kind, pattern in _NAMES:
        if pattern.fullmatch(key) and _is_certain(kind, key, page, page.head.generator or generator):
            return LeftOut(key, kind, "by its name")
    if page.size > _LONG and (whole := _WHOLE.fullmatch(key)) and _has_chapters(whole[1], pages):
        return LeftOut(key, LeftOutKind.PRINT, "all of a manual on one page, by its name and length")
    if _INDEX_TITLE.fullmatch(page.title) and page.linked >= page.size * _LINKED and not _FRONT.search(key):
        return LeftOut(key, LeftOutKind.INDEX, f"called {page.title}, and mostly links")
    return None if page.size else _without_text(key, page, text)


def _has_chapters(folder: str, pages: Iterable[str]) -> bool:
    """Return whether a manual on one page also exists in chapters: otherwise the one page may be all there is."""
    chapters = (page for page in pages if page.startswith(folder) and not _WHOLE.fullmatch(page))
    return sum(1 for _ in chapters) >= _CHAPTERS


def _is_certain(kind: LeftOutKind, key: str, page: Page, generator: str) -> bool:
    """Return whether a page is what its name says, judged by its text."""
    match kind:
        case LeftOutKind.SEARCH:
            return page.size < _SHORT
        case LeftOutKind.TAGS:
            listed = page.linked >= page.size * _LINKED and not _OF_CODE.search(generator)
            return "/page/" in f"/{key}" or listed
        case LeftOutKind.PRINT:
            return page.size > _SHORT or not page.size
        case LeftOutKind.NOT_FOUND:
            return bool(_AT_TOP.match(key)) or (page.size < _SHORT and not key.endswith("/index.html"))
    return True


def _without_text(key: str, page: Page, text: str) -> LeftOut:
    if "<frameset" in text.lower():
        return LeftOut(key, LeftOutKind.FRAMES, "frames, without text of their own")
    if _SCRIPTED_REDIRECT.search(text):
        return LeftOut(key, LeftOutKind.REDIRECT, "a script leads elsewhere, and there is no text")
    if page.linked:
        return LeftOut(key, LeftOutKind.INDEX, "nothing but links")
    return LeftOut(key, LeftOutKind.EMPTY, "no text was found in it")
