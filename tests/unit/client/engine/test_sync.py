"""The engine when all goes well: what it asks for, what it installs, what it tells."""

from __future__ import annotations

import gzip
import logging
from dataclasses import replace

import pytest

from support.app import App, shown, texts
from support.drive import drive
from support.publisher import Publisher, make_encoder
from vademecum.config import Config
from vademecum.errors import ContentError, RollbackError
from vademecum.update.results import Check

ONE = {"a": texts("rotate the key", "run home", title="A"), "b": texts("a lamp")}
TWO = {"a": texts("rotate the key", "run to the lamp", title="A"), "b": texts("a lamp")}


@pytest.fixture
def app() -> App:
    """A client that has installed the first release."""
    app = App(Publisher())
    app.publisher.publish(ONE)
    app.sync()
    return app


def test_a_first_install(app: App) -> None:
    app = App(app.publisher)
    outcome = app.sync()
    assert (outcome.from_sequence, outcome.to_sequence, outcome.version, outcome.plan) == (None, 1, "v1", "full")
    assert app.content() == shown(ONE)
    assert outcome.requests == len(app.requests) == 7
    assert outcome.bytes == sum(len(app.publisher.files[path]) for path in app.requests if "2.root" not in path)
    assert outcome.seconds == 0
    assert app.status()["installed"]["installed"] == "2026-11-21T08:00:00Z"


def test_an_update_fetches_what_changed(app: App) -> None:
    manifest = app.publisher.publish(TWO)
    outcome = app.sync()
    assert (outcome.from_sequence, outcome.to_sequence, outcome.plan) == (1, 2, "tiers")
    assert app.objects == [manifest.segments[0].object.path]
    assert app.content() == shown(TWO)
    assert app.head.previous is not None and app.head.previous.sequence == 1


def test_an_update_over_several_releases(app: App) -> None:
    app.publisher.publish(TWO)
    app.publisher.publish({**TWO, "c": texts("run")})
    manifest = app.publisher.publish({"a": TWO["a"], "c": texts("run")})
    assert [(entry.after, entry.upto) for entry in manifest.segments] == [(3, 4), (2, 3), (1, 2), (0, 1)]
    outcome = app.sync()
    assert (outcome.from_sequence, outcome.to_sequence, outcome.plan) == (1, 4, "tiers")
    assert app.objects == [entry.object.path for entry in manifest.segments[:3]]
    assert app.content() == {"a": ["rotate the key", "run to the lamp"], "c": ["run"]}


def test_merged_tiers_replace_those_that_they_cover(app: App) -> None:
    """The publisher merges what it had cut; rows lie twice in the store until nothing needs the old ones."""
    app.publisher.publish(TWO)
    app.sync()
    app.publisher.borders.remove(1)
    app.publisher.publish({**TWO, "c": texts("run")})
    app.sync()
    app.publisher.borders.remove(2)
    app.publisher.borders.remove(3)
    manifest = app.publisher.publish({**TWO, "d": texts("home")})
    assert len(manifest.segments) == 1
    app.sync()
    assert app.content() == {**shown(TWO), "d": ["home"]}
    assert app.head.current is not None
    assert app.head.current.segments == (manifest.segments[0].object.sha256,)


def test_nothing_new_is_one_request_within_a_day(app: App) -> None:
    app.clock.advance(86_399)
    outcome = app.sync()
    assert (outcome.plan, outcome.requests, outcome.to_sequence, outcome.version) == ("none", 1, 1, "v1")
    assert app.requests == ["metadata/timestamp.json"]
    assert outcome.bytes == len(app.publisher.files["metadata/timestamp.json"])
    assert app.events == []


def test_after_a_day_the_whole_metadata_are_walked_again(app: App) -> None:
    app.clock.advance(86_400)
    assert app.sync().plan == "none"
    walked = ["metadata/2.root.json", "metadata/timestamp.json"]
    assert app.requests == [*walked, "metadata/1.snapshot.json", "metadata/1.targets.json"], "or another of its version"
    assert app.status()["checked"] == "2026-11-22T08:00:00Z"
    app.clock.advance(60)
    app.sync()
    assert len(app.requests) == 1


def test_idle_checks_do_not_put_the_complete_one_off(app: App) -> None:
    for _ in range(3):
        app.clock.advance(28_800 - 1)
        app.sync()
        assert len(app.requests) == 1
    status = app.status()
    assert (status["checked"], status["contacted"]) == ("2026-11-21T08:00:00Z", "2026-11-22T07:59:57Z")
    app.clock.advance(3)
    app.sync()
    assert "metadata/2.root.json" in app.requests


def test_a_clock_that_was_turned_back_is_no_reason_to_be_idle(app: App) -> None:
    app.clock.advance(-60)
    app.sync()
    assert "metadata/2.root.json" in app.requests


def test_the_age_is_an_option(app: App) -> None:
    app.config = Config(idle_check_age=0)
    app.sync()
    assert "metadata/2.root.json" in app.requests


def test_deletion(app: App) -> None:
    app.publisher.publish({"b": texts("a lamp")})
    assert app.sync().plan == "tiers"
    assert app.content() == {"b": ["a lamp"]}


def test_deletion_with_many_dimensions_left_alone(app: App) -> None:
    """The newest segment holds nothing but a tombstone."""
    manifest = app.publisher.publish({"a": ONE["a"]})
    assert (manifest.segments[0].documents, manifest.segments[0].chunks) == (1, 0)
    app.sync()
    assert app.content() == {"a": ["rotate the key", "run home"]}


def test_deletion_and_return(app: App) -> None:
    app.publisher.publish({"b": texts("a lamp")})
    app.sync()
    app.publisher.publish(ONE)
    assert app.sync().plan == "tiers"
    assert app.content() == shown(ONE)
    app.publisher.publish({"b": texts("a lamp")})
    app.publisher.publish(ONE)
    app.sync()
    assert app.content() == shown(ONE)


def test_a_change_of_metadata_alone(app: App) -> None:
    manifest = app.publisher.publish({**ONE, "b": texts("a lamp", url="b.html", metadata={"x": 1})})
    assert (manifest.segments[0].documents, manifest.segments[0].chunks) == (1, 0)
    app.sync()
    assert app.objects == [manifest.segments[0].object.path]
    assert app.content() == shown(ONE)


def test_from_empty_to_full_and_back() -> None:
    app = App(Publisher())
    manifest = app.publisher.publish({})
    assert manifest.segments == ()
    assert app.sync().plan == "full"
    assert app.content() == {}
    app.publisher.publish(ONE)
    assert app.sync().plan == "tiers"
    assert app.content() == shown(ONE)
    app.publisher.publish({})
    app.sync()
    assert app.content() == {}
    assert app.sequence == 3


def test_a_new_epoch_is_a_full_download(app: App) -> None:
    app.publisher.new_epoch("fedcba9876543210", make_encoder("another encoder for the lamp and the key"))
    manifest = app.publisher.publish(ONE)
    assert app.sync().plan == "full"
    assert app.objects == [ref.path for ref in manifest.objects]
    assert app.content() == shown(ONE)


def test_a_full_plan_uses_objects_of_the_same_content(app: App) -> None:
    """The encoder is another, but the epoch's name changed alone would not fetch it again."""
    app.publisher.new_epoch("fedcba9876543210", app.publisher.encoder)
    manifest = app.publisher.publish(ONE)
    assert app.sync().plan == "full"
    assert app.objects == [manifest.segments[0].object.path]


def test_a_host_that_undoes_the_gzip(app: App) -> None:
    manifest = app.publisher.publish(TWO)
    path = manifest.segments[0].object.path
    app.publisher.files[path] = gzip.decompress(app.publisher.files[path])
    app.sync()
    assert app.content() == shown(TWO)


# Check -------------------------------------------------------------------------------------------


def test_check_offers_and_installs_nothing(app: App) -> None:
    manifest = app.publisher.publish(TWO)
    offer = app.check()
    size = manifest.segments[0].object.size
    cost = size + len(app.database.records["trust/timestamp.json"] or b"") + app.publisher.hint["length"]
    assert offer == Check(True, 2, "v2", "tiers", size, 1, cost=cost, documents=1, decision="install")
    assert app.detail("updateAvailable") == {
        "available": True,
        "sequence": 2,
        "version": "v2",
        "plan": "tiers",
        "bytes": size,
        "installed": 1,
        "reason": None,
        "cost": cost,
        "documents": 1,
        "critical": False,
        "decision": "install",
    }
    assert app.sequence == 1
    assert app.status()["latest"] == {"sequence": 2, "version": "v2"}
    assert app.sync().to_sequence == 2


def test_check_without_news(app: App) -> None:
    assert app.check() == Check(False, 1, "v1", installed=1)
    assert app.events == []


def test_check_before_the_first_install() -> None:
    app = App(Publisher())
    app.publisher.publish(ONE)
    offer = app.check()
    assert (offer.available, offer.plan, offer.installed) == (True, "full", None)
    assert app.content() == {}


# Events ------------------------------------------------------------------------------------------


def test_events_of_an_update(app: App) -> None:
    manifest = app.publisher.publish(TWO)
    outcome = app.sync()
    assert app.names() == [
        "updateStarted",
        "updateProgress downloading",
        "updateProgress verifying",
        "updateProgress installing",
        "updateCompleted",
    ]
    total = manifest.segments[0].object.size
    assert app.detail("updateStarted") == {"sequence": 2, "version": "v2", "plan": "tiers", "totalBytes": total}
    completed = {"sequence": 2, "version": "v2", "plan": "tiers", "bytes": outcome.bytes}
    assert app.detail("updateCompleted") == completed
    progress = [detail for name, detail in app.events if name == "updateProgress"]
    told = {"stage", "plan", "percentage", "bytes", "totalBytes"}
    assert [set(detail) for detail in progress] == [told] * len(progress)
    shares = [detail["percentage"] for detail in progress]
    assert shares == sorted(shares)
    assert (shares[-1], progress[-1]["bytes"], progress[-1]["totalBytes"]) == (100, total, total)


@pytest.mark.fault("B23")
def test_progress_stays_below_100_when_a_host_undoes_the_gzip(app: App) -> None:
    app = App(app.publisher)
    for path, data in app.publisher.files.items():
        if path.startswith("objects/"):
            app.publisher.files[path] = gzip.decompress(data)
    app.sync()
    assert max(detail["percentage"] for name, detail in app.events if name == "updateProgress") == 100
    totals = [(d["bytes"], d["totalBytes"]) for name, d in app.events if name == "updateProgress"]
    assert all(count <= total for count, total in totals)


def test_a_listener_that_throws_changes_nothing(app: App, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def listener(name: str, detail: object) -> None:
        heard.append(name)
        raise RuntimeError("the app's own bug")

    app.publisher.publish(TWO)
    assert drive(app.engine(listener=listener).sync()).to_sequence == 2
    assert app.content() == shown(TWO)
    assert (heard[0], heard[-1]) == ("updateStarted", "updateCompleted")
    assert ("vademecum", logging.ERROR, "a listener of updateStarted failed") in caplog.record_tuples


# What the signed targets must say ----------------------------------------------------------------


def test_a_release_that_was_built_for_another_channel_counts_where_the_targets_name_it(app: App) -> None:
    app.publisher.change = lambda manifest: replace(manifest, channel="beta")
    app.publisher.publish(TWO)
    app.sync()
    assert app.content() == shown(TWO)


def test_a_manifest_of_another_release(app: App) -> None:
    app.publisher.publish(TWO)
    app.publisher.targets.unrecognized_fields["vademecum"]["channels"]["stable"]["sequence"] = 3
    app.publisher.sign()
    with pytest.raises(ContentError, match="the signed targets say 3"):
        app.sync()
    assert app.content() == shown(ONE)


@pytest.mark.fault("A5")
@pytest.mark.parametrize("force", [False, True])
def test_an_older_release_is_refused(app: App, force: bool) -> None:
    """Signed well, in newer metadata: even so a sequence never falls."""
    old = app.publisher.manifest
    assert old is not None
    app.publisher.publish(TWO)
    app.sync()
    app.publisher.announce(old)
    with pytest.raises(RollbackError, match="offers release 1, release 2 is installed"):
        app.sync(force=force)
    with pytest.raises(RollbackError):
        app.check()
    assert app.content() == shown(TWO)


@pytest.mark.parametrize(
    ("config", "message", "folder"),
    [
        (Config(max_manifest=100), "more than 100", "releases/"),
        (Config(max_release=1000), "more than 1000", "objects/"),
    ],
)
def test_what_is_too_large_is_not_fetched(app: App, config: Config, message: str, folder: str) -> None:
    app.publisher.publish(TWO)
    app.config = config
    with pytest.raises(ContentError, match=message):
        app.sync()
    assert not any(path.startswith(folder) for path in app.requests)
    assert app.content() == shown(ONE)


def test_channels_are_followed_separately() -> None:
    app = App(Publisher(channel="beta"), config=Config(channel="beta"))
    app.publisher.publish(ONE)
    assert app.sync().to_sequence == 1
    app.config = Config()
    with pytest.raises(ContentError, match="there is no channel stable; the published channels are: beta"):
        app.sync()
