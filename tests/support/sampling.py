"""What of the many fault points a run plays: all of them in `make faults`, else a sample by the seed of the run."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

ALL = os.environ.get("VADEMECUM_FAULTS") == "all"
SEED = "0"
"""Set by tests/conftest.py (`--seed`), before any test is collected: the ids of tests may depend on it."""


def sample(points: Sequence[T], share: int, what: str) -> list[T]:
    """Return one of each `share` neighbours, so that no stretch is left out; with ALL every point.

    Args:
        what: Names the sample: two of the same run differ.
    """
    if ALL:
        return list(points)
    chance = random.Random(f"{SEED} {what}")
    return [chance.choice(points[start : start + share]) for start in range(0, len(points), share)]
