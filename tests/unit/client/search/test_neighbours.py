"""Words of a question stand for those that mean nearly the same: which these are, and where they count."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from support.app import open_installed
from support.publishing import Line, pulled
from vademecum.encoder.alphabet import Alphabet
from vademecum.encoder.file import ROW_OFFSET, EncoderFile
from vademecum.encoder.query import Encoder
from vademecum.search import words as of_words
from vademecum.search.neighbours import MOST_LOOKED_AT, MOST_NEAR, Neighbours
from vademecum.search.question import Question
from vademecum.search.searcher import Searcher
from vademecum.search.segment_words import read_words
from vademecum.search.words import Words

PAGES = {
    "login.md": "# Login\n\nThe login asks for a code that came by mail.\n",
    "account.md": "# Account\n\nOf each reader there is one account.\n",
    "pump.md": "# Pump\n\nA pump moves water, and mail to each reader.\n",
}
ROWS = {
    "account": (2, 0, 0, 0),
    "login": (3, 1, 0, 0),
    "mail": (0, 0, 3, 0),
    "reader": (0, 0, 0, 3),
    "pump": (0, 3, 0, 0),
}


def encoder_of(rows: Mapping[str, Sequence[int]]) -> Encoder:
    packed = b"".join(
        bytes((low - ROW_OFFSET) | ((high - ROW_OFFSET) << 4) for low, high in zip(row[::2], row[1::2], strict=True))
        for row in rows.values()
    )
    return Encoder(EncoderFile("test", 4, list(rows), packed, [1] * len(rows), Alphabet([], [], b"")))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    line = Line(tmp_path_factory.mktemp("neighbours"))
    line.release(PAGES)
    opened = asyncio.run(open_installed(pulled(line)))
    assert opened is not None
    opened = replace(opened, encoder=encoder_of(ROWS))
    return Words(opened, [read_words(segment) for segment in opened.state.segments], ("english",))


def test_near_is_what_has_half_of_the_cosine_the_nearest_first() -> None:
    near = {"one": (2, 0, 0, 0), "half": (1, 1, 1, 1), "far": (1, 2, 0, 0), "same": (4, 0, 0, 0), "away": (-2, 0, 0, 0)}
    found = Neighbours(encoder_of({**near, "nothing": (0, 0, 0, 0)}))
    assert found.of("one") == [("same", 1.0), ("half", 0.25)]
    assert found.of("nothing") == found.of("unknown") == []


def test_of_equals_the_first_words_of_the_table_are_near_and_few_of_them() -> None:
    found = Neighbours(encoder_of(dict.fromkeys("abcdefgh"[: MOST_NEAR + 2], (1, 0, 0, 0))))
    assert [word for word, _ in found.of("b")] == [*"acdefgh"[:MOST_NEAR]]


def test_what_was_found_is_kept() -> None:
    found = Neighbours(encoder_of(dict.fromkeys("abc", (1, 0, 0, 0))))
    assert found.of("b") is found.of("b") and found.of("b") != found.of("c")


def test_a_number_means_itself_and_no_word_means_a_number() -> None:
    found = Neighbours(encoder_of(dict.fromkeys(["1998", "2002", "year", "date", "v2", "last year"], (1, 0, 0, 0))))
    assert (found.of("1998"), found.of("v2"), found.of("year")) == ([], [], [("date", 1.0)])


def test_words_of_few_texts_have_neighbours_and_are_none() -> None:
    rows = {f"w{number}": (0, 1, 0, 0) for number in range(MOST_LOOKED_AT - 1)}
    found = Neighbours(encoder_of({"first": (1, 0, 0, 0), **rows, "rare": (1, 0, 0, 0)}))
    assert (found.of("rare"), found.of("first")) == ([("first", 1.0)], [])


def has(words: Words, query: str, key: str, *, widely: bool = True) -> bool:
    """Return whether the chunk of a page has a word of the query."""
    return bool(words.find(query, widely=widely).scores[words._owners == sorted(PAGES).index(key)].max() > 0)


def test_a_word_of_a_question_finds_what_means_nearly_the_same(words: Words) -> None:
    asked = "account for water and readers"
    assert has(words, asked, "login.md")
    assert not has(words, asked, "login.md", widely=False)
    found, plain = words.find(asked, widely=True), words.find(asked)
    assert (found.words, found.weight, found.share, found.unknown) == (plain.words, plain.weight, plain.share, ())


@pytest.mark.parametrize(
    "query", ["account", "account water", 'the "account" of water readers', "account_water_reader"]
)
def test_a_word_or_two_what_is_quoted_and_a_name_mean_just_these(words: Words, query: str) -> None:
    assert not has(words, query, "login.md")


def test_what_is_near_counts_less_than_the_word_itself(words: Words) -> None:
    scores = words.find("account for water and readers", widely=True).scores
    login, account = (scores[words._owners == sorted(PAGES).index(key)].max() for key in ("login.md", "account.md"))
    assert 0 < login < account


def test_where_many_texts_are_some_say_it_so(words: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_words, "_MOST_WIDELY", words.count - 1)
    assert not has(words, "account for water and readers", "login.md")


def test_by_words_alone_words_mean_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(tmp_path)
    line.release(PAGES)
    opened = asyncio.run(open_installed(pulled(line)))
    assert opened is not None
    asked: list[bool] = []
    find = Words.find

    def told(self: Words, query: str, *, widely: bool = False) -> of_words.WordMatches:
        asked.append(widely)
        return find(self, query, widely=widely)

    monkeypatch.setattr(Words, "find", told)
    searcher = Searcher(opened)
    for mode in ("hybrid", "lexical", "semantic"):
        searcher.search(Question("account for water and readers", mode=mode))
    assert asked == [True, False, False]
