"""A disk with so many bytes to spare, and one that fills up in the middle of an update."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from support.scenes import Scene, collection, epoch, first_install, tiers
from support.sqlite_restart import Files, files_of, judged, one_by_one, play, read_files, write_files

PAGE = 4096


@contextmanager
def file_system(folder: Path, size: int) -> Iterator[None]:
    """Mount a file system of `size` bytes on `folder`."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "vademecum-test", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)


@contextmanager
def page_limit(folder: Path, size: int) -> Iterator[None]:
    """Let databases grow to `size` bytes: SQLite says of more that the disk is full."""
    connect = sqlite3.connect

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        if "mode=ro" not in str(arguments[0]):
            connection.execute(f"PRAGMA max_page_count = {size // PAGE}")
        return connection

    with mock.patch("sqlite3.connect", connected):
        yield


def can_mount(folder: Path) -> bool:
    if sys.platform != "linux" or shutil.which("mount") is None:
        return False
    try:
        with file_system(folder, PAGE):
            return True
    except subprocess.CalledProcessError:
        return False


@pytest.mark.fault("C34", "C33")
@pytest.mark.parametrize("make", [first_install, tiers, epoch, collection], ids=lambda make: make.__name__)
@pytest.mark.parametrize("kind", ["a small file system", "a page limit"])
def test_a_disk_that_fills_up(make: Callable[[], Scene], kind: str, quick: Path) -> None:
    """Page by page more room, until it is enough. Where nobody may mount, SQLite's page limit stands in."""
    scene = one_by_one(make)
    start = files_of(scene, quick / "start")
    small = quick / "small"
    small.mkdir()
    mounted = kind == "a small file system" and can_mount(small)
    limit = file_system if mounted else page_limit
    room, errors = 0, 0
    found: list[str] = []
    while True:
        files, code = squeezed(scene, start, small, limit, room)
        family = f"SQLite, {'a full tmpfs' if mounted else 'a page limit'}"
        found += judged(family, scene, room, "full", "kept", quick / "cut", files)
        if code is None:
            break
        assert code == "quota", f"{room} pages to spare"
        errors += 1
        room += 1
        assert room < 300
    assert not found
    assert errors >= 1


def squeezed(
    scene: Scene, start: Files, folder: Path, limit: Callable[[Path, int], Any], room: int
) -> tuple[Files, str | None]:
    """Play the scene with `room` pages beside the files at rest; return the files and the error's code."""
    size = sum(-(-len(data) // PAGE) for data in start.values()) + room
    with limit(folder, max(1, size) * PAGE):
        path = write_files(folder, start)
        error = play(scene, path)
        files = read_files(folder)
    for name in files:
        (folder / name).unlink(missing_ok=True)
    return files, None if error is None else error.code
