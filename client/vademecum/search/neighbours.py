"""Words that mean nearly the same, by the table of the encoder; js/search/neighbours.mjs is the twin.

Whole numbers and one quotient, so that every runtime gives the same doubles.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vademecum.encoder.query import Encoder

MOST_LOOKED_AT: Final = 4096
"""Words of the table that may be near to another: those of the most texts, which come first."""
MOST_NEAR: Final = 5
"""Words that one is near to at most."""
_DIGIT: Final = re.compile("[0-9 ]")


class Neighbours:
    """Looks in the table of one encoder."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, list[tuple[str, float]]] = {}

    @cached_property
    def _rows(self) -> NDArray[np.float64]:
        """Whole numbers, [n, D]: BLAS, which multiplies them at once, takes doubles."""
        words = range(min(MOST_LOOKED_AT, len(self._encoder.file.words)))
        return np.array([self._encoder.row(at) for at in words], np.float64)

    @cached_property
    def _sizes(self) -> NDArray[np.float64]:
        """Squares of the lengths, [n]."""
        return np.asarray((self._rows * self._rows).sum(axis=1))

    def of(self, word: str) -> list[tuple[str, float]]:
        """Return the words whose cosine with one is a half at least, the nearest first, and the squares of their
        cosines; none to a word of no row. A number means just itself: 5 is no 4, though texts use them alike."""
        at = self._encoder.position(word)
        if at is None or _DIGIT.search(word):
            return []
        if word not in self._known:  # a question that is being typed asks for most of it again
            self._known[word] = self._nearest(at)
        return self._known[word]

    def _nearest(self, at: int) -> list[tuple[str, float]]:
        row = np.array(self._encoder.row(at), np.float64)
        products, sizes = self._rows @ row, self._sizes * float(row @ row)
        squares = products * products
        fits = (products > 0) & (4 * squares >= sizes)
        words = self._encoder.file.words
        others = (each for each in np.flatnonzero(fits).tolist() if each != at and not _DIGIT.search(words[each]))
        near = [(words[each], float(squares[each] / sizes[each])) for each in others]
        near.sort(key=lambda pair: -pair[1])  # of equals the first: a sort is stable
        return near[:MOST_NEAR]
