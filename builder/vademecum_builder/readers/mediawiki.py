"""The markup of MediaWiki in pages of an exported wiki, read by pandoc in its sandbox.

The text of templates is in other pages: only the arguments of a template are text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vademecum.errors import ContentError
from vademecum_builder.readers.converted import by_pandoc, read_converted
from vademecum_builder.readers.outline import Section

_HIDDEN: Final = re.compile(
    r"(?P<verbatim><(?P<tag>nowiki|pre|syntaxhighlight|source|math)\b[^<>]*(?<!/)>(?:(?!<(?P=tag)\b)[\s\S])*?</(?P=tag)\s*>)"
    r"|<!--[\s\S]*?(?:-->|\Z)|<ref\b[^<>]*/>|<ref\b[^<>]*>(?:(?!<ref\b)[\s\S])*?</ref\s*>|<references\b[^<>]*/?>|</references\s*>"
    r"|</?ref\b[^<>]*>|__[A-Z]+__|<gallery\b(?:(?!<gallery\b)[\s\S])*?</gallery\s*>|</?(?:noinclude|onlyinclude|includeonly|translate|languages)\b[^<>]*>",
    re.IGNORECASE,
)
"""Hidden text; also verbatim text, so that no part of it counts as hidden."""
_VERBATIM: Final = re.compile("\ue000(\\d+)\ue000")
_TEMPLATE: Final = re.compile(r"\{\{\{[^{}]*\}\}\}|\{\{([^{}|]*)((?:\|[^{}]*)?)\}\}")
"""Innermost templates."""
_PARAMETER: Final = re.compile(r"\|(?![^\[\]]*\]\])")
_CELL: Final = re.compile(r"^[ \t]*(?:\{\||\|\}|\|-|\|\+).*$|^[ \t]*[|!]+(?:[^|\n]*\|(?!\|))?|\|\||!!", re.MULTILINE)
_NESTED: Final = 20
"""The deepest nesting of templates that is read."""
_NAMED: Final = re.compile(r"[^\s=<>\[\]][^=<>\[\]]*=")
_MAINTENANCE: Final = re.compile(
    r"(?:date|name|group|title|class|style|align|width|image|size|url|access-?date)", re.IGNORECASE
)
"""Parameters with styles, or with dates of maintenance."""
_LINK: Final = re.compile(r"\[\[(?::|([\w ]+):(?=[^\s|\]]))?([^\[\]|]*)((?:\|[^\[\]|]*)*)\]\]")
_CATEGORY: Final = re.compile(r"category|kategorie|categor[ií]a|cat[ée]gorie|kategoria|категория", re.IGNORECASE)
_FILE: Final = re.compile(r"file|image|media|datei|bild|fichier|archivo|ficheiro|bestand|plik|файл", re.IGNORECASE)
_REDIRECT: Final = re.compile(r"\s*#[^\W\d]+[^\n\[\]]{0,20}\[\[")


def is_redirect(text: str) -> bool:
    """Return whether a page only leads to another one."""
    return _REDIRECT.match(text) is not None


def categories(text: str) -> list[str]:
    """Return the categories of a page."""
    found = (link[2].strip() for link in _LINK.finditer(_HIDDEN.sub("", text)) if _CATEGORY.fullmatch(link[1] or ""))
    return list(dict.fromkeys(filter(None, found)))


def read_mediawiki(text: str) -> Sequence[Section]:
    """Read a page, without anchors; raise ContentError if pandoc refuses it."""
    verbatim: list[str] = []

    def kept(hidden: re.Match[str]) -> str:
        if hidden["verbatim"]:
            verbatim.append(hidden["verbatim"])
        return f"\ue000{len(verbatim) - 1}\ue000" if hidden["verbatim"] else ""

    text = _HIDDEN.sub(kept, text.replace("\ue000", ""))
    for _ in range(_NESTED):
        text, count = _TEMPLATE.subn(_handed, text)
        if not count:
            break
    text = _LINK.sub(_shown, _LINK.sub(_shown, text))  # a caption of a picture has links
    text = _VERBATIM.sub(lambda mark: verbatim[int(mark[1])], text)
    try:
        page = by_pandoc("mediawiki", text)
    except ContentError:  # such as a table that a template ends: its cells are text
        page = by_pandoc("mediawiki", _CELL.sub("\n", text))
    return read_converted(page, {"title": "page"}).sections


def _handed(template: re.Match[str]) -> str:
    """Return the arguments of a template: unnamed ones, or else named ones, each after its name."""
    name = (template[1] or "").strip()
    if name.startswith("#") or ":" in name:
        return ""
    parts = [part.strip() for part in _PARAMETER.split(template[2].removeprefix("|")) if part.strip()]
    if plain := [part for part in parts if not _NAMED.match(part)]:
        return " ".join(plain)
    named = (part.partition("=") for part in parts)
    values = {key.strip(): value.strip() for key, _, value in named if value.strip()}
    values = {key: f"\n{value}" if value[0] in "*#:;" else value for key, value in values.items()}  # a list, or an item
    return "".join(f"\n\n{key}: {value}\n\n" for key, value in values.items() if not _MAINTENANCE.fullmatch(key))


def _shown(link: re.Match[str]) -> str:
    """Return the text of a link to another page, whose address is unknown."""
    space, page, labels = link[1] or "", link[2], link[3].split("|")
    if _CATEGORY.fullmatch(space) or _FILE.fullmatch(space):
        return ""
    return labels[-1].strip() or f"{space}{':' if space else ''}{page}".strip()
