"""Guesses the language of a text by the words that every text of a language has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from vademecum.search.language import TAGS
from vademecum.search.stop_words import STOP_WORDS
from vademecum.search.tokens import parts_of, runs_of

_RUSSIAN = frozenset("ыэё")
"""Letters that every page of Russian has, but Bulgarian, Ukrainian and Serbian do not."""
_LOOKED_AT, _ENOUGH = 2000, 40
"""The most words that are examined, and the least for a guess."""
_SHARE, _SHARE_OF_MANY, _MANY, _AHEAD, _DIFFERENT = 0.15, 0.05, 400, 1.5, 5
"""The least share of common words (smaller in long texts: catalogs have names and measures), how far the first language
must be ahead of the next (Portuguese and Spanish share half of theirs), and how many different ones are needed: `a`,
`o`, `na` and `se` are words of Czech and Polish as well as of Portuguese."""


def is_short(texts: Iterable[str]) -> bool:
    """Return whether texts have too few words to guess their language."""
    return len(list(islice(_words(texts), _ENOUGH))) < _ENOUGH


def guess_language(texts: Iterable[str]) -> str:
    """Return the tag of the language of texts; empty for English, or if it is unknown.

    >>> guess_language(["Die Pumpe wird mit dem Schlüssel geöffnet, und der Filter ist in einer Stunde trocken. "] * 4)
    'de'
    """
    words = list(islice(_words(texts), _LOOKED_AT))
    found = Counter(words)
    counts = {name: sum(found[word] for word in words_ & found.keys()) for name, words_ in STOP_WORDS.items()}
    first, second, *_ = sorted(counts, key=lambda name: (-counts[name], name))
    different = len(STOP_WORDS[first] & found.keys()) >= _DIFFERENT
    different = different and (first != "russian" or any(_RUSSIAN & set(word) for word in found))
    share = _SHARE if len(words) < _MANY else _SHARE_OF_MANY
    sure = different and counts[first] >= max(share * len(words), _AHEAD * counts[second])
    return TAGS[first] if len(words) >= _ENOUGH and sure and first != "english" else ""


def _words(texts: Iterable[str]) -> Iterator[str]:
    """Yield the separate words: the `com` of an address is not Portuguese."""
    return (run for text in texts for run in runs_of(text) if parts_of(run) == (run,))
