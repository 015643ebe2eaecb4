"""The store in memory: for builders, which keep nothing, and for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from vademecum.errors import BusyError, StorageError
from vademecum.ports import Span
from vademecum.store.objects import check_spans


@dataclass
class MemoryDatabase:
    """What several `MemoryStore`s share, as several connections share one file."""

    records: dict[str, bytes] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    words: dict[str, bytes] = field(default_factory=dict)
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
            database.words.pop(digest, None)

    async def words(self, digest: str) -> bytes | None:
        return self._database().words.get(digest)

    async def keep_words(self, digest: str, words: bytes) -> None:
        database = self._database()
        if digest in database.objects:
            database.words[digest] = words

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
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
