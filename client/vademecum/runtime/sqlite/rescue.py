"""A file that SQLite calls malformed: what is wrong with it, and a new store in its place.

The damaged file is copied aside with its log, and never changed there. SQLite has no checksums, so of its records just
those go along that the caller judges to be sound; all else is fetched anew. The new content is written over the old one
by SQLite's own backup, in one transaction: whatever comes between, what opens is the old state with its log or the new
one, and whoever has the file open reads one of the two. No file is renamed or replaced.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from vademecum.errors import BusyError, NotAStoreError, StorageError
from vademecum.runtime.files import real_path
from vademecum.runtime.sqlite.file import (
    APPLICATION_ID,
    FAULTS,
    TABLES,
    connect,
    is_damage,
    open_database,
    open_readonly,
    storage_error,
    transaction,
)

Records = Mapping[str, bytes]

_LOGS = ("-wal", "-journal")
_SIGNS = tuple(table.encode() for table in TABLES)
"""What a store of ours has on its first page, and other files have not."""
_WAL_MODE, _OTHER_MODE = b"\2\2", b"\1\1"
_PAGE = 4096
_FINDINGS = 64
_NAMES = "SELECT name FROM records UNION ALL SELECT digest FROM objects"
_WAYS = ("NOT INDEXED", "INDEXED BY sqlite_autoindex_records_1")
"""To a record: where the table is broken, its index may lead there, and the other way round."""


@dataclass(frozen=True)
class Rescued:
    """What became of a damaged file.

    Attributes:
        aside: Where it lies now, in place of an earlier one; its log, if it had one, lies beside it.
        records: Names of the records that went along.
    """

    aside: Path
    records: tuple[str, ...]


def file_fault(path: Path) -> str | None:
    """Return what SQLite finds wrong with the file of a store; None if it is sound.

    Raises:
        NotAStoreError: Nothing says that the file ever was a store.
        EmptyStoreError, NewerFormatError: See `open_readonly`.
        StorageError: It cannot be read.
    """
    path = real_path(path)
    try:
        with closing(open_readonly(path)) as connection:
            found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_FINDINGS})")]
            tables = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master")}
            if found == ["ok"] and tables.issuperset(TABLES):
                connection.execute(_NAMES).fetchall()  # Python refuses what is no text
        if found != ["ok"]:
            return "; ".join(" ".join(line.split()) for line in found[:3])
        return None if tables.issuperset(TABLES) else "the description of its tables is not what it was"
    except FAULTS as error:
        if not is_damage(error):
            raise storage_error(error, path) from error
        if not was_store(path):
            raise NotAStoreError(
                f"{path} is not a vademecum store, and nothing says that it was one; it was left as it is"
            ) from error
        return str(error)


def was_store(path: Path) -> bool:
    """Return whether a file that SQLite does not open has the marks of a store: its id, or its tables.

    To be asked only of a file that no connection of this process has open: see file.py.
    """
    page = _start(path, 65_536)
    log = Path(f"{path}-wal")
    return (
        page[68:72] == APPLICATION_ID.to_bytes(4, "big")
        or any(sign in page for sign in _SIGNS)
        or (log.is_file() and _SIGNS[-1] in log.read_bytes())
    )


def rescue(path: Path, names: Iterable[str], judge: Callable[[Records], Records], *, empty: bool = True) -> Rescued:
    """Set a damaged file aside, and begin the store anew. The caller holds the writer's lock.

    Args:
        names: The records that are to be read, as far as they can be.
        judge: Returns those of them that are to go along.
        empty: Whether it is begun anew where none of them goes along.

    Raises:
        BusyError: Another program is writing to the file.
        StorageError, QuotaError: It cannot be written, or none goes along and it may not be `empty`. What opens is the
            damaged file, with its log.
    """
    aside = set_aside(path)
    path = real_path(path)
    try:
        _copy(path, aside)
        with TemporaryDirectory(prefix="vademecum-") as folder:
            records = _begin_anew(path, Path(folder, "fresh"), tuple(names), judge, empty=empty)
    except FAULTS as error:
        raise storage_error(error, path) from error
    return Rescued(aside, tuple(records))


def set_aside(path: Path) -> Path:
    """Return where a damaged file is set aside: beside the file itself, not beside a link to it."""
    return Path(f"{real_path(path)}.damaged")


def _copy(path: Path, aside: Path) -> None:
    """Copy a file with its logs, over what lies there; what cannot be copied whole leaves nothing."""
    try:
        # The log first: a reader that closes just now may move it into the file, and then it does no harm to have both.
        for part in (*_LOGS, ""):
            with suppress(FileNotFoundError):
                if filecmp.cmp(f"{path}{part}", f"{aside}{part}", shallow=False):
                    continue  # of an attempt that was given up, as trust would have begun anew
            _delete(aside, part)
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{part}", f"{aside}{part}")
                with Path(f"{aside}{part}").open("r+b") as file:
                    os.fsync(file.fileno())
    except OSError:
        _delete(aside, *_LOGS, "")
        raise


def _delete(file: Path, *parts: str) -> None:
    for part in parts:
        Path(f"{file}{part}").unlink(missing_ok=True)


def _begin_anew(
    path: Path, fresh: Path, names: tuple[str, ...], judge: Callable[[Records], Records], *, empty: bool
) -> Records:
    open_database(fresh).close()
    page = _first_page(fresh)
    torn = _start(path, 24).replace(_WAL_MODE, _OTHER_MODE) != page[:24]
    records = {} if torn else judge(_read(path, names))
    if not records:
        before = _start(path, _PAGE)
        _lay_first_page(path, page)
        records = judge(_read(path, names))
        if not (records or empty):
            _lay_first_page(path, before)
            raise StorageError(f"{path}: the store is damaged, and so is what it trusts; `vade doctor` starts over")
    with closing(open_database(fresh)) as new, closing(connect(path, "mode=rw")) as old:
        _configure(old)
        with transaction(new):
            new.executemany("INSERT INTO records (name, value) VALUES (?, ?)", list(records.items()))
        new.execute("PRAGMA journal_mode = DELETE")  # not every place where stores lie can do WAL
        new.backup(old, progress=_never_again)
    return records


def _start(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _first_page(fresh: Path) -> bytes:
    """Return what the first page of any store may be: it is the same in all of them, but for the number of pages.

    That may be left out (https://www.sqlite.org/fileformat.html, section 1.3). The log, if there is one, is found by
    its name.
    """
    page = _start(fresh, _PAGE)
    return page[:18] + _OTHER_MODE + page[20:28] + bytes(4) + page[32:]


def _lay_first_page(path: Path, page: bytes) -> None:
    """Mend the one page without which SQLite gives nothing, whatever else is good."""
    with path.open("r+b") as file:
        file.write(page)
        file.flush()
        os.fsync(file.fileno())


def _never_again(status: int, *_: int) -> None:
    """SQLite has waited for a writer (`BUSY_TIMEOUT`); Python's backup would try again for ever."""
    if status not in (sqlite3.SQLITE_OK, sqlite3.SQLITE_DONE):
        raise BusyError("another program uses the file of the store; try again when it is done")


def _read(path: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return what can be read. What cannot be just now, as another program is writing, is no reason to lose it."""
    found: dict[str, bytes] = {}
    with _passing_over_damage(), closing(connect(path, "mode=rw")) as connection:
        _configure(connection)
        for name, way in product(names, _WAYS):
            with _passing_over_damage():
                query = f"SELECT value FROM records {way} WHERE name = ?"
                for (value,) in connection.execute(query, (name,)):
                    found |= {name: value} if isinstance(value, bytes) else {}
    return found


@contextmanager
def _passing_over_damage() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if not is_damage(error):
            raise


def _configure(connection: sqlite3.Connection) -> None:
    # A damaged description of the tables is no reason to stop.
    for setting in ("writable_schema = ON", "synchronous = EXTRA", "fullfsync = ON"):
        connection.execute(f"PRAGMA {setting}")
