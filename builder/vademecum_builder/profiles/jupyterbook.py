"""Jupyter Book 1: `_toc.yml`, and `_config.yml` beside it, from which Jupyter Book makes a configuration of Sphinx."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists, containers
from vademecum_builder.profiles.config import address_of, at, matcher, read_yaml, text_at, texts_at, yamls
from vademecum_builder.profiles.myst_markup import myst, substitutions
from vademecum_builder.readers.slugs import DOCUTILS

FILES = yamls("_toc")
_SOURCES = (".md", ".ipynb", ".rst")
_BELOW = "parts chapters sections subtrees entries items children".split()
"""Fields with further entries in the lists of books, of articles, and of MyST."""


def listed_in(entry: Any) -> Iterator[str]:
    """Yield the names and patterns of files in a table of contents, in its order."""
    for part in entry if isinstance(entry, list) else [entry]:
        if isinstance(part, Mapping):
            yield from (
                str(part[name]) for name in ("root", "file", "glob", "pattern") if isinstance(part.get(name), str)
            )
            for name in _BELOW:
                yield from listed_in(part.get(name) or [])


def files_of(names: Iterable[str], keys: Iterable[str], endings: Iterable[str]) -> list[str]:
    """Return the files for names with or without an ending, and for patterns."""
    every = sorted(keys)
    found: dict[str, None] = {}
    for name in map(posixpath.normpath, names):
        wanted = [name, *(f"{name}{ending}" for ending in endings)]
        alike = list(filter(_pattern(name).fullmatch, every)) if "*" in name else []
        found |= dict.fromkeys(alike or [key for key in wanted if key in every][:1])
    return list(found)


def _pattern(glob: str) -> re.Pattern[str]:
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda m: parts.get(m[0]) or re.escape(m[0]), glob))


def open_jupyterbook(project: Project) -> Rules | None:
    text = project.text(*FILES)
    toc = read_yaml(text) or read_yaml("chapters:\n" + text)  # a list, as the first versions had it
    if not {"root", "chapters"} & toc.keys() or not any(listed_in(toc)) or project.has("conf.py"):
        return None  # a file of Jekyll or Sphinx
    config = read_yaml(project.text(*yamls("_config")))
    excluded = matcher(f"/{pattern}" for pattern in texts_at(config, "exclude_patterns"))
    listed = {*files_of(listed_in(toc), project.keys, _SOURCES)} if config.get("only_build_toc_files") is True else None

    def address(path: str, _metadata: Metadata) -> str:
        if excluded(path) or path.startswith("_build/"):
            raise NotServed("exclude_patterns")
        if not path.endswith(_SOURCES) or (listed is not None and path not in listed):
            raise NotServed("not a page of the book" if listed is not None else "source_suffix")
        return f"{stem(path)}.html"

    put_in = substitutions(at(config, "parse", "myst_substitutions"))
    return Rules(
        (Folder("", address),),
        DOCUTILS,
        (put_in, myst, put_in, containers, alerts, attribute_lists),
        base_url=address_of(text_at(config, "html", "baseurl") or at(config, "sphinx", "config", "html_baseurl")),
        title=text_at(config, "title"),
    )


PROFILE = Profile("jupyterbook", "Jupyter Book", FILES, open_jupyterbook)
