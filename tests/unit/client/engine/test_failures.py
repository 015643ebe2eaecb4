"""The engine when something goes wrong: what is told, what is kept, what the next sync does."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.app import App, shown, texts
from support.drive import drive
from support.faults import FullStore
from support.in_hand import MemoryTransport
from support.publisher import NOW, Publisher, make_encoder
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import (
    BusyError,
    ContentError,
    DamagedError,
    ExpiredError,
    NetworkError,
    NewerFormatError,
    QuotaError,
    SelfTestError,
    ServerError,
    StorageError,
    VademecumError,
)
from vademecum.format.manifest import Manifest, PackEntry
from vademecum.format.objects import ObjectRef
from vademecum.generation.staged import Staged
from vademecum.ports import Room, Span
from vademecum.runtime.memory import MemoryStore
from vademecum.store.records import SYNC
from vademecum.store.seal import seal
from vademecum.trust.metadata import TIMESTAMP

ONE = {"a": texts("rotate the key", "run home"), "b": texts("a lamp")}
TWO = {"a": texts("rotate the key", "run to the lamp"), "b": texts("a lamp"), "c": texts("home")}
THREE = {"c": texts("home"), "d": texts("the key and the lamp")}


@pytest.fixture
def app() -> App:
    """A client that has installed the first release, and does not wait for hosts."""
    return App.holding(ONE)


def fails(app: App, error: type[VademecumError], *, force: bool = False) -> VademecumError:
    """The sync fails with this error, announces it, notes it, and the reader sees what it saw."""
    before, sequence = app.content(), app.sequence
    with pytest.raises(VademecumError) as caught:
        app.sync(force=force)
    assert type(caught.value) is error, caught.value
    assert app.names()[-1] == "updateFailed"
    detail = app.detail("updateFailed")
    assert detail == {"code": error.code, "message": str(caught.value), "willRetry": error.transient}
    assert app.status()["lastError"] == {
        "code": error.code,
        "message": str(caught.value),
        "at": app.clock.now().isoformat().replace("+00:00", "Z"),
        "transient": error.transient,
    }
    assert (app.content(), app.sequence) == (before, sequence)
    return caught.value


# The host ----------------------------------------------------------------------------------------


@pytest.mark.fault("D46")
def test_a_download_that_broke_off_goes_on_where_it_was(app: App) -> None:
    app = App(app.publisher, config=Config(retries=0, parallel=1))
    app.publisher.publish(TWO)
    manifest = app.publisher.publish(THREE)
    paths = [ref.path for ref in manifest.objects]
    app.host.broken[paths[-1]] = NetworkError("broke off")
    fails(app, NetworkError)
    assert app.objects == paths
    app.host.broken.clear()
    app.sync()
    assert app.objects == [paths[-1]]
    assert app.content() == shown(THREE)
    assert app.detail("updateStarted")["totalBytes"] == manifest.objects[-1].size


def test_what_an_interrupted_update_left_is_swept_by_the_next(app: App) -> None:
    app.config = Config(retries=0, parallel=1)
    app.publisher.new_epoch("c" * 16, make_encoder("the lamp and the key run home"))
    second = app.publisher.publish(TWO)
    app.host.broken[second.objects[-1].path] = NetworkError("broke off")
    fails(app, NetworkError)
    left = second.encoder.object.sha256
    assert left in app.database.objects
    app.publisher.new_epoch("d" * 16, make_encoder("another one"))
    third = app.publisher.publish(THREE)
    app.host.broken[third.objects[-1].path] = NetworkError("broke off")
    fails(app, NetworkError)
    assert left not in app.database.objects
    assert third.encoder.object.sha256 in app.database.objects


def test_a_host_in_trouble(app: App) -> None:
    app.config = Config(retries=2, first_retries=2, backoff=1.0, longest_wait=10.0)
    app.publisher.publish(TWO)
    app.host.broken[TIMESTAMP] = NetworkError("offline")
    assert fails(app, NetworkError).transient
    assert app.clock.slept == [1.0, 2.0]
    assert app.requests == [TIMESTAMP] * 3
    app.host.broken[TIMESTAMP] = ServerError("busy", 503, 3.0)
    fails(app, ServerError)
    assert app.clock.slept[2:] == [3.0, 3.0]
    app.host.broken.clear()
    assert app.sync().to_sequence == 2


def test_the_waits_count_as_time_that_passed(app: App) -> None:
    app.config = Config(retries=1)
    manifest = app.publisher.publish(TWO)
    app.host.hiccups[manifest.segments[0].object.path] = ServerError("busy", 503, 3.0)
    outcome = app.sync()
    assert (outcome.seconds, app.clock.slept) == (3.0, [3.0])
    assert outcome.requests == len(app.requests) == 6


@pytest.mark.parametrize("body", [b"<!doctype html>Sign in", b"", b"\x1f\x8b", b"x" * 100_000])
def test_a_corrupted_object(app: App, body: bytes) -> None:
    manifest = app.publisher.publish(TWO)
    path = manifest.segments[0].object.path
    app.host.broken[path] = body
    fails(app, ContentError)
    assert app.requests.count(path) == 2, "once more past the caches"
    app.host.broken.clear()
    app.sync()
    assert app.content() == shown(TWO)


def test_check_announces_and_notes_failures_too(app: App) -> None:
    app.host.broken[TIMESTAMP] = NetworkError("offline")
    with pytest.raises(NetworkError):
        app.check()
    assert app.detail("updateFailed") == {"code": "network", "message": "offline", "willRetry": True}
    assert app.status()["lastError"]["code"] == "network"


# Expiry ------------------------------------------------------------------------------------------


@pytest.mark.fault("A6")
def test_expiry_degrades_but_does_not_brick(app: App) -> None:
    app.publisher.publish(TWO)
    app.clock.advance(timedelta(days=31).total_seconds())
    assert app.status()["expired"]
    fails(app, ExpiredError)
    fails(app, ExpiredError, force=True)
    assert app.content() == shown(ONE)
    app.publisher.now = app.clock.now()
    app.publisher.sign()
    app.sync()
    assert app.content() == shown(TWO)
    assert not app.status()["expired"]


def test_the_status_knows_the_earliest_expiry(app: App) -> None:
    assert app.status()["expires"] == "2026-12-21T08:00:00Z"
    app.publisher.now = NOW - timedelta(days=364)
    app.publisher.sign_targets()
    app.publisher.now = NOW
    app.publisher.sign_snapshot()
    app.publisher.sign_timestamp()
    app.sync()
    assert app.status()["expires"] == "2026-11-22T08:00:00Z"


# The state does not add up -----------------------------------------------------------------------


def spoil(app: App) -> None:
    """Replace an installed segment by another valid one, as a fault of the disk would not, but a bug might."""
    other = Publisher()
    manifest = other.publish({"a": texts("the lamp"), "b": texts("a lamp")})
    content = manifest.segments[0].object.sha256
    assert app.head.current is not None
    app.database.objects[app.head.current.segments[0]] = gzip.decompress(other.files[f"objects/{content}.gz"])


@pytest.mark.fault("A16", "C38")
def test_tiers_that_do_not_add_up_with_a_damaged_object(app: App) -> None:
    """It is mended, and the tiers are tried again: nothing else is fetched, and nothing twice."""
    spoil(app)
    assert app.head.current is not None
    spoilt = app.head.current.segments[0]
    manifest = app.publisher.publish(TWO)
    assert app.sync().plan == "tiers"
    newest = manifest.segments[0].object.path
    assert app.objects == [newest, f"objects/{spoilt}.gz"]
    assert app.content() == shown(TWO)
    assert app.names() == [
        "updateStarted",
        "updateProgress downloading",
        "updateProgress verifying",
        "corruption",
        "updateStarted",
        "updateProgress verifying",
        "updateProgress installing",
        "updateCompleted",
    ]
    assert app.detail("corruption") == {"objects": [spoilt], "repaired": 1, "sequence": 1}


@pytest.mark.fault("C35")
def test_lost_objects_are_fetched_again(app: App) -> None:
    assert app.head.current is not None
    lost = app.head.current.segments[0]
    del app.database.objects[lost]
    manifest = app.publisher.publish(TWO)
    assert app.sync().plan == "tiers"
    assert app.objects == [manifest.segments[0].object.path, f"objects/{lost}.gz"]
    assert app.content() == shown(TWO)


def test_a_held_object_that_is_damaged_is_fetched_again(app: App) -> None:
    app = App(app.publisher, config=app.config)
    manifest = app.publisher.publish(TWO)
    app.database.objects[manifest.segments[0].object.sha256] = b"damaged"
    assert app.sync().plan == "full"
    assert app.content() == shown(TWO)


@pytest.mark.parametrize("installed", [False, True])
def test_a_release_whose_digest_is_wrong(app: App, installed: bool) -> None:
    """Tiers fail, the full download fails too: an error, the old generation, and no litter."""
    if not installed:
        app = App(app.publisher, config=app.config)
    held = set(app.database.objects)
    app.publisher.change = lambda manifest: replace(manifest, digest="0" * 64)
    manifest = app.publisher.publish(TWO)
    error = fails(app, ContentError)
    assert "state digest" in str(error)
    assert len(app.objects) == len(manifest.objects) + (1 if installed else 0), "whole, once"
    assert set(app.database.objects) == held
    assert app.status()["refused"] == []
    app.publisher.change = lambda manifest: manifest
    app.publisher.publish(THREE)
    app.sync()
    assert app.content() == shown(THREE)


# The self-test -----------------------------------------------------------------------------------


def wrong_golden(publisher: Publisher) -> None:
    encoder = make_encoder()
    (golden,) = encoder.file.goldens
    vector = [-value for value in golden.vector]
    broken = replace(encoder.file, goldens=[replace(golden, vector=vector)])
    publisher.new_epoch("b" * 16, type(encoder)(broken))


BROKEN: dict[str, Callable[[Publisher], None]] = {
    "documents": lambda p: setattr(p, "change", lambda manifest: replace(manifest, documents=9)),
    "chunks": lambda p: setattr(p, "change", lambda manifest: replace(manifest, chunks=9)),
    "dimensions": lambda p: setattr(p, "change", lambda m: replace(m, encoder=replace(m.encoder, dimensions=9))),
    "golden vectors": wrong_golden,
}


@pytest.mark.fault("D47")
@pytest.mark.parametrize("fault", BROKEN)
def test_a_release_that_does_not_work_here_is_undone_and_not_tried_again(app: App, fault: str) -> None:
    held = set(app.database.objects)
    BROKEN[fault](app.publisher)
    app.publisher.publish(TWO)
    fails(app, SelfTestError)
    assert app.names()[-2:] == ["updateProgress installing", "updateFailed"]
    assert app.head.refused == (2,)
    assert app.head.previous is None
    assert set(app.database.objects) == held

    outcome = app.sync()
    assert (outcome.plan, outcome.to_sequence, outcome.requests) == ("none", 1, 1)
    offer = app.check()
    assert (offer.available, offer.sequence, offer.reason) == (False, 2, "refused")

    app.publisher.change = lambda manifest: manifest
    app.publisher.new_epoch("c" * 16, make_encoder())
    app.publisher.publish(THREE)
    assert app.sync().to_sequence == 3
    assert app.content() == shown(THREE)


def test_a_first_release_that_does_not_work_here() -> None:
    app = App(Publisher())
    BROKEN["documents"](app.publisher)
    app.publisher.publish(ONE)
    fails(app, SelfTestError)
    assert (app.head.current, app.head.refused, app.database.objects) == (None, (1,), {})
    assert app.sync().plan == "none"


@pytest.mark.fault("D47")
def test_an_installed_release_that_does_not_work_any_more_is_undone_by_a_forced_update(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.publisher.publish(TWO)
    app.sync()

    def fail(staged: Staged) -> None:
        raise SelfTestError("not with this version")

    monkeypatch.setattr(Staged, "self_test", fail)
    with pytest.raises(SelfTestError, match="release 2 does not work here: not with this version"):
        app.sync(force=True)
    assert (app.sequence, app.head.refused) == (1, (2,))
    assert app.content() == shown(ONE)


def test_nothing_of_a_generation_is_read_after_the_flip(app: App) -> None:
    """It has been read and checked before, from the bytes as they are stored."""
    app.publisher.publish(TWO)
    flipped: list[bool] = []

    class Failing(MemoryStore):
        async def write(self, records: Mapping[str, bytes | None]) -> None:
            if "head" in records:
                flipped.append(True)
            await super().write(records)

        async def get(self, digest: str) -> bytes | None:
            if flipped:
                raise StorageError("input/output error")
            return await super().get(digest)

        async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
            if flipped:
                raise StorageError("input/output error")
            return await super().parts(digest, spans)

    drive(app.engine(Failing(app.database)).sync())
    assert flipped == [True]
    assert app.content() == shown(TWO)


@pytest.mark.parametrize("broken", ["get", "parts"])
def test_a_store_that_cannot_be_read_back_keeps_the_old_generation(app: App, broken: str) -> None:
    app.publisher.publish(TWO)

    class Failing(MemoryStore):
        async def get(self, digest: str) -> bytes | None:
            if broken == "get":
                raise StorageError("input/output error")
            return await super().get(digest)

        async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
            if broken == "parts":
                raise StorageError("input/output error")
            return await super().parts(digest, spans)

    with pytest.raises(StorageError, match="input/output"):
        drive(app.engine(Failing(app.database)).sync())
    assert (app.sequence, app.head.refused) == (1, ())
    app.sync()
    assert app.content() == shown(TWO)


def test_garbage_that_cannot_be_collected_fails_nothing(app: App) -> None:
    app.publisher.publish(TWO)
    app.sync()
    app.publisher.new_epoch("c" * 16, make_encoder("the lamp and the key run home"))
    app.publisher.publish(THREE)

    class Stubborn(MemoryStore):
        async def discard(self, digests: Iterable[str]) -> None:
            raise StorageError("cannot delete")

    assert drive(app.engine(Stubborn(app.database)).sync()).to_sequence == 3
    assert app.names()[-1] == "updateCompleted"
    assert app.content() == shown(THREE)


# The store ---------------------------------------------------------------------------------------


@pytest.mark.fault("C34")
def test_a_disk_that_is_full_at_the_flip(app: App) -> None:
    app.publisher.publish(TWO)
    held = set(app.database.objects)

    class Full(MemoryStore):
        async def write(self, records: Mapping[str, bytes | None]) -> None:
            if "head" in records:
                raise QuotaError("full")
            await super().write(records)

    with pytest.raises(QuotaError):
        drive(app.engine(Full(app.database)).sync())
    assert set(app.database.objects) == held, "what the failed update had stored is given back"
    assert app.detail("updateFailed")["code"] == app.status()["lastError"]["code"] == "quota"
    assert app.content() == shown(ONE)
    app.sync()
    assert app.content() == shown(TWO)


@pytest.mark.fault("C32")
def test_garbage_collection_keeps_the_current_and_the_previous_generation(app: App) -> None:
    for number in range(5):
        app.publisher.new_epoch(f"{number:016x}", make_encoder(f"lamp key {'x' * (number + 1)}"))
        app.publisher.publish(TWO)
        app.sync()
        assert set(app.database.objects) == app.head.objects
    assert app.head.previous is not None
    assert app.head.objects == {*app.head.current.objects, *app.head.previous.objects}  # type: ignore[union-attr]
    status = app.status()
    assert status["objects"] == len(app.database.objects)
    assert status["bytes"] == sum(map(len, app.database.objects.values()))


@pytest.mark.fault("D42", "E59")
def test_one_writer_at_a_time(app: App) -> None:
    app.publisher.publish(TWO)
    before = dict(app.database.records)

    async def contend() -> None:
        async with MemoryStore(app.database).lock():
            engine = app.engine()
            for call in (engine.sync, engine.check):
                with pytest.raises(BusyError):
                    await call()
            for quiet in (engine.rollback, engine.clear, lambda: engine.pin(1)):
                with pytest.raises(BusyError):
                    await quiet()

    drive(contend())
    assert app.names() == [], "that is no failure"
    assert app.requests == []
    assert app.database.records == before, "without the lock nothing is written"
    assert app.sync().to_sequence == 2


@pytest.mark.parametrize("record", [b"", b"damaged", b'{"checked":"never"}', b'{"latest":5}'])
def test_damaged_notes_cost_one_full_check(app: App, record: bytes, caplog: pytest.LogCaptureFixture) -> None:
    app.database.records["sync"] = record
    assert app.status()["checked"] is None
    app.sync()
    assert "metadata/2.root.json" in app.requests
    assert app.status()["checked"] == "2026-11-21T08:00:00Z"
    assert "'sync' is damaged" in caplog.text


def test_a_damaged_pointer_is_an_error_until_the_next_sync(app: App) -> None:
    app.database.records["head"] = b"damaged"
    for call in (app.status, app.check):
        with pytest.raises(DamagedError, match="head"):
            call()
    app.sync()
    assert app.content() == shown(ONE)


def test_a_store_of_a_newer_version_is_left_alone(app: App) -> None:
    app.database.records["head"] = seal(b'{"format":2}')
    before = dict(app.database.records)
    with pytest.raises(NewerFormatError):
        app.sync()
    assert {**app.database.records, "sync": b""} == {**before, "sync": b""}


def test_force_mends_a_damaged_store(app: App) -> None:
    app.publisher.publish(TWO)
    app.sync()
    assert app.head.current is not None
    for digest in app.head.current.objects:
        app.database.objects[digest] = b"damaged"
    assert app.sync().plan == "none"
    assert app.sync(force=True).plan == "full"
    assert app.content() == shown(TWO)
    assert app.head.previous is not None and app.head.previous.sequence == 1


# No room -----------------------------------------------------------------------------------------


def sync_with_room(app: App, room: Room, store: MemoryStore | None = None) -> QuotaError:
    """Sync where there is so much room; return the error, which is about that."""
    transport = MemoryTransport(app.host)
    app.requests, app.events = transport.requests, []
    engine = Engine(
        store or MemoryStore(app.database),
        transport,
        app.clock,
        trust=app.publisher.first_root,
        config=app.config,
        emit=lambda name, detail: app.events.append((name, dict(detail))),
        room=room,
    )
    with pytest.raises(QuotaError) as caught:
        drive(engine.sync())
    return caught.value


def room_of(count: int) -> Room:
    async def room() -> int:
        return count

    return room


@pytest.mark.fault("C34")
def test_what_cannot_be_stored_is_not_downloaded(app: App) -> None:
    manifest = app.publisher.publish(TWO)
    needed = manifest.segments[0].object.uncompressed
    error = sync_with_room(app, room_of(needed - 1))
    assert (error.needed, error.available) == (needed, needed - 1)
    assert app.objects == []
    assert app.detail("updateFailed") == {
        "code": "quota",
        "message": error.message,
        "willRetry": False,
        "needed": needed,
        "available": needed - 1,
    }
    assert app.names() == ["updateFailed"]
    assert app.content() == shown(ONE)
    assert app.status()["lastError"]["code"] == "quota"
    app.sync()
    assert app.content() == shown(TWO)


@pytest.mark.fault("C34")
def test_a_disk_that_fills_up_says_how_much_is_missing(app: App) -> None:
    """What was stored is given back at once, and the room is measured after that."""
    held = dict(app.database.objects)
    app.publisher.new_epoch("c" * 16, make_encoder("the lamp and the key run home"))
    manifest = app.publisher.publish(TWO)
    needed = sum(ref.uncompressed for ref in manifest.objects)
    store = FullStore(app.database, sum(map(len, held.values())) + needed - 1)

    async def room() -> int | None:
        return store.room - sum((await store.objects()).values()) if store.puts else None

    error = sync_with_room(app, room, store)
    assert store.puts > 0
    assert (error.needed, error.available) == (needed, needed - 1)
    assert app.database.objects == held
    assert app.content() == shown(ONE)


@pytest.mark.fault("E59")
def test_a_failure_is_announced_under_the_lock_and_after_it_is_noted(app: App) -> None:
    """So a listener that syncs again is refused, and is not called from inside itself."""
    app.host.broken[TIMESTAMP] = NetworkError("no answer")
    heard: list[tuple[str, bool, bool]] = []

    def listener(name: str, _: Mapping[str, Any]) -> None:
        heard.append((name, app.database.locked, SYNC.parse(app.database.records["sync"]).error is not None))

    with pytest.raises(NetworkError):
        drive(app.engine(listener=listener).sync())
    assert heard == [("updateFailed", True, True)]


@pytest.mark.fault("E61")
@pytest.mark.parametrize("size", [10**12, 2**53])
@pytest.mark.parametrize("what", ["segments", "encoder", "sources", "packs"])
def test_an_absurd_size_is_refused_with_the_manifest(app: App, what: str, size: int) -> None:
    huge = ObjectRef("0" * 64, 100, size)

    def change(manifest: Manifest) -> Manifest:
        changes: dict[str, Any] = {
            "segments": (replace(manifest.segments[0], object=huge), *manifest.segments[1:]),
            "encoder": replace(manifest.encoder, object=huge),
            "sources": huge,
            "packs": (PackEntry(1, "0" * 64, size),),
        }
        return replace(manifest, **{what: changes[what]})

    app.publisher.change = change
    app.publisher.publish(TWO)
    with pytest.raises(ContentError, match="more than"):
        app.sync()
    assert not app.objects, "nothing is asked for"
    app.publisher.change = lambda manifest: manifest
    app.publisher.publish(TWO)
    assert app.sync().to_sequence == 3
