"""Thousands of small databases: where there is a file system in memory, they lie there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """An empty folder. On this one a sync of the system costs nothing, where the system has such a thing."""
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir=MEMORY, prefix="vademecum-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
