"""From a source to a published release: the order of the stages, read from top to bottom.

Everything that differs between runs (clock, keys, encoder, source) is an argument. The previous release is the
only state: what is in it is neither read nor embedded again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from vademecum.errors import UsageError, VademecumError, counted
from vademecum_builder.encoders.base import Encoders
from vademecum_builder.index.rows import laid_on
from vademecum_builder.index.segments import lay_segments
from vademecum_builder.links import check_rows
from vademecum_builder.request import BuildRequest
from vademecum_builder.sources.base import Source
from vademecum_builder.stages.approval import why_it_waits
from vademecum_builder.stages.archive import Archive, find_archive
from vademecum_builder.stages.assemble import (
    AssembledRelease,
    ReleaseInput,
    assemble_release,
    changes_of,
    contents_of,
    places_of,
)
from vademecum_builder.stages.base import Base, find_base, find_ground
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.deltas import make_packs
from vademecum_builder.stages.embed import embed_chunks, wants_other_model
from vademecum_builder.stages.publish import keep_release, publish_release
from vademecum_builder.stages.read import SourceState, read_source
from vademecum_builder.stages.report import BuildReport, report_of


class StrictError(VademecumError):
    """There are warnings under `--strict`: nothing was published.

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
        UsageError, ContentError: The source or an option is not acceptable; none or less than half of the documents
            are left.
        StorageError, QuotaError: The tree cannot be written; it still serves what it served before.
    """
    base = find_base(encoders, context)
    state = read_source(source, base, context)
    _refuse_loss(state, base.documents, context.request)
    if context.request.strict:
        _refuse_warnings(state, base, context)
    if base.published is not None and not state.is_new and not wants_other_model(context):
        release, written = keep_release(base.published, context, contents_of(state, base, context.request))
        return report_of(release, state, base, context, written, embedded=None)
    waits = why_it_waits(state.documents, context)
    if waits:
        context = replace(context, request=replace(context.request, candidate=0))
    embedded = embed_chunks(state, base, encoders, context)
    contents, places = contents_of(state, base, context.request), places_of(embedded.rows.live, context)
    archive = find_archive(context)
    release = make_release(ReleaseInput(embedded, state.sources, contents, places), base, archive, context)
    written = publish_release(release, changes_of(state, base), archive, context, contents)
    return replace(report_of(release, state, base, context, written, embedded.count), waits=waits)


def make_release(content: ReleaseInput, base: Base, archive: Archive, context: BuildContext) -> AssembledRelease:
    """Lay the rows out in segments, make the packs that lead to them, and assemble both into a release.

    Args:
        base: What the release is built on.
        archive: All releases of that tree.
    """
    embedded, sequence = content.embedded, context.sequence
    ground = find_ground(embedded.space.epoch, base, archive, context)
    laid = replace(embedded, rows=laid_on(embedded.rows, ground.rows, sequence))
    segments = lay_segments(laid.rows, sequence, laid.space, published=ground.segments, limits=context.request.tiers)
    packs = make_packs(laid, ground, segments, context)
    return assemble_release(replace(content, embedded=laid), segments, packs, archive, context)


def _refuse_loss(state: SourceState, before: Collection[str], request: BuildRequest) -> None:
    """Refuse to lose most of the documents, in all or of one source: whatever generates them may have failed."""
    out = ", ".join(f"{counted(len(keys), kind)} ({keys[0]})" for kind, keys in state.files_left_out.items() if keys)
    private = "; drafts = true includes what is not public" if "not public" in out else ""
    unread = "; ".join([*state.audit.warnings, *([f"left out: {out}{private}"] if out else [])])
    why = f"{f'{unread}. ' if unread else ''}Did the generator fail, or is the folder another one?"
    for source in (None, *request.sources):
        prefix = source.prefix if source else ""
        left, had = (sum(key.startswith(prefix) for key in keys) for keys in (state.documents, before))
        where = f"{source.name}: " if source else ""
        told = f"{where}{counted(left, 'documents')}, and the release before has {had}"
        if not left and not request.allow_empty:
            raise UsageError(
                f"{told if had else f'{where}there are 0 documents'}: {why} Nothing was published; if that is "
                "meant: --allow-empty"
            )
        if 2 * left < had and not (request.allow_shrink or request.allow_empty):
            raise UsageError(
                f"{told}: more than half would be gone: {why} Nothing was published; if you mean it: "
                "--allow-shrink (in a workflow an input of the action, for one run: `allow-shrink: true`)"
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
