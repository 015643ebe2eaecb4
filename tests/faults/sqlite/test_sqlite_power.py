"""Power cuts and failing disks beneath SQLite: at every write, sync, truncation and deletion of a file."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.scenes import SCENES, Scene, compacting_update, first_install, tiers
from support.sqlite_disk import Disk, Event, Files, after_power_cut, beneath
from support.sqlite_restart import files_of, judged, one_by_one, play, restart, write_files
from support.storage_faults import DAMAGES
from vademecum.runtime.sqlite.store import SqliteStore

ALL = os.environ.get("VADEMECUM_FAULTS") == "all"
"""`make faults` strikes at every event everywhere; by default those that are many are sampled."""
STEPS = {"WAL": 1, "DELETE": 1 if ALL else 7}
ERROR_STEPS = {"WAL": 1 if ALL else 2, "DELETE": 1 if ALL else 13}

every_scene = pytest.mark.parametrize("make", SCENES, ids=lambda make: make.__name__)
every_journal = pytest.mark.parametrize("journal", ["WAL", "DELETE"])


@functools.cache
def scene_of(make: Callable[[], Scene]) -> Scene:
    return one_by_one(make())


def recorded(scene: Scene, start: Files, folder: Path, disk: Disk, journal: str) -> str | None:
    """Make the scene's call on `disk`; return the code of the error that an app would get."""
    path = write_files(folder, start)
    with beneath(disk, journal):
        error = play(scene, path)
    return None if error is None else error.code


@pytest.mark.fault("C30", "C31", "C32", "C37")
@every_journal
@every_scene
def test_a_power_cut_at_every_event(make: Callable[[], Scene], journal: str, quick: Path) -> None:
    scene = scene_of(make)
    start = files_of(scene, quick / "start")
    disk = Disk()
    code = recorded(scene, start, quick / "run", disk, journal)
    assert code in (None, scene.fails)
    found: list[str] = []
    for at in range(0, len(disk.events) + 1, STEPS[journal]):
        for damage in DAMAGES:
            files = after_power_cut(start, disk.events[:at], damage)
            found += judged(f"SQLite {journal}, power cut", scene, at, "crash", damage, quick / "cut", files)
    assert not found


@pytest.mark.fault("C30", "C31")
@every_journal
@pytest.mark.parametrize("make", [first_install, tiers, compacting_update], ids=lambda make: make.__name__)
def test_a_power_cut_during_the_recovery_from_one(
    make: Callable[[], Scene], journal: str, quick: Path
) -> None:
    """SQLite plays back what the first one has left, the engine goes on, and the power goes again."""
    scene = scene_of(make)
    start = files_of(scene, quick / "start")
    whole = Disk()
    recorded(scene, start, quick / "whole", whole, journal)
    found: list[str] = []
    for first in range(5, len(whole.events), 5 if ALL else 40):
        left = after_power_cut(start, whole.events[:first], "torn")
        again = Disk()
        recorded(scene, left, quick / "again", again, journal)
        for at in range(0, len(again.events), 1 if ALL else 5):
            files = after_power_cut(left, again.events[:at], "torn")
            family, point = f"SQLite {journal}, cut in recovery", first * 1000 + at
            found += judged(family, scene, point, "crash", "torn", quick / "cut", files)
    assert not found


@pytest.mark.fault("C30", "C31", "C33", "C34")
@pytest.mark.parametrize("fault", ["once", "forever", "full"])
@every_journal
@every_scene
def test_a_disk_that_fails_at_every_event(
    make: Callable[[], Scene], journal: str, fault: str, quick: Path
) -> None:
    """And then the power goes, too. The error that an app gets is one of ours, about storage."""
    scene = scene_of(make)
    start = files_of(scene, quick / "start")
    whole = Disk()
    recorded(scene, start, quick / "whole", whole, journal)
    found: list[str] = []
    for at in range(hash_of(scene.name) % ERROR_STEPS[journal], whole.asked, ERROR_STEPS[journal]):
        disk = Disk(at, fault)
        code = recorded(scene, start, quick / "run", disk, journal)
        assert disk.struck or fault == "full"
        assert code in (None, "quota" if fault == "full" else "storage", scene.fails), code
        for damage in DAMAGES:
            files = after_power_cut(start, disk.events, damage)
            found += judged(f"SQLite {journal}, failing disk", scene, at, fault, damage, quick / "cut", files)
    assert not found


def hash_of(name: str) -> int:
    """So that sampled scenes begin at different events."""
    return sum(map(ord, name))


@pytest.mark.fault("C31", "C37")
@every_journal
def test_what_was_written_survives_a_power_cut(journal: str, quick: Path) -> None:
    """Once `write` has returned, its records are there, and so is every object put before it."""
    acknowledged: list[tuple[int, int]] = []
    disk = Disk()

    async def work(path: Path) -> None:
        store = SqliteStore(path)
        for number in range(8):
            await store.put(f"{number:064x}", bytes([number]) * 9000)
            await store.write({"head": str(number).encode()})
            acknowledged.append((len(disk.events), number))
        await store.close()

    with beneath(disk, journal):
        asyncio.run(work(write_files(quick / "run", {})))
    assert len(acknowledged) == 8
    for events, number in acknowledged:
        for damage in DAMAGES:
            found = restart(write_files(quick / "cut", after_power_cut({}, disk.events[:events], damage)))
            assert found.records == {"head": str(number).encode()}, damage
            assert set(found.objects) == {f"{n:064x}" for n in range(number + 1)}


def test_a_disk_tears_and_drops() -> None:
    """The model itself: what is synced stays, what is not is dropped, or every other one of it."""
    start = {"a": b"old"}
    events = [
        Event("write", "a", 0, b"new"),
        Event("create", "b"),
        Event("write", "b", 0, b"x" * 2048),
        Event("sync", "a"),
        Event("write", "b", 2048, b"y" * 2048),
        Event("delete", "a"),
    ]
    assert after_power_cut(start, events[:3], "dropped") == start
    assert after_power_cut(start, events[:4], "dropped") == {"a": b"new"}
    assert after_power_cut(start, events, "kept") == {"b": b"x" * 2048 + b"y" * 2048}
    torn = after_power_cut(start, events[:5], "torn")
    assert torn == {"a": b"new", "b": b"x" * 2048 + (b"y" * 512 + bytes(512)) + b"y" * 512}
    assert after_power_cut(start, [*events[:5], Event("delete", "a", sure=True)], "dropped") == {}
