"""Obsidian, for vaults that Obsidian Publish serves: `.obsidian`, or its style sheet if git ignores the settings."""

from __future__ import annotations

import posixpath
import re

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, named, stem
from vademecum_builder.profiles.blocks import alerts
from vademecum_builder.profiles.config import read_yaml, text_at
from vademecum_builder.profiles.links import block_ids, private_comments, wikilinks
from vademecum_builder.readers.slugs import OBSIDIAN

_QUERY = re.compile(
    r"^([ \t>]*)(`{3,}|~{3,})(?:dataview(?:js)?|tasks|query|base)\b.*\n(?:(?!\1\2).*\n)*\1\2[`~]*[ \t]*$", re.MULTILINE
)


def without_queries(text: str, page: Page) -> str:
    """Removes queries of plugins: their results are unknown."""
    return _QUERY.sub("", text)


def open_obsidian(project: Project) -> Rules:
    settings = read_yaml(project.text(".obsidian/app.json"))
    hidden = [str(name) for name in settings.get("userIgnoreFilters") or () if not str(name).startswith("/")]
    folders = (
        text_at(read_yaml(project.text(".obsidian/templates.json")), "folder"),
        text_at(read_yaml(project.text(".obsidian/plugins/templater-obsidian/data.json")), "templates_folder"),
    )
    templates = tuple(f"{folder.strip('/')}/" for folder in folders if folder.strip("/"))

    def address(path: str, metadata: Metadata) -> str:
        if metadata.get("publish") is False:
            raise NotServed("publish: false")
        if path.startswith(templates) or "excalidraw-plugin" in metadata:
            raise NotServed("a template or a drawing")
        if path.startswith(tuple(hidden)):
            raise NotServed("excluded from search by the settings")
        return named(metadata, "permalink").strip("/") or re.sub(r"\s", "+", stem(path))

    return Rules(
        (Folder("", address),),
        OBSIDIAN,
        (private_comments, without_queries, wikilinks, block_ids, alerts),
        called=lambda path: posixpath.basename(stem(path)),
    )


PROFILE = Profile("obsidian", "Obsidian Publish", (".obsidian", "publish.css"), open_obsidian)
