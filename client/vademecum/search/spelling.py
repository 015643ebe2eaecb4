"""Words within a few edits of another: Levenshtein distance with transpositions."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

MOST_CHANGES: Final = 2
LEAST_MISSPELT, LEAST_BEGUN, LONG = 4, 6, 8
"""Letters of a misspelt word, of the misspelt beginning of one, and of one whose first letter, or two letters, may be
misspelt: shorter ones are near to some word by chance."""
_NO_DIGITS: Final = re.compile("[^0-9]+")


def tries(word: str, *, typed: bool, most: int = MOST_CHANGES) -> list[tuple[int, bool]]:
    """Return how a misspelt word is looked for, the likeliest first: how many changes away, and whether it may be the
    beginning of what was meant.

    Args:
        typed: Whether it may go on.
        most: Changes, of a long one.

    >>> tries("kyes", typed=True), tries("rotaet", typed=True)
    ([(1, False)], [(1, False), (1, True)])
    """
    most = 0 if len(word) < LEAST_MISSPELT else min(most, 1) if len(word) < LONG else most
    begins = (False, True) if typed and len(word) >= LEAST_BEGUN else (False,)
    return [(distance, begun) for distance in range(1, most + 1) for begun in begins]


def meant_by(words: Sequence[str], word: str, distance: int, *, begun: bool) -> list[int]:
    """Return which of the sorted words a misspelt one may be, so many changes away: digits are never misspelt, and the
    first letter is only where it is all that is changed in a long word."""
    first, end = begun_alike(words, word)
    found = within(words, word, distance, begun=begun, first=first, end=end)
    if distance == 1 and len(word) >= LONG and not begun:
        found += otherwise_begun(words, word)
    return [number for number in found if _NO_DIGITS.sub("", words[number]) == _NO_DIGITS.sub("", word)]


def within(
    words: Sequence[str], word: str, most: int, *, begun: bool, first: int = 0, end: int | None = None
) -> list[int]:
    """Return which of the sorted words are at most so many changes away, by rising number.

    Neighbours share the rows of the table for the letters that they share; where a row has passed the limit, all words
    that begin so are passed over.

    Args:
        words: All different, rising.
        begun: A beginning of them suffices: `word` is still being typed.
        first, end: Of the words that are looked at; None: all.
    """
    found: list[int] = []
    rows = [list(range(len(word) + 1))]
    before = ""
    at = first
    while at < (len(words) if end is None else end):
        other = words[at]
        shared = 0
        while shared < min(len(before), len(other), len(rows) - 1) and before[shared] == other[shared]:
            shared += 1
        del rows[shared + 1 :]
        for depth in range(shared, len(other)):
            rows.append(_next_row(rows, word, other, depth, most))
            if min(rows[-1]) > most:
                break
        before = other
        reached = [row[-1] for row in rows[1:]]
        if len(rows) <= len(other) and min(rows[-1]) > most:
            if begun and min(reached) <= most:
                found.append(at)
                at += 1
                continue
            passed = other[: len(rows) - 1]
            at = bisect_left(words, passed[:-1] + chr(ord(passed[-1]) + 1), at + 1)
            continue
        if (min(reached) if begun else rows[-1][-1]) <= most:
            found.append(at)
        at += 1
    return found


def begun_alike(words: Sequence[str], word: str) -> tuple[int, int]:
    """Return which of the sorted words have the first letter of another: the first, and the one behind the last."""
    first = bisect_left(words, word[:1])
    return first, bisect_left(words, chr(ord(word[0]) + 1), first)


def otherwise_begun(words: Sequence[str], word: str) -> list[int]:
    """Return which of the sorted words are one change away, in their first letter.

    >>> otherwise_begun(["ackground", "background", "hackground", "ickground"], "ackground")
    [1, 2, 3]
    """
    left = word[1:]
    others = [left, word[1:2] + word[:1] + word[2:]]
    at = 0
    while at < len(words):
        letter = words[at][0]
        others += [letter + left, letter + word]
        _, at = begun_alike(words, letter)
    places = [(bisect_left(words, other), other) for other in others if other[:1] != word[0]]
    return [at for at, other in places if words[at : at + 1] == [other]]


def nearest(words: Sequence[str], word: str) -> str:
    """Return that of the sorted words which a name was probably meant for: one change in three letters, two at most.

    >>> nearest(["lang", "version"], "versoin"), nearest(["lang", "version"], "x")
    ('version', '')
    """
    for most in range(1, min(2, len(word) // 3) + 1):
        for at in within(words, word, most, begun=False):
            return words[at]
    return ""


def _next_row(rows: Sequence[Sequence[int]], word: str, other: str, depth: int, most: int) -> list[int]:
    above = rows[-1]
    row = [depth + 1, *[most + 1] * len(word)]
    for i in range(max(0, depth - most), min(len(word), depth + most + 1)):  # elsewhere so many changes do not suffice
        cost = min(row[i] + 1, above[i + 1] + 1, above[i] + (word[i] != other[depth]))
        if depth and i and word[i] == other[depth - 1] and word[i - 1] == other[depth]:
            cost = min(cost, rows[-2][i - 1] + 1)
        row[i + 1] = cost
    return row
