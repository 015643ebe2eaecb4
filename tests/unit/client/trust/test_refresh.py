"""The walk through the metadata: what is asked for, what is stored, and what an attacker gets."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from support.drive import drive
from support.in_hand import FixedClock, MemoryTransport
from support.publisher import NOW, Publisher, TestKey
from vademecum.config import Config
from vademecum.errors import (
    ContentError,
    ExpiredError,
    NetworkError,
    RollbackError,
    ServerError,
    SignatureError,
    VademecumError,
)
from vademecum.runtime.memory import MemoryStore
from vademecum.transport.downloader import Downloader
from vademecum.trust.floor import FIRST_USE, origin_of
from vademecum.trust.metadata import TIMESTAMP
from vademecum.trust.refresh import refresh
from vademecum.trust.walk import Refreshed, Walk

CONFIG = Config(retries=0, max_root_rotations=4)
DOCUMENTS = {"a": {"chunks": ["rotate the key"]}}


@dataclass
class Client:
    """One client: its store, and what it asked the host for in the last walk."""

    shipped: bytes | None
    store: MemoryStore = field(default_factory=MemoryStore)
    config: Config = CONFIG
    requests: list[str] = field(default_factory=list)
    broken: dict[str, bytes | VademecumError] = field(default_factory=dict)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))

    def walk(self, publisher: Publisher, now: datetime = NOW, *, idle: bool = False) -> Refreshed:
        return drive(self._walk(publisher.files, now, idle))

    async def _walk(self, files: dict[str, bytes], now: datetime, idle: bool) -> Refreshed:
        transport = MemoryTransport({**files, **self.broken})
        self.clock = FixedClock(now)
        try:
            downloader = Downloader(transport, self.clock, self.config)
            return await refresh(Walk(self.store, downloader, now, self.config), self.shipped, idle_allowed=idle)
        finally:
            self.requests = transport.requests

    def record(self, name: str) -> bytes | None:
        return drive(self.store.read(f"trust/{name}"))

    def origin(self) -> bytes | None:
        return origin_of(self.record("pin"), self.record("root.json"))

    def floor(self) -> dict[str, bytes | None]:
        return {name: self.record(f"{name}.json") for name in ("root", "timestamp", "snapshot", "targets")}


@pytest.fixture
def publisher() -> Publisher:
    publisher = Publisher()
    publisher.publish(DOCUMENTS)
    return publisher


@pytest.fixture
def client(publisher: Publisher) -> Client:
    """A client that has walked the first release."""
    client = Client(publisher.first_root)
    client.walk(publisher)
    return client


def refused(client: Client, publisher: Publisher, error: type[VademecumError], now: datetime = NOW) -> None:
    """The walk fails with this error, and the floor stays where it was."""
    before = client.floor()
    with pytest.raises(VademecumError) as caught:
        client.walk(publisher, now)
    assert type(caught.value) is error, caught.value
    assert client.floor() == before


def snapshot_of(publisher: Publisher) -> dict[str, bytes]:
    """What the host serves now, to be shown again later."""
    return dict(publisher.files)


# What is asked for, what is stored ---------------------------------------------------------------


def test_the_first_walk(publisher: Publisher) -> None:
    client = Client(publisher.first_root)
    refreshed = client.walk(publisher)
    assert refreshed.complete
    assert refreshed.trust.line("stable").current.sequence == 1
    assert client.requests == ["metadata/2.root.json", TIMESTAMP, "metadata/1.snapshot.json", "metadata/1.targets.json"]
    assert client.floor() == {
        "root": publisher.first_root,
        "timestamp": publisher.files[TIMESTAMP],
        "snapshot": publisher.files["metadata/1.snapshot.json"],
        "targets": publisher.files["metadata/1.targets.json"],
    }
    assert client.origin() == hashlib.sha256(publisher.first_root).hexdigest().encode()


def test_a_walk_without_news(publisher: Publisher, client: Client) -> None:
    assert client.walk(publisher).complete
    assert client.requests == ["metadata/2.root.json", TIMESTAMP]


def test_an_idle_walk_is_one_request(publisher: Publisher, client: Client) -> None:
    refreshed = client.walk(publisher, idle=True)
    assert not refreshed.complete
    assert refreshed.trust.line("stable").current.sequence == 1
    assert client.requests == [TIMESTAMP]


def test_between_two_complete_walks_news_come_without_a_probe_for_a_newer_root(
    publisher: Publisher, client: Client
) -> None:
    publisher.publish(DOCUMENTS)
    refreshed = client.walk(publisher, idle=True)
    assert not refreshed.complete, "the next complete walk is due when it was"
    assert refreshed.trust.line("stable").current.sequence == 2
    assert client.requests == [TIMESTAMP, "metadata/2.snapshot.json", "metadata/2.targets.json"]


@pytest.mark.fault("A15")
@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_newer_root_is_asked_for_at_once_where_something_does_not_verify(
    publisher: Publisher, client: Client, role: str
) -> None:
    publisher.rotate(role, "a new key")
    publisher.publish(DOCUMENTS)
    refreshed = client.walk(publisher, idle=True)
    assert (refreshed.trust.root_version, refreshed.trust.line("stable").current.sequence) == (2, 2)
    assert refreshed.complete
    assert "metadata/3.root.json" in client.requests, "as far as the roots lead"


def test_a_newer_root_is_asked_for_at_once_where_something_has_expired(publisher: Publisher, client: Client) -> None:
    publisher.root.expires = NOW + timedelta(days=5000)
    publisher.publish_root()
    later = NOW + timedelta(days=3001)
    publisher.now = later
    publisher.publish(DOCUMENTS)
    assert client.walk(publisher, later, idle=True).trust.root_version == 2


def test_a_revoked_key_is_noticed_at_the_next_complete_walk(publisher: Publisher, client: Client) -> None:
    thief = copy.deepcopy(publisher)
    publisher.rotate("timestamp", "a new key")
    thief.publish(DOCUMENTS)
    thief.files["metadata/2.root.json"] = publisher.files["metadata/2.root.json"]
    assert not client.walk(thief, idle=True).complete
    with pytest.raises(SignatureError):
        client.walk(thief)


@pytest.mark.parametrize("name", ["root", "snapshot", "targets"])
def test_an_idle_walk_needs_the_whole_store(publisher: Publisher, client: Client, name: str) -> None:
    drive(client.store.write({f"trust/{name}.json": None}))
    client.walk(publisher, idle=True)
    assert client.floor()[name] is not None


def test_an_idle_walk_does_not_trust_what_has_expired(publisher: Publisher, client: Client) -> None:
    with pytest.raises(ExpiredError, match=r"^timestamp\.json is expired$"):
        client.walk(publisher, NOW + timedelta(days=31), idle=True)


def test_stored_metadata_that_are_current_are_not_fetched_again(publisher: Publisher, client: Client) -> None:
    publisher.sign_timestamp()
    client.walk(publisher)
    assert client.requests == ["metadata/2.root.json", TIMESTAMP]
    publisher.sign_snapshot()
    publisher.sign_timestamp()
    client.walk(publisher)
    assert client.requests == ["metadata/2.root.json", TIMESTAMP, "metadata/2.snapshot.json"]


@pytest.mark.parametrize("name", ["timestamp", "snapshot", "targets"])
def test_damaged_records_are_fetched_again(publisher: Publisher, client: Client, name: str) -> None:
    good = client.floor()
    drive(client.store.write({f"trust/{name}.json": b"\0damaged"}))
    client.walk(publisher)
    assert client.floor() == good


# The host cannot be asked ------------------------------------------------------------------------


def test_no_answer_is_not_a_wrong_answer(publisher: Publisher, client: Client) -> None:
    client.broken[TIMESTAMP] = NetworkError("offline")
    refused(client, publisher, NetworkError)
    client.broken.clear()
    del publisher.files[TIMESTAMP]
    refused(client, publisher, ServerError)


@pytest.mark.parametrize("path", ["metadata/2.snapshot.json", "metadata/2.targets.json"])
def test_a_walk_that_broke_off_is_finished_by_the_next(publisher: Publisher, client: Client, path: str) -> None:
    publisher.publish(DOCUMENTS)
    kept = publisher.files.pop(path)
    with pytest.raises(ServerError):
        client.walk(publisher)
    assert client.record("timestamp.json") == publisher.files[TIMESTAMP], "the floor rises as it verifies"
    publisher.files[path] = kept
    assert client.walk(publisher, idle=True).trust.line("stable").current.sequence == 2


# Attacks -----------------------------------------------------------------------------------------


@pytest.mark.fault("B18")
def test_html_instead_of_metadata(publisher: Publisher, client: Client) -> None:
    publisher.publish(DOCUMENTS)
    good = snapshot_of(publisher)
    for path in (TIMESTAMP, "metadata/2.snapshot.json", "metadata/2.targets.json"):
        publisher.files = {**good, path: b"<!doctype html><title>Sign in</title>"}
        with pytest.raises(ContentError):
            client.walk(publisher)
    publisher.files = good
    client.walk(publisher)


@pytest.mark.parametrize(
    ("path", "limit"), [(TIMESTAMP, {"max_timestamp": 100}), ("metadata/2.root.json", {"max_root": 100})]
)
def test_metadata_that_are_too_large(publisher: Publisher, client: Client, path: str, limit: dict[str, int]) -> None:
    publisher.files[path] = publisher.files.get(path, publisher.first_root)
    client.config = replace(CONFIG, **limit)  # type: ignore[arg-type]
    refused(client, publisher, ContentError)


def test_signed_lengths_bound_the_rest(publisher: Publisher, client: Client) -> None:
    publisher.publish(DOCUMENTS)
    good = snapshot_of(publisher)
    for path in ("metadata/2.snapshot.json", "metadata/2.targets.json"):
        publisher.files = {**good, path: good[path] + b" "}
        with pytest.raises(ContentError, match=r"more than the \d+ bytes"):
            client.walk(publisher)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_stranger_signs(publisher: Publisher, client: Client, role: str) -> None:
    before = client.record(f"{role}.json")
    publisher.keys[role] = [TestKey("stranger")]
    publisher.publish(DOCUMENTS)
    with pytest.raises(SignatureError):
        client.walk(publisher)
    assert client.record(f"{role}.json") == before


@pytest.mark.fault("A4")
def test_an_old_tree_shown_again(publisher: Publisher, client: Client) -> None:
    old = snapshot_of(publisher)
    publisher.publish(DOCUMENTS)
    client.walk(publisher)
    publisher.files = old
    refused(client, publisher, RollbackError)


def test_the_same_version_with_other_content_lowers_no_floor(publisher: Publisher, client: Client) -> None:
    publisher.publish(DOCUMENTS)
    client.walk(publisher)
    before = client.floor()
    first = publisher.files["metadata/1.snapshot.json"]
    publisher.timestamp.snapshot_meta.version = 1
    publisher.timestamp.snapshot_meta.length = len(first)
    publisher.write_timestamp()  # the very version that is trusted, but it names the older snapshot
    client.walk(publisher)
    assert client.floor() == before


@pytest.mark.fault("A8")
def test_mixed_trees(publisher: Publisher, client: Client) -> None:
    """Each file is signed well, but they are of different releases."""
    first = snapshot_of(publisher)
    publisher.publish(DOCUMENTS)
    good = snapshot_of(publisher)
    for role in ("snapshot", "targets"):
        publisher.files = {**good, f"metadata/2.{role}.json": first[f"metadata/1.{role}.json"]}
        with pytest.raises(ContentError, match=f"{role}.json"):
            client.walk(publisher)


def test_an_expired_root_ends_the_walk(publisher: Publisher, client: Client) -> None:
    publisher.root.expires = NOW - timedelta(days=1)
    publisher.publish_root()
    with pytest.raises(ExpiredError, match=r"^root\.json is expired$"):
        client.walk(publisher)
    publisher.root.expires = NOW + timedelta(days=1)
    publisher.publish_root()
    assert client.walk(publisher).trust.root_version == 3


# Roots -------------------------------------------------------------------------------------------


def test_keys_rotate(publisher: Publisher, client: Client) -> None:
    publisher.rotate("root", "root 2")
    for role in ("timestamp", "snapshot", "targets"):
        publisher.rotate(role, "release 2")
    publisher.publish(DOCUMENTS)
    assert client.walk(publisher).trust.root_version == 5
    assert client.record("root.json") == publisher.files["metadata/5.root.json"]
    client.walk(publisher)
    assert client.requests == ["metadata/6.root.json", TIMESTAMP], "it goes on from the stored root"


def test_recovery_from_a_fast_forward(publisher: Publisher, client: Client) -> None:
    """A thief of the release key has pushed the versions far ahead; new keys bring the client back."""
    for role in (publisher.timestamp, publisher.snapshot, publisher.targets):
        role.version = 2**31
    publisher.sign()
    client.walk(publisher)
    for role in (publisher.timestamp, publisher.snapshot, publisher.targets):
        role.version = 1
    publisher.sign()
    refused(client, publisher, RollbackError)
    for name in ("timestamp", "snapshot", "targets"):
        publisher.rotate(name, "release 2")
    publisher.sign()
    trust = client.walk(publisher).trust
    assert (trust.timestamp_version, trust.snapshot_version, trust.targets_version) == (3, 3, 3)


@pytest.mark.fault("A13")
def test_a_gap_in_the_roots_ends_the_walk_there(publisher: Publisher, client: Client) -> None:
    for _ in range(3):
        publisher.publish_root()
    del publisher.files["metadata/3.root.json"]
    assert client.walk(publisher).trust.root_version == 2
    publisher.files["metadata/3.root.json"] = publisher.files["metadata/4.root.json"]
    with pytest.raises(RollbackError):
        client.walk(publisher)


@pytest.mark.parametrize("status", [403, 404])
def test_absence_of_the_next_root_is_normal(publisher: Publisher, client: Client, status: int) -> None:
    client.broken["metadata/2.root.json"] = ServerError("no", status)
    assert client.walk(publisher).complete


def test_a_page_in_place_of_the_next_root_is_absence(publisher: Publisher, client: Client) -> None:
    """A host of a single-page app answers whatever is not there so."""
    publisher.files["metadata/2.root.json"] = b"\n<!doctype html><title>App</title>"
    assert client.walk(publisher).complete


@pytest.mark.parametrize("trouble", [NetworkError("no"), ServerError("no", 500)])
def test_trouble_with_the_next_root_is_not_absence(
    publisher: Publisher, client: Client, trouble: VademecumError
) -> None:
    client.broken["metadata/2.root.json"] = trouble
    refused(client, publisher, type(trouble))


# Which root to begin with -------------------------------------------------------------------------


def test_trust_on_first_use_pins(publisher: Publisher) -> None:
    client = Client(None)
    client.walk(publisher)
    assert client.requests[:3] == ["metadata/1.root.json", "metadata/2.root.json", TIMESTAMP]
    assert client.origin() == FIRST_USE
    assert client.record("root.json") == publisher.first_root
    assert client.walk(publisher, idle=True).complete is False
    stranger = Publisher(line="stranger ")
    stranger.publish(DOCUMENTS)
    stranger.sign()
    refused(client, stranger, SignatureError)


def test_what_was_shipped_once_stays_trusted_when_nothing_is_shipped_any_more(
    publisher: Publisher, client: Client
) -> None:
    client.shipped = None
    publisher.publish_root()
    client.walk(publisher)
    assert client.origin() == hashlib.sha256(publisher.first_root).hexdigest().encode()


def test_a_shipped_root_replaces_first_use(publisher: Publisher) -> None:
    stranger = Publisher(line="stranger ")
    stranger.publish(DOCUMENTS)
    stranger.sign()
    client = Client(None)
    client.walk(stranger)
    client.shipped = publisher.first_root
    with pytest.raises(SignatureError):
        client.walk(stranger)
    assert client.walk(publisher).trust.timestamp_version == 1, "the stranger's metadata are no floor"
    assert client.record("root.json") == publisher.first_root
    assert client.origin() == hashlib.sha256(publisher.first_root).hexdigest().encode()


def test_a_lost_root_is_not_replaced_by_first_use(publisher: Publisher, client: Client) -> None:
    """The app ships a root: whatever the store has lost, no other is taken."""
    drive(client.store.write({"trust/root.json": None}))
    stranger = Publisher(line="stranger ")
    stranger.publish(DOCUMENTS)
    with pytest.raises(SignatureError):
        client.walk(stranger)
    assert client.walk(publisher).complete
    assert "metadata/1.root.json" not in client.requests
    assert client.record("root.json") == publisher.first_root


def test_a_shipped_root_is_not_taken_for_idle(publisher: Publisher, client: Client) -> None:
    stranger = Publisher(line="stranger ")
    client.shipped = stranger.first_root
    with pytest.raises(SignatureError):
        client.walk(publisher, idle=True)


def test_a_root_that_is_shipped_for_the_first_time_is_walked_from(publisher: Publisher, client: Client) -> None:
    """Also where the stored metadata would verify by it."""
    publisher.publish_root()
    client.walk(publisher)
    client.shipped = publisher.files["metadata/2.root.json"]
    assert client.walk(publisher, idle=True).complete
    assert client.origin() == hashlib.sha256(client.shipped).hexdigest().encode()
    assert not client.walk(publisher, idle=True).complete


def test_a_newer_root_shipped_later(publisher: Publisher, client: Client) -> None:
    publisher.rotate("root", "root 2")
    publisher.rotate("root", "root 3")
    client.shipped = publisher.files["metadata/2.root.json"]
    assert client.walk(publisher).trust.root_version == 3
    assert client.record("root.json") == publisher.files["metadata/3.root.json"]
    assert client.origin() == hashlib.sha256(client.shipped).hexdigest().encode()


def test_switching_roots_lowers_no_floor_half_way(publisher: Publisher, client: Client) -> None:
    """The stored root is far ahead of the newly shipped one; the walk between them breaks off."""
    for number in range(3):
        publisher.rotate("root", f"root {number}")
    client.walk(publisher)
    ahead = client.record("root.json")
    client.shipped = publisher.files["metadata/2.root.json"]
    client.broken["metadata/4.root.json"] = NetworkError("offline")
    with pytest.raises(NetworkError):
        client.walk(publisher)
    assert client.record("root.json") == ahead
    client.broken.clear()
    assert client.walk(publisher).trust.root_version == 4
    assert client.record("root.json") == ahead


def test_a_shipped_root_that_is_none(publisher: Publisher) -> None:
    client = Client(b"<html>")
    with pytest.raises(ContentError, match=r"root\.json"):
        client.walk(publisher)
    assert set(client.floor().values()) == {None}


# A first contact ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ships", [True, False])
def test_an_empty_host_is_told_at_once(publisher: Publisher, ships: bool) -> None:
    client = Client(publisher.first_root if ships else None, config=Config())
    for _ in range(2):
        with pytest.raises(ServerError, match=r"no knowledge base is published there; check the address") as caught:
            client.walk(empty())
        assert caught.value.status == 404
        assert client.clock.slept == []
    assert client.walk(publisher).complete, "published meanwhile"


@pytest.mark.fault("B20")
@pytest.mark.parametrize("missing", ["metadata/1.snapshot.json", "metadata/1.targets.json"])
def test_what_a_new_host_names_may_still_be_on_its_way(publisher: Publisher, missing: str) -> None:
    client = Client(publisher.first_root, config=Config(retries=2))
    client.broken[missing] = ServerError("not yet", 404)
    with pytest.raises(ServerError, match=r"^not yet$"):
        client.walk(publisher)
    assert len(client.clock.slept) == 2


@pytest.mark.fault("B19", "B20")
def test_the_timestamp_of_a_known_host_may_be_gone_for_a_while(publisher: Publisher, client: Client) -> None:
    client.config = Config(retries=2)
    client.broken[TIMESTAMP] = ServerError("not now", 404)
    with pytest.raises(ServerError, match=r"^not now$"):
        client.walk(publisher)
    assert len(client.clock.slept) == 2


def empty() -> Publisher:
    nothing = Publisher()
    nothing.files.clear()
    return nothing


@pytest.mark.fault("E52")
def test_recovery_from_a_fast_forward_by_the_snapshots_key_alone(publisher: Publisher, client: Client) -> None:
    """TUF 5.3.11: the timestamp's own key stays, and the timestamp that it signed is no floor all the same."""
    client.walk(publisher)
    thief = copy.deepcopy(publisher)
    thief.snapshot.version = 1_000_000
    thief.sign_snapshot()
    thief.sign_timestamp()
    client.walk(thief)
    publisher.rotate("snapshot", "new")
    publisher.timestamp.version += 1
    publisher.publish(DOCUMENTS)
    assert client.walk(publisher).trust.snapshot_version == publisher.snapshot.version
