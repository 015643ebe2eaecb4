"""Reading a release of a published tree and its listings (the site's files, the digest of each source file). It is the
builder's only state, and what `vade verify` checks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from vademecum.config import Config
from vademecum.errors import ContentError, UsageError
from vademecum.format.json import parse_object
from vademecum.format.manifest import Manifest
from vademecum.format.objects import ObjectRef, read_ref
from vademecum.format.segment import Segment, decode_segment
from vademecum.ports import Clock, Transport
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader
from vademecum.transport.paths import check_path
from vademecum.trust.channel import ManifestHint, ReleasePointer
from vademecum.trust.floor import ANY_TIME
from vademecum.trust.metadata import Trust
from vademecum_builder.delta.old_rows import History, decode_history
from vademecum_builder.release.channels import Channels, newest_of, newest_release, shown_channel, yanked_of
from vademecum_builder.release.closure import RecordingTransport, bring, find_closure
from vademecum_builder.release.numbers import Numbers
from vademecum_builder.release.signed import chain_of, channels_of, versions_of, walk
from vademecum_builder.release.version_json import DocumentChanges, read_changes, with_channels
from vademecum_builder.signing.metadata import Versions


@dataclass(frozen=True)
class Published:
    """A published release, verified.

    Attributes:
        roots: The chain of root metadata, as published: version -> bytes.
        versions, expires: Of the metadata that was read; the next build counts on from there.
        channels: What each channel leads to, as the targets say.
        pointer: How the targets name the release.
        segments: Decoded, newest first, one for each entry of the manifest.
        query_encoder: The encoder file.
        sources: The digest of each source file.
        history: Rows of older releases, which packs are made against.
        audit: What its build said about it (`pages.contents.read_audit`).
        directions: What the vectors are projected onto; empty: nothing.
        model: The model's own files (format.md, section 4.7); empty: they are not published.
        older: The manifests of older releases that packs start from, by digest.
        site: The signed listing of the site's files; None: no site is published.
        version_json: As signed; None: it is missing or another one (a crash may have left the next release's).
        host_time: The latest Date header of the host, if any.
        files: Every verified file that was read, as published: path -> bytes.
    """

    roots: Mapping[int, bytes]
    versions: Versions
    expires: datetime
    channels: Channels
    pointer: ReleasePointer
    manifest: Manifest
    segments: tuple[Segment, ...]
    query_encoder: bytes
    sources: Mapping[str, str]
    history: History
    audit: Mapping[str, Any]
    directions: bytes
    model: bytes
    older: Mapping[str, Manifest]
    site: Mapping[str, object] | None
    version_json: bytes | None
    host_time: datetime | None
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def numbers(self) -> Numbers:
        """What the next release counts on from."""
        return Numbers(newest_of(self.channels), self.versions)

    @property
    def yanked(self) -> tuple[int, ...]:
        """Sequences that were yanked."""
        return yanked_of(self.channels)

    @property
    def site_files(self) -> Mapping[str, ObjectRef]:
        """The files that the signed listing names, by path."""
        return {} if self.site is None else listed_files(self.site)

    @property
    def title(self) -> str:
        """The name of the knowledge base on its pages, as in the signed listing; empty: it has none."""
        return str((self.site or {}).get("title", ""))

    @property
    def changes(self) -> DocumentChanges:
        """What the release changed, if its version.json is signed; raises ContentError if that is malformed."""
        if self.site is None or self.version_json is None:
            return DocumentChanges()
        return read_changes(self.version_json)


async def read_published(
    transport: Transport,
    root: bytes | None,
    clock: Clock,
    *,
    now: datetime = ANY_TIME,
    config: Config | None = None,
    channel: str = "",
) -> Published:
    """Read and verify a release of a tree.

    Args:
        root: The root metadata to trust; None takes the tree's own first root.
        now: The time by which expiry is judged; by default nothing counts as expired.
        channel: Read the newest release of this channel, candidates included; if there is no such channel, the newest
            of all. Empty: the release that the pages are about.

    Raises:
        NetworkError, ServerError: The tree cannot be read.
        ContentError, SignatureError, RollbackError, ExpiredError: It is not what was signed.
    """
    recorder = RecordingTransport(transport)
    config = config or Config()
    downloader = Downloader(recorder, clock, config)
    trust, newest = await walk(downloader, root, now, config, MemoryStore())
    recorder.files.pop(f"metadata/{trust.root_version + 1}.root.json", None)  # some hosts answer so for any path
    channels = channels_of(trust)
    pointer = newest_release(channels, channel) if channel else channels[shown_channel(channels)].current
    release = await _read_release(pointer, downloader, recorder, config)
    roots = await chain_of(trust, newest, downloader, config)
    site = await _site(trust, downloader)
    version = await _version_json(site, channels, recorder, downloader, config)
    return Published(
        roots=roots,
        versions=versions_of(trust),
        expires=trust.timestamp_expires,
        channels=channels,
        pointer=pointer,
        **release,
        site=site,
        version_json=version,
        host_time=downloader.host_time,
        files=recorder.files,
    )


async def read_beside(
    published: Published, hint: ManifestHint, transport: Transport, clock: Clock, config: Config
) -> Published:
    """Read another release of the same tree. Errors: see `read_published`."""
    recorder = RecordingTransport(transport, published.files)
    release = await _read_release(hint, Downloader(recorder, clock, config), recorder, config)
    pointer = ReleasePointer(
        hint.sequence,
        hint.path,
        hint.sha256,
        hint.length,
        release["manifest"].version,
        hint.sequence in published.yanked,
    )
    return replace(published, **release, pointer=pointer, files=recorder.files)


async def _read_release(
    hint: ManifestHint, downloader: Downloader, recorder: RecordingTransport, config: Config
) -> dict[str, Any]:
    """Return the fields of `Published` that are about one release."""
    closure = await find_closure(hint, downloader)
    contents = await bring(closure.refs, downloader, recorder, config.parallel)
    manifest, sources = closure.manifest, closure.sources
    history = sources.child("history")
    return {
        "manifest": manifest,
        "segments": tuple(decode_segment(contents[entry.object.sha256]) for entry in manifest.segments),
        "query_encoder": contents[manifest.encoder.object.sha256],
        "sources": listed_sources(contents[manifest.sources.sha256]),
        "history": decode_history(contents[read_ref(history.child("rows")).sha256], history),
        "audit": parse_object(contents[manifest.sources.sha256], "sources").get("audit", {}),
        "directions": b"",
        "model": b"",
        **{name: contents[ref.sha256] for name, ref in manifest.encoder.extras.items()},
        "older": closure.older,
    }


async def _site(trust: Trust, downloader: Downloader) -> Mapping[str, object] | None:
    if "site.json" not in trust.target_paths():
        return None
    sha256, length = trust.target("site.json")
    data = await downloader.fetch_plain(f"{sha256}.site.json", ObjectRef(sha256, length, length))
    return parse_object(data, "site.json")


async def _version_json(
    site: Mapping[str, object] | None,
    channels: Channels,
    recorder: RecordingTransport,
    downloader: Downloader,
    config: Config,
) -> bytes | None:
    """Return version.json as it was signed, if it is there. It is not part of the index, so nothing fails here."""
    data = await downloader.fetch_or_absent("version.json", config.max_manifest)
    signed = None if site is None else listed_files(site).get("version.json")
    if data is None or signed is None or _is(signed, data):
        return data
    del recorder.files["version.json"]
    # A decision about this very release that was broken off has changed what the file says of channels, and no more.
    with suppress(ContentError):
        before = with_channels(data, channels)
        return before if _is(signed, before) else None
    return None


def _is(ref: ObjectRef, data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() == ref.sha256


def listed_files(listing: Mapping[str, object]) -> Mapping[str, ObjectRef]:
    """Return the site's files as listed in site.json; raise ContentError if it is malformed (format.md)."""
    files = listing.get("files")
    if not isinstance(files, dict):
        raise ContentError("site.json: expected files")
    return {path: _listed(path, entry) for path, entry in files.items()}


def _listed(path: str, entry: object) -> ObjectRef:
    """Return one entry. Its path will be fetched, written and deleted: it must not be hidden or lie outside."""
    try:
        check_path(path)
    except UsageError as error:
        raise ContentError(f"site.json: {error.message}") from None
    if any(part.startswith(".") for part in path.split("/")):
        raise ContentError(f"site.json: {path}: a hidden file is not part of a published tree")
    match entry:
        case {"sha256": str(sha256), "size": int(size)}:
            return ObjectRef(sha256, size, size)
    raise ContentError(f"site.json: {path}: expected its digest and size")


def listed_sources(data: bytes) -> Mapping[str, str]:
    """Return the digest of each source file from the builder's list; raise ContentError if that is malformed."""
    files = parse_object(data, "sources").get("files")
    if not isinstance(files, dict) or not all(isinstance(value, str) for value in files.values()):
        raise ContentError("sources: expected the content hash of each file")
    return files
