"""File operations: resolving links, and replacing a file atomically and durably, on Windows too."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

_WAITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds between the tries of a rename that another program is in the way of."""


def patiently(change: Callable[[], object]) -> None:
    """Change a name in a folder, again after a while where Windows refuses it.

    There a virus scanner or an indexer that has just opened a file keeps it from being renamed, replaced or deleted
    (a sharing violation). It lets go after a moment; whoever does not is an error like any other.

    Raises:
        OSError: It is refused to the end, or for another reason.
    """
    for wait in _WAITS:
        try:
            change()
            return
        except OSError as error:
            if not (isinstance(error, PermissionError) or error.errno == errno.EBUSY):
                raise
            time.sleep(wait)
    change()


def replace_durably(path: Path, data: bytes, suffix: str) -> None:
    """Replace a file by a whole one that outlives a power cut, as do the renames in its folder before.

    Args:
        suffix: What the name ends with as long as it is written.

    Raises:
        OSError: It cannot be written; what is half written is deleted, for on a full disk it takes the room that is
            missing.
    """
    partial = path.with_name(path.name + suffix)
    try:
        write_durably(partial, data)
        patiently(lambda: partial.replace(path))
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file whose content outlives a power cut; its name does after `sync_folder`."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Return when what was renamed in a folder outlives a power cut."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def real_path(path: str | Path) -> Path:
    """Return the path behind all links. Of links that lead in a circle it is one that nothing can open: before Python
    3.13 `Path.resolve` raises a RuntimeError there, which nobody expects of a file system."""
    return Path(os.path.realpath(path))
