"""The fourth stage: segments, packs and encoder become a release, a manifest with its files, not yet signed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC

from vademecum.format.json import canonical
from vademecum.format.manifest import MOST_VALUES, EncoderEntry, Manifest, changed_last, encode_manifest
from vademecum.format.objects import ObjectRef
from vademecum.format.segment import HEADING_SEPARATOR, ChunkRow, DocumentRow
from vademecum.trust.channel import ReleasePointer
from vademecum.version import __version__
from vademecum_builder.chunking.structure import CHUNKER
from vademecum_builder.delta.old_rows import encode_history
from vademecum_builder.index.gzipped import gzipped
from vademecum_builder.index.rows import metadata_of, rows_of, same
from vademecum_builder.index.segments import LaidSegments
from vademecum_builder.pages.contents import Contents, FileKind, audit_json, read_audit
from vademecum_builder.release.channels import yanked_of
from vademecum_builder.release.closure import archive_json
from vademecum_builder.release.published import Published
from vademecum_builder.release.version_json import DocumentChange, DocumentChanges
from vademecum_builder.request import SourcesRequest
from vademecum_builder.sources.endings import MEDIA_TYPES
from vademecum_builder.sources.places import order_of
from vademecum_builder.stages.archive import Archive
from vademecum_builder.stages.audit import KindCount
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.deltas import Packs
from vademecum_builder.stages.embed import Embedded
from vademecum_builder.stages.parsed import PendingChunk
from vademecum_builder.stages.read import SourceState


@dataclass(frozen=True)
class AssembledRelease:
    """A manifest, its bytes, and the new files of the index: path -> content."""

    manifest: Manifest
    manifest_bytes: bytes
    files: Mapping[str, bytes]
    kept: frozenset[str] = frozenset()
    """Files of older releases that stay published because packs start from there."""
    archived: tuple[int, ...] = ()
    """Older releases that stay published completely."""

    @property
    def pointer(self) -> ReleasePointer:
        """How the targets name it."""
        digest, size = hashlib.sha256(self.manifest_bytes).hexdigest(), len(self.manifest_bytes)
        sequence = self.manifest.sequence
        return ReleasePointer(sequence, f"releases/{sequence}.json", digest, size, self.manifest.version)

    @property
    def index_bytes(self) -> int:
        """Bytes of the published index: all segments and the manifest, without the encoder."""
        return len(self.manifest_bytes) + sum(entry.object.size for entry in self.manifest.segments)


@dataclass(frozen=True)
class ReleaseInput:
    """What a release is made of, before its rows are laid out in segments.

    Attributes:
        embedded: Its live rows, their vector space and its encoder.
        sources: The digest of each source item, for the next build to compare with.
        contents: What its pages say about it.
        places: See `places_of`.
    """

    embedded: Embedded
    sources: Mapping[str, str]
    contents: Contents
    places: Mapping[str, tuple[str, ...]]


def assemble_release(
    content: ReleaseInput, segments: LaidSegments, packs: Packs, archive: Archive, context: BuildContext
) -> AssembledRelease:
    """Return the release that these segments and packs make up.

    Args:
        archive: All earlier releases; as many stay published as the request has room for.
    """
    request, sequence, embedded = context.request, context.sequence, content.embedded
    space = embedded.space
    now = context.now.astimezone(UTC)
    encoder_ref, encoder_file = gzipped(embedded.query_encoder)
    rows, history = encode_history(packs.history, space)
    rows_ref, rows_file = gzipped(rows)
    for_next_build = {
        "files": dict(content.sources),
        "history": {**history, "rows": asdict(rows_ref)},
        "audit": audit_json(content.contents),
    }
    beside, refs = {rows_ref.path: rows_file}, {}
    for name, data in (("directions", embedded.directions), ("model", embedded.model)):
        if data:
            refs[name], file = gzipped(data)
            beside[refs[name].path] = file
    manifest = Manifest(
        sequence=sequence,
        version=request.version or f"{now:%Y.%m.%d}-{sequence}",
        channel=request.channel,
        built=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        epoch=space.epoch,
        digest=segments.digest,
        documents=len(embedded.rows.live),
        chunks=len(embedded.rows.chunks),
        encoder=EncoderEntry(space.encoder, space.dimensions, encoder_ref, **refs),
        segments=segments.entries,
        sources=ObjectRef("", 0, 0),
        packs=packs.entries,
        places=content.places,
        changed=changed_last(row.sequence for row in embedded.rows.documents.values()),
    )
    yanked = {*yanked_of(context.previous.channels), *request.yank}
    archived = archive.within(request.archive, manifest, yanked)
    sources_ref, sources_file = gzipped(canonical(for_next_build | {"releases": archive_json(archived.hints())}))
    manifest = replace(manifest, sources=sources_ref)
    files = {**segments.files, **packs.files, encoder_ref.path: encoder_file}
    files |= {sources_ref.path: sources_file, **beside}
    kept = packs.kept | beside.keys()
    return AssembledRelease(manifest, encode_manifest(manifest), files, kept, tuple(archived.closures))


def places_of(documents: Iterable[DocumentRow], context: BuildContext) -> dict[str, tuple[str, ...]]:
    """Return the values of `lang` and `version` that documents have, the preferred first (format.md, section 5.1)."""
    metadata = {row.key: metadata_of(row) for row in documents}
    order = order_of(metadata, context.reader.first if context.reader else {})
    return {name: values[:MOST_VALUES] for name, values in order.items()}


def contents_of(state: SourceState, base: Base, request: SourcesRequest) -> Contents:
    """Return what the pages say about the documents, and about the files that are not documents."""
    audit = state.audit
    metadata_fields = (name for source in request.sources for name in source.values.get("metadata", ()))
    return Contents(
        documents=tuple(state.documents.values()),
        kinds=tuple(
            FileKind(ending, kind.files, kind.documents, _why(ending, kind)) for ending, kind in audit.kinds.items()
        ),
        left_out=state.left_out,
        leftovers=audit.leftovers,
        without_text=audit.without_text,
        private_keys=audit.private_keys,
        stale=audit.stale,
        duplicates=audit.duplicates,
        headings=_headings(state.documents.values(), {**base.rows.chunks, **state.chunks}),
        made_by={"vademecum": __version__, "chunker": CHUNKER},
        fields=tuple(dict.fromkeys(metadata_fields)),
    )


def _why(ending: str, kind: KindCount) -> str:
    """Return why not all files of an ending are documents."""
    if kind.documents >= kind.files:
        return ""
    if ending not in MEDIA_TYPES:
        return "nothing reads them"
    return "some are left out" if kind.documents else "left out, or what reads them is not installed"


def contents_again(release: Published) -> Contents:
    """Return what `contents_of` gave when a release was built."""
    rows = rows_of(release.segments)
    return read_audit(release.audit, rows.live, _headings(rows.live, rows.chunks))


def _headings(
    documents: Iterable[DocumentRow], chunks: Mapping[int, PendingChunk | ChunkRow]
) -> dict[str, tuple[str, ...]]:
    return {
        row.key: tuple(chunks[id].headings.split(HEADING_SEPARATOR)[-1] for id in row.chunks if id in chunks)
        for row in documents
    }


def changes_between(before: Published, after: Published) -> DocumentChanges:
    """Return the changes from the documents of one release to those of another."""
    old, new = ({row.key: row for row in rows_of(one.segments).live} for one in (before, after))
    modified = [key for key in old.keys() & new.keys() if not same(new[key], old[key])]
    return _changes(sorted(new.keys() - old.keys()), sorted(modified), sorted(old.keys() - new.keys()), old, new)


def changes_of(state: SourceState, base: Base) -> DocumentChanges:
    """Return what version.json and the release page say about the documents."""
    return _changes(state.added, state.modified, state.removed, base.documents, state.documents)


def _changes(
    added: Iterable[str],
    modified: Iterable[str],
    removed: Sequence[str],
    before: Mapping[str, DocumentRow],
    after: Mapping[str, DocumentRow],
) -> DocumentChanges:
    """Return the changes of these keys. An added document with the title and chunks of a removed one was renamed."""
    gone = {(before[key].title, before[key].chunks): key for key in reversed(removed) if before[key].chunks}

    def change(row: DocumentRow, was: str = "", fields: tuple[str, ...] = ()) -> DocumentChange:
        return DocumentChange(row.key, row.title, row.url, was, fields)

    return DocumentChanges(
        tuple(change(row, gone.pop((row.title, row.chunks), "")) for row in map(after.__getitem__, added)),
        tuple(change(after[key], fields=_fields(before[key], after[key])) for key in modified),
        tuple(change(before[key]) for key in removed),
    ).shortened()


def _fields(before: DocumentRow, after: DocumentRow) -> tuple[str, ...]:
    """Return the metadata fields in which two versions of a document differ; none if anything else differs too."""
    if replace(after, sequence=before.sequence, metadata=before.metadata) != before:
        return ()
    old, new = metadata_of(before), metadata_of(after)
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
