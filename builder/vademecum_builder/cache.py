"""Where a publisher's machine keeps what takes long: the runtime of browsers, what words mean to a model."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def default_cache() -> Path:
    """Return VADEMECUM_CACHE, or the platform's folder for caches followed by `vademecum`."""
    if chosen := os.environ.get("VADEMECUM_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "vademecum"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/vademecum"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vademecum"
