"""From a source to a published release: scan, chunk, embed, pack, sign, publish, render.

The stages are `reading`, `embedding`, `pack` and `releasing`; this module is their order. Everything that
differs between runs (clock, keys, encoder, source) is an argument. The previous release is the only state:
what it has is neither read again nor embedded again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vademecum.delta.decode import Header
from vademecum_builder.encoders.transformer import DocumentEncoder
from vademecum_builder.index.segments import pack, rows_of
from vademecum_builder.options import Options, Progress
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.release.published import Published
from vademecum_builder.signing.keys import Authority
from vademecum_builder.sources.base import Source
from vademecum_builder.stages.deltas import make_packs
from vademecum_builder.stages.embed import Embedded, Encoders, embed_chunks, epoch_of
from vademecum_builder.stages.publish import (
    Release,
    Written,
    assemble_release,
    changes_of,
    keep_release,
    publish_release,
)
from vademecum_builder.stages.read import Before, Reading, read_source

__all__ = ["Encoders", "Options", "Progress", "Report", "build"]


@dataclass(frozen=True)
class Report:
    """What a build did: the keys of `vade build --json` (design, section 10), without `seconds`."""

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
    warnings: tuple[str, ...] = ()
    signed: bool = False
    site: bool = False


def build(
    source: Source,
    encoders: Encoders,
    authority: Authority,
    options: Options,
    *,
    previous: Published | None,
    site: SiteBuilder | None,
    now: datetime,
    progress: Progress,
) -> Report:
    """Publish a release if anything changed.

    Args:
        previous: The release to build on, verified; None starts a line.
        site: Renders the pages; None publishes the index alone.
        now: Aware; goes into `built` and the expiry dates.

    Raises:
        UsageError, ContentError: The source or an option is not acceptable.
        StorageError, QuotaError: The tree cannot be written; what it served before, it still serves.
    """
    encoder = _frozen_encoder(previous, encoders, options)
    base = previous if encoder is not None else None
    before = _before(previous, base)
    sequence = 1 if previous is None else previous.manifest.sequence + 1
    reading = read_source(source, before, base_url=options.base_url, sequence=sequence, progress=progress)
    if base is not None and not reading.is_new:
        release, written = keep_release(base, authority, options, site, now)
        return _report(release, reading, None, written)
    embedded = embed_chunks(reading, before.rows, encoder, encoders, sequence, options.bits, progress)
    packed = pack(
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
    release = assemble_release(packed, packs, embedded, reading, sequence, options, now)
    changes = changes_of(reading, before)
    written = publish_release(release, changes, authority, options, previous, site, now)
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


def _report(release: Release, reading: Reading, embedded: Embedded | None, written: Written) -> Report:
    """Return the report; `embedded` is None where the release stayed."""
    manifest = release.manifest
    return Report(
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
