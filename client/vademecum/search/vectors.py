"""Exact ranking over an open generation, on numpy. The browser's twins are js/search/scan.mjs and rank.mjs.

Scores are integers and ties break by chunk id (format.md, section 4.2), so both return the same list.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vademecum.encoder.rotation import rotate_query
from vademecum.format.markup import plain
from vademecum.format.segment import LEVELS
from vademecum.format.tensors import packed_bytes
from vademecum.generation.opened import Opened
from vademecum.generation.row_index import ROW, unpacked
from vademecum.search.places import Filters, Places
from vademecum.search.results import Hit, heading_text, metadata_of

_UNITS = {8: 65535 * 127, 4: 65535, 2: 65535}
_BLOCK = 1 << 17
"""Bytes of codes that are unpacked at a time: what they become stays in a core's cache."""
MOST_HITS = 1000
"""The most hits that a search returns; the browser has the same."""
_EXACT_DIMENSIONS = 1024
"""Up to here sums of products of signed bytes stay below 2^24 too: exact in float32, and BLAS is fast."""


class Index:
    """The live vectors of a generation, scanned where their segments lie. n chunks, D dimensions."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        state = opened.state
        self._ids = np.array(state.chunks.ids, np.uint64)
        packed = np.array(state.chunks.places, np.int64)
        places = np.stack([packed >> 32, packed & ROW], axis=1)
        self._places = places
        self._of = Places(opened)
        self._bits = state.segments[0].bits if state.segments else 8
        width = packed_bytes(opened.encoder.dimensions, self._bits)
        dtype: type[np.integer[Any]] = np.int8 if self._bits == 8 else np.uint8
        self._columns = [
            (
                np.frombuffer(segment.vectors, dtype).reshape(-1, width),
                np.frombuffer(segment.scales, np.uint16),
            )
            for segment in state.segments
        ]
        starts = np.cumsum([0, *(len(scales) for _, scales in self._columns)])
        self._rows = starts[places[:, 0]] + places[:, 1]
        """Where each chunk lies among the rows of all segments, [n]."""

    def search(
        self,
        query: str,
        limit: int = 10,
        filters: Filters | None = None,
        prefer: Mapping[str, str] | None = None,
    ) -> list[Hit]:
        """Return the best hits, best first; empty when no word of the query means anything here."""
        encoder = self._opened.encoder
        integers = encoder.encode(query)
        if self._bits != 8:
            integers = rotate_query(integers, encoder.unknown_from)
        vector = np.array(integers, np.int64)
        length = math.sqrt(int((vector * vector).sum()))
        of, preferred = self._of, prefer or {}
        documents = of.matching(filters) if filters else None
        ranked = self.rank(vector, of.depth(limit), None if documents is None else of.rows(documents))
        candidates = [(row, raw, *of.choose(row, documents, preferred)) for row, raw in ranked]
        shown = [candidates[number][:3] for number in of.settled(candidates)[:limit]]
        return [self._hit(row, raw / (_UNITS[self._bits] * length), at, preferred) for row, raw, at in shown]

    def rank(
        self, vector: NDArray[np.int64], limit: int, rows: NDArray[np.bool_] | None = None
    ) -> list[tuple[int, int]]:
        """Return (row, integer score) of the best chunks with a positive score.

        Args:
            vector: The query, [D], each from -127 to 127; rotated where the vectors are.
            rows: Which chunks count, [n]; None: all.
        """
        scores = self.scores(vector)
        positive = np.flatnonzero(scores > 0 if rows is None else (scores > 0) & rows)
        if limit <= 0 or not positive.size:
            return []
        if positive.size > limit:
            # Everything that ties with the last place stays in, so that the id decides, not the partition.
            least = np.partition(scores[positive], positive.size - limit)[positive.size - limit]
            positive = positive[scores[positive] >= least]
        order = np.lexsort((self._ids[positive], -scores[positive]))[:limit]
        return [(int(row), int(scores[row])) for row in positive[order]]

    def scores(self, vector: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the exact integer score of each live chunk, [n], in the order of rising ids (format.md, section 4.2).

        Args:
            vector: As for `rank`.
        """
        found = [scales * self._products(codes, vector) for codes, scales in self._columns]
        scores: NDArray[np.int64] = np.concatenate([np.empty(0, np.int64), *found])[self._rows]
        return scores

    def _products(self, vectors: NDArray[np.integer[Any]], vector: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the exact products of all rows with the query: sum(q * (factor * code + offset)).

        It works on the codes as they lie, one code of each byte at a time.
        """
        bits = self._bits
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
            codes = (
                [block >> bits * lane & (1 << bits) - 1 for lane in range(lanes)] if lanes > 1 else [block]
            )
            sums = [np.dot(code.astype(exact), padded[lane::lanes]) for lane, code in enumerate(codes)]
            products[start : start + step] = sum(sums)
        return factor * products + offset * int(vector.sum())

    def _hit(self, row: int, score: float, at: int, prefer: Mapping[str, str]) -> Hit:
        state = self._opened.state
        index, position = map(int, self._places[row])
        chunk = state.segments[index].chunk(position)
        index, position = unpacked(state.documents.places[at])
        document = state.segments[index].document(position)
        return Hit(
            id=f"{chunk.id:016x}",
            document=document.key,
            title=document.title,
            heading=heading_text(chunk.headings),
            url=f"{document.url}#{chunk.anchor}" if document.url and chunk.anchor else document.url,
            text=plain(chunk.text),
            score=score,
            metadata=metadata_of(document.metadata),
            markdown=chunk.text,
            places=self._of.others(row, at, prefer),
        )
