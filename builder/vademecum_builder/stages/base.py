"""Before the first stage: what can be reused of the previous release, and the space of the vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from vademecum.format.json import canonical
from vademecum.format.manifest import SegmentEntry
from vademecum.format.segment import DocumentRow, Segment
from vademecum_builder.chunking.structure import CHUNKER
from vademecum_builder.encoders.base import DocumentEncoder, Encoders
from vademecum_builder.encoders.quantise import QUANTISER
from vademecum_builder.index.rows import Rows, VectorSpace, rows_of
from vademecum_builder.release.beside import read_again
from vademecum_builder.release.published import Published
from vademecum_builder.stages.archive import Archive
from vademecum_builder.stages.context import BuildContext


@dataclass(frozen=True)
class Base:
    """What a release is built on; in a new epoch, only `documents`.

    Attributes:
        documents: The previous release's live documents by key, for counting additions and edits.
        published: That release, if the new one stays in its epoch.
        encoder: Its encoder, frozen; None: fit a new one.
        rows: All its rows that count.
    """

    documents: Mapping[str, DocumentRow] = field(default_factory=dict)
    published: Published | None = None
    encoder: DocumentEncoder | None = None
    rows: Rows = field(default_factory=Rows)

    @property
    def sources(self) -> Mapping[str, str]:
        """The digest of each source item behind `rows`."""
        return {} if self.published is None else self.published.sources

    @property
    def segments(self) -> list[tuple[SegmentEntry, Segment]]:
        """The published segments, newest first."""
        if self.published is None:
            return []
        return list(zip(self.published.manifest.segments, self.published.segments, strict=True))


def find_base(encoders: Encoders, context: BuildContext) -> Base:
    """Return what the release is built on.

    Raises:
        UsageError, ContentError: The encoder cannot be had; the previous rows do not fit together.
    """
    previous = context.previous.published
    if previous is None:
        return Base()
    rows = rows_of(previous.segments)
    live = {row.key: row for row in rows.live}
    encoder = None if context.request.refit else encoders.load(previous.query_encoder, previous.directions)
    if encoder is None or space_of(encoder).epoch != previous.manifest.epoch:
        return Base(live)
    return Base(live, previous, encoder, rows)


def find_ground(epoch: str, base: Base, archive: Archive, context: BuildContext) -> Base:
    """Return the release on top of which new rows are laid: the newest of their epoch, of whatever channel.

    So all releases of an epoch form one line, and a client with any of them only lacks what is newer.

    Args:
        base: What the release is built on; usually that is the newest one too.
    """
    for closure in archive.closures.values():
        if closure.manifest.epoch == epoch:
            if base.published is not None and closure.hint.sha256 == base.published.pointer.sha256:
                return base
            found = read_again(context.previous, context.request.out, closure.hint)
            return Base(published=found, rows=rows_of(found.segments))
    return base


def space_of(encoder: DocumentEncoder) -> VectorSpace:
    """Return the space of an encoder's quantised vectors."""
    epoch = hashlib.sha256(canonical([CHUNKER, encoder.identity, QUANTISER])).hexdigest()[:16]
    return VectorSpace(encoder.name, encoder.dimensions, epoch)
