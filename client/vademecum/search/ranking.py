"""Fusion of the scores by words and by meaning into one list (format.md, section 5.2).

The sum of a cosine and of a share of the best BM25, each more where it is surer: by the page that a chunk is on, and by
how much the best chunk has of what was asked for (site/content/decisions/words.md). js/search/ranking.mjs is the twin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vademecum.search.words import Found, Scores

Mode: TypeAlias = Literal["hybrid", "semantic", "lexical"]
MODES: Final = ("hybrid", "semantic", "lexical")
NEAREST_SHARE: Final = 0.6
"""Where the words that were found weigh less than this share of the query, what is near in meaning is told as such."""
_NEAR = 0.5
"""Of the highest cosine: what is less near is found by its words or not at all."""
_NEARER = 0.8
_FAR = 0.1
"""No nearness at all."""
_BEST, _SURE = 0.2, 0.3
"""Of the words' weight: for the best chunk whatever it has, and for what it has of what the words weigh."""
_PAGE: Final = 0.2
"""What the words of the best page as a whole weigh against those of the best chunk."""
_TITLED: Final = 0.3
"""What it adds to be called what was asked for."""
_HEADED: Final = 0.45
"""What it adds that a chunk's own heading is what was asked for."""
_CALLED: Final = 0.3
"""What it adds that the title of a chunk's document means what was asked for."""
_PHRASED: Final = 0.15
"""What it adds for each word that a chunk has what was asked for word for word."""
_DATED: Final = 0.1
"""What it takes away that a chunk's page tells what was new once: it seldom answers what others say as well."""
_READ: Final = 100
"""Of how many of the best chunks headings and titles are read."""
_SAID: Final = 20
"""How many of them at most are told to have the query word for word."""
_HAS_ALL: Final = 4
"""A chunk that has each word once scores a quarter of what they weigh, however long it is next to others."""


@dataclass(frozen=True)
class Ranking:
    """All chunks that answer, the best first; of equals the lowest id. A document whose title was typed is before all.

    Attributes:
        rows: Numbers of chunks.
        scores: Theirs, in the same order.
        nearest: Nothing answers by its words: these are near in meaning.
    """

    rows: NDArray[np.int64]
    scores: Scores
    nearest: bool


@dataclass(frozen=True)
class Names:
    """What is read of the best chunks alone, each given a chunk's number; by default it counts for nothing.

    Attributes:
        headed: Whether the chunk's own heading is the query.
        called: How near the title of its document is to the query, from 0 to 1; below 0 where the document is nothing
            but its title.
        phrased: How many words the query has, at least two, where the chunk has it word for word, or 0.
        dated: Whether its page tells what was new once.
    """

    headed: Callable[[int], bool] = lambda _: False
    called: Callable[[int], float] = lambda _: 0.0
    phrased: Callable[[int], int] = lambda _: 0
    dated: Callable[[int], bool] = lambda _: False


def nearness(cosines: Scores, pages: Scores) -> Scores:
    """Return how near chunks are, [n]: they themselves, and a chunk's page as a whole.

    Args:
        pages: The mean cosine of the chunks of the same document, [n].
    """
    return (5.0 * cosines + 3.0 * pages) / 8.0


def fuse(
    cosines: Scores,
    near: Scores,
    found: Found,
    ids: NDArray[np.uint64],
    *,
    mode: Mode,
    weight: float,
    counting: NDArray[np.bool_] | None,
    titled: NDArray[np.int64],
    names: Names = Names(),
) -> Ranking:
    """Return the ranking.

    Args:
        cosines: Of each chunk with the query, [n]; all 0 where the encoder knows no word of it.
        near: What counts of them: their `nearness`.
        ids: Of the chunks, [n].
        weight: Of the words against the meaning: the encoder says it.
        counting: Which chunks may be found, [n]; None: all.
        titled: Chunks that documents begin with whose title is the query.
        names: What is read of the best; by meaning alone nothing is.
    """
    most = float(found.scores.max(initial=0.0))
    highest = float(cosines.max(initial=0.0))
    words = found.scores / most if most else found.scores
    nearest = mode == "semantic" or most == 0.0 or found.share < NEAREST_SHARE
    # Where no word was found, nearness is all there is: then it has to be nearer.
    close = cosines >= max((_NEAR if most else _NEARER) * highest, _FAR)
    if mode == "lexical":
        total, fits = words, words > 0
    elif mode == "semantic":
        total, fits = near, cosines > 0
    else:
        sure = weight * (_BEST + _SURE * (most / found.weight)) if most else 0.0
        share, page = (sure / most, _PAGE * sure / max(1.0, float(found.pages.max()))) if most else (0.0, 0.0)
        total = near + share * found.scores + (page * found.pages + _TITLED * found.titles)
        fits = (words > 0) | close
    named = np.zeros(len(ids), np.bool_)
    if mode != "semantic":
        named[titled] = True
    fits = fits | named
    if counting is not None:
        fits = fits & counting
    rows = np.flatnonzero(fits)
    rows = rows[np.lexsort((ids[rows], -total[rows], ~named[rows]))]
    if mode != "semantic":
        best = rows[np.count_nonzero(named[rows]) :][:_READ]
        total = total.copy()
        for row in best.tolist():
            total[row] += _HEADED * names.headed(row) + _CALLED * names.called(row) - _DATED * names.dated(row)
        has_all = _HAS_ALL * found.scores[best] >= found.weight
        said = ((row, count) for row in best[has_all].tolist() if (count := names.phrased(row)))
        for row, count in islice(said, _SAID):
            total[row] += _PHRASED * count
        rows = rows[np.lexsort((ids[rows], -total[rows], ~named[rows]))]
    return Ranking(rows, total[rows], nearest and mode == "hybrid" and found.weight > 0)


def places_of(
    rows: Sequence[int], answering: NDArray[np.int64], scores: Scores, ids: NDArray[np.uint64]
) -> Mapping[int, int]:
    """Return the places of chunks among those that answer by one score, from 1; where that is not above 0 none."""
    asked = [row for row in rows if scores[row] > 0]
    others = answering[scores[answering] >= min(scores[asked], default=np.inf)]  # of few the order matters
    order = others[np.lexsort((ids[others], -scores[others]))].tolist()
    places = dict(zip(order, range(1, len(order) + 1), strict=True))
    return {row: places[row] for row in asked}
