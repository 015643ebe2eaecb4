"""Files: verified before they are kept, not fetched again, and never outside their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.harness.repository import Repository
from conformance.harness.subject import InProcess, Subject
from vademecum.errors import ContentError, UsageError


def test_a_download(both: Subject) -> None:
    place = both.repository.add_target("docs/deep/a.txt", b"content")
    both.repository.publish()
    assert both.download("docs/deep/a.txt")
    assert both.requests[-1] == place
    assert both.downloaded() == [b"content"]


def test_what_is_there_unchanged_is_not_fetched_again(both: Subject) -> None:
    places = [both.repository.add_target(name, name.encode()) for name in ("one", "two")]
    both.repository.publish()
    assert both.download("one", "two")
    assert both.requests[-2:] == places
    assert both.download("one", "two")
    assert not any(path.startswith("targets/") for path in both.requests)


def test_what_was_damaged_on_the_disk_is_fetched_again(client: InProcess) -> None:
    client.repository.add_target("one", b"content")
    client.repository.publish()
    client.download("one")
    (file,) = client.folder.iterdir()
    file.write_bytes(b"changed")
    assert client.download("one")
    assert client.downloaded() == [b"content"]


def test_a_new_version_takes_the_place_of_the_old(client: InProcess) -> None:
    for number in range(3):
        content = f"content {number}".encode()
        client.repository.add_target("one", content)
        client.repository.publish()
        assert client.download("one")
        assert client.downloaded() == [content]


@pytest.mark.parametrize("other", [b"CONTENT", b"", b"conten", b"content and more", b"x" * 100_000])
def test_another_file_under_the_right_name(client: InProcess, other: bytes) -> None:
    place = client.repository.add_target("one", b"content")
    client.repository.publish()
    client.repository.files[place] = other
    assert not client.download("one")
    assert isinstance(client.error, ContentError)
    assert client.downloaded() == []


def test_a_substituted_file_leaves_the_old_one(both: Subject) -> None:
    both.repository.add_target("one", b"old")
    both.repository.publish()
    both.download("one")
    place = both.repository.add_target("one", b"new")
    both.repository.publish()
    both.repository.files[place] = b"bad"
    assert not both.download("one")
    assert both.downloaded() == [b"old"]


def test_the_first_of_several_that_fails_ends_it(client: InProcess) -> None:
    client.repository.add_target("one", b"1")
    client.repository.publish()
    assert not client.download("one", "nobody signs this")
    assert isinstance(client.error, ContentError)
    assert client.downloaded() == [b"1"]


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("consistent", [True, False])
def test_algorithms(tmp_path: Path, algorithm: str, consistent: bool) -> None:
    client = InProcess(Repository(consistent=consistent), tmp_path)
    place = client.repository.add_target("one", b"content", algorithm=algorithm)
    client.repository.publish()
    assert client.download("one")
    client.repository.files[place] = b"CONTENT"
    (file,) = tmp_path.iterdir()
    file.unlink()
    assert not client.download("one")
    assert isinstance(client.error, ContentError)


def test_all_digests_must_be_right(client: InProcess) -> None:
    client.repository.add_target("one", b"content")
    client.repository.targets.targets["one"].hashes["sha512"] = "00" * 64
    client.repository.publish()
    assert not client.download("one")
    assert isinstance(client.error, ContentError)


@pytest.mark.parametrize("digest", ["../../a", "", "%2e%2e", "ZZ", "a" * 200])
def test_a_digest_that_is_none_becomes_no_address(client: InProcess, digest: str) -> None:
    client.repository.add_target("one", b"content")
    client.repository.targets.targets["one"].hashes["sha256"] = digest
    client.repository.publish()
    assert not client.download("one")
    assert isinstance(client.error, ContentError)
    assert not any(path.startswith("targets/") for path in client.requests)


@pytest.mark.parametrize("path", ["../one", "a/../../one", "/one", "a//one", "./one", "a\\..\\one"])
def test_targets_that_climb_out_of_the_folder(client: InProcess, path: str) -> None:
    client.repository.add_target(path, b"content")
    client.repository.publish()
    assert not client.download(path)
    assert isinstance(client.error, UsageError)
    assert client.downloaded() == []
    assert not any(request.startswith("targets/") for request in client.requests)


def test_climbing_through_the_command_line(both: Subject) -> None:
    both.repository.add_target("../../one", b"content")
    both.repository.publish()
    assert not both.download("../../one")
    assert both.downloaded() == []


def test_targets_that_need_quoting(both: Subject) -> None:
    paths = ["a b/c.txt", "a?b#c", "ü/100%", "a%20~b;c,d=e&f+g:h", "..."]
    for path in paths:
        both.repository.add_target(path, path.encode())
    both.repository.publish()
    assert both.download(*paths)
    assert sorted(both.downloaded()) == sorted(path.encode() for path in paths)
