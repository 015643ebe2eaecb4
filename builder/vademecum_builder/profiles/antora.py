"""Antora: `antora.yml` of a component; where the site is served, a playbook elsewhere says."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from vademecum_builder.profiles.base import Folder, NotServed, Page, Profile, Project, Rules, address_of, stem
from vademecum_builder.profiles.config import at, read_yaml, text_at


def open_antora(project: Project) -> Rules | None:
    config = read_yaml(project.text("antora.yml"))
    name, version = config.get("name"), config.get("version")
    if not isinstance(name, str):
        return None
    said = "" if version in (None, "~") or not isinstance(version, str | int | float) or version is True else version
    served = posixpath.join("" if name == "ROOT" else name, str(said))
    attributes = at(config, "asciidoc", "attributes")
    entries = "".join(
        f":{key}: {'' if value is None or value is True else str(value).removesuffix('@')}\n"
        for key, value in (attributes.items() if isinstance(attributes, Mapping) else ())
        if value is not False and isinstance(value, str | int | float | None)
    )

    def with_attributes(text: str, page: Page) -> str:
        """What a component says for all of its pages; a page may say otherwise below."""
        return entries + text

    def address(path: str, metadata: Mapping[str, Any]) -> str:
        module, _, rest = path.partition("/")
        if not rest.startswith("pages/") or any(part.startswith("_") for part in rest.split("/")):
            raise NotServed("no page of a module")
        place = stem(rest.removeprefix("pages/"))
        if style in ("indexify", "drop") and place.rpartition("/")[2] == "index":
            place = place.removesuffix("index")
            return posixpath.join(served, "" if module == "ROOT" else module, place)
        return posixpath.join(served, "" if module == "ROOT" else module, place + ending)

    playbook = read_yaml(project.text(project.has("*playbook*.yml", "site.yml") or "site.yml"))
    style = text_at(playbook, "urls", "html_extension_style")
    ending = {"indexify": "/", "drop": ""}.get(style, ".html")
    by_branch = version is True or isinstance(version, Mapping)
    return Rules(
        (Folder("modules", address),),
        title=text_at(config, "title"),
        base_url=address_of(at(playbook, "site", "url")),
        templates=(with_attributes,) if entries else (),
        doubts=("the version of the component is that of its branch",) if by_branch else (),
    )


PROFILE = Profile("antora", "Antora", ("antora.yml",), open_antora)
