"""Where a client's store lies: in memory, or in a SQLite file. A call of the engine is made on it, with a fault."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from support.faults import Crash
from support.sqlite_restart import NAME, Files, read_files, torn, write_files
from support.storage_faults import NumberedStore, after_power_cut
from vademecum.errors import VademecumError
from vademecum.ports import Store
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.runtime.sqlite.store import SqliteStore

Call = Callable[[Store], Awaitable[object]]


@dataclass(frozen=True)
class Fault:
    """What happens at the operation `at` of a call.

    Attributes:
        kind: `crash`, `cancel`, or one of storage_faults.FAULTS.
        damage: What becomes of un-synced writes; see storage_faults.py.
    """

    kind: str
    at: int
    damage: str


@dataclass(frozen=True)
class End:
    """How a call ended.

    Attributes:
        error: One of ours, or None.
        cut: The process died, or was cancelled.
        struck: The fault was met.
    """

    error: VademecumError | None = None
    cut: bool = False
    struck: bool = False


class Disk(Protocol):
    async def play(self, call: Call, fault: Fault | None) -> End: ...

    def open(self) -> AbstractAsyncContextManager[Store]:
        """Open the store, as a new process does."""
        ...


class _Opened:
    """A store that is closed at the end."""

    def __init__(self, make: Callable[[], Store]) -> None:
        self._make = make

    async def __aenter__(self) -> Store:
        self._store = self._make()
        return self._store

    async def __aexit__(self, *error: object) -> None:
        await self._store.close()


class MemoryDisk:
    def __init__(self) -> None:
        self.database = MemoryDatabase()

    def open(self) -> AbstractAsyncContextManager[Store]:
        return _Opened(lambda: MemoryStore(self.database))

    async def play(self, call: Call, fault: Fault | None) -> End:
        start = self.database
        self.database = MemoryDatabase(dict(start.records), dict(start.objects))
        store = _numbered(MemoryStore(self.database), fault, lambda number: None)
        end = await _ended(call, store, fault)
        if fault is not None and end.struck and fault.kind == "crash":
            self.database = after_power_cut(start, store.asked[: fault.at], store.asked[fault.at], fault.damage)
        return end


class SqliteDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def open(self) -> AbstractAsyncContextManager[Store]:
        return _Opened(lambda: SqliteStore(self.folder / NAME))

    async def play(self, call: Call, fault: Fault | None) -> End:
        shots: list[Files] = []
        crash = fault is not None and fault.kind == "crash"
        real = SqliteStore(self.folder / NAME)

        def look(number: int) -> None:
            if fault is not None and crash and number in (fault.at, fault.at + 1):
                shots.append(read_files(self.folder))

        # A crash that loses nothing, or half, is seen from the operation after.
        late = 1 if crash and fault is not None and fault.damage != "dropped" else 0
        store = _numbered(real, fault, look, late)
        try:
            end = await _ended(call, store, fault)
        finally:
            await real.close()
        if crash and fault is not None and end.struck:
            write_files(self.folder, _left(shots, fault.damage))
        return end

    def remove(self) -> None:
        shutil.rmtree(self.folder)


def _left(shots: list[Files], damage: str) -> Files:
    if damage == "torn" and len(shots) == 2 and shots[0].get(NAME) == shots[1].get(NAME):
        return torn(*shots)
    return shots[-1]


def _numbered(store: Store, fault: Fault | None, look: Callable[[int], None], late: int = 0) -> NumberedStore:
    """Return a store that meets the fault. After a crash nothing works; a cancellation comes once."""

    def before(number: int) -> None:
        look(number)
        if fault is not None and fault.kind == "crash" and number >= fault.at + late:
            raise Crash
        if fault is not None and fault.kind == "cancel" and number == fault.at:
            raise asyncio.CancelledError

    if fault is None or fault.kind in ("crash", "cancel"):
        return NumberedStore(store, before=before)
    return NumberedStore(store, fault.at, fault.kind, fault.damage, before)


async def _ended(call: Call, store: NumberedStore, fault: Fault | None) -> End:
    try:
        await call(store)
    except VademecumError as error:
        return End(error, struck=store.struck)
    except (Crash, asyncio.CancelledError):
        return End(cut=True, struck=True)
    return End(struck=store.struck)
