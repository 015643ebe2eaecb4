"""What packs are written with: numbers, and deflate (format.md, section 4.4)."""

from __future__ import annotations

import zlib


def number(value: int) -> bytes:
    """Return an unsigned LEB128: 7 bits a byte, lowest first, 0x80 set on all but the last.

    >>> number(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def raw_deflate(content: bytes, known: bytes = b"", strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    """Return a raw deflate stream (RFC 1951).

    Args:
        known: What it may refer to; at most 32 KiB.
        strategy: One of zlib's.
    """
    # zlib takes no empty dictionary.
    dictionary = (known,) if known else ()
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy, *dictionary)
    return compressor.compress(content) + compressor.flush()
