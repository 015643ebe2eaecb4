"""What an element of a page is to the walk: a block, a list, a table for layout only, code in a language."""

from __future__ import annotations

import re

from vademecum_builder.readers.html.tree import TEXT, Attributes, Node, children, text_of
from vademecum_builder.readers.html.unseen import Part, part_of

HEADINGS = {f"h{level}": level for level in range(1, 7)}
GROUPS = frozenset({"ul", "ol", "dl", "menu"})
BLOCKS = frozenset(
    """
    p div section article main body html header footer aside address center blockquote figure figcaption
    details summary form fieldset hr pre legend frameset noframes hgroup search starlight-tabs
    """.split()
)
INLINE = frozenset("span code em strong b i tt kbd var samp small sub sup font".split())
LINES = frozenset("li tr dt dd br caption thead tbody tfoot".split())
CELLS = frozenset({"td", "th"})
APART = BLOCKS | GROUPS | LINES | CELLS | {"table"}
"""What a browser separates from the text before and after it, also in a cell or within a line."""
CONTAINERS = GROUPS | BLOCKS - frozenset("p hr pre summary legend".split()) | frozenset("table tr td li dd".split())
_CODE_TABLE = re.compile(r"highlight|rouge|lntable|hljs-ln|code|linenos")
_LAID = re.compile(r"\b(?:admonitionblock|colist|hdlist|qlist)\b")
"""What Asciidoctor lays out with tables."""
_ADMONITION = re.compile(r"note|tip|warning|caution|important")
"""What DocBook lays out with tables, where it shows a picture."""
# Markup in <pre> whose plain text would be wrong: line numbers, buttons, lines without line feeds.
_TRICKY_CODE = re.compile(
    r"<(?:br|div|button|table|ol|ul|li|p|svg|style|script|template)\b|lineno|line-?num|gutter|hidden|\bln[t]?\b|"
    r"prompt|copy|data-pagefind|data-vademecum|aria-hidden|display|<code class=\"line|class=\"line\"",
    re.IGNORECASE,
)
MOSTLY = 0.5
"""Share of a table's text: with more code of several lines than that, the table is a frame around it."""
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight(?:-source)?)-([A-Za-z0-9_+#.-]{1,40})(?:\s|$)")
_GRID = re.compile(r"(?:^|[\s-])(?:two|three)-column-summary|summary-table")
"""Javadoc's tables, which are made of `<div>`s."""
_GRID_ROW = re.compile(r"\bcol-(?:first|constructor-name|summary-item-name|deprecated-item-name|permits-item-name)\b")


def heading_level(tag: str, attributes: Attributes) -> int:
    """Return the level of a heading, 1 to 6; 0 for anything else."""
    if tag in HEADINGS:
        return HEADINGS[tag]
    if attributes and attributes.get("role") == "heading":
        level = attributes.get("aria-level") or ""
        return int(level) if level in ("1", "2", "3", "4", "5", "6") else 2
    return 0


def has_entries(dl: Node) -> bool:
    """Return whether the terms of a definition list have ids, so that links can lead to them."""
    term = dl.css_first("dt")
    return term is not None and bool(term.id or term.css_first("[id], a[name]"))


def is_layout(table: Node, attributes: Attributes) -> bool:
    """Return whether a table is only used for the layout of the page."""
    if (attributes.get("role") or "") in ("presentation", "none"):
        return True
    if _CODE_TABLE.search(attributes.get("class") or ""):
        return table.css_first("pre") is not None
    if _is_mostly_code(table):
        return True
    above = table.parent
    names = (above.attributes.get("class") or "") if above is not None else ""
    if _LAID.search(names) or (_ADMONITION.fullmatch(names) and table.css_first("td > img[alt]")):
        return True
    return len(table.css("table, h1, h2, h3, h4, main, article")) > 1  # the table itself is one


def _is_mostly_code(table: Node) -> bool:
    """Return whether a table is a frame around code, or has pieces of it side by side, such as line numbers: as rows of
    text, the code would be on one line."""
    pieces = [(piece.text(deep=True) or "").strip() for piece in table.css("pre, div.fragment")]
    if not pieces:
        return False
    in_one_row = len(table.css("tr")) == 1
    code = sum(len(piece) for piece in pieces if in_one_row or "\n" in piece)
    return code > len(text_of(table)) * MOSTLY


def are_line_numbers(pre: Node) -> bool:
    """Return whether a block of code in a table's cell consists of numbers that increase by one."""
    if pre.parent is None or pre.parent.tag not in CELLS:
        return False
    numbers = (pre.text(deep=True) or "").split()
    first = int(numbers[0]) if numbers and numbers[0].isascii() and numbers[0].isdigit() and len(numbers[0]) < 9 else 0
    return bool(first) and numbers == [*map(str, range(first, first + len(numbers)))]


def is_grid(tag: str, names: str) -> bool:
    """Return whether an element with these classes is a table made of other elements."""
    return bool(names) and tag == "div" and _GRID.search(names) is not None


def begins_grid_row(names: str) -> bool:
    """Return whether the cell of such a table is the first one of its row."""
    return _GRID_ROW.search(names) is not None


def is_code_of_lines(tag: str, node: Node, attributes: Attributes) -> bool:
    """Return whether an element other than `<pre>` is code: Doxygen's, with a `<div>` for each line."""
    if tag != "div" or (attributes.get("class") or "") != "fragment":
        return False
    line = next((child for child in children(node) if child.is_element_node), None)
    return line is not None and line.tag == "div" and "line" in (line.attributes.get("class") or "").split()


def is_plain_code(pre: Node) -> bool:
    """Return whether a person sees the plain text of a block of code."""
    return not _TRICKY_CODE.search(pre.html or "")


def language_of(pre: Node, attributes: Attributes) -> str:
    """Return the declared language of a block of code (`language-sh`, `highlight-sh`, `brush: sh`)."""
    inner = pre.css_first("code")
    above = pre.parent.attributes if pre.parent is not None else {}
    above_it = pre.parent.parent if pre.parent is not None else None
    names = [attributes, inner.attributes if inner is not None else {}, above, above_it.attributes if above_it else {}]
    for found in names:
        match = _LANGUAGE.search(found.get("class") or "")
        if match or found.get("data-lang") or found.get("data-language"):
            return match[1] if match else found.get("data-lang") or found.get("data-language") or ""
    return ""


def is_signature(tag: str, attributes: Attributes) -> bool:
    """Return whether a table is a declaration by Doxygen, with a parameter in each row."""
    return tag == "table" and attributes.get("class") == "memname"


def number_of(text: str | None, default: int) -> int:
    """Return the number in an attribute, such as `start` of a list."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else default


def formula_of(math: Node) -> str:
    """Return the source of a formula if the page has it, otherwise what it shows."""
    written = math.css_first("annotation[encoding*=tex]")
    return f" {text_of(written if written is not None else math)} "


_FIGURES = frozenset({"figure", "informalfigure", "imageblock", "thumb", "wp-caption"})
"""Classes of DocBook, Sphinx, Asciidoctor, MediaWiki, WordPress."""


def figure_of(image: Node) -> Node | None:
    """Return the figure that a picture is in; None if it stands in the text."""
    above = image.parent
    while above is not None and above.tag not in ("body", "main", "article", "section"):
        if above.tag == "figure" or not _FIGURES.isdisjoint((above.attributes.get("class") or "").split()):
            return above
        above = above.parent
    return None


def figure_text(figure: Node) -> str:
    """Return the title and captions of a figure, as they are seen."""
    texts, left = [], [figure]
    while left:
        node = left.pop()
        if node.tag == TEXT:
            texts.append(node.text_content or "")
        elif node is figure or (node.is_element_node and part_of(node, node.tag or "", node.attributes) is Part.TEXT):
            left += reversed([*children(node)])
    return " ".join(texts)
