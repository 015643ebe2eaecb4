"""The fixed rotation that vectors of few bits live in (format.md, section 4.2).

It spreads what a text says evenly over the dimensions, so that a few levels do for each. Sums and differences
alone: exact for the query's integers, and the builder runs the same code over columns of floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from vademecum.encoder.query import shrink

ROUNDS: Final = (0x4881D841, 0xABF8D4DD)
"""What the signs of each round begin with."""
_STEP: Final = 0x9E3779B9
_MIX: Final = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))
_MASK: Final = 0xFFFFFFFF


def rotate(values: Sequence[Any]) -> list[Any]:
    """Return the rotated vector, longer by one factor for all vectors of these dimensions.

    Args:
        values: D numbers, or D columns that can be added.
    """
    turned, size = list(values), len(values)
    block = size & -size  # the largest power of two that divides it
    for start in ROUNDS:
        turned = [value if keep else -value for value, keep in zip(turned, _signs(start, size), strict=True)]
        mixed = [_hadamard(turned[at : at + block]) for at in range(0, size, block)]
        # Read across the blocks: the next round mixes what lay in different ones.
        turned = [value for across in zip(*mixed, strict=True) for value in across]
    return turned


def rotate_query(query: Sequence[int]) -> tuple[int, ...]:
    """Return the query as packed vectors are scanned with: D integers from -127 to 127."""
    return shrink(rotate(query))


@lru_cache(maxsize=8)
def _signs(start: int, size: int) -> tuple[bool, ...]:
    """Return which components keep their sign: a Weyl sequence, through the finalizer of murmur3."""
    return tuple(bool(_mix(start + (i + 1) * _STEP & _MASK) & 1) for i in range(size))


def _mix(value: int) -> int:
    for shift, factor in _MIX:
        value = (value ^ value >> shift) * factor & _MASK
    return value ^ value >> 16


def _hadamard(values: list[Any]) -> list[Any]:
    """Return the Walsh-Hadamard transform of 2^k values, without its factor."""
    half = len(values) // 2
    if not half:
        return values
    pairs = list(zip(values[:half], values[half:], strict=True))
    return _hadamard([a + b for a, b in pairs]) + _hadamard([a - b for a, b in pairs])
