"""Which older release a release has a pack from, beside the last few: steps of powers (format.md, section 3.1)."""

from __future__ import annotations

FANOUT = 4


def step_of(sequence: int) -> int:
    """Return the release that the step of this one leads to (format.md, section 3.1).

    >>> [step_of(sequence) for sequence in (1, 3, 4, 16)]
    [4, 4, 16, 64]
    """
    size = FANOUT
    while sequence % size == 0:
        size *= FANOUT
    return (sequence // size + 1) * size
