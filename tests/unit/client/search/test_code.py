"""Plain words of a question are meant as prose says them: code blocks have them by chance."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from support.app import open_installed
from support.publishing import Line, pulled
from unit.client.search.test_neighbours import encoder_of
from vademecum.search.segment_words import read_words
from vademecum.search.words import Words

PAGES = {
    "backup.md": "# Backup\n\nCopy the secret file to another disk.\n",
    "sample.md": "# Sample\n\nHere it is.\n\n```\ncopy secret file\ncopy to disk: pump\n```\n",
    "inline.md": "# Inline\n\nSee `secret` and [file](backup.md).\n\n    copy it\n",
    "both.md": "# Both\n\nOf the file.\n\n```\nfile file\n```\n",
}
QUESTION = "copy a secret file"


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    line = Line(tmp_path_factory.mktemp("code"))
    line.release(PAGES)
    opened = asyncio.run(open_installed(pulled(line)))
    assert opened is not None
    opened = replace(opened, encoder=encoder_of({"copy": (1, 0, 0, 0)}))  # nothing is near
    return Words(opened, [read_words(segment) for segment in opened.state.segments], ("english",))


def found(words: Words, query: str, *, widely: bool = True) -> set[str]:
    """Return the pages that have a word of the query."""
    scores = words.find(query, widely=widely).scores
    return {sorted(PAGES)[owner] for owner in words._owners[scores > 0]}


def test_a_plain_word_of_a_question_is_not_found_in_code_blocks(words: Words) -> None:
    assert found(words, QUESTION) == {"backup.md", "both.md", "inline.md"}


@pytest.mark.parametrize("query", ["secret file", '"secret" copy file', "copy_secret file"])
def test_a_word_or_two_what_is_quoted_and_a_name_are(words: Words, query: str) -> None:
    assert "sample.md" in found(words, query)


def test_by_words_alone_it_is(words: Words) -> None:
    assert "sample.md" in found(words, QUESTION, widely=False)


def test_what_no_prose_says_is_looked_for_in_code(words: Words) -> None:
    assert found(words, "secret of the pump disk") == {"backup.md", "inline.md", "sample.md"}


def test_code_between_words_is_prose(words: Words) -> None:
    assert "inline.md" in found(words, "secret of the pump disk")


def test_what_prose_says_counts_as_often_as_code_says_it_too(words: Words) -> None:
    at = words._owners.tolist().index(sorted(PAGES).index("both.md"))
    group = words._expansion.of("file", widely=False).words[0].groups[0][0]
    assert words._counts(group, words._in_titles(group), prose=True)[at] == 3


def test_fewer_have_it_so_it_weighs_more(words: Words) -> None:
    assert words.find(QUESTION, widely=True).weight > words.find(QUESTION).weight
