"""Objects: content-addressed files, gzipped on the host, checked before any byte is used (format.md, section 1); and
the names and numbers that stand in several of the format's files."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Final

from vademecum.errors import ContentError
from vademecum.format.json import DIGEST, Fields

FORMAT: Final = 1
"""Of manifests: a reader refuses any higher one."""
MAX_SEQUENCE: Final = 2**32 - 1
"""The highest number of a release: segments keep sequences in 32 bits."""
EPOCH: Final = re.compile(r"[0-9a-f]{16}")
"""The name of an epoch: the releases whose vectors can be compared."""


GZIP_HEADER: Final = bytes.fromhex("1f8b08000000000002ff")
"""How each of our gzip files begins: no name, no time, so that the same content gives the same bytes."""


@dataclass(frozen=True)
class ObjectRef:
    """A content-addressed file: digest of its content, bytes on the host, bytes inflated."""

    sha256: str
    size: int
    uncompressed: int

    @property
    def path(self) -> str:
        """Where it lies in the published tree."""
        return f"objects/{self.sha256}.gz"


class PackRef(ObjectRef):
    """A pack: a file that is not gzipped."""

    @property
    def path(self) -> str:
        """Where it lies in the published tree."""
        return f"objects/{self.sha256}.pack"


def inflate(ref: ObjectRef, body: bytes) -> bytes:
    """Return the content of an object, from its gzip file or itself; raise ContentError if `ref` names another one."""
    return verified(ref, _content(ref, body), ref.path)


def inflate_named(sha256: str, body: bytes, most: int) -> bytes:
    """Return the content of an object of which only the digest is known, from the body that a host sent.

    Args:
        most: Never more bytes than that are inflated.

    Raises:
        ContentError: Anything else than the very object of that digest.
    """
    content = _content(ObjectRef(sha256, len(body), most), body)
    ref = ObjectRef(sha256, len(body), len(content))
    if len(content) > most:
        raise ContentError(f"{ref.path}: more than {most} bytes")
    return verified(ref, content, ref.path)


def verified(ref: ObjectRef, content: bytes, path: str) -> bytes:
    """Return the content; raise ContentError, which names `path`, if it is not the very one that `ref` names."""
    if len(content) != ref.uncompressed or hashlib.sha256(content).hexdigest() != ref.sha256:
        hint = " (HTML: a login page or an error page?)" if content[:512].lstrip()[:1] == b"<" else ""
        raise ContentError(f"{path}: {len(content)} bytes that are not what was signed{hint}")
    return content


def _content(ref: ObjectRef, body: bytes) -> bytes:
    """Return what a host sent, inflated where it has not done so itself."""
    if not body.startswith(GZIP_HEADER):
        return body
    if len(body) != ref.size:
        raise ContentError(f"{ref.path}: {len(body)} bytes, the manifest says {ref.size}")
    inflater = zlib.decompressobj(wbits=31)
    try:
        content = inflater.decompress(body, ref.uncompressed + 1)
    except zlib.error as error:
        raise ContentError(f"{ref.path}: damaged gzip: {error}") from None
    if not inflater.eof or inflater.unused_data:
        raise ContentError(f"{ref.path}: the gzip does not end where it should")
    return content


def read_ref(fields: Fields) -> ObjectRef:
    """Return the reference that an object of JSON makes."""
    return ObjectRef(fields.match("sha256", DIGEST), fields.integer("size"), fields.integer("uncompressed"))


def ref_json(ref: ObjectRef) -> dict[str, object]:
    """Return the object of JSON that `read_ref` reads."""
    return {"sha256": ref.sha256, "size": ref.size, "uncompressed": ref.uncompressed}
