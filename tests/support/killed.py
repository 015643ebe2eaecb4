"""`python killed.py SCENE FOLDER`: plays a scene again and again, and is killed before one statement after another.

`FOLDER/start` holds the store's files; `FOLDER/killed-N` gets what is left after a death before statement N. Prints
how each child ended, as JSON: -9, and 0 for the last one, which came to its end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from unittest import mock

from support import scenes
from support.sqlite_restart import NAME, one_by_one, play


def die_at(at: int, counted: Collection[str] = ()) -> Any:
    """Return `sqlite3.connect`, but for its connections: they count statements together, and the last one kills.

    Args:
        counted: The statements that count; none: all of them.
    """
    connect, seen = sqlite3.connect, 0

    def count(statement: str) -> None:
        nonlocal seen
        if counted and statement not in counted:
            return
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(count)
        return connection

    return connected


def kill_one_after_another(folder: Path, work: Callable[[Path, int], object]) -> None:
    """Do some work in a child of its own, on a copy of `FOLDER/start`, until one comes to its end; print how each did.

    Args:
        work: Called with the copy, and with what the child is killed before.
    """
    ends: list[int] = []
    while not ends or ends[-1] == -signal.SIGKILL:
        place = folder / f"killed-{len(ends)}"
        shutil.copytree(folder / "start", place)
        process = os.fork()
        if process == 0:
            work(place, len(ends))
            os._exit(0)
        ends.append(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    print(json.dumps(ends))


def main(name: str, folder: Path) -> None:
    scene = one_by_one(getattr(scenes, name))

    def work(place: Path, at: int) -> None:
        with mock.patch("sqlite3.connect", die_at(at)):
            play(scene, place / NAME)

    kill_one_after_another(folder, work)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
