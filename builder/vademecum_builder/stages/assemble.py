"""The fourth stage: segments, packs and encoder become a release: a manifest and files, not yet signed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC

from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import MOST_VALUES, EncoderEntry, Manifest, changed_last, encode_manifest
from vademecum.format.objects import deflate
from vademecum.format.segment import HEADING_SEPARATOR, DocumentRow
from vademecum_builder.delta.old_rows import encode_history
from vademecum_builder.index.gzip_tensors import deflate_tensors
from vademecum_builder.index.segments import LaidSegments
from vademecum_builder.pages.contents import Contents, FileKind
from vademecum_builder.release.version_json import DocumentChange, DocumentChanges
from vademecum_builder.signing.metadata import SignedTarget
from vademecum_builder.sources.folder import MEDIA_TYPES
from vademecum_builder.sources.places import order_of
from vademecum_builder.stages.audit import KindCount
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.deltas import Packs
from vademecum_builder.stages.embed import Embedded
from vademecum_builder.stages.read import SourceState


@dataclass(frozen=True)
class AssembledRelease:
    """A manifest, its bytes, and the files of the index that are new with it: path -> content."""

    manifest: Manifest
    manifest_bytes: bytes
    files: Mapping[str, bytes]
    kept: frozenset[str] = frozenset()
    """Files of older releases that stay published, because packs lead on from there."""

    @property
    def target(self) -> SignedTarget:
        """What the targets sign of it."""
        digest = hashlib.sha256(self.manifest_bytes).hexdigest()
        return SignedTarget(f"releases/{self.manifest.sequence}.json", digest, len(self.manifest_bytes))

    @property
    def path(self) -> str:
        """Where the manifest lies in the published tree."""
        return f"releases/{self.target.sha256}.{self.manifest.sequence}.json"

    @property
    def index_bytes(self) -> int:
        """Bytes of the published index: all segments and the manifest, without the encoder."""
        return len(self.manifest_bytes) + sum(entry.object.size for entry in self.manifest.segments)


def assemble_release(
    embedded: Embedded,
    sources: Mapping[str, str],
    segments: LaidSegments,
    packs: Packs,
    context: BuildContext,
) -> AssembledRelease:
    """Return the release that these segments and packs make.

    Args:
        sources: The digest of each source item: what the next build compares with.
    """
    request, sequence, space = context.request, context.sequence, embedded.space
    now = context.now.astimezone(UTC)
    encoder_ref, encoder_file = deflate_tensors(embedded.encoder.query_encoder)
    rows, told = encode_history(packs.history, space)
    rows_ref, rows_file = deflate_tensors(rows)
    own = {"files": dict(sources), "history": {**told, "rows": asdict(rows_ref)}}
    of_builder = {rows_ref.path: rows_file}
    if embedded.encoder.directions:
        ref, file = deflate_tensors(embedded.encoder.directions)
        own["directions"], of_builder[ref.path] = asdict(ref), file
    sources_ref, sources_file = deflate(canonical(own))
    manifest = Manifest(
        sequence=sequence,
        version=request.version or f"{now:%Y.%m.%d}-{sequence}",
        channel=request.channel,
        built=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        epoch=space.epoch,
        digest=segments.digest,
        documents=len(embedded.rows.live),
        chunks=len(embedded.rows.chunks),
        encoder=EncoderEntry(space.encoder, space.dimensions, encoder_ref),
        segments=segments.entries,
        sources=sources_ref,
        packs=packs.entries,
        places=_places(embedded.rows.live, context),
        changed=changed_last(row.sequence for row in embedded.rows.documents.values()),
    )
    files = {**segments.files, **packs.files, encoder_ref.path: encoder_file}
    files |= {sources_ref.path: sources_file, **of_builder}
    return AssembledRelease(manifest, encode_manifest(manifest), files, packs.kept | of_builder.keys())


def _places(documents: Iterable[DocumentRow], context: BuildContext) -> dict[str, tuple[str, ...]]:
    said = {
        row.key: parse_object(row.metadata.encode(), row.key) if row.metadata else {} for row in documents
    }
    order = order_of(said, context.reader.first if context.reader else {})
    return {name: values[:MOST_VALUES] for name, values in order.items()}


def contents_of(state: SourceState) -> Contents:
    """Return what the pages say of the documents, and of the files that are none."""
    found = state.audit
    return Contents(
        documents=tuple(state.documents.values()),
        kinds=tuple(
            FileKind(ending, kind.files, kind.documents, _why(ending, kind))
            for ending, kind in found.kinds.items()
        ),
        left_out=state.left_out,
        leftovers=found.leftovers,
        without_text=found.without_text,
        duplicates=found.duplicates,
        headings=tuple(chunk.headings.split(HEADING_SEPARATOR)[-1] for chunk in state.chunks.values()),
    )


def _why(ending: str, kind: KindCount) -> str:
    """Return why not all files of an ending are documents."""
    if kind.documents >= kind.files:
        return ""
    if ending not in MEDIA_TYPES:
        return "nothing reads them"
    return "some are left out" if kind.documents else "left out, or what reads them is not installed"


def changes_of(state: SourceState, base: Base) -> DocumentChanges:
    """Return what version.json and the release page say about the documents."""
    return DocumentChanges(
        added=_changes(state.added, state.documents),
        modified=_changes(state.modified, state.documents),
        removed=_changes(state.removed, base.documents),
    )


def _changes(keys: Iterable[str], rows: Mapping[str, DocumentRow]) -> tuple[DocumentChange, ...]:
    return tuple(DocumentChange(key, rows[key].title, rows[key].url) for key in keys)
