"""What is broken on this device: found and begun anew, or repaired (integrity/repair.py) apart from an update."""

from __future__ import annotations

from dataclasses import replace

from vademecum.errors import ContentError, SelfTestError, StoreError
from vademecum.format.manifest import Manifest
from vademecum.generation.staged import stage_generation
from vademecum.integrity.repair import Repaired
from vademecum.log import logger
from vademecum.ports import Store
from vademecum.store.objects import unsound
from vademecum.store.pointer import Generation, Head
from vademecum.store.records import damaged
from vademecum.store.session import Session
from vademecum.trust.floor import drop_if_damaged
from vademecum.update.following import repair_of
from vademecum.update.run import EngineRuns


async def drop_forged(session: Session) -> None:
    """Drop the pointer if the installed segments are not the signed state.

    Segments that the manifest names need no check. Those that were made here are read whole, once, and the result is
    noted. What is lost or damaged is left to a repair.
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
    """Repair all that is broken. Errors: see `Engine.repair`."""
    async with runs.locked() as session, runs.asking(session, patient=False) as update:

        async def manifest() -> Manifest:
            return await update.manifest((await update.refresh(runs.root))[0])

        return await repair_of(update).run(manifest)


async def drop_damaged(runs: EngineRuns) -> None:
    """Drop the records that cannot be read: the pointer, the trust floor, and the small ones."""
    async with runs.locked() as session:
        session.drop_damaged_pointer()
        await drop_if_damaged(session, runs.context.clock.now())
        await session.write(dict.fromkeys(await damaged(session)))


async def what_does_not_work(store: Store) -> tuple[Generation, SelfTestError] | None:
    """Return the installed release and why it does not work here, if its objects are sound and it does not; else
    None."""
    current = (await Session.begin(store)).pointer.current
    if current is None or await unsound(store, sorted(current.objects)):
        return None
    try:
        (await stage_generation(store, current)).self_test()
    except SelfTestError as error:
        return current, error
    return None
