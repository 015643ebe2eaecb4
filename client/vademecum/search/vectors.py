"""The exact scores of all vectors of an open generation, on numpy. The browser's twin is js/search/scan.mjs.

Scores are integers (format.md, section 4.2), so both have the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vademecum.format.segment import LEVELS
from vademecum.format.tensors import packed_bytes
from vademecum.generation.opened import Opened
from vademecum.generation.row_index import ROW

_UNITS = {8: 65535 * 127, 4: 65535, 2: 65535}
_BLOCK = 1 << 17
"""Bytes of codes that are unpacked at a time: what they become stays in a core's cache."""
_EXACT_DIMENSIONS = 1024
"""Up to here sums of products of signed bytes stay below 2^24 too: exact in float32, and BLAS is fast."""


class Index:
    """The live vectors of a generation, scanned where their segments lie. n chunks, D dimensions."""

    def __init__(self, opened: Opened) -> None:
        state = opened.state
        self.ids = np.array(state.chunks.ids, np.uint64)
        packed = np.array(state.chunks.places, np.int64)
        places = np.stack([packed >> 32, packed & ROW], axis=1)
        self.bits = state.segments[0].bits if state.segments else 8
        self._dimensions = opened.encoder.dimensions
        width = packed_bytes(self._dimensions, self.bits)
        dtype: type[np.integer[Any]] = np.int8 if self.bits == 8 else np.uint8
        self._columns = [
            (np.frombuffer(segment.vectors, dtype).reshape(-1, width), np.frombuffer(segment.scales, np.uint16))
            for segment in state.segments
        ]
        self._starts = np.cumsum([0, *(len(scales) for _, scales in self._columns)])
        self._rows = self._starts[places[:, 0]] + places[:, 1]
        """Where each chunk lies among the rows of all segments, [n]."""

    def cosines(self, vector: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return about the cosine of each live chunk with a query, [n]; all 0 for one of length 0.

        Args:
            vector: The query, [D], each from -127 to 127; rotated where the vectors are.
        """
        return self.scores(vector) / self.unit(vector)

    def unit(self, vector: NDArray[np.int64]) -> float:
        """Return the score of a chunk whose cosine with this query is 1."""
        length = math.sqrt(int((vector * vector).sum()))
        return _UNITS[self.bits] * (length or 1.0)

    def scores(self, vector: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the exact integer score of each live chunk, [n], in the order of rising ids (format.md, section 4.2).

        Args:
            vector: As for `cosines`.
        """
        found = [scales * self._products(codes, vector) for codes, scales in self._columns]
        scores: NDArray[np.int64] = np.concatenate([np.empty(0, np.int64), *found])[self._rows]
        return scores

    def vector(self, chunk: int) -> NDArray[np.int64]:
        """Return the components of a chunk's vector as they lie, [D], rotated where they are."""
        row = int(self._rows[chunk])
        which = int(np.searchsorted(self._starts, row, "right")) - 1
        codes = self._columns[which][0][row - self._starts[which]].astype(np.int64)
        factor, offset = LEVELS.get(self.bits, (1, 0))
        lanes = np.arange(0, 8, self.bits)
        components = codes if self.bits == 8 else (codes[:, None] >> lanes & (1 << self.bits) - 1).reshape(-1)
        found: NDArray[np.int64] = factor * components[: self._dimensions] + offset
        return found

    def _products(self, vectors: NDArray[np.integer[Any]], vector: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the exact products of all rows with the query: sum(q * (factor * code + offset)).

        It works on the codes as they lie, one code of each byte at a time.
        """
        bits = self.bits
        factor, offset = LEVELS.get(bits, (1, 0))
        lanes = 8 // bits
        # 4,096 codes below 16 times 127 stay below 2^24, as far as float32 counts.
        wide = bits == 8 and len(vector) > _EXACT_DIMENSIONS
        exact: type[np.floating[Any]] = np.float64 if wide else np.float32
        padded = np.zeros(vectors.shape[1] * lanes, exact)
        padded[: len(vector)] = vector
        products = np.empty(len(vectors), np.int64)
        step = max(1, _BLOCK // vectors.shape[1])
        for start in range(0, len(vectors), step):
            block = vectors[start : start + step]
            codes = [block >> bits * lane & (1 << bits) - 1 for lane in range(lanes)] if lanes > 1 else [block]
            sums = [np.dot(code.astype(exact), padded[lane::lanes]) for lane, code in enumerate(codes)]
            products[start : start + step] = sum(sums)
        return factor * products + offset * int(vector.sum())
