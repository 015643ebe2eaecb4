"""The tokenizer: the words that a text is found by; js/search/tokens.mjs is the twin (format.md, section 5.2).

A text is composed, and then its characters are folded one by one, by properties that Unicode does not change any more
once a character has them: two runtimes differ at most in characters that the older one does not know yet.

>>> words_of("JSONResponse in app.add_route()")  # doctest: +NORMALIZE_WHITESPACE
('jsonresponse', 'json', 'response', 'in', 'app.add_route', 'app', 'add_route', 'add', 'route')
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MOST_LETTERS: Final = 64
"""Code points of a word; a longer one is cut, an identifier or path counts in its parts alone."""

CAMEL: Final = "\x02"
"""Stands where a word in camel case is cut; the text itself has none."""
HUMPS: Final = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PATH: Final = re.compile("[./:]+")
_JOINT: Final = re.compile(f"[_{CAMEL}-]+")
JOINTS: Final = re.compile("[._/:-]+")
"""What may stand between the parts of one run."""
_JOINTS_OR_HUMPS: Final = re.compile(f"[._/:{CAMEL}-]+")
PARTS: Final = re.compile(f"[^._/:{CAMEL}-]+")
"""What joints and humps part."""
_HALVES: Final = re.compile("[\uff66-\uff9f]+")
"""Kana of half the width, which have a character of its own for what voices them."""
_QUOTED: Final = re.compile('(?:^|\\s)["“„«»]([^"“”„«»]+)["”“«»]')
"""Behind a figure the mark is one of inches."""
MOST_BESIDE: Final = 16
"""Runs beside what stands in quotes: of more, it is prose, whose quotes ask for nothing."""
_LOOSE: Final = re.compile("(?<![0-9])[_-]|[_-](?![0-9])")
_ENDS: Final = "._-/:" + CAMEL

_SPECIAL: Final = {
    **dict.fromkeys("ßẞ", "ss"),
    **dict.fromkeys("æÆ", "ae"),
    **dict.fromkeys("œŒ", "oe"),
    **dict.fromkeys("þÞ", "th"),
    **dict.fromkeys("øØ", "o"),
    **dict.fromkeys("đĐðÐ", "d"),
    **dict.fromkeys("łŁ", "l"),
    **dict.fromkeys("ёЁ", "е"),
    "ı": "i",
    "ς": "σ",
    **dict.fromkeys("\u00ad\u034f\u200b\ufeff", ""),
    **{chr(code): "" for code in range(0xFE00, 0xFE10)},
}
"""What is folded to something that its own properties do not tell."""
PAIRED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
"""Writing without spaces between words: Thai, Lao, Burmese, Khmer, kana and Han."""


class _Folds(dict[int, str]):
    """What each character becomes, made when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = self[code] = character if character in _ENDS else _fold(character)
        return folded


def _fold(character: str) -> str:
    special = _SPECIAL.get(character)
    if special is not None:
        return special
    if not _is_letter(character):
        return " "
    taken = unicodedata.normalize("NFKD", character)
    # Accents of Latin and Greek; in Cyrillic and beyond a mark makes another letter.
    if taken[0] < "\u0400":
        taken = "".join(part for part in taken if not "\u0300" <= part <= "\u036f")
    taken = unicodedata.normalize("NFKC", taken.lower())
    return taken if all(map(_is_letter, taken)) else " "


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


_FOLDS: Final = _Folds()


def is_between(character: str) -> bool:
    """Return whether a character is no part of any word or identifier."""
    return _FOLDS[ord(character)] == " "


def runs_of(text: str) -> list[str]:
    """Return the folded text cut where neither letters nor joints stand: words, identifiers, paths; and where writing
    without spaces begins or ends.

    >>> runs_of("the add_routeを呼ぶ")
    ['the', 'add_route', 'を呼ぶ']
    """
    folded = HUMPS.sub(CAMEL, composed(text).replace(CAMEL, " ")).translate(_FOLDS)
    return (folded if folded.isascii() else PAIRED.sub(r" \g<0> ", folded)).split()


def composed(text: str) -> str:
    """Return a text whose letters are one character each, however they came: `и` and a breve, jamo, `ﾊ` and `ﾞ`."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _HALVES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text))


def words_of(text: str) -> tuple[str, ...]:
    """Return all words of a text, in their order; each identifier whole, then its parts."""
    return tuple(word for run in runs_of(text) for word in parts_of(run))


def named(text: str) -> tuple[str, ...]:
    """Return what a title or a question is called: its words as they are written, identifiers whole.

    >>> named("OAuth2 scopes") == named("oauth2 Scopes")
    True
    """
    runs = (run.replace(CAMEL, "").strip(_ENDS) for run in runs_of(text))
    return tuple(run for run in runs if run)


def quoted_in(query: str) -> list[str]:
    """Return what stands between quotes in a query and has a word: it is meant as it was typed; nothing in prose.

    >>> quoted_in('a 3" pipe: "how to" fit it'), quoted_in('a "virtual" machine' + " and how one sets it up" * 3)
    (['how to'], [])
    """
    phrases = [phrase for phrase in _QUOTED.findall(query) if named(phrase)]
    beside = len(named(query)) - sum(len(named(phrase)) for phrase in phrases)
    return phrases if beside <= MOST_BESIDE else []


def is_typed(query: str) -> bool:
    """Return whether the last word may go on; `*` says so itself."""
    typed = query.removesuffix("*")
    return typed != "" and not is_between(typed[-1])


def letters_of(word: str) -> str:
    """Return a word without what may stand between its parts or not; between digits it says something.

    >>> letters_of("re-index"), letters_of("utf-8"), letters_of("2026-11")
    ('reindex', 'utf8', '2026-11')
    """
    return _LOOSE.sub("", word)


def wholes_of(run: str) -> list[str]:
    """Return the words of a run that are put together of others: names and paths.

    >>> wholes_of("app.add_route"), wholes_of("route")
    (['app.add_route', 'add_route'], [])
    """
    parts = {word for part in _JOINTS_OR_HUMPS.split(run) for word in parts_of(part)}
    return [word for word in parts_of(run) if word not in parts]


@lru_cache(maxsize=1 << 16)
def parts_of(run: str) -> tuple[str, ...]:
    """Return the words of a run: where it is put together of several, the whole and then the parts."""
    run = run.strip(_ENDS)
    found: list[str] = []
    names = [name for name in (part.strip(_ENDS) for part in _PATH.split(run)) if name]
    if len(names) > 1:
        found.append(run.replace(CAMEL, ""))
    for name in names:
        parts = _JOINT.split(name)
        if len(parts) > 1:
            found.append(name.replace(CAMEL, ""))
        for part in parts:
            found.extend(word[:MOST_LETTERS] for word in _written_together(part))
    return tuple(word for word in found if len(word) <= MOST_LETTERS)


def _written_together(part: str) -> Iterable[str]:
    """Return a word, or the pairs of neighbouring letters where a script has no spaces."""
    return (part[i : i + 2] for i in range(max(1, len(part) - 1))) if PAIRED.match(part) else (part,)
