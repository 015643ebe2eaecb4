"""Sphinx, also with MyST: `conf.py`, parsed and never run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vademecum_builder.profiles.base import Folder, NotServed, Page, Pass, Profile, Project, Rules, pretty, stem
from vademecum_builder.profiles.blocks import alerts, attribute_lists, containers
from vademecum_builder.profiles.config import (
    address_of,
    at,
    matcher,
    read_python,
    read_toml,
    read_yaml,
    table_at,
    text_at,
    texts_at,
    yamls,
)
from vademecum_builder.profiles.myst_markup import myst, substitutions
from vademecum_builder.profiles.titles import in_tables
from vademecum_builder.readers.slugs import DOCUTILS
from vademecum_builder.sources.base import MARKDOWN, PLAIN_TEXT, RST
from vademecum_builder.sources.endings import MEDIA_TYPES

_NAMES = "project extensions html_theme master_doc root_doc".split()
_ROOTS = ("index.rst", "index.md", "contents.rst", "index.txt")
_ABOVE = ("", "../", "../../")
# `readthedocs.org/projects/pump/badge`, `img.shields.io/readthedocs/pump`; plain links may be to other projects.
_BADGE = re.compile(r"(?:readthedocs\.org/projects/(?=[\w-]+/badge)|img\.shields\.io/readthedocs/)([\w-]+)")


def external_links(links: object) -> Pass:
    """Return the pass for roles of `extlinks`: `:issue:`7`` becomes a link with the text in the configuration."""
    known = {
        str(name): (str(pair[0]), pair[1] if isinstance(pair[1], str) else pair[0])
        for name, pair in (links.items() if isinstance(links, Mapping) else ())
        if isinstance(pair, tuple | list) and len(pair) == 2
    }
    names = "|".join(map(re.escape, known))
    role = re.compile(rf"(?<![`:\w])[:{{]({names})[:}}]`(?:([^`<>]+?)\s*<([^`<>]+)>|([^`<>]+))`")

    def link(match: re.Match[str]) -> str:
        (address, caption), value = known[match[1]], (match[3] or match[4]).strip()
        shown = match[2] or (caption if "%s" in caption else f"{caption}%s").replace("%s", value)
        url = address.replace("%s", value)
        return f"`{shown} <{url}>`__" if match[0][0] == ":" else f"[{shown}]({url})"

    def linked(text: str, page: Page) -> str:
        if not known:
            return text
        return role.sub(link, text if page.key.endswith(".md") else in_tables(text, role, link))

    return linked


def common_text(config: Mapping[str, Any]) -> Pass:
    """Return the pass that adds `rst_prolog`, `rst_epilog`, `|version|` and `|release|` to pages."""
    texts = [text_at(config, name) for name in ("rst_prolog", "rst_epilog")]
    texts += [f".. |{name}| replace:: {config[name]}" for name in ("version", "release") if text_at(config, name)]
    below = "\n\n".join(filter(None, texts))
    return lambda text, page: f"{text}\n\n{below}\n" if below and not page.key.endswith(".md") else text


def open_sphinx(project: Project) -> Rules | None:
    source = project.text("conf.py")
    config = read_python(source)
    # All values of a configuration may be computed.
    has_root = "sphinx" in source.lower() and not project.keys.isdisjoint(_ROOTS)
    if not has_root and config.keys().isdisjoint(_NAMES):
        return None
    excluded = matcher(f"/{pattern}" for pattern in texts_at(config, "exclude_patterns"))
    kinds = _kinds(config, source)
    suffix = str(config.get("html_file_suffix") or ".html")
    hosted = yamls(*(f"{above}{name}" for above in _ABOVE for name in (".readthedocs", "readthedocs")))
    online = read_yaml(project.text(*hosted, hidden=True))
    folders = at(online, "sphinx", "builder") in ("dirhtml", "htmldir")

    def address(path: str, metadata: Mapping[str, Any]) -> str:
        if excluded(path) or path.startswith("_build/"):
            raise NotServed("exclude_patterns")
        if not path.endswith(tuple(kinds)):
            raise NotServed("source_suffix")
        return pretty(path) if folders else stem(path) + suffix

    site, language = _of_package(project) or _of_badge(project), text_at(config, "language") or "en"
    # Read the Docs only redirects from the start page to a version.
    is_versioned = (bool(online) or ".readthedocs." in site) and site.count("/") == 3
    computed = "exclude_patterns" not in config and "exclude_patterns" in source
    # A value may be a directive or a role, and a directive may contain names.
    put_in = substitutions(config.get("myst_substitutions"))
    return Rules(
        (Folder("", address),),
        DOCUTILS,
        (put_in, myst, put_in, containers, alerts, attribute_lists),
        templates=(external_links(config.get("extlinks")), common_text(config)),
        kinds=kinds,
        base_url=address_of(config.get("html_baseurl")) or (f"{site}{language}/latest/" if is_versioned else site),
        title=text_at(config, "project"),
        doubts=tuple(_doubts(config, site if is_versioned else "", computed=computed)),
    )


def _of_package(project: Project) -> str:
    """Return the address of the documentation in a Python package; empty if there is none."""
    package = read_toml(project.text(*(f"{above}pyproject.toml" for above in _ABOVE)))
    named = {str(name).lower(): url for name, url in table_at(package, "project", "urls").items()}
    return address_of(named.get("documentation") or named.get("docs"))


def _of_badge(project: Project) -> str:
    """Return the address at Read the Docs in the README's badge; empty if there is none, or if several differ."""
    texts = (project.text(f"{above}README{ending}") for above in _ABOVE for ending in (".md", ".rst", ""))
    named = {slug.lower() for text in texts for slug in _BADGE.findall(text)}
    return f"https://{named.pop()}.readthedocs.io/" if len(named) == 1 else ""


def _doubts(config: Mapping[str, Any], site: str, *, computed: bool) -> Iterator[str]:
    if computed:
        yield "exclude_patterns is computed in conf.py"
    if site and "html_baseurl" not in config:
        yield f"the version that {site} shows is unknown (html_baseurl would name it): latest is assumed"


def _kinds(config: Mapping[str, Any], source: str) -> dict[str, str]:
    """Return media types by ending, from `source_suffix` and from extensions with others; if these are computed, all
    that have a reader."""
    ends = config.get("source_suffix")
    if ends is None and ("source_suffix" in source or "extensions" not in config):
        return {ending: kind for ending, kind in MEDIA_TYPES.items() if kind != PLAIN_TEXT}
    listed = ends if isinstance(ends, Mapping) else dict.fromkeys(ends if isinstance(ends, list) else [ends or ".rst"])
    kinds = {str(ending): MARKDOWN if "markdown" in str(name) else RST for ending, name in listed.items()}
    brought = {".md": "myst|recommonmark|markdown|m2r", ".ipynb": "nbsphinx|myst_nb|jupyter"}
    kinds |= {ending: MEDIA_TYPES[ending] for ending, names in brought.items() if re.search(names, source)}
    return kinds


PROFILE = Profile("sphinx", "Sphinx, MyST", ("conf.py",), open_sphinx)
