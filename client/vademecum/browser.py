"""The entry point that js/worker.mjs calls in Pyodide: one command of the engine, over the browser's ports.

JavaScript moves the bytes; runtime/browser.py makes values and errors of ours of them. Whatever crosses the border as
structure crosses as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import DamagedError, QuotaError, VademecumError
from vademecum.integrity.treatment import Diagnosis
from vademecum.policy import Connection, Policy
from vademecum.runtime.browser import BrowserStore, BrowserTransport, Tree
from vademecum.runtime.clock import SystemClock
from vademecum.update.results import Outcome


class Host(Protocol):
    """What js/worker.mjs hands over.

    Attributes:
        options: JSON: `trust` (text of the root, or null), the app's `policy`, and `extra`, as `Engine` takes it.
        trees: The published tree and its mirrors, the preferred one first.
        seed: The tree that the app ships, or None.
    """

    options: str
    trees: Iterable[Tree]
    seed: Tree | None

    def openStore(self) -> Any:
        """Return an `IndexedStore` (js/store/store.mjs)."""

    def room(self) -> Awaitable[Any]:
        """Return how many bytes may still be stored, or null."""

    def permitted(self) -> bool:
        """Return whether the page lets this command download another object."""

    def emit(self, name: str, detail: str) -> None:
        """Pass on an event; its detail is JSON."""


async def run(command: str, arguments: str, host: Host) -> str:
    """Run one command of the engine.

    Args:
        command: A name in the table below.
        arguments: Its arguments, a JSON object; in it the page's `connection`, with what the browser says of it.

    Returns:
        JSON: `{"result": ...}`, or `{"error": {"code", "message", "status", "retryAfter"}}` for an error
        of ours, with `needed` and `available` where room is short. Other exceptions are bugs and are raised.
    """
    store = BrowserStore(host.openStore())
    try:
        request = json.loads(arguments)
        result = await _COMMANDS[command](_engine(host, store, request), request)
    except VademecumError as error:
        return _to_json({"error": _error_json(error)})
    finally:
        await store.close()
    return _to_json({"result": result})


def _engine(host: Host, store: BrowserStore, request: Mapping[str, Any]) -> Engine:
    options, connection = json.loads(host.options), request["connection"]
    extra = options.get("extra") or ""
    root = None if options["trust"] is None else options["trust"].encode()
    transports = {str(tree.url): BrowserTransport(tree) for tree in host.trees}

    def emit(name: str, detail: Mapping[str, Any]) -> None:
        host.emit(name, _to_json(detail))

    async def room() -> int | None:
        found = await host.room()
        return int(found) if isinstance(found, int | float) else None

    seed = None if host.seed is None else BrowserTransport(host.seed)
    return Engine(
        store,
        transports,
        SystemClock(),
        trust=root,
        seed=seed,
        config=Config(patient=False),
        policy=Policy().chosen(options["policy"]),
        connection=Connection(
            connection.get("saveData") is True,
            str(connection.get("effectiveType", "")),
            str(connection.get("type", "")),
        ),
        emit=emit,
        room=room,
        permission=lambda: bool(host.permitted()),
        extra="" if extra == "model" and request.get("lean") else extra,
    )


async def _sync(engine: Engine, request: Mapping[str, Any]) -> Outcome:
    if request["damaged"]:
        await engine.report_damage(DamagedError("the page's reader could not open what is installed"))
    return await engine.sync(force=request["force"], unasked=request["unasked"])


_COMMANDS: Mapping[str, Callable[[Engine, Mapping[str, Any]], Awaitable[Any]]] = {
    "check": lambda engine, _: engine.check(),
    "plant": lambda engine, _: engine.plant(),
    "sync": _sync,
    "rollback": lambda engine, _: engine.rollback(),
    "pin": lambda engine, told: engine.pin(told["sequence"]),
    "skip": lambda engine, told: engine.skip(told["sequence"]),
    "refuse": lambda engine, told: engine.refuse_current(told["reason"]),
    "clear": lambda engine, _: engine.clear(),
    "doctor": lambda engine, told: engine.doctor(repair=told["repair"]),
}


def _to_json(value: Any) -> str:
    """Return JSON that JavaScript reads; a NaN in it, which would lose the message there, is a bug: a ValueError."""
    return json.dumps(value, allow_nan=False, default=_as_json)


def _as_json(value: Any) -> Any:
    """Return what the engine answers as apps see it."""
    return value.json() if isinstance(value, Outcome | Diagnosis) else asdict(value)


def _error_json(error: VademecumError) -> dict[str, Any]:
    room = {"needed": error.needed, "available": error.available} if isinstance(error, QuotaError) else {}
    failure = {"code": error.code, "message": error.message, "retryAfter": error.retry_after}
    return {**failure, "status": getattr(error, "status", None), **room}
