"""The client under test, in two shapes: its parts in memory, and its command line over real HTTP."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from conformance.harness.conformance_client import CONFIG, bring, main
from conformance.harness.repository import Repository
from support.drive import drive
from support.in_hand import FixedClock, MemoryTransport
from vademecum.config import Config
from vademecum.errors import VademecumError
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.transport.downloader import Downloader
from vademecum.trust.refresh import refresh
from vademecum.trust.walk import Walk


class Subject(Protocol):
    """One client of one repository. `requests` are the paths that its last command asked for."""

    repository: Repository

    @property
    def requests(self) -> list[str]: ...

    def refresh(self) -> bool: ...

    def download(self, *paths: str) -> bool: ...

    def kept(self, role: str) -> bytes | None: ...

    def downloaded(self) -> list[bytes]: ...


def version(subject: Subject, role: str) -> int | None:
    """The version of a role that the client trusts; None where it trusts none."""
    data = subject.kept(role)
    return None if data is None else int(json.loads(data)["signed"]["version"])


def versions(subject: Subject) -> list[int | None]:
    """The versions of root, timestamp, snapshot and targets."""
    return [version(subject, role) for role in ("root", "timestamp", "snapshot", "targets")]


@dataclass
class InProcess:
    """The client's parts over the ports in memory.

    Attributes:
        error: What the last command raised.
    """

    repository: Repository
    folder: Path
    config: Config = CONFIG
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    requests: list[str] = field(default_factory=list)
    error: VademecumError | None = None

    def __post_init__(self) -> None:
        self.database.records["trust/root.json"] = self.repository.first_root

    def refresh(self) -> bool:
        return self._run(())

    def download(self, *paths: str) -> bool:
        return self._run(paths)

    def kept(self, role: str) -> bytes | None:
        return self.database.records.get(f"trust/{role}.json")

    def downloaded(self) -> list[bytes]:
        return [file.read_bytes() for file in sorted(self.folder.iterdir())]

    def _run(self, paths: tuple[str, ...]) -> bool:
        self.error = None
        try:
            drive(self._update(paths))
        except VademecumError as error:
            self.error = error
        return self.error is None

    async def _update(self, paths: tuple[str, ...]) -> None:
        now = self.repository.now
        store, transport = MemoryStore(self.database), MemoryTransport(self.repository.files)
        self.requests = transport.requests
        downloader = Downloader(transport, FixedClock(now), self.config)
        refreshed = await refresh(Walk(store, downloader, now, self.config), None, idle_allowed=False)
        for path in paths:
            await bring(path, refreshed.trust, store, downloader, self.config, self.folder)


@dataclass
class CommandLine:
    """What `tests/conformance/client` runs, against a host on 127.0.0.1."""

    repository: Repository
    folder: Path

    def __post_init__(self) -> None:
        self.metadata, self.artifacts = self.folder / "metadata", self.folder / "artifacts"
        for folder in (self.metadata, self.artifacts):
            folder.mkdir()
        self.host = Host(self.repository.files)
        root = self.folder / "first.root.json"
        root.write_bytes(self.repository.first_root)
        assert self._run("init", str(root)) == 0
        assert self.requests == [], "init asks nobody"

    @property
    def requests(self) -> list[str]:
        return self.host.requests

    def refresh(self) -> bool:
        return self._run("--metadata-url", f"{self.host.url}/metadata", "refresh") == 0

    def download(self, *paths: str) -> bool:
        names = [word for path in paths for word in ("--target-name", path)]
        addresses = ["--metadata-url", f"{self.host.url}/metadata", "--target-base-url"]
        return (
            self._run(*addresses, f"{self.host.url}/targets/", "--target-dir", str(self.artifacts), *names, "download")
            == 0
        )

    def kept(self, role: str) -> bytes | None:
        file = self.metadata / f"{role}.json"
        return file.read_bytes() if file.exists() else None

    def downloaded(self) -> list[bytes]:
        return [file.read_bytes() for file in sorted(self.artifacts.iterdir())]

    def close(self) -> None:
        self.host.close()

    def _run(self, *words: str) -> int:
        self.requests.clear()
        with redirect_stderr(io.StringIO()) as told:
            code = main(["--metadata-dir", str(self.metadata), *words])
        assert told.getvalue().count("\n") == code <= 1, "a failure says why, in one line"
        return code


class Host:
    """Serves a mapping of paths; `requests` are these paths. A slash inside a name must be quoted once, not twice."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.requests: list[str] = []
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = unquote(self.path.removeprefix("/").replace("%2F", "%252F"))
                requests.append(path)
                body = None if "%252F" in self.path else files.get(path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
