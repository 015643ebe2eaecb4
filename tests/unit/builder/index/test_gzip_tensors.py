"""Segments and encoders as gzip files: read by everything, made alike, and smaller than one stream for all."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum.errors import ContentError
from vademecum.format.objects import GZIP_HEADER, deflate, inflate
from vademecum.format.segment import ChunkRow, DocumentRow, encode_segment
from vademecum.format.tensors import Tensor, TensorFile, encode_tensors
from vademecum_builder.index import gzip_tensors as streams
from vademecum_builder.index.gzip_tensors import deflate_tensors

EPOCH = "0123456789abcdef"
WORDS = ("release", "root", "key", "sign", "index", "vector", "of", "the", "and", "to", "publish", "client")
EVERY_STRATEGY = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED)


def bell(chance: random.Random, count: int) -> bytes:
    """Vectors as quantising makes them: a bell curve, nothing repeats."""
    return bytes(round(chance.gauss(0, 5)) % 256 for _ in range(count))


def column(data: bytes) -> bytes:
    """A file with one column."""
    return encode_tensors(TensorFile({"x": Tensor("U8", (len(data),), data)}))


def a_segment(chunks: int) -> bytes:
    chance = random.Random(chunks)
    rows = [
        ChunkRow(
            id=chance.randrange(1 << 64),
            sequence=1,
            vector=bell(chance, 96),
            scale=chance.randrange(20_000, 24_000),
            headings=" ".join(chance.choices(WORDS, k=3)),
            anchor=chance.choice(WORDS),
            text=" ".join(chance.choices(WORDS, k=60)),
        )
        for _ in range(chunks)
    ]
    document = DocumentRow("guide.md", 1, "Guide", chunks=tuple(row.id for row in rows))
    return encode_segment(EPOCH, 96, [document], rows)


@pytest.mark.parametrize("chunks", [0, 1, 40, 400])
def test_every_reader_takes_it_as_one_gzip(chunks: int) -> None:
    content = a_segment(chunks)
    ref, file = deflate_tensors(content)
    assert file.startswith(GZIP_HEADER) and ref.size == len(file)
    assert ref.sha256 == deflate(content)[0].sha256
    assert inflate(ref, file) == gzip.decompress(file) == content
    assert deflate_tensors(content) == (ref, file)


@given(st.lists(st.binary(max_size=300).map(lambda data: data * 3), max_size=5))
def test_any_tensors_read_back(columns: list[bytes]) -> None:
    tensors = {f"x{i}": Tensor("U8", (len(data),), data) for i, data in enumerate(columns)}
    content = encode_tensors(TensorFile(tensors))
    ref, file = deflate_tensors(content)
    assert inflate(ref, file) == content


def test_what_is_no_tensor_file_is_refused() -> None:
    with pytest.raises(ContentError):
        deflate_tensors(b"{}")


@pytest.mark.parametrize("chunks", [4, 40, 400])
def test_a_segment_is_smaller_than_one_stream_for_all(chunks: int) -> None:
    content = a_segment(chunks)
    assert deflate_tensors(content)[0].size < 0.97 * deflate(content)[0].size


def test_vectors_are_coded_as_symbols_alone() -> None:
    """Within 16 bytes of the least that any of zlib's ways makes of them; their header is a piece of its own."""
    vectors = bell(random.Random(1), 40_000)
    content = column(vectors)
    alone = {strategy: _raw(vectors, strategy) for strategy in EVERY_STRATEGY}
    assert min(alone.values()) == alone[zlib.Z_HUFFMAN_ONLY] < 0.99 * alone[zlib.Z_DEFAULT_STRATEGY]
    head = _raw(content[: -len(vectors)], zlib.Z_DEFAULT_STRATEGY)
    assert deflate_tensors(content)[0].size <= 18 + head + alone[zlib.Z_HUFFMAN_ONLY] + 16


def _raw(data: bytes, strategy: int) -> int:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy)
    return len(compressor.compress(data) + compressor.flush())


def test_runs_in_vectors_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors of `builtin`: most texts have no unknown word and are zero in its dimensions."""
    chance = random.Random(3)
    content = column(b"".join(bell(chance, 64) + bytes(64) for _ in range(300)))
    size = deflate_tensors(content)[0].size
    monkeypatch.setattr(streams, "STRATEGIES", (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY))
    assert size < deflate_tensors(content)[0].size


def test_matches_in_texts_are_found() -> None:
    text = " ".join(random.Random(4).choices(WORDS, k=4000)).encode()
    assert deflate_tensors(column(text))[0].size < 0.8 * _raw(text, zlib.Z_RLE)


def test_small_tensors_share_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    content = a_segment(2)
    size = deflate_tensors(content)[0].size
    monkeypatch.setattr(streams, "LEAST", 1)
    assert deflate_tensors(content)[0].size > 1.05 * size


def test_a_piece_may_refer_to_what_stands_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(str(number) for number in random.Random(5).sample(range(10**6), 3000)).encode()
    tensors = {name: Tensor("U8", (len(text),), text) for name in ("a", "b")}
    content = encode_tensors(TensorFile(tensors))
    assert deflate_tensors(content)[0].size < 1.1 * deflate_tensors(column(text))[0].size
    monkeypatch.setattr(streams, "WINDOW", 1)
    assert deflate_tensors(content)[0].size > 1.8 * deflate_tensors(column(text))[0].size


def test_every_byte_is_coded_once_for_each_strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time grows with the content, not with its square."""
    content = a_segment(400)
    asked: list[int] = []
    piece = streams._piece

    def counted(content: bytes, start: int, end: int, strategy: int) -> bytes:
        asked.append(end - start)
        return piece(content, start, end, strategy)

    monkeypatch.setattr(streams, "_piece", counted)
    deflate_tensors(content)
    assert sum(asked) == len(streams.STRATEGIES) * len(content)
