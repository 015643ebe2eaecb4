"""Answers questions over an open generation: by words and by meaning, fused into one ranking, which presentation.py
turns into hits. js/search/searcher.mjs is the twin of both modules, and gives the same hits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vademecum.generation.opened import Opened
from vademecum.search.excerpt import as_written, lacking
from vademecum.search.language import foreign_language
from vademecum.search.own_encoder import OwnEncoder
from vademecum.search.phrases import Phrases, standing
from vademecum.search.places import Places
from vademecum.search.presentation import Presentation, Retrieval
from vademecum.search.question import Question
from vademecum.search.ranking import Names, fuse, nearness
from vademecum.search.results import Results
from vademecum.search.segment_words import SegmentWords, read_words
from vademecum.search.stems import algorithms_of
from vademecum.search.titles import Titles
from vademecum.search.tokens import quoted_in, words_of
from vademecum.search.vectors import Index
from vademecum.search.words import Scores, WordMatches, Words

_READ_FOR = 1000
"""How many chunks are read for a phrase in quotes, those with the highest scores by words first; others only if none of
these has it."""


def _read_all(opened: Opened) -> Sequence[SegmentWords]:
    return [read_words(segment) for segment in opened.state.segments]


class Searcher:
    """Answers from one generation.

    Args:
        load: Returns the words of each segment; called when they are first needed.
        own: The app's encoder of queries, in place of the release's table.
    """

    def __init__(
        self,
        opened: Opened,
        load: Callable[[Opened], Sequence[SegmentWords]] = _read_all,
        own: OwnEncoder | None = None,
    ) -> None:
        self._opened = opened
        self.own = own
        self._load = load
        self._index = Index(opened)
        self._places = Places(opened)
        self._phrases = Phrases(opened, self._places.reading)
        self._titles = Titles(opened)
        self._presentation = Presentation(opened, self._places, self._index.ids)
        self._owners = np.array(opened.state.chunks.owners, np.int64)
        self._sizes = np.maximum(1, np.bincount(self._owners))

    @cached_property
    def _words(self) -> Words:
        return Words(self._opened, self._load(self._opened), algorithms_of(self._places.languages))

    def search(self, question: Question) -> Results:
        """Return the best hits, best first."""
        query, mode, filters = question.query, question.mode, question.filters
        found = self._words.find(query, widely=mode == "hybrid")
        nothing = np.zeros(self._words.count)
        single = self._titles.single if mode == "hybrid" else 0.0
        cosines, near = self._near(found, single) if found.weight and mode != "lexical" else (nothing, nothing)
        documents = self._places.matching(filters) if filters else None
        meant = found.meant if found.guessed else query
        titled = self._words.titled(meant)
        first = self._places.begun(titled)
        if documents is not None and not found.weight:  # there are only filters: list all that match, by key
            mode, first = "hybrid", self._places.firsts
            found = replace(found, titles=np.arange(len(documents), 0, -1)[self._owners] / len(documents))
        counting = None if documents is None else self._places.rows(documents)
        counting, had, lost = self._quoted(query, found, counting)
        names = Names()
        if mode != "semantic":
            names = Names(headed=self._phrases.headed(query), phrased=self._phrases.phrased(query))
        if mode == "hybrid":
            names = replace(names, called=self._titles.near(found.encodable), dated=self._phrases.is_dated)
        ids, weight = self._index.ids, self._opened.encoder.file.words_weight / 1000
        ranking = fuse(
            cosines, near, found, ids, mode=mode, weight=weight, counting=counting, titled=first, names=names
        )
        lead = self._phrases.leading(meant) if mode != "semantic" else None
        asked = Retrieval(question, found, cosines, documents, titled, lead, standing(had))
        results = self._presentation.results(ranking, asked)
        results.language = foreign_language(words_of(query), found.unknown, self._places.languages)
        results.unknown = lacking(found.unknown, query)
        for phrase in lost:
            if not any(word in phrase for word in results.unknown):
                results.unknown += (phrase,)
        results.unsaid = self._places.unsaid(filters)
        texts = [text for hit in results for text in (hit.title, hit.excerpt)]
        results.meant = " ".join(as_written(results.meant.split(), query, texts))
        return results

    def similar(self, chunk: int, limit: int) -> Results:
        """Return the chunks of other pages that are nearest to a chunk, one a document; none if that is not live."""
        ids = self._index.ids
        row = int(np.searchsorted(ids, np.uint64(chunk)))
        if row == len(ids) or int(ids[row]) != chunk:
            return Results()
        cosines = self._index.cosines(self._index.vector(row))
        none = np.zeros(len(ids))
        nothing = WordMatches(none, none, none)
        documents = self._places.elsewhere(row)
        counting, titled = self._places.rows(documents), np.zeros(0, np.int64)
        ranking = fuse(cosines, cosines, nothing, ids, mode="semantic", weight=0.0, counting=counting, titled=titled)
        return self._presentation.results(ranking, Retrieval(Question("", limit), nothing, cosines, documents, titled))

    def _quoted(
        self, query: str, found: WordMatches, counting: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.bool_] | None, list[str], list[str]]:
        """Return which chunks may be found, [n] (None: all), after the phrases in quotes; the phrases that some chunk
        has; and those that none has.

        Args:
            counting: Which chunks may be found before."""
        had, lost, rows = [], [], np.flatnonzero(found.scores)
        scores = found.scores[rows]
        for phrase in quoted_in(query):
            is_phrased = self._phrases.phrased(phrase, quoted=True)
            fit = np.ones(len(rows), np.bool_) if counting is None else counting[rows]
            if fit.sum() > _READ_FOR:
                fit &= scores >= np.partition(scores[fit], -_READ_FOR)[-_READ_FOR]
            having = [*filter(is_phrased, rows[fit].tolist())] or [*filter(is_phrased, rows[~fit].tolist())]
            if not having:
                lost.append(phrase)
                continue
            had.append(phrase)
            one = np.zeros(self._words.count, np.bool_)
            one[having] = True
            counting = one if counting is None else counting & one
        return counting, had, lost

    def _near(self, found: WordMatches, single: float) -> tuple[Scores, Scores]:
        """Return the cosine of each chunk with the query, [n], and its `nearness`, [n].

        Args:
            single: 1 if each page is one chunk: then no other chunk of it shows whether a cosine is chance.
        """
        vector = self._vector(found)
        scores, unit = self._index.scores(vector), self._index.unit(vector)
        # Whole numbers below 2^53: the sum is the same in any order.
        means = np.bincount(self._owners, scores) / self._sizes
        whole = unit * (1.0 + single * single)
        return scores / unit, nearness(scores / whole, means[self._owners] / whole)

    def _vector(self, found: WordMatches) -> NDArray[np.int64]:
        if self.own is not None:
            return self.own.encode(found.meant, self._index)
        return np.array(self._opened.encoder.encode(found.encodable), np.int64)
