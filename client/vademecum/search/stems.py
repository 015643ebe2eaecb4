"""Snowball's stems, by the language that documents say they are in; js/search/stems.mjs is the twin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from threading import local
from typing import Final

LANGUAGES: Final = {
    "": "english",
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""The algorithm for the first part of a language tag (BCP 47), or for none."""
DEFAULT: Final = "english"
_OF_THREAD: Final = local()
_LETTERS: Final = re.compile("[a-z]{5,}")
_DOUBLED: Final = re.compile(r"(.)([^aeiou])\2")
_SHORT: Final = 5
"""Letters up to which vowels stay: *flour* and *pasta* are no other spellings."""
BEFORE: Final = {
    "arabic": "ال بال كال لل ف و ب".split(),
    "indonesian": "di ke me mem men meng pe pem pen peng ter memper diper".split(),
    "sesotho": "ba boi le li ma me mo se".split(),
}
"""What an algorithm takes off in front of a word: so others of the same stem begin, as Arabic ones do."""


def algorithms_of(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the algorithms for these language tags, each once, sorted; for none that is known, that of English.

    >>> algorithms_of(["de-AT", "en", "tlh"]), algorithms_of([])
    (('english', 'german'), ('english',))
    """
    found = {LANGUAGES.get(tag.lower().partition("-")[0]) for tag in tags} - {None}
    return tuple(sorted(name for name in found if name)) or (DEFAULT,)


def stems_of(word: str, algorithms: tuple[str, ...]) -> frozenset[str]:
    """Return what each algorithm leaves of a folded word; of English ones in one spelling for all."""
    return frozenset(_stem(word, name) for name in algorithms)


@lru_cache(maxsize=1 << 16)
def _stem(word: str, algorithm: str) -> str:
    stem = _stemmer(algorithm)(word)
    return spelling(stem) if algorithm == DEFAULT else stem


def spelling(stem: str) -> str:
    """Return one spelling for all that an English stem has: site/content/decisions/words.md.

    >>> [spelling(stem) for stem in ("colour", "organiz", "licenc", "centr", "yoghurt", "lasagna", "chilli")]
    ['color', 'organis', 'licens', 'center', 'yogurt', 'lasagn', 'chili']
    """
    if not _LETTERS.fullmatch(stem):
        return stem
    same = _DOUBLED.sub(r"\1\2", stem).replace("z", "s").replace("gh", "g")
    if same.endswith("c"):
        same = same[:-1] + "s"
    if same.endswith(("br", "tr")):
        same = same[:-1] + "er"
    return same if len(stem) <= _SHORT else same.replace("our", "or").removesuffix("a")


def _stemmer(algorithm: str) -> Callable[[str], str]:
    """Return what stems by an algorithm, one for each thread: it keeps in itself the word that it is at."""
    made = vars(_OF_THREAD)
    if algorithm not in made:
        # Here: who reads a language's name of this module stems no word.
        import snowballstemmer

        # The pure one, which is the same everywhere: a compiled one is taken where PyStemmer lies beside.
        made[algorithm] = snowballstemmer.stemmer(algorithm).stemWord
    stem: Callable[[str], str] = made[algorithm]
    return stem
