"""A question and its hits, over an open generation; js/search/searcher.mjs is the twin, and gives the same list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vademecum.format.markup import plain
from vademecum.generation.opened import Opened
from vademecum.generation.row_index import unpacked
from vademecum.search.excerpt import as_written, excerpt_of, lacking, link_to
from vademecum.search.language import foreign_language
from vademecum.search.own_encoder import OwnEncoder
from vademecum.search.places import Places, standing
from vademecum.search.question import Filters
from vademecum.search.ranking import Mode, Ranking, fuse, nearness, places_of
from vademecum.search.results import Hit, Results, Why, heading_text, metadata_of
from vademecum.search.segment_words import SegmentWords, read_words
from vademecum.search.stems import algorithms_of
from vademecum.search.titles import Titles
from vademecum.search.tokens import quoted_in, words_of
from vademecum.search.vectors import Index
from vademecum.search.words import Found, Scores, Words

MOST_MORE = 10
"""The most further hits of one document that are shown below its best."""
_DEEPER = 200
"""Chunks that are looked at beyond those that would be enough."""
_READ_FOR = 1000
"""Chunks that are read for a phrase in quotes, those that have the most of the words; others only where none of these
has it."""

Candidate: TypeAlias = tuple[int, float, int, int]
"""A chunk, its score, the document that it is shown as part of, and that document's rank (places.py)."""


def _read_all(opened: Opened) -> Sequence[SegmentWords]:
    return [read_words(segment) for segment in opened.state.segments]


class Searcher:
    """Answers from one generation.

    Args:
        load: Gives the words of each segment when they are first asked for.
        own: What encodes queries in place of the release's table.
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
        self._titles = Titles(opened)
        self._owners = np.array(opened.state.chunks.owners, np.int64)
        self._sizes = np.maximum(1, np.bincount(self._owners))

    @cached_property
    def _words(self) -> Words:
        return Words(self._opened, self._load(self._opened), algorithms_of(self._places.languages))

    def search(
        self,
        query: str,
        limit: int = 10,
        filters: Filters | None = None,
        prefer: Mapping[str, str] | None = None,
        *,
        offset: int = 0,
        mode: Mode = "hybrid",
        group: bool = True,
        facets: Sequence[str] | None = None,
    ) -> Results:
        """Return the best hits, best first. Arguments: see `KnowledgeBase.search`."""
        found = self._words.find(query, widely=mode == "hybrid")
        nothing = np.zeros(self._words.count)
        single = self._titles.single if mode == "hybrid" else 0.0
        cosines, near = self._near(found, single) if found.weight and mode != "lexical" else (nothing, nothing)
        documents = self._places.matching(filters) if filters else None
        titled = self._words.titled(found.meant if found.guessed else query)
        first = self._places.begun(titled)
        if documents is not None and not found.weight:  # nothing is asked but that: all that fit, by their keys
            mode, first = "hybrid", self._places.firsts
            found = replace(found, titles=np.arange(len(documents), 0, -1)[self._owners] / len(documents))
        counting = None if documents is None else self._places.rows(documents)
        counting, had, lost = self._quoted(query, found, counting)
        ranking = fuse(
            cosines,
            near,
            found,
            self._index.ids,
            mode=mode,
            weight=self._opened.encoder.file.words_weight / 1000,
            counting=counting,
            titled=first,
            headed=None if mode == "semantic" else self._places.headed(query),
            called=self._titles.near(found.known) if mode == "hybrid" else None,
            phrased=None if mode == "semantic" else self._places.phrased(query),
            dated=self._places.is_dated if mode == "hybrid" else None,
        )
        shown = slice(offset, offset + limit)
        lead = None if mode == "semantic" else self._places.leading(found.meant if found.guessed else query)
        results = self._present(
            ranking,
            found,
            cosines,
            documents,
            prefer or {},
            shown,
            titled,
            facets,
            lead=lead,
            standing=standing(had),
            group=group,
        )
        results.language = foreign_language(words_of(query), found.unknown, self._places.languages)
        results.unknown = lacking(found.unknown, query)
        for phrase in lost:
            if not any(word in phrase for word in results.unknown):
                results.unknown += (phrase,)
        results.unsaid = self._places.unsaid(filters or ())
        texts = [text for hit in results for text in (hit.title, hit.excerpt)]
        results.meant = " ".join(as_written(results.meant.split(), query, texts))
        return results

    def similar(self, chunk: int, limit: int) -> Results:
        """Return the chunks of other pages that are nearest to one, one a document; none where that is not live."""
        ids = self._index.ids
        row = int(np.searchsorted(ids, np.uint64(chunk)))
        if row == len(ids) or int(ids[row]) != chunk:
            return Results()
        cosines = self._index.cosines(self._index.vector(row))
        none = np.zeros(len(ids))
        nothing = Found(none, (), 1.0, 0.0, frozenset(), "", "", none, none)
        documents = self._places.elsewhere(row)
        counting, titled = self._places.rows(documents), np.zeros(0, np.int64)
        ranking = fuse(cosines, cosines, nothing, ids, mode="semantic", weight=0.0, counting=counting, titled=titled)
        return self._present(ranking, nothing, cosines, documents, {}, slice(0, limit), titled, group=True)

    def _quoted(
        self, query: str, found: Found, counting: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.bool_] | None, list[str], list[str]]:
        """Return which of the chunks that count, [n], None: all, have what stands in quotes, each phrase of it that any
        has; these phrases; and those that none has."""
        had, lost, rows = [], [], np.flatnonzero(found.scores)
        scores = found.scores[rows]
        for phrase in quoted_in(query):
            is_phrased = self._places.phrased(phrase, quoted=True)
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

    def _near(self, found: Found, single: float) -> tuple[Scores, Scores]:
        """Return the cosine of each chunk with the query, [n], and its `nearness`, [n].

        Args:
            single: 1 where each page is one chunk: there nothing else on it says whether a cosine is chance.
        """
        vector = self._vector(found)
        scores, unit = self._index.scores(vector), self._index.unit(vector)
        # Whole numbers below 2^53: the sum is the same in any order.
        means = np.bincount(self._owners, scores) / self._sizes
        whole = unit * (1.0 + single * single)
        return scores / unit, nearness(scores / whole, means[self._owners] / whole)

    def _vector(self, found: Found) -> NDArray[np.int64]:
        if self.own is not None:
            return self.own.encode(found.meant, self._index)
        return np.array(self._opened.encoder.encode(found.known), np.int64)

    def _present(
        self,
        ranking: Ranking,
        found: Found,
        cosines: Scores,
        documents: NDArray[np.bool_] | None,
        prefer: Mapping[str, str],
        shown: slice,
        titled: NDArray[np.int64],
        facets: Sequence[str] | None = None,
        *,
        lead: Callable[[int, int], int] | None = None,
        standing: Callable[[str], int] = lambda _: -1,
        group: bool,
    ) -> Results:
        candidates = list(self._candidates(ranking, documents, prefer, self._places.depth(shown.stop), group=group))
        groups: dict[int, list[Candidate]] = {}

        def led(page: list[Candidate]) -> list[Candidate]:
            """Put in front, as good as the best, what a page begins with to say what is asked for."""
            row, score, at, rank = page[0]
            first = lead(row, at) if lead and group else row
            others = [candidate for candidate in page if candidate[0] != first]
            return [(first, score, at, rank), *others] if len(others) < len(page) else page

        for number in self._places.settled(candidates, frozenset(titled.tolist())):
            key = candidates[number][2] if group else number
            groups.setdefault(key, []).append(candidates[number])

        listed = [(first, more[:MOST_MORE]) for first, *more in map(led, list(groups.values())[shown])]
        rows = [candidate[0] for first, more in listed for candidate in (first, *more)]
        ids = self._index.ids
        wordly, meant = (places_of(rows, ranking.rows, scores, ids) for scores in (found.scores, cosines))
        words: set[str] = set()

        def hit(candidate: Candidate, had: set[str], more: Sequence[Candidate] = ()) -> Hit:
            row, score, at, _ = candidate
            why = Why(wordly.get(row), meant.get(row))
            further = tuple(hit(other, set()) for other in more)
            return self._hit(row, score, at, prefer, found.words, standing, had, why, further)

        hits = [hit(first, words, more) for first, more in listed]
        owners = np.unique(self._owners[ranking.rows])
        return Results(
            hits,
            # Versions of one page whose headings differ are hits both.
            total=max(self._places.counted(owners), len(groups)) if group else len(ranking.rows),
            unknown=found.unknown,
            nearest=ranking.nearest and bool(hits),
            facets=self._places.facets(self._places.held(ranking.rows, documents), facets),
            words=tuple(sorted(words)),
            meant=found.meant if found.guessed else "",
        )

    def _candidates(
        self,
        ranking: Ranking,
        documents: NDArray[np.bool_] | None,
        prefer: Mapping[str, str],
        depth: int,
        *,
        group: bool,
    ) -> Iterator[Candidate]:
        """Yield as many as show `depth` documents, and some more, so that there are further hits of these."""
        seen: set[int] = set()
        for number, (row, score) in enumerate(zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True)):
            if number >= (depth + _DEEPER if group else depth) and (len(seen) >= depth or not group):
                return
            at, rank = self._places.choose(row, documents, prefer)
            seen.add(at)
            yield row, score, at, rank

    def _hit(
        self,
        row: int,
        score: float,
        at: int,
        prefer: Mapping[str, str],
        words: frozenset[str],
        standing: Callable[[str], int],
        had: set[str],
        why: Why,
        more: tuple[Hit, ...],
    ) -> Hit:
        state = self._opened.state
        index, position = unpacked(state.chunks.places[row])
        chunk = state.segments[index].chunk(position)
        index, position = unpacked(state.documents.places[at])
        document = state.segments[index].document(position)
        text, heading = plain(chunk.text), heading_text(chunk.headings)
        excerpt, marks, phrase, found = excerpt_of(text, words, standing)
        had |= found | words.intersection((*words_of(document.title), *words_of(heading)))
        url = f"{document.url}#{chunk.anchor}" if document.url and chunk.anchor else document.url
        return Hit(
            id=f"{chunk.id:016x}",
            document=document.key,
            title=document.title,
            heading=heading,
            url=url,
            text=text,
            score=score,
            metadata=metadata_of(document.metadata),
            markdown=chunk.text,
            places=self._places.others(row, at, prefer),
            excerpt=excerpt,
            marks=marks,
            why=why,
            more=more,
            link=link_to(url, phrase),
        )
