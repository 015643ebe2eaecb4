"""Scrub and repair: what is broken in a store is found in bounded time, and just that is fetched again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from support.app import App, shown, texts
from support.drive import drive
from support.publisher import make_encoder
from vademecum.config import Config
from vademecum.errors import ContentError, DamagedError, NetworkError, SelfTestError, ServerError, StorageError
from vademecum.generation.staged import Staged
from vademecum.integrity.repair import Repaired
from vademecum.integrity.scrub import Scrubbed, scrub
from vademecum.runtime.memory import MemoryStore
from vademecum.store.records import HEALTH, Failures

ONE = {"a": texts("rotate the key", "run home"), "b": texts("a lamp")}
TWO = {"a": texts("rotate the key", "run to the lamp"), "b": texts("a lamp"), "c": texts("home")}
THREE = {**TWO, "d": texts("the key")}


Harm = Callable[[App, str], None]


@pytest.fixture
def app() -> App:
    """Two generations, with two segments and an encoder in all; nothing is scrubbed unless a test says so."""
    return App.holding(ONE, TWO)


def rot(app: App, digest: str) -> None:
    """One wrong bit in the middle."""
    data = app.database.objects[digest]
    at = len(data) // 2
    app.database.objects[digest] = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def lose(app: App, digest: str) -> None:
    del app.database.objects[digest]


def repair(app: App) -> Repaired:
    return drive(app.engine().repair())


def fetched(app: App) -> list[str]:
    """The digests of the objects that the last call asked for."""
    return [path[8:72] for path in app.objects]


def sound(app: App) -> bool:
    return not drive(scrub(MemoryStore(app.database), app.head.objects)).broken


# What is broken is found, and just that is fetched ---------------------------------------------------


@pytest.mark.fault("C38", "C35", "A9")
@pytest.mark.parametrize("harm", [rot, lose])
def test_each_object_that_is_broken_is_fetched_alone(app: App, harm: Harm) -> None:
    before = dict(app.database.objects)
    assert len(before) == 3
    for digest in sorted(before):
        harm(app, digest)
        kept = repair(app)
        assert kept.repaired == kept.scrubbed.broken == (digest,)
        assert kept.broken == ()
        assert fetched(app) == [digest]
        assert app.events == [("corruption", {"objects": [digest], "repaired": 1, "sequence": 2})]
        assert app.database.objects == before


@pytest.mark.fault("C38")
def test_nothing_is_asked_where_nothing_is_broken(app: App) -> None:
    kept = repair(app)
    assert kept == Repaired(Scrubbed(3, sum(map(len, app.database.objects.values()))))
    assert (app.requests, app.events) == ([], [])


@pytest.mark.fault("C38")
def test_good_objects_are_never_written_again(app: App) -> None:
    class Recording(MemoryStore):
        async def put(self, digest: str, data: bytes) -> None:
            put.append(digest)
            await super().put(digest, data)

    put: list[str] = []
    (broken, *_) = sorted(app.database.objects)
    rot(app, broken)
    drive(app.engine(Recording(app.database)).repair())
    assert put == [broken]


@pytest.mark.fault("C38", "A9")
def test_a_host_that_gives_other_bytes_mends_nothing(app: App) -> None:
    assert app.head.current is not None
    digest = app.head.current.segments[0]
    rot(app, digest)
    rotten = app.database.objects[digest]
    app.host.broken[f"objects/{digest}.gz"] = b"<html>welcome"
    kept = repair(app)
    assert (kept.repaired, kept.broken) == ((), (digest,))
    assert app.detail("corruption")["repaired"] == 0
    assert app.database.objects[digest] == rotten
    assert app.head.current is not None and app.head.previous is not None
    app.host.broken.clear()
    assert repair(app).repaired == (digest,)


@pytest.mark.fault("C38", "A11")
def test_an_object_of_unknown_size_is_bounded(app: App) -> None:
    """That of the previous generation alone: no manifest at hand has its size."""
    app.publisher.new_epoch("c" * 16, make_encoder("the lamp and the key run home"))
    app.publisher.publish(TWO)
    app.sync()
    assert app.head.previous is not None
    digest = app.head.previous.encoder
    assert digest not in current(app)
    size = len(app.database.objects[digest])
    app.config = Config(retries=0, max_repair=size - 1)
    rot(app, digest)
    assert repair(app).repaired == ()
    assert app.status()["previous"] is None, "it cannot be gone back to"
    assert digest not in app.database.objects


@pytest.mark.fault("C38", "A6")
def test_what_is_installed_is_mended_though_the_metadata_expired(app: App) -> None:
    """By name: the pointer that was verified names what it must be."""
    digests = sorted(app.database.objects)
    for digest in digests:
        rot(app, digest)
    app.clock.advance(400 * 86_400)
    assert repair(app).repaired == tuple(sorted(digests, key=lambda d: (d not in current(app), d)))
    assert sound(app)


def current(app: App) -> frozenset[str]:
    assert app.head.current is not None
    return app.head.current.objects


@pytest.mark.fault("C38", "B26")
def test_without_the_network_nothing_changes(app: App) -> None:
    for digest in app.database.objects:
        rot(app, digest)
    before = dict(app.database.objects), dict(app.database.records)
    for path in app.publisher.files:
        app.host.broken[path] = NetworkError("offline")
    with pytest.raises(NetworkError):
        repair(app)
    assert (app.database.objects, app.database.records) == before
    assert app.detail("corruption")["repaired"] == 0


@pytest.mark.fault("C38", "B26")
def test_what_was_mended_before_the_network_went_stays(app: App) -> None:
    first, second, *_ = sorted(current(app))
    rot(app, first)
    rot(app, second)
    app.host.broken[f"objects/{second}.gz"] = ServerError("busy", 503)
    with pytest.raises(ServerError):
        repair(app)
    assert app.detail("corruption") == {"objects": [first, second], "repaired": 1, "sequence": 2}
    app.host.broken.clear()
    assert repair(app).repaired == (second,)


@pytest.mark.fault("C38")
def test_a_store_that_garbles_what_it_is_given(app: App) -> None:
    class Garbling(MemoryStore):
        async def put(self, digest: str, data: bytes) -> None:
            await super().put(digest, data[:-1] + b"?")

    (digest, *_) = sorted(current(app))
    rot(app, digest)
    with pytest.raises(StorageError, match="does not come back"):
        drive(app.engine(Garbling(app.database)).repair())
    assert app.detail("corruption")["repaired"] == 0


def test_a_damaged_pointer_is_said(app: App) -> None:
    app.database.records["head"] = b"damaged"
    with pytest.raises(DamagedError):
        repair(app)


def test_leftovers_are_swept(app: App) -> None:
    app.database.objects["f" * 64] = b"left by an update that broke off"
    repair(app)
    assert app.database.objects.keys() == app.head.objects


def test_leftovers_are_swept_by_a_sync_that_finds_nothing_new(app: App) -> None:
    app.database.objects["f" * 64] = b"left by an update that broke off"
    assert app.sync().plan == "none"
    assert app.database.objects.keys() == app.head.objects


# What is on no host ------------------------------------------------------------------------------------


@pytest.fixture
def merged(app: App) -> App:
    """The current generation is one segment that only this store has."""
    app.config = Config(retries=0, max_segments=1)
    app.publisher.publish(THREE)
    app.sync()
    app.config = Config(retries=0)
    return app


@pytest.mark.fault("C38", "C35")
@pytest.mark.parametrize("harm", [rot, lose])
def test_a_merged_segment_is_rebuilt_from_the_published_ones(merged: App, harm: Harm) -> None:
    assert merged.head.current is not None
    (digest,) = merged.head.current.segments
    harm(merged, digest)
    held = frozenset(merged.database.objects)
    kept = repair(merged)
    assert kept.repaired == (digest,)
    assert merged.content() == shown(THREE)
    assert merged.publisher.manifest is not None
    published = [entry.object.sha256 for entry in merged.publisher.manifest.segments]
    assert merged.head.current.segments == tuple(published)
    wanted = [digest, *(name for name in published if name not in held)]
    assert fetched(merged) == wanted, "what the previous generation still holds is not fetched"
    assert merged.database.objects.keys() == merged.head.objects


def test_what_would_not_work_here_is_not_put_in_the_place_of_what_is_damaged(
    merged: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Staged) -> None:
        raise SelfTestError("other bits than the publisher's")

    before = merged.head.current
    assert before is not None
    rot(merged, before.segments[0])
    monkeypatch.setattr(Staged, "self_test", fails)
    assert repair(merged).repaired == ()
    assert merged.head.current == before


@pytest.mark.fault("C38")
def test_no_more_tiers_are_fetched_than_the_state_takes(app: App) -> None:
    """The merged segment holds the newest rows: the newest tier brings them back."""
    app.config = Config(retries=0, max_segments=2)
    for number in range(3, 6):
        app.publisher.publish({**TWO, "d": texts("the key " + "run " * number)})
        app.sync()
    head = app.head.current
    assert head is not None and app.publisher.manifest is not None
    published = [entry.object.sha256 for entry in app.publisher.manifest.segments]
    local = [digest for digest in head.segments if f"objects/{digest}.gz" not in app.publisher.files]
    assert local and len(published) > 2
    content = app.content()
    for digest in local:
        lose(app, digest)
    repair(app)
    assert app.content() == content
    assert fetched(app)[: len(local)] == local, "asked for by name first"
    tiers = fetched(app)[len(local) :]
    assert 0 < len(tiers) < len(published)
    assert [digest for digest in published if digest in tiers] == tiers, "newest first"


@pytest.mark.fault("C38")
def test_a_merged_segment_of_a_release_that_is_not_published_any_more(merged: App) -> None:
    """Nothing can mend it, and nothing is changed: the next update brings the newer release."""
    assert merged.head.current is not None
    (digest,) = merged.head.current.segments
    merged.publisher.publish(ONE)
    merged.pin(3)
    rot(merged, digest)
    head = merged.head
    assert head.current is not None
    assert repair(merged).broken == (digest,)
    assert merged.head == head
    merged.pin(None)
    before = len(merged.requests)
    merged.sync()
    assert merged.content() == shown(ONE)
    assert f"objects/{head.current.encoder}.gz" not in merged.requests[before:], "it is sound, and stays"


# In the background -------------------------------------------------------------------------------------


@pytest.mark.fault("C35")
def test_a_missing_object_is_found_at_once(app: App) -> None:
    for digest in sorted(app.head.objects):
        lose(app, digest)
        app.sync()
        assert app.detail("corruption") == {"objects": [digest], "repaired": 1, "sequence": 2}


@pytest.mark.fault("C38", "C33")
def test_a_scrub_that_fails_fails_no_sync(app: App, caplog: pytest.LogCaptureFixture) -> None:
    class Unreadable(MemoryStore):
        async def objects(self) -> Mapping[str, int]:
            raise StorageError("input/output error")

    app.config = Config(retries=0)
    assert drive(app.engine(Unreadable(app.database)).sync()).plan == "none"
    assert "could not be looked after: input/output error" in caplog.text
    assert app.status()["lastError"] is None


@pytest.mark.fault("C38", "B26")
def test_a_repair_that_fails_fails_no_sync(app: App) -> None:
    app.config = Config(retries=0)
    digest = min(current(app))
    lose(app, digest)
    app.host.broken[f"objects/{digest}.gz"] = NetworkError("offline")
    assert app.sync().plan == "none"
    assert app.names() == ["corruption"]
    app.host.broken.clear()
    app.sync()
    assert sound(app)


def health(app: App) -> Failures:
    return drive(HEALTH.read(MemoryStore(app.database)))


@pytest.mark.fault("C38", "D47")
@pytest.mark.parametrize("harm", [rot, lose])
def test_a_release_is_not_undone_over_a_damaged_object(app: App, harm: Harm) -> None:
    """Damage comes before blame."""
    harm(app, min(current(app)))
    head = app.head
    with pytest.raises(DamagedError, match="the next update repairs it"):
        app.refuse_current()
    assert app.head == head


# What a reader found ------------------------------------------------------------------------------------


@pytest.mark.fault("C38", "D49")
@pytest.mark.parametrize("reports", [1, 3, 7])
def test_what_a_reader_cannot_open_is_mended_alone(app: App, reports: int) -> None:
    """Also where it was reported so often that everything would be fetched anew."""
    digest = min(current(app))
    rot(app, digest)
    for _ in range(reports):
        drive(app.engine().report_damage(ContentError("tensor header")))
    assert app.sync().plan == "none"
    assert fetched(app) == [digest]
    assert app.content() == shown(TWO)
    assert health(app) == Failures()
    assert app.sync().plan == "none"
    assert fetched(app) == []


@pytest.mark.fault("C38", "D49")
def test_where_one_of_two_cannot_be_mended_everything_is_fetched(merged: App) -> None:
    assert merged.head.current is not None
    encoder, (segment,) = merged.head.current.encoder, merged.head.current.segments
    rot(merged, encoder)
    rot(merged, segment)
    for _ in range(3):
        drive(merged.engine().report_damage(ContentError("tensor header")))
    merged.host.hiccups[f"objects/{encoder}.gz"] = ServerError("gone", 404)
    assert merged.sync().plan == "full"
    assert merged.content() == shown(THREE)
