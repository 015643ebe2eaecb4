"""Markdown: CommonMark with tables, strikethrough, front matter and `{ #anchors }`.

Parsing is markdown-it-py's; here its tokens become plain text without markup. Lines that only steer
a site generator (admonition fences, includes) are markup too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from vademecum_builder.readers.front_matter import read_front_matter, take_other_front_matter
from vademecum_builder.readers.html.page import html_blocks
from vademecum_builder.readers.outline import Outline, Reading
from vademecum_builder.readers.slugs import GITHUB, SlugRule
from vademecum_builder.readers.text import clean_line

MAX_NESTING = 40
"""Lists and quotes nested deeper are left out; markdown-it-py works by recursion."""
LONGEST_INLINE = 10_000
"""A longer paragraph, heading or cell is not parsed for markup: some markup costs quadratic time."""

_ATTRIBUTES = re.compile(r"[ \t]*\{:?([^{}]*)\}$")
_ATTRIBUTE = re.compile(r"#(?P<id>[^\s#{}]+)|\.[\w-]+|[\w-]+=\S+")
_ADMONITION = re.compile(r"(?:/{3,}|:{3,}|!!!|\?\?\?\+?)[ \t]*[\w-]*[ \t]*(?:\|[ \t]*)?(?P<title>.*)")
_INCLUDE = re.compile(r"\{[*!%].*[*!%]\}|--8<--.*")
_STEERING = ("/", ":", "!", "?", "{", "-")
_BREAK = "\r"  # a line break that the author meant; source text has no carriage returns


def read_markdown(text: str, slugs: SlugRule = GITHUB) -> Reading:
    """Read a Markdown text (line breaks are `\\n`).

    The title is the front matter's, else the first heading of level 1.
    """
    environment: dict[str, Any] = {}
    metadata, body, said = take_other_front_matter(text)
    lines = text.count("\n") - body.count("\n")
    tokens = _PARSER.parse("\n" * lines + body, environment)  # so that warnings name lines of the file
    warnings = said + list(environment.get("warnings", ()))
    if tokens and tokens[0].type == "front_matter":
        metadata, found = read_front_matter(tokens[0].content, line=2)
        warnings = found + warnings
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        warnings.append(f"nested deeper than {MAX_NESTING} levels: what lies deeper is left out")
    outline = _outline(tokens, slugs)
    title = metadata.get("title")
    named = clean_line(str(title)) if isinstance(title, str | int | float) else ""
    named = named or outline.first_h1
    return Reading(named, outline.sections(named), metadata, tuple(warnings))


def _outline(tokens: Sequence[Token], slugs: SlugRule) -> Outline:
    outline = Outline(slugs)
    for group in _groups(tokens):
        opening = group[0]
        if opening.type == "heading_open":
            anchor = str(opening.attrGet("id") or "")
            heading = group[1]
            outline.heading(int(opening.tag[1]), _inline_text(heading.children), anchor, heading.content)
        elif opening.type == "blockquote_open":
            for text in _texts(group, outline):
                outline.block(text)
        else:
            outline.block("\n".join(_texts(group, outline)))
    return outline


def _groups(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield the tokens of each block at the top level: a heading, paragraph, list, table, quote ..."""
    start = depth = 0
    for index, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            yield tokens[start : index + 1]
            start = index + 1


def _texts(tokens: Sequence[Token], outline: Outline) -> Iterator[str]:
    """Yield the text of each leaf: a paragraph, a code block, a row of a table."""
    row: list[str] | None = None
    for index, token in enumerate(tokens):
        match token.type:
            case "tr_open":
                row = []
            case "tr_close":
                yield " | ".join(cell for cell in row or () if cell)
                row = None
            case "inline":
                text = _inline_text(token.children)
                if tokens[index - 1].type == "heading_open":
                    # No section of its own in there, but its anchor is taken.
                    outline.anchor(text, str(tokens[index - 1].attrGet("id") or ""), token.content)
                if row is not None:
                    row.append(text.replace("\n", " "))
                else:
                    yield text
            case "fence" | "code_block":
                yield token.content
            case "html_block":
                yield from html_blocks(token.content)


def _inline_text(children: Sequence[Token] | None) -> str:
    lines = "".join(_pieces(children or ())).split("\n")
    return " ".join(line for line in map(_without_steering, lines) if line).replace(_BREAK, "\n")


def _pieces(children: Sequence[Token]) -> Iterator[str]:
    for token in children:
        match token.type:
            case "image":
                yield from _pieces(token.children or ())
            case "softbreak":
                yield "\n"
            case "hardbreak":
                yield _BREAK
            case "html_inline":
                yield _BREAK if token.content[:3].lower() == "<br" else ""
            case _:
                yield token.content


def _without_steering(line: str) -> str:
    if not line.startswith(_STEERING):
        return line
    if _INCLUDE.fullmatch(line):
        return ""
    admonition = _ADMONITION.fullmatch(line)
    return admonition["title"].strip("\"' ") if admonition else line


def _inline(state: StateCore) -> None:
    """Parse inline content as markdown-it-py's own rule does; heed the bound and the headings' attributes."""
    previous: Token | None = None
    for token in state.tokens:
        if token.type == "inline":
            if previous is not None and previous.type == "heading_open":
                token.content = _take_attributes(token.content, previous)
            token.children = []
            if len(token.content) <= LONGEST_INLINE:
                state.md.inline.parse(token.content, state.md, state.env, token.children)
            else:
                token.children.append(Token("text", "", 0, content=token.content))
                line = token.map[0] + 1 if token.map else 1
                warning = f"line {line}: a paragraph of more than {LONGEST_INLINE} characters: taken as it is"
                state.env.setdefault("warnings", []).append(warning)
        previous = token


def _take_attributes(content: str, heading: Token) -> str:
    match = _ATTRIBUTES.search(content[-LONGEST_INLINE:])
    words = [_ATTRIBUTE.fullmatch(word) for word in match[1].split()] if match else []
    if match is None or not words or None in words:
        return content
    for word in words:
        if word is not None and word["id"]:
            heading.attrSet("id", word["id"])
    return content[: len(content) - len(match[0])]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"]).use(front_matter_plugin)
    parser.core.ruler.at("inline", _inline)
    return parser


_PARSER = _parser()
