"""How each new vector is told: alone, or by its differences to an older one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum.delta.decode import read_vectors
from vademecum.delta.reader import Reader
from vademecum.errors import ContentError
from vademecum.format.segment import ChunkRow
from vademecum_builder.delta.encode import encode_vectors


def row(vector: bytes) -> ChunkRow:
    return ChunkRow(1, 1, vector, 7, "", "", "")


VECTORS = st.binary(min_size=7, max_size=7).map(row)


@given(st.lists(st.tuples(VECTORS, st.lists(VECTORS, max_size=3)), max_size=4))
def test_any_vectors_read_back(drawn: list[tuple[ChunkRow, list[ChunkRow]]]) -> None:
    rows, olds = [new for new, _ in drawn], [old for _, old in drawn]
    assert read_vectors(Reader(encode_vectors(rows, olds)), olds, 7) == [new.vector for new in rows]


def test_the_older_vector_that_is_most_alike_is_named() -> None:
    new = bytes([9, 250, 7, 4])
    far, near = row(bytes([200, 9, 60, 100])), row(bytes([9, 251, 7, 4]))
    assert [encode_vectors([row(new)], [olds])[0] for olds in ([], [far], [far, near], [near, far])] == [0, 0, 3, 1]
    assert encode_vectors([row(new)], [[far, row(new)]]) == b"\x04", "the very same one"
    assert len(encode_vectors([row(new)], [[near]])) < len(encode_vectors([row(new)], [[]])) < 1 + len(new)


@pytest.mark.parametrize(("base", "difference"), [(127, 0b11000000), (128, 0b10100000)], ids=["above", "below"])
def test_a_component_beyond_a_byte_is_refused(base: int, difference: int) -> None:
    """One more than the most, or one less than the least."""
    with pytest.raises(ContentError, match="as a component"):
        read_vectors(Reader(bytes([1, difference])), [[row(bytes([base]))]], 1)
