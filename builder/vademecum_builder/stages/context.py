"""What all stages of one build share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.profiles.reader import PlainPages
from vademecum_builder.release.previous import Previous
from vademecum_builder.request import BuildRequest, Progress, ignore_progress
from vademecum_builder.signing.keys import Authority
from vademecum_builder.stages.documents import DocumentReader, NamedReaders, PlacedPages


@dataclass(frozen=True)
class BuildContext:
    """Everything that differs between two builds of one source.

    Attributes:
        request: What the publisher asked for.
        authority: Who signs.
        previous: What the release is built on.
        site: Renders the pages; None publishes the index alone.
        now: Aware; goes into `built` and the expiry dates.
        progress: Called with how far a stage is.
        reader: Makes documents of the source's items; None: each file by itself.
        timestamp_before: The version of the timestamp in the output folder when the build began; 0: there was none.
    """

    request: BuildRequest
    authority: Authority
    previous: Previous
    site: SiteBuilder | None
    now: datetime
    progress: Progress = ignore_progress
    reader: PlacedPages | NamedReaders | None = None
    timestamp_before: int = 0

    @property
    def documents(self) -> DocumentReader:
        """The reader that makes documents of the source's items."""
        return self.reader or PlainPages(self.request.source, self.request.base_url)

    @property
    def title(self) -> str:
        """The name of the knowledge base on its pages: the publisher's choice, else that of a site's configuration."""
        return self.request.title or (self.reader.title if self.reader else "")

    def shows_drafts(self, key: str) -> bool:
        """Return whether the source of a document publishes what is not public."""
        return self.request.drafts or self._drafts(key) is True

    def mere_facts(self, key: str) -> Collection[str]:
        """Return the fields that do not make a record of this source private, whatever their names suggest."""
        fields = self._drafts(key)
        return fields if isinstance(fields, tuple) else ()

    def _drafts(self, key: str) -> bool | tuple[str, ...]:
        own = (one.values.get("drafts") for one in self.request.sources if key.startswith(one.prefix))
        return next(filter(None, own), False)

    @property
    def sequence(self) -> int:
        """Number of the release that is being made."""
        return self.previous.numbers.sequence + 1
