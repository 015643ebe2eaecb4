"""The exact scores of all vectors of an open generation, on numpy. The browser's twin is js/search/scan.mjs.

Scores are integers (format.md, section 4.2), so both have the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vademecum.generation.opened import Opened
from vademecum.generation.row_index import ROW

_UNIT = 65535
"""The length of every vector, in its scale."""
_BLOCK = 1 << 17
"""Bytes of vectors that become floats at a time: what they become stays in a core's cache."""
_EXACT_DIMENSIONS = 1024
"""Up to here sums of products of signed bytes stay below 2^24: exact in float32, and BLAS is fast."""


class Index:
    """The live vectors of a generation, scanned where their segments lie. n chunks, D dimensions."""

    def __init__(self, opened: Opened) -> None:
        state = opened.state
        self.ids = np.array(state.chunks.ids, np.uint64)
        packed = np.array(state.chunks.places, np.int64)
        places = np.stack([packed >> 32, packed & ROW], axis=1)
        self._dimensions = opened.encoder.dimensions
        shape = -1, self._dimensions
        self._columns = [
            (np.frombuffer(segment.vectors, np.int8).reshape(shape), np.frombuffer(segment.scales, np.uint16))
            for segment in state.segments
        ]
        self._starts = np.cumsum([0, *(len(scales) for _, scales in self._columns)])
        self._rows = self._starts[places[:, 0]] + places[:, 1]
        """Where each chunk lies among the rows of all segments, [n]."""

    def cosines(self, vector: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return about the cosine of each live chunk with a query, [n]; all 0 for one of length 0.

        Args:
            vector: The query, [D], each from -127 to 127.
        """
        return self.scores(vector) / self.unit(vector)

    def unit(self, vector: NDArray[np.int64]) -> float:
        """Return the score of a chunk whose cosine with this query is 1."""
        length = math.sqrt(int((vector * vector).sum()))
        return _UNIT * (length or 1.0)

    def scores(self, vector: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the exact integer score of each live chunk, [n], in the order of rising ids (format.md, section 4.2).

        Args:
            vector: As for `cosines`.
        """
        found = [scales * self._products(codes, vector) for codes, scales in self._columns]
        scores: NDArray[np.int64] = np.concatenate([np.empty(0, np.int64), *found])[self._rows]
        return scores

    def vector(self, chunk: int) -> NDArray[np.int64]:
        """Return the components of a chunk's vector, [D]."""
        row = int(self._rows[chunk])
        which = int(np.searchsorted(self._starts, row, "right")) - 1
        vector: NDArray[np.int64] = self._columns[which][0][row - self._starts[which]].astype(np.int64)
        return vector

    def _products(self, vectors: NDArray[np.int8], vector: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the exact products of all rows with the query."""
        exact: type[np.floating[Any]] = np.float32 if self._dimensions <= _EXACT_DIMENSIONS else np.float64
        query, step = vector.astype(exact), max(1, _BLOCK // self._dimensions)
        products = np.empty(len(vectors), np.int64)
        for start in range(0, len(vectors), step):
            products[start : start + step] = np.dot(vectors[start : start + step].astype(exact), query)
        return products
