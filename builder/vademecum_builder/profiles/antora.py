"""Antora: `antora.yml` of a component, or a playbook that lists components of its own repository and has the site's
address."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from html import unescape
from typing import Any

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, stem
from vademecum_builder.profiles.config import address_of, at, read_yaml, spread, table_at, text_at, texts_at

FILES = ("antora.yml", "*playbook*.yml")
_ABOVE = 4
"""The number of folders above a component that may have the playbook which lists it."""


@dataclass(frozen=True)
class _Component:
    """A component of a site.

    Attributes:
        modules: The folder of its modules, ends in `/`.
        served: Where they are served.
        attributes: Attributes of all its pages.
        by_branch: Whether its version is that of its branch.
    """

    modules: str
    served: str
    title: str
    attributes: Mapping[str, Any]
    by_branch: bool

    def page(self, style: str, path: str, _metadata: Metadata) -> str:
        """Return where a page is served."""
        module, _, rest = path.partition("/")
        if not rest.startswith("pages/") or any(part.startswith("_") for part in rest.split("/")):
            raise NotServed("not a page of a module")
        place = stem(rest.removeprefix("pages/"))
        if style in ("indexify", "drop") and place.rpartition("/")[2] == "index":
            place = place.removesuffix("index")
        else:
            place += {"indexify": "/", "drop": ""}.get(style, ".html")
        return posixpath.join(self.served, "" if module == "ROOT" else module, place)


def _component(project: Project, folder: str) -> _Component | None:
    config = read_yaml(project.text(posixpath.join(folder, "antora.yml")))
    name, version = config.get("name"), config.get("version")
    if not isinstance(name, str):
        return None
    shown = "" if version in (None, "~") or not isinstance(version, str | int | float) or version is True else version
    served = posixpath.join("" if name == "ROOT" else name, str(shown))
    by_branch = version is True or isinstance(version, Mapping)
    title = text_at(config, "title")
    # Attributes that Antora itself sets, except the branch, which is unknown.
    own = {"page-component-name": name, "page-component-title": title or name}
    own |= {} if by_branch else {"page-component-version": str(shown), "page-version": str(shown)}
    attributes = {**own, **table_at(config, "asciidoc", "attributes")}
    return _Component(posixpath.join(folder, "modules/"), served, title, attributes, by_branch)


def _entries(site: Mapping[str, Any], component: Mapping[str, Any]) -> str:
    """Return lines of AsciiDoc with the attributes of a component and of its site's playbook. Those of the playbook
    prevail, unless they are soft (`@`). Antora passes them on as HTML (`&lt;`); here they are text."""
    left = {key for key, value in site.items() if value is False or str(value).endswith("@")}
    kept = {key: value for key, value in site.items() if key not in left or key not in component}
    return "".join(
        f":{key}: {'' if value is None or value is True else unescape(str(value)).removesuffix('@')}\n"
        for key, value in {**component, **kept}.items()
        if value is not False and isinstance(value, str | int | float | None)
    )


def _lists(playbook: Mapping[str, Any], folder: str) -> bool:
    """Return whether a playbook lists a folder of its own repository as a component."""
    sources = at(playbook, "content", "sources")
    listed = [source for source in sources if isinstance(source, Mapping)] if isinstance(sources, list) else []
    starts = [
        path.strip().strip("/")
        for source in listed
        if text_at(source, "url") in (".", "./", "./.")
        for paths in [*texts_at(source, "start_path"), *texts_at(source, "start_paths")] or [""]
        for start in re.split(r",(?![^{}]*\})", paths)
        for path in spread(start)
    ]
    but = [start[1:] for start in starts if start.startswith("!")]
    return any(fnmatch.fnmatchcase(folder, start) for start in starts) and not any(
        fnmatch.fnmatchcase(folder, start) for start in but
    )


def _playbooks(project: Project, above: str = "") -> list[dict[str, Any]]:
    """Return the playbooks of a folder, by their names or their lists of sources."""
    names = sorted(path.name for path in (project.root / above).glob("*.yml") if path.name != FILES[0])
    texts = [(name, project.text(above + name)) for name in names]
    read = [(_named(name), read_yaml(text)) for name, text in texts if _named(name) or "sources:" in text]
    return [playbook for named, playbook in read if playbook and (named or at(playbook, "content", "sources"))]


def _named(name: str) -> bool:
    return "playbook" in name or name == "site.yml"


def _playbook_of(project: Project) -> Mapping[str, Any]:
    """Return the playbook of a component's site: the one beside it, or the one above that lists it."""
    for up in range(1, _ABOVE + 1) if not (beside := _playbooks(project)) else ():
        folder = "/".join(project.root.parts[-up:])
        beside = [playbook for playbook in _playbooks(project, "../" * up) if _lists(playbook, folder)]
        if beside:
            break
    return next(iter(beside), {})


def open_antora(project: Project) -> Rules | None:
    own = _component(project, "")
    above = {match[1] for key in project.keys if (match := re.match(r"((?:[^/]+/)*?)modules/", key))}
    folders = sorted(folder.rstrip("/") for folder in above)
    listing = (said for said in _playbooks(project) if any(_lists(said, folder) for folder in folders))
    playbook = _playbook_of(project) if own else next(listing, {})
    below = (_component(project, folder) for folder in folders if _lists(playbook, folder))
    components = [own] if own else [component for component in below if component]
    if not components:
        return None
    style = text_at(playbook, "urls", "html_extension_style")

    common = table_at(playbook, "asciidoc", "attributes")
    entries = {c.modules: _entries(common, c.attributes) for c in components}

    def with_attributes(text: str, page: Page) -> str:
        """Adds the attributes of a component above those of the page, which may change them."""
        return next((said for modules, said in entries.items() if page.key.startswith(modules)), "") + text

    return Rules(
        tuple(Folder(c.modules.rstrip("/"), partial(c.page, style)) for c in components),
        title=components[0].title if len(components) == 1 else text_at(playbook, "site", "title"),
        base_url=address_of(at(playbook, "site", "url")),
        templates=(with_attributes,) if any(entries.values()) else (),
        doubts=("the version of the component is that of its branch",) if any(c.by_branch for c in components) else (),
    )


PROFILE = Profile("antora", "Antora", FILES, open_antora)
