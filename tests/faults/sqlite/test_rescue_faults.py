"""The doctor's rescue fails, or dies, at every operation: what opens is the old file with its log, or the new."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.place import ONE, PAGE, Place
from support.publisher import Documents
from support.tally import count
from vademecum.errors import BusyError, StorageError
from vademecum.runtime import rename as renames
from vademecum.runtime.sqlite import file as sqlite_file
from vademecum.runtime.sqlite.rescue import file_fault, rescue
from vademecum.runtime.sqlite.store import SqliteStore, writing
from vademecum.runtime.sqlite.swap import is_swapping, settle

KEPT = ("head", "trust/root.json", "trust/timestamp.json", "trust/snapshot.json", "trust/targets.json")
LONG = " ".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(200))
"""A text of several pages; one of them is damaged."""
Records = dict[str, bytes]


class Damaged:
    """A damaged store whose newest trust floor is in its log alone: without the log, the file has an older one.

    Attributes:
        files: The file and its log.
        records: What must never be older again.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.place = Place(folder)
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
        self.lay(folder / "probe")
        self.records = read_records(folder / "probe/kb.db")
        assert file_fault(folder / "probe/kb.db") is not None
        assert all(self.records[name] != old[name] for name in ("head", "trust/timestamp.json"))
        for left in folder.glob("kb.db*"):
            left.unlink()

    def _publish(self, documents: Documents) -> None:
        self.place.publisher.publish(documents)
        self.place.write()
        self.place.open().sync()

    def lay(self, folder: Path) -> Path:
        folder.mkdir()
        for name, data in self.files.items():
            (folder / name).write_bytes(data)
        return folder / "kb.db"

    def doctored(self, path: Path) -> bool:
        self.place.path = path
        found = self.place.open().doctor()
        return found.sound and not is_swapping(path)

    def judge(self, path: Path, *, doctor: bool) -> list[str]:
        """Return what is wrong after a restart; the doctor comes only where he is asked for, for he takes long."""
        found = []
        if read_records(path) != self.records:
            found.append("lower floor: the store was opened without its log")
        if is_swapping(path):
            found.append("stuck: the swap is not at its end")
        asides = sorted(path.parent.glob("*.damaged-*"))
        if asides and self._seen_aside(path.with_name("kb.db.damaged-1")) != self.records:
            found.append(f"lost data: what was set aside is not whole: {asides}")
        if doctor and not self.doctored(path):
            found.append("stuck: the doctor cannot mend it")
        return found

    def _seen_aside(self, aside: Path) -> Records:
        look = aside.parent / "look"
        look.mkdir()
        for part in ("", "-wal"):
            if Path(f"{aside}{part}").exists():
                shutil.copyfile(f"{aside}{part}", f"{look / 'kb.db'}{part}")
        return read_records(look / "kb.db")


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
    return damaged.lay(quick / "start")


def struck(work: str, fault: str, folder: Path) -> list[Any]:
    """Return how the children ended: see rescue_faults.py."""
    command = [sys.executable, "-m", "support.rescue_faults", work, fault, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    ends: list[Any] = json.loads(done.stdout)
    assert ends[-1] == "ok", (ends, done.stderr[-3000:])
    return ends


def judged(damaged: Damaged, work: str, fault: str, folder: Path, ends: list[Any]) -> Iterator[str]:
    """Judge all that is left; the doctor sees every set of files once."""
    seen: set[tuple[str, ...]] = set()
    for at in range(len(ends)):
        place = folder / f"{fault}-{at}"
        names = tuple(sorted(path.name for path in place.iterdir()))
        found = damaged.judge(place / "kb.db", doctor=names not in seen)
        seen.add(names)
        count("SQLite, the doctor's rescue", work, at, fault, "kept", found)
        yield from (f"{fault} at {at}, {names}: {line}" for line in found)


@pytest.mark.fault("C30", "C38", "D43")
@pytest.mark.parametrize("work", ["rescue", "rescue-without-links"])
def test_killed_at_every_operation(damaged: Damaged, work: str, start: Path) -> None:
    folder = start.parents[1]
    ends = struck(work, "kill", folder)
    assert set(ends[:-1]) == {-9} and len(ends) > 50
    swaps = [at for at in range(len(ends)) if is_swapping(folder / f"kill-{at}/kb.db")]
    assert len(swaps) >= 4, "between any two renames"
    again: list[str] = []
    for at in (
        swaps if work == "rescue" else []
    ):  # and killed again, at every operation of the opening that makes an end of it
        deeper = folder / f"again-{at}"
        shutil.copytree(folder / f"kill-{at}", deeper / "start")
        deeper_ends = struck("open", "kill", deeper)
        assert set(deeper_ends[:-1]) == {-9}
        again += judged(damaged, f"opening after {work}", "kill", deeper, deeper_ends)
    assert list(judged(damaged, work, "kill", folder, ends)) == []
    assert again == []


@pytest.mark.fault("C30", "C33", "C34", "C40")
@pytest.mark.parametrize(
    "fault", ["EACCES-once", "EPERM-forever", "EBUSY-once", "EIO-once", "EIO-forever", "ENOSPC-forever"]
)
def test_an_error_at_every_operation(damaged: Damaged, fault: str, start: Path) -> None:
    """Another program may be in the way of a rename for a moment; that one is tried again."""
    folder = start.parents[1]
    ends = struck("rescue", fault, folder)
    assert len(ends) > 15
    assert set(ends) <= {"ok", "quota" if fault.startswith("ENOSPC") else "storage"}
    assert fault.endswith("once") or {*ends} != {"ok"}
    assert list(judged(damaged, "rescue", fault, folder, ends)) == []


@pytest.mark.fault("C33", "C40")
def test_a_rename_that_is_denied_leaves_the_file_with_its_log(
    damaged: Damaged, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows no file is replaced that another program has open."""
    replace = Path.replace
    tries = []

    def denied(self: Path, target: Path) -> Path:
        if self.name.endswith(".rescue"):
            tries.append(self)
            raise PermissionError(13, "it is used by another process")
        return replace(self, target)

    monkeypatch.setattr(renames, "_WAITS", (0.0, 0.0))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", denied)
        with writing(start), pytest.raises(StorageError, match="used by another process"):
            rescue(start)
    assert len(tries) == 3
    left = {path.name: path.read_bytes() for path in start.parent.iterdir() if not path.name.endswith("lock")}
    assert left == damaged.files
    assert damaged.judge(start, doctor=True) == []


@pytest.mark.fault("C40")
def test_a_virus_scanner_is_waited_for(
    damaged: Damaged, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace
    refused: list[Path] = []

    def scanned(self: Path, target: Path) -> Path:
        if self not in refused:
            refused.append(self)
            raise PermissionError(13, "it is being scanned")
        return replace(self, target)

    monkeypatch.setattr(renames, "_WAITS", (0.0,))
    monkeypatch.setattr(Path, "replace", scanned)
    with writing(start):
        assert rescue(start).floor
    assert len(refused) >= 3
    assert damaged.judge(start, doctor=True) == []


def cut_off(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a swap that was begun, with the log out of its place."""

    with monkeypatch.context() as patched, writing(path), pytest.raises(KeyboardInterrupt):
        rename = Path.replace

        def until_the_last(self: Path, target: Path) -> Path:
            if self.name.endswith(".rescue"):
                raise KeyboardInterrupt
            return rename(self, target)

        patched.setattr(Path, "replace", until_the_last)
        rescue(path)
    assert is_swapping(path)
    assert not Path(f"{path}-wal").exists()


@pytest.mark.fault("D42")
def test_while_a_swap_goes_on_nobody_opens(start: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(start, monkeypatch)
    monkeypatch.setattr("vademecum.runtime.sqlite.swap.PATIENCE", 0.0)
    with writing(start):
        for readonly in (True, False):
            with pytest.raises(BusyError):
                SqliteStore(start, readonly=readonly)
    settle(start)
    assert file_fault(start) is None


@pytest.mark.fault("D42", "D44")
def test_who_opens_during_a_swap_opens_again(
    damaged: Damaged, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was there, and its log not: whoever read just then would see an older floor."""
    look = sqlite_file._open_readonly
    times: list[Path] = []

    def just_then(path: Path) -> sqlite3.Connection:
        times.append(path)
        if len(times) > 1:
            return look(path)
        log = Path(f"{path}-wal")
        log.rename(path.with_name("elsewhere"))
        connection = look(path)
        path.with_name("elsewhere").rename(log)
        with writing(path):
            rescue(path)
        return connection

    monkeypatch.setattr(sqlite_file, "_open_readonly", just_then)
    assert read_records(start) == damaged.records
    assert len(times) == 2


@pytest.mark.fault("D42")
def test_who_opened_before_a_swap_does_not_write_to_what_was_set_aside(start: Path) -> None:
    async def late() -> None:
        store = SqliteStore(start)
        with writing(start):
            rescue(start)
        with pytest.raises(BusyError, match="replaced since it was opened"):
            async with store.lock():
                raise AssertionError("never held")
        await store.close()
        store = SqliteStore(start)
        async with store.lock():
            await store.write({"probe": b"1"})
        await store.close()

    asyncio.run(late())


@pytest.mark.fault("C38")
def test_a_store_behind_a_link_keeps_its_log(damaged: Damaged, start: Path) -> None:
    link = start.parent / "elsewhere"
    link.mkdir()
    (link / "link.db").symlink_to(start)
    assert damaged.doctored(link / "link.db")
    assert (link / "link.db").is_symlink()
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
    with writing(start):
        rescue(start)
    assert read_records(start) == damaged.records


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
    with writing(place / "kb.db"):
        assert rescue(place / "kb.db").floor
    assert read_records(place / "kb.db") == damaged.records
