"""Obsidian, as Obsidian Publish serves a vault: `.obsidian`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vademecum_builder.profiles.base import Folder, NotServed, Profile, Project, Rules, named, stem
from vademecum_builder.profiles.blocks import alerts
from vademecum_builder.profiles.links import block_ids, private_comments, wikilinks
from vademecum_builder.readers.slugs import OBSIDIAN


def _address(path: str, metadata: Mapping[str, Any]) -> str:
    if metadata.get("publish") is False:
        raise NotServed("publish: false")
    return named(metadata, "permalink").strip("/") or re.sub(r"\s", "+", stem(path))


def _called(path: str) -> str:
    return stem(path).rpartition("/")[2]


def open_obsidian(project: Project) -> Rules:
    return Rules(
        (Folder("", _address),), OBSIDIAN, (private_comments, wikilinks, block_ids, alerts), called=_called
    )


OBSIDIAN_PROFILE = Profile("obsidian", "Obsidian Publish", (".obsidian",), open_obsidian)
