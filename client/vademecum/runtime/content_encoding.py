"""Undoing a host's Content-Encoding (RFC 9110, section 8.4) with a bound on what comes out."""

from __future__ import annotations

import zlib

from vademecum.errors import ContentError


class Decoder:
    """Takes a body in pieces.

    Args:
        encoding: The Content-Encoding header; empty: none.
        url: For messages.

    Raises:
        ContentError: An encoding that was not asked for; of all methods: the body is not what its encoding says.
    """

    def __init__(self, encoding: str, url: str) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip"):
            raise ContentError(f"{url}: the host used the encoding {name!r}, which was not asked for")
        self._url = url
        self._inflate = zlib.decompressobj(wbits=31) if name.endswith("gzip") else None

    def feed(self, chunk: bytes, room: int) -> bytes:
        """Return what comes out of `chunk`, at most `room` (> 0) bytes; `room` bytes: there may be more."""
        if self._inflate is None:
            return chunk[:room]
        try:
            return self._inflate.decompress(chunk, room)
        except zlib.error as error:
            raise ContentError(f"{self._url}: the host's gzip encoding is broken ({error})") from None

    def finish(self) -> None:
        """Check that the body is complete."""
        if self._inflate is not None and (not self._inflate.eof or self._inflate.unused_data):
            raise ContentError(f"{self._url}: the host's gzip encoding breaks off or has something behind it")
