"""The core's own tests on the Python of browsers: Pyodide in a worker of Chromium, with the wheels that it gets.

Those of the packages that may differ on another interpreter; all of them with VADEMECUM_FAULTS=all.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser.conftest import POLICY
from support import tally
from support.pages_host import PagesHost
from support.python_worker import ALL, TESTS, PythonWorker, core_files, write_worker


def collected_here() -> int:
    """How many tests the same files have on CPython."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    modules = [str(path) for path in core_files() if path.name.startswith("test_")]
    done = subprocess.run([*command, *modules], cwd=TESTS.parent, capture_output=True, text=True, check=True)
    return sum("::" in line for line in done.stdout.splitlines())  # pyproject.toml says -q: one line a test


@pytest.mark.long
@pytest.mark.pyodide
def test_the_core_passes_its_tests_in_chromium(page: Page, client_folder: Path, memory: bytes, tmp_path: Path) -> None:
    write_worker(tmp_path, client_folder, memory, whole=True)
    with PagesHost(tmp_path, headers={"Content-Security-Policy": POLICY}) as host:
        worker = PythonWorker(page, host.url)
        result = json.loads(worker.call("run_core", "run", "/core/tests"))
        print(worker.output()[-20_000:])
    assert result["version"] >= [3, 12]
    expected = collected_here()
    assert expected > (1000 if ALL else 400)
    assert (result["code"], result["tests"]) == (0, {"passed": expected})
    tally.IN_CHROMIUM.update(result["lines"])
    for name, row in result["rows"].items():
        tally.add(f"Chromium: {name}", row)
