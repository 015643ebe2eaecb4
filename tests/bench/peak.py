"""Run a command, and say what it took: `peak.py COMMAND...` prints `seconds`, `cpu`, `bytes` and `said`.

A process of its own, started small: on Linux, a child's peak begins at that of the process that started it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        seconds: By the clock, the start of Python included.
        cpu: Seconds of processors, its own and the system's for it: on a machine that others use, too.
        bytes: The most memory that it had.
        said: The JSON that it printed; empty: it printed something else.
    """

    seconds: float
    cpu: float
    bytes: int
    said: dict[str, Any]


def cost_of(command: list[str]) -> Cost:
    """Run a command in a process of its own.

    Raises:
        SystemExit: It failed.
    """
    launcher = [sys.executable, str(Path(__file__)), *command]
    done = subprocess.run(launcher, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.decode(errors='replace')[-2000:]}")
    return Cost(**json.loads(done.stdout))


def main(command: list[str]) -> int:
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    size = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    said = json.loads(done.stdout) if done.stdout.startswith(b"{") else {}
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"seconds": seconds, "cpu": cpu, "bytes": size, "said": said}))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
