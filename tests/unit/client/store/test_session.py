"""A session: each record is read once and written once, and what could not be written is not believed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from support.app import App, texts
from support.drive import drive
from support.publisher import Publisher
from support.samples import generation
from vademecum.config import Config
from vademecum.errors import DamagedError, NetworkError, NewerFormatError, QuotaError, StorageError
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.store.channel_status import ChannelStatus, Latest
from vademecum.store.pointer import Head, decode_head, encode_head
from vademecum.store.records import SYNC, Failures
from vademecum.store.seal import seal
from vademecum.store.session import Session

WHEN = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Counting(MemoryStore):
    """Notes what is read, and what each transaction writes."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self.reads: Counter[str] = Counter()
        self.writes: list[set[str]] = []

    async def read(self, name: str) -> bytes | None:
        self.reads[name] += 1
        return await super().read(name)

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        self.writes.append(set(records))
        await super().write(records)


class Doubtful(Counting):
    """A disk that is full just behind what was written: it fails, and has written all the same."""

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        await super().write(records)
        raise QuotaError("full")


def begin(store: MemoryStore) -> Session:
    return drive(Session.begin(store))


def test_what_did_not_change_is_not_written() -> None:
    store = Counting(MemoryDatabase({"trust/pin": b"x"}))
    session = begin(store)
    drive(session.commit())
    drive(session.write({"trust/pin": b"x"}))
    assert drive(session.read("trust/pin")) == b"x"
    drive(session.commit())
    assert store.writes == [{"trust/pin"}], "nobody had read it: it is written to be sure"
    drive(session.write({"trust/pin": b"x"}))
    drive(session.commit())
    assert len(store.writes) == 1


def test_what_is_written_is_read_before_it_is_in_the_store() -> None:
    store = Counting(MemoryDatabase({"a": b"1", "b": b"2"}))
    session = begin(store)
    drive(session.write({"a": b"3", "b": None}))
    assert (drive(session.read("a")), drive(session.read("b"))) == (b"3", None)
    assert (drive(store.read("a")), store.writes) == (b"1", [])
    session.failures = Failures(reads=1)
    session.status = ChannelStatus(expires=WHEN)
    drive(session.flip(Head(pinned=3)))
    assert store.writes == [{"a", "b", "head", "sync", "health"}], "one transaction"
    again = begin(store)
    assert (again.pointer, again.failures) == (Head(pinned=3), Failures(reads=1))
    assert again.status == ChannelStatus(expires=WHEN)


def test_a_write_that_failed_may_have_been_made() -> None:
    """What nobody needs is told by the pointer that is there now; and it is not written once more."""
    store = Doubtful(MemoryDatabase())
    session = begin(store)
    drive(session.write({"a": b"1"}))
    with pytest.raises(QuotaError):
        drive(session.flip(Head(pinned=3)))
    assert session.pointer == Head(pinned=3) == decode_head(drive(store.read("head")))
    drive(session.commit())
    assert len(store.writes) == 1


def test_a_write_that_failed_and_was_not_made_is_forgotten() -> None:
    class Broken(MemoryStore):
        async def write(self, records: Mapping[str, bytes | None]) -> None:
            raise StorageError("input/output error")

    session = begin(Broken(MemoryDatabase({"head": encode_head(Head(pinned=2))})))
    session.failures = Failures(syncs=1)
    with pytest.raises(StorageError):
        drive(session.flip(Head(pinned=3)))
    assert (session.pointer, session.failures) == (Head(pinned=2), Failures())
    drive(session.commit())


@pytest.mark.fault("C33")
def test_a_pointer_that_nobody_knows_any_more_is_none() -> None:
    class Gone(MemoryStore):
        gone = False

        async def read(self, name: str) -> bytes | None:
            if self.gone:
                raise StorageError("gone")
            return await super().read(name)

        async def write(self, records: Mapping[str, bytes | None]) -> None:
            self.gone = True
            raise StorageError("gone")

    session = begin(Gone())
    with pytest.raises(StorageError):
        drive(session.flip(Head(pinned=3)))
    with pytest.raises(StorageError):
        _ = session.pointer


def test_a_damaged_pointer_stays_until_it_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    database = MemoryDatabase({"head": b"damaged"})
    session = begin(MemoryStore(database))
    session.failures = Failures(syncs=1)
    drive(session.commit())
    assert database.records["head"] == b"damaged"
    with pytest.raises(DamagedError):
        _ = session.pointer
    with caplog.at_level(logging.WARNING):
        session.drop_damaged_pointer()
    assert "begun anew" in caplog.text
    drive(session.commit())
    assert (session.pointer, "head" in database.records) == (Head(), False)


def test_a_pointer_of_a_newer_version_is_never_dropped() -> None:
    newer = seal(b'{"format":99}')
    database = MemoryDatabase({"head": newer})
    session = begin(MemoryStore(database))
    session.drop_damaged_pointer()
    drive(session.commit())
    with pytest.raises(NewerFormatError):
        _ = session.pointer
    assert database.records["head"] == newer


INSTALLED = Head(current=generation(sequence=3))


@pytest.mark.parametrize(
    ("head", "latest", "yanked", "settled", "reason"),
    [
        (Head(), None, (), False, None),
        (Head(), 3, (), False, None),
        (INSTALLED, None, (), False, None),
        (INSTALLED, 3, (), True, None),
        (INSTALLED, 2, (), True, None),
        (INSTALLED, 4, (), False, None),
        (INSTALLED, 4, (4,), True, "yanked"),
        (INSTALLED.refuse(4), 4, (), True, "refused"),
        (Head(INSTALLED.current, pinned=3), 4, (), True, "pinned"),
        (Head(INSTALLED.current, pinned=4), 4, (), False, None),
    ],
)
def test_the_status_says_whether_anything_is_to_be_done(
    head: Head, latest: int | None, yanked: tuple[int, ...], settled: bool, reason: str | None
) -> None:
    """Whatever of the two changes."""
    status = ChannelStatus(latest=None if latest is None else Latest(latest, "x"), yanked=yanked)
    for first, second in (("head", "status"), ("status", "head")):
        store = MemoryStore()
        for part in (first, second):
            session = begin(store)
            if part == "status":
                session.status = status
            drive(session.flip(head if part == "head" else session.pointer))
        written = drive(SYNC.read(store))
        assert (written.settled, written.reason) == (settled, reason)


# What runs of the engine take -----------------------------------------------------------------------


@pytest.fixture
def app() -> App:
    app = App(Publisher(), config=Config(retries=0))
    app.publisher.publish({"a": texts("rotate the key")})
    app.sync()
    return app


def test_an_idle_sync_reads_each_record_once_and_writes_none(app: App) -> None:
    store = Counting(app.database)
    assert drive(app.engine(store).sync()).plan == "none"
    assert set(store.reads.values()) == {1}
    assert store.writes == []


def test_an_update_takes_two_transactions(app: App) -> None:
    """What the metadata say, before anything is fetched that they name; and the flip."""
    app.publisher.publish({"a": texts("rotate the lamp")})
    store = Counting(app.database)
    assert drive(app.engine(store).sync()).to_sequence == 2
    assert set(store.reads.values()) == {1}
    metadata = {f"trust/{role}.json" for role in ("timestamp", "snapshot", "targets")}
    assert store.writes == [{*metadata, "sync"}, {"head", "manifests", "sync"}]


@pytest.mark.fault("B20")
def test_what_verified_before_an_error_is_kept_with_the_error(app: App) -> None:
    """In one transaction: the floor rises though the walk breaks off."""
    manifest = app.publisher.publish({"a": texts("rotate the lamp")})
    before = app.database.records["trust/timestamp.json"]
    for path in app.publisher.files:
        if path.endswith(".targets.json") or path.startswith("releases/"):
            app.host.broken[path] = NetworkError("gone")
    store = Counting(app.database)
    with pytest.raises(NetworkError):
        drive(app.engine(store).sync())
    assert app.database.records["trust/timestamp.json"] != before
    assert store.writes == [{"trust/timestamp.json", "trust/snapshot.json", "sync"}]
    app.host.broken.clear()
    assert app.sync().to_sequence == manifest.sequence
