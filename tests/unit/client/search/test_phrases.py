"""What a chunk, its headings and its page's title say of a query, word for word."""

from __future__ import annotations

import pytest

from support.growth import grows_with_the_square
from unit.client.search.test_places import START, index_of
from vademecum.search.phrases import Phrases, standing


def read(text: str = START, *, key: str = "a", title: str = "Pump") -> Phrases:
    return index_of({key: ({}, [("", text)])}, title=title)._phrases


@pytest.mark.parametrize(
    ("key", "title", "dated"),
    [
        *((key, "2.0", True) for key in ("history/changelog-2.0.md", "CHANGES", "blog/a.md", "docs/2024-11-22-a.md")),
        *((key, "2.0", True) for key in ("2024/1/2/a.md", "a/news/2.md", "release_notes.md", "docs/whatsnew/2.html")),
        *(("2.md", title, True) for title in ("What's new in 2.0", "Release notes", "Change history for pumps")),
        *((key, "Pump", False) for key in ("blog.md", "news.md", "newsletter/a.md", "exchanges.md", "2024-1.md")),
        *(("2.md", title, False) for title in ("Version history", "Changeset", "Interchange log")),
    ],
)
def test_a_page_that_tells_what_was_new_once_is_known_by_its_key_or_title(key: str, title: str, *, dated: bool) -> None:
    assert read(key=key, title=title).is_dated(0) is dated


@pytest.mark.parametrize(
    ("query", "words"),
    [("pump", 2), ("start the pump", 3), ("red_lever", 3), ("pump.startNow", 5), ("lever start", 0), ("start_now", 0)],
)
def test_what_is_said_word_for_word_counts_by_its_words_and_a_name_by_its_parts(query: str, words: int) -> None:
    text = f"{START} See red_lever and pump.startNow."
    assert read(text).phrased(query)(0) == words


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ("code of con", True),
        ("Code of c", True),
        ("code of con*", True),
        ("code of con ", False),
        ("code of conduct", False),  # a title that has all words needs no more
        ("code of cod", False),
        ("of con duct", False),
        ("con", False),
    ],
)
def test_a_title_that_is_being_typed_counts_as_a_heading_does(query: str, *, counts: bool) -> None:
    assert read(title="A society's code of conduct").headed(query)(0) is counts


def test_where_a_phrase_stands_is_found_in_a_sentence_of_any_length() -> None:
    stands = standing(["rotate a key"])
    assert not grows_with_the_square(lambda size: stands("rotate a key " + "word " * size), 200)
    assert stands("To rotate a key " + "word " * 9) == 3
