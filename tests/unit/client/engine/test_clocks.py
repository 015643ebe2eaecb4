"""Clocks that are wrong: what has expired, and who says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from support.app import App, texts
from support.drive import drive
from support.in_hand import MemoryTransport
from support.publisher import NOW, Publisher
from vademecum.engine import Engine
from vademecum.errors import ClockError, ExpiredError, TrustError
from vademecum.ports import Body, Progress
from vademecum.runtime.memory import MemoryStore
from vademecum.trust.clock_check import TOLERANCE, judge_expiry, require_past

ONE = {"a": texts("rotate the key", "run home"), "b": texts("a lamp")}
TWO = {"a": texts("rotate the key", "run to the lamp"), "c": texts("home")}
SECOND = timedelta(seconds=1)


@pytest.fixture
def app() -> App:
    return App.holding(ONE)


class Telling(MemoryTransport):
    """A host whose answers tell the time."""

    host_time: datetime | None = None

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        return replace(await super().fetch(path, limit=limit, fresh=fresh, progress=progress), host_time=self.host_time)


def sync_where_the_host_says(app: App, host_time: datetime | None) -> None:
    transport = Telling(app.host)
    transport.host_time = host_time
    engine = Engine(MemoryStore(app.database), transport, app.clock, trust=app.publisher.first_root, config=app.config)
    drive(engine.sync())


@pytest.mark.fault("A6")
@pytest.mark.parametrize(
    ("host_time", "kind"),
    [
        (NOW, ClockError),
        (NOW + timedelta(days=200), ExpiredError),
        (NOW + timedelta(days=200) - TOLERANCE, ExpiredError),
        (NOW + timedelta(days=200) - TOLERANCE - SECOND, ClockError),
        (NOW + timedelta(days=200) + TOLERANCE + SECOND, ClockError),
        (None, ExpiredError),
    ],
)
def test_a_clock_that_is_ahead_of_the_host(app: App, host_time: datetime | None, kind: type[TrustError]) -> None:
    app.publisher.publish(TWO)
    app.clock.advance(timedelta(days=200).total_seconds())
    with pytest.raises(TrustError) as caught:
        sync_where_the_host_says(app, host_time)
    assert type(caught.value) is kind
    assert "2027-06-09T08:00:00Z" in caught.value.message, "what the clock says"
    last = app.status()["lastError"]
    assert (last["code"], last["transient"]) == (kind.code, False)
    assert app.sequence == 1


@pytest.mark.fault("A6")
def test_what_the_host_tells_makes_nothing_acceptable(app: App) -> None:
    """Only the error differs: the time of an answer is not signed."""
    app.publisher.publish(TWO)
    app.clock.advance(timedelta(days=200).total_seconds())
    for host_time in (NOW, NOW - timedelta(days=9000), datetime.max.replace(tzinfo=UTC)):
        with pytest.raises(ClockError):
            sync_where_the_host_says(app, host_time)
    assert app.sequence == 1


@pytest.mark.fault("A6")
def test_a_clock_that_is_behind_the_release(app: App) -> None:
    """Whether anything has expired cannot be said, so nothing is installed; reading goes on."""
    app.publisher.publish(TWO)
    app.clock.advance(-(TOLERANCE + SECOND).total_seconds())
    with pytest.raises(ClockError, match=r"release 2 was built on 2026-11-21.*clock says 2026-11-20"):
        app.sync()
    assert app.sequence == 1
    app.content()
    app.clock.advance(1)
    assert app.sync().to_sequence == 2
    assert app.status()["lastError"] is None


def test_an_installed_release_is_not_asked_about(app: App) -> None:
    app.clock.advance(-timedelta(days=3).total_seconds())
    assert app.sync().plan == "none"


def test_the_limits() -> None:
    publisher = Publisher()
    manifest = publisher.publish(ONE)
    built = datetime.fromisoformat(manifest.built)
    require_past(manifest, built - TOLERANCE)
    with pytest.raises(ClockError):
        require_past(manifest, built - TOLERANCE - SECOND)
    error = judge_expiry(ExpiredError("timestamp.json expired"), NOW, None)
    assert error.message == (
        "timestamp.json expired (this device's clock says 2026-11-21T08:00:00Z): nothing new is installed until the "
        "publisher signs again"
    )
