"""A static host that behaves like GitHub Pages, in a thread, with its requests on record.

ETag and 304; `Cache-Control: max-age`; gzip for text and wasm; `404.html`; `/dir` leads to `/dir/`; any origin may
read; no Range, no directory listings, no other headers.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import MimeTypes
from pathlib import Path
from urllib.parse import unquote

HOST = "127.0.0.1"
_KINDS = MimeTypes(filenames=())  # those of Python alone: a machine's own table would make a difference
_KINDS.add_type("text/javascript", ".mjs")
_KINDS.add_type("text/javascript", ".js")
_COMPRESSED = ("text/", "application/json", "application/wasm", "application/manifest+json", "image/svg")
_WITH_CHARSET = ("text/", "application/json", "application/manifest+json")


@dataclass(frozen=True)
class Answer:
    """Status, headers and body; without Date, Content-Length and what concerns the connection."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Request:
    """One answered request.

    Attributes:
        path: The target as the client sent it, with any query.
        sent_bytes: Bytes of the body, as sent (compressed where it was); 0 for 304.
        header_bytes: Bytes of the status line and headers, as sent.
        seconds: From the request's headers to the answer being ready to send.
    """

    method: str
    path: str
    status: int
    sent_bytes: int
    header_bytes: int
    seconds: float


@dataclass(frozen=True)
class Site:
    """A folder and how it is served: answers are a function of it, the target and the request's headers.

    Attributes:
        prefix: Where the site begins, `/repository/` for a project page.
    """

    root: Path
    max_age: int = 600
    prefix: str = "/"

    def answer(self, target: str, headers: Message) -> Answer:
        """Return the answer to GET `target`, which may be anything."""
        path, _, query = target.partition("?")
        name = unquote(path).removeprefix(self.prefix)
        file = (self.root / name).resolve()
        if f"{path}/" == self.prefix or (not path.endswith("/") and (file / "index.html").is_file()):
            return Answer(HTTPStatus.MOVED_PERMANENTLY, {"Location": f"{path}/{query and '?'}{query}"})
        file = file / "index.html" if path.endswith("/") else file
        below = path.startswith(self.prefix) and file.is_relative_to(self.root)
        if below and file.is_file():
            return self._file(file, headers)
        page = self.root / "404.html"
        if page.is_file():
            return self._file(page, headers, HTTPStatus.NOT_FOUND)
        return Answer(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain; charset=utf-8"}, b"404 Not Found\n")

    def _file(self, file: Path, headers: Message, status: HTTPStatus = HTTPStatus.OK) -> Answer:
        with file.open("rb") as stream:
            facts, body = os.fstat(stream.fileno()), stream.read()
        kind = _kind_of(file)
        out = {
            "Content-Type": kind,
            "Last-Modified": formatdate(facts.st_mtime, usegmt=True),
            "Access-Control-Allow-Origin": "*",
            # nginx takes the seconds; two builds within one second must not look alike here.
            "ETag": f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"',
            "Cache-Control": f"max-age={self.max_age}",
        }
        if kind.startswith(_COMPRESSED):
            out["Vary"] = "Accept-Encoding"
            if "gzip" in headers.get("Accept-Encoding", "") and len(_gzipped(body)) < len(body):
                body = _gzipped(body)
                out |= {"Content-Encoding": "gzip", "ETag": f"W/{out['ETag']}"}
        if status == HTTPStatus.OK and headers.get("If-None-Match") == out["ETag"]:
            kept = {name: value for name, value in out.items() if not name.startswith("Content")}
            return Answer(HTTPStatus.NOT_MODIFIED, kept)
        return Answer(status, out, body)


def _kind_of(file: Path) -> str:
    kind, coding = _KINDS.guess_type(f"a{file.suffix.lower()}")
    kind = f"application/{coding}" if coding else kind or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(_WITH_CHARSET) else kind


@lru_cache(maxsize=256)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


_GIVEN: set[int] = set()
"""Ports of this process. None is given twice: to a browser that goes on, a port is an origin, with what it keeps."""


class PagesHost(ThreadingHTTPServer):
    """Serves `root` from `start` (or `with`) until `stop`.

    Args:
        headers: Added to every answer, or put in place of ours: a Content-Security-Policy, say.
        prefix: See `Site`.
        log: Called for each request, in the thread that answers it, before the answer is sent.
    """

    daemon_threads = False  # so that `server_close` waits for them

    def __init__(
        self,
        root: Path,
        port: int = 0,
        *,
        max_age: int = 600,
        headers: Mapping[str, str] | None = None,
        prefix: str = "/",
        log: Callable[[Request], None] | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.site = Site(root.resolve(), max_age, prefix)
        self.log = log
        self.extra = {name.title(): value for name, value in (headers or {}).items()}
        self._thread: threading.Thread | None = None
        self._connections: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)
        while port == 0 and self.server_port in _GIVEN:
            self.server_close()
            super().__init__((HOST, port), _Handler)
        self.port = self.server_port
        _GIVEN.add(self.port)
        self.url = f"http://{HOST}:{self.port}{prefix}"

    def start(self) -> PagesHost:
        """Serve in a background thread."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Cut all connections and free the port. Stopping twice is fine."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self.shutdown()
            thread.join()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # it has just gone away by itself
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def __enter__(self) -> PagesHost:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        assert isinstance(request, socket.socket)
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle of an answer is nothing to report."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a connection may be silent
    disable_nagle_algorithm = True
    server: PagesHost

    def do_GET(self) -> None:
        begin = time.perf_counter()
        answer = self.server.site.answer(self.path, self.headers)
        headers = {"Server": "vade", "Date": formatdate(usegmt=True), **answer.headers, **self.server.extra}
        if answer.status != HTTPStatus.NOT_MODIFIED:
            headers["Content-Length"] = str(len(answer.body))
        if self.close_connection:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {answer.status} {answer.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")
        # First on record, then sent: a client that has its answer finds the request counted.
        seconds = time.perf_counter() - begin
        request = Request(self.command, self.path, answer.status.value, len(answer.body), len(head), seconds)
        self.server.requests.append(request)
        if self.server.log is not None:
            self.server.log(request)
        self.wfile.write(head + answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""
