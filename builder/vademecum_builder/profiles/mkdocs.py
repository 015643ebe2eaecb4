"""MkDocs, with Material and Zensical: `mkdocs.yml`, `zensical.toml`."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vademecum_builder.profiles import blocks
from vademecum_builder.profiles.base import (
    HEADING,
    Folder,
    Metadata,
    NotServed,
    Page,
    Pass,
    Profile,
    Project,
    Rules,
    named,
    pretty,
    stem,
    with_front_matter,
)
from vademecum_builder.profiles.code import CODE, GONE, outside, outside_code, replacing
from vademecum_builder.profiles.config import (
    at,
    expressions,
    folder_of,
    matcher,
    read_toml,
    read_yaml,
    table_at,
    text_at,
    texts_at,
)
from vademecum_builder.profiles.includes import mkdocs_snippets
from vademecum_builder.profiles.links import wikilinks
from vademecum_builder.profiles.mkdocs_i18n import Languages, read_languages
from vademecum_builder.profiles.tags import liquid
from vademecum_builder.readers.document import title_from_key
from vademecum_builder.readers.slugs import PYMDOWNX, PYTHON_MARKDOWN, SlugRule, python_markdown
from vademecum_builder.readers.text import with_emoji
from vademecum_builder.sources.places import PagePlace

FILES = ("mkdocs.yml", "mkdocs.yaml", "zensical.toml", "mkdocs-*.y*ml")
# Plugins that make or move pages in ways that the configuration does not show.
_MOVING = frozenset({"gen-files", "monorepo", "multirepo"})
_RAISED = {f"pymdownx.{name}" for name in ("tilde", "caret", "mark")}
_INCLUDING = re.compile("macro|include|jinja|extradata")
"""Plugins with which `{% include "file" %}` in pages is not text."""
_EXTRAS = (
    replacing(re.compile(r"^\*\[[^\]\n]+\]:[^\n]*\n?", re.MULTILINE), "", "*["),
    replacing(re.compile(r"\+\+([\w\-\"+ ]+?)\+\+"), lambda keys: keys[1].replace('"', ""), "++"),
    # With the spaces before the text of an item: with one more than three, it would be code.
    replacing(
        re.compile(
            r"(?m)(^[ \t]*(?:[-*+]|\d+[.)])[ \t]+)?:(?:material|fontawesome|octicons|simple|lucide)-[\w-]+:(?(1)[ \t]*)"
        ),
        r"\1",
    ),
)
"""Abbreviations, `++ctrl+c++`, icons."""


def _emoji(text: str, page: Page) -> str:
    """`:lock:` is a picture: it is not part of a heading's id, other than on GitHub."""
    return outside_code(text, with_emoji)


_LANGUAGE = re.compile(r"(?<=`)(?:#!|:{3,})[\w.+-]+ +(?=\S)")


def _highlighted(text: str, page: Page) -> str:
    """`#!python print()` in code of a line: its language is not shown."""
    return CODE.sub(lambda code: _LANGUAGE.sub("", code[0], 1) if code["ticks"] else code[0], text)


def _videos(plugins: Mapping[str, Any]) -> Pass:
    """Return the pass that removes the mark of pictures that the plugin mkdocs-video shows as videos."""
    name = next((name for name in plugins if name.endswith("mkdocs-video")), "")
    mark = f"![{text_at(plugins, name, 'mark', default='type:video')}]("
    return lambda text, page: text.replace(mark, "![](") if name else text  # noqa: ARG005 - a pass


_RAW = re.compile(r"(\{%-?\s*raw\s*-?%\}(?:(?!\{%-?\s*raw)[\s\S])*?\{%-?\s*endraw\s*-?%\})")
_VALUE = re.compile(r"\{\{-?\s*([A-Za-z_][\w.]*+)((?:(?!\{\{)[^{}]|\{[^{}]*\})*)\}\}")


def _values(config: Mapping[str, Any]) -> Pass:
    """`{{ release }}` of the plugin macros: values of `extra` and of the page, in code as well; other values come from
    functions in Python."""
    common = {"config": config, **table_at(config, "extra")}

    def values(text: str, page: Page) -> str:
        known = common | {"page": {"meta": page.metadata}} | dict(page.metadata)

        def value(match: re.Match[str]) -> str:
            found = at(known, *match[1].split("."))
            plain = isinstance(found, str | int | float) and not match[2].strip(" -")
            return str(found) if plain else match[0]

        def unknown(match: re.Match[str]) -> str:
            return page.miss(f"what a macro shows ({match[1]}): build the rendered site") or GONE

        def edit(part: str) -> str:
            return outside_code(_VALUE.sub(value, part), lambda plain: _VALUE.sub(unknown, plain))

        parts = _RAW.split(text)
        parts[::2] = map(edit, parts[::2])
        return "".join(parts)

    return values


# As in mkdocstrings: the hashes of a heading, the object, and indented options in YAML below it.
_OBJECT = re.compile(
    r"^(#{1,6}[ \t]+|):::[ \t]+([\w.:-]+)[ \t]*\n((?:[ \t]+\S.*\n|[ \t]*\n(?=[ \t]+\S))*)", re.MULTILINE
)


def _objects(text: str, page: Page) -> str:
    """`## ::: pump.Tank` of mkdocstrings: a heading whose id is the object. Its text is only in the code."""

    def heading(match: re.Match[str]) -> str:
        page.troubles[f"what mkdocstrings takes from code ({match[2]}): build the rendered site"] += 1
        return f'{match[1] or "## "}{match[2]} {{ id="{match[2]}" }}\n\n'

    return outside_code(f"{text}\n", lambda plain: _OBJECT.sub(heading, plain)) if "::: " in text else text


_DEFINED = re.compile(r"^ {0,3}\[([^\[\]\n]+)\]:", re.MULTILINE)
_REFERENCE = re.compile(r"(?<![\\!\]])\[((?:[^\[\]\n]|\n(?!\n))+)\]\[([A-Za-z_][\w.:()-]*|)\]")


def _references(text: str, page: Page) -> str:
    """`[File][pump.File]` of autorefs, whose address only the plugin knows: its text is kept, since the reference is
    not part of the id of a heading."""
    if "][" not in text:
        return text
    defined = {match[1].casefold() for match in _DEFINED.finditer(text)}

    def bare(match: re.Match[str]) -> str:
        return match[0] if (match[2] or match[1]).casefold() in defined else match[1]

    return outside_code(text, lambda plain: _REFERENCE.sub(bare, plain))


def _options(found: Any) -> dict[str, Any]:
    """Return plugins or extensions by name, with their options, from a list or a mapping."""
    listed = [found] if isinstance(found, Mapping) else found if isinstance(found, list) else []
    items = (item.items() if isinstance(item, Mapping) else [(item, {})] for item in listed)
    return {str(name).removeprefix("material/"): options for pairs in items for name, options in pairs}


def _slugs(toc: Any) -> SlugRule:
    rule, separator = at(toc, "slugify"), text_at(toc, "separator", default="-")
    if rule is None:
        return PYTHON_MARKDOWN if separator == "-" else python_markdown(separator)
    return python_markdown(separator, unicode=True) if "slugify_unicode" in str(rule) else PYMDOWNX


@dataclass(frozen=True)
class _Site:
    """What the address of a page depends on, besides its path and front matter.

    Attributes:
        hidden: Tests of pages to leave out, with the reason.
        blog: The folder of the blog; empty if there is none.
        directories: Whether addresses end with a slash.
    """

    docs: str
    keys: Collection[str]
    hidden: Sequence[tuple[Callable[[str], bool], str]]
    blog: str
    directories: bool
    languages: Languages | None

    def folders(self) -> tuple[Folder, ...]:
        """Return the folders of pages: those of languages, then the folder of all pages."""
        own = self.languages.all if self.languages and self.languages.folders else ()
        return *map(self._of_language, own), Folder(self.docs, self._address)

    def _of_language(self, language: str) -> Folder:
        languages = self.languages
        assert languages is not None
        return Folder(
            posixpath.join(self.docs, language),
            lambda path, metadata: languages.at(language, self._plain(path, metadata)),
            PagePlace(posixpath.join(self.docs, languages.default), language.replace("_", "-")),
        )

    def _address(self, path: str, metadata: Metadata) -> str:
        if self.languages is None:
            return self._plain(path, metadata)
        whole, language = self.languages.split(path)
        return self.languages.at(language or self.languages.default, self._plain(whole, metadata))

    def _plain(self, path: str, metadata: Metadata) -> str:
        for hides, reason in self.hidden:
            if hides(path):
                raise NotServed(reason)
        folder, _, name = stem(path).rpartition("/")
        if name == "README" and f"{self.docs}/{folder}/index.md".replace("//", "/") in self.keys:
            raise NotServed("README beside an index")
        if self.blog and path.startswith(f"{self.blog}/posts/"):
            return _post(self.blog, path, metadata)
        if not self.directories:
            return f"{folder}/index.html".lstrip("/") if name in ("index", "README") else f"{stem(path)}.html"
        return pretty(path, "index", "README")


def open_mkdocs(project: Project) -> Rules:
    """Read the configuration; if there are several (`mkdocs-online.yml`), one with the address of the site."""
    toml = read_toml(project.text(FILES[2]))
    config = _inherited(project, project.has(*FILES[:2])) or at(toml, "project") or toml
    others = (_inherited(project, path.name) for path in sorted(project.root.glob(FILES[3])))
    config = config or max(others, key=lambda said: "site_url" in said, default={})
    served = text_at(config, "site_url")
    extensions, plugins = _options(config.get("markdown_extensions")), _options(config.get("plugins"))
    languages = read_languages(plugins.get("i18n"))
    site = _site(project, config, plugins, languages)
    base = at(extensions, "pymdownx.snippets", "base_path")
    paths = base if isinstance(base, list) else [base or ""]
    snippets = tuple(re.sub(r"^(?:relative )?(?:\$config_dir/?|\./?)", "", str(path)) for path in paths)
    if parts := text_at(plugins, "macros", "include_dir"):
        snippets += (parts, posixpath.join(posixpath.dirname(site.docs), parts))
    names = dict(_named(config.get("nav")))
    return Rules(
        site.folders(),
        _slugs(extensions.get("toc")),
        (
            lambda text, _page: with_front_matter(text),
            mkdocs_snippets(snippets, site.docs, tags=any(map(_INCLUDING.search, plugins))),
            *([_values(config)] if "macros" in plugins else []),
            *([_objects] if "mkdocstrings" in plugins else []),
            *([_references] if {"mkdocstrings", "autorefs"} & plugins.keys() else []),
            *([_highlighted] if "pymdownx.inlinehilite" in extensions else []),
            *([blocks.raised_and_marked] if {*extensions} & _RAISED else []),
            *(
                blocks.indented_blocks,
                blocks.containers,
                blocks.markdown_in_html,
                blocks.alerts,
                blocks.attribute_lists,
                wikilinks,
            ),
            *(outside(liquid), _videos(plugins), *_EXTRAS, blocks.pipes_in_code),
            *([_emoji] if "pymdownx.emoji" in extensions else []),
        ),
        copies=True,
        called=lambda path: languages.called(path, names) if languages else names.get(path) or title_from_key(path),
        base_url=served if served.startswith("http") else "",
        title=text_at(config, "site_name"),
        doubts=tuple(f"the plugin {name} may make or move pages" for name in sorted(_MOVING & plugins.keys())),
        first={"lang": languages.default} if languages and len(languages.built) > 1 else {},
    )


def _site(
    project: Project, config: Mapping[str, Any], plugins: Mapping[str, Any], languages: Languages | None
) -> _Site:
    said = {name: str(config.get(name) or "").split("\n") for name in ("exclude_docs", "draft_docs")}
    hidden = [(matcher(["/templates/", *patterns]), name) for name, patterns in said.items()]
    return _Site(
        folder_of(text_at(config, "docs_dir", default="docs")),
        project.keys,
        [*hidden, (_excluded(plugins.get("exclude")), "the plugin exclude"), *_menus(plugins)],
        text_at(plugins, "blog", "blog_dir", default="blog") if "blog" in plugins else "",
        config.get("use_directory_urls", True) is not False,
        languages,
    )


def _inherited(project: Project, name: str, depth: int = 0) -> dict[str, Any]:
    """Return a configuration merged into the one that it inherits (`INHERIT`), mapping by mapping."""
    config = read_yaml(project.text(name)) if name else {}
    above = posixpath.join(posixpath.dirname(name), text_at(config, "INHERIT"))
    return _laid_on(_inherited(project, above, depth + 1), config) if "INHERIT" in config and depth < 9 else config


def _laid_on(below: Any, above: Any) -> Any:
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    return {**below, **{name: _laid_on(below.get(name), value) for name, value in above.items()}}


def _menus(plugins: Mapping[str, Any]) -> Iterator[tuple[Callable[[str], bool], str]]:
    """Yield what leaves out the lists of pages that the plugin literate-nav makes the navigation of, unless they are
    the pages of their folders as well."""
    menu = text_at(plugins, "literate-nav", "nav_file", default="SUMMARY.md")
    if "literate-nav" in plugins and stem(menu).lower() not in ("readme", "index"):
        yield lambda path: posixpath.basename(path) == menu, "a part of the navigation"


def _excluded(options: Any) -> Callable[[str], bool]:
    """Return whether mkdocs-exclude leaves a page out; `*` in a glob is any text. Malformed patterns match nothing."""
    kept = expressions([*map(fnmatch.translate, texts_at(options, "glob")), *texts_at(options, "regex")])
    return lambda path: any(pattern.match(path) for pattern in kept)


def _named(nav: Any) -> Iterator[tuple[str, str]]:
    """Yield the titles of pages in the navigation, by their places."""
    for item in nav if isinstance(nav, list) else ():
        for name, value in item.items() if isinstance(item, Mapping) else ():
            yield from _named(value) if isinstance(value, list) else [(str(value), str(name))]


def _post(blog: str, path: str, metadata: Metadata) -> str:
    date = metadata.get("date")
    day = date.get("created") if isinstance(date, Mapping) else date
    title = named(metadata, "title", HEADING) or stem(path).rpartition("/")[2]
    slug = named(metadata, "slug") or PYMDOWNX.slug(title)
    if not isinstance(day, str):
        raise NotServed("a post without a date")
    return f"{blog}/{day[:10].replace('-', '/')}/{slug}/"


PROFILE = Profile("mkdocs", "MkDocs, Material for MkDocs, Zensical", FILES, open_mkdocs)
