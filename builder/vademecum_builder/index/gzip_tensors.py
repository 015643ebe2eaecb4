"""Segments and encoders gzipped small: each tensor coded the way that suits it.

A deflate stream is a row of blocks, and each block may be made in another way: texts with matches, vectors as
symbols alone, runs of one byte as runs. Mixed in one block, they also share one code, which suits none of them. So
the content is cut where tensors end; every reader takes the result as one gzip
(site/content/decisions/streams-and-metadata.md).
"""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import Final

from vademecum.format.objects import ObjectRef, gzip_member
from vademecum.format.tensors import decode_tensors

STRATEGIES: Final = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_RLE)
"""How a piece may be coded. Z_RLE is Huffman codes alone, but for runs of one byte: what vectors want."""
LEAST: Final = 512
"""Bytes that a piece has at least: the head of a block costs more than it gives to a smaller tensor."""
WINDOW: Final = 32_768
"""How far a piece may refer back, whoever made what stands there (RFC 1951)."""


def deflate_tensors(content: bytes) -> tuple[ObjectRef, bytes]:
    """Return the reference and the gzip file of a tensor file. The same content gives the same bytes.

    Raises:
        ContentError: Not a tensor file.
    """
    parts = pairwise(_cuts(content))
    return gzip_member(content, b"".join(_smallest(content, start, end) for start, end in parts))


def _cuts(content: bytes) -> list[int]:
    """Return where pieces begin and end: the header is the first, another ends with a tensor."""
    tensors = decode_tensors(content).tensors.values()
    cuts = [0, len(content) - sum(len(tensor.data) for tensor in tensors)]
    for tensor in tensors:
        end = tensor.at + len(tensor.data)
        if end - cuts[-1] >= LEAST:
            cuts.append(end)
    return cuts if cuts[-1] == len(content) else [*cuts, len(content)]


def _smallest(content: bytes, start: int, end: int) -> bytes:
    """Return a run of whole deflate blocks, ending at a byte: of equal ones the first, so always the same."""
    return min((_piece(content, start, end, strategy) for strategy in STRATEGIES), key=len)


def _piece(content: bytes, start: int, end: int, strategy: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy, content[max(0, start - WINDOW) : start])
    flush = zlib.Z_FINISH if end == len(content) else zlib.Z_SYNC_FLUSH
    return compressor.compress(content[start:end]) + compressor.flush(flush)
