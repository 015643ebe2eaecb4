"""Every operation of a store in a real SQLite file fails; the process that works on it is killed at every statement."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.sampling import sample
from support.scenes import Scene
from support.sqlite_restart import (
    NAME,
    THREE,
    Files,
    every_scene,
    files_of,
    judged,
    one_by_one,
    play,
    read_files,
    torn,
    write_files,
)
from support.storage_faults import FAULTS, NumberedStore, damages_of
from vademecum.ports import Store


class Numbering:
    """Wraps the store of one run, and keeps hold of it."""

    def __init__(self, at: int | None = None, fault: str = "once", damage: str = "dropped") -> None:
        self._fault = at, fault, damage
        self.before: Callable[[int], None] = lambda number: None
        self.store: NumberedStore | None = None

    def __call__(self, store: Store) -> Store:
        self.store = NumberedStore(store, *self._fault, before=self.before)
        return self.store

    @property
    def used(self) -> NumberedStore:
        assert self.store is not None
        return self.store


def test_three_scenes_call_the_store_in_every_way(quick: Path) -> None:
    called: set[str] = set()
    for make in THREE:
        scene, numbering = one_by_one(make), Numbering()
        play(scene, write_files(quick / "run", files_of(scene, quick / make.__name__)), numbering)
        called |= {operation.name for operation in numbering.used.asked}
    assert called == {"lock", "read", "write", "objects", "get", "parts", "put", "discard"}


@pytest.mark.fault("C30", "C31", "C32")
@every_scene
def test_a_power_cut_at_every_operation(make: Callable[[], Scene], quick: Path) -> None:
    """Each call of the store commits a transaction: kept, dropped, or torn in the middle of the log."""
    scene = one_by_one(make)
    path = write_files(quick / "run", files_of(scene, quick / "start"))
    shots: list[Files] = []
    numbering = Numbering()
    numbering.before = lambda number: shots.append(read_files(quick / "run"))
    error = play(scene, path, numbering)
    assert error is None or error.code == scene.fails
    assert len(shots) == len(numbering.used.asked)
    found: list[str] = []
    for at, (before, after) in enumerate(zip(shots, [*shots[1:], read_files(quick / "run")], strict=True)):
        images = {"dropped": before}
        if after != before and at + 1 < len(shots):
            images |= {"kept": after, "torn": torn(before, after)}
        for damage, files in images.items():
            found += judged("SQLite, crash at the port", scene, at, "crash", damage, quick / "cut", files)
    assert not found


@pytest.mark.fault("C30", "C33", "C34")
@pytest.mark.parametrize("fault", FAULTS)
@every_scene
def test_an_error_at_every_operation(make: Callable[[], Scene], fault: str, quick: Path) -> None:
    scene = one_by_one(make)
    start = files_of(scene, quick / "start")
    clean = Numbering()
    play(scene, write_files(quick / "run", start), clean)
    asked = clean.used.asked
    found: list[str] = []
    for at in sample(range(len(asked)), 5, f"SQLite {scene.name} {fault}"):
        for damage in damages_of(asked[at]):
            numbering = Numbering(at, fault, damage)
            error = play(scene, write_files(quick / "run", start), numbering)
            code = None if error is None else error.code
            assert code in (None, "quota" if fault == "full" else "storage", scene.fails), code
            files = read_files(quick / "run")
            found += judged("SQLite, error at the port", scene, at, fault, damage, quick / "cut", files)
    assert not found


@pytest.mark.fault("C30", "D43")
@every_scene
def test_killed_at_every_statement(make: Callable[[], Scene], quick: Path) -> None:
    """SIGKILL before each statement that SQLite runs: between operations, and inside of transactions.

    One process sets up and forks a child for each statement; so no child has to start Python anew.
    """
    scene = one_by_one(make)
    files_of(scene, quick / "start")
    command = [sys.executable, "-m", "support.killed", make.__name__, str(quick)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    ends = json.loads(done.stdout)
    assert set(ends[:-1]) == {-9} and ends[-1] == 0, "every child but the last is killed"
    assert len(ends) > 20
    found: list[str] = []
    for at in range(len(ends)):
        files = read_files(quick / f"killed-{at}")
        assert at == 0 or NAME in files
        found += judged("SQLite, killed", scene, at, "SIGKILL", "kept", quick / "cut", files)
    assert not found
