"""One number for two things, and a line that begins anew: signed well, and told; what was taken first stays."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from tuf.api.metadata import MetaFile

from support.app import App, texts
from support.drive import drive
from support.publisher import Publisher
from vademecum.errors import EquivocationError, NetworkError, RestartedError
from vademecum.integrity.inspection import examine
from vademecum.runtime.memory import MemoryStore
from vademecum.trust.metadata import TIMESTAMP

FIRST = {"a": texts("rotate the key")}
OTHER = {"a": texts("run home")}
NEWER = {"a": texts("a lamp")}
LONG = timedelta(seconds=100)


@pytest.fixture
def app() -> App:
    return App.holding(NEWER, FIRST)


def is_told(app: App, kind: type[Exception], code: str) -> None:
    """Each time that the host is asked, and in the status, the event and the checkup; what was taken first stays."""
    for ask in (app.sync, app.sync, app.check):
        with pytest.raises(kind):
            ask()
        assert app.detail("updateFailed")["code"] == code
        assert app.status()["lastError"]["code"] == code
        assert (app.sequence, app.content()) == (2, {"a": ["rotate the key"]})
    unsound = [finding for finding in drive(examine(MemoryStore(app.database), app.clock.now())) if not finding.sound]
    assert [finding.name for finding in unsound] == ["channel"]


def ends(app: App) -> None:
    app.publisher.sequence = 2
    app.publisher.timestamp.version += 50
    app.publisher.snapshot.version += 50
    app.publisher.targets.version += 50
    app.publisher.publish(NEWER)
    app.host.files = app.publisher.files
    assert app.sync().to_sequence == 3
    assert app.status()["lastError"] is None


@pytest.mark.fault("E54")
def test_a_sequence_under_which_another_release_was_taken(app: App) -> None:
    other = copy.deepcopy(app.publisher)
    other.sequence = 1
    other.publish(OTHER)
    app.host.files = other.files
    is_told(app, EquivocationError, "equivocation")
    ends(app)


@pytest.mark.fault("E54")
def test_a_release_before_that_is_another_by_now(app: App) -> None:
    other = copy.deepcopy(app.publisher)
    other.sequence = 0
    other.publish(OTHER)
    other.change_line({**other.entry, "yanked": [2]})
    app.host.files = other.files
    is_told(app, EquivocationError, "equivocation")


@pytest.mark.fault("E54")
@pytest.mark.parametrize("days", [0, 1])
def test_another_timestamp_of_the_same_version(app: App, days: int) -> None:
    other = copy.deepcopy(app.publisher)
    other.timestamp.expires += LONG
    other.write_timestamp()
    app.host.files = other.files
    app.clock.advance(days * 86_400)
    is_told(app, EquivocationError, "equivocation")
    ends(app)


@pytest.mark.fault("E54")
def test_another_snapshot_of_the_same_version(app: App) -> None:
    other = copy.deepcopy(app.publisher)
    other.snapshot.expires += LONG
    other.write_snapshot()
    other.sign_timestamp()
    app.host.files = other.files
    is_told(app, EquivocationError, "equivocation")
    ends(app)


@pytest.mark.fault("E54")
@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_another_file_below_the_very_same_timestamp(app: App, role: str) -> None:
    """Snapshot and timestamp name a version alone, as `vade build` signs them."""
    app.publisher.snapshot.meta["targets.json"] = MetaFile(app.publisher.targets.version)
    app.publisher.sign_snapshot()
    app.publisher.timestamp.snapshot_meta = MetaFile(app.publisher.snapshot.version)
    app.publisher.sign_timestamp()
    app.sync()
    other = copy.deepcopy(app.publisher)
    getattr(other, role).expires += LONG
    getattr(other, f"write_{role}")()
    app.host.files = other.files
    assert app.sync().plan == "none", "between two complete walks an unchanged timestamp is all that is asked for"
    app.clock.advance(86_400)
    is_told(app, EquivocationError, "equivocation")
    ends(app)


@pytest.mark.fault("E54")
def test_a_seed_of_another_release_of_that_number_is_passed_over(app: App) -> None:
    other = copy.deepcopy(app.publisher)
    other.sequence = 1
    other.publish(OTHER)
    app.seed = dict(other.files)
    app.sync()
    assert app.status()["seed"]["code"] == "equivocation"
    assert app.content() == {"a": ["rotate the key"]}


@pytest.mark.fault("E54")
def test_below_the_very_same_timestamp_only_what_the_keys_signed_is_told(app: App) -> None:
    version = app.publisher.snapshot.version
    app.host.broken[f"metadata/{version}.snapshot.json"] = b"<html>"
    app.clock.advance(86_400)
    assert app.sync().plan == "none"


def test_the_same_timestamp_signed_anew_is_no_other(app: App) -> None:
    app.host.files = {**app.publisher.files, TIMESTAMP: app.publisher.files[TIMESTAMP] + b"\n"}
    assert app.sync().plan == "none"


@pytest.mark.fault("E62")
def test_a_line_that_begins_anew_is_told(app: App) -> None:
    anew = Publisher(now=app.clock.now() + LONG)
    anew.publish(OTHER)
    app.host.files = anew.files
    app.clock.advance(200)
    is_told(app, RestartedError, "restarted")
    app.host.broken = {path: NetworkError("broke off") for path in anew.files if path.startswith("releases/")}
    assert app.sync().reason == "stale-mirror", "when it was built nobody can say now"
    app.host.broken = {}
    ends(app)


@pytest.mark.fault("E62")
def test_a_mirror_that_is_behind_is_no_line_that_begins_anew(app: App) -> None:
    """Though the release that it shows was signed for longer, it was built earlier."""
    behind = copy.deepcopy(app.publisher)
    behind.sequence = behind.timestamp.version = behind.snapshot.version = behind.targets.version = 0
    behind.publish(OTHER)
    behind.timestamp.expires += LONG
    behind.write_timestamp()
    app.host.files = behind.files
    assert app.sync().reason == "stale-mirror"
