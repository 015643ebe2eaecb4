"""Python starts once in the Chromium of the tests; its pages go on from the memory that this start has left.

A start takes five times what is left of it then. Pyodide's own files are fetched and read as ever, and what differs is
one option of `loadPyodide`. Hosts of the plain kind start Python as readers do: tests/browser has both.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from support.pages_host import Answer, PagesHost, Site

PYODIDE, MEMORY = "/pyodide/pyodide.mjs", "/pyodide/memory"
WITH_OPTION = """import {{ loadPyodide as load }} from "{itself}";
export const loadPyodide = async (options) => load({{ ...options, {option} }});
"""
KEEPS = "_makeSnapshot: true"
GOES_ON = f"""_loadSnapshot: await new Promise((resolve, reject) => {{ // `fetch` counts what a start takes
    const request = Object.assign(new XMLHttpRequest(), {{ onload: () => resolve(request.response), onerror: reject }});
    request.open("GET", import.meta.url.replace("{PYODIDE}", "{MEMORY}"));
    request.responseType = "arraybuffer";
    request.send();
}})"""
START = """() => new Promise((resolve, reject) => {
    const worker = new Worker("memory_worker.mjs", { type: "module" });
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data }) => {
        worker.terminate();
        const href = URL.createObjectURL(new Blob([data]));
        Object.assign(document.createElement("a"), { href, download: "" }).click();
        resolve();
    };
})"""


@dataclass(frozen=True)
class _Started(Site):
    """A published tree whose Pyodide is loaded with one option more."""

    memory: bytes | None = None

    def answer(self, target: str, headers: Message) -> Answer:
        told = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        if target.endswith(MEMORY) and self.memory:
            return Answer(HTTPStatus.OK, told, self.memory)
        by_a_page = "Sec-Fetch-Mode" in headers  # `vade` reads trees of hosts as well, and checks every file
        if "/pyodide/" in target:  # 10 MB a start: to send them takes less than to inflate them
            headers = Message()
        found = super().answer(target, headers)
        if found.status != HTTPStatus.OK or not target.endswith(PYODIDE) or not by_a_page:
            return found
        module = WITH_OPTION.format(itself="./pyodide.mjs?itself", option=GOES_ON if self.memory else KEEPS)
        return Answer(HTTPStatus.OK, told, module.encode())


class StartedHost(PagesHost):
    """A host where Python is in memory.

    Args:
        memory: That of a start; None: a start here keeps its own.
    """

    def __init__(self, root: Path, memory: bytes | None, **options: Any) -> None:
        super().__init__(root, **options)
        self.site = _Started(**vars(self.site), memory=memory)


def put_memory(pyodide: Path, memory: bytes) -> None:
    """Have a folder with Pyodide go on from this memory, whoever serves it."""
    (pyodide / "pyodide.mjs").rename(pyodide / "itself.mjs")
    (pyodide / "pyodide.mjs").write_text(WITH_OPTION.format(itself="./itself.mjs", option=GOES_ON))
    (pyodide / "memory").write_bytes(memory)


def python_memory(page: Page, folder: Path) -> bytes:
    """Start Python with the core, as the product does, and return its memory.

    Args:
        folder: Has `client/`, memory_worker.mjs of harness/ and the document that the page shows.
    """
    with StartedHost(folder, None) as host:
        page.goto(f"{host.url}opener.html")
        with page.expect_download() as kept:
            page.evaluate(START)
        memory: bytes = kept.value.path().read_bytes()
    return memory
