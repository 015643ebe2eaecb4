"""The digest of a record, in the record: a bit that a disk has flipped, or another program's hand, is noticed.

>>> seal(b'{"a":1}')[:12], unseal(seal(b'{"a":1}'), "x")
(b'{"sha256":"0', b'{"a":1}')
"""

from __future__ import annotations

import hashlib
import re

from vademecum.errors import ContentError

_SEAL = re.compile(rb'\{"sha256":"([0-9a-f]{64})",')


def seal(data: bytes) -> bytes:
    """Return a JSON object that is not empty with a first field more: the SHA-256 of it as it was."""
    return b'{"sha256":"%s",%s' % (hashlib.sha256(data).hexdigest().encode(), data[1:])


def unseal(data: bytes, name: str) -> bytes:
    """Return the object as it was; raise ContentError if it is not what was written here, with its digest."""
    found = _SEAL.match(data)
    content = b"{" + data[found.end() :] if found else b""
    if found is None or hashlib.sha256(content).hexdigest().encode() != found[1]:
        raise ContentError(f"the record {name} is damaged: it is not what was written")
    return content


LONGEST_MESSAGE = 1000


def as_text(message: str) -> str:
    """Return a message as it can be written: it may name a file whose name is no text; that part is replaced."""
    return message[:LONGEST_MESSAGE].encode(errors="replace").decode()
