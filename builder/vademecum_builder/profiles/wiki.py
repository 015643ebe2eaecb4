"""Clones of wikis of GitHub and GitLab: `Home.md` beside a side bar or a footer."""

from __future__ import annotations

import re

from vademecum_builder.profiles.base import Folder, Metadata, Profile, Project, Rules, private, stem
from vademecum_builder.profiles.blocks import alerts
from vademecum_builder.profiles.code import replacing
from vademecum_builder.profiles.config import with_endings
from vademecum_builder.profiles.links import wikilinks

FILES = with_endings("md markdown rst asciidoc", "Home", "home")
shown_first = replacing(re.compile(r"(?<!!)\[\[([^\[\]\n|]+)\|([^\[\]\n|]+)\]\]"), r"[[\2|\1]]", "[[")
"""`[[shown|Page]]`: Gollum has the reverse order of all others."""


def open_wiki(project: Project) -> Rules | None:
    if not project.has("_[SsFfHh][iIoOeE]*.*"):  # _Sidebar, _Footer, _Header
        return None
    flat = bool(project.has("Home.*"))  # GitHub serves all pages in one folder

    def address(path: str, metadata: Metadata) -> str:
        whole = stem(path)
        name = whole.rpartition("/")[2]
        private(name)
        return "" if name.lower() == "home" else (name if flat else whole).replace(" ", "-")

    return Rules(
        (Folder("", address),),
        passes=(shown_first, wikilinks, alerts),
        called=lambda path: stem(path).rpartition("/")[2].replace("-", " "),
    )


PROFILE = Profile("wiki", "a wiki of GitHub or GitLab", FILES, open_wiki)
