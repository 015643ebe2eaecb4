"""A walk through the content of a page: its text, line by line, as a person reads it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from vademecum.format.markup import Runs
from vademecum_builder.readers.html.anchors import Anchors, Named
from vademecum_builder.readers.html.lines import ENTRY, Flow, Kind, Line
from vademecum_builder.readers.html.marks import BORDER, END, STYLES, Mark, cells_of, runs_of
from vademecum_builder.readers.html.tree import TEXT, Attributes, Node, text_of
from vademecum_builder.readers.html.unseen import Part, is_around, part_of
from vademecum_builder.readers.text import without_invisible

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_GROUPS = frozenset({"ul", "ol", "dl", "menu"})
_BLOCKS = frozenset(
    """
    p div section article main body html header footer aside address center blockquote figure figcaption
    details summary form fieldset hr pre legend frameset noframes hgroup search starlight-tabs
    """.split()
)
_INLINE = frozenset(
    {"span", "code", "em", "strong", "b", "i", "tt", "kbd", "var", "samp", "small", "sub", "sup", "font"}
)
_LINES = frozenset({"li", "tr", "dt", "dd", "br", "caption", "thead", "tbody", "tfoot"})
_CELLS = frozenset({"td", "th"})
_CONTAINERS = _GROUPS | _BLOCKS - {"p", "hr", "pre", "summary", "legend"} | {"table", "tr", "td", "li", "dd"}
_CODE_TABLE = re.compile(r"highlight|rouge|lntable|hljs-ln|code|linenos")
_LAID = re.compile(r"\b(?:admonitionblock|colist|hdlist|qlist)\b")
"""What Asciidoctor lays with tables."""
# Markup in <pre> that text alone would show wrongly: line numbers, buttons, lines without line feeds.
_TRICKY_CODE = re.compile(
    r"<(?:br|div|button|table|ol|ul|li|p|svg|style|script|template)\b|lineno|line-?num|gutter|hidden|\bln[t]?\b|"
    r"prompt|copy|data-pagefind|data-vademecum|aria-hidden|display|<code class=\"line|class=\"line\"",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:language|lang|highlight|highlight-source)-([A-Za-z0-9_+#.-]{1,40})(?:\s|$)"
)
_GRID = re.compile(r"(?:^|[\s-])(?:two|three)-column-summary|summary-table")
"""Javadoc's tables, which are laid with `<div>`s."""
_GRID_ROW = re.compile(
    r"\bcol-(?:first|constructor-name|summary-item-name|deprecated-item-name|permits-item-name)\b"
)
_OUTSIDE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
LONGEST_LABEL = 120
"""Characters: what is longer in a link to another page, a card with a description, say, is text."""
MUCH = 0.8
"""Of a page's text: what holds more is not around the text, whatever it is called."""


def walk(roots: Iterable[Node], *, marked: bool) -> Flow:
    """Return the text below some elements.

    Args:
        marked: The page says that this is its content. Else what is around it (menus, side bars) is left out by name.
    """
    flow = Flow()
    anchors = Anchors()
    for root in roots:
        _Walk(flow, anchors, root, marked).run()
    return flow


@dataclass(slots=True)
class _Open:
    """An element that the walk is in."""

    tag: str
    child: Node | None
    container: int
    place: int
    named: Named | None = None
    is_layout: bool = False
    is_entries: bool = False
    is_group: bool = False
    is_described: bool = True
    is_grid: bool = False
    is_grid_cell: bool = False
    is_marked: bool = False
    is_list: bool = False
    language: str = ""


class _Walk:
    """A walk through one element, without recursion."""

    def __init__(self, flow: Flow, anchors: Anchors, root: Node, marked: bool) -> None:
        self._flow = flow
        self._anchors = anchors
        self._root = root
        self._marked = marked
        self._size = 0
        self._stack: list[_Open] = []
        self._parts: list[str] = []
        self._links = self._targets = 0
        self._anchor: str | None = None
        self._block = flow.lines[-1].block + 1 if flow.lines else 0
        self._groups = 0
        self._entries = 0
        self._cells = 0
        self._code = 0
        self._row_is_header = False
        self._numbers: list[int | None] = []  # of each open list the number of its item, if it has numbers
        self._item: tuple[int, int | None] | None = None
        self._heading: _Heading | None = None

    def run(self) -> None:
        self._flow.parents.append(0)
        number = len(self._flow.parents) - 1
        self._stack.append(_Open(self._root.tag or "", self._root.first_child, number, 0))
        while self._stack:
            top = self._stack[-1]
            node = top.child
            if node is None:
                self._close(self._stack.pop())
                continue
            top.child = node.next
            tag = node.tag
            if tag == TEXT:
                self._text(node.text_content or "")
            elif node.is_element_node:
                self._meet(node, tag or "", top)
        self._end_block()

    def _text(self, text: str) -> None:
        self._parts.append(text)
        if (
            self._heading is None
            and text
            and not text.isspace()
            and (self._anchor is None or self._anchors.waiting)
        ):
            anchor = self._anchors.text()
            self._anchor = anchor if self._anchor is None else self._anchor

    # Opening

    def _meet(self, node: Node, tag: str, above: _Open) -> None:
        attributes = node.attributes
        part = part_of(node, tag, attributes)
        if part is not Part.TEXT and self._leave_out(node, tag, attributes, part):
            return
        if (
            not self._marked
            and self._heading is None
            and is_around(tag, attributes)
            and not self._is_much(node)
        ):
            return
        if tag in _INLINE and "id" not in attributes:
            child = node.first_child
            if child is None:
                return
            if child.tag == TEXT and child.next is None:  # most of what highlights code and marks words
                if tag in STYLES:
                    self._parts.append(STYLES[tag])
                    self._text(child.text_content or "")
                    self._parts.append(END)
                else:
                    self._text(child.text_content or "")
                return
        if tag == "br":
            self._border(tag)
            return
        if tag == "math":
            self._text(_formula(node))
            return
        if tag == "img":
            self._image(attributes)
            return
        if (
            tag == "pre"
            and not self._cells
            and self._heading is None
            and self._plain_code(node, attributes, above)
        ):
            return
        self._open(node, tag, attributes, above)

    def _leave_out(self, node: Node, tag: str, attributes: Attributes, part: Part) -> bool:
        """Return whether an element that is not of the text is left out."""
        if part is Part.EXCLUDED and tag in HEADINGS:
            return False
        if part is Part.CHROME and tag not in ("nav", "a") and self._is_much(node):
            return False
        if part is Part.PERMALINK:
            self._permalink(node, attributes)
        elif tag == "a":
            self._anchors.meet(tag, attributes)
        return True

    def _is_much(self, node: Node) -> bool:
        """Return whether an element holds most of the text."""
        self._size = self._size or len(text_of(self._root)) or 1
        return len(text_of(node)) > self._size * MUCH

    def _permalink(self, node: Node, attributes: Attributes) -> None:
        heading = self._heading
        named = self._anchors.meet("a", attributes)
        if heading is None:
            if named is not None:
                named.is_open = False
            return
        if named is not None:
            named.tag = "#inside"
        heading.links.append(unquote((attributes.get("href") or "").rpartition("#")[2]))
        heading.spare += f" {text_of(node)}"

    def _image(self, attributes: Attributes) -> None:
        alt = (attributes.get("alt") or "").strip()
        if alt:
            self._parts += [" ", Mark(image=attributes.get("src") or "")]
            self._text(alt)
            self._parts += [END, " "]

    def _plain_code(self, node: Node, attributes: Attributes, above: _Open) -> bool:
        """Take the text of a code block in one piece, where it has no markup that would show."""
        if _TRICKY_CODE.search(node.html or ""):
            return False
        self._end_block()
        self._anchors.meet("pre", attributes)
        self._anchor = self._anchors.text()
        self._emit(Kind.CODE, _code(node.text(deep=True) or ""), above, language=_language(node, attributes))
        self._block += 1
        return True

    def _open(self, node: Node, tag: str, attributes: Attributes, above: _Open) -> None:
        frame = _Open(tag, node.first_child, above.container, above.place)
        level = self._level(tag, attributes, above)
        if tag == "dl":
            frame.is_entries = not self._cells and self._heading is None and _has_entries(node)
        if level:
            self._open_heading(node, level, frame, attributes, above)
            return
        if tag == "dd":
            above.is_described = True
        if tag in _CONTAINERS:
            self._flow.parents.append(above.container)
            frame.container = len(self._flow.parents) - 1
            frame.place = zlib.crc32(f"{tag}#{attributes.get('id') or ''}".encode(), above.place)
        if tag == "table":
            frame.is_layout = bool(self._cells) or _is_layout(node, attributes)
        names = attributes.get("class") or ""
        frame.is_grid = bool(names) and tag == "div" and _GRID.search(names) is not None
        frame.is_grid_cell = above.is_grid and tag == "div" and not self._cells
        if frame.is_grid_cell:
            self._grid_cell(names)
        else:
            self._border(tag)
        frame.is_group = (
            (tag in _GROUPS and not frame.is_entries)
            or (tag == "table" and not frame.is_layout)
            or (frame.is_grid and not self._cells)
        )
        self._groups += frame.is_group
        self._entries += frame.is_entries
        if tag == "a" and (href := attributes.get("href")):
            linked = len(text_of(node))
            self._flow.linked += linked
            if href.startswith("#") or (linked <= LONGEST_LABEL and not _OUTSIDE.match(href)):
                self._links += linked
                self._targets += 1
            self._parts.append(Mark(link=href))
            frame.is_marked = True
        elif tag in STYLES:
            self._parts.append(STYLES[tag])
            frame.is_marked = True
        elif tag == "pre":
            frame.language = _language(node, attributes)
        elif tag == "ol":
            frame.is_list = True
            self._numbers.append(_number(attributes.get("start"), 1) - 1)
        elif tag in ("ul", "menu"):
            frame.is_list = True
            self._numbers.append(None)
        elif tag == "li":
            self._begin_item(attributes)
        if not self._code:
            frame.named = self._anchors.meet(tag, attributes)
            if frame.named is not None and self._heading is not None:
                frame.named.tag = "#inside"
        self._code += tag == "pre"
        self._stack.append(frame)

    def _open_heading(
        self, node: Node, level: int, frame: _Open, attributes: Attributes, above: _Open
    ) -> None:
        self._end_block()
        named = self._anchors.meet(frame.tag, attributes)
        if named is not None:
            self._anchors.waiting.remove(named)
        excluded = part_of(node, frame.tag, attributes) is Part.EXCLUDED
        self._heading = _Heading(frame, level, named.id if named is not None else "", excluded)
        self._stack.append(frame)
        if level >= ENTRY:
            self._heading.joined = not above.is_described
            above.is_described = False

    def _level(self, tag: str, attributes: Attributes, above: _Open) -> int:
        """Return the level of a heading or an entry; 0 for anything else."""
        if self._heading is not None or self._cells or self._code:
            return 0
        if tag in HEADINGS:
            return HEADINGS[tag]
        if tag == "dt":
            return ENTRY + self._entries - 1 if above.tag in ("dl", "div") and self._in_entries() else 0
        if attributes and attributes.get("role") == "heading":
            level = attributes.get("aria-level") or ""
            return int(level) if level in ("1", "2", "3", "4", "5", "6") else 2
        return 0

    def _in_entries(self) -> bool:
        for frame in reversed(self._stack):
            if frame.tag == "dl":
                return frame.is_entries
        return False

    def _in_layout(self) -> bool:
        for frame in reversed(self._stack):
            if frame.tag == "table":
                return frame.is_layout
        return True  # a cell without a table

    # Borders

    def _border(self, tag: str) -> None:
        if tag in ("button", "label"):  # a tab's
            self._parts.append(" ")
        elif self._heading is not None:
            if tag in _BLOCKS or tag in _LINES or tag in _CELLS or tag in _GROUPS:
                self._parts.append(" ")
        elif tag in _CELLS:
            self._cell(tag)
        elif self._cells:
            if tag in _BLOCKS or tag in _LINES or tag in _GROUPS or tag == "table":
                self._parts.append(" ")
        elif self._code:
            if ((tag in _BLOCKS or tag in _LINES) and not _ends_line(self._parts)) or tag == "br":
                self._parts.append("\n")
        elif tag == "pre" or tag in HEADINGS:
            self._end_block()
        elif tag in _GROUPS or tag == "table":
            if self._groups and tag != "table":
                self._end_line()
            else:
                self._end_block()
        elif tag in _BLOCKS:
            if self._groups:
                self._end_line()
            else:
                self._end_block()
        elif tag in _LINES:
            self._end_line()
            if tag == "tr":
                self._row_is_header = True

    def _cell(self, tag: str) -> None:
        if self._in_layout():
            self._end_block()
            return
        self._cells += 1
        self._row_is_header = self._row_is_header and tag == "th"
        self._next_cell()

    def _grid_cell(self, names: str) -> None:
        if _GRID_ROW.search(names):
            self._end_line(Kind.HEADER if self._row_is_header else Kind.TEXT)
            self._row_is_header = "table-header" in names
            self._parts.append(BORDER)
        else:
            self._next_cell()
        self._cells += 1

    def _begin_item(self, attributes: Attributes) -> None:
        if self._numbers and self._numbers[-1] is not None:
            self._numbers[-1] = _number(attributes.get("value"), self._numbers[-1] + 1)
        if self._numbers:
            self._item = len(self._numbers) - 1, self._numbers[-1]

    def _next_cell(self) -> None:
        self._parts.append(BORDER)
        before = next((part for part in reversed(self._parts) if part.strip()), " | ")
        if before != " | ":  # empty cells are no cells
            self._parts.append(" | ")

    def _close(self, frame: _Open) -> None:
        tag = frame.tag
        heading = self._heading
        if frame.is_marked:
            self._parts.append(END)
        elif frame.is_list:
            self._numbers.pop()
        if frame.named is not None:
            frame.named.is_open = False
        if heading is not None and frame is heading.frame:
            self._end_heading(heading)
            return
        if frame.is_entries:
            self._end_block()
            self._add(Kind.END, "", "", frame, ENTRY + self._entries - 1)
            self._entries -= 1
        if (tag in _CELLS or frame.is_grid_cell) and self._cells:
            self._cells -= 1
            return
        if tag == "tr" and not self._cells and heading is None:
            self._end_line(Kind.HEADER if self._row_is_header else Kind.TEXT)
        elif tag == "dt" and heading is None and not self._code:
            self._end_line(Kind.TERM)
        elif tag == "pre" and self._code and heading is None:
            self._code -= 1
            if not self._code and not self._cells:
                self._emit(Kind.CODE, _code("".join(self._parts)), frame, language=frame.language)
                self._parts = []
                self._block += 1
        else:
            self._border(tag)
        self._groups -= frame.is_group
        if frame.is_group and heading is None and not self._cells:
            self._border(tag)

    # What comes out

    def _end_heading(self, heading: _Heading) -> None:
        text = _plain("".join(self._parts)) or _plain(heading.spare)
        self._parts, self._heading, self._links, self._targets = [], None, 0, 0
        if not text:
            return
        anchor = self._anchors.heading(heading.level, heading.own, heading.links)
        frame = heading.frame
        if heading.level >= ENTRY and not (anchor and any(character.isalpha() for character in text)):
            self._add(Kind.TEXT, text, anchor, frame, 0)
            return
        self._add(Kind.HEADING, text, anchor, frame, heading.level)
        self._flow.lines[-1].excluded = heading.excluded
        self._flow.lines[-1].joined = heading.joined
        self._block += 1

    def _end_line(self, kind: Kind = Kind.TEXT) -> None:
        if self._parts:
            text = _plain("".join(self._parts)).removesuffix(" |")
            cells = cells_of(self._parts)
            runs = () if cells else runs_of(self._parts)
            self._parts = []
            self._emit(kind, text, self._stack[-1] if self._stack else _Open("", None, 0, 0), runs, cells)
        self._links = self._targets = 0

    def _end_block(self) -> None:
        self._end_line()
        self._block += 1

    def _emit(
        self,
        kind: Kind,
        text: str,
        frame: _Open,
        runs: Runs = (),
        cells: tuple[Runs, ...] = (),
        language: str = "",
    ) -> None:
        if text:
            self._add(kind, text, self._anchor or "", frame, 0)
            line = self._flow.lines[-1]
            line.runs, line.cells, line.language = runs, cells, language
            if kind is Kind.TEXT:
                line.item, self._item = self._item, None
            self._anchor = None

    def _add(self, kind: Kind, text: str, anchor: str, frame: _Open, level: int) -> None:
        line = Line(
            kind,
            text,
            anchor,
            self._block,
            frame.container,
            frame.place,
            level,
            self._links,
            self._targets,
        )
        self._flow.lines.append(line)


@dataclass(slots=True)
class _Heading:
    """The heading that is being read.

    Attributes:
        own: Its own id.
        spare: The text of permalinks in it, which counts where there is no other.
        links: Fragments that they lead to.
    """

    frame: _Open
    level: int
    own: str
    excluded: bool = False
    joined: bool = False
    spare: str = ""
    links: list[str] = field(default_factory=list)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else default


def _language(pre: Node, attributes: Attributes) -> str:
    """Return the language that a block of code says it is in (`language-sh`, `highlight-sh`, `brush: sh`)."""
    inner = pre.css_first("code")
    above = pre.parent.attributes if pre.parent is not None else {}
    above_it = pre.parent.parent if pre.parent is not None else None
    names = [
        attributes,
        inner.attributes if inner is not None else {},
        above,
        above_it.attributes if above_it else {},
    ]
    for found in names:
        match = _LANGUAGE.search(found.get("class") or "")
        if match or found.get("data-lang") or found.get("data-language"):
            return match[1] if match else found.get("data-lang") or found.get("data-language") or ""
    return ""


def _has_entries(dl: Node) -> bool:
    """Return whether a definition list names its terms, so that a link can lead to each."""
    term = dl.css_first("dt")
    if term is None:
        return False
    if term.id:
        return True
    return term.css_first("[id], a[name]") is not None


def _is_layout(table: Node, attributes: Attributes) -> bool:
    """Return whether a table is there for how the page looks."""
    if (attributes.get("role") or "") in ("presentation", "none"):
        return True
    if _CODE_TABLE.search(attributes.get("class") or ""):
        return table.css_first("pre") is not None
    above = table.parent
    if above is not None and _LAID.search(above.attributes.get("class") or ""):
        return True
    return len(table.css("table, h1, h2, h3, h4, main, article")) > 1  # the table itself is one


def _formula(node: Node) -> str:
    """Return a formula as it was written, where the page keeps that, else what it shows."""
    written = node.css_first("annotation[encoding*=tex]")
    return f" {text_of(written if written is not None else node)} "


def _ends_line(parts: list[str]) -> bool:
    for part in reversed(parts):
        if part:
            return part.endswith("\n")
    return True


def _plain(text: str) -> str:
    return " ".join(without_invisible(text).split())


def _code(text: str) -> str:
    lines = without_invisible(text).replace("\xa0", " ").replace("\r\n", "\n").split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(line.rstrip() for line in lines).rstrip()
