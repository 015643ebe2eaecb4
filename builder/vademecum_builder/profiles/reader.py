"""Reads the sources of a generator, each as a document with its address, or leaves them out with a reason."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from vademecum.errors import counted
from vademecum_builder.profiles import mdx
from vademecum_builder.profiles.base import HEADING, Folder, Metadata, NotServed, Page, Pass, Project
from vademecum_builder.profiles.code import CODE, without_gone
from vademecum_builder.profiles.formats import INCLUDES, chapters_apart
from vademecum_builder.profiles.landing import for_layouts, landing
from vademecum_builder.profiles.plain import PASSES
from vademecum_builder.profiles.registry import ProfileMatch
from vademecum_builder.readers.document import Document, parse_document, shows_files, title_from_key
from vademecum_builder.readers.front_matter import split_front_matter
from vademecum_builder.readers.text import clean_line, unify_line_breaks, without_markup
from vademecum_builder.sources.base import ASCIIDOC, BINARY, HTML, MARKDOWN, PLAIN_TEXT, SourceItem
from vademecum_builder.sources.left_out import TEMPLATES
from vademecum_builder.sources.places import language_named, version_named

_HEADED = re.compile(r"^#[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_TAKES_IN = re.compile(
    r"\{\{#|<%=|8<-|\{[*!]|\{%-?\s*(?:include|render)|\{\{[<%][-/*\s]*(?:include|readfile|code_?(?:file|sample))"
    r"|\[!include|include::|@include|<<<|\{(?:literal)?include\}|!\[\["
    r"|^import\s+\w+(?:\s*,\s*\{[^{}]*\})?\s+from\s+['\"][^'\"]+\.mdx?['\"]"
    r"|<include\b|<code-block\b|\{src=|\[\]\((?:[\w./-]+\.(?:md|rst|topic)|#)|<a\b[^<>]*/>"
    r"|:(?:std:)?(?:ref|doc):|\{(?:std:)?(?:ref|doc)\}|\.adoc\[\]",
    re.IGNORECASE | re.MULTILINE,
)
"""All spellings of includes and of references that show a title; a text without one includes nothing."""
_TEMPLATES = re.compile(r"(?:^|/)(?:templates?|layouts|archetypes)/")
_PLACEHOLDER = re.compile(rb"\{\{|\{%|<%")
_EXTENDS = re.compile(rb"\s*\{[%#]")
"""The beginning of an HTML page that is a template."""
_AS_THEY_LIE = (
    "no configuration of a generator was found: the addresses of {} follow their files (a/b.md is a/b/), and anchors"
    " are GitHub's. Name the generator with --profile (plain if there is none), build the rendered pages, or check with"
    " --links"
)
_NOWHERE = "pages without content: redirects, 404"
_OF_LAYOUTS = "texts in front matter, which a layout shows: build the rendered site"
_REDIRECTS = ("redirect_url", "redirect_to")
_REFRESH = re.compile(
    r"^(?:\.\. raw:: html\n[ \t]*\n[ \t]+| {0,2})<meta\s[^<>]*\bhttp-equiv=[\"']?refresh"
    r"|^\.\. meta::\n(?:[ \t]+.*\n)*?[ \t]+:http-equiv=refresh:",
    re.IGNORECASE | re.MULTILINE,
)
"""A redirect, in Markdown and in reStructuredText."""
_NAMES = ("url", "permalink", "slug", "aliases", "redirect_from")
"""Addresses in front matter, which are not metadata of hits."""


@dataclass
class PlainPages:
    """Files without a generator: addresses follow paths, and markup that cannot be meant as text is processed.

    Attributes:
        root: The folder of the source; included files are below it.
        base_url: Where the documents are served; empty: nowhere.
        keys: Files of the source.
        named: Whether the publisher chose this; then a configuration of a generator is not missed.
        troubles: What could not be included, counted.
        unsure: The number of pages whose address and anchors are only guessed from paths and headings.
    """

    root: Path
    base_url: str = ""
    keys: frozenset[str] = frozenset()
    named: bool = False
    notice: str = ""
    troubles: Counter[str] = field(default_factory=Counter)
    unsure: int = 0

    def read(self, item: SourceItem) -> Document | str:
        """Return the document, or why the item is not one; raise ContentError if it cannot be read."""
        if item.media_type in BINARY:
            return parse_document(item, base_url=self.base_url)
        if (_TEMPLATES.search(item.key) and _PLACEHOLDER.search(item.data)) or (
            item.media_type == HTML and _EXTENDS.match(item.data)
        ):
            return TEMPLATES
        document = parse_document(self._prepared(item, self._page(item)), base_url=self.base_url)
        known = self.named or not self.base_url or shows_files(self.base_url)
        self.unsure += not known and item.media_type not in (HTML, PLAIN_TEXT)
        return document

    def shaped_by(self, item: SourceItem) -> str:
        """Return what a document depends on besides its item: the base address, and included files."""
        page = replace(self._page(item), troubles=Counter())
        included = _included(item, page, self._passes(item))
        return _digest([self.base_url, *included, *included.values()]) if included else self.base_url

    def warnings(self) -> Sequence[str]:
        """Return what could not be included, and which addresses are guessed, one line each."""
        return [*([_AS_THEY_LIE.format(counted(self.unsure, "pages"))] if self.unsure else []), *_lost(self.troubles)]

    @cached_property
    def _project(self) -> Project:
        return Project(self.root, self.root, self.keys)

    def _page(self, item: SourceItem) -> Page:
        return Page(self._project, item.key, troubles=self.troubles)

    def _passes(self, item: SourceItem) -> Sequence[Pass]:
        apart = (chapters_apart,) if item.media_type == ASCIIDOC else ()
        return PASSES if item.media_type == MARKDOWN else (*apart, *INCLUDES.get(item.media_type, ()))

    def _prepared(self, item: SourceItem, page: Page) -> SourceItem:
        passes = self._passes(item)
        text = written = unify_line_breaks(item.text()) if passes else ""
        for done in (mdx.in_mdx(mdx.literals), *passes, mdx.in_mdx(mdx.html), mdx.in_mdx(mdx.expressions)):
            text = done(text, page)
        text = without_gone(text)
        return item if text == written else replace(item, data=text.encode())


@dataclass(frozen=True)
class _Source:
    """A file of a project: its text, its front matter, and the text after that. HTML without front matter is not
    decoded."""

    item: SourceItem
    text: str
    metadata: Metadata
    body: str

    @classmethod
    def of(cls, item: SourceItem) -> _Source:
        plain = item.media_type != HTML or item.data.startswith(b"---")
        text = unify_line_breaks(item.text()) if plain else ""
        return cls(item, text, *split_front_matter(text))

    @property
    def is_html(self) -> bool:
        return self.item.media_type == HTML

    @property
    def is_markup(self) -> bool:
        """Whether it is neither HTML nor plain text."""
        return self.item.media_type not in (HTML, PLAIN_TEXT)

    @property
    def is_rendered(self) -> bool:
        """Whether the generator renders it: markup, or anything with front matter."""
        return self.is_markup or self.body != self.text


@dataclass
class ProfilePages:
    """The pages of one project.

    Attributes:
        base_url: Where the site is served; empty: unknown.
        doubts: Why addresses may be wrong, counted.
        troubles: What could not be included, counted.
        doubled: Pages at the address of another page, with that page.
    """

    found: ProfileMatch
    base_url: str = ""
    doubts: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    doubled: list[str] = field(default_factory=list)
    _served: dict[str, str] = field(default_factory=dict)

    @property
    def notice(self) -> str:
        """Return the profile, the configuration by which it was found, and the folders of pages."""
        found, folders = self.found, [folder.path or "." for folder in self.found.rules.folders]
        origin = f"as sources of {found.profile.title} ({found.outside}{found.config or 'as you named it'})"
        more = f" and {counted(len(folders) - 3, 'folders')} more" if len(folders) > 3 else ""
        served = f", served at {self.base_url}" if self.base_url else ""
        return f"read {origin}: pages in {', '.join(folders[:3])}{more}{served}; --profile plain reads them as they are"

    def warnings(self) -> Sequence[str]:
        """Return what could not be included, and which addresses are uncertain, one line each."""
        pages = [
            f"{counted(count, 'pages')} may have a wrong address: {doubt}"
            for doubt, count in sorted(self.doubts.items())
        ]
        sites = [f"addresses may be wrong: {doubt}" for doubt in self.found.rules.doubts]
        several = [f"pages at the address of another one ({len(self.doubled)}): {', '.join(self.doubled[:3])}"]
        return [*sites, *pages, *(several if self.doubled else []), *_lost(self.troubles)]

    def read(self, item: SourceItem) -> Document | str:
        """Return the document, or why the item is not one; raise ContentError if it cannot be read."""
        item, place = self._typed(item), self.found.place(item.key)
        if place is None:
            return "files outside the folders of pages"
        if item.media_type in BINARY:
            return "files beside the pages of a site"
        if item.media_type == HTML and _EXTENDS.match(item.data):
            return TEMPLATES
        source, (folder, path) = _Source.of(item), place
        try:
            address = self._address(folder, path, source)
        except NotServed as reason:
            return f"files that {self.found.profile.title} does not serve: {reason}"
        if address is None:
            return _NOWHERE
        if doubt := self.found.rules.doubt(path, source.metadata):
            self.doubts[doubt] += 1
        first = self._served.setdefault(address, item.key)
        if first != item.key:
            self.doubled.append(f"{item.key} ({first})")
        document = self._document(source, address, path)
        leads_on = isinstance(document.metadata.get("redirect"), str)
        return _NOWHERE if leads_on and not any(section.blocks for section in document.sections) else document

    def _address(self, folder: Folder, path: str, source: _Source) -> str | None:
        """Return where a page is served; None: it is a redirect, or the page for addresses that do not exist.

        Raises:
            NotServed: The generator does not make a page of it.
        """
        metadata, rules = source.metadata, self.found.rules
        is_page = source.is_rendered or (source.is_html and rules.html)
        if not is_page and not rules.copies:
            raise NotServed("not a page")
        headed = _HEADED.search(source.body) if source.is_markup and "title" not in metadata else None
        address = folder.address(path, {HEADING: headed[1], **metadata} if headed else metadata)
        address = address if is_page else path
        if _shown_for_none(address.lstrip("/")) or any(isinstance(metadata.get(name), str) for name in _REDIRECTS):
            return None
        if source.is_markup and "http-equiv" in source.body.lower() and _REFRESH.search(CODE.sub("", source.body)):
            return None
        return address

    def _document(self, source: _Source, address: str, path: str) -> Document:
        item, metadata, rules = source.item, source.metadata, self.found.rules
        page = Page(self.found.project, self.found.key(item.key), metadata, self.troubles)
        if source.is_rendered:
            named = str(metadata.get("title") or "")  # else the first heading or line is the title
            body = f"<title>{escape(named)}</title>{source.body}" if source.is_html else f"{named}\n\n{source.body}"
            text = source.text if source.is_markup else body
            item = replace(item, data=self.prepared(item.media_type, text, page).encode())
        called = without_markup(rules.called(path)) if rules.called else ""
        called = called or (rules.title if address in ("", "index.html") else "")
        if source.is_html and rules.html and called:
            heading = f"<h1>{escape(called)}</h1>".encode("ascii", "xmlcharrefreplace")
            item = replace(item, data=heading + item.data.removeprefix(codecs.BOM_UTF8))
        document = parse_document(
            item,
            slugs=rules.slugs,
            address=lambda _: self._url(address),
            mdx=rules.mdx,
            called=called,
            auto_ids=rules.auto_ids,
        )
        if not rules.slugs.of_title:  # the page does not show it, and docutils makes the ids of reStructuredText
            bare = (section if section.headings else replace(section, anchor="") for section in document.sections)
            document = replace(document, sections=tuple(bare))
        own = {} if source.is_markup else dict(metadata)
        title = clean_line(without_markup(str(own.pop("title", "") or ""))) or document.title
        title = called if called and title == title_from_key(item.key) else title
        kept = {name: value for name, value in (own | dict(document.metadata)).items() if name not in _NAMES}
        return replace(document, title=title, metadata=kept)

    def _typed(self, item: SourceItem) -> SourceItem:
        """Return an item with the media type of its ending in the configuration."""
        kind = self.found.rules.kinds.get(PurePosixPath(item.key).suffix)
        return replace(item, media_type=kind) if kind else item

    def prepared(self, media_type: str, text: str, page: Page) -> str:
        """Return the text without markup of the generator."""
        metadata, body = split_front_matter(text)  # a generator does not process front matter
        head = text[: len(text) - len(body)]
        for done in self.found.rules.templates:
            body = done(body, page)
        if media_type == MARKDOWN and for_layouts(page.metadata, body):
            page.troubles[_OF_LAYOUTS] += 1
        lead = page.metadata.get(self.found.rules.lead)
        above = landing(page.metadata) + (f"{escape(lead)}\n\n" if isinstance(lead, str) else "")
        text = head + (above if media_type == MARKDOWN else "") + body
        for done in self._own_passes(media_type):
            text = done(text, page)
        return without_gone(head + split_front_matter(text)[1] if metadata else text)

    def _own_passes(self, media_type: str) -> Sequence[Pass]:
        return self.found.rules.passes if media_type == MARKDOWN else INCLUDES.get(media_type, ())

    def _passes(self, media_type: str) -> Sequence[Pass]:
        return (*self.found.rules.templates, *self._own_passes(media_type))

    def shaped_by(self, item: SourceItem) -> str:
        """Return the digest of what a document depends on besides its item: the configuration, and included files."""
        item, page = self._typed(item), Page(self.found.project, self.found.key(item.key))
        included = _included(item, page, self._passes(item.media_type))
        place = self.found.place(item.key)
        try:
            # Only of its path: its front matter is in the item.
            address = place[0].address(place[1], {}) if place else ""
        except NotServed as reason:
            address = f"not served: {reason}"
        called = self.found.rules.called(place[1]) if place and self.found.rules.called else ""
        parts = [self.found.profile.name, self.base_url, address, *filter(None, [called]), *self.found.digests]
        return _digest([*parts, *included, *included.values()])

    def _url(self, address: str) -> str:
        if address.startswith(("http://", "https://")):
            return quote(address, safe="/%+~@!$&()*,;=:?#[]")
        base = self.base_url
        route = "#" if address.startswith("#/") else ""  # an address that the script of the page reads
        path = quote(address.removeprefix(route), safe="/+~@!$&()*,;=:")
        return f"{base.removesuffix('/')}/{route}{path}" if base else ""


def _shown_for_none(address: str) -> bool:
    """Return whether hosts show a page for addresses that do not exist, also in a language or a version.
    `features/404/` and `errors/404.html` are about such pages."""
    *above, name = address.removesuffix("/").split("/")
    return name in ("404", "404.html") and all(language_named(part) or version_named(part) for part in above)


def _included(item: SourceItem, page: Page, passes: Sequence[Pass]) -> Mapping[str, str]:
    """Return the files that an item includes, by their paths; passes that are not needed for that are left out."""
    text = "" if item.media_type in BINARY or not passes else unify_line_breaks(item.text())
    for done in passes:
        if not _TAKES_IN.search(text):
            break
        text = done(text, page)
    return page.included


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _lost(troubles: Counter[str]) -> list[str]:
    """Return one line for what pages could not include; none if nothing is missing."""
    first = ", ".join(sorted(troubles)[:3])
    return [f"parts of pages are missing ({sum(troubles.values())}): {first}"] if troubles else []
