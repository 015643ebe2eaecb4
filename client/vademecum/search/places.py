"""One text in many places: versions, languages, mirrors. What a search may show, and which of several places it shows.

The rules are those of format.md, section 5.1; js/search/places.mjs is the twin.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vademecum.format.manifest import PLACES
from vademecum.generation.opened import Opened
from vademecum.search.question import Filters, matches, text_of
from vademecum.search.results import Place, metadata_of
from vademecum.search.spelling import nearest

FACETS = ("lang", "version", "source")
MOST_VALUES = 100
"""The most values of a field that facets have: the commonest, of equals the first by UTF-16."""
MOST_PLACES = 20
"""The most other places that a hit has."""
MOST_CANDIDATES = 200
"""How many chunks a search looks at for places of one page that give way to each other."""
_ORDERED = 1001
_PUBLISHED = _ORDERED ** len(PLACES)
"""A rank is the release's order below this, and the reader's preference above."""


class Places:
    """Which documents hold which chunks of a generation: n chunks by rising id, m documents by rising key."""

    def __init__(self, opened: Opened) -> None:
        self._state = opened.state
        self._order = opened.generation.places
        chunks = [self._state.document_chunks(place) for place in self._state.documents.places]
        named = np.array([chunk for each in chunks for chunk in each], np.uint64)
        rows = np.searchsorted(np.array(self._state.chunks.ids, np.uint64), named)
        order = np.argsort(rows, kind="stable")  # of one chunk the lowest key stays first
        self._rows = rows[order]
        sizes = np.array([*map(len, chunks)], np.int64)
        self._read, self._begins = rows, np.cumsum(sizes) - sizes
        """The chunks of all documents in reading order, and where those of each begin."""
        self.firsts = rows[self._begins[sizes > 0]]
        """The chunk that each document begins with, by their keys."""
        self._documents = np.repeat(np.arange(len(chunks)), sizes)[order]
        self._starts = np.searchsorted(self._rows, np.arange(len(self._state.chunks) + 1))
        self._fields: dict[str, tuple[list[str], NDArray[np.int64], NDArray[np.int64]]] = {}

    def begun(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of these chunks that are the first of their document."""
        chunks, documents = self._state.chunks, self._state.documents
        owners = (documents.places[chunks.owners[row]] for row in rows.tolist())
        pairs = zip(rows.tolist(), map(self._state.document_chunks, owners), strict=True)
        return np.array([row for row, (first, *_) in pairs if chunks.ids[row] == first], np.int64)

    def matching(self, filters: Filters) -> NDArray[np.bool_]:
        """Return which documents match the filters, [m]."""
        fits = [all(matches(said.get(name), some) for name, some in filters.items()) for said in self._metadata]
        return np.array(fits, np.bool_)

    def unsaid(self, fields: Iterable[str]) -> dict[str, str]:
        """Return the fields that no document has, each with a suggestion, which may be empty."""
        missing = [name for name in fields if not any(name in said for said in self._metadata)]
        known = sorted({name for said in self._metadata for name in said}) if missing else []
        return {name: nearest(known, name) for name in missing}

    @property
    def languages(self) -> list[str]:
        """The languages that documents name, each once; empty for those that name none."""
        return sorted({lang if isinstance(lang := said.get("lang"), str) else "" for said in self._metadata})

    def facets(self, documents: NDArray[np.int64], fields: Sequence[str] | None = None) -> dict[str, dict[str, int]]:
        """Return counts of the values that these documents have, by field: the given fields, else those of `FACETS` in
        which documents differ. A document with several values counts for each.
        """
        among = np.zeros(len(self._metadata), np.bool_)
        among[documents] = True
        told: dict[str, dict[str, int]] = {}
        for name in FACETS if fields is None else fields:
            values, rows, numbers = self._values_of(name)
            if fields is None and len(values) < 2:
                continue
            counts = np.bincount(numbers[among[rows]], minlength=len(values)).tolist()
            known = [(value, count) for value, count in zip(values, counts, strict=True) if count]
            known.sort(key=lambda each: (-each[1], each[0].encode("utf-16-be", "surrogatepass")))
            told[name] = dict(known[:MOST_VALUES])
        return told

    def _values_of(self, name: str) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        """Return the values of a field; and as pairs of arrays, documents and the number of a value that each has."""
        if name not in self._fields:
            numbers: dict[str, int] = {}
            pairs = []
            for at, said in enumerate(self._metadata):
                value = said.get(name)
                texts = map(text_of, value if isinstance(value, list) else [value])
                pairs += [(at, numbers.setdefault(text, len(numbers))) for text in dict.fromkeys(texts) if text]
            rows, which = np.array(pairs, np.int64).reshape(-1, 2).T
            self._fields[name] = list(numbers), rows, which
        return self._fields[name]

    def held(self, rows: NDArray[np.int64], documents: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """Return the documents that hold one of these chunks; only those of `documents`, [m], if given."""
        among = np.zeros(len(self._state.chunks), np.bool_)
        among[rows] = True
        found = self._documents[among[self._rows]]
        return found if documents is None else found[documents[found]]

    def rows(self, documents: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which chunks one of these documents holds, [n]."""
        held = np.zeros(len(self._state.chunks), np.bool_)
        held[self._rows[documents[self._documents]]] = True
        return held

    def counted(self, documents: NDArray[np.int64]) -> int:
        """Return how many pages these documents are: versions and translations of a page count once."""
        return len(np.unique(self._numbers[documents])) if self._order else len(documents)

    def elsewhere(self, row: int) -> NDArray[np.bool_]:
        """Return which documents are of no page that holds this chunk, [m]."""
        pages = {self._page(int(at)) for at in self._documents[self._starts[row] : self._starts[row + 1]]}
        return np.array([self._page(at) not in pages for at in range(len(self._metadata))], np.bool_)

    def reading(self, document: int) -> NDArray[np.int64]:
        """Return the chunks of a document in reading order, and behind them those of the next ones."""
        return self._read[self._begins[document] :]

    def depth(self, limit: int) -> int:
        """Return how many chunks to rank for `limit` hits: all but one place of a page may give way."""
        each = [len(values) for values in self._order.values()]
        return max(limit, min(limit * int(np.prod(each)), MOST_CANDIDATES)) if each else limit

    def choose(self, row: int, documents: NDArray[np.bool_] | None, prefer: Mapping[str, str]) -> tuple[int, int]:
        """Return the document that a chunk is shown in, and its rank: the lowest is preferred."""
        held = map(int, self._documents[self._starts[row] : self._starts[row + 1]])
        ranked = [(self._rank(at, prefer), at) for at in held if documents is None or documents[at]]
        rank, at = min(ranked)
        return at, rank

    def settled(self, candidates: Sequence[tuple[int, Any, int, int]], titled: Collection[int]) -> list[int]:
        """Return which candidates stay: one gives way to another of the same page in a preferred place.

        Of a section in several versions the preferred one stays. Of translations, and of versions in which the best
        passage stands under other headings, one whose title is the query beats one whose title is not; of two such the
        preferred one stays. Otherwise the preferred one must be four fifths as good, or three if the reader prefers it.

        Args:
            candidates: Row, score, document and rank of each.
            titled: Rows of documents whose title is the query.
        """
        if not self._order:
            return list(range(len(candidates)))
        told = [(self._page(at), self._headings(row), self._metadata[at].get("lang")) for row, _, at, _ in candidates]

        def gives_way(mine: int, other: int) -> bool:
            (page, headings, lang), (row, score, _, rank) = told[mine], candidates[mine]
            (its_page, its_headings, its_lang), (its_row, its_score, _, its_rank) = told[other], candidates[other]
            if its_page != page:
                return False
            if its_lang == lang and its_headings == headings:
                return its_rank < rank
            called, it_is_called = row in titled, its_row in titled
            if (not it_is_called, its_rank) >= (not called, rank):
                return False
            fifths = 3 if its_rank < rank - rank % _PUBLISHED else 4
            return called or its_score * 5 >= score * fifths

        every = range(len(told))
        return [mine for mine in every if not any(gives_way(mine, other) for other in every)]

    def other_places(self, row: int, shown: int, prefer: Mapping[str, str]) -> tuple[Place, ...]:
        """Return the other places of a chunk shown in this document, the preferred first."""
        held = [int(at) for at in self._documents[self._starts[row] : self._starts[row + 1]]]
        anchor = self._state.chunk(row).anchor
        anchors = dict.fromkeys(self._pages[self._page(shown)] if self._order else (), "")
        anchors |= dict.fromkeys(held, anchor)
        anchors.pop(shown, None)
        ranked = sorted(anchors, key=lambda at: (self._rank(at, prefer), at))
        return tuple(self._place(at, anchors[at]) for at in ranked[:MOST_PLACES])

    def _place(self, at: int, anchor: str) -> Place:
        row = self._state.document(at)
        said = metadata_of(row.metadata)
        lang, version = (value if isinstance(value := said.get(name), str) else "" for name in PLACES)
        url = f"{row.url}#{anchor}" if row.url and anchor else row.url
        return Place(row.key, row.title, url, lang, version)

    def _rank(self, at: int, prefer: Mapping[str, str]) -> int:
        if not self._order and not prefer:
            return 0
        said, rank = self._metadata[at], 0
        for name in sorted(prefer):
            rank = rank * 3 + _distance(prefer[name], said.get(name))
        for name in PLACES:
            values, value = self._order.get(name, ()), said.get(name)
            known = 0 if value is None else values.index(value) + 1 if value in values else len(values) + 1
            rank = rank * _ORDERED + known
        return rank

    def _page(self, at: int) -> str:
        page = self._metadata[at].get("pageKey")
        return page if isinstance(page, str) else self._state.documents.key(at).decode()

    def _headings(self, row: int) -> str:
        return self._state.chunk(row).headings

    @cached_property
    def _metadata(self) -> list[dict[str, Any]]:
        return [metadata_of(self._state.document(at).metadata) for at in range(len(self._state.documents))]

    @cached_property
    def _numbers(self) -> NDArray[np.int64]:
        """The number of each document's page, [m]."""
        numbers = np.zeros(len(self._metadata), np.int64)
        for number, documents in enumerate(self._pages.values()):
            numbers[documents] = number
        return numbers

    @cached_property
    def _pages(self) -> Mapping[str, list[int]]:
        pages: defaultdict[str, list[int]] = defaultdict(list)
        for at in range(len(self._metadata)):
            pages[self._page(at)].append(at)
        return pages


def _distance(wanted: str, said: Any) -> int:
    """Return 0 for the same, 1 for `de-AT` and `de`, 2 for another or none.

    >>> _distance("de-AT", "de"), _distance("de", "en")
    (1, 2)
    """
    if not isinstance(said, str):
        return 2
    mine, its = wanted.lower(), said.lower()
    return 0 if mine == its else 1 if mine.partition("-")[0] == its.partition("-")[0] else 2
