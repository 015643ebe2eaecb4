"""The rest of CPython's runtime: the synchronous bridge, the clocks, and the choice of a transport."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.in_hand import FixedClock, MemoryTransport
from vademecum.errors import NetworkError, ServerError, UsageError
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.http import HttpTransport
from vademecum.runtime.locations import disk_room, open_transport
from vademecum.runtime.loop import run

START = datetime(2026, 11, 21, tzinfo=UTC)
variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


async def answer() -> tuple[int, str]:
    await asyncio.sleep(0)
    return threading.get_ident(), variable.get()


async def fail() -> None:
    await asyncio.sleep(0)
    raise KeyError("from inside")


def test_run_without_a_loop() -> None:
    assert run(answer()) == (threading.get_ident(), "unset")
    with pytest.raises(KeyError, match="from inside"):
        run(fail())


def test_run_inside_a_running_loop() -> None:
    async def notebook() -> None:
        variable.set("set by the caller")
        thread, seen = run(answer())
        assert thread != threading.get_ident()
        assert seen == "set by the caller"
        with pytest.raises(KeyError, match="from inside"):
            run(fail())
        assert run(answer())[1] == "set by the caller"  # and it works again

    threads = set(threading.enumerate())
    asyncio.run(notebook())
    assert set(threading.enumerate()) <= threads, "none is left behind"


def test_an_interrupt_cancels_what_runs_inside_a_loop() -> None:
    ended: list[str] = []

    async def long() -> None:
        await asyncio.sleep(0.05)  # a signal that comes just before a thread begins to wait does not wake it
        try:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cleaned up")
            raise

    async def notebook() -> None:
        with pytest.raises(KeyboardInterrupt):
            run(long())
        assert ended == ["cleaned up"]

    # A runner of its own: asyncio.run would turn the interrupt into a cancellation of `notebook`.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(notebook())
    finally:
        loop.close()


def test_the_transport_fits_the_location(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "version.json").write_bytes(b"{}")
    folder = tmp_path / "a b"
    for location in (folder, str(folder), folder.as_uri()):
        transport = open_transport(location)
        assert isinstance(transport, FolderTransport)
        assert run(transport.fetch("version.json", limit=2)).data == b"{}"
    for url in ("https://example.org/kb/", "HTTP://example.org"):
        assert isinstance(open_transport(url), HttpTransport)
    for url in ("ftp://example.org/", "s3://bucket/kb"):
        with pytest.raises(UsageError, match=url.split(":")[0]):
            open_transport(url)


def test_a_missing_folder_is_not_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="gone: no knowledge base is there"):
        run(FolderTransport(tmp_path / "gone").fetch("version.json", limit=1))


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (tree / "out").symlink_to(tmp_path / "secret")
    (tree / "up").symlink_to(tmp_path)
    (tree / "file").write_bytes(b"inside")
    (tree / "in").symlink_to(tree / "file")
    (tree / "circle").symlink_to(tree / "circle")
    (tmp_path / "link to the tree").symlink_to(tree)
    transport = FolderTransport(tmp_path / "link to the tree")
    assert run(transport.fetch("in", limit=10)).data == b"inside"
    for path in ("out", "up/secret", "circle"):
        with pytest.raises(ServerError) as caught:
            run(transport.fetch(path, limit=10))
        assert caught.value.status == 404
    with pytest.raises(NetworkError, match="too long"):
        run(transport.fetch("n" * 300, limit=10))


def test_the_system_clock() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert all(0 <= clock.jitter() < 1 for _ in range(100))
    assert len({clock.jitter() for _ in range(100)}) > 1
    run(clock.sleep(0))


def test_the_fixed_clock() -> None:
    clock = FixedClock(START, jitter=0.25)
    run(clock.sleep(90))
    clock.advance(-30)
    assert clock.now() == START + timedelta(seconds=60)
    assert clock.slept == [90]
    assert clock.jitter() == 0.25
    with pytest.raises(UsageError, match="aware"):
        FixedClock(datetime(2026, 1, 1))


def test_the_memory_transport_follows_its_files() -> None:
    files: dict[str, bytes | NetworkError] = {"a": b"1"}
    transport = MemoryTransport(files)
    assert run(transport.fetch("a", limit=1)).data == b"1"
    files["a"] = NetworkError("unplugged")
    with pytest.raises(NetworkError, match="unplugged"):
        run(transport.fetch("a", limit=1))
    del files["a"]
    with pytest.raises(ServerError):
        run(transport.fetch("a", limit=1))
    assert transport.requests == ["a", "a", "a"]


@pytest.mark.parametrize(("total", "room"), [(10_000, 0), (0, None)])
def test_a_disk_that_says_no_size_of_its_own_is_not_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, room: int | None
) -> None:
    """As file systems in user space, and those in memory without a limit."""
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(total=total, used=total, free=0))
    assert asyncio.run(disk_room(tmp_path / "kb.db")) == room


def test_a_disk_that_is_not_there_says_nothing_of_its_room(tmp_path: Path) -> None:
    assert asyncio.run(disk_room(tmp_path / "missing" / "kb.db")) is None
