"""DocFX: `docfx.json`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

import orjson

from vademecum_builder.profiles.base import (
    Folder,
    NotServed,
    Page,
    Profile,
    Project,
    Rules,
    folder_of,
    stem,
    without_front_matter,
)
from vademecum_builder.profiles.blocks import alerts, containers
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.config import at, matcher, texts_at

_INCLUDE = re.compile(r"\[!include[ \t]*\[[^\[\]]*\]\(([^)\s]+)\)\]", re.IGNORECASE)
_CODE = re.compile(r"\[!code(?:-[\w+#]+)?[ \t]*\[[^\[\]]*\]\([^()\[\]]*\)\]", re.IGNORECASE)
_XREF = re.compile(r"<xref:[^<>\n]+>|@\"[^\"\n]+\"")


def docfx_markup(text: str, page: Page) -> str:
    """`[!INCLUDE [x](y.md)]`, code from files, cross references."""

    def include(match: re.Match[str]) -> str:
        name = match[1].removeprefix("~/")
        folders = ("",) if match[1].startswith("~/") else (page.key.rpartition("/")[0],)
        return without_front_matter(page.include(name, *folders, passes=(docfx_markup,))).strip("\n")

    return outside_code(text, lambda plain: _XREF.sub("", _CODE.sub("", _INCLUDE.sub(include, plain))))


def _spelt_out(pattern: str) -> list[str]:
    """Return `*.md` and `*.yml` for `*.{md,yml}`."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found is None:
        return [pattern]
    return [
        one
        for choice in found[1].split(",")[:20]
        for one in _spelt_out(pattern[: found.start()] + choice.strip() + pattern[found.end() :])
    ]


def open_docfx(project: Project) -> Rules:
    try:
        config = orjson.loads(re.sub(r"^\s*//.*$", "", project.text("docfx.json"), flags=re.MULTILINE))
    except ValueError:
        config = {}
    content = at(config, "build", "content") if isinstance(config, dict) else None
    folders = []
    for group in content if isinstance(content, list) else [{}]:
        source = folder_of(str(group.get("src") or ""))
        folders.append(Folder(source, _address(group, str(group.get("dest") or ""))))
    return Rules(tuple(folders), passes=(docfx_markup, containers, alerts))


def _address(group: Mapping[str, Any], target: str) -> Any:
    taken = matcher([f"/{p}" for q in texts_at(group, "files") for p in _spelt_out(q)] or ["**"])
    excluded = matcher([f"/{p}" for q in texts_at(group, "exclude") for p in _spelt_out(q)])

    def address(path: str, metadata: Mapping[str, Any]) -> str:
        if excluded(path) or not taken(path) or path.rpartition("/")[2].lower() == "toc.md":
            raise NotServed("not in build.content")
        return posixpath.join(target, f"{stem(path)}.html")

    return address


PROFILE = Profile("docfx", "DocFX", ("docfx.json",), open_docfx)
