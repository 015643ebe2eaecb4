"""What this version of the format is called, and the names and numbers that stand in several of its files."""

from __future__ import annotations

import re
from typing import Final

FORMAT: Final = 1
"""Of manifests: a reader refuses any higher one."""
MAX_SEQUENCE: Final = 2**32 - 1
"""The highest number of a release: segments keep sequences in 32 bits."""
EPOCH: Final = re.compile(r"[0-9a-f]{16}")
"""The name of an epoch: the releases whose vectors can be compared."""
