"""Steps 6 to 9 of an update: stage what was downloaded (of a direct pack the segment that it makes) and compact it;
test it; flip to it; collect garbage."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from vademecum.config import Config
from vademecum.delta.decode import decode_pack
from vademecum.delta.dictionary import Header, OldDocument
from vademecum.errors import ContentError, SelfTestError, ServerError, StorageError, StoreError
from vademecum.format.json import iso_time
from vademecum.format.manifest import Manifest, PackEntry
from vademecum.generation.compaction import compact, segments_to_merge
from vademecum.generation.staged import Staged, stage_generation
from vademecum.log import logger
from vademecum.ports import Store
from vademecum.store import garbage
from vademecum.store.objects import keep
from vademecum.store.pointer import Generation, generation_of
from vademecum.store.records import Failures
from vademecum.store.session import Session
from vademecum.trust.channel import ReleasePointer
from vademecum.update.plan import Plan


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
    staged = await stage_generation(store, installed)
    made: tuple[str, ...] = ()
    known = staged
    targets = [entry.after for entry in hops[1:]] + [manifest.sequence]
    for entry, target in zip(hops, targets, strict=True):
        if made:
            segments = (*made, *installed.segments)
            staged = await stage_generation(store, replace(installed, segments=segments), known)
        made = (await _apply(store, staged, entry, target, manifest, config), *made)
    return made, known


async def _apply(
    store: Store, staged: Staged, entry: PackEntry, target: int, manifest: Manifest, config: Config
) -> str:
    data = await store.get(entry.sha256)
    if data is None:
        raise StorageError(f"the store has lost pack {entry.sha256[:12]} at once")
    header = Header(entry.after, target, manifest.encoder.dimensions)
    content = await decode_pack(data, StagedBase(staged), header, manifest.epoch, config.max_object)
    if len(content) > config.max_object:
        raise ContentError(f"pack {entry.sha256[:12]} makes {len(content)} bytes, more than {config.max_object}")
    name = hashlib.sha256(content).hexdigest()
    await keep(store, name, content)
    return name


class StagingError(Exception):
    """What was staged does not make the signed state."""

    def __init__(self, cause: ContentError | ServerError | StoreError) -> None:
        super().__init__(str(cause))
        self.cause = cause


async def stage(
    session: Session, plan: Plan, pointer: ReleasePointer, manifest: Manifest, config: Config, now: datetime
) -> Staged:
    """Return the new generation, checked whole from the bytes as they are stored, and compacted where that is due.

    Of packs, that is what they make of the installed generation.

    Raises:
        StagingError: It is not the signed state.
    """
    current, segments, known = session.pointer.current, plan.segments, None
    try:
        if plan.kind == "direct" and current is not None:
            made, known = await apply_packs(session, current, plan.hops, manifest, config)
            segments = made + segments
        generation = replace(
            generation_of(manifest, segments, iso_time(now)),
            manifest=pointer.sha256,
            root=pointer.root,
            signers=pointer.signers,
        )
        staged = await stage_generation(session, generation, known)
        if await staged.digest() != manifest.digest:
            raise ContentError(f"release {manifest.sequence}: the state digest is not the signed one")
    except (ContentError, StoreError) as error:
        raise StagingError(error) from error
    chosen = segments_to_merge(staged.state, config) if plan.kind != "full" else frozenset()
    try:
        return await compact(staged, chosen, config) if chosen else _trimmed(staged)
    except (ContentError, StoreError) as error:  # housekeeping never fails an update
        logger.warning("release %d is installed without compaction: %s", manifest.sequence, error)
        return _trimmed(staged)


def _trimmed(staged: Staged) -> Staged:
    """Return the generation without the segments that hold nothing it needs."""
    used, generation = staged.state.used, staged.generation
    segments = tuple(digest for index, digest in enumerate(generation.segments) if index in used)
    return replace(staged, generation=replace(generation, segments=segments))


async def activate(session: Session, staged: Staged) -> None:
    """Flip to the new generation if it works here; if it does not, have it refused.

    The test comes first: between a flip and a test after it, a crash would leave what does not work.

    Raises:
        SelfTestError: It does not work here.
        StorageError, QuotaError: The flip could not be written.
    """
    generation, head = staged.generation, session.pointer
    try:
        staged.self_test()  # 7
    except SelfTestError as error:
        again = head.current is not None and head.current.sequence == generation.sequence
        await session.flip(head.undone(error.message) if again else head.refuse(generation.sequence, error.message))
        await garbage.tidy(session)
        raise SelfTestError(f"release {generation.sequence} does not work here: {error}") from error
    session.failures = Failures()
    if not session.is_published(generation):
        session.status = replace(session.status, whole=generation.fingerprint)
    await session.flip(head.installed(generation))
    await garbage.tidy(session)
