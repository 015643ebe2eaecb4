"""Inspection of a store (fsck): everything is read and verified, offline; nothing is written."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime

from vademecum.errors import DamagedError, EquivocationError, NewerFormatError, RestartedError, VademecumError, counted
from vademecum.generation.staged import stage_generation
from vademecum.integrity.scrub import Scrubbed, scrub
from vademecum.ports import Store
from vademecum.store.pointer import Generation, Head
from vademecum.store.records import SYNC, damaged
from vademecum.store.session import Session
from vademecum.trust.floor import PIN, is_first_use, judge, read_floor

CHANNEL = "channel"
"""The finding that is about the publisher, and not about this store."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, whether it is sound, and what was found."""

    name: str
    sound: bool
    message: str


async def examine(store: Store, now: datetime) -> list[Finding]:
    """Look at the pointer, the objects, the releases, the trust floor, the other records, and what nobody names.

    Raises:
        NewerFormatError: A newer version wrote the pointer: nothing of it can be judged.
    """
    pointer, head = await _pointer(store)
    findings = [pointer]
    scrubbed = Scrubbed()
    try:
        scrubbed = await scrub(store, head.objects)
        findings.append(_objects(scrubbed))
        findings += [
            await _judged(name, _release(store, generation))
            for name, generation in (("release", head.current), ("previous", head.previous))
            if generation is not None and not generation.objects & {*scrubbed.broken}
        ]
        left = len((await store.objects()).keys() - head.objects)
        told = f"{left} objects that nobody names; the next update sweeps them" if left else "none"
        findings.append(Finding("leftovers", True, told))
    except VademecumError as error:
        findings.append(Finding("objects", False, error.message))
    findings.append(await _judged("trust", _trust(store, now)))
    findings.append(await _judged("records", _records(store)))
    noted = (await SYNC.read(store)).error
    if noted is not None and noted.code in (EquivocationError.code, RestartedError.code):
        findings.append(Finding(CHANNEL, False, noted.message))
    return findings


async def _judged(name: str, judgement: Awaitable[str]) -> Finding:
    try:
        return Finding(name, True, await judgement)
    except VademecumError as error:
        return Finding(name, False, error.message)


async def _pointer(store: Store) -> tuple[Finding, Head]:
    try:
        session = await Session.begin(store)
        head = session.pointer
    except NewerFormatError:
        raise
    except VademecumError as error:
        return Finding("pointer", False, error.message), Head()
    if head.current is None:
        return Finding("pointer", False, "nothing is installed"), head
    told = f"release {head.current.sequence} ({head.current.version})"
    lost = "; its signed manifest is not here: the next update fetches it" if session.unkept() else ""
    return Finding("pointer", True, f"{told}{lost}"), head


def _objects(found: Scrubbed) -> Finding:
    if not found.broken:
        return Finding("objects", True, f"{counted(found.checked, 'objects')}, {found.bytes} bytes: as they should be")
    names = ", ".join(digest[:12] for digest in found.broken)
    return Finding("objects", False, f"{len(found.missing)} missing, {len(found.rotten)} damaged: {names}")


async def _release(store: Store, generation: Generation) -> str:
    if generation.revoked:
        raise DamagedError(f"release {generation.sequence} was signed by keys that are revoked: an update replaces it")
    staged = await stage_generation(store, generation)
    if await staged.digest() != generation.digest:
        raise DamagedError(f"release {generation.sequence}: the state digest is not the signed one")
    staged.self_test()
    held = f"{counted(generation.documents, 'documents')}, {counted(generation.chunks, 'chunks')}"
    return f"{held}: state digest and self-test are right"


async def _trust(store: Store, now: datetime) -> str:
    records = await read_floor(store)
    trust, damaged = judge(records, now)
    for message in damaged.values():
        raise DamagedError(message)
    if trust is None:
        return "nothing is trusted yet"
    return f"root {trust.root_version}, {'seen first' if is_first_use(records.get(PIN)) else 'as the app ships it'}"


async def _records(store: Store) -> str:
    names = await damaged(store)
    if names:
        raise DamagedError(f"not what was written: {', '.join(names)}")
    return "all can be read"
