"""Faults of storage, through the port: every operation of any `Store` has a number, and fails at it on purpose.

**What "un-synced" means.** The port promises that when `write` returns, its records and every object put before
it survive a power cut. So after a power cut at operation N, what was put or discarded since the last `write`,
and the operation in flight, may be there or not. Three damage modes stand for all that a disk may do:

- `kept`: all of it happened, the operation in flight too; only its answer was lost;
- `dropped`: none of it happened;
- `torn`: every other one happened, in reverse order, and an object that was being put is half data, half zeros,
  under its right name. A `write` is atomic by contract: it is there whole, or not at all.

In memory that is played out here (`after_power_cut`). In SQLite each call is a transaction of its own, synced
before it returns: nothing but the call in flight is un-synced; test_sqlite_faults.py and test_sqlite_power.py
tear the file itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from vademecum.errors import QuotaError, StorageError
from vademecum.ports import Span, Store
from vademecum.runtime.memory import MemoryDatabase

T = TypeVar("T")

DAMAGES = ("kept", "dropped", "torn")
FAULTS = ("once", "forever", "full")
"""An input/output error once; one from then on; a disk that takes nothing more from then on."""


@dataclass(frozen=True)
class Put:
    digest: str
    data: bytes

    def apply(self, database: MemoryDatabase) -> None:
        database.objects[self.digest] = self.data

    def torn(self) -> Change | None:
        half = len(self.data) // 2
        return Put(self.digest, self.data[:half] + bytes(len(self.data) - half))


@dataclass(frozen=True)
class Discard:
    digests: tuple[str, ...]

    def apply(self, database: MemoryDatabase) -> None:
        for digest in self.digests:
            database.objects.pop(digest, None)

    def torn(self) -> Change | None:
        return Discard(self.digests[: len(self.digests) // 2])


@dataclass(frozen=True)
class Write:
    records: Mapping[str, bytes | None]

    def apply(self, database: MemoryDatabase) -> None:
        for name, value in self.records.items():
            if value is None:
                database.records.pop(name, None)
            else:
                database.records[name] = value

    def torn(self) -> Change | None:
        return None


Change = Put | Discard | Write


@dataclass(frozen=True)
class Operation:
    """One call of the store. `change`: what it changes; None for one that only reads or locks."""

    name: str
    change: Change | None = None


def after_power_cut(
    start: MemoryDatabase, done: Sequence[Operation], flying: Operation | None, damage: str
) -> MemoryDatabase:
    """Return what a restart finds after `done`, with the operation `flying` cut off."""
    changes = [operation.change for operation in done if operation.change is not None]
    synced = max((n + 1 for n, change in enumerate(changes) if isinstance(change, Write)), default=0)
    loose: list[Change] = changes[synced:]
    if flying is not None and flying.change is not None:
        loose.append(flying.change)
    found = MemoryDatabase(dict(start.records), dict(start.objects))
    for change in [*changes[:synced], *_surviving(loose, damage)]:
        change.apply(found)
    return found


def _surviving(loose: list[Change], damage: str) -> list[Change]:
    if damage == "kept":
        return loose
    if damage == "dropped":
        return []
    torn = (change.torn() for change in loose[::-2])
    return [change for change in torn if change is not None]


class NumberedStore:
    """A store whose operations are numbered from 0, and recorded as they happen.

    Args:
        at: The operation that fails; None: none does.
        fault: One of FAULTS.
        damage: What the failing operation has changed all the same, as above.
        before: Called before each operation with its number.

    Attributes:
        asked: The operations asked for, in order.
        done: What happened: the same, but for the faults.
        struck: Whether the fault was met.
    """

    def __init__(
        self,
        store: Store,
        at: int | None = None,
        fault: str = "once",
        damage: str = "dropped",
        before: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._store = store
        self._at = at
        self._fault = fault
        self._damage = damage
        self._before = before
        self.asked: list[Operation] = []
        self.done: list[Operation] = []
        self.struck = False

    async def read(self, name: str) -> bytes | None:
        return await self._operate(Operation("read"), lambda: self._store.read(name))

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        await self._change(Operation("write", Write(dict(records))))

    async def objects(self) -> Mapping[str, int]:
        return await self._operate(Operation("objects"), self._store.objects)

    async def get(self, digest: str) -> bytes | None:
        return await self._operate(Operation("get"), lambda: self._store.get(digest))

    async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
        return await self._operate(Operation("parts"), lambda: self._store.parts(digest, spans))

    async def put(self, digest: str, data: bytes) -> None:
        await self._change(Operation("put", Put(digest, data)))

    async def discard(self, digests: Iterable[str]) -> None:
        await self._change(Operation("discard", Discard(tuple(digests))))

    async def words(self, digest: str) -> bytes | None:
        return await self._operate(Operation("words"), lambda: self._store.words(digest))

    async def keep_words(self, digest: str, words: bytes) -> None:
        await self._operate(Operation("keep_words"), lambda: self._store.keep_words(digest, words))

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        await self._operate(Operation("lock"), _nothing)
        async with self._store.lock():
            yield

    async def close(self) -> None:
        await self._store.close()

    async def _change(self, operation: Operation) -> None:
        change = operation.change
        assert change is not None
        await self._operate(operation, lambda: _carry_out(self._store, change))

    async def _operate(self, operation: Operation, do: Callable[[], Awaitable[T]]) -> T:
        number = len(self.asked)
        self.asked.append(operation)
        self._before(number)
        if not self._fails(number, operation):
            result = await do()
            self.done.append(operation)
            return result
        self.struck = True
        if operation.change is not None and number == self._at:
            for change in _surviving([operation.change], self._damage):
                await _carry_out(self._store, change)
                self.done.append(Operation(operation.name, change))
        if self._fault == "full":
            raise QuotaError(f"operation {number}, {operation.name}: the disk is full")
        raise StorageError(f"operation {number}, {operation.name}: input/output error")

    def _fails(self, number: int, operation: Operation) -> bool:
        if self._at is None or number < self._at:
            return False
        if self._fault == "full":
            return isinstance(operation.change, Put | Write)
        return self._fault == "forever" or number == self._at


def damages_of(operation: Operation) -> tuple[str, ...]:
    """Return the damage modes that differ for an operation that fails."""
    if operation.change is None:
        return ("dropped",)
    return DAMAGES if operation.change.torn() is not None else ("kept", "dropped")


async def _nothing() -> None:
    """A lock is taken after it was counted."""


async def _carry_out(store: Store, change: Change) -> None:
    match change:
        case Put(digest, data):
            await store.put(digest, data)
        case Discard(digests):
            await store.discard(digests)
        case Write(records):
            await store.write(records)
