"""Step 6 of an update by direct packs: the segments that they make of the installed generation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from vademecum.config import Config
from vademecum.delta.decode import decode_pack
from vademecum.delta.dictionary import Header, OldDocument
from vademecum.errors import ContentError, StorageError
from vademecum.format.manifest import Manifest, PackEntry
from vademecum.generation.staged import Staged, stage_generation
from vademecum.ports import Store
from vademecum.store.objects import keep
from vademecum.store.pointer import Generation


class StagedBase:
    """The live state of an installed generation, as the base of a pack: read from the store as it is needed."""

    _HELD = 2048

    def __init__(self, staged: Staged) -> None:
        self._staged = staged
        self._places = staged.state.documents.places
        self._held: dict[int, OldDocument] = {}

    def __len__(self) -> int:
        return len(self._places)

    async def documents(self, indices: Sequence[int]) -> list[OldDocument]:
        missing = sorted({index for index in indices if index not in self._held})
        if missing:
            if len(self._held) + len(missing) > self._HELD:
                self._held = {index: self._held[index] for index in indices if index in self._held}
            rows = await self._staged.document_rows([self._places[index] for index in missing])
            chunks = iter(await self._staged.chunks([chunk for row in rows for chunk in row.chunks]))
            for index, row in zip(missing, rows, strict=True):
                self._held[index] = OldDocument(row, tuple(next(chunks) for _ in row.chunks))
        return [self._held[index] for index in indices]


async def apply_packs(
    store: Store, installed: Generation, hops: tuple[PackEntry, ...], manifest: Manifest, config: Config
) -> tuple[tuple[str, ...], Staged]:
    """Store the segments that the packs make, which lie in the store.

    Returns:
        The digests of the new segments, newest first; and the installed generation, which was read and checked.

    Raises:
        ContentError: A pack is malformed, or does not build on what is installed.
        StorageError, QuotaError: The store is broken or full.
    """
    known = staged = await stage_generation(store, installed)
    made: tuple[str, ...] = ()
    targets = [entry.after for entry in hops[1:]] + [manifest.sequence]
    for entry, target in zip(hops, targets, strict=True):
        if made:
            segments = (*made, *installed.segments)
            staged = await stage_generation(store, replace(installed, segments=segments), known)
        data = await store.get(entry.sha256)
        if data is None:
            raise StorageError(f"the store has lost pack {entry.sha256[:12]} at once")
        header = Header(entry.after, target, manifest.encoder.dimensions)
        content = await decode_pack(data, StagedBase(staged), header, manifest.epoch, config.max_object)
        if len(content) > config.max_object:
            raise ContentError(f"pack {entry.sha256[:12]} makes {len(content)} bytes, more than {config.max_object}")
        name = hashlib.sha256(content).hexdigest()
        await keep(store, name, content)
        made = (name, *made)
    return made, known
