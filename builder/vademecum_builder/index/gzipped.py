"""Objects as gzip files (format.md, section 1), made by libdeflate.

At its highest level it looks for the cheapest parse, and for where a block should end, so that texts, vectors and ids
have each codes of their own (site/content/decisions/streams-and-metadata.md).
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Final

from vademecum.format.objects import GZIP_HEADER, ObjectRef

LEVEL: Final = 12
"""The highest: the smallest files."""


def gzipped(content: bytes) -> tuple[ObjectRef, bytes]:
    """Return the reference and the gzip file of an object. The same content gives the same bytes."""
    # Here: `vade verify` and `vade pull` come with the client alone, and make no files.
    from deflate import deflate_compress

    trailer = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    file = GZIP_HEADER + bytes(deflate_compress(content, LEVEL)) + trailer
    return ObjectRef(hashlib.sha256(content).hexdigest(), len(file), len(content)), file
