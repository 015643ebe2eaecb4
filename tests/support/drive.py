"""An event loop without input or output, for coroutines over the ports in memory.

`asyncio.run` needs sockets, which Pyodide has not; this loop is the same on both runtimes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Deadlock(BaseException):
    """Every coroutine waits for another one."""


class _NothingToSelect:
    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise _Deadlock("nothing is left that could go on")
        return []

    def close(self) -> None:
        pass


class _Loop(asyncio.BaseEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self._selector = _NothingToSelect()

    def _process_events(self, events: list[Any]) -> None:
        """There are none."""


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end and return its result."""
    outer = asyncio._get_running_loop()  # Pyodide's own loop, which counts as running all the time
    asyncio._set_running_loop(None)
    loop = _Loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        asyncio._set_running_loop(outer)
