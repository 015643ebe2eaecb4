"""The last stage: rows become a manifest and files, signed and written; or the signatures are renewed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from vademecum.errors import UsageError
from vademecum.format.json import canonical
from vademecum.format.manifest import EncoderEntry, Manifest, encode_manifest
from vademecum.format.objects import deflate
from vademecum.trust.metadata import MOST_YANKED
from vademecum_builder.delta.old_rows import encode_history
from vademecum_builder.delta.schedule import kept
from vademecum_builder.index.gzip_tensors import deflate_tensors
from vademecum_builder.index.segments import LaidSegments
from vademecum_builder.options import Options
from vademecum_builder.pages.site import SiteFiles
from vademecum_builder.publish.tree import TIMESTAMP, is_intact, require_unmoved, sweep, write_tree
from vademecum_builder.release.published import Published
from vademecum_builder.release.version_json import version_json
from vademecum_builder.signing.metadata import Channel, SignedTarget, Versions, sign_release
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.deltas import Packs
from vademecum_builder.stages.embed import Embedded, epoch_of
from vademecum_builder.stages.read import Before, Reading


@dataclass(frozen=True)
class Release:
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


@dataclass(frozen=True)
class Written:
    """What was done to the tree: bytes written, whether it was signed, whether pages were rendered."""

    bytes: int = 0
    signed: bool = False
    site: bool = False


def assemble_release(
    packed: LaidSegments,
    packs: Packs,
    embedded: Embedded,
    reading: Reading,
    context: BuildContext,
) -> Release:
    """Return the release that these segments and packs make."""
    options, sequence, now = context.options, context.sequence, context.now
    encoder = embedded.encoder
    epoch = epoch_of(encoder, options.bits)
    encoder_ref, encoder_file = deflate_tensors(encoder.query_encoder)
    rows, told = encode_history(packs.history, epoch, encoder.dimensions, options.bits)
    rows_ref, rows_file = deflate_tensors(rows)
    history = {**told, "rows": {"sha256": rows_ref.sha256, "size": rows_ref.size, "uncompressed": len(rows)}}
    sources_ref, sources_file = deflate(canonical({"files": dict(reading.sources), "history": history}))
    manifest = Manifest(
        sequence=sequence,
        version=options.version or f"{now.astimezone(UTC):%Y.%m.%d}-{sequence}",
        channel=options.channel,
        built=f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        epoch=epoch,
        digest=packed.digest,
        documents=len(embedded.rows.live),
        chunks=len(embedded.rows.chunks),
        encoder=EncoderEntry(encoder.name, encoder.dimensions, encoder_ref),
        segments=packed.entries,
        sources=sources_ref,
        packs=packs.entries,
    )
    files = {**packed.files, **packs.files, encoder_ref.path: encoder_file, sources_ref.path: sources_file}
    files[rows_ref.path] = rows_file
    return Release(manifest, encode_manifest(manifest), files, packs.kept | {rows_ref.path})


def changes_of(reading: Reading, before: Before) -> dict[str, Any]:
    """Return what version.json and the release page say about the documents."""
    now, then = reading.documents, before.documents
    kinds = {"added": (reading.added, now), "modified": (reading.modified, now)}
    kinds["removed"] = (reading.removed, then)
    return {
        kind: [{"key": key, "title": rows[key].title, "url": rows[key].url} for key in keys]
        for kind, (keys, rows) in kinds.items()
    }


def publish_release(release: Release, changes: Mapping[str, Any], context: BuildContext) -> Written:
    """Write a new release over the previous one.

    Raises:
        StorageError, QuotaError: The tree cannot be written; what it served before, it still serves.
    """
    written = _write(release, _render(release, changes, context), context)
    return Written(written, signed=True, site=context.site is not None)


def keep_release(base: Published, context: BuildContext) -> tuple[Release, Written]:
    """Nothing changed in the source: sign anew what is about to expire, render pages that would differ.

    Raises:
        StorageError, QuotaError: See `publish_release`.
    """
    options, site = context.options, context.site
    kept_files = base.history_rows | kept(base.manifest.packs, base.older).keys()
    release = Release(base.manifest, base.files[base.pointer.url_path], {}, kept_files)
    stale_site = site is not None and not (
        site.is_current(base.site, options.title) and _pages_are_whole(base, options.out)
    )
    ageing = base.expires - context.now < options.validity.timestamp / 2
    newer_root = context.authority.root_version > max(base.roots)
    yanking = yanked_with(base, options) != base.yanked
    if not (stale_site or ageing or newer_root or yanking):
        return release, Written()
    # All of it, since the output folder of a fresh machine holds nothing yet.
    pages = _render(release, site.last_changes(base) if site else {}, context)
    written = _write(release, pages, context)
    return release, Written(written, signed=True, site=site is not None)


def yanked_with(previous: Published | None, options: Options) -> tuple[int, ...]:
    """Return the sequences that are taken back from now on.

    Raises:
        UsageError: One of them was never published.
    """
    known = () if previous is None else previous.yanked
    last = 0 if previous is None else previous.manifest.sequence
    for sequence in options.yank:
        if not 1 <= sequence <= last:
            raise UsageError(f"--yank {sequence}: there is no such release; the last one is {last}")
    return tuple(sorted({*known, *options.yank})[-MOST_YANKED:])


def _pages_are_whole(base: Published, out: Path) -> bool:
    """Return False where this very release lies in `out`, and a crash has left other pages around it."""
    timestamp = out / TIMESTAMP
    if not timestamp.is_file() or timestamp.read_bytes() != base.files[TIMESTAMP]:
        return True
    return is_intact(out, base.site_files)


def _render(release: Release, changes: Mapping[str, Any], context: BuildContext) -> SiteFiles:
    version = version_json(release.manifest, release.target.sha256, changes)
    if context.site is None:
        return SiteFiles({"version.json": version}, None)
    title, root = context.options.title, context.authority.root
    return context.site.render(release.manifest, root, version, changes, title)


def _write(release: Release, pages: SiteFiles, context: BuildContext) -> int:
    """Write index, pages and metadata, then sweep; return the bytes written."""
    out, previous = context.options.out, context.previous
    require_unmoved(out, 0 if previous is None else previous.versions.timestamp)
    metadata = _sign(release, pages, context)
    index = {**_carried(previous), **release.files, release.path: release.manifest_bytes}
    files: dict[str, bytes | Path] = {**index, **pages.files, **metadata}
    written = write_tree(out, files)
    manifest = release.manifest
    packs = (entry.object for entry in manifest.packs)
    objects = {ref.path for ref in (*manifest.objects, manifest.sources, *packs)}
    current = {release.path, *objects, *release.kept, *pages.files, *metadata}
    sweep(out, current, former=previous.site_files.keys() if previous is not None else ())
    return written


def _sign(release: Release, pages: SiteFiles, context: BuildContext) -> dict[str, bytes]:
    options, authority, previous, manifest = (
        context.options,
        context.authority,
        context.previous,
        release.manifest,
    )
    targets = (release.target, *((pages.listing,) if pages.listing else ()))
    yanked = yanked_with(previous, options)
    channel = Channel(options.channel, release.target.path, manifest.sequence, manifest.version, yanked)
    versions = previous.versions if previous is not None else Versions()
    roots = {f"metadata/{version}.root.json": data for version, data in authority.roots.items()}
    signed = sign_release(authority.signer, versions, targets, channel, context.now, options.validity)
    return {**roots, **signed}


def _carried(previous: Published | None) -> dict[str, bytes]:
    """Return the previous release's files: on a fresh machine they are not in the output folder yet."""
    if previous is None:
        return {}
    return {path: data for path, data in previous.files.items() if path != TIMESTAMP}
