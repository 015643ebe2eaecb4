"""What all stages of one build share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.release.published import Published
from vademecum_builder.request import BuildRequest, Progress, ignore_progress
from vademecum_builder.signing.keys import Authority
from vademecum_builder.stages.documents import DocumentReader, PlainPages


@dataclass(frozen=True)
class BuildContext:
    """Everything that differs between two builds of one source.

    Attributes:
        request: What the publisher asked for.
        authority: Who signs.
        previous: The release to build on, verified; None starts a line.
        site: Renders the pages; None publishes the index alone.
        now: Aware; goes into `built` and the expiry dates.
        progress: Told how far a stage is.
        reader: Makes documents of the source's items; None: each by itself.
    """

    request: BuildRequest
    authority: Authority
    previous: Published | None
    site: SiteBuilder | None
    now: datetime
    progress: Progress = ignore_progress
    reader: DocumentReader | None = None

    @property
    def documents(self) -> DocumentReader:
        """What makes documents of the source's items."""
        return self.reader or PlainPages(self.request.source, self.request.base_url)

    @property
    def sequence(self) -> int:
        """Number of the release that is being made."""
        return 1 if self.previous is None else self.previous.manifest.sequence + 1
