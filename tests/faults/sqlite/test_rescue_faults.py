"""The doctor's rescue fails, or dies, at every operation: the old file with its log opens, or the new content."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest

from support.followed_tree import ONE, PAGE, FollowedTree
from support.publisher import Documents
from support.sampling import sample
from support.sqlite_disk import Disk, Event, Files, after_power_cut, beneath
from support.sqlite_restart import write_files
from support.storage_faults import DAMAGES
from support.tally import count
from vademecum.doctor import begin_anew
from vademecum.errors import BusyError, QuotaError, StorageError, VademecumError
from vademecum.runtime.sqlite import rescue
from vademecum.runtime.sqlite.rescue import file_fault, set_aside
from vademecum.runtime.sqlite.store import SqliteStore

KEPT = ("head", "trust/root.json", "trust/timestamp.json", "trust/snapshot.json", "trust/targets.json")
LONG = " ".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(200))
"""A text of several pages; one of them is damaged."""
NOW = datetime.now(UTC)
Records = dict[str, bytes]


class Damaged:
    """A damaged store whose newest trust floor is in its log alone: without the log, the file has an older one.

    Attributes:
        files: The file and its log.
        records: What must never be older again.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.place = folder, FollowedTree(folder)
        path = self.place.path
        self._publish({**ONE, "c": {"chunks": [LONG]}})
        old = read_records(path)
        with closing(sqlite3.connect(path)) as reader:  # so that the log is not merged when the writer closes
            reader.execute("SELECT count(*) FROM records").fetchone()
            self._publish(ONE)
            data, log = bytearray(path.read_bytes()), Path(f"{path}-wal").read_bytes()
        page = data.index(LONG[6000:6064].encode()) // PAGE * PAGE
        data[page : page + 4] = b"\xff" * 4  # where its next page is
        self.files = {"kb.db": bytes(data), "kb.db-wal": log}
        probe = write_files(folder / "probe", self.files)
        self.records = read_records(probe)
        assert file_fault(probe) is not None
        assert all(self.records[name] != old[name] for name in ("head", "trust/timestamp.json"))
        for left in folder.glob("kb.db*"):
            left.unlink()

    def _publish(self, documents: Documents) -> None:
        self.place.publisher.publish(documents)
        self.place.write()
        self.place.open().sync()

    def torn(self) -> Files:
        """The same where SQLite does not open the file at all."""
        return {**self.files, "kb.db": os.urandom(64) + self.files["kb.db"][64:]}

    def with_journal(self) -> Files:
        """The same where a file system cannot do WAL: the file is as new as its log was."""
        path = write_files(self.folder / "journal", self.files)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
        return {"kb.db": path.read_bytes()}

    def doctored(self, path: Path) -> bool:
        self.place.path = path
        return self.place.open().doctor().sound and read_records(path).keys() == self.records.keys()


def read_records(path: Path) -> Records:
    async def read() -> Records:
        store = SqliteStore(path, readonly=True)
        found = {name: await store.read(name) or b"" for name in KEPT}
        await store.close()
        return found

    return asyncio.run(read())


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    return Damaged(tmp_path_factory.mktemp("rescue") / "damaged")


@pytest.fixture
def start(damaged: Damaged, quick: Path) -> Path:
    """A damaged store."""
    return write_files(quick / "start", damaged.files)


@contextmanager
def recorded_page(disk: Disk) -> Iterator[None]:
    """The one write that goes to the file without SQLite is an event of the disk, too."""
    lay = rescue._lay_first_page

    def laid(path: Path, page: bytes) -> None:
        try:
            disk.meet(Event("write", path.name, 0, page))
            disk.meet(Event("sync", path.name))
        except apsw.Error as error:
            lay(path, page[: len(page) // 2])
            raise OSError(errno.ENOSPC if disk.fault == "full" else errno.EIO, str(error)) from error
        lay(path, page)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rescue, "_lay_first_page", laid)
        yield


def judge(damaged: Damaged, files: Files, folder: Path) -> list[str]:
    """Return what is wrong after a restart: an older floor, or a doctor who cannot mend it, or loses the floor."""
    path = write_files(folder, files)
    with suppress(VademecumError):  # a file whose first page is torn is not opened at all
        if read_records(path) != damaged.records:
            return ["the floor is an older one"]
    if file_fault(path) is not None:
        before = path.read_bytes()
        begin_anew(path, NOW)
        if set_aside(path).read_bytes() != before:
            return ["what was set aside is not what was there"]
    if read_records(path) != damaged.records:
        return ["the floor was lost"]
    return [] if file_fault(path) is None else ["the new file is damaged"]


@pytest.mark.fault("C30", "C31", "C38", "D43")
@pytest.mark.parametrize("harm", ["a page", "the first page", "with a journal"])
def test_a_power_cut_at_every_event(damaged: Damaged, harm: str, quick: Path) -> None:
    """A process that is killed leaves what a power cut leaves that keeps everything: one of the three kinds."""
    make: dict[str, Callable[[], Files]] = {
        "a page": lambda: damaged.files,
        "the first page": damaged.torn,
        "with a journal": damaged.with_journal,
    }
    files, disk = make[harm](), Disk()
    path = write_files(quick / "run", files)
    with beneath(disk, "DELETE" if "journal" in harm else "WAL"), recorded_page(disk):
        assert set(begin_anew(path, NOW).records) >= set(KEPT)
    assert read_records(path) == damaged.records
    assert len(disk.events) > 20
    found: list[str] = []
    for at in sample(range(len(disk.events) + 1), 9, f"rescue {harm}"):
        for damage in DAMAGES:
            left = after_power_cut(files, disk.events[:at], damage)
            here = {name: data for name, data in left.items() if name.startswith("kb.db")}
            wrong = judge(damaged, here, quick / "cut")
            count("SQLite, the doctor's rescue", harm, at, damage, "kept", wrong)
            found += [f"{damage} at {at}: {line}" for line in wrong]
    assert not found


@pytest.mark.fault("C30", "C33", "C34")
@pytest.mark.parametrize("fault", ["once", "full"])
@pytest.mark.parametrize("harm", ["a page", "the first page"])
def test_an_error_at_every_event(damaged: Damaged, harm: str, fault: str, quick: Path) -> None:
    files = damaged.files if harm == "a page" else damaged.torn()
    whole = Disk()
    with beneath(whole), recorded_page(whole):
        begin_anew(write_files(quick / "run", files), NOW)
    codes: set[str] = set()
    found: list[str] = []
    for at in sample(range(len(whole.events)), 9, f"rescue {harm} {fault}"):
        path = write_files(quick / "run", files)
        disk = Disk(at=at, fault=fault)
        try:
            with beneath(disk), recorded_page(disk):
                begin_anew(path, NOW)
        except StorageError as error:
            codes.add(error.code)
        left = {file.name: file.read_bytes() for file in path.parent.iterdir() if "damaged" not in file.name}
        left.pop("kb.db-shm", None)
        wrong = judge(damaged, left, quick / "left")
        count("SQLite, the doctor's rescue", harm, at, fault, "kept", wrong)
        found += [f"{fault} at {at}: {line}" for line in wrong]
    assert not found
    assert codes == {"quota" if fault == "full" else "storage"}


@pytest.mark.fault("C33", "C34", "C40")
@pytest.mark.parametrize("code", [errno.EACCES, errno.EBUSY, errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("part", ["kb.db", "kb.db-wal"])
def test_what_cannot_be_copied_is_left_as_it_is(
    damaged: Damaged, start: Path, code: int, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program may have the file for itself, on Windows; a disk may be full. Nothing else is there then."""
    copy = shutil.copyfile

    def refused(source: str, target: str) -> None:
        copy(source, target)
        if Path(source).name == part:
            raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", refused)
        with pytest.raises(QuotaError if code == errno.ENOSPC else StorageError):
            begin_anew(start, NOW)
    left = {path.name: path.read_bytes() for path in start.parent.iterdir() if not path.name.endswith("lock")}
    assert left == damaged.files
    assert damaged.doctored(start)


@pytest.mark.fault("C40")
def test_no_file_is_replaced_that_another_program_has_open(
    damaged: Damaged, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows that would be denied."""

    def denied(self: Path, *_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "it is used by another process")

    for name in ("replace", "rename"):
        monkeypatch.setattr(Path, name, denied)
    begin_anew(start, NOW)
    assert read_records(start) == damaged.records


@pytest.mark.fault("D42")
def test_who_opened_before_reads_and_writes_the_new_content(damaged: Damaged, start: Path) -> None:
    async def early() -> None:
        store = SqliteStore(start)
        assert await store.read("head") == damaged.records["head"]
        begin_anew(start, NOW)
        assert await store.objects() == {}
        assert await store.read("head") == damaged.records["head"]
        async with store.lock():
            await store.write({"probe": b"1"})
            with pytest.raises(BusyError):
                begin_anew(start, NOW)
        await store.close()
        store = SqliteStore(start)
        assert await store.read("probe") == b"1"
        await store.close()

    asyncio.run(early())


@pytest.mark.fault("D42", "D44")
@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_who_reads_or_writes_without_the_lock_is_waited_for(
    damaged: Damaged, start: Path, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program: our own writers hold the lock. Where a file system cannot do WAL, readers are in the way."""
    monkeypatch.setattr("vademecum.runtime.sqlite.file.BUSY_TIMEOUT", 0.1)
    if journal == "DELETE":
        write_files(start.parent, damaged.with_journal())
    with closing(sqlite3.connect(start, isolation_level=None)) as other:
        for begin in ("BEGIN IMMEDIATE", *(["BEGIN", "BEGIN EXCLUSIVE"] if journal == "DELETE" else [])):
            other.execute(begin)
            other.execute("SELECT count(*) FROM records").fetchone()
            with pytest.raises(BusyError):
                begin_anew(start, NOW)
            other.execute("ROLLBACK")
    assert read_records(start) == damaged.records
    monkeypatch.undo()
    with closing(sqlite3.connect(start, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, lambda: other.execute("ROLLBACK")).start()
        assert begin_anew(start, NOW).records, "a short transaction is waited for"


@pytest.mark.fault("C38")
def test_a_store_behind_a_link_keeps_its_log(damaged: Damaged, start: Path) -> None:
    link = start.parent / "elsewhere"
    link.mkdir()
    (link / "link.db").symlink_to(start)
    assert damaged.doctored(link / "link.db")
    assert (link / "link.db").is_symlink()
    assert set_aside(link / "link.db") == start.with_name("kb.db.damaged")
    assert set_aside(start).exists()
    assert read_records(start)["trust/timestamp.json"] == damaged.records["trust/timestamp.json"]


@pytest.mark.fault("C38", "D44")
def test_a_reader_closes_while_the_file_is_copied(
    damaged: Damaged, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one who closes moves the log into the file: one of both copies has what was in the log."""
    copy = shutil.copyfile

    def closes(source: str, target: str) -> None:
        copy(source, target)
        monkeypatch.setattr("shutil.copyfile", copy)
        with closing(sqlite3.connect(start)) as reader:
            reader.execute("SELECT count(*) FROM records").fetchone()

    monkeypatch.setattr("shutil.copyfile", closes)
    aside = begin_anew(start, NOW).aside
    assert read_records(start) == damaged.records
    assert read_records(aside) == damaged.records


@pytest.mark.fault("C30", "C38")
def test_a_transaction_that_was_cut_off_is_not_rescued(damaged: Damaged, start: Path, quick: Path) -> None:
    """Where a file system cannot do WAL, half of it is in the file already, and a journal tells how it was."""
    place = quick / "journal"
    place.mkdir()
    with closing(sqlite3.connect(start, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = DELETE")
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE records SET value = CAST('{}' AS BLOB) WHERE name LIKE 'trust/%'")
        for number in range(50):  # pages go into the file before the commit
            writer.execute("INSERT INTO objects VALUES (?, zeroblob(5000))", (str(number),))
        for part in ("", "-journal"):
            shutil.copyfile(f"{start}{part}", f"{place / 'kb.db'}{part}")
    begin_anew(place / "kb.db", NOW)
    assert (place / "kb.db").read_bytes()[18:20] == b"\1\1", "and the new content asks for no WAL there, either"
    assert read_records(place / "kb.db") == damaged.records
