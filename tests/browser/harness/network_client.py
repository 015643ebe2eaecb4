"""Runs inside Pyodide: clients of the scene that tests/faults/network has, over the browser's own `fetch`."""

from __future__ import annotations

import functools
import json
import pickle
from dataclasses import replace
from typing import Any
from unittest import mock

import securesystemslib.signer._key as keys
from parts import fetchBody
from pyodide.ffi import to_js

from support.in_hand import FixedClock
from support.oracle import judge_content
from vademecum import browser
from vademecum.engine import Engine
from vademecum.errors import VademecumError
from vademecum.runtime.browser import BrowserTransport
from vademecum.runtime.memory import MemoryDatabase, MemoryStore

keys.checkvalid = functools.cache(keys.checkvalid)  # see tests/unit/client/conftest.py


class Host:
    """What js/worker.mjs hands over, of one tree."""

    def __init__(self, url: str, timeouts: dict[str, float]) -> None:
        self.url, self._timeouts = url, timeouts

    def fetch(self, path: str, limit: int, progress: Any) -> Any:
        more = {"timeouts": to_js(self._timeouts, dict_converter=_plain_object)} if self._timeouts else {}
        given = {"limit": limit, **more} if progress is None else {"limit": limit, "progress": progress, **more}
        return fetchBody(self.url + path, to_js(given, dict_converter=_plain_object))


def _plain_object(entries: Any) -> Any:
    from js import Object

    return Object.fromEntries(entries)


class Client:
    """A client with the old release of the scene, and a memory of its own."""

    def __init__(self, retries: int) -> None:
        self.config = replace(SCENE.config, retries=retries)
        self.database: MemoryDatabase = SCENE.copy()
        self.clock = FixedClock(SCENE.now.now())
        self.events: list[Any] = []

    def engine(self, urls: str, timeouts: dict[str, float]) -> Engine:
        return Engine(
            MemoryStore(self.database),
            {url: BrowserTransport(Host(url, timeouts if at == 0 else {})) for at, url in enumerate(urls.split())},
            self.clock,
            trust=SCENE.root,
            config=self.config,
            emit=lambda name, detail: self.events.append((name, dict(detail))),
        )


SCENE: Any = None
CLIENT: Any = None


def take_scene(data: Any) -> None:
    """Take the scene that the host serves, pickled."""
    global SCENE
    SCENE = pickle.loads(bytes.fromhex(data))


def begin(retries: int) -> None:
    global CLIENT
    CLIENT = Client(retries)


async def sync(urls: str, idle: float, total: float, force: bool) -> str:
    """Return, as JSON, what a sync came to and what it left. Mirrors stand apart by spaces. The limits, in
    milliseconds, are for the first, which is bad: a busy machine may take its time with the others."""
    CLIENT.events.clear()
    engine = CLIENT.engine(urls, {"idle": idle, "total": total})
    error = None
    try:
        await engine.sync(force=force)
    except VademecumError as failure:
        wait, status = getattr(failure, "retry_after", None), getattr(failure, "status", None)
        error = {"code": failure.code, "message": str(failure), "status": status, "retry_after": wait}
    state = await engine.status()
    return json.dumps(
        {
            "error": error,
            "events": CLIENT.events,
            "slept": CLIENT.clock.slept,
            "status": state,
            "records": {name: data.hex() for name, data in CLIENT.database.records.items()},
        },
        default=str,
        allow_nan=False,
    )


def judge() -> str:
    """Return, as JSON, what the oracle finds. Not from within `sync`: it has an event loop of its own."""
    return json.dumps(judge_content(SCENE, CLIENT.database.records, CLIENT.database.objects))


def advance(seconds: float) -> None:
    CLIENT.clock.advance(seconds)


class Page:
    """What js/worker.mjs hands over, with a store that nobody reads."""

    options = json.dumps({"trust": None, "policy": {}})
    trees = (Host("http://127.0.0.1/", {}),)
    seed = None

    def openStore(self) -> Any:
        return self

    async def close(self) -> None:
        pass

    def emit(self, name: str, detail: str) -> None:
        json.loads(detail)


async def cross_the_border(where: str, number: str) -> str:
    """Return what is raised when a command has this number in its result, or in an event."""

    async def command(engine: Any, arguments: Any) -> Any:
        if where == "event":
            engine._course._listener("updateCompleted", {"bytes": float(number)})
        return {"bytes": float(number)} if where == "result" else None

    with mock.patch.object(browser, "_COMMANDS", {"sync": command}):
        try:
            await browser.run("sync", '{"connection": {}}', Page())
        except ValueError as error:
            return str(error)
    return ""
