"""Segments: rows in, the same rows out, and nothing malformed is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum.errors import ContentError, NewerFormatError
from vademecum.format.segment import (
    SEGMENT_FORMAT,
    ChunkRow,
    DocumentRow,
    chunk_id,
    decode_segment,
    encode_segment,
    framed,
)
from vademecum.format.tensors import Tensor, TensorFile, decode_tensors, encode_tensors, integers

EPOCH = "0123456789abcdef"
SEQUENCES = st.integers(1, 2**32 - 1)
CHUNKS = st.builds(
    ChunkRow,
    id=st.integers(0, 2**64 - 1),
    sequence=SEQUENCES,
    vector=st.binary(min_size=3, max_size=3),
    scale=st.integers(0, 65535),
    headings=st.text(max_size=5),
    anchor=st.text(max_size=5),
    text=st.text(max_size=20),
)
DOCUMENTS = st.builds(
    DocumentRow,
    key=st.text(min_size=1, max_size=5),
    sequence=SEQUENCES,
    title=st.text(max_size=5),
    url=st.text(max_size=5),
    metadata=st.sampled_from(["", '{"a":1}']),
    chunks=st.lists(st.integers(0, 2**64 - 1), max_size=3).map(tuple),
    removed=st.booleans(),
)


@given(
    st.lists(DOCUMENTS, max_size=5, unique_by=lambda row: row.key),
    st.lists(CHUNKS, max_size=5, unique_by=lambda row: row.id),
    st.randoms(),
)
def test_round_trip_and_order(documents: list[DocumentRow], chunks: list[ChunkRow], random: Any) -> None:
    data = encode_segment(EPOCH, 3, documents, chunks)
    segment = decode_segment(data)
    docs = [segment.document(i) for i in range(len(segment.keys))]
    assert docs == sorted(documents, key=lambda row: (-row.sequence, row.key.encode()))
    rows = [segment.chunk(i) for i in range(len(segment.ids))]
    assert rows == sorted(chunks, key=lambda row: (-row.sequence, row.id))
    assert (segment.epoch, segment.dimensions) == (EPOCH, 3)
    random.shuffle(documents)
    random.shuffle(chunks)
    assert encode_segment(EPOCH, 3, documents, chunks) == data


DOCUMENT = DocumentRow("a", 2, "Title", "a.html", '{"x":1}', (7,))
CHUNK = ChunkRow(7, 2, b"\x01\x80\x7f", 9, "H", "h", "text é")
SAMPLE = encode_segment(EPOCH, 3, [DOCUMENT, DocumentRow("b", 1, removed=True)], [CHUNK])


def test_a_segment_of_tombstones_alone() -> None:
    data = encode_segment(EPOCH, 384, [DocumentRow("gone", 5, removed=True)], [])
    segment = decode_segment(data)
    assert segment.document(0) == DocumentRow("gone", 5, removed=True)
    assert (len(segment.ids), segment.dimensions) == (0, 384)


def changed(**tensors: Tensor | None) -> bytes:
    """The sample with some tensors replaced (dots written as `__`) or taken out."""
    file = decode_tensors(SAMPLE)
    replaced = {name.replace("__", "."): tensor for name, tensor in tensors.items()}
    merged = {**file.tensors, **replaced}
    return encode_tensors(
        replace(file, tensors={name: tensor for name, tensor in merged.items() if tensor is not None})
    )


@pytest.mark.parametrize("name", sorted(decode_tensors(SAMPLE).tensors))
def test_every_column_is_needed(name: str) -> None:
    with pytest.raises(ContentError, match=name):
        decode_segment(changed(**{name: None}))


@pytest.mark.parametrize(
    "damage",
    [
        {"document__removed": integers("U8", [0, 2])},
        {"document__key": Tensor("U8", (1,), b"a"), "document__key__offsets": integers("U32", [0, 0, 1])},
        {"chunk__scale": integers("U16", [1, 2])},
        {"chunk__id": integers("U64", [1, 2])},
        {"chunk__vector": Tensor("I8", (1, 0), b"")},
        {"chunk__vector": Tensor("I8", (3,), b"abc")},
        {"chunk__vector": Tensor("U8", (1, 3), b"abc")},
        {"document__sequence": integers("U32", [1])},
        {"document__chunks__offsets": integers("U32", [0, 1])},
        {"document__chunks__offsets": integers("U32", [0, 2, 1])},
    ],
)
def test_columns_that_do_not_fit_are_refused(damage: dict[str, Tensor]) -> None:
    with pytest.raises(ContentError):
        decode_segment(changed(**damage))


@pytest.mark.parametrize(
    ("found", "error"),
    [
        ("vademecum.segment.2", NewerFormatError),
        ("vademecum.segment.10", NewerFormatError),
        ("vademecum.segment.0", ContentError),
        ("vademecum.format.segment.x", ContentError),
        ("vademecum.encoder.1", ContentError),
        ("", ContentError),
    ],
)
def test_other_formats_are_refused_for_what_they_are(found: str, error: type[ContentError]) -> None:
    file = decode_tensors(SAMPLE)
    with pytest.raises(ContentError) as caught:
        decode_segment(encode_tensors(TensorFile(file.tensors, {**file.metadata, "format": found})))
    assert type(caught.value) is error
    assert file.metadata["format"] == SEGMENT_FORMAT


def test_chunk_ids_depend_on_every_part_and_on_the_borders() -> None:
    parts = ("ab", "c", "d", "e")
    ids = {chunk_id(*parts), chunk_id("a", "bc", "d", "e"), chunk_id("ab", "c", "de", "")}
    ids |= {chunk_id(*(part + "x" if i == j else part for j, part in enumerate(parts))) for i in range(4)}
    assert len(ids) == 7
    assert all(0 <= value < 2**64 for value in ids)


def test_framing() -> None:
    assert framed(b"ab") == b"\x02\0\0\0ab"
