"""From real vectors to the integers of a segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vademecum.encoder.rotation import rotate
from vademecum.errors import ContentError
from vademecum.format.segment import LEVELS
from vademecum.format.tensors import packed_bytes
from vademecum_builder.encoders.table import Matrix

Codes = NDArray[np.int8] | NDArray[np.uint8]

# Between two levels, as a part of a typical component. With 4 bits a little wider than the least error asks for, which
# saves bytes (site/content/decisions/quantiser.md).
_STEPS: Final = {4: 0.4, 2: 1.0}
_BATCH: Final = 4096  # rows in memory at a time beside the vectors themselves


def quantise(vectors: Matrix, bits: int = 8) -> tuple[Codes, NDArray[np.uint16]]:
    """Return vectors and scales as a segment holds them (format.md, section 4.2).

    Each row depends on itself alone, bit for bit.

    Args:
        vectors: float64 [n, D].
        bits: Of a component: 8, 4 or 2.

    Returns:
        int8 [n, D], or packed uint8 [n, `packed_bytes(D, bits)`]; and uint16 [n].

    Raises:
        ContentError: A component is not a finite number.
    """
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ContentError(f"the encoder gave vector {row} a component that is not a number; check the model")
    shape = len(vectors), packed_bytes(vectors.shape[1], bits)
    codes: Codes = np.zeros(shape, np.int8) if bits == 8 else np.zeros(shape, np.uint8)
    scales = np.zeros(len(vectors), np.uint16)
    for first in range(0, len(vectors), _BATCH):
        rows = slice(first, first + _BATCH)
        codes[rows], scales[rows] = _quantised(vectors[rows].astype(np.float64, copy=False), bits)
    return codes, scales


def _quantised(vectors: Matrix, bits: int) -> tuple[Codes, NDArray[np.uint16]]:
    # A power of two changes no digit, and keeps the squares of very large and very small numbers in range.
    exponents = np.frexp(np.abs(vectors).max(axis=1, initial=0.0))[1]
    vectors = np.ldexp(vectors, -exponents[:, None])
    return _whole(vectors) if bits == 8 else _packed(vectors, bits)


def _whole(vectors: Matrix) -> tuple[NDArray[np.int8], NDArray[np.uint16]]:
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    divisor = np.where(largest > 0, largest, 1.0)
    lengths = np.where(largest > 0, np.sqrt(_dot(vectors.T, vectors.T)), 1.0)
    integers = np.floor(vectors * 127 / divisor[:, None] + 0.5)
    return integers.astype(np.int8), np.floor(largest / lengths * 65535 + 0.5).astype(np.uint16)


def _packed(vectors: Matrix, bits: int) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    packed = np.zeros((len(vectors), packed_bytes(vectors.shape[1], bits)), np.uint8)
    codes, scales = _code(rotate(list(vectors.T)), bits)
    for dimension, code in enumerate(codes):
        byte, lane = divmod(dimension, 8 // bits)
        packed[:, byte] |= code << np.uint8(bits * lane)
    return packed, scales


def _code(columns: Sequence[NDArray[np.float64]], bits: int) -> tuple[list[NDArray[np.uint8]], NDArray[np.uint16]]:
    """Return the codes of rotated vectors, given and returned as columns, and the scales."""
    factor, offset = LEVELS[bits]
    squares = _dot(columns, columns)
    present = np.where(squares > 0, np.sum([column != 0 for column in columns], axis=0), 1)
    lengths = np.where(squares > 0, np.sqrt(squares), 1.0)
    unit = _STEPS[bits] / factor * lengths / np.sqrt(present)
    lowest = 1 if bits == 4 else 0  # as many levels below zero as above it
    codes = [np.clip(np.floor((column / unit - offset) / factor + 0.5), lowest, (1 << bits) - 1) for column in columns]
    levels = [factor * code + offset for code in codes]
    # The multiple of the levels whose product with the vector is that of the vector with itself.
    along = _dot(columns, levels)
    scales = np.where(along > 0, lengths / np.where(along > 0, along, 1.0), 0.0)
    return [code.astype(np.uint8) for code in codes], np.floor(scales * 65535 + 0.5).astype(np.uint16)


def _dot(left: Sequence[Matrix] | Matrix, right: Sequence[Matrix] | Matrix) -> NDArray[np.float64]:
    """Sum over columns, in one fixed order: a pairwise sum differs between machines."""
    total = np.zeros(len(left[0]) if len(left) else 0)
    for one, other in zip(left, right, strict=True):
        total += one * other
    return total
