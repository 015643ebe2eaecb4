"""From a source to a published release: scan, chunk, embed, pack, sign, publish, render.

Everything that differs between runs (clock, keys, encoder, source) is an argument. The previous release is
the only state: what it has is neither read again nor embedded again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from vademecum.errors import ContentError, UsageError
from vademecum.format import EncoderEntry, Manifest, deflate, encode_manifest
from vademecum.segment import HEADING_SEPARATOR, ChunkRow, DocumentRow, chunk_id
from vademecum.strict_json import canonical

from .chunk import CHUNKER, Chunk, chunk_document, embedding_text
from .documents import read_document
from .embed import DocumentEncoder, Fitted, quantise
from .pack import Packed, Rows, pack, rows_of
from .previous import Published
from .publish import sweep, write_tree
from .sign import Authority, Channel, SignedTarget, Validity, Versions, sign_release
from .site import SiteBuilder, SiteFiles, version_json
from .sources import Skipped, Source, SourceFile
from .tiers import TierLimits

QUANTISER = "int8"

Progress = Callable[[str, int, int], None]
"""Called with a stage (`reading`, `embedding`), and how much of how much is done."""


class Encoders(Protocol):
    """Where encoders come from: the real ones are in `embed`."""

    def load(self, query_encoder: bytes) -> DocumentEncoder | None:
        """Return the previous release's encoder, or None if another one is wanted now."""
        ...

    def fit(self, texts: Sequence[str], progress: Callable[[int, int], None] | None) -> Fitted: ...


@dataclass(frozen=True)
class Options:
    """What a publisher may choose.

    Attributes:
        out: The published tree.
        base_url: Where the documents themselves are served; empty: only in the search page's reader.
        title: Name of the knowledge base, for the pages.
        version: The human version; made from date and sequence if empty.
        refit: Fit the encoder anew: a new epoch, a full download for every client.
    """

    out: Path
    base_url: str = ""
    title: str = ""
    version: str = ""
    channel: str = "stable"
    refit: bool = False
    validity: Validity = field(default_factory=Validity)
    tiers: TierLimits = field(default_factory=TierLimits)


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


@dataclass(frozen=True)
class _Reading:
    """The source as it is now.

    `documents`: rows (the sequence is the new one for rows that differ from the previous release);
    `texts`: for each chunk id, what the encoder reads and the row without its vector.
    """

    documents: Mapping[str, DocumentRow]
    chunks: Mapping[int, tuple[str, ChunkRow]]
    sources: Mapping[str, str]
    added: tuple[str, ...]
    modified: tuple[str, ...]
    removed: tuple[str, ...]
    warnings: tuple[str, ...]


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
    encoder = None
    if previous is not None and not options.refit:
        encoder = encoders.load(previous.encoder_content)
    same_epoch = encoder is not None and previous is not None and _epoch(encoder) == previous.manifest.epoch
    base = previous if same_epoch else None
    old = rows_of(base.segments) if base is not None else Rows()
    sequence = 1 if previous is None else previous.manifest.sequence + 1
    reading = _read(source, old, base.sources if base else {}, options, sequence, progress)
    if base is not None and not (reading.added or reading.modified or reading.removed):
        return _keep(base, authority, options, site, now, reading.warnings)
    frozen = encoder if same_epoch else None
    rows, encoder, embedded = _embed(reading, old, frozen, encoders, sequence, progress)
    published = zip(base.manifest.segments, base.segments, strict=True) if base else ()
    epoch = _epoch(encoder)
    packed = pack(rows, sequence, epoch, encoder.dimensions, published=published, limits=options.tiers)
    release = _assemble(packed, rows, encoder, reading, sequence, epoch, options, now)
    changes = _changes(reading, rows, old)
    return _publish(release, authority, options, previous, site, now, changes, reading, embedded)


# Reading -----------------------------------------------------------------------------------------


def _read(
    source: Source,
    old: Rows,
    known: Mapping[str, str],
    options: Options,
    sequence: int,
    progress: Progress,
) -> _Reading:
    documents: dict[str, DocumentRow] = {}
    chunks: dict[int, tuple[str, ChunkRow]] = {}
    sources: dict[str, str] = {}
    warnings: list[str] = []
    files = list(source.scan())
    for done, file in enumerate(files):
        progress("reading", done, len(files))
        if isinstance(file, Skipped):
            warnings.append(f"{file.key}: skipped: {file.reason}")
            continue
        before = old.documents.get(file.key)
        sources[file.key] = digest = _source_digest(file, options)
        if before is not None and not before.removed and known.get(file.key) == digest:
            documents[file.key] = before
            continue
        document = read_document(file, base_url=options.base_url)
        warnings += document.warnings
        pairs = [_chunk_row(document.title, chunk, sequence) for chunk in chunk_document(document)]
        row = DocumentRow(
            key=file.key,
            sequence=sequence,
            title=document.title,
            url=document.url,
            metadata=canonical(document.metadata).decode() if document.metadata else "",
            chunks=tuple(row.id for _, row in pairs),
        )
        if before is not None and replace(row, sequence=before.sequence) == before:
            documents[file.key] = before
            continue
        documents[file.key] = row
        chunks |= {row.id: (text, row) for text, row in pairs}
    progress("reading", len(files), len(files))
    live = {row.key for row in old.live}
    changed = {key for key, row in documents.items() if row.sequence == sequence}
    return _Reading(
        documents=documents,
        chunks=chunks,
        sources=sources,
        added=tuple(sorted(changed - live)),
        modified=tuple(sorted(changed & live)),
        removed=tuple(sorted(live - documents.keys())),
        warnings=tuple(warnings),
    )


def _source_digest(file: SourceFile, options: Options) -> str:
    """Return the digest of the file and of what else shapes its rows."""
    return hashlib.sha256(canonical([CHUNKER, options.base_url, file.content_hash])).hexdigest()


def _chunk_row(title: str, chunk: Chunk, sequence: int) -> tuple[str, ChunkRow]:
    headings = HEADING_SEPARATOR.join(chunk.headings)
    identity = chunk_id(title, headings, chunk.anchor, chunk.text)
    row = ChunkRow(identity, sequence, b"", 0, headings, chunk.anchor, chunk.text)
    return embedding_text(title, chunk), row


# Embedding ---------------------------------------------------------------------------------------


def _embed(
    reading: _Reading,
    old: Rows,
    encoder: DocumentEncoder | None,
    encoders: Encoders,
    sequence: int,
    progress: Progress,
) -> tuple[Rows, DocumentEncoder, int]:
    """Return all rows of the release, the encoder, and how many chunks it had to embed."""
    _refuse_collisions(reading, old)
    needed = {chunk: None for row in reading.documents.values() for chunk in row.chunks}
    new = [chunk for chunk in needed if chunk not in old.chunks]
    texts = [reading.chunks[chunk][0] for chunk in new]

    def report(done: int, total: int) -> None:
        progress("embedding", done, total)

    if encoder is None:
        fitted = encoders.fit(texts, report)
        encoder, vectors = fitted.encoder, fitted.vectors
    else:
        vectors = encoder.embed(texts, report)
    codes, scales = quantise(vectors)
    chunks = {chunk: old.chunks[chunk] for chunk in needed if chunk in old.chunks}
    for position, chunk in enumerate(new):
        row = reading.chunks[chunk][1]
        chunks[chunk] = replace(row, vector=codes[position].tobytes(), scale=int(scales[position]))
    tombstones = {key: row for key, row in old.documents.items() if row.removed}
    tombstones |= {key: DocumentRow(key, sequence, removed=True) for key in reading.removed}
    return Rows({**tombstones, **reading.documents}, chunks), encoder, len(new)


def _refuse_collisions(reading: _Reading, old: Rows) -> None:
    """Two different texts with one id (64 bits: about one chance in 10^9 among 100,000 chunks) are an error.

    Raises:
        ContentError: There are two.
    """
    for chunk, (_, row) in reading.chunks.items():
        known = old.chunks.get(chunk, row)
        if (known.headings, known.anchor, known.text) != (row.headings, row.anchor, row.text):
            raise ContentError(f"two texts share the id {chunk:016x}: change a word in {row.text[:60]!r}")


def _epoch(encoder: DocumentEncoder) -> str:
    """Return the name of the space that rows belong to: chunker, encoder and quantiser together."""
    return hashlib.sha256(canonical([CHUNKER, encoder.identity, QUANTISER])).hexdigest()[:16]


# Publishing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Release:
    manifest: Manifest
    manifest_bytes: bytes
    files: Mapping[str, bytes]

    @property
    def target(self) -> SignedTarget:
        digest = hashlib.sha256(self.manifest_bytes).hexdigest()
        return SignedTarget(f"releases/{self.manifest.sequence}.json", digest, len(self.manifest_bytes))

    @property
    def path(self) -> str:
        return f"releases/{self.target.sha256}.{self.manifest.sequence}.json"


def _assemble(
    packed: Packed,
    rows: Rows,
    encoder: DocumentEncoder,
    reading: _Reading,
    sequence: int,
    epoch: str,
    options: Options,
    now: datetime,
) -> _Release:
    encoder_ref, encoder_file = deflate(encoder.query_encoder)
    sources_ref, sources_file = deflate(canonical({"files": dict(reading.sources)}))
    manifest = Manifest(
        sequence=sequence,
        version=options.version or f"{now.astimezone(UTC):%Y.%m.%d}-{sequence}",
        channel=options.channel,
        built=f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        epoch=epoch,
        digest=packed.digest,
        documents=len(rows.live),
        chunks=len(rows.chunks),
        encoder=EncoderEntry(encoder.name, encoder.dimensions, encoder_ref),
        segments=packed.entries,
        sources=sources_ref,
    )
    data = encode_manifest(manifest)
    files = {**packed.files, encoder_ref.path: encoder_file, sources_ref.path: sources_file}
    release = _Release(manifest, data, files)
    return replace(release, files={**files, release.path: data})


def _publish(
    release: _Release,
    authority: Authority,
    options: Options,
    previous: Published | None,
    site: SiteBuilder | None,
    now: datetime,
    changes: Mapping[str, Any],
    reading: _Reading,
    embedded: int,
) -> Report:
    manifest = release.manifest
    index = {**_carried(previous), **release.files}
    pages = _render(site, release, authority, changes, options)
    metadata = _sign(release, pages, authority, options, previous, now)
    files: dict[str, bytes | Path] = {**index, **pages.files, **metadata}
    new = write_tree(options.out, files)
    sweep(options.out, _current(release, pages, metadata), authority.root_version)
    return Report(
        sequence=manifest.sequence,
        version=manifest.version,
        documents=manifest.documents,
        chunks=manifest.chunks,
        added=len(reading.added),
        modified=len(reading.modified),
        removed=len(reading.removed),
        embedded=embedded,
        changed=True,
        bytes_published=_index_bytes(manifest, len(release.manifest_bytes)),
        bytes_new=new,
        warnings=reading.warnings,
        signed=True,
        site=site is not None,
    )


def _keep(
    base: Published,
    authority: Authority,
    options: Options,
    site: SiteBuilder | None,
    now: datetime,
    warnings: tuple[str, ...],
) -> Report:
    """Nothing changed in the source: sign anew what is about to expire, render pages that would differ."""
    manifest = base.manifest
    release = _Release(manifest, base.files[base.pointer.url_path], {})
    stale_site = site is not None and not site.is_current(base.site)
    ageing = base.expires - now < options.validity.timestamp / 2
    newer_root = authority.root_version > max(base.roots)
    new = 0
    if stale_site or newer_root or ageing:
        # All of it, since the output folder of a fresh machine holds nothing yet.
        pages = _render(site, release, authority, site.last_changes(base) if site else {}, options)
        metadata = _sign(release, pages, authority, options, base, now)
        new = write_tree(options.out, {**_carried(base), **pages.files, **metadata})
    return Report(
        sequence=manifest.sequence,
        version=manifest.version,
        documents=manifest.documents,
        chunks=manifest.chunks,
        added=0,
        modified=0,
        removed=0,
        embedded=0,
        changed=False,
        bytes_published=_index_bytes(manifest, len(release.manifest_bytes)),
        bytes_new=new,
        warnings=warnings,
        signed=new > 0,
        site=stale_site,
    )


def _render(
    site: SiteBuilder | None,
    release: _Release,
    authority: Authority,
    changes: Mapping[str, Any],
    options: Options,
) -> SiteFiles:
    digest = release.target.sha256
    version = version_json(release.manifest, digest, changes)
    if site is None:
        return SiteFiles({"version.json": version}, None)
    return site.render(release.manifest, authority.root, version, changes, options.title)


def _sign(
    release: _Release,
    pages: SiteFiles,
    authority: Authority,
    options: Options,
    previous: Published | None,
    now: datetime,
) -> dict[str, bytes]:
    manifest = release.manifest
    targets = (release.target, *((pages.listing,) if pages.listing else ()))
    channel = Channel(options.channel, release.target.path, manifest.sequence, manifest.version)
    versions = previous.versions if previous is not None else Versions()
    roots = {f"metadata/{version}.root.json": data for version, data in authority.roots.items()}
    return {**roots, **sign_release(authority, versions, targets, channel, now, options.validity)}


def _carried(previous: Published | None) -> dict[str, bytes]:
    """Return the previous release's files: on a fresh machine they are not in the output folder yet."""
    if previous is None:
        return {}
    return {path: data for path, data in previous.files.items() if path != "metadata/timestamp.json"}


def _current(release: _Release, pages: SiteFiles, metadata: Mapping[str, bytes]) -> set[str]:
    manifest = release.manifest
    objects = {ref.path for ref in (*manifest.objects, manifest.sources)}
    return {release.path, *objects, *pages.files, *metadata}


def _index_bytes(manifest: Manifest, manifest_length: int) -> int:
    """Return the bytes of the published index: all segments and the manifest, without the encoder."""
    return manifest_length + sum(entry.object.size for entry in manifest.segments)


def _changes(reading: _Reading, rows: Rows, old: Rows) -> dict[str, Any]:
    def entry(row: DocumentRow) -> dict[str, str]:
        return {"key": row.key, "title": row.title, "url": row.url}

    return {
        "added": [entry(rows.documents[key]) for key in reading.added],
        "modified": [entry(rows.documents[key]) for key in reading.modified],
        "removed": [entry(old.documents[key]) for key in reading.removed],
    }


def check_out(source: Path, out: Path) -> None:
    """Refuse an output folder that is the source itself or above it.

    Raises:
        UsageError: It is.
    """
    if source.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"{out} contains the source {source}; name another folder for the published tree")


__all__ = ["Encoders", "Options", "Report", "build", "check_out"]
