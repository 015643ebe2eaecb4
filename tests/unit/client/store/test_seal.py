"""The digest of a record, in the record."""

from __future__ import annotations

import pytest

from vademecum.errors import ContentError
from vademecum.store.pointer import Head, decode_head, encode_head
from vademecum.store.seal import seal, unseal

HEAD = encode_head(Head(pinned=2, refused=(3,)))


@pytest.mark.fault("E58")
def test_no_bit_of_what_the_user_chose_is_believed_otherwise() -> None:
    for at in range(len(HEAD)):
        for bit in range(8):
            data = bytearray(HEAD)
            data[at] ^= 1 << bit
            with pytest.raises(ContentError):
                decode_head(bytes(data))


def test_what_was_sealed_comes_back_and_nothing_else_does() -> None:
    assert unseal(seal(b'{"a":1}'), "x") == b'{"a":1}'
    for other in (seal(b'{"a":1}').replace(b":1}", b":2}"), b'{"a":1}', b""):
        with pytest.raises(ContentError, match="record x"):
            unseal(other, "x")
