"""Several hosts of one tree: one good one is enough, a bad one is asked last, and one that is behind is no attack."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from support.app import App, Host, texts
from support.drive import drive
from support.faults import Fuse
from support.in_hand import FixedClock, MemoryTransport
from support.publisher import NOW, Publisher
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import ContentError, NetworkError, RollbackError, ServerError, SignatureError, VademecumError
from vademecum.ports import Body, Emit, Progress, Store
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader
from vademecum.trust.metadata import TIMESTAMP

ONE = {"a": texts("rotate the key", "run home"), "b": texts("a lamp")}
TWO = {"a": texts("rotate the key", "run to the lamp"), "b": texts("a lamp"), "c": texts("home")}
THREE = {"c": texts("home"), "d": texts("the key and the lamp")}
DAY = 86_400
GARBAGE: dict[str, bytes | VademecumError] = {
    "network": NetworkError("no answer"),
    "server": ServerError("broken", 500),
    "gone": ServerError("no such file", 404),
    "html": b"<!doctype html><html></html>",
    "empty": b"",
    "too long": bytes(3_000_000),
}


class Logged(MemoryTransport):
    """Says in one log who was asked for what."""

    def __init__(self, name: str, files: Mapping[str, bytes | VademecumError], log: list[tuple[str, str]]) -> None:
        super().__init__(files)
        self._name, self._log = name, log

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        self._log.append((self._name, path))
        if progress is not None:
            progress(1)
        return await super().fetch(path, limit=limit, fresh=fresh, progress=progress)


@dataclass
class Mirrored(App):
    """An app that knows hosts `a` and `b`, in this order; each has files of its own, and trouble of its own."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.a, self.b = Host(dict(self.publisher.files)), Host(dict(self.publisher.files))

    def engine(self, store: Store | None = None, fuse: Fuse | None = None, listener: Emit | None = None) -> Engine:
        assert fuse is None
        self.events, self.asked = [], []
        return Engine(
            store or MemoryStore(self.database),
            {"a": Logged("a", self.a, self.asked), "b": Logged("b", self.b, self.asked)},
            self.clock,
            trust=self.publisher.first_root,
            config=self.config,
            emit=listener or self._hear,
        )

    def publish(self, documents: Mapping[str, Mapping[str, list[str]]], *hosts: Host) -> None:
        """Publish a release; only these hosts have it."""
        self.publisher.publish(documents)
        for host in hosts:
            host.files = dict(self.publisher.files)

    def paths(self, name: str) -> list[str]:
        return [path for host, path in self.asked if host == name]


@pytest.fixture
def app() -> Mirrored:
    """Release 1 is installed, release 2 is on both hosts."""
    publisher = Publisher()
    publisher.publish(ONE)
    app = Mirrored(publisher, config=Config(retries=2, parallel=1))
    app.sync()
    app.publish(TWO, app.a, app.b)
    return app


def files_of_an_update(app: Mirrored) -> list[str]:
    other = copy.deepcopy(app)
    other.sync()
    assert set(other.paths("a")) - {"metadata/2.root.json"} and not other.paths("b"), "the first is enough"
    return [path for path in other.paths("a") if path in app.publisher.files]


@pytest.mark.fault("A9", "B29")
@pytest.mark.parametrize("kind", GARBAGE)
def test_what_one_mirror_does_not_give_is_asked_of_the_next(app: Mirrored, kind: str) -> None:
    """File by file; the update succeeds without a wait, and the bad mirror is asked last from then on."""
    files = files_of_an_update(app)
    assert {path.partition("/")[0] for path in files} == {"metadata", "releases", "objects"}
    for path in files:
        one = copy.deepcopy(app)
        one.a.broken[path] = GARBAGE[kind]
        assert one.sync().to_sequence == 2, path
        assert one.clock.slept == []
        assert "updateFailed" not in one.names()
        assert ("b", path) in one.asked
        assert one.content()["c"] == ["home"]


@pytest.mark.fault("A9", "B29")
@pytest.mark.parametrize("kind", GARBAGE)
def test_a_mirror_that_is_all_wrong_is_asked_last_for_the_rest_of_the_run(app: Mirrored, kind: str) -> None:
    app.a.broken = dict.fromkeys([*app.publisher.files, "metadata/2.root.json"], GARBAGE[kind])
    assert app.sync().to_sequence == 2
    assert 1 <= len(app.paths("a")) <= 2, "it is not asked for every file"
    app.sync()
    assert app.asked[0] == ("a", TIMESTAMP), "the next run begins as the app lists them"
    assert ("b", TIMESTAMP) in app.asked


@pytest.mark.fault("B29")
def test_waits_come_when_all_have_failed(app: Mirrored) -> None:
    path = files_of_an_update(app)[-1]
    app.a.broken[path] = b"wrong"
    app.b.hiccups[path] = ServerError("later", 503, 3.0)
    assert app.sync().to_sequence == 2
    assert app.clock.slept == [3.0]
    assert app.paths("a").count(path) == 2, "wrong twice, once past all caches: not asked again after the wait"


def test_of_several_waits_the_shortest_is_waited(app: Mirrored) -> None:
    path = files_of_an_update(app)[-1]
    app.a.hiccups[path], app.b.hiccups[path] = ServerError("later", 503, 5.0), ServerError("later", 503, 3.0)
    assert app.sync().to_sequence == 2
    assert app.clock.slept == [3.0]


def test_when_all_fail_the_error_is_that_which_may_pass(app: Mirrored) -> None:
    app.config = Config(retries=0, idle_check_age=0)
    app.a.broken[TIMESTAMP] = b"wrong"
    app.b.broken[TIMESTAMP] = NetworkError("no answer")
    with pytest.raises(NetworkError):
        app.sync()
    assert app.detail("updateFailed")["willRetry"] is True
    app.b.broken[TIMESTAMP] = b"wrong"
    with pytest.raises(ContentError):
        app.sync()
    assert app.sequence == 1
    app.a.broken.clear()
    assert app.sync().to_sequence == 2


@pytest.mark.fault("B21", "B29")
def test_a_mirror_that_asks_to_be_left_alone_is_while_the_other_is_asked(app: Mirrored) -> None:
    app.a.hiccups[TIMESTAMP] = ServerError("later", 503, 7200)
    assert app.sync().to_sequence == 2
    assert len(app.paths("a")) == 1
    assert "retry" not in app.database.records, "the other one asked for nothing"
    app.config = Config(idle_check_age=0)
    app.a.hiccups[TIMESTAMP] = ServerError("later", 503, 7200)
    app.b.broken = dict.fromkeys([*app.publisher.files], NetworkError("no answer"))
    with pytest.raises(NetworkError):
        app.sync()
    assert app.paths("a").count(TIMESTAMP) == 1, "not even when the other one fails"
    assert "retry" not in app.database.records


@pytest.mark.fault("B21", "B29")
def test_when_all_ask_to_be_left_alone_nobody_is_asked(app: Mirrored) -> None:
    app.a.hiccups[TIMESTAMP] = ServerError("later", 503, 7200)
    app.b.hiccups[TIMESTAMP] = ServerError("later", 429, 3600)
    with pytest.raises(ServerError) as caught:
        app.sync()
    assert caught.value.retry_after == 3600, "the first that may be asked again"
    app.clock.advance(3599)
    with pytest.raises(ServerError) as caught:
        app.sync()
    assert (app.asked, caught.value.retry_after) == ([], 1.0)
    forced = copy.deepcopy(app)
    assert forced.sync(force=True).to_sequence == 2
    app.clock.advance(2)
    assert app.sync().to_sequence == 2


def test_a_host_that_asks_to_be_left_alone_in_the_middle_is(app: Mirrored) -> None:
    files = files_of_an_update(app)
    app.a.broken = dict.fromkeys(app.publisher.files, NetworkError("no answer"))
    app.b.broken[files[-1]] = ServerError("later", 503, 7200)
    with pytest.raises(VademecumError):
        app.sync()
    assert app.paths("b").count(files[-1]) == 1
    assert "retry" not in app.database.records, "the other one may answer before that"


def test_one_host_that_asks_to_be_left_alone_is_so_for_the_rest_of_the_run() -> None:
    transport = MemoryTransport({"x": ServerError("later", 503, 7200), "y": b"y"})
    downloader = Downloader(transport, FixedClock(NOW), Config())
    for path in ("x", "y"):
        with pytest.raises(ServerError) as caught:
            drive(downloader.fetch(path, 10))
        assert caught.value.retry_after == 7200
    assert transport.requests == ["x"]


def test_a_short_wait_beside_a_final_answer_leaves_nobody_alone() -> None:
    transport = MemoryTransport({"x": ServerError("gone", 410, 1), "y": b"y"})
    downloader = Downloader(transport, FixedClock(NOW), Config())
    with pytest.raises(ServerError):
        drive(downloader.fetch("x", 10))
    assert drive(downloader.fetch("y", 10)) == b"y"


@pytest.mark.fault("B23", "B29")
def test_progress_never_goes_back_nor_beyond_the_whole(app: Mirrored) -> None:
    """The first mirror sends wrong bytes, and more of them than there should be."""
    for path, data in app.publisher.files.items():
        if path.startswith("objects/"):
            app.a.broken[path] = bytes(len(data) + 1)
    app.sync()
    shares = [detail["percentage"] for name, detail in app.events if name == "updateProgress"]
    assert shares == sorted(shares)
    assert shares[-1] == 100


# Mirrors of different age ------------------------------------------------------------------------


@pytest.mark.fault("A4", "B25", "B29")
def test_a_mirror_that_is_behind_is_no_attack(app: Mirrored) -> None:
    """It shows an older timestamp, signed well: the next one is asked, and it last for the rest of the run."""
    app.sync()
    app.publish(THREE, app.b)
    app.a.files = {path: app.publisher.files[path] for path in app.a.files if "timestamp" not in path}
    app.a.files = dict(app.a.files) | {TIMESTAMP: old_timestamp()}
    outcome = app.sync()
    assert (outcome.to_sequence, outcome.reason) == (3, None)
    assert len(app.paths("a")) == 2, "its next root, and its timestamp"
    assert "updateFailed" not in app.names()
    assert app.status()["staleSince"] is None


def old_timestamp() -> bytes:
    publisher = Publisher()
    publisher.publish(ONE)
    return publisher.files[TIMESTAMP]


@pytest.mark.fault("A4", "B25")
def test_when_all_mirrors_are_behind_the_new_stays(app: Mirrored) -> None:
    app.sync()
    before = app.database.records["trust/timestamp.json"], app.content()
    for host in (app.a, app.b):
        host.broken[TIMESTAMP] = old_timestamp()
    for _ in range(2):
        outcome = app.sync()
        assert (outcome.plan, outcome.to_sequence, outcome.reason) == ("none", 2, "stale-mirror")
        assert app.events == []
        assert app.check().reason == "stale-mirror"
        assert (app.database.records["trust/timestamp.json"], app.content()) == before
        assert app.status()["staleSince"] == "2026-11-21T08:00:00Z", "since it was first seen"
        app.clock.advance(3600)
    assert app.status()["checked"] == "2026-11-21T08:00:00Z", "what is behind is no full check"
    app.clock.advance(40 * DAY)
    with pytest.raises(VademecumError) as caught:
        app.sync()
    assert caught.value.code == "expired", "for ever behind is what expiry is for"
    assert app.content() == before[1]


@pytest.mark.fault("A4")
def test_what_is_trusted_already_is_installed_though_the_pointer_is_old(app: Mirrored) -> None:
    """The pointer was seen, the objects were not there yet; now a cache shows the old pointer beside them."""
    held = {path: data for path, data in app.publisher.files.items() if path.startswith("objects/")}
    for host in (app.a, app.b):
        host.broken = {path: ServerError("no such file", 404) for path in held}
    with pytest.raises(ServerError):
        app.sync()
    for host in (app.a, app.b):
        host.broken = {TIMESTAMP: old_timestamp()}
    assert app.sync().to_sequence == 2


@pytest.mark.fault("A5", "B29")
def test_a_rollback_under_a_newer_pointer_is_an_attack_on_every_mirror(app: Mirrored) -> None:
    app.sync()
    app.publisher.snapshot.version = 1
    app.publisher.write_snapshot()
    app.publisher.sign_timestamp()
    evil = dict(app.publisher.files)
    app.a.files = evil
    assert app.sync().to_sequence == 2, "one good mirror is enough"
    app.b.files = evil
    with pytest.raises(RollbackError):
        app.sync()
    assert app.sequence == 2


@pytest.mark.fault("B29")
def test_a_mirror_that_stands_still_is_found_out_at_the_daily_walk(app: Mirrored) -> None:
    app.sync()
    app.publish(THREE, app.b)
    assert app.sync().plan == "none"
    assert app.asked == [("a", TIMESTAMP)], "an idle check is one request, whoever else may be newer"
    app.clock.advance(DAY)
    assert app.sync().to_sequence == 3
    app.publish(TWO, app.b)
    assert app.sync().to_sequence == 4, "from now on it shows older metadata than the trusted ones"
    assert set(app.paths("a")) <= {TIMESTAMP, "metadata/2.root.json"}


@pytest.mark.fault("B29")
def test_the_daily_walk_waits_for_no_mirror_that_has_no_news(app: Mirrored) -> None:
    app.sync()
    app.clock.advance(DAY)
    app.b.broken = dict.fromkeys([*app.publisher.files, "metadata/2.root.json"], NetworkError("no answer"))
    assert app.sync().plan == "none"
    assert app.clock.slept == []
    assert len(app.paths("b")) == 1
    assert app.events == []


@pytest.mark.fault("A15", "B29")
def test_new_keys_are_learnt_from_the_mirror_that_has_them(app: Mirrored) -> None:
    """The mirror that is behind still has the old root, and what the revoked key signed."""
    app.sync()
    for role in ("timestamp", "snapshot", "targets"):
        app.publisher.rotate(role, "release 2")
    app.publish(THREE, app.b)
    app.clock.advance(DAY)
    assert app.sync().to_sequence == 3
    app.clock.advance(DAY)
    app.b.broken = dict.fromkeys([*app.publisher.files, "metadata/5.root.json"], NetworkError("no answer"))
    with pytest.raises((SignatureError, NetworkError)):
        app.sync()
    assert app.sequence == 3


@pytest.mark.fault("A15", "B29")
def test_a_new_root_counts_though_its_mirror_shows_nothing_else(app: Mirrored) -> None:
    """What the other mirror showed was judged by the old root, and its key may be revoked."""
    app.sync()
    app.publisher.rotate("timestamp", "release 2")
    app.publish(THREE, app.b)
    app.b.broken[TIMESTAMP] = NetworkError("no answer")
    app.clock.advance(DAY)
    with pytest.raises(NetworkError):
        app.sync()
    assert app.database.records["trust/root.json"] == app.publisher.files["metadata/2.root.json"]
