"""The Chromium of the tests, and one of a test's own, whose tabs can be hidden and frozen."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Frame, JSHandle, Page, Worker

CHROMIUM = Path("/usr/bin/chromium")
SHELL = Path("/usr/bin/chromium-headless-shell")
"""The same browser without the part that shows windows, which takes an eighth of the time: what Playwright starts, too,
where it has browsers of its own."""
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 60.0
"""Seconds until a test gives up on something that should happen; never a statement about speed."""

LIMIT = 1.5 * PATIENCE
"""Seconds after which a call of Playwright is given up. Most have a limit of their own, or wait for so long as
`PATIENCE`; for a promise that never settles it waits for ever."""


@contextmanager
def within_limits() -> Iterator[None]:
    """Give up a call of Playwright after `LIMIT` seconds, and say what was evaluated, if it was that."""
    wait: Callable[[Any, Awaitable[Any]], Any] = Page._sync

    def limited(self: Any, awaitable: Awaitable[Any]) -> Any:
        __tracebackhide__ = True
        return wait(self, asyncio.wait_for(awaitable, LIMIT))

    def named(evaluate: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(evaluate)
        def told(self: Any, expression: str, arg: Any = None) -> Any:
            __tracebackhide__ = True
            try:
                return evaluate(self, expression, arg)
            except TimeoutError:
                raise AssertionError(f"not settled after {LIMIT:g} s: {expression}") from None

        return told

    with pytest.MonkeyPatch.context() as patch:
        for kind in (Page, Frame, Worker, JSHandle):
            patch.setattr(kind, "evaluate", named(kind.evaluate))
        [base] = (base for base in Page.__mro__ if "_sync" in vars(base))
        patch.setattr(base, "_sync", limited)
        yield


def headless() -> Path | None:
    """Return what is started where nobody asks whether a tab is seen; None: Playwright's own."""
    return next((path for path in (SHELL, CHROMIUM) if path.exists()), None)


@contextmanager
def own_chromium(kind: BrowserType, profile: Path) -> Iterator[Browser]:
    """Start a Chromium as users have it. What Playwright launches tells every tab that it is seen and has the
    focus, and such a tab is never frozen: the command is answered, and nothing happens.

    Args:
        profile: An empty folder.
    """
    path = CHROMIUM if CHROMIUM.exists() else kind.executable_path
    options = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    process = subprocess.Popen([path, *ARGS, *options, "about:blank"], stderr=subprocess.DEVNULL)
    try:
        browser = kind.connect_over_cdp(f"http://127.0.0.1:{_port(profile, process)}", no_defaults=True)
        yield browser
        browser.close()
    finally:
        process.terminate()
        process.wait()


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    """Wait for the file in which Chromium tells its port."""
    told, deadline = profile / "DevToolsActivePort", time.monotonic() + PATIENCE
    while not told.exists() or "\n" not in told.read_text():
        assert process.poll() is None and time.monotonic() < deadline, "Chromium does not start"
        time.sleep(0.05)
    return int(told.read_text().splitlines()[0])
