"""Reading a published tree: the builder's only state, and what `vade verify` looks at.

The walk is the client's own (`vademecum.trust.refresh`), so that what a build trusts is what a client would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from vademecum.config import Config
from vademecum.errors import ContentError, ServerError, TrustError, UsageError
from vademecum.format.json import Fields, canonical, parse_object
from vademecum.format.manifest import Manifest, decode_manifest
from vademecum.format.objects import GZIP_HEADER, ObjectRef, PackRef, deflate, read_ref
from vademecum.format.segment import Segment, decode_segment
from vademecum.ports import Body, Clock, Progress, Transport
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader, in_parallel, is_absent
from vademecum.transport.paths import check_path
from vademecum.trust.channel import ReleasePointer
from vademecum.trust.metadata import Trust
from vademecum.trust.refresh import refresh
from vademecum_builder.delta.old_rows import History, decode_history
from vademecum_builder.delta.schedule import kept, steps_to
from vademecum_builder.index.gzip_tensors import deflate_tensors
from vademecum_builder.release.numbers import Numbers
from vademecum_builder.release.version_json import DocumentChanges, read_changes
from vademecum_builder.signing.metadata import Versions

_Deflate = Callable[[bytes], tuple[ObjectRef, bytes]]

ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing has expired at this time: a publisher may come back after any pause and build on what is there."""


@dataclass(frozen=True)
class Published:
    """A published release, verified.

    Attributes:
        roots: The chain of root metadata, as published: version -> bytes.
        versions, expires: Of the metadata that was read: what the next build counts on from.
        pointer: What the targets say of the release.
        segments: Decoded, newest first, one for each entry of the manifest.
        query_encoder: The encoder file.
        sources: The digest of each source file.
        history: Rows of older releases, which packs are made against.
        directions: What the vectors are projected onto; empty: nothing.
        builder_paths: Where these two lie: builders alone read them.
        older: The manifests of older releases that packs lead on from, by digest.
        site: The signed listing of the site's files, or None where no site is published.
        version_json: As published; None where it is missing or not the signed one (a crash may have left the
            next release's).
        yanked: Sequences that were taken back.
        told: The time that the host told, if it did.
        files: Every verified file that was read, as published: path -> bytes.
    """

    roots: Mapping[int, bytes]
    versions: Versions
    expires: datetime
    pointer: ReleasePointer
    manifest: Manifest
    segments: tuple[Segment, ...]
    query_encoder: bytes
    sources: Mapping[str, str]
    history: History
    directions: bytes
    builder_paths: frozenset[str]
    older: Mapping[str, Manifest]
    site: Mapping[str, object] | None
    version_json: bytes | None
    yanked: tuple[int, ...]
    told: datetime | None
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def numbers(self) -> Numbers:
        """What the next release counts on from."""
        return Numbers(self.manifest.sequence, self.versions)

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


def config_for(transport: Transport) -> Config:
    """A folder does not get better by asking again."""
    return Config(retries=0) if isinstance(transport, FolderTransport) else Config()


async def read_published(
    transport: Transport,
    root: bytes | None,
    clock: Clock,
    *,
    now: datetime = ANY_TIME,
    config: Config | None = None,
) -> Published:
    """Read and verify the current release of a tree.

    Args:
        root: The root metadata to trust; None takes the tree's own first root.
        now: The time that expiry is judged by; by default nothing counts as expired.

    Raises:
        NetworkError, ServerError: The tree cannot be read.
        ContentError, SignatureError, RollbackError, ExpiredError: It is not what was signed.
    """
    recorder = _Recorder(transport)
    config = config or Config()
    downloader = Downloader(recorder, clock, config)
    trust, newest = await _walk(downloader, root, now, config, MemoryStore())
    line = trust.line(config.channel)
    pointer = line.current
    reference = ObjectRef(pointer.sha256, pointer.length, pointer.length)
    manifest = decode_manifest(await downloader.fetch_plain(pointer.url_path, reference))
    if manifest.sequence != pointer.sequence:
        raise ContentError(f"{pointer.url_path} is release {manifest.sequence}, not {pointer.sequence}")
    contents: dict[str, bytes] = {}

    async def one(ref: ObjectRef) -> None:
        contents[ref.sha256] = content = await downloader.fetch_object(ref)
        if isinstance(ref, PackRef):
            return
        make = deflate if ref == manifest.sources else deflate_tensors
        recorder.files[ref.path] = _as_published(ref, content, recorder.files[ref.path], make)

    packs = [entry.object for entry in manifest.packs]
    await in_parallel([*manifest.objects, manifest.sources, *packs], config.parallel, one)
    sources = Fields(parse_object(contents[manifest.sources.sha256], "sources"), "sources")
    told = sources.child("history")
    rows = read_ref(told.child("rows"))
    directions = [read_ref(sources.child("directions"))] if "directions" in sources else []
    older = await _older(manifest, downloader)
    steps = [ref for ref in kept(manifest.packs, older).values() if isinstance(ref, PackRef)]
    await in_parallel([rows, *directions, *steps], config.parallel, one)
    roots = await _chain(trust, newest, downloader, config)
    site = await _site(trust, downloader)
    version = await _version_json(site, recorder, downloader, config)
    return Published(
        roots=roots,
        versions=_versions(trust),
        expires=trust.timestamp_expires,
        pointer=pointer,
        manifest=manifest,
        segments=tuple(decode_segment(contents[entry.object.sha256]) for entry in manifest.segments),
        query_encoder=contents[manifest.encoder.object.sha256],
        sources=listed_sources(contents[manifest.sources.sha256]),
        history=decode_history(contents[rows.sha256], told),
        directions=b"".join(contents[ref.sha256] for ref in directions),
        builder_paths=frozenset(ref.path for ref in (rows, *directions)),
        older=older,
        site=site,
        version_json=version,
        yanked=line.yanked,
        told=downloader.told,
        files=recorder.files,
    )


@dataclass(frozen=True)
class Signed:
    """What the metadata of a tree say, whatever became of the release: the chain of roots, the numbers, the sequences
    that were taken back (None: that cannot be read any more), and the time that the host told."""

    roots: Mapping[int, bytes]
    numbers: Numbers
    yanked: tuple[int, ...] | None
    told: datetime | None


async def read_signed(transport: Transport, root: bytes | None, clock: Clock, config: Config) -> Signed:
    """Read and verify the metadata of a tree. Arguments and errors: see `read_published`.

    Where snapshot or targets are lost or damaged, the timestamp tells: a build signs each role once and makes one
    release at the most, so no other number is above the highest of the versions.
    """
    downloader, store = Downloader(transport, clock, config), MemoryStore()
    try:
        trust, newest = await _walk(downloader, root, ANY_TIME, config, store)
        line = trust.line(config.channel)
        numbers, yanked = Numbers(line.current.sequence, _versions(trust)), line.yanked
    except (ContentError, ServerError) as error:
        timestamp = await store.read("trust/timestamp.json")
        if timestamp is None or (isinstance(error, ServerError) and not is_absent(error)):
            raise
        newest = _given(await store.read("trust/root.json"))
        trust = Trust(newest, ANY_TIME)
        trust.accept_timestamp(timestamp)
        highest = max(trust.timestamp_version, trust.snapshot_version)
        numbers, yanked = Numbers(highest, Versions(highest, highest, highest)), None
    return Signed(await _chain(trust, newest, downloader, config), numbers, yanked, downloader.told)


async def _walk(
    downloader: Downloader, root: bytes | None, now: datetime, config: Config, store: MemoryStore
) -> tuple[Trust, bytes]:
    """Walk the metadata, into an empty store; return what is trusted then, and the newest root."""
    walked = await refresh(store, downloader, now, shipped_root=root, config=config, idle_allowed=False)
    return walked.trust, _given(await store.read("trust/root.json"))


def _versions(trust: Trust) -> Versions:
    return Versions(trust.targets_version, trust.snapshot_version, trust.timestamp_version)


async def _older(manifest: Manifest, downloader: Downloader) -> dict[str, Manifest]:
    """Return the manifests of older releases that packs lead on from, by digest.

    Raises:
        ContentError: One is not that of the release it stands for.
    """
    found: dict[str, Manifest] = {}
    waiting = list(manifest.packs)
    while waiting:
        entry = waiting.pop()
        if entry.manifest is None or entry.manifest.sha256 in found:
            continue
        older = decode_manifest(await downloader.fetch_plain(entry.manifest_path, entry.manifest))
        if (older.sequence, older.epoch) != (entry.after, manifest.epoch):
            raise ContentError(f"{entry.manifest_path} is not release {entry.after} of this epoch")
        found[entry.manifest.sha256] = older
        waiting += steps_to(older)
    return found


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
    site: Mapping[str, object] | None, recorder: _Recorder, downloader: Downloader, config: Config
) -> bytes | None:
    """Return version.json where it is the signed one. It is no part of the index: nothing fails here."""
    data = await downloader.fetch_or_absent("version.json", config.max_manifest)
    signed = None if site is None else listed_files(site).get("version.json")
    if data is None or signed is None or hashlib.sha256(data).hexdigest() == signed.sha256:
        return data
    del recorder.files["version.json"]
    return None


def _as_published(ref: ObjectRef, content: bytes, body: bytes, make: _Deflate) -> bytes:
    """Return the gzip file of an object that a host has sent inflated, if the same file can be made again."""
    if body.startswith(GZIP_HEADER):
        return body
    again, file = make(content)
    return file if again == ref else body


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


class _Recorder:
    """A transport that keeps what it brought."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.files: dict[str, bytes] = {}

    async def fetch(
        self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None
    ) -> Body:
        body = await self._inner.fetch(path, limit=limit, fresh=fresh, progress=progress)
        self.files[path] = body.data
        return body

    async def close(self) -> None:
        await self._inner.close()
