"""The client workflow of the specification, section 5.3 to 5.6: order, rollback, freeze, mix-and-match, recovery."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from conformance.harness.repository import Repository
from conformance.harness.subject import CommandLine, InProcess, Subject, version, versions
from vademecum.errors import ContentError, ExpiredError, SignatureError

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
