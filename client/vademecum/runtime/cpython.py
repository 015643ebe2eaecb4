"""What CPython brings to the ports, and the bridge from the synchronous face to the asynchronous engine."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import re
import shutil
import threading
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

from vademecum.errors import UsageError
from vademecum.ports import Transport
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.http import HttpLimits, HttpTransport
from vademecum.runtime.sqlite.store import SqliteStore

__all__ = [
    "FolderTransport",
    "HttpLimits",
    "HttpTransport",
    "SqliteStore",
    "SystemClock",
    "disk_room",
    "open_transport",
    "open_transports",
    "run",
]

T = TypeVar("T")


async def disk_room(path: Path) -> int | None:
    """Return how many bytes the disk of the store at `path` has for this user."""
    try:
        return shutil.disk_usage(path.resolve().parent).free
    except OSError:
        return None


def open_transport(location: str | Path) -> Transport:
    """Return the transport for a published tree: `https://...`, `http://...`, `file://...` or a local folder.

    Raises:
        UsageError: A URL of another kind, or a malformed one.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", str(location))
    if scheme is None:
        return FolderTransport(location)
    kind = scheme[1].lower()
    if kind in ("http", "https"):
        return HttpTransport(str(location))
    if kind == "file":
        return FolderTransport(url2pathname(urlsplit(str(location)).path))
    raise UsageError(f"a {kind}:// address cannot be read; use https://, http:// or a local folder")


def open_transports(locations: Iterable[str | Path]) -> dict[str, Transport]:
    """Return the transports of mirrors, by addresses without user and password; one that is named twice counts once.

    Raises:
        UsageError: See `open_transport`.
    """
    transports: dict[str, Transport] = {}
    for location in locations:
        transport = open_transport(location)
        transports.setdefault(str(transport), transport)
    return transports


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` to its end and return its result; also from inside a running event loop (Jupyter).

    There a private loop runs in a thread of its own, and the caller's loop stands still meanwhile: that is
    what a synchronous call means. An interrupt cancels the coroutine, and is raised when it has cleaned up.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    return _run_in_thread(coroutine)


def _run_in_thread(coroutine: Coroutine[Any, Any, T]) -> T:
    outcome: Future[T] = Future()
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = Future()

    async def work() -> T:
        task = asyncio.ensure_future(coroutine)
        started.set_result((asyncio.get_running_loop(), task))
        return await task

    def thread() -> None:
        try:
            outcome.set_result(asyncio.run(work()))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            outcome.set_exception(error)

    worker = threading.Thread(target=contextvars.copy_context().run, args=(thread,), name="vademecum-run")
    try:
        worker.start()
        return outcome.result()
    except KeyboardInterrupt:
        if worker.is_alive():
            loop, task = started.result()
            with contextlib.suppress(RuntimeError):  # the loop may have ended by itself in the meantime
                loop.call_soon_threadsafe(task.cancel)
        raise
    finally:
        if worker.ident is not None:
            worker.join()
