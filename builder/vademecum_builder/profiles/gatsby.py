"""Gatsby: folders of gatsby-source-filesystem, with addresses from `gatsby-node` or a page of code, mostly by path."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from vademecum_builder.profiles import mdx
from vademecum_builder.profiles.base import Folder, Metadata, NotServed, Pass, Profile, Project, Rules, named, pretty
from vademecum_builder.profiles.blocks import containers
from vademecum_builder.profiles.code import replacing
from vademecum_builder.profiles.config import Script, address_of, folder_of, scripts
from vademecum_builder.readers.slugs import GITHUB, NO_IDS, SINDRESORHUS, SlugRule, gatsby

FILES = scripts("gatsby-config")
_NODE = scripts("gatsby-node", "gatsby/gatsby-node", "gatsby/create-pages", "gatsby/on-create-node")
_MARKDOWN = (".md", ".mdx", ".markdown")
_FOLDER = re.compile(
    r"\bpath\s*:\s*(?:[\w.]+\(\s*__dirname\s*,\s*(?P<joined>(?:['\"`][^'\"`$]*['\"`]\s*,?\s*)+)\)"
    r"|(?:__dirname\s*\+\s*)?['\"`](?:\$\{__dirname\}|\.)?/?(?P<path>[^'\"`$]*)['\"`])"
)
_SAID = re.compile(r"\bfrontmatter\??\.(slug|path|permalink|url)\b")
_BELOW = re.compile(
    r"`/([\w/-]*?)/?\$\{\s*(?:[\w?]+\.)*(?:slug|value|filePath|relativeFilePath|relativePath|path)\s*\}/?`"
)
_ROUTE = re.compile(r"src/pages/(?P<above>[\w/-]*?)/?\{\w+\.(?P<field>\w+)\}[^/]*$")
_DRAWN = "src/pages"
_AUTOLINK = "gatsby-remark-autolink-headers"
_OWN_IDS = re.compile(r"enableCustomId\s*:\s*true|(?:custom|heading|header)-ids?\b")
_THEME = re.compile(r"(?:@[\w-]+/)?gatsby-theme-[\w-]+")


def _folders(script: Script) -> Iterator[str]:
    for match in re.finditer(r"gatsby-source-filesystem", script.code):
        following = script.code[match.end() : match.end() + 400].partition("resolve")[0]
        if found := _FOLDER.search(following):
            parts = re.findall(r"['\"`]([^'\"`]*)['\"`]", found["joined"] or "")
            yield folder_of(posixpath.join(*parts) if parts else found["path"])


def open_gatsby(project: Project) -> Rules | None:
    script, node = Script(project.text(*FILES)), "\n".join(map(project.text, _NODE))
    routes = [found for key in sorted(project.keys) if (found := _ROUTE.match(key))]
    fields = {route["field"].removeprefix("frontmatter__") for route in routes if "frontmatter__" in route["field"]}
    fields |= set(_SAID.findall(node))
    below = {route["above"] for route in routes} | set(filter(None, _BELOW.findall(node)))
    prefix = below.pop() if len(below) == 1 else ""

    def address(path: str, metadata: Metadata) -> str:
        if not path.endswith(_MARKDOWN):
            raise NotServed("not Markdown")
        own = named(metadata, *sorted(fields))
        if own and routes and not own.startswith("/"):
            own = SINDRESORHUS.slug(own)
        whole = own.strip("/") or pretty(path).rstrip("/")
        whole = whole if f"{whole}/".startswith(f"{prefix}/") else posixpath.join(prefix, whole)
        return f"{whole}/" if whole else ""

    def drawn(path: str, metadata: Metadata) -> str:
        """Return where MDX among the pages of code is served (gatsby-plugin-mdx)."""
        if not path.endswith(".mdx"):
            raise NotServed("not a page")
        return pretty(path)

    held = [f for f in dict.fromkeys(_folders(script)) if any(_is_in(f, key) for key in project.keys)]
    themed = next(iter(_THEME.findall(script.code)), "") if not held else ""
    held += [folder for folder in ("content", "docs") if themed and any(_is_in(folder, key) for key in project.keys)]
    sources = [Folder(folder, address) for folder in sorted(held, reverse=True) if folder != _DRAWN]
    if not sources and not any(_is_in(_DRAWN, key) for key in project.keys):
        return None
    return Rules(
        (Folder(_DRAWN, drawn), *sources),
        _slugs(script, node),
        (*_unknown_ids(script), containers, *map(mdx.in_mdx, mdx.PASSES)),
        base_url=address_of(script.value("siteUrl"), script.value("pathPrefix")),
        title=script.text("title"),
        doubts=tuple(_doubts(node, themed, known=bool(fields or routes or not sources), several=bool(below))),
    )


def _slugs(script: Script, node: str) -> SlugRule:
    if _AUTOLINK not in script.code:
        return GITHUB if re.search(r"(?:rehype|remark)-slug", script.code + node) else NO_IDS
    options = next(script.objects(rf"{_AUTOLINK}['\"`]\s*,\s*options\s*:\s*"), "")
    levels = set(map(int, re.findall(r"['\"`]h([1-6])['\"`]", options)))
    cased, plain = (script.value(name, options) is True for name in ("maintainCase", "removeAccents"))
    return gatsby(levels or range(1, 7), cased=cased, plain=plain)


def _unknown_ids(script: Script) -> Iterator[Pass]:
    """Yield the pass that makes text of `## Title {#id}`, if the plugin for ids does not know it."""
    if _AUTOLINK in script.code and not _OWN_IDS.search(script.code):
        yield replacing(re.compile(r"^(#{1,6}[ \t].*?)\{(?=#[^{}]*\}[ \t]*$)", re.MULTILINE), r"\1&#123;", "{#")


def _doubts(node: str, theme: str, *, known: bool, several: bool) -> Iterator[str]:
    if theme:
        yield f"{theme} makes them"
    elif not known and "createFilePath" not in node:
        yield "gatsby-node does not say how addresses are made (createFilePath would)"
    elif several:
        yield "gatsby-node makes addresses in several ways"


def _is_in(folder: str, key: str) -> bool:
    return key.endswith(_MARKDOWN) and key.startswith(f"{folder}/" if folder else "")


PROFILE = Profile("gatsby", "Gatsby", FILES, open_gatsby)
