"""The vectors of a pack: alone, by an older one that is alike, or as an older one's (format.md, section 4.4)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vademecum.delta.dictionary import DIFFERENCE, SAME, SENT
from vademecum.format.segment import ChunkRow
from vademecum_builder.delta.writing import number, raw_deflate

ALIKE: Final = 1 / 3
"""The share of codes in common with an older vector from which on the difference to that is sent: with fewer, it
takes as many bytes as the vector (site/content/decisions/packs.md)."""


@dataclass(frozen=True)
class _Code:
    """SENT, DIFFERENCE or SAME; `position` of the older chunk in its document's list; what goes into the stream."""

    kind: int
    position: int = 0
    data: bytes = b""


def encode_vectors(rows: Sequence[ChunkRow], olds: Sequence[Sequence[ChunkRow]], bits: int) -> bytes:
    """Return the last part of a pack: the vectors and scales of its new chunks.

    Args:
        rows: The new chunks.
        olds: For each the chunks of the document that its own is held against.
        bits: Of a component.
    """
    codes = [_code(row, chunks, bits) for row, chunks in zip(rows, olds, strict=True)]
    scales = [row.scale for row, code in zip(rows, codes, strict=True) if code.kind != SAME]
    lowest = min(scales, default=0)
    parts = [number(code.position << 2 | code.kind) for code in codes]
    parts += [number(scale) for scale in ([lowest] if scales else []) + [s - lowest for s in scales]]
    for kind in (SENT, DIFFERENCE):
        data = b"".join(code.data for code in codes if code.kind == kind)
        if data:
            # Nothing in them repeats but zeros: Huffman codes alone, and runs of one byte.
            stream = raw_deflate(data, strategy=zlib.Z_RLE)
            parts += [number(len(stream)), stream]
    return b"".join(parts)


def _code(row: ChunkRow, olds: Sequence[ChunkRow], bits: int) -> _Code:
    same = [(old.vector, old.scale) == (row.vector, row.scale) for old in olds]
    if any(same):
        return _Code(SAME, same.index(True))
    if bits == 4 and olds:
        new = _halves(row.vector)
        differences = np.array([(new - _halves(old.vector)) % 16 for old in olds], np.uint8)
        alike = (differences == 0).mean(axis=(1, 2))
        position = int(alike.argmax())
        if alike[position] >= ALIKE:
            low, high = differences[position]
            return _Code(DIFFERENCE, position, (low | high << 4).tobytes())
    return _Code(SENT, data=row.vector)


def _halves(vector: bytes) -> NDArray[np.int16]:
    """Return the codes of 4 bits, [2, bytes]: those in the low halves, those in the high ones."""
    data = np.frombuffer(vector, np.uint8).astype(np.int16)
    return np.stack([data & 15, data >> 4])
