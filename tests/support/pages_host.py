"""The host of the tests: the server of `vade serve`, in a thread, with its requests on record."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.message import Message
from http import HTTPStatus
from pathlib import Path

from vademecum_builder.server.github_pages import Answer
from vademecum_builder.server.static import HOST, PagesServer, Request


class PagesHost(PagesServer):
    """Serves `root` from `start` (or `with`) until `stop`.

    Args:
        headers: Added to every answer, or put in place of ours: a Content-Security-Policy, say.
        prefix: Where the site begins, `/repository/` for a project page.
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
        self._extra = {name.title(): value for name, value in (headers or {}).items()}
        self._prefix = prefix
        self._thread: threading.Thread | None = None
        self._connections: set[socket.socket] = set()
        super().__init__(root, port, max_age=max_age, log=log)

    @property
    def port(self) -> int:
        return self.server_port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}{self._prefix}"

    def answer(self, target: str, headers: Message) -> Answer:
        answer = self._below(target, headers)
        return replace(answer, headers={**answer.headers, **self._extra})

    def _below(self, target: str, headers: Message) -> Answer:
        if f"{target}/" == self._prefix:
            return Answer(HTTPStatus.MOVED_PERMANENTLY, {"Location": self._prefix})
        if not target.startswith(self._prefix):
            return self.site.not_found(headers)
        answer = super().answer(f"/{target.removeprefix(self._prefix)}", headers)
        if "Location" not in answer.headers:
            return answer
        return replace(answer, headers={"Location": self._prefix + answer.headers["Location"][1:]})

    def record(self, request: Request) -> None:
        self.requests.append(request)
        super().record(request)

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
