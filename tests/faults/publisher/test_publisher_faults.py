"""What may go wrong around a build: other programs at the files, other builds, deploys that do not arrive."""

from __future__ import annotations

import ast
import asyncio
import errno
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.in_hand import FixedClock
from support.publishing import HANDBOOK, Line, pull, pulled, read, tree_of
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import BusyError, EmptyStoreError, StorageError, UsageError
from vademecum.runtime import files as renames
from vademecum.runtime.folder import FolderTransport
from vademecum.store.pointer import decode_head
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.cli.main import main

NEWER = {**HANDBOOK, "lanterns.md": "# Lanterns\n\nA page about lanterns at night.\n"}
OTHER = {**HANDBOOK, "boats.md": "# Boats\n\nA page about boats.\n"}
PACKAGES = [Path(__file__).parents[3] / name for name in ("client/vademecum", "builder/vademecum_builder")]

DENIED = PermissionError(errno.EACCES, "Access is denied")
BUSY = OSError(errno.EBUSY, "Device or resource busy")


class Scanner:
    """A virus scanner: the next so many changes of a name are refused; None: all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, times: int | None, error: OSError) -> None:
        self.refused = 0
        real = getattr(Path, name)

        def change(path: Path, *args: Any, **options: Any) -> Any:
            if times is None or self.refused < times:
                self.refused += 1
                raise error
            return real(path, *args, **options)

        monkeypatch.setattr(Path, name, change)
        monkeypatch.setattr(renames, "_WAITS", (0.0,) * len(renames._WAITS))


# Windows -----------------------------------------------------------------------------------------------


@pytest.mark.fault("C40")
@pytest.mark.parametrize("error", [DENIED, BUSY], ids=["EACCES", "EBUSY"])
@pytest.mark.parametrize("name", ["replace", "unlink"])
def test_a_file_that_is_held_open_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: OSError
) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    (line.out / "objects" / f"{'0' * 64}.gz").write_bytes(b"of an old release")
    with monkeypatch.context() as patch:
        scanner = Scanner(patch, name, 3, error)
        assert line.release(NEWER).sequence == 2
    assert scanner.refused == 3
    assert read(FolderTransport(line.out), line.root).manifest.sequence == 2


@pytest.mark.fault("C40")
def test_a_file_that_is_held_open_for_good_is_one_clear_error_and_the_tree_is_served_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    before = tree_of(line.out)
    with monkeypatch.context() as patch:
        scanner = Scanner(patch, "replace", None, DENIED)
        with pytest.raises(StorageError, match="cannot be written: Access is denied; what was published is unch"):
            line.release(NEWER)
    assert scanner.refused == len(renames._WAITS) + 1
    assert tree_of(line.out) == before
    assert line.release(NEWER).sequence == 2


@pytest.mark.fault("C40")
def test_another_error_is_not_tried_again() -> None:
    tries: list[int] = []

    def change() -> None:
        tries.append(1)
        raise OSError(errno.EROFS, "Read-only file system")

    with pytest.raises(OSError, match="Read-only"):
        renames.patiently(change)
    assert tries == [1]


@pytest.mark.fault("C40")
def test_nothing_makes_symbolic_links() -> None:
    """Windows wants a privilege for them."""
    makers = {"symlink", "symlink_to"}
    for package in PACKAGES:
        for path in package.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    owner = ast.unparse(node.func.value)
                    assert node.func.attr not in makers or owner not in ("os", "Path"), f"{path}:{node.lineno}"
                    assert node.func.attr not in {"symlink_to", "hardlink_to"}, f"{path}:{node.lineno}"


# Two builds --------------------------------------------------------------------------------------------


@pytest.mark.fault("D50")
def test_of_two_builds_at_once_the_slower_one_publishes_nothing(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    read_by_both = line.previous()
    line.release(NEWER, read_by_both)
    faster = tree_of(line.out)
    with pytest.raises(BusyError, match="another build has published there in the meantime"):
        line.release(OTHER, read_by_both)
    assert tree_of(line.out) == faster
    assert line.release(OTHER).sequence == 3


@pytest.mark.fault("D50")
def test_a_damaged_timestamp_in_the_output_folder_is_replaced(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    previous = line.previous()
    (line.out / TIMESTAMP).write_bytes(b"rot")
    assert line.release(NEWER, previous).sequence == 2


# A late schedule, a deploy that does not arrive ------------------------------------------------------------


@pytest.mark.fault("D50")
def test_a_weekly_schedule_that_is_late_or_fails_once_still_signs_in_time(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    for days in (7.2, 14.4):  # the first one fails, the second is hours late: both within the validity of 30 days
        line.later(days=days)
        expires = read(FolderTransport(line.out), line.root).expires
        assert line.now < expires
        line.release(HANDBOOK)
    assert read(FolderTransport(line.out), line.root, line.now).manifest.sequence == 1


@pytest.fixture
def deployed(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Release 2 was built in `dist`; `host` serves release 1 still."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VADEMECUM_SIGNING_KEY", raising=False)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# Keys\n\nRotate the release key.\n")
    assert main(["keys", "new", "--out", "keys"]) == 0
    build = ["build", "docs", "--out", "dist", "--keys", "keys", "--no-site", "--json"]
    assert main(build) == 0
    shutil.copytree("dist", "host")
    (tmp_path / "docs" / "b.md").write_text("# Lamps\n\nClean the lamp.\n")
    assert main(build) == 0
    capsys.readouterr()
    return tmp_path


@pytest.mark.fault("D50")
@pytest.mark.usefixtures("deployed")
def test_a_probe_from_outside_fails_loudly_where_the_old_site_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "host", "--expect", "2", "--json"]) == 5
    told = capsys.readouterr()
    assert json.loads(told.out)["error"]["code"] == "rollback"
    assert "host serves release 1, expected 2: the deploy has not arrived there" in told.err
    assert main(["verify", "dist", "--expect", "2"]) == 0
    assert main(["verify", "dist", "--expect", "1"]) == 0


@pytest.mark.fault("D50")
def test_without_the_secret_nothing_is_published(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree_of(deployed / "dist")
    (deployed / "docs" / "c.md").write_text("# Boats\n")
    (deployed / "keys" / "release.pem").unlink()
    assert main(["build", "docs", "--out", "dist", "--keys", "keys", "--no-site"]) == 2
    assert "cannot read the release key" in capsys.readouterr().err
    assert tree_of(deployed / "dist") == before


# Releases that are taken back ----------------------------------------------------------------------------


@pytest.mark.fault("D48")
def test_a_release_is_taken_back_by_the_next_publish_also_where_nothing_changed(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    line.release(NEWER)
    report = line.release(NEWER, yank=(2,))
    assert (report.changed, report.signed, report.sequence) == (False, True, 2)
    assert read(FolderTransport(line.out), line.root).yanked == (2,)
    assert line.release(NEWER, yank=(2,)).signed is False, "it is said already"
    new = pulled_or_none(line)
    assert new is None
    assert line.release(HANDBOOK).sequence == 3
    assert read(FolderTransport(line.out), line.root).yanked == (2,), "it is said from now on"
    assert pulled_or_none(line) == 3


def pulled_or_none(line: Line) -> int | None:
    """What a new client installs."""
    store = pulled(line)
    current = decode_head(asyncio.run(store.read("head"))).current
    return None if current is None else current.sequence


@pytest.mark.fault("D48")
def test_a_client_follows_the_older_content_and_does_not_go_back(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    line.release(NEWER)
    store = pulled(line)
    line.release(HANDBOOK, yank=(2,))
    assert pull(store, FolderTransport(line.out), line.root, line.now).to_sequence == 3
    engine = Engine(store, FolderTransport(line.out), FixedClock(line.now), trust=line.root, config=Config())
    with pytest.raises(EmptyStoreError, match="taken back"):
        asyncio.run(engine.rollback())


@pytest.mark.fault("D48")
@pytest.mark.parametrize("sequence", [0, 3, -1])
def test_what_was_never_published_cannot_be_taken_back(tmp_path: Path, sequence: int) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    line.release(NEWER)
    before = tree_of(line.out)
    with pytest.raises(UsageError, match="there is no such release; the last one is 2"):
        line.release(OTHER, yank=(sequence,))
    assert tree_of(line.out) == before
