"""Reads the pages of a rendered site, one by one: each is a document, or left out with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vademecum.errors import ContentError
from vademecum_builder.readers.document import Document, title_from_key
from vademecum_builder.readers.html.page import Page, cut_off, open_page, read_page
from vademecum_builder.sites.addresses import Addresses, version_in
from vademecum_builder.sites.kinds import LeftOut, LeftOutKind, kind_by_head, kind_by_name, kind_by_text, kind_of
from vademecum_builder.sites.survey import Survey, survey, top_folder
from vademecum_builder.sources.charset import Decoded, decode


@dataclass(frozen=True)
class Site:
    """A rendered site, known well enough to read any of its pages by itself.

    Attributes:
        generator: Its generator; may be empty.
        survey: What its pages share.
        addresses: Of its pages.
    """

    generator: str
    survey: Survey
    addresses: Addresses

    @property
    def digest(self) -> str:
        """SHA-256 in hex of what shapes a document besides the page itself."""
        return replace(self.survey, base_url=self.addresses.base_url).digest

    def read(self, key: str, data: bytes) -> Document | LeftOut:
        """Return the document, or why the page is not one; any bytes give one of the two."""
        try:
            return kind_by_name(key) or self._read(key, decode(data))
        except ContentError as error:
            return LeftOut(key, LeftOutKind.UNREADABLE, error.message)

    def _read(self, key: str, decoded: Decoded) -> Document | LeftOut:
        gone = kind_by_text(key, decoded.text)
        if gone is not None:
            return gone
        opened = open_page(decoded.text)
        gone = kind_by_head(key, opened.head, self.generator)
        if gone is not None:
            return gone
        page = read_page(opened, self.survey.template, top_folder(key))
        gone = kind_of(key, page, decoded.text, self.generator, pages=self.addresses)
        bodies = (" data-vademecum-body", " data-pagefind-body")
        if gone is None and self.survey.marks_bodies and not any(mark in decoded.text for mark in bodies):
            reason = "it marks no body to be searched, as other pages of the site do"
            gone = LeftOut(key, LeftOutKind.EXCLUDED, reason)
        return gone or self._document(key, page, decoded)

    def _document(self, key: str, page: Page, decoded: Decoded) -> Document:
        address = self.addresses.of(key, page.head.canonical)
        metadata: dict[str, Any] = dict(page.metadata)
        version = page.head.version or version_in(key)
        if version:
            metadata["version"] = version
        if address.canonical:
            metadata["canonical"] = address.canonical
        return Document(
            key,
            page.title or title_from_key(key),
            address.url,
            metadata,
            page.sections,
            tuple(f"{key}: {warning}" for warning in (decoded.warning, cut_off(decoded.text)) if warning),
        )


def open_site(keys: Sequence[str], read: Callable[[str], bytes], *, generator: str = "", base_url: str = "") -> Site:
    """Survey a site, so that its pages can be read.

    Args:
        keys: Of its pages.
        read: Returns the bytes of a page.
        base_url: Where it is served; empty: as its pages say.
    """
    seen = survey(keys, read)
    return Site(generator, seen, Addresses(keys, base_url or seen.base_url, clean=seen.clean))
