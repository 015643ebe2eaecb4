"""Steps 6 to 9 of an update: stage what was downloaded, and compact it; test it; flip to it; collect garbage."""

from __future__ import annotations

from dataclasses import replace

from vademecum.errors import ContentError, SelfTestError, ServerError, StoreError
from vademecum.format.json import iso_time
from vademecum.format.manifest import Manifest
from vademecum.generation.compaction import compact, segments_to_merge
from vademecum.generation.staged import Staged, stage_generation
from vademecum.log import logger
from vademecum.store import garbage
from vademecum.store.pointer import generation_of
from vademecum.store.records import Failures
from vademecum.store.session import Session
from vademecum.trust.channel import ReleasePointer
from vademecum.update.context import Context
from vademecum.update.packs import apply_packs
from vademecum.update.plan import Plan


class StagingError(Exception):
    """What was staged does not make the signed state."""

    def __init__(self, cause: ContentError | ServerError | StoreError) -> None:
        super().__init__(str(cause))
        self.cause = cause


async def stage(session: Session, plan: Plan, pointer: ReleasePointer, manifest: Manifest, context: Context) -> Staged:
    """Return the new generation, checked whole from the stored bytes, and compacted if due.

    Direct packs are applied to the installed generation first.

    Raises:
        StagingError: It is not the signed state.
    """
    current, segments, known, config = session.pointer.current, plan.segments, None, context.config
    try:
        if plan.kind == "direct" and current is not None:
            made, known = await apply_packs(session, current, plan.hops, manifest, config)
            segments = made + segments
        generation = replace(
            generation_of(manifest, segments, iso_time(context.clock.now())),
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
    except (ContentError, StoreError) as error:  # compaction never fails an update
        logger.warning("release %d is installed without compaction: %s", manifest.sequence, error)
        return _trimmed(staged)


def _trimmed(staged: Staged) -> Staged:
    """Return the generation without segments that hold no live row."""
    used, generation = staged.state.used, staged.generation
    segments = tuple(digest for index, digest in enumerate(generation.segments) if index in used)
    return replace(staged, generation=replace(generation, segments=segments))


async def activate(session: Session, staged: Staged) -> None:
    """Flip to the new generation if it works here; else refuse it.

    The self-test comes before the flip: a crash between them would otherwise leave a release that does not work.

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
