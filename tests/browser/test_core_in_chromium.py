"""The core's own tests on the Python of browsers: Pyodide in a worker of Chromium, with the wheels that it gets."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tally
from playwright.sync_api import Page

HARNESS = Path(__file__).parent / "harness"
TESTS = Path(__file__).parents[1] / "client"
SOURCES = Path(__file__).parents[2] / "client" / "vademecum"
PATHS = [*sorted((TESTS / "core").glob("*")), TESTS / "test_encoder.py", *sorted(TESTS.glob("*.json"))]
"""What needs nothing but the core, pytest and hypothesis."""

TOOLS = ["pytest", "pluggy", "iniconfig", "packaging", "pygments", "hypothesis", "sortedcontainers"]
"""Pure Python, from this environment; tuf and its two companions are the published wheels."""

START = """() => {
    const worker = new Worker("/core_worker.mjs", { type: "module" });
    Object.assign(window, { output: [], answer: null });
    worker.onmessage = ({ data }) => ("event" in data ? window.output.push(data.detail) : (window.answer = data));
    worker.onerror = ({ message }) => (window.answer = { error: { message } });
    worker.postMessage({ id: 1, command: "run", args: {} });
}"""
LONGEST = 1200
"""Seconds until the test gives up; no statement about speed."""


def top_level(distribution: str) -> Iterator[Path]:
    """The folders and modules that a distribution has put into site-packages."""
    files = importlib.metadata.files(distribution)
    assert files, f"{distribution} is not installed"
    names = {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}
    compiled = [str(file) for file in files if file.suffix in (".so", ".pyd", ".dylib")]
    assert not compiled, f"Pyodide needs a pure-Python {distribution}; pyproject.toml says which: {compiled}"
    for name in sorted(names):
        yield Path(str(importlib.metadata.distribution(distribution).locate_file(name)))


def files_of(path: Path) -> Iterator[Path]:
    """The file, or those of the folder, without what this Python has compiled."""
    for file in [path] if path.is_file() else path.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file


def pack(target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for tool in TOOLS:
            for path in top_level(tool):
                for file in files_of(path):
                    archive.write(file, Path("site") / file.relative_to(path.parent))
        for file in files_of(SOURCES):  # what is published lacks the store in memory
            archive.write(file, Path("site") / file.relative_to(SOURCES.parent))
        for path in PATHS:
            for file in files_of(path):
                archive.write(file, Path("client") / file.relative_to(TESTS))
        archive.write(HARNESS / "run_core.py", "harness/run_core.py")


def collected_here() -> int:
    """How many tests the same files have on CPython."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    modules = [str(path) for path in PATHS if path.name.startswith("test_")]
    done = subprocess.run(
        [*command, *modules], cwd=TESTS.parents[1], capture_output=True, text=True, check=True
    )
    return sum("::" in line for line in done.stdout.splitlines())  # pyproject.toml says -q: one line a test


@pytest.mark.pyodide
def test_the_core_passes_its_tests_in_chromium(
    page: Page,
    serve: Callable[[Path], Any],
    client_folder: Path,
    tmp_path: Path,
) -> None:
    shutil.copytree(client_folder, tmp_path / "client")
    shutil.copyfile(HARNESS / "core_worker.mjs", tmp_path / "core_worker.mjs")
    (tmp_path / "index.html").write_text("<!doctype html><title>core</title>")
    pack(tmp_path / "core.zip")
    page.goto(serve(tmp_path).url)
    page.evaluate(START)
    deadline = time.monotonic() + LONGEST
    while (answer := page.evaluate("window.answer")) is None:
        assert time.monotonic() < deadline, page.evaluate("window.output.at(-1)")
        time.sleep(0.5)
    print("\n".join(page.evaluate("window.output"))[-20_000:], str(answer.get("error"))[-3_000:])
    assert "result" in answer, "Pyodide did not come to the end"
    result = json.loads(answer["result"])
    assert result["version"] >= [3, 12]
    expected = collected_here()
    assert expected > 500
    assert (result["code"], result["tests"]) == (0, {"passed": expected})
    tally.IN_CHROMIUM.update(result["lines"])
    for name, row in result["rows"].items():
        tally.add(f"Chromium: {name}", row)
