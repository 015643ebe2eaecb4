"""The safetensors container: round trips, and what the narrow reader refuses."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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

WIDTHS = {"I8": 1, "U8": 1, "U16": 2, "U32": 4, "U64": 8}


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    dtype = draw(st.sampled_from(sorted(WIDTHS)))
    shape = tuple(draw(st.lists(st.integers(0, 5), min_size=1, max_size=2)))
    size = WIDTHS[dtype]
    for length in shape:
        size *= length
    return Tensor(dtype, shape, draw(st.binary(min_size=size, max_size=size)))


FILES = st.builds(
    TensorFile,
    st.dictionaries(st.text(max_size=8).filter(lambda name: name != "__metadata__"), tensors(), max_size=5),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)


@given(FILES)
def test_round_trip(file: TensorFile) -> None:
    data = encode_tensors(file)
    read = decode_tensors(data)
    assert read.metadata == file.metadata
    assert {name: (tensor.dtype, tensor.shape, bytes(tensor.data)) for name, tensor in read.tensors.items()} == {
        name: (tensor.dtype, tensor.shape, tensor.data) for name, tensor in file.tensors.items()
    }
    assert encode_tensors(read) == data


@given(FILES)
def test_every_tensor_is_aligned(file: TensorFile) -> None:
    data = encode_tensors(file)
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    for name, tensor in file.tensors.items():
        assert (8 + length + header[name]["data_offsets"][0]) % WIDTHS[tensor.dtype] == 0


@given(st.lists(st.text()))
def test_string_columns(values: list[str]) -> None:
    file = decode_tensors(encode_tensors(TensorFile(string_column("x", values))))
    column = file.strings("x", len(values))
    assert list(column) == values
    assert column[1:] == values[1:]
    assert [column.encoded(i).decode() for i in range(len(column))] == values
    with pytest.raises(IndexError):
        column[len(values)]


def test_a_tensor_without_elements_may_have_a_long_axis() -> None:
    """A segment that holds nothing but a tombstone has vectors of shape [0, D]."""
    file = TensorFile({"chunk.vector": Tensor("I8", (0, 4096), b"")})
    assert decode_tensors(encode_tensors(file)).tensor("chunk.vector", "I8", [0, None]).shape == (0, 4096)


SAMPLE = encode_tensors(
    TensorFile({"a": integers("U32", [1, 2, 3]), **string_column("s", ["é", "", "z"])}, {"format": "x"})
)


def test_truncation_is_refused() -> None:
    for end in range(len(SAMPLE)):
        with pytest.raises(ContentError):
            decode_tensors(SAMPLE[:end])
    with pytest.raises(ContentError, match="its header names"):
        decode_tensors(SAMPLE + b"\0")


def handmade(header: Mapping[str, Any] | str, body: bytes = b"") -> bytes:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def entry(dtype: object = "U8", shape: object = (2,), offsets: object = (0, 2)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    "bad",
    [
        entry(dtype="F32"),
        entry(dtype=None),
        entry(shape=[3]),
        entry(shape=[-2]),
        entry(shape=[2.0]),
        entry(shape=[True, 2]),
        entry(shape=["2"]),
        entry(shape=[2, 1, 1]),
        entry(shape=[0, 2**32]),
        entry(shape=2),
        entry(offsets=[1, 3]),
        entry(offsets=[0, 3]),
        entry(offsets=[2, 0]),
        entry(offsets=[0]),
        entry(offsets=[-2, 0]),
        {"dtype": "U8", "shape": [2]},
        [],
        None,
    ],
)
def test_malformed_entries_are_refused(bad: object) -> None:
    assert decode_tensors(handmade({"x": entry()}, b"ab"))
    with pytest.raises(ContentError, match="tensor 'x'"):
        decode_tensors(handmade({"x": bad}, b"ab"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1234567",
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", (1 << 16) + 8) + b"{" + b" " * (1 << 17) + b"}",
        struct.pack("<Q", 2) + b"{}",  # not padded
        handmade("[]"),
        handmade('{"x":1,"x":1}'),
        handmade({"__metadata__": {"a": 1}}),
        handmade({"__metadata__": []}),
        b"<html><body>Sign in</body></html>",
        handmade({"x": entry(), "y": entry()}, b"abcd"),  # overlap
        handmade({"x": entry(), "y": entry(offsets=[3, 5])}, b"abcde"),  # gap
        handmade({"x": entry(shape=[1], offsets=[0, 1]), "y": entry("U16", [1], [1, 3])}, b"abc"),  # misaligned
    ],
)
def test_malformed_files_are_refused(data: bytes) -> None:
    with pytest.raises(ContentError):
        decode_tensors(data)


@pytest.mark.parametrize(
    ("blob", "offsets"),
    [
        (b"ab", [0, 1]),  # does not reach the end
        (b"ab", [1, 2]),
        (b"ab", []),
        (b"ab", [0, 2, 1, 2]),  # falls
        ("é".encode(), [0, 1, 2]),  # cuts a character
        (b"\xff", [0, 1]),
        (b"\xed\xa0\x80", [0, 3]),  # a surrogate
    ],
)
def test_malformed_string_columns_are_refused(blob: bytes, offsets: list[int]) -> None:
    columns = {"x": Tensor("U8", (len(blob),), blob), "x.offsets": integers("U32", offsets)}
    file = decode_tensors(encode_tensors(TensorFile(columns)))
    with pytest.raises(ContentError, match="x"):
        file.strings("x")


def test_a_tensor_is_asked_for_by_type_and_shape() -> None:
    file = TensorFile({"a": integers("U32", [1, 2])})
    assert file.tensor("a", "U32", [2]).values().tolist() == [1, 2]
    wrong: list[tuple[str, str, list[int | None]]] = [
        ("b", "U32", [2]),
        ("a", "U16", [2]),
        ("a", "U32", [3]),
        ("a", "U32", [2, None]),
    ]
    for name, dtype, shape in wrong:
        with pytest.raises(ContentError, match=name):
            file.tensor(name, dtype, shape)


def test_counts_are_checked() -> None:
    file = TensorFile(string_column("x", ["a", "b"]))
    assert isinstance(file.strings("x", 2), Strings)
    with pytest.raises(ContentError, match=r"x\.offsets"):
        file.strings("x", 3)
