"""The server of `vade serve`: Python's own, on 127.0.0.1, without hidden files."""

from __future__ import annotations

import errno
import os
import socketserver
import sys
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

from vademecum.errors import UsageError

HOST = "127.0.0.1"


class StaticServer(ThreadingHTTPServer):
    """Serves `root` with `serve_forever`; each request is a line on stderr. The port is taken at once.

    Args:
        root: The published folder. It is read at each request, so it may be published anew meanwhile.
        port: 0 takes a free one.
        max_age: Seconds in Cache-Control.
        path: Where the folder is published, from "/" to "/": there it is served as well, for pages whose addresses
            begin so.

    Raises:
        UsageError: No such folder, or the port cannot be had.
    """

    allow_reuse_address = os.name != "nt"  # on Windows it would share the port with another server

    def __init__(self, root: Path, port: int = 0, *, max_age: int = 600, path: str = "/") -> None:
        if not root.is_dir():
            raise UsageError(f"{root}: there is no such folder to serve")
        self.max_age, self.path = max_age, path
        try:
            super().__init__((HOST, port), partial(_Handler, directory=os.path.realpath(root)))
        except (OSError, OverflowError) as error:
            in_use = getattr(error, "errno", None) == errno.EADDRINUSE
            reason = "is in use" if in_use else f"cannot be had ({error})"
            raise UsageError(f"port {port} of {HOST} {reason}; another one: --port N, or 0 for a free one") from error

    @property
    def url(self) -> str:
        """The address of the site, with a slash at its end."""
        return f"http://{HOST}:{self.server_port}/"

    def server_bind(self) -> None:
        # HTTPServer would look up the host's name, which can take long.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle of an answer is nothing to report."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a connection may be silent
    server: StaticServer
    # A machine's own table may say otherwise, and browsers run no module of another type.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def send_head(self) -> BinaryIO | None:
        """Answer as Python's does, but that there is nothing hidden, and nothing outside the folder.

        Any page that a browser has open may ask this server, and whoever serves a working folder has `.git` or the
        keys of `vade build` in it. `.well-known` is public by its name (RFC 8615).
        """
        with suppress(ValueError):  # a name that no file can have
            if self._is_public():
                return super().send_head()
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def translate_path(self, path: str) -> str:
        """Return the file for the path of a request."""
        return super().translate_path(f"/{path.removeprefix(self.server.path)}")

    def _is_public(self) -> bool:
        name = self.translate_path(self.path)
        file = os.path.realpath(f"{name}index.html" if name.endswith("/") else name)
        parts = Path(os.path.relpath(file, self.directory)).parts
        return not any(part.startswith(".") and part != ".well-known" for part in parts)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is missing with the tree's own `404.html`, as static hosts do."""
        page = Path(self.directory, "404.html")
        if code != HTTPStatus.NOT_FOUND or page.is_symlink() or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", self.guess_type(page))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def list_directory(self, *_: object) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", f"max-age={self.server.max_age}")
        super().end_headers()
