"""From a source to a published release: scan, chunk, embed, lay segments, sign, publish, render.

The stages are `reading`, `embedding`, `lay_segments` and `releasing`; this module is their order. Everything that
differs between runs (clock, keys, encoder, source) is an argument. The previous release is the only state:
what it has is neither read again nor embedded again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from vademecum.delta.decode import Header
from vademecum_builder.encoders.base import DocumentEncoder, Encoders
from vademecum_builder.index.rows import rows_of
from vademecum_builder.index.segments import lay_segments
from vademecum_builder.options import Options
from vademecum_builder.release.published import Published
from vademecum_builder.sources.base import Source
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.deltas import make_packs
from vademecum_builder.stages.embed import Embedded, embed_chunks, epoch_of
from vademecum_builder.stages.publish import (
    Release,
    Written,
    assemble_release,
    changes_of,
    keep_release,
    publish_release,
)
from vademecum_builder.stages.read import Before, Reading, read_source


@dataclass(frozen=True)
class BuildReport:
    """What a build did.

    Attributes:
        sequence, version: Of the release that is published now.
        documents, chunks: That are live in it.
        added, modified, removed: Documents, compared with the previous release.
        embedded: Chunks that were sent to the encoder.
        changed: False when nothing was published.
        bytes_published: Of the index: all segments and the manifest, without the encoder.
        bytes_new: Written by this build.
        seconds: The build took.
        signed: Whether metadata was signed, be it for a new release or since the old signatures ran out.
        site: Whether pages were written.
        warnings: What was wrong with the source, one line each.
        notices: What else the publisher should read: that keys were made, say.
    """

    sequence: int
    version: str
    documents: int
    chunks: int
    added: int
    modified: int
    removed: int
    embedded: int
    changed: bool
    bytes_published: int
    bytes_new: int
    seconds: float = 0.0
    signed: bool = False
    site: bool = False
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return what `vade build --json` prints (design, section 10)."""
        told = asdict(self) | {"seconds": round(self.seconds, 3), "warnings": list(self.warnings)}
        told["bytes"] = {"published": told.pop("bytes_published"), "new": told.pop("bytes_new")}
        del told["notices"]
        return told


def run_stages(source: Source, encoders: Encoders, context: BuildContext) -> BuildReport:
    """Publish a release if anything changed.

    Raises:
        UsageError, ContentError: The source or an option is not acceptable.
        StorageError, QuotaError: The tree cannot be written; what it served before, it still serves.
    """
    options, previous, progress = context.options, context.previous, context.progress
    encoder = _frozen_encoder(previous, encoders, options)
    base = previous if encoder is not None else None
    before = _before(previous, base)
    sequence = context.sequence
    reading = read_source(source, before, base_url=options.base_url, sequence=sequence, progress=progress)
    if base is not None and not reading.is_new:
        release, written = keep_release(base, context)
        return _report(release, reading, None, written)
    embedded = embed_chunks(reading, before.rows, encoder, encoders, sequence, options.bits, progress)
    packed = lay_segments(
        embedded.rows,
        sequence,
        epoch_of(embedded.encoder, options.bits),
        embedded.encoder.dimensions,
        published=zip(base.manifest.segments, base.segments, strict=True) if base else (),
        limits=options.tiers,
        bits=options.bits,
    )
    header = Header(sequence - 1, sequence, options.bits, embedded.encoder.dimensions)
    packs = make_packs(embedded.rows, before.rows, header, packed.entries, base, options.packs)
    release = assemble_release(packed, packs, embedded, reading, context)
    changes = changes_of(reading, before)
    written = publish_release(release, changes, context)
    return _report(release, reading, embedded, written)


def _frozen_encoder(
    previous: Published | None, encoders: Encoders, options: Options
) -> DocumentEncoder | None:
    """Return the encoder of the previous release, or None where a new epoch begins."""
    if previous is None or options.refit:
        return None
    encoder = encoders.load(previous.encoder_content)
    if encoder is None or epoch_of(encoder, options.bits) != previous.manifest.epoch:
        return None
    return encoder


def _before(previous: Published | None, base: Published | None) -> Before:
    """Return what the previous release knows; its rows only where the new one builds on them."""
    if previous is None:
        return Before()
    rows = rows_of(previous.segments)
    live = {row.key: row for row in rows.live}
    return Before(live) if base is None else Before(live, rows, base.sources)


def _report(release: Release, reading: Reading, embedded: Embedded | None, written: Written) -> BuildReport:
    """Return the report; `embedded` is None where the release stayed."""
    manifest = release.manifest
    return BuildReport(
        sequence=manifest.sequence,
        version=manifest.version,
        documents=manifest.documents,
        chunks=manifest.chunks,
        added=len(reading.added),
        modified=len(reading.modified),
        removed=len(reading.removed),
        embedded=0 if embedded is None else embedded.count,
        changed=embedded is not None,
        bytes_published=release.index_bytes,
        bytes_new=written.bytes,
        warnings=reading.warnings,
        signed=written.signed,
        site=written.site,
    )
