"""The places of a page that a link can lead to."""

from __future__ import annotations

from vademecum.errors import ContentError
from vademecum_builder.readers.html.tree import parse
from vademecum_builder.sources.charset import decode


def ids_of(data: bytes) -> frozenset[str]:
    """Return all ids of a page, and the names of its `<a name>`: what HTML, section 7.4.6.4, looks an anchor up in."""
    try:
        tree = parse(decode(data).text)
    except ContentError:
        return frozenset()
    nodes = tree.css("[id], a[name]")
    return frozenset(
        name for node in nodes for name in (node.attributes.get("id"), node.attributes.get("name")) if name
    )
