"""Run a command that prints JSON, and say what it took: `peak.py COMMAND...` prints `seconds`, `bytes` and `said`.

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
        bytes: The most memory that it had.
        said: The JSON that it printed.
    """

    seconds: float
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
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    size = peak * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"seconds": seconds, "bytes": size, "said": json.loads(done.stdout or b"{}")}))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
