"""Text in front matter: `hero` and `features` of VitePress, VuePress and Starlight, and what other layouts show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vademecum_builder.profiles.base import Metadata, named

_FEW = 20
"""So many words may be names of authors and links."""


def landing(metadata: Metadata) -> str:
    """Return as Markdown what the theme shows above the text of such a page, without its buttons."""
    hero = metadata if metadata.get("home") is True else metadata.get("hero")
    if not isinstance(hero, Mapping):
        return ""
    listed = metadata.get("features")
    features = [feature for feature in listed if isinstance(feature, Mapping)] if isinstance(listed, list) else []
    lines = [named(hero, name) for name in ("heroText", "name", "title", "text", "tagline")]
    for feature in features:
        title = named(feature, "title")
        lines += [title and f"**{title}**", named(feature, "details")]
    return "".join(f"{line}\n\n" for line in lines if line not in ("", metadata.get("title")))


def for_layouts(metadata: Metadata, body: str) -> bool:
    """Return whether a page's front matter says more than the page: tables in lists, such as settings or parameters,
    which a layout of the site shows."""
    tables = [item for value in metadata.values() if isinstance(value, list) for item in value]
    said = sum(_words(table) for table in tables if isinstance(table, Mapping))
    return said > max(_FEW, len(body.split())) and not landing(metadata)


def _words(value: Any) -> int:
    if isinstance(value, str):
        return len(value.split())
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return sum(map(_words, parts))
