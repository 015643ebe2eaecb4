"""The client workflow of the specification, section 5.3 to 5.6: order, rollback, freeze, mix-and-match, recovery."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from conformance.harness.repository import Repository
from conformance.harness.subject import CommandLine, InProcess, Subject, version, versions
from support.publisher import TestKey
from vademecum.errors import ContentError, ExpiredError, RollbackError, ServerError, SignatureError

FIRST = ["metadata/2.root.json", "metadata/timestamp.json", "metadata/1.snapshot.json", "metadata/1.targets.json"]


def test_the_order_of_the_first_refresh(both: Subject) -> None:
    assert both.refresh()
    assert both.requests == FIRST
    assert versions(both) == [1, 1, 1, 1]


def test_a_download_refreshes_first(both: Subject) -> None:
    assert not both.download("nobody signs this")
    assert both.requests == FIRST
    assert versions(both) == [1, 1, 1, 1]


def test_a_second_refresh_fetches_what_is_new(both: Subject) -> None:
    both.refresh()
    assert both.refresh()
    assert both.requests == FIRST[:2]
    both.repository.publish()
    assert both.refresh()
    assert both.requests == [*FIRST[:2], "metadata/2.snapshot.json", "metadata/2.targets.json"]
    assert versions(both) == [1, 2, 2, 2]


@pytest.mark.process
def test_the_suites_start_an_executable(tmp_path: Path) -> None:
    subject = CommandLine(Repository(), tmp_path)
    command = [sys.executable, str(Path(__file__).with_name("client")), "--metadata-dir", str(subject.metadata)]
    refresh = [*command, "--metadata-url", f"{subject.host.url}/metadata", "refresh"]
    done = subprocess.run(refresh, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (subject.requests, versions(subject)) == (FIRST, [1, 1, 1, 1])
    subject.close()
    done = subprocess.run(refresh, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr


@pytest.mark.parametrize("hashes", [True, False])
@pytest.mark.parametrize("consistent", [True, False])
def test_both_ways_of_naming_files(tmp_path: Path, consistent: bool, hashes: bool) -> None:
    repository = Repository(consistent=consistent, hashes=hashes)
    client = InProcess(repository, tmp_path)
    place = repository.add_target("docs/a.txt", b"content")
    repository.publish()
    assert client.download("docs/a.txt")
    assert client.downloaded() == [b"content"]
    names = ["2.snapshot", "2.targets"] if consistent else ["snapshot", "targets"]
    assert client.requests[2:] == [*(f"metadata/{name}.json" for name in names), place]


@pytest.mark.parametrize("part", ["version", "expires", "keys", "roles"])
def test_a_first_root_that_is_none_asks_nobody(client: InProcess, part: str) -> None:
    root = json.loads(client.repository.first_root)
    del root["signed"][part]
    client.database.records["trust/root.json"] = json.dumps(root).encode()
    assert not client.refresh()
    assert client.requests == []
    assert isinstance(client.error, ContentError)


def test_a_first_root_that_is_not_signed_asks_nobody(client: InProcess) -> None:
    root = json.loads(client.repository.first_root)
    root["signatures"][0]["sig"] = "3045" * 32
    client.database.records["trust/root.json"] = json.dumps(root).encode()
    assert not client.refresh()
    assert client.requests == []
    assert isinstance(client.error, SignatureError)


def test_fields_that_nobody_knows_are_signed_along(client: InProcess) -> None:
    repository = client.repository
    repository.root.unrecognized_fields["custom"] = {"a": [1, None, "ü"]}
    repository.root.roles["root"].unrecognized_fields["custom"] = True
    repository.publish_root()
    repository.snapshot.unrecognized_fields["custom"] = "text"
    repository.publish()
    assert client.refresh()
    assert versions(client) == [2, 2, 2, 2]


# Rollback, freeze, mix-and-match -----------------------------------------------------------------


def test_rollback_of_the_timestamp(both: Subject) -> None:
    both.repository.publish()
    both.refresh()
    both.repository.timestamp.version = 1
    both.repository.write_timestamp()
    assert not both.refresh()
    assert version(both, "timestamp") == 2


def test_other_content_under_the_same_timestamp_version_is_not_taken(client: InProcess) -> None:
    client.refresh()
    kept = client.kept("timestamp")
    client.repository.timestamp.snapshot_meta.version = 100
    client.repository.write_timestamp()
    assert client.refresh()
    assert client.kept("timestamp") == kept


@pytest.mark.parametrize("hashes", [True, False])
def test_rollback_of_the_snapshot(tmp_path: Path, hashes: bool) -> None:
    client = InProcess(Repository(hashes=hashes), tmp_path)
    client.repository.publish()
    client.refresh()
    client.repository.snapshot.version = 1
    client.repository.write_snapshot()
    client.repository.timestamp.version += 1
    client.repository.write_timestamp()
    assert not client.refresh()
    assert isinstance(client.error, RollbackError)
    assert versions(client) == [1, 2, 2, 2]
    assert client.requests[-1] == "metadata/timestamp.json"


@pytest.mark.parametrize("hashes", [True, False])
def test_rollback_of_targets(tmp_path: Path, hashes: bool) -> None:
    client = InProcess(Repository(hashes=hashes), tmp_path)
    client.repository.publish()
    client.refresh()
    client.repository.targets.version = 0
    client.repository.publish()
    assert not client.refresh()
    assert isinstance(client.error, RollbackError)
    assert versions(client)[2:] == [2, 2]


def test_rollback_of_a_delegated_role(client: InProcess) -> None:
    client.repository.delegate("targets", "a")
    client.repository.publish("a")
    client.download("missing")
    assert version(client, "a") == 2
    client.repository.delegated["a"].version = 0
    client.repository.publish("a")
    assert not client.download("missing")
    assert isinstance(client.error, RollbackError)
    assert version(client, "a") == 2


def test_the_expired_timestamp_that_is_kept_is_still_a_floor(client: InProcess) -> None:
    client.repository.timestamp.expires = client.repository.now + timedelta(days=7)
    client.repository.publish()
    client.refresh()
    client.days = 18
    client.repository.timestamp.expires = client.repository.later
    client.repository.timestamp.version = 1
    client.repository.write_timestamp()
    assert not client.refresh()
    assert isinstance(client.error, RollbackError)
    client.repository.publish()
    client.repository.timestamp.version = 3
    client.repository.write_timestamp()
    assert client.refresh(), "and newer ones are taken"
    assert version(client, "timestamp") == 3


@pytest.mark.parametrize(
    ("role", "expected"),
    [("root", [2, 1, 1, 1]), ("timestamp", [1, 1, 1, 1]), ("snapshot", [1, 2, 1, 1]), ("targets", [1, 2, 2, 1])],
)
def test_expired_metadata_end_the_walk_there(client: InProcess, role: str, expected: list[int]) -> None:
    client.refresh()
    repository = client.repository
    past = repository.now - timedelta(days=1)
    if role == "root":
        repository.root.expires = past
        repository.publish_root()
    else:
        repository.role(role).expires = past
    repository.publish()
    assert not client.refresh()
    assert isinstance(client.error, ExpiredError)
    assert versions(client) == expected


def test_expired_metadata_through_the_command_line(both: Subject) -> None:
    both.refresh()
    both.repository.snapshot.expires = both.repository.now - timedelta(days=5)
    both.repository.publish()
    assert not both.refresh()
    assert versions(both) == [1, 2, 1, 1]


def test_a_tree_that_does_not_change_freezes_nobody_for_ever(client: InProcess) -> None:
    client.refresh()
    client.days = 31
    assert not client.refresh()
    assert isinstance(client.error, ExpiredError)


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_a_file_of_another_state_is_not_mixed_in(client: InProcess, role: str) -> None:
    """Well signed and newer, but not the one that is named: by digest, or by version alone."""
    repository = client.repository
    client.refresh()
    repository.publish()
    path = repository.path(role, 2)
    repository.publish()
    repository.files[repository.path(role, 3)] = repository.files[path]
    assert not client.refresh()
    assert isinstance(client.error, ContentError)
    assert version(client, role) == 1


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_versions_must_agree_where_no_digests_are_signed(tmp_path: Path, role: str) -> None:
    client = InProcess(Repository(hashes=False), tmp_path)
    client.repository.publish()
    client.refresh()
    old = client.repository.files[client.repository.path(role, 2)]
    client.repository.publish()
    client.repository.files[client.repository.path(role, 3)] = old
    assert not client.refresh()
    assert isinstance(client.error, RollbackError)


def test_a_snapshot_that_forgets_a_role(client: InProcess) -> None:
    client.repository.delegate("targets", "a")
    client.repository.publish("a")
    client.refresh()
    del client.repository.snapshot.meta["a.json"]
    client.repository.snapshot.version += 1
    client.repository.write_snapshot()
    client.repository.timestamp.version += 1
    client.repository.write_timestamp()
    assert not client.refresh()
    assert isinstance(client.error, ContentError)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_recovery_from_a_fast_forward(client: InProcess, role: str) -> None:
    """A thief has pushed a version far ahead. New keys for the role, and for those that recorded it, bring it back."""
    repository = client.repository
    repository.role(role).version = 99_999
    repository.publish()
    assert client.refresh()
    repository.role(role).version = 5
    repository.publish()
    assert not client.refresh()
    recording: dict[str, tuple[str, ...]] = {
        "timestamp": ("timestamp",),
        "snapshot": ("snapshot", "timestamp"),
        "targets": ("snapshot",),
    }
    for name in recording[role]:
        repository.set_keys(name, [TestKey(f"new {name}")])
    repository.publish_root()
    repository.publish()
    assert client.refresh()
    assert version(client, role) == 7


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_a_size_beyond_the_signed_one_is_cut(client: InProcess, role: str) -> None:
    repository = client.repository
    repository.files[repository.path(role, 1)] += b" " * 10
    assert not client.refresh()
    assert isinstance(client.error, ContentError)
    assert "more than" in str(client.error)
    assert version(client, role) is None


@pytest.mark.parametrize(
    "break_it",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"<!doctype html>",
        lambda data: data.replace(b'"signed"', b'"Signed"'),
        lambda data: data.replace(b'"1.0', b'"2.0'),
        lambda data: data.replace(b'"_type":"timestamp"', b'"_type":"snapshot"'),
    ],
)
def test_a_malformed_timestamp(client: InProcess, break_it: Callable[[bytes], bytes]) -> None:
    files = client.repository.files
    files["metadata/timestamp.json"] = break_it(files["metadata/timestamp.json"])
    assert not client.refresh()
    assert isinstance(client.error, ContentError | SignatureError)
    assert version(client, "timestamp") is None


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_role_that_is_not_served(client: InProcess, role: str) -> None:
    path = "metadata/timestamp.json" if role == "timestamp" else client.repository.path(role, 1)
    del client.repository.files[path]
    assert not client.refresh()
    assert isinstance(client.error, ServerError)
