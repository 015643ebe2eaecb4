"""From the live rows of a release to its segments: weighed, cut into tiers, written, and read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby

from vademecum.errors import ContentError
from vademecum.format.manifest import SegmentEntry
from vademecum.format.segment import ChunkRow, DocumentRow, Segment, cut, decode_segment, encode_segment
from vademecum.generation.live_rows import assemble
from vademecum_builder.index.gzipped import gzipped
from vademecum_builder.index.rows import Rows, VectorSpace, chunk_weight, document_weight
from vademecum_builder.index.tiers import PublishedTier, Tier, TierLimits, lay_tiers


@dataclass(frozen=True)
class LaidSegments:
    """The segments of a release, newest first, the files that are new, and the state digest."""

    entries: tuple[SegmentEntry, ...]
    files: Mapping[str, bytes]
    digest: str


def lay_segments(
    rows: Rows,
    sequence: int,
    space: VectorSpace,
    *,
    published: Iterable[tuple[SegmentEntry, Segment]] = (),
    limits: TierLimits | None = None,
) -> LaidSegments:
    """Cut the rows of a release into segments, keeping published ones where the rule allows.

    Args:
        rows: All rows that count.
        sequence: Of the release.
        published: The previous release's segments, newest first; none in a new epoch.

    Returns:
        The state digest is computed from the segments as written: what a client will see.

    Raises:
        ContentError: What was written does not read back as the same rows (a defect of ours).
    """
    before = [list(parts) for _, parts in groupby(published, lambda pair: (pair[0].after, pair[0].upto))]
    limits = limits or TierLimits()
    tiers = lay_tiers(_live_weights(rows), [_published(parts) for parts in before], sequence, limits)
    entries: list[SegmentEntry] = []
    segments: list[Segment] = []
    files: dict[str, bytes] = {}
    for tier in tiers:
        if tier.kept is not None:
            for entry, segment in before[tier.kept]:
                entries.append(replace(entry, after=tier.after, upto=tier.upto))
                segments.append(segment)
            continue
        for documents, chunks in _parts(tier, rows, limits.part):
            content = encode_segment(space.epoch, space.dimensions, documents, chunks)
            ref, file = gzipped(content)
            files[ref.path] = file
            entries.append(SegmentEntry(tier.after, tier.upto, len(documents), len(chunks), ref))
            segments.append(decode_segment(content))
    state = assemble(segments)
    if len(state.documents) != len(rows.live) or len(state.chunks) != len(rows.chunks):
        raise ContentError(f"release {sequence} does not read back as it was written: please report this")
    return LaidSegments(tuple(entries), files, state.digest())


def _parts(tier: Tier, rows: Rows, most: int) -> Iterator[tuple[list[DocumentRow], list[ChunkRow]]]:
    """Yield the rows of a tier, cut into segments of about `most` bytes: neighbours in the format's order."""
    documents = [row for row in rows.documents.values() if tier.after < row.sequence <= tier.upto]
    chunks = [row for row in rows.chunks.values() if tier.after < row.sequence <= tier.upto]
    documents.sort(key=lambda row: (-row.sequence, row.key.encode()))
    chunks.sort(key=lambda row: (-row.sequence, row.id))
    sizes = chain(map(document_weight, documents), map(chunk_weight, chunks))
    for start, stop in cut(sizes, most):
        behind = slice(max(0, start - len(documents)), max(0, stop - len(documents)))
        yield documents[start:stop], chunks[behind]


def _live_weights(rows: Rows) -> Counter[int]:
    weights: Counter[int] = Counter()
    for document in rows.documents.values():
        weights[document.sequence] += document_weight(document)
    for chunk in rows.chunks.values():
        weights[chunk.sequence] += chunk_weight(chunk)
    return weights


def _published(parts: Sequence[tuple[SegmentEntry, Segment]]) -> PublishedTier:
    entry = parts[0][0]
    weight = 0
    for _, segment in parts:
        weight += sum(document_weight(segment.document(row)) for row in range(len(segment.keys)))
        weight += sum(chunk_weight(segment.chunk(row)) for row in range(len(segment.ids)))
    return PublishedTier(entry.after, entry.upto, weight)
