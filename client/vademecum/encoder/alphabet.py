"""What counts as part of a word, and how it is folded: the file says so, the platform is never asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

MAX_WORDS_READ: Final = 4096
"""Words of a text that are read; the rest is left out."""

# No text that came from UTF-8 holds a lone surrogate, so this separator can never stand inside a word.
_BREAK: Final = "\ud800"


class _Translation(dict[int, str]):
    """What `str.translate` looks characters up in: one that is not in the alphabet ends the word."""

    def __missing__(self, code: int) -> str:
        return _BREAK


@dataclass(frozen=True)
class Alphabet:
    """What counts as part of a word, and how it is folded.

    Attributes:
        codes: Unicode code points, strictly rising.
        to: What each becomes; may be empty (dropped) or longer than one character.
        solo: For each code point 1 if it is a word by itself, else 0.
    """

    codes: Sequence[int]
    to: Sequence[str]
    solo: bytes

    @cached_property
    def _translation(self) -> _Translation:
        columns = zip(self.codes, self.to, self.solo, strict=True)
        return _Translation((code, f"{_BREAK}{to}{_BREAK}" if solo else to) for code, to, solo in columns)

    def split(self, text: str) -> list[str]:
        """Return the first 4,096 words of the text, folded, in reading order."""
        return list(islice(filter(None, text.translate(self._translation).split(_BREAK)), MAX_WORDS_READ))
