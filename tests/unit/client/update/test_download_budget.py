"""A run that may download only so much: it pauses between two objects, and the next one goes on from there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.app import App, texts
from support.publisher import Publisher
from vademecum.config import Config
from vademecum.errors import BudgetError, NetworkError
from vademecum.format.objects import ObjectRef
from vademecum.policy import Policy
from vademecum.update.download import Budget

RELEASES = [
    {"a": texts("rotate the key")},
    {"a": texts("rotate the key"), "b": texts("a lamp")},
    {"a": texts("rotate the key"), "b": texts("a lamp"), "c": texts("run home")},
    {"a": texts("rotate the key"), "b": texts("a lamp"), "c": texts("run home"), "d": texts("the lamp")},
]

OFFLINE = NetworkError("no answer")


@pytest.fixture
def app() -> App:
    """Nothing is installed; the release has five objects: four tiers and the encoder."""
    publisher = Publisher()
    for documents in RELEASES:
        publisher.publish(documents)
    return App(publisher, config=Config(retries=0, parallel=2, max_update_bytes=1))


@pytest.mark.fault("B28")
def test_a_run_pauses_between_two_objects_and_the_next_one_goes_on(app: App) -> None:
    """Here the budget is so small that each run brings one object, in as many runs as there are objects."""
    brought: list[str] = []
    for _ in range(4):
        with pytest.raises(BudgetError, match="paused"):
            app.sync()
        assert app.detail("updateFailed")["code"] == "budget"
        assert app.detail("updateFailed")["willRetry"] is True
        error = app.status()["lastError"]
        assert error["code"] == "budget"
        assert app.sequence is None, "never a part of a release"
        assert len(app.objects) == 1
        brought += app.objects
        assert len(app.database.objects) == len(brought)
    assert app.sync().to_sequence == 4
    brought += app.objects
    assert len(brought) == len(set(brought)) == 5, "each is fetched once"
    assert app.content() == {key: value["chunks"] for key, value in RELEASES[-1].items()}
    assert app.status()["lastError"] is None


def test_what_a_run_has_brought_stays_while_its_release_waits(app: App) -> None:
    with pytest.raises(BudgetError):
        app.sync()
    brought = dict(app.database.objects)
    app.policy = Policy(mode="notify")
    assert app.sync(unasked=True).offer is not None
    assert app.database.objects == brought


@pytest.mark.fault("B28")
def test_the_old_release_answers_while_an_update_is_paused() -> None:
    publisher = Publisher()
    publisher.publish(RELEASES[0])
    app = App(publisher, config=Config(retries=0))
    app.sync()
    for documents in RELEASES[1:]:
        publisher.publish(documents)
    app.config = replace(app.config, max_update_bytes=1)
    runs = 0
    while app.sequence == 1:
        assert app.content() == {"a": ["rotate the key"]}
        try:
            app.sync()
        except BudgetError:
            runs += 1
    assert (runs, app.sequence) == (2, 4)


@pytest.mark.fault("B28")
def test_what_a_paused_update_left_is_no_burden_when_a_newer_release_comes(app: App) -> None:
    with pytest.raises(BudgetError):
        app.sync()
    left = set(app.database.objects)
    app.publisher.borders = [0]  # all in one segment: what was fetched is of no use, unless it is the encoder
    app.publisher.publish({"e": texts("key key")})
    app.config = Config(retries=0)
    app.sync()
    assert app.head.current is not None
    assert set(app.database.objects) == app.head.current.objects
    assert not left & set(app.database.objects) or left <= {app.head.current.encoder}


@pytest.mark.fault("B28")
def test_a_forced_update_has_no_budget(app: App) -> None:
    assert app.sync(force=True).to_sequence == 4


def test_what_is_fetched_anew_is_fetched_at_once() -> None:
    """What the store has lost is mended within the run, whatever the budget: the next one would begin anew."""
    publisher = Publisher()
    for documents in RELEASES[:2]:
        publisher.publish(documents)
    app = App(publisher, config=Config(retries=0))
    app.sync()
    assert app.head.current is not None
    lost = app.head.current.segments[-1]
    app.database.objects[lost] = app.database.objects[lost][:-1] + b"!"
    publisher.publish(RELEASES[2])
    app.config = Config(retries=0, max_update_bytes=1)
    assert app.sync().to_sequence == 3
    assert app.objects[1:] == [f"objects/{lost}.gz"]


def test_a_seed_costs_nothing(app: App) -> None:
    app.seed, app.host.broken = dict(app.publisher.files), dict.fromkeys(app.publisher.files, OFFLINE)
    app.permission = lambda: False
    assert app.sync().to_sequence == 4


class Connection:
    """One over which `objects` more may be downloaded; then somebody minds."""

    def __init__(self, objects: int) -> None:
        self.objects = objects

    def __call__(self) -> bool:
        self.objects -= 1
        return self.objects >= 0


@pytest.mark.fault("B28")
def test_a_connection_that_becomes_metered_pauses_the_update_between_two_objects(app: App) -> None:
    app.config = Config(retries=0, parallel=2)
    app.permission = Connection(2)
    with pytest.raises(BudgetError, match=r"paused: 3 files of \d+ bytes left; the next run goes on"):
        app.sync()
    brought = app.objects
    assert (app.sequence, len(brought), len(app.database.objects)) == (None, 2, 2)
    assert app.detail("updateFailed")["willRetry"] is True
    app.permission = Connection(0)
    with pytest.raises(BudgetError):
        app.sync()
    assert app.objects == []
    app.permission = Connection(3)
    assert app.sync().to_sequence == 4
    assert len(brought + app.objects) == len(set(brought + app.objects)) == 5, "each is fetched once"


def test_who_forces_an_update_is_not_asked_about_the_connection(app: App) -> None:
    app.permission = lambda: False
    assert app.sync(force=True).to_sequence == 4


def test_what_fits_is_not_paused(app: App) -> None:
    app.config = Config(retries=0, max_update_bytes=10_000_000)
    assert app.sync().to_sequence == 4


def test_the_metadata_count_too(app: App) -> None:
    free = App(app.publisher, config=Config(retries=0))
    outcome = free.sync()
    app.config = Config(retries=0, max_update_bytes=outcome.total_bytes)
    with pytest.raises(BudgetError):
        app.sync()
    app = App(app.publisher, config=Config(retries=0, max_update_bytes=outcome.bytes))
    assert app.sync().to_sequence == 4


@pytest.mark.parametrize(
    ("spent", "budget", "first"),
    [(0, None, 3), (0, 60, 3), (0, 59, 2), (0, 30, 2), (0, 29, 1), (10, 30, 1), (0, 0, 1), (99, 5, 1)],
)
def test_what_a_run_may_begin(spent: int, budget: int | None, first: int) -> None:
    refs = [ObjectRef(digit * 64, size, size) for digit, size in (("1", 10), ("2", 20), ("3", 30))]
    now, later = Budget(budget).split(refs, spent)
    assert [*now, *later] == refs
    assert len(now) == first
