"""A mended file takes the place of a damaged one, whose log goes with it; no crash and no error leaves a half of that.

A SQLite database is its file and the log beside it. The file without its log is an older state, with an older trust
floor; another file beside that log is a mixture, for the log does not say whose it is. One rename cannot change both.
So, in this order, where PATH.rescue is the new file, whole and without a log:

1. PATH.rescue-aside becomes a second name of the damaged file. From here on nobody opens the store before he has
   made an end of this (`settle`), under the writer's lock.
2. The log and what belongs to it move from PATH-* to PATH.rescue-aside-*.
3. PATH.rescue takes the place of PATH.
4. The damaged files get names that stay, PATH.damaged-N-*, and PATH.damaged-N last: that is the end.

After a crash the steps that are missing are made up for. After an error before step 3, the log moves back.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from vademecum.runtime.rename import patiently
from vademecum.runtime.sqlite.lock import locked

LOGS = ("-wal", "-journal", "-shm")
PATIENCE = 5.0
"""Seconds to wait for a swap that another process is just making."""


def fresh_of(path: Path) -> Path:
    """Return where the new file has to lie."""
    return Path(f"{path}.rescue")


def is_swapping(path: Path) -> bool:
    """Return whether a swap was begun and is not at its end: what lies at `path` must not be read."""
    return os.path.lexists(_aside(path))


def settle(path: Path) -> None:
    """Make an end of a swap that was cut off; wait for one that goes on just now.

    Raises:
        BusyError: It goes on for too long.
        sqlite3.Error, OSError: It cannot be ended, and the store not be read: on a medium that cannot be written.
    """
    if is_swapping(path):
        with locked(path, PATIENCE):
            finish(path)


def swap(path: Path) -> Path:
    """Put `fresh_of(path)` in the place of `path`; return where the damaged file lies. The caller holds the lock.

    Raises:
        OSError: The damaged file is where it was, with its log; or else the next opening makes an end of it.
    """
    aside = _aside(path)
    try:
        os.link(path, aside)
    except OSError:  # a file system without links
        copy = Path(f"{path}.rescue-copy")
        shutil.copy2(path, copy)
        with copy.open("r+b") as file:
            os.fsync(file.fileno())
        _rename(copy, aside)
    _sync_folder(path)
    return finish(path)


def finish(path: Path) -> Path:
    """Take the steps of a swap that are missing. The caller holds the lock. Errors: see `swap`."""
    aside, fresh = _aside(path), fresh_of(path)
    if fresh.exists():
        try:
            _drop_later_logs(path)
            _move_logs(path, aside)
            _sync_folder(path)
            _rename(fresh, path)
        except OSError:
            _undo(path)
            raise
        _sync_folder(path)
    final = next(name for name in _names(path) if not os.path.lexists(name))
    _move_logs(aside, final)
    _rename(aside, final)
    _sync_folder(path)
    return final


def _drop_later_logs(path: Path) -> None:
    """Where the log has moved already, a log that lies there since is empty: of an opening that came too early."""
    for part in LOGS:
        if os.path.lexists(f"{_aside(path)}{part}"):
            patiently(lambda part=part: Path(f"{path}{part}").unlink(missing_ok=True))  # type: ignore[misc]


def _undo(path: Path) -> None:
    """Let the damaged file be what it was. Where that fails too, the swap stays begun, and is ended later."""
    aside = _aside(path)
    _move_logs(aside, path)
    _sync_folder(path)
    patiently(aside.unlink)


def _move_logs(source: Path, target: Path) -> None:
    for part in LOGS:
        with suppress(FileNotFoundError):
            _rename(Path(f"{source}{part}"), Path(f"{target}{part}"))


def _rename(source: Path, target: Path) -> None:
    patiently(lambda: source.replace(target))


def _aside(path: Path) -> Path:
    return Path(f"{path}.rescue-aside")


def _names(path: Path) -> Iterator[Path]:
    return (Path(f"{path}.damaged-{number}") for number in count(1))


def _sync_folder(path: Path) -> None:
    """Let the names reach the disk in this order. As for SQLite, it is no error where a disk cannot say that."""
    if os.name == "nt":
        return
    with suppress(OSError):
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
