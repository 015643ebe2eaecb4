"""Ports that fail on purpose: at the n-th operation, by a crash or by a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from vademecum.errors import QuotaError
from vademecum.ports import Body, Progress, Span, Store, Transport
from vademecum.runtime.memory import MemoryDatabase, MemoryStore


class Crash(BaseException):
    """The process dies here."""


class Fuse:
    """Counts the operations of all ports of one run, and blows before the operation with number `at`.

    Attributes:
        burnt: Operations so far.
    """

    def __init__(self, at: int | None, blow: Callable[[], None]) -> None:
        self._at = at
        self._blow = blow
        self.burnt = 0

    async def burn(self) -> None:
        await asyncio.sleep(0)
        if self.burnt == self._at:
            self._blow()
            await asyncio.sleep(0)  # where a cancellation arrives
        self.burnt += 1


def crash_at(at: int | None) -> Fuse:
    """Return a fuse after which nothing works any more."""
    dead = False

    def die() -> None:
        nonlocal dead
        dead = True
        raise Crash

    class _Once(Fuse):
        async def burn(self) -> None:
            if dead:  # what a dying process still tries on its way out does not happen
                raise Crash
            await super().burn()

    return _Once(at, die)


def cancel_at(at: int | None) -> Fuse:
    """Return a fuse that cancels the current task; to be made inside that task."""
    task = asyncio.current_task()
    assert task is not None

    def cancel() -> None:
        assert task is not None
        task.cancel()

    return Fuse(at, cancel)


class FusedStore:
    """A `MemoryStore` whose every operation burns the fuse first."""

    def __init__(self, database: MemoryDatabase, fuse: Fuse) -> None:
        self._store: Store = MemoryStore(database)
        self._fuse = fuse

    async def read(self, name: str) -> bytes | None:
        await self._fuse.burn()
        return await self._store.read(name)

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        await self._fuse.burn()
        await self._store.write(records)

    async def objects(self) -> Mapping[str, int]:
        await self._fuse.burn()
        return await self._store.objects()

    async def get(self, digest: str) -> bytes | None:
        await self._fuse.burn()
        return await self._store.get(digest)

    async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
        await self._fuse.burn()
        return await self._store.parts(digest, spans)

    async def put(self, digest: str, data: bytes) -> None:
        await self._fuse.burn()
        await self._store.put(digest, data)

    async def discard(self, digests: Iterable[str]) -> None:
        await self._fuse.burn()
        await self._store.discard(digests)

    async def words(self, digest: str) -> bytes | None:
        await self._fuse.burn()
        return await self._store.words(digest)

    async def keep_words(self, digest: str, words: bytes) -> None:
        await self._fuse.burn()
        await self._store.keep_words(digest, words)

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        await self._fuse.burn()
        async with self._store.lock():
            yield

    async def close(self) -> None:
        await self._store.close()


class FusedTransport:
    """A transport whose every request burns the fuse first."""

    def __init__(self, transport: Transport, fuse: Fuse) -> None:
        self._transport = transport
        self._fuse = fuse

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        await self._fuse.burn()
        return await self._transport.fetch(path, limit=limit, fresh=fresh, progress=progress)

    async def close(self) -> None:
        await self._transport.close()


class FullStore(MemoryStore):
    """A store with room for so many bytes of objects."""

    def __init__(self, database: MemoryDatabase, room: int) -> None:
        super().__init__(database)
        self.room = room
        self.puts = 0

    async def put(self, digest: str, data: bytes) -> None:
        if sum((await self.objects()).values()) + len(data) > self.room:
            raise QuotaError("the disk is full")
        await super().put(digest, data)
        self.puts += 1
