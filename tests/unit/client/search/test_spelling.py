"""Words a few changes away, by a walk that shares rows: the same as comparing each word by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vademecum.search.spelling import begun_alike, otherwise_begun, within

TEXTS = st.text("abc", min_size=1, max_size=7)


def distance(one: str, other: str) -> int:
    """Optimal string alignment, as textbooks have it."""
    table = [[i + j if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(st.lists(TEXTS, unique=True, max_size=40).map(sorted), TEXTS, st.integers(1, 2))
def test_the_walk_finds_what_comparing_each_finds(words: list[str], word: str, most: int) -> None:
    whole = [i for i, other in enumerate(words) if distance(other, word) <= most]
    assert within(words, word, most, begun=False) == whole
    begun = [
        i
        for i, other in enumerate(words)
        if min(distance(other[:size], word) for size in range(1, len(other) + 1)) <= most
    ]
    assert within(words, word, most, begun=True) == begun


@given(st.lists(TEXTS, unique=True, max_size=40).map(sorted), TEXTS)
def test_what_begins_alike_is_looked_at_alone_and_what_does_not_is_one_letter_away(words: list[str], word: str) -> None:
    first, end = begun_alike(words, word)
    assert words[first:end] == [other for other in words if other[0] == word[0]]
    assert within(words, word, 2, begun=False, first=first, end=end) == [
        i for i in range(first, end) if distance(words[i], word) <= 2
    ]
    others = [i for i, other in enumerate(words) if other[0] != word[0] and distance(other, word) == 1]
    assert sorted(otherwise_begun(words, word)) == others
