"""Writing a tree: a crash at any file operation leaves the old release or the new one, and nothing else is touched."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.in_hand import FixedClock
from support.publishing import HANDBOOK, ONCE, Line, ask, pull, pulled, read, tree_of
from support.sampling import sample
from vademecum.errors import QuotaError, StorageError, UsageError
from vademecum.format.manifest import decode_manifest
from vademecum.format.objects import ObjectRef, inflate
from vademecum.runtime.folder import FolderTransport
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.publish import tree
from vademecum_builder.publish.guard import check_target
from vademecum_builder.publish.tree import PARTIAL, is_intact, sweep, write_tree
from vademecum_builder.release.verify import Verified, verify_tree
from vademecum_builder.releases import yank
from vademecum_builder.request import ArchiveLimits, TreeRequest
from vademecum_builder.signing.root import renew_root

ONE = {"keys.md": "# Keys\n\nHow to rotate a key.\n"}
"""Enough where a build is run hundreds of times: the writer does not care how many files it writes."""
NEWER = {**HANDBOOK, "lanterns.md": "# Lanterns\n\nA page about lanterns at night.\n"}


class Crash(BaseException):
    """The process ends here: no handler of ours runs."""


def fail_at(monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException) -> list[str]:
    """Raise `error` in place of file operation `number` (from 0: keys are marked as used, which may fail, and then the
    tree is written); return what was done, as it is done."""
    done: list[str] = []

    def wrap(owner: Any, name: str, what: Callable[..., object]) -> None:
        real = getattr(owner, name)

        def operation(*args: Any, **options: Any) -> Any:
            if len(done) == number:
                done.append("failed")
                raise error
            done.append(f"{name} {what(*args)}")
            return real(*args, **options)

        monkeypatch.setattr(owner, name, operation)

    wrap(os, "fsync", lambda descriptor: "")
    wrap(Path, "replace", lambda path, target: target)
    wrap(Path, "unlink", lambda path: path)
    wrap(Path, "mkdir", lambda path, *mode: path)
    return done


def verified(folder: Path, line: Line) -> Verified:
    paths = tuple(tree_of(folder))
    transport, clock = FolderTransport(folder), FixedClock(line.now)
    return asyncio.run(verify_tree(transport, line.root, clock, ONCE, present=paths))


@pytest.mark.slow
@pytest.mark.usefixtures("small_site")
@pytest.mark.parametrize("rotate", [False, True])
def test_a_crash_at_any_file_operation_leaves_a_release_and_the_next_build_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rotate: bool
) -> None:
    line = Line(tmp_path, site=None if rotate else SiteBuilder())
    line.release(ONE)
    newer = {**ONE, "lanterns.md": NEWER["lanterns.md"]}
    store = pulled(line)
    shipped = line.root
    if rotate:
        renew_root(line.keys, line.now, rotate=True)
    saved = shutil.copytree(line.out, tmp_path / "saved")

    with monkeypatch.context() as patch:
        done = fail_at(patch, 10_000, Crash())
        line.release(newer)
    flip = next(at for at, step in enumerate(done) if step.endswith("metadata/timestamp.json"))
    for number in sorted({flip, flip + 1, *sample(range(len(done)), 4, f"crashes, {rotate}")}):
        shutil.rmtree(line.out)
        shutil.copytree(saved, line.out)
        with monkeypatch.context() as patch, pytest.raises(Crash):
            fail_at(patch, number, Crash())
            line.release(newer)
        assert line.found().numbers.sequence == (1 if number <= flip else 2), "the timestamp alone changes it"
        if number % 2 == 0:
            report = line.release(newer)
            assert report.sequence == 2
            assert verified(line.out, line).sequence == 2
            pull(store, FolderTransport(line.out), shipped, line.now)
            assert ask(store, "lanterns")[0].document == "lanterns.md"


@pytest.mark.slow
@pytest.mark.usefixtures("small_site")
def test_pages_of_a_crashed_release_are_put_right_when_its_change_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(tmp_path, site=SiteBuilder())
    line.release(HANDBOOK)
    assert line.release(HANDBOOK).bytes.new == 0
    with monkeypatch.context() as patch:
        done = fail_at(patch, 10_000, Crash())
        line.release(NEWER)
    shutil.rmtree(line.out)
    again = Line(tmp_path, site=SiteBuilder())
    again.release(HANDBOOK)
    step = next(number for number, step in enumerate(done) if step.endswith("metadata/timestamp.json"))
    with monkeypatch.context() as patch:
        fail_at(patch, step, Crash())
        with pytest.raises(Crash):
            again.release(NEWER)
    assert b"Lanterns" in (again.out / "version.json").read_bytes()
    report = again.release(HANDBOOK)
    assert (report.sequence, report.changed, report.site) == (1, False, True)
    assert b"Lanterns" not in (again.out / "version.json").read_bytes()
    assert verified(again.out, again).sequence == 1


@pytest.mark.slow
@pytest.mark.usefixtures("small_site")
def test_a_decision_that_was_broken_off_forgets_nothing_of_what_the_release_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between version.json, the last of the pages, and the timestamp neither of the two is the release that was."""
    line = Line(tmp_path, site=SiteBuilder())
    line.release(ONE)
    line.release({**ONE, "lanterns.md": NEWER["lanterns.md"]})
    saved = shutil.copytree(line.out, tmp_path / "saved")
    decide = partial(yank, TreeRequest(out=line.out, keys=line.keys), [1], now=line.now)
    with monkeypatch.context() as patch:
        done = fail_at(patch, 10_000, Crash())
        decide()
    undisturbed = tree_of(line.out)
    shutil.rmtree(line.out)
    shutil.copytree(saved, line.out)
    flip = next(at for at, step in enumerate(done) if step.endswith("metadata/timestamp.json"))
    with monkeypatch.context() as patch, pytest.raises(Crash):
        fail_at(patch, flip, Crash())
        decide()
    assert decide().changed
    assert b"Lanterns" in (line.out / "version.json").read_bytes()
    assert tree_of(line.out) == undisturbed


@pytest.mark.slow
def test_a_first_build_that_crashed_can_be_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Line(tmp_path / "whole")
    with monkeypatch.context() as patch:
        done = fail_at(patch, 10_000, Crash())
        whole.release(ONE)
    for number in sample(range(len(done)), 3, "first build"):
        line = Line(tmp_path / str(number))
        with monkeypatch.context() as patch, pytest.raises(Crash):
            fail_at(patch, number, Crash())
            line.release(ONE)
        check_target(line.out, tmp_path / "source")
        assert line.release(ONE).sequence == 1
        assert verified(line.out, line).unsigned == ()


@pytest.mark.fault("D50")
@pytest.mark.parametrize(
    ("at", "error", "kind", "message"),
    [
        (1, errno.ENOSPC, QuotaError, "no space left; what was published is unchanged"),
        (2, errno.EROFS, StorageError, "cannot be written: Read-only file system"),
    ],
)
def test_a_full_disk_leaves_the_tree_to_be_served_and_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, error: int, kind: type[Exception], message: str
) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    before = tree_of(line.out)
    with monkeypatch.context() as patch:
        fail_at(patch, at, OSError(error, os.strerror(error)))
        with pytest.raises(kind, match=message):
            line.release(NEWER)
    assert tree_of(line.out) == before
    assert line.release(NEWER).sequence == 2


@pytest.mark.fault("D50")
def test_a_first_build_whose_disk_was_full_can_be_run_again(tmp_path: Path) -> None:
    """It leaves folders without files."""
    out = tmp_path / "out"
    with pytest.raises(StorageError, match="there is a folder of this name"):
        (out / "www/style.css").mkdir(parents=True)
        write_tree(out, dict.fromkeys(("metadata/1.root.json", "objects/a.gz", "www/style.css"), b"12"))
    assert {path.name for path in out.iterdir()} == {"objects", "www"}
    check_target(out, tmp_path / "source")


@pytest.mark.slow
@pytest.mark.fault("D50")
@pytest.mark.usefixtures("small_site")
def test_a_disk_that_is_full_before_the_last_file_shows_no_page_of_the_new_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(tmp_path, site=SiteBuilder())
    line.release(HANDBOOK)
    saved, before = shutil.copytree(line.out, tmp_path / "saved"), tree_of(line.out)
    with monkeypatch.context() as patch:
        done = fail_at(patch, 10_000, Crash())
        line.release(NEWER)
    shutil.rmtree(line.out)
    shutil.copytree(saved, line.out)
    files = sum(step.startswith(f"replace {line.out}") for step in done)
    synced = [at for at, step in enumerate(done) if step.startswith("fsync")]
    with monkeypatch.context() as patch:
        fail_at(patch, synced[files - 1], OSError(errno.ENOSPC, "No space left on device"))
        with pytest.raises(QuotaError, match="what was published is unchanged"):
            line.release(NEWER)
    assert tree_of(line.out) == before


@pytest.mark.parametrize(
    ("name", "is_folder", "said"),
    [
        ("objects", False, "a.gz: cannot be written: File exists"),
        ("www", False, "style.css: cannot be written: File exists"),
        ("index.html", True, "index.html: cannot be written: there is a folder of this name"),
        (f"index.html{PARTIAL}", True, "index.html: cannot be written: Is a directory"),
    ],
)
def test_a_file_in_the_place_of_a_folder_or_the_other_way_round_is_one_error_and_shows_nothing(
    tmp_path: Path, name: str, is_folder: bool, said: str
) -> None:
    (tmp_path / name).mkdir() if is_folder else (tmp_path / name).write_bytes(b"theirs")
    with pytest.raises(StorageError, match=said):
        write_tree(tmp_path, dict.fromkeys(("objects/a.gz", "about.html", "index.html", "www/style.css"), b"12"))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ([] if is_folder else [name])


def test_a_folder_whose_names_cannot_be_made_to_last_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network drives know no sync of a folder."""

    def refuse(folder: Path) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(tree, "sync_folder", refuse)
    with pytest.raises(StorageError, match="cannot be written: Invalid argument"):
        write_tree(tmp_path, {"index.html": b"12"})


def test_old_files_that_cannot_be_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "old.gz").write_bytes(b"old")
    fail_at(monkeypatch, 0, OSError(errno.EROFS, "Read-only file system"))
    with pytest.raises(StorageError, match="cannot delete old files: Read-only file system"):
        sweep(tmp_path, set())


@pytest.mark.parametrize(
    "files",
    [
        ["thesis.txt"],
        ["metadata/mine.json"],
        ["metadata/sub/1.root.json", "client/app.js"],
        ["index.html"],
        [".git/config", "CNAME"],
    ],
)
def test_a_folder_with_other_files_is_refused(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(UsageError, match="did not publish"):
        check_target(tmp_path / "out", tmp_path / "source")
    assert sorted(tree_of(tmp_path / "out")) == sorted(files)


def test_folders_that_are_accepted(tmp_path: Path) -> None:
    check_target(tmp_path / "not there yet", tmp_path / "source")
    for name in (".git/config", "metadata/timestamp.json", "index.html", "CNAME"):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text("")
        if name == ".git/config":
            check_target(tmp_path / "out", tmp_path / "source")
    check_target(tmp_path / "out", tmp_path / "source")


def test_an_output_folder_that_is_a_file_or_holds_the_source(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        check_target(tmp_path / "file", tmp_path / "source")
    for out in (tmp_path, tmp_path / "source"):
        with pytest.raises(UsageError, match="contains the source"):
            check_target(out, tmp_path / "source")


def test_a_sweep_leaves_three_releases_and_all_roots(tmp_path: Path) -> None:
    line = Line(tmp_path)
    for number in range(1, 7):
        files = {**HANDBOOK, "page.md": f"# Page\n\nIts text number {number}, quite another.\n"}
        line.release(files, archive=ArchiveLimits(0))
        line.later(days=1)
    tree = tree_of(line.out)
    manifests = {path: decode_manifest(data) for path, data in tree.items() if path.startswith("releases/")}
    assert sorted(manifest.sequence for manifest in manifests.values()) == [4, 5, 6]
    for manifest in manifests.values():
        for ref in manifest.objects:
            inflate(ref, tree[ref.path])
    needed = {ref.path for manifest in manifests.values() for ref in manifest.objects}
    needed |= {entry.object.path for manifest in manifests.values() for entry in manifest.packs}
    current = next(manifest for manifest in manifests.values() if manifest.sequence == 6)
    sources = json.loads(inflate(current.sources, tree[current.sources.path]))
    builders = {current.sources.path, f"objects/{sources['history']['rows']['sha256']}.gz"}
    assert {path for path in tree if path.startswith("objects/")} == needed | builders
    assert {path for path in tree if path.startswith("metadata/")} == {
        "metadata/1.root.json",
        "metadata/timestamp.json",
        *(f"metadata/{number}.{role}.json" for number in (4, 5, 6) for role in ("snapshot", "targets")),
    }
    assert verified(line.out, line).sequence == 6


def test_a_sweep_touches_neither_what_is_not_ours_nor_old_roots(tmp_path: Path) -> None:
    mine = ["CNAME", "notes/objects/a.gz", ".git/config", "site.json", "metadata/1.root.json"]
    ours = ["objects/old.gz", "a.site.json", "index.html.vademecum-partial", "former/page.html", "client/a.mjs"]
    for name in [*mine, *ours]:
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text("")
    (tmp_path / "outside").write_text("")
    sweep(tmp_path / "out", set(), former=["former/page.html", "../outside", "never there"])
    assert sorted(tree_of(tmp_path / "out")) == sorted(mine)
    assert (tmp_path / "outside").exists()


def test_a_damaged_manifest_keeps_nothing_on_its_word_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / f"{'0' * 64}.7.json").write_bytes(b"<html>")
    sweep(tmp_path, set())
    assert list(tree_of(tmp_path)) == [f"releases/{'0' * 64}.7.json"]


def test_files_are_written_in_the_order_that_a_crash_forgives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["metadata/timestamp.json", "metadata/2.root.json", "version.json", "index.html", "www/style.css"]
    names += ["metadata/2.targets.json", "objects/a.gz"]
    done = fail_at(monkeypatch, 10_000, Crash())
    written = write_tree(tmp_path, dict.fromkeys(names, b"12"))
    assert written == 14
    assert all(step.startswith(("mkdir", "fsync")) for step in done[: 2 * len(names)]), "all is written before it shows"
    order = [step.removeprefix(f"replace {tmp_path}/") for step in done if step.startswith("replace")]
    assert order == [*names[5:], "index.html", "www/style.css", "version.json", "metadata/2.root.json", names[0]]


def test_a_file_that_is_as_it_should_be_is_not_written(tmp_path: Path) -> None:
    source = tmp_path / "content"
    source.write_bytes(b"same")
    assert write_tree(tmp_path / "out", {"a": source, "b": b"1"}) == 5
    stamp = (tmp_path / "out" / "a").stat().st_mtime_ns
    assert write_tree(tmp_path / "out", {"a": b"same", "b": b"2"}) == 1
    assert (tmp_path / "out" / "a").stat().st_mtime_ns == stamp


def test_intact_means_there_and_the_very_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert is_intact(tmp_path, {"a": ObjectRef(digest, 3, 3)})
    assert not is_intact(tmp_path, {"a": ObjectRef("0" * 64, 3, 3)})
    assert not is_intact(tmp_path, {"a": ObjectRef(digest, 4, 4)})
    assert not is_intact(tmp_path, {"b": ObjectRef(digest, 3, 3)})


@pytest.mark.usefixtures("small_site")
def test_a_site_that_is_given_up_leaves_no_pages(tmp_path: Path) -> None:
    line = Line(tmp_path, site=SiteBuilder())
    line.release(HANDBOOK)
    assert (line.out / "index.html").is_file()
    line.site = None
    line.release(NEWER)
    assert not any(path.endswith((".html", ".mjs", ".site.json")) for path in tree_of(line.out))
    assert read(FolderTransport(line.out), line.root).site is None
