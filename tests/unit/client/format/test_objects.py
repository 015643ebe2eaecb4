"""Objects on the host: gzip, exact to the byte."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mutations import damaged
from support.objects import deflate
from vademecum.errors import ContentError
from vademecum.format.objects import GZIP_HEADER, ObjectRef, inflate


@given(st.binary(max_size=3000))
def test_objects_round_trip(content: bytes) -> None:
    ref, file = deflate(content)
    assert file.startswith(GZIP_HEADER)
    assert gzip.decompress(file) == content
    assert (ref.size, ref.uncompressed) == (len(file), len(content))
    assert ref.path == f"objects/{hashlib.sha256(content).hexdigest()}.gz"
    assert inflate(ref, file) == content
    assert inflate(ref, content) == content, "a host may have undone the gzip"
    assert deflate(content) == (ref, file)


CONTENT = b"the same content gives the same bytes " * 20
REF, FILE = deflate(CONTENT)


@given(damaged(FILE))
def test_no_other_bytes_are_taken(body: bytes) -> None:
    if body == FILE:
        return
    with pytest.raises(ContentError):
        inflate(REF, body)


def regzipped(content: bytes, level: int = 1, header: bytes = GZIP_HEADER) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = compressor.compress(content) + compressor.flush()
    return header + body + zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")


@pytest.mark.parametrize(
    "body",
    [
        FILE + b"\0",
        FILE + FILE,
        FILE[:-1],
        FILE[:9],
        b"",
        CONTENT + b"\n",
        CONTENT[:-1],
        gzip.compress(CONTENT, mtime=0)[:9] + b"\x03" + FILE[10:],  # another system in the header
        b"\x1f\x8b\x08\x08\0\0\0\0\x02\xff" + b"name\0" + FILE[10:],  # with a name
        b"\x1f\x8b\x08\x00\1\0\0\0\x02\xff" + FILE[10:],  # with a time
        regzipped(CONTENT),  # another size
        b"<html>Sign in</html>",
        b"<html>Sign in</html>".ljust(len(FILE)),
    ],
)
def test_anything_but_the_very_object_is_refused(body: bytes) -> None:
    with pytest.raises(ContentError, match=f"objects/{REF.sha256}"):
        inflate(REF, body)


def test_nothing_stands_behind_the_gzip_even_where_the_signed_size_has_room() -> None:
    with pytest.raises(ContentError, match="does not end where it should"):
        inflate(replace(REF, size=REF.size + 1), FILE + b"\0")
    with pytest.raises(ContentError, match="does not end where it should"):
        inflate(replace(REF, size=REF.size - 1), FILE[:-1])


def test_html_is_called_by_its_name() -> None:
    with pytest.raises(ContentError, match="HTML"):
        inflate(REF, b"<!doctype html>")


def test_a_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much a gzip holds, no more than one byte beyond the declared size is ever made."""
    bomb = regzipped(bytes(5_000_000), 9)
    ref = ObjectRef("0" * 64, len(bomb), 1000)
    limits: list[int] = []
    sizes: list[int] = []

    class Watched:
        def __init__(self, wbits: int) -> None:
            self.inner = ORIGINAL(wbits=wbits)

        def decompress(self, data: bytes, limit: int = 0) -> bytes:
            content = self.inner.decompress(data, limit)
            limits.append(limit)
            sizes.append(len(content))
            return content

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    with pytest.raises(ContentError, match="does not end where it should"):
        inflate(ref, bomb)
    assert limits == [1001]
    assert sizes == [1001]


ORIGINAL = zlib.decompressobj


def test_a_gzip_that_holds_less_than_declared_is_refused() -> None:
    body = regzipped(b"less", 9)
    with pytest.raises(ContentError):
        inflate(ObjectRef(hashlib.sha256(b"less").hexdigest(), len(body), 5), body)


# The manifest -----------------------------------------------------------------------------------
