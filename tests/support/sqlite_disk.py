"""A disk beneath SQLite: a VFS (https://www.sqlite.org/vfs.html) that records and numbers what SQLite does to files.

The store's own code runs on it: `beneath` puts apsw, which lets a VFS be written in Python, in the place of the
module sqlite3, behind an adapter of the few calls that the store makes. So the statements, their order and the
pragmas are those of runtime/sqlite/file.py; the SQLite library is the one that apsw brings (newer than Python's own).

**What "un-synced" means here.** A write, a truncation or a new file is un-synced until `xSync` of its file has
returned; a deletion until it has, if SQLite asked for the folder to be synced, else for good. A power cut after
event N keeps all of that, drops all of it, or tears it: every other one is lost, whatever their order, and
of the last write only every other sector of 512 bytes arrives. SQLite promises to survive exactly that
(https://www.sqlite.org/atomiccommit.html, section 2).
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import apsw

SECTOR = 512
Files = dict[str, bytes]
"""A folder: contents by file name."""


@dataclass(frozen=True)
class Event:
    """One thing that SQLite did to a file. `sure`: a deletion with its folder synced."""

    kind: str
    file: str
    offset: int = 0
    data: bytes = b""
    sure: bool = False


@dataclass
class Disk:
    """Numbers the events of one run, and fails at one of them.

    Attributes:
        at: The event that fails; None: none does.
        fault: `once` or `forever` (input/output errors, of reads too once it has begun) or `full`.
        events: What happened, in order.
    """

    at: int | None = None
    fault: str = "once"
    events: list[Event] = field(default_factory=list)
    asked: int = 0
    struck: bool = False

    def meet(self, event: Event) -> None:
        """Record an event, or fail in its place; a write that fails has come half-way."""
        number = self.asked
        self.asked += 1
        if not self._fails(number, event.kind):
            self.events.append(event)
            return
        self.struck = True
        if event.kind == "write" and self.fault != "full":  # see _File.xWrite
            self.events.append(Event("write", event.file, event.offset, event.data[: len(event.data) // 2]))
        raise _failure("full" if self.fault == "full" else event.kind)

    def read(self) -> None:
        if self.struck and self.fault == "forever":
            raise _failure("read")

    def _fails(self, number: int, kind: str) -> bool:
        if self.at is None or number < self.at:
            return False
        if self.fault == "full":
            return kind == "write"
        return self.fault == "forever" or number == self.at


_CODES = {
    "read": apsw.SQLITE_IOERR_READ,
    "write": apsw.SQLITE_IOERR_WRITE,
    "sync": apsw.SQLITE_IOERR_FSYNC,
    "truncate": apsw.SQLITE_IOERR_TRUNCATE,
    "delete": apsw.SQLITE_IOERR_DELETE,
    "create": apsw.SQLITE_CANTOPEN,
    "full": apsw.SQLITE_FULL,
}


def _failure(kind: str) -> apsw.Error:
    classes = {"full": apsw.FullError, "create": apsw.CantOpenError}
    error = classes.get(kind, apsw.IOError)(f"{kind}: the disk fails")
    error.extendedresult = _CODES[kind]  # type: ignore[attr-defined]  # what SQLite is told
    return error


def after_power_cut(start: Files, events: Sequence[Event], damage: str) -> Files:
    """Return the files that a restart finds after `events`."""
    files = {name: bytearray(data) for name, data in start.items()}
    loose: list[Event] = []
    for event in events:
        if event.kind == "sync":
            for synced in loose:
                if synced.file == event.file:
                    _apply(files, synced)
            loose = [other for other in loose if other.file != event.file]
        elif event.sure:
            loose = [other for other in loose if other.file != event.file]
            _apply(files, event)
        else:
            loose.append(event)
    for event in _surviving(loose, damage, parity=len(events) % 2):
        _apply(files, event)
    return {name: bytes(data) for name, data in files.items()}


def _surviving(loose: list[Event], damage: str, parity: int) -> Iterator[Event]:
    """`parity` chooses which every other: over the events of a run both halves are tried."""
    if damage == "dropped":
        return
    undeleted: set[str] = set()
    for number, event in enumerate(loose):
        if event.file in undeleted:
            continue  # what was made anew under that name is another file, and nobody finds it
        if damage == "kept" or number % 2 == parity:
            yield event
        elif event.kind == "delete":
            undeleted.add(event.file)
        elif number == len(loose) - 1 and event.kind == "write":
            for offset in range(0, len(event.data), 2 * SECTOR):
                yield Event("write", event.file, event.offset + offset, event.data[offset : offset + SECTOR])


def _apply(files: dict[str, bytearray], event: Event) -> None:
    if event.kind == "delete":
        files.pop(event.file, None)
        return
    data = files.setdefault(event.file, bytearray())
    if event.kind == "truncate":
        del data[event.offset :]
    elif event.kind == "write":
        data.extend(bytes(max(0, event.offset - len(data))))
        data[event.offset : event.offset + len(event.data)] = event.data


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._disk = disk
        self._name = None if path is None else Path(path).name
        new = path is not None and not Path(path).exists() and bool(flags[0] & apsw.SQLITE_OPEN_CREATE)
        super().__init__("", name, flags)
        if new:
            self._meet("create")

    def _meet(self, kind: str, offset: int = 0, data: bytes = b"") -> None:
        if self._name is not None and not self._name.endswith("-lock"):
            self._disk.meet(Event(kind, self._name, offset, data))

    def xRead(self, amount: int, offset: int) -> bytes:
        self._disk.read()
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        try:
            self._meet("write", offset, bytes(data))
        except apsw.IOError:
            super().xWrite(bytes(data)[: len(data) // 2], offset)  # half-way, as it was recorded
            raise
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._meet("truncate", newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        """Nothing reaches the real disk sooner for a test."""
        self._meet("sync")


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        self._disk = disk
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._disk.meet(Event("delete", Path(filename).name, sure=bool(syncdir)))
        super().xDelete(filename, syncdir)


class _Rows(list[Any]):
    def fetchone(self) -> Any:
        return self[0] if self else None

    def fetchall(self) -> list[Any]:
        return self


class _Blob:
    """The calls of `sqlite3.Blob` that the store makes."""

    def __init__(self, blob: apsw.Blob) -> None:
        self._blob = blob

    def __len__(self) -> int:
        return self._blob.length()

    def __enter__(self) -> _Blob:
        return self

    def __exit__(self, *_: object) -> None:
        self._blob.close()

    def seek(self, offset: int) -> None:
        with _as_sqlite3():
            self._blob.seek(offset)

    def read(self, length: int) -> bytes:
        with _as_sqlite3():
            return self._blob.read(length)


class _Connection:
    """The calls of `sqlite3.Connection` that the store makes."""

    def __init__(self, uri: str, vfs: str, journal: str) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        self._journal = journal
        with _as_sqlite3():
            self._connection = apsw.Connection(uri, flags=flags, vfs=vfs)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> _Rows:
        if statement == "PRAGMA journal_mode = WAL":
            statement = f"PRAGMA journal_mode = {self._journal}"
        with _as_sqlite3():
            return _Rows(self._connection.execute(statement, values))

    def executemany(self, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
        with _as_sqlite3():
            self._connection.executemany(statement, values)

    def blobopen(self, table: str, column: str, row: int, *, readonly: bool) -> _Blob:
        with _as_sqlite3():
            return _Blob(self._connection.blob_open("main", table, column, row, not readonly))

    def backup(self, target: _Connection, *, progress: Callable[[int, int, int], None]) -> None:
        with _as_sqlite3():
            backup = target._connection.backup("main", self._connection, "main")
            try:
                backup.step(-1)
            finally:
                backup.close(True)  # what fails here has failed in the step already
        progress(sqlite3.SQLITE_DONE, 0, 0)

    def close(self) -> None:
        """As in C, closing does not fail; apsw would tell what a file said meanwhile."""
        with contextlib.suppress(apsw.Error):
            self._connection.close()


class _Sqlite3:
    """The module sqlite3, but for `connect`."""

    def __init__(self, vfs: str, journal: str) -> None:
        self._vfs = vfs
        self._journal = journal

    def connect(self, database: str, **options: Any) -> _Connection:
        return _Connection(str(database), self._vfs, self._journal)

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)


@contextmanager
def _as_sqlite3() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raised = sqlite3.OperationalError(str(error))
        raised.sqlite_errorcode = error.extendedresult  # type: ignore[attr-defined]
        codes: Mapping[Any, Any] = {**apsw.mapping_result_codes, **apsw.mapping_extended_result_codes}
        raised.sqlite_errorname = codes.get(raised.sqlite_errorcode, "SQLITE_ERROR")
        raise raised from error


_numbers = itertools.count()


@contextmanager
def beneath(disk: Disk, journal: str = "WAL") -> Iterator[None]:
    """Inside, stores are opened on `disk`. `journal`: WAL, or DELETE for a file system that cannot do WAL."""
    name = f"faulty-{next(_numbers)}"
    vfs = _Vfs(name, disk)
    module = _Sqlite3(name, journal)
    try:
        with (
            mock.patch("vademecum.runtime.sqlite.store.sqlite3", module),
            mock.patch("vademecum.runtime.sqlite.file.sqlite3", module),
            mock.patch("vademecum.runtime.sqlite.lock.sqlite3", module),
        ):
            yield
    finally:
        vfs.unregister()
