"""Docusaurus: `docusaurus.config.*`, read as text."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from vademecum_builder.profiles import mdx
from vademecum_builder.profiles.base import (
    Address,
    Folder,
    Metadata,
    NotServed,
    Profile,
    Project,
    Rules,
    named,
    private,
    stem,
)
from vademecum_builder.profiles.blocks import containers
from vademecum_builder.profiles.code import replacing
from vademecum_builder.profiles.config import Script, address_of, folder_of, matcher, scripts, spread
from vademecum_builder.readers import slugs
from vademecum_builder.readers.document import title_from_key
from vademecum_builder.sources.formats.json_records import parsed_or_none
from vademecum_builder.sources.places import PagePlace

FILES = scripts("docusaurus.config")
headings = replacing(
    re.compile(
        r"^[ \t]*<Heading(?=[^<>]*\sas=[\"']h([1-6]))(?=[^<>]*\sid=[\"']([^\s\"']+))[^<>]*>"
        r"\s*([^<>\n]*?)\s*</Heading>[ \t]*$",
        re.MULTILINE,
    ),
    lambda heading: f"\n{'#' * int(heading[1])} {heading[3]} {{#{heading[2]}}}\n",
    "<Heading",
)
"""`<Heading as="h2" id="oil">Oil</Heading>`, the theme's component; without an id it shows none."""
_BRACES_ARE_TEXT = re.compile(r"\"@docusaurus/core\"\s*:\s*\"[\^~=v]*2\.")
"""Docusaurus 2, whose MDX 1 has expressions only in tags: `{ width: number }` is shown."""
_NO_PREFIX = re.compile(r"^\d+[-_.]\d+")  # a date or a version
_PREFIX = re.compile(r"^\d+\s*[-_.]+\s*(?=[^-_.\s])")
_DATED = re.compile(r"^(?P<folder>.*)(?P<date>\d{4}[-/]\d{1,2}[-/]\d{1,2})[-/]?(?P<text>.*?)(?:/index)?\.mdx?$")


_CONTENT = "docusaurus-plugin-content-"
_Rule = Callable[[str, str, Metadata], str]
"""Returns the address of a page, given where its folder is served."""


def _unnumbered(name: str) -> str:
    return name if _NO_PREFIX.match(name) else _PREFIX.sub("", name)


def _docs(strip: Callable[[str], str], base: str, path: str, metadata: Metadata) -> str:
    """The rule of plugin-content-docs (its slug.js): `slug`, `id`, numbers before names, pages of folders."""
    private(path)
    *folders, name = stem(path).split("/")
    folder = "/".join(map(strip, folders))
    slug = named(metadata, "slug")
    if slug.startswith("/"):
        return posixpath.join(base, slug.strip("/"))
    last = folders[-1] if folders else ""
    if not slug and name.lower() in ("index", "readme", last.lower()):
        return posixpath.join(base, folder, "")
    return posixpath.normpath(posixpath.join(base, folder, slug or named(metadata, "id") or strip(name)))


def _blog(base: str, path: str, metadata: Metadata) -> str:
    private(path)
    dated = _DATED.match(path)
    slug = re.sub(r"(?:/index)?\.mdx?$", "", path)
    if dated:
        slug = f"{dated['date'].replace('-', '/')}/{dated['folder']}{dated['text']}"
    return posixpath.join(base, (named(metadata, "slug") or slug).strip("/"))


def _pages(base: str, path: str, _metadata: Metadata) -> str:
    private(path)
    return posixpath.join(base, re.sub(r"(?:^|/)index$", "", stem(path)))


def _without(options: str, rule: _Rule) -> _Rule:
    """Return a rule that leaves out what `exclude` of a plugin's options names."""
    excluded = matcher(f"/{each}" for pattern in Script(options).texts("exclude") for each in spread(pattern))

    def address(base: str, path: str, metadata: Metadata) -> str:
        if excluded(path):
            raise NotServed("exclude")
        return rule(base, path, metadata)

    return address


def _instances(script: Script, kind: str) -> Iterator[tuple[str, bool]]:
    """Yield the options of each use of a plugin, those of the preset first."""
    for options in script.objects(rf"(?<![\w.$]){kind}['\"]?\s*:\s*"):
        yield options, True
    for options in script.objects(rf"plugin-content-{kind}['\"]\s*,\s*"):
        yield options, False


def _versions(project: Project, folder: str) -> list[str]:
    found = parsed_or_none(project.text(f"{folder}versions.json"))
    return [str(version) for version in found] if isinstance(found, list) else []


def _built(script: Script, options: str, versions: Sequence[str]) -> list[str]:
    """Return the versions that have pages."""
    only = re.search(r"\bonlyIncludeVersions['\"]?\s*:\s*\[([^\[\]]*)\]", options)
    names = re.findall(r"['\"]([^'\"]+)['\"]", only[1]) if only else []
    current = script.value("includeCurrentVersion", script.shallow(options)) is not False
    return [v for v in versions if (not names or v in names) and (current or v != "current")]


def _version(script: Script, versions: str, version: str, base: str, default: str) -> str:
    """Return where a version is served; `versions` may have a path for it."""
    options = next(script.objects(rf"['\"]?{re.escape(version)}['\"]?\s*:\s*", versions), "")
    path = script.value("path", options)
    return posixpath.join(base, path.strip("/") if isinstance(path, str) else default).rstrip("/")


@dataclass(frozen=True)
class _Plugin:
    """A plugin with pages: the folder of its current version in the default language, and where that is served."""

    name: str
    folder: str
    base: str


@dataclass(frozen=True)
class _Folders:
    """The folders of pages in the languages of the site. With less than two `locales`, it has no languages.

    Attributes:
        slash: Whether addresses end with a slash (`trailingSlash`); neither: as the plugins have it.
    """

    locales: Sequence[str]
    default: str
    slash: object = None
    found: list[Folder] = field(default_factory=list)

    def add(self, plugin: _Plugin, rule: _Rule, path: str = "", below: str = "", version: str = "") -> None:
        """Add a folder in the default language, and those of its translations.

        Args:
            path: The folder; empty: that of the plugin. Pages with the same path in both are versions of one page.
            below: The path of a translation in the folder of the plugin.
        """
        language = self.default if len(self.locales) > 1 else ""
        place = PagePlace(plugin.folder, language, version) if language or version else None
        self.found.append(Folder(path or plugin.folder, self._address(rule, plugin.base), place))
        for locale in self.locales if language else ():
            if locale != language:
                served = self._address(rule, posixpath.join(locale, plugin.base))
                translated = posixpath.join("i18n", locale, plugin.name, below)
                self.found.append(Folder(translated, served, PagePlace(plugin.folder, locale, version)))

    def _address(self, rule: _Rule, base: str) -> Address:
        def address(path: str, metadata: Metadata) -> str:
            found = rule(base, path, metadata)
            return posixpath.join(found.rstrip("/"), "") if self.slash and found else found.rstrip("/")

        return address if isinstance(self.slash, bool) else partial(rule, base)


def _add_docs(project: Project, script: Script, options: str, plugin: _Plugin, folders: _Folders) -> str:
    """Add the versions of the documents of one plugin; return the newest one, or an empty text if there are none."""
    told = next(script.objects(r"versions['\"]?\s*:\s*", options), "")
    own = script.shallow(options)
    name = script.value("id", own)
    strip = str if script.value("numberPrefixParser", own) is False else _unnumbered
    rule = _without(options, partial(_docs, strip))
    prefix = f"{name}_" if name else ""
    versions = _versions(project, prefix)
    latest = str(script.value("lastVersion", own) or (versions[0] if versions else "current"))
    for version in _built(script, options, (*versions, "current")):
        shown, below = ("next", version) if version == "current" else (version, f"version-{version}")
        base = _version(script, told, version, plugin.base, "" if version == latest else shown)
        path = "" if version == "current" else f"{prefix}versioned_docs/{below}"
        folders.add(replace(plugin, base=base), rule, path, below, shown if versions else "")
    return "" if not versions else "next" if latest == "current" else latest


def open_docusaurus(project: Project) -> Rules:
    script = Script(project.text(*FILES))
    doubts: list[str] = []
    locales = script.texts("locales")
    default = script.text("defaultLocale", locales[0] if locales else "")
    folders = _Folders(locales, default, script.value("trailingSlash"))
    first = {"lang": default} if len(locales) > 1 else {}

    for kind in ("docs", "blog"):
        found = list(_instances(script, kind)) or [("", True)]
        for options, preset in found:
            if preset and re.search(rf"(?<![\w.$]){kind}['\"]?\s*:\s*false", script.code):
                continue
            own = script.shallow(options)
            path, route, name = (script.value(key, own) for key in ("path", "routeBasePath", "id"))
            if "" in (path, route):
                doubts.append(f"{kind}: path or routeBasePath is computed in the configuration")
            base = str(kind if route is None else route).strip("/")
            plugin = _Plugin(f"{_CONTENT}{kind}{'-' + str(name) if name else ''}", folder_of(str(path or kind)), base)
            if kind == "blog":
                folders.add(plugin, _without(options, _blog))
            elif (latest := _add_docs(project, script, options, plugin, folders)) and preset:
                first["version"] = latest
    folders.add(_Plugin(f"{_CONTENT}pages", "src/pages", ""), _pages)
    url, base_url = script.text("url"), script.text("baseUrl", "/")
    if script.value("baseUrl") == "":
        url = ""
        doubts.append("baseUrl is computed in the configuration: name it by --base-url")
    is_text = _BRACES_ARE_TEXT.search(project.text("package.json")) is not None
    passes = [one for one in mdx.PASSES if not (is_text and one == mdx.expressions)]
    return Rules(
        tuple(folders.found),
        slugs.DOCUSAURUS,
        (headings, containers, *passes),
        mdx=True,
        called=lambda path: title_from_key("/".join(map(_unnumbered, path.split("/")))),
        base_url=address_of(url, base_url),
        title=script.text("title"),
        doubts=tuple(doubts),
        first=first,
    )


PROFILE = Profile("docusaurus", "Docusaurus", FILES, open_docusaurus)
