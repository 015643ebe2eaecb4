"""The sync worker of the product is ended by `terminate()` at operations of IndexedDB: at each of them with
VADEMECUM_FAULTS=all. It boots for each, so that the usual run samples.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from support.indexed_scenes import IndexedScene
from support.pages_host import PagesHost
from support.python_worker import write_worker
from support.scenes import Scene, clear, collection, direct, epoch, first_install, forced, rollback, tiers

ALL = os.environ.get("VADEMECUM_FAULTS") == "all"
STEP = 1 if ALL else 131
Command = tuple[str, dict[str, Any]]
SYNC: dict[str, Any] = {"force": False, "damaged": False, "unasked": False, "connection": {}}
CALLS: dict[Callable[[], Scene], Command] = {
    first_install: ("sync", SYNC),
    direct: ("sync", SYNC),
    rollback: ("rollback", {"connection": {}}),
}
MORE: dict[Callable[[], Scene], Command] = {
    tiers: ("sync", SYNC),
    collection: ("sync", SYNC),
    epoch: ("sync", SYNC),
    forced: ("sync", SYNC | {"force": True}),
    clear: ("clear", {"connection": {}}),
}
CALLS |= MORE if ALL else {}

RUN = """async ([name, target, command, args]) => {
    const { Remote } = await import('/client/workers/rpc.mjs');
    const gone = async () => { // with its locks: the browser takes its time
        while ((await navigator.locks.query()).held.length) await new Promise((again) => setTimeout(again, 5));
    };
    const worker = new Worker('/terminated_worker.mjs', { type: 'module', name });
    return new Promise((resolve) => {
        const remote = new Remote(worker, (event, detail) => {
            if (event !== 'struck') return;
            remote.close();
            gone().then(() => resolve({ struck: detail }));
        });
        const end = (answer) => remote.ended || (remote.close(), gone().then(() => resolve(answer)));
        remote.call('open', target).then(() => remote.call(command, args))
            .then((result) => end({ result }), ({ code, message }) => end({ code, message }));
    });
}"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, client_folder: Path, memory: bytes) -> Iterator[PagesHost]:
    folder = tmp_path_factory.mktemp("terminated")
    write_worker(folder, client_folder, memory)
    with PagesHost(folder) as server:
        server.folder = folder  # type: ignore[attr-defined]
        yield server


@pytest.fixture(scope="module")
def page(host: PagesHost, opener: Callable[[], Page]) -> Iterator[Page]:
    page = opener()
    page.goto(f"{host.url}worker.html")
    yield page
    page.close()


def write_tree(scene: Scene, folder: Path) -> None:
    for path, data in scene.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def run(indexed: IndexedScene, command: Command, at: int, fault: str) -> dict[str, Any]:
    """Start the worker and let it do the scene's call; return where it was ended, or how it ended by itself."""
    indexed.reset()
    now = indexed.scene.now.now().timestamp() * 1000
    root = indexed.scene.root.decode()
    target: dict[str, Any] = {"urls": [indexed.url], "trust": root, "policy": {}, "seed": None}
    name = json.dumps({"at": at, "fault": fault, "now": now})
    ended: dict[str, Any] = indexed.page.evaluate(RUN, [name, target, *command])
    assert "code" not in ended, ended
    return ended


@pytest.mark.fault("C30", "C32", "C36", "C39", "D43", "D46")
@pytest.mark.parametrize("make", CALLS, ids=lambda make: make.__name__)
def test_terminated_at_every_operation(make: Callable[[], Scene], page: Page, host: PagesHost) -> None:
    scene = make()
    write_tree(scene, host.folder / make.__name__)  # type: ignore[attr-defined]
    indexed = IndexedScene(scene, page, f"{host.url}{make.__name__}/")
    found: list[str] = []
    commits = []
    at = len(make.__name__) % STEP
    while struck := run(indexed, CALLS[make], at, "terminate").get("struck"):
        assert struck["number"] == at
        found += indexed.judged("Chromium, worker terminated", at, "terminate()", "kept")
        commits += [at] if struck["name"] == "commit" else []
        at += STEP
    assert at >= STEP
    found += indexed.judged("Chromium, worker terminated", at, "none", "kept")
    for number in commits:
        run(indexed, CALLS[make], number, "terminate in commit")
        found += indexed.judged("Chromium, worker terminated", number, "terminate() in commit", "kept")
    assert not found
