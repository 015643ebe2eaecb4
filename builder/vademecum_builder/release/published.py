"""Reading a published tree: the builder's only state, and what `vade verify` looks at.

The walk is the client's own (`vademecum.trust.refresh`), so that what a build trusts is what a client would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from vademecum.config import Config
from vademecum.errors import ContentError, ServerError, TrustError, UsageError
from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import Manifest
from vademecum.format.objects import ObjectRef, read_ref
from vademecum.format.segment import Segment, decode_segment
from vademecum.ports import Clock, Transport
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader, is_absent
from vademecum.transport.paths import check_path
from vademecum.trust.channel import Line, ManifestHint, ReleasePointer
from vademecum.trust.metadata import Trust
from vademecum.trust.refresh import refresh
from vademecum_builder.delta.old_rows import History, decode_history
from vademecum_builder.release.channels import Channels, newest_of, newest_release, shown_channel, yanked_of
from vademecum_builder.release.closure import RecordingTransport, bring, find_closure
from vademecum_builder.release.numbers import Numbers
from vademecum_builder.release.version_json import DocumentChanges, read_changes
from vademecum_builder.signing.metadata import Versions

ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing has expired at this time: a publisher may come back after any pause and build on what is there."""


@dataclass(frozen=True)
class Published:
    """A published release, verified.

    Attributes:
        roots: The chain of root metadata, as published: version -> bytes.
        versions, expires: Of the metadata that was read: what the next build counts on from.
        channels: What the targets say of each channel.
        pointer: What they say of the release.
        segments: Decoded, newest first, one for each entry of the manifest.
        query_encoder: The encoder file.
        sources: The digest of each source file.
        history: Rows of older releases, which packs are made against.
        audit: What the build said of it beside its documents (`pages.contents.read_audit`).
        directions: What the vectors are projected onto; empty: nothing.
        model: The model's own files (format.md, section 4.6); empty: they are not published.
        older: The manifests of older releases that packs lead on from, by digest.
        site: The signed listing of the site's files, or None where no site is published.
        version_json: As published; None where it is missing or not the signed one (a crash may have left the
            next release's).
        archived: Earlier releases that stay published, as far as this one knows.
        told: The time that the host told, if it did.
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
    archived: tuple[ManifestHint, ...]
    told: datetime | None
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def numbers(self) -> Numbers:
        """What the next release counts on from."""
        return Numbers(newest_of(self.channels), self.versions)

    @property
    def yanked(self) -> tuple[int, ...]:
        """Sequences that were taken back."""
        return yanked_of(self.channels)

    @property
    def site_files(self) -> Mapping[str, ObjectRef]:
        """The files that the signed listing names, by path."""
        return {} if self.site is None else listed_files(self.site)

    @property
    def changes(self) -> DocumentChanges:
        """What the release changed, as its own version.json says, if that is signed.

        Raises:
            ContentError: It is signed, and not a version.json.
        """
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
        now: The time that expiry is judged by; by default nothing counts as expired.
        channel: The newest release of that channel is read, be it a candidate, and where there is no such channel, the
            newest of all. Empty: the one that the pages are about.

    Raises:
        NetworkError, ServerError: The tree cannot be read.
        ContentError, SignatureError, RollbackError, ExpiredError: It is not what was signed.
    """
    recorder = RecordingTransport(transport)
    config = config or Config()
    downloader = Downloader(recorder, clock, config)
    trust, newest = await _walk(downloader, root, now, config, MemoryStore())
    channels = _channels(trust)
    pointer = newest_release(channels, channel) if channel else channels[shown_channel(channels)].current
    release = await _read_release(pointer, downloader, recorder, config)
    roots = await _chain(trust, newest, downloader, config)
    site = await _site(trust, downloader)
    version = await _version_json(site, recorder, downloader, config)
    return Published(
        roots=roots,
        versions=_versions(trust),
        expires=trust.timestamp_expires,
        channels=channels,
        pointer=pointer,
        **release,
        site=site,
        version_json=version,
        told=downloader.told,
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
        **{name: contents[ref.sha256] for name, ref in manifest.encoder.beside.items()},
        "older": closure.older,
        "archived": closure.archived,
    }


@dataclass(frozen=True)
class Signed:
    """What the metadata of a tree say, whatever became of the release: the chain of roots, the numbers, the channels
    (None: that cannot be read any more), when the timestamp expires, and the time that the host told."""

    roots: Mapping[int, bytes]
    numbers: Numbers
    channels: Channels | None
    expires: datetime
    told: datetime | None


async def read_signed(transport: Transport, root: bytes | None, clock: Clock, config: Config) -> Signed:
    """Read and verify the metadata of a tree. Arguments and errors: see `read_published`.

    Where snapshot or targets are lost or damaged, the timestamp tells: a build signs each role once and makes one
    release at the most, so no other number is above the highest of the versions.
    """
    downloader, store = Downloader(transport, clock, config), MemoryStore()
    try:
        trust, newest = await _walk(downloader, root, ANY_TIME, config, store)
        channels: Channels | None = _channels(trust)
        numbers = Numbers(newest_of(channels or {}), _versions(trust))
    except (ContentError, ServerError) as error:
        timestamp = await store.read("trust/timestamp.json")
        if timestamp is None or (isinstance(error, ServerError) and not is_absent(error)):
            raise
        newest = _given(await store.read("trust/root.json"))
        trust = Trust(newest, ANY_TIME)
        trust.accept_timestamp(timestamp)
        highest = max(trust.timestamp_version, trust.snapshot_version)
        numbers, channels = Numbers(highest, Versions(highest, highest, highest)), None
    roots = await _chain(trust, newest, downloader, config)
    return Signed(roots, numbers, channels, trust.timestamp_expires, downloader.told)


async def _walk(
    downloader: Downloader, root: bytes | None, now: datetime, config: Config, store: MemoryStore
) -> tuple[Trust, bytes]:
    """Walk the metadata, into an empty store; return what is trusted then, and the newest root."""
    walked = await refresh(store, downloader, now, shipped_root=root, config=config, idle_allowed=False)
    return walked.trust, _given(await store.read("trust/root.json"))


def _versions(trust: Trust) -> Versions:
    return Versions(trust.targets_version, trust.snapshot_version, trust.timestamp_version)


def _channels(trust: Trust) -> dict[str, Line]:
    """Return what the targets say of each channel.

    Raises:
        ContentError: There is none, or what is said of one is malformed.
    """
    names = trust.channels()
    return {name: trust.line(name) for name in names or (Config().channel,)}


async def _chain(trust: Trust, newest: bytes, downloader: Downloader, config: Config) -> dict[int, bytes]:
    """Return the published roots. Old clients will walk them, so each must accept the one after it.

    Raises:
        ContentError, SignatureError, RollbackError: The chain is broken.
    """
    chain = {trust.root_version: newest}
    for version in range(trust.root_version, 0, -1):
        path = f"metadata/{version}.root.json"
        data = await downloader.fetch_or_absent(path, config.max_root)
        if data is None:
            continue
        if version == trust.root_version:
            if canonical(parse_object(data, path)) != canonical(parse_object(newest, "root.json")):
                raise ContentError(f"{path} is not the trusted root of this version")
        elif version + 1 in chain:
            try:
                Trust(data, ANY_TIME).accept_root(chain[version + 1])
            except (ContentError, TrustError) as error:
                raise type(error)(f"{path}: {error.message}") from error
        chain[version] = data
    return chain


async def _site(trust: Trust, downloader: Downloader) -> Mapping[str, object] | None:
    if "site.json" not in trust.target_paths():
        return None
    sha256, length = trust.target("site.json")
    data = await downloader.fetch_plain(f"{sha256}.site.json", ObjectRef(sha256, length, length))
    return parse_object(data, "site.json")


async def _version_json(
    site: Mapping[str, object] | None, recorder: RecordingTransport, downloader: Downloader, config: Config
) -> bytes | None:
    """Return version.json where it is the signed one. It is no part of the index: nothing fails here."""
    data = await downloader.fetch_or_absent("version.json", config.max_manifest)
    signed = None if site is None else listed_files(site).get("version.json")
    if data is None or signed is None or hashlib.sha256(data).hexdigest() == signed.sha256:
        return data
    del recorder.files["version.json"]
    return None


def listed_files(listing: Mapping[str, object]) -> Mapping[str, ObjectRef]:
    """Return what site.json says of the site's files.

    Raises:
        ContentError: It is not as format.md says.
    """
    files = listing.get("files")
    if not isinstance(files, dict):
        raise ContentError("site.json: expected files")
    return {path: _listed(path, entry) for path, entry in files.items()}


def _listed(path: str, entry: object) -> ObjectRef:
    """Return one entry. Its path will be fetched, written and deleted: nothing hidden, nothing outside."""
    try:
        check_path(path)
    except UsageError as error:
        raise ContentError(f"site.json: {error.message}") from None
    if any(part.startswith(".") for part in path.split("/")):
        raise ContentError(f"site.json: {path}: a hidden file is no part of a published tree")
    match entry:
        case {"sha256": str(sha256), "size": int(size)}:
            return ObjectRef(sha256, size, size)
    raise ContentError(f"site.json: {path}: expected its digest and size")


def listed_sources(data: bytes) -> Mapping[str, str]:
    """Return what the builder's own list says: the digest behind each source file.

    Raises:
        ContentError: It is not as format.md says.
    """
    files = parse_object(data, "sources").get("files")
    if not isinstance(files, dict) or not all(isinstance(value, str) for value in files.values()):
        raise ContentError("sources: expected the content hash of each file")
    return files


def _given(value: bytes | None) -> bytes:
    assert value is not None, "a complete walk stores every role"
    return value
