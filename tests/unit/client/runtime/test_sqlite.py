"""What is particular to the SQLite store: other people's files, other processes, sudden death."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from vademecum.errors import BusyError, EmptyStoreError, NewerFormatError, NotAStoreError, QuotaError, StorageError
from vademecum.runtime.sqlite import file as sqlite_file
from vademecum.runtime.sqlite.lock import WriterLock
from vademecum.runtime.sqlite.store import SqliteStore


def with_store(path: Path, work: Callable[[SqliteStore], Awaitable[Any]], *, readonly: bool = False) -> Any:
    async def opened() -> Any:
        store = SqliteStore(path, readonly=readonly)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(opened())


def head(path: Path, *, readonly: bool = False) -> Any:
    return with_store(path, lambda store: store.read("head"), readonly=readonly)


def set_head(path: Path, value: bytes) -> None:
    with_store(path, lambda store: store.write({"head": value}))


@contextmanager
def child(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run `code` in another process, which says a line when it is ready; kill it at the end."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_file_is_what_the_format_page_says(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"
    set_head(path, b"{}")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0x76616465,)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT name, value FROM records").fetchall() == [("head", b"{}")]
        assert connection.execute("SELECT digest, data FROM objects").fetchall() == []


def test_every_commit_is_synced(tmp_path: Path) -> None:
    async def asked(store: SqliteStore) -> list[Any]:
        return await store._call(
            lambda connection: [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "fullfsync")
            ]
        )

    assert with_store(tmp_path / "kb.db", asked) == ["wal", 3, 1]  # 3 is EXTRA: FULL, and folders too


def test_closing_leaves_one_file(tmp_path: Path) -> None:
    set_head(tmp_path / "kb.db", b"{}")
    assert [file.name for file in tmp_path.iterdir()] == ["kb.db"]


@pytest.mark.parametrize("content", [b"hello", b"\0" * 5000, b"SQLite format 3\0 but no more", os.urandom(9000)])
@pytest.mark.parametrize("readonly", [False, True])
def test_a_file_that_is_not_sqlite(tmp_path: Path, content: bytes, readonly: bool) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(NotAStoreError, match=r"notes\.txt"):
        SqliteStore(path, readonly=readonly)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("readonly", [False, True])
@pytest.mark.parametrize("application_id", [0, 4711])
def test_the_database_of_another_program(tmp_path: Path, journal: str, readonly: bool, application_id: int) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {application_id}")
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE records (name, value)")
    before = path.read_bytes()
    with pytest.raises(NotAStoreError, match=r"other\.db"):
        SqliteStore(path, readonly=readonly)
    assert path.read_bytes() == before


@pytest.mark.process
def test_a_strangers_write_ahead_log_stays_where_it_is(tmp_path: Path) -> None:
    path, log = tmp_path / "other.db", tmp_path / "other.db-wal"
    script = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("CREATE TABLE t (x)")
os.kill(os.getpid(), 9)
"""
    with child(script, path) as process:
        process.wait()
    before = path.read_bytes(), log.read_bytes()
    assert before[1]
    with pytest.raises(NotAStoreError):
        SqliteStore(path)
    assert (path.read_bytes(), log.read_bytes()) == before


@pytest.mark.parametrize("readonly", [False, True])
def test_a_store_of_a_newer_version(tmp_path: Path, readonly: bool) -> None:
    path = tmp_path / "kb.db"
    set_head(path, b"{}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    before = path.read_bytes()
    with pytest.raises(NewerFormatError, match=r"kb\.db: a store of format 2"):
        SqliteStore(path, readonly=readonly)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"
    path.touch()
    set_head(path, b"{}")
    assert head(path) == b"{}"


def test_not_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        for readonly in (False, True):
            with pytest.raises(NotAStoreError, match="not a file"):
                SqliteStore(path, readonly=readonly)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"the folder .*missing does not exist"):
        SqliteStore(tmp_path / "missing" / "kb.db")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_store(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"
    set_head(path, b"{}")
    path.write_bytes(path.read_bytes()[:4096])
    with pytest.raises(StorageError, match=r"kb\.db"):
        head(path)


def test_reading_only_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(EmptyStoreError, match=r"kb\.db: nothing is installed here yet; pull"):
        SqliteStore(tmp_path / "kb.db", readonly=True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(EmptyStoreError):
        SqliteStore(tmp_path / "missing" / "kb.db", readonly=True)


def test_reading_only_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"
    set_head(path, b"old")

    async def attempt(store: SqliteStore) -> None:
        assert await store.read("head") == b"old"
        for change in (store.write({"head": b"new"}), store.put("d", b""), store.discard(["d"])):
            with pytest.raises(StorageError, match=r"kb\.db.* cannot be written"):
                await change
        with pytest.raises(StorageError, match="reading only"):
            async with store.lock():
                pass

    with_store(path, attempt, readonly=True)
    assert head(path) == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["kb.db"]


@pytest.mark.fault("D44")
def test_a_reader_sees_what_a_writer_commits(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"
    set_head(path, b"old")

    async def read_twice(store: SqliteStore) -> list[Any]:
        before = await store.read("head")
        writer = SqliteStore(path)
        await writer.write({"head": b"new"})
        after = await store.read("head")
        await writer.close()
        return [before, after, await store.read("head")]

    assert with_store(path, read_twice, readonly=True) == [b"old", b"new", b"new"]


READ_AS_NOBODY = """
import asyncio, os, sys
from vademecum.errors import StorageError
from vademecum.runtime.sqlite.store import SqliteStore
async def main():
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        SqliteStore(sys.argv[1])
    except StorageError as error:
        print(error.code)
    try:
        store = SqliteStore(sys.argv[1], readonly=True)
        print((await store.read("head")).decode())
        await store.close()
    except StorageError as error:
        print(error)
asyncio.run(main())
"""


def read_as_nobody(path: Path) -> list[str]:
    """Read on a medium that cannot be written; root could write anywhere, so the child stops being root."""
    modes = {path.parent: 0o555} | dict.fromkeys(path.parent.iterdir(), 0o444)
    for file, mode in modes.items():
        file.chmod(mode)
    try:
        with child(READ_AS_NOBODY, path) as process:
            return process.communicate()[0].splitlines()
    finally:
        path.parent.chmod(0o755)


@pytest.mark.process
def test_a_medium_that_cannot_be_written() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kb.db"
        set_head(path, b"readable")
        assert read_as_nobody(path) == ["storage", "readable"]


@pytest.mark.process
def test_a_medium_that_cannot_be_written_with_a_log_to_merge() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kb.db"
        set_head(path, b"old")
        with child(KILLED_WRITER, path, "once") as process:
            process.wait()
        # Without shared memory, what is in the log cannot be read; the database alone may be a mixture.
        Path(f"{path}-shm").unlink()
        code, message = read_as_nobody(path)
        assert code == "storage"
        assert "kb.db-wal still has to be merged" in message


KILLED_WRITER = """
import asyncio, os, sys
from vademecum.runtime.sqlite.store import SqliteStore
async def main():
    store = SqliteStore(sys.argv[1])
    number = 0
    while True:
        number += 1
        value = str(number).encode()
        await store.put(f"object {number}", value * 1000)
        await store.write({"head": value, "sync": value})
        if sys.argv[2] == "once":
            os.kill(os.getpid(), 9)
        print(number, flush=True)
asyncio.run(main())
"""


@pytest.mark.process
@pytest.mark.fault("C30")
def test_killed_while_writing(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"
    for rounds in (3, 10, 25):
        with child(KILLED_WRITER, path, "on") as process:
            for _ in range(rounds):
                last = int(said(process))
            process.send_signal(signal.SIGKILL)
            process.wait()

        async def look(store: SqliteStore) -> tuple[Any, Any, Any, int]:
            number = await store.read("head")
            data = await store.get(f"object {(number or b'').decode()}")
            async with store.lock():  # nobody holds it any more
                await store.write({"checked": b"1"})
            return number, await store.read("sync"), data, len(await store.objects())

        number, sync, data, objects = with_store(path, look)
        assert number == sync
        assert data == number * 1000
        assert int(number) >= last
        assert objects >= int(number)


KILLED_CREATOR = """
import os, sqlite3, sys
from vademecum.runtime.sqlite.file import _SCHEMA
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
for statement in _SCHEMA:
    connection.execute(statement)
for number in range(100):  # spills pages into the file before the commit
    connection.execute("INSERT INTO objects VALUES (?, zeroblob(5000))", (str(number),))
os.kill(os.getpid(), 9)
"""


@pytest.mark.process
@pytest.mark.fault("C30")
@pytest.mark.parametrize("readonly", [False, True])
def test_killed_while_creating(tmp_path: Path, readonly: bool) -> None:
    path = tmp_path / "kb.db"
    with child(KILLED_CREATOR, path) as process:
        process.wait()
    assert Path(f"{path}-journal").stat().st_size
    assert path.stat().st_size
    if readonly:
        with pytest.raises(EmptyStoreError):
            SqliteStore(path, readonly=True)
    assert with_store(path, lambda store: store.objects()) == {}
    set_head(path, b"{}")
    assert head(path) == b"{}"


LOCK_HOLDER = """
import asyncio, sys
from vademecum.runtime.sqlite.store import SqliteStore
async def main():
    store = SqliteStore(sys.argv[1])
    async with store.lock():
        print("held", flush=True)
        sys.stdin.readline()
    await store.close()
    print("released", flush=True)
    sys.stdin.readline()
asyncio.run(main())
"""


@pytest.mark.fault("C33")
def test_a_path_whose_links_lead_in_a_circle_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to(tmp_path / "b.db")
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")
    with pytest.raises(StorageError):
        with_store(tmp_path / "a.db", enter)


async def enter(store: SqliteStore) -> None:
    async with store.lock():
        await store.write({"head": b"locked"})


@pytest.mark.process
@pytest.mark.fault("D42", "D43")
@pytest.mark.parametrize("end", ["release", "kill"])
def test_the_lock_holds_across_processes(tmp_path: Path, end: str) -> None:
    path = tmp_path / "kb.db"
    (tmp_path / "link.db").symlink_to(path)
    with child(LOCK_HOLDER, path) as process:
        assert said(process) == "held"
        for name in ("kb.db", "link.db"):
            with pytest.raises(BusyError, match=r"kb\.db"):
                with_store(tmp_path / name, enter)
        assert head(path) is None
        if end == "kill":
            process.kill()
            process.wait()
        else:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            assert said(process) == "released"
        with_store(path, enter)
        assert head(path) == b"locked"


def test_closing_lets_go_of_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"

    async def close_inside(store: SqliteStore) -> None:
        async with store.lock():
            await store.close()
            other = SqliteStore(path)
            await enter(other)
            await other.close()

    with_store(path, close_inside)
    assert head(path) == b"locked"


def test_a_cancelled_acquisition_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acquired, gate = threading.Event(), threading.Event()
    acquire = WriterLock.acquire

    def slow(self: WriterLock) -> None:
        acquire(self)
        acquired.set()
        gate.wait()

    async def cancel(store: SqliteStore) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(WriterLock, "acquire", slow)
            waiter = asyncio.ensure_future(enter(store))
            await asyncio.to_thread(acquired.wait)
            waiter.cancel()  # the store's thread has the lock, the task does not know it yet
            await asyncio.sleep(0)
            gate.set()
            await asyncio.gather(waiter, return_exceptions=True)
        assert waiter.cancelled()
        await enter(store)

    with_store(tmp_path / "kb.db", cancel)


def test_another_process_is_faster_to_create_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kb.db"
    is_store = sqlite_file._is_store

    def late(connection: sqlite3.Connection, at: Path) -> bool:
        answer = is_store(connection, at)
        monkeypatch.setattr(sqlite_file, "_is_store", is_store)
        set_head(path, b"the other one's")
        return answer

    monkeypatch.setattr(sqlite_file, "_is_store", late)
    assert head(path) == b"the other one's"


def test_a_store_that_is_created_while_we_look(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:

        def create_now(statement: str) -> None:
            if "user_version" in statement:
                with (
                    closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other,
                    suppress(sqlite3.OperationalError),
                ):
                    sqlite_file._create(other, path)

        connection.set_trace_callback(create_now)
        assert sqlite_file._is_store(connection, path) is False
        connection.set_trace_callback(None)


def test_many_create_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"
    start = threading.Barrier(8)
    errors: list[StorageError] = []

    def create(number: int) -> None:
        start.wait()
        try:
            with_store(path, lambda store: store.write({str(number): b"x"}))
        except StorageError as error:
            errors.append(error)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []

    async def count(store: SqliteStore) -> int:
        return sum([await store.read(str(number)) == b"x" for number in range(8)])

    assert with_store(path, count) == 8


@pytest.mark.fault("C34")
def test_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"

    async def fill(store: SqliteStore) -> None:
        await store.write({"head": b"old"})
        # The nearest thing to a full disk that a test can have: SQLite reports the same SQLITE_FULL.
        await store._call(lambda connection: connection.execute("PRAGMA max_page_count = 20"))
        with pytest.raises(QuotaError, match=r"kb\.db: the disk is full"):
            await store.write({"head": b"new", "large": bytes(200_000)})
        with pytest.raises(QuotaError):
            await store.put("digest", bytes(200_000))
        assert await store.read("head") == b"old"
        assert await store.objects() == {}
        await store.write({"head": b"works again"})

    with_store(path, fill)
    assert head(path) == b"works again"


@pytest.mark.fault("C34")
def test_what_is_installed_is_read_where_a_full_disk_has_no_room_for_shared_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kb.db"
    set_head(path, b"old")
    monkeypatch.setattr(sqlite_file, "connect", without_shared_memory(sqlite_file.connect))
    assert head(path, readonly=True) == b"old"
    with pytest.raises(QuotaError, match="disk is full"):
        SqliteStore(path)
    Path(f"{path}-wal").write_bytes(b"what is not merged yet")
    with pytest.raises(QuotaError, match=r"kb\.db-wal still has to be merged"):
        SqliteStore(path, readonly=True)


def without_shared_memory(connect: Callable[[Path, str], sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
    """Return `connect` on a full disk."""

    def connected(path: Path, mode: str) -> sqlite3.Connection:
        if "immutable" not in mode:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR_SHMSIZE, "SQLITE_IOERR_SHMSIZE"
            raise error
        return connect(path, mode)

    return connected


def test_a_folder_that_cannot_be_written_is_told_and_not_only_that_nothing_opens(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    assert "its folder or its medium cannot be written" in str(sqlite_file.storage_error(error, tmp_path / "kb.db"))


def test_no_space_reported_by_the_system(tmp_path: Path) -> None:
    error = sqlite_file.storage_error(OSError(28, "No space left on device"), tmp_path / "kb.db")
    assert type(error) is QuotaError
    assert type(sqlite_file.storage_error(OSError(5, "I/O"), tmp_path / "kb.db")) is StorageError


def test_a_writer_that_does_not_finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kb.db"
    set_head(path, b"old")
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match=r"kb\.db"):
            set_head(path, b"new")
        assert head(path) == b"old"


def test_the_event_loop_never_waits_for_the_disk(tmp_path: Path) -> None:
    async def busy(store: SqliteStore) -> bool:
        gate = threading.Event()
        blocked = asyncio.ensure_future(store._call(lambda _: gate.wait()))
        reading = asyncio.ensure_future(store.read("head"))
        await asyncio.sleep(0)
        gate.set()  # reached only because the loop goes on while the store's thread stands still
        await asyncio.gather(blocked, reading)
        return True

    assert with_store(tmp_path / "kb.db", busy)


def test_what_another_program_put_into_the_file_is_not_trusted(tmp_path: Path) -> None:
    for opened in (sqlite_file.open_database, sqlite_file.open_readonly):
        with closing(opened(tmp_path / "kb.db")) as connection:
            settings = [
                connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("trusted_schema", "cell_size_check")
            ]
            assert settings == [0, 1]
