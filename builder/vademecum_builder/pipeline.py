"""From a source to a published release: the order of the stages, read from top to bottom.

Everything that differs between runs (clock, keys, encoder, source) is an argument. The previous release is the
only state: what it has is neither read again nor embedded again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from vademecum.errors import UsageError, VademecumError
from vademecum_builder.encoders.base import Encoders
from vademecum_builder.encoders.http import Cost
from vademecum_builder.index.rows import laid_on
from vademecum_builder.index.segments import lay_segments
from vademecum_builder.links import check_rows
from vademecum_builder.pages.contents import Contents
from vademecum_builder.release.channels import DEFAULT_CHANNEL
from vademecum_builder.request import BuildRequest
from vademecum_builder.sources.base import Source
from vademecum_builder.stages.approval import why_it_waits
from vademecum_builder.stages.archive import Archive, find_archive
from vademecum_builder.stages.assemble import (
    AssembledRelease,
    assemble_release,
    changes_of,
    contents_of,
    places_of,
)
from vademecum_builder.stages.audit import Audit
from vademecum_builder.stages.base import Base, find_base, find_ground
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.deltas import make_packs
from vademecum_builder.stages.embed import Embedded, embed_chunks, wants_other_model
from vademecum_builder.stages.publish import Written, keep_release, publish_release
from vademecum_builder.stages.read import SourceState, read_source


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
        install: Bytes that a new user downloads: segments, encoder and manifest, without metadata.
        update: Bytes that a user of the release before downloads, without metadata; None: nobody does.
        unaddressed: Documents without an address: their hits open in the search page's reader alone.
        previous: The sequence of the release that was built on; None: there was none that could be read.
        seconds: The build took.
        signed: Whether metadata was signed, be it for a new release or since the old signatures ran out.
        site: Whether pages were written.
        warnings: What was wrong with the source, one line each.
        notices: What else the publisher should read: that keys were made, say.
        left_out: How many files are no documents, by what they are.
        audit: Files by ending, leftovers of markup, pages without text, duplicates.
        channel: That was built for.
        candidate: It is a candidate there, for so many, in hundredths of a percent; None: it is for everybody.
        serves: The release that everybody gets who follows that channel; None: it was taken back.
        waits: Why it waits until somebody promotes it; empty: it does not.
        cost: Counted, of models behind an address; None: none was asked.
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
    install: int = 0
    update: int | None = None
    unaddressed: int = 0
    previous: int | None = None
    seconds: float = 0.0
    signed: bool = False
    site: bool = False
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    audit: Audit = field(default_factory=Audit)
    channel: str = DEFAULT_CHANNEL
    candidate: int | None = None
    serves: int | None = None
    waits: str = ""
    cost: Cost | None = None

    def json(self) -> dict[str, Any]:
        """Return what `vade build --json` prints."""
        told = asdict(self) | {"seconds": round(self.seconds, 3), "warnings": list(self.warnings)}
        told["bytes"] = {"published": told.pop("bytes_published"), "new": told.pop("bytes_new")}
        told["downloads"] = {"install": told.pop("install"), "update": told.pop("update")}
        told["candidate"] = None if self.candidate is None else {"rollout": self.candidate / 100}
        told["leftOut"] = told.pop("left_out")
        told["audit"]["privateKeys"] = told["audit"].pop("private_keys")
        told["audit"]["withoutText"] = told["audit"].pop("without_text")
        del told["notices"]
        return told


class StrictError(VademecumError):
    """There are warnings, and the publisher wants none: nothing was published.

    Attributes:
        found: One line each.
    """

    def __init__(self, found: Sequence[str]) -> None:
        count = f"{len(found)} warning{'s' if len(found) > 1 else ''}"
        super().__init__(f"{count} under --strict, so nothing was published; the first: {found[0]}")
        self.found = tuple(found)


def run_stages(source: Source, encoders: Encoders, context: BuildContext) -> BuildReport:
    """Publish a release if anything changed.

    Raises:
        StrictError: There are warnings, and the request is strict.
        UsageError, ContentError: The source or an option is not acceptable; nothing, or less than half, is left of the
            documents.
        StorageError, QuotaError: The tree cannot be written; what it served before, it still serves.
    """
    base = find_base(encoders, context)
    state = read_source(source, base, context)
    _refuse_loss(state.documents, base.documents, context.request)
    if context.request.strict:
        _refuse_warnings(state, base, context)
    if base.published is not None and not state.is_new and not wants_other_model(context):
        release, written = keep_release(base.published, context, contents_of(state))
        return _report(release, state, base, context, written, embedded=None)
    waits = why_it_waits(state.documents, context)
    if waits:
        context = replace(context, request=replace(context.request, candidate=0))
    embedded = embed_chunks(state, base, encoders, context)
    archive, contents = find_archive(context), contents_of(state)
    places = places_of(embedded.rows.live, context)
    release = make_release(embedded, state.sources, base, archive, contents, places, context)
    written = publish_release(release, changes_of(state, base), archive, context, contents)
    return replace(_report(release, state, base, context, written, embedded.count), waits=waits)


def make_release(
    embedded: Embedded,
    sources: Mapping[str, str],
    base: Base,
    archive: Archive,
    contents: Contents,
    places: Mapping[str, tuple[str, ...]],
    context: BuildContext,
) -> AssembledRelease:
    """Return the release that has these live rows.

    Args:
        sources: The digest of each source item behind them.
        base: What is built on.
        archive: All releases of that tree.
        contents, places: See `assemble_release`.
    """
    ground, space = find_ground(embedded.space.epoch, base, archive, context), embedded.space
    laid = replace(embedded, rows=laid_on(embedded.rows, ground.rows, context.sequence))
    limits = context.request.tiers
    segments = lay_segments(laid.rows, context.sequence, space, published=ground.segments, limits=limits)
    packs = make_packs(laid, ground, segments, context)
    return assemble_release(laid, sources, segments, packs, archive, contents, places, context)


def _refuse_loss(now: Collection[str], before: Collection[str], request: BuildRequest) -> None:
    """Refuse that most of the documents go, or those of one source: what made them may have failed."""
    for source in (None, *request.sources):
        prefix = source.prefix if source else ""
        left, had = (sum(key.startswith(prefix) for key in keys) for keys in (now, before))
        where = f"{source.name}: " if source else ""
        told = f"{where}{left} documents, and the release before has {had}"
        if not left and not request.allow_empty:
            raise UsageError(
                f"{told if had else f'{where}there are 0 documents'}: did the generator fail, or is the folder another "
                "one? Nothing was published; if that is meant: --allow-empty"
            )
        if 2 * left < had and not (request.allow_shrink or request.allow_empty):
            raise UsageError(
                f"{told}: more than half would be gone. Did the generator stop half-way? Nothing was published; if "
                "that is meant: --allow-shrink"
            )


def _refuse_warnings(state: SourceState, base: Base, context: BuildContext) -> None:
    leftovers = (f"{key}: left of markup: {' '.join(marks)}" for key, marks in state.audit.leftovers.items())
    found = [*state.warnings, *leftovers]
    if context.request.links:
        both = (base.rows.chunks, state.chunks)
        anchors = {number: chunk.anchor for chunks in both for number, chunk in chunks.items()}
        links = check_rows(state.documents.values(), anchors, context.request.links, context.progress)
        found += [f"{link.document}: {link.url}: {link.reason}" for link in links.broken]
        found += [f"--links: {links.unasked}"] if links.unasked else []
    if found:
        raise StrictError(found)


def _report(
    release: AssembledRelease,
    state: SourceState,
    base: Base,
    context: BuildContext,
    written: Written,
    embedded: int | None,
) -> BuildReport:
    """Return the report; `embedded` is None where the release stayed."""
    manifest = release.manifest
    before, line = context.previous.published, written.channels[context.request.channel]
    install = len(release.manifest_bytes) + sum(object.size for object in manifest.objects)
    return BuildReport(
        sequence=manifest.sequence,
        version=manifest.version,
        documents=manifest.documents,
        chunks=manifest.chunks,
        added=len(state.added),
        modified=len(state.modified),
        removed=len(state.removed),
        embedded=embedded or 0,
        changed=embedded is not None,
        bytes_published=release.index_bytes,
        bytes_new=written.bytes,
        install=install,
        update=_update_bytes(release, base, install) if embedded is not None else None,
        unaddressed=sum(not row.url for row in state.documents.values()),
        previous=before.manifest.sequence if before else None,
        signed=written.signed,
        site=written.site,
        warnings=state.warnings,
        left_out=state.left_out,
        audit=state.audit,
        channel=context.request.channel,
        candidate=line.rollout if line.candidate and line.candidate.sequence == manifest.sequence else None,
        serves=line.current.sequence if line.current.sequence not in line.yanked else None,
    )


def _update_bytes(release: AssembledRelease, base: Base, install: int) -> int | None:
    """Return what a user of the release before downloads; None where there was none."""
    if base.published is None:
        return install if base.documents else None
    before, manifest = base.published.manifest.sequence, release.manifest
    direct = [entry.size for entry in manifest.packs if entry.after == before]
    tiers = sum(entry.object.size for entry in manifest.segments if entry.upto > before)
    return len(release.manifest_bytes) + min([tiers, *direct])
