"""`vade serve`: a local static host that behaves like GitHub Pages, on 127.0.0.1.

Tests and benchmarks use it too: it counts requests and bytes. What it answers is in `static_host`. Files are
read at each request, so a tree may be published anew while it is served.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from vademecum.errors import UsageError
from vademecum_builder.server.github_pages import Answer, Site, plain

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """One answered request.

    Attributes:
        path: The target as the client sent it, with any query.
        sent_bytes: Bytes of the body, as sent (compressed where it was); 0 for HEAD and 304.
        header_bytes: Bytes of the status line and headers, as sent.
        seconds: From the request's headers to the answer being ready to send.
    """

    method: str
    path: str
    status: int
    sent_bytes: int
    header_bytes: int
    seconds: float


class PagesServer:
    """Serves `root` on 127.0.0.1, from `start` (or `with`) until `stop`. The port is taken at once.

    Args:
        root: The published folder.
        port: 0 takes a free one.
        max_age: Seconds in Cache-Control.
        headers: Added to every answer, or put in place of ours: a Content-Security-Policy, say.
        prefix: Where the site begins, `/repository/` for a project page.
        log: Called after each request, in the thread that answered it.

    Raises:
        UsageError: No such folder, a prefix without slashes around it, or the port cannot be had.
    """

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
        if not root.is_dir():
            raise UsageError(f"{root}: there is no such folder to serve")
        if not (prefix.startswith("/") and prefix.endswith("/")):
            raise UsageError(f"the prefix {prefix!r} must begin and end with a slash")
        self.requests: list[Request] = []
        self._log = log
        self._prefix = prefix
        self._thread: threading.Thread | None = None
        site = Site(root.resolve(), prefix, max_age)
        try:
            self._server = _Server(port, site, headers or {}, self._record)
        except (OSError, OverflowError) as error:
            in_use = getattr(error, "errno", None) == errno.EADDRINUSE
            reason = "is in use" if in_use else f"cannot be had ({error})"
            raise UsageError(
                f"port {port} of {HOST} {reason}; choose another, or 0 for a free one"
            ) from error

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        """The address of the site, with a slash at its end."""
        return f"http://{HOST}:{self.port}{quote(self._prefix)}"

    def start(self) -> PagesServer:
        """Serve in a background thread."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Cut all connections and free the port. Stopping twice is fine."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._server.shutdown()
            thread.join()
        self._server.close()

    def serve_forever(self) -> None:
        """Serve until `stop`, or until an interrupt, which is raised after stopping."""
        thread = self.start()._thread
        try:
            while thread is not None and thread.is_alive():
                thread.join(0.5)  # a join without end could not be interrupted on Windows
        finally:
            self.stop()

    def __enter__(self) -> PagesServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _record(self, request: Request) -> None:
        self.requests.append(request)
        if self._log is not None:
            self._log(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that `server_close` waits for them
    allow_reuse_address = os.name != "nt"  # on Windows it would share the port with another server

    def __init__(
        self, port: int, site: Site, headers: Mapping[str, str], record: Callable[[Request], None]
    ) -> None:
        self.site = site
        self.extra = headers
        self.record = record
        self._connections: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(
            self
        )  # HTTPServer would look up the host's name, which can take long
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        assert isinstance(request, socket.socket)
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """A client that goes away in the middle of an answer is nothing to report."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def close(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # it has just gone away by itself
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a connection may be silent
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        begin = time.perf_counter()
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # the body that follows is not read
        if self.command in ("GET", "HEAD"):
            self._send(self.server.site.answer(self.path, self.headers), begin)
        else:
            self._send(plain(HTTPStatus.METHOD_NOT_ALLOWED), begin)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def _send(self, answer: Answer, begin: float) -> None:
        headers = {"Server": "vade", "Date": formatdate(usegmt=True), **answer.headers}
        if answer.status != HTTPStatus.NOT_MODIFIED:
            headers["Content-Length"] = str(len(answer.body))
        if self.close_connection:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {answer.status} {answer.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in _replaced(headers, self.server.extra).items()]
        head = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")
        body = b"" if self.command == "HEAD" else answer.body
        seconds = time.perf_counter() - begin
        # First on record, then sent: a client that has its answer finds the request counted.
        self.server.record(
            Request(self.command, self.path, answer.status.value, len(body), len(head), seconds)
        )
        self.wfile.write(head + body)

    def log_message(self, format: str, *args: object) -> None:
        """What there is to say goes through `PagesServer.log`."""


def _replaced(headers: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    names = {name.lower() for name in extra}
    return {name: value for name, value in headers.items() if name.lower() not in names} | dict(extra)
