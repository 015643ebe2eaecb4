"""Deflate blocks written with a codebook of ours (format.md, section 4.4; RFC 1951).

A dynamic block begins with the lengths of its codes, 60 to 110 bytes: more than the edit of a sentence takes. A
*codebook* is that head, written down once; it is not sent, the reader puts it before the bits that were, and any
inflater reads on. zlib cannot be told to write such a block, so what it did write is read as tokens, and those are
written anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

END_OF_BLOCK = 256
MOST_BITS = 15
LENGTH_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)

Token = tuple[int, int]
"""(literal byte, 0), or (length of a match, its distance)."""

LENGTHS: tuple[tuple[int, int], ...] = (
    *((3 + i, 0) for i in range(8)),
    *((3 + (4 + i % 4 << i // 4 - 1), i // 4 - 1) for i in range(8, 28)),
    (258, 0),
)
"""For each symbol from 257 on: the shortest length that it means, and how many bits tell which one."""

DISTANCES: tuple[tuple[int, int], ...] = (
    *((1 + i, 0) for i in range(4)),
    *((1 + (2 + i % 2 << i // 2 - 1), i // 2 - 1) for i in range(4, 30)),
)
"""The same for distances."""


@dataclass(frozen=True)
class Code:
    """A prefix code: for each symbol the bits of its word in the order in which they are sent, and how many."""

    words: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Code:
        """Return the canonical code with words of these lengths; 0 for a symbol without one."""
        word = previous = 0
        words = [(0, 0)] * len(lengths)
        for length, symbol in sorted((length, s) for s, length in enumerate(lengths) if length):
            word <<= length - previous
            words[symbol] = (int(f"{word:0{length}b}"[::-1], 2), length)
            word, previous = word + 1, length
        return cls(tuple(words))

    def table(self) -> tuple[list[tuple[int, int]], int]:
        """Return what each string of so many bits begins with, as (symbol, length), and how many bits."""
        width = max(length for _, length in self.words)
        table = [(-1, 0)] * (1 << width)
        for symbol, (word, length) in enumerate(self.words):
            if length:
                table[word :: 1 << length] = [(symbol, length)] * (1 << width - length)
        return table, width


class _Bits:
    """Reads bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._held = 0
        self._count = 0

    def peek(self, count: int) -> int:
        while self._count < count:
            more = self._data[self._at : self._at + 8]
            self._held |= int.from_bytes(more, "little") << self._count
            self._at += 8
            self._count += 64  # behind the end there are zeros
        return self._held & ((1 << count) - 1)

    def drop(self, count: int) -> None:
        self._held >>= count
        self._count -= count

    def read(self, count: int) -> int:
        value = self.peek(count)
        self.drop(count)
        return value

    def symbol(self, table: tuple[list[tuple[int, int]], int]) -> int:
        symbol, length = table[0][self.peek(table[1])]
        self.drop(length)
        return symbol

    def align(self) -> None:
        """Go to the next byte."""
        self.drop(self._count % 8)


def tokens(data: bytes) -> Iterator[Token]:
    """Yield what a raw deflate stream of zlib's says."""
    bits, last = _Bits(data), 0
    while not last:
        last, kind = bits.read(1), bits.read(2)
        if kind == 0:
            bits.align()
            count = bits.read(32) & 0xFFFF
            yield from ((bits.read(8), 0) for _ in range(count))
            continue
        literal, distance = _fixed() if kind == 1 else read_head(bits)
        tables = literal.table(), distance.table()
        while (symbol := bits.symbol(tables[0])) != END_OF_BLOCK:
            yield (symbol, 0) if symbol < END_OF_BLOCK else _match(bits, symbol, tables[1])


def _match(bits: _Bits, symbol: int, distances: tuple[list[tuple[int, int]], int]) -> Token:
    shortest, extra = LENGTHS[symbol - END_OF_BLOCK - 1]
    length = shortest + bits.read(extra)
    nearest, extra = DISTANCES[bits.symbol(distances)]
    return length, nearest + bits.read(extra)


@lru_cache(1)
def _fixed() -> tuple[Code, Code]:
    return Code.of([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8), Code.of([5] * 30)


def read_head(bits: _Bits) -> tuple[Code, Code]:
    """Return the codes for literals and lengths, and for distances, that the head of a dynamic block tells."""
    literals, distances, count = bits.read(5) + 257, bits.read(5) + 1, bits.read(4) + 4
    lengths = [0] * 19
    for symbol in LENGTH_ORDER[:count]:
        lengths[symbol] = bits.read(3)
    table = Code.of(lengths).table()
    told: list[int] = []
    while len(told) < literals + distances:
        symbol = bits.symbol(table)
        if symbol < 16:
            told.append(symbol)
        elif symbol == 16:
            told += [told[-1]] * (3 + bits.read(2))
        else:
            told += [0] * (3 + bits.read(3) if symbol == 17 else 11 + bits.read(7))
    return Code.of(told[:literals]), Code.of(told[literals:])


class Codebook:
    """Writes one last block whose head is not sent.

    Args:
        head: The head, whole bytes: the three bits of a last dynamic block, and the lengths of its codes.
    """

    def __init__(self, head: bytes) -> None:
        bits = _Bits(head)
        assert bits.read(3) == 0b101, "the head of a last dynamic block"
        literals, distances = read_head(bits)
        self._literals = literals.words
        self._distances = distances.words
        self.lengths = np.array([length for _, length in literals.words])
        """Bits of each literal; END_OF_BLOCK and the lengths of matches follow, where there are any. [symbols]"""

    def literals(self, data: bytes) -> bytes:
        """Return the bits of these bytes as they are, and the end of the block."""
        return self.write((byte, 0) for byte in data)

    def write(self, stream: Iterable[Token]) -> bytes:
        """Return the bits of these tokens and the end of the block."""
        out = bytearray()
        held = count = 0
        for word, length in self._words(stream):
            held |= word << count
            count += length
            while count >= 8:
                out.append(held & 0xFF)
                held >>= 8
                count -= 8
        if count:
            out.append(held)
        return bytes(out)

    def _words(self, stream: Iterable[Token]) -> Iterator[tuple[int, int]]:
        for value, distance in stream:
            if not distance:
                yield self._literals[value]
                continue
            symbol = length_symbol(value)
            shortest, extra = LENGTHS[symbol]
            yield self._literals[END_OF_BLOCK + 1 + symbol]
            yield value - shortest, extra
            symbol = distance_symbol(distance)
            nearest, extra = DISTANCES[symbol]
            yield self._distances[symbol]
            yield distance - nearest, extra
        yield self._literals[END_OF_BLOCK]


def length_symbol(length: int) -> int:
    """Return the place in LENGTHS of a match's length."""
    return _LENGTH_PLACES[length]


def distance_symbol(distance: int) -> int:
    """Return the symbol of a distance: two for each power of two (RFC 1951, section 3.2.5)."""
    if distance <= 4:
        return distance - 1
    power = (distance - 1).bit_length() - 1
    return 2 * power + (distance - 1 >> power - 1 & 1)


_LENGTH_PLACES = {
    shortest + more: place for place, (shortest, extra) in enumerate(LENGTHS) for more in range(1 << extra)
}
