"""Antora: `antora.yml` of a component; where the site is served, a playbook elsewhere says."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from vademecum_builder.profiles.base import Folder, NotServed, Profile, Project, Rules, stem
from vademecum_builder.profiles.config import read_yaml


def open_antora(project: Project) -> Rules | None:
    config = read_yaml(project.text("antora.yml"))
    name, version = config.get("name"), config.get("version")
    if not isinstance(name, str):
        return None
    served = posixpath.join("" if name == "ROOT" else name, "" if version in (None, "~") else str(version))

    def address(path: str, metadata: Mapping[str, Any]) -> str:
        module, _, rest = path.partition("/")
        if not rest.startswith("pages/") or any(part.startswith("_") for part in rest.split("/")):
            raise NotServed("no page of a module")
        place = stem(rest.removeprefix("pages/"))
        return posixpath.join(served, "" if module == "ROOT" else module, f"{place}.html")

    return Rules((Folder("modules", address),))


ANTORA = Profile("antora", "Antora", ("antora.yml",), open_antora)
