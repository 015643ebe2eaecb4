"""A real Chromium, a published `client/` folder, and a host on 127.0.0.1 with a strict Content-Security-Policy."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from support import browser_app
from support.browser_app import App, Content
from support.chromium import ARGS, PATIENCE, headless, within_limits
from support.pages_host import PagesHost
from support.python_memory import StartedHost, python_memory
from support.python_worker import HARNESS
from vademecum_builder.cli.main import main
from vademecum_builder.pages.client_bundle import client_files
from vademecum_builder.pages.pyodide import fetch_runtime

POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'; object-src 'none'"
)
COMPILE = """WebAssembly.compileStreaming(fetch('client/pyodide/pyodide.asm.wasm'))
    .then((module) => void (globalThis.kept = module))"""

Opener = Callable[[], Page]

expect.set_options(timeout=PATIENCE * 1000)  # Playwright's own 5 s are a statement about speed


packed = functools.cache(client_files)
"""What browsers get is the same for all trees, and packing it takes most of a small build."""


@pytest.fixture(scope="session", autouse=True)
def packed_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vademecum_builder.pages.site.client_files", packed)
        yield


@pytest.fixture(scope="session")
def client_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `vade build` publishes as `client/`."""
    root = tmp_path_factory.mktemp("published")
    for name, content in packed(fetch_runtime()).items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            shutil.copyfile(content, target)
    return root / "client"


@pytest.fixture
def serve(memory: bytes) -> Iterator[Callable[[Path], PagesHost]]:
    """Serve folders as GitHub Pages would, but with the policy and with Python in memory; all end with the test."""
    servers: list[PagesHost] = []

    def start(folder: Path) -> PagesHost:
        server = StartedHost(folder, memory, headers={"Content-Security-Policy": POLICY}).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@dataclass
class Publisher:
    """A small knowledge base, and what is published of it."""

    folder: Path

    @property
    def dist(self) -> Path:
        return self.folder / "dist"

    @property
    def root(self) -> str:
        """The text of the root metadata that an app ships."""
        return (self.folder / "keys" / "root.json").read_text()

    def write(self, name: str, text: str) -> None:
        path = self.folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def publish(self) -> None:
        source, keys = self.folder / "source", self.folder / "keys"
        code = main(["build", str(source), "--out", str(self.dist), "--keys", str(keys), "--json"])
        assert code == 0
        (self.dist / "app.html").write_text("<!doctype html><title>app</title>")
        shutil.copyfile(HARNESS / "raw_database.mjs", self.dist / "raw_database.mjs")


@pytest.fixture(scope="session")
def first_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources, keys and the tree of release 1; each test works on a copy."""
    publisher = Publisher(tmp_path_factory.mktemp("first-release"))
    for number, subject in enumerate(["keys", "roots", "mirrors", "clients", "offline"]):
        sections = "".join(
            f"## Part {part} of {subject}\n\nThis is what to know about {subject}, number {number * 10 + part}. "
            f"It names the {subject} of the release and what a client does with them.\n\n"
            for part in range(4)
        )
        publisher.write(f"{subject}.md", f"# All about {subject}\n\n{sections}")
    assert main(["keys", "new", "--out", str(publisher.folder / "keys")]) == 0
    publisher.publish()
    return publisher.folder


@pytest.fixture
def publisher(first_release: Path, tmp_path: Path) -> Publisher:
    shutil.copytree(first_release, tmp_path / "publisher")
    return Publisher(tmp_path / "publisher")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with within_limits(), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=headless(), args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def opener(browser: Browser, client_folder: Path) -> Iterator[Opener]:
    """Opens pages in one process, which has compiled Pyodide: Python starts with half of the work there.

    What a page keeps belongs to its host, and each host of a test has a port of its own.
    """
    (client_folder.parent / "opener.html").write_text("<!doctype html><title>opener</title>")
    context = browser.new_context()
    context.set_default_timeout(PATIENCE * 1000)
    with PagesHost(client_folder.parent) as host:
        first = context.new_page()
        first.goto(f"{host.url}opener.html")
        first.evaluate(COMPILE)

        def open_page() -> Page:
            with first.expect_popup() as opened:
                first.evaluate("void open('about:blank')")
            return opened.value

        yield open_page
    context.close()


@pytest.fixture(scope="session")
def memory(opener: Opener, client_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """That of Python in Chromium, with the core imported. The test process that needs it first keeps it for others."""
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "python memory"
    with kept.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # whoever needs it meanwhile waits: three starts at once take longer than one
        if not file.seek(0, os.SEEK_END):  # others may have written since it was opened
            folder = client_folder.parent
            shutil.copyfile(HARNESS / "memory_worker.mjs", folder / "memory_worker.mjs")
            page = opener()
            file.write(python_memory(page, folder))
            page.close()
    return kept.read_bytes()


@pytest.fixture
def page(opener: Opener) -> Iterator[Page]:
    """A page of a host of its own. The test fails if the page threw or broke the policy."""
    page = opener()
    context = page.context
    others = set(context.pages) - {page}
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    for opened in set(context.pages) - others:
        opened.close()
    context.set_offline(False)
    assert complaints == []


@pytest.fixture(scope="session")
def eventually() -> Callable[[Page, str], Any]:
    return browser_app.eventually


@pytest.fixture
def app(page: Page, publisher: Any, serve: Callable[[Path], PagesHost], eventually: Callable[[Page, str], Any]) -> App:
    return App(page, serve(publisher.dist), publisher.root, eventually)


@pytest.fixture(scope="session")
def installed_content(
    first_release: Path, opener: Opener, memory: bytes, eventually: Callable[[Page, str], Any]
) -> Content:
    """What a browser holds after it has installed release 1."""
    publisher = Publisher(first_release)
    with StartedHost(publisher.dist, memory) as host:
        app = App(opener(), host, publisher.root, eventually)
        app.install()
        content = app.stored()
    app.page.close()
    return content


@pytest.fixture
def installed(app: App, installed_content: Content) -> App:
    """Release 1 is installed, by putting back what a browser held that had; the background does nothing."""
    app.restore(installed_content)
    app.start(autoUpdate=False)
    app.host.requests.clear()
    return app
