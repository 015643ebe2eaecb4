"""What is broken on this device. Repair fetches just that (integrity/repair.py); healing fetches everything anew where
it is not enough."""

from __future__ import annotations

from dataclasses import asdict, replace
from hashlib import sha256

from vademecum.errors import ContentError, SelfTestError, StoreError, VademecumError
from vademecum.format.manifest import Manifest
from vademecum.generation.staged import stage_generation
from vademecum.integrity.repair import ManifestOf, Repair, Repaired
from vademecum.integrity.scrub import Scrubbed
from vademecum.log import logger
from vademecum.ports import Store
from vademecum.store.objects import unsound
from vademecum.store.pointer import Generation, Head
from vademecum.store.records import damaged
from vademecum.store.session import Session
from vademecum.trust.floor import drop_if_damaged
from vademecum.update.plan import Plan
from vademecum.update.run import EngineRuns
from vademecum.update.update import Update


async def follow_and_repair(update: Update, root: bytes | None, *, force: bool, healing: bool) -> tuple[Plan, bool]:
    """Follow the host, and see to what is installed; return the plan, and whether what the host shows is stale.

    Args:
        root: The root that the app ships, or None.
        force: See `Update.follow`.
        healing: Where everything is to be fetched anew, it is fetched from this host: no seed was installed.

    Raises:
        VademecumError: See `Engine.sync`.
    """
    session = update.session
    reported = session.failures.reads > 0
    pointer, stale = await update.refresh(root)

    async def manifest() -> Manifest:
        return await update.manifest(pointer)

    whole = force
    if healing and session.healing:
        # Before everything is fetched anew: perhaps it is enough to mend what is broken.
        mended = await _repair(update).run(manifest)
        reason = session.pointer.reason_to_wait(pointer.sequence, pointer.yanked)
        # A pin or a refusal is the user's will: nothing else is fetched in place of what has been lost.
        whole |= not (mended.found.broken and not mended.broken) and reason in (None, "current")
    plan = await update.follow(pointer, force=whole)
    if update.waiting is not None:
        update.around.course.emit("updateAvailable", asdict(update.waiting))
    elif plan.kind == "none":
        update.around.course.move("current")
    if plan.kind == "none":
        # What a reader found is mended by an installation, or by a repair.
        session.failures = replace(session.failures, syncs=0)
    await _look_after(update, manifest, reported=reported)
    return plan, stale


async def _look_after(update: Update, manifest: ManifestOf, *, reported: bool) -> None:
    """See that nothing of what is installed is missing, mend what is, and sweep what nobody names.

    Nothing of it delays or fails what the user asked for: it comes last, and its errors are logged.

    Args:
        reported: A reader could not open what is installed: all of it is looked at.
    """
    try:
        await _fetch_beside(update)
        if reported:
            await _repair(update).run(manifest)
            return
        named, held = update.session.pointer.objects, (await update.session.objects()).keys()
        # What a paused download has brought of a release that waits stays for it.
        if named - held or (held - named and update.waiting is None):
            await _repair(update).run_on(Scrubbed(missing=tuple(sorted(named - held))), manifest)
    except VademecumError as error:
        logger.warning("what is installed could not be looked after: %s", error)


async def _fetch_beside(update: Update) -> None:
    """Keep beside the installed encoder what this client needs of the release that others do without; until that can
    be had, the release's own table answers."""
    session = update.session
    current = session.pointer.current
    manifest = None if current is None else session.manifest_of(current)
    ref = None if manifest is None else manifest.encoder.beside.get(update.around.beside)
    if ref is None or current is None:
        return
    kept = await session.words(current.encoder)
    if kept is not None and sha256(kept).hexdigest() == ref.sha256:
        return
    if not update.permits(ref):
        what = f"the {update.around.beside} of release {current.sequence} ({ref.size} bytes)"
        logger.warning(
            "%s: neither budget nor connection allows to fetch this now; until then the table encodes queries", what
        )
        return
    await session.keep_words(current.encoder, await update.downloader.fetch_object(ref))


async def drop_forged(session: Session) -> None:
    """Begin the pointer anew where the installed segments are not the state that was signed.

    Segments that the manifest names need no look. Those that were made here are read whole, once: what was found to fit
    is noted. What is lost or damaged is left to a repair.
    """
    current = session.pointer.current
    if current is None or session.is_published(current) or session.status.whole == current.fingerprint:
        return
    try:
        fits = await (await stage_generation(session, current)).digest() == current.digest
    except ContentError:
        fits = False
    except StoreError:
        session.failures = session.failures.failed_read()
        return
    if fits:
        session.status = replace(session.status, whole=current.fingerprint)
    else:
        logger.warning("what is installed is not release %d as it was signed: begun anew", current.sequence)
        session.pointer = Head()


async def repair(runs: EngineRuns) -> Repaired:
    """Mend all that is broken. Errors: see `Engine.repair`."""
    async with runs.locked() as session, runs.asking(session, patient=False) as update:

        async def manifest() -> Manifest:
            return await update.manifest((await update.refresh(runs.root))[0])

        return await _repair(update).run(manifest)


def _repair(update: Update) -> Repair:
    around = update.around
    return Repair(update.session, around.config, around.course, update.downloader)


async def drop_damaged(runs: EngineRuns) -> None:
    """Begin the records anew that cannot be read: the pointer, the trust floor, and the small ones."""
    async with runs.locked() as session:
        session.drop_damaged_pointer()
        await drop_if_damaged(session, runs.around.clock.now())
        await session.write(dict.fromkeys(await damaged(session)))


async def what_does_not_work(store: Store) -> tuple[Generation, SelfTestError] | None:
    """Return the installed release and why it does not work here, though all of its objects are sound; or None."""
    current = (await Session.begin(store)).pointer.current
    if current is None or await unsound(store, sorted(current.objects)):
        return None
    try:
        (await stage_generation(store, current)).self_test()
    except SelfTestError as error:
        return current, error
    return None
