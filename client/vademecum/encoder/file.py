"""The query encoder that a release carries: words in, a vector of small integers out.

Rules of this module (site/content/format.md, section 4.3, is the source of every formula):
* everything is exact integer arithmetic but for one division, so that every runtime gives the same vector;
* the platform is never asked what a letter is: the file's alphabet says so;
* the builder splits and looks up words with this very code.
"""

from __future__ import annotations

import math
import re
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest
from itertools import chain, islice, pairwise, takewhile
from typing import Final

from vademecum.errors import ContentError, NewerFormatError, SelfTestError
from vademecum.format.tensors import (
    Strings,
    Tensor,
    TensorFile,
    decode_tensors,
    encode_tensors,
    integers,
    string_column,
)

FORMAT: Final = "vademecum.encoder.1"
MAX_WORDS_READ: Final = 4096
MIN_PREFIX: Final = 3
MAX_COMPLETIONS: Final = 8

# More than any encoder of ours needs, and little enough that the sums stay exact and memory stays bounded.
MAX_DIMENSIONS: Final = 4096
MAX_VOCABULARY: Final = 1 << 16
MAX_ALPHABET: Final = 1 << 18
MAX_LETTER: Final = 64
"""Bytes of what one character becomes."""
MAX_GOLDENS: Final = 256
MAX_GOLDEN_TEXT: Final = 65_536
"""Bytes of one golden text."""
MAX_UNKNOWN: Final = 0xFFFF

PACKED_BITS: Final = 4
PACKED_OFFSET: Final = -8
"""Packed rows: what added to a code of 4 bits makes a component."""

# No text that came from UTF-8 holds a lone surrogate, so this separator can never stand inside a word.
_BREAK: Final = "\ud800"
_ONE: Final = 1 << 16  # the factor under the square root of a count

# The row of an unknown word: FNV-1a, a Weyl sequence, the finalizer of murmur3.
_FNV_OFFSET: Final = 0x811C9DC5
_FNV_PRIME: Final = 0x01000193
STEP: Final = 0x9E3779B9
MIX: Final = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))
UNKNOWN_COMPONENT: Final = 64
_MASK: Final = 0xFFFFFFFF
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,4}")

# The two components of each byte of a packed row: the first lies in the lower half.
_PAIRS: Final = [((byte & 15) + PACKED_OFFSET, (byte >> 4) + PACKED_OFFSET) for byte in range(256)]


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


def root(occurrences: int) -> int:
    """Return floor(sqrt(65536 * occurrences)): how much a word counts that occurs so often."""
    return math.isqrt(_ONE * occurrences)


def hash_word(word: str) -> int:
    """Return FNV-1a, 32 bit, of the word's UTF-8 bytes (Fowler, Noll and Vo)."""
    value = _FNV_OFFSET
    for byte in word.encode():
        value = (value ^ byte) * _FNV_PRIME & _MASK
    return value


def unknown_row(word: str, start: int, dimensions: int) -> list[int]:
    """Return the row of a word that is not in the vocabulary: zeros below `start`, then 64 or -64 each."""
    value = hash_word(word)
    signs = (_mix(value + (i + 1) * STEP & _MASK) & 1 for i in range(start, dimensions))
    return [0] * start + [UNKNOWN_COMPONENT if sign else -UNKNOWN_COMPONENT for sign in signs]


def _mix(value: int) -> int:
    for shift, factor in MIX:
        value = (value ^ value >> shift) * factor & _MASK
    return value ^ value >> 16


@dataclass(frozen=True)
class Golden:
    """A text and the vector (D integers) that the encoder must give for it, on every runtime."""

    text: str
    vector: Sequence[int]


@dataclass(frozen=True)
class EncoderFile:
    """What an encoder file holds.

    Attributes:
        name: For example `builtin`.
        dimensions: D.
        words: The vocabulary, V different words, none empty. The order decides which completions count.
        rows: int8 [V, D], row-major; packed: uint8 [V, `row_bytes(D, bits)`].
        weights: uint16 [V].
        alphabet: How a text is split.
        goldens: For the self-test.
        model: For the builder: what the document vectors were made with, where that is not this table.
        unknown: The weight of words that are not in the vocabulary; 0: they stand for nothing.
        unknown_from: The first dimension that is not zero in their rows.
        bits: Of a component of `rows`: 8, or 4 where they are packed.
    """

    name: str
    dimensions: int
    words: Sequence[str]
    rows: bytes | memoryview
    weights: Sequence[int]
    alphabet: Alphabet
    goldens: Sequence[Golden] = ()
    model: str = ""
    unknown: int = 0
    unknown_from: int = 0
    bits: int = 8


def row_bytes(dimensions: int, bits: int) -> int:
    """Return how many bytes a row takes whose components have so many bits."""
    return -(-dimensions * bits // 8)


@dataclass(frozen=True)
class Encoder:
    """Encodes texts with one file's table."""

    file: EncoderFile

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def dimensions(self) -> int:
        return self.file.dimensions

    @property
    def unknown_from(self) -> int:
        """The first dimension that unknown words have to themselves; 0: there is none."""
        return self.file.unknown_from

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {word: position for position, word in enumerate(self.file.words)}

    @cached_property
    def _sorted_words(self) -> Sequence[str]:
        return sorted(self.file.words)

    def split(self, text: str) -> list[str]:
        """Return the first 4,096 words of the text, folded, in reading order."""
        return self.file.alphabet.split(text)

    def count(self, words: Iterable[str], *, prefixes: bool) -> Counter[int]:
        """Return how often each word of the vocabulary occurs, by its position in the table.

        Args:
            words: From `split`.
            prefixes: Whether an unknown word stands for the words that begin with it (queries) or not
                (documents).
        """
        positions = self._positions
        counts: Counter[int] = Counter()
        for word, occurrences in Counter(words).items():
            position = positions.get(word)
            if position is not None:
                counts[position] += occurrences
            elif prefixes:
                for completion in self._complete(word):
                    counts[completion] += occurrences
        return counts

    def count_unknown(self, words: Iterable[str]) -> Counter[str]:
        """Return how often each unknown word occurs; empty where such words stand for nothing."""
        return (
            Counter(word for word in words if word not in self._positions) if self.file.unknown else Counter()
        )

    def _complete(self, word: str) -> list[int]:
        if len(word) < MIN_PREFIX:
            return []
        words = self._sorted_words
        rest = map(words.__getitem__, range(bisect_left(words, word), len(words)))
        found = takewhile(lambda known: known.startswith(word), rest)
        return nsmallest(MAX_COMPLETIONS, map(self._positions.__getitem__, found))

    def accumulate(self, text: str, *, prefixes: bool = True) -> list[int]:
        """Return the exact sums a_i of format.md, section 4.3: D integers below 2^53 in size."""
        file, dimensions, words = self.file, self.dimensions, self.split(text)
        total = [0] * dimensions
        for position, occurrences in self.count(words, prefixes=prefixes).items():
            _add(total, root(occurrences) * file.weights[position], self.row(position))
        for word, occurrences in self.count_unknown(words).items():
            _add(total, root(occurrences) * file.unknown, unknown_row(word, file.unknown_from, dimensions))
        return total

    def row(self, position: int) -> Sequence[int]:
        """Return the D integers of a word's row; packed ones are unpacked when they are asked for."""
        file, width = self.file, row_bytes(self.dimensions, self.file.bits)
        row = memoryview(file.rows)[position * width : (position + 1) * width]
        if file.bits == 8:
            return row.cast("b")
        return list(chain.from_iterable(map(_PAIRS.__getitem__, row.cast("B"))))[: self.dimensions]

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the query vector: D integers from -127 to 127; all zero when no word stands for anything."""
        return shrink(self.accumulate(text, prefixes=True))

    def check_golden(self) -> None:
        """Encode the golden texts.

        Raises:
            SelfTestError: One of them gives another vector than the file says.
        """
        for golden in self.file.goldens:
            if self.encode(golden.text) != tuple(golden.vector):
                raise SelfTestError(
                    f"encoder {self.name!r} gives another vector than its maker's for {golden.text[:40]!r}; "
                    "the release was not built for this version"
                )


def shrink(values: Sequence[int]) -> tuple[int, ...]:
    """Return the integers in proportion, the largest being 127 in size (format.md, section 4.3)."""
    largest = max(map(abs, values), default=0)
    if not largest:
        return (0,) * len(values)
    # The product may pass 2^53: doubles round it as JavaScript does, where integers would not.
    return tuple(math.floor(float(value) * 127.0 / float(largest) + 0.5) for value in values)


def _add(total: list[int], factor: int, row: Iterable[int]) -> None:
    total[:] = [a + factor * b for a, b in zip(total, row, strict=True)]


def encode_encoder(file: EncoderFile) -> bytes:
    """Return the bytes of the encoder file. The same content gives the same bytes."""
    alphabet, count = file.alphabet, len(file.words)
    tensors = {
        **string_column("word", file.words),
        "word.row": Tensor(
            "I8" if file.bits == 8 else "U8",
            (count, row_bytes(file.dimensions, file.bits)),
            memoryview(file.rows).cast("B"),
        ),
        "word.weight": integers("U16", file.weights),
        "alphabet.from": integers("U32", alphabet.codes),
        **string_column("alphabet.to", alphabet.to),
        "alphabet.solo": Tensor("U8", (len(alphabet.solo),), alphabet.solo),
        **string_column("golden.text", [golden.text for golden in file.goldens]),
        "golden.vector": integers(
            "I8",
            chain.from_iterable(golden.vector for golden in file.goldens),
            (len(file.goldens), file.dimensions),
        ),
    }
    metadata = {"format": FORMAT, "name": file.name} | ({"model": file.model} if file.model else {})
    if file.bits != 8:
        metadata |= {"bits": str(file.bits), "dimensions": str(file.dimensions)}
    if file.unknown:
        metadata |= {"unknown": str(file.unknown), "unknown.from": str(file.unknown_from)}
    return encode_tensors(TensorFile(tensors, metadata))


def decode_encoder(data: bytes) -> Encoder:
    """Read an encoder file. The table stays a view into `data`.

    Raises:
        NewerFormatError: A later major format.
        ContentError: Not an encoder file, or a malformed one.
    """
    tensors = decode_tensors(data)
    name = _checked_name(tensors)
    words = tensors.strings("word")
    dimensions, bits, rows = _read_rows(tensors, len(words))
    _within("words", len(words), 0, MAX_VOCABULARY)
    if len(set(words)) != len(words) or "" in words:
        raise ContentError("encoder: a word is empty or stands twice in the vocabulary")
    weights = tensors.tensor("word.weight", "U16", [len(words)]).values()
    alphabet, goldens = _read_alphabet(tensors), _read_goldens(tensors, dimensions)
    model = tensors.metadata.get("model", "")
    unknown = _read_unknown(tensors, dimensions)
    return Encoder(
        EncoderFile(name, dimensions, words, rows, weights, alphabet, goldens, model, *unknown, bits)
    )


def _read_rows(tensors: TensorFile, count: int) -> tuple[int, int, bytes | memoryview]:
    """Return dimensions, bits of a component, and the rows; bits and dimensions are both named, or neither."""
    found = [tensors.metadata.get(key) for key in ("bits", "dimensions")]
    if found == [None, None]:
        whole = tensors.tensor("word.row", "I8", [count, None])
        _within("dimensions", whole.shape[1], 1, MAX_DIMENSIONS)
        return whole.shape[1], 8, whole.data
    bits, size = (text or "" for text in found)
    if bits != str(PACKED_BITS) or not _DECIMAL.fullmatch(size):
        raise ContentError(f"encoder: rows of bits and dimensions {found}, which this vademecum cannot read")
    dimensions = int(size)
    _within("dimensions", dimensions, 1, MAX_DIMENSIONS)
    width = row_bytes(dimensions, PACKED_BITS)
    rows = tensors.tensor("word.row", "U8", [count, width]).data
    if dimensions % 2 and any(byte >> 4 for byte in rows[width - 1 :: width]):
        raise ContentError("encoder: a packed row has bits beyond its dimensions")
    return dimensions, PACKED_BITS, rows


def _read_unknown(tensors: TensorFile, dimensions: int) -> tuple[int, int]:
    """Return weight and first dimension of unknown words; both are in the file, or neither."""
    found = [tensors.metadata.get(key) for key in ("unknown", "unknown.from")]
    if found == [None, None]:
        return 0, 0
    if not all(text and _DECIMAL.fullmatch(text) for text in found):
        raise ContentError(f"encoder: unknown and unknown.from are {found}, expected two decimal integers")
    weight, start = (int(text or "") for text in found)
    _within("as the weight of unknown words", weight, 1, MAX_UNKNOWN)
    _within("as the first dimension of unknown words", start, 0, dimensions - 1)
    return weight, start


def _checked_name(tensors: TensorFile) -> str:
    found = tensors.metadata.get("format", "")
    family, _, version = found.rpartition(".")
    if family == FORMAT.rpartition(".")[0] and version.isascii() and version.isdecimal() and version > "1":
        raise NewerFormatError(f"encoder of format {version}; this version reads format 1: update the app")
    if found != FORMAT:
        raise ContentError(f"not an encoder file: format {found[:40]!r}, expected {FORMAT!r}")
    name = tensors.metadata.get("name", "")
    if not name:
        raise ContentError("encoder: no name")
    return name


def _within(what: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ContentError(f"encoder: {value} {what}, expected {least} to {most}")


def _read_alphabet(tensors: TensorFile) -> Alphabet:
    codes = tensors.tensor("alphabet.from", "U32", [None]).values()
    _within("characters", len(codes), 0, MAX_ALPHABET)
    if any(a >= b for a, b in pairwise(codes)) or (codes and codes[-1] > sys.maxunicode):
        raise ContentError("encoder: the alphabet is not strictly rising code points")
    solo = bytes(tensors.tensor("alphabet.solo", "U8", [len(codes)]).data)
    if solo.strip(b"\0\1"):
        raise ContentError("encoder: alphabet.solo holds other values than 0 and 1")
    to = tensors.strings("alphabet.to", len(codes))
    _within("bytes of what a character becomes", _longest(to), 0, MAX_LETTER)
    return Alphabet(codes, to, solo)


def _longest(column: Strings) -> int:
    return max((end - start for start, end in pairwise(column.bounds)), default=0)


def _read_goldens(tensors: TensorFile, dimensions: int) -> list[Golden]:
    texts = tensors.strings("golden.text")
    _within("golden texts", len(texts), 0, MAX_GOLDENS)
    _within("bytes of a golden text", _longest(texts), 0, MAX_GOLDEN_TEXT)
    flat = tensors.tensor("golden.vector", "I8", [len(texts), dimensions]).values().tolist()
    vectors = [tuple(flat[at : at + dimensions]) for at in range(0, len(flat), dimensions)]
    return [Golden(text, vector) for text, vector in zip(texts, vectors, strict=True)]
