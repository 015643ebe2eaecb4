"""How the benchmark of search measures."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.search import memory_of_renderers

STARTS = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[2:]], check=False)"
WAITS = "print('here', flush=True); input()"


@contextmanager
def browser(profile: Path) -> Iterator[None]:
    """A process that has started another, which says that it is a renderer."""
    command = [sys.executable, "-c", STARTS, f"--user-data-dir={profile}", WAITS, "--type=renderer"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdout and started.stdout.readline()
        yield
        started.communicate(b"\n")


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells what a process has")
def test_memory_is_that_of_the_measured_browser_alone(tmp_path: Path) -> None:
    with browser(tmp_path / "other"):
        assert memory_of_renderers(tmp_path / "mine") == 0
        with browser(tmp_path / "mine"):
            assert memory_of_renderers(tmp_path / "mine") > 0
