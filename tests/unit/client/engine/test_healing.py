"""What the client remembers of failures: whom it leaves alone, what it does not fetch again, what it mends itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from support.app import App, texts
from support.drive import drive
from support.publisher import NOW
from vademecum.config import Config
from vademecum.errors import (
    BusyError,
    ContentError,
    DamagedError,
    NetworkError,
    NewerFormatError,
    NotAStoreError,
    QuotaError,
    SelfTestError,
    ServerError,
    StorageError,
    VademecumError,
)
from vademecum.runtime.memory import MemoryStore
from vademecum.store.records import HEALTH, RETRY, Failures
from vademecum.store.seal import seal
from vademecum.trust.metadata import TIMESTAMP

ONE = {"a": texts("rotate the key", "run home"), "b": texts("a lamp")}
TWO = {"a": texts("rotate the key", "run to the lamp"), "c": texts("home")}
DAY = timedelta(hours=24).total_seconds()


@pytest.fixture
def app() -> App:
    return App.holding(ONE)


def fails(app: App, kind: type[VademecumError], *, force: bool = False) -> None:
    with pytest.raises(VademecumError) as caught:
        app.sync(force=force)
    assert type(caught.value) is kind, caught.value


def health(app: App) -> Failures:
    return drive(HEALTH.read(MemoryStore(app.database)))


# The host asks to be left alone ------------------------------------------------------------------------


@pytest.mark.fault("B21")
@pytest.mark.parametrize(("asked", "waited"), [(100.0, 100.0), (DAY, DAY), (1e30, DAY)])
def test_the_host_is_left_alone_as_long_as_it_asks(app: App, asked: float, waited: float) -> None:
    app.publisher.publish(TWO)
    app.host.broken[TIMESTAMP] = ServerError("busy", 503, asked)
    fails(app, ServerError)
    app.host.broken.clear()
    app.clock.advance(waited - 1)
    with pytest.raises(ServerError, match="to be left alone until") as caught:
        app.sync()
    assert caught.value.retry_after == 1.0
    assert app.requests == []
    assert app.status()["lastError"]["code"] == "server"
    with pytest.raises(ServerError):
        app.check()
    app.clock.advance(1)
    assert app.sync().to_sequence == 2


@pytest.mark.fault("B21")
def test_a_forced_update_asks_all_the_same(app: App) -> None:
    app.publisher.publish(TWO)
    app.host.broken[TIMESTAMP] = ServerError("busy", 429, 3600)
    fails(app, ServerError)
    app.host.broken.clear()
    assert app.sync(force=True).to_sequence == 2


@pytest.mark.fault("B21")
def test_where_a_schedule_waits_the_engine_does_not(app: App) -> None:
    app.config = Config(retries=0, patient=False)
    app.host.broken[TIMESTAMP] = ServerError("busy", 429, 3600)
    fails(app, ServerError)
    assert RETRY.parse(app.database.records["retry"]).not_before == NOW + timedelta(hours=1)
    app.host.broken.clear()
    app.sync()


@pytest.mark.fault("B21")
@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)])
def test_a_clock_that_jumps_does_not_make_it_wait_for_ever(app: App, jump: timedelta) -> None:
    app.host.broken[TIMESTAMP] = ServerError("busy", 503, 3600)
    fails(app, ServerError)
    app.host.broken.clear()
    app.clock.advance(jump.total_seconds())
    app.publisher.now = app.clock.now()
    app.publisher.root.expires = app.clock.now() + timedelta(days=900)
    app.publisher.publish_root()
    app.publisher.publish(TWO)
    assert app.sync().to_sequence == 2


@pytest.mark.fault("B21")
@pytest.mark.parametrize("wait", [None, 0.0, 5.0])
def test_short_waits_are_not_remembered(app: App, wait: float | None) -> None:
    app.host.broken[TIMESTAMP] = ServerError("busy", 503, wait)
    fails(app, ServerError)
    assert "retry" not in app.database.records


@pytest.mark.parametrize(
    "record", [b"", b"{}", seal(b'{"notBefore":"soon"}'), seal(b'{"notBefore":"2026-11-21T09:00:00"}')]
)
def test_a_damaged_wait_is_none(app: App, record: bytes) -> None:
    app.database.records["retry"] = record
    app.sync()


def test_what_browsers_write_counts_too(app: App) -> None:
    app.database.records["retry"] = seal(b'{"notBefore":"2026-11-21T08:00:01.234Z"}')
    fails(app, ServerError)


# A release that is not what its manifest says ----------------------------------------------------------


def spoil(app: App) -> list[str]:
    """Publish a release with a wrong state digest; return its objects."""
    app.publisher.change = lambda manifest: replace(manifest, digest="0" * 64)
    manifest = app.publisher.publish(TWO)
    app.publisher.change = lambda manifest: manifest
    return [ref.path for ref in manifest.objects]


@pytest.mark.fault("A16")
def test_a_spoiled_release_is_fetched_once(app: App) -> None:
    objects = spoil(app)
    fails(app, ContentError)
    assert set(objects) <= set(app.requests)
    for _ in range(3):
        fails(app, ContentError)
        assert not set(objects) & set(app.requests)
        assert app.status()["lastError"]["code"] == "content"
    fails(app, ContentError, force=True)
    assert set(objects) <= set(app.requests)
    assert app.sequence == 1


@pytest.mark.fault("A16", "D48")
def test_a_spoiled_release_that_is_mended(app: App) -> None:
    spoil(app)
    fails(app, ContentError)
    assert app.publisher.manifest is not None
    app.publisher.sequence -= 1
    app.publisher.borders.pop()
    app.publisher.publish(TWO)
    assert app.sync().to_sequence == 2
    assert app.content() == {key: document["chunks"] for key, document in TWO.items()}


def test_a_disk_that_garbles_spoils_no_release(app: App) -> None:
    """What is wrong was right when it came: the next sync tries again."""
    manifest = app.publisher.publish(TWO)
    segment = manifest.segments[0].object.sha256

    class Garbling(MemoryStore):
        async def put(self, digest: str, data: bytes) -> None:
            await super().put(digest, b"garbage" if digest == segment else data)

    with pytest.raises(DamagedError):
        drive(app.engine(Garbling(app.database)).sync())
    assert "spoiled" not in app.database.records
    assert app.sync().to_sequence == 2


# This device fails -------------------------------------------------------------------------------------


class Unreadable(MemoryStore):
    """Cannot list its objects, which every installation needs."""

    async def objects(self) -> Mapping[str, int]:
        raise StorageError("input/output error")


def fail_here(app: App) -> None:
    with pytest.raises(StorageError):
        drive(app.engine(Unreadable(app.database)).sync(force=True))


@pytest.mark.fault("D49")
def test_after_three_local_failures_everything_is_fetched_anew_once(app: App) -> None:
    content = app.content()
    for _ in range(2):
        fail_here(app)
        assert health(app).syncs == 1
        assert app.sync().plan == "none", "a good sync between them: they are not in a row"
        assert health(app) == Failures()
    for _ in range(3):
        fail_here(app)
    assert app.sync().plan == "full"
    assert app.content() == content
    assert health(app) == Failures()
    assert app.sync().plan == "none"


@pytest.mark.fault("D49")
def test_it_is_tried_once_only(app: App) -> None:
    for _ in range(4):
        fail_here(app)
    assert health(app) == Failures(syncs=4, healed=True)
    assert app.sync().plan == "none"


@pytest.mark.fault("D49")
def test_network_failures_never_trigger_it(app: App) -> None:
    for error in (NetworkError("offline"), ServerError("busy", 500), ContentError("a login page")):
        app.host.broken[TIMESTAMP] = error
        for _ in range(4):
            fails(app, type(error))
    app.host.broken.clear()
    assert health(app) == Failures()
    assert app.sync().plan == "none"


@pytest.mark.fault("D49")
def test_a_network_failure_while_mending_leaves_it_to_the_next(app: App) -> None:
    for _ in range(3):
        fail_here(app)
    app.host.broken[TIMESTAMP] = NetworkError("offline")
    fails(app, NetworkError)
    app.host.broken.clear()
    assert app.sync().plan == "full"


@pytest.mark.fault("C38", "D49")
def test_what_a_reader_cannot_open_is_fetched_anew(app: App) -> None:
    """Though all of its objects are as their names say: nothing is left to be mended."""
    content = app.content()
    for _ in range(3):
        assert app.sync().plan == "none"
        drive(app.engine().report_damage(ContentError("tensor header")))
    assert app.sync().plan == "full"
    assert app.content() == content
    assert health(app) == Failures()


@pytest.mark.fault("D49", "C35")
def test_a_damaged_pointer_is_begun_anew(app: App) -> None:
    content = app.content()
    app.database.records["head"] = b"damaged"
    assert app.sync().plan == "full"
    assert app.content() == content


@pytest.mark.fault("D49")
def test_a_pin_is_not_overruled(app: App) -> None:
    app.publisher.publish(TWO)
    app.pin(1)
    for _ in range(3):
        drive(app.engine().report_damage(ContentError("tensor header")))
    assert app.sync().plan == "none"
    assert app.sequence == 1


@pytest.mark.parametrize(
    ("error", "local", "damage"),
    [
        (StorageError("x"), True, True),
        (DamagedError("x"), True, True),
        (ContentError("x"), False, True),
        (SelfTestError("x"), False, True),
        (NewerFormatError("x"), False, False),
        (QuotaError("x"), False, False),
        (NotAStoreError("x"), False, False),
        (BusyError("x"), False, False),
        (NetworkError("x"), False, False),
    ],
)
def test_whose_fault_it_is(app: App, error: VademecumError, local: bool, damage: bool) -> None:
    """`repairable` of a sync; what a reader finds is counted."""
    drive(app.engine().report_damage(error))
    assert (error.repairable, health(app) == Failures(reads=1)) == (local, damage)


@pytest.mark.parametrize("record", [b"", b"{}", b'{"syncs":-1,"reads":0,"healed":0}'])
def test_a_damaged_health_begins_anew(app: App, record: bytes) -> None:
    app.database.records["health"] = record
    assert health(app) == Failures()


def test_clearing_forgets_it_all(app: App) -> None:
    fail_here(app)
    app.database.records["spoiled"] = b"2 x"
    app.database.records["retry"] = b"{}"
    app.clear()
    assert not {"health", "spoiled", "head", "sync"} & app.database.records.keys()
    assert "retry" in app.database.records, "that is the host's wish"
