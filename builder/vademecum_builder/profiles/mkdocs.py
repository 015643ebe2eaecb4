"""MkDocs, with Material and Zensical: `mkdocs.yml`, `zensical.toml`."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from vademecum_builder.profiles.base import (
    Folder,
    NotServed,
    Page,
    Profile,
    Project,
    Rules,
    folder_of,
    named,
    pretty,
    stem,
)
from vademecum_builder.profiles.blocks import (
    alerts,
    attribute_lists,
    containers,
    indented_blocks,
    markdown_in_html,
    pipes_in_code,
)
from vademecum_builder.profiles.code import outside, outside_code
from vademecum_builder.profiles.config import at, matcher, read_toml, read_yaml, text_at
from vademecum_builder.profiles.includes import mkdocs_snippets
from vademecum_builder.profiles.links import wikilinks
from vademecum_builder.profiles.tags import liquid
from vademecum_builder.readers.slugs import PYMDOWNX, PYTHON_MARKDOWN, SlugRule, python_markdown
from vademecum_builder.sources.places import PagePlace

FILES = ("mkdocs.yml", "mkdocs.yaml", "zensical.toml")
# Plugins that make pages, or move them, in ways that the configuration does not say.
_MOVING = frozenset({"gen-files", "monorepo", "multirepo"})
_ABBREVIATION = re.compile(r"^\*\[[^\]\n]+\]:[^\n]*\n?", re.MULTILINE)
_KEYS = re.compile(r"\+\+([\w\-\"+ ]+?)\+\+")
_ICON = re.compile(r":(?:material|fontawesome|octicons|simple|lucide)-[\w-]+:")


def _extras(text: str, page: Page) -> str:
    """Abbreviations, `++ctrl+c++`, icons, `[TOC]`."""

    def edit(plain: str) -> str:
        plain = _ICON.sub("", _KEYS.sub(lambda m: m[1].replace('"', ""), _ABBREVIATION.sub("", plain)))
        return re.sub(r"^[ \t]*\[TOC\][ \t]*$", "", plain, flags=re.MULTILINE)

    return outside_code(text, edit)


# As autorefs has it: hashes of a heading, the object, and options in YAML below it, indented.
_OBJECT = re.compile(
    r"^(#{1,6}[ \t]+|):::[ \t]+([\w.:-]+)[ \t]*\n((?:[ \t]+\S.*\n|[ \t]*\n(?=[ \t]+\S))*)", re.MULTILINE
)


def _objects(text: str, page: Page) -> str:
    """`## ::: pump.Tank` of mkdocstrings: a heading whose id is the object. What stands there is in the code alone."""

    def heading(match: re.Match[str]) -> str:
        page.troubles[f"what mkdocstrings takes from code ({match[2]}): build of the rendered site"] += 1
        return f'{match[1] or "## "}{match[2]} {{ id="{match[2]}" }}\n\n'

    return outside_code(f"{text}\n", lambda plain: _OBJECT.sub(heading, plain)) if "::: " in text else text


def _extensions(config: Mapping[str, Any]) -> dict[str, Any]:
    found = config.get("markdown_extensions")
    listed = [found] if isinstance(found, Mapping) else found if isinstance(found, list) else []
    options: dict[str, Any] = {}
    for item in listed:
        options |= dict(item) if isinstance(item, Mapping) else {str(item): {}}
    return options


def _slugs(toc: Any) -> SlugRule:
    rule = at(toc, "slugify") if isinstance(toc, Mapping) else None
    separator = text_at(toc, "separator", default="-") if isinstance(toc, Mapping) else "-"
    if rule is None:
        return PYTHON_MARKDOWN if separator == "-" else python_markdown(separator)
    return python_markdown(separator, unicode=True) if "slugify_unicode" in str(rule) else PYMDOWNX


def _plugins(config: Mapping[str, Any]) -> dict[str, Any]:
    found = config.get("plugins")
    listed = (
        [{name: options} for name, options in found.items()] if isinstance(found, Mapping) else found or []
    )
    return {
        str(name).removeprefix("material/"): options
        for item in listed
        for name, options in (item.items() if isinstance(item, Mapping) else [(item, {})])
    }


_LOCALE = re.compile(r"[a-z]{2}(?:-[A-Za-z]{4})?(?:-[A-Z]{2})?|[a-z]{2}_[A-Z]{2}")


@dataclass(frozen=True)
class _Languages:
    """What mkdocs-static-i18n is told: the default language is served at the root, others below their names.

    Attributes:
        all: Those that are named, whether they are built or not.
        folders: Whether each language has a folder (`fr/a.md`); else its name is part of a page's (`a.fr.md`).
    """

    default: str = ""
    all: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    folders: bool = False

    def at(self, language: str, served: str) -> str:
        """Return where a page is served, given where it would be in the default language."""
        if language not in self.built:
            raise NotServed(f"in a language that is not built ({language})")
        return served if language == self.default else posixpath.join(language, served)

    def split(self, path: str) -> tuple[str, str]:
        """Return the path without its language, and the language; empty: it names none."""
        found = re.fullmatch(r"(.+)\.([\w-]+)(\.\w+)", path)
        if self.folders or not found or not (found[2] in self.all or _LOCALE.fullmatch(found[2])):
            return path, ""
        return found[1] + found[3], found[2]


def _languages(options: Any) -> _Languages | None:
    if not isinstance(options, Mapping):
        return None
    listed = options.get("languages")
    said = (
        {str(name): item if isinstance(item, Mapping) else {} for name, item in listed.items()}  # before 1.0
        if isinstance(listed, Mapping)
        else {str(item.get("locale")): item for item in listed or () if isinstance(item, Mapping)}
    )
    only, default = text_at(options, "build_only_locale"), text_at(options, "default_language")
    default = only or next((name for name, item in said.items() if item.get("default") is True), default)
    built = [name for name, item in said.items() if item.get("build") is not False and only in ("", name)]
    folders = text_at(options, "docs_structure") == "folder"
    return _Languages(default, tuple(said), (*{*built, default},), folders) if default else None


def open_mkdocs(project: Project) -> Rules:
    """Read the configuration; what it inherits (`INHERIT`) lies below what it says itself."""
    config = read_yaml(project.text(*FILES[:2]))
    config = (
        read_yaml(project.text(text_at(config, "INHERIT"))) | config if text_at(config, "INHERIT") else config
    )
    config = config or at(read_toml(project.text(FILES[2])), "project") or read_toml(project.text(FILES[2]))
    docs = folder_of(text_at(config, "docs_dir", default="docs"))
    extensions, plugins = _extensions(config), _plugins(config)
    hidden = [
        (matcher(str(config.get(name) or "").split("\n")), name) for name in ("exclude_docs", "draft_docs")
    ]
    hidden.append((_excluded(plugins.get("exclude")), "the plugin exclude"))
    base = at(extensions, "pymdownx.snippets", "base_path")
    folders = tuple(
        re.sub(r"^\$config_dir/?|^\./?", "", str(path))
        for path in (base if isinstance(base, list) else [base or ""])
    )
    directories = config.get("use_directory_urls", True) is not False
    blog = text_at(plugins.get("blog") or {}, "blog_dir", default="blog") if "blog" in plugins else ""

    languages = _languages(plugins.get("i18n"))

    def address(path: str, metadata: Mapping[str, Any]) -> str:
        if languages is None:
            return plain(path, metadata)
        whole, language = languages.split(path)
        return languages.at(language or languages.default, plain(whole, metadata))

    def plain(path: str, metadata: Mapping[str, Any]) -> str:
        for hides, reason in hidden:
            if hides(path):
                raise NotServed(reason)
        folder, _, name = stem(path).rpartition("/")
        if name == "README" and f"{docs}/{folder}/index.md".replace("//", "/") in project.keys:
            raise NotServed("README beside an index")
        if blog and path.startswith(f"{blog}/posts/"):
            return _post(blog, path, metadata)
        if not directories:
            return f"{folder}/index.html".lstrip("/") if name in ("index", "README") else f"{stem(path)}.html"
        return pretty(path, "index", "README")

    def of_language(language: str) -> Folder:
        assert languages is not None
        return Folder(
            posixpath.join(docs, language),
            lambda path, metadata: languages.at(language, plain(path, metadata)),
            PagePlace(posixpath.join(docs, languages.default), language.replace("_", "-")),
        )

    in_folders = languages.all if languages and languages.folders else ()
    return Rules(
        (*map(of_language, in_folders), Folder(docs, address)),
        _slugs(extensions.get("toc")),
        (
            mkdocs_snippets(folders, docs),
            *([_objects] if "mkdocstrings" in plugins else []),
            indented_blocks,
            containers,
            markdown_in_html,
            alerts,
            attribute_lists,
            wikilinks,
            outside(liquid),
            _extras,
            pipes_in_code,
        ),
        copies=True,
        base_url=_site(config.get("site_url")),
        title=text_at(config, "site_name"),
        doubts=tuple(
            f"the plugin {name} may make or move pages" for name in sorted(_MOVING & plugins.keys())
        ),
        first={"lang": languages.default} if languages and len(languages.built) > 1 else {},
    )


def _excluded(options: Any) -> Callable[[str], bool]:
    """Return whether mkdocs-exclude leaves a page out; `*` of a glob is any text. A malformed one names none."""

    def said(name: str) -> list[str]:
        found = at(options, name) if isinstance(options, Mapping) else None
        return [str(item) for item in (found if isinstance(found, list) else [found or ""]) if item]

    kept = []
    for pattern in (*map(fnmatch.translate, said("glob")), *said("regex")):
        with suppress(re.error):
            kept.append(re.compile(pattern))
    return lambda path: any(pattern.match(path) for pattern in kept)


def _site(said: Any) -> str:
    """Return the address of the site; of `!ENV [NAME, "https://..."]` the last one, and none of `!ENV NAME`."""
    return next(
        (str(a) for a in reversed(said if isinstance(said, list) else [said]) if str(a).startswith("http")),
        "",
    )


def _post(blog: str, path: str, metadata: Mapping[str, Any]) -> str:
    date = metadata.get("date")
    day = date.get("created") if isinstance(date, Mapping) else date
    title = named(metadata, "slug") or PYMDOWNX.slug(
        named(metadata, "title") or stem(path).rpartition("/")[2]
    )
    if not isinstance(day, str):
        raise NotServed("a post without a date")
    return f"{blog}/{day[:10].replace('-', '/')}/{title}/"


MKDOCS = Profile("mkdocs", "MkDocs, Material for MkDocs, Zensical", FILES, open_mkdocs)
