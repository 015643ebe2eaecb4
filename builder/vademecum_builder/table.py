"""The encoder table in numpy: texts to word counts, counts to exact sums, real rows to small integers.

The integers are those of the client (`vademecum.encoder`); only the loops are in C.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vademecum.encoder import MIX, STEP, UNKNOWN_COMPONENT, Encoder, hash_word, root

Progress = Callable[[int, int], None]
"""Called with how many of the texts are done, and how many there are."""

Matrix = NDArray[np.float64]

_BATCH = 2048  # texts between two calls of progress


@dataclass(frozen=True)
class Table:
    """An encoder's table, as document vectors need it."""

    encoder: Encoder

    @cached_property
    def _rows(self) -> NDArray[np.int64]:
        """int64 [V, D]: weight times row."""
        file = self.encoder.file
        rows = np.frombuffer(file.rows, dtype=np.int8).reshape(len(file.words), file.dimensions)
        return rows * np.array(file.weights, dtype=np.int64)[:, None]

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
        words, file = self.encoder.split(text), self.encoder.file
        known = self.encoder.count(words, prefixes=False)
        total = _roots(known) @ self._rows[list(known)]
        unknown = self.encoder.count_unknown(words)
        if unknown:
            rows = unknown_rows(list(unknown), file.unknown_from, file.dimensions)
            total[file.unknown_from :] += file.unknown * (_roots(unknown) @ rows)
        return np.asarray(total)


def _roots(counts: Counter[int] | Counter[str]) -> NDArray[np.int64]:
    return np.array([root(occurrences) for occurrences in counts.values()], dtype=np.int64)


def unknown_rows(words: Sequence[str], start: int, dimensions: int) -> NDArray[np.int64]:
    """Return the rows of unknown words from dimension `start` on: int64 [words, dimensions - start]."""
    hashes = np.array([hash_word(word) for word in words], dtype=np.uint32)
    mixed = hashes[:, None] + np.arange(start + 1, dimensions + 1, dtype=np.uint32) * np.uint32(STEP)
    for shift, factor in MIX:
        mixed = (mixed ^ mixed >> np.uint32(shift)) * np.uint32(factor)
    odd = (mixed ^ mixed >> np.uint32(16)) & np.uint32(1)
    return np.where(odd, UNKNOWN_COMPONENT, -UNKNOWN_COMPONENT).astype(np.int64)


def quantise_table(
    rows: Matrix, weights: NDArray[np.float64], unknown: float = 0.0, levels: int = 127
) -> tuple[bytes, list[int], int]:
    """Return int8 [V, D] as bytes, V whole numbers up to 65535, and the weight of unknown words.

    A row is stretched to the range from -levels to levels, and its weight takes up the slack: `weight * row` keeps
    its direction to half a level, and its size relative to the others to 1/65535.

    Args:
        rows: float64 [V, D].
        weights: float64 [V], not negative.
        unknown: What a component of an unknown word's row adds, in the unit of `weights * rows`; 0: nothing.
        levels: At most 127. Fewer make a smaller file.
    """
    largest = np.abs(rows).max(axis=1, initial=0.0)
    stretched = rows * (levels / np.where(largest > 0, largest, 1.0))[:, None]
    sizes = weights * largest
    strange = unknown * levels / UNKNOWN_COMPONENT
    most = max(sizes.max(initial=0.0), strange)
    unit = 65535.0 / most if most else 0.0
    scaled = np.rint(sizes * unit).astype(int).tolist()
    return np.rint(stretched).astype(np.int8).tobytes(), scaled, max(round(strange * unit), int(strange > 0))
