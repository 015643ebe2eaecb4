"""From real vectors to the integers of a segment."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vademecum.errors import ContentError
from vademecum_builder.encoders.table import Matrix

QUANTISER: Final = "steps-1"
"""Part of the epoch."""
# Relative to a typical component: with wider steps, fewer than 19 of the 20 nearest chunks are those of floats
# (site/content/decisions/quantiser.md).
_STEP: Final = 0.16
_MOST: Final = 127
_BATCH: Final = 4096  # rows in memory at a time beside the vectors themselves


def quantise(vectors: Matrix) -> NDArray[np.int8]:
    """Return vectors in the form of a segment (format.md, section 4.2): int8 [n, D].

    Each row depends only on itself, bit for bit.

    Args:
        vectors: float64 [n, D].

    Raises:
        ContentError: A component is not a finite number.
    """
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ContentError(f"the encoder gave vector {row} a component that is not a number; check the model")
    codes = np.zeros(vectors.shape, np.int8)
    for first in range(0, len(vectors), _BATCH):
        rows = slice(first, first + _BATCH)
        codes[rows] = _quantised(vectors[rows].astype(np.float64, copy=False))
    return codes


def _quantised(vectors: Matrix) -> NDArray[np.int8]:
    # A power of two changes no digit, and keeps the squares of very large and very small numbers in range.
    exponents = np.frexp(np.abs(vectors).max(axis=1, initial=0.0))[1]
    vectors = np.ldexp(vectors, -exponents[:, None])
    squares = np.zeros(len(vectors))
    for column in vectors.T:  # in one fixed order: a pairwise sum differs between machines
        squares += column * column
    typical = np.sqrt(squares / np.maximum(1, (vectors != 0).sum(axis=1)))
    units = np.maximum(_STEP * typical, np.abs(vectors).max(axis=1, initial=0.0) / _MOST)
    return np.floor(vectors / np.where(units > 0, units, 1.0)[:, None] + 0.5).astype(np.int8)
