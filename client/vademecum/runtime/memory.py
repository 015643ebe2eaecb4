"""The ports in memory: what most tests run on, and the shortest statement of what each port means."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from vademecum.errors import BusyError, ContentError, ServerError, StorageError, UsageError, VademecumError
from vademecum.ports import Body, Progress, Span
from vademecum.store.spans import check_spans
from vademecum.transport.paths import check_path


@dataclass
class MemoryDatabase:
    """What several `MemoryStore`s share, as several connections share one file."""

    records: dict[str, bytes] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    locked: bool = False


class MemoryStore:
    """A `Store` over a `MemoryDatabase`: its own, unless one is given."""

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        self._shared = database if database is not None else MemoryDatabase()
        self._closed = False

    async def read(self, name: str) -> bytes | None:
        return self._database().records.get(name)

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        database = self._database()
        for name, value in records.items():
            if value is not None and not isinstance(value, bytes):
                raise UsageError(f"record {name!r}: expected bytes or None, got {type(value).__name__}")
        changed = {**database.records, **records}
        database.records = {name: value for name, value in changed.items() if value is not None}

    async def objects(self) -> Mapping[str, int]:
        return {digest: len(data) for digest, data in self._database().objects.items()}

    async def get(self, digest: str) -> bytes | None:
        return self._database().objects.get(digest)

    async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
        data = self._database().objects.get(digest)
        if data is None:
            return None
        check_spans(digest, len(data), spans)
        return [data[at : at + length] for at, length in spans]

    async def put(self, digest: str, data: bytes) -> None:
        self._database().objects[digest] = data

    async def discard(self, digests: Iterable[str]) -> None:
        database = self._database()
        for digest in digests:
            database.objects.pop(digest, None)

    def lock(self) -> AbstractAsyncContextManager[None]:
        return self._hold()

    @asynccontextmanager
    async def _hold(self) -> AsyncIterator[None]:
        database = self._database()
        if database.locked:
            raise BusyError("another writer is updating this store; try again when it is done")
        database.locked = True
        try:
            yield
        finally:
            database.locked = False

    async def close(self) -> None:
        self._closed = True

    def _database(self) -> MemoryDatabase:
        if self._closed:
            raise StorageError("this store is closed; open it again")
        return self._shared


class MemoryTransport:
    """A `Transport` over a mapping from path to bytes; an error in place of bytes is raised.

    The mapping is read at each fetch, so that a test may publish, damage or remove files as it goes.

    Attributes:
        requests: The paths asked for, in order, answered or not.
    """

    def __init__(self, files: Mapping[str, bytes | VademecumError]) -> None:
        self._files = files
        self.requests: list[str] = []

    async def fetch(
        self,
        path: str,
        *,
        limit: int,
        fresh: bool = False,  # noqa: ARG002 - there is no cache to go past
        progress: Progress | None = None,
    ) -> Body:
        self.requests.append(check_path(path))
        data = self._files.get(path)
        if data is None:
            raise ServerError(f"{path}: there is no such file", status=404)
        if isinstance(data, VademecumError):
            raise data
        if len(data) > limit:
            raise ContentError(f"{path}: more than the {limit} bytes allowed")
        if progress is not None:
            progress(len(data))
        return Body(data, transferred=len(data))

    async def close(self) -> None:
        pass


class FixedClock:
    """A `Clock` that moves only when it is told to, or when somebody sleeps.

    Attributes:
        slept: The sleeps asked for, in seconds, in order.
    """

    def __init__(self, now: datetime, jitter: float = 0.5) -> None:
        if now.tzinfo is None:
            raise UsageError("a clock needs an aware datetime, such as datetime(2026, 1, 1, tzinfo=UTC)")
        self._now = now
        self._jitter = jitter
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock; negative seconds turn it back."""
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def jitter(self) -> float:
        return self._jitter
