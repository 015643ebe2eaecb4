"""The markup of MediaWiki, as pages of an exported wiki have it: pandoc reads it, in its sandbox.

What a page takes from templates is in other pages: of a template what was handed to it is text.
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
"""What is not shown; and, so that no part of it is taken for such, what is shown as it stands."""
_VERBATIM: Final = re.compile("\ue000(\\d+)\ue000")
_TEMPLATE: Final = re.compile(r"\{\{\{[^{}]*\}\}\}|\{\{([^{}|]*)((?:\|[^{}]*)?)\}\}")
"""The innermost."""
_PARAMETER: Final = re.compile(r"\|(?![^\[\]]*\]\])")
_CELL: Final = re.compile(r"^[ \t]*(?:\{\||\|\}|\|-|\|\+).*$|^[ \t]*[|!]+(?:[^|\n]*\|(?!\|))?|\|\||!!", re.MULTILINE)
_NESTED: Final = 20
"""Templates in one another that are read."""
_NAMED: Final = re.compile(r"[^\s=<>\[\]][^=<>\[\]]*=")
_MAINTENANCE: Final = re.compile(
    r"(?:date|name|group|title|class|style|align|width|image|size|url|access-?date)", re.IGNORECASE
)
"""Parameters that say how something looks, or when somebody was to look at it."""
_LINK: Final = re.compile(r"\[\[(?::|([\w ]+):(?=[^\s|\]]))?([^\[\]|]*)((?:\|[^\[\]|]*)*)\]\]")
_CATEGORY: Final = re.compile(r"category|kategorie|categor[ií]a|cat[ée]gorie|kategoria|категория", re.IGNORECASE)
_FILE: Final = re.compile(r"file|image|media|datei|bild|fichier|archivo|ficheiro|bestand|plik|файл", re.IGNORECASE)
_REDIRECT: Final = re.compile(r"\s*#[^\W\d]+[^\n\[\]]{0,20}\[\[")


def is_redirect(text: str) -> bool:
    """Return whether a page only leads to another one."""
    return _REDIRECT.match(text) is not None


def categories(text: str) -> list[str]:
    """Return the categories that a page says it is in."""
    found = (link[2].strip() for link in _LINK.finditer(_HIDDEN.sub("", text)) if _CATEGORY.fullmatch(link[1] or ""))
    return list(dict.fromkeys(filter(None, found)))


def read_mediawiki(text: str) -> Sequence[Section]:
    """Return what stands in a page, without anchors; raise ContentError if pandoc refuses it."""
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
    except ContentError:  # a table that a template ends, say: its cells are text
        page = by_pandoc("mediawiki", _CELL.sub("\n", text))
    return read_converted(page, {"title": "page"}).sections


def _handed(template: re.Match[str]) -> str:
    """Return what is handed to a template: what has no name, or else what has one, each behind its name."""
    name = (template[1] or "").strip()
    if name.startswith("#") or ":" in name:
        return ""
    parts = [part.strip() for part in _PARAMETER.split(template[2].removeprefix("|")) if part.strip()]
    if plain := [part for part in parts if not _NAMED.match(part)]:
        return " ".join(plain)
    named = (part.partition("=") for part in parts)
    told = {key.strip(): value.strip() for key, _, value in named if value.strip()}
    told = {key: f"\n{value}" if value[0] in "*#:;" else value for key, value in told.items()}  # a list, or an item
    return "".join(f"\n\n{key}: {value}\n\n" for key, value in told.items() if not _MAINTENANCE.fullmatch(key))


def _shown(link: re.Match[str]) -> str:
    """Return the text of a link to another page: where that is, the page does not say."""
    space, page, labels = link[1] or "", link[2], link[3].split("|")
    if _CATEGORY.fullmatch(space) or _FILE.fullmatch(space):
        return ""
    return labels[-1].strip() or f"{space}{':' if space else ''}{page}".strip()
