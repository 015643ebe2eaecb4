"""A real history for the benchmarks: successive states of a folder of Markdown, from JSON lines."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path


def states(history: Path, folder: Path, most: int = 1000) -> Iterator[int]:
    """Write one state after another into `folder` and yield its number, from 0.

    Args:
        history: Gzipped JSON lines `{"set": {path: text}, "delete": [path]}`; the first holds the whole tree.
        folder: Made anew.
        most: Stop after so many states.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with gzip.open(history, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number == most:
                return
            change = json.loads(line)
            for path, text in change["set"].items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            for path in change["delete"]:
                (folder / path).unlink(missing_ok=True)
            yield number
