"""Markdown: CommonMark with tables, strikethrough, definition lists, front matter and `{ #anchors }`.

Parsing is markdown-it-py's; here its tokens become blocks (format.md, section 4.5). Lines that only steer
a site generator (admonition fences, includes) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import unescape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from vademecum.format.markup import Code, Item, Paragraph, Row, Run, Runs, plain_runs
from vademecum_builder.readers import fences
from vademecum_builder.readers.front_matter import read_front_matter, take_other_front_matter, without_space
from vademecum_builder.readers.html.elements import APART
from vademecum_builder.readers.html.page import html_blocks
from vademecum_builder.readers.outline import Outline, Reading
from vademecum_builder.readers.slugs import GITHUB, SlugRule
from vademecum_builder.readers.text import clean_line, says_nothing, with_emoji, without_data, without_markup

MAX_NESTING = 40
"""Lists and quotes nested deeper are left out; markdown-it-py works by recursion."""
LONGEST_INLINE = 10_000
"""A longer paragraph, heading or cell is not parsed for markup: some markup costs quadratic time."""
_ATTRIBUTES = re.compile(r"[ \t]*\{:?([^{}]*)\}$")
_ATTRIBUTE = re.compile(r"#(?P<id>[^\s#{}]+)|\.[\w-]+|[\w-]+=\S+")
_ADMONITION = re.compile(
    r"(?:/{3,}|:{3,}|(?:!!!|\?\?\?\+?)(?=[ \t]|[a-z-]+(?:[ \t]+\"|$)|$))[ \t]*[\w-]*[ \t]*(?:\|[ \t]*)?(?P<title>.*)"
)
_INCLUDE = re.compile(r"\{[*!%].*[*!%]\}|--8<--.*")
_CONTENTS = re.compile(r"\[\[_?toc_?\]\]|\[toc\]", re.IGNORECASE)
"""The mark that a generator replaces by a list of the page's headings."""
_OF_SITE = re.compile(
    r"(?!$|[\w+.-]+:|//|#)[^?#]*?(?:(?:^|/)[^/.?#]*|\.(?:md|mdx|markdown|html?|php))(?:[?#].*)?", re.IGNORECASE
)
"""The address of a page of this site: not of another site, of a place in this page, or of a file to download."""
_SIGN = 2
"""Characters of an arrow."""
_LEAST_LINKS, _LABEL = 3, 40
"""The least links of a list of links into the page, and the most characters of its label."""
_TABLE = re.compile(r"(</?)table\b", re.IGNORECASE)
_PART_OF_TABLE = re.compile(r"\s*</?t(?:[rdh]|body|head|foot)\b", re.IGNORECASE)
_HTML_TAG = re.compile(r"<(/?[A-Za-z][\w-]*)([^<>]*)>")
_HTML_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_LOOKS: dict[str, dict[str, Any]] = {
    **{key: {"strong": True} for key in ("strong", "b")},
    **{key: {"emphasis": True} for key in ("em", "i", "var")},
    **{key: {"code": True} for key in ("code", "kbd", "samp", "tt")},
}
# As in Pandoc, if there is LaTeX in it.
_MATH = re.compile(r"(?P<sign>\$\$?)(?=[^\s${`])(?=[^$`]*[\\^_{])[^$`]*?[^\s$`\\](?P=sign)(?![\w$])")
_TASK = re.compile(r"\[([ xX])\](?=\s)")
_BOXES = {" ": "\u2610", "x": "\u2611", "X": "\u2611"}
_BREAK = "\r"  # an intended line break; source text has no carriage returns


def read_markdown(text: str, slugs: SlugRule = GITHUB, *, mdx: bool = False, called: str = "") -> Reading:
    """Read a Markdown text (line breaks are `\\n`).

    The title is the front matter's, else the first heading of level 1, else `called`, else the heading of another
    level that the text begins with. In MDX, indented text is not code (`mdx`).
    """
    environment: dict[str, Any] = {}
    text = without_data(without_space(text))
    metadata, body, warned = take_other_front_matter(text)
    lines = text.count("\n") - body.count("\n")
    # So that warnings name lines of the file.
    tokens = (_MDX if mdx else _PARSER).parse("\n" * lines + body, environment)
    warnings = warned + list(environment.get("warnings", ()))
    if tokens and tokens[0].type == "front_matter":
        metadata, found = read_front_matter(tokens[0].content)
        warnings = found + warnings
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        warnings.append(f"nested deeper than {MAX_NESTING} levels: what lies deeper is left out")
    outline = _outline(_without_ways(_without_contents(list(_with_whole_tables(tokens)))), slugs)
    title = metadata.get("title")
    named = clean_line(without_markup(str(title))) if isinstance(title, str | int | float) else ""
    named = named or outline.first_h1 or called or outline.begins_with
    return Reading(named, outline.sections(named), metadata, tuple(warnings))


def _with_whole_tables(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield tokens, joining the pieces of a `<table>` with blank lines in it: its indented rows are not code."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for index, token in enumerate(tokens):
        for tag in _TABLE.findall(token.content) if token.type == "html_block" else ():
            if tag == "<":
                opened.append(index)
            elif opened:
                ends[opened.pop()] = index
    at = 0
    while at < len(tokens):
        end = ends.get(at, at)
        if end > at:
            parts = [
                Token("html_block", "", 0, content=part.content)
                if part.type == "code_block" and _PART_OF_TABLE.match(part.content)
                else part
                for part in tokens[at : end + 1]
            ]
            whole = _PARSER.renderer.render(parts, _PARSER.options, {})
            yield Token("html_block", "", 0, content=whole, level=tokens[at].level)
        else:
            yield tokens[at]
        at = end + 1


def _without_contents(tokens: Sequence[Token]) -> list[Token]:
    """Return tokens without lists of links into the page and their labels, which repeat its headings."""
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        opening, end = tokens[at], at
        if opening.type in ("bullet_list_open", "ordered_list_open", "paragraph_open"):
            while tokens[end].level > opening.level or tokens[end].nesting >= 0:
                end += 1
        lines = [token for token in tokens[at:end] if token.type == "inline"]
        if sum(map(_links_into_page, lines)) >= _LEAST_LINKS and all(map(_links_into_page, lines)):
            if [token.type for token in kept[-3:]] == ["paragraph_open", "inline", "paragraph_close"]:
                label = kept[-2].content.rstrip("*_ ")
                if len(label) <= _LABEL and label[-1:] not in ".!?":
                    del kept[-3:]
        else:
            kept += tokens[at : end + 1]
        at = end + 1
    return kept


def _without_ways(tokens: list[Token]) -> list[Token]:
    """Return tokens without a paragraph at the beginning or end that is a link to another page.

    It leads to the previous or next page, and has no text of this page; several of them are a list.
    """
    lines = [at for at, token in enumerate(tokens) if token.type == "inline" and tokens[at - 1].type != "heading_open"]
    ways = [at for at in (lines[:1] + lines[-1:]) if tokens[at].level == 1 and _is_way(tokens[at])]
    if any(map(_is_way, (tokens[at] for at in lines[1:2] + lines[-2:-1]))) or len(lines) < 2:
        return tokens
    gone = {at + step for at in ways for step in (-1, 0, 1)}
    return [token for at, token in enumerate(tokens) if at not in gone]


def _is_way(inline: Token) -> bool:
    """Return whether a line is one link to a page of this site, with at most a sign beside it."""
    links = [str(token.attrGet("href") or "") for token in inline.children or () if token.type == "link_open"]
    beside, depth = 0, 0
    for token in inline.children or ():
        depth += token.nesting if token.type.startswith("link") else 0
        beside += len(token.content.strip()) if depth == 0 else 0
    return len(links) == 1 and beside <= _SIGN and _OF_SITE.fullmatch(links[0]) is not None


def _links_into_page(inline: Token) -> int:
    """Return the number of links into the page in a line; 0 if it has other links, or text of its own."""
    opened, count, others = False, 0, 0
    for token in inline.children or ():
        if token.type == "link_open":
            if not str(token.attrGet("href") or "").startswith("#"):
                return 0
            opened, count = True, count + 1
        elif token.type == "link_close":
            opened = False
        elif not opened:
            others += len(token.content.strip())
    return count if others <= 3 * count else 0


def _outline(tokens: Sequence[Token], slugs: SlugRule) -> Outline:
    outline = Outline(slugs)
    lists: list[int | None] = []  # the number of the item in each open list, if it is numbered
    cells: list[Runs] | None = None
    begins_item = is_header = False
    terms: Runs = ()  # which wait for their definition
    for index, token in enumerate(tokens):
        match token.type:
            case "dd_open" if tokens[index + 1].type != "paragraph_open" and terms:
                outline.block(Paragraph(terms[:-1]))
                terms = ()
            case "inline" if tokens[index - 1].type == "dt_open":
                terms += (*(replace(run, strong=True) for run in _with_emoji(_runs(token))), Run("\n"))
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                begins_item = True
                if lists[-1] is not None and tokens[index - 1].type == "list_item_close":
                    lists[-1] += 1
            case "list_item_close":
                begins_item = False
            case "thead_open" | "thead_close":
                is_header = token.nesting > 0
            case "tr_open":
                cells = []
            case "tr_close":
                outline.block(Row(tuple(cells or ()), is_header))
                cells = None
            case "inline" if tokens[index - 1].type == "heading_open":
                _heading(outline, tokens[index - 1], token, of_images=slugs.of_images)
            case "inline":
                runs = _with_emoji(_runs(token))
                if cells is not None:
                    cells.append(runs)
                else:
                    runs, terms = terms + (_with_box(runs) if begins_item else runs), ()
                    outline.block(Item(runs, len(lists) - 1, lists[-1]) if begins_item else Paragraph(runs))
                    begins_item = False
            case "fence" | "code_block":
                outline.block(Paragraph((Run(fences.caption(token.info), strong=True),)))
                outline.block(Code(fences.visible_code(token.content, token.info), fences.language(token.info)))
            case "math_block":
                outline.block(Paragraph((Run(f"$${token.content}$$"),)))
            case "html_block":
                for block in html_blocks(token.content):
                    outline.block(block)
    return outline


def _heading(outline: Outline, opening: Token, inline: Token, *, of_images: bool) -> None:
    whole = _runs(inline)
    # Logos and badges are not part of a title with text.
    named = tuple(run for run in whole if not run.image)
    runs = _with_emoji(named if plain_runs(named).strip() else whole)
    spaced = _runs(inline, spaced=True)
    written = spaced if of_images else tuple(run for run in spaced if not run.image)
    level, anchor = int(opening.tag[1]), str(opening.attrGet("id") or "")
    if opening.level == 0:
        outline.heading(level, plain_runs(runs), anchor, inline.content, plain_runs(written))
    else:  # in a list or quote it begins no section, but its anchor is taken
        outline.anchor(level, plain_runs(written), anchor, inline.content)
        outline.block(Paragraph(tuple(replace(run, strong=True) for run in runs)))


def _runs(inline: Token, *, spaced: bool = False) -> Runs:
    """Return the runs of a paragraph or heading; `spaced`: with the spaces between icons, each of which is in an id."""
    runs: list[Run] = []
    line: list[Run] = []
    for run in (*_pieces(inline.children or ()), Run("\n")):
        if run.text != "\n":
            if spaced or run.text != " " or (line and not line[-1].text.endswith(" ")):
                line.append(run)
            continue
        text = plain_runs(line)
        kept = _without_steering(text)
        if kept:
            runs += [*(line if kept == text else [Run(kept)]), run.with_text(" ")]
        line = []
    return tuple(run.with_text(run.text.replace(_BREAK, "\n")) for run in runs[:-1])


def _with_emoji(runs: Runs) -> Runs:
    return tuple(run if run.code else run.with_text(with_emoji(run.text)) for run in runs)


def _with_box(runs: Runs) -> Runs:
    """Return the runs of an item; those of a task (`[ ] `, `[x] `) begin with a box."""
    box = _TASK.match(runs[0].text) if runs else None
    return (runs[0].with_text(_BOXES[box[1]] + runs[0].text[3:]), *runs[1:]) if box else runs


def _pieces(children: Sequence[Token]) -> Iterator[Run]:
    """Yield the runs of a paragraph; a line feed is from the source, `_BREAK` is an intended line break."""
    styles = [Run("")]
    opened: list[tuple[str, dict[str, Any]]] = []  # tags of HTML, and the style of the text in them
    for token in children:
        style = styles[-1]
        for _, looks in opened:
            style = replace(style, **looks)
        match token.type:
            case "link_open":
                styles.append(replace(style, link=str(token.attrGet("href") or "")))
            case "strong_open":
                styles.append(replace(style, strong=True))
            case "em_open":
                styles.append(replace(style, emphasis=True))
            case "s_open":
                styles.append(style)
            case "link_close" | "strong_close" | "em_close" | "s_close":
                styles.pop()
            case "image":
                text = plain_runs(_pieces(token.children or ())).replace("\n", " ")
                source = str(token.attrGet("src") or "")
                yield replace(style, text="" if says_nothing(text, source) else text, image=source)
            case "softbreak":
                yield style.with_text("\n")
            case "hardbreak":
                yield style.with_text(_BREAK)
            case "footnote_ref":
                pass  # a number with a link to the note
            case "html_inline":
                name, looks = _tag(token.content)
                if name == "br":
                    yield style.with_text(_BREAK)
                elif name == "img":
                    yield replace(style, **looks)
                elif name.removeprefix("/") in APART:
                    yield style.with_text(" ")
                elif looks:
                    opened.append((name, looks))
                elif name[:1] == "/":
                    at = [tag for tag, _ in opened]
                    opened = opened[: len(at) - 1 - at[::-1].index(name[1:])] if name[1:] in at else opened
            case "code_inline":
                yield replace(style, text=token.content, code=True)
            case _:
                yield style.with_text(token.content)


def _tag(text: str) -> tuple[str, dict[str, Any]]:
    """Return the name of a tag of HTML (`/a` for a closing one), and the style of the text in it."""
    found = _HTML_TAG.match(text)
    if found is None:
        return "", {}
    name = found[1].lower()
    attributes = {key.lower(): unescape(a or b or c) for key, a, b, c in _HTML_ATTRIBUTE.findall(found[2])}
    if name == "img":
        alt, source = " ".join(attributes.get("alt", "").split()), attributes.get("src", "")
        shown = alt and not says_nothing(alt, source)
        return name, {"text": alt if shown else "", "image": source if shown else ""}
    if name == "a" and attributes.get("href"):
        return name, {"link": attributes["href"]}
    return name, _LOOKS.get(name, {})


def _without_steering(line: str) -> str:
    if _INCLUDE.fullmatch(line) or _CONTENTS.fullmatch(line):
        return ""
    admonition = _ADMONITION.fullmatch(line)
    return admonition["title"].strip("\"' ") if admonition else line


def _inline(state: StateCore) -> None:
    """Parse inline content like markdown-it-py's own rule, but with a limit, and with attributes of headings."""
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


def _inline_math(state: StateInline, silent: bool) -> bool:
    """Take `$a_1 \\cdot b$` as written. The plugin's own rule would also take text between `$NAME` and `$OTHER`."""
    found = _MATH.match(state.src, state.pos)
    if found is None or state.src[state.pos - 1 : state.pos] in ("\\", "$"):
        return False
    if not silent:
        state.push("text", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _take_attributes(content: str, heading: Token) -> str:
    match = _ATTRIBUTES.search(content[-LONGEST_INLINE:])
    words = [_ATTRIBUTE.fullmatch(word) for word in match[1].split()] if match else []
    if match is None or not words or None in words:
        return content
    for word in words:
        if word is not None and word["id"]:
            heading.attrSet("id", word["id"])
    return content[: len(content) - len(match[0])]


def _is_last_term(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    """Return whether a paragraph ends above a line because the line is a term with its definition below; terms may be
    several.

    A colon with one space may belong to a wrapped sentence.
    """
    if not silent or line + 1 >= end or not 0 <= state.sCount[line + 1] - state.blkIndent < 4:
        return False
    start = state.bMarks[line + 1] + state.tShift[line + 1]
    return re.match(r":(?: {2,}|\t)[ \t]*\S", state.src[start : state.eMarks[line + 1]]) is not None


def _parser(*off: str) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"]).use(front_matter_plugin).use(footnote_plugin, inline=False)
    parser.use(deflist_plugin).use(dollarmath_plugin).inline.ruler.at("math_inline", _inline_math)
    parser.block.ruler.before("paragraph", "last_term", _is_last_term, {"alt": ["paragraph"]})
    # A note stays where it is written, below its heading.
    parser.disable(list(off)).core.ruler.disable("footnote_tail")
    parser.core.ruler.at("inline", _inline)
    return parser


_PARSER = _parser()
_MDX = _parser("code")
