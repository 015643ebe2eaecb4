"""`KnowledgeBase.doctor`: what it finds in a real SQLite file, what it mends, and what it leaves alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.place import ONE, PAGE, Place
from vademecum import KnowledgeBase
from vademecum.doctor import Diagnosis
from vademecum.errors import (
    BusyError,
    EmptyStoreError,
    NewerFormatError,
    NotAStoreError,
    SelfTestError,
    StorageError,
)
from vademecum.runtime.sqlite.rescue import rescue
from vademecum.runtime.sqlite.store import writing
from vademecum.store.pointer import Generation


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def bad(diagnosis: Diagnosis | tuple[object, ...]) -> set[str]:
    findings = diagnosis.findings if isinstance(diagnosis, Diagnosis) else diagnosis
    return {finding.name for finding in findings if not finding.sound}  # type: ignore[attr-defined]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_sound_store_is_looked_at_whole_and_left_as_it_is(place: Place) -> None:
    before = files(place.path.parent)
    seen: list[tuple[int, int]] = []
    found = place.open().doctor(looked=lambda done, total: seen.append((done, total)))
    assert found.sound
    names = ["file", "pointer", "objects", "release", "previous", "leftovers", "trust", "records"]
    assert [finding.name for finding in found.findings] == names
    assert found.json()["sound"] is True
    assert seen[-1][0] == seen[-1][1] > 0
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
def test_what_is_broken_is_found_and_mended(place: Place, harm: str, name: str) -> None:
    place.sql(harm)
    before = place.check()
    assert bad(before) == {name}
    assert not before.sound
    after = place.open().doctor()
    assert bad(after.before) == {name}
    assert after.sound, after.findings
    assert place.works()
    assert after.aside is None


@pytest.mark.fault("C38")
def test_to_check_alone_writes_nothing(place: Place) -> None:
    place.sql("UPDATE objects SET data = zeroblob(length(data))")
    before = files(place.path.parent)
    assert not place.check().sound
    assert not place.open(online=False).doctor().sound
    assert files(place.path.parent) == before


@pytest.mark.fault("C38", "B26")
def test_where_the_host_does_not_answer_it_says_so(place: Place) -> None:
    place.sql("UPDATE objects SET data = zeroblob(length(data))")
    place.site.rename(place.site.with_name("gone"))
    found = place.open().doctor()
    assert bad(found) == {"objects", "repair"}
    assert not found.sound


@pytest.mark.fault("D47")
def test_a_release_that_does_not_work_here_is_undone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its objects are as they should be: there is nothing to fetch."""

    def check(generation: Generation, *_: object) -> None:
        if generation.sequence == 2:
            raise SelfTestError("release 2: another vector")

    for module in ("opened", "staged"):
        monkeypatch.setattr(f"vademecum.generation.{module}.check_works", check)
    shutil.rmtree(place.site / "objects")
    found = place.open().doctor()
    assert bad(found.before) == {"release"}
    assert found.sound
    status = place.open().status()
    assert (status["installed"]["sequence"], status["refused"]) == (1, [2])


def test_a_release_that_is_pinned_stays(place: Place) -> None:
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
def test_a_malformed_file_is_set_aside_and_begun_anew(place: Place, harm: str) -> None:
    data = place.path.read_bytes()
    harmed = HARMS[harm](data)
    assert harmed != data
    place.path.write_bytes(harmed)
    assert bad(place.check()) == {"file"}
    after = place.open().doctor()
    assert after.sound, after.findings
    assert place.works()
    aside = place.path.with_name("kb.db.damaged-1")
    assert after.aside == str(aside)
    assert aside.read_bytes() == harmed, "never deleted, never changed"
    kept = next(finding.message for finding in after.findings if finding.name == "rescue")
    assert ("the trust floor was kept" in kept) != ("trust begins anew" in kept)
    parts = ("", "-lock", "-wal", "-shm", ".damaged-1", ".damaged-1-wal", ".damaged-1-shm")
    assert {path.name for path in place.path.parent.iterdir()} <= {
        "site",
        *(f"kb.db{part}" for part in parts),
    }


@pytest.mark.fault("C38", "C31")
def test_any_page_may_be_zeroed(place: Place) -> None:
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
def test_the_floor_goes_along_where_it_can_be_read(place: Place) -> None:
    """Where only objects are hit, an older pointer is refused as before."""
    floor = place.record("trust/timestamp.json")
    data = place.path.read_bytes()
    place.path.write_bytes(without_its_last_page(data))  # it belongs to an object
    assert "damaged" in place.check().findings[0].message
    kept = place.open(trust=False).doctor()
    assert "the trust floor was kept" in kept.findings[0].message, kept.findings
    assert kept.sound
    assert place.record("trust/timestamp.json") == floor


@pytest.mark.fault("C38")
def test_a_second_damaged_file_gets_a_name_of_its_own(place: Place) -> None:
    for number in (1, 2):
        place.path.write_bytes(zeroed_first_page(place.path.read_bytes()))
        assert place.open().doctor().aside == f"{place.path}.damaged-{number}"
    assert place.works()


@pytest.mark.fault("C38")
def test_what_is_readable_is_not_fetched_again(place: Place) -> None:
    place.path.write_bytes(place.path.read_bytes() + b"more than whole pages")
    with closing(sqlite3.connect(place.path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET rootpage = 999 WHERE name = 'sqlite_autoindex_objects_1'"
        )
        connection.commit()
    for path in (place.site / "objects").iterdir():
        path.unlink()
    assert bad(place.check()) == {"file"}
    assert place.open().doctor().sound
    assert place.works()


@pytest.mark.fault("C38")
def test_what_is_not_what_its_name_says_does_not_go_along(place: Place) -> None:
    with closing(sqlite3.connect(place.path)) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM objects")
    place.sql("UPDATE objects SET data = zeroblob(length(data)) WHERE rowid = 1")
    place.sql("UPDATE records SET value = x'00' WHERE name IN ('head', 'trust/root.json')")
    saved = rescue(place.path)
    assert saved.objects == count - 1
    assert not saved.floor
    assert "trust/timestamp.json" in saved.records
    assert "head" not in saved.records


def last_cell(data: bytes, root: int) -> int:
    """Return where the last row of the table begins whose tree has its root on page `root`: on its rightmost leaf.

    See https://www.sqlite.org/fileformat.html, section 1.6.
    """
    page = (root - 1) * PAGE
    if data[page] == 5:
        return last_cell(data, int.from_bytes(data[page + 8 : page + 12], "big"))
    assert data[page] == 13, "a leaf of a table"
    cells = int.from_bytes(data[page + 3 : page + 5], "big")
    pointer = page + 8 + 2 * (cells - 1)
    return page + int.from_bytes(data[pointer : pointer + 2], "big")


@pytest.mark.fault("C38")
def test_a_row_with_an_absurd_number_is_not_counted_up_to(place: Place) -> None:
    """At most four flipped bits make the number of a row as many bytes longer."""
    with closing(sqlite3.connect(place.path)) as connection:
        [(root,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'objects'")
        [(count,)] = connection.execute("SELECT count(*) FROM objects")
    data = bytearray(place.path.read_bytes())
    number = last_cell(bytes(data), root)
    while data[number] & 0x80:  # the size of the row comes first
        number += 1
    for byte in range(number + 1, number + 5):
        data[byte] |= 0x80
    place.path.write_bytes(bytes(data))
    with closing(sqlite3.connect(place.path)) as connection:
        [(highest,)] = connection.execute("SELECT max(rowid) FROM objects")
    assert highest > 10**8
    assert bad(place.check()) == {"file"}
    assert rescue(place.path).objects == count - 1
    assert place.open().doctor().sound
    assert place.works()


@pytest.mark.fault("C38")
def test_between_two_broken_pages_the_index_leads(place: Place) -> None:
    """Read from its ends alone, the table would seem to end at the first broken page and begin after the last."""
    with closing(sqlite3.connect(place.path, isolation_level=None)) as connection:
        for number in range(40):
            text = bytes([number]) * 3000
            name = hashlib.sha256(text).hexdigest()
            connection.execute("INSERT INTO objects VALUES (?, ?)", (name, text))
        [(count,)] = connection.execute("SELECT count(*) FROM objects")
    data = bytearray(place.path.read_bytes())
    for number in (10, 30):
        page = data.index(bytes([number]) * 3000) // PAGE * PAGE
        assert data[page] == 13, "a leaf of a table"
        data[page : page + 8] = b"\xff" * 8
    place.path.write_bytes(bytes(data))
    assert rescue(place.path).objects == count - 2


def test_pull_says_who_mends_it(place: Place) -> None:
    place.path.write_bytes(truncated(place.path.read_bytes()))
    with pytest.raises(StorageError, match="vade doctor"):
        place.open().sync(force=True)


@pytest.mark.fault("D42")
def test_a_store_that_is_being_updated_is_not_taken_away(place: Place) -> None:
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
def test_a_file_that_is_not_a_store_is_left_alone(place: Place, content: bytes) -> None:
    place.path.unlink()
    place.path.write_bytes(content)
    with pytest.raises(NotAStoreError):
        place.open().doctor()
    assert place.path.read_bytes() == content


def test_a_store_of_a_newer_version_is_left_alone(place: Place) -> None:
    place.sql("PRAGMA user_version = 99")
    before = place.path.read_bytes()
    with pytest.raises(NewerFormatError):
        place.open().doctor()
    assert place.path.read_bytes() == before


def test_a_pointer_of_a_newer_version_is_left_alone(place: Place) -> None:
    place.sql("UPDATE records SET value = CAST('{\"format\":99}' AS BLOB) WHERE name = 'head'")
    with pytest.raises(NewerFormatError):
        place.open().doctor()
    assert place.record("head") == b'{"format":99}'


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(EmptyStoreError):
        KnowledgeBase.open(tmp_path / "kb.db", url=tmp_path).doctor()
    assert not (tmp_path / "kb.db").exists()


# A medium that cannot be written ----------------------------------------------------------------------------


@pytest.fixture
def sealed(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
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
def test_a_sealed_store_is_read_and_judged_and_not_updated(sealed: Place) -> None:
    before = files(sealed.path.parent)
    assert sealed.check().sound
    assert sealed.works()
    assert sealed.open().status()["installed"]["sequence"] == 2
    with pytest.raises(StorageError, match="cannot be written"):
        sealed.open().sync()
    after = files(sealed.path.parent)
    assert after["kb.db"] == before["kb.db"]


@pytest.mark.fault("C33")
def test_a_swap_that_was_cut_off_cannot_be_ended_on_a_sealed_medium(sealed: Place) -> None:
    """And then nothing is read: without its log, the file may be an older one."""
    os.link(sealed.path, f"{sealed.path}.rescue-aside")
    with pytest.raises(StorageError, match="cannot be written"):
        sealed.open().status()
