"""Our tensor files against the real safetensors library: each reads what the other wrote."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from safetensors.numpy import load, save

from support.publisher import make_encoder
from vademecum.encoder.file import encode_encoder
from vademecum.format.segment import ChunkRow, DocumentRow, encode_segment
from vademecum.format.tensors import Tensor, TensorFile, decode_tensors, encode_tensors

DTYPES = {"I8": np.int8, "U8": np.uint8, "U16": np.uint16, "U32": np.uint32, "U64": np.uint64}
NAMES = st.text("abc.x", min_size=1, max_size=8)
ARRAYS = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda name: arrays.arrays(DTYPES[name], arrays.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=4))
)
COLUMNS = st.dictionaries(NAMES, ARRAYS, max_size=5)


def tensor(array: NDArray[np.generic]) -> Tensor:
    name = next(name for name, dtype in DTYPES.items() if array.dtype == dtype)
    return Tensor(name, array.shape, array.tobytes())


@given(COLUMNS)
def test_the_library_reads_what_we_write(columns: dict[str, NDArray[np.generic]]) -> None:
    file = TensorFile({name: tensor(array) for name, array in columns.items()}, {"a": "é"})
    read = load(encode_tensors(file))
    assert set(read) == set(columns)
    for name, array in columns.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


@given(COLUMNS)
def test_we_read_what_the_library_writes(columns: dict[str, NDArray[np.generic]]) -> None:
    """It orders and pads as we do."""
    written = save({name: np.ascontiguousarray(array) for name, array in columns.items()}, {"a": "b"})
    read = decode_tensors(written)
    assert read.metadata == {"a": "b"}
    assert {name: (t.dtype, t.shape, bytes(t.data)) for name, t in read.tensors.items()} == {
        name: (t.dtype, t.shape, t.data) for name, t in ((name, tensor(a)) for name, a in columns.items())
    }


@pytest.mark.parametrize(
    "data",
    [
        encode_encoder(make_encoder().file),
        encode_segment("0" * 16, 4, [DocumentRow("a", 1, "é", chunks=(1,))], [ChunkRow(1, 1, b"abcd", 5, "", "", "x")]),
        encode_segment("0" * 16, 4, [DocumentRow("a", 1, removed=True)], []),
    ],
    ids=["encoder", "segment", "tombstone alone"],
)
def test_any_tool_opens_our_files(data: bytes) -> None:
    ours = decode_tensors(data).tensors
    theirs = load(data)
    assert set(theirs) == set(ours)
    for name, array in theirs.items():
        assert (array.shape, array.tobytes()) == (ours[name].shape, bytes(ours[name].data))
