"""Astro without Starlight: pages of `src/pages`, and collections of content that pages of code show."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from vademecum_builder.profiles import mdx
from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Profile, Project, Rules, pretty, private
from vademecum_builder.profiles.blocks import containers
from vademecum_builder.profiles.config import Script, address_of, folder_of, with_endings
from vademecum_builder.profiles.starlight import FILES, id_of
from vademecum_builder.readers.slugs import GITHUB

_CONTENT = with_endings("ts js mts mjs", "src/content.config", "src/content/config")
_PAGES = "src/pages"
_MARKDOWN = (".md", ".mdx", ".mdoc")
_COLLECTION = re.compile(r"\bgetCollection\s*(?:<[^<>]*>)?\(\s*['\"]([\w-]+)['\"]")
_BASE = re.compile(
    r"\bglob\(\s*\{[^{}]*?(?:\bbase\s*:\s*['\"`](?P<base>[^'\"`$]+)|\bpattern\s*:\s*['\"`](?P<pattern>[\w./-]+)/\*)"
)
_DEFINED = re.compile(r"(?<![\w.$])['\"]?([\w-]+)['\"]?\s*(?::[^=\n,]*)?[=:]\s*defineCollection\s*\(")
_NAMED = re.compile(r"(?<![\w.$])['\"]?([\w-]+)['\"]?\s*:\s*(\w+)\s*[,}]")


def _address(ending: str, route: str | None, path: str, metadata: Metadata) -> str:
    """Return the address of a page in a collection, given its route; without one, of Markdown among pages of code."""
    if route is None:
        private(path)
    if not path.endswith(_MARKDOWN):
        raise NotServed("not Markdown")
    whole = (pretty(path) if route is None else posixpath.join(route, id_of(path, metadata))).rstrip("/")
    return f"{whole}{ending}" if whole else ""


def _collections(project: Project) -> Iterator[tuple[str, str]]:
    """Yield the collections in the configuration of the content, and their folders."""
    script = Script(project.text(*_CONTENT))
    said = _NAMED.findall(next(script.objects(r"\bcollections\s*=\s*"), "") + ",")
    called: dict[str, str] = {constant: name for name, constant in said}
    found = list(_DEFINED.finditer(script.code))
    for match, following in zip(found, [*found[1:], None], strict=False):
        base = _BASE.search(script.code, match.end(), following.start() if following else len(script.code))
        name = called.get(str(match[1]), str(match[1]))
        yield name, folder_of(base["base"] or base["pattern"]) if base else f"src/content/{name}"


def _routes(project: Project) -> dict[str, str]:
    """Return the folders of pages of code with a parameter in their names (`src/pages/blog/[...slug].astro`: `blog`),
    by the collection that they show, and by the name of the folder."""
    found: dict[str, str] = {}
    for key in sorted(key for key in project.keys if key.startswith(f"{_PAGES}/") and key.endswith((".astro", ".tsx"))):
        route, _, name = key.removeprefix(f"{_PAGES}/").removesuffix("/index.astro").rpartition("/")
        if "[" in name and "[" not in route:
            asked = _COLLECTION.findall(project.text(key))
            found |= dict.fromkeys(filter(lambda one: one not in found, [*asked, posixpath.basename(route)]), route)
    return found


def open_astro(project: Project) -> Rules | None:
    script = Script(project.text(*FILES))
    said = script.exported()
    routes = _routes(project)
    ending = ".html" if script.value("format") == "file" else "" if script.value("trailingSlash") == "never" else "/"
    folders = [Folder(_PAGES, partial(_address, ending, None))]
    unknown: list[str] = []
    for name, folder in _collections(project):
        last = posixpath.basename(folder)
        route = next((routes[known] for known in (name, last) if known in routes), None)
        folders.append(Folder(folder, partial(_address, ending, last if route is None else route)))
        if route is None:
            unknown.append(name)
    pages = [key for key in project.keys if key.endswith(_MARKDOWN)]
    if not any(key.startswith(f"{folder.path}/") for folder in folders for key in pages):
        return None
    site, other = script.value("site", said), script.fallback("site")
    return Rules(
        tuple(folders),
        GITHUB,
        (containers, *map(mdx.in_mdx, mdx.PASSES)),
        base_url=address_of(site or other, script.value("base", said)),
        doubts=(
            *(f"no page of {_PAGES} is known to show the collection {name}" for name in unknown),
            *(["site is computed in the configuration"] if site == "" else []),
        ),
    )


PROFILE = Profile("astro", "Astro", FILES, open_astro)
