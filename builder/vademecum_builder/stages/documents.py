"""How a build makes documents of a source's items: each by itself, or as a site generator reads its sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vademecum_builder.profiles.reader import PlainPages, ProfilePages
from vademecum_builder.profiles.registry import find_profile
from vademecum_builder.readers.document import Document
from vademecum_builder.request import BuildRequest
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.folder import FolderSource

__all__ = ["DocumentReader", "PlainPages", "choose_reader"]


class DocumentReader(Protocol):
    """Makes documents of items."""

    @property
    def notice(self) -> str:
        """What the publisher should know of how the source is read; may be empty."""
        ...

    def shaped_by(self, item: SourceItem) -> str:
        """Return what shapes a document beside its item."""
        ...

    def read(self, item: SourceItem) -> Document | str:
        """Return the document that an item is, or why it is none.

        Raises:
            ContentError: It cannot be read.
        """
        ...

    def warnings(self) -> Sequence[str]:
        """Return what was found wrong in all that was read, one line each."""
        ...


def choose_reader(source: FolderSource, request: BuildRequest) -> DocumentReader:
    """Return how a folder is read: by the profile that was named, else by that whose configuration lies there.

    Raises:
        UsageError: There is no such profile.
    """
    keys = source.keys()
    found = find_profile(source.root, keys, request.profile)
    if found is None:
        return PlainPages(source.root, request.base_url, frozenset(keys))
    return ProfilePages(found, request.base_url or found.rules.base_url)
