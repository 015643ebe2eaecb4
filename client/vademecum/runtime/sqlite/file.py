"""Opening the store's SQLite file: whose file is it, which version, and what an error of SQLite means.

The format is site/content/format.md, section 8. Only SQLite itself ever opens the file: POSIX drops all locks
that a process has on a file as soon as it closes any descriptor of it, so a look at the header with `open()`
would unlock the other stores of this process (https://www.sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from vademecum.errors import (
    BusyError,
    EmptyStoreError,
    NewerFormatError,
    NotAStoreError,
    QuotaError,
    StorageError,
    VademecumError,
)
from vademecum.log import logger

APPLICATION_ID = 0x76616465
USER_VERSION = 1
BUSY_TIMEOUT = 5.0
"""Seconds to wait for another connection's short transaction. The writer's lock does not wait at all."""

FAULTS = (sqlite3.Error, UnicodeDecodeError, OSError)
"""What the module sqlite3 raises: Python decodes SQLite's messages, and those quote what lies in a damaged file."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_NO_SHARED_MEMORY = "SQLITE_IOERR_SHMSIZE"
_IMMUTABLE = "mode=ro&immutable=1"
_NOTHING_YET = "nothing is installed here yet; pull a knowledge base first"
TABLES = (
    "CREATE TABLE records (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL)",
    "CREATE TABLE objects (digest TEXT PRIMARY KEY NOT NULL, data BLOB NOT NULL)",
)
WORDS_TABLE = "CREATE TABLE IF NOT EXISTS words (digest TEXT PRIMARY KEY NOT NULL, data BLOB NOT NULL)"
"""A cache: a store without it is whole."""
_SCHEMA = (*TABLES, f"PRAGMA application_id = {APPLICATION_ID}", f"PRAGMA user_version = {USER_VERSION}")


def open_database(path: Path) -> sqlite3.Connection:
    """Open the store for reading and writing; create it when nothing is there.

    Raises:
        NotAStoreError: Something else is there. It is left as it is.
        NewerFormatError: A newer version of vademecum made it.
        StorageError: It cannot be opened, or its folder does not exist.
    """
    if _size(path):
        _probe(path)
    elif not path.parent.is_dir():
        raise StorageError(f"{path}: the folder {path.parent} does not exist; create it first")
    connection = connect(path, "mode=rwc")
    try:
        if not _is_store(connection, path):
            _create(connection, path)
        _drop_foreign(connection)
        # Durability of Store.write: the WAL is one ordered log, and every commit to it is synced. On macOS
        # only F_FULLFSYNC reaches the disk. A file system that cannot do WAL stays with the rollback journal,
        # where a commit is the deletion of the journal: EXTRA syncs that too (in WAL mode it means FULL).
        _turn_to_log(connection)
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA fullfsync = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _turn_to_log(connection: sqlite3.Connection) -> None:
    """SQLite waits for other connections anywhere but here, where several may turn to the log of a new file."""
    until = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _primary(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def open_readonly(path: Path) -> sqlite3.Connection:
    """Open an existing store for reading, also on media that cannot be written, or are full.

    Raises:
        EmptyStoreError: There is no file; none is made.
        NotAStoreError, NewerFormatError, StorageError: As `open_database`.
    """
    if not _size(path):
        raise EmptyStoreError(f"{path}: {_NOTHING_YET}")
    # Where the folder cannot be written, nobody else writes either. `rw` never creates the file.
    connection = connect(path, _IMMUTABLE if _probe(path) else "mode=rw")
    try:
        if not _is_store(connection, path):
            raise EmptyStoreError(f"{path}: {_NOTHING_YET}")
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def is_damage(error: BaseException) -> bool:
    """Return whether `error` says that the file is damaged, or no database at all.

    The statements of a store are always the same: one that SQLite does not understand (SQLITE_ERROR) names a table or a
    column that the file has no more. What Python cannot decode has no code of SQLite.
    """
    if isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode"):
        return "UTF-8" in str(error)
    return isinstance(error, UnicodeDecodeError) or _primary(error) in _DAMAGE


def is_full(error: BaseException) -> bool:
    """Return whether `error` says that the disk is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return _primary(error) == sqlite3.SQLITE_FULL or getattr(error, "sqlite_errorname", "") == _NO_SHARED_MEMORY


def _primary(error: BaseException) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def storage_error(error: sqlite3.Error | UnicodeDecodeError | OSError, path: Path) -> VademecumError:
    """Return the error of ours that says what `error` means for the store at `path`."""
    primary = _primary(error)
    if is_full(error):
        return QuotaError(f"{path}: the disk is full ({error}); what is installed is untouched")
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusyError(f"{path}: another process is writing to this store; try again when it is done")
    if primary == sqlite3.SQLITE_NOTADB:
        return NotAStoreError(f"{path} is not a vademecum store; it was left as it is: choose another path")
    if is_damage(error):
        return StorageError(f"{path}: the store is damaged ({error}); the next sync repairs it, or `vade doctor`")
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        return StorageError(f"{path}: the store, its folder or its medium cannot be written ({error})")
    return StorageError(f"{path}: {error}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing of it; the write lock is taken at the start."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has already rolled it back
            connection.execute("ROLLBACK")
        raise


def _size(path: Path) -> int:
    """Return the file's size, 0 if there is none; a folder, a pipe or a device is not a store."""
    try:
        if path.exists() and not path.is_file():
            raise NotAStoreError(f"{path} is not a file; choose another path for the store")
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Connect, and believe no schema and no page that another program has written."""
    uri = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None)
    # Another program may have written the file (https://www.sqlite.org/security.html, section 1).
    for setting in ("trusted_schema = OFF", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _probe(path: Path) -> bool:
    """Refuse a file that is not ours, and return whether its folder is one that cannot be written, or its disk full.

    The look is taken through a connection that cannot change the file. A writable one could: closing it would
    move a stranger's write-ahead log into its database.
    """
    try:
        with closing(connect(path, "mode=ro")) as connection:
            _is_store(connection, path)
        return False
    except sqlite3.OperationalError as error:
        # Our stores have a rollback journal only while they are created. This one was interrupted there; the
        # writable connection that comes next rolls it back, and looks again.
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_READONLY_ROLLBACK":
            return False
        # Reading a WAL database takes a shared-memory file beside it, for which a full disk has no room either.
        if name not in ("SQLITE_READONLY_DIRECTORY", "SQLITE_CANTOPEN", _NO_SHARED_MEMORY):
            raise
        full = name == _NO_SHARED_MEMORY
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        if full:
            raise QuotaError(f"{path}: the disk is full, and {log.name} still has to be merged there")
        raise StorageError(f"{path}: its folder cannot be written, and {log.name} still has to be merged there")
    with closing(connect(path, _IMMUTABLE)) as connection:
        _is_store(connection, path)
    return True


def _is_store(connection: sqlite3.Connection, path: Path) -> bool:
    """Return whether this is a store of ours; False if it is an empty database."""
    # What is read here belongs together, though another process may be creating the store just now.
    inside = connection.in_transaction
    if not inside:
        connection.execute("BEGIN")
    try:
        [(application_id,)] = connection.execute("PRAGMA application_id")
        [(version,)] = connection.execute("PRAGMA user_version")
        [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_master")
    finally:
        if not inside and connection.in_transaction:
            connection.execute("ROLLBACK")
    if application_id == 0 and version == 0 and tables == 0:
        return False
    if application_id != APPLICATION_ID:
        raise NotAStoreError(
            f"{path} is a SQLite database of another program; it was left as it is: choose another path"
        )
    if version > USER_VERSION:
        raise NewerFormatError(
            f"{path}: a store of format {version}, this version of vademecum reads {USER_VERSION}; update it"
        )
    return True


def _drop_foreign(connection: sqlite3.Connection) -> None:
    """Drop what another program hung on our tables: a trigger or a unique index can undo or refuse what is written."""
    foreign = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
    ).fetchall()
    for kind, name in foreign:
        logger.warning("the %s %r of another program is dropped from the store", kind, name)
        connection.execute(f'DROP {kind} IF EXISTS "{name.replace(chr(34), chr(34) * 2)}"')


def _create(connection: sqlite3.Connection, path: Path) -> None:
    with transaction(connection):
        if not _is_store(connection, path):  # another process may have been faster
            for statement in _SCHEMA:
                connection.execute(statement)
