"""A cursor over the bytes of a pack: numbers, bytes and streams (format.md, section 4.4)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

from vademecum.errors import ContentError

T = TypeVar("T")


class Reader:
    """Where in the bytes of a pack we are. Every method raises `ContentError` where they end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            raise ContentError(f"pack: it ends after {len(self._data)} bytes, in the middle")
        self._at += count
        return found

    def number(self) -> int:
        """Return an unsigned LEB128 below 2^35.

        >>> Reader(bytes.fromhex("ac02")).number()
        300
        """
        value = 0
        for shift in range(0, 35, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ContentError("pack: a number that is too long")

    def count(self) -> int:
        """Return a number of things that take at least a byte each."""
        count = self.number()
        if count > len(self._data) - self._at:
            raise ContentError(f"pack: {count} things announced, {len(self._data) - self._at} bytes left")
        return count

    def inflated(self, size: int, dictionary: bytes = b"") -> bytes:
        """Return what the next stream holds: its length, and so many bytes of raw deflate (RFC 1951).

        Args:
            size: The bytes that it must hold.
            dictionary: What it may refer to (zlib's preset dictionary).
        """
        stream = self.take(self.number())
        inflater = zlib.decompressobj(-15, zdict=dictionary) if dictionary else zlib.decompressobj(-15)
        try:
            content = inflater.decompress(stream, size + 1)
        except zlib.error as error:
            raise ContentError(f"pack: damaged deflate stream: {error}") from None
        if len(content) != size or not inflater.eof or inflater.unused_data:
            raise ContentError(f"pack: a stream of {len(content)} bytes, expected {size}")
        return content

    def bits(self) -> Bits:
        """Return what is left, bit by bit."""
        return Bits(self.take(len(self._data) - self._at))


class Bits:
    """Numbers of some bits each, the highest bit of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._bits = bin(int.from_bytes(b"\1" + data, "big"))[3:]
        self._at = 0

    def rice(self, low: int) -> int:
        """Return a number: so many zeros as it has above its low bits, a one, the low bits.

        >>> Bits(bytes([0b00110100])).rice(2)
        10
        """
        one = self._bits.find("1", self._at)
        end = one + 1 + low
        if one < 0 or end > len(self._bits):
            raise ContentError(f"pack: it ends after {len(self._bits) // 8} bytes of vectors, in the middle")
        high, self._at = one - self._at, end
        return high << low | int(self._bits[one + 1 : end] or "0", 2)

    def finish(self) -> None:
        """Refuse what lies behind the end, but the bits that fill the last byte."""
        rest = self._bits[self._at :]
        if len(rest) > 7 or "1" in rest:
            raise ContentError(f"pack: {-(-len(rest) // 8)} bytes behind its end")


def part(chunks: Sequence[T], start: int, count: int) -> Sequence[T]:
    """Return `count` neighbours of a list from `start` on; raise ContentError if it is not so long."""
    if start + count > len(chunks):
        raise ContentError(f"pack: chunks {start} to {start + count} of a list of {len(chunks)}")
    return chunks[start : start + count]
