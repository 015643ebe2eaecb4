"""Runs inside Pyodide: the tests of the core, and what they came to."""

from __future__ import annotations

import gc
import json
import sys
from collections import Counter
from dataclasses import asdict

import pytest

OPTIONS = [
    *("--import-mode=importlib", "--capture=sys", "-c", "/dev/null", "-q", "-W", "error"),
    *("-p", "no:cacheprovider", "-p", "no:faulthandler", "--durations=5"),
]


class Outcomes:
    """Counts the tests by outcome, and the lines of faults that passed ones cover."""

    def __init__(self) -> None:
        self.tests: Counter[str] = Counter()
        self.lines: set[str] = set()
        self._marks: dict[str, set[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        gc.freeze()  # see tests/conftest.py
        for item in items:
            self._marks[item.nodeid] = {line for mark in item.iter_markers("fault") for line in mark.args}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            self.tests[report.outcome] += 1
            self.lines |= self._marks[report.nodeid] if report.passed else set()


def run(folder: str) -> str:
    """Return, as JSON, the exit code, the outcomes, and what the fault tests counted."""
    gc.set_threshold(100_000, 50, 50)
    outcomes = Outcomes()
    code = pytest.main([*OPTIONS, f"--rootdir={folder}", folder], plugins=[outcomes])
    from support.tally import ROWS  # among the tests' own helpers, which their conftest makes importable

    rows = {name: asdict(row) for name, row in ROWS.items()}
    result = {"code": int(code), "version": sys.version_info[:2], "tests": outcomes.tests}
    return json.dumps({**result, "lines": sorted(outcomes.lines), "rows": rows}, default=sorted)
