"""What a browser brings to the ports, and the entry that js/worker.mjs calls. The one module that imports `pyodide`.

JavaScript moves the bytes (js/store/store.mjs, js/net/transport.mjs); here they become values and errors of ours.
Whatever crosses the border as structure crosses as JSON.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import asdict
from itertools import accumulate
from typing import Any, Protocol

from pyodide.ffi import JsException, to_js

from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import (
    BusyError,
    ContentError,
    DamagedError,
    NetworkError,
    NewerFormatError,
    QuotaError,
    ServerError,
    StorageError,
    UsageError,
    VademecumError,
)
from vademecum.ports import Body, Progress, Span
from vademecum.runtime.clock import SystemClock
from vademecum.transport.http_date import http_date
from vademecum.transport.paths import check_path

_ERRORS: Mapping[str, type[VademecumError]] = {
    kind.code: kind
    for kind in (
        BusyError,
        ContentError,
        NetworkError,
        NewerFormatError,
        QuotaError,
        StorageError,
        UsageError,
    )
}


class Tree(Protocol):
    """One address of the published tree."""

    url: str

    def fetch(self, path: str, limit: int, progress: Progress | None) -> Awaitable[Any]:
        """Return `fetchBody` of js/net/transport.mjs for a path in the tree."""


class Host(Protocol):
    """What js/worker.mjs hands over.

    Attributes:
        options: JSON: `trust` (text of the root, or null), `channel` and `maxUpdateBytes` (or null).
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


class BrowserStore:
    """A `Store` over IndexedDB; its lock is a Web Lock, which ends with its page or worker.

    Args:
        store: An `IndexedStore` of js/store/store.mjs.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    async def read(self, name: str) -> bytes | None:
        with _js_errors():
            return _bytes_or_none(await self._store.read(name))

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        for name, value in records.items():
            if value is not None and not isinstance(value, bytes):
                raise UsageError(f"record {name!r}: expected bytes or None, got {type(value).__name__}")
        with _js_errors():
            await self._store.write(to_js([[name, value] for name, value in records.items()]))

    async def objects(self) -> Mapping[str, int]:
        with _js_errors():
            return dict((await self._store.objects()).to_py())

    async def get(self, digest: str) -> bytes | None:
        with _js_errors():
            return _bytes_or_none(await self._store.get(digest))

    async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
        with _js_errors():
            joined = _bytes_or_none(await self._store.parts(digest, to_js([list(span) for span in spans])))
        if joined is None:
            return None
        ends = list(accumulate(length for _, length in spans))
        return [joined[end - length : end] for end, (_, length) in zip(ends, spans, strict=True)]

    async def put(self, digest: str, data: bytes) -> None:
        with _js_errors():
            await self._store.put(digest, to_js(data))

    async def discard(self, digests: Iterable[str]) -> None:
        with _js_errors():
            await self._store.discard(to_js(list(digests)))

    def lock(self) -> AbstractAsyncContextManager[None]:
        return self._hold()

    @asynccontextmanager
    async def _hold(self) -> AsyncIterator[None]:
        with _js_errors():
            let_go = await self._store.lock()
        if let_go is None:
            raise BusyError("another page or tab is updating this knowledge base; it will be done soon")
        try:
            yield
        finally:
            await let_go()

    async def close(self) -> None:
        with _js_errors():
            await self._store.close()


class BrowserTransport:
    """A `Transport` over `fetch`, always past the browser's own cache: see js/net/transport.mjs."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    async def fetch(
        self,
        path: str,
        *,
        limit: int,
        fresh: bool = False,  # noqa: ARG002 - every request is
        progress: Progress | None = None,
    ) -> Body:
        with _js_errors():
            body = await self._tree.fetch(check_path(path), limit, progress)
        return Body(body.data.to_bytes(), body.transferred, http_date(body.date or None))

    async def close(self) -> None:
        pass


async def run(command: str, arguments: str, host: Host) -> str:
    """Run one command of the engine.

    Args:
        command: A name in the table below.
        arguments: Its arguments, a JSON object.

    Returns:
        JSON: `{"result": ...}`, or `{"error": {"code", "message", "status", "retryAfter"}}` for an error
        of ours, with `needed` and `available` where room is short. Other exceptions are bugs and are raised.
    """
    store = BrowserStore(host.openStore())
    try:
        result = await _COMMANDS[command](_engine(host, store), json.loads(arguments))
    except VademecumError as error:
        return _to_json({"error": _error_json(error)})
    finally:
        await store.close()
    return _to_json({"result": result})


def _engine(host: Host, store: BrowserStore) -> Engine:
    options = json.loads(host.options)
    root = None if options["trust"] is None else options["trust"].encode()
    config = Config(channel=options["channel"], patient=False, max_update_bytes=options["maxUpdateBytes"])
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
        config=config,
        emit=emit,
        room=room,
        permission=lambda: bool(host.permitted()),
    )


async def _check(engine: Engine, _: Mapping[str, Any]) -> Any:
    return asdict(await engine.check())


async def _plant(engine: Engine, _: Mapping[str, Any]) -> Any:
    return await engine.plant()


async def _sync(engine: Engine, arguments: Mapping[str, Any]) -> Any:
    if arguments["damaged"]:
        await engine.report_damage(DamagedError("the page's reader could not open what is installed"))
    return (await engine.sync(force=arguments["force"])).json()


async def _rollback(engine: Engine, _: Mapping[str, Any]) -> Any:
    return asdict(await engine.rollback())


async def _pin(engine: Engine, arguments: Mapping[str, Any]) -> Any:
    await engine.pin(arguments["sequence"])


async def _refuse(engine: Engine, arguments: Mapping[str, Any]) -> Any:
    await engine.refuse_current(arguments["reason"])


async def _clear(engine: Engine, _: Mapping[str, Any]) -> Any:
    await engine.clear()


_COMMANDS: Mapping[str, Callable[[Engine, Mapping[str, Any]], Awaitable[Any]]] = {
    "check": _check,
    "plant": _plant,
    "sync": _sync,
    "rollback": _rollback,
    "pin": _pin,
    "refuse": _refuse,
    "clear": _clear,
}


def _to_json(value: Any) -> str:
    """Return JSON that JavaScript reads: one NaN or infinity in it would lose the whole message over there.

    Raises:
        ValueError: There is one, which is a bug.
    """
    return json.dumps(value, allow_nan=False)


def _error_json(error: VademecumError) -> dict[str, Any]:
    status, wait = getattr(error, "status", None), getattr(error, "retry_after", None)
    return {"code": error.code, "message": error.message, "status": status, "retryAfter": wait} | _room(error)


def _room(error: VademecumError) -> dict[str, Any]:
    if not isinstance(error, QuotaError):
        return {}
    return {"needed": error.needed, "available": error.available}


def _bytes_or_none(value: Any) -> bytes | None:
    return None if value is None else bytes(value.to_bytes())


@contextmanager
def _js_errors() -> Iterator[None]:
    """Turn an error that js/*.mjs threw on purpose into its class here; others are bugs and pass."""
    try:
        yield
    except JsException as error:
        code, message = str(getattr(error, "code", "")), str(getattr(error, "message", error))
        if code == "server":
            raise ServerError(message, error.status, _number_or_none(error.retryAfter)) from error
        if code not in _ERRORS:
            raise
        raise _ERRORS[code](message) from error


def _number_or_none(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
