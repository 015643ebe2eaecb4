"""A host that does everything wrong, and the engine in Chromium: the tests of tests/faults/network over `fetch`.

What only CPython's own HTTP does differently (who follows redirections, how a cache is gone past) is not here.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Page

from faults.network.test_network_faults import (  # noqa: F401 - pytest collects them here once more
    PATIENT,
    SCENE,
    Client,
    Code,
    asked,
    test_200_with_something_else,
    test_404_for_a_fresh_object_passes,
    test_404_that_stays,
    test_a_body_that_breaks_off_at_any_byte,
    test_a_body_that_breaks_off_once_is_fetched_again,
    test_a_busy_host_is_left_alone,
    test_a_captive_portal_for_every_file,
    test_a_host_that_never_finishes,
    test_a_new_pointer_with_old_metadata,
    test_a_short_wait_is_waited_for,
    test_content_length_lies,
    test_content_length_that_is_no_number_of_bytes,
    test_content_length_too_short,
    test_decompression_bombs,
    test_endless_bodies,
    test_no_connection,
    test_ranges_are_never_asked_for_nor_taken,
    test_the_old_pointer_for_ever,
    test_the_right_name_and_the_wrong_bytes,
)
from support import faulty_pages as host
from support.faulty_pages import FaultyPages, Rule, faulty_pages
from support.http_mirrors import FAULTS
from support.python_worker import PythonWorker, write_worker
from vademecum.errors import ServerError, VademecumError
from vademecum.runtime.http import HttpLimits
from vademecum.update.results import Outcome


@dataclass
class ChromiumClient(Client):
    """A client whose engine runs in the worker."""

    worker: PythonWorker = field(kw_only=True)
    pages: FaultyPages = field(kw_only=True)
    result: dict[str, Any] = field(default_factory=dict)
    family: ClassVar[str] = "Chromium: network, over HTTP"

    def sync(self, url: str, limits: HttpLimits = PATIENT, *, force: bool = False) -> Outcome | None:
        waits = (limits.idle * 1000, limits.total * 1000)
        self.result = json.loads(self.worker.call("network_client", "sync", url, *waits, force))
        self.events = [(name, detail) for name, detail in self.result["events"]]
        self.error = _error(self.result["error"])
        return None

    def host(self, script: list[Rule]) -> AbstractContextManager[FaultyPages]:
        """The one host that the worker came from, with another script."""
        self.pages.script[:] = script
        self.pages.asked.clear()
        return nullcontext(self.pages)

    def judge(self) -> list[str]:
        return list(json.loads(self.worker.call("network_client", "judge")))

    def cut_short(self, path: str, code: str) -> Code:
        """A browser says nothing of a body in gzip that breaks off: what is left of it is judged by what it is."""
        return ("network", "content", None) if path.endswith(".json") else code

    def record(self, name: str) -> bytes:
        return bytes.fromhex(self.result["records"][name])

    def slept(self) -> list[float]:
        return list(self.result["slept"])

    def advance(self, seconds: float) -> None:
        self.worker.call("network_client", "advance", seconds)

    def status(self) -> dict[str, Any]:
        return dict(self.result["status"])


def _error(found: dict[str, Any] | None) -> VademecumError | None:
    if found is None:
        return None
    if found["code"] == ServerError.code:
        return ServerError(found["message"], found["status"], found["retry_after"])
    error = VademecumError(found["message"])
    error.code = found["code"]
    return error


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, client_folder: Path, memory: bytes) -> Iterator[FaultyPages]:
    """One host for the worker's own files and for the tree of the scene."""
    folder = tmp_path_factory.mktemp("network")
    write_worker(folder, client_folder, memory, whole=True)
    for path, data in SCENE.files.items():
        for file in (folder / path, folder / "mirror" / path):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    with faulty_pages(folder) as pages:
        yield pages


@pytest.fixture(scope="module")
def worker(pages: FaultyPages, opener: Callable[[], Page]) -> Iterator[PythonWorker]:
    worker = PythonWorker(opener(), pages.url)
    worker.call("network_client", "take_scene", pickle.dumps(SCENE).hex())
    yield worker
    worker.page.close()


@pytest.fixture
def new_client(worker: PythonWorker, pages: FaultyPages, tmp_path: Path) -> Callable[..., ChromiumClient]:
    """Makes clients that have release 1, of a host that has release 2; one at a time."""

    def make(**config: Any) -> ChromiumClient:
        settings = replace(SCENE.config, **{"retries": 0, **config})
        worker.call("network_client", "begin", settings.retries)
        return ChromiumClient(SCENE, tmp_path, settings, SCENE.copy(), SCENE.now, worker=worker, pages=pages)

    return make


@pytest.mark.fault("A9", "B25")
def test_every_request_goes_past_the_browsers_cache(
    asked: list[str],  # noqa: F811 - the fixture
    new_client: Callable[..., ChromiumClient],
) -> None:
    client = new_client()
    pages = client.meet([], None)
    assert client.updated()
    fresh = {path for path, headers in pages.asked if "no-cache" in headers.get("Cache-Control", "")}
    assert fresh >= set(asked)


@pytest.mark.fault("A9", "B29")
@pytest.mark.parametrize("kind", FAULTS)
def test_one_bad_mirror_and_one_good(new_client: Callable[..., ChromiumClient], kind: str) -> None:
    """The tests of CPython's, in short: the update succeeds, and the next run asks the first mirror first again."""
    client, (fault, limits) = new_client(), FAULTS[kind]
    both = f"{client.pages.url} {client.pages.url}mirror/"
    for script in ([Rule("(metadata|releases|objects)/.*", fault)], []):
        with client.host(script) as pages:
            client.sync(both, limits)
            assert client.error is None
            assert client.updated()
            assert any(path in SCENE.files for path in pages.paths())
    assert client.judge() == []


@pytest.mark.parametrize("where", ["result", "event"])
@pytest.mark.parametrize("number", ["nan", "inf"])
def test_no_number_that_json_lacks_crosses_the_border(worker: PythonWorker, where: str, number: str) -> None:
    """It would be lost over there, with the message around it; here it is a bug that shows."""
    assert "not JSON compliant" in worker.call("network_client", "cross_the_border", where, number)
    assert worker.call("network_client", "cross_the_border", where, "1.5") == ""


@pytest.mark.fault("B26")
def test_redirections_that_chromium_follows(
    asked: list[str],  # noqa: F811 - the fixture
    new_client: Callable[..., ChromiumClient],
) -> None:
    moved = [Rule(path, host.status(302, Location=f"/kb/./{path}"), times=1) for path in asked]
    client = new_client()
    client.meet(moved, None)
    assert client.updated()
    circle = new_client()
    circle.meet([Rule(asked[0], host.status(302, Location=f"/kb/{asked[0]}"))], "network")
    assert not circle.updated()
