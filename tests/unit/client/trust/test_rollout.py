"""Staged rollout and yanked releases: what the publisher says of a release after it was published."""

from __future__ import annotations

from typing import Any

import pytest

from support.app import App, texts
from support.in_hand import FixedClock
from support.publisher import Publisher
from vademecum.config import Config
from vademecum.errors import ContentError, EmptyStoreError, RollbackError, VademecumError
from vademecum.store.records import ROLLOUT, Rollout
from vademecum.trust.channel import WHOLE
from vademecum.trust.metadata import TIMESTAMP
from vademecum.trust.rollout import bucket

ONE = {"a": texts("rotate the key", "run home"), "b": texts("a lamp")}
TWO = {"a": texts("rotate the key", "run to the lamp"), "c": texts("home")}
THREE = {"c": texts("the lamp")}


@pytest.fixture
def app() -> App:
    return App.holding(ONE)


def own_bucket(app: App) -> int:
    """The bucket of this store for the candidate."""
    path = app.publisher.entry["candidate"]["release"]
    return bucket("80000000" * 4, app.publisher.targets.targets[path].hashes["sha256"])


def roll_out(app: App, rollout: object) -> None:
    line = app.publisher.entry
    app.publisher.change_line({**line, "candidate": {**line["candidate"], "rollout": rollout}})


# Rollout -----------------------------------------------------------------------------------------------


@pytest.mark.fault("A17")
def test_a_candidate_is_for_the_stores_below_its_rollout(app: App) -> None:
    app.publisher.publish_candidate(TWO, 0)
    assert 0 < own_bucket(app) < WHOLE - 1
    for rollout, sequence in ((0, 1), (own_bucket(app), 1), (own_bucket(app) + 1, 2)):
        roll_out(app, rollout)
        assert app.check().available == (sequence == 2)
        app.sync()
        assert app.sequence == sequence
        told = {"sequence": 2, "rollout": rollout, "assigned": sequence == 2}
        assert app.status()["latest"] == {"sequence": sequence, "version": f"v{sequence}", "candidate": told}


@pytest.mark.fault("A17")
def test_a_rollout_to_everybody_is_for_everybody_and_one_to_nobody_for_nobody() -> None:
    for jitter in (0.0, 0.25, 0.5, 0.999):
        for rollout, sequence in ((0, 1), (WHOLE, 2)):
            app = App(Publisher(), clock=FixedClock(Publisher().now, jitter), config=Config(retries=0))
            app.publisher.publish(ONE)
            app.publisher.publish_candidate(TWO, rollout)
            app.sync()
            assert app.sequence == sequence


@pytest.mark.fault("A17")
def test_buckets_are_spread_evenly_so_that_half_a_percent_is_half_a_percent() -> None:
    salts = [f"{number:032x}" for number in range(20_000)]
    taken = sum(bucket(salt, "a" * 64) < 50 for salt in salts)
    assert 60 < taken < 140  # 100 expected; the hash is no chance, so this holds always
    assert [bucket(salt, "a" * 64) for salt in salts[:50]] != [bucket(salt, "b" * 64) for salt in salts[:50]]


@pytest.mark.fault("A17")
@pytest.mark.parametrize(
    "junk", ["0.1", "10000", 10_001, -1, True, None, 10**30, [WHOLE], {"rollout": WHOLE}, [[[[WHOLE]]]], ""], ids=repr
)
def test_junk_is_a_rollout_to_nobody(app: App, junk: object) -> None:
    app.publisher.publish_candidate(TWO, junk)
    assert app.sync().plan == "none"
    assert app.sequence == 1
    app.publisher.publish(THREE)
    assert app.sync().to_sequence == 3


@pytest.mark.fault("A17")
def test_no_rollout_is_a_rollout_to_nobody(app: App) -> None:
    app.publisher.publish_candidate(TWO, WHOLE)
    line = app.publisher.entry
    line["candidate"].pop("rollout")
    app.publisher.change_line(line)
    app.sync()
    assert app.sequence == 1


@pytest.mark.fault("A17")
@pytest.mark.parametrize("number", [b"0.5", b"NaN", b"Infinity", b"1e400", b"1e4", b"9999.0"])
def test_a_number_that_cannot_be_signed_closes_the_whole_targets(app: App, number: bytes) -> None:
    """TUF's canonical JSON has no fractions."""
    app.publisher.publish_candidate(TWO, 9876)
    path = f"metadata/{app.publisher.targets.version}.targets.json"
    data = app.publisher.files[path]
    assert b'"rollout":9876' in data
    app.publisher.snapshot.meta["targets.json"].length = None
    app.publisher.snapshot.meta["targets.json"].hashes = None
    app.publisher.sign_snapshot()
    app.publisher.sign_timestamp()
    app.publisher.files[path] = data.replace(b'"rollout":9876', b'"rollout":' + number)
    with pytest.raises(VademecumError) as caught:
        app.sync()
    assert caught.value.code in ("content", "signature")
    assert app.sequence == 1


@pytest.mark.fault("A17")
@pytest.mark.parametrize(
    "candidate",
    [
        7,
        [],
        "releases/2.json",
        {"rollout": WHOLE},
        {"release": "releases/9.json", "sequence": 9, "version": "v9", "rollout": WHOLE},
        {"release": "../2.json", "sequence": 2, "version": "v2", "rollout": WHOLE},
        {"release": "releases/1.json", "sequence": 1, "version": "v1", "rollout": WHOLE},
    ],
    ids=repr,
)
def test_a_malformed_candidate_is_none(app: App, candidate: object) -> None:
    app.publisher.change_line({**app.publisher.entry, "candidate": candidate})
    assert app.sync().plan == "none"
    assert app.sequence == 1


@pytest.mark.fault("A17")
def test_a_candidate_that_is_older_than_the_current_release_is_none(app: App) -> None:
    old, targets = app.publisher.entry, app.publisher.targets.targets
    app.publisher.publish(TWO)
    app.publisher.targets.targets = {**targets, **app.publisher.targets.targets}
    app.publisher.change_line({**app.publisher.entry, "candidate": {**old, "rollout": WHOLE}})
    app.clear()
    assert app.sync().to_sequence == 2


@pytest.mark.fault("A17")
def test_the_bucket_stays_and_is_told_to_nobody(app: App) -> None:
    app.publisher.publish_candidate(TWO, 1)
    app.sync()
    salt = app.database.records["rollout"]
    app.clock._jitter = 0.9
    app.sync()
    app.clear()
    assert app.database.records["rollout"] == salt
    app.sync()
    assert app.database.records["rollout"] == salt
    assert b"80000000" in salt
    assert not [path for path in app.requests if "80000000" in path]


@pytest.mark.fault("A17")
@pytest.mark.parametrize("record", [b"rot", b'{"salt":"short"}', b'{"salt":7}'])
def test_a_damaged_salt_is_drawn_anew(app: App, record: bytes) -> None:
    app.database.records["rollout"] = record
    app.publisher.publish_candidate(TWO, WHOLE)
    assert app.sync().to_sequence == 2
    assert app.database.records["rollout"] == ROLLOUT.format(Rollout("80000000" * 4))


def test_a_candidate_becomes_current_without_another_download(app: App) -> None:
    app.publisher.publish_candidate(TWO, WHOLE)
    app.sync()
    app.publisher.change_line({k: v for k, v in app.publisher.entry["candidate"].items() if k != "rollout"})
    outcome = app.sync()
    assert (outcome.plan, app.sequence) == ("none", 2)


# Yanked ------------------------------------------------------------------------------------------------


def yank(app: App, *sequences: int) -> None:
    app.publisher.change_line({**app.publisher.entry, "yanked": list(sequences)})


@pytest.mark.fault("D48")
def test_a_candidate_that_is_taken_back_stays_where_it_is_until_a_newer_release(app: App) -> None:
    app.publisher.publish_candidate(TWO, WHOLE)
    app.sync()
    line = app.publisher.entry
    for change in ({"candidate": {**line["candidate"], "rollout": 0}}, {"yanked": [2], "candidate": None}):
        app.publisher.change_line({**line, **change})
        outcome = app.sync()
        assert (outcome.plan, outcome.to_sequence, app.sequence) == ("none", 2, 2)
        assert app.check().reason is None
    assert app.sync(force=True).plan == "none"
    app.publisher.publish(ONE)
    assert app.sync().to_sequence == 3
    assert app.content() == {key: document["chunks"] for key, document in ONE.items()}


@pytest.mark.fault("A4")
def test_an_older_release_that_knows_nothing_of_the_installed_one_is_refused(app: App) -> None:
    line = dict(app.publisher.entry)
    targets = dict(app.publisher.targets.targets)
    app.publisher.publish(TWO)
    app.sync()
    app.publisher.targets.targets = {**targets, **app.publisher.targets.targets}
    app.publisher.change_line(line)
    with pytest.raises(RollbackError):
        app.sync()


@pytest.mark.fault("D48")
@pytest.mark.parametrize("force", [False, True])
def test_a_release_that_was_downloaded_and_then_yanked_is_not_activated(app: App, force: bool) -> None:
    manifest = app.publisher.publish(TWO)
    late = manifest.segments[0].object.path
    app.host.broken = {f"objects/{manifest.sources.sha256}.gz": b"", late: ContentError("broken off")}
    with pytest.raises(ContentError):
        app.sync()
    app.host.broken = {}
    yank(app, 2)
    outcome = app.sync(force=force)
    assert (outcome.plan, app.sequence) == ("none", 1)
    assert app.check().reason == "yanked"
    app.publisher.publish(THREE)
    yank(app, 2)
    assert app.sync().to_sequence == 3
    assert app.database.objects.keys() == app.head.objects


@pytest.mark.fault("D48")
def test_a_yanked_release_is_read_on_until_the_next_one_and_never_gone_back_to(app: App) -> None:
    app.publisher.publish(TWO)
    app.sync()
    yank(app, 2)
    app.sync()
    assert app.sequence == 2
    assert app.status()["yanked"] == [2]
    app.publisher.publish(ONE)
    yank(app, 2)
    assert app.sync().to_sequence == 3
    with pytest.raises(EmptyStoreError, match="release 2 was taken back"):
        app.rollback()
    with pytest.raises(EmptyStoreError, match="release 2 was taken back"):
        app.pin(2)
    assert app.sequence == 3


@pytest.mark.fault("D48")
def test_from_a_yanked_release_the_way_back_is_open(app: App) -> None:
    app.publisher.publish(TWO)
    app.sync()
    yank(app, 2)
    app.sync()
    assert app.rollback().sequence == 1
    assert app.sync().plan == "none"
    assert app.sequence == 1


@pytest.mark.parametrize("yanked", [7, "2", [2.5], [True], [-1], ["2"], list(range(1001))], ids=lambda v: repr(v)[:20])
def test_yanked_releases_that_are_no_list_of_sequences_are_refused(app: App, yanked: Any) -> None:
    line = {**app.publisher.entry, "yanked": yanked}
    if yanked == [2.5]:  # canonical JSON has no fractions
        line["yanked"] = [None]
    app.publisher.change_line(line)
    with pytest.raises(ContentError):
        app.sync()
    assert TIMESTAMP in app.requests
