"""Rescue: what SQLite calls malformed is set aside, never deleted, and what can be read of it goes into a new file.

SQLite has no checksums, so nothing that it still gives is believed: objects go along if they have the digest of
their name, the trust floor if it verifies, the pointer if it decodes. The rest costs a download, no more.
The new file is written whole beside the old one, and takes its place as sqlite_swap.py says: whatever comes between,
the next opening finds the old file with its log, or the new one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from vademecum.errors import ContentError, NotAStoreError
from vademecum.format.json import parse_object
from vademecum.runtime.sqlite.file import (
    APPLICATION_ID,
    FAULTS,
    TABLES,
    is_damage,
    open_database,
    open_readonly,
    storage_error,
    transaction,
)
from vademecum.runtime.sqlite.swap import finish, fresh_of, is_swapping, swap
from vademecum.store.pointer import decode_head

ROLES = ("root", "timestamp", "snapshot", "targets")
_TRUST = (*(f"trust/{role}.json" for role in ROLES), "trust/pin")
_SIGNS = tuple(table.encode() for table in TABLES)
"""What a store of ours has on its first page, and other files have not."""
_UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
_PAGES = 64
"""Findings of SQLite that are asked for."""
_HEADER = 100
_NAMES = "SELECT name FROM records UNION ALL SELECT digest FROM objects"
_ROWS = (
    "SELECT rowid FROM objects NOT INDEXED ORDER BY rowid",
    "SELECT rowid FROM objects NOT INDEXED ORDER BY rowid DESC",
    "SELECT rowid FROM objects INDEXED BY sqlite_autoindex_objects_1 ORDER BY digest",
    "SELECT rowid FROM objects INDEXED BY sqlite_autoindex_objects_1 ORDER BY digest DESC",
)


@dataclass(frozen=True)
class Rescued:
    """Where the damaged file lies now, and what went along.

    Attributes:
        records: Names of the records.
        objects: How many objects.
    """

    aside: Path
    records: tuple[str, ...]
    objects: int

    @property
    def floor(self) -> bool:
        """Whether the trusted root went along, and with it the floor."""
        return "trust/root.json" in self.records


def file_fault(path: Path) -> str | None:
    """Return what SQLite finds wrong with the file of a store; None if it is sound.

    Raises:
        NotAStoreError: Nothing says that the file ever was a store.
        EmptyStoreError, NewerFormatError: See `open_readonly`.
        StorageError: It cannot be read.
    """
    path = path.resolve()  # the log lies beside the file itself, not beside a link to it
    try:
        with closing(open_readonly(path)) as connection:
            found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_PAGES})")]
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

    To be asked only of a file that no connection of this process has open: see sqlite_file.py.
    """
    with path.open("rb") as file:
        page = file.read(65_536)
    log = Path(f"{path}-wal")
    return (
        page[68:72] == APPLICATION_ID.to_bytes(4, "big")
        or any(sign in page for sign in _SIGNS)
        or (log.is_file() and _SIGNS[-1] in log.read_bytes())
    )


def rescue(path: Path) -> Rescued:
    """Put a new store in place of a damaged one. The caller holds the writer's lock.

    Raises:
        StorageError, QuotaError: It cannot be written. The damaged file is where it was, with its log; where an error
            stands in the way of that too, the next opening ends what was begun (sqlite_swap.py).
    """
    path = path.resolve()  # the log lies beside the file itself, not beside a link to it
    try:
        if is_swapping(path):
            finish(path)
        fresh, copy = fresh_of(path), Path(f"{path}.rescue-copy")
        try:
            _remove(fresh, copy)
            open_database(fresh).close()
            _copy_to_read(path, copy, fresh.read_bytes())
            records, objects = _salvage(copy, fresh)
            return Rescued(swap(path), records, objects)
        finally:
            with suppress(OSError):  # what cannot be removed now is removed by the next rescue
                _remove(copy)
                if not is_swapping(path):
                    _remove(fresh)
    except FAULTS as error:
        raise storage_error(error, path) from error


def _remove(*paths: Path) -> None:
    for path in paths:
        for part in ("", "-wal", "-shm", "-journal"):
            Path(f"{path}{part}").unlink(missing_ok=True)


def _copy_to_read(path: Path, copy: Path, fresh: bytes) -> None:
    """Copy a damaged file so that SQLite gives as much of it as it can.

    It refuses a file whose first 100 bytes are torn, and one that is shorter than they say, whatever else is good: so
    they are put right, and what is missing is filled with zeros (https://www.sqlite.org/fileformat.html, section 1.3).
    What else the first page holds, the description of the tables, is the same in all stores: it is that of `fresh`.
    """
    # The log first: a reader that closes just now may move it into the file, and then it does no harm to read it twice.
    for part in ("-wal", "-journal"):
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{path}{part}", f"{copy}{part}")
    shutil.copyfile(path, copy)
    with copy.open("r+b") as file:
        found = file.read(_HEADER)
        if found[:18] != fresh[:18] or found[20:24] != fresh[20:24]:
            found = fresh[:28] + bytes(4) + fresh[32:_HEADER]
        size = file.seek(0, os.SEEK_END)
        page = _page_size(found)
        pages = max(-(-size // page), min(int.from_bytes(found[28:32], "big"), 2 * size // page + 16))
        file.truncate(pages * page)
        first = fresh[:page] if _is_laid_out_alike(found, fresh) else found
        file.seek(0)
        file.write(first[:28] + pages.to_bytes(4, "big") + first[32:])


def _page_size(header: bytes) -> int:
    page = int.from_bytes(header[16:18], "big")
    return 65_536 if page == 1 else page


def _is_laid_out_alike(found: bytes, fresh: bytes) -> bool:
    """Whether tables lie on the same pages: they do, unless one file has pages of pointers (auto_vacuum)."""
    return _page_size(found) == _page_size(fresh) and found[52:56] == fresh[52:56]


def _salvage(path: Path, fresh: Path) -> tuple[tuple[str, ...], int]:
    with closing(open_database(fresh)) as target:
        records = dict(_records(path))
        objects = 0
        with transaction(target):
            for name, value in records.items():
                target.execute("INSERT INTO records (name, value) VALUES (?, ?)", (name, value))
            for digest, data in _objects(path):
                target.execute("REPLACE INTO objects (digest, data) VALUES (?, ?)", (digest, data))
                objects += 1
        target.execute("PRAGMA journal_mode = DELETE")  # one file alone takes the place of the old one
    return tuple(sorted(records)), objects


def _records(path: Path) -> Iterator[tuple[str, bytes]]:
    """Return the pointer and the trust floor, as far as they can be read and make sense."""
    for name in ("head", *_TRUST):
        with suppress(*_UNREADABLE), closing(_open(path)) as connection:
            for (value,) in connection.execute("SELECT value FROM records WHERE name = ?", (name,)):
                if isinstance(value, bytes) and _makes_sense(name, value):
                    yield name, value


def _makes_sense(name: str, value: bytes) -> bool:
    try:
        if name == "head":
            decode_head(value)
        elif name != "trust/pin":
            parse_object(value, name)
    except ContentError:
        return False
    return True


def _objects(path: Path) -> Iterator[tuple[str, bytes]]:
    """Return the objects that can be read and are what their names say."""
    rowids = sorted(_rowids(path))
    with closing(_open(path)) as connection:
        for rowid in rowids:
            with suppress(*_UNREADABLE):
                for digest, data in connection.execute(
                    "SELECT digest, data FROM objects WHERE rowid = ?", (rowid,)
                ):
                    if isinstance(data, bytes) and hashlib.sha256(data).hexdigest() == digest:
                        yield digest, data


def _rowids(path: Path) -> set[int]:
    """Return the numbers of rows that the table or its index has, read from both ends up to what is broken.

    They are not counted up to the highest one: four flipped bits make that 100,000,000,000.
    """
    found: set[int] = set()
    for rows in _ROWS:
        with suppress(*_UNREADABLE), closing(_open(path)) as connection:
            for (rowid,) in connection.execute(rows):
                found.add(rowid)
    return found


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(
        "PRAGMA writable_schema = ON"
    )  # a damaged description of the tables is no reason to stop
    connection.text_factory = lambda data: data.decode(errors="replace")
    return connection
