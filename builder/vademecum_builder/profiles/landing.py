"""Text of start pages in front matter: `hero` and `features` of VitePress, VuePress and Starlight."""

from __future__ import annotations

from collections.abc import Mapping

from vademecum_builder.profiles.base import Metadata, named


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
