"""The last stage: sign what channels lead to, and write it with its pages; or only renew signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vademecum.format.json import Fields, parse_object
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.pages.contents import Contents
from vademecum_builder.pages.render import ShownRelease
from vademecum_builder.pages.site import LISTING, SiteFiles
from vademecum_builder.publish.guard import is_preview, locked, require_unmoved
from vademecum_builder.publish.tree import is_intact, sweep, write_tree
from vademecum_builder.release.beside import bring_files, read_again
from vademecum_builder.release.channels import Channels, mark_critical, shown_channel, with_release, yank
from vademecum_builder.release.previous import require_host_unmoved
from vademecum_builder.release.published import Published
from vademecum_builder.release.version_json import DocumentChanges, version_json
from vademecum_builder.signing.metadata import expiry, sign_release, sign_timestamp
from vademecum_builder.stages.archive import Archive, find_archive
from vademecum_builder.stages.assemble import AssembledRelease, changes_between, contents_again
from vademecum_builder.stages.context import BuildContext


@dataclass(frozen=True)
class Written:
    """What was done to the tree: what its channels lead to now, the bytes written, whether it was signed, and whether
    pages were rendered."""

    channels: Channels
    bytes: int = 0
    signed: bool = False
    site: bool = False


def publish_release(
    release: AssembledRelease,
    changes: DocumentChanges,
    archive: Archive,
    context: BuildContext,
    contents: Contents | None = None,
) -> Written:
    """Write a new release beside the earlier ones.

    Args:
        archive: The releases of the tree that is built on.
        contents: What the pages say about its documents and its build; None: nothing.

    Raises:
        UsageError: A release to be yanked was never published.
        StorageError, QuotaError: The tree cannot be written; it still serves what it served before.
    """
    request, before = context.request, context.previous.channels
    rollout = None if request.channel in archive.lost else request.candidate
    channels = with_release(before, request.channel, release.pointer, rollout)
    channels = {name: channels[name] for name in channels if name not in archive.lost or name == request.channel}
    channels = yank(channels, request.yank, context.previous.numbers.sequence)
    if request.critical:
        channels = mark_critical(channels, release.manifest.sequence)
    shown = ShownRelease(release.manifest, release.pointer.sha256, changes, contents or Contents())
    return publish_channels(channels, archive, context, release=release, shown=shown)


def keep_release(base: Published, context: BuildContext, contents: Contents) -> tuple[AssembledRelease, Written]:
    """Nothing changed in the source: sign anew what is about to expire, and render the pages if they would differ.

    Errors: see `publish_release`.
    """
    request, site, before = context.request, context.site, context.previous.channels
    release = AssembledRelease(base.manifest, base.files[base.pointer.url_path], {})
    stale_site = site is not None and not (
        site.is_current(base.site, context.title) and _pages_are_whole(base, request.out)
    )
    ageing = base.expires - context.now < request.validity.timestamp / 2
    newer_root = f"metadata/{context.authority.root_version}.root.json" not in base.files
    channels = before
    if request.channel not in before:
        channels = with_release(before, request.channel, base.pointer)
    channels = yank(channels, request.yank, context.previous.numbers.sequence)
    absent = (request.whole and not (request.out / TIMESTAMP).is_file()) or is_preview(request.out)
    if not (stale_site or ageing or newer_root or absent or channels != before):
        return release, Written(channels)
    # The whole tree, since the output folder of a fresh machine is empty.
    shown = ShownRelease(base.manifest, base.pointer.sha256, base.changes, contents)
    return release, publish_channels(channels, find_archive(context), context, shown=shown)


def publish_channels(
    channels: Channels,
    archive: Archive,
    context: BuildContext,
    *,
    release: AssembledRelease | None = None,
    shown: ShownRelease | None = None,
) -> Written:
    """Sign what channels lead to from now on, and write a whole tree.

    Args:
        archive: The releases of the tree that is built on.
        release: A new release, if there is one.
        shown: A release that is already known, in case the pages are about it.

    Raises:
        StorageError, QuotaError: The tree cannot be written; it still serves what it served before.
    """
    about = channels[shown_channel(channels)].current
    if shown is None or shown.digest != about.sha256:
        shown = _shown_again(channels, context)
    request, authority = context.request, context.authority
    version = version_json(shown.manifest, shown.digest, shown.changes, channels)
    pages = SiteFiles({"version.json": version}, None)
    if context.site is not None:
        pages = context.site.render(shown, channels, context.title, root=authority.root, version=version)
    versions, until = context.previous.numbers.versions, request.validity
    metadata = {f"metadata/{number}.root.json": data for number, data in authority.roots.items()} | sign_release(
        authority.signer, versions, channels, pages.listing, context.now, until, preview=request.preview
    )
    written = _write(channels, archive, release, pages.files, metadata, context)
    return Written(channels, written, signed=True, site=context.site is not None)


def sign_again(archive: Archive, context: BuildContext) -> Written:
    """Sign a new timestamp over what is published, and write the whole tree with its pages as they are.

    If other signatures would expire before it, or the root is newer, all signatures are renewed.

    Args:
        archive: The releases of the tree.

    Raises:
        VademecumError: See `publish_channels`; or the pages cannot be read.
    """
    previous, request, authority = context.previous, context.request, context.authority
    published = previous.published
    assert published is not None, "there is something to sign"
    versions = published.versions
    below = [f"metadata/{versions.snapshot}.snapshot.json", f"metadata/{versions.targets}.targets.json"]
    until = expiry(context.now, request.validity.timestamp)
    signed = [Fields(parse_object(published.files[path], path), path).child("signed") for path in below]
    newer_root = f"metadata/{authority.root_version}.root.json" not in published.files
    if newer_root or any(fields.time("expires") < until for fields in signed):
        return publish_channels(previous.channels, archive, context)
    pages: dict[str, bytes | Path] = {**bring_files(previous, request.out, published.site_files)}
    snapshot = published.files[below[0]]
    metadata = sign_timestamp(authority.signer, versions, snapshot, context.now, request.validity)
    listing = (path for path in published.files if path.endswith(f".{LISTING}"))
    kept = {*below, *listing, *published.site_files, "version.json"}
    written = _write(previous.channels, archive, None, pages, metadata, context, kept)
    return Written(previous.channels, written, signed=True)


def _shown_again(channels: Channels, context: BuildContext) -> ShownRelease:
    """Return an earlier release, read from its tree."""
    previous, out = context.previous, context.request.out
    pointer = channels[shown_channel(channels)].current
    release = read_again(previous, out, pointer)
    before = previous.channels[shown_channel(previous.channels)].current
    changes = release.changes
    if before.sha256 != pointer.sha256:
        changes = changes_between(read_again(previous, out, before), release)
    return ShownRelease(release.manifest, pointer.sha256, changes, contents_again(release))


def _pages_are_whole(base: Published, out: Path) -> bool:
    """Return False if `out` has this very release, but a crash has left other pages around it."""
    timestamp = out / TIMESTAMP
    if not timestamp.is_file() or timestamp.read_bytes() != base.files[TIMESTAMP]:
        return True
    return is_intact(out, base.site_files)


def _write(
    channels: Channels,
    archive: Archive,
    release: AssembledRelease | None,
    pages: Mapping[str, bytes | Path],
    metadata: Mapping[str, bytes],
    context: BuildContext,
    kept: Iterable[str] = (),
) -> int:
    """Write index, pages and metadata, then sweep all but `kept`; return the bytes written."""
    out, previous = context.request.out, context.previous
    archived = archive.closures if release is None else release.archived
    beside = archive.files(channels, archived)
    base = previous.published
    # On a fresh machine, the files of the previous release are not in the output folder yet.
    files: dict[str, bytes | Path] = {**(base.files if base else {})}
    files.pop(TIMESTAMP, None)
    files |= bring_files(previous, out, beside)
    current = {*beside, *pages, *metadata, *kept}
    if release is not None:
        manifest = release.manifest
        path = release.pointer.url_path
        files |= {**release.files, path: release.manifest_bytes}
        packs = (entry.object for entry in manifest.packs)
        objects = {ref.path for ref in (*manifest.objects, manifest.sources, *packs)}
        current |= {path, *objects, *release.kept}
    built_on = context.timestamp_before if base is None else base.versions.timestamp
    timestamp_before = context.timestamp_before if "://" in previous.location or context.request.preview else 0
    with locked(out):
        over_preview = is_preview(out)
        for name, line in channels.items():
            require_unmoved(out, built_on, line.current, name, timestamp_before)
        require_host_unmoved(previous)
        context.authority.note_use()
        written = write_tree(out, {**files, **pages, **metadata})
        recent = base is not None and not over_preview and not context.request.erase_removed
        sweep(out, current, former=base.site_files if base else (), recent=recent)
    return written
