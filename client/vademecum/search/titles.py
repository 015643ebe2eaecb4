"""How near in meaning the titles of documents are to a query; `Titles` of js/search/meaning.mjs is the twin.

By the release's table, whatever else encodes queries: whole numbers, a division and a square root.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vademecum.generation.opened import Opened


class Titles:
    """The titles of a generation's documents, encoded when they are first looked at.

    Attributes:
        single: 1 where each document is one chunk, near 0 in a manual.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._vectors: dict[int, NDArray[np.int64]] = {}
        self._sizes = np.bincount(np.array(opened.state.chunks.owners, np.int64))
        chunks, documents = len(opened.state.chunks.ids), len(opened.state.documents)
        self.single = min(1.0, documents / chunks) if chunks else 1.0
        # The more chunks pages have, the less a chunk says of its page; one that is its page says the title itself.
        self._share = 1.0 - self.single

    def near(self, query: str) -> Callable[[int], float]:
        """Return what says how near the title of a chunk's document is to a query, from 0 to 1; 0: it does not count.

        Below 0 where the document is nothing but its title: it has said it in its chunk, and answers nothing.
        """
        asked = self._encoded(query)
        if not self._share or not asked.any():
            return lambda _: 0.0
        size = int(asked @ asked)

        def called(row: int) -> float:
            title = self._of(self._opened.state.chunks.owners[row])
            product = max(0, int(asked @ title))
            near = self._share * (product / math.sqrt(size * int(title @ title))) if product else 0.0
            return -near if self._is_title(row) else near

        return called

    def _of(self, document: int) -> NDArray[np.int64]:
        if document not in self._vectors:
            self._vectors[document] = self._encoded(self._title(document))
        return self._vectors[document]

    def _title(self, document: int) -> str:
        return self._opened.state.document(document).title

    def _is_title(self, row: int) -> bool:
        state = self._opened.state
        document = state.chunks.owners[row]
        return bool(self._sizes[document] == 1) and state.chunk(row).text == self._title(document)

    def _encoded(self, text: str) -> NDArray[np.int64]:
        return np.array(self._opened.encoder.encode(text), np.int64)
