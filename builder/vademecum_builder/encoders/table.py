"""The encoder table in numpy: texts to word counts, counts to exact sums, real rows to small integers.

The integers are the same as in the client (`vademecum.encoder`); only the loops are in C.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vademecum.encoder.file import ROW_OFFSET, EncoderFile, row_bytes
from vademecum.encoder.query import Encoder, root

Progress = Callable[[int, int], None]
"""Called with the number of texts that are done, and of all texts."""

Matrix = NDArray[np.float64]

_MOST = -ROW_OFFSET - 1
_BATCH = 2048  # texts between two calls of progress


def unit(vectors: Matrix) -> Matrix:
    """Return the vectors scaled to length 1; zero vectors stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)


@dataclass(frozen=True)
class Table:
    """An encoder's table in the form for document vectors."""

    encoder: Encoder

    @cached_property
    def _rows(self) -> NDArray[np.int64]:
        """int64 [V, D]: weight times row."""
        file = self.encoder.file
        return unpack_rows(file).astype(np.int64) * np.array(file.weights, dtype=np.int64)[:, None]

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Matrix:
        """Return the sums a_i of format.md, section 4.3, without completions: float64 [n, D], whole numbers.

        They are exact (below 2^53), so neither the batch nor the machine can change a bit.
        """
        sums = np.zeros((len(texts), self.encoder.dimensions))
        for number, text in enumerate(texts):
            sums[number] = self._sum(text)
            if progress and ((number + 1) % _BATCH == 0 or number + 1 == len(texts)):
                progress(number + 1, len(texts))
        return sums

    def _sum(self, text: str) -> NDArray[np.int64]:
        known = self.encoder.count(self.encoder.split(text), prefixes=False)
        roots = np.array([root(occurrences) for occurrences in known.values()], dtype=np.int64)
        return np.asarray(roots @ self._rows[list(known)])


def unpack_rows(file: EncoderFile) -> NDArray[np.int8]:
    """Return the components of a file's rows: int8 [V, D]."""
    width = row_bytes(file.dimensions)
    codes = np.frombuffer(file.rows, dtype=np.uint8).reshape(len(file.words), width)
    halves = np.stack([codes & 15, codes >> 4], axis=2).reshape(len(file.words), 2 * width)
    return halves[:, : file.dimensions].astype(np.int8) + np.int8(ROW_OFFSET)


def quantise_table(rows: Matrix, weights: NDArray[np.float64], steps: NDArray[np.float64]) -> tuple[bytes, list[int]]:
    """Return rows and weights as an encoder file holds them: small integers whose products, `weight * row`,
    keep direction and relative size of the real ones.

    Args:
        rows: float64 [V, D].
        weights: float64 [V], not negative.
        steps: float64 [V]: between two components, as a part of the row's root mean square. Larger components are
            clipped, and the weight minimises the error. Wide steps make a smaller file.
    """
    units = steps * np.sqrt((rows * rows).mean(axis=1))
    components = np.clip(np.rint(rows / np.where(units > 0, units, 1.0)[:, None]), -_MOST, _MOST)
    squares = (components * components).sum(axis=1)
    sizes = weights * (rows * components).sum(axis=1) / np.where(squares > 0, squares, 1.0)
    most = sizes.max(initial=0.0)
    scaled = np.rint(sizes * (65535.0 / most if most else 0.0)).astype(int).tolist()
    return pack_rows(components), scaled


def pack_rows(components: Matrix) -> bytes:
    """Return components [V, D] from -8 to 7 as codes of 4 bits, the first of each byte in its lower half."""
    codes = (components - ROW_OFFSET).astype(np.uint8)
    if codes.shape[1] % 2:
        codes = np.pad(codes, ((0, 0), (0, 1)))
    return (codes[:, 0::2] | codes[:, 1::2] << np.uint8(4)).tobytes()
