"""Where the text of a page lies: what the publisher marks, else what the page says is its main part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vademecum_builder.readers.html.tree import Node, Tree

BODY_MARKS = ("data-vademecum-body", "data-pagefind-body")
_CANDIDATES = (*(f"[{mark}]" for mark in BODY_MARKS), "main", "[role=main]", "article")


@dataclass(frozen=True)
class Content:
    """Where the text of a page may lie.

    Attributes:
        roots: In reading order; none lies in another.
        marked: Whether the page says so. Else it is the whole body, with what is around the text.
    """

    roots: tuple[Node, ...]
    marked: bool


def candidates(tree: Tree) -> Iterator[Content]:
    """Yield where the text may lie, best first; the first that holds any is the content."""
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
