"""The query encoder that a release carries: words in, a vector of small integers out.

Rules of this module (site/content/format.md, section 4.3, is the source of every formula):
* everything is exact integer arithmetic but for one division, so that every runtime gives the same vector;
* the builder splits and looks up words with this very code.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest
from itertools import chain, pairwise, takewhile
from typing import Final

from vademecum.encoder.file import ROW_OFFSET, EncoderFile, decode_encoder_file, row_bytes
from vademecum.errors import SelfTestError

MIN_PREFIX: Final = 3
"""Letters that an unknown word needs to stand for the words that begin with it."""
MAX_COMPLETIONS: Final = 8
"""For so many of these it stands: those that come first in the vocabulary."""

_ONE: Final = 1 << 16  # the factor under the square root of a count

# The two components of each byte of a row: the first lies in the lower half.
_PAIRS: Final = [((byte & 15) + ROW_OFFSET, (byte >> 4) + ROW_OFFSET) for byte in range(256)]


@dataclass(frozen=True)
class Encoder:
    """Encodes texts with one file's table."""

    file: EncoderFile

    @property
    def name(self) -> str:
        """For example `builtin`."""
        return self.file.name

    @property
    def dimensions(self) -> int:
        """D: integers in a vector."""
        return self.file.dimensions

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {word: position for position, word in enumerate(self.file.words)}

    @cached_property
    def _sorted_words(self) -> Sequence[str]:
        return sorted(word for word in self.file.words if " " not in word)

    def knows(self, word: str) -> bool:
        """Return whether a folded word is in the vocabulary."""
        return word in self._positions

    def position(self, word: str) -> int | None:
        """Return where a folded word stands in the vocabulary; None: nowhere."""
        return self._positions.get(word)

    def split(self, text: str) -> list[str]:
        """Return the first 4,096 words of the text, folded, in reading order."""
        return self.file.alphabet.split(text)

    def count(self, words: Iterable[str], *, prefixes: bool) -> Counter[int]:
        """Return how often each word of the vocabulary occurs, by its position in the table.

        Args:
            words: From `split`.
            prefixes: Whether an unknown word stands for the words that begin with it, and two words that the
                vocabulary has together for that, too (queries), or not (documents).
        """
        positions = self._positions
        counts: Counter[int] = Counter()
        read = list(words)
        pairs = map(" ".join, pairwise(read)) if prefixes else ()
        for word, occurrences in Counter(chain(read, pairs)).items():
            position = positions.get(word)
            if position is not None:
                counts[position] += occurrences
            elif prefixes and " " not in word:
                for completion in self._complete(word):
                    counts[completion] += occurrences
        return counts

    def _complete(self, word: str) -> list[int]:
        if len(word) < MIN_PREFIX:
            return []
        words = self._sorted_words
        rest = map(words.__getitem__, range(bisect_left(words, word), len(words)))
        found = takewhile(lambda known: known.startswith(word), rest)
        return nsmallest(MAX_COMPLETIONS, map(self._positions.__getitem__, found))

    def accumulate(self, text: str, *, prefixes: bool = True) -> list[int]:
        """Return the exact sums a_i of format.md, section 4.3: D integers below 2^53 in size."""
        total = [0] * self.dimensions
        for position, occurrences in self.count(self.split(text), prefixes=prefixes).items():
            _add(total, root(occurrences) * self.file.weights[position], self.row(position))
        return total

    def row(self, position: int) -> Sequence[int]:
        """Return the D integers of a word's row, unpacked when they are asked for."""
        width = row_bytes(self.dimensions)
        row = memoryview(self.file.rows)[position * width : (position + 1) * width]
        return list(chain.from_iterable(map(_PAIRS.__getitem__, row.cast("B"))))[: self.dimensions]

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the query vector: D integers from -127 to 127; all zero when no word stands for anything."""
        return shrink(self.accumulate(text, prefixes=True))

    def check_golden(self) -> None:
        """Encode the golden texts; raise SelfTestError if one of them gives another vector than the file says."""
        for golden in self.file.goldens:
            if self.encode(golden.text) != tuple(golden.vector):
                raise SelfTestError(
                    f"encoder {self.name!r} gives another vector than its maker's for {golden.text[:40]!r}; "
                    "the release was not built for this version"
                )


def shrink(values: Sequence[int]) -> tuple[int, ...]:
    """Return the integers in proportion, the largest being 127 in size (format.md, section 4.3).

    >>> shrink([1000, -500, 4])
    (127, -63, 1)
    """
    largest = max(map(abs, values), default=0)
    if not largest:
        return (0,) * len(values)
    # The product may pass 2^53: doubles round it as JavaScript does, where integers would not.
    return tuple(math.floor(float(value) * 127.0 / float(largest) + 0.5) for value in values)


def _add(total: list[int], factor: int, row: Iterable[int]) -> None:
    total[:] = [a + factor * b for a, b in zip(total, row, strict=True)]


def decode_encoder(data: bytes) -> Encoder:
    """Return the encoder of a file's bytes. Raises what `decode_encoder_file` raises."""
    return Encoder(decode_encoder_file(data))


def root(occurrences: int) -> int:
    """Return floor(sqrt(65536 * occurrences)): how much a word counts that occurs so often.

    >>> root(1), root(4)
    (256, 512)
    """
    return math.isqrt(_ONE * occurrences)
