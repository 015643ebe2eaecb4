"""Hugo: `hugo.*`, `config.*` beside `content/`, `config/_default/`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from vademecum_builder.profiles.base import Folder, NotServed, Profile, Project, Rules, folder_of, named, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists
from vademecum_builder.profiles.config import at, read_toml, read_yaml, text_at
from vademecum_builder.profiles.tags import shortcodes
from vademecum_builder.readers.front_matter import split_front_matter
from vademecum_builder.readers.slugs import GOLDMARK, SlugRule

_SUFFIXES = ("toml", "yaml", "yml", "json")
FILES = tuple(
    f"{name}.{suffix}"
    for name in ("hugo", "config", "config/_default/hugo", "config/_default/config")
    for suffix in _SUFFIXES
)
_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")


def _read(project: Project, *names: str) -> dict[str, Any]:
    found = project.has(*names)
    text = project.text(found) if found else ""
    said = _lower(read_toml(text) if found.endswith("toml") else read_yaml(text))  # JSON is YAML
    return said if isinstance(said, dict) else {}


def _lower(value: Any) -> Any:
    """Hugo's keys have no case."""
    return (
        {str(name).lower(): _lower(item) for name, item in value.items()}
        if isinstance(value, Mapping)
        else value
    )


def _path(text: str) -> str:
    """What Hugo makes of a file's path (`MakePathSanitized` of helpers/path.go)."""
    kept = "".join(c for c in re.sub(r"\s+", "-", text.strip()) if c.isalnum() or c in "./\\_-#+~@")
    return re.sub(r"-{2,}", "-", kept) if " " in text else kept


def open_hugo(project: Project) -> Rules | None:
    config = _read(project, *FILES)
    languages = config.get("languages") or _read(
        project, *(f"config/_default/languages.{s}" for s in _SUFFIXES)
    )
    permalinks = config.get("permalinks") or _read(
        project, *(f"config/_default/permalinks.{s}" for s in _SUFFIXES)
    )
    permalinks = permalinks.get("page", permalinks) if isinstance(permalinks, Mapping) else {}
    content = folder_of(text_at(config, "contentdir", default="content"))
    if not any(key.startswith(f"{content}/") for key in project.keys) and "baseurl" not in config:
        return None
    languages = languages if isinstance(languages, Mapping) else {}
    default = text_at(config, "defaultcontentlanguage", default="en").lower()
    in_folder = config.get("defaultcontentlanguageinsubdir") is True
    lower = config.get("disablepathtolower") is not True
    ugly = config.get("uglyurls") is True
    unrendered = [
        posixpath.dirname(k) for k in project.keys if k.endswith("/_index.md") and _never(project.text(k))
    ]
    bundles = {
        posixpath.dirname(k) for k in project.keys if re.search(r"/index(\.\w+)?\.(md|html|markdown)$", k)
    }

    def address(folder: str, language: str) -> Any:
        def served(path: str, metadata: Mapping[str, Any]) -> str:
            name = stem(path)
            own = name.rpartition(".")[2].lower()
            spoken = own if own in languages else language
            name = name.removesuffix(f".{name.rpartition('.')[2]}") if own in languages else name
            parent, _, last = name.rpartition("/")
            _refuse(metadata, f"{folder}/{parent}".rstrip("/"), last, bundles)
            if any(f"{folder}/{name}".startswith(f"{above}/") for above in unrendered):
                raise NotServed("its section says that it is not rendered")
            prefix = f"{spoken}/" if spoken and (spoken != default or in_folder) else ""
            url = named(metadata, "url")
            if url:
                return url.lstrip("/") if url.startswith("/") or not prefix else prefix + url
            section = name.partition("/")[0] if "/" in name else ""
            pattern = (
                permalinks.get(section.lower())
                if last != "_index" and isinstance(permalinks, Mapping)
                else None
            )
            if last in ("index", "_index"):
                slug = named(metadata, "slug") if last == "index" else ""
                whole = posixpath.join(posixpath.dirname(parent), slug) if slug else parent
            else:
                whole = posixpath.join(parent, named(metadata, "slug") or last)
            if isinstance(pattern, str):
                whole = _permalink(pattern, metadata, parent if last == "index" else name)
            whole = _path(whole.lower() if lower else whole).strip("/")
            ending = ".html" if ugly and last not in ("_index",) and whole else "/"
            return prefix + (f"{whole}{ending}" if whole else "")

        return served

    folders = [
        Folder(folder_of(place), address(folder_of(place), str(name)))
        for name, options in languages.items()
        if (place := text_at(options if isinstance(options, Mapping) else {}, "contentdir"))
    ]
    mounts = at(config, "module", "mounts")
    for mount in mounts if isinstance(mounts, list) else ():
        if text_at(mount, "target").strip("/") == "content":
            place = folder_of(text_at(mount, "source"))
            folders.append(Folder(place, address(place, text_at(mount, "lang") or default)))
    kind = text_at(config, "markup", "goldmark", "parser", "autoheadingidtype")
    return Rules(
        (*sorted(folders, key=lambda f: -len(f.path)), Folder(content, address(content, default))),
        _slugs(kind),
        (attribute_lists, alerts),
        templates=(shortcodes,),
        base_url=text_at(config, "baseurl") if text_at(config, "baseurl").startswith("http") else "",
        title=text_at(config, "title"),
        first={"lang": default} if len(languages) > 1 else {},
    )


def _slugs(kind: str) -> SlugRule:
    if kind == "github-ascii":
        from vademecum_builder.readers.slugs import ascii_of

        return SlugRule(lambda text: GOLDMARK.slug(ascii_of(text)), empty="heading", of_source=True)
    return GOLDMARK


def _never(text: str) -> bool:
    """Return whether a section's cascade says that its pages are not rendered."""
    cascade = split_front_matter(text)[0].get("cascade") if "cascade" in text else None
    return any(
        at(item, name, "render") in (False, "never", "link")
        for item in (cascade if isinstance(cascade, list) else [cascade])
        if isinstance(item, Mapping) and not item.keys() & {"_target", "target"}
        for name in ("build", "_build")
    )


def _refuse(metadata: Mapping[str, Any], folder: str, last: str, bundles: set[str]) -> None:
    options = metadata.get("build") or metadata.get("_build")
    if metadata.get("headless") is True or (
        isinstance(options, Mapping) and options.get("render") in (False, "never", "link")
    ):
        raise NotServed("its front matter says that it is not rendered")
    above = folder
    while above:
        if above in bundles and not (above == folder and last == "index") and not (last == "_index"):
            raise NotServed("a resource of a page bundle")
        above = posixpath.dirname(above)


def _permalink(pattern: str, metadata: Mapping[str, Any], path: str) -> str:
    """Fill in a pattern such as `/:year/:month/:slug/`."""
    date = _DATE.match(str(metadata.get("date") or "")) or _DATE.match(path.rpartition("/")[2])
    folders, _, last = path.rpartition("/")
    title = str(metadata.get("title") or last)
    slug = named(metadata, "slug") or title
    of_file = named(metadata, "slug") or last
    year, month, day = date.groups() if date else ("0001", "01", "01")
    values = {
        "year": year, "month": month, "day": day, "title": title, "slug": slug, "section": path.partition("/")[0],
        "sections": folders, "filename": last, "contentbasename": last,
        "slugorfilename": of_file, "slugorcontentbasename": of_file,
    }  # fmt: skip
    return re.sub(
        r":(\w+)(?:\[[^\]]*\])?", lambda m: values.get(m[1].lower(), m[0]).replace(" ", "-"), pattern
    )


HUGO = Profile("hugo", "Hugo", FILES, open_hugo)
