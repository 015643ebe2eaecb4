"""MkDocs, with Material and Zensical: `mkdocs.yml`, `zensical.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
from vademecum_builder.profiles.blocks import alerts, attribute_lists, containers, indented_blocks
from vademecum_builder.profiles.code import outside, outside_code
from vademecum_builder.profiles.config import at, matcher, read_toml, read_yaml, text_at
from vademecum_builder.profiles.includes import mkdocs_snippets
from vademecum_builder.profiles.links import wikilinks
from vademecum_builder.profiles.tags import liquid
from vademecum_builder.readers.slugs import PYMDOWNX, PYTHON_MARKDOWN, SlugRule, python_markdown

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
    base = at(extensions, "pymdownx.snippets", "base_path")
    folders = tuple(
        re.sub(r"^\$config_dir/?|^\./?", "", str(path))
        for path in (base if isinstance(base, list) else [base or ""])
    )
    directories = config.get("use_directory_urls", True) is not False
    blog = text_at(plugins.get("blog") or {}, "blog_dir", default="blog") if "blog" in plugins else ""

    def address(path: str, metadata: Mapping[str, Any]) -> str:
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

    def doubt(path: str, metadata: Mapping[str, Any]) -> str:
        return "the plugin i18n serves languages by its own rule" if "i18n" in plugins else ""

    return Rules(
        (Folder(docs, address),),
        _slugs(extensions.get("toc")),
        (
            mkdocs_snippets(folders, docs),
            *([_objects] if "mkdocstrings" in plugins else []),
            indented_blocks,
            containers,
            alerts,
            attribute_lists,
            wikilinks,
            outside(liquid),
            _extras,
        ),
        copies=True,
        base_url=text_at(config, "site_url"),
        doubts=tuple(
            f"the plugin {name} may make or move pages" for name in sorted(_MOVING & plugins.keys())
        ),
        doubt=doubt,
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
