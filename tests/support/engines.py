"""Firefox and WebKit as Debian has them, by their own WebDriver: Playwright drives builds of its own alone, Selenium
needs geckodriver for Firefox, and neither can be had from Debian or PyPI."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.chromium import PATIENCE

FIREFOX = Path("/usr/bin/firefox-esr")
WEBKIT = Path("/usr/bin/WebKitWebDriver")
SETTLED = """const [done] = arguments;
    Promise.resolve().then(() => (%s)).then((value) => done([value]), (error) => done(String(error)))"""
TIMEOUTS = {"script": int(PATIENCE * 1000), "pageLoad": int(PATIENCE * 1000)}


@dataclass(frozen=True)
class Engine:
    """A window of a browser. `command` takes WebDriver's parameters, by the name that Marionette has for a command."""

    command: Callable[[str, dict[str, Any]], Any]

    def goto(self, url: str) -> None:
        self.command("Navigate", {"url": url})

    def evaluate(self, expression: str) -> Any:
        """Return what an expression of JavaScript gives, or its promise."""
        found = self.command("ExecuteAsyncScript", {"script": SETTLED % expression, "args": []})
        assert isinstance(found, list), found
        return found[0]


@contextmanager
def firefox(folder: Path) -> Iterator[Engine]:
    """By Marionette, which is part of Firefox: messages of JSON, each after its length and a colon."""
    if not FIREFOX.exists():
        pytest.skip("no Firefox: apt-get install firefox-esr")
    (folder / "user.js").write_text('user_pref("marionette.port", 0);\n')
    process = subprocess.Popen(
        [FIREFOX, "-headless", "-marionette", "-no-remote", "-profile", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with socket.create_connection(("127.0.0.1", int(_told(folder / "MarionetteActivePort", process)))) as line:
            stream = line.makefile("rb")

            def receive() -> Any:
                size = b"".join(iter(lambda: stream.read(1), b":"))
                return json.loads(stream.read(int(size)))

            def command(name: str, parameters: dict[str, Any]) -> Any:
                message = json.dumps([0, 1, f"WebDriver:{name}", parameters]).encode()
                line.sendall(b"%d:%s" % (len(message), message))
                _, _, error, result = receive()
                assert error is None, error
                return result.get("value") if result else None

            receive()  # which protocol it speaks
            command("NewSession", {"capabilities": {"alwaysMatch": {"timeouts": TIMEOUTS}}})
            yield Engine(command)
    finally:
        process.kill()
        process.wait()


@contextmanager
def webkit(folder: Path) -> Iterator[Engine]:
    if not WEBKIT.exists():
        pytest.skip("no WebKit: apt-get install webkit2gtk-driver xvfb")
    [window] = Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")
    options = {"binary": str(window), "args": ["--automation"]}
    capabilities = {"browserName": "MiniBrowser", "webkitgtk:browserOptions": options, "timeouts": TIMEOUTS}
    paths = {"Navigate": "url", "ExecuteAsyncScript": "execute/async"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["xvfb-run", "-a", WEBKIT, f"--port={port}"],
        env={**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder), "XDG_DATA_HOME": str(folder)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/session", timeout=PATIENCE * 2) as http:
            _until_it_listens(port, process)
            session = http.post("", json={"capabilities": {"alwaysMatch": capabilities}}).json()["value"]["sessionId"]

            def command(name: str, parameters: dict[str, Any]) -> Any:
                answer = http.post(f"/{session}/{paths[name]}", json=parameters)
                assert answer.status_code == 200, answer.text
                return answer.json()["value"]

            yield Engine(command)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the screen and all windows, too
        process.wait()


ENGINES = {"firefox": firefox, "webkit": webkit}


def _told(file: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE
    while not (file.exists() and file.read_text()):
        assert process.poll() is None and time.monotonic() < deadline, "Firefox does not start"
        time.sleep(0.05)
    return file.read_text()


def _until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, "WebKit does not start"
            time.sleep(0.05)
