"""Segments and encoders gzipped as small as zlib can: each tensor coded the way that suits it.

A deflate stream is a row of blocks, and each block may be made in another way: texts with matches, vectors as
symbols alone, runs of one byte as runs. Mixed in one block, they also share one code, which suits none of them. So
the content is cut at borders of tensors, where a cut pays; every reader takes the result as one gzip
(site/content/decisions/streams-and-metadata.md).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from vademecum.format.objects import ObjectRef, gzip_member
from vademecum.format.tensors import decode_tensors

STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_RLE)
"""How a tensor may be coded. Z_RLE is Huffman codes alone, but for runs of one byte: what vectors want."""

JOINT = 16_384
"""Bytes up to which neighbours are also tried as one piece: there the head of a block costs more than it gives."""

_WINDOW = 32_768


@dataclass(frozen=True)
class _Best:
    """The smallest way found from the beginning to a border: bytes so far, its last piece, and where that begins."""

    size: int
    piece: bytes
    start: int


def deflate_tensors(content: bytes) -> tuple[ObjectRef, bytes]:
    """Return the reference and the gzip file of a tensor file. The same content gives the same bytes.

    Raises:
        ContentError: Not a tensor file.
    """
    borders = _borders(content)
    best = [_Best(0, b"", 0)]
    for end in range(1, len(borders)):
        best.append(_smallest(content, borders, best, end))
    pieces = []
    at = len(borders) - 1
    while at:
        pieces.append(best[at].piece)
        at = best[at].start
    return gzip_member(content, b"".join(reversed(pieces)))


def _borders(content: bytes) -> list[int]:
    """Return where the header ends and where each tensor ends, from 0; empty ones have no border of their own."""
    tensors = decode_tensors(content).tensors.values()
    at = len(content) - sum(len(tensor.data) for tensor in tensors)
    borders = [0, at]
    for tensor in tensors:
        if tensor.data:
            at += len(tensor.data)
            borders.append(at)
    return borders


def _smallest(content: bytes, borders: Sequence[int], best: Sequence[_Best], end: int) -> _Best:
    """Return the smallest way to a border: by one tensor alone, or by some neighbours that are small together."""
    start = end - 1
    found = [_extended(content, borders, best, start, end, strategy) for strategy in STRATEGIES]
    while start and borders[end] - borders[start - 1] <= JOINT:
        start -= 1
        found.append(_extended(content, borders, best, start, end, zlib.Z_DEFAULT_STRATEGY))
    return min(
        found, key=lambda way: way.size
    )  # of equal ones the first, so that the bytes are always the same


def _extended(
    content: bytes, borders: Sequence[int], best: Sequence[_Best], start: int, end: int, strategy: int
) -> _Best:
    piece = _piece(content, borders[start], borders[end], strategy)
    return _Best(best[start].size + len(piece), piece, start)


def _piece(content: bytes, start: int, end: int, strategy: int) -> bytes:
    """Return a run of whole deflate blocks, ending at a byte. What stands before it may be referred to."""
    before = content[max(0, start - _WINDOW) : start]
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy, before)
    last = end == len(content)
    return compressor.compress(content[start:end]) + compressor.flush(
        zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
    )
