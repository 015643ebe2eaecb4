"""The words of one segment: which rows have which, and how often. A pure function of the segment's bytes, so that it
can be kept beside the segment for as long as that is installed (format.md, section 5.2)."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vademecum.format.markup import Code, parse, plain_block
from vademecum.format.segment import HEADING_SEPARATOR, Segment
from vademecum.search.tokens import parts_of, runs_of

HEADING_WEIGHT: Final = 2
"""How often a word of the headings counts; one of the text counts once."""
_MOST: Final = 255


@dataclass(frozen=True)
class Postings:
    """Which rows have each word. W words.

    Attributes:
        starts: Word w has `rows[starts[w]:starts[w + 1]]`, int64 [W + 1].
        codes: From `rows[codes[w]]` on they have it in code blocks alone, int64 [W].
        rows: Those before and from there on each rise, uint32.
        counts: How often, headings twice, at most 255; uint8.
        lengths: Of each row the sum of all counts, uint32.
    """

    starts: NDArray[np.int64]
    codes: NDArray[np.int64]
    rows: NDArray[np.uint32]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.uint32]

    def of(self, word: int, *, prose: bool = False) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """Return rows and counts of a word; with `prose` not of those that have it in code blocks alone."""
        span = slice(self.starts[word], self.codes[word] if prose else self.starts[word + 1])
        return self.rows[span], self.counts[span]


@dataclass(frozen=True)
class SegmentWords:
    """The words of a segment of n chunk rows and m document rows.

    Attributes:
        words: All different ones, rising by code points.
        chunks: In headings and texts of the chunk rows.
        titles: In the titles of the document rows.
    """

    words: list[str]
    chunks: Postings
    titles: Postings

    def find(self, word: str) -> int | None:
        """Return the number of a word, if it is there."""
        at = bisect_left(self.words, word)
        return at if at < len(self.words) and self.words[at] == word else None

    def beginning_with(self, prefix: str) -> Iterator[int]:
        """Yield the numbers of the words that begin so."""
        at = bisect_left(self.words, prefix)
        while at < len(self.words) and self.words[at].startswith(prefix):
            yield at
            at += 1


def read_words(segment: Segment) -> SegmentWords:
    """Read all texts of a segment."""
    numbers: dict[str, int] = {}
    texts = (segment.cells(segment.chunk_columns[1:4:2], row) for row in range(len(segment.ids)))
    chunks = _gather(
        (_counted(headings.decode(), text.decode(), numbers) for headings, text in texts), len(segment.ids)
    )
    count = len(segment.document_sequences)
    told = (segment.cells(segment.document_columns[:1], row)[0].decode() for row in range(count))
    titles = _gather((_Counted(_tally(title, numbers)) for title in told), count)
    words = sorted(numbers)
    order = np.array([numbers[word] for word in words], np.int64)
    renumbered = np.empty(len(words), np.int64)
    renumbered[order] = np.arange(len(words))
    return SegmentWords(words, _postings(*chunks, renumbered), _postings(*titles, renumbered))


class _Counted(NamedTuple):
    """How often a row has its words: those outside code blocks, and those in code blocks alone."""

    prose: Mapping[int, int]
    code: Mapping[int, int] = {}


def _counted(headings: str, text: str, numbers: dict[str, int]) -> _Counted:
    blocks = parse(text)
    prose = _tally("\n".join(plain_block(block) for block in blocks if not isinstance(block, Code)), numbers)
    for word, count in _tally(headings.replace(HEADING_SEPARATOR, " "), numbers).items():
        prose[word] += HEADING_WEIGHT * count
    code = _tally("\n".join(block.text for block in blocks if isinstance(block, Code)), numbers)
    for word in prose.keys() & code.keys():
        prose[word] += code.pop(word)
    return _Counted(prose, code)


def _tally(text: str, numbers: dict[str, int]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for run, times in Counter(runs_of(text)).items():
        for word in parts_of(run):
            counts[numbers.setdefault(word, len(numbers))] += times
    return counts


_Gathered: TypeAlias = "tuple[array[int], array[int], array[int], array[int]]"


def _gather(rows: Iterable[_Counted], count: int) -> _Gathered:
    """Return words, rows and counts, as long as each other, and the rows' lengths; a word number is twice its own, and
    one more where the row has it in code blocks alone."""
    words, places, counts, lengths = array("I"), array("I"), array("B"), array("I", bytes(4 * count))
    for row, counted in enumerate(rows):
        for in_code, found in enumerate(counted):
            words.extend([2 * word + in_code for word in found])
            places.extend([row] * len(found))
            capped = [min(times, _MOST) for times in found.values()]
            counts.extend(capped)
            lengths[row] += sum(capped)
    return words, places, counts, lengths


def _postings(
    words: array[int], rows: array[int], counts: array[int], lengths: array[int], renumbered: NDArray[np.int64]
) -> Postings:
    halves = np.frombuffer(words, np.uint32).astype(np.int64) if words else np.zeros(0, np.int64)
    numbers = 2 * renumbered[halves >> 1] + (halves & 1) if words else halves
    order = np.argsort(numbers, kind="stable")
    bounds = np.searchsorted(numbers[order], np.arange(2 * len(renumbered) + 1))
    return Postings(
        bounds[::2],
        bounds[1::2],
        np.array(rows, np.uint32)[order],
        np.array(counts, np.uint8)[order],
        np.array(lengths, np.uint32),
    )
