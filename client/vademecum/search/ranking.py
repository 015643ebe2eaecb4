"""Fusion of the scores by words and by meaning into one list (format.md, section 5.2).

A chunk's score is the sum of its cosine and of its share of the best BM25. The cosine of its page supports the first;
the second weighs more, the more of the query the best chunk has (site/content/decisions/words.md).
js/search/ranking.mjs is the twin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vademecum.search.words import Scores, WordMatches

Mode: TypeAlias = Literal["hybrid", "semantic", "lexical"]
MODES: Final = ("hybrid", "semantic", "lexical")
NEAREST_SHARE: Final = 0.6
"""If the found words have less than this share of the query's weight, or are `scattered`, `nearest` is told."""
_NEAR = 0.5
"""Share of the highest cosine: a chunk that is less near is found by its words or not at all."""
_NEARER = 0.8
_FAR = 0.1
"""A cosine below this is not near at all."""
_BEST, _SURE = 0.2, 0.3
"""Shares of the words' weight: for the best chunk in any case, and in proportion to how much of the query it has."""
_PAGE: Final = 0.2
"""Weight of the words of a page as a whole against those of a chunk."""
_TITLED: Final = 0.3
"""Bonus for a title that has the query's words, in proportion to `WordMatches.titles`."""
_HEADED: Final = 0.45
"""Bonus if a chunk's own heading is the query."""
_CALLED: Final = 0.3
"""Bonus for a title that is near to the query in meaning."""
_PHRASED: Final = 0.15
"""Bonus for each word of the query, if a chunk has the query word for word."""
_DATED: Final = 0.1
"""Malus of pages that tell what was new once: other pages usually answer better."""
_READ: Final = 100
"""How many of the best chunks have their headings and titles read."""
_SAID: Final = 20
"""How many of them at most count as having the query word for word."""
_HAS_ALL: Final = 4
"""A chunk that has each word once scores at least a quarter of their weight, even if it is much longer than others."""


@dataclass(frozen=True)
class Ranking:
    """All chunks that answer, best first; of equals the lowest id. A document whose title was typed comes before all.

    Attributes:
        rows: Numbers of chunks.
        scores: Theirs, in the same order.
        nearest: Few or no words were found, or no page has most of them together.
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
    """Return how near each chunk is, [n]: its own cosine, and that of its page as a whole.

    Args:
        pages: The mean cosine of the chunks of the same document, [n].
    """
    return (5.0 * cosines + 3.0 * pages) / 8.0


def fuse(
    cosines: Scores,
    near: Scores,
    found: WordMatches,
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
        cosines: Of each chunk with the query, [n]; all 0 if the encoder knows no word of it.
        near: What counts of them: their `nearness`.
        ids: Of the chunks, [n].
        weight: Of the words against the meaning, as the encoder says.
        counting: Which chunks may be found, [n]; None: all.
        titled: Chunks that documents begin with whose title is the query.
        names: What is read of the best; by meaning alone nothing is.
    """
    most = float(found.scores.max(initial=0.0))
    highest = float(cosines.max(initial=0.0))
    words = found.scores / most if most else found.scores
    nearest = mode == "semantic" or most == 0.0 or found.share < NEAREST_SHARE or found.scattered
    # If no word was found, nearness is all there is, and has to be higher.
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
    """Return the ranks of chunks among those that answer, by one score, from 1; none for chunks that score 0."""
    asked = [row for row in rows if scores[row] > 0]
    others = answering[scores[answering] >= min(scores[asked], default=np.inf)]  # only these need sorting
    order = others[np.lexsort((ids[others], -scores[others]))].tolist()
    places = dict(zip(order, range(1, len(order) + 1), strict=True))
    return {row: places[row] for row in asked}
