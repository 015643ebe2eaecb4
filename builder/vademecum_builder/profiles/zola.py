"""Zola: `zola.toml`, or a `config.toml` with `base_url`, which Hugo does not have."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Page, Profile, Project, Rules, named, stem
from vademecum_builder.profiles.blocks import alerts
from vademecum_builder.profiles.code import GONE, outside_code
from vademecum_builder.profiles.config import address_of, at, matcher, read_toml, table_at, text_at, texts_at
from vademecum_builder.profiles.tags import arguments, shown
from vademecum_builder.readers.slugs import NO_IDS, ZOLA
from vademecum_builder.sources.places import split_language

FILES = ("zola.toml", "config.toml")
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-][\d:]+)?)?\s?[_-](?=.)")
_CALL = re.compile(r"(\{[{%])-?\s*(?:(\w+)\(((?:\"[^\"]*\"|'[^']*'|`[^`]*`|[^\"'`{}])*)\)|end)\s*-?[%}]\}")
_ESCAPED = re.compile(r"(\{[{%])/\*\s*(.*?)\s*\*/([%}]\})")
_SAID = re.compile(r"\{\{-?\s*(\w*)(?:[^\"'{}]*(\"[^\"]*\"|'[^']*'))?.*?\}\}")
_LINK = re.compile(r"(\]\(<?|\]:[ \t]*<?)@/([^)>#\s]+)")


def shortcodes(text: str, page: Page) -> str:
    """`{{ youtube(id="x") }}`, `{% quote(author="x") %}` … `{% end %}`, and those in Markdown in
    `templates/shortcodes/`; with `/*` a shortcode is shown as written."""
    if "{{" not in text and "{%" not in text:
        return text

    def rendered(match: re.Match[str]) -> str:
        given = arguments(match[3] or "")[1]
        if match[1] == "{{" and (written := _written(match[2], given, page)):
            return written
        said = shown(given)
        return f"\n\n{said}\n\n" if said and match[1] == "{%" else said or GONE

    return _ESCAPED.sub(r"\1 \2 \3", _CALL.sub(rendered, text))


def _written(name: str, given: Mapping[str, str], page: Page) -> str:
    """Return the text of a shortcode in Markdown with its arguments, and keys in place of values (`trans(key="name")`);
    empty if it has conditions or loops."""
    file = f"templates/shortcodes/{name}.md"
    text = page.include(file, "") or "" if page.project.text(file) else ""
    return "" if "{%" in text else _SAID.sub(lambda said: given.get(said[1]) or (said[2] or "")[1:-1], text).strip()


def internal_links(text: str, page: Page) -> str:
    """`@/guide/oil.md` is a file below `content/`."""
    here = posixpath.dirname(page.key)

    def link(match: re.Match[str]) -> str:
        return match[1] + posixpath.relpath(f"content/{match[2]}", here)

    return outside_code(text, lambda plain: _LINK.sub(link, plain)) if "@/" in text else text


def open_zola(project: Project) -> Rules | None:
    config = read_toml(project.text(*FILES))
    if "base_url" not in config:
        return None
    languages = table_at(config, "languages")
    default = text_at(config, "default_language", default="en")
    ignored = matcher(texts_at(config, "ignored_content"))
    slug = ZOLA.slug if text_at(config, "slugify", "paths", default="on") == "on" else str
    dated = at(config, "slugify", "paths_keep_dates") is True

    def address(path: str, metadata: Metadata) -> str:
        """Return where a page is served (`Page::parse` of Zola's components/content/src/page.rs)."""
        if ignored(path):
            raise NotServed("ignored_content")
        if metadata.get("render") is False:
            raise NotServed("render = false")
        whole, language = split_language(path, languages)
        prefix = f"{language}/" if language not in ("", default) else ""
        if named(metadata, "path"):
            return posixpath.join(named(metadata, "path").strip("/"), "")
        folder, _, name = stem(whole).rpartition("/")
        if name == "_index":
            return posixpath.join(prefix + folder, "") if prefix or folder else ""
        if name == "index":
            folder, _, name = folder.rpartition("/")
        name = name if dated else _DATED.sub("", name, count=1)
        return posixpath.join(prefix + folder, slug(named(metadata, "slug") or name), "").lstrip("/")

    return Rules(
        (Folder("content", address),),
        ZOLA if text_at(config, "slugify", "anchors", default="on") == "on" else NO_IDS,
        (internal_links, alerts),
        templates=(shortcodes,),
        base_url=address_of(config["base_url"]),
        title=text_at(config, "title"),
        first={"lang": default} if languages else {},
    )


PROFILE = Profile("zola", "Zola", FILES, open_zola)
