"""The store in one SQLite file (site/content/format.md, section 8).

Every call of SQLite runs in a thread of the store's own, one after another, so that the event loop never
waits for the disk. What two tasks write can therefore not mix; two stores are kept apart by SQLite's locks.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from vademecum.errors import StorageError
from vademecum.ports import Span
from vademecum.runtime.files import real_path
from vademecum.runtime.sqlite.file import FAULTS, WORDS_TABLE, open_database, open_readonly, storage_error, transaction
from vademecum.runtime.sqlite.lock import WriterLock
from vademecum.store.objects import check_spans

T = TypeVar("T")


class SqliteStore:
    """A `Store` in the SQLite file at `path`; made when there is none.

    Args:
        path: The file. Its folder must exist.
        readonly: Only read. Works on a file or medium that cannot be written; needs an installed store.

    Raises:
        EmptyStoreError: `readonly`, and there is no store yet. No file is made.
        NotAStoreError: The file is something else. It is left as it is.
        NewerFormatError: A newer version of vademecum made it.
        StorageError: It cannot be opened.
    """

    def __init__(self, path: str | Path, *, readonly: bool = False) -> None:
        self._path = real_path(path)  # the lock lies beside the file itself, not beside a link to it
        self._readonly = readonly
        self._locks: set[WriterLock] = set()
        self._closed = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="vademecum-store")
        try:
            self._connection = self._worker.submit(self._open).result()
        except BaseException:
            self._worker.shutdown()
            raise

    async def read(self, name: str) -> bytes | None:
        return await self._call(lambda connection: _first(connection, "SELECT value FROM records WHERE name = ?", name))

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        changes = dict(records)
        await self._call(lambda connection: _write(connection, changes))

    async def objects(self) -> Mapping[str, int]:
        return await self._call(lambda connection: dict(connection.execute("SELECT digest, length(data) FROM objects")))

    async def get(self, digest: str) -> bytes | None:
        return await self._call(
            lambda connection: _first(connection, "SELECT data FROM objects WHERE digest = ?", digest)
        )

    async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
        wanted = tuple(spans)
        return await self._call(lambda connection: _parts(connection, digest, wanted))

    async def put(self, digest: str, data: bytes) -> None:
        await self._call(lambda connection: _put(connection, digest, data))

    async def discard(self, digests: Iterable[str]) -> None:
        unwanted = [(digest,) for digest in digests]
        await self._call(lambda connection: _discard(connection, unwanted))

    async def words(self, digest: str) -> bytes | None:
        return await self._call(lambda connection: _words(connection, digest))

    async def keep_words(self, digest: str, words: bytes) -> None:
        await self._call(lambda connection: _keep_words(connection, digest, words))

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, self._let_go)
        finally:
            self._worker.shutdown(wait=False)

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """See `Store.lock`, and lock.py."""
        if self._readonly:
            raise StorageError(f"{self._path}: the store was opened for reading only")
        lock = WriterLock(self._path)
        try:
            self._locks.add(lock)
            await self._call(lambda _: lock.acquire())
            yield
        finally:
            # Queued behind `acquire`, so that a cancelled one is undone too; `close` lets go by itself.
            self._locks.discard(lock)
            if not self._closed:
                await asyncio.shield(self._call(lambda _: lock.release()))

    async def _call(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run `function` on the store's thread, with the errors of SQLite translated."""
        if self._closed:
            raise StorageError(f"{self._path}: this store is closed; open it again")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, function, self._connection)
        except FAULTS as error:
            raise storage_error(error, self._path) from error

    def _open(self) -> sqlite3.Connection:
        try:
            return open_readonly(self._path) if self._readonly else open_database(self._path)
        except FAULTS as error:
            raise storage_error(error, self._path) from error

    def _let_go(self) -> None:
        for lock in self._locks:
            lock.release()
        self._connection.close()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Be the one writer of the store at `path`, without a store: for work on the file itself.

    Raises:
        BusyError: Another writer holds it.
        StorageError: The lock cannot be taken.
    """
    lock = WriterLock(real_path(path))
    try:
        lock.acquire()
    except FAULTS as error:
        raise storage_error(error, path) from error
    try:
        yield
    finally:
        lock.release()


def _first(connection: sqlite3.Connection, query: str, key: str) -> bytes | None:
    row = connection.execute(query, (key,)).fetchone()
    if row is None:
        return None
    # Damage may turn a value into another type; nobody takes it for what it should be.
    return row[0] if isinstance(row[0], bytes) else str(row[0]).encode()


def _write(connection: sqlite3.Connection, records: Mapping[str, bytes | None]) -> None:
    with transaction(connection):
        for name, value in records.items():
            if value is None:
                connection.execute("DELETE FROM records WHERE name = ?", (name,))
            else:
                connection.execute("REPLACE INTO records (name, value) VALUES (?, ?)", (name, value))


def _parts(connection: sqlite3.Connection, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
    row = connection.execute("SELECT rowid FROM objects WHERE digest = ?", (digest,)).fetchone()
    if row is None:
        return None
    with connection.blobopen("objects", "data", row[0], readonly=True) as blob:
        check_spans(digest, len(blob), spans)
        return [_part(blob, span) for span in spans]


def _part(blob: sqlite3.Blob, span: Span) -> bytes:
    blob.seek(span[0])
    return blob.read(span[1])


def _put(connection: sqlite3.Connection, digest: str, data: bytes) -> None:
    with transaction(connection):
        connection.execute("REPLACE INTO objects (digest, data) VALUES (?, ?)", (digest, data))


def _discard(connection: sqlite3.Connection, digests: list[tuple[str]]) -> None:
    with transaction(connection):
        connection.executemany("DELETE FROM objects WHERE digest = ?", digests)
        if _has_words(connection):
            connection.executemany("DELETE FROM words WHERE digest = ?", digests)


def _has_words(connection: sqlite3.Connection) -> bool:
    """Return whether there is a table of words: the first that are kept make it."""
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'words'").fetchone())


def _words(connection: sqlite3.Connection, digest: str) -> bytes | None:
    if not _has_words(connection):
        return None
    return _first(connection, "SELECT data FROM words WHERE digest = ?", digest)


def _keep_words(connection: sqlite3.Connection, digest: str, words: bytes) -> None:
    with transaction(connection):
        connection.execute(WORDS_TABLE)
        connection.execute(
            "REPLACE INTO words (digest, data) SELECT digest, ? FROM objects WHERE digest = ?", (words, digest)
        )
