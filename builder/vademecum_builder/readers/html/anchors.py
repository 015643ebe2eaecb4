"""The ids that links to headings use. Only ids of the page: none is ever made up."""

from __future__ import annotations

from dataclasses import dataclass, field

from vademecum.errors import ContentError
from vademecum_builder.readers.html.tree import Attributes, parse
from vademecum_builder.readers.html.unseen import is_section
from vademecum_builder.sources.charset import decode

LONGEST = 1000
"""Characters: a longer id is ignored, since links to it would be cut."""
_WRAPPERS = frozenset({"section", "div", "article", "li", "td", "dd", "details", "figure", "header"})
_EMPTY = frozenset({"a", "span", "p", "i", "b"})


@dataclass
class Named:
    """An element with an id that no text has followed yet.

    Attributes:
        is_open: Whether the walk is still within it.
        is_section: Whether it calls itself a section: only a section gives its id to the page's title.
    """

    id: str
    tag: str
    is_open: bool = True
    is_section: bool = False


@dataclass
class Anchors:
    """The ids since the last text of a walk."""

    waiting: list[Named] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def meet(self, tag: str, attributes: Attributes) -> Named | None:
        """Note an element's id, or an `<a name>`. It is ignored if an earlier element has the same one, since links
        lead there."""
        name = attributes.get("id") or (attributes.get("name") if tag == "a" else None)
        if not name or len(name) > LONGEST or name in self._seen or name != name.strip() or "\n" in name:
            return None
        self._seen.add(name)
        named = Named(name, tag, is_section=is_section(tag, attributes))
        self.waiting.append(named)
        return named

    def text(self) -> str:
        """Return the nearest id before a text, and forget all but those of open sections: their heading may come after
        a row of links."""
        found = self.waiting[-1].id if self.waiting else ""
        self.waiting = [named for named in self.waiting if named.is_section and named.is_open]
        return found

    def heading(self, level: int, own: str, links: list[str]) -> str:
        """Return the id of a heading, or the empty string.

        Args:
            own: Its own id.
            links: Fragments of the permalinks in it.
        """
        inside = [named for named in self.waiting if named.tag == "#inside"]
        before = [named for named in self.waiting if named.tag != "#inside"]
        self.waiting.clear()
        linked = [named for named in before if named.id in links]
        nearest = before[::-1]
        around = [one for one in nearest if one.is_open and one.tag in _WRAPPERS and (level > 1 or one.is_section)]
        above = [one for one in nearest if not one.is_open and one.tag in _EMPTY]
        return own or next((named.id for named in (*inside, *linked, *around, *above)), "")


def ids_of(data: bytes) -> frozenset[str]:
    """Return all ids of a page, and the names of its `<a name>`: the targets of fragments (HTML, section 7.4.6.4)."""
    try:
        tree = parse(decode(data).text)
    except ContentError:
        return frozenset()
    nodes = tree.css("[id], a[name]")
    return frozenset(
        name for node in nodes for name in (node.attributes.get("id"), node.attributes.get("name")) if name
    )
