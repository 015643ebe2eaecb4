"""Power cuts and failing disks beneath SQLite: at every write, sync, truncation and deletion of a file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from support.sampling import sample
from support.scenes import Scene
from support.sqlite_disk import Disk, Event, Files, after_power_cut, beneath
from support.sqlite_restart import THREE, every_scene, files_of, judged, one_by_one, play, restart, write_files
from support.storage_faults import DAMAGES
from vademecum.runtime.sqlite.store import SqliteStore

SHARES = {"WAL": 1, "DELETE": 7}
ERROR_SHARES = {"WAL": 9, "DELETE": 47}
"""By default one event of so many is played: they are many, and each is a file to be opened."""

every_journal = pytest.mark.parametrize("journal", ["WAL", "DELETE"])


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
    scene = one_by_one(make)
    start = files_of(scene, quick / "start")
    disk = Disk()
    code = recorded(scene, start, quick / "run", disk, journal)
    assert code in (None, scene.fails)
    found: list[str] = []
    for at in sample(range(len(disk.events) + 1), SHARES[journal], f"power {scene.name}"):
        for damage in DAMAGES:
            files = after_power_cut(start, disk.events[:at], damage)
            found += judged(f"SQLite {journal}, power cut", scene, at, "crash", damage, quick / "cut", files)
    assert not found


@pytest.mark.fault("C30", "C31")
@every_journal
@pytest.mark.parametrize("make", THREE, ids=lambda make: make.__name__)
def test_a_power_cut_during_the_recovery_from_one(make: Callable[[], Scene], journal: str, quick: Path) -> None:
    """SQLite plays back what the first one has left, the engine goes on, and the power goes again."""
    scene = one_by_one(make)
    start = files_of(scene, quick / "start")
    whole = Disk()
    recorded(scene, start, quick / "whole", whole, journal)
    found: list[str] = []
    for first in sample(range(5, len(whole.events), 5), 8, f"recovery {scene.name} {journal}"):
        left = after_power_cut(start, whole.events[:first], "torn")
        again = Disk()
        recorded(scene, left, quick / "again", again, journal)
        for at in sample(range(len(again.events)), 5, f"recovery {scene.name} {journal} {first}"):
            files = after_power_cut(left, again.events[:at], "torn")
            family, point = f"SQLite {journal}, cut in recovery", first * 1000 + at
            found += judged(family, scene, point, "crash", "torn", quick / "cut", files)
    assert not found


@pytest.mark.fault("C30", "C31", "C33", "C34")
@pytest.mark.parametrize("fault", ["once", "forever", "full"])
@every_journal
@every_scene
def test_a_disk_that_fails_at_every_event(make: Callable[[], Scene], journal: str, fault: str, quick: Path) -> None:
    """And then the power goes, too. The error that an app gets is one of ours, about storage."""
    scene = one_by_one(make)
    start = files_of(scene, quick / "start")
    whole = Disk()
    recorded(scene, start, quick / "whole", whole, journal)
    found: list[str] = []
    for at in sample(range(whole.asked), ERROR_SHARES[journal], f"disk {scene.name} {fault}"):
        disk = Disk(at, fault)
        code = recorded(scene, start, quick / "run", disk, journal)
        assert disk.struck or fault == "full"
        assert code in (None, "quota" if fault == "full" else "storage", scene.fails), code
        for damage in DAMAGES:
            files = after_power_cut(start, disk.events, damage)
            found += judged(f"SQLite {journal}, failing disk", scene, at, fault, damage, quick / "cut", files)
    assert not found


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
