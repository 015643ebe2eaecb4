"""Every operation of the store fails, in every way, in every scene; the oracle judges each restart."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from support.app import App, read_content, texts
from support.drive import drive
from support.faults import FusedStore, cancel_at
from support.in_hand import MemoryTransport
from support.oracle import judge_content
from support.publisher import Publisher
from support.sampling import sample
from support.scenes import (
    SCENES,
    Scene,
    damaged,
    direct,
    first_install,
    healing,
    spoiled_release,
    steps,
    tiers,
    wrong_pack,
)
from support.storage_faults import DAMAGES, FAULTS, NumberedStore, Operation, after_power_cut, damages_of
from support.tally import count
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import VademecumError
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.store.objects import unsound
from vademecum.store.pointer import decode_head

SHARE = 7
"""Of so many points the usual run plays one; each fault has a sample of its own."""

every_scene = pytest.mark.parametrize("make", SCENES, ids=lambda make: make.__name__)


@functools.cache
def scene_of(make: Callable[[], Scene]) -> Scene:
    return make()


def run(
    scene: Scene, start: MemoryDatabase, at: int | None = None, fault: str = "once", damage: str = "dropped"
) -> tuple[NumberedStore, VademecumError | None]:
    """Make the scene's call on a copy of `start`; return the store as it was used, and the error."""
    store = NumberedStore(MemoryStore(MemoryDatabase(dict(start.records), dict(start.objects))), at, fault, damage)
    try:
        drive(_call(scene, store))
    except VademecumError as error:
        return store, error
    return store, None


async def _call(scene: Scene, store: NumberedStore) -> None:
    await scene.call(scene.engine(store))


def recover(scene: Scene, start: MemoryDatabase) -> list[Operation]:
    """Return the operations of the first sync after a restart from `start`."""
    store = NumberedStore(MemoryStore(MemoryDatabase(dict(start.records), dict(start.objects))))
    try:
        drive(scene.engine(store).sync())
    except VademecumError as error:
        assert error.code == scene.fails
    return store.asked


def judged(family: str, scene: Scene, point: int, fault: str, damage: str, found: MemoryDatabase) -> list[str]:
    violations = judge_content(scene, found.records, found.objects)
    count(family, scene.name, point, fault, damage, violations)
    return [f"{fault} at operation {point}, {damage}: {violation}" for violation in violations]


@pytest.mark.fault("C30", "C31", "C32", "C37", "C39", "D46")
@every_scene
def test_a_crash_at_every_operation(make: Callable[[], Scene]) -> None:
    scene = scene_of(make)
    store, error = run(scene, scene.database)
    assert error is None or error.code == scene.fails
    asked = store.asked
    assert asked == store.done
    found: list[str] = []
    for at in range(len(asked) + 1):
        flying = asked[at] if at < len(asked) else None
        for damage in DAMAGES:
            image = after_power_cut(scene.database, asked[:at], flying, damage)
            found += judged("memory, crash", scene, at, "crash", damage, image)
    assert not found


@pytest.mark.fault("C30", "C31")
@every_scene
def test_a_crash_during_the_recovery_from_a_crash(make: Callable[[], Scene]) -> None:
    scene = scene_of(make)
    first, _ = run(scene, scene.database)
    images: dict[str, tuple[int, MemoryDatabase]] = {}
    for at, flying in enumerate(first.asked):
        for damage in DAMAGES:
            image = after_power_cut(scene.database, first.asked[:at], flying, damage)
            images.setdefault(repr((sorted(image.records.items()), sorted(image.objects.items()))), (at, image))
    found: list[str] = []
    for at, start in sample(list(images.values()), SHARE, f"recovery {scene.name}"):
        asked = recover(scene, start)
        for again, flying in enumerate(asked):
            for damage in DAMAGES:
                image = after_power_cut(start, asked[:again], flying, damage)
                point = at * 1000 + again
                found += judged("memory, crash in recovery", scene, point, "crash", damage, image)
    assert not found


@pytest.mark.fault("C30", "C31", "C33", "C34")
@pytest.mark.parametrize("fault", FAULTS)
@every_scene
def test_an_error_at_every_operation(make: Callable[[], Scene], fault: str) -> None:
    """Until the run meets no fault any more. The error that an app gets is one of ours, about storage."""
    scene = scene_of(make)
    clean, _ = run(scene, scene.database)
    found: list[str] = []
    allowed = {"quota"} if fault == "full" else {"storage"}
    for at in sample(range(len(clean.asked)), SHARE, f"{fault} {scene.name}"):
        for damage in damages_of(clean.asked[at]):
            store, error = run(scene, scene.database, at, fault, damage)
            assert error is None or error.code in (*allowed, scene.fails), error
            for cut in DAMAGES:
                image = after_power_cut(scene.database, store.done, None, cut)
                found += judged("memory, error", scene, at, fault, cut, image)
    assert not found
    assert not run(scene, scene.database, len(clean.asked), fault)[0].struck


@pytest.mark.fault("D45", "D47")
@every_scene
def test_a_cancellation_at_every_operation(make: Callable[[], Scene]) -> None:
    """Of the store and of the host. The lock is free after it, and what is new stays from then on."""
    scene, found, seen = scene_of(make), [], []
    for at in itertools.count():
        database = scene.copy()
        try:
            drive(_cancelled(scene, database, at))
        except asyncio.CancelledError:
            assert not database.locked
        except VademecumError as error:
            assert error.code == scene.fails
            break
        else:
            break
        seen.append(database.records.get("head"))
        found += judged("memory, cancelled", scene, at, "cancel", "kept", database)
    assert not found
    assert at > 4
    assert seen == sorted(seen, key=seen.index)


async def _cancelled(scene: Scene, database: MemoryDatabase, at: int) -> None:
    fuse = cancel_at(at)
    await scene.call(scene.engine(FusedStore(database, fuse), fuse=fuse))


@pytest.mark.parametrize(
    ("make", "ladder"),
    [
        (first_install, ["full"]),
        (tiers, ["tiers"]),
        (direct, ["direct"]),
        (steps, ["direct"]),
        (wrong_pack, ["direct", "tiers"]),
        (damaged, ["tiers", "tiers"]),
        (healing, ["full"]),
        (spoiled_release, ["tiers", "full"]),
    ],
)
def test_scenes_go_the_way_that_they_are_named_after(make: Callable[[], Scene], ladder: list[str]) -> None:
    scene, plans = scene_of(make), []

    def hear(name: str, detail: Mapping[str, Any]) -> None:
        if name == "updateStarted":
            plans.append(detail["plan"])

    store = MemoryStore(scene.copy())
    engine = Engine(store, MemoryTransport(scene.files), scene.now, trust=scene.root, emit=hear)
    if scene.fails is None:
        drive(_made(scene, engine))
    else:
        with pytest.raises(VademecumError):
            drive(_made(scene, engine))
    assert plans == ladder


async def _made(scene: Scene, engine: Engine) -> None:
    await scene.call(engine)


def flipped(objects: dict[str, bytes]) -> Iterator[tuple[int, str, bytes]]:
    """Each object with one wrong bit, at many places."""
    for digest, data in objects.items():
        for at in sample(range(0, len(data), 11), SHARE, f"bits of {digest}"):
            yield at, digest, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.fault("C31", "C38", "A9")
def test_one_wrong_bit_in_what_a_broken_off_update_left() -> None:
    """The next update does not build on it, wherever the bit lies."""
    scene = scene_of(first_install)
    left = after_power_cut(scene.database, run(scene, scene.database)[0].done, None, "kept").objects
    found: list[str] = []
    for at, digest, wrong in flipped(left):
        image = MemoryDatabase(dict(scene.database.records), {**left, digest: wrong})
        store, error = run(scene, image)
        assert error is None
        end = after_power_cut(image, store.done, None, "kept")
        found += judged("memory, wrong bits left", scene, at, "bit rot", "one bit", end)
    assert not found


@pytest.mark.fault("C38")
def test_one_wrong_bit_in_what_is_installed() -> None:
    """The next update shows the signed state, and reads queries with the signed encoder."""
    scene = scene_of(tiers)
    installed = decode_head(scene.database.records["head"]).current
    assert installed is not None
    for at, digest, wrong in flipped(scene.database.objects):
        image = MemoryDatabase(dict(scene.database.records), {**scene.database.objects, digest: wrong})
        store, error = run(scene, image)
        assert error is None, (at, error)
        end = MemoryStore(after_power_cut(image, store.done, None, "kept"))
        assert drive(read_content(end)) == scene.new
        assert drive(end.get(installed.encoder)) == scene.database.objects[installed.encoder]


@pytest.mark.fault("C38")
def test_no_release_is_installed_over_a_damaged_object() -> None:
    """Also where the bit lies in a row that is dead, and no state digest covers it."""
    app = App(Publisher(), config=Config(retries=0))  # nothing is mended after the flip
    app.publisher.publish({"a": texts("rotate the key"), "b": texts("a lamp")})
    app.sync()
    installed = app.database
    app.publisher.publish({"a": texts("rotate the lamp"), "b": texts("a lamp")})
    for at, digest, wrong in flipped(installed.objects):
        app.database = MemoryDatabase(dict(installed.records), {**installed.objects, digest: wrong})
        app.sync()
        assert app.head.current is not None
        assert not drive(unsound(MemoryStore(app.database), app.head.current.objects)), (at, digest)
        assert app.content() == {"a": ["rotate the lamp"], "b": ["a lamp"]}
