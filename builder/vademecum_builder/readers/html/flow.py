"""A walk through the content of a page: its text, line by line, as a person reads it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from vademecum_builder.readers.html import elements
from vademecum_builder.readers.html.anchors import Anchors, Named
from vademecum_builder.readers.html.lines import ENTRY, Flow, Kind
from vademecum_builder.readers.html.marks import BORDER, END, Mark, style_of
from vademecum_builder.readers.html.tree import TEXT, Attributes, Node, text_of
from vademecum_builder.readers.html.unseen import Part, is_around, part_of
from vademecum_builder.readers.html.writer import Heading, LineWriter, Place
from vademecum_builder.readers.text import says_nothing, words_in

_OUTSIDE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
LONGEST_LABEL = 120
"""Characters: a longer link to another page, such as a card with a description, is text."""
MUCH = 0.8
"""Share of a page's text: an element with more is content, whatever it is called."""


def walk(roots: Iterable[Node], *, marked: bool) -> Flow:
    """Return the text below some elements.

    Args:
        marked: Whether the page marks this as its content. Otherwise menus, side bars and the like are left out by
            name.
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
    place: Place
    heading: Heading | None = None
    named: Named | None = None
    is_layout: bool = False
    is_entries: bool = False
    is_group: bool = False
    is_described: bool = True
    is_grid: bool = False
    is_grid_cell: bool = False
    is_marked: bool = False
    is_list: bool = False
    is_of_lines: bool = False
    language: str = ""


class _Walk:
    """A walk through one element, without recursion."""

    def __init__(self, flow: Flow, anchors: Anchors, root: Node, marked: bool) -> None:
        self._flow = flow
        self._anchors = anchors
        self._out = LineWriter(flow, anchors)
        self._root = root
        self._marked = marked
        self._size = 0
        self._stack: list[_Open] = []
        self._groups = 0
        self._entries = 0
        self._cells = 0
        self._code = 0
        self._row_is_header = False
        self._numbers: list[int | None] = []  # the number of the item in each open list; None in lists without numbers
        self._heading: Heading | None = None
        self._figures: dict[int, str] = {}  # the words of figures

    def run(self) -> None:
        self._flow.parents.append(0)
        self._push(_Open(self._root.tag or "", self._root.first_child, Place(len(self._flow.parents) - 1)))
        while self._stack:
            top = self._stack[-1]
            node = top.child
            if node is None:
                self._stack.pop()
                self._out.place = self._stack[-1].place if self._stack else Place()
                self._close(top)
                continue
            top.child = node.next
            tag = node.tag
            if tag == TEXT:
                text = node.text_content or ""
                if not (top.is_of_lines and text.isspace()):
                    self._text(text)
            elif node.is_element_node:
                self._meet(node, tag or "", top)
        self._out.end_block()

    def _push(self, frame: _Open) -> None:
        self._stack.append(frame)
        self._out.place = frame.place

    def _text(self, text: str) -> None:
        if self._heading is None:
            self._out.text(text)
        else:
            self._out.pieces.append(text)

    # Opening

    def _meet(self, node: Node, tag: str, above: _Open) -> None:
        attributes = node.attributes
        part = part_of(node, tag, attributes)
        if part is not Part.TEXT and self._leave_out(node, tag, attributes, part):
            return
        if not self._marked and self._heading is None and is_around(node, tag, attributes) and not self._is_much(node):
            return
        if tag in elements.INLINE and "id" not in attributes:
            child = node.first_child
            if child is None:
                return
            if child.tag == TEXT and child.next is None:  # most highlighting of code and marking of words
                if (style := style_of(tag, attributes.get("class"))) is not None:
                    self._out.pieces.append(style)
                    self._text(child.text_content or "")
                    self._out.pieces.append(END)
                else:
                    self._text(child.text_content or "")
                return
        if tag == "br":
            self._border(tag)
            return
        if tag == "math":
            self._text(elements.formula_of(node))
            return
        if tag == "img":
            self._image(node, attributes)
            return
        if tag == "pre" and not self._cells and elements.are_line_numbers(node):
            return
        if not self._cells and self._heading is None and elements.is_signature(tag, attributes):
            self._out.end_block()
            self._out.plain_code(text_of(node), "")
            return
        if tag == "pre" and not self._cells and self._heading is None and elements.is_plain_code(node):
            self._out.end_block()
            self._anchors.meet(tag, attributes)
            self._out.plain_code(node.text(deep=True) or "", elements.language_of(node, attributes))
            return
        self._open(node, tag, attributes, above)

    def _leave_out(self, node: Node, tag: str, attributes: Attributes, part: Part) -> bool:
        """Return whether an element is left out since it is not part of the text."""
        if part is Part.EXCLUDED and tag in elements.HEADINGS:
            return False
        if part is Part.CHROME and tag not in ("nav", "a") and self._is_much(node):
            return False
        if tag == "a":
            self._permalink(node, attributes)
        return True

    def _is_much(self, node: Node) -> bool:
        """Return whether an element has most of the text."""
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

    def _is_captioned(self, image: Node, alt: str) -> bool:
        figure = elements.figure_of(image)
        if figure is None or words_in(alt).isspace():
            return False
        if figure.mem_id not in self._figures:
            self._figures[figure.mem_id] = words_in(elements.figure_text(figure))
        return words_in(alt) in self._figures[figure.mem_id]

    def _image(self, node: Node, attributes: Attributes) -> None:
        alt, source = (attributes.get("alt") or "").strip(), attributes.get("src") or ""
        if alt and not says_nothing(alt, source) and not self._is_captioned(node, alt):
            self._out.pieces += [" ", Mark(image=source)]
            self._text(alt)
            self._out.pieces += [END, " "]

    def _open(self, node: Node, tag: str, attributes: Attributes, above: _Open) -> None:
        frame = _Open(tag, node.first_child, above.place)
        if elements.is_code_of_lines(tag, node, attributes):
            frame.is_of_lines, frame.tag, tag = True, "pre", "pre"
        level = self._level(tag, attributes, above)
        if tag == "dl":
            frame.is_entries = not self._cells and self._heading is None and elements.has_entries(node)
        if level:
            self._open_heading(node, level, frame, attributes, above)
            return
        if tag == "dd":
            above.is_described = True
        if tag in elements.CONTAINERS:
            self._flow.parents.append(above.place.container)
            path = zlib.crc32(f"{tag}#{attributes.get('id') or ''}".encode(), above.place.path)
            frame.place = Place(len(self._flow.parents) - 1, path)
        if tag == "table":
            frame.is_layout = bool(self._cells) or elements.is_layout(node, attributes)
        names = attributes.get("class") or ""
        frame.is_grid = elements.is_grid(tag, names)
        frame.is_grid_cell = above.is_grid and tag == "div" and not self._cells
        if frame.is_grid_cell:
            self._grid_cell(names)
        else:
            self._border(tag)
        frame.is_group = (
            (tag in elements.GROUPS and not frame.is_entries)
            or (tag == "table" and not frame.is_layout)
            or (frame.is_grid and not self._cells)
        )
        self._groups += frame.is_group
        self._entries += frame.is_entries
        self._begin(node, tag, attributes, frame)
        if not self._code:
            frame.named = self._anchors.meet(tag, attributes)
            if frame.named is not None and self._heading is not None:
                frame.named.tag = "#inside"
        self._code += tag == "pre"
        self._push(frame)

    def _begin(self, node: Node, tag: str, attributes: Attributes, frame: _Open) -> None:
        """Begin what the element stands for: a link, a style, code, a list or an item."""
        if tag == "a" and (href := attributes.get("href")):
            linked = len(text_of(node))
            self._flow.linked += linked
            if href.startswith("#") or (linked <= LONGEST_LABEL and not _OUTSIDE.match(href)):
                self._out.links += linked
                self._out.targets += 1
            self._out.pieces.append(Mark(link=href))
            frame.is_marked = True
        elif (style := style_of(tag, attributes.get("class") or "")) is not None:
            self._out.pieces.append(style)
            frame.is_marked = True
        elif tag == "pre":
            frame.language = elements.language_of(node, attributes)
        elif tag == "ol":
            frame.is_list = True
            self._numbers.append(elements.number_of(attributes.get("start"), 1) - 1)
        elif tag in ("ul", "menu"):
            frame.is_list = True
            self._numbers.append(None)
        elif tag == "li":
            self._begin_item(attributes)

    def _open_heading(self, node: Node, level: int, frame: _Open, attributes: Attributes, above: _Open) -> None:
        self._out.end_block()
        named = self._anchors.meet(frame.tag, attributes)
        if named is not None:
            self._anchors.waiting.remove(named)
        excluded = part_of(node, frame.tag, attributes) is Part.EXCLUDED
        self._heading = frame.heading = Heading(level, named.id if named is not None else "", excluded)
        self._push(frame)
        if level >= ENTRY:
            self._heading.joined = not above.is_described
            above.is_described = False

    def _level(self, tag: str, attributes: Attributes, above: _Open) -> int:
        """Return the level of a heading or an entry; 0 for anything else."""
        if self._heading is not None or self._cells or self._code:
            return 0
        if tag == "dt":
            return ENTRY + self._entries - 1 if above.tag in ("dl", "div") and self._in_entries() else 0
        return elements.heading_level(tag, attributes)

    def _in_entries(self) -> bool:
        return next((frame.is_entries for frame in reversed(self._stack) if frame.tag == "dl"), False)

    def _in_layout(self) -> bool:
        """Return whether a cell is in a layout table, or in none."""
        return next((frame.is_layout for frame in reversed(self._stack) if frame.tag == "table"), True)

    # Borders

    def _border(self, tag: str) -> None:
        if tag in ("button", "label"):  # a tab's
            self._out.pieces.append(" ")
        elif self._heading is not None:
            if tag in elements.APART:
                self._out.pieces.append(" ")
        elif tag in elements.CELLS:
            self._cell(tag)
        elif self._cells:
            if tag in elements.APART:
                self._out.pieces.append(" ")
        elif self._code:
            if tag == "br":
                self._out.pieces.append("\n")
            elif tag in elements.BLOCKS or tag in elements.LINES:
                self._out.next_code_line()
        elif tag in ("pre", "table") or tag in elements.HEADINGS:
            self._out.end_block()
        elif tag in elements.GROUPS or tag in elements.BLOCKS:
            if self._groups:
                self._out.end_line()
            else:
                self._out.end_block()
        elif tag in elements.LINES:
            self._out.end_line()
            if tag == "tr":
                self._row_is_header = True

    def _cell(self, tag: str) -> None:
        if self._in_layout():
            self._out.end_block()
            return
        self._cells += 1
        self._row_is_header = self._row_is_header and tag == "th"
        self._out.next_cell()

    def _grid_cell(self, names: str) -> None:
        if elements.begins_grid_row(names):
            self._out.end_line(Kind.HEADER if self._row_is_header else Kind.TEXT)
            self._row_is_header = "table-header" in names
            self._out.pieces.append(BORDER)
        else:
            self._out.next_cell()
        self._cells += 1

    def _begin_item(self, attributes: Attributes) -> None:
        if self._numbers and self._numbers[-1] is not None:
            self._numbers[-1] = elements.number_of(attributes.get("value"), self._numbers[-1] + 1)
        if self._numbers:
            self._out.item = len(self._numbers) - 1, self._numbers[-1]

    def _close(self, frame: _Open) -> None:
        tag = frame.tag
        heading = self._heading
        if frame.is_marked:
            self._out.pieces.append(END)
        elif frame.is_list:
            self._numbers.pop()
        if frame.named is not None:
            frame.named.is_open = False
        if frame.heading is not None:
            self._out.end_heading(frame.heading, frame.place)
            self._heading = None
            return
        if frame.is_entries:
            self._out.end_entries(frame.place, ENTRY + self._entries - 1)
            self._entries -= 1
        if (tag in elements.CELLS or frame.is_grid_cell) and self._cells:
            self._cells -= 1
            return
        if tag == "tr" and not self._cells and heading is None:
            self._out.end_line(Kind.HEADER if self._row_is_header else Kind.TEXT)
        elif tag == "dt" and heading is None and not self._code:
            self._out.end_line(Kind.TERM)
        elif tag == "pre" and self._code and heading is None:
            self._code -= 1
            if not self._code and not self._cells:
                self._out.end_code(frame.place, frame.language)
        else:
            self._border(tag)
        self._groups -= frame.is_group
        if frame.is_group and heading is None and not self._cells:
            self._border(tag)
