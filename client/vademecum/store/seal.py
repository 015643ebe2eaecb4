"""The digest of a record, in the record: a bit that a disk has flipped, or another program's hand, is noticed.

>>> seal(b'{"a":1}')[:12], unseal(seal(b'{"a":1}'), "x")
(b'{"sha256":"0', b'{"a":1}')
"""

from __future__ import annotations

import hashlib
import re

from vademecum.errors import ContentError

_SEAL = re.compile(rb'\{"sha256":"([0-9a-f]{64})",')
_ALMOST = re.compile(rb'\{"sha256":"|.{11}[0-9a-f]{64}",', re.DOTALL)
"""A seal with a part that is damaged, which is not to be taken for a record without one."""


def seal(data: bytes) -> bytes:
    """Return a JSON object that is not empty with a first field more: the SHA-256 of it as it was."""
    return b'{"sha256":"%s",%s' % (hashlib.sha256(data).hexdigest().encode(), data[1:])


def unseal(data: bytes, name: str) -> bytes:
    """Return the object as it was; one without that field as it is, as earlier versions and browsers write it.

    Raises:
        ContentError: It is not what was written.
    """
    found = _SEAL.match(data)
    if found is None:
        if _ALMOST.match(data):
            raise ContentError(f"the record {name} is damaged: its digest is none")
        return data
    data = b"{" + data[found.end() :]
    if hashlib.sha256(data).hexdigest().encode() != found[1]:
        raise ContentError(f"the record {name} is damaged: it is not what was written")
    return data
