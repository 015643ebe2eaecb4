"""A static host like GitHub Pages that misbehaves by script, over real HTTP on 127.0.0.1.

What it answers when nothing is wrong is the answer of `pages_host.Site`; a rule of the script puts a fault in its
place.
"""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.pages_host import Answer, Site

HTML = b"<!doctype html><html><title>Welcome to our wireless network</title></html>"


@dataclass
class Wire:
    """One connection, as a fault sees it. `closing` is set when the host goes down."""

    handler: BaseHTTPRequestHandler
    closing: threading.Event

    def head(self, status: int, headers: Mapping[str, str], *more: tuple[str, str]) -> None:
        """Send the head; `more` are headers that may come more than once."""
        self.handler.send_response(status)
        for name, value in (*headers.items(), *more):
            self.handler.send_header(name, value)
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()
        self.handler.close_connection = True

    def body(self, data: bytes) -> None:
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait; True when the host goes down."""
        return self.closing.wait(seconds)


Fault = Callable[[Wire, Answer], None]


def answer(wire: Wire, good: Answer) -> None:
    """No fault at all."""
    wire.head(good.status, {**good.headers, "Content-Length": str(len(good.body))})
    wire.body(good.body)


def status(code: int, **headers: str) -> Fault:
    """Answer a status; `Retry_After="3"` gives the header Retry-After."""

    def fault(wire: Wire, good: Answer) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        wire.head(code, {**named, "Content-Length": "5"})
        wire.body(b"sorry")

    return fault


def body(data: bytes, **headers: str) -> Fault:
    """Answer 200 with something else."""

    def fault(wire: Wire, good: Answer) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        wire.head(200, {"Content-Type": "text/html", **named, "Content-Length": str(len(data))})
        wire.body(data)

    return fault


def drop(at: int) -> Fault:
    """Break off after so many bytes of the body (negative: counted from its end)."""

    def fault(wire: Wire, good: Answer) -> None:
        wire.head(good.status, {**good.headers, "Content-Length": str(len(good.body))})
        wire.body(good.body[:at])

    return fault


def stall(wire: Wire, good: Answer) -> None:
    """Send half of the body, and no more."""
    wire.head(good.status, {**good.headers, "Content-Length": str(len(good.body))})
    wire.body(good.body[: len(good.body) // 2])
    wire.wait()


def trickle(wire: Wire, good: Answer) -> None:
    """One byte at a time: never silent for long, and never done."""
    wire.head(200, {"Content-Length": "1000000"})
    while not wire.wait(0.02):
        wire.body(b"\n")


def length(change: Callable[[int], int | None]) -> Fault:
    """Send the right body under a wrong Content-Length, or under none."""

    def fault(wire: Wire, good: Answer) -> None:
        said = change(len(good.body))
        wire.head(good.status, {**good.headers, **({} if said is None else {"Content-Length": str(said)})})
        wire.body(good.body)

    return fault


def lengths(change: Callable[[int], list[str]]) -> Fault:
    """Send the right body under these headers Content-Length, whatever they say."""

    def fault(wire: Wire, good: Answer) -> None:
        wire.head(good.status, good.headers, *(("Content-Length", said) for said in change(len(good.body))))
        wire.body(good.body)

    return fault


def endless(wire: Wire, good: Answer) -> None:
    """A body without end."""
    wire.head(200, {"Content-Type": "application/octet-stream"})
    while not wire.closing.is_set():
        wire.body(good.body[:1000] * 64 or bytes(64_000))


def hang_up(wire: Wire, good: Answer) -> None:
    """Close the connection without an answer."""
    wire.handler.close_connection = True
    wire.handler.connection.shutdown(socket.SHUT_RDWR)


@dataclass
class Rule:
    """A fault for the paths that match, for so many requests; None: for all of them."""

    paths: str
    fault: Fault
    times: int | None = None
    unless_fresh: bool = False

    def applies(self, path: str, headers: Message) -> bool:
        fresh = "no-cache" in headers.get("Cache-Control", "")
        if self.times == 0 or not re.fullmatch(self.paths, path) or (self.unless_fresh and fresh):
            return False
        self.times = None if self.times is None else self.times - 1
        return True


@dataclass
class FaultyPages:
    """The host. `asked` holds what it was asked: (path, headers)."""

    url: str
    script: list[Rule] = field(default_factory=list)
    asked: list[tuple[str, Message]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def fault_of(self, path: str, headers: Message) -> Fault:
        with self.lock:
            self.asked.append((path, headers))
            return next((rule.fault for rule in self.script if rule.applies(path, headers)), answer)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    pages: FaultyPages
    site: Site

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up on faults: nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        path = self.path.removeprefix("/kb/")
        fault = self.server.pages.fault_of(path, self.headers)
        fault(
            Wire(self, self.server.pages.closing), self.server.site.answer(self.path.removeprefix("/kb"), self.headers)
        )

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` hold exactly these files."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, data in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


@contextmanager
def faulty_pages(folder: Path, *script: Rule) -> Iterator[FaultyPages]:
    """Serve `folder` under /kb/ with these faults."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.site = Site(folder.resolve())
    pages = server.pages = FaultyPages(f"http://127.0.0.1:{server.server_port}/kb/", list(script))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield pages
    finally:
        pages.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def not_found(wire: Wire, good: Answer) -> None:
    """What an edge says that has not heard of the file yet."""
    status(HTTPStatus.NOT_FOUND)(wire, good)


__all__ = ["HTML", "FaultyPages", "Rule", "faulty_pages", "write_tree"]
