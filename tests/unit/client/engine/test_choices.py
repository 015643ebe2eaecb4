"""What people decide about releases: roll back, pin, refuse, force, clear."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.app import App, texts
from support.publisher import Publisher, make_encoder
from vademecum.errors import DamagedError, EmptyStoreError, StorageError, UsageError

ONE = {"a": texts("rotate the key")}
TWO = {"a": texts("rotate the lamp")}
THREE = {"a": texts("run home")}


def sees(app: App, documents: dict[str, dict[str, list[str]]]) -> bool:
    return app.content() == {key: document["chunks"] for key, document in documents.items()}


@pytest.fixture
def app() -> App:
    """A client that has installed the first and the second release."""
    app = App(Publisher())
    app.publisher.publish(ONE)
    app.sync()
    app.publisher.publish(TWO)
    app.sync()
    return app


@pytest.mark.fault("D48")
def test_rollback(app: App) -> None:
    assert app.rollback().sequence == 1
    assert sees(app, ONE)
    assert app.events == [("rolledBack", {"sequence": 1, "version": "v1"})]
    assert app.requests == []
    status = app.status()
    assert (status["previous"]["sequence"], status["refused"]) == (2, [2])


def test_the_release_that_was_left_is_not_installed_again(app: App) -> None:
    app.rollback()
    outcome = app.sync()
    assert (outcome.plan, outcome.to_sequence, outcome.version) == ("none", 1, "v1")
    offer = app.check()
    assert (offer.available, offer.reason, offer.sequence) == (False, "refused", 2)
    assert sees(app, ONE)
    app.publisher.publish(THREE)
    assert app.sync().to_sequence == 3
    assert sees(app, THREE)


@pytest.mark.fault("C38")
@pytest.mark.parametrize("call", [App.rollback, App.refuse_current, lambda app: app.pin(2)])
def test_no_way_leads_back_to_a_damaged_release(app: App, call: Callable[[App], object]) -> None:
    """Whichever bit is wrong: also where the release would open and answer, such as in its encoder's table."""
    app.publisher.new_epoch("c" * 16, make_encoder("rotate the lamp"))  # so that it shares nothing
    app.publisher.publish(THREE)
    app.sync()
    objects = dict(app.database.objects)
    assert app.head.previous is not None
    for digest in app.head.previous.objects:
        data = objects[digest]
        for at in range(0, len(data), 61):
            app.database.objects = {**objects, digest: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]}
            with pytest.raises(DamagedError):
                call(app)
            assert sees(app, THREE)


def test_rollback_twice_goes_forward_again(app: App) -> None:
    app.rollback()
    assert app.rollback().sequence == 2
    assert sees(app, TWO)
    assert app.status()["refused"] == [1]
    assert app.sync().plan == "none"


def test_force_installs_a_refused_release(app: App) -> None:
    app.rollback()
    outcome = app.sync(force=True)
    assert (outcome.plan, outcome.from_sequence, outcome.to_sequence) == ("full", 1, 2)
    assert sees(app, TWO)
    assert app.status()["refused"] == []
    assert app.rollback().sequence == 1


def test_force_fetches_everything_anew(app: App) -> None:
    assert app.publisher.manifest is not None
    outcome = app.sync(force=True)
    assert (outcome.plan, outcome.from_sequence, outcome.to_sequence) == ("full", 2, 2)
    paths = {*app.objects}
    assert paths == {ref.path for ref in app.publisher.manifest.objects}
    assert app.rollback().sequence == 1, "the way back is not lost"


def test_a_previous_generation_that_is_damaged(app: App) -> None:
    assert app.head.current is not None and app.head.previous is not None
    only_old = app.head.previous.objects - app.head.current.objects
    for digest in only_old:
        app.database.objects[digest] = b"damaged"
    if not only_old:
        pytest.fail("the two generations share all objects")
    with pytest.raises(DamagedError):
        app.rollback()
    for digest in only_old:
        del app.database.objects[digest]
    with pytest.raises(StorageError):
        app.rollback()
    assert sees(app, TWO)
    assert app.events == []


def test_pinning_stays(app: App) -> None:
    app.pin(2)
    app.publisher.publish(THREE)
    assert app.sync().plan == "none"
    assert app.check().reason == "pinned"
    assert sees(app, TWO)
    assert app.status()["pinned"] == 2
    app.pin(None)
    app.sync()
    assert sees(app, THREE)


def test_pinning_the_previous_one_goes_back_to_it(app: App) -> None:
    app.pin(1)
    assert app.events == [("rolledBack", {"sequence": 1, "version": "v1"})]
    assert sees(app, ONE)
    assert app.status()["refused"] == []
    assert app.sync().plan == "none"
    app.pin(None)
    app.sync()
    assert sees(app, TWO), "the channel is followed again"


def test_pinning_a_damaged_previous_one(app: App) -> None:
    assert app.head.current is not None and app.head.previous is not None
    for digest in app.head.previous.objects - app.head.current.objects:
        del app.database.objects[digest]
    with pytest.raises(StorageError):
        app.pin(1)
    assert app.status()["pinned"] is None
    assert sees(app, TWO)


def test_pinning_what_is_not_there(app: App) -> None:
    with pytest.raises(UsageError, match="release 7 is not installed"):
        app.pin(7)
    assert app.status()["pinned"] is None


def test_force_goes_past_a_pin(app: App) -> None:
    app.pin(2)
    app.publisher.publish(THREE)
    assert app.sync(force=True).to_sequence == 3
    assert sees(app, THREE)


@pytest.mark.fault("D47")
def test_a_reader_may_refuse_what_is_installed(app: App) -> None:
    assert app.refuse_current().sequence == 1
    assert sees(app, ONE)
    assert app.events == [("rolledBack", {"sequence": 1, "version": "v1"})]
    status = app.status()
    assert (status["previous"], status["refused"]) == (None, [2])
    assert app.sync().plan == "none"
    with pytest.raises(EmptyStoreError):
        app.rollback()


def test_a_reader_may_refuse_the_first_release(app: App) -> None:
    app = App(Publisher())
    app.publisher.publish(ONE)
    app.sync()
    with pytest.raises(EmptyStoreError):
        app.refuse_current()
    assert app.sequence is None
    assert app.sync().plan == "none", "it is not tried again"
    app.publisher.publish(TWO)
    app.sync()
    assert sees(app, TWO)


def test_clear_forgets_all_but_the_trust_floor(app: App) -> None:
    trust = {name: data for name, data in app.database.records.items() if name.startswith("trust/")}
    app.clear()
    assert app.database.records == trust
    assert len(trust) == 5
    assert app.database.objects == {}
    assert app.status()["installed"] is None
    app.sync()
    assert sees(app, TWO)


def test_the_status_of_an_empty_store() -> None:
    status = App(Publisher()).status()
    assert status == {
        "installed": None,
        "previous": None,
        "pinned": None,
        "refused": [],
        "policy": {
            "mode": "automatic",
            "channel": "stable",
            "connection": "unmetered",
            "maxUpdateBytes": None,
            "leastDocuments": 0,
            "activation": "now",
        },
        "channels": [],
        "local": None,
        "reasons": {},
        "latest": None,
        "seed": None,
        "yanked": [],
        "reason": None,
        "checked": None,
        "contacted": None,
        "expires": None,
        "expired": False,
        "staleSince": None,
        "lastError": None,
        "firstUse": False,
        "bytes": 0,
        "objects": 0,
    }


def test_the_status_of_a_full_one(app: App) -> None:
    status = app.status()
    assert status["installed"]["sequence"] == 2
    assert status["installed"]["version"] == "v2"
    assert (status["previous"]["sequence"], status["pinned"], status["refused"]) == (1, None, [])
    assert status["latest"] == {"sequence": 2, "version": "v2"}
    assert status["checked"] == "2026-11-21T08:00:00Z"
    assert status["expires"] == "2026-12-21T08:00:00Z"
    assert (status["expired"], status["lastError"], status["firstUse"]) == (False, None, False)
