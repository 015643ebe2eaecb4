"""The texts of records in their formats: what is HTML, what ends a line, and the sections of a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape, unescape
from typing import Any, Final

from vademecum_builder.readers.mediawiki import read_mediawiki
from vademecum_builder.readers.outline import Outline, Section, block_text
from vademecum_builder.readers.text import unify_line_breaks

PLAIN, MARKDOWN, HTML, AUTO, MEDIAWIKI = "plain", "markdown", "html", "auto", "mediawiki"
_MARKUP: Final = re.compile(
    r"</?(?:p|br|div|span|[uo]l|li|d[ltd]|b|i|u|em|strong|a|h[1-6]|hr|table|thead|tbody|t[rdh]|img|blockquote|pre|code"
    r"|section|article)(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#\d{1,6}|#x[0-9a-f]{1,5});",
    re.IGNORECASE,
)
"""What distinguishes HTML from a text about HTML: elements as in descriptions, or an entity."""
_ESCAPED: Final = re.compile(
    r"&lt;(?:p|div|span|[uo]l|h[1-6]|table|b|strong|section|font|a)\b[^<>]*&lt;/[a-z]\w*&gt;", re.IGNORECASE
)
_ESCAPED_TAG: Final = re.compile(r"&lt;(?:(?!&[lg]t;).)*&gt;", re.DOTALL)
_CODE: Final = re.compile(r"(`+)[^`\n]+\1")
"""Code in Markdown: an element in it is only mentioned."""
LINE: Final[Mapping[str, str]] = {HTML: "<br>", MARKDOWN: "  \n"}
"""Line breaks within a paragraph."""
_MARKS: Final = re.compile(r"[\\`*_#<>\[\]]")
"""Characters that may be in a name and must not be read as Markdown."""
_BLOCK: Final = re.compile(r"(?:#{1,6}|[-*+>]) ")
_OUTERMOST: Final = "record"
"""A heading above all others; without it the first one would be taken for the title."""


def label(name: str, form: str) -> str:
    """Return the name of a field as a text of this format."""
    if form == HTML:
        return escape(name)
    return _MARKS.sub(r"\\\g<0>", name) if form == MARKDOWN else name


def unescaped(value: Any) -> Any:
    """Return HTML that was escaped as a whole as HTML again; a text that mentions elements stays as it is."""
    is_escaped = isinstance(value, str) and _ESCAPED.fullmatch(value.strip())
    return unescape(value) if is_escaped and _ESCAPED_TAG.sub("", value).strip() else value


def as_html(text: str) -> str:
    """Return a text as HTML: as it is, if it is that."""
    return text if is_html(text) else escape(text).replace("\n", "<br>")


def is_html(text: str) -> bool:
    """Return whether a text has HTML markup."""
    return _MARKUP.search(_CODE.sub("", text)) is not None


def is_block(text: str, form: str) -> bool:
    """Return whether a text begins with a heading, a list or a quote, before which nothing may be added."""
    return is_html(text) if form == HTML else form == MARKDOWN and _BLOCK.match(text) is not None


def bare(text: str, form: str) -> str:
    """Return a title without the markup of its format."""
    if form == MARKDOWN and "\n" not in text:
        from vademecum_builder.readers.markdown import read_markdown

        return read_markdown(f"# {text}").title
    if form not in (AUTO, HTML) or not is_html(text):
        return text
    return " ".join(block_text(block) for section in sections_of(text, HTML) for block in section.blocks)


def sections_of(text: str, form: str) -> tuple[Section, ...]:
    """Return the sections without anchors: the page of a record has other anchors, or none."""
    text = unify_line_breaks(text)
    # Readers are imported late: most records are plain text.
    if form == MARKDOWN:
        from vademecum_builder.readers.markdown import read_markdown

        found = read_markdown(text).sections
    elif form == MEDIAWIKI:
        found = tuple(read_mediawiki(text))
    elif form == HTML:
        from vademecum_builder.readers.html.page import read_html

        found = read_html(f"<main><h1>{_OUTERMOST}</h1>{text}</main>").sections
    else:
        outline = Outline()
        for paragraph in text.split("\n\n"):
            outline.block(paragraph)
        found = outline.sections("")
    return tuple(replace(section, anchor="") for section in found)
