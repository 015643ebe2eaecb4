"""Undoing a host's Content-Encoding (RFC 9110, section 8.4) with a bound on what comes out."""

from __future__ import annotations

import zlib
from typing import Protocol

from vademecum.errors import ContentError


class Decoder(Protocol):
    """Takes a body in pieces. What is wrong with it raises ContentError."""

    def feed(self, chunk: bytes, room: int) -> bytes:
        """Return what comes out of `chunk`, at most `room` (> 0) bytes; `room` bytes: there may be more."""
        ...

    def finish(self) -> None:
        """Check that the body is complete."""
        ...


def decoder(encoding: str, url: str) -> Decoder:
    """Return the decoder for a Content-Encoding header; `url` is for messages.

    Raises:
        ContentError: An encoding that was not asked for.
    """
    name = encoding.strip().lower()
    if name in ("gzip", "x-gzip"):
        return _Gzip(url)
    if name in ("", "identity"):
        return _Identity()
    raise ContentError(f"{url}: the host used the encoding {name!r}, which was not asked for")


class _Identity:
    def feed(self, chunk: bytes, room: int) -> bytes:
        return chunk[:room]

    def finish(self) -> None:
        pass


class _Gzip:
    """Inflates a Content-Encoding; never more than there is room for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._inflate = zlib.decompressobj(wbits=31)

    def feed(self, chunk: bytes, room: int) -> bytes:
        """Return what comes out of `chunk`; `room` bytes mean that there may be more."""
        try:
            return self._inflate.decompress(chunk, room)
        except zlib.error as error:
            raise ContentError(f"{self._url}: the host's gzip encoding is broken ({error})") from None

    def finish(self) -> None:
        if not self._inflate.eof or self._inflate.unused_data:
            raise ContentError(f"{self._url}: the host's gzip encoding breaks off or has something behind it")
