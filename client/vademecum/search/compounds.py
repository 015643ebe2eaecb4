"""Words that others are put together of where several are written as one: js/search/compounds.mjs is the twin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vademecum.search.stems import stems_of

_PUT_TOGETHER: Final = frozenset({"danish", "dutch", "finnish", "german", "hungarian", "norwegian", "swedish"})
"""Algorithms of languages that write several words as one."""
_LEAST_PART, _LEAST_REST = 4, 3
"""Letters of a word that others are put together of, and of what they have beside it."""
_LONGEST_ENDING: Final = 3
"""Letters that a stem lacks at most; what lacks more (*sich* of *Sicherheit*) begins words of another meaning."""
_DOUBLED: Final = re.compile(r"(.)\1+")


def put_together(words: Sequence[str], word: str, algorithms: tuple[str, ...]) -> list[int]:
    """Return which words are longer and end or begin with this one, as *Bratpfanne* does with *Pfanne*, *Duschkopf*
    with *Dusche*; none in languages that write them apart."""
    least = max(_LEAST_PART, len(word) - _LONGEST_ENDING)
    stems = tuple(stem for stem in stems_of(word, algorithms) if len(stem) >= least)
    if not stems or _PUT_TOGETHER.isdisjoint(algorithms):
        return []

    def has(longer: str) -> bool:
        if not any(stem in longer for stem in stems):
            return False
        forms = (longer, *stems_of(longer, algorithms))
        # But for a doubled letter this is how it begins: *Newsleter* is misspelt, and no part of *Newsletters*.
        is_meant = not longer.startswith(word) and _single(longer).startswith(_single(word))
        return any(
            len(form) >= len(stem) + _LEAST_REST and (form.endswith(stem) or (not is_meant and form.startswith(stem)))
            for form in forms
            for stem in stems
        )

    return [number for number, each in enumerate(words) if has(each)]


def _single(word: str) -> str:
    """Return a word with each doubled letter once."""
    return _DOUBLED.sub(r"\1", word)
