"""Reads the sources of a generator, one by one: each is a document where it is served, or is left out and told."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from vademecum_builder.profiles.base import NotServed, Page
from vademecum_builder.profiles.registry import Found
from vademecum_builder.readers.document import Document, parse_document
from vademecum_builder.readers.front_matter import split_front_matter
from vademecum_builder.readers.text import clean_line, unify_line_breaks
from vademecum_builder.sources.base import HTML, MARKDOWN, PLAIN_TEXT, SourceItem

_HEADED = re.compile(r"^#[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_NAMES = ("url", "permalink", "slug", "aliases", "redirect_from")
"""What front matter says of addresses: no metadata of a hit."""


@dataclass
class ProfilePages:
    """The pages of one project.

    Attributes:
        found: The profile.
        base_url: Where the site is served; empty: nowhere known.
        left_out: Why items are no pages, counted.
        doubts: Why addresses may be wrong, counted.
        troubles: What could not be taken in, counted.
    """

    found: Found
    base_url: str = ""
    left_out: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)

    def read(self, item: SourceItem) -> Document | str:
        """Return the document that an item is, or why it is none.

        Raises:
            ContentError: It cannot be read.
        """
        place = self.found.place(item.key)
        if place is None:
            return "files outside the folders of pages"
        folder, path = place
        written = item.media_type not in (HTML, PLAIN_TEXT)
        text = unify_line_breaks(item.text())
        metadata, body = split_front_matter(text)
        rendered = written or body != text
        try:
            if not rendered and not self.found.rules.copies:
                raise NotServed("no page")
            headed = _HEADED.search(body) if written and "title" not in metadata else None
            address = folder.address(path, {"title": headed[1]} | metadata if headed else metadata)
            address = address if rendered else path
        except NotServed as reason:
            return f"files that {self.found.profile.title} does not serve: {reason}"
        doubt = self.found.rules.doubt(path, metadata)
        if doubt:
            self.doubts[doubt] += 1
        page = Page(self.found.project, self.found.key(item.key), metadata, self.troubles)
        if rendered:
            item = replace(
                item, data=self.prepared(item.media_type, text if written else body, page).encode()
            )
        document = parse_document(item, slugs=self.found.rules.slugs, address=lambda _: self._url(address))
        told = {} if written else dict(metadata)
        title = document.title if written else clean_line(str(told.pop("title", "") or "")) or document.title
        kept = {name: value for name, value in (told | dict(document.metadata)).items() if name not in _NAMES}
        return replace(document, title=title, metadata=kept)

    def prepared(self, media_type: str, text: str, page: Page) -> str:
        """Return the text as plain Markdown, HTML or what else it is."""
        for done in (
            *self.found.rules.templates,
            *(self.found.rules.passes if media_type == MARKDOWN else ()),
        ):
            text = done(text, page)
        return text

    def shaped_by(self, item: SourceItem) -> str:
        """Return the digest of what shapes a document beside its item: the configuration, and what it includes."""
        page = Page(self.found.project, self.found.key(item.key))
        self.prepared(item.media_type, unify_line_breaks(item.text()), page)
        said = self.found.project.text(*self.found.profile.files)
        return hashlib.sha256(
            "\0".join([self.base_url, said, *page.included, *page.included.values()]).encode()
        ).hexdigest()

    def _url(self, address: str) -> str:
        if address.startswith(("http://", "https://")):
            return address
        base = self.base_url
        return f"{base.removesuffix('/')}/{quote(address, safe='/+~@!$&()*,;=:')}" if base else ""
