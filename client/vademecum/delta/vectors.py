"""The vectors of a pack: as sent, or as the difference to another one (format.md, section 4.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vademecum.delta.dictionary import Header
from vademecum.delta.reader import Reader, part
from vademecum.errors import ContentError
from vademecum.format.segment import ChunkRow
from vademecum.format.tensors import packed_bytes


def read_vectors(
    reader: Reader, olds: Sequence[Sequence[ChunkRow]], header: Header
) -> list[tuple[bytes, int]]:
    """Return vector and scale of each new chunk, and see that the pack ends behind them.

    Args:
        olds: For each new chunk the chunks of the document that its own is held against.

    Raises:
        ContentError: Malformed in any way.
    """
    places = [reader.number() for _ in olds]
    if header.bits != 4 and any(places):
        raise ContentError(f"pack: differences of vectors of {header.bits} bits")
    bases = [
        part(chunks, place - 1, 1)[0] if place else None for chunks, place in zip(olds, places, strict=True)
    ]
    scales = [int.from_bytes(reader.take(2), "little") for _ in olds]
    width = packed_bytes(header.dimensions, header.bits)
    sent = _rows(reader, bases.count(None), width)
    differences = _rows(reader, len(bases) - bases.count(None), width)
    reader.finish()
    return [
        (next(sent) if base is None else _sum(base.vector, next(differences)), scale)
        for base, scale in zip(bases, scales, strict=True)
    ]


def _rows(reader: Reader, count: int, width: int) -> Iterator[bytes]:
    data = reader.inflated(count * width) if count else b""
    return (data[at : at + width] for at in range(0, len(data), width))


def _sum(old: bytes, difference: bytes) -> bytes:
    """Return the sums, modulo 16, of the codes of 4 bits of two vectors."""
    low = int.from_bytes(b"\x0f" * len(old), "big")
    first, second = int.from_bytes(old, "big"), int.from_bytes(difference, "big")
    lows = (first & low) + (second & low) & low
    highs = (first >> 4 & low) + (second >> 4 & low) & low
    return (lows | highs << 4).to_bytes(len(old), "big")
