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
    packed_bytes,
    packed_rows,
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

PACKED_BITS: Final = 4
PACKED_OFFSET: Final = -8
"""Packed rows: what added to a code of 4 bits makes a component."""

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
        rows: int8 [V, D], row-major; packed: uint8 [V, `packed_bytes(D, bits)`].
        weights: uint16 [V].
        alphabet: How a text is split.
        goldens: For the self-test.
        model: For the builder: what the document vectors were made with, where that is not this table.
        bits: Of a component of `rows`: 8, or 4 where they are packed.
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
    bits: int = 8
    words_weight: int = WORDS_WEIGHT


def encode_encoder(file: EncoderFile) -> bytes:
    """Return the bytes of the encoder file. The same content gives the same bytes."""
    alphabet = file.alphabet
    table = memoryview(file.rows).cast("B")
    rows, packing = packed_rows(len(file.words), file.dimensions, file.bits, table)
    tensors = {
        **string_column("word", file.words),
        "word.row": rows,
        "word.weight": integers("U16", file.weights),
        "alphabet.from": integers("U32", alphabet.codes),
        **string_column("alphabet.to", alphabet.to),
        "alphabet.solo": Tensor("U8", (len(alphabet.solo),), alphabet.solo),
        **string_column("golden.text", [golden.text for golden in file.goldens]),
        "golden.vector": integers(
            "I8", chain.from_iterable(golden.vector for golden in file.goldens), (len(file.goldens), file.dimensions)
        ),
    }
    metadata = {"format": ENCODER_FORMAT, "name": file.name, **packing}
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
    dimensions, bits, rows = _read_rows(tensors, len(words))
    _within("words", len(words), 0, MAX_VOCABULARY)
    if len(set(words)) != len(words) or "" in words:
        raise ContentError("encoder: a word is empty or stands twice in the vocabulary")
    weights = tensors.tensor("word.weight", "U16", [len(words)]).values()
    alphabet, goldens = _read_alphabet(tensors), _read_goldens(tensors, dimensions)
    model = tensors.metadata.get("model", "")
    words_weight = _read_words_weight(tensors.metadata.get("words", str(WORDS_WEIGHT)))
    return EncoderFile(name, dimensions, words, rows, weights, alphabet, goldens, model, bits, words_weight)


def _read_rows(tensors: TensorFile, count: int) -> tuple[int, int, bytes | memoryview]:
    """Return dimensions, bits of a component, and the rows."""
    dimensions, bits, rows = tensors.packed("word.row", count, [PACKED_BITS])
    _within("dimensions", dimensions, 1, MAX_DIMENSIONS)
    width = packed_bytes(dimensions, bits)
    if bits == PACKED_BITS and dimensions % 2 and any(byte >> 4 for byte in rows.data[width - 1 :: width]):
        raise ContentError("encoder: a packed row has bits beyond its dimensions")
    return dimensions, bits, rows.data


def _read_words_weight(text: str) -> int:
    if not _DECIMAL.fullmatch(text):
        raise ContentError(f"encoder: {text[:40]!r} as the weight of words, expected a decimal integer")
    _within("as the weight of words", int(text), 0, MAX_WORDS_WEIGHT)
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
