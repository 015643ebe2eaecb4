"""Fumadocs: `source.config.*` has the folders of pages, and the `loader()` of each collection where they are served."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vademecum_builder.profiles import mdx
from vademecum_builder.profiles.base import Folder, Metadata, Page, Profile, Project, Rules, stem
from vademecum_builder.profiles.blocks import alerts
from vademecum_builder.profiles.code import outside_code, replacing
from vademecum_builder.profiles.config import Script, folder_of, scripts
from vademecum_builder.profiles.nextra import heading_ids
from vademecum_builder.readers.slugs import GITHUB
from vademecum_builder.sources.places import language_named

FILES = scripts("source.config", "src/source.config")
_LOADERS = re.compile(r"(?:^|/)(?:lib|utils?)/(?:.*/)?(?:source|i18n)[\w./-]*\.[jt]sx?$")
_WITH_LOADERS = [f"{above}{name}/**/*" for above in ("", "src/", "app/") for name in ("lib", "util", "utils")]
_COLLECTION = r"\bconst\s+(?:%s|\{\s*%s\b[^{}]*\})\s*=\s*define\w+\(\s*"
_SOURCE = re.compile(r"\bsource\s*:\s*(?:\w+\(\s*)?(\w+)")
_INCLUDE = re.compile(r"<include(?:\s[^<>]*)?>([^<>#]+)(?:#[^<>]*)?</include>")
_GROUP = re.compile(r"(?:^|(?<=/))\([^()/]+\)/")


def included(text: str, page: Page) -> str:
    """`<include>./part.mdx</include>`: pages are included, but not code, whose lines are unknown."""

    def part(match: re.Match[str]) -> str:
        name = match[1].strip()
        found = page.include_page(name, passes=PASSES) if name.endswith((".md", ".mdx")) else ""
        return f"\n\n{found}\n\n"

    return outside_code(text, lambda plain: _INCLUDE.sub(part, plain)) if "<include" in text else text


def _listed(heading: re.Match[str]) -> str:
    if not heading["not"]:
        return ""
    return f"{heading[1]} {heading['id'] or '{#' + GITHUB.slug(heading['text'] + ' toc') + '}'}"


listed = replacing(
    re.compile(r"^([ \t]*#{1,6}[ \t]+(?P<text>.*?))[ \t]*\[(?P<not>!?)toc\][ \t]*(?P<id>\{#[^{}]*\})?$", re.MULTILINE),
    _listed,
    "toc]",
)
"""`## Title [!toc]` is not in the table of contents, `## Title [toc]` only there."""
PASSES = (included, heading_ids, listed, *mdx.PASSES, alerts)


def open_fumadocs(project: Project) -> Rules:
    config = Script(project.text(*FILES))
    # If only the pages are built, the program around them is not among the source's files.
    around = {path.relative_to(project.root).as_posix() for place in _WITH_LOADERS for path in project.root.glob(place)}
    loaders = Script("\n".join(project.text(key) for key in sorted(project.keys | around) if _LOADERS.search(key)))
    default, hidden, languages = loaders.text("defaultLanguage"), loaders.text("hideLocale"), loaders.texts("languages")

    def place(path: str) -> tuple[str, str]:
        """Return a page without its language (`guide.de.mdx`, `de/guide.mdx`), and its language."""
        whole, _, language = stem(path).rpartition(".")
        if whole and "/" not in language and (language in languages or (not languages and language_named(language))):
            return whole, language
        first, _, rest = stem(path).partition("/")
        return (rest, first) if rest and first in languages else (stem(path), default)

    def folder(path: str, base: str) -> Folder:
        def address(key: str, metadata: Metadata) -> str:
            whole, language = place(key) if default else (stem(key), "")
            above, _, name = _GROUP.sub("", whole).rpartition("/")
            is_hidden = hidden == "always" or (hidden == "default-locale" and language == default)
            parts = ("" if is_hidden else language, base, above, "" if name == "index" else name)
            return "/".join(part.strip("/") for part in parts if part.strip("/"))

        return Folder(path, address)

    folders = tuple(folder(*item) for item in _collections(config, loaders))
    return Rules(
        folders or (folder("content/docs", "docs"),),
        passes=PASSES,
        mdx=True,
        lead="description",
        doubts=() if folders else ("no loader() says where pages are served",),
        first={"lang": default} if default else {},
    )


def _collections(config: Script, loaders: Script) -> Iterator[tuple[str, str]]:
    """Yield the folder of each collection that is served, and where: at `/` unless its loader has a path."""
    for loader in loaders.objects(r"\bloader\(\s*"):
        named = _SOURCE.search(loader)
        if named:
            defined = next(config.objects(_COLLECTION % (named[1], named[1])), "")
            path = loaders.value("dir", defined) or "content/docs"
            base = loaders.value("baseUrl", loader)
            yield folder_of(str(path)), base if isinstance(base, str) else ""


PROFILE = Profile("fumadocs", "Fumadocs", FILES, open_fumadocs)
