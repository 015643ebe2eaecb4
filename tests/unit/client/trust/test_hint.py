"""The manifest comes beside the targets where the snapshot hints at it; what a hint says decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from support.app import App, texts
from support.drive import drive
from support.in_hand import FixedClock, MemoryTransport
from support.publisher import NOW, Publisher
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import ContentError, NetworkError, ServerError, VademecumError
from vademecum.format.objects import ObjectRef
from vademecum.ports import Body, Progress
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader
from vademecum.trust.metadata import TIMESTAMP

ONE = {"a": texts("rotate the key", "run home")}
TWO = {"a": texts("rotate the key", "run to the lamp")}
THREE = {"a": texts("a lamp")}


@pytest.fixture
def app() -> App:
    """Release 1 is installed, release 2 is published."""
    app = App(Publisher(), config=Config(retries=1, parallel=1))
    app.publisher.publish(ONE)
    app.sync()
    app.publisher.publish(TWO)
    return app


class Rounds(MemoryTransport):
    """Answers what it was asked for meanwhile at the same time: `rounds` are the requests that waited together."""

    def __init__(self, files: Mapping[str, bytes | VademecumError]) -> None:
        super().__init__(files)
        self.rounds: list[list[str]] = []
        self._answer: asyncio.Future[None] | None = None

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        if self._answer is None or self._answer.done():
            self._answer = asyncio.get_running_loop().create_future()
            self.rounds.append([])
            self._task = asyncio.ensure_future(self._let_go(self._answer))
        self.rounds[-1].append(path)
        await self._answer
        return await super().fetch(path, limit=limit, fresh=fresh, progress=progress)

    async def _let_go(self, answer: asyncio.Future[None]) -> None:
        for _ in range(10):  # whatever else is to be asked for now, is
            await asyncio.sleep(0)
        answer.set_result(None)


def sync_in_rounds(app: App, files: Mapping[str, bytes | VademecumError] | None = None) -> Rounds:
    transport = Rounds(app.host if files is None else files)
    engine = Engine(MemoryStore(app.database), transport, app.clock, trust=app.publisher.first_root, config=app.config)
    drive(engine.sync())
    return transport


def kinds(rounds: list[list[str]]) -> list[list[str]]:
    return [sorted({path.partition("/")[0] for path in paths}) for paths in rounds]


def test_an_update_is_four_round_trips(app: App) -> None:
    app.config = Config()
    found = sync_in_rounds(app).rounds
    assert kinds(found) == [["metadata"], ["metadata"], ["metadata", "releases"], ["objects"]]
    assert app.sequence == 2
    assert found[0] == [TIMESTAMP]


def test_without_a_hint_it_is_five(app: App) -> None:
    """As in the trees of earlier builders."""
    app.config = Config()
    app.publisher.snapshot.unrecognized_fields.clear()
    app.publisher.sign()
    assert kinds(sync_in_rounds(app).rounds) == [*[["metadata"]] * 3, ["releases"], ["objects"]]


def test_an_idle_check_is_one_request_still(app: App) -> None:
    app.sync()
    assert sync_in_rounds(app).rounds == [[TIMESTAMP]]


LIES: dict[str, Any] = {
    "another digest": {"sha256": "0" * 64},
    "another length": {"length": 5},
    "a length beyond all limits": {"length": 2**40},
    "another path": {"release": "releases/9.json"},
    "a path outside": {"release": "../x"},
    "a digest that is none": {"sha256": "../x"},
    "an older release": {"sequence": 1},
    "no number": {"sequence": "2"},
    "a length of nothing": {"length": 0},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_hint_that_lies_costs_two_requests_at_most(app: App, lie: str) -> None:
    app.publisher.hint = {**app.publisher.hint, **LIES[lie]}
    app.publisher.sign()
    assert app.sync().to_sequence == 2
    assert app.content()["a"] == ["rotate the key", "run to the lamp"]
    asked = [path for path in app.requests if path.startswith("releases/")]
    assert len(asked) <= 3, "wrong bytes are asked for once more, past all caches"


@pytest.mark.parametrize("field", [5, [], {}, {"channels": 5}, {"channels": {"stable": 5}}, {"channels": {"beta": {}}}])
def test_a_hint_that_is_none_or_for_another_channel_is_passed_over(app: App, field: object) -> None:
    app.publisher.snapshot.unrecognized_fields["vademecum"] = field
    app.publisher.sign()
    assert app.sync().to_sequence == 2
    assert len([path for path in app.requests if path.startswith("releases/")]) == 1


def test_the_manifest_of_another_release_is_never_used(app: App) -> None:
    """Signed well as a hint, whole, and newer: but the targets name another one."""
    hint = app.publisher.hint
    app.publisher.publish(THREE)
    app.publisher.hint = {**hint, "sequence": 9}
    app.publisher.sign()
    assert app.sync().to_sequence == 3
    assert app.content()["a"] == ["a lamp"]


@pytest.mark.parametrize("state", ["pinned", "refused"])
def test_what_nobody_will_ask_for_is_not_fetched(app: App, state: str) -> None:
    app.sync()
    if state == "refused":
        app.rollback()
        app.publisher.sign()
    else:
        app.pin(2)
        app.publisher.publish(THREE)
    asked = [path for paths in sync_in_rounds(app).rounds for path in paths]
    assert len(asked) == 3
    assert not [path for path in asked if path.startswith("releases/")]


def manifest_path(app: App) -> str:
    return next(
        path for path in sorted(app.publisher.files) if path.startswith("releases/") and path.endswith(".2.json")
    )


@pytest.mark.fault("A9", "B19", "B20")
@pytest.mark.parametrize("error", [NetworkError("no"), ServerError("not yet", 404), ServerError("busy", 503)])
def test_a_manifest_that_fails_beside_the_metadata_is_asked_for_again(app: App, error: VademecumError) -> None:
    app.host.hiccups[manifest_path(app)] = error
    assert app.sync().to_sequence == 2
    assert len(app.clock.slept) == 1, "a host that asked for patience has it"
    assert app.requests.count(manifest_path(app)) == 2


@pytest.mark.fault("A9")
def test_wrong_bytes_beside_the_metadata_are_no_manifest(app: App) -> None:
    app.host.broken[manifest_path(app)] = b"wrong"
    with pytest.raises(ContentError):
        app.sync()
    assert app.sequence == 1


@pytest.mark.fault("A1")
def test_targets_that_do_not_verify_leave_nothing_behind(app: App) -> None:
    app.publisher.files["metadata/2.targets.json"] = b"{}"
    transport = Rounds(app.host)
    engine = Engine(MemoryStore(app.database), transport, app.clock, trust=app.publisher.first_root, config=app.config)

    async def sync() -> set[asyncio.Task[Any]]:
        with pytest.raises(ContentError):
            await engine.sync()
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert drive(sync()) == set()
    assert app.sequence == 1


REF = ObjectRef("0" * 64, 10, 10)


class Slow(MemoryTransport):
    """Never answers."""

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        self.requests.append(path)
        await asyncio.get_running_loop().create_future()
        raise AssertionError


@pytest.mark.fault("D45")
def test_what_was_begun_is_ended_with_the_run() -> None:
    async def run() -> tuple[list[str], int]:
        transport = Slow({})
        downloader = Downloader(transport, FixedClock(NOW), Config())
        downloader.prefetch("x", REF)
        downloader.prefetch("y", REF)
        await asyncio.sleep(0)
        await downloader.close()
        await downloader.close()
        return transport.requests, len(asyncio.all_tasks())

    assert drive(run()) == (["x"], 1)


@pytest.mark.fault("D45")
def test_a_cancelled_wait_for_it_is_a_cancelled_run() -> None:
    async def run() -> int:
        downloader = Downloader(Slow({}), FixedClock(NOW), Config())
        downloader.prefetch("x", REF)
        waiting = asyncio.ensure_future(downloader.fetch_plain("x", REF))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await downloader.close()
        return len(asyncio.all_tasks())

    assert drive(run()) == 1
