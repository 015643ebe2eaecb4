"""The workspace's SQLite file: opening it, its schema, and its errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from vademecum.errors import (
    BusyError,
    EmptyStoreError,
    NewerFormatError,
    NotAStoreError,
    QuotaError,
    StorageError,
    VademecumError,
)
from vademecum.runtime.sqlite.file import connect, is_damage, is_full, transaction

DEFAULT_WORKSPACE: Final = Path(".vademecum/work.db")
"""Beside the settings."""
APPLICATION_ID: Final = 0x76616477
VERSION: Final = 2
_SCHEMA: Final = (
    """CREATE TABLE items (source TEXT NOT NULL, key TEXT NOT NULL, view TEXT NOT NULL, media_type TEXT NOT NULL,
    target TEXT NOT NULL, digest TEXT NOT NULL, job INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (source, key))""",
    """CREATE TABLE views (source TEXT NOT NULL, view TEXT NOT NULL, settings TEXT NOT NULL, checkpoint BLOB,
    told TEXT NOT NULL, job INTEGER NOT NULL, PRIMARY KEY (source, view))""",
    """CREATE TABLE quarantine (source TEXT NOT NULL, key TEXT NOT NULL, view TEXT NOT NULL, stage TEXT NOT NULL,
    reason TEXT NOT NULL, said TEXT NOT NULL, job INTEGER NOT NULL, PRIMARY KEY (source, key))""",
    """CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, source TEXT NOT NULL,
    state TEXT NOT NULL, asked TEXT NOT NULL, started REAL NOT NULL, total INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0, added INTEGER NOT NULL DEFAULT 0,
    modified INTEGER NOT NULL DEFAULT 0, removed INTEGER NOT NULL DEFAULT 0, embedded INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0, "release" INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '')""",
    # `was`: the item before the change, for the newest jobs only; NULL: it was not there.
    """CREATE TABLE changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, job INTEGER NOT NULL, source TEXT NOT NULL,
    key TEXT NOT NULL, what TEXT NOT NULL, fields TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL, was BLOB)""",
    "CREATE INDEX changes_of_job ON changes (job)",
    """CREATE TABLE embeddings (text BLOB NOT NULL, model TEXT NOT NULL, vector BLOB NOT NULL,
    job INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (text, model)) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)
_ANEW: Final = "start over by deleting it: what is published is the state, and nothing is lost"


def open_database(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open the workspace.

    Args:
        create: Whether to make it and its folder if there is nothing.

    Raises:
        EmptyStoreError: There is none. NotAStoreError: Something else is there. NewerFormatError: A newer version of
            vademecum made it. StorageError: An older version made it, or it cannot be opened.
    """
    if not path.exists() and not create:
        raise EmptyStoreError(f"{path}: no workspace yet; `vade sync` makes one")
    with our_errors(path):
        if create and not path.parent.exists():
            path.parent.mkdir(parents=True)
            if path.parent.name == DEFAULT_WORKSPACE.parent.name:
                (path.parent / ".gitignore").write_text("*\n")
        connection = connect(path, "mode=rwc" if create else "mode=rw")
        try:
            if not _is_ours(connection, path):
                with transaction(connection):
                    if not _is_ours(connection, path):  # another process may have made it in the meantime
                        for statement in _SCHEMA:
                            connection.execute(statement)
                path.chmod(0o600)  # what sources hold may be private
            connection.execute("PRAGMA journal_mode = WAL")
            # After a power cut, the last batches are simply done again.
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
    return connection


class WorkspaceDatabase:
    """A workspace's file, opened: statements and transactions, with our errors in place of SQLite's (`our_errors`)."""

    def __init__(self, path: Path, *, create: bool) -> None:
        """Open it; see `open_database`."""
        self.path = path
        self._connection = open_database(path, create=create)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Run everything inside as one transaction."""
        with our_errors(self.path), transaction(self._connection):
            yield

    def run(self, statement: str, *values: Any) -> list[Any]:
        """Return all rows of a statement."""
        with our_errors(self.path):
            return self._connection.execute(statement, values).fetchall()

    def rows(self, statement: str, *values: Any) -> Iterator[Any]:
        """Yield the rows of a statement, one at a time."""
        with our_errors(self.path):
            found = self._connection.execute(statement, values)
            # A caller that takes no more rows closes this inner generator: the cursor itself may be gone by then.
            yield from (row for row in found)


@contextmanager
def our_errors(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _error(error, path) from error


def _error(error: sqlite3.Error, path: Path) -> VademecumError:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if is_full(error):
        return QuotaError(f"{path}: the disk is full; the last batch was not kept, the next run goes on from there")
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return busy(path)
    if primary == sqlite3.SQLITE_NOTADB:
        return NotAStoreError(f"{path} is not a workspace; it was left as it is: choose another --workspace")
    if is_damage(error):
        return StorageError(f"{path}: the workspace is damaged ({error}); {_ANEW}")
    return StorageError(f"{path}: the workspace cannot be used: {error}")


def busy(path: Path) -> BusyError:
    """Return the error for whoever comes second."""
    return BusyError(f"{path}: another sync or build is at work in this workspace; try again when it is done")


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    [(application,)] = connection.execute("PRAGMA application_id")
    [(version,)] = connection.execute("PRAGMA user_version")
    [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_master")
    if (application, version, tables) == (0, 0, 0):
        return False
    if application != APPLICATION_ID:
        raise NotAStoreError(
            f"{path} is a database of another program; it was left as it is: choose another --workspace"
        )
    other = f"{path}: a workspace of version {version}, and this vademecum knows {VERSION}"
    if version > VERSION:
        raise NewerFormatError(f"{other}: update it, or {_ANEW}")
    if version < VERSION:
        raise StorageError(f"{other}: an older one made it; {_ANEW}")
    return True
