"""The tree of a page. The one place that knows the parser (selectolax with lexbor: decisions/html.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborHTMLParser
from selectolax.lexbor import LexborNode as Node

__all__ = ["Attributes", "Node", "Tree", "children", "parse", "text_of"]
Tree = LexborHTMLParser
Attributes = Mapping[str, str | None]
TEXT = "-text"
MAX_DEPTH = 1000
"""Deeper tags are dropped, their text stays: the parser's time grows with the square of the depth."""
# Elements that are never closed implicitly, and so can be nested without end.
_NESTED = re.compile(
    r"<(/?)(?:div|table|section|article|main|blockquote|center|ul|ol|dl|details|figure|aside|header|footer|form|fieldset)"
    r"(?=[\s/>])[^<>]*>?",
    re.IGNORECASE,
)


def parse(text: str) -> Tree:
    """Return the tree of a page, as the HTML standard builds it from any text."""
    if text.count("<") > MAX_DEPTH:
        text = _flattened(text)
    # The parser cannot take lone surrogates.
    return LexborHTMLParser(text.encode("utf-8", "replace"))


def children(node: Node) -> Iterator[Node]:
    """Yield the elements and texts directly in an element."""
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def text_of(node: Node | None) -> str:
    """Return all text in an element, white space collapsed."""
    return " ".join((node.text(deep=True) or "").split()) if node is not None else ""


def _flattened(text: str) -> str:
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        depth = max(0, depth - 1) if tag[1] else depth + 1
        return tag[0] if depth <= MAX_DEPTH else ""

    return _NESTED.sub(kept, text)
