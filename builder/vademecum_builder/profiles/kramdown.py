"""Ids of headings in HTML, as kramdown gives them: kramdown-parser-gfm does not look into elements such as
`<div markdown="1">`, so that their headings keep the ids of plain kramdown, in which only ASCII letters count."""

from __future__ import annotations

import re
from html import unescape

from vademecum_builder.profiles.base import Page
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.readers.slugs import KRAMDOWN_BASIC, Slugs

_PART = re.compile(
    r"<(?P<end>/?)(?P<tag>[a-z]+)\b(?P<said>[^<>]*)>|^[ \t>]*(?:(?:[-*+]|\d+\.)[ \t]+)?#{1,6}[ \t]+\S.*$",
    re.MULTILINE | re.IGNORECASE,
)
_MARKDOWN = re.compile(r"\smarkdown(?:=[\"']?(?:1|block|span)[\"']?)?(?=[\s/]|$)")
_OWN_ID = re.compile(r".*\{[:#][^{}\n]*\}[ \t]*#*[ \t]*$|.*\n[ \t]*\{:[^{}\n]*(?:#|\bid=)", re.MULTILINE)
_MARK = "\ue005"
_MARKED = re.compile(rf"(#{{1,6}}[ \t]+)(.*?)[ \t]*#*[ \t]*{_MARK}")
_NOT_SEEN = re.compile(r"!\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])|\](?:\([^()]*\)|\[[^\[\]]*\])|</?[a-zA-Z][^<>:]*>")


def ids_in_html(text: str, page: Page) -> str:
    """Write the ids of headings in `<div markdown="1">` behind them."""
    if "markdown" not in text:
        return text
    slugs = Slugs(KRAMDOWN_BASIC)

    def named(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]} {{#{slugs.take(unescape(_NOT_SEEN.sub('', match[2])))}}}"

    return _MARKED.sub(named, outside_code(text.replace(_MARK, ""), _with_marks))


def _with_marks(plain: str) -> str:
    """Mark headings in HTML that has Markdown in it."""
    outer, depth = "", 0

    def mark(part: re.Match[str]) -> str:
        nonlocal outer, depth
        tag = (part["tag"] or "").lower()
        if not tag:
            return part[0] if not depth or _OWN_ID.match(plain, part.start()) else part[0] + _MARK
        if depth and tag == outer:
            depth += -1 if part["end"] else 1
        elif not depth and not part["end"] and _MARKDOWN.search(part["said"]):
            outer, depth = tag, 1
        return part[0]

    return _PART.sub(mark, plain)
