"""A tree that is lost, damaged, or a thief's: builds go on above all numbers, and take over what they may believe."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.in_hand import FixedClock
from support.pages_host import PagesHost
from support.publishing import HANDBOOK, NOW, ONCE, Documents, Line, ask, begun, pull, pulled, tree_of
from support.theft import POISON, steal
from vademecum.errors import BusyError, ClockError, EquivocationError, ServerError, SignatureError
from vademecum.format.objects import MAX_SEQUENCE
from vademecum.ports import Body
from vademecum.runtime.folder import FolderTransport
from vademecum.trust.channel import ManifestHint
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.build import BuildRequest, build
from vademecum_builder.pipeline import run_stages
from vademecum_builder.publish.guard import locked, require_unmoved
from vademecum_builder.release.numbers import Numbers, check_clock
from vademecum_builder.release.previous import Previous, find_previous, read_previous
from vademecum_builder.releases import TreeRequest, resign
from vademecum_builder.signing.defaults import UNUSED, Validity
from vademecum_builder.signing.keys import RELEASE_KEY, ROOT_FILE, load_roots
from vademecum_builder.signing.metadata import Versions
from vademecum_builder.signing.root import new_keys, renew_root

NEWER = {**HANDBOOK, "lanterns.md": "# Lanterns\n\nA page about lanterns at night.\n"}
DAY = timedelta(days=1)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    """Six releases in `tree`, a minute between them; their sources in `docs`."""
    monkeypatch.chdir(tmp_path)
    return begun(_six_releases, tmp_path)


def _six_releases(folder: Path) -> Line:
    line = Line(folder)
    write_documents(folder)
    for number in range(6):
        line.release({**HANDBOOK, "page.md": f"# Page\n\nIts text number {number}.\n"})
        line.later(minutes=1)
    return line


def write_documents(folder: Path) -> None:
    for key, text in HANDBOOK.items():
        file = folder / "docs" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def request(line: Line, **options: object) -> BuildRequest:
    whole = BuildRequest(source=Path("docs"), out=line.out, keys=line.keys, site=False)
    return replace(whole, **options)  # type: ignore[arg-type]


# Numbers -----------------------------------------------------------------------------------------------


def everything(tree: Path) -> None:
    shutil.rmtree(tree)


def the_timestamp(tree: Path) -> None:
    (tree / TIMESTAMP).write_bytes(b"<html>")


def all_but_old_metadata(tree: Path) -> None:
    for path in tree.rglob("*.json"):
        if ".snapshot." not in path.name:
            path.unlink()


@pytest.mark.fault("E62")
@pytest.mark.parametrize("lose", [everything, the_timestamp, all_but_old_metadata])
def test_a_lost_tree_is_followed_by_higher_numbers_and_clients_follow(line: Line, lose: Callable[[Path], None]) -> None:
    store = pulled(line)
    lose(line.out)
    report = build(request(line, force=True), now=line.now + DAY)
    assert 6 < report.sequence < MAX_SEQUENCE / 2
    assert pull(store, FolderTransport(line.out), line.root, line.now + DAY).to_sequence == report.sequence
    again = build(request(line, source=Path("docs/guide")), now=line.now + 2 * DAY)
    assert again.sequence == report.sequence + 1


def one_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(b'"sig":"') + 9] ^= 1
    path.write_bytes(data)


@pytest.mark.fault("E62", "E63")
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"<html>"), one_bit])
def test_a_timestamp_that_is_damaged_is_replaced_by_a_higher_one(line: Line, damage: Callable[[Path], object]) -> None:
    """It may have been signed again since the last file that is named by a number; channels and yanks stay."""
    line.release(NEWER, channel="beta", yank=(3,))
    for _ in range(5):
        resign(TreeRequest(out=line.out, keys=line.keys), now=line.now)
    store = pulled(line)
    damage(line.out / TIMESTAMP)
    report = build(request(line), now=line.now)
    assert report.sequence == 8
    assert "nothing but numbers and channels is taken from its tree" in report.notices[0]
    found = line.previous()
    assert found is not None
    assert (found.yanked, found.channels["beta"].current.sequence) == ((3,), 7)
    assert pull(store, FolderTransport(line.out), line.root, line.now).to_sequence == 8
    assert build(request(line, source=Path("docs/guide")), now=line.now).sequence == 9


@pytest.mark.fault("E62")
def test_a_timestamp_of_other_keys_is_no_damage(line: Line) -> None:
    stranger = Line(line.folder / "stranger")
    stranger.release(HANDBOOK)
    shutil.copy(stranger.out / TIMESTAMP, line.out / TIMESTAMP)
    with pytest.raises(SignatureError, match="cannot be used"):
        build(request(line), now=line.now)


@pytest.mark.fault("E62")
def test_no_name_of_a_file_is_believed_beyond_what_there_can_have_been(line: Line) -> None:
    (line.out / TIMESTAMP).unlink()
    for name in (f"metadata/{2**32 - 1}.targets.json", f"releases/{'0' * 64}.{MAX_SEQUENCE}.json"):
        (line.out / name).write_bytes(b"{}")
    back = build(request(line, out=Path("copy"), previous="nowhere", force=True), now=line.now)
    report = build(request(line), now=line.now)
    assert 6 < report.sequence <= back.sequence < MAX_SEQUENCE / 2


@pytest.mark.fault("E62", "E64")
def test_a_clock_that_is_behind_lowers_no_number_of_a_tree_without_a_timestamp(line: Line) -> None:
    store = pulled(line)
    (line.out / TIMESTAMP).unlink()
    assert build(request(line, force=True), now=NOW - 4000 * DAY).sequence == 7
    assert build(request(line, force=True, source=Path("docs/guide")), now=line.now).sequence == 8
    assert pull(store, FolderTransport(line.out), line.root, line.now).to_sequence == 8


@pytest.mark.fault("E62")
def test_a_previous_release_that_is_lost_elsewhere_counts_as_many_as_there_can_have_been(line: Line) -> None:
    renewed = request(line, out=Path("other"), previous="nowhere", force=True)
    report = build(renewed, now=line.now)
    assert report.sequence > DAY.total_seconds() * 300
    assert "above all that these keys can have published" in report.notices[0]


@pytest.mark.fault("E62")
def test_numbers_begin_at_1_for_new_keys_and_where_that_is_asked_for_by_name(line: Line) -> None:
    anew = request(line, out=Path("other"), restart=True)
    report = build(anew, now=line.now + DAY)
    assert report.sequence == 1
    assert "says that the line was restarted" in report.notices[0]
    assert build(request(line, out=Path("first")), now=NOW).sequence == 1
    with pytest.raises(EquivocationError, match="another release 1"):
        build(replace(anew, source=Path("docs/guide")), now=line.now + 2 * DAY)


@pytest.mark.fault("E62")
def test_a_first_release_is_number_1_whenever_it_comes_and_a_line_that_is_lost_at_once_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = Line(tmp_path)
    write_documents(tmp_path)
    line.later(days=7)
    before = build(request(line, preview=True, out=Path("look")), now=line.now)
    assert [before.sequence, build(request(line), now=line.now).sequence] == [1, 1]
    assert build(request(line, source=Path("docs/guide")), now=line.now).sequence == 2
    store = pulled(line)
    everything(line.out)
    line.later(seconds=20)
    assert build(request(line), now=line.now).sequence > 2
    assert pull(store, FolderTransport(line.out), line.root, line.now).to_sequence > 2


@pytest.mark.fault("E62")
@pytest.mark.parametrize("used", ["for long", "elsewhere", "renewed", "others", "read-only", "no mark"])
def test_keys_that_may_have_signed_something_elsewhere_begin_no_line_at_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: str
) -> None:
    monkeypatch.chdir(tmp_path)
    line = Line(tmp_path)
    write_documents(tmp_path)
    line.later(days=31 if used == "for long" else 2)
    asked = request(line)
    if used == "elsewhere":
        asked = request(line, signing_key=(line.keys / RELEASE_KEY).read_text())
    elif used == "renewed":
        renew_root(line.keys, line.now)
    elif used == "others":
        mark = (line.keys / UNUSED).read_text()
        shutil.rmtree(line.keys)
        new_keys(line.keys, NOW)
        (line.keys / UNUSED).write_text(mark)
    elif used == "read-only":
        monkeypatch.setattr("os.access", lambda *_: False)
    elif used == "no mark":
        (line.keys / UNUSED).unlink()
    assert build(asked, now=line.now).sequence > 2 * DAY.total_seconds()


# Damage ------------------------------------------------------------------------------------------------


@pytest.mark.fault("E63")
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"rot")])
def test_a_tree_with_a_lost_object_is_repaired_by_the_next_build(line: Line, damage: Callable[[Path], object]) -> None:
    store = pulled(line)
    line.release({**HANDBOOK, "page.md": "# Page\n\nLast.\n"}, yank=(3,))
    published = line.previous()
    assert published is not None
    needed = [line.out / path for path in published.files if path.startswith(("objects/", "releases/"))]
    assert len(needed) > 4
    whole = tree_of(line.out)
    for path in needed:
        damage(path)
        report = build(request(line), now=line.now)
        assert (report.sequence, report.added) == (8, 3)
        assert "everything is read and embedded again" in report.notices[0]
        found = line.previous()
        assert found is not None
        assert found.yanked == (3,)
        shutil.rmtree(line.out)
        for name, data in whole.items():
            (line.out / name).parent.mkdir(parents=True, exist_ok=True)
            (line.out / name).write_bytes(data)
    assert pull(store, FolderTransport(line.out), line.root, line.now).to_sequence == 7


@pytest.mark.fault("E62", "E63")
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"<html>")])
@pytest.mark.parametrize("roles", [("snapshot",), ("targets",), ("snapshot", "targets")])
def test_a_tree_without_its_current_metadata_is_repaired_by_the_next_build(
    line: Line, roles: tuple[str, ...], damage: Callable[[Path], object]
) -> None:
    """The timestamp tells a number that no other one of the line is above."""
    line.later(days=20)
    assert build(request(line, source=Path("docs")), now=line.now).sequence == 7
    line.later(days=20)
    build(request(line), now=line.now)  # signed anew: the versions are ahead of the sequence
    store = pulled(line)
    for role in roles:
        damage(line.out / f"metadata/8.{role}.json")
    report = build(request(line), now=line.now)
    assert report.sequence == 9
    assert "nothing but its numbers is taken" in report.notices[0]
    assert "name them again (--yank)" in report.notices[0]
    assert pull(store, FolderTransport(line.out), line.root, line.now).to_sequence == 9
    assert build(request(line, source=Path("docs/guide")), now=line.now).sequence == 10


@pytest.mark.fault("E63")
@pytest.mark.parametrize("part", [".snapshot.", "objects/"])
def test_a_host_in_trouble_is_no_lost_file(line: Line, part: str) -> None:
    class Troubled(FolderTransport):
        async def fetch(self, path: str, **more: Any) -> Body:
            if part in path:
                raise ServerError("later", 503)
            return await super().fetch(path, **more)

    held = load_roots(line.keys / ROOT_FILE)
    with pytest.raises(ServerError):
        asyncio.run(read_previous(Troubled(line.out), held, FixedClock(line.now), ONCE))


# Two builds --------------------------------------------------------------------------------------------


@pytest.mark.fault("E63")
def test_of_two_builds_in_one_folder_one_is_busy(line: Line) -> None:
    before = tree_of(line.out)
    with locked(line.out), pytest.raises(BusyError, match="another build is writing there"):
        line.release(NEWER)
    assert tree_of(line.out) == before
    assert line.release(NEWER).sequence == 7


@pytest.mark.fault("E63")
def test_of_two_first_builds_one_is_busy(tmp_path: Path) -> None:
    line = Line(tmp_path)
    slower = line.context()
    line.release(HANDBOOK)
    with pytest.raises(BusyError, match="in the meantime"):
        require_unmoved(line.out, slower.timestamp_before, ManifestHint(1, "", "", 0), "stable")


@pytest.mark.fault("E63")
def test_many_builds_at_once_leave_a_tree_that_is_whole(line: Line) -> None:
    told: list[str] = []

    def once(number: int) -> None:
        text = {**HANDBOOK, "page.md": f"# Page\n\nOf build {number}.\n"}
        try:
            told.append(str(line.release(text).sequence))
        except BusyError:
            told.append("busy")

    threads = [threading.Thread(target=once, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [number for number in told if number != "busy"]
    assert numbers
    assert len(numbers) == len(set(numbers)), "no number is published twice"
    pulled(line)


@pytest.mark.fault("E54")
def test_a_number_that_the_folder_has_for_another_release_is_not_published(line: Line) -> None:
    with pytest.raises(EquivocationError, match="has another release 6"):
        require_unmoved(line.out, 6, ManifestHint(6, "releases/6.json", "0" * 64, 1), "stable")


@pytest.mark.fault("E54")
def test_a_host_that_has_moved_on_since_it_was_read_is_noticed(line: Line) -> None:
    shutil.copytree(line.out, "host")
    found = replace(line.found(), location="host")
    context = line.context()
    line.release(NEWER)
    shutil.rmtree("host")
    shutil.copytree(line.out, "host")
    twin = Line(line.folder / "twin")
    shutil.rmtree(twin.keys)
    shutil.copytree(line.keys, twin.keys)
    with pytest.raises(BusyError, match="host: another build has published there"):
        publish_on(twin, found)
    assert not (twin.out / TIMESTAMP).exists()
    data = Path("host", TIMESTAMP).read_bytes()
    moved = replace(found, numbers=Numbers(7, Versions(7, 7, 7)))
    assert moved.published is not None
    assert moved.published.files[TIMESTAMP] != data
    with pytest.raises(EquivocationError, match="host shows another timestamp 7"):
        publish_on(twin, moved)
    assert context.sequence == 7


def publish_on(line: Line, found: Previous) -> None:
    run_stages(Documents(NEWER), line.encoders, replace(line.context(), previous=found))


# Stolen keys -------------------------------------------------------------------------------------------


@pytest.mark.fault("E53")
@pytest.mark.parametrize("highest", [7, MAX_SEQUENCE])
def test_of_what_revoked_keys_signed_nothing_but_numbers_is_taken(line: Line, highest: int) -> None:
    """The thief keeps the digests of the honest sources, and puts rows of his own beside them."""
    line.release(HANDBOOK)
    steal(line, highest + 1 if highest < MAX_SEQUENCE else highest, HANDBOOK, yank=(6, 7))
    assert POISON in ask(pulled(line), "poison")[0].text
    renew_root(line.keys, line.now, rotate=True)
    report = build(request(line), now=line.now)
    assert (report.added, report.embedded) == (3, report.chunks)
    assert "does not name any more" in report.notices[0]
    assert 8 < report.sequence < MAX_SEQUENCE / 2, "the thief's number is above the honest ones and binds nobody"
    found = line.previous()
    assert found is not None
    assert (found.yanked, len(found.manifest.packs)) == ((), 0)
    assert not any(POISON.encode() in segment.data for segment in found.segments)
    current = {*found.files} - {f"metadata/{version}.root.json" for version in found.roots}
    assert {path for path in tree_of(line.out) if not path.endswith(("root.json", "version.json"))} == {
        path for path in current if path != "version.json"
    }, "nothing of the thief's is left in the tree"
    assert build(request(line, source=Path("docs/guide")), now=line.now).sequence == report.sequence + 1


@pytest.mark.fault("E53", "E62")
def test_a_tree_is_lost_after_a_key_was_stolen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows a thief's numbers is above one release a second: so has to be what follows a tree that is lost."""
    monkeypatch.chdir(tmp_path)
    line = Line(tmp_path, now=datetime.now(UTC))
    write_documents(tmp_path)
    line.release(HANDBOOK)
    steal(line, MAX_SEQUENCE, HANDBOOK)
    renew_root(line.keys, line.now, rotate=True)
    recovered = build(request(line)).sequence
    store = pulled(line)
    shutil.rmtree(line.out)
    line.later(minutes=1)
    assert build(request(line), now=line.now).sequence > recovered
    assert pull(store, FolderTransport(line.out), line.root, line.now).to_sequence > recovered


def test_a_strangers_tree_gives_no_numbers_either(line: Line) -> None:
    stranger = Line(line.folder / "stranger")
    stranger.release(HANDBOOK)
    with pytest.raises(SignatureError):
        build(request(line, previous=str(stranger.out)), now=line.now)


# Clocks ------------------------------------------------------------------------------------------------


@pytest.mark.fault("E64")
@pytest.mark.parametrize("days", [-400, -16, 400])
def test_a_clock_far_off_publishes_nothing(line: Line, days: int) -> None:
    before = tree_of(line.out)
    with pytest.raises(ClockError, match="--force goes on"):
        build(request(line), now=NOW + days * DAY)
    assert tree_of(line.out) == before
    assert build(request(line, force=True), now=NOW + days * DAY).sequence == 7


@pytest.mark.fault("E64")
def test_a_clock_from_before_the_keys_begins_no_line(line: Line) -> None:
    with pytest.raises(ClockError, match="its keys were made on"):
        build(request(line, out=Path("other")), now=NOW - 400 * DAY)
    assert not Path("other/metadata").exists()


@pytest.mark.fault("E64")
def test_a_clock_from_before_the_keys_restarts_no_line_and_lowers_no_number(line: Line) -> None:
    with pytest.raises(ClockError, match="its keys were made on"):
        build(request(line, out=Path("other"), restart=True), now=NOW - 2 * DAY)
    lost = request(line, out=Path("other"), previous="nowhere", force=True)
    assert build(lost, now=NOW - 400 * DAY).sequence > DAY.total_seconds() * 300


@pytest.mark.fault("E64")
def test_where_no_host_tells_the_time_the_last_signature_does(line: Line) -> None:
    """A line that is signed each fortnight is not at rest, though nothing in it changes."""
    for _ in range(10):
        line.later(days=16)
        build(request(line), now=line.now)
    with pytest.raises(ClockError, match="previous release was signed on 2027-04-30"):
        build(request(line), now=line.now + 101 * DAY)
    with pytest.raises(ClockError, match="signed on"):
        build(request(line), now=line.now - 16 * DAY)
    assert not build(request(line), now=line.now + 99 * DAY).changed


@pytest.mark.fault("E64")
def test_the_hosts_date_is_the_nearer_witness(line: Line) -> None:
    built = "2020-01-01T00:00:00Z"
    check_clock(NOW, built, NOW, Validity())
    check_clock(NOW, "", None, Validity())
    for off in (-16 * DAY, 2 * DAY):
        with pytest.raises(ClockError, match="the host's clock says 2026-11-21"):
            check_clock(NOW + off, NOW.isoformat(), NOW, Validity())


@pytest.mark.fault("E64")
def test_a_host_on_this_machine_is_no_second_clock(line: Line) -> None:
    with PagesHost(line.out) as host:
        read = find_previous(host.url, load_roots(line.keys / ROOT_FILE))
        assert (read.numbers.sequence, read.host_time) == (6, None)
        with pytest.raises(ClockError, match="signed on 2026-11-21"):
            build(request(line, out=Path("other"), previous=host.url), now=line.now - 400 * DAY)
