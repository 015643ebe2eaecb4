"""The vectors of a pack: alone, or by an older one that is alike (format.md, section 4.4)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vademecum.format.segment import ChunkRow
from vademecum_builder.delta.writing import number, raw_deflate

ALIKE: Final = 1 / 3
"""The share of codes in common with an older vector from which on the difference to that is sent: with fewer, it
takes as many bytes as the vector (site/content/decisions/packs.md)."""


def encode_vectors(rows: Sequence[ChunkRow], olds: Sequence[Sequence[ChunkRow]], bits: int) -> bytes:
    """Return the last part of a pack: the vectors and scales of its new chunks.

    Args:
        rows: The new chunks.
        olds: For each the chunks of the document that its own is held against.
        bits: Of a component.
    """
    codes = [_code(row, chunks if bits == 4 else ()) for row, chunks in zip(rows, olds, strict=True)]
    parts = [number(place) for place, _ in codes]
    parts += [row.scale.to_bytes(2, "little") for row in rows]
    for differences in (False, True):
        data = b"".join(data for place, data in codes if (place > 0) == differences)
        if data:
            # Nothing in them repeats but zeros: Huffman codes alone, and runs of one byte.
            stream = raw_deflate(data, strategy=zlib.Z_RLE)
            parts += [number(len(stream)), stream]
    return b"".join(parts)


def _code(row: ChunkRow, olds: Sequence[ChunkRow]) -> tuple[int, bytes]:
    """Return 0 and the vector, or 1 + the position of the older one that is most alike, and the difference to it."""
    if olds:
        new = _halves(row.vector)
        differences = np.array([(new - _halves(old.vector)) % 16 for old in olds], np.uint8)
        alike = (differences == 0).mean(axis=(1, 2))
        position = int(alike.argmax())
        if alike[position] >= ALIKE:
            low, high = differences[position]
            return 1 + position, (low | high << 4).tobytes()
    return 0, row.vector


def _halves(vector: bytes) -> NDArray[np.int16]:
    """Return the codes of 4 bits, [2, bytes]: those in the low halves, those in the high ones."""
    data = np.frombuffer(vector, np.uint8).astype(np.int16)
    return np.stack([data & 15, data >> 4])
