"""How a build makes documents of a source's items: each by itself, as sources of a site generator, or as the pages that
a generator has rendered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from vademecum.errors import ContentError, counted
from vademecum_builder.profiles.reader import PlainPages, ProfilePages
from vademecum_builder.profiles.registry import ProfileMatch, find_profile
from vademecum_builder.readers.document import Document
from vademecum_builder.sources.base import HTML, SourceItem
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.sources.places import PagePlace, PagePlaces, language_named

if TYPE_CHECKING:
    from vademecum_builder.sites.site import Site


class DocumentReader(Protocol):
    """Makes documents of items. A subclass defines `read`; the rest has defaults."""

    @property
    def notice(self) -> str:
        """What the publisher should know about how the source is read; may be empty."""
        return ""

    def shaped_by(self, item: SourceItem) -> str:  # noqa: ARG002 - one of its kind
        """Return a text of everything that shapes a document besides its item."""
        return ""

    def read(self, item: SourceItem) -> Document | str:
        """Return the document, or why the item is not one; raise ContentError if it cannot be read."""
        ...

    def warnings(self) -> Sequence[str]:
        """Return what was wrong in all that was read, one line each."""
        return ()


@dataclass(frozen=True)
class ReaderOver(DocumentReader):
    """A reader that adds to what another reader returns."""

    inner: DocumentReader

    @property
    def notice(self) -> str:
        return self.inner.notice

    def shaped_by(self, item: SourceItem) -> str:
        return self.inner.shaped_by(item)

    def read(self, item: SourceItem) -> Document | str:
        return self.inner.read(item)

    def warnings(self) -> Sequence[str]:
        return self.inner.warnings()


@dataclass(frozen=True)
class SitePages(DocumentReader):
    """The pages of a rendered site; its other files are not documents. It never warns: no page is read in part."""

    site: Site
    notice: str = ""

    def shaped_by(self, item: SourceItem) -> str:  # noqa: ARG002 - whatever the page is
        """Return the digest of what the pages share."""
        return self.site.digest

    def read(self, item: SourceItem) -> Document | str:
        from vademecum_builder.sites.kinds import LeftOut, LeftOutKind

        if item.media_type != HTML:
            return "files beside the pages of a rendered site"
        read = self.site.read(item.key, item.data)
        if isinstance(read, LeftOut) and read.kind is LeftOutKind.UNREADABLE:
            raise ContentError(f"{item.key}: {read.reason}")
        return read if isinstance(read, Document) else read.kind.value


@dataclass(frozen=True)
class PlacedPages(ReaderOver):
    """A reader's documents, each with its version, language and page, as far as its path or its profile tells them.

    Attributes:
        first: The current version and the default language, as far as a configuration names them.
    """

    places: PagePlaces
    profile: ProfileMatch | None = None
    first: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The site's title in its generator's configuration; may be empty."""
        return self.profile.rules.title if self.profile else ""

    def shaped_by(self, item: SourceItem) -> str:
        place = self._place(item.key)
        return f"{self.inner.shaped_by(item)} {place}" if place.page else self.inner.shaped_by(item)

    def read(self, item: SourceItem) -> Document | str:
        document = self.inner.read(item)
        if not isinstance(document, Document):
            return document
        metadata = self._place(item.key).metadata
        canonical = document.metadata.get("canonical")
        if isinstance(canonical, str):
            metadata["pageKey"] = self._place(canonical).page or canonical
        if default := self.first.get("lang"):
            above = {language_named(part) for part in item.key.split("/")[:-1]} - {""}
            if above <= {default}:  # not the page of another language without counterparts
                metadata.setdefault("lang", default)
        return replace(document, metadata=metadata | dict(document.metadata)) if metadata else document

    def _place(self, key: str) -> PagePlace:
        return (self.profile.page_place(key) if self.profile else None) or self.places.of(key)


@dataclass(frozen=True)
class NamedReaders(DocumentReader):
    """The readers of several sources, each for the keys with its prefix.

    The metadata of a document name its source.
    """

    readers: Mapping[str, DocumentReader]

    @property
    def notice(self) -> str:
        return "; ".join(filter(None, (reader.notice for reader in self.readers.values())))

    @property
    def title(self) -> str:
        """The title of the first site that has one."""
        named = (reader.title for reader in self.readers.values() if isinstance(reader, PlacedPages))
        return next(filter(None, named), "")

    @property
    def first(self) -> Mapping[str, str]:
        """The current version and the default language, from the first reader that knows them."""
        named = (reader.first for reader in self.readers.values() if isinstance(reader, PlacedPages))
        return next(filter(None, named), {})

    def shaped_by(self, item: SourceItem) -> str:
        _, reader, own = self._routed(item)
        return reader.shaped_by(own)

    def read(self, item: SourceItem) -> Document | str:
        prefix, reader, own = self._routed(item)
        document = reader.read(own)
        if not isinstance(document, Document):
            return document
        metadata = {"source": prefix.removesuffix(":")} | dict(document.metadata)
        if isinstance(canonical := metadata.get("canonical"), str):
            metadata["canonical"] = prefix + canonical
        warnings = tuple(f"{prefix}{warning}" for warning in document.warnings)
        return replace(document, key=item.key, metadata=metadata, warnings=warnings)

    def warnings(self) -> Sequence[str]:
        return [f"{prefix}{warning}" for prefix, reader in self.readers.items() for warning in reader.warnings()]

    def _routed(self, item: SourceItem) -> tuple[str, DocumentReader, SourceItem]:
        name, colon, key = item.key.partition(":")
        return name + colon, self.readers[name + colon], replace(item, key=key)


def choose_reader(source: FolderSource, profile: str = "", base_url: str = "") -> PlacedPages:
    """Return the reader of a folder: that of the profile that was named, else that of rendered pages if they look so,
    else that of the profile whose configuration is there.

    Args:
        profile: The generator that the files are written for, or `plain`; empty: found by its configuration.
        base_url: Where the documents are served; empty: nowhere.

    Raises:
        UsageError: There is no such profile.
    """
    keys = source.keys()
    places = PagePlaces(keys)
    site = None if profile else _rendered(source, keys, base_url)
    if site is not None:
        return PlacedPages(site, places)
    match = find_profile(source.root, keys, profile)
    if match is None:
        plain = PlainPages(source.root, base_url, frozenset(keys), named=bool(profile))
        return PlacedPages(plain, places)
    return PlacedPages(ProfilePages(match, base_url or match.rules.base_url), places, match, match.rules.first)


def _rendered(source: FolderSource, keys: Sequence[str], base_url: str) -> SitePages | None:
    # Imported late: a folder of Markdown need not wait for the parser of HTML.
    from vademecum_builder.sites.detect import LOOKED_AT, detect, pages_of

    pages = pages_of(keys)
    mixed = sorted(pages, key=lambda key: hashlib.sha256(key.encode()).digest())
    heads = (source.read(key)[:LOOKED_AT] for key in mixed[:20])
    detected = detect(keys, heads) if pages else None
    if detected is None:
        return None
    from vademecum_builder.sites.site import open_site

    site = open_site(pages, source.read, generator=detected.generator, base_url=base_url)
    own_address = site.addresses.base_url if not base_url else ""
    served = f", served at {own_address} as they say" if own_address else ""
    return SitePages(
        site, f"{source.root} is read as a rendered site ({detected.reason}): {counted(len(pages), 'pages')}{served}"
    )
