"""Plays random histories one after another: `make soak SEEDS=2000 [FIRST=0]`.

The same seed gives the same history. A violation ends the run, with the steps and the command that repeats it.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from soak.random_history import History, play

MEMORY = Path("/dev/shm")


def soak(first: int, seeds: int, report: Callable[[int, Counter[str]], None]) -> tuple[Counter[str], History | None]:
    """Play histories until one is violated; return the counts, and that one."""
    counts: Counter[str] = Counter()
    place = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    for seed in range(first, first + seeds):
        folder = Path(tempfile.mkdtemp(dir=place, prefix="vademecum-soak-"))
        history = History(seed)
        try:
            play(history, folder)
        except BaseException:
            print(told(history), file=sys.stderr)
            raise
        finally:
            shutil.rmtree(folder)
        counts.update(history.counts)
        if history.found:
            return counts, history
        report(seed, counts)
    return counts, None


def told(history: History) -> str:
    """Return a violated history in words."""
    lines = [f"seed {history.seed}:", *(f"  {n:3} {step}" for n, step in enumerate(history.steps))]
    lines += [f"  VIOLATION {violation}" for violation in history.found]
    return "\n".join([*lines, f"repeat it: make soak FIRST={history.seed} SEEDS=1"])


def table(counts: Counter[str], violations: int) -> str:
    rows = [*sorted(counts.items(), key=lambda row: -row[1]), ("violations", violations)]
    return "\n".join(f"{name:<24}{number:>10,}" for name, number in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, metavar="N", help="how many histories (200)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="where to begin, or go on (0)")
    options = parser.parse_args()
    logging.getLogger("vademecum").setLevel(logging.CRITICAL)  # faults and throwing listeners are the point
    started = time.monotonic()

    def report(seed: int, counts: Counter[str]) -> None:
        done = seed - options.first + 1
        if sys.stderr.isatty() or done % 100 == 0:
            rate = done / (time.monotonic() - started)
            end = "\r" if sys.stderr.isatty() else "\n"
            line = f"{done}/{options.seeds} histories, {rate:.1f} a second, go on with FIRST={seed + 1}"
            print(line, end=end, file=sys.stderr, flush=True)

    counts, violated = soak(options.first, options.seeds, report)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(table(counts, 0 if violated is None else len(violated.found)))
    if violated is not None:
        print(told(violated), file=sys.stderr)
    return violated is not None


if __name__ == "__main__":
    sys.exit(main())
