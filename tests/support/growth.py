"""How work grows with what it is given, as one machine tells in one run: one that is slow or busy tells the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_TIMES: Final = 8
_TRIES: Final = 3


def grows_with_the_square(work: Callable[[int], object], size: int) -> bool:
    """Return whether 8 times the size takes far more than 8 times the work: with the square it would be 64 times.

    Args:
        work: Does it for a size.
        size: The smaller of two: so large that the square of the larger, if there is one, is most of what is done.
    """
    # Another size each time: of the same one something may be remembered.
    tried = (size + size * number // _TIMES for number in range(_TRIES))
    return all(_cost(work, _TIMES * small) > _TIMES**1.5 * _cost(work, small) for small in tried)


def _cost(work: Callable[[int], object], size: int) -> float:
    begun = time.process_time()
    work(size)
    return time.process_time() - begun
