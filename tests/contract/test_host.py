"""The port `Host`: every place to publish to keeps the same rules. The servers are real ones, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from support.hosts import HostTransport, Killed, Mortal, Opening, host_of
from support.in_hand import FixedClock
from support.publishing import HANDBOOK, ONCE, Line, read
from support.sampling import sample
from vademecum.errors import BusyError
from vademecum_builder.hosting.base import PublishOptions, Upload, ignore
from vademecum_builder.hosting.publishing import deliver
from vademecum_builder.hosting.tree import Tree, read_tree
from vademecum_builder.release.verify import verify_tree

KINDS = ["memory", "folder", "s3", "ssh", "rsync", "git", "git, with history"]
AT_ONCE = ("git", "git, with history")
"""These show nothing before they are told to."""
PROCESS = [pytest.param(kind, marks=() if kind in KINDS[:2] else pytest.mark.process) for kind in KINDS]
NEWER = {**HANDBOOK, "lanterns.md": "# Lanterns\n\nA page about lanterns at night.\n"}


@pytest.fixture(params=PROCESS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opening(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opening]:
    with host_of(kind, tmp_path, monkeypatch) as opening:
        yield opening


def put(opening: Opening, *uploads: Upload) -> list[str]:
    done: list[str] = []
    with opening() as host:
        host.write(uploads, done.append)
        host.commit("test")
    return done


def test_what_was_written_is_listed_and_read(opening: Opening, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"from a file")
    names = ["index.html", "objects/a b.gz", "deep/er/-x %20é.json", "pages/[1]*.html"]
    uploads = [Upload(name, f"{name}, whole".encode()) for name in names]
    uploads.append(Upload("client/file.mjs", tmp_path / "file"))
    with opening() as host:
        assert host.list() == {}
        assert host.read("metadata/timestamp.json") is None
    assert sorted(put(opening, *uploads)) == sorted(upload.path for upload in uploads)
    with opening() as host:
        listed = {path: stored.size for path, stored in host.list().items()}
        assert listed == {upload.path: upload.size for upload in uploads}
        for upload in uploads:
            assert host.read(upload.path) == upload.read()
        assert host.read("nothing/here") is None


def test_a_file_is_replaced_and_known_to_be_there(kind: str, opening: Opening) -> None:
    old, new = Upload("index.html", b"one"), Upload("index.html", b"two")
    put(opening, old)
    with opening() as host:
        [stored] = host.list().values()
        assert not host.holds(new, stored)
        assert host.holds(old, stored) or kind in ("ssh", "rsync"), "these compare when they write"
    put(opening, new)
    with opening() as host:
        assert host.read("index.html") == b"two"
    if kind in ("ssh", "rsync"):
        assert put(opening, new) == []


def test_what_is_deleted_is_gone_and_the_rest_stays(opening: Opening) -> None:
    put(opening, Upload("objects/a", b"1"), Upload("objects/b", b"2"), Upload("sub/objects/a", b"3"))
    with opening() as host:
        host.delete(["objects/a", "objects/never"])
        host.delete([])
        host.commit("test")
    with opening() as host:
        assert sorted(host.list()) == ["objects/b", "sub/objects/a"]


@pytest.mark.fault("D50")
@pytest.mark.parametrize("kind", PROCESS[2:], indirect=True)  # of the others one process holds one at a time
def test_what_was_read_is_replaced_only_while_it_is_that(kind: str, tmp_path: Path, opening: Opening) -> None:
    pointer = "metadata/timestamp.json"
    for before in (None, b"one"):
        with opening() as first, opening() as second:
            assert first.read(pointer) == before == second.read(pointer)
            second.write([Upload(pointer, b"one" if before is None else b"two")], ignore)
            second.commit("second")
            with pytest.raises(BusyError, match="publish again"):
                first.write([Upload(pointer, b"three")], ignore)
                first.commit("first")
    with opening() as host:
        assert host.read(pointer) == b"two"


def shown(opening: Opening, line: Line) -> int:
    """Return the release that a host shows, every object of it verified."""
    with opening() as host:
        return read(HostTransport(host), line.root, line.now).manifest.sequence


def verified(opening: Opening, line: Line) -> int:
    """Return the same, all pages verified as well."""
    with opening() as host:
        return asyncio.run(verify_tree(HostTransport(host), line.root, FixedClock(line.now), ONCE)).sequence


def tree_of(line: Line) -> Tree:
    return read_tree(line.out, line.root, FixedClock(line.now))


@pytest.mark.slow
@pytest.mark.fault("D50", "B20")
@pytest.mark.parametrize("kind", [param for param in PROCESS if param.values != ("ssh",)])
def test_killed_at_any_write_a_host_shows_a_release_whole_and_the_next_publish_ends_right(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But over SSH: that is the daemon's rsync, and a connection takes half a second."""
    line = Line(tmp_path)
    line.release(HANDBOOK)
    shutil.copytree(line.out, tmp_path / "first")
    first = read_tree(tmp_path / "first", line.root, FixedClock(line.now))
    line.release(NEWER)
    second = tree_of(line)
    with host_of("memory", tmp_path, monkeypatch) as opening, opening() as host:
        deliver(host, first, line.now)
        whole = Mortal(host, 10_000)
        deliver(whole, second, line.now + timedelta(days=2), PublishOptions(keep=timedelta(0)))
    every = range(whole.done)
    for number in every if kind in ("memory", "folder") else sample(every, 6 if kind == "s3" else 10, kind):
        place = tmp_path / str(number)
        place.mkdir()
        with monkeypatch.context() as patch, host_of(kind, place, patch) as opening:
            with opening() as host:
                deliver(host, first, line.now)
            assert shown(opening, line) == 1
            with opening() as host, pytest.raises(Killed):
                mortal = Mortal(host, number)
                deliver(mortal, second, line.now + timedelta(days=2), PublishOptions(keep=timedelta(0)))
            flipped = "metadata/timestamp.json" in mortal.written  # others are written before it, though not all anew
            assert shown(opening, line) == (2 if flipped and kind not in AT_ONCE else 1)
            with opening() as host:
                deliver(host, second, line.now + timedelta(days=4), PublishOptions(keep=timedelta(0)))
            assert verified(opening, line) == 2
            with opening() as host:
                left = set(host.list()) - second.paths - {".vademecum-unneeded.json"}
                assert left == set(), "what the killed one has left is swept"
