"""Signatures that do not count: malleable, not canonical, by a key of small order, by one key twice.

securesystemslib's pure-Python ed25519, which browsers use, accepts the first three by itself; OpenSSL, on CPython,
some of them. The last tests say so, for the day on which they stop.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from securesystemslib._vendor.ed25519 import ed25519
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Root

from support.publisher import NOW, Publisher, TestKey
from vademecum.errors import SignatureError
from vademecum.trust.metadata import Trust
from vademecum.trust.signatures import SMALL_ORDER, L, P, canonical_y, counts

POINTS = [y | sign << 255 for y in SMALL_ORDER for sign in (0, 1)]


def encoded(number: int) -> bytes:
    return number.to_bytes(32, "little")


def key_of(public: bytes) -> SSlibKey:
    return SSlibKey(hashlib.sha256(public).hexdigest(), "ed25519", "ed25519", {"public": public.hex()})


def with_higher_s(signature: str) -> str:
    """The same signature with S + L in place of S: it satisfies the same equation."""
    raw = bytes.fromhex(signature)
    return (raw[:32] + encoded(int.from_bytes(raw[32:], "little") + L)).hex()


def changed(data: bytes, change: Callable[[str], str]) -> bytes:
    """The metadata with other signatures."""
    value: dict[str, Any] = json.loads(data)
    for entry in value["signatures"]:
        entry["sig"] = change(entry["sig"])
    return json.dumps(value).encode()


@pytest.fixture
def publisher() -> Publisher:
    publisher = Publisher()
    publisher.sign()
    return publisher


def timestamp(publisher: Publisher) -> bytes:
    return publisher.files["metadata/timestamp.json"]


@pytest.mark.fault("A3")
def test_a_signature_with_s_beyond_the_order_is_refused(publisher: Publisher) -> None:
    trust = Trust(publisher.first_root, NOW)
    with pytest.raises(SignatureError, match="0/1"):
        trust.accept_timestamp(changed(timestamp(publisher), with_higher_s))
    assert trust.accept_timestamp(timestamp(publisher))


@pytest.mark.parametrize("role", ["root", "next root", "snapshot", "targets"])
@pytest.mark.fault("A3")
def test_malleable_signatures_of_every_role(publisher: Publisher, role: str) -> None:
    if role == "root":
        with pytest.raises(SignatureError):
            Trust(changed(publisher.first_root, with_higher_s), NOW)
        return
    trust = Trust(publisher.first_root, NOW)
    if role == "next root":
        with pytest.raises(SignatureError):
            trust.accept_root(changed(publisher.publish_root(), with_higher_s))
        return
    for name, signed in (("snapshot", publisher.snapshot), ("targets", publisher.targets)):
        if name == role:
            path = f"metadata/{signed.version}.{name}.json"
            publisher.files[path] = changed(publisher.files[path], with_higher_s)
    publisher.snapshot.meta["targets.json"].hashes = publisher.snapshot.meta["targets.json"].length = None
    publisher.timestamp.snapshot_meta.hashes = publisher.timestamp.snapshot_meta.length = None
    if role == "targets":
        publisher.write_snapshot()
        publisher.timestamp.snapshot_meta.hashes = publisher.timestamp.snapshot_meta.length = None
    publisher.write_timestamp()
    trust.accept_timestamp(timestamp(publisher))
    accept = {"snapshot": trust.accept_snapshot, "targets": trust.accept_targets}
    if role == "targets":
        trust.accept_snapshot(publisher.files["metadata/1.snapshot.json"])
    with pytest.raises(SignatureError):
        accept[role](publisher.files[f"metadata/1.{role}.json"])


def test_a_malleable_signature_beside_a_good_one_harms_nobody(publisher: Publisher) -> None:
    publisher.keys["timestamp"].append(TestKey("second"))
    publisher.root.add_key(TestKey("second").key, "timestamp")
    trust = Trust(publisher.first_root, NOW)
    trust.accept_root(publisher.publish_root())
    publisher.sign()
    value = json.loads(timestamp(publisher))
    value["signatures"][0]["sig"] = with_higher_s(value["signatures"][0]["sig"])
    assert trust.accept_timestamp(json.dumps(value).encode())


@pytest.mark.parametrize("point", POINTS, ids=hex)
@pytest.mark.fault("A3")
def test_a_key_of_small_order_signs_nothing(publisher: Publisher, point: int) -> None:
    """Such a key agrees with [S]B and S for many a message: whoever finds one owns the role."""
    key = key_of(encoded(point))
    publisher.root.roles["timestamp"].keyids = []
    publisher.root.add_key(key, "timestamp")
    trust = Trust(publisher.first_root, NOW)
    trust.accept_root(publisher.publish_root())
    value = json.loads(timestamp(publisher))
    anybody = ed25519.encodepoint(ed25519.scalarmult_B(5)) + encoded(5)  # type: ignore[no-untyped-call]
    value["signatures"] = [{"keyid": key.keyid, "sig": anybody.hex()}]
    with pytest.raises(SignatureError, match="0/1"):
        trust.accept_timestamp(json.dumps(value).encode())


def test_the_small_orders_are_all_of_them() -> None:
    """Eight times each point is the neutral one, and there are eight such points (RFC 8032, section 5.1)."""
    points = set()
    for y in SMALL_ORDER:
        point = ed25519.decodepoint(encoded(y))  # type: ignore[no-untyped-call]
        for _ in range(3):
            point = ed25519.edwards_double(point)  # type: ignore[no-untyped-call]
        assert ed25519.encodepoint(point) == encoded(1)  # type: ignore[no-untyped-call]
        points |= {(y, 0)} | ({(y, 1)} if y not in (1, P - 1) else set())
    assert len(points) == 8


@pytest.mark.parametrize(
    ("number", "canonical"),
    [
        (0, True),
        (1, True),
        (P - 1, True),
        (P, False),
        (P + 1, False),
        (P + 18, False),
        (1 | 1 << 255, False),
        (P - 1 | 1 << 255, False),
        (4 | 1 << 255, True),
    ],
)
def test_a_point_has_one_encoding(number: int, canonical: bool) -> None:
    assert (canonical_y(encoded(number)) is not None) == canonical


@pytest.mark.fault("A3")
def test_points_that_are_not_canonical_do_not_count() -> None:
    key = TestKey("word").key
    signature = TestKey("word").sign(b"message").signature
    assert counts(key, signature)
    assert not counts(key, (encoded(P + 3) + bytes(32)).hex())
    assert not counts(key_of(encoded(P + 3)), signature)
    assert not counts(key, signature[:64] + encoded(L).hex())
    assert counts(key, signature[:64] + encoded(L - 1).hex())


@pytest.mark.parametrize("signature", ["", "zz", "00", "ab" * 65])
def test_what_is_no_signature_is_left_to_python_tuf(signature: str) -> None:
    assert counts(TestKey("word").key, signature)


def test_other_schemes_are_left_to_python_tuf() -> None:
    key = SSlibKey("a" * 64, "ecdsa", "ecdsa-sha2-nistp256", {"public": "PEM"})
    assert counts(key, "ff" * 64)


@pytest.mark.fault("E57")
@pytest.mark.parametrize("spell", [str.upper, lambda public: f"{public[:2]} {public[2:]}", "{}\n".format])
def test_one_key_under_two_identifiers_counts_once(publisher: Publisher, spell: Callable[[str], str]) -> None:
    original = TestKey("release")
    alias = SSlibKey("a" * 64, "ed25519", "ed25519", {"public": spell(original.key.keyval["public"])})
    publisher.root.add_key(alias, "timestamp")
    publisher.root.roles["timestamp"].threshold = 2
    trust = Trust(publisher.first_root, NOW)
    trust.accept_root(publisher.publish_root())
    value = json.loads(timestamp(publisher))
    value["signatures"].append({"keyid": alias.keyid, "sig": value["signatures"][0]["sig"]})
    with pytest.raises(SignatureError, match="1/2"):
        trust.accept_timestamp(json.dumps(value).encode())


@pytest.mark.fault("E57")
def test_one_key_under_two_identifiers_signs_no_first_root(publisher: Publisher) -> None:
    """It is asked of the shipped root as well: where none is shipped, it came from the host."""
    [original] = publisher.keys["root"]
    alias = SSlibKey("a" * 64, "ed25519", "ed25519", {"public": original.key.keyval["public"].upper()})
    publisher.root.add_key(alias, "root")
    publisher.root.roles["root"].threshold = 2
    value = json.loads(publisher.publish_root())
    [signature] = value["signatures"]
    value["signatures"].append({"keyid": alias.keyid, "sig": signature["sig"]})
    with pytest.raises(SignatureError, match="1/2"):
        Trust(json.dumps(value).encode(), NOW)


def test_a_root_may_name_a_key_that_it_does_not_hold(publisher: Publisher) -> None:
    publisher.root.roles["timestamp"].keyids.append("0" * 64)
    trust = Trust(publisher.first_root, NOW)
    publisher.root.roles["targets"].keyids.append("0" * 64)
    trust.accept_root(publisher.publish_root())
    assert trust.accept_timestamp(timestamp(publisher))
    assert len(trust.named()[0]) == 1


# What the library does by itself -------------------------------------------------------------------


def test_the_pure_python_takes_malleable_signatures_by_itself() -> None:
    raw = bytes.fromhex(with_higher_s(TestKey("word").sign(b"message").signature))
    public = bytes.fromhex(TestKey("word").key.keyval["public"])
    ed25519.checkvalid(raw, b"message", public)  # type: ignore[no-untyped-call]


def test_the_pure_python_takes_keys_of_small_order_by_itself() -> None:
    anybody = ed25519.encodepoint(ed25519.scalarmult_B(5)) + encoded(5)  # type: ignore[no-untyped-call]
    ed25519.checkvalid(anybody, b"any message", encoded(1))  # type: ignore[no-untyped-call]


def test_roots_are_what_python_tuf_says() -> None:
    """The one inner part that signatures.py leans on: a root finds its keys by their identifiers."""
    root = Root()
    root.add_key(TestKey("word").key, "timestamp")
    assert root.keys == {TestKey("word").key.keyid: TestKey("word").key}
