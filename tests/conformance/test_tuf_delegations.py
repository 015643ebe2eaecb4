"""Delegated targets: who is asked, in which order, and what a delegation may and may not do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import pytest

from conformance.harness.repository import Alias, Repository
from conformance.harness.subject import InProcess, Subject, version
from support.publisher import TestKey
from vademecum.errors import ContentError, ExpiredError, SignatureError, UsageError


@dataclass(frozen=True)
class Edge:
    """`delegator` trusts `role` with `paths`."""

    delegator: str
    role: str
    terminating: bool = False
    paths: tuple[str, ...] = ("*",)


def edges(text: str) -> list[Edge]:
    """`targets>A A>B! A>C:*.py` - ! for terminating, : for other paths than `*`."""
    found = []
    for word in text.split():
        rest, _, path = word.partition(":")
        delegator, _, role = rest.partition(">")
        found.append(Edge(delegator, role.rstrip("!"), role.endswith("!"), (path or "*",)))
    return found


def build(repository: Repository, text: str) -> None:
    for edge in edges(text):
        repository.delegate(edge.delegator, edge.role, edge.paths, terminating=edge.terminating)
    repository.publish()


def asked(subject: Subject) -> list[str]:
    """The delegated roles that were asked for, in order."""
    names = [path.split(".")[1] for path in subject.requests if path.startswith("metadata/") and path[9].isdigit()]
    return [name for name in names if name not in ("root", "snapshot", "targets")]


GRAPHS = {
    "one": ("targets>A", "A"),
    "two": ("targets>A targets>B", "A B"),
    "depth first": ("targets>A targets>B A>C A>D", "A C D B"),
    "deeper": ("targets>A targets>B A>C C>D", "A C D B"),
    "terminating": ("targets>A targets>B A>C! A>D", "A C"),
    "terminating with children": ("targets>A targets>B A>C! C>D", "A C D"),
    "terminating at the top": ("targets>A! targets>B", "A"),
    "terminating elsewhere": ("targets>A targets>B A>C!:*.py A>D", "A D B"),
    "other paths": ("targets>A:*.py targets>B A>C", "B"),
    "other paths below": ("targets>A targets>B A>C:*.py C>D", "A B"),
    "a circle": ("targets>A targets>B B>C C>D D>B", "A B C D"),
    "itself": ("targets>A A>A", "A"),
    "twice": ("targets>A targets>B B>C A>C", "A C B"),
    "twice, once with other paths": ("targets>A targets>B B>C A>C:*.py", "A B C"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_the_order_of_asking(client: InProcess, name: str) -> None:
    graph, order = GRAPHS[name]
    build(client.repository, graph)
    assert not client.download("missing")
    assert isinstance(client.error, ContentError)
    assert asked(client) == order.split()


def test_the_order_of_asking_through_the_command_line(both: Subject) -> None:
    build(both.repository, "targets>A targets>B A>C! A>D")
    assert not both.download("missing")
    assert asked(both) == ["A", "C"]
    assert version(both, "C") == 1


def test_the_first_role_that_signs_it_has_it(client: InProcess) -> None:
    build(client.repository, "targets>A targets>B")
    client.repository.add_target("file", b"of B", "B")
    client.repository.add_target("file", b"of A", "A")
    client.repository.publish("A", "B")
    assert client.download("file")
    assert client.downloaded() == [b"of A"]
    assert asked(client) == ["A"]


@pytest.mark.parametrize(
    ("path", "found", "order"),
    [
        ("file", True, ""),
        ("README.md", True, "A"),
        ("docs/README.md", False, ""),
        ("releases/x/one", True, "B C"),
        ("releases/x/y/one", False, ""),
        ("releases/y/two.zip", True, "B D"),
        ("releases/z/three.zip", False, "B"),
        ("Releases/x/one", False, ""),
    ],
)
def test_patterns_of_paths(client: InProcess, path: str, found: bool, order: str) -> None:
    """A star ends at a slash; what a role signs beyond what it is trusted with is not found."""
    repository = client.repository
    build(repository, "targets>A:*.md targets>B:releases/*/* B>C:releases/x/* B>D:releases/y/*.zip")
    repository.add_target("file", b"file")
    for role, target in [("A", "README.md"), ("A", "docs/README.md"), ("C", "releases/x/one")]:
        repository.add_target(target, target.encode(), role)
    for target in ("releases/y/two.zip", "releases/z/three.zip"):
        repository.add_target(target, target.encode(), "D")
    repository.publish("A", "B", "C", "D")
    assert client.download(path) == found
    assert asked(client) == order.split()


def test_prefixes_of_hashed_paths(client: InProcess) -> None:
    repository = client.repository
    prefix = hashlib.sha256(b"docs/a").hexdigest()[:3]
    other = hashlib.sha256(b"docs/b").hexdigest()[:3]
    repository.delegate("targets", "others", prefixes=[other])
    repository.delegate("targets", "ours", prefixes=["ffffff", prefix])
    repository.add_target("docs/a", b"a", "ours")
    repository.publish()
    assert client.download("docs/a")
    assert asked(client) == ["ours"]


@pytest.mark.parametrize("path", ["a", "b", "docs/one.md", "docs/two.md"])
def test_succinct_bins(client: InProcess, path: str) -> None:
    """TAP 15: the first bits of the path's SHA-256 say which of the bins signs it."""
    repository = client.repository
    bins = repository.delegate_bins("bin", 3)
    assert len(bins) == 8
    expected = f"bin-{hashlib.sha256(path.encode()).digest()[0] >> 5:x}"
    repository.add_target(path, path.encode(), expected)
    repository.publish()
    assert client.download(path)
    assert asked(client) == [expected]


def test_fetched_delegated_metadata_are_kept(both: Subject) -> None:
    both.repository.delegate("targets", "A")
    both.repository.add_target("one", b"1", "A")
    both.repository.add_target("two", b"2", "A")
    both.repository.publish()
    assert both.download("one", "two")
    assert asked(both) == ["A"]
    assert both.downloaded() == [b"1", b"2"]
    assert both.download("two")
    assert asked(both) == []
    both.repository.publish("A")
    assert both.download("two")
    assert asked(both) == ["A"]


# What a delegation binds --------------------------------------------------------------------------


def test_kept_metadata_are_verified_against_who_delegates_now(client: InProcess) -> None:
    """The delegator has revoked the key: what it had signed is asked for again, and refused while it still has it."""
    repository = client.repository
    repository.delegate("targets", "A")
    repository.add_target("file", b"content", "A")
    repository.publish("A")
    assert client.download("file")
    repository.delegate("targets", "A", keys=[TestKey("new A")])
    repository.publish()
    (file,) = client.folder.iterdir()
    file.unlink()
    assert not client.download("file")
    assert isinstance(client.error, SignatureError)
    assert client.downloaded() == []
    repository.keys["A"] = [TestKey("new A")]
    repository.publish("A")
    assert client.download("file")


def test_two_delegators_with_different_keys_for_one_role(client: InProcess) -> None:
    """Kept as one delegator has it; asked for by another, who trusts another key, it is not good enough."""
    repository = client.repository
    build(repository, "targets>A:a/* targets>B:b/* A>C:a/*")
    repository.delegate("B", "C", ["b/*"], keys=[TestKey("B's idea of C")])
    repository.add_target("a/file", b"content", "C")
    repository.add_target("b/file", b"content", "C")
    repository.publish("A", "B", "C")
    assert client.download("a/file")
    assert not client.download("b/file")
    assert isinstance(client.error, SignatureError)


def test_thresholds_of_delegations(client: InProcess) -> None:
    repository = client.repository
    keys = [TestKey(word) for word in "123"]
    repository.delegate("targets", "A", threshold=2, keys=keys)
    repository.keys["A"] = [keys[0], TestKey("stranger")]
    repository.publish("A")
    assert not client.download("missing")
    assert isinstance(client.error, SignatureError)
    repository.keys["A"] = [keys[2], keys[0]]
    repository.publish("A")
    assert not client.download("missing")
    assert version(client, "A") == 3


def test_one_key_under_two_identifiers_counts_once_for_a_delegation(client: InProcess) -> None:
    repository, key = client.repository, TestKey("one")
    repository.delegate("targets", "A", threshold=2, keys=[key, Alias(key, "a" * 64)])
    repository.keys["A"] = [key, Alias(key, "a" * 64)]
    repository.publish("A")
    assert not client.download("missing")
    assert isinstance(client.error, SignatureError)
    assert version(client, "A") is None


def test_a_role_that_the_snapshot_does_not_name(client: InProcess) -> None:
    repository = client.repository
    build(repository, "targets>A")
    del repository.snapshot.meta["A.json"]
    repository.write_snapshot()
    repository.write_timestamp()
    assert not client.download("missing")
    assert isinstance(client.error, ContentError)
    assert "does not name A.json" in str(client.error)


def test_an_expired_role_signs_nothing(client: InProcess) -> None:
    repository = client.repository
    repository.delegate("targets", "A")
    repository.delegated["A"].expires = repository.now + timedelta(days=7)
    repository.add_target("one", b"1", "A")
    repository.publish()
    client.days = 8
    assert not client.download("one")
    assert isinstance(client.error, ExpiredError)
    assert version(client, "A") is None


def test_a_kept_role_that_expires_is_fetched_anew(client: InProcess) -> None:
    repository = client.repository
    repository.delegate("targets", "A")
    repository.delegated["A"].expires = repository.now + timedelta(days=7)
    repository.add_target("one", b"1", "A")
    repository.add_target("two", b"2", "A")
    repository.publish()
    assert client.download("one")
    client.days = 18
    assert not client.download("two")
    assert isinstance(client.error, ExpiredError)
    repository.delegated["A"].expires = repository.later
    repository.publish("A")
    assert client.download("two")


def test_other_bytes_than_the_snapshot_names(client: InProcess) -> None:
    repository = client.repository
    build(repository, "targets>A")
    path = repository.path("A", 1)
    repository.files[path] = repository.files[path].replace(b"{", b"{ ", 1)
    assert not client.download("missing")
    assert isinstance(client.error, ContentError)
    assert version(client, "A") is None


def test_the_number_of_roles_asked_is_bounded(client: InProcess) -> None:
    client.most = 4
    build(client.repository, " ".join(f"targets>R{number}" for number in range(10)))
    assert not client.download("missing")
    assert isinstance(client.error, ContentError)
    assert asked(client) == ["R0", "R1", "R2", "R3"]


def test_names_of_roles_that_need_quoting(both: Subject) -> None:
    roles = ["?", "#", "/role", "../role", "a b/ü 100%"]
    for number, role in enumerate(roles):
        both.repository.delegate("targets", role, [str(number)])
        both.repository.add_target(str(number), role.encode(), role)
    both.repository.publish()
    files = [str(number) for number in range(len(roles))]
    assert both.download(*files)
    assert {f"metadata/1.{role.replace('/', '%2F')}.json" for role in roles} <= set(both.requests)
    assert both.downloaded() == [role.encode() for role in roles]
    assert both.download(*files)
    assert asked(both) == []


def test_a_role_whose_name_no_path_can_have(client: InProcess) -> None:
    client.repository.delegate("targets", "back\\slash")
    client.repository.publish()
    assert not client.download("file")
    assert isinstance(client.error, UsageError)
