"""Jekyll: `_config.yml`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from vademecum_builder.profiles.base import HEADING, Folder, Metadata, NotServed, Profile, Project, Rules, named, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists, markdown_in_html, pipes_in_code
from vademecum_builder.profiles.code import replacing
from vademecum_builder.profiles.config import (
    address_of,
    at,
    folder_of,
    matcher,
    read_yaml,
    table_at,
    text_at,
    texts_at,
    yamls,
)
from vademecum_builder.profiles.kramdown import ids_in_html
from vademecum_builder.profiles.tags import liquid_with_values
from vademecum_builder.readers.document import title_from_key
from vademecum_builder.readers.slugs import KRAMDOWN

FILES = yamls("_config")
_INDEX = re.compile(r"(?:^|/)index\.(?:html?|md|markdown)$")
_POST = re.compile(
    r"^(?P<above>.*?/?)_posts/(?:.*/)?(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})-(?P<name>[^/]*)$"
)
_STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
_EXCLUDED = """
    Gemfile Gemfile.lock node_modules vendor/bundle/ vendor/cache/ vendor/gems/ vendor/ruby/
""".split()
_OF_REPOSITORIES = frozenset("license licence code_of_conduct issue_template pull_request_template".split())
"""Files that GitHub Pages only renders if they have front matter (jekyll-optional-front-matter), and that nobody
searches."""
table_of_contents = replacing(
    re.compile(r"^[ \t]*(?:[-*+]|\d+\.)[ \t]+.*\n[ \t]*\{:[^{}\n]*(?<![\w.#-])toc\b[^{}\n]*\}[ \t]*$", re.MULTILINE),
    "",
    "toc",
)
"""The item with `{:toc}`, which kramdown replaces by a list of the headings."""


def _filled(pattern: str, found: Mapping[str, str]) -> str:
    filled = re.sub(r":(\w+)", lambda m: found.get(m[1], ""), pattern)
    return re.sub(r"/{2,}", "/", filled).lstrip("/")


def _categories(metadata: Metadata, above: str) -> list[str]:
    names = metadata.get("categories") or metadata.get("category") or ()
    listed: Sequence[Any] = names.split() if isinstance(names, str) else names if isinstance(names, list) else ()
    return list(dict.fromkeys([*filter(None, above.split("/")), *map(str, listed)]))


def _local(date: str, zone: str) -> str:
    """Return a date with an offset in the site's time zone: its day is part of the address."""
    try:
        moment = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d)", "", date))
        return moment.astimezone(ZoneInfo(zone)).isoformat() if moment.tzinfo else date
    except (ValueError, KeyError, OSError):
        return date


@dataclass(frozen=True)
class _Site:
    """What the address of a page depends on, besides its path and front matter.

    Attributes:
        style: The pattern of posts, or the name of one.
        zone: The time zone of their days.
        defaults: Front matter by kind and folder, which a page may change.
        begun: Folders with a page of their own (`index.*`).
    """

    excluded: Callable[[str], bool]
    included: Callable[[str], bool]
    collections: Mapping[str, Any]
    style: str
    zone: str
    defaults: Sequence[Any]
    begun: Collection[str]

    def address(self, path: str, said: Metadata) -> str:
        if self.excluded(path):
            raise NotServed("excluded")
        post = _POST.match(path)
        parts = path.split("/")
        collection = parts[0][1:] if parts[0].startswith("_") and not (post or self.included(path)) else ""
        metadata = self._with_defaults(path, "posts" if post else collection or "pages", said)
        if metadata.get("published") is False:
            raise NotServed("published: false")
        names = parts[1 if collection in self.collections else 0 :]
        if not post and not self.included(path) and any(name.startswith(("_", "#", "~")) for name in names):
            raise NotServed("in a folder that begins with _")
        own, name = named(metadata, "permalink"), stem(parts[-1])
        if not post and not collection:
            bare = not said.keys() - {HEADING}
            if bare and name == "README" and "/".join(parts[:-1]) in self.begun:
                raise NotServed("a README beside an index")
            if bare and name.lower() in _OF_REPOSITORIES and not self.included(path):
                raise NotServed("a file of the repository without front matter")
            return self._of_page("/".join(parts[:-1]), name, own)
        chosen = text_at(self.collections, "posts", "permalink", default=self.style)
        pattern = _STYLES.get(chosen, chosen) if post else self._of_collection(collection)
        title = named(metadata, "slug") or (stem(post["name"]) if post else name)
        date = re.match(r"(\d{4})-(\d{2})-(\d{2})", _local(str(metadata.get("date") or ""), self.zone))
        written = (post["year"], post["month"].zfill(2), post["day"].zfill(2)) if post else ("", "", "")
        year, month, day = date.groups() if date else written
        found = {
            "collection": collection, "path": posixpath.join("" if post else "/".join(parts[1:-1]), name),
            "name": name, "title": title, "slug": re.sub(r"\W+", "-", title.lower()).strip("-"), "output_ext": ".html",
            "year": year, "month": month, "day": day,
            "i_month": month.lstrip("0"), "i_day": day.lstrip("0"), "short_year": year[2:],
            "categories": "/".join(c.lower() for c in _categories(metadata, post["above"] if post else "")),
        }  # fmt: skip
        return _filled(own or pattern, found)

    def _with_defaults(self, path: str, kind: str, metadata: Metadata) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for item in self.defaults:
            wanted, where = at(item, "scope", "type"), str(at(item, "scope", "path") or "").strip("/")
            if wanted in (None, kind) and path.startswith(where):
                said |= table_at(item, "values")
        return said | dict(metadata)

    def _of_collection(self, name: str) -> str:
        options = self.collections.get(name)
        if at(options, "output") is not True:
            raise NotServed("in a collection without pages")
        usual = "/:collection/:path/" if self.style == "pretty" else "/:collection/:path:output_ext"
        return text_at(options, "permalink") or usual

    def _of_page(self, folder: str, name: str, own: str) -> str:
        if not own and (name == "index" or (name == "README" and folder not in self.begun)):
            return f"{folder}/" if folder else ""
        ending = "/" if self.style.endswith("/") or self.style == "pretty" else ":output_ext"
        found = {"path": folder, "basename": name, "title": name, "output_ext": ".html"}
        return _filled(own or f"/:path/:basename{ending}", found)


def open_jekyll(project: Project) -> Rules | None:
    config = read_yaml(project.text(*FILES))
    if "source_dir" in config or "public_dir" in config:
        return None  # Hexo's
    source = folder_of(text_at(config, "source"))
    defaults = config.get("defaults")
    collections = config.get("collections") or {}
    if isinstance(collections, list):
        collections = {name: {} for name in collections}
    style = text_at(config, "permalink", default="date")
    site = _Site(
        matcher([*_EXCLUDED, *texts_at(config, "exclude")]),
        matcher(texts_at(config, "include")),
        collections,
        style,
        text_at(config, "timezone", default="UTC"),
        defaults if isinstance(defaults, list) else (),
        {
            posixpath.relpath(posixpath.dirname(key) or ".", source or ".").removeprefix(".")
            for key in project.keys
            if _INDEX.search(key)
        },
    )
    return Rules(
        (Folder(source, site.address),),
        KRAMDOWN,
        (table_of_contents, ids_in_html, markdown_in_html, attribute_lists, alerts, pipes_in_code),
        templates=(liquid_with_values,),
        copies=True,
        called=lambda path: title_from_key(post["name"]) if (post := _POST.match(path)) else "",
        base_url=address_of(config.get("url"), config.get("baseurl")),
        title=text_at(config, "title"),
        doubts=("the day of the year in permalinks is unknown",) if "y_day" in style or style == "ordinal" else (),
        doubt=lambda _path, metadata: (
            "" if metadata else "pages without front matter, which GitHub Pages renders and Jekyll copies"
        ),
    )


PROFILE = Profile("jekyll", "Jekyll", FILES, open_jekyll)
