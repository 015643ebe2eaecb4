"""The doctor: examines a whole store, and repairs it with as few downloads as possible.

A file that SQLite calls malformed is set aside first (runtime/sqlite/rescue.py); then records that cannot be read are
begun anew, the pointer too; then, in the order of integrity/treatment.py, what is broken is fetched
(integrity/repair.py); then a release that is whole and does not work here is undone, and the channel followed; and a
whole download is the last resort.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from vademecum.engine import Engine
from vademecum.errors import BusyError, ContentError, DamagedError
from vademecum.integrity.inspection import Finding, examine
from vademecum.integrity.treatment import Diagnosis, Prepared, treat
from vademecum.log import logger
from vademecum.runtime.sqlite.rescue import Rescued, file_fault, rescue, set_aside
from vademecum.runtime.sqlite.store import SqliteStore, writing
from vademecum.store.pointer import decode_head
from vademecum.store.records import POLICY
from vademecum.trust.floor import RECORDS, ROOT, judge

HEAD = "head"
Engines = Callable[[Callable[[Engine], Awaitable[object]]], Awaitable[object]]
"""Calls a function with an engine over the store, online."""


async def diagnose(path: Path, now: datetime) -> tuple[Finding, ...]:
    """Examine the store at `path`; nothing is written.

    Raises:
        EmptyStoreError, NotAStoreError, NewerFormatError: There is no store of ours that could be examined.
        StorageError: It cannot be opened, and not because it is damaged.
    """
    if path.exists() and path.is_file() and path.stat().st_size:
        fault = file_fault(path)
        if fault is not None:
            return (Finding("file", False, f"SQLite calls it damaged: {fault}"),)
    store = SqliteStore(path, readonly=True)
    try:
        found = (Finding("file", True, "passes SQLite's integrity check"), *await examine(store, now))
    finally:
        await store.close()
    aside = set_aside(path)
    told = f"{aside}: a damaged file of earlier; delete it at will"
    return (*found, Finding("aside", True, told)) if aside.exists() else found


async def examine_and_mend(path: Path, now: datetime, online: Engines) -> Diagnosis:
    """Examine the store at `path`, and mend what is broken.

    Args:
        online: Calls a function with an engine over the store.

    Raises:
        VademecumError: See `diagnose`. What goes wrong while mending is a finding.
    """

    def prepare(before: Sequence[Finding]) -> Prepared:
        if before[0].sound:
            return Prepared()
        saved = begin_anew(path, now)
        return Prepared(str(saved.aside), (Finding("rescue", True, _rescue_text(saved)),))

    return await treat(
        lambda: diagnose(path, now), lambda whole: online(lambda engine: engine.heal(whole=whole)), prepare
    )


def begin_anew(path: Path, now: datetime, *, unasked: bool = False) -> Rescued:
    """Set a damaged file aside; keep the pointer, the trust floor and the choices, as far as they are sound.

    Args:
        unasked: Not where trust would begin anew: that is for somebody to decide.

    Raises:
        BusyError: Another process is updating the store, or, `unasked`, has mended it: a sound file is not set aside.
        StorageError, QuotaError: It cannot be written, or trust would begin anew; nothing has changed.
    """

    def sound(records: Mapping[str, bytes]) -> dict[str, bytes]:
        trust, damaged = judge({name: records[name] for name in RECORDS if name in records}, now)
        if unasked and trust is None:
            return {}
        kept = {} if trust is None else {name: data for name, data in records.items() if name not in damaged}
        kept.pop(HEAD, None)
        with suppress(ContentError, KeyError):
            decode_head(records[HEAD])
            kept[HEAD] = records[HEAD]
        with suppress(DamagedError, KeyError):
            POLICY.parse(records[POLICY.name])
            kept[POLICY.name] = records[POLICY.name]
        return kept

    with writing(path):
        if unasked and file_fault(path) is None:
            raise BusyError(f"{path}: another process has just repaired the store; try again")
        saved = rescue(path, (HEAD, POLICY.name, *RECORDS), sound, empty=not unasked)
    logger.warning("%s was damaged: %s", path, _rescue_text(saved))
    return saved


def _rescue_text(saved: Rescued) -> str:
    kept = ROOT in saved.records
    floor = "the trust floor was kept" if kept else "the trust floor could not be read: trust starts over"
    return f"{floor}; the rest is fetched anew; the damaged file is {saved.aside}"
