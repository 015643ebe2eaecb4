"""The plugin mkdocs-static-i18n: the languages of a site of MkDocs, and where their pages are served."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vademecum_builder.profiles.base import NotServed
from vademecum_builder.profiles.config import text_at
from vademecum_builder.readers.document import title_from_key

_LOCALE = re.compile(r"[a-z]{2}(?:-[A-Za-z]{4})?(?:-[A-Z]{2})?|[a-z]{2}_[A-Z]{2}")


@dataclass(frozen=True)
class Languages:
    """Languages of a site. The default one is served at the root, others below their names.

    Attributes:
        all: The languages in the configuration, whether they are built or not.
        folders: Whether languages have folders (`fr/a.md`); else they are in the names of pages (`a.fr.md`).
        names: By language, the translated titles of the navigation.
    """

    default: str
    all: tuple[str, ...]
    built: tuple[str, ...]
    folders: bool
    names: Mapping[str, Mapping[str, Any]]

    def at(self, language: str, served: str) -> str:
        """Return where a page is served, given its address in the default language."""
        if language not in self.built:
            raise NotServed(f"in a language that is not built ({language})")
        return served if language == self.default else posixpath.join(language, served)

    def split(self, path: str) -> tuple[str, str]:
        """Return the path without its language, and the language; empty if it has none."""
        found = re.fullmatch(r"(.+)\.([\w-]+)(\.\w+)", path)
        if self.folders or not found or not (found[2] in self.all or _LOCALE.fullmatch(found[2])):
            return path, ""
        return found[1] + found[3], found[2]

    def called(self, path: str, names: Mapping[str, str]) -> str:
        """Return the title of a page in its language, given the titles of the navigation in the default one."""
        whole, language = self.split(path)
        name = names.get(path) or names.get(whole, "")
        return text_at(self.names.get(language, {}), name) or name or title_from_key(whole)


def read_languages(options: Any) -> Languages | None:
    """Return the languages in the options of the plugin; None if there are none."""
    if not isinstance(options, Mapping):
        return None
    listed = options.get("languages")
    by_name = (
        {str(name): item if isinstance(item, Mapping) else {} for name, item in listed.items()}  # before 1.0
        if isinstance(listed, Mapping)
        else {str(item.get("locale")): item for item in listed or () if isinstance(item, Mapping)}
    )
    only, default = text_at(options, "build_only_locale"), text_at(options, "default_language")
    default = only or next((name for name, item in by_name.items() if item.get("default") is True), default)
    built = [name for name, item in by_name.items() if item.get("build") is not False and only in ("", name)]
    folders = text_at(options, "docs_structure") == "folder"
    names = {name: own for name, item in by_name.items() if isinstance(own := item.get("nav_translations"), Mapping)}
    return Languages(default, tuple(by_name), (*{*built, default},), folders, names) if default else None
