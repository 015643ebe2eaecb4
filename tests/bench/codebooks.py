"""Prints the codebooks of client/vademecum/codebooks.py: `codebooks.py CRANFIELD`.

For vectors of 4 bits nothing is learnt: a component of a rotated vector is normally distributed, its levels are half
a standard deviation apart (decisions/quantiser.md), so the frequency of each byte follows.

For texts the frequencies of literals, lengths and distances are counted where zlib codes paragraphs against copies of
themselves that lack a few phrases: English prose of two kinds, the abstracts of Cranfield and the help texts that
come with Python. No text of a history that a benchmark replays is among them.

A codebook is frozen with the format: this script says where it came from, and is not run again.
"""

from __future__ import annotations

import heapq
import json
import random
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from math import erf, floor, sqrt
from pathlib import Path
from pydoc_data.topics import topics  # type: ignore[import-untyped,unused-ignore]

from vademecum_builder.delta.deflate_blocks import (
    END_OF_BLOCK,
    LENGTH_ORDER,
    MOST_BITS,
    Code,
    Token,
    distance_symbol,
    length_symbol,
    tokens,
)

_SYMBOLS = 286
_CHUNK = 600
Part = tuple[int, tuple[int, int] | None]
"""A symbol of the code of code lengths, and its extra bits: (value, how many)."""

CORRELATIONS = (0.995, 0.98, 0.94, 0.86, 0.7)
"""Between a vector and the one that it replaces: from a comma more to a paragraph rewritten."""


def code_lengths(weights: Sequence[float], most: int) -> list[int]:
    """Return the lengths of a Huffman code of these weights, none above `most`: rare symbols are made less rare."""
    floor = sum(weights) / 2**most
    while True:
        lengths = _huffman([max(weight, floor) for weight in weights])
        if max(lengths) <= most:
            return lengths
        floor *= 1.1


def _huffman(weights: Sequence[float]) -> list[int]:
    lengths = [0] * len(weights)
    heap = [(weight, symbol, [symbol]) for symbol, weight in enumerate(weights)]
    heapq.heapify(heap)
    for number in range(len(weights), 2 * len(weights) - 1):
        light, _, left = heapq.heappop(heap)
        heavy, _, right = heapq.heappop(heap)
        for symbol in left + right:
            lengths[symbol] += 1
        heapq.heappush(heap, (light + heavy, number, left + right))
    return lengths


def head(literals: Sequence[int], distances: Sequence[int]) -> bytes:
    """Return the head of a last dynamic block, told in such a way that it ends with a byte."""
    told = [*literals, *distances]
    runs = list(_runs(told))
    for spelled in range(len(runs) + 1):  # the first so many runs are spelled out
        parts: list[Part] = [(length, None) for run in runs[:spelled] for length in _spelled(run)]
        parts += [part for run in runs[spelled:] for part in _folded(run)]
        bits = _head_bits(parts, len(literals), len(distances))
        if bits is not None:
            return int(bits[::-1], 2).to_bytes(len(bits) // 8, "little")
    raise SystemExit("no spelling of this head ends with a byte")


def _runs(told: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for at in range(1, len(told) + 1):
        if at == len(told) or told[at] != told[start]:
            yield told[start], at - start
            start = at


def _spelled(run: tuple[int, int]) -> list[int]:
    return [run[0]] * run[1]


def _folded(run: tuple[int, int]) -> list[Part]:
    """Return a run as its length and repeats of it: (symbol, (extra bits, how many))."""
    length, count = run
    parts: list[Part] = [(length, None)]
    count -= 1
    while count >= 3:
        step = min(6, count)
        parts.append((16, (step - 3, 2)))
        count -= step
    return parts + [(length, None)] * count


def _head_bits(parts: Sequence[Part], literals: int, distances: int) -> str | None:
    """Return the bits, or None where they do not end with a byte however many lengths are told."""
    counts = Counter(symbol for symbol, _ in parts)
    lengths = code_lengths([counts[symbol] for symbol in sorted(counts)], 7)
    by_symbol = dict(zip(sorted(counts), lengths, strict=True))
    words = Code.of([by_symbol.get(symbol, 0) for symbol in range(19)]).words
    body = ""
    for symbol, extra in parts:
        body += _sent(*words[symbol]) + ("" if extra is None else _sent(*extra))
    needed = max(place for place, symbol in enumerate(LENGTH_ORDER) if symbol in by_symbol) + 1
    for count in range(max(4, needed), 20):
        start = "1" + _sent(2, 2) + _sent(literals - 257, 5) + _sent(distances - 1, 5) + _sent(count - 4, 4)
        start += "".join(_sent(by_symbol.get(symbol, 0), 3) for symbol in LENGTH_ORDER[:count])
        if (len(start) + len(body)) % 8 == 0:
            return start + body
    return None


def _sent(value: int, count: int) -> str:
    """Return bits in the order in which they are sent."""
    return f"{value:0{count}b}"[::-1] if count else ""


def vector_book() -> bytes:
    """Return the codebook of packed vectors of 4 bits."""
    return _pair_book([_between(code - 8.5, code - 7.5) for code in range(16)])


def difference_book(correlation: float) -> bytes:
    """Return the codebook of differences, modulo 16, between two vectors of 4 bits with so correlated components."""
    spread = sqrt(1 - correlation * correlation)
    weights = [0.0] * 16
    for step in range(-200, 200):  # the first component, in sixteenths of a level
        old = (step + 0.5) / 16
        chance = _between(step / 16, (step + 1) / 16)
        for code in range(-8, 8):
            new = ((code + edge) - correlation * old for edge in (-0.5, 0.5))
            low, high = (value / spread for value in new)
            weights[(code - floor(old + 0.5)) % 16] += chance * _between(low, high)
    return _pair_book(weights)


def _pair_book(levels: Sequence[float]) -> bytes:
    weights = [levels[byte & 15] * levels[byte >> 4] for byte in range(256)] + [2.0**-20]
    return head(code_lengths(weights, MOST_BITS), [1])


def _between(low: float, high: float) -> float:
    """Return how often a component lies between two levels, which are half a standard deviation apart."""
    return (erf(high / 2 / sqrt(2)) - erf(low / 2 / sqrt(2))) / 2


def text_book(texts: Sequence[str]) -> bytes:
    """Return the codebook of edited texts."""
    literals: Counter[int] = Counter(dict.fromkeys(range(_SYMBOLS), 1))
    distances: Counter[int] = Counter(dict.fromkeys(range(30), 1))
    chance = random.Random(1)
    for text in texts:
        for stream in _edits(text.encode(), chance):
            literals[END_OF_BLOCK] += 1
            for value, distance in stream:
                literals[END_OF_BLOCK + 1 + length_symbol(value) if distance else value] += 1
                if distance:
                    distances[distance_symbol(distance)] += 1
    return head(
        code_lengths([literals[symbol] for symbol in range(_SYMBOLS)], MOST_BITS),
        code_lengths([distances[symbol] for symbol in range(30)], MOST_BITS),
    )


def _edits(text: bytes, chance: random.Random) -> Iterator[Iterator[Token]]:
    """Yield paragraphs, each coded against the text without some of that paragraph's phrases."""
    for start in range(0, len(text), _CHUNK):
        new = text[start : start + _CHUNK] + b"\xff"
        old = new
        for _ in range(chance.choice((1, 1, 2, 3))):
            at, length = chance.randrange(len(old) or 1), int(chance.expovariate(1 / 60)) + 4
            old = old[:at] + old[at + length :]
        known = (text[:start] + text[start + _CHUNK :])[-24_000:] + old
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, known)
        yield tokens(deflater.compress(new) + deflater.flush())


def main() -> None:
    """Print them all."""
    with (Path(sys.argv[1]) / "documents.jsonl").open() as lines:
        abstracts = [json.loads(line) for line in lines]
    prose = [
        " ".join(f"{row['title']}. {row['text']}" for row in abstracts[i : i + 20]) for i in range(0, 400, 20)
    ]
    helps = [topics[name] for name in sorted(topics)]
    books = {"TEXTS": text_book([*prose, *helps]), "VECTORS": vector_book()}
    books |= {f"DIFFERENCES {correlation}": difference_book(correlation) for correlation in CORRELATIONS}
    for name, book in books.items():
        print(f"{name}: {len(book)} bytes")
        print(*(f'    "{book.hex()[at : at + 96]}"' for at in range(0, 2 * len(book), 96)), sep="\n")


if __name__ == "__main__":
    main()
