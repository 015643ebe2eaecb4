"""The encoder file: vocabulary, rows, weights, alphabet and goldens, read and written (format.md, section 4.3)."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

from vademecum.encoder.alphabet import Alphabet
from vademecum.errors import ContentError
from vademecum.format.tensors import (
    Strings,
    Tensor,
    TensorFile,
    decode_tensors,
    encode_tensors,
    integers,
    string_column,
)

ENCODER_FORMAT: Final = "vademecum.encoder.1"

# More than any encoder of ours needs, and little enough that the sums stay exact and memory stays bounded.
MAX_DIMENSIONS: Final = 4096
MAX_VOCABULARY: Final = 1 << 16
MAX_ALPHABET: Final = 1 << 18
MAX_LETTER: Final = 64
"""Bytes of what one character becomes."""
MAX_GOLDENS: Final = 256
MAX_GOLDEN_TEXT: Final = 65_536
"""Bytes of one golden text."""
WORDS_WEIGHT: Final = 400
"""What the words of a query weigh against its meaning, in thousandths, where a file does not say it."""
MAX_WORDS_WEIGHT: Final = 0xFFFF

ROW_OFFSET: Final = -8
"""What added to a code of 4 bits makes a component of a row."""

_BITS: Final = "4"
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,4}")


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
        rows: uint8 [V, `row_bytes(D)`], row-major: two components a byte, the first in its lower half.
        weights: uint16 [V].
        alphabet: How a text is split.
        goldens: For the self-test.
        model: For the builder: what the document vectors were made with, where that is not this table.
        words_weight: In thousandths, what the words of a query weigh against its meaning.
    """

    name: str
    dimensions: int
    words: Sequence[str]
    rows: bytes | memoryview
    weights: Sequence[int]
    alphabet: Alphabet
    goldens: Sequence[Golden] = ()
    model: str = ""
    words_weight: int = WORDS_WEIGHT


def encode_encoder(file: EncoderFile) -> bytes:
    """Return the bytes of the encoder file. The same content gives the same bytes."""
    alphabet = file.alphabet
    tensors = {
        **string_column("word", file.words),
        "word.row": Tensor("U8", (len(file.words), row_bytes(file.dimensions)), memoryview(file.rows).cast("B")),
        "word.weight": integers("U16", file.weights),
        "alphabet.from": integers("U32", alphabet.codes),
        **string_column("alphabet.to", alphabet.to),
        "alphabet.solo": Tensor("U8", (len(alphabet.solo),), alphabet.solo),
        **string_column("golden.text", [golden.text for golden in file.goldens]),
        "golden.vector": integers(
            "I8", chain.from_iterable(golden.vector for golden in file.goldens), (len(file.goldens), file.dimensions)
        ),
    }
    metadata = {"format": ENCODER_FORMAT, "name": file.name, "bits": _BITS, "dimensions": str(file.dimensions)}
    if file.model:
        metadata["model"] = file.model
    if file.words_weight != WORDS_WEIGHT:
        metadata["words"] = str(file.words_weight)
    return encode_tensors(TensorFile(tensors, metadata))


def decode_encoder_file(data: bytes) -> EncoderFile:
    """Read an encoder file. The table stays a view into `data`.

    Raises:
        NewerFormatError: A later major format.
        ContentError: Not an encoder file, or a malformed one.
    """
    tensors = decode_tensors(data)
    tensors.check_format(ENCODER_FORMAT)
    name = tensors.metadata.get("name", "")
    if not name:
        raise ContentError("encoder: no name")
    words = tensors.strings("word")
    dimensions = _read_number("as dimensions", tensors.metadata.get("dimensions", ""), 1, MAX_DIMENSIONS)
    rows = _read_rows(tensors, len(words), dimensions)
    _within("words", len(words), 0, MAX_VOCABULARY)
    if len(set(words)) != len(words) or "" in words:
        raise ContentError("encoder: a word is empty or stands twice in the vocabulary")
    weights = tensors.tensor("word.weight", "U16", [len(words)]).values()
    alphabet, goldens = _read_alphabet(tensors), _read_goldens(tensors, dimensions)
    model = tensors.metadata.get("model", "")
    words_weight = tensors.metadata.get("words", str(WORDS_WEIGHT))
    weight = _read_number("as the weight of words", words_weight, 0, MAX_WORDS_WEIGHT)
    return EncoderFile(name, dimensions, words, rows, weights, alphabet, goldens, model, weight)


def row_bytes(dimensions: int) -> int:
    """Return how many bytes a row of the table takes.

    >>> row_bytes(96), row_bytes(3)
    (48, 2)
    """
    return -(-dimensions // 2)


def _read_rows(tensors: TensorFile, count: int, dimensions: int) -> bytes | memoryview:
    if tensors.metadata.get("bits") != _BITS:
        raise ContentError(f"encoder: rows of {tensors.metadata.get('bits', '8')[:40]} bits, expected {_BITS}")
    width = row_bytes(dimensions)
    rows = tensors.tensor("word.row", "U8", [count, width])
    if dimensions % 2 and any(byte >> 4 for byte in rows.data[width - 1 :: width]):
        raise ContentError("encoder: a row has bits beyond its dimensions")
    return rows.data


def _read_number(what: str, text: str, least: int, most: int) -> int:
    if not _DECIMAL.fullmatch(text):
        raise ContentError(f"encoder: {text[:40]!r} {what}, expected a decimal integer")
    _within(what, int(text), least, most)
    return int(text)


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
