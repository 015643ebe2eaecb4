"""A history, state after state: written to a folder, and built there with `vade build` in this process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from bench.histories import changes
from vademecum_builder.cli.main import main as vade


def states(history: Path | str, folder: Path, most: int = 1000) -> Iterator[int]:
    """Write one state after another into `folder` and yield its number, from 0.

    Args:
        history: See `histories`.
        folder: Made anew.
        most: Stop after so many states.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for number, change in enumerate(changes(str(history), most)):
        for path, content in change.set.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        for path in change.delete:
            (folder / path).unlink(missing_ok=True)
        yield number


def build(source: Path, dist: Path, keys: Path, encoder: str) -> dict[str, Any]:
    """Publish a release of `source` in `dist`, the index alone; return what `vade build --json` says.

    Raises:
        SystemExit: The build failed.
    """
    said = StringIO()
    command = ["build", str(source), "--out", str(dist), "--keys", str(keys), "--encoder", encoder]
    with redirect_stdout(said):
        code = vade([*command, "--no-site", "--json"])
    if code:
        raise SystemExit(f"build failed: {said.getvalue()}")
    answer: dict[str, Any] = json.loads(said.getvalue())
    return answer
