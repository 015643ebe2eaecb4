"""What counts for more in a ranking: the page as a whole, words that are sure, a heading that was typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from vademecum.search.ranking import Names, fuse, nearness, places_of
from vademecum.search.words import WordMatches


def ranked(
    cosines: Sequence[float],
    words: Sequence[float],
    *,
    pages: Sequence[float] | None = None,
    worded: Sequence[float] | None = None,
    weight: float = 10.0,
    titled: Sequence[int] = (),
    **names: Callable[[int], Any],
) -> list[int]:
    """Return the order of chunks with these cosines and scores, where the words of the query weigh so much."""
    near, scores = np.array(cosines, float), np.array(words, float)
    of_pages = np.array(words if worded is None else worded, float)
    found = WordMatches(scores, np.zeros(len(near)), of_pages, weight)
    ids = np.arange(len(near), dtype=np.uint64)
    ranking = fuse(
        near,
        nearness(near, np.array(cosines if pages is None else pages)),
        found,
        ids,
        mode="hybrid",
        weight=0.4,
        counting=None,
        titled=np.array(titled, np.int64),
        names=Names(**names),
    )
    return [int(row) for row in ranking.rows]


def test_of_two_chunks_that_are_as_near_the_one_whose_page_is_nearer_is_first() -> None:
    assert ranked([0.5, 0.5], [1, 1], pages=[0.1, 0.4]) == [1, 0]
    assert ranked([0.9, 0.5], [1, 1], pages=[0.1, 0.4]) == [0, 1], "a chunk counts for more than its page"


def test_of_two_chunks_with_the_same_words_the_one_whose_page_has_more_of_them_is_first() -> None:
    assert ranked([0.5, 0.5], [1, 1], worded=[1, 5]) == [1, 0]
    assert ranked([0.5, 0.5], [5, 1], worded=[5, 9]) == [0, 1], "a chunk counts for more than its page"
    assert ranked([0.5, 0.4], [1e-9, 1e-9], worded=[0, 0]) == [0, 1], "words that say next to nothing"


@pytest.mark.parametrize(("weight", "order"), [(2.0, [1, 0]), (100.0, [0, 1])])
def test_words_count_for_less_where_the_best_chunk_has_little_of_them(weight: float, order: list[int]) -> None:
    assert ranked([0.45, 0.25], [1, 4], weight=weight) == order


def test_a_chunk_whose_heading_is_the_query_is_before_one_that_is_better_otherwise() -> None:
    assert ranked([0.5, 0.4], [4, 3], headed=lambda row: row == 1) == [1, 0]
    assert ranked([0.9, 0.1], [4, 0.1], headed=lambda row: row == 1) == [0, 1]
    assert ranked([0.5, 0.4], [4, 3], headed=lambda row: row == 1, titled=[0]) == [0, 1]


def test_a_chunk_whose_title_is_nearer_to_the_query_is_before_one_that_is_as_good() -> None:
    assert ranked([0.5, 0.5], [1, 1], called=lambda row: row / 10) == [1, 0]
    assert ranked([0.9, 0.5], [1, 1], called=lambda row: row) == [0, 1], "a chunk counts for more than its title"
    assert ranked([0.5, 0.4], [4, 3], called=lambda row: row, headed=lambda row: row == 0) == [0, 1]


def test_a_chunk_that_has_the_query_word_for_word_is_before_one_that_is_better_otherwise() -> None:
    assert ranked([0.5, 0.4], [4, 3], phrased=lambda row: 2 * row) == [1, 0]
    assert ranked([0.9, 0.4], [4, 3], phrased=lambda row: 2 * row) == [0, 1], "two words are alike in much"
    assert ranked([0.9, 0.4], [4, 3], phrased=lambda row: 4 * row) == [1, 0], "and four are seldom so by chance"
    assert ranked([0.5, 0.4], [4, 3], phrased=lambda row: 2 * row, headed=lambda row: row == 0) == [0, 1]


def test_of_two_chunks_that_are_nearly_as_good_the_one_whose_page_tells_what_was_new_is_second() -> None:
    assert ranked([0.5, 0.45], [1, 1], headed=lambda row: False, dated=lambda row: row == 0) == [1, 0]
    assert ranked([0.7, 0.45], [1, 1], headed=lambda row: False, dated=lambda row: row == 0) == [0, 1]
    cosines = [0.9 - row / 10_000 for row in range(300)]
    found = ranked(cosines, [1] * 300, headed=lambda row: False, dated=lambda row: row == 0)
    assert found.index(0) == 299, "nor only behind the best hundred, of which more is read"


@pytest.mark.parametrize(("which", "count"), [("headed", 100), ("called", 100), ("phrased", 100)])
def test_headings_titles_and_texts_of_the_best_hundred_are_read(which: str, count: int) -> None:
    asked: list[int] = []

    def read(row: int) -> bool:
        asked.append(row)
        return False

    reading: dict[str, Any] = {which: read}
    ranked([0.9 - row / 1000 for row in range(300)], [1.0] * 300, weight=4.0, **reading)
    assert asked == list(range(count))


def test_texts_are_read_of_those_of_the_best_hundred_that_may_have_all_words() -> None:
    cosines, words = [0.9 - row / 1000 for row in range(300)], [1.0] * 300
    words[70] = words[290] = 2.0  # a quarter of what the question weighs
    cosines[290] = 0.2
    assert ranked(cosines, words, weight=8.0, phrased=lambda row: 4 * (row in (10, 70, 290)))[:2] == [70, 0]


def test_twenty_chunks_at_most_are_told_to_have_the_query_word_for_word() -> None:
    cosines, asked = [0.9 - row / 1000 for row in range(300)], list[int]()

    def phrased(row: int) -> int:
        asked.append(row)
        return 2 * (row > 9)

    order = ranked(cosines, [1.0] * 300, weight=4.0, phrased=phrased)
    assert order[:21] == [*range(10, 30), 0] and asked == list(range(30))


@pytest.mark.parametrize("spread", [3, 50, 100_000])
def test_a_place_is_that_among_all_that_answer_of_equals_the_lowest_id_first(spread: int) -> None:
    noise = np.random.default_rng(spread)
    scores = (noise.integers(0, spread, 2000) - 2) / 7
    ids = noise.permutation(2000).astype(np.uint64)
    answering = noise.permutation(2000)[:900]
    order = sorted(answering.tolist(), key=lambda row: (-scores[row], ids[row]))
    rows = order[::50]
    told = {row: order.index(row) + 1 for row in rows if scores[row] > 0}
    assert places_of(rows, answering, scores, ids) == told
