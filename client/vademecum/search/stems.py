"""Snowball's stems, by the language that documents say they are in; js/search/stems.mjs is the twin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
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
    """Return what each algorithm leaves of a folded word."""
    return frozenset(_stem(word, name) for name in algorithms)


@lru_cache(maxsize=1 << 16)
def _stem(word: str, algorithm: str) -> str:
    return _stemmer(algorithm)(word)


@cache
def _stemmer(algorithm: str) -> Callable[[str], str]:
    # Here: who reads a language's name of this module stems no word.
    import snowballstemmer

    # The pure one, which is the same everywhere: a compiled one is taken where PyStemmer lies beside.
    stem: Callable[[str], str] = snowballstemmer.stemmer(algorithm).stemWord
    return stem
