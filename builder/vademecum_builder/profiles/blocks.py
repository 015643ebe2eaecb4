"""Blocks beyond CommonMark: admonitions, tabs, containers, alerts, attribute lists. Their labels and contents stay, as
plain Markdown.

mdit-py-plugins has admonitions, containers and attributes, each in one spelling, as tokens. Here, passes before the
parser handle all spellings, so that one parser reads the lists, tables and code in them.
"""

from __future__ import annotations

import re

from vademecum_builder.profiles.base import Page
from vademecum_builder.profiles.code import outside_code, replacing

_OPENING = re.compile(
    r'(?:!!!|\?\?\?\+?)[ \t]+[\w-].*|(?:!!!|\?\?\?\+?)[a-z-]+(?:[ \t]+"[^"]*")?|={3}[!+]*[ \t]+"[^"]*".*'
)
"""Python-Markdown does not need a space after its marks."""
_QUOTED = re.compile(r"\"((?:\\.|[^\"\\])*)\"|'([^']*)'")
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")


def indented_blocks(text: str, page: Page) -> str:
    """`!!! note "Title"`, `=== "Tab"` of Python-Markdown: the indented text below is dedented."""
    out: list[str] = []
    above: list[int] = []  # the least indent of the text in each open block
    fence = ""
    for line in text.split("\n"):
        line = line.expandtabs(4) if line[:1] in " \t" else line
        indent = len(line) - len(line.lstrip(" "))
        while line.strip() and above and indent < above[-1]:
            above.pop()
            fence = ""
        line = line[min(indent, 4 * len(above)) :]
        bare = line.strip()
        if fence:
            fence = "" if bare.startswith(fence) and not bare.strip(fence[0]) else fence
        elif found := _FENCE.match(bare):
            fence = found[1]
        elif _OPENING.fullmatch(bare):
            title = _QUOTED.search(bare)
            spaces = line[: len(line) - len(line.lstrip(" "))]
            out += ["", spaces + (title[1] or title[2] or "") if title else "", ""]
            above.append(indent + 4)
            continue
        out.append(line)
    return "\n".join(out)


raised_and_marked = replacing(
    re.compile(
        r"(?<![~^=\\])(?P<mark>[~^]|==|\^\^)(?=[^\s~^=])"
        r"([^\s~^=]+|(?<=\^\^|==)[^~^=\n]*[^\s~^=])(?P=mark)(?![~^=])"
    ),
    r"\2",
)
"""`CO~2~`, `m^3^`, `==seen==`, `^^new^^`: the words stay, without their marks."""
_CONTAINER = re.compile(r"^([ \t>]*)(?::{3,}|/{3,})[ \t]*(.*?)[ \t]*(?::{3,})?[ \t]*$", re.MULTILINE)
_OPTIONS = re.compile(r"^([ \t>]*/{3,}[ \t]+\w.*)(?:\n[ \t>]* {4}[\w-]+:.*)+$", re.MULTILINE)
_TABS = re.compile(r"^[ \t>]*:{3,}[ \t]*tabs\b", re.MULTILINE)
_LABELLED = re.compile(r"^[ \t]*==[ \t]+([^=\s][^=\n]*?)[ \t]*$", re.MULTILINE)
_LABEL = re.compile(r"(?:title|label|alt-text|tab)=(?:\"([^\"]*)\"|'([^']*)')")
_BRACES = re.compile(r"\{[^{}]*\}")
_KIND = re.compile(r"^[\w.-]+(?:#[\w-]+)?[ \t]*(?:\|[ \t]*)?")


def _container(match: re.Match[str]) -> str:
    before, rest = match[1], match[2]
    label = _LABEL.search(rest)
    if label:
        title = label[1] or label[2] or ""
    else:
        bracketed = re.search(r"\[([^\[\]]*)\]", rest)
        plain = _BRACES.sub("", rest).strip() if rest.startswith("{") else _KIND.sub("", _BRACES.sub("", rest))
        plain = re.sub(r"^key:\S+[ \t]*", "", plain)  # of tabs that change together
        title = bracketed[1] if bracketed else "" if "=" in plain else plain
    return f"{before}\n{before}{title.strip()}\n{before}"


_LEAF = re.compile(r"^([ \t>]*)::[a-zA-Z][\w-]*(?=[\[{])(?:\[([^\[\]\n]*)\])?(?:\{[^{}\n]*\})?[ \t]*$", re.MULTILINE)
_TAB = re.compile(r"^([ \t>]*)@tab(?::\w+)?[ \t]+([^#\n]*?)[ \t]*(?:#.*)?$", re.MULTILINE)


def containers(text: str, page: Page) -> str:
    """`:::note Title`, `:::{note}`, `:::tip[Title]{.x}`, `:::image alt-text="...":::`, `/// note | Title` with options
    in indented lines below it; also those without an end, `::video[Title]{#id}`, and tabs of VuePress (`@tab Linux#id`)
    and VitePress (`== Linux` in `:::tabs key:os`)."""
    if "::" not in text and "///" not in text:
        return text

    def edit(plain: str) -> str:
        tabs = _TAB.sub(r"\1\n\1\2\n\1", plain) if "@tab" in plain else plain
        tabs = _LABELLED.sub(r"\n\1\n", tabs) if _TABS.search(tabs) else tabs
        return _LEAF.sub(r"\1\2", _CONTAINER.sub(_container, _OPTIONS.sub(r"\1", tabs)))

    return outside_code(text, edit)


_TABLE = re.compile(r"^(?=[^\n|]*\|)[^\n]*\n(?=[^\n]*-)[ \t>|:-]+(?:\n(?=[^\n|]*\|)[^\n]*)*", re.MULTILINE)


def pipes_in_code(text: str, page: Page) -> str:
    """Escape `|` in code in tables: GFM splits cells there (200), but Python-Markdown, kramdown and Pandoc do not."""

    def mark(table: re.Match[str]) -> str:
        return re.sub("(\ue000\\d+\ue001)", "\ue003\\1\ue003", table[0])

    def escape(code: re.Match[str]) -> str:
        return re.sub(r"(?<!\\)\|", r"\\|", code[1]) if code[1][0] == "`" and "\n" not in code[1] else code[1]

    marked = outside_code(text.replace("\ue003", ""), lambda plain: _TABLE.sub(mark, plain))
    return re.sub("\ue003([^\ue003]+)\ue003", escape, marked)


_MARKED = re.compile(
    r"(?<![ \t])[ \t]*"
    r"<(?P<tag>address|article|aside|blockquote|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer"
    r"|form|header|li|main|ol|p|section|summary|td|th|ul)(?P<said>[^<>]*?)\smarkdown(?:=[\"']?(?:1|block|span)[\"']?)?(?=[\s>])(?P<more>[^<>]*)>"
)
_CLOSED = re.compile(
    r"^([ \t]*</(?:div|details|section|aside|article|figure|p|table|[uod]l)>[ \t]*)\n(?=[^\s<])", re.MULTILINE
)
_ITEM = re.compile(r"^ {0,3}(?:[-*+]|\d+[.)])[ \t].*(?:\n(?:[ \t]*$|[ \t]+\S.*|\ue000.*))*", re.MULTILINE)
"""An item of a list with the indented text below it; a mark stands for code."""
_IMAGE_ALONE = re.compile(r"^([ \t]*<img\b[^<>]*>)[ \t]*\n[ \t]*(?=[^\s<])", re.MULTILINE)


def markdown_in_html(text: str, page: Page) -> str:
    """`<div markdown="1">` of kramdown and Python-Markdown: the text in it and after it is Markdown."""

    def opened(match: re.Match[str], indent: str = "") -> str:
        return f"\n\n{indent}<{match['tag']}{match['said']}{match['more']}>\n\n{indent}"

    def in_item(match: re.Match[str]) -> str:
        begins_a_line = match.string[match.start() - 1] == "\n"
        return opened(match, match[0].partition("<")[0] if begins_a_line else "")

    def edit(plain: str) -> str:
        plain = _CLOSED.sub(r"\1\n\n", plain)
        if not _MARKED.search(plain):
            return plain
        # An image alone on a line would begin a block of HTML.
        plain = _IMAGE_ALONE.sub(r"\1 ", plain)
        return _MARKED.sub(opened, _ITEM.sub(lambda item: _MARKED.sub(in_item, item[0]), plain))

    return outside_code(text, edit) if "</" in text else text


alerts = replacing(
    re.compile(r"^([ \t]*(?:>[ \t]*)+)\[!([\w-]+)[^\]\n]*\][+-]?[ \t]*(.*)$", re.MULTILINE),
    lambda alert: f"{alert[1]}{alert[3]}\n{alert[1].rstrip()}",
    "[!",
)
"""`> [!NOTE]` of GitHub, `> [!tip]- Title` of Obsidian: the kind is removed, the title stays."""
_ATTRIBUTE = r"(?:[#.][^\s#.{}=]+|[\w:-]+=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'{}]+))"
_LIST = re.compile(
    rf"(?<![ \t])[ \t]*\{{:?[ \t]*{_ATTRIBUTE}(?:[#.][^\s#.{{}}=]+|[ \t]+(?:{_ATTRIBUTE}|[\w-]+))*[ \t]*\}}"
)
_KRAMDOWN = re.compile(r"\{::(?:comment|nomarkdown)\}(?:(?!\{::)[\s\S])*?\{:/[^}\n]*\}|\{:[:/]?[^{}\n]*\}")
_HEADING = re.compile(
    r"^([ \t]*(#{1,6})[ \t]+.*?)[ \t]*(?:\{(:?)[ \t]*([^{}\n]*)\}[ \t]*#*[ \t]*|\n[ \t]*\{:[ \t]*([^{}\n]*)\}[ \t]*)$",
    re.MULTILINE,
)
# Possessive: otherwise `{file_path_of_the_document:path}`, which is not a list, is split in every possible way.
_WORDS = re.compile(rf"\s*+(?:(?:{_ATTRIBUTE}|[\w-]++)\s*+)++")
_HIDDEN = "data-search-exclude"


def attribute_lists(text: str, page: Page) -> str:
    """`{: .x #id}`, `{ #id data-toc-label="..." }`: ids of headings stay; sections excluded from search go."""
    return outside_code(text, _attribute_lists) if "{" in text else text


def _attribute_lists(text: str) -> str:
    def heading(match: re.Match[str]) -> str:
        inner = match[4] if match[4] is not None else match[5]
        # `${word}` is no list: words alone stand behind a space.
        is_part = match[0].startswith("{", len(match[1])) and not re.search(r"[#.=]", inner)
        if is_part or not _WORDS.fullmatch(inner):
            return match[0]
        named = re.findall(r"(?:^|\s)id=[\"']?([^\s\"']+)", inner)
        end = "" if match[3] == "" else "."  # of kramdown, `{: #id.class}`
        ids = [*re.findall(rf"#([^\s#{end}{{}}=]+)", re.sub(r"=\"[^\"]*\"|='[^']*'", "", inner)), *named]
        mark = "\ue002" if _HIDDEN in inner.split() else ""
        return match[1] + mark + (f" {{#{ids[-1]}}}" if ids else "")

    text = _HEADING.sub(heading, text)
    # The reader of Markdown handles those of headings.
    text = _LIST.sub(lambda m: m[0] if _of_heading(m) else "", _KRAMDOWN.sub("", text))
    return _without_hidden(text) if "\ue002" in text else text


def _of_heading(match: re.Match[str]) -> bool:
    start = match.string.rfind("\n", 0, match.start()) + 1
    return match.string[start : match.start()].lstrip().startswith("#") and not re.compile(r"[^\S\n]*\S").match(
        match.string, match.end()
    )


def _without_hidden(text: str) -> str:
    """Remove the sections that are excluded from search, with those below them."""
    out: list[str] = []
    below = 0
    for line in text.split("\n"):
        found = re.match(r"[ \t]*(#{1,6})[ \t]", line)
        if found and not (below and len(found[1]) > below):
            below = len(found[1]) if "\ue002" in line else 0
        if not below:
            out.append(line)
    return "\n".join(out)
