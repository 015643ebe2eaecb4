"""A sync with the host, from end to end: its release is followed, and what is installed is looked after."""

from __future__ import annotations

from dataclasses import asdict, replace
from hashlib import sha256

from vademecum.errors import VademecumError
from vademecum.format.manifest import Manifest
from vademecum.integrity.repair import ManifestOf, Repair
from vademecum.integrity.scrub import Scrubbed
from vademecum.log import logger
from vademecum.update.plan import Plan
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
        mended = await repair_of(update).run(manifest)
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
            await repair_of(update).run(manifest)
            return
        named, held = update.session.pointer.objects, (await update.session.objects()).keys()
        # What a paused download has brought of a release that waits stays for it.
        if named - held or (held - named and update.waiting is None):
            await repair_of(update).run_on(Scrubbed(missing=tuple(sorted(named - held))), manifest)
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


def repair_of(update: Update) -> Repair:
    """Return the repair of the update's store, from its host."""
    around = update.around
    return Repair(update.session, around.config, around.course, update.downloader)
