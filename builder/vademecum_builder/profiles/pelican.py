"""Pelican: `pelicanconf.py`. Addresses of articles and pages follow metadata and patterns in the settings."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any

from vademecum_builder.profiles.base import (
    Folder,
    Metadata,
    NotServed,
    Page,
    Profile,
    Project,
    Rules,
    stem,
    with_front_matter,
)
from vademecum_builder.profiles.blocks import indented_blocks, markdown_in_html, pipes_in_code
from vademecum_builder.profiles.code import outside_code
from vademecum_builder.profiles.config import address_of, expressions, folder_of, read_python, text_at, texts_at
from vademecum_builder.profiles.titles import titles_in
from vademecum_builder.readers.front_matter import split_front_matter
from vademecum_builder.readers.slugs import NO_IDS, PYTHON_MARKDOWN

FILES = ("pelicanconf.py", "publishconf.py")
_FIELD = re.compile(r"^:([\w-]+):[ \t]*(.*)$", re.MULTILINE)
_PLACE = re.compile(r"(?:\{(?:filename|static|attach)\}|\|(?:filename|static|attach)\|)(/?)")
_PART = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_OF_NAME = r"(?P<date>\d{4}-\d{2}-\d{2}).*"
"""The default of FILENAME_METADATA."""
_META = re.compile(r"<meta\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(name|content)\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]*>([^<]*)", re.IGNORECASE)
_NAMES = frozenset("slug date lang category author".split())
_slug = PYTHON_MARKDOWN.slug
"""`slugify` of pelican/utils.py does the same with the default SLUG_REGEX_SUBSTITUTIONS."""


_FRAMED = re.compile(r"\A---[ \t]*\n([\s\S]*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")


def head(text: str, _page: Page | None = None) -> str:
    """Writes heads as YAML: Python-Markdown reads lines such as `title: Pumps: a guide`, which is not YAML."""
    framed = None if split_front_matter(text)[0] else _FRAMED.match(text)
    return with_front_matter(framed[1]) + text[framed.end() :] if framed else with_front_matter(text)


def _metadata_of(path: str, text: str) -> dict[str, str]:
    """Return the metadata of a page, names in lower case."""
    if path.endswith(".rst"):
        title = dict(titles_in(path, text)).get(f"/{stem(path)}", "")
        return {"title": title} | {name.lower(): value.strip() for name, value in _FIELD.findall(text)}
    if path.endswith((".html", ".htm")):
        titles, tags = _TITLE.findall(text), [dict(_ATTRIBUTE.findall(tag)) for tag in _META.findall(text)]
        fields = {tag["name"].lower(): tag.get("content", "") for tag in tags if "name" in tag}
        return {"title": unescape("".join(titles[:1])).strip()} | fields
    said, _ = split_front_matter(head(text))
    return {str(name).lower(): str(value) for name, value in said.items()}


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match[1], "")
        if not match[2]:
            return found if match[1] in ("slug", "lang") else _slug(found)
        try:
            return datetime.fromisoformat(found[:10]).strftime(match[2])
        except ValueError:
            raise NotServed(f"no day: {match[1]}") from None

    return _PART.sub(value, pattern)


def _patterns(config: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"{kind}{lang}": text_at(config, f"{kind}{lang}_URL", default=f"{below}{{slug}}{end}.html")
        for kind, below in (("ARTICLE", ""), ("PAGE", "pages/"))
        for lang, end in (("", ""), ("_LANG", "-{lang}"))
    }


def _rule(project: Project, config: Mapping[str, Any], content: str) -> Callable[[str, Metadata], str]:
    """Return the rule of the addresses of articles and pages."""
    pages = tuple(f"{folder}/" for folder in texts_at(config, "PAGE_PATHS") or ["pages"])
    articles = tuple(f"{folder}/".lstrip("/") for folder in texts_at(config, "ARTICLE_PATHS") or [""])
    language = text_at(config, "DEFAULT_LANG", default="en")
    of_names = expressions([text_at(config, "FILENAME_METADATA", default=_OF_NAME)])
    of_paths = expressions(texts_at(config, "PATH_METADATA"))
    patterns = _patterns(config)

    def address(path: str, metadata: Metadata) -> str:
        kind = "PAGE" if path.startswith(pages) else "ARTICLE"
        folder, _, name = stem(path).rpartition("/")
        matches = [of_name.match(name) for of_name in of_names] + [of_path.match(path) for of_path in of_paths]
        matched = {name.lower(): text for match in matches if match for name, text in match.groupdict().items() if text}
        known = {
            "category": folder.rpartition("/")[2] or text_at(config, "DEFAULT_CATEGORY", default="misc"),
            "date": str(config.get("DEFAULT_DATE") or ""),
            "author": text_at(config, "AUTHOR"),
            "lang": language,
            **{name: str(value) for name, value in _common(config).items()},
            **matched,
            **_metadata_of(path, project.text(posixpath.join(content, path))),
        }
        known["slug"] = known.get("slug") or _slug(known.get("title", ""))
        if known.get("status", "published").lower() != "published":
            raise NotServed(f"status: {known['status'].lower()}")
        if (kind == "ARTICLE" and not (path.startswith(articles) and known["date"])) or not known["slug"]:
            raise NotServed("neither a page nor an article with a title and a date")
        pattern = patterns[kind if known["lang"] == language else f"{kind}_LANG"]
        return (known.get("save_as") or _filled(pattern, known)).removesuffix("index.html")

    return address


def _common(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return said if isinstance(said := config.get("DEFAULT_METADATA"), dict) else {}


def open_pelican(project: Project) -> Rules:
    texts = [project.text(name) for name in FILES]
    config: dict[str, Any] = {}
    for text in texts:
        config |= read_python(text)
    content = folder_of(text_at(config, "PATH", default="content"))
    content = content if any(key.startswith(f"{content}/") for key in project.keys) or "PATH" in config else ""

    def places(text: str, page: Page) -> str:
        """`{filename}/pages/oil.md`: with a slash the path is below the folder of pages, else beside the page."""
        top = posixpath.relpath(content or ".", posixpath.dirname(page.key))
        return outside_code(text, lambda plain: _PLACE.sub(lambda match: f"{top}/" if match[1] else "", plain))

    named = {name for pattern in _patterns(config).values() for name, _ in _PART.findall(pattern)}
    slugs = PYTHON_MARKDOWN if "toc" in "".join(texts) else NO_IDS
    is_rst = any(key.endswith(".rst") for key in project.keys)
    return Rules(
        (Folder(content, _rule(project, config, content)),),
        replace(slugs, of_title=not is_rst),  # it does not show the ids of titles
        (head, indented_blocks, markdown_in_html, pipes_in_code),
        templates=(places,),
        base_url=address_of(config.get("SITEURL")),
        title=text_at(config, "SITENAME"),
        html=True,
        auto_ids="%",
        doubts=tuple(f"the values of {{{name}}} are unknown" for name in sorted(named - _NAMES - {*_common(config)})),
    )


PROFILE = Profile("pelican", "Pelican", FILES[:1], open_pelican)
