"""One list from two: chunks by the words that they have, and by what they mean (format.md, section 5.2).

The sum of a cosine and of a share of the best BM25: of ten ways that were compared the simplest, and on four
collections none was better (site/content/decisions/words.md). js/search/ranking.mjs gives the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vademecum.search.words import Found, Scores

Mode: TypeAlias = Literal["hybrid", "semantic", "lexical"]
MODES: Final = ("hybrid", "semantic", "lexical")
NEAREST_SHARE: Final = 0.35
"""Where the words that were found weigh less than this share of the query, what is near in meaning is told as such."""
_NEAR = 0.5
"""Of the highest cosine: what is less near is found by its words or not at all."""
_NEARER = 0.8
_FAR = 0.1
"""No nearness at all."""
_TITLED: Final = 0.5
"""What it adds to be called what was asked for."""


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


def fuse(
    cosines: Scores,
    found: Found,
    ids: NDArray[np.uint64],
    *,
    mode: Mode,
    weight: float,
    counting: NDArray[np.bool_] | None,
    titled: NDArray[np.int64],
) -> Ranking:
    """Return the ranking.

    Args:
        cosines: Of each chunk with the query, [n]; all 0 where the encoder knows no word of it.
        ids: Of the chunks, [n].
        weight: Of the words against the meaning: the encoder says it.
        counting: Which chunks may be found, [n]; None: all.
        titled: Chunks of documents whose title is the query.
    """
    most = float(found.scores.max(initial=0.0))
    highest = float(cosines.max(initial=0.0))
    words = found.scores / most if most else found.scores
    nearest = mode == "semantic" or most == 0.0 or found.share < NEAREST_SHARE
    # Where no word was found, nearness is all there is: then it has to be nearer.
    near = cosines >= max((_NEAR if most else _NEARER) * highest, _FAR)
    if mode == "lexical":
        total, fits = words, words > 0
    elif mode == "semantic":
        total, fits = cosines, cosines > 0
    else:
        total, fits = cosines + weight * words + _TITLED * found.titles, (words > 0) | near
    named = np.zeros(len(ids), np.bool_)
    if mode != "semantic":
        named[titled] = True
    fits = fits | named
    if counting is not None:
        fits = fits & counting
    rows = np.flatnonzero(fits)
    rows = rows[np.lexsort((ids[rows], -total[rows], ~named[rows]))]
    return Ranking(rows, total[rows], nearest and mode == "hybrid")


def place_of(row: int, scores: Scores, ids: NDArray[np.uint64]) -> int | None:
    """Return the place of a chunk among all by one score, from 1; None where it has none."""
    mine = scores[row]
    if mine <= 0:
        return None
    return (
        int(np.count_nonzero(scores > mine)) + int(np.count_nonzero((scores == mine) & (ids < ids[row]))) + 1
    )
