"""Progress on stderr: on a terminal the share done, the rate, the time left; elsewhere an occasional line."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

EVERY = 30.0
"""Seconds between lines without a terminal, so that a job's log shows that it goes on."""


class Bars(ExitStack):
    """One bar at a time; a line each half a minute without a terminal; no bar without tqdm (the extra [build])."""

    _stage = ""
    _bar: Any = None

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock, self._next = clock, clock() + EVERY

    def __call__(self, stage: str, done: int, total: int, unit: str = "it") -> None:
        """Show that `done` of `total` in a stage are done."""
        if not sys.stderr.isatty():
            if self._clock() >= self._next:
                self._next = self._clock() + EVERY
                print(f"vade: {stage}: {done:,} of {total:,}", file=sys.stderr, flush=True)
            return
        # Less than before: another part of the stage.
        if stage != self._stage or (self._bar is not None and done < self._bar.n):
            self.close()
            self._stage, self._bar = stage, _bar(stage, total, unit)
            if self._bar is not None:
                self.callback(self._bar.close)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def update(self, detail: Mapping[str, Any]) -> None:
        """Show an `updateProgress` event."""
        self(detail["stage"], detail["bytes"], detail["totalBytes"], "B")


class JsonLines:
    """Progress for programs: a JSON object per line on stderr, for each hundredth of a stage."""

    _last = ("", -1, 0)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Write that `done` of `total` in a stage are done."""
        step = (stage, 100 * done // max(total, 1), done if done >= total else 0)
        if step != self._last:
            self._last = step
            told = {"stage": stage, "done": done, "total": total}
            print(json.dumps(told), file=sys.stderr, flush=True)


def _bar(stage: str, total: int, unit: str) -> Any:
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        return None
    return tqdm(total=total, desc=stage, unit=unit, unit_scale=unit == "B", leave=False, file=sys.stderr)
