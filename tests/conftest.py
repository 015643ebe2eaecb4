"""What holds for all tests. pyproject.toml (`pythonpath`) makes the helper modules of the folders importable."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from support import tally
from support.fault_lines import LINES

# The same examples in every run, so that a failure is one of the change at hand; `make faults` and `make soak`
# look for new ones.
settings.register_profile("same", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("new", max_examples=300, deadline=None, print_blob=True)
settings.load_profile("new" if os.environ.get("VADEMECUM_FAULTS") == "all" else "same")

COVERED = pytest.StashKey[dict[str, list[str]]]()
"""The collected tests of each line of fault_lines.py."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests go last: Playwright keeps an event loop running in this thread from its first test on."""
    items.sort(key=lambda item: "browser" in item.path.parts)
    covered: dict[str, list[str]] = {}
    for item in items:
        for mark in item.iter_markers("fault"):
            for line in mark.args:
                if line not in LINES:
                    raise pytest.UsageError(f"{item.nodeid}: fault_lines.py has no line {line!r}")
                covered.setdefault(line, []).append(item.nodeid.partition("[")[0])
    config.stash[COVERED] = {line: list(dict.fromkeys(tests)) for line, tests in covered.items()}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the fault tests did, and which line of the list has which tests (all of them with -v)."""
    covered = terminalreporter.config.stash.get(COVERED, {})
    if not tally.ROWS:
        return
    terminalreporter.section("faults")
    for line in tally.table():
        terminalreporter.write_line(line)
    terminalreporter.write_line("")
    if terminalreporter.verbosity > 0:
        for line, title in LINES.items():
            names = "".join(f"\n      {test}" for test in covered.get(line, ["NO TEST"]))
            terminalreporter.write_line(f"{line:<4} {title}{names}")
    missing = [line for line in LINES if line not in covered]
    terminalreporter.write_line(
        f"{len(covered)} of {len(LINES)} lines of faults have a test in this run (-v: which)"
    )
    if tally.IN_CHROMIUM:
        terminalreporter.write_line(
            f"{len(tally.IN_CHROMIUM)} of them by tests of the core, in Chromium as well"
        )
    if missing:
        terminalreporter.write_line(f"without one: {' '.join(missing)}")


@pytest.fixture
def small_site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites come with a browser runtime of a few bytes: the real one is 6 MB, and has tests of its own."""
    from support.publishing import make_runtime

    runtime = make_runtime(tmp_path_factory.mktemp("runtime") / "small")
    monkeypatch.setattr("vademecum_builder.pages.site.fetch_runtime", lambda cache: runtime)
