"""`vade verify`: every signature, hash, digest and golden vector of a published tree.

Needs no keys or settings: whoever uses a knowledge base may check it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vademecum.config import Config
from vademecum.encoder.model import decode_model
from vademecum.encoder.query import decode_encoder
from vademecum.errors import ContentError, RollbackError, TrustError, UsageError
from vademecum.format.objects import ObjectRef, inflate_named, verified
from vademecum.generation.live_rows import assemble
from vademecum.ports import Clock, Transport
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.folder import FolderTransport
from vademecum.transport.downloader import Downloader
from vademecum.trust.clock_check import require_past
from vademecum_builder.encoders.directions import decode_directions
from vademecum_builder.release.channels import named
from vademecum_builder.release.location import read_at, read_root
from vademecum_builder.release.published import Published, read_beside, read_published
from vademecum_builder.release.version_json import read_changes, version_json
from vademecum_builder.signing.metadata import check_signed

_NAMED = re.compile(r"(?:releases/)?([0-9a-f]{64})\.(?:\d+|site)\.json")
_OBJECT = re.compile(r"objects/([0-9a-f]{64})\.(?:gz|pack)")
_METADATA = re.compile(r"metadata/\d+\.(?:targets|snapshot|root)\.json")


@dataclass(frozen=True)
class Verified:
    """What was checked and found good.

    Attributes:
        files, bytes: How many files were checked, and their bytes as published.
        unsigned: Files in a local folder that are not part of what is published.
        damaged: Damaged files of an earlier release: this release does not need them, and a client that is fetching
            the earlier one begins anew.
    """

    sequence: int
    version: str
    documents: int
    chunks: int
    files: int
    bytes: int
    expires: str
    unsigned: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


def verify(location: str, trust: Path | None, *, expect: int = 0) -> Verified:
    """Run `vade verify`.

    Args:
        location: An address or a folder.
        trust: The root metadata file to trust; None takes the tree's own first root.
        expect: The sequence that should be served; a newer one is fine.

    Raises:
        RollbackError: Everything is intact but old: a deploy did not arrive, or a cache is in front of it.
        VademecumError: The first thing that is wrong.
    """
    root = read_root(trust)

    async def read(transport: Transport, config: Config) -> Verified:
        if isinstance(transport, FolderTransport) and Path(location).is_file():
            raise UsageError(
                f"{location} is a file; name the folder of a published tree, which holds metadata/ (a local store is "
                "examined by `vade doctor --store`)"
            )
        present = files_below(Path(location)) if isinstance(transport, FolderTransport) else ()
        return await verify_tree(transport, root, SystemClock(), config, present=present)

    found = read_at(location, read)
    require_arrived(location, found.sequence, expect)
    return found


def require_arrived(location: str, sequence: int, expect: int) -> None:
    """Raise RollbackError if what is served is older than what is expected."""
    if sequence < expect:
        raise RollbackError(
            f"{location} serves release {sequence}, expected {expect}: the deploy has not arrived there (or does a "
            "cache keep the old one?)"
        )


def files_below(folder: Path) -> tuple[str, ...]:
    """Return the paths of all files below a folder, hidden ones left out."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return tuple(sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts)))


async def verify_tree(
    transport: Transport, root: bytes | None, clock: Clock, config: Config | None = None, *, present: Iterable[str] = ()
) -> Verified:
    """Check a whole tree.

    Args:
        root: The root metadata to trust; None takes the tree's own first root.
        present: Paths of all files, if they can be listed, as in a folder: files that earlier releases left for
            clients that are still fetching them are then checked too.

    Raises:
        VademecumError: The first thing that is wrong, by name and path.
    """
    config = config or Config()
    published = await read_published(transport, root, clock, now=clock.now(), config=config)
    _check_state(published, clock.now())
    everything = published
    for pointer in named(published.channels).values():
        if pointer.sha256 != published.pointer.sha256:
            everything = await read_beside(everything, pointer, transport, clock, config)
            _check_state(everything, clock.now())
    downloader = Downloader(transport, clock, config)
    sizes = {path: len(data) for path, data in everything.files.items()}
    for path, ref in published.site_files.items():
        sizes[path] = len(await downloader.fetch_plain(path, ref))
    data = published.version_json
    if data is None:
        raise ContentError("version.json is missing or damaged")
    if data != version_json(published.manifest, published.pointer.sha256, read_changes(data), published.channels):
        raise ContentError("version.json does not describe the signed release")
    left = sorted(set(present) - sizes.keys())
    more, unsigned, damaged = await _check_leftovers(left, published, downloader, config)
    sizes |= more
    manifest = published.manifest
    return Verified(
        manifest.sequence,
        manifest.version,
        manifest.documents,
        manifest.chunks,
        len(sizes),
        sum(sizes.values()),
        published.expires.isoformat(),
        unsigned,
        damaged,
    )


def _check_state(published: Published, now: datetime) -> None:
    manifest = published.manifest
    require_past(manifest, now)  # no client would install it earlier
    state = assemble(published.segments)
    if state.digest() != manifest.digest:
        raise ContentError(f"release {manifest.sequence}: the state digest is not the signed one")
    if (len(state.documents), len(state.chunks)) != (manifest.documents, manifest.chunks):
        raise ContentError(f"release {manifest.sequence}: the counts are not the signed ones")
    for entry, segment in zip(manifest.segments, published.segments, strict=True):
        if (len(segment.keys), len(segment.ids)) != (entry.documents, entry.chunks):
            raise ContentError(f"{entry.object.path}: the counts are not the signed ones")
        sequences = (*segment.sequences, *segment.document_sequences)
        if any(not entry.after < sequence <= entry.upto for sequence in sequences):
            raise ContentError(f"{entry.object.path}: a row from outside {entry.after}..{entry.upto}")
    decode_encoder(published.query_encoder).check_golden()
    if published.directions:
        decode_directions(published.directions, manifest.encoder.dimensions)
    if published.model:
        decode_model(published.model)


async def _check_leftovers(
    paths: Iterable[str], published: Published, downloader: Downloader, config: Config
) -> tuple[dict[str, int], tuple[str, ...], tuple[str, ...]]:
    """Return the sizes of the files that are whole, the files that nobody signed, and what is wrong with the others."""
    sizes: dict[str, int | None] = {}
    damaged: list[str] = []
    for path in paths:
        try:
            sizes[path] = await _check_leftover(path, published, downloader, config)
        except (ContentError, TrustError) as error:
            damaged.append(error.message if path in error.message else f"{path}: {error.message}")
    whole = {path: size for path, size in sizes.items() if size is not None}
    return whole, tuple(path for path in sizes if path not in whole), tuple(damaged)


async def _check_leftover(path: str, published: Published, downloader: Downloader, config: Config) -> int | None:
    """Check a file of an earlier release by its name or its signature; return its size; None: it is not ours."""
    named, packed = _NAMED.fullmatch(path), _OBJECT.fullmatch(path)
    if not (named or packed or _METADATA.fullmatch(path)):
        return None
    data = await downloader.fetch(path, config.max_object)
    if named:
        verified(ObjectRef(named[1], len(data), len(data)), data, path)
    elif packed:
        inflate_named(packed[1], data, config.max_object)
    else:
        check_signed(data, path, published.roots.values())
    return len(data)
