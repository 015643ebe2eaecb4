"""The cache folder of a publisher's machine: the browser runtime, language priors, clones of repositories."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def default_cache() -> Path:
    """Return VADEMECUM_CACHE, or the platform's folder for caches followed by `vademecum`."""
    chosen = os.environ.get("VADEMECUM_CACHE")
    return Path(chosen) if chosen else user_cache_path("vademecum", appauthor=False, opinion=False)
