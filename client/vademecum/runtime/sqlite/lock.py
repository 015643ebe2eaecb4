"""The writer's lock of a store in a SQLite file: an exclusive transaction on an empty SQLite file beside it.

The operating system drops it when the process ends, however that comes about. The empty file stays, and means nothing.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from vademecum.errors import BusyError


class WriterLock:
    """The writer's lock of the store at `path`, held once. `release` is harmless where `acquire` failed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def acquire(self) -> None:
        """Take the lock; nobody is waited for.

        Raises:
            BusyError: Another writer holds it.
            sqlite3.Error: It cannot be taken.
        """
        connection = sqlite3.connect(f"{self._path}-lock", timeout=0, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            connection.close()
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY:
                raise BusyError(
                    f"{self._path}: another process is updating this store; try again when it is done"
                ) from error
            raise
        self._connection = connection

    def release(self) -> None:
        """Let go of it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
