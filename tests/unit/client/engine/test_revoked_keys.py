"""A thief of the release key publishes; the publisher rotates. Every client follows the new key, by itself."""

from __future__ import annotations

import copy
import json

import pytest

from support.app import App, texts
from support.publisher import ONLINE, Publisher, TestKey
from vademecum.errors import EmptyStoreError, NetworkError, ServerError, VademecumError
from vademecum.format.objects import MAX_SEQUENCE
from vademecum.store.pointer import Head, encode_head
from vademecum.trust.metadata import TIMESTAMP

HONEST = {"a": texts("rotate the key", "run home")}
NEWER = {"a": texts("rotate the key", "run to the lamp")}
POISONED = {"a": texts("rotate the key of the thief", "run home")}


@pytest.fixture
def app() -> App:
    return App.holding(HONEST)


def steal(app: App, sequence: int, yanked: tuple[int, ...] = ()) -> None:
    """Publish as a thief does: one release, numbered at will, under metadata with the highest versions."""
    thief = copy.deepcopy(app.publisher)
    for signed in (thief.timestamp, thief.snapshot, thief.targets):
        signed.version = MAX_SEQUENCE
    thief.sequence = sequence - 1
    thief.publish(POISONED)
    thief.change_line({**thief.entry, "yanked": list(yanked)})
    show(app, thief)


def show(app: App, publisher: Publisher) -> None:
    app.host.files = publisher.files
    app.clock.advance(1)


def rotate(publisher: Publisher) -> None:
    for role in ONLINE:
        publisher.rotate(role, "new release key")


@pytest.mark.fault("E52")
@pytest.mark.parametrize("sequence", [2, 3, 5, MAX_SEQUENCE])
def test_after_a_rotation_the_new_keys_release_is_followed_higher_or_lower(app: App, sequence: int) -> None:
    steal(app, sequence, yanked=(1, 4))
    assert app.sync().to_sequence == sequence
    rotate(app.publisher)
    app.publisher.sequence = 2
    app.publisher.publish(NEWER)
    show(app, app.publisher)
    check = app.check()
    assert (check.available, check.plan) == (True, "full"), "no row of the thief's goes along"
    assert app.sync().to_sequence == 3
    assert app.content() == {"a": ["rotate the key", "run to the lamp"]}
    assert app.head.previous is None, "nobody goes back to the thief's release"
    assert app.status()["objects"] == len(app.head.objects)
    app.publisher.publish(HONEST)
    assert app.sync().to_sequence == 4, "and on from there"


@pytest.mark.fault("E52")
def test_a_revoked_release_is_told_and_is_no_way_back(app: App) -> None:
    steal(app, 2)
    app.sync()
    rotate(app.publisher)
    show(app, app.publisher)
    app.clock.advance(86_400)
    app.host.broken[TIMESTAMP] = ServerError("not deployed yet", 503)
    with pytest.raises(ServerError):
        app.sync()
    installed = app.status()["installed"]
    assert (installed["sequence"], installed["revoked"]) == (2, True), "told before there is another"
    app.host.broken.clear()
    app.publisher.publish(NEWER)
    app.publisher.publish(HONEST)
    app.database.records["head"] = encode_head(Head(app.head.current, app.head.current))
    for step in (app.rollback, app.refuse_current):
        with pytest.raises(EmptyStoreError):
            step()
    assert app.sync().to_sequence == 3
    assert not app.status()["installed"]["revoked"]


@pytest.mark.fault("E52")
def test_what_the_user_made_of_a_revoked_releases_number_counts_no_more(app: App) -> None:
    steal(app, 3)
    app.sync()
    app.rollback()
    assert app.head.refused == (3,)
    rotate(app.publisher)
    app.publisher.sequence = 2
    app.publisher.publish(NEWER)
    show(app, app.publisher)
    assert app.sync().to_sequence == 3


@pytest.mark.fault("E52")
def test_a_seed_that_the_new_key_has_signed_takes_its_place_without_network(app: App) -> None:
    steal(app, 5)
    app.sync()
    rotate(app.publisher)
    app.publisher.sequence = 2
    app.publisher.publish(NEWER)
    app.seed = dict(app.publisher.files)
    app.host.broken[TIMESTAMP] = NetworkError("away")
    assert app.sync().to_sequence == 3
    assert app.content() == {"a": ["rotate the key", "run to the lamp"]}


@pytest.mark.fault("E52")
def test_a_pin_on_a_revoked_release_lapses(app: App) -> None:
    steal(app, 3)
    app.sync()
    app.pin(3)
    rotate(app.publisher)
    app.publisher.publish(NEWER)
    show(app, app.publisher)
    assert (app.sync().to_sequence, app.head.pinned) == (2, None)


@pytest.mark.fault("E52")
def test_a_signature_that_is_none_vouches_for_nothing(app: App) -> None:
    """The thief adds the name of another key, which stays, and no signature of it."""
    app.publisher.root.add_key(TestKey("kept").key, "targets")
    app.publisher.publish_root()
    app.publisher.sign()
    app.clock.advance(86_400)
    app.sync()  # learns of it
    steal(app, MAX_SEQUENCE)
    path = f"metadata/{MAX_SEQUENCE + 2}.targets.json"
    value = json.loads(app.host.files[path])
    value["signatures"].append({"keyid": TestKey("kept").key.keyid, "sig": "00" * 64})
    thief = copy.deepcopy(app.publisher)
    thief.files = dict(app.host.files)
    thief.targets.version = MAX_SEQUENCE + 2
    data = json.dumps(value).encode()
    thief.files[path] = data
    thief.snapshot.version = thief.timestamp.version = MAX_SEQUENCE + 5
    thief.snapshot.meta["targets.json"] = type(thief.snapshot.meta["targets.json"])(MAX_SEQUENCE + 2)
    thief.sign_snapshot()
    thief.sign_timestamp()
    show(app, thief)
    assert app.sync().to_sequence == MAX_SEQUENCE
    for role in ("timestamp", "snapshot"):
        app.publisher.rotate(role, "new release key")
    app.publisher.root.revoke_key(TestKey("release").key.keyid, "targets")
    app.publisher.keys["targets"] = [TestKey("kept")]
    app.publisher.publish_root()
    app.publisher.publish(NEWER)
    show(app, app.publisher)
    assert app.sync().to_sequence == 2


def test_a_planned_rotation_moves_nobody(app: App) -> None:
    app.publisher.publish(NEWER)
    app.sync()
    app.pin(2)
    rotate(app.publisher)
    app.publisher.sign()
    app.clock.advance(86_401)
    assert app.sync().plan == "none"
    current = app.head.current
    assert current is not None
    assert (current.sequence, current.revoked, app.head.pinned) == (2, False, 2)
    assert current.root == app.publisher.root.version


def test_without_a_rotation_the_sequence_stays_a_floor(app: App) -> None:
    for documents in (NEWER, HONEST):
        app.publisher.publish(documents)
        app.sync()
    other = copy.deepcopy(app.publisher)
    other.sequence = 0
    other.publish(POISONED)
    show(app, other)
    with pytest.raises(VademecumError, match="release 3 is installed"):
        app.sync()
