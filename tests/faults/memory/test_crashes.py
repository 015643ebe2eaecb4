"""The store's promise: after any fault, at any moment, exactly the old or exactly the new generation."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from support.app import App, texts
from support.drive import drive
from support.faults import Crash, Fuse, FusedStore, cancel_at, crash_at
from support.publisher import Publisher, make_encoder
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import SelfTestError

ONE = {"a": texts("rotate the key"), "b": texts("a lamp")}
TWO = {"a": texts("rotate the lamp"), "c": texts("run home")}
THREE = {"c": texts("run home"), "d": texts("the key")}
Content = dict[str, list[str]]


def shown(documents: dict[str, dict[str, list[str]]]) -> Content:
    return {key: document["chunks"] for key, document in documents.items()}


def first_install() -> tuple[App, Content, Content]:
    app = App(Publisher())
    app.publisher.publish(ONE)
    return app, {}, shown(ONE)


def update() -> tuple[App, Content, Content]:
    app, _, old = first_install()
    app.sync()
    app.publisher.publish(TWO)
    return app, old, shown(TWO)


def new_epoch() -> tuple[App, Content, Content]:
    """With a previous generation that becomes garbage, and a key that was replaced."""
    app, _, _old = update()
    app.sync()
    app.publisher.rotate("timestamp", "release 2")
    app.publisher.new_epoch("c" * 16, make_encoder("the lamp and the key run home"))
    app.publisher.publish(THREE)
    return app, shown(TWO), shown(THREE)


def many_segments() -> tuple[App, Content, Content]:
    """Three segments, with dead rows and a tombstone that keeps an older row dead."""
    app = App(Publisher())
    old = {**ONE, "e": texts("run", "home")}
    new = {"b": texts("the lamp"), "e": old["e"]}
    for documents in ({**ONE, "e": texts("run")}, old, new):
        app.publisher.publish(documents)
        app.sync()
    return app, shown(new), shown(old)


def compacting() -> tuple[App, Content, Content]:
    """The update merges the smallest of four segments."""
    app, old, _ = many_segments()
    app.config = Config(max_segments=2)
    new = {"b": texts("the lamp"), "e": texts("run", "home"), "f": texts("the key", "rotate", "a lamp")}
    app.publisher.publish(new)
    return app, old, shown(new)


def broken_release() -> tuple[App, Content, Content]:
    """The new release does not work here; until the self-test says so, it may be seen."""
    app, old, _ = update()
    encoder = make_encoder()
    app.publisher.new_epoch("c" * 16, encoder)
    (golden,) = encoder.file.goldens
    broken = replace(golden, vector=[0] * len(golden.vector))
    app.publisher.encoder = type(encoder)(replace(encoder.file, goldens=[broken]))
    app.publisher.publish(THREE)
    return app, old, shown(THREE)


def rolling_back() -> tuple[App, Content, Content]:
    app, old, new = update()
    app.sync()
    return app, new, old


Scene = Callable[[], tuple[App, Content, Content]]
Call = Callable[[Engine], Awaitable[object]]
FAULTS = {"crash": Crash, "cancel": asyncio.CancelledError}


def sync(engine: Engine) -> Awaitable[object]:
    return engine.sync()


def force(engine: Engine) -> Awaitable[object]:
    return engine.sync(force=True)


def rollback(engine: Engine) -> Awaitable[object]:
    return engine.rollback()


def pin_the_first(engine: Engine) -> Awaitable[object]:
    return engine.pin(1)


made = functools.cache(lambda scene: scene())


def copy_of(scene: Scene) -> tuple[App, Content, Content]:
    """Return the scene with a database of its own; what is published is made once."""
    app, old, new = made(scene)
    return replace(app, database=deepcopy(app.database), clock=deepcopy(app.clock)), old, new


def count_operations(scene: Scene, call: Call) -> int:
    """How many operations the call takes, all ports together, when nothing goes wrong."""
    app, _, _ = copy_of(scene)
    fuse = crash_at(None)
    with contextlib.suppress(SelfTestError):
        drive(_run(app, call, fuse))
    assert fuse.burnt >= 4
    return fuse.burnt


def strike(app: App, call: Call, fault: str, at: int) -> None:
    """Run with a fault before operation `at`. The lock goes away with the process."""

    async def run() -> None:
        await _run(app, call, crash_at(at) if fault == "crash" else cancel_at(at))

    with pytest.raises(FAULTS[fault]):
        drive(run())
    assert fault == "crash" or not app.database.locked
    app.database.locked = False


async def _run(app: App, call: Call, fuse: Fuse) -> None:
    await call(app.engine(FusedStore(app.database, fuse), fuse))


def floor(app: App) -> list[int]:
    """The versions of the trust floor, role by role."""
    records = [app.database.records.get(f"trust/{role}.json") for role in ("root", "timestamp", "snapshot", "targets")]
    return [0 if record is None else json.loads(record)["signed"]["version"] for record in records]


@pytest.mark.fault("C30", "D45")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("scene", "call"), [(first_install, sync), (update, sync), (update, force), (new_epoch, sync), (compacting, sync)]
)
def test_a_sync_that_is_cut_off(scene: Scene, call: Call, fault: str) -> None:
    seen = []
    for at in range(count_operations(scene, call)):
        app, old, new = copy_of(scene)
        before, held = floor(app), set(app.database.objects)
        strike(app, call, fault, at)
        content = app.content()
        assert content in (old, new), f"a mixture, when cut off before operation {at}"
        seen.append(content == new)
        assert app.head.objects <= set(app.database.objects)
        assert all(after >= version for after, version in zip(floor(app), before, strict=True))
        assert "updateFailed" not in app.names()
        app.sync()
        assert app.content() == new
        assert app.status()["error"] is None
        # What the update made superfluous may wait for the next one, and so may what it fetched and then
        # merged; nothing else of the cut-off run does.
        assert set(app.database.objects) <= app.head.objects | held | published(app)
    assert seen == sorted(seen), "first the old generation, then the new one"
    assert set(seen) == {False, True}


def published(app: App) -> set[str]:
    assert app.publisher.manifest is not None
    return {ref.sha256 for ref in app.publisher.manifest.objects}


def test_the_scene_that_compacts_does_so() -> None:
    app, _, new = compacting()
    fetched = app.sync().bytes
    assert app.head.current is not None
    assert len(app.head.current.segments) <= 2
    assert set(app.database.objects) == app.head.objects
    assert app.content() == new
    plain, _, _ = compacting()
    plain.config = Config()
    assert plain.sync().bytes == fetched
    assert plain.head.current is not None
    assert len(plain.head.current.segments) == 4


@pytest.mark.fault("D45")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [rollback, pin_the_first])
def test_a_way_back_that_is_cut_off(call: Call, fault: str) -> None:
    for at in range(count_operations(rolling_back, call)):
        app, old, new = copy_of(rolling_back)
        strike(app, call, fault, at)
        assert app.content() in (old, new)
        app.rollback()
        assert app.content() in (old, new)


@pytest.mark.fault("D47")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_self_test_that_is_cut_off(fault: str) -> None:
    """A reader never meets the release that does not work here: it is tested before the flip."""
    for at in range(count_operations(broken_release, sync)):
        app, old, _ = copy_of(broken_release)
        strike(app, sync, fault, at)
        assert app.sequence != 3
        assert app.content() == old


def test_operations_are_counted() -> None:
    """The faults above strike at every request and at every operation of the store."""
    app, _, _ = update()
    fuse = crash_at(None)
    drive(_run(app, sync, fuse))
    assert fuse.burnt > len(app.requests) + 10
