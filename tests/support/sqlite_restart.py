"""Scenes in a SQLite file, and restarts on whatever a fault has left of it."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from support.oracle import judge_content
from support.sampling import ALL
from support.scenes import SCENES, Scene, compacting_update, first_install, tiers
from support.tally import count
from vademecum.errors import VademecumError
from vademecum.ports import Store
from vademecum.runtime.memory import MemoryDatabase
from vademecum.runtime.sqlite.store import SqliteStore

NAME = "kb.db"
Files = dict[str, bytes]
THREE = (first_install, tiers, compacting_update)
"""They call the store in every way, as test_sqlite_faults.py asserts. What the engine makes of a store that fails is
shown in memory, for all scenes; SQLite has to show that the store keeps its promise, whoever calls it."""
every_scene = pytest.mark.parametrize("make", SCENES if ALL else THREE, ids=lambda make: make.__name__)
SECTOR = 512


@functools.cache
def one_by_one(make: Callable[[], Scene]) -> Scene:
    """Make the scene, with one download at a time, so that operations come in the same order each time."""
    scene = make()
    return replace(scene, config=replace(scene.config, parallel=1), verdicts={})


def files_of(scene: Scene, folder: Path) -> Files:
    """Return the files of a store at rest; none for a client that has never started."""
    folder.mkdir()
    if scene.database.records or scene.database.objects:
        asyncio.run(_fill(scene.database, folder / NAME))
    return read_files(folder)


async def _fill(database: MemoryDatabase, path: Path) -> None:
    store = SqliteStore(path)
    for digest, data in database.objects.items():
        await store.put(digest, data)
    await store.write(dict(database.records))
    await store.close()


def read_files(folder: Path) -> Files:
    """Read a folder, without the index in shared memory: the first connection rebuilds it."""
    kept = [path for path in folder.iterdir() if not path.name.endswith("-shm")]
    return {path.name: path.read_bytes() for path in kept}


def write_files(folder: Path, files: Files) -> Path:
    """Make `folder` hold exactly these files; return the path of the store."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / NAME


def torn(before: Files, after: Files) -> Files:
    """Return the files with every other changed sector of the log; a call that does not end writes nothing else."""
    logs = {name for name in after if name.endswith("-wal")}
    assert before.get(NAME) == after[NAME], "before its sync, a commit writes to the log alone"
    found = dict(after)
    for name in logs:
        old, new = before.get(name, b""), after[name]
        sectors = [(old[i : i + SECTOR], new[i : i + SECTOR]) for i in range(0, len(new), SECTOR)]
        changed = 0
        kept = []
        for was, now in sectors:
            changed += was != now
            kept.append(now if changed % 2 else was.ljust(len(now), b"\0"))
        found[name] = b"".join(kept)
    return found


def play(scene: Scene, path: Path, wrap: Callable[[Store], Store] = lambda store: store) -> VademecumError | None:
    """Open the store at `path`, make the scene's call, and close it; return the error, if there was one."""
    try:
        asyncio.run(_play(scene, path, wrap))
    except VademecumError as error:
        return error
    return None


async def _play(scene: Scene, path: Path, wrap: Callable[[Store], Store]) -> None:
    store = SqliteStore(path)
    try:
        await scene.call(scene.engine(wrap(store)))
    finally:
        await store.close()


def restart(path: Path) -> MemoryDatabase:
    """Open what a fault has left with a store of the product, and return its content.

    The file is sound for SQLite, and can be written: the engine's part of the oracle then needs the content only.
    """
    if not path.exists():
        return MemoryDatabase()
    asyncio.run(_write_something(path))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        records = dict(connection.execute("SELECT name, value FROM records WHERE name != 'probe'"))
        objects = dict(connection.execute("SELECT digest, data FROM objects"))
    return MemoryDatabase(records, objects)


async def _write_something(path: Path) -> None:
    store = SqliteStore(path)
    async with store.lock():
        await store.write({"probe": b"after the restart"})
        assert await store.read("probe") == b"after the restart"
    await store.close()


def judged(family: str, scene: Scene, point: int, fault: str, damage: str, folder: Path, files: Files) -> list[str]:
    """Restart on these files in `folder`, judge, and count. The same files are opened once."""
    key = hashlib.sha256(repr(sorted(files.items())).encode()).digest()
    if key not in scene.verdicts:
        scene.verdicts[key] = _verdict(scene, write_files(folder, files))
    violations = scene.verdicts[key]
    count(family, scene.name, point, fault, damage, violations)
    return [f"{fault} at {point}, {damage}: {violation}" for violation in violations]


def _verdict(scene: Scene, path: Path) -> list[str]:
    try:
        found = restart(path)
    except (VademecumError, sqlite3.Error, AssertionError) as error:
        return [f"mixed state: the file does not open: {error!r}"]
    return judge_content(scene, found.records, found.objects)
