"""Roots one after another, thresholds, and the types of keys that clients must take."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from securesystemslib.signer import CryptoSigner, SSlibKey

from conformance.harness.repository import Alias, CryptoKey
from conformance.harness.subject import InProcess, Subject, version, versions
from support.publisher import SigningKey, TestKey
from vademecum.errors import ContentError, SignatureError


@dataclass(frozen=True)
class Step:
    """One root: the numbers of the keys it names, its threshold, and who signs it."""

    keys: str
    threshold: int
    signers: str


ROTATIONS = {
    "one key": ([Step("1", 1, "1"), Step("2", 1, "12"), Step("2", 1, "2")], 3),
    "strangers sign along": ([Step("1", 1, "913"), Step("2", 1, "9123"), Step("2", 1, "293")], 3),
    "any three of five": ([Step("12345", 3, "135"), Step("12345", 3, "152"), Step("12345", 3, "345")], 3),
    "one of five": ([Step("12345", 3, "135"), Step("12346", 3, "142")], 2),
    "all of five": ([Step("12345", 3, "135"), Step("6789", 3, "135678"), Step("6789", 3, "789")], 3),
    "higher threshold": ([Step("123", 1, "1"), Step("123", 2, "12")], 2),
    "lower threshold": ([Step("123", 2, "12"), Step("123", 1, "12"), Step("123", 1, "3")], 3),
    "not by the old key": ([Step("1", 1, "1"), Step("2", 1, "29")], 1),
    "not by the new key": ([Step("1", 1, "1"), Step("2", 1, "19")], 1),
    "not by three new ones": ([Step("12345", 3, "135"), Step("12346", 3, "135")], 1),
    "not by three old ones": ([Step("12345", 3, "135"), Step("12346", 3, "126")], 1),
    "below the new threshold": ([Step("123", 1, "1"), Step("123", 2, "2")], 1),
    "below the old threshold": ([Step("123", 2, "12"), Step("123", 1, "1")], 1),
    "an intermediate one": ([Step("1", 1, "1"), Step("2", 1, "12"), Step("3", 1, "93"), Step("3", 1, "3")], 2),
}


@pytest.mark.parametrize("name", ROTATIONS)
def test_root_rotation(client: InProcess, name: str) -> None:
    steps, reached = ROTATIONS[name]
    repository = client.repository
    repository.root.version = 0
    for step in steps:
        repository.set_keys("root", [TestKey(word) for word in step.keys], step.threshold)
        repository.keys["root"] = [TestKey(word) for word in step.signers]
        repository.publish_root()
    client.database.records["trust/root.json"] = repository.first_root
    assert client.refresh() == (reached == len(steps))
    assert client.kept("root") == repository.files[f"metadata/{reached}.root.json"], "the last good one is kept"
    assert reached == len(steps) or isinstance(client.error, SignatureError)


def test_root_rotation_through_the_command_line(both: Subject) -> None:
    old = both.repository.keys["root"]
    both.repository.set_keys("root", [TestKey("new root")])
    both.repository.publish_root(old)
    both.repository.set_keys("root", [TestKey("stranger")])
    both.repository.publish_root()
    assert not both.refresh()
    assert versions(both) == [2, None, None, None]


# Thresholds ---------------------------------------------------------------------------------------

ROLES = ["timestamp", "snapshot", "targets"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("signers", "good"), [("123", True), ("345", True), ("12", False), ("129", False)])
def test_three_of_five(client: InProcess, role: str, signers: str, good: bool) -> None:
    client.repository.set_keys(role, [TestKey(word) for word in "12345"], 3)
    client.repository.publish_root()
    client.repository.keys[role] = [TestKey(word) for word in signers]
    client.repository.publish()
    assert client.refresh() == good
    assert good or isinstance(client.error, SignatureError)
    assert (version(client, role) == 2) == good


def test_a_threshold_that_no_set_of_keys_reaches(client: InProcess) -> None:
    client.repository.set_keys("snapshot", [TestKey(word) for word in "12"], 3)
    client.repository.publish_root()
    client.repository.publish()
    assert not client.refresh()
    assert isinstance(client.error, SignatureError)


def test_a_key_that_is_named_but_not_there_signs_nothing(client: InProcess) -> None:
    client.repository.root.roles["snapshot"].keyids.append("0" * 64)
    client.repository.root.roles["snapshot"].threshold = 2
    client.repository.publish_root()
    assert not client.refresh()
    assert isinstance(client.error, SignatureError)


@pytest.mark.parametrize("role", ROLES)
def test_the_same_key_under_two_identifiers_counts_once(client: InProcess, role: str) -> None:
    key = TestKey("one")
    names: list[SigningKey] = [key, Alias(key, "a" * 64), Alias(key, "b" * 64)]
    client.repository.set_keys(role, names, 2)
    client.repository.publish_root()
    client.repository.publish()
    assert not client.refresh()
    assert isinstance(client.error, SignatureError)
    client.repository.set_keys(role, [*names, TestKey("two")], 2)
    client.repository.publish_root()
    client.repository.publish()
    assert client.refresh(), "with a second key there are two"


def test_a_root_that_one_key_signs_under_two_identifiers(client: InProcess) -> None:
    old = client.repository.keys["root"]
    key = TestKey("one")
    client.repository.set_keys("root", [key, Alias(key, "a" * 64)], 2)
    client.repository.publish_root(old)
    assert not client.refresh()
    assert isinstance(client.error, SignatureError)
    assert version(client, "root") == 1


def test_a_first_root_that_one_key_signs_under_two_identifiers(client: InProcess) -> None:
    key = TestKey("one")
    client.repository.root.version = 0
    client.repository.set_keys("root", [key, Alias(key, "a" * 64)], 2)
    client.repository.publish_root()
    client.database.records["trust/root.json"] = client.repository.first_root
    assert not client.refresh()
    assert isinstance(client.error, SignatureError)
    assert client.requests == []


def test_a_next_root_that_one_of_two_old_keys_signs_under_two_identifiers(client: InProcess) -> None:
    """The root before asks for two of its keys. They hold three, two of which are one: that one alone is not enough."""
    key, alias = TestKey("one"), Alias(TestKey("one"), "a" * 64)
    client.repository.root.version = 0
    client.repository.set_keys("root", [key, alias, TestKey("two")], 2)
    client.repository.publish_root()
    client.database.records["trust/root.json"] = client.repository.first_root
    client.repository.set_keys("root", [TestKey("thief")])
    client.repository.publish_root([key, alias])
    assert not client.refresh()
    assert isinstance(client.error, SignatureError)
    assert version(client, "root") == 1


def test_identifiers_that_stand_twice(client: InProcess) -> None:
    root = json.loads(client.repository.first_root)
    root["signatures"] *= 2
    client.database.records["trust/root.json"] = json.dumps(root).encode()
    assert not client.refresh()
    assert isinstance(client.error, ContentError)


# Types of keys ------------------------------------------------------------------------------------


def ecdsa(curve: ec.EllipticCurve) -> CryptoKey:
    private = ec.generate_private_key(curve)
    return CryptoKey(CryptoSigner(private, SSlibKey.from_crypto(private.public_key())))


def rsa(scheme: str) -> CryptoKey:
    return CryptoKey(CryptoSigner.generate_rsa(scheme=scheme, size=2048))


KINDS = {
    "ed25519": lambda: CryptoKey(CryptoSigner.generate_ed25519()),
    "ecdsa-sha2-nistp256": lambda: ecdsa(ec.SECP256R1()),
    "ecdsa-sha2-nistp384": lambda: ecdsa(ec.SECP384R1()),
    "rsassa-pss-sha256": lambda: rsa("rsassa-pss-sha256"),
    "rsa-pkcs1v15-sha256": lambda: rsa("rsa-pkcs1v15-sha256"),
}


@pytest.mark.parametrize("scheme", KINDS)
def test_types_of_keys(client: InProcess, scheme: str) -> None:
    """What securesystemslib has with `cryptography`. In a browser, which has it not, only ed25519 counts."""
    key = KINDS[scheme]()
    assert key.key.scheme == scheme
    old = client.repository.keys["root"]
    for role in ("root", *ROLES):
        client.repository.set_keys(role, [key])
    client.repository.publish_root(old)
    client.repository.publish()
    assert client.refresh()
    assert versions(client) == [2, 2, 2, 2]
    client.repository.keys["timestamp"] = [KINDS[scheme]()]
    client.repository.publish()
    assert not client.refresh()
    assert isinstance(client.error, SignatureError)


@pytest.mark.fault("E57")
@pytest.mark.parametrize("scheme", [scheme for scheme in KINDS if scheme != "ed25519"])
@pytest.mark.parametrize("spell", ["{}\n".format, "a comment\n{}".format, lambda pem: pem.replace("\n", "\r\n")])
def test_one_key_in_two_spellings_counts_once(client: InProcess, scheme: str, spell: Callable[[str], str]) -> None:
    key = KINDS[scheme]()
    names: list[SigningKey] = [key, Alias(key, "a" * 64, spell(key.key.keyval["public"]))]
    client.repository.set_keys("timestamp", names, 2)
    client.repository.publish_root()
    client.repository.publish()
    assert not client.refresh()
    assert isinstance(client.error, SignatureError)


def test_a_root_with_a_key_of_an_unknown_type_is_refused_whole(client: InProcess) -> None:
    """python-tuf cannot read it. The root before stays, and with it everything that it vouches for."""
    root = client.repository.root
    root.add_key(SSlibKey("c" * 64, "unheard-of", "unheard-of-1", {"public": "00"}), "timestamp")
    client.repository.publish_root()
    assert not client.refresh()
    assert isinstance(client.error, ContentError)
    assert version(client, "root") == 1
