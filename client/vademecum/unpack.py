"""Applying direct packs: what they make of the installed generation becomes one more segment of the next."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from .config import Config
from .errors import ContentError, StorageError
from .format import Manifest, PackEntry
from .head import Generation
from .keep import keep
from .pack import Header, decode_pack
from .pack_base import StagedBase
from .ports import Store
from .staged import Staged, stage_generation
from .stored import StoredSegment


@dataclass(frozen=True)
class Unpacked:
    """What packs made.

    Attributes:
        segments: The digests of the new segments, newest first.
        known: The installed segments, which were read and checked on the way.
    """

    segments: tuple[str, ...]
    known: tuple[StoredSegment, ...]


async def apply_packs(
    store: Store, installed: Generation, hops: tuple[PackEntry, ...], manifest: Manifest, config: Config
) -> Unpacked:
    """Store the segments that the packs make, which lie in the store.

    Raises:
        ContentError: A pack is malformed, or does not build on what is installed.
        StorageError, QuotaError: The store is broken or full.
    """
    staged = await stage_generation(store, installed)
    made: tuple[str, ...] = ()
    known = staged.state.segments
    targets = [entry.after for entry in hops[1:]] + [manifest.sequence]
    for entry, target in zip(hops, targets, strict=True):
        if made:
            segments = (*made, *installed.segments)
            staged = await stage_generation(store, replace(installed, segments=segments), known)
        made = (await _apply(store, staged, entry, target, manifest, config), *made)
    return Unpacked(made, known)


async def _apply(
    store: Store, staged: Staged, entry: PackEntry, target: int, manifest: Manifest, config: Config
) -> str:
    data = await store.get(entry.sha256)
    if data is None:
        raise StorageError(f"the store has lost pack {entry.sha256[:12]} at once")
    segments = staged.state.segments
    header = Header(entry.after, target, segments[0].bits if segments else 8, manifest.encoder.dimensions)
    content = await decode_pack(data, StagedBase(staged), header, manifest.epoch, config.max_object)
    if len(content) > config.max_object:
        raise ContentError(
            f"pack {entry.sha256[:12]} makes {len(content)} bytes, more than {config.max_object}"
        )
    name = hashlib.sha256(content).hexdigest()
    await keep(store, name, content)
    return name
