"""Applying direct packs: what they make of the installed generation becomes one more segment of the next."""

from __future__ import annotations

import hashlib

from .config import Config
from .errors import ContentError, StorageError
from .format import Manifest, PackEntry
from .head import Generation
from .keep import keep
from .pack import Header, decode_pack
from .pack_base import LiveBase
from .ports import Store
from .reader import open_generation
from .segment import Segment, decode_segment
from .state import assemble


async def apply_packs(
    store: Store, installed: Generation, hops: tuple[PackEntry, ...], manifest: Manifest, config: Config
) -> tuple[str, ...]:
    """Store the segments that the packs make, which lie in the store; return their digests, newest first.

    Raises:
        ContentError: A pack is malformed, or does not build on what is installed.
        StorageError, QuotaError: The store is broken or full.
    """
    state = (await open_generation(store, installed)).state
    segments: list[Segment] = list(state.segments)
    names: list[str] = []
    targets = [entry.after for entry in hops[1:]] + [manifest.sequence]
    for entry, target in zip(hops, targets, strict=True):
        data = await store.get(entry.sha256)
        if data is None:
            raise StorageError(f"the store has lost pack {entry.sha256[:12]} at once")
        bits = segments[0].bits if segments else 8
        header = Header(entry.after, target, bits, manifest.encoder.dimensions)
        content = decode_pack(data, LiveBase(state), header, manifest.epoch, config.max_object)
        if len(content) > config.max_object:
            raise ContentError(
                f"pack {entry.sha256[:12]} makes {len(content)} bytes, more than {config.max_object}"
            )
        name = hashlib.sha256(content).hexdigest()
        await keep(store, name, content)
        names.insert(0, name)
        segments.insert(0, decode_segment(content))
        if target != manifest.sequence:
            state = assemble(segments)
    return tuple(names)
