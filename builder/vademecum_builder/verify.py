"""`vade verify`: every signature, hash, digest and golden vector of a published tree."""

from __future__ import annotations

from dataclasses import dataclass

from vademecum.config import Config
from vademecum.download import Downloader
from vademecum.errors import ContentError
from vademecum.ports import Clock, Transport
from vademecum.state import assemble
from vademecum.strict_json import parse_object

from .previous import Published, listed, read_published
from .site import version_json


@dataclass(frozen=True)
class Verified:
    """What was checked, and found good. `files` counts files, `bytes` their bytes as published."""

    sequence: int
    version: str
    documents: int
    chunks: int
    files: int
    bytes: int
    expires: str


async def verify_tree(
    transport: Transport, root: bytes | None, clock: Clock, config: Config | None = None
) -> Verified:
    """Check a whole tree.

    Args:
        root: The root metadata to trust; None takes the tree's own first root.

    Raises:
        VademecumError: The first thing that is wrong, by name and path.
    """
    config = config or Config()
    published = await read_published(transport, root, clock, now=clock.now(), config=config)
    _check_state(published)
    count, size = len(published.files), sum(map(len, published.files.values()))
    if published.site is not None:
        downloader = Downloader(transport, clock, config)
        paths = published.site.get("files")
        for path in paths if isinstance(paths, dict) else ():
            if path in published.files:
                continue
            size += len(await downloader.fetch_plain(path, listed(published.site, path)))
            count += 1
        _check_version(published)
    manifest = published.manifest
    return Verified(
        manifest.sequence,
        manifest.version,
        manifest.documents,
        manifest.chunks,
        count,
        size,
        published.expires.isoformat(),
    )


def _check_state(published: Published) -> None:
    manifest = published.manifest
    state = assemble(published.segments)
    if state.digest() != manifest.digest:
        raise ContentError(f"release {manifest.sequence}: the state digest is not the signed one")
    if (len(state.documents), len(state.chunks)) != (manifest.documents, manifest.chunks):
        raise ContentError(f"release {manifest.sequence}: the counts are not the signed ones")
    for entry, segment in zip(manifest.segments, published.segments, strict=True):
        if (len(segment.keys), len(segment.ids)) != (entry.documents, entry.chunks):
            raise ContentError(f"{entry.object.path}: the counts are not the signed ones")
        if any(not entry.after < sequence <= entry.upto for sequence in segment.sequences):
            raise ContentError(f"{entry.object.path}: a row from outside {entry.after}..{entry.upto}")
    published.encoder.check_golden()


def _check_version(published: Published) -> None:
    data = published.files["version.json"]
    changes = parse_object(data, "version.json").get("changes")
    expected = version_json(
        published.manifest, published.pointer.sha256, changes if isinstance(changes, dict) else {}
    )
    if data != expected:
        raise ContentError("version.json does not describe the signed release")
