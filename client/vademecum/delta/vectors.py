"""The vectors of a pack: as sent, as another one's, or as the difference to another one (format.md, section 4.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vademecum.delta.dictionary import DIFFERENCE, SAME, SENT, Header
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
    references = [divmod(reader.number(), 4) for _ in olds]
    kinds = [kind for _, kind in references]
    if any(kind > SAME or (kind == DIFFERENCE and header.bits != 4) for kind in kinds):
        raise ContentError(f"pack: unknown kinds of vectors {sorted({*kinds})} of {header.bits} bits")
    bases = [
        part(chunks, position, 1)[0] if kind != SENT else None
        for chunks, (position, kind) in zip(olds, references, strict=True)
    ]
    scales = _read_scales(reader, sum(kind != SAME for kind in kinds))
    width = packed_bytes(header.dimensions, header.bits)
    streams = {k: _rows(reader, kinds.count(k), width) for k in (SENT, DIFFERENCE) if k in kinds}
    reader.finish()
    found: list[tuple[bytes, int]] = []
    for kind, base in zip(kinds, bases, strict=True):
        if base is None:
            found.append((next(streams[SENT]), next(scales)))
        elif kind == SAME:
            found.append((base.vector, base.scale))
        else:
            found.append((_sum(base.vector, next(streams[DIFFERENCE])), next(scales)))
    return found


def _read_scales(reader: Reader, count: int) -> Iterator[int]:
    lowest = reader.number() if count else 0
    scales = [lowest + reader.number() for _ in range(count)]
    if max(scales, default=0) > 0xFFFF:
        raise ContentError("pack: a scale that does not fit into 16 bits")
    return iter(scales)


def _rows(reader: Reader, count: int, width: int) -> Iterator[bytes]:
    data = reader.inflated(count * width)
    return (data[row * width : (row + 1) * width] for row in range(count))


def _sum(old: bytes, difference: bytes) -> bytes:
    """Return the sums, modulo 16, of the codes of 4 bits of two vectors."""
    low = int.from_bytes(b"\x0f" * len(old), "big")
    first, second = int.from_bytes(old, "big"), int.from_bytes(difference, "big")
    lows = (first & low) + (second & low) & low
    highs = (first >> 4 & low) + (second >> 4 & low) & low
    return (lows | highs << 4).to_bytes(len(old), "big")
