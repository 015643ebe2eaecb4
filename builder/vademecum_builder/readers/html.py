"""HTML: the text of the main content, by block; headings with their ids."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, PageElement, PreformattedString
from bs4.exceptions import ParserRejectedMarkup

from vademecum.errors import ContentError
from vademecum_builder.readers.outline import Outline, Reading
from vademecum_builder.readers.text import clean_line

_LEFT_OUT = frozenset(["script", "style", "nav", "template", "noscript", "head", "title", "svg", "iframe"])
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_GROUPS = frozenset(["ul", "ol", "dl", "table"])
_PARAGRAPHS = frozenset(
    {"p", "div", "section", "article", "main", "body", "html", "header", "footer", "aside", "address", "pre"}
    | {"blockquote", "figure", "figcaption", "details", "summary", "form", "fieldset", "hr"}
)
_LINES = frozenset(["li", "tr", "dt", "dd", "br", "caption", "option"])
_MARKED_SECTION = re.compile(r"<!\[(?!CDATA\[|(?:if|else|endif)[\s\]])", re.IGNORECASE)
_HUGE_REFERENCE = re.compile(r"&#(?:[0-9]{20}|[xX][0-9a-fA-F]{20})[0-9a-fA-F]*;?")
_CELLS = frozenset(["td", "th"])


def read_html(text: str) -> Reading:
    """Read an HTML page.

    The title is the first `<h1>` where `<title>` begins with it (the rest names the site), else `<title>`,
    else the `<h1>`. The text is that of `<main>`, else the first `<article>`, else `<body>`.

    Raises:
        ContentError: The parser gives up on it.
    """
    soup = _parse(text)
    outline = Outline()
    _Walk(outline, sections=True).read(_content(soup))
    h1 = outline.first_h1 or _text_of(soup.find("h1"))
    named = _text_of(soup.title)
    title = h1 if h1 and named.startswith(h1) else named or h1
    return Reading(title, outline.sections(title), _metadata(soup))


def html_blocks(text: str) -> Iterator[str]:
    """Yield the text of a piece of HTML, block by block; headings count as text."""
    outline = Outline()
    _Walk(outline, sections=False).read(_parse(text))
    for section in outline.sections(""):
        yield from section.blocks


def _parse(text: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)  # XHTML is fine
        try:
            return BeautifulSoup(_without_loose_ends(text), "html.parser")
        except ParserRejectedMarkup as error:
            reason = clean_line(str(error).strip().rpartition("\n")[2])
            raise ContentError(f"not HTML that can be read ({reason})") from None


def _without_loose_ends(text: str) -> str:
    """Return the text without what html.parser refuses, or takes quadratic time for: what never closes."""
    text = _MARKED_SECTION.sub("&lt;![", text)
    text = _HUGE_REFERENCE.sub("\ufffd", text)  # Python reads no numbers of more than 4,300 digits
    comment = text.find("<!--", text.rfind("-->") + 1)
    text = text if comment < 0 else text[:comment]
    end = text.rfind(">") + 1
    return text[:end] + text[end:].replace("<", "&lt;")


def _content(soup: BeautifulSoup) -> Tag:
    return soup.find("main") or soup.find("article") or soup.body or soup


def _text_of(tag: Tag | None) -> str:
    return clean_line(tag.get_text()) if tag else ""


def _metadata(soup: BeautifulSoup) -> dict[str, str]:
    description = soup.find("meta", attrs={"name": "description"})
    text = clean_line(str(description.get("content") or ""), longest=1000) if description else ""
    return {"description": text} if text else {}


def _is_headerlink(tag: Tag) -> bool:
    return tag.name == "a" and "headerlink" in tag.get_attribute_list("class")


class _Walk:
    """Walks a tree, without recursion, and hands its text to an outline.

    Lists and tables become one block with a line an item or row; other block elements a block each.
    """

    def __init__(self, outline: Outline, *, sections: bool) -> None:
        self._outline = outline
        self._sections = sections
        self._line: list[str] = []
        self._lines: list[str] = []
        self._groups = 0
        self._heading: Tag | None = None
        self._verbatim: Tag | None = None

    def read(self, root: Tag) -> None:
        """Hand over all of `root`."""
        stack: list[tuple[Tag, Iterator[PageElement]]] = [(root, iter(root.contents))]
        while stack:
            tag, children = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                self._close(tag)
            elif isinstance(child, Tag):
                if child.name not in _LEFT_OUT and not _is_headerlink(child):
                    self._open(child)
                    stack.append((child, iter(child.contents)))
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self._line.append(str(child))  # comments and doctypes are the preformatted ones
        self._end_block()

    def _open(self, tag: Tag) -> None:
        if tag.name in _HEADINGS and self._sections and self._heading is None:
            self._end_block()
            self._heading = tag
        elif tag.name in _CELLS:
            if self._line and self._line[-1] != " | ":
                self._line.append(" | ")
        elif tag.name == "img":
            self._line.append(str(tag.get("alt") or ""))
        else:
            self._border(tag)
        self._groups += tag.name in _GROUPS
        if tag.name == "pre" and self._verbatim is None:
            self._verbatim = tag

    def _close(self, tag: Tag) -> None:
        if tag is self._heading:
            anchor = str(tag.get("id") or "")
            self._outline.heading(_HEADINGS[tag.name], "".join(self._line), anchor)
            self._line, self._heading = [], None
        elif tag is self._verbatim:
            self._border(tag)
            self._verbatim = None
        else:
            self._border(tag)
        self._groups -= tag.name in _GROUPS
        if tag.name in _GROUPS:
            self._border(tag)

    def _border(self, tag: Tag) -> None:
        breaks_block = tag.name in _PARAGRAPHS or tag.name in _GROUPS or tag.name in _HEADINGS
        if self._heading is not None:
            self._line.append(" ")
        elif self._verbatim is not None and tag is not self._verbatim:
            self._line.append("\n" if tag.name in _LINES else "")
        elif breaks_block and not self._groups:
            self._end_block()
        elif breaks_block or tag.name in _LINES:
            self._end_line()

    def _end_line(self) -> None:
        text = "".join(self._line)
        if self._verbatim is None:
            text = " ".join(text.split()).removesuffix(" |")
        if text.strip():
            self._lines.append(text.strip("\n"))
        self._line = []

    def _end_block(self) -> None:
        self._end_line()
        self._outline.block("\n".join(self._lines))
        self._lines = []
