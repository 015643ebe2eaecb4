"""Publishing to a host: the order, what is refused, what stays for how long, and what several targets do."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import obstore
import pytest
from obstore import exceptions

from support.hosts import MemoryHost
from support.in_hand import FixedClock
from support.publishing import HANDBOOK, Line, begun, tree_of
from vademecum.errors import (
    ContentError,
    EquivocationError,
    HostError,
    NetworkError,
    RollbackError,
    SignatureError,
    UsageError,
    VademecumError,
)
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.hosting.base import PublishOptions, cache_control, content_type, shown
from vademecum_builder.hosting.publishing import UNNEEDED, deliver, publish
from vademecum_builder.hosting.s3 import s3_bucket
from vademecum_builder.hosting.targets import is_folder, open_host
from vademecum_builder.hosting.tree import Tree, read_tree
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.settings import read_settings
from vademecum_builder.signing.root import renew_root

NEWER = {**HANDBOOK, "lanterns.md": "# Lanterns\n\nA page about lanterns at night.\n"}
NEWEST = {"lanterns.md": "# Lanterns\n\nA page about lanterns by day.\n"}


def built(line: Line) -> Tree:
    return read_tree(line.out, line.root, FixedClock(line.now))


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return begun(_one_release, tmp_path)


def _one_release(folder: Path) -> Line:
    line = Line(folder)
    line.release(HANDBOOK)
    return line


@pytest.mark.slow
@pytest.mark.usefixtures("small_site")
def test_what_is_immutable_goes_first_and_the_timestamp_last(tmp_path: Path) -> None:
    line, host = Line(tmp_path, site=SiteBuilder()), MemoryHost()
    line.release(HANDBOOK)
    tree = built(line)
    done = deliver(host, tree, line.now)
    assert host.files == tree_of(line.out)
    assert (done.files, done.bytes) == (len(host.files), sum(map(len, host.files.values())))
    names = [step.removeprefix("write ") for step in host.log]
    assert names[-3:] == ["metadata/1.root.json", TIMESTAMP, "commit"]
    pages = [name for name in names if not name.startswith(("objects", "releases", "metadata"))][1:]
    assert {"index.html", "sw.js", "version.json", "client/vademecum.mjs"} <= set(pages)
    assert names.index("metadata/1.snapshot.json") < min(map(names.index, pages))
    host.log.clear()
    again = deliver(host, tree, line.now)
    assert (again.files, again.skipped, host.log) == (0, len(host.files), ["commit"])


def test_a_preview_is_published_nowhere(line: Line) -> None:
    line.release(NEWER, preview=True)
    with pytest.raises(UsageError, match="is a preview, signed with a key that nobody keeps"):
        built(line)


def test_what_lies_in_the_folder_and_is_no_part_of_the_tree_is_not_published(line: Line) -> None:
    (line.out / "secret.pem").write_text("a key")
    (line.out / ".env").write_text("a token")
    host = MemoryHost()
    tree = built(line)
    assert tree.foreign == ("secret.pem",)
    deliver(host, tree, line.now)
    assert not {"secret.pem", ".env"} & host.files.keys()


def test_a_tree_that_does_not_verify_is_not_published(line: Line, tmp_path: Path) -> None:
    damaged = next((line.out / "objects").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(ContentError, match=damaged.name):
        publish(line.out, [str(tmp_path / "host")], clock=FixedClock(line.now))
    assert not (tmp_path / "host").exists()
    with pytest.raises(SignatureError):
        publish(line.out, [str(tmp_path / "host")], trust=Line(tmp_path / "other").root)
    with pytest.raises(UsageError, match="no such folder"):
        publish(tmp_path / "nothing", [str(tmp_path / "host")])


def test_an_older_tree_never_goes_over_a_newer_one(line: Line, tmp_path: Path) -> None:
    older, host = built(line), MemoryHost()
    shutil.copytree(line.out, tmp_path / "old")
    older = read_tree(tmp_path / "old", line.root, FixedClock(line.now))
    line.release(NEWER)
    deliver(host, built(line), line.now)
    before = dict(host.files)
    with pytest.raises(RollbackError, match=r"newer timestamp lies there \(2; this tree has 1\)"):
        deliver(host, older, line.now)
    assert host.files == before


@pytest.mark.fault("E54")
def test_two_builds_of_one_number_are_refused(line: Line, tmp_path: Path) -> None:
    shutil.copytree(line.out, tmp_path / "other" / "tree")
    shutil.copytree(line.keys, tmp_path / "other" / "keys")
    other, host = Line(tmp_path / "other", now=line.now), MemoryHost()
    line.release(NEWER)
    other.release(NEWEST)
    deliver(host, built(line), line.now)
    before = dict(host.files)
    with pytest.raises(EquivocationError, match="another timestamp 2 lies there"):
        deliver(host, built(other), line.now)  # of the same second
    # Signed anew, the timestamp has a higher number, and release 2 is still another.
    other.later(days=20)
    other.release(NEWEST)
    with pytest.raises(EquivocationError, match="another release 2 of stable"):
        deliver(host, built(other), other.now)
    assert host.files == before


@pytest.mark.slow
@pytest.mark.fault("E52")
def test_what_a_revoked_key_has_signed_does_not_count(line: Line, tmp_path: Path) -> None:
    shutil.copytree(line.folder, tmp_path / "thief")
    thief, host = Line(tmp_path / "thief", now=line.now), MemoryHost()
    for text in "abc":
        thief.release({"lie.md": f"# Lie {text}\n\nNothing holds.\n"})
    deliver(host, built(thief), line.now)
    renew_root(line.keys, line.now, rotate=True)
    line.release(NEWER)
    deliver(host, built(line), line.now)
    assert host.files[TIMESTAMP] == (line.out / TIMESTAMP).read_bytes()


def test_another_knowledge_base_is_not_written_over(line: Line, tmp_path: Path) -> None:
    other, host = Line(tmp_path / "other"), MemoryHost()
    other.release(NEWEST)
    deliver(host, built(other), line.now)
    before = dict(host.files)
    with pytest.raises(UsageError, match="another knowledge base"):
        deliver(host, built(line), line.now)
    assert host.files == before
    host.files[TIMESTAMP] = b"<html>"
    deliver(host, built(line), line.now)
    assert host.files[TIMESTAMP] == (line.out / TIMESTAMP).read_bytes()


@pytest.mark.slow
@pytest.mark.usefixtures("small_site")
def test_pages_of_somebody_else_are_not_written_over(tmp_path: Path) -> None:
    line, host = (Line(tmp_path, site=SiteBuilder()), MemoryHost({"index.html": b"mine", "about.html": b"mine"}))
    line.release(HANDBOOK)
    with pytest.raises(UsageError, match=r"did not publish \(index.html\)"):
        deliver(host, built(line), line.now)
    assert host.files == {"index.html": b"mine", "about.html": b"mine"}


@pytest.mark.slow
@pytest.mark.usefixtures("small_site")
def test_what_is_needed_no_more_stays_for_a_while_and_foreign_files_for_ever(tmp_path: Path) -> None:
    line, host = Line(tmp_path, site=SiteBuilder()), MemoryHost()
    line.release(HANDBOOK)
    tree = built(line)
    deliver(host, tree, line.now)
    host.files |= {"docs/mine.html": b"mine", "objects/readme.txt": b"mine", "CNAME": b"kb.example"}
    first = tree.paths
    # Built elsewhere, as in a job that knows the tree by its address alone: its folder has the newest release only.
    later = Line(tmp_path / "later", now=line.now, site=None)
    shutil.rmtree(later.keys)
    shutil.copytree(line.keys, later.keys)
    later.release(NEWEST, previous=line.previous())
    now = line.now
    done = deliver(host, built(later), now, PublishOptions(keep=timedelta(hours=5)))
    gone = first - built(later).paths - {"metadata/1.root.json"}
    assert (done.deleted, done.kept) == (0, len(gone)) and gone <= host.files.keys()
    assert {"index.html", "client/vademecum.mjs"} <= gone
    assert deliver(host, built(later), now + timedelta(hours=4), PublishOptions(keep=timedelta(hours=5))).deleted == 0
    done = deliver(host, built(later), now + timedelta(hours=5), PublishOptions(keep=timedelta(hours=5)))
    assert (done.deleted, done.kept) == (len(gone), 0)
    mine = {"docs/mine.html", "objects/readme.txt", "CNAME"}
    assert host.files.keys() == built(later).paths | mine | {"metadata/1.root.json", UNNEEDED}
    assert host.log.index(f"write {TIMESTAMP}") < host.log.index(next(s for s in host.log if "delete" in s))
    assert json.loads(host.files[UNNEEDED]) == {}


@pytest.mark.parametrize("note", [b"<html>", b"[]", b'{"CNAME":1,"metadata/timestamp.json":"2020-01-01"}'])
def test_a_damaged_note_of_what_is_unneeded_deletes_nothing(line: Line, note: bytes) -> None:
    host = MemoryHost({"CNAME": b"kb.example"})
    deliver(host, built(line), line.now)
    host.files[UNNEEDED] = note
    assert deliver(host, built(line), line.now).deleted == 0
    assert host.files.keys() >= built(line).paths | {"CNAME"}


def test_roots_stay_whatever_the_folder_holds(line: Line) -> None:
    host = MemoryHost()
    deliver(host, built(line), line.now)
    host.files |= {"metadata/9.root.json": b"of another day", "metadata/9.snapshot.json": b"unneeded"}
    assert deliver(host, built(line), line.now, PublishOptions(keep=timedelta(0))).deleted == 1
    assert "metadata/9.root.json" in host.files, "old clients walk all roots"


def test_a_dry_run_writes_nothing_and_tells_the_same(line: Line) -> None:
    host = MemoryHost()
    told = deliver(host, built(line), line.now, PublishOptions(dry_run=True))
    assert (host.files, host.log) == ({}, [])
    assert told == deliver(host, built(line), line.now)


def test_a_target_that_fails_does_not_stop_the_others(line: Line, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    targets = [str(tmp_path / name) for name in ("a", "file", "b")]
    done = publish(line.out, targets, clock=FixedClock(line.now))
    assert [each.target for each in done.deliveries] == targets
    assert [type(each.error) for each in done.deliveries] == [type(None), UsageError, type(None)]
    assert tree_of(tmp_path / "a") == tree_of(tmp_path / "b") == tree_of(line.out)
    for wrong in (line.out, line.out / "objects"):
        [same] = publish(line.out, [str(wrong)], clock=FixedClock(line.now)).deliveries
        assert "the built tree itself" in str(same.error)


def test_progress_ends_with_all_bytes(line: Line, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    publish(line.out, [str(tmp_path / "a")], clock=FixedClock(line.now), progress=lambda *step: told.append(step))
    assert told[-1][0] == "publishing" and told[-1][1] == told[-1][2] > 0
    assert [step[1] for step in told] == sorted(step[1] for step in told)


# Targets and headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["ftp://x/y", "https://bucket.example/x", "", "scp://a/b"])
def test_what_is_no_target_is_refused_with_what_there_is(target: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="s3://bucket/prefix"):
        open_host(target, tmp_path)


@pytest.mark.parametrize(
    ("target", "folder"),
    [
        ("dist/kb", True),
        ("./gh-pages", True),
        ("/var/www", True),
        ("C:/kb", True),
        ("a/b:c", True),
        ("gh-pages", False),
        ("gh-pages:kb", False),
        ("host:/path", False),
        ("me@host:path", False),
        ("host::module", False),
        ("s3://b/p", False),
    ],
)
def test_a_folder_is_told_from_a_host(target: str, folder: bool) -> None:
    assert is_folder(target) is folder


def test_a_target_is_shown_without_its_secret() -> None:
    assert shown("git+https://me:TOKEN@host.example/r.git#gh-pages") == "git+https://host.example/r.git#gh-pages"
    assert shown("git+https://TOKEN@host.example/r.git#x") == "git+https://host.example/r.git#x"
    assert shown("rsync://me:TOKEN@host/kb") == "rsync://me@host/kb"
    assert shown("me@host:/path") == "me@host:/path"


def test_only_what_is_named_by_its_content_is_cached_for_ever(line: Line) -> None:
    digest = "0" * 64
    for path in (f"objects/{digest}.gz", f"objects/{digest}.pack", f"releases/{digest}.7.json", f"{digest}.site.json"):
        assert "immutable" in cache_control(path)
    for path in (TIMESTAMP, "version.json", "index.html", "sw.js", "metadata/2.root.json", "client/worker.mjs"):
        assert cache_control(path) == "no-cache"
    assert {cache_control(path) for path in built(line).paths} == {
        cache_control(TIMESTAMP),
        cache_control(f"objects/{digest}.gz"),
    }


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("objects/x.gz", "application/gzip"),
        ("objects/x.pack", "application/octet-stream"),
        ("client/worker.mjs", "text/javascript; charset=utf-8"),
        ("client/pyodide/pyodide.asm.wasm", "application/wasm"),
        ("index.html", "text/html; charset=utf-8"),
        ("metadata/timestamp.json", "application/json"),
    ],
)
def test_browsers_are_told_the_type(path: str, kind: str) -> None:
    assert content_type(path) == kind


def test_settings_name_the_places(tmp_path: Path) -> None:
    file = tmp_path / "vademecum.toml"
    file.write_text('publish = ["out/kb", "s3://b/p", "gh-pages"]\n[[source]]\npath = "docs"\n')
    assert read_settings(file).publish == (str(tmp_path / "out/kb"), "s3://b/p", "gh-pages")
    file.write_text('publish = "s3://b/p"\n[[source]]\npath = "docs"\n')
    with pytest.raises(UsageError, match=r"line 1: publish: expected a list of places"):
        read_settings(file)


@pytest.mark.fault("D50")
@pytest.mark.process
def test_a_repository_whose_network_dies_in_the_middle_is_one_to_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What git says of a fetch that is cut off names no host."""
    program = tmp_path / "git"
    said = "client_loop: send disconnect: Broken pipe\nfetch-pack: unexpected disconnect while reading sideband packet"
    answers = f'*ls-remote*) echo abc refs/heads/pages;; *fetch*) echo "{said}" >&2; exit 128;;'
    program.write_text(f'#!/bin/sh\ncase "$*" in {answers} esac\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with (
        pytest.raises(NetworkError, match="git does not reach the repository"),
        open_host("git+file:///x#pages", tmp_path),
    ):
        pass


@pytest.mark.fault("D50")
@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("Error performing PUT http://127.0.0.1:40147/kb/403.gz - HTTP error: error sending request", NetworkError),
        ("Error getting list response body: HTTP error: request or response body error", NetworkError),
        ("Error performing GET http://127.0.0.1/kb/a - Server returned non-2xx status code: 403 Forbidden", UsageError),
        ("Error performing GET http://127.0.0.1/kb/a - Server returned non-2xx status code: 500 Oh", HostError),
    ],
)
def test_what_becomes_of_a_request_to_a_bucket_is_told_by_whose_fault_it_is(
    told: str, kind: type[VademecumError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise exceptions.GenericError(told)

    monkeypatch.setattr(obstore, "list", fails)
    with s3_bucket("s3://kb/x") as bucket, pytest.raises(VademecumError, match="cannot be listed") as caught:
        bucket.list()
    assert type(caught.value) is kind
