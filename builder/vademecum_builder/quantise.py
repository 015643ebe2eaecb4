"""From real vectors to the integers of a segment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vademecum.errors import ContentError

from .table import Matrix


def quantise(vectors: Matrix) -> tuple[NDArray[np.int8], NDArray[np.uint16]]:
    """Return vectors and scales as a segment holds them (format.md, section 4.2).

    Each row depends on itself alone, bit for bit.

    Args:
        vectors: float64 [n, D].

    Returns:
        int8 [n, D] and uint16 [n].

    Raises:
        ContentError: A component is not a finite number.
    """
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ContentError(f"the encoder gave vector {row} a component that is not a number; check the model")
    vectors = vectors.astype(np.float64, copy=False)
    # A power of two changes no digit, and keeps the squares of very large and very small numbers in range.
    exponents = np.frexp(np.abs(vectors).max(axis=1, initial=0.0))[1]
    vectors = np.ldexp(vectors, -exponents[:, None])
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    divisor = np.where(largest > 0, largest, 1.0)
    lengths = np.zeros(len(vectors))
    for column in vectors.T:  # in one fixed order: a pairwise sum differs between machines
        lengths += column * column
    lengths = np.where(largest > 0, np.sqrt(lengths), 1.0)
    integers = np.floor(vectors * 127 / divisor[:, None] + 0.5)
    return integers.astype(np.int8), np.floor(largest / lengths * 65535 + 0.5).astype(np.uint16)
