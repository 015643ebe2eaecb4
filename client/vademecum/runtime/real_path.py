"""Where a path leads."""

from __future__ import annotations

import os
from pathlib import Path


def real_path(path: str | Path) -> Path:
    """Return the path behind all links. Of links that lead in a circle it is one that nothing can open: before Python
    3.13 `Path.resolve` raises a RuntimeError there, which nobody expects of a file system."""
    return Path(os.path.realpath(path))
