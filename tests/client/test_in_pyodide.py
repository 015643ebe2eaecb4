"""The core's own tests, inside Pyodide under Node: the runtime that browsers get, with the wheels that they get."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vademecum_builder.runtime_fetch import fetch_runtime

TESTS = Path(__file__).parent
ROOT = TESTS.parent.parent
PATHS = ["core", "test_encoder.py"]
"""Below tests/client: what needs nothing but the core, pytest and hypothesis."""

TOOLS = ["pytest", "pluggy", "iniconfig", "packaging", "pygments", "hypothesis", "sortedcontainers"]
"""Pure Python, from this environment; tuf and its two companions are the published wheels."""

CODE = f"""
import json, sys

sys.path[:0] = ["/site", "/client"]
sys.dont_write_bytecode = True
import pytest


class Tally:
    def __init__(self):
        self.outcomes = {{}}

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.outcome] = self.outcomes.get(report.outcome, 0) + 1


tally = Tally()
options = ["--import-mode=importlib", "--rootdir=/tests", "--capture=sys", "-c", "/dev/null", "-q", "-W", "error"]
options += ["-p", "no:cacheprovider", "-p", "no:faulthandler", "--durations=5"]
code = pytest.main([*options, *(f"/tests/{{path}}" for path in {PATHS!r})], plugins=[tally])
print("RESULT", json.dumps({{"code": int(code), "version": list(sys.version_info[:2]), **tally.outcomes}}))
"""


def top_level(distribution: str) -> Iterator[Path]:
    """The folders and modules that a distribution has put into site-packages."""
    files = importlib.metadata.files(distribution)
    assert files, f"{distribution} is not installed"
    names = {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}
    compiled = [str(file) for file in files if file.suffix in (".so", ".pyd", ".dylib")]
    assert not compiled, f"Pyodide needs a pure-Python {distribution}; pyproject.toml says which: {compiled}"
    for name in sorted(names):
        yield Path(str(importlib.metadata.distribution(distribution).locate_file(name)))


def collected_here() -> int:
    """How many tests the same files have on CPython."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *(str(TESTS / path) for path in PATHS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sum("::" in line for line in done.stdout.splitlines())  # pyproject.toml says -q: one line a test


@pytest.mark.pyodide
def test_the_core_passes_its_tests_inside_pyodide(tmp_path: Path) -> None:
    runtime = fetch_runtime()
    modules = tmp_path / "modules"  # single files: only folders can be mounted
    modules.mkdir()
    mounts = {"/client": str(ROOT / "client"), "/tests": str(TESTS), "/site": str(modules)}
    for tool in TOOLS:
        for path in top_level(tool):
            if path.is_dir():
                (modules / path.name).mkdir()
                mounts[f"/site/{path.name}"] = str(path)
            else:
                shutil.copyfile(path, modules / path.name)
    job = tmp_path / "job.json"
    wheels = sorted(str(path) for path in (runtime / "wheels").glob("*.whl"))
    parts = {"pyodide": str(runtime / "pyodide"), "mounts": mounts, "wheels": wheels, "code": CODE}
    job.write_text(json.dumps(parts))
    node = shutil.which("node")
    assert node, "Node.js 20 or newer is needed: the README says how the tests are set up"
    done = subprocess.run(
        [node, str(TESTS / "run_in_pyodide.mjs"), str(job)], capture_output=True, text=True, timeout=600
    )
    print(done.stdout[-20_000:], done.stderr[-5_000:])
    results = [
        line.removeprefix("RESULT ") for line in done.stdout.splitlines() if line.startswith("RESULT ")
    ]
    assert len(results) == 1, "Pyodide did not come to the end"
    result = json.loads(results[0])
    assert result.pop("version") >= [3, 12]
    expected = collected_here()
    assert expected > 500
    assert result == {"code": 0, "passed": expected}
