"""Runs the asynchronous engine from synchronous code, on CPython."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
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
    from anyio.from_thread import start_blocking_portal  # for notebooks; the others need not load it

    async def work() -> T:
        return await coroutine

    with start_blocking_portal() as portal:  # an error that leaves this block cancels what still runs
        return portal.call(work)
