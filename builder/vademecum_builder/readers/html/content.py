"""The part of a page with its text: what the publisher marks, else what the page says is its main part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vademecum_builder.readers.html.tree import Node, Tree

BODY_MARKS = ("data-vademecum-body", "data-pagefind-body")
_CANDIDATES = (*(f"[{mark}]" for mark in BODY_MARKS), "main", "[role=main]", "article")


@dataclass(frozen=True)
class Content:
    """Elements that may be the content of a page.

    Attributes:
        roots: In reading order; none is within another.
        marked: Whether the page marks them. Otherwise it is the whole body, with what is around the text.
    """

    roots: tuple[Node, ...]
    marked: bool


def candidates(tree: Tree) -> Iterator[Content]:
    """Yield the possible contents, best first; the first with any text is the content."""
    for selector in _CANDIDATES:
        found = _outermost(tree.css(selector))
        if found:
            yield Content(tuple(found), True)
    root = tree.body if tree.body is not None else tree.root
    if root is not None:
        yield Content((root,), False)


def _outermost(nodes: list[Node]) -> list[Node]:
    chosen = {node.mem_id for node in nodes}
    return [node for node in nodes if not _is_inside(node, chosen)]


def _is_inside(node: Node, chosen: set[int]) -> bool:
    above = node.parent
    while above is not None and above.mem_id not in chosen:
        above = above.parent
    return above is not None
