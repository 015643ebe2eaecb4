"""The tree that an app ships: what a first run without network installs, and what a disk has lost."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from support.app import App, shown, texts
from support.drive import drive
from support.faults import Crash, FusedStore, crash_at
from support.publisher import Publisher, make_encoder
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import ClockError, ExpiredError, NetworkError, ServerError, StorageError, VademecumError
from vademecum.ports import Store
from vademecum.runtime.memory import MemoryStore
from vademecum.trust.floor import ANY_TIME, trusted_before
from vademecum.trust.metadata import TIMESTAMP

ONE = {"a": texts("rotate the key", "run home"), "b": texts("a lamp")}
TWO = {"a": texts("rotate the key", "run to the lamp"), "c": texts("home")}
THREE = {"c": texts("the lamp")}
YEARS = timedelta(days=2000).total_seconds()
OFFLINE = NetworkError("no answer")
pytestmark = pytest.mark.fault("C41")


def make_app(*releases: dict[str, dict[str, list[str]]]) -> App:
    """An app that ships the last of these releases, and has never run."""
    app = App(Publisher(), config=Config(retries=0))
    for documents in releases:
        app.publisher.publish(documents)
    app.seed = dict(app.publisher.files)
    return app


def go_offline(app: App) -> None:
    app.host.broken = dict.fromkeys(app.publisher.files, OFFLINE)


def come_back(app: App) -> None:
    app.host.broken = {}


def timestamp_version(app: App) -> int:
    trust = drive(trusted_before(MemoryStore(app.database), ANY_TIME, app.publisher.first_root))
    assert trust is not None
    return trust.timestamp_version


def test_a_first_run_without_network_installs_the_seed() -> None:
    app = make_app(ONE)
    go_offline(app)
    outcome = app.sync()
    assert (outcome.from_sequence, outcome.to_sequence, outcome.plan, outcome.seeded) == (None, 1, "full", 1)
    assert outcome.version == "v1"
    assert outcome.bytes == 0
    assert app.content() == shown(ONE)
    assert app.names()[-2:] == ["updateCompleted", "updateFailed"]
    status = app.status()
    assert status["latest"] == {"sequence": 1, "version": "v1"}
    assert status["checked"] is None, "the host has never answered"
    assert status["lastError"]["code"] == "network"
    assert status["seed"] is None


def test_the_next_run_without_network_fails_as_always() -> None:
    app = make_app(ONE)
    go_offline(app)
    app.sync()
    with pytest.raises(NetworkError):
        app.sync()
    assert app.content() == shown(ONE)


def test_a_seed_is_installed_after_its_signatures_have_expired_and_the_status_says_so() -> None:
    app = make_app(ONE)
    app.clock.advance(YEARS)
    go_offline(app)
    assert app.sync().seeded == 1
    assert app.status()["expired"] is True


def test_expired_metadata_of_the_host_are_refused_after_an_expired_seed_all_the_same() -> None:
    app = make_app(ONE)
    app.publisher.publish(TWO)
    app.clock.advance(YEARS)
    with pytest.raises(VademecumError) as caught:
        app.sync()
    assert caught.value.code == "expired"
    assert app.content() == shown(ONE)


@pytest.mark.parametrize("years", [1, 56])
def test_a_seed_is_installed_whatever_the_clock_says(years: int) -> None:
    """A device without a clock chip, that begins at 1970 each time, and may never meet a network."""
    app = make_app(ONE)
    now = app.clock.now()
    app.clock.advance(-timedelta(days=365 * years).total_seconds())
    go_offline(app)
    assert app.sync().seeded == 1
    assert app.content() == shown(ONE)
    assert app.status()["seed"] is None
    come_back(app)
    app.publisher.publish(TWO)
    with pytest.raises(ClockError):  # what a host shows has to be judged by a clock
        app.sync()
    assert app.content() == shown(ONE)
    app.clock.advance((now - app.clock.now()).total_seconds())
    assert app.sync().to_sequence == 2


def test_with_network_the_seed_is_what_the_update_builds_on() -> None:
    app = make_app(ONE)
    app.publisher.publish(TWO)
    outcome = app.sync()
    assert (outcome.from_sequence, outcome.to_sequence, outcome.plan, outcome.seeded) == (None, 2, "tiers", 1)
    assert app.content() == shown(TWO)
    assert not [path for path in app.requests if app.seed is not None and path in app.seed and "objects" in path]


def test_a_newer_seed_wins_over_the_store_by_the_cheapest_plan() -> None:
    app = make_app(ONE)
    app.sync()
    app.publisher.publish(TWO)
    app.seed = dict(app.publisher.files)
    go_offline(app)
    outcome = app.sync()
    assert (outcome.from_sequence, outcome.to_sequence, outcome.plan) == (1, 2, "tiers")
    assert app.content() == shown(TWO)
    assert app.head.previous is not None


def test_a_seed_raises_the_trust_floor() -> None:
    app = make_app(ONE)
    old = dict(app.publisher.files)
    app.sync()
    app.publisher.publish(TWO)
    app.seed = dict(app.publisher.files)
    go_offline(app)
    app.sync()
    app.host.broken = dict(old)
    assert app.sync().reason == "stale-mirror"
    assert app.sequence == 2


def test_an_older_seed_is_passed_over_and_lowers_no_floor() -> None:
    app = make_app(ONE)
    seed = app.seed
    app.seed = None
    app.publisher.publish(TWO)
    app.sync()
    floor, records = timestamp_version(app), dict(app.database.records)
    app.seed = seed
    outcome = app.sync()
    assert (outcome.plan, outcome.seeded, app.sequence) == ("none", None, 2)
    assert timestamp_version(app) == floor
    assert {name: data for name, data in app.database.records.items() if name.startswith("trust")} == {
        name: data for name, data in records.items() if name.startswith("trust")
    }
    assert app.status()["seed"] is None, "every app ships an older seed some day: nothing is wrong"


def test_an_older_seed_does_not_come_back_after_everything_was_cleared() -> None:
    app = make_app(ONE)
    app.publisher.publish(TWO)
    app.sync()
    app.clear()
    go_offline(app)
    with pytest.raises(NetworkError):
        app.sync()
    assert app.content() == {}
    assert app.status()["seed"] is None, "it is older, and nothing is wrong with it"


def test_an_older_seed_lends_its_objects() -> None:
    app = make_app(ONE)
    more = {**ONE, "d": texts("the lamp")}
    app.publisher.publish(more)
    app.sync()
    app.clear()
    assert app.sync().to_sequence == 2
    assert app.publisher.manifest is not None
    held = {entry.object.path for entry in app.publisher.manifest.segments if entry.upto == 1}
    assert held
    assert not held & set(app.requests)
    assert app.content() == shown(more)


def test_a_broken_object_of_the_seed_is_asked_of_the_host() -> None:
    app = make_app(ONE)
    app.publisher.publish(TWO)
    app.sync()
    app.clear()
    app.seed = {path: b"rot" if path.startswith("objects/") else data for path, data in app.publisher.files.items()}
    assert app.sync().to_sequence == 2
    assert app.content() == shown(TWO)


def corrupt(app: App, part: str, data: bytes = b"rot") -> None:
    assert app.seed is not None
    changed = {path: data if part in path else body for path, body in app.seed.items()}
    assert changed != app.seed
    app.seed = changed


@pytest.mark.parametrize("part", ["timestamp", "snapshot", "targets", "releases/", "objects/"])
def test_a_corrupt_seed_is_passed_over(part: str, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(ONE)
    corrupt(app, part)
    go_offline(app)
    with caplog.at_level(logging.WARNING), pytest.raises(NetworkError):
        app.sync()
    assert "the seed is passed over" in caplog.text
    assert app.content() == {}
    assert app.status()["seed"]["code"] == "content"
    come_back(app)
    outcome = app.sync()
    assert (outcome.to_sequence, outcome.seeded) == (1, None)
    assert app.content() == shown(ONE)


@pytest.mark.parametrize("part", ["timestamp", "snapshot", "targets", "releases/"])
def test_a_corrupt_seed_is_no_failure_where_there_is_a_network(part: str) -> None:
    app = make_app(ONE)
    corrupt(app, part)
    assert app.sync().to_sequence == 1
    assert "updateFailed" not in app.names()


def test_metadata_that_do_not_verify_to_the_end_raise_no_floor() -> None:
    app = make_app(ONE, TWO)
    corrupt(app, "targets")
    go_offline(app)
    with pytest.raises(NetworkError):
        app.sync()
    assert "trust/timestamp.json" not in app.database.records


def test_a_seed_that_is_not_there_is_no_failure() -> None:
    app = make_app(ONE)
    app.seed = {}
    assert app.sync().to_sequence == 1
    assert app.status()["seed"]["code"] == "server"


def test_a_seed_that_cannot_be_read_now_is_asked_again() -> None:
    app = make_app(ONE)
    seed = app.seed
    app.seed = {TIMESTAMP: OFFLINE}
    go_offline(app)
    with pytest.raises(NetworkError):
        app.sync()
    app.seed = seed
    assert app.sync().seeded == 1


def answer(app: App, part: str, status: int) -> None:
    """Have the seed's own host, an app's origin in a browser, answer so for some of its files."""
    assert app.seed is not None
    hit = {path: ServerError(f"{path}: {status}", status) for path in app.seed if part in path}
    assert hit
    app.seed = {**app.seed, **hit}


@pytest.mark.fault("B21")
@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("part", ["timestamp", "snapshot", "targets", "releases/", "objects/"])
def test_a_seed_whose_host_is_busy_is_asked_again(part: str, status: int) -> None:
    app = make_app(ONE)
    seed = app.seed
    answer(app, part, status)
    go_offline(app)
    with pytest.raises(NetworkError):
        app.sync()
    assert app.status()["seed"] is None, "nothing is known to be wrong with it"
    app.seed = seed
    assert app.sync().seeded == 1
    assert app.content() == shown(ONE)


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("part", ["snapshot", "targets", "releases/", "objects/"])
def test_a_seed_that_lacks_a_file_is_passed_over(part: str, status: int) -> None:
    app = make_app(ONE)
    seed = app.seed
    answer(app, part, status)
    go_offline(app)
    for _ in range(2):
        with pytest.raises(NetworkError):
            app.sync()
        assert app.status()["seed"]["code"] == "server"
        app.seed = seed


@pytest.mark.fault("B21")
def test_a_busy_host_of_a_seed_does_not_make_it_an_older_one() -> None:
    """Its metadata are older than what is trusted, its release is the trusted one."""
    app = make_app(ONE)
    app.seed = None
    app.sync()
    app.publisher.publish(TWO)
    seed = dict(app.publisher.files)
    app.publisher.sign()
    assert app.check().available
    go_offline(app)
    app.seed = seed
    answer(app, "releases/", 503)
    with pytest.raises(NetworkError):
        app.sync()
    app.seed = seed
    assert app.sync().seeded == 2
    assert app.content() == shown(TWO)


def test_a_seed_of_other_keys_is_passed_over() -> None:
    app = make_app(ONE)
    other = Publisher(line="other ")
    other.publish(TWO)
    other.publish(THREE)
    app.seed = dict(other.files)
    go_offline(app)
    with pytest.raises(NetworkError):
        app.sync()
    assert app.status()["seed"]["code"] == "signature"
    come_back(app)
    assert app.sync().to_sequence == 1
    assert app.content() == shown(ONE)


def test_without_a_shipped_root_the_root_that_was_seen_first_rules_over_a_seed() -> None:
    app = make_app(ONE)
    other = Publisher(line="other ")
    for documents in (ONE, TWO, THREE):
        other.publish(documents)

    def engine(seed: Publisher | None) -> Engine:
        known = app.engine()
        known._runs.root = None
        if seed is not None:
            app.seed = dict(seed.files)
            known = app.engine()
            known._runs.root = None
            assert known._runs._seed is not None
            known._runs._seed._root = None
        return known

    app.seed = None
    drive(engine(None).sync())
    outcome = drive(engine(other).sync())
    assert (outcome.seeded, app.sequence) == (None, 1)
    assert app.status()["seed"]["code"] == "signature"


def test_a_seed_with_an_older_root_than_the_trusted_one_is_passed_over() -> None:
    app = make_app(ONE)
    seed = app.seed
    app.seed = None
    for role in ("timestamp", "snapshot", "targets"):  # or what the old key has signed is a floor, too
        app.publisher.rotate(role, f"second {role}")
    app.publisher.publish(TWO)
    app.sync()
    # The pin of an app that shipped another root before: the seed is walked from the shipped root.
    app.database.records["trust/pin"] = b"0" * 64
    app.database.records.pop("head")
    root = app.database.records["trust/root.json"]
    app.seed = seed
    go_offline(app)
    with pytest.raises(NetworkError):
        app.sync()
    assert app.database.records["trust/root.json"] == root
    assert app.content() == {}


@pytest.mark.fault("E58")
def test_what_another_root_vouches_for_is_not_mended_from_the_seed() -> None:
    """The store has metadata of a root that the app does not ship, though its timestamp is signed by the app's keys.
    It names a release that the app's publisher has taken the place of, and the seed still holds."""
    other = App(Publisher(line="other "), config=Config(retries=0))
    for role in ("timestamp", "snapshot"):
        other.publisher.rotate(role, "release")
    other.publisher.publish(ONE)
    for _ in range(3):
        other.publisher.sign_timestamp()
    other.sync()
    other.clear()
    app = make_app(ONE, TWO)
    app.database = other.database
    go_offline(app)
    with pytest.raises(NetworkError):
        app.sync()
    assert app.content() == {}
    for _ in range(3):
        app.publisher.sign()
    come_back(app)
    assert app.sync().to_sequence == 2


def test_a_seed_is_looked_at_once() -> None:
    app = make_app(ONE)
    app.sync()
    asked: list[str] = []
    engine = app.engine()
    assert engine._runs._seed is not None
    fetch = engine._runs._seed.downloader.fetch

    async def counted(path: str, *args: object, **more: object) -> bytes:
        asked.append(path)
        return await fetch(path, *args, **more)  # type: ignore[arg-type]

    engine._runs._seed.downloader.fetch = counted  # type: ignore[method-assign]
    drive(engine.sync())
    assert asked == [TIMESTAMP]


def test_the_seed_is_planted_without_asking_the_host() -> None:
    app = make_app(ONE)
    assert drive(app.engine().plant()) == 1
    assert app.requests == []
    assert app.content() == shown(ONE)
    assert drive(app.engine().plant()) is None


def test_a_refused_seed_is_not_installed_again() -> None:
    app = make_app(ONE)
    app.sync()
    app.publisher.publish(TWO)
    app.sync()
    app.rollback()
    app.seed = dict(app.publisher.files)
    go_offline(app)
    with pytest.raises(NetworkError):
        app.sync()
    assert app.sequence == 1


def test_a_seed_that_does_not_work_here_is_undone() -> None:
    app = make_app(ONE)
    app.sync()
    encoder = make_encoder()
    (golden,) = encoder.file.goldens
    wrong = replace(golden, vector=[0] * len(golden.vector))
    app.publisher.new_epoch("b" * 16, type(encoder)(replace(encoder.file, goldens=[wrong])))
    app.publisher.publish(TWO)
    app.seed = dict(app.publisher.files)
    go_offline(app)
    with pytest.raises(NetworkError):
        app.sync()
    assert app.sequence == 1
    assert app.status()["seed"]["code"] == "self-test"


class Failing(MemoryStore):
    """Lists no objects."""

    async def objects(self) -> dict[str, int]:
        raise StorageError("the disk says no")


def fail_locally(app: App, times: int) -> None:
    for _ in range(times):
        with pytest.raises(StorageError):
            drive(app.engine(Failing(app.database)).sync(force=True))


def break_segments(app: App) -> None:
    current = app.head.current
    assert current is not None
    for digest in current.segments:
        app.database.objects[digest] = b"rot"


@pytest.mark.fault("D49")
def test_local_failures_in_a_row_are_mended_from_the_seed_without_network() -> None:
    app = make_app(ONE)
    app.sync()
    fail_locally(app, app.config.heal_after)
    break_segments(app)
    go_offline(app)
    outcome = app.sync()
    assert (outcome.seeded, outcome.plan) == (1, "full")
    assert app.content() == shown(ONE)
    assert "health" not in app.database.records


@pytest.mark.fault("D49")
def test_the_seed_mends_the_same_release_though_it_was_signed_anew_since() -> None:
    app = make_app(ONE)
    app.publisher.sign()
    app.sync()
    floor = timestamp_version(app)
    fail_locally(app, app.config.heal_after)
    break_segments(app)
    go_offline(app)
    assert app.sync().seeded == 1
    assert app.content() == shown(ONE)
    assert timestamp_version(app) == floor


@pytest.mark.fault("D49")
def test_a_checkup_mends_from_the_seed_without_network() -> None:
    """Not after some failures only: the user asked for it."""
    app = make_app(ONE)
    app.sync()
    break_segments(app)
    go_offline(app)
    with pytest.raises(NetworkError):  # still: whether there is something newer is not known
        drive(app.engine().heal(whole=False))
    assert app.content() == shown(ONE)
    assert "health" not in app.database.records


@pytest.mark.fault("D49")
def test_a_checkup_that_neither_host_nor_seed_helps_says_so() -> None:
    app = make_app(ONE)
    app.sync()
    break_segments(app)
    app.seed = None
    go_offline(app)
    with pytest.raises(NetworkError):
        drive(app.engine().heal(whole=False))
    assert app.names() == ["corruption"]


@pytest.mark.fault("B21", "D49")
def test_a_checkup_begins_a_lost_pointer_anew_from_the_seed_while_the_host_is_left_alone() -> None:
    app = make_app(ONE)
    app.sync()
    ask_to_wait(app)
    app.database.records["head"] = b"rot"
    assert drive(app.engine().heal(whole=False)).seeded == 1
    assert app.requests == []
    assert app.content() == shown(ONE)


# The host asked to be left alone -----------------------------------------------------------------------


def ask_to_wait(app: App, seconds: float = 3600) -> None:
    """Have the host ask for it, and the app hear it."""
    seed, app.seed = app.seed, None
    app.host.broken = dict.fromkeys(app.publisher.files, ServerError("busy", 503, seconds))
    with pytest.raises(ServerError):
        app.sync()
    app.seed = seed
    come_back(app)


@pytest.mark.fault("B21")
def test_a_seed_is_installed_while_the_host_is_left_alone() -> None:
    app = make_app(ONE)
    app.sync()
    ask_to_wait(app)
    wait = app.database.records["retry"]
    app.publisher.publish(TWO)
    app.seed = dict(app.publisher.files)
    app.clock.advance(1000)
    outcome = app.sync()
    assert (outcome.seeded, outcome.to_sequence, outcome.plan) == (2, 2, "tiers")
    assert (outcome.requests, outcome.bytes, app.requests) == (0, 0, [])
    assert app.content() == shown(TWO)
    assert app.names()[-2:] == ["updateCompleted", "updateFailed"]
    assert app.status()["lastError"]["code"] == "server"
    assert app.database.records["retry"] == wait, "it is neither longer nor shorter for that"
    with pytest.raises(ServerError, match="to be left alone until"):
        app.sync()
    app.clock.advance(2600)
    app.sync()
    assert app.status()["lastError"] is None


@pytest.mark.fault("B21", "D49")
def test_what_is_lost_is_mended_from_the_seed_while_the_host_is_left_alone() -> None:
    app = make_app(ONE)
    app.sync()
    ask_to_wait(app)
    fail_locally(app, app.config.heal_after)
    break_segments(app)
    outcome = app.sync()
    assert (outcome.seeded, outcome.plan, app.requests) == (1, "full", [])
    assert app.content() == shown(ONE)
    assert "health" not in app.database.records


@pytest.mark.fault("D49")
def test_what_the_seed_has_mended_is_not_mended_again_whatever_is_wrong_with_the_host() -> None:
    app = make_app(ONE)
    app.sync()
    fail_locally(app, app.config.heal_after)
    break_segments(app)
    app.publisher.publish(TWO)
    app.clock.advance(YEARS)
    for names in (["updateStarted", "updateCompleted", "updateFailed"], ["updateFailed"]):
        with pytest.raises(ExpiredError):
            app.sync()
        assert [name for name in app.names() if not name.startswith("updateProgress")] == names
        assert app.content() == shown(ONE)
        assert "health" not in app.database.records


@pytest.mark.slow
def test_a_crash_at_every_operation_leaves_nothing_or_the_seed() -> None:
    whole = make_app(ONE)
    go_offline(whole)
    fuse = crash_at(None)
    drive(whole.engine(FusedStore(whole.database, fuse)).sync())
    assert fuse.burnt > 20
    for at in range(fuse.burnt):
        app = make_app(ONE)
        go_offline(app)
        store: Store = FusedStore(app.database, crash_at(at))
        with pytest.raises(Crash):
            drive(app.engine(store).sync())
        app.database.locked = False
        assert app.content() in ({}, shown(ONE))
        with suppress(NetworkError):  # the seed was installed already, and the crash came after it
            app.sync()
        assert app.content() == shown(ONE)
        come_back(app)
        app.sync()
        assert app.content() == shown(ONE)
        assert not app.database.objects.keys() - app.head.objects


def test_the_seed_of_a_store_that_cannot_be_written_is_a_failure_of_the_store() -> None:
    app = make_app(ONE)
    with pytest.raises(StorageError):
        drive(app.engine(Failing(app.database)).sync())
    assert app.sync().seeded == 1


@pytest.mark.parametrize("record", [b"rot", b'{"timestamp":"no digest"}', b'{"code":7}'])
def test_a_damaged_record_of_the_seed_is_begun_anew(record: bytes) -> None:
    app = make_app(ONE)
    app.database.records["seed"] = record
    go_offline(app)
    assert app.sync().seeded == 1
