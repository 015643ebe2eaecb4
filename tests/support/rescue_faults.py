"""`python rescue_faults.py WORK FAULT FOLDER`: a fault at one operation after another.

`FOLDER/start` holds the store's files; `FOLDER/FAULT-N` gets what is left after the fault at operation N. Operations
are the calls that touch files, as Python's audit hooks tell them (https://docs.python.org/3/library/audit_events.html),
and for a death also the statements of SQLite. Prints how each child ended, as JSON: -9, or the code of its error, or
"ok"; the last one came to its end without a fault.

WORK is `rescue`, `rescue-without-links` or `open`; FAULT is `kill`, or NAME-once or NAME-forever of an errno.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import os
import shutil
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from vademecum.errors import VademecumError
from vademecum.runtime.sqlite.rescue import rescue
from vademecum.runtime.sqlite.store import SqliteStore, writing

CALLS = ("open", "os.rename", "os.link", "os.remove", "os.truncate", "shutil.copyfile")


class Faults:
    """Numbers the operations, and strikes at one of them."""

    def __init__(self, fault: str, at: int) -> None:
        self._name, _, self._how = fault.partition("-")
        self._at = at
        self.seen = 0

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in CALLS:
            self.strike()

    def strike(self, statement: str = "") -> None:
        number = self.seen
        self.seen += 1
        if self._name == "kill" and number == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._name != "kill" and (number == self._at or (self._how == "forever" and number > self._at)):
            code = getattr(errno, self._name)
            raise OSError(code, os.strerror(code))

    def connect(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = CONNECT(*arguments, **options)
        if self._name == "kill":
            connection.set_trace_callback(self.strike)
        return connection


CONNECT = sqlite3.connect


def no_links(*_: object) -> None:
    raise OSError(errno.EPERM, "a file system without links")


def do(work: str, path: Path) -> None:
    if work == "open":
        asyncio.run(SqliteStore(path, readonly=True).close())
        return
    with mock.patch("os.link", no_links if work.endswith("links") else os.link), writing(path):
        rescue(path)


def child(work: str, fault: str, at: int, path: Path, ends: int) -> None:
    faults = Faults(fault, at)
    end = "ok"
    with mock.patch("sqlite3.connect", faults.connect), mock.patch("time.sleep", lambda _: None):
        sys.addaudithook(faults.hook)
        try:
            do(work, path)
        except VademecumError as error:
            end = error.code
        finished = faults.seen <= at
    os.write(ends, json.dumps([end, finished]).encode())


def main(work: str, fault: str, folder: Path) -> None:
    told: list[Any] = []
    for at in itertools.count():
        place = folder / f"{fault}-{at}"
        shutil.copytree(folder / "start", place)
        reading, writing_end = os.pipe()
        process = os.fork()
        if process == 0:
            child(work, fault, at, place / "kb.db", writing_end)
            os._exit(0)
        os.close(writing_end)
        with os.fdopen(reading, "rb") as answer:
            said = answer.read()
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        end, finished = json.loads(said) if code == 0 else (code, False)
        told.append(end)
        if finished or code not in (0, -signal.SIGKILL):
            break
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
