"""Objects as gzip files: read by everything, made alike, and smaller than zlib makes them."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.objects import deflate
from vademecum.format.objects import GZIP_HEADER, inflate
from vademecum.format.segment import ChunkRow, DocumentRow, encode_segment
from vademecum_builder.index.gzipped import gzipped

EPOCH = "0123456789abcdef"
WORDS = ("release", "root", "key", "sign", "index", "vector", "of", "the", "and", "to", "publish", "client")


def bell(chance: random.Random, count: int) -> bytes:
    """Vectors as quantising makes them: a bell curve, nothing repeats."""
    return bytes(round(chance.gauss(0, 5)) % 256 for _ in range(count))


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
    ref, file = gzipped(content)
    assert file.startswith(GZIP_HEADER) and ref.size == len(file)
    assert (ref.sha256, ref.uncompressed) == (deflate(content)[0].sha256, len(content))
    assert inflate(ref, file) == gzip.decompress(file) == content
    assert gzipped(content) == (ref, file)


@given(st.binary(max_size=300).map(lambda data: data * 3))
def test_any_content_reads_back(content: bytes) -> None:
    ref, file = gzipped(content)
    assert inflate(ref, file) == content


@pytest.mark.parametrize("chunks", [40, 400])
def test_a_segment_is_a_tenth_smaller_than_zlib_makes_it(chunks: int) -> None:
    content = a_segment(chunks)
    assert gzipped(content)[0].size < 0.91 * deflate(content)[0].size


def test_vectors_are_coded_as_symbols_alone() -> None:
    """Nothing in them repeats: matches that are none would take a code's room."""
    vectors = bell(random.Random(1), 40_000)
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    alone = len(compressor.compress(vectors) + compressor.flush())
    assert gzipped(vectors)[0].size <= 18 + 1.001 * alone < 0.99 * deflate(vectors)[0].size
