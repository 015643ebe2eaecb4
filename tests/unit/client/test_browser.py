"""The entry that JavaScript calls: each command, its answer, its events and its errors, without a browser."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from support.in_hand import MemoryTransport
from support.publisher import Publisher
from vademecum.errors import ServerError
from vademecum.runtime.memory import MemoryDatabase, MemoryStore

ONE, TWO = ({"a": {"chunks": [text]}} for text in ("rotate the key", "rotate the new key"))


@dataclass
class Page:
    """What a page hands over, and hears."""

    module: Any
    publisher: Publisher
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    options: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, ServerError] = field(default_factory=dict)
    seed: Any = None
    free: object = 10.0**9
    permitted: bool = True
    heard: list[tuple[str, Any]] = field(default_factory=list)

    def run(self, command: str, **arguments: Any) -> Any:
        async def room() -> object:
            return self.free

        tree = SimpleNamespace(url="https://acme.example/kb/", files={**self.publisher.files, **self.errors})
        host = SimpleNamespace(
            options=json.dumps({"trust": self.publisher.first_root.decode(), "policy": {}} | self.options),
            trees=[tree],
            seed=self.seed,
            openStore=lambda: MemoryStore(self.database),
            room=room,
            permitted=lambda: self.permitted,
            emit=lambda name, detail: self.heard.append((name, json.loads(detail))),
        )
        told = json.dumps({"connection": {}} | arguments)
        return json.loads(asyncio.run(self.module.run(command, told, host)))

    def sync(self, **arguments: Any) -> Any:
        return self.run("sync", **{"damaged": False, "force": False, "unasked": False} | arguments)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The module over a store and a tree in memory; what only Pyodide has is not there."""
    ffi = ModuleType("pyodide.ffi")
    vars(ffi).update(JsException=type("JsException", (Exception,), {}), to_js=lambda value: value)
    for name, module in (("pyodide", ModuleType("pyodide")), ("pyodide.ffi", ffi)):
        monkeypatch.setitem(sys.modules, name, module)
    import vademecum.browser as browser

    monkeypatch.setattr(browser, "BrowserStore", lambda store: store)
    monkeypatch.setattr(browser, "BrowserTransport", lambda tree: MemoryTransport(tree.files))
    publisher = Publisher(now=datetime.now(UTC).replace(microsecond=0))
    publisher.publish(ONE)
    yield Page(browser, publisher)
    for name in ("vademecum.browser", "vademecum.runtime.browser"):
        del sys.modules[name]


def test_each_command_answers_in_json(page: Page) -> None:
    check = page.run("check")["result"]
    assert (check["available"], check["sequence"], check["installed"]) == (True, 1, None)
    result = page.sync()["result"]
    assert (result["from"], result["to"], result["plan"]) == (None, 1, "full")
    assert [name for name, _ in page.heard][-1] == "updateCompleted"
    page.publisher.publish(TWO)
    assert page.run("skip", sequence=2) == {"result": None}
    assert page.sync(unasked=True)["result"]["reason"] == "refused"
    assert page.sync(force=True)["result"]["to"] == 2
    assert page.run("rollback")["result"]["version"] == "v1"
    assert page.run("pin", sequence=2) == {"result": None}
    assert page.sync()["result"]["to"] == 2
    assert page.run("doctor", repair=False)["result"]["sound"] is True
    assert page.run("refuse", reason="it does not open")["result"]["version"] == "v1"
    assert page.run("clear") == {"result": None}
    assert page.run("check")["result"]["installed"] is None


def test_a_seed_is_planted(page: Page) -> None:
    page.seed = SimpleNamespace(files=dict(page.publisher.files))
    assert page.run("plant") == {"result": 1}


def test_what_a_reader_cannot_open_is_mended(page: Page) -> None:
    page.sync()
    asked = [page.sync(damaged=damaged)["result"]["requests"] for damaged in (False, True, True, True)]
    assert asked[-1] > asked[0]


def test_errors_are_answers(page: Page) -> None:
    page.free = 10
    error = page.sync()["error"]
    assert (error["code"], error["available"], error["needed"] > 10) == ("quota", 10, True)
    page.free = None
    page.errors = {"metadata/timestamp.json": ServerError("busy", 503, 7)}
    error = page.sync()["error"]
    assert error == {"code": "server", "message": error["message"], "retryAfter": 7, "status": 503}


@pytest.mark.parametrize(
    ("connection", "policy", "reason"),
    [
        ({"saveData": True}, {}, "connection"),
        ({"saveData": "yes"}, {}, None),
        ({"effectiveType": "2g"}, {}, "connection"),
        ({"type": "cellular"}, {"connection": "wifi"}, "connection"),
        ({"type": "wifi"}, {"connection": "wifi"}, None),
        ({}, {"mode": "manual"}, "manual"),
    ],
)
def test_what_the_browser_says_of_the_network_counts(
    page: Page, connection: dict[str, Any], policy: dict[str, str], reason: str | None
) -> None:
    page.sync()
    page.publisher.publish(TWO)
    page.options = {"policy": policy}
    result = page.sync(unasked=True, connection=connection)["result"]
    assert (result["to"], result["offer"] and result["offer"]["reason"]) == (1 if reason else 2, reason)


@pytest.mark.parametrize(
    ("extra", "lean", "fetched"),
    [("model", True, ""), ("model", False, "model"), ("directions", True, "directions"), (None, True, "")],
)
def test_a_lean_run_leaves_the_model_for_later(
    page: Page, monkeypatch: pytest.MonkeyPatch, extra: str | None, lean: bool, fetched: str
) -> None:
    """It is many times the release: a page that has no hits yet waits for none of it."""
    made: list[str] = []
    engine = page.module.Engine

    def noted(*args: Any, extra: str, **said: Any) -> Any:
        made.append(extra)
        return engine(*args, **said)

    monkeypatch.setattr(page.module, "Engine", noted)
    page.options = {"extra": extra}
    page.sync(lean=lean)
    assert made == [fetched]
