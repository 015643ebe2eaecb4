"""A worker of Chromium with Python in it, for tests of the core on the runtime that browsers get."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from support.python_memory import put_memory
from vademecum_builder.pages.pyodide import fetch_runtime

TESTS = Path(__file__).parents[1]
HARNESS = TESTS / "browser" / "harness"
SOURCES = TESTS.parent / "client" / "vademecum"
INTERPRETED = ["format", "encoder", "delta", "transport", "trust"]
"""What may differ on another interpreter: bytes, zlib, hashes, JSON, signatures, dates."""

CORE = [*INTERPRETED, "store", "generation", "integrity", "update", "engine"]
"""The packages whose tests need nothing but the core, pytest and hypothesis."""

TOOLS = ["pytest", "pluggy", "iniconfig", "packaging", "pygments", "hypothesis", "sortedcontainers"]
"""Pure Python, from this environment; tuf and its two companions are the published wheels."""

PYTHON = "python_stdlib.zip"
ALL = os.environ.get("VADEMECUM_FAULTS") == "all"


def core_files() -> list[Path]:
    """Return what goes to Pyodide: the helpers, and the tests of the core, of all of it with VADEMECUM_FAULTS=all."""
    packages = [TESTS / "unit" / "client" / name for name in (CORE if ALL else INTERPRETED)]
    folders = [*packages, TESTS / "faults" / "memory"] if ALL else packages
    helpers = [*(TESTS / "support").glob("*.py"), TESTS / "unit" / "client" / "conftest.py"]
    return [*helpers, *(path for folder in folders for path in sorted(folder.glob("*.*")))]


LONGEST = 1200
"""Seconds until a call is given up; no statement about speed."""

ASK = "([request, longest]) => ask(request, longest)"
START = """() => {
    const worker = new Worker("python_worker.mjs", { type: "module" });
    let answer, broken;
    worker.onmessage = ({ data }) => ("event" in data ? output.push(data.detail) : answer(data));
    worker.onerror = ({ message }) => ((broken = { error: { message } }), answer?.(broken));
    const ask = (request, longest) => new Promise((resolve) => {
        answer = resolve;
        if (broken) return answer(broken);
        setTimeout(resolve, longest * 1000, { error: { message: "it does not come to its end" } });
        worker.postMessage(request);
    });
    Object.assign(window, { ask, output: [] });
}"""


class PythonWorker:
    """The worker, on a page of its own. Its folder has what `write_worker` puts there."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(f"{url}worker.html")
        page.evaluate(START)
        self._ask("boot", {})

    def call(self, module: str, name: str, *args: Any) -> Any:
        """Call a function of a module in harness/; values that JSON has go in and come out."""
        return self._ask("call", {"module": module, "name": name, "args": list(args)})

    def output(self) -> str:
        """Return what Python has printed."""
        return "\n".join(self.page.evaluate("output"))

    def _ask(self, command: str, args: dict[str, Any]) -> Any:
        answer = self.page.evaluate(ASK, [{"id": 1, "command": command, "args": args}, LONGEST])
        problem = str(answer.get("error", {}).get("message", ""))[-3000:]
        assert "error" not in answer, f"{command}: {problem}\n{self.output()[-3000:]}"
        return answer.get("result")


def write_worker(folder: Path, client_folder: Path, memory: bytes, *, whole: bool = False) -> None:
    """Put into `folder` what a worker of Python needs to run the core's tests.

    Args:
        folder: Where it is served.
        client_folder: What is published as `client/`.
        memory: That of Python after a start (python_memory.py).
        whole: With all of Python's own library, of which browsers get a part: pytest needs more.
    """
    pyodide = Path(shutil.copytree(client_folder, folder / "client")) / "pyodide"
    put_memory(pyodide, memory)
    if whole:
        shutil.copyfile(fetch_runtime() / "pyodide" / PYTHON, pyodide / PYTHON)
    for module in HARNESS.glob("*.mjs"):
        shutil.copyfile(module, folder / module.name)
    (folder / "worker.html").write_text("<!doctype html><title>core</title>")
    with zipfile.ZipFile(folder / "core.zip", "w") as archive:
        for path, name in _contents():
            archive.write(path, name)


def _contents() -> Iterator[tuple[Path, Path]]:
    for tool in TOOLS:
        for path in _top_level(tool):
            yield from ((file, Path("site") / file.relative_to(path.parent)) for file in _files_of(path))
    for file in _files_of(SOURCES):  # what is published lacks the store in memory
        yield file, Path("site") / file.relative_to(SOURCES.parent)
    for path in core_files():
        yield from ((file, Path("tests") / file.relative_to(TESTS)) for file in _files_of(path))
    yield from ((file, Path("harness") / file.name) for file in HARNESS.glob("*.py"))


def _top_level(distribution: str) -> Iterator[Path]:
    """The folders and modules that a distribution has put into site-packages."""
    files = importlib.metadata.files(distribution)
    assert files, f"{distribution} is not installed"
    names = {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}
    compiled = [str(file) for file in files if file.suffix in (".so", ".pyd", ".dylib")]
    assert not compiled, f"Pyodide needs a pure-Python {distribution}; pyproject.toml says which: {compiled}"
    for name in sorted(names):
        yield Path(str(importlib.metadata.distribution(distribution).locate_file(name)))


def _files_of(path: Path) -> Iterator[Path]:
    """The file, or those of the folder, without what this Python has compiled."""
    for file in [path] if path.is_file() else path.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file
