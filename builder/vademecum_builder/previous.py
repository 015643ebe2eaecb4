"""Reading a published tree: the builder's only state, and what `vade verify` looks at.

The walk is the client's own (`vademecum.refresh`), so that what a build trusts is what a client would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from vademecum.config import Config
from vademecum.download import Downloader, in_parallel
from vademecum.encoder import Encoder, decode_encoder
from vademecum.errors import ContentError
from vademecum.format import Manifest, ObjectRef, decode_manifest
from vademecum.ports import Body, Clock, Progress, Transport
from vademecum.refresh import refresh
from vademecum.runtime.memory import MemoryStore
from vademecum.segment import Segment, decode_segment
from vademecum.strict_json import parse_object
from vademecum.trust import ReleasePointer, Trust

from .sign import Versions

ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing has expired at this time: a publisher may come back after any pause and build on what is there."""


@dataclass(frozen=True)
class Published:
    """A published release, verified.

    Attributes:
        roots: The chain of root metadata, as published: version -> bytes.
        segments: Decoded, newest first, one for each entry of the manifest.
        sources: Content hash of each source file.
        files: Every file that was read, as published: path -> bytes.
    """

    roots: Mapping[int, bytes]
    versions: Versions
    expires: datetime
    pointer: ReleasePointer
    manifest: Manifest
    segments: tuple[Segment, ...]
    encoder: Encoder
    encoder_content: bytes
    sources: Mapping[str, str]
    site: Mapping[str, object] | None
    files: Mapping[str, bytes] = field(repr=False)


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
    store = MemoryStore()
    walked = await refresh(store, downloader, now, shipped_root=root, config=config, idle_allowed=False)
    trust = walked.trust
    pointer = trust.release(config.channel)
    reference = ObjectRef(pointer.sha256, pointer.length, pointer.length)
    manifest = decode_manifest(await downloader.fetch_plain(pointer.url_path, reference))
    if manifest.sequence != pointer.sequence:
        raise ContentError(f"{pointer.url_path} is release {manifest.sequence}, not {pointer.sequence}")
    contents: dict[str, bytes] = {}

    async def one(ref: ObjectRef) -> None:
        contents[ref.sha256] = await downloader.fetch_object(ref)

    roots = {trust.root_version: _given(await store.read("trust/root.json"))}
    for version in range(1, trust.root_version):
        older = await downloader.fetch_or_absent(f"metadata/{version}.root.json", config.max_root)
        roots |= {version: older} if older is not None else {}
    await in_parallel([*manifest.objects, manifest.sources], config.parallel, one)
    encoder_content = contents[manifest.encoder.object.sha256]
    return Published(
        roots=roots,
        versions=Versions(trust.targets_version, trust.snapshot_version, trust.timestamp_version),
        expires=trust.timestamp_expires,
        pointer=pointer,
        manifest=manifest,
        segments=tuple(decode_segment(contents[entry.object.sha256]) for entry in manifest.segments),
        encoder=decode_encoder(encoder_content),
        encoder_content=encoder_content,
        sources=_sources(contents[manifest.sources.sha256]),
        site=await _site(trust, downloader),
        files=recorder.files,
    )


async def _site(trust: Trust, downloader: Downloader) -> Mapping[str, object] | None:
    if "site.json" not in trust.target_paths():
        return None
    sha256, length = trust.target("site.json")
    data = await downloader.fetch_plain(f"{sha256}.site.json", ObjectRef(sha256, length, length))
    listing = parse_object(data, "site.json")
    await downloader.fetch_plain("version.json", listed(listing, "version.json"))
    return listing


def listed(listing: Mapping[str, object], path: str) -> ObjectRef:
    """Return what site.json says of a file.

    Raises:
        ContentError: It does not list the file, or not as format.md says.
    """
    files = listing.get("files")
    entry = files.get(path) if isinstance(files, dict) else None
    match entry:
        case {"sha256": str(sha256), "size": int(size)}:
            return ObjectRef(sha256, size, size)
    raise ContentError(f"site.json does not list {path}")


def _sources(data: bytes) -> Mapping[str, str]:
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
