"""How each new vector is told: alone, as a difference, or as an older one's."""

from __future__ import annotations

import zlib

from vademecum.delta.dictionary import DIFFERENCE, SAME, SENT, Header
from vademecum.delta.reader import Reader
from vademecum.delta.vectors import read_vectors
from vademecum.format.segment import ChunkRow
from vademecum_builder.delta.vectors import encode_vectors

OLD = bytes.fromhex("1234567890ab")  # 12 codes of 4 bits


def row(vector: bytes, scale: int = 7) -> ChunkRow:
    return ChunkRow(1, 1, vector, scale, "", "", "")


def kinds(vector: bytes, *olds: ChunkRow, bits: int = 4, scale: int = 7) -> tuple[int, int]:
    """Return position and kind of the code, once it is seen that it reads back as that very vector."""
    data = encode_vectors([row(vector, scale)], [olds], bits)
    read = read_vectors(Reader(data), [olds], Header(1, 2, bits, len(vector) * 8 // bits))
    assert read == [(vector, scale)]
    return divmod(data[0], 4)


def test_a_vector_that_is_the_same_is_named() -> None:
    assert kinds(OLD, row(bytes(6)), row(OLD)) == (1, SAME)
    assert kinds(OLD, row(OLD, scale=8)) == (0, DIFFERENCE), "of another scale: not the same"


def test_a_difference_is_sent_where_a_third_of_the_codes_is_the_same() -> None:
    four = bytes.fromhex("123421210101")
    three = bytes.fromhex("123521210101")
    assert kinds(four, row(OLD)) == (0, DIFFERENCE)
    assert kinds(three, row(OLD)) == (0, SENT)
    assert kinds(three, row(OLD), row(bytes(6)), row(four)) == (2, DIFFERENCE), "the most alike one counts"


def test_only_codes_of_4_bits_have_differences() -> None:
    assert kinds(OLD[:-1] + b"x", row(OLD), bits=8) == (0, SENT)
    assert kinds(OLD[:-1] + b"x", row(OLD), bits=2) == (0, SENT)
    assert kinds(OLD) == (0, SENT), "nothing older to hold it against"


def test_scales_are_told_above_the_lowest() -> None:
    data = encode_vectors([row(OLD, 300), row(OLD, 302)], [(), ()], 4)
    assert data[:6] == bytes([SENT, SENT, 0xAC, 0x02, 0, 2])
    assert zlib.decompress(data[7:], -15) == OLD + OLD and data[6] == len(data) - 7
