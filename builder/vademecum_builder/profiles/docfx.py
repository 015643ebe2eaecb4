"""DocFX: `docfx.json`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts, containers
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.config import address_of, at, folder_of, matcher, spread, text_at, texts_at
from vademecum_builder.sources.formats.json_records import parsed_or_none

_INCLUDE = re.compile(r"\[!include[ \t]*\[[^\[\]]*\]\(([^)\s]+)\)\]", re.IGNORECASE)
_CODE = re.compile(r"\[!code(?:-[\w+#]+)?[ \t]*\[[^\[\]]*\]\([^()\[\]]*\)\]", re.IGNORECASE)
_XREF = re.compile(r"<xref:[^<>\n]+>|@\"[^\"\n]+\"")


def docfx_markup(text: str, page: Page) -> str:
    """`[!INCLUDE [x](y.md)]`, code from files, cross references."""

    def include(match: re.Match[str]) -> str:
        name = match[1].removeprefix("~/")
        folders = ("",) if match[1].startswith("~/") else (page.key.rpartition("/")[0],)
        return page.include_page(name, *folders, passes=(docfx_markup,)).strip("\n")

    return outside_code(text, lambda plain: _XREF.sub("", _CODE.sub("", _INCLUDE.sub(include, plain))))


def open_docfx(project: Project) -> Rules:
    config = parsed_or_none(re.sub(r"^\s*//.*$", "", project.text("docfx.json"), flags=re.MULTILINE))
    content = at(config, "build", "content")
    groups = [_Group(options) for options in (content if isinstance(content, list) else [{}])]

    def address(source: str, path: str, _metadata: Metadata) -> str:
        whole = posixpath.join(source, path)
        addresses = (group.address(whole) for group in groups if posixpath.basename(path).lower() != "toc.md")
        found = next(filter(None, addresses), "")
        if not found:
            raise NotServed("not in build.content")
        return found

    folders = (Folder(source, partial(address, source)) for source in dict.fromkeys(group.source for group in groups))
    return Rules(
        tuple(folders),
        passes=(docfx_markup, containers, alerts),
        base_url=address_of(at(config, "build", "sitemap", "baseUrl")),
        title=text_at(config, "build", "globalMetadata", "_appTitle")
        or text_at(config, "build", "globalMetadata", "_appName"),
    )


class _Group:
    """Files that are served in the same folder."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.source, self._target = folder_of(str(options.get("src") or "")), str(options.get("dest") or "")
        self._taken = matcher([f"/{p}" for q in texts_at(options, "files") for p in spread(q)] or ["**"])
        self._excluded = matcher([f"/{p}" for q in texts_at(options, "exclude") for p in spread(q)])

    def address(self, path: str) -> str:
        """Return where a file is served; empty if it belongs to another group."""
        inner = posixpath.relpath(path, self.source or ".")
        taken = not inner.startswith("../") and self._taken(inner) and not self._excluded(inner)
        return posixpath.join(self._target, f"{stem(inner)}.html") if taken else ""


PROFILE = Profile("docfx", "DocFX", ("docfx.json",), open_docfx)
