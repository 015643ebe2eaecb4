"""Progress on stderr, when it is a terminal: what is done, the rate, the time left."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any


class Bars(ExitStack):
    """One bar at a time. Without a terminal, or without tqdm (the extra [build]), nothing is shown."""

    _stage = ""
    _bar: Any = None

    def __call__(self, stage: str, done: int, total: int, unit: str = "it") -> None:
        """Show that `done` of `total` of a stage is done."""
        if not sys.stderr.isatty():
            return
        if stage != self._stage or (
            self._bar is not None and done < self._bar.n
        ):  # another part of the stage
            self.close()
            self._stage, self._bar = stage, _bar(stage, total, unit)
            if self._bar is not None:
                self.callback(self._bar.close)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def update(self, detail: Mapping[str, Any]) -> None:
        """Show an `updateProgress` event."""
        self(detail["stage"], detail["bytes"], detail["totalBytes"], "B")


def _bar(stage: str, total: int, unit: str) -> Any:
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        return None
    return tqdm(total=total, desc=stage, unit=unit, unit_scale=unit == "B", leave=False, file=sys.stderr)
