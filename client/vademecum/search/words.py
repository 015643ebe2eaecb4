"""Which chunks have the words of a query: BM25 over the live rows of a generation (format.md, section 5.2).

Doubles are summed in a fixed order, with no function that platforms compute differently, so that js/search/words.mjs
gets the same scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vademecum.generation.opened import Opened
from vademecum.generation.row_index import ROW, unpacked
from vademecum.search.expansion import Expansion, Group
from vademecum.search.segment_words import SegmentWords
from vademecum.search.tokens import named

K1: Final = 1.2
B: Final = 0.75
TITLE_WEIGHT: Final = 3
SCORE_UNIT: Final = 65536
"""Scores are rounded down to this part of 1 before they are added up."""
_MOST_WIDELY: Final = 8192
"""With more live chunks, words of a question do not also stand for words of nearly the same meaning: some chunk uses
the word itself."""
Scores: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class WordMatches:
    """What the words of a query found.

    Attributes:
        scores: BM25 of each chunk, [n]; 0 where it has none of the words.
        titles: How much the query and the title of each chunk's document have in common, [n], from 0 to 1: the share of
            the title's words that are asked for, times the share of the query's weight that these have.
        pages: The sum of the scores of all chunks of each chunk's document, [n]; whole numbers, in units of 1 /
            `SCORE_UNIT`.
        weight: The weight of all words.
        share: Share of the weight of all words that the found ones have; 1 if nothing was asked.
        words: The words of the texts that were matched.
        unknown: Words that no live chunk has.
        meant: The query with misspelt words replaced by the commonest word that each may be: the input of an app's own
            encoder.
        encodable: The same, with each word that the encoder's table lacks replaced by the commonest word of its stem,
            if there is one: the input of that table.
        guessed: Whether a word counts as misspelt, or as wrongly written as one word or two.
        scattered: Whether no page has half of the weight, nor, in a question of more than four words, that of two.
    """

    scores: Scores
    titles: Scores
    pages: Scores
    weight: float = 0.0
    share: float = 1.0
    words: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()
    meant: str = ""
    encodable: str = ""
    guessed: bool = False
    scattered: bool = False


class Words:
    """The words of a generation: n live chunks by rising id, m live documents by rising key."""

    def __init__(self, opened: Opened, words: Sequence[SegmentWords], algorithms: tuple[str, ...]) -> None:
        state = opened.state
        self._words = words
        self._expansion = Expansion(words, algorithms, opened.encoder, self._is_live, self._share, self._entitled)
        self._chunks = [_positions(state.chunks.places, i, len(s.ids)) for i, s in enumerate(state.segments)]
        self._documents = [
            _positions(state.documents.places, i, len(s.document_sequences)) for i, s in enumerate(state.segments)
        ]
        owners = np.array(state.chunks.owners, np.int64)
        self._owned = np.argsort(owners, kind="stable")
        self._bounds = np.searchsorted(owners[self._owned], np.arange(len(state.documents) + 1))
        self.count = len(owners)
        lengths = np.zeros(self.count, np.int64)
        titles = np.zeros(len(state.documents), np.int64)
        for which, found in enumerate(words):
            for places, each, into in (
                (self._chunks[which], found.chunks.lengths, lengths),
                (self._documents[which], found.titles.lengths, titles),
            ):
                into[places[places >= 0]] = each[places >= 0]
        self._titles: dict[tuple[str, ...], list[int]] = {}
        for at, place in enumerate(state.documents.places):
            which, row = unpacked(place)
            (title,) = state.segments[which].cells(state.segments[which].document_columns[:1], row)
            self._titles.setdefault(named(title.decode()), []).append(at)
        self._owners, self._title_lengths = owners, titles
        lengths += TITLE_WEIGHT * titles[owners] if self.count else 0
        mean = float(lengths.sum()) / self.count if self.count else 1.0
        self._norms = K1 * ((1.0 - B) + B * (lengths / (mean or 1.0)))

    def find(self, query: str, *, widely: bool = False) -> WordMatches:
        """Return which chunks have the words of a query.

        Args:
            widely: Whether words of a question also stand for words of nearly the same meaning, and the plain ones are
                not looked for in code blocks.
        """
        expanded = self._expansion.of(query, widely=widely and self.count <= _MOST_WIDELY)
        scores, found_weight, total = np.zeros(self.count), 0.0, 0.0
        shown: set[str] = set()
        title_weights, title_counts, page_weights = (np.zeros(len(self._title_lengths)) for _ in range(3))
        for word in expanded.words:
            best = np.zeros(self.count)
            best_weights, best_counts, best_pages = (np.zeros(len(self._title_lengths)) for _ in range(3))
            most_weight = 0.0
            for number, (group, worth) in enumerate((*word.groups, *word.near)):
                in_titles = self._in_titles(group)
                counts = self._counts(group, in_titles, prose=widely and word.plain)
                having = np.flatnonzero(counts)  # few of the chunks
                counts, weight = counts[having], self._weight(len(having))
                score = worth * (weight * ((counts * (K1 + 1.0)) / (counts + self._norms[having])))
                best[having] = np.maximum(best[having], score)
                np.maximum(best_weights, worth * weight * (in_titles > 0), out=best_weights)
                np.maximum(best_counts, worth * in_titles, out=best_counts)
                if number < len(word.groups):
                    most_weight = max(most_weight, worth * weight)
                    holders = self._owners[having]
                    best_pages[holders] = np.maximum(best_pages[holders], worth * weight)
                    shown.update(self._expansion.texts(group))
            scores += best
            title_weights += best_weights
            title_counts += best_counts
            page_weights += best_pages
            found_weight += most_weight
            total += most_weight if word.groups else self._weight(0)
        asked_for = np.minimum(1.0, title_counts / np.maximum(self._title_lengths, 1))
        titles = (asked_for * (title_weights / (total or 1.0)))[self._owners]
        whole = np.floor(scores * SCORE_UNIT)  # whole numbers have the same sum in any order
        return WordMatches(
            scores=scores,
            unknown=tuple(dict.fromkeys(word.word for word in expanded.words if not word.groups)),
            share=found_weight / total if total else 1.0,
            weight=total,
            words=frozenset(shown),
            meant=expanded.meant,
            encodable=expanded.encodable,
            titles=titles,
            pages=np.bincount(self._owners, whole).astype(np.float64)[self._owners],
            guessed=expanded.guessed,
            scattered=float(page_weights.max(initial=0.0)) * max(2.0, len(expanded.words) / 2.0) < total,
        )

    def titled(self, query: str) -> NDArray[np.int64]:
        """Return the chunks of the documents whose title is the query."""
        title = named(query)
        owned = [self._owned[self._bounds[at] : self._bounds[at + 1]] for at in self._titles.get(title, []) if title]
        return np.concatenate([np.zeros(0, np.int64), *owned])

    def _is_live(self, group: Group) -> bool:
        """Return whether a live chunk, or the title of its document, has one of these words."""
        for which, number in group:
            found = self._words[which]
            if (self._chunks[which][found.chunks.of(number)[0]] >= 0).any():
                return True
            at = self._documents[which][found.titles.of(number)[0]]
            if (self._bounds[at[at >= 0]] < self._bounds[at[at >= 0] + 1]).any():
                return True
        return False

    def _share(self, *groups: Group) -> bool:
        """Return whether a live chunk, with its document's title, has a word of each group."""
        return bool(np.minimum.reduce([self._counts(group, self._in_titles(group)) for group in groups]).any())

    def _entitled(self, one: Group, other: Group, whole: Group) -> bool:
        """Return whether a title has words of the first two groups and none of the third, and more live chunks do than
        have a word of the third."""
        in_titles = [self._in_titles(group) for group in (one, other, whole)]
        if not _having(*in_titles):
            return False
        counts = list(map(self._counts, (one, other, whole), in_titles))
        return _having(*counts) > int(np.count_nonzero(counts[2]))

    def _in_titles(self, group: Group) -> Scores:
        """Return how often the title of each document has one of these words, [m]."""
        counts = np.zeros(len(self._title_lengths))
        for which, number in group:
            rows, times = self._words[which].titles.of(number)
            at = self._documents[which][rows]
            counts[at[at >= 0]] += times[at >= 0]
        return counts

    def _counts(self, group: Group, in_titles: Scores, *, prose: bool = False) -> Scores:
        """Return how often each chunk has one of these words, [n].

        Args:
            prose: Whether chunks that have it in code blocks alone count as if they had none, unless all do.
        """
        counts = TITLE_WEIGHT * in_titles[self._owners] if in_titles.any() else np.zeros(self.count)
        for which, number in group:
            rows, times = self._words[which].chunks.of(number, prose=prose)
            at = self._chunks[which][rows]
            counts[at[at >= 0]] += times[at >= 0]
        return self._counts(group, in_titles) if prose and not counts.any() else counts

    def _weight(self, having: int) -> float:
        """Return the weight of a word that `having` chunks have: ln(1 + (N - n + 0.5) / (n + 0.5))."""
        return logarithm(1.0 + (self.count - having + 0.5) / (having + 0.5))


def _having(one: Scores, other: Scores, none: Scores) -> int:
    """Return how many rows have some of the first two, and nothing of the third."""
    return int(np.count_nonzero(np.minimum(one, other)[none == 0]))


def _positions(places: Iterable[int], segment: int, rows: int) -> NDArray[np.int64]:
    """Return for each row of a segment its position among the live ones, or -1."""
    packed = np.array(places, np.uint64)
    mine = np.flatnonzero(packed >> np.uint64(32) == segment)
    positions = np.full(rows, -1, np.int64)
    positions[packed[mine] & np.uint64(ROW)] = mine
    return positions


def logarithm(value: float) -> float:
    """Return the natural logarithm of a number of at least 1, by + - * / alone: the same on every platform.

    >>> abs(logarithm(10.0) - 2.302585092994046) < 1e-15
    True
    """
    halvings = 0
    while value >= 2.0:
        value /= 2.0
        halvings += 1
    part = (value - 1.0) / (value + 1.0)
    square = part * part
    total = 0.0
    for odd in range(41, 0, -2):
        total = total * square + 1.0 / odd
    return halvings * 0.6931471805599453 + 2.0 * part * total
