"""The bridge from the synchronous face to the asynchronous engine, on CPython."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


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
