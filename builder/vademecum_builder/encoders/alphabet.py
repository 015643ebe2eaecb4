"""The alphabet of a knowledge base: which characters make words, and how each is folded.

It is fitted once and then frozen in the encoder file (format.md, section 4.3), because Unicode grows and
runtimes disagree. Letters and digits make words; everything else separates them, so `response_model`, `max-age`
and `HTTP/2` are found by their parts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from typing import Final

from vademecum.encoder.alphabet import Alphabet

# Scripts whose accents people leave out in queries.
_ACCENTED: Final = ("LATIN", "GREEK", "CYRILLIC", "DIGIT")
# Scripts that put no space between words: each character is a word, which is coarse but finds things.
_UNSPACED: Final = ("CJK ", *["HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR"])
# ASCII, Latin-1 and Latin Extended-A: what people type, whatever the documents contain.
_ALWAYS: Final = range(0x180)
_COMBINING: Final = range(0x300, 0x370)


def build_alphabet(texts: Iterable[str]) -> Alphabet:
    """Return the alphabet for these texts: their letters, marks and digits in every case, and the Latin ones.

    The same set of characters gives the same alphabet.
    """
    found = set(map(chr, _ALWAYS)).union(*map(set, texts))
    # What a letter folds to is a letter too, in every case: a query for `ЕЖ` meets a document's `ёж`.
    bases = set(chain.from_iterable(filter(None, map(fold, _with_cases(found)))))
    letters = {*_with_cases(found), *_with_cases(bases)}
    folded = {letter: to for letter in letters if (to := fold(letter)) is not None}
    folded.update((chr(code), "") for code in _COMBINING)
    rising = sorted(folded.items())
    solo = bytes(unicodedata.name(to[:1] or " ", "").startswith(_UNSPACED) for _, to in rising)
    return Alphabet([ord(letter) for letter, _ in rising], [to for _, to in rising], solo)


@cache
def fold(letter: str) -> str | None:
    """Return what one character becomes inside a word, or None if it separates words.

    Latin, Greek and Cyrillic lose case and accents (`É` becomes `e`); other scripts keep their marks, which
    belong to the spelling, and only take their compatible form (`ｶ` becomes `カ`).
    """
    decomposed = unicodedata.normalize("NFKD", letter)
    if unicodedata.name(decomposed[0], "").startswith(_ACCENTED):
        bare = _without_marks(decomposed).casefold()
        result = _without_marks(unicodedata.normalize("NFKD", bare))
    else:
        result = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", letter).casefold())
    return result if result and all(unicodedata.category(part)[0] in "LNM" for part in result) else None


def _without_marks(text: str) -> str:
    return "".join(part for part in text if unicodedata.category(part) != "Mn")


def _with_cases(letters: Iterable[str]) -> Iterator[str]:
    for letter in letters:
        yield letter
        yield from (case for case in (letter.upper(), letter.lower(), letter.title()) if len(case) == 1)
