"""Mintlify: `docs.json`, formerly `mint.json`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from vademecum_builder.profiles import mdx
from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Profile, Project, Rules, stem
from vademecum_builder.profiles.config import matcher, read_yaml
from vademecum_builder.readers.slugs import MINTLIFY
from vademecum_builder.sources.formats.json_records import parsed_or_none

FILES = ("docs.json", "mint.json")
_NO_PAGES = ("README.md", "LICENSE.md", "CHANGELOG.md", "CONTRIBUTING.md", "/snippets/")
"""Files that Mintlify ignores in any folder; parts of pages are in `snippets`."""


def _texts(project: Project, config: Any) -> Iterator[str]:
    """Yield all texts of a configuration, including files that it refers to, each of them once."""
    read: set[str] = set()
    left: list[tuple[str, Any]] = [("", config)]
    while left:
        folder, value = left.pop()
        if isinstance(value, Mapping):
            named = value.get("$ref")
            path = posixpath.normpath(posixpath.join(folder, named)) if isinstance(named, str) else ""
            if path and path not in read:
                read.add(path)
                left.append((posixpath.dirname(path), parsed_or_none(project.text(path))))
            value = list(value.values())
        if isinstance(value, list):
            left += [(folder, item) for item in value]
        elif isinstance(value, str):
            yield value


def open_mintlify(project: Project) -> Rules | None:
    config = read_yaml(project.text(*FILES))  # JSON is YAML
    if not ({"navigation", "$ref"} & config.keys() and {"$schema", "theme", "colors"} & config.keys()):
        return None
    named = {
        stem(text.strip("/")) if text.endswith((".md", ".mdx")) else text.strip("/") for text in _texts(project, config)
    }
    ignored = matcher([*_NO_PAGES, *project.text(".mintignore").split("\n")])
    pages = [key for key in project.keys if key.endswith((".md", ".mdx")) and not ignored(key)]
    # If the list of pages is not understood, it hides none.
    listed = 2 * sum(stem(key) in named for key in pages) > len(pages)

    def address(path: str, metadata: Metadata) -> str:
        if ignored(path):
            raise NotServed("ignored, or a part of other pages")
        if metadata.get("hidden") is True or (listed and stem(path) not in named and "hidden" not in metadata):
            raise NotServed("hidden, or not in the navigation")
        folder, _, name = stem(path).rpartition("/")
        return folder if name == "index" else stem(path)

    return Rules(
        (Folder("", address),),
        MINTLIFY,
        passes=tuple(one for one in mdx.PASSES if one != mdx.fronts),
        mdx=True,
        lead="description",
    )


PROFILE = Profile("mintlify", "Mintlify", FILES, open_mintlify)
