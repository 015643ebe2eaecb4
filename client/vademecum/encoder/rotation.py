"""The fixed rotation that vectors of few bits live in (format.md, section 4.2).

It spreads what a text says evenly over the dimensions, so that a few levels do for each. Sums and differences
alone: exact for the query's integers, and the builder runs the same code over columns of floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from vademecum.encoder.query import UNKNOWN_COMPONENT, shrink, unknown_row

ROUNDS: Final = ("first", "second")
"""The signs of each round are those of the row that this word has where it is unknown (section 4.3)."""


def rotate(values: Sequence[Any], start: int = 0) -> list[Any]:
    """Return the rotated vector, longer by one factor for all vectors of these dimensions.

    Args:
        values: D numbers, or D columns that can be added.
        start: The first dimension that unknown words have to themselves: it and those behind it are not mixed
            with the ones before, which most texts alone use. 0: there are none.
    """
    groups = [group for group in (values[:start], values[start:]) if len(group)]
    largest = max(_block(len(group)) for group in groups)
    return [value for group in groups for value in _rotate_group(group, largest)]


def rotate_query(query: Sequence[int], start: int = 0) -> tuple[int, ...]:
    """Return the query as packed vectors are scanned with: D integers from -127 to 127."""
    return shrink(rotate(query, start))


def _block(size: int) -> int:
    """Return the largest power of two that divides the size."""
    return size & -size


def _rotate_group(values: Sequence[Any], largest: int) -> list[Any]:
    size, block = len(values), _block(len(values))
    for word in ROUNDS:
        kept = _signs(word, size)
        values = [value if keep else -value for value, keep in zip(values, kept, strict=True)]
        mixed = [_hadamard(values[at : at + block]) for at in range(0, size, block)]
        # Read across the blocks: the next round mixes what lay in different ones.
        values = [value for across in zip(*mixed, strict=True) for value in across]
    return [value * (largest // block) for value in values] if largest > block else list(values)


@lru_cache(maxsize=8)
def _signs(word: str, size: int) -> tuple[bool, ...]:
    """Return which components keep their sign."""
    return tuple(component == UNKNOWN_COMPONENT for component in unknown_row(word, 0, size))


def _hadamard(values: list[Any]) -> list[Any]:
    """Return the Walsh-Hadamard transform of 2^k values, without its factor."""
    half = len(values) // 2
    if not half:
        return values
    pairs = list(zip(values[:half], values[half:], strict=True))
    return _hadamard([a + b for a, b in pairs]) + _hadamard([a - b for a, b in pairs])
