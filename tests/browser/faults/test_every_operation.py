"""Every operation of IndexedDB fails or is the last; the oracle judges each restart.

What IndexedDB must show is that our store keeps its promise on it; that the engine can live with a failure at any
place of any history is shown in memory (tests/faults/memory). So three scenes that ask for everything are enough here;
VADEMECUM_FAULTS=all plays them all, at each operation.

One worker of Chromium with Python plays them all: a crash is the end of its connection there, with whatever was not
committed undone by the browser. test_terminated.py ends the worker itself.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from support.indexed_scenes import IndexedScene
from support.pages_host import PagesHost
from support.python_worker import PythonWorker, write_worker
from support.sampling import ALL, sample
from support.scenes import SCENES, Scene, compacting_update, first_install, tiers

CRASHES, ERRORS = 6, 26
"""One of so many operations is the last one, and fails; faults/memory/test_storage_faults.py has them all in memory."""
CODES: dict[str, set[str]] = {
    "once": {"storage"},
    "forever": {"storage"},
    "full": {"quota"},
    "aborted": {"storage"},
    "closed": {"storage"},
}

every_scene = pytest.mark.parametrize(
    "make", SCENES if ALL else (first_install, tiers, compacting_update), ids=lambda make: make.__name__
)
EVERY_KIND = {"open", "createObjectStore", "createIndex", "transaction", "commit"} | {
    *("get", "put", "delete", "openKeyCursor", "continue")
}
"""What Python's store asks for; `clear` is the page's alone (test_client.py)."""
Player = Callable[[Callable[[], Scene]], "Play"]


class Play:
    """One scene, played in the worker again and again."""

    def __init__(self, worker: PythonWorker, indexed: IndexedScene) -> None:
        self._worker, self.indexed, self.scene = worker, indexed, indexed.scene
        worker.call("indexeddb_client", "take_scene", pickle.dumps(self.scene).hex())
        self.asked: list[str] = self.run(-1, "none")["asked"]
        assert len(self.asked) > 10

    def run(self, at: int, fault: str) -> dict[str, Any]:
        self.indexed.reset()
        played: dict[str, Any] = json.loads(self._worker.call("indexeddb_client", "play", self.indexed.url, at, fault))
        return played


@pytest.fixture(scope="module")
def worker(
    tmp_path_factory: pytest.TempPathFactory, client_folder: Path, memory: bytes, opener: Callable[[], Page]
) -> Iterator[PythonWorker]:
    folder = tmp_path_factory.mktemp("indexeddb")
    write_worker(folder, client_folder, memory)
    page = opener()
    with PagesHost(folder) as server:
        yield PythonWorker(page, server.url)
        page.close()


@pytest.fixture(scope="module")
def play(worker: PythonWorker) -> Player:
    plays: dict[str, Play] = {}

    def of(make: Callable[[], Scene]) -> Play:
        name = make.__name__
        if name not in plays:
            plays.clear()
            plays[name] = Play(
                worker, IndexedScene(make(), worker.page, worker.page.url.replace("worker.html", f"{name}/"))
            )
        return plays[name]

    return of


@pytest.mark.fault("C30", "C32", "C39", "D46")
@every_scene
def test_a_crash_at_every_operation(make: Callable[[], Scene], play: Player) -> None:
    scene = play(make)
    asked = scene.asked
    assert scene.run(len(asked), "crash")["asked"] == asked, "a run without a fault"
    found = scene.indexed.judged("Chromium, IndexedDB: crash", len(asked), "crash", "dropped")
    for at in sample(range(len(asked)), CRASHES, f"crash, {scene.scene.name}"):
        played = scene.run(at, "crash")
        assert played["asked"] == asked[: at + 1]
        found += scene.indexed.judged("Chromium, IndexedDB: crash", at, "crash", "dropped")
    assert not found


@pytest.mark.fault("C30", "C33", "C34", "C36")
@pytest.mark.parametrize("fault", CODES)
@every_scene
def test_an_error_at_every_operation(make: Callable[[], Scene], fault: str, play: Player) -> None:
    scene = play(make)
    found: list[str] = []
    for at in sample(range(len(scene.asked)), ERRORS, f"{fault}, {scene.scene.name}"):
        code = scene.run(at, fault)["code"]
        allowed = code is None or code in (*CODES[fault], scene.scene.fails)
        found += [] if allowed else [f"{fault} at {at}: code {code}"]
        found += scene.indexed.judged("Chromium, IndexedDB: error", at, fault, "dropped")
    assert not found


def test_the_scenes_ask_for_every_kind_of_operation(play: Player) -> None:
    asked = [play(make).asked for make in (first_install, tiers, compacting_update)]
    assert set().union(*asked) == EVERY_KIND


@pytest.mark.parametrize(("make", "plan"), [(first_install, "full"), (tiers, "tiers")])
def test_a_scene_does_what_its_name_says(make: Callable[[], Scene], plan: str, play: Player) -> None:
    assert play(make).run(-1, "none")["plan"] == plan
