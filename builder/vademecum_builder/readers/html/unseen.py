"""What is within the text of a page but not part of it: hidden elements, permalinks, buttons, menus, line numbers.

Themes name such parts by class. Classes are compared word by word (`theme-doc-edit-this-page`, `editThisPage_x1`), so
that one rule serves many themes.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache

from vademecum_builder.readers.html.tree import Attributes, Node, text_of


class Part(Enum):
    """What an element is to a reader."""

    TEXT = auto()
    UNSEEN = auto()
    """Hidden, or shown but not part of the text."""
    PERMALINK = auto()
    """A link to its own heading: its text is left out, unless there is no other."""
    CHROME = auto()
    """A menu, a side bar, a footer: part of the site, not of the page."""
    EXCLUDED = auto()
    """What the publisher keeps from search."""


_NEVER = frozenset(
    """
    script style template noscript head title svg iframe object canvas select textarea input option
    datalist audio video dialog map link meta base rustdoc-toolbar
    """.split()
)
_CHROME_ROLES = frozenset({"navigation", "contentinfo", "banner", "search", "toolbar", "menu", "menubar"})
_MARKS = frozenset(
    {"data-vademecum-ignore", "data-pagefind-ignore", "data-search-exclude", "data-nosnippet"}
    | {"data-docsearch-ignore"}
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NO_DISPLAY = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SECTION = re.compile(r"sect|\b(?:chapter|appendix|preface|unnumbered|level[1-6])\b")
_OF_A_BLOG = re.compile(
    r"related|.*(?:posts?|articles?|reading|reads|stories|products|consent|banner|notice)", re.IGNORECASE
)
"""Ids of what is around an article: a manual with sections of these names tells by a class that they are sections."""
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_OF_SIGN = "Permalink"
"""What Scaladoc's picture of the sign says."""
_SIGN = re.compile(r"[^\w]*", re.ASCII)
_LINE_NUMBERS = re.compile(
    r"(?:^|\s)(?:[\w-]*linenos?|lineno|line-?numbers?(?:-\w+)?|linenodiv|lnt?|lntd-num|gutter|hljs-ln-numbers|"
    r"src-line-numbers|linenum(?:ber)?s?|rouge-gutter|lnum)(?:\s|$)"
)


def _sets(listed: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(words.split()) for words in listed.split(","))


_NOTE = re.compile(r"\[?\d{1,3}\]?|\[[a-z]\]|[*†‡§]{1,3}")
"""A superscript link to a note, which would be read as the end of the word before it."""
# Sets of words that are all in one class, in any order.
_UNSEEN_WORDS = _sets(
    """
    visually hidden, visuallyhidden, sr only, screen reader, screenreader, assistive, copy button,
    copy btn, copybtn, copybutton, clipboard, viewcode link, viewcode back, print only, expand button
    """
)
# Whole names: their words are too common.
_UNSEEN_NAMES = frozenset(
    {"srclink", "logo", "sidebar-logo", "hideme", "test-arrow", "lang"}
    | {"rightside", "out-of-band", "notable-traits", "collapse-toggle", "ttc"}
    | {"summary_toggle", "constants_summary_toggle", "table-tabs", "activeTableTab", "tableTab"}
    # Lists of inherited members, which are described at their own class: YARD and dartdoc, Javadoc, Doxygen.
    | {"inherited", "inherited-list", "inherit", "inherit_header"}
)
# Haddock's link to the source, and pictures of a page's authors: their names are beside them, or not part of the text.
# Doxygen's `[legend]` of its drawings.
_UNSEEN_TAGS = frozenset({("a", "src"), ("img", "avatar"), ("span", "legend")})
_EXCLUDED_WORDS = _sets("no search, nosearch, search exclude, docsearch ignore")
# Confluence: `page metadata` names the author.
# Material: `content button` is "Edit this page" and "View source", `source file` dates and authors below a page.
_CHROME_WORDS = _sets(
    """
    edit page, edit link, edit github, edit meta row, last updated, breadcrumb, breadcrumbs, pagination,
    paginator, pager, prev next, previous next, skip link, skip content, skip nav, skiplink, toc, tocbot,
    back top, sphinxsidebar, sidebar nav, feedback widget, cookie banner, share buttons, content button,
    source file, lang switcher, version switcher, page metadata
    """
)
_NAV = re.compile(r"nav(?:bar|igation|header|footer|links?|top|bottom|row|path|list|menu)?")
_PERMALINK_WORDS = _sets(
    """
    headerlink, permalink, header anchor, hash link, heading anchor, heading link, anchor link, anchorjs,
    anchorlink, toclink, anchor, headinglink
    """
)
# For pages that do not mark their content: the names by which themes call what is around it.
_AROUND = frozenset(
    """
    sidebar sidenav sphinxsidebar menu menubar footer masthead topbar toolbar related searchbox subnav
    topnav bottomnav banner skip copyright cookie
    """.split()
)


def part_of(node: Node, tag: str, attributes: Attributes) -> Part:
    """Return what an element is to a reader of the text."""
    if tag in _NEVER:
        return Part.UNSEEN
    if tag == "nav":
        return Part.CHROME
    if tag == "sup" and _NOTE.fullmatch(text_of(node)) and node.css_first("a[href*='#']") is not None:
        return Part.UNSEEN
    if not attributes:
        return Part.UNSEEN if tag == "button" else Part.TEXT
    if len(attributes) == 1 and tag not in ("a", "button") and "class" in attributes:
        return _part_by_class(attributes["class"] or "", tag)
    role = attributes.get("role") or ""
    if not _MARKS.isdisjoint(attributes) and not _switched_off(attributes):
        return Part.EXCLUDED
    if role != "tabpanel" and _is_hidden(attributes):
        return Part.UNSEEN
    if tag == "button" and role != "tab":
        return Part.UNSEEN
    if role in _CHROME_ROLES:
        return Part.CHROME
    if tag == "a":
        return _link(node, attributes)
    names = attributes.get("class")
    return _part_by_class(names, tag) if names else Part.TEXT


def is_section(tag: str, attributes: Attributes) -> bool:
    """Return whether an element calls itself a section of the text."""
    return tag == "section" or _SECTION.search(attributes.get("class") or "") is not None


def is_around(node: Node, tag: str, attributes: Attributes) -> bool:
    """Return whether an element of a page that does not mark its content is around it, by its kind or name."""
    if tag in ("header", "footer", "aside", "nav"):
        return True
    if (attributes.get("role") or "") in ("complementary", *_CHROME_ROLES):
        return True
    if tag not in ("div", "section", "ul", "ol", "table", "td", "p", "span"):
        return False
    names, name = attributes.get("class") or "", attributes.get("id") or ""
    is_named = is_section(tag, attributes) and (_SECTION.search(names) or not _OF_A_BLOG.fullmatch(name))
    if name and is_named and _is_slug(name, text_of(node.css_first("h1, h2, h3, h4, h5, h6"))):
        name = ""  # of its heading: "22.7.3 Menu selection"
    return _named_around(f"{names} {name}")


def _is_slug(name: str, heading: str) -> bool:
    said = set(_LETTERS.findall(heading.lower()))
    return bool(said) and said.issuperset(_LETTERS.findall(re.sub(r"_00[0-9a-f]{2}", " ", name.lower())))


@lru_cache(maxsize=4096)
def words_of(names: str) -> frozenset[str]:
    """Return the words of class names, lower case: `theme-docEdit` has `theme`, `doc` and `edit`."""
    return frozenset(word.lower() for word in _WORDS.findall(names))


@lru_cache(maxsize=4096)
def is_line_number(names: str) -> bool:
    """Return whether these are class names of line numbers beside code."""
    return _LINE_NUMBERS.search(names) is not None


def _switched_off(attributes: Attributes) -> bool:
    return all((attributes.get(mark) or "").lower() in ("false", "none") for mark in _MARKS if mark in attributes)


def _is_hidden(attributes: Attributes) -> bool:
    if "hidden" in attributes and attributes.get("hidden") != "until-found":
        return True
    if (attributes.get("aria-hidden") or "").lower() == "true":
        return True
    style = attributes.get("style")
    return bool(style and _NO_DISPLAY.search(style))


def _link(node: Node, attributes: Attributes) -> Part:
    rel = (attributes.get("rel") or "").lower().split()
    if "prev" in rel or "next" in rel:
        return Part.CHROME
    names = attributes.get("class") or ""
    if names:
        part = _part_by_class(names, "a")
        if part is not Part.TEXT:
            return part
    href = attributes.get("href") or ""
    if ("src/" in href or href.endswith("/src")) and text_of(node) == "Source":  # Haddock's, after each signature
        return Part.UNSEEN
    if "#" in href:
        words = words_of(names)
        if any(wanted <= words for wanted in _PERMALINK_WORDS):
            return Part.PERMALINK
        text = text_of(node)
        if _NOTE.fullmatch(text):
            named = attributes.get("role") == "doc-noteref" or "footnote" in words
            if node.css_first("sup") is not None or (named and text[0] != "["):  # "as [1] says" needs its number
                return Part.UNSEEN
        is_sign = len(text) <= 3 and not any(map(str.isalnum, text))
        if is_sign and {image.attributes["alt"] or _OF_SIGN for image in node.css("img[alt]")} <= {_OF_SIGN}:
            return Part.PERMALINK
    return Part.TEXT


@lru_cache(maxsize=4096)
def _part_by_class(names: str, tag: str) -> Part:
    if is_line_number(names):
        return Part.UNSEEN
    # One name at a time: "sidebar header-link" must not read as "sidebar-header".
    for name in names.split():
        words = words_of(name)
        if name in _UNSEEN_NAMES or (tag, name) in _UNSEEN_TAGS or any(wanted <= words for wanted in _UNSEEN_WORDS):
            return Part.UNSEEN
        if any(wanted <= words for wanted in _EXCLUDED_WORDS):
            return Part.EXCLUDED
        if tag in ("html", "body", "main", "article", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "code", "dt", "dd"):
            continue
        if name == "toc-backref":  # docutils: a heading's link back to the contents contains the heading
            continue
        if any(wanted <= words for wanted in _CHROME_WORDS) or any(_NAV.fullmatch(word) for word in words):
            return Part.CHROME
    return Part.TEXT


@lru_cache(maxsize=4096)
def _named_around(names: str) -> bool:
    words = words_of(names)
    return bool(words & _AROUND) or any(_NAV.fullmatch(word) for word in words)
