"""How each new vector is told: alone, or as a difference."""

from __future__ import annotations

import zlib

from vademecum.delta.decode import read_vectors
from vademecum.delta.dictionary import Header
from vademecum.delta.reader import Reader
from vademecum.format.segment import ChunkRow
from vademecum_builder.delta.encode import encode_vectors

OLD = bytes.fromhex("1234567890ab")  # 12 codes of 4 bits


def row(vector: bytes, scale: int = 7) -> ChunkRow:
    return ChunkRow(1, 1, vector, scale, "", "", "")


def place(vector: bytes, *olds: ChunkRow, bits: int = 4) -> int:
    """Return what the vector is told by, once it is seen that it reads back as that very vector."""
    data = encode_vectors([row(vector, 300)], [olds], bits)
    read = read_vectors(Reader(data), [olds], Header(1, 2, bits, len(vector) * 8 // bits))
    assert read == [(vector, 300)]
    return data[0]


def test_a_difference_is_sent_where_a_third_of_the_codes_is_the_same() -> None:
    four = bytes.fromhex("123421210101")
    three = bytes.fromhex("123521210101")
    assert place(four, row(OLD)) == 1
    assert place(three, row(OLD)) == 0
    assert place(three, row(OLD), row(bytes(6)), row(four)) == 3, "the most alike one counts"


def test_only_codes_of_4_bits_have_differences() -> None:
    assert place(OLD[:-1] + b"x", row(OLD), bits=8) == 0
    assert place(OLD[:-1] + b"x", row(OLD), bits=2) == 0
    assert place(OLD) == 0, "nothing older to hold it against"


def test_scales_come_before_the_vectors() -> None:
    data = encode_vectors([row(OLD, 300), row(OLD, 302)], [(), ()], 4)
    assert data[:6] == bytes([0, 0, 0x2C, 0x01, 0x2E, 0x01])
    assert zlib.decompress(data[7:], -15) == OLD + OLD and data[6] == len(data) - 7
