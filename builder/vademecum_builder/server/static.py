"""The server of `vade serve`, on 127.0.0.1. What it answers is in `github_pages`."""

from __future__ import annotations

import errno
import os
import socket
import socketserver
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

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


class PagesServer(ThreadingHTTPServer):
    """Serves `root` with `serve_forever`. The port is taken at once.

    Args:
        root: The published folder.
        port: 0 takes a free one.
        max_age: Seconds in Cache-Control.
        log: Called for each request, in the thread that answers it, before the answer is sent.

    Raises:
        UsageError: No such folder, or the port cannot be had.
    """

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # on Windows it would share the port with another server

    def __init__(
        self,
        root: Path,
        port: int = 0,
        *,
        max_age: int = 600,
        log: Callable[[Request], None] | None = None,
    ) -> None:
        if not root.is_dir():
            raise UsageError(f"{root}: there is no such folder to serve")
        self.site = Site(root.resolve(), max_age)
        self._log = log
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            in_use = getattr(error, "errno", None) == errno.EADDRINUSE
            reason = "is in use" if in_use else f"cannot be had ({error})"
            raise UsageError(
                f"port {port} of {HOST} {reason}; choose another, or 0 for a free one"
            ) from error

    @property
    def url(self) -> str:
        """The address of the site, with a slash at its end."""
        return f"http://{HOST}:{self.server_port}/"

    def answer(self, target: str, headers: Message) -> Answer:
        """Return the answer to GET `target`, which may be anything."""
        return self.site.answer(target, headers)

    def record(self, request: Request) -> None:
        """Tell the log of a request."""
        if self._log is not None:
            self._log(request)

    def server_bind(self) -> None:
        # HTTPServer would look up the host's name, which can take long.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """A client that goes away in the middle of an answer is nothing to report."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a connection may be silent
    disable_nagle_algorithm = True
    server: PagesServer

    def do_GET(self) -> None:
        begin = time.perf_counter()
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # the body that follows is not read
        if self.command in ("GET", "HEAD"):
            self._send(self.server.answer(self.path, self.headers), begin)
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
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")
        body = b"" if self.command == "HEAD" else answer.body
        seconds = time.perf_counter() - begin
        # First on record, then sent: a client that has its answer finds the request counted.
        self.server.record(
            Request(self.command, self.path, answer.status.value, len(body), len(head), seconds)
        )
        self.wfile.write(head + body)

    def log_message(self, format: str, *args: object) -> None:
        """What there is to say goes through `PagesServer.record`."""
