"""What holds for all tests: marks, the seed of the samples, and what a run says at its end.

pytest-xdist's workers each collect and count; what they know comes here through `workeroutput`.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from _pytest.nodeid import NodeId
from hypothesis import HealthCheck, settings

from support import sampling, tally
from support.fault_lines import LINES
from vademecum.runtime.clock import SystemClock

TESTS = Path(__file__).parent
FOLDERS = {
    "browser": "browser",
    "journeys": "process",
    "bench": "process",
    "faults": "slow",
    "fuzz": "slow",
    "soak": "slow",
}
"""The mark of all tests of a folder."""
OUTSIDE = frozenset({"slow", "process", "model", "browser"})
"""The marks that keep a test out of `make check`."""
SLOW = 0.5
"""Seconds: an unmarked test that takes longer is named at the end of a run."""

# The same examples in every run, so that a failure is one of the change at hand; `make check` tries fewer (`quick`),
# `make faults` looks for new ones.
# How long a busy machine takes to make inputs is no fault either: tests assert no times.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
untimed = settings.get_profile("untimed")
settings.register_profile("quick", untimed, max_examples=20, derandomize=True)
settings.register_profile("same", untimed, max_examples=60, derandomize=True)
settings.register_profile("new", untimed, max_examples=300, print_blob=True)
settings.load_profile("new" if sampling.ALL else "same")

MEMORY, ROOM = Path("/dev/shm"), 4 << 30
"""A run writes, syncs and deletes half a million files, and nothing here asks how fast a disk is: in memory, where
there is so much of it and programs may be started from there."""
if "TMPDIR" not in os.environ and MEMORY.is_dir():
    found = os.statvfs(MEMORY)
    if found.f_bavail * found.f_frsize > ROOM and not found.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"], tempfile.tempdir = str(MEMORY), None


def _discard(folder: str, process: int = os.getpid()) -> None:
    if os.getpid() == process:  # what it forks begins with what it has registered
        shutil.rmtree(folder, ignore_errors=True)


if "PYTEST_XDIST_WORKER" not in os.environ:
    # What browsers, databases and killed processes leave goes with the run; pytest keeps the folders of what failed.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    os.environ["TMPDIR"], tempfile.tempdir = tempfile.mkdtemp(prefix="vademecum-tests-"), None
    Path(os.environ["TMPDIR"]).chmod(0o755)  # PostgreSQL starts as no root
    atexit.register(_discard, os.environ["TMPDIR"])

# Where there is Amazon's SDK, which moto brings here, securesystemslib loads it: half a second of each process.
with pytest.MonkeyPatch.context() as without:
    without.setitem(sys.modules, "boto3", None)
    import_module("securesystemslib.signer")

for name in ("CI", "GITHUB_ACTIONS"):  # `vade` makes no development keys there, and tells the job what it did
    os.environ.pop(name, None)

gc.set_threshold(100_000, 50, 50)  # tens of thousands of objects are collected tests, which stay

slow_ones: list[tuple[float, str]] = []
started: list[str] = []
"""The processes that the test at hand has started."""


SEED = "0e1efcf0"
"""The same points in every run, so that a failure is one of the change at hand; the nightly run takes all."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", default=SEED, help=f"what fault tests sample their points by (default: {SEED})")


def pytest_configure(config: pytest.Config) -> None:
    config.option.seed = sampling.SEED = config.option.seed
    patch = pytest.MonkeyPatch()
    patch.setattr(subprocess.Popen, "__init__", _hear(subprocess.Popen.__init__))
    patch.setattr(SystemClock, "sleep", _at_once)
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):  # no process that starts workers
        patch.setenv("PYTHONPATH", str(TESTS / "support" / "left_out"), prepend=os.pathsep)
    config.add_cleanup(patch.undo)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has it ignored


async def _at_once(clock: SystemClock, seconds: float) -> None:
    """Between two tries no time passes here."""
    assert seconds >= 0
    await asyncio.sleep(0)


def _hear(start: Callable[..., None]) -> Callable[..., None]:
    """An audit hook would hear it too, and be called for every file that is opened."""

    def heard(process: Any, arguments: Any, *others: Any, **options: Any) -> None:
        started.append(str(arguments))
        start(process, arguments, *others, **options)

    return heard


@pytest.fixture(autouse=True)
def marked_where_it_starts_a_process(request: pytest.FixtureRequest) -> Iterator[None]:
    """`make check` starts none: so that it stays fast, whoever adds a test."""
    started.clear()
    yield
    marks = {mark.name for mark in request.node.iter_markers()}
    assert not started or marks & OUTSIDE, f"starts {started[0]}: mark it with pytest.mark.process"


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes may hold the time, as gzip does; but the ids of tests must be the same in every worker."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.hookimpl(tryfirst=True)  # before `-m` leaves out what has a mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests go first, browser tests last: Playwright keeps an event loop running in this thread from then on.

    Just before them go those of a model, of which one needs a browser; and first of them those that stay together, so
    that at the end the workers share what can be handed over one by one.
    The fast tests of a module go to a worker as one: to hand them over one by one takes longer than most of them do.
    """
    for item in items:
        if mark := FOLDERS.get(item.path.relative_to(TESTS).parts[0]):
            item.add_marker(mark)
        marks = {mark.name for mark in item.iter_markers()}
        if "model" in marks:
            _group(item, "model")  # one worker loads PyTorch
        elif not OUTSIDE & marks or _shares(item):
            _group(item, item.nodeid.partition("::")[0])
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[int, ...]:
    marks = {mark.name for mark in item.iter_markers()}
    browser = "browser" in marks
    return 2 * browser or "model" in marks, "long" not in marks, browser and not _shares(item)


def _group(item: pytest.Item, name: str) -> None:
    """Have one worker run all tests of a group, which pytest-xdist reads from their ids.

    Its own mark does nothing with pytest 9.2: what pytest-xdist 3.8 sets by it is not read there any more.
    """
    if hasattr(item.config, "workerinput"):
        item._id = NodeId.parse(f"{item.nodeid}@{name}")


def _shares(item: pytest.Item) -> bool:
    """Return whether it has a fixture of ours that is made once for a module: then one worker makes it."""
    known = getattr(item, "_fixtureinfo", None)
    fixtures = [found[-1] for found in known.name2fixturedefs.values()] if known else []
    return any(fixture.baseid and fixture.scope == "module" for fixture in fixtures)


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()
    if builtin := sys.modules.get("vademecum_builder.encoders.builtin"):  # what runs the core alone has no builder
        patch = pytest.MonkeyPatch()
        patch.setattr(builtin, "fit_builtin", _fitted_once(builtin.fit_builtin))
        session.config.add_cleanup(patch.undo)
    for item in session.items:
        for line in (line for mark in item.iter_markers("fault") for line in mark.args):
            if line not in LINES:
                raise pytest.UsageError(f"{item.nodeid}: fault_lines.py has no line {line!r}")
            tally.COVERED.setdefault(line, {})[item.nodeid.partition("[")[0].partition("@")[0]] = None


def _fitted_once(fit: Callable[..., Any]) -> Callable[..., Any]:
    """The same texts have the same fit (test_encoders.py), which takes a good part of a small build."""
    once = functools.cache(fit)
    return lambda texts, limits: once(tuple(texts), limits)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["faults"] = tally.written()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    tally.take(getattr(node, "workeroutput", {}).get("faults", "{}"))  # a worker that crashed has no output


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.duration >= SLOW and report.when == "call" and not OUTSIDE & report.keywords.keys():
        slow_ones.append((report.duration, report.nodeid))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What the fault tests did, and which line of the list has which tests (all of them with -v)."""
    if hasattr(config, "workerinput"):
        return  # a worker has told the process that started it
    say = terminalreporter.write_line
    if slow_ones:
        terminalreporter.section("half a second or more, and not marked slow")
        for seconds, name in sorted(slow_ones, reverse=True)[:10]:
            say(f"{seconds:6.2f} s  {name}")
    if not tally.ROWS:
        return
    terminalreporter.section("faults")
    for line in tally.table():
        say(line)
    say("")
    if terminalreporter.verbosity >= 0:  # -v undoes the -q of pyproject.toml
        for line, title in LINES.items():
            say(f"{line:<4} {title}" + "".join(f"\n      {test}" for test in tally.COVERED.get(line, ["NO TEST"])))
    say(f"{len(tally.COVERED)} of {len(LINES)} lines of faults have a test in this run (-v: which)")
    if tally.IN_CHROMIUM:
        say(f"{len(tally.IN_CHROMIUM)} of them by tests of the core, in Chromium as well")
    if missing := [line for line in LINES if line not in tally.COVERED]:
        say(f"without one: {' '.join(missing)}")
    say("at every point" if sampling.ALL else f"points sampled by --seed={config.option.seed}")


@pytest.fixture
def small_site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites come with a browser runtime of a few bytes: the real one is 6 MB, and has tests of its own."""
    runtime = _small_runtime(tmp_path_factory.getbasetemp())
    monkeypatch.setattr("vademecum_builder.pages.site.fetch_runtime", lambda cache: runtime)
    monkeypatch.setattr("vademecum_builder.pages.site.client_files", _bundled)


@functools.cache
def _small_runtime(folder: Path) -> Path:
    from support.publishing import make_runtime

    return make_runtime(folder / "small runtime")


@functools.cache
def _bundled(runtime: Path) -> Mapping[str, Path | bytes]:
    """What browsers get: the same for all, and packing it takes most of a small build."""
    from vademecum_builder.pages.client_bundle import client_files

    return client_files(runtime)
