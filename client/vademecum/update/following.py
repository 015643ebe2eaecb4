"""A sync with the host, from end to end: follow its release, then look after what is installed."""

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
    """Follow the host, then repair what is broken; return the plan, and whether the host's metadata are stale.

    Args:
        root: The root that the app ships, or None.
        force: See `Update.follow`.
        healing: If everything is due to be fetched again, do so from this host: no seed was installed.

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
        # Before everything is fetched again, try to repair only what is broken.
        mended = await repair_of(update).run(manifest)
        reason = session.pointer.reason_to_wait(pointer.sequence, pointer.yanked)
        # The user may have pinned or refused: then nothing else is fetched in place of what was lost.
        whole |= not (mended.scrubbed.broken and not mended.broken) and reason in (None, "current")
    plan = await update.follow(pointer, force=whole)
    if update.waiting is not None:
        update.context.course.emit("updateAvailable", asdict(update.waiting))
    elif plan.kind == "none":
        update.context.course.move("current")
    if plan.kind == "none":
        # Only an installation or a repair mends what a reader found (`reads`).
        session.failures = replace(session.failures, syncs=0)
    await _look_after(update, manifest, reported=reported)
    return plan, stale


async def _look_after(update: Update, manifest: ManifestOf, *, reported: bool) -> None:
    """Repair installed objects that are missing, and delete objects that nobody names.

    This comes last, and its errors are only logged: it neither delays nor fails what the user asked for.

    Args:
        reported: A reader could not open what is installed: all of it is read.
    """
    try:
        await _fetch_extra(update)
        if reported:
            await repair_of(update).run(manifest)
            return
        named, held = update.session.pointer.objects, (await update.session.objects()).keys()
        # If a release waits, what a paused download has fetched of it stays.
        if named - held or (held - named and update.waiting is None):
            await repair_of(update).run_on(Scrubbed(missing=tuple(sorted(named - held))), manifest)
    except VademecumError as error:
        logger.warning("what is installed could not be looked after: %s", error)


async def _fetch_extra(update: Update) -> None:
    """Keep what only this client needs of the release (for an encoder of the app's) beside the installed encoder; until
    that can be fetched, the release's own table answers."""
    session = update.session
    current = session.pointer.current
    manifest = None if current is None else session.manifest_of(current)
    ref = None if manifest is None else manifest.encoder.extras.get(update.context.extra)
    if ref is None or current is None:
        return
    kept = await session.words(current.encoder)
    if kept is not None and sha256(kept).hexdigest() == ref.sha256:
        return
    if not update.permits(ref):
        what = f"the {update.context.extra} of release {current.sequence} ({ref.size} bytes)"
        logger.warning(
            "%s: neither budget nor connection allows to fetch this now; until then the table encodes queries", what
        )
        return
    await session.keep_words(current.encoder, await update.downloader.fetch_object(ref))


def repair_of(update: Update) -> Repair:
    """Return the repair of the update's store, from its host."""
    context = update.context
    return Repair(update.session, context.config, context.course, update.downloader)
