"""The metadata of a release: nothing in it that need not be there, and other TUF clients read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from support.publishing import HANDBOOK, Line, tree_of
from vademecum.format.json import canonical, parse_object

HOST = "https://host.invalid/kb/"


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


class TreeFetcher(FetcherInterface):
    """Answers python-tuf's own client from a published tree."""

    def __init__(self, tree: dict[str, bytes]) -> None:
        self._tree = tree

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = urlsplit(url).path.removeprefix("/kb/")
        if path not in self._tree:
            raise DownloadHTTPError(f"{path}: not there", 404)
        return iter([self._tree[path]])


def newest(tree: dict[str, bytes], role: str) -> bytes:
    """The numbered metadata of a role with the highest version."""
    found = {int(match[1]): path for path in tree if (match := re.fullmatch(rf"metadata/(\d+)\.{role}\.json", path))}
    return tree[found[max(found)]]


def test_a_snapshot_names_a_version_alone_a_timestamp_its_snapshot_s_first_digits_too(line: Line) -> None:
    line.release(HANDBOOK)
    line.release(HANDBOOK | {"new.md": "# New\n\nA new page.\n"})
    tree = tree_of(line.out)
    snapshot = newest(tree, "snapshot")
    digits = sha256(snapshot).hexdigest()[:8]
    for data, meta in (
        (snapshot, {"targets.json": {"version": 2}}),
        (tree["metadata/timestamp.json"], {"snapshot.json": {"snapshot": digits, "version": 2}}),
    ):
        assert parse_object(data, "metadata")["signed"]["meta"] == meta


def test_metadata_have_no_white_space_and_sorted_keys(line: Line) -> None:
    line.release(HANDBOOK)
    for path, data in tree_of(line.out).items():
        if path.startswith(("metadata/", "releases/")):
            assert data == canonical(parse_object(data, path))


def test_targets_have_no_field_that_clients_do_not_read(line: Line) -> None:
    line.release(HANDBOOK)
    signed = parse_object(newest(tree_of(line.out), "targets"), "targets")["signed"]
    assert set(signed) == {"_type", "expires", "spec_version", "targets", "vademecum", "version"}
    assert list(signed["targets"]) == ["releases/1.json"]
    assert set(signed["targets"]["releases/1.json"]) == {"hashes", "length"}
    assert set(signed["vademecum"]) == {"channels", "format"}
    assert set(signed["vademecum"]["channels"]["stable"]) == {"release", "sequence", "version"}


def test_python_tuf_s_own_client_follows_the_releases(tmp_path: Path) -> None:
    line = Line(tmp_path, now=datetime.now(UTC))  # that client asks the system for the time
    line.release(HANDBOOK)
    (cache := tmp_path / "cache").mkdir()
    for sequence in (1, 2):
        tree = tree_of(line.out)
        updater = Updater(
            str(cache),
            f"{HOST}metadata/",
            str(cache),
            HOST,
            fetcher=TreeFetcher(tree),
            config=UpdaterConfig(),
            bootstrap=tree["metadata/1.root.json"],
        )
        updater.refresh()
        target = updater.get_targetinfo(f"releases/{sequence}.json")
        assert target is not None
        manifest = Path(updater.download_target(target, str(cache / f"{sequence}.json"))).read_bytes()
        assert parse_object(manifest, "manifest")["sequence"] == sequence
        line.release(HANDBOOK | {"new.md": "# New\n\nA new page.\n"})
