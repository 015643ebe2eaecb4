"""From a ranking to hits: which document a chunk is shown in, which chunks are one hit, and what is told of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vademecum.format.markup import plain
from vademecum.generation.opened import Opened
from vademecum.search.excerpt import excerpt_of, link_to
from vademecum.search.places import Places
from vademecum.search.question import Question
from vademecum.search.ranking import Ranking, places_of
from vademecum.search.results import Hit, Results, Why, heading_text, metadata_of
from vademecum.search.tokens import words_of
from vademecum.search.words import Scores, WordMatches

MOST_MORE = 10
"""The most further hits of one document that are shown below its best."""
_DEEPER = 200
"""Chunks that are looked at beyond those that would be enough."""


class Candidate(NamedTuple):
    """A chunk, its score, the document that it is shown as part of, and that document's rank (places.py)."""

    row: int
    score: float
    document: int
    rank: int


@dataclass(frozen=True)
class Retrieval:
    """A question, and what is known of it when its hits are shown.

    Attributes:
        cosines: Of each chunk with the query, [n].
        documents: Which documents may be shown, [m]; None: all.
        titled: Chunks of the documents whose title is the query.
        lead: With which chunk a document begins to say what is asked for, given its best and its number; None: its best
            is shown first.
        standing: Where in a text the last phrase that was asked for in quotes begins; -1: nowhere.
    """

    question: Question
    matches: WordMatches
    cosines: Scores
    documents: NDArray[np.bool_] | None
    titled: NDArray[np.int64]
    lead: Callable[[int, int], int] | None = None
    standing: Callable[[str], int] = lambda _: -1


class Presentation:
    """Shows chunks of a generation as hits."""

    def __init__(self, opened: Opened, places: Places, ids: NDArray[np.uint64]) -> None:
        self._state = opened.state
        self._places = places
        self._ids = ids
        self._owners = np.array(opened.state.chunks.owners, np.int64)

    def results(self, ranking: Ranking, retrieval: Retrieval) -> Results:
        """Return the hits that are asked for, best first, and what is told of all."""
        question, matches = retrieval.question, retrieval.matches
        candidates = list(self._candidates(ranking, retrieval))
        groups: dict[int, list[Candidate]] = {}
        for number in self._places.settled(candidates, frozenset(retrieval.titled.tolist())):
            key = candidates[number].document if question.group else number
            groups.setdefault(key, []).append(candidates[number])
        pages = list(groups.values())[question.offset : question.offset + question.limit]
        listed = [(first, more[:MOST_MORE]) for first, *more in (_led(page, retrieval.lead) for page in pages)]
        rows = [candidate.row for first, more in listed for candidate in (first, *more)]
        by_words, by_meaning = (
            places_of(rows, ranking.rows, scores, self._ids) for scores in (matches.scores, retrieval.cosines)
        )
        words: set[str] = set()

        def hit(candidate: Candidate, had: set[str], more: Sequence[Candidate] = ()) -> Hit:
            why = Why(by_words.get(candidate.row), by_meaning.get(candidate.row))
            return self._hit(candidate, retrieval, had, why, tuple(hit(other, set()) for other in more))

        hits = [hit(first, words, more) for first, more in listed]
        owners = np.unique(self._owners[ranking.rows])
        return Results(
            hits,
            # Versions of one page whose headings differ are hits both.
            total=max(self._places.counted(owners), len(groups)) if question.group else len(ranking.rows),
            unknown=matches.unknown,
            nearest=ranking.nearest and bool(hits),
            facets=self._places.facets(self._places.held(ranking.rows, retrieval.documents), question.facets),
            words=tuple(sorted(words)),
            meant=matches.meant if matches.guessed else "",
        )

    def _candidates(self, ranking: Ranking, retrieval: Retrieval) -> Iterator[Candidate]:
        """Yield as many as show the hits that are asked for, and some more, so that there are further hits of these."""
        question = retrieval.question
        depth = self._places.depth(question.offset + question.limit)
        seen: set[int] = set()
        for number, (row, score) in enumerate(zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True)):
            enough = depth + _DEEPER if question.group else depth
            if number >= enough and (len(seen) >= depth or not question.group):
                return
            at, rank = self._places.choose(row, retrieval.documents, question.prefer)
            seen.add(at)
            yield Candidate(row, score, at, rank)

    def _hit(self, candidate: Candidate, retrieval: Retrieval, had: set[str], why: Why, more: tuple[Hit, ...]) -> Hit:
        """Return a candidate as it is shown.

        Args:
            had: Gets the words of the query that the hit has.
        """
        row, score, at, _ = candidate
        words = retrieval.matches.words
        chunk, document = self._state.chunk(row), self._state.document(at)
        text, heading = plain(chunk.text), heading_text(chunk.headings)
        excerpt, marks, quote, found = excerpt_of(text, words, retrieval.standing)
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
            places=self._places.other_places(row, at, retrieval.question.prefer),
            excerpt=excerpt,
            marks=marks,
            why=why,
            more=more,
            link=link_to(url, quote),
        )


def _led(page: list[Candidate], lead: Callable[[int, int], int] | None) -> list[Candidate]:
    """Put in front, as good as the best, what a page begins with to say what is asked for."""
    best = page[0]
    first = lead(best.row, best.document) if lead else best.row
    others = [candidate for candidate in page if candidate.row != first]
    return [best._replace(row=first), *others] if len(others) < len(page) else page
