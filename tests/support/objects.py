"""Objects as any gzip makes them: readers take them however they are made."""

from __future__ import annotations

import hashlib
import zlib

from vademecum.format.objects import GZIP_HEADER, ObjectRef


def deflate(content: bytes) -> tuple[ObjectRef, bytes]:
    """Return the reference and the gzip file of an object; zlib alone, so that it runs in Pyodide, too."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    trailer = zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")
    file = GZIP_HEADER + compressor.compress(content) + compressor.flush() + trailer
    return ObjectRef(hashlib.sha256(content).hexdigest(), len(file), len(content)), file
