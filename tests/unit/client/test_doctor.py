"""`KnowledgeBase.doctor`: what it finds in a real SQLite file, what it mends, and what it leaves alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.followed_tree import ONE, PAGE, FollowedTree, stop_working
from vademecum import KnowledgeBase
from vademecum.doctor import begin_anew
from vademecum.errors import BusyError, EmptyStoreError, NewerFormatError, NotAStoreError, StorageError
from vademecum.integrity.treatment import Diagnosis
from vademecum.runtime.sqlite.store import writing
from vademecum.store.seal import seal


@pytest.fixture
def place(tmp_path: Path) -> FollowedTree:
    return FollowedTree(tmp_path)


def bad(diagnosis: Diagnosis | tuple[object, ...]) -> set[str]:
    findings = diagnosis.checks if isinstance(diagnosis, Diagnosis) else diagnosis
    return {finding.name for finding in findings if not finding.sound}  # type: ignore[attr-defined]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_sound_store_is_looked_at_whole_and_left_as_it_is(place: FollowedTree) -> None:
    before = files(place.path.parent)
    found = place.open().doctor()
    assert found.sound
    names = ["file", "pointer", "objects", "release", "previous", "leftovers", "trust", "records"]
    assert [finding.name for finding in found.checks] == names
    assert found.json()["sound"] is True
    assert files(place.path.parent) == before


@pytest.mark.fault("C38", "C35")
@pytest.mark.parametrize(
    ("harm", "name"),
    [
        ("UPDATE objects SET data = zeroblob(length(data))", "objects"),
        ("DELETE FROM objects", "objects"),
        ("UPDATE records SET value = x'00' WHERE name = 'head'", "pointer"),
        ("DELETE FROM records WHERE name = 'head'", "pointer"),
        ("UPDATE records SET value = x'00' WHERE name = 'trust/root.json'", "trust"),
        ("DELETE FROM records WHERE name = 'trust/root.json'", "trust"),
        ("UPDATE records SET value = x'00' WHERE name = 'trust/timestamp.json'", "trust"),
        ("UPDATE records SET value = x'00' WHERE name = 'sync'", "records"),
        ("INSERT INTO records VALUES ('health', x'00')", "records"),
        ("INSERT INTO records VALUES ('retry', '{')", "records"),
    ],
)
def test_what_is_broken_is_found_and_mended(place: FollowedTree, harm: str, name: str) -> None:
    place.sql(harm)
    before = place.check()
    assert bad(before) == {name}
    assert not before.sound
    after = place.open().doctor()
    assert bad(after.before) == {name}
    assert after.sound, after.checks
    assert place.works()
    assert after.set_aside is None


@pytest.mark.fault("C38")
def test_to_check_alone_writes_nothing(place: FollowedTree) -> None:
    place.sql("UPDATE objects SET data = zeroblob(length(data))")
    before = files(place.path.parent)
    assert not place.check().sound
    assert not place.open(online=False).doctor().sound
    assert files(place.path.parent) == before


@pytest.mark.fault("C38", "B26")
def test_where_the_host_does_not_answer_it_says_so(place: FollowedTree) -> None:
    place.sql("UPDATE objects SET data = zeroblob(length(data))")
    place.site.rename(place.site.with_name("gone"))
    found = place.open().doctor()
    assert bad(found) == {"objects", "repair"}
    assert not found.sound


@pytest.mark.fault("D47")
def test_a_release_that_does_not_work_here_is_undone(place: FollowedTree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its objects are as they should be: there is nothing to fetch."""
    stop_working(monkeypatch, 2)
    shutil.rmtree(place.site / "objects")
    found = place.open().doctor()
    assert bad(found.before) == {"release"}
    assert found.sound
    status = place.open().status()
    assert (status["installed"]["sequence"], status["refused"]) == (1, [2])


def test_a_release_that_is_pinned_stays(place: FollowedTree) -> None:
    place.open().pin(2)
    place.publisher.publish(ONE)
    place.write()
    place.sql("DELETE FROM objects")
    assert place.open().doctor().sound
    assert place.open().status()["installed"]["sequence"] == 2


# A file that SQLite calls malformed -----------------------------------------------------------------------


def torn_header(data: bytes) -> bytes:
    return os.urandom(64) + data[64:]


def zeroed_first_page(data: bytes) -> bytes:
    return data[:100] + bytes(PAGE - 100) + data[PAGE:]


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2 // PAGE * PAGE]


def without_its_last_page(data: bytes) -> bytes:
    return data[:-PAGE]


def zeroed(page: int) -> Callable[[bytes], bytes]:
    def harm(data: bytes) -> bytes:
        return data[: page * PAGE] + bytes(PAGE) + data[(page + 1) * PAGE :]

    return harm


HARMS: dict[str, Callable[[bytes], bytes]] = {
    "torn header": torn_header,
    "first page zeroed": zeroed_first_page,
    "truncated": truncated,
    "last page missing": without_its_last_page,
}


@pytest.mark.fault("C38", "C31", "D49")
@pytest.mark.parametrize("harm", HARMS)
def test_a_malformed_file_is_set_aside_and_begun_anew(place: FollowedTree, harm: str) -> None:
    data = place.path.read_bytes()
    harmed = HARMS[harm](data)
    assert harmed != data
    place.path.write_bytes(harmed)
    assert bad(place.check()) == {"file"}
    after = place.open().doctor()
    assert after.sound, after.checks
    assert place.works()
    aside = place.path.with_name("kb.db.damaged")
    assert after.set_aside == str(aside)
    assert aside.read_bytes() == harmed, "never deleted, never changed"
    kept = next(finding.message for finding in after.checks if finding.name == "rescue")
    assert ("the trust floor was kept" in kept) != ("trust starts over" in kept)
    parts = ("", "-lock", "-wal", "-shm", ".damaged", ".damaged-wal", ".damaged-shm")
    assert {path.name for path in place.path.parent.iterdir()} <= {"site", *(f"kb.db{part}" for part in parts)}


@pytest.mark.slow
@pytest.mark.fault("C38", "C31")
def test_any_page_may_be_zeroed(place: FollowedTree) -> None:
    """Some belong to objects, which are fetched again; some to tables; some to nobody."""
    data = place.path.read_bytes()
    told: list[str] = []
    for page in range(1, len(data) // PAGE):
        place.path.write_bytes(zeroed(page)(data))
        for part in ("-wal", "-shm"):
            place.path.with_name(f"kb.db{part}").unlink(missing_ok=True)
        found = bad(place.check())
        assert len(found) <= 1
        told += found
        assert place.open().doctor().sound
        assert place.works()
    assert "file" in told


@pytest.mark.fault("C38")
def test_the_floor_goes_along_where_it_can_be_read(place: FollowedTree) -> None:
    """Where only objects are hit, an older pointer is refused as before."""
    floor = place.record("trust/timestamp.json")
    data = place.path.read_bytes()
    place.path.write_bytes(without_its_last_page(data))  # it belongs to an object
    assert "damaged" in place.check().checks[0].message
    kept = place.open(trust=False).doctor()
    assert "the trust floor was kept" in kept.checks[0].message, kept.checks
    assert kept.sound
    assert place.record("trust/timestamp.json") == floor


@pytest.mark.fault("C38", "E60")
def test_of_damaged_files_the_newest_is_kept_and_named(place: FollowedTree) -> None:
    for _ in (1, 2):
        harmed = zeroed_first_page(place.path.read_bytes())
        place.path.write_bytes(harmed)
        assert place.open().doctor().set_aside == f"{place.path}.damaged"
    [aside] = place.path.parent.glob("*.damaged")
    assert aside.read_bytes() == harmed
    last = place.check()
    assert last.sound
    assert (last.checks[-1].name, str(aside) in last.checks[-1].message) == ("aside", True)
    assert place.works()


@pytest.mark.fault("C38")
def test_of_a_damaged_file_no_object_and_no_record_is_believed(place: FollowedTree) -> None:
    """Objects are fetched anew; the pointer goes along if it decodes, the floor if its root verifies."""
    place.sql("UPDATE records SET value = x'00' WHERE name IN ('head', 'trust/snapshot.json')")
    saved = begin_anew(place.path, datetime.now(UTC))
    assert saved.records == ("trust/root.json", "trust/timestamp.json", "trust/targets.json", "trust/pin")
    with closing(sqlite3.connect(place.path)) as connection:
        assert connection.execute("SELECT count(*) FROM objects").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM records").fetchone() == (4,)
    place.sql("UPDATE records SET value = x'00' WHERE name = 'trust/root.json'")
    assert begin_anew(place.path, datetime.now(UTC)).records == (), "all of the floor hangs on its root"
    place.open().sync(force=True)
    place.sql("DELETE FROM records WHERE name IN ('head', 'trust/root.json')")
    assert begin_anew(place.path, datetime.now(UTC)).records == ()


@pytest.mark.fault("C38")
def test_where_the_index_is_broken_the_table_leads_to_the_floor(place: FollowedTree) -> None:
    with closing(sqlite3.connect(place.path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_records_1'"
        [(page,)] = connection.execute(query)
    place.path.write_bytes(zeroed(page - 1)(place.path.read_bytes()))
    assert bad(place.check()) == {"file"}
    assert "trust/timestamp.json" in begin_anew(place.path, datetime.now(UTC)).records


@pytest.mark.fault("C38")
def test_what_the_user_chose_goes_along(place: FollowedTree) -> None:
    place.open().pin(2)
    place.open().set_policy(mode="notify")
    place.publisher.publish(ONE)
    place.write()
    place.path.write_bytes(torn_header(place.path.read_bytes()))
    assert place.open().doctor().sound
    status = place.open().status()
    assert (status["installed"]["sequence"], status["pinned"], status["policy"]["mode"]) == (2, 2, "notify")


@pytest.mark.fault("E58")
@pytest.mark.parametrize(
    "harm",
    [
        'CREATE TRIGGER "a ""b" AFTER INSERT ON records BEGIN DELETE FROM records WHERE name = NEW.name; END',
        "CREATE TRIGGER t BEFORE INSERT ON objects BEGIN SELECT RAISE(FAIL, 'no'); END",
        "CREATE UNIQUE INDEX i ON records (length(value) > 9)",
    ],
)
def test_what_another_program_hung_on_the_tables_undoes_nothing(place: FollowedTree, harm: str) -> None:
    place.sql("DELETE FROM records WHERE name != 'head'")
    place.sql(harm)
    place.publisher.publish(ONE)
    place.write()
    assert place.open().sync().to_sequence == 3
    assert place.open().status()["installed"]["sequence"] == 3
    assert place.check().sound


def test_pull_says_who_mends_it(place: FollowedTree) -> None:
    place.path.write_bytes(truncated(place.path.read_bytes()))
    error = place.open().sync(force=True).error
    assert isinstance(error, StorageError)
    assert "vade doctor" in error.message


@pytest.mark.fault("D42")
def test_a_store_that_is_being_updated_is_not_taken_away(place: FollowedTree) -> None:
    place.path.write_bytes(truncated(place.path.read_bytes()))
    before = place.path.read_bytes()
    with writing(place.path):
        with pytest.raises(BusyError), writing(place.path):
            pass
        found = place.open().doctor()
    assert "repair" in bad(found)
    assert place.path.read_bytes() == before


# What is not ours, or not to be judged ---------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"a thesis, " * 500, b"\0" * 8192])
def test_a_file_that_is_not_a_store_is_left_alone(place: FollowedTree, content: bytes) -> None:
    place.path.unlink()
    place.path.write_bytes(content)
    with pytest.raises(NotAStoreError):
        place.open().doctor()
    assert place.path.read_bytes() == content


def test_a_store_of_a_newer_version_is_left_alone(place: FollowedTree) -> None:
    place.sql("PRAGMA user_version = 99")
    before = place.path.read_bytes()
    with pytest.raises(NewerFormatError):
        place.open().doctor()
    assert place.path.read_bytes() == before


def test_a_pointer_of_a_newer_version_is_left_alone(place: FollowedTree) -> None:
    newer = seal(b'{"format":99}')
    place.sql(f"UPDATE records SET value = CAST('{newer.decode()}' AS BLOB) WHERE name = 'head'")
    with pytest.raises(NewerFormatError):
        place.open().doctor()
    assert place.record("head") == newer


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(EmptyStoreError):
        KnowledgeBase.open(tmp_path / "kb.db", url=tmp_path).doctor()
    assert not (tmp_path / "kb.db").exists()


# A medium that cannot be written ----------------------------------------------------------------------------


@pytest.fixture
def sealed(place: FollowedTree, monkeypatch: pytest.MonkeyPatch) -> Iterator[FollowedTree]:
    """Root writes anywhere, so SQLite is asked as if the medium was sealed: its files cannot be made or changed."""
    real = sqlite3.connect

    def connect(database: str, *args: object, **more: object) -> sqlite3.Connection:
        if database.endswith("-lock"):
            error = sqlite3.OperationalError("attempt to write a readonly database")
            error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_READONLY, "SQLITE_READONLY"
            raise error
        sealed = database.replace("mode=rwc", "mode=ro").replace("mode=rw", "mode=ro")
        return real(sealed, *args, **more)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr("sqlite3.connect", connect)
    yield place


@pytest.mark.fault("C33")
def test_a_sealed_store_is_read_and_judged_and_not_updated(sealed: FollowedTree) -> None:
    before = files(sealed.path.parent)
    assert sealed.check().sound
    assert sealed.works()
    assert sealed.open().status()["installed"]["sequence"] == 2
    error = sealed.open().sync().error
    assert isinstance(error, StorageError)
    assert "cannot be written" in error.message
    after = files(sealed.path.parent)
    assert after["kb.db"] == before["kb.db"]
