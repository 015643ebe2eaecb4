"""The last stage: a release is signed and written, pages around it; or the signatures of the last are renewed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vademecum.errors import UsageError
from vademecum.trust.channel import MOST_YANKED, ManifestHint
from vademecum_builder.delta.schedule import kept
from vademecum_builder.pages.contents import Contents
from vademecum_builder.pages.site import SiteFiles
from vademecum_builder.publish.tree import (
    TIMESTAMP,
    is_intact,
    locked,
    require_unmoved,
    sweep,
    write_tree,
)
from vademecum_builder.release.previous import Previous
from vademecum_builder.release.previous import require_unmoved as require_host_unmoved
from vademecum_builder.release.published import Published
from vademecum_builder.release.version_json import DocumentChanges, version_json
from vademecum_builder.request import BuildRequest
from vademecum_builder.signing.metadata import Channel, sign_release
from vademecum_builder.stages.assemble import AssembledRelease
from vademecum_builder.stages.context import BuildContext


@dataclass(frozen=True)
class Written:
    """What was done to the tree: bytes written, whether it was signed, whether pages were rendered."""

    bytes: int = 0
    signed: bool = False
    site: bool = False


def publish_release(
    release: AssembledRelease,
    changes: DocumentChanges,
    context: BuildContext,
    contents: Contents | None = None,
) -> Written:
    """Write a new release over the previous one.

    Args:
        contents: What its pages say of its documents and its build; none: nothing.

    Raises:
        StorageError, QuotaError: The tree cannot be written; what it served before, it still serves.
    """
    written = _write(release, _render(release, changes, context, contents or Contents()), context)
    return Written(written, signed=True, site=context.site is not None)


def keep_release(
    base: Published, context: BuildContext, contents: Contents
) -> tuple[AssembledRelease, Written]:
    """Nothing changed in the source: sign anew what is about to expire, render pages that would differ.

    Raises:
        StorageError, QuotaError: See `publish_release`.
    """
    request, site = context.request, context.site
    kept_files = frozenset({*base.builder_paths, *kept(base.manifest.packs, base.older)})
    release = AssembledRelease(base.manifest, base.files[base.pointer.url_path], {}, kept_files)
    stale_site = site is not None and not (
        site.is_current(base.site, request.title) and _pages_are_whole(base, request.out)
    )
    ageing = base.expires - context.now < request.validity.timestamp / 2
    newer_root = f"metadata/{context.authority.root_version}.root.json" not in base.files
    yanking = yanked_with(context.previous, request) != base.yanked
    if not (stale_site or ageing or newer_root or yanking):
        return release, Written()
    # All of it, since the output folder of a fresh machine holds nothing yet.
    pages = _render(release, base.changes, context, contents)
    written = _write(release, pages, context)
    return release, Written(written, signed=True, site=site is not None)


def yanked_with(previous: Previous, request: BuildRequest) -> tuple[int, ...]:
    """Return the sequences that are taken back from now on.

    Raises:
        UsageError: One of them was never published.
    """
    last = previous.numbers.sequence
    for sequence in request.yank:
        if not 1 <= sequence <= last:
            raise UsageError(f"--yank {sequence}: there is no such release; the last one is {last}")
    return tuple(sorted({*previous.yanked, *request.yank})[-MOST_YANKED:])


def _pages_are_whole(base: Published, out: Path) -> bool:
    """Return False where this very release lies in `out`, and a crash has left other pages around it."""
    timestamp = out / TIMESTAMP
    if not timestamp.is_file() or timestamp.read_bytes() != base.files[TIMESTAMP]:
        return True
    return is_intact(out, base.site_files)


def _render(
    release: AssembledRelease, changes: DocumentChanges, context: BuildContext, contents: Contents
) -> SiteFiles:
    version = version_json(release.manifest, release.target.sha256, changes)
    if context.site is None:
        return SiteFiles({"version.json": version}, None)
    title, root = context.request.title, context.authority.root
    return context.site.render(release.manifest, root, version, changes, contents, title)


def _write(release: AssembledRelease, pages: SiteFiles, context: BuildContext) -> int:
    """Write index, pages and metadata, then sweep; return the bytes written."""
    out, previous = context.request.out, context.previous
    metadata = _sign(release, pages, context)
    index = {**_carried(previous.published), **release.files, release.path: release.manifest_bytes}
    files: dict[str, bytes | Path] = {**index, **pages.files, **metadata}
    manifest = release.manifest
    packs = (entry.object for entry in manifest.packs)
    objects = {ref.path for ref in (*manifest.objects, manifest.sources, *packs)}
    current = {release.path, *objects, *release.kept, *pages.files, *metadata}
    base = previous.published
    built_on = context.lying if base is None else base.versions.timestamp
    with locked(out):
        require_unmoved(out, built_on, _hint(release), context.request.channel)
        require_host_unmoved(previous)
        written = write_tree(out, files)
        sweep(out, current, former=base.site_files if base else (), recent=base is not None)
    return written


def _hint(release: AssembledRelease) -> ManifestHint:
    target = release.target
    return ManifestHint(release.manifest.sequence, target.path, target.sha256, target.length)


def _sign(release: AssembledRelease, pages: SiteFiles, context: BuildContext) -> dict[str, bytes]:
    request, previous, manifest = context.request, context.previous, release.manifest
    targets = (release.target, *((pages.listing,) if pages.listing else ()))
    yanked = yanked_with(previous, request)
    channel = Channel(request.channel, release.target.path, manifest.sequence, manifest.version, yanked)
    roots = {f"metadata/{version}.root.json": data for version, data in context.authority.roots.items()}
    signer, versions = context.authority.signer, previous.numbers.versions
    signed = sign_release(signer, versions, targets, channel, context.now, request.validity)
    return {**roots, **signed}


def _carried(previous: Published | None) -> dict[str, bytes]:
    """Return the previous release's files: on a fresh machine they are not in the output folder yet."""
    if previous is None:
        return {}
    return {path: data for path, data in previous.files.items() if path != TIMESTAMP}
