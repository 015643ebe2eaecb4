"""Is this metadata acceptable? Every rule of TUF's client workflow, through our errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from tuf.api.metadata import MetaFile, TargetFile

from support.mutations import damaged
from support.publisher import NOW, Publisher, TestKey, sign
from vademecum.errors import ContentError, ExpiredError, NewerFormatError, RollbackError, SignatureError, TrustError
from vademecum.trust.metadata import Trust

DOCUMENTS = {"a": {"chunks": ["rotate the key"]}}


def published() -> Publisher:
    publisher = Publisher()
    publisher.publish(DOCUMENTS)
    return publisher


def timestamp(publisher: Publisher) -> bytes:
    return publisher.files["metadata/timestamp.json"]


def snapshot(publisher: Publisher) -> bytes:
    return publisher.files[f"metadata/{publisher.snapshot.version}.snapshot.json"]


def targets(publisher: Publisher) -> bytes:
    return publisher.files[f"metadata/{publisher.targets.version}.targets.json"]


def walk(publisher: Publisher, trust: Trust | None = None) -> Trust:
    trust = trust or Trust(publisher.first_root, NOW)
    trust.accept_timestamp(timestamp(publisher))
    trust.accept_snapshot(snapshot(publisher))
    trust.accept_targets(targets(publisher))
    return trust


@pytest.mark.fault("A13")
@pytest.mark.parametrize("role", [timestamp, snapshot, targets])
def test_another_roles_file_is_no_root(role: Callable[[Publisher], bytes]) -> None:
    """Well signed, by keys that the root names, and served where the next root would lie."""
    publisher = published()
    trust = Trust(publisher.first_root, NOW)
    with pytest.raises((ContentError, SignatureError)):
        trust.accept_root(role(publisher))
    assert trust.root_version == 1


def test_a_good_tree_names_its_release() -> None:
    publisher = published()
    trust = walk(publisher)
    pointer = trust.line("stable").current
    assert (pointer.sequence, pointer.version, pointer.path) == (1, "v1", "releases/1.json")
    assert pointer.url_path in publisher.files
    assert len(publisher.files[pointer.url_path]) == pointer.length
    assert trust.target_paths() == ("releases/1.json",)
    versions = (trust.root_version, trust.timestamp_version, trust.snapshot_version, trust.targets_version)
    assert versions == (1, 1, 1, 1)
    assert trust.snapshot_length(10**6) == len(snapshot(publisher))
    assert trust.targets_length(10**6) == len(targets(publisher))


def test_what_verified_once_is_asked_again_whose_it_is() -> None:
    publisher = published()
    trust, (one, other) = Trust(publisher.first_root, NOW), (snapshot(publisher), b"damaged")
    assert [trust.signs("snapshot", data) for data in (one, other)] == [True, False]
    assert [trust.claims("snapshot", data) for data in (one, other)] == [True, True], (
        "of the second nothing can be said"
    )
    publisher.rotate("snapshot", "another key")
    publisher.sign()
    assert [trust.signs("snapshot", snapshot(publisher)), trust.claims("snapshot", snapshot(publisher))] == [False] * 2


def test_no_signed_length_makes_us_take_more_than_the_limit() -> None:
    publisher = published()
    publisher.snapshot.meta["targets.json"] = MetaFile(publisher.targets.version, 10**15)
    publisher.sign_snapshot()
    publisher.timestamp.snapshot_meta = MetaFile(publisher.snapshot.version, 10**15)
    publisher.sign_timestamp()
    trust = Trust(publisher.first_root, NOW)
    trust.accept_timestamp(timestamp(publisher))
    assert trust.snapshot_length(7) == 7


def test_numbers_that_python_tuf_takes_and_we_do_not() -> None:
    """They become paths and limits: `metadata/True.snapshot.json`."""
    number = True
    publisher = published()
    publisher.timestamp.snapshot_meta = MetaFile(number, number)
    publisher.sign_timestamp()
    trust = Trust(publisher.first_root, NOW)
    trust.accept_timestamp(timestamp(publisher))
    with pytest.raises(ContentError, match="the snapshot's length is"):
        trust.snapshot_length(7)
    with pytest.raises(ContentError, match="the snapshot's version is"):
        _ = trust.snapshot_version
    publisher = published()
    publisher.targets.targets["releases/1.json"].length = number
    publisher.sign()
    with pytest.raises(ContentError, match=r"the length of 'releases/1\.json' is"):
        walk(publisher).line("stable")


def test_lengths_that_are_not_signed_have_a_default() -> None:
    publisher = published()
    publisher.snapshot.meta["targets.json"] = MetaFile(publisher.targets.version)
    publisher.sign_snapshot()
    publisher.timestamp.snapshot_meta = MetaFile(publisher.snapshot.version)
    publisher.sign_timestamp()
    trust = walk(publisher)
    assert (trust.snapshot_length(7), trust.targets_length(8)) == (7, 8)


def test_the_first_expiry_counts() -> None:
    publisher = published()
    assert walk(publisher).expires == NOW + timedelta(days=30)
    publisher.root.expires = NOW + timedelta(days=3)
    publisher.publish_root()
    trust = Trust(publisher.files["metadata/2.root.json"], NOW)
    assert walk(publisher, trust).expires == NOW + timedelta(days=3)


def test_a_root_must_be_signed_by_itself() -> None:
    publisher = published()
    with pytest.raises(SignatureError, match=r"root\.json"):
        Trust(sign(publisher.root, [TestKey("stranger")]), NOW)
    with pytest.raises(SignatureError):
        Trust(sign(publisher.root, []), NOW)


def test_other_metadata_are_no_root() -> None:
    with pytest.raises(ContentError, match=r"root\.json"):
        Trust(timestamp(published()), NOW)


# Signatures -------------------------------------------------------------------------------------


def sign_snapshot(publisher: Publisher) -> None:
    publisher.sign_snapshot()
    publisher.sign_timestamp()


ROLES: dict[str, Callable[[Publisher], None]] = {
    "timestamp": Publisher.sign_timestamp,
    "snapshot": sign_snapshot,
    "targets": Publisher.sign,
}


@pytest.mark.fault("A1")
@pytest.mark.parametrize("role", ROLES)
def test_strangers_sign_nothing(role: str) -> None:
    publisher = published()
    publisher.keys[role] = [TestKey("stranger")]
    ROLES[role](publisher)
    with pytest.raises(SignatureError, match=rf"{role}\.json"):
        walk(publisher)


@pytest.mark.parametrize(
    ("custom", "advice"), [({}, "ask the publisher"), ({"preview": True}, "without `trust`, in a new")]
)
def test_a_preview_under_the_publishers_root_is_told(custom: dict[str, bool], advice: str) -> None:
    publisher = published()
    publisher.keys["timestamp"] = [TestKey("of the preview")]
    publisher.timestamp.unrecognized_fields["vademecum"] = custom
    publisher.write_timestamp()
    with pytest.raises(SignatureError, match=advice) as raised:
        walk(publisher)
    assert "do not go on" in raised.value.message


@pytest.mark.fault("A1")
@pytest.mark.parametrize("role", ROLES)
def test_fewer_signatures_than_the_threshold(role: str) -> None:
    publisher = Publisher()
    second = TestKey("second")
    publisher.root.add_key(second.key, role)
    publisher.root.roles[role].threshold = 2
    publisher.publish_root()
    root = publisher.files["metadata/2.root.json"]
    publisher.publish(DOCUMENTS)
    with pytest.raises(SignatureError):
        walk(publisher, Trust(root, NOW))
    publisher.keys[role].append(second)
    publisher.sign()
    assert walk(publisher, Trust(root, NOW)).line("stable").current.sequence == 1


@pytest.mark.parametrize("role", ROLES)
def test_one_changed_character_breaks_the_signature(role: str) -> None:
    publisher = published()
    path = "metadata/timestamp.json" if role == "timestamp" else f"metadata/1.{role}.json"
    value = json.loads(publisher.files[path])
    value["signed"]["extra"] = 1
    publisher.files[path] = json.dumps(value).encode()
    with pytest.raises((SignatureError, ContentError), match=rf"{role}\.json"):
        walk(publisher)


# Roots ------------------------------------------------------------------------------------------


def test_root_keys_rotate() -> None:
    publisher = Publisher()
    publisher.rotate("root", "new root")
    trust = Trust(publisher.first_root, NOW)
    trust.accept_root(publisher.files["metadata/2.root.json"])
    assert trust.root_version == 2


def test_a_new_root_needs_both_the_old_keys_and_its_own() -> None:
    publisher = Publisher()
    old = publisher.keys["root"]
    publisher.rotate("root", "new root")
    for keys in (old, publisher.keys["root"]):
        trust = Trust(publisher.first_root, NOW)
        with pytest.raises(SignatureError):
            trust.accept_root(sign(publisher.root, keys))
        assert trust.root_version == 1


@pytest.mark.fault("A13")
@pytest.mark.parametrize("version", [1, 3])
def test_roots_are_taken_one_by_one(version: int) -> None:
    publisher = Publisher()
    publisher.root.version = version
    with pytest.raises(RollbackError):
        Trust(publisher.first_root, NOW).accept_root(sign(publisher.root, publisher.keys["root"]))


@pytest.mark.fault("A15")
def test_revoked_release_keys_sign_nothing_any_more() -> None:
    publisher = published()
    old = timestamp(publisher)
    publisher.rotate("timestamp", "new release")
    trust = Trust(publisher.first_root, NOW)
    trust.accept_root(publisher.files["metadata/2.root.json"])
    with pytest.raises(SignatureError):
        trust.accept_timestamp(old)


# Rollback, freeze, mix-and-match ----------------------------------------------------------------


@pytest.mark.fault("A4")
def test_an_older_timestamp_is_refused() -> None:
    publisher = published()
    old = timestamp(publisher)
    publisher.sign()
    trust = Trust(publisher.first_root, NOW)
    assert trust.accept_timestamp(timestamp(publisher))
    with pytest.raises(RollbackError):
        trust.accept_timestamp(old)
    assert trust.timestamp_version == 2


def test_the_same_version_is_kept_as_it_is() -> None:
    publisher = published()
    trust = Trust(publisher.first_root, NOW)
    assert trust.accept_timestamp(timestamp(publisher))
    publisher.timestamp.snapshot_meta = MetaFile(99)
    publisher.write_timestamp()
    assert not trust.accept_timestamp(timestamp(publisher))
    assert trust.snapshot_version == 1


def test_a_newer_timestamp_with_an_older_snapshot_is_refused() -> None:
    publisher = published()
    publisher.sign()
    trust = Trust(publisher.first_root, NOW)
    trust.accept_timestamp(timestamp(publisher))
    publisher.timestamp.snapshot_meta = MetaFile(1)
    publisher.sign_timestamp()
    with pytest.raises(RollbackError):
        trust.accept_timestamp(timestamp(publisher))


def test_a_newer_snapshot_with_older_targets_is_refused() -> None:
    publisher = published()
    publisher.sign()
    stored = snapshot(publisher)
    publisher.snapshot.meta["targets.json"] = MetaFile(1)
    publisher.sign_snapshot()
    publisher.sign_timestamp()
    trust = Trust(publisher.first_root, NOW)
    trust.accept_timestamp(timestamp(publisher))
    with pytest.raises(RollbackError):
        trust.accept_snapshot(stored, stored=True)
    with pytest.raises(RollbackError):
        trust.accept_snapshot(snapshot(publisher))


def test_a_snapshot_that_forgets_the_targets_is_refused() -> None:
    publisher = published()
    stored = snapshot(publisher)
    publisher.snapshot.meta = {}
    publisher.sign_snapshot()
    publisher.sign_timestamp()
    trust = Trust(publisher.first_root, NOW)
    trust.accept_timestamp(timestamp(publisher))
    with pytest.raises(RollbackError):
        trust.accept_snapshot(stored, stored=True)
    with pytest.raises(ContentError, match="missing info"):
        trust.accept_snapshot(snapshot(publisher))
    fresh = Trust(publisher.first_root, NOW)
    fresh.accept_timestamp(timestamp(publisher))
    fresh.accept_snapshot(snapshot(publisher))
    with pytest.raises(ContentError, match=r"does not name targets\.json"):
        _ = fresh.targets_version
    with pytest.raises(ContentError):
        fresh.accept_targets(targets(publisher))


@pytest.mark.fault("A8")
def test_metadata_of_different_times_are_not_mixed() -> None:
    publisher = published()
    first_snapshot, first_targets = snapshot(publisher), targets(publisher)
    publisher.sign()
    trust = Trust(publisher.first_root, NOW)
    trust.accept_timestamp(timestamp(publisher))
    with pytest.raises(ContentError, match=r"snapshot\.json"):
        trust.accept_snapshot(first_snapshot)
    trust.accept_snapshot(snapshot(publisher))
    with pytest.raises(ContentError, match=r"targets\.json"):
        trust.accept_targets(first_targets)
    trust.accept_targets(targets(publisher))


def test_versions_bind_where_no_hashes_are_signed() -> None:
    publisher = published()
    first_snapshot, first_targets = snapshot(publisher), targets(publisher)
    publisher.sign_targets()
    publisher.snapshot.meta["targets.json"] = MetaFile(publisher.targets.version)
    publisher.sign_snapshot()
    publisher.timestamp.snapshot_meta = MetaFile(publisher.snapshot.version)
    publisher.sign_timestamp()
    trust = Trust(publisher.first_root, NOW)
    trust.accept_timestamp(timestamp(publisher))
    with pytest.raises(RollbackError):
        trust.accept_snapshot(first_snapshot)
    trust.accept_snapshot(snapshot(publisher))
    with pytest.raises(RollbackError):
        trust.accept_targets(first_targets)


# Expiry -----------------------------------------------------------------------------------------


@pytest.mark.fault("A6")
@pytest.mark.parametrize("role", ["root", *ROLES])
def test_expired_metadata_are_refused(role: str) -> None:
    publisher = published()
    if role == "root":
        publisher.root.expires = NOW - timedelta(days=1)
        publisher.publish_root()
        trust = Trust(publisher.files["metadata/2.root.json"], NOW)
    else:
        getattr(publisher, role).expires = NOW - timedelta(seconds=1)
        if role == "targets":
            publisher.write_targets()
        if role in ("targets", "snapshot"):
            publisher.write_snapshot()
        publisher.write_timestamp()
        trust = Trust(publisher.first_root, NOW)
    with pytest.raises(ExpiredError):
        walk(publisher, trust)


def test_the_clock_is_an_argument() -> None:
    publisher = published()
    with pytest.raises(ExpiredError):
        walk(publisher, Trust(publisher.first_root, NOW + timedelta(days=31)))
    publisher.now = NOW - timedelta(days=4000)
    publisher.sign()
    assert walk(publisher, Trust(publisher.first_root, NOW - timedelta(days=3990))).line("stable").current


def test_an_expired_root_may_be_followed_by_a_good_one() -> None:
    publisher = published()
    publisher.root.expires = NOW - timedelta(days=1)
    publisher.publish_root()
    publisher.root.expires = NOW + timedelta(days=1)
    publisher.publish_root()
    trust = Trust(publisher.files["metadata/2.root.json"], NOW)
    trust.accept_root(publisher.files["metadata/3.root.json"])
    assert walk(publisher, trust).line("stable").current


@pytest.mark.fault("A7")
def test_an_expired_timestamp_is_still_a_floor() -> None:
    publisher = published()
    old = timestamp(publisher)
    publisher.timestamp.version = 5
    publisher.timestamp.expires = NOW - timedelta(days=1)
    publisher.write_timestamp()
    trust = Trust(publisher.first_root, NOW)
    with pytest.raises(ExpiredError):
        trust.accept_timestamp(timestamp(publisher))
    with pytest.raises(RollbackError):
        trust.accept_timestamp(old)
    with pytest.raises(ExpiredError):
        trust.accept_timestamp(timestamp(publisher))  # the same version once more
    publisher.now = NOW
    publisher.sign_timestamp()
    assert trust.accept_timestamp(timestamp(publisher))


# Our field in the targets -----------------------------------------------------------------------


def released(custom: object, publisher: Publisher | None = None) -> Trust:
    publisher = publisher or published()
    publisher.targets.unrecognized_fields["vademecum"] = custom
    publisher.sign()
    return walk(publisher)


POINTER = {"release": "releases/1.json", "sequence": 1, "version": "v1"}


def test_unknown_fields_are_ignored() -> None:
    custom = {
        "channels": {"stable": {**POINTER, "candidate": {"rollout": 5}}, "beta": 5},
        "format": 1,
        "yanked": [3],
        "notes": "",
    }
    publisher = published()
    publisher.timestamp.unrecognized_fields["x"] = 1
    publisher.snapshot.unrecognized_fields["x"] = [1]
    trust = released(custom, publisher)
    assert trust.line("stable").current.sequence == 1
    assert trust.channels() == ("beta", "stable")


@pytest.mark.parametrize("custom", [None, [], {}, {"channels": []}])
def test_a_field_without_channels_names_none(custom: object) -> None:
    assert released(custom).channels() == ()


def test_a_newer_format_is_refused_before_anything_else_is_read() -> None:
    with pytest.raises(NewerFormatError, match="format 2"):
        released({"format": 2, "lines": []}).line("stable")


@pytest.mark.parametrize(
    "custom",
    [
        None,
        [],
        {},
        {"format": 1},
        {"format": 1, "channels": {}},
        {"format": 1, "channels": {"stable": 5}},
        {"format": 1, "channels": {"stable": {**POINTER, "sequence": 0}}},
        {"format": 1, "channels": {"stable": {**POINTER, "sequence": 2**32}}},
        {"format": 1, "channels": {"stable": {**POINTER, "version": ""}}},
        {"format": 1, "channels": {"stable": {**POINTER, "release": "releases/2.json"}}},
        {"format": 1, "channels": {"stable": {**POINTER, "release": "../releases/1.json"}}},
        {"format": 1, "channels": {"stable": {**POINTER, "release": "https://elsewhere/1.json"}}},
        {"format": 1, "channels": {"stable": {**POINTER, "release": "releases/"}}},
    ],
)
def test_a_malformed_field_is_refused(custom: object) -> None:
    with pytest.raises(ContentError):
        released(custom).line("stable")


def test_a_channel_that_is_not_there_is_named() -> None:
    with pytest.raises(ContentError, match="there is no channel beta; the published channels are: stable"):
        walk(published()).line("beta")


@pytest.mark.parametrize("hashes", [{"sha512": "ab" * 64}, {"sha256": "../" + "ab" * 30}, {"sha256": "AB" * 32}])
def test_targets_are_signed_with_sha256(hashes: dict[str, str]) -> None:
    publisher = published()
    publisher.targets.targets = {"releases/1.json": TargetFile(5, hashes, "releases/1.json")}
    publisher.sign()
    with pytest.raises(ContentError, match="SHA-256"):
        walk(publisher).line("stable")


# Anything else ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Sign in</html>",
        b"{}",
        b'{"signed":{}}',
        b'{"signed":{"_type":"timestamp"},"signatures":[]}',
        b'{"signed":[],"signatures":[]}',
        b"[" * 100_000,
        b'{"signatures":[],"signed":{},"signed":{}}',
    ],
)
def test_what_is_no_metadata_is_refused(data: bytes) -> None:
    publisher = published()
    trust = Trust(publisher.first_root, NOW)
    for accept in (trust.accept_root, trust.accept_timestamp):
        with pytest.raises(ContentError):
            accept(data)
    trust.accept_timestamp(timestamp(publisher))
    with pytest.raises(ContentError):
        trust.accept_snapshot(data)
    with pytest.raises(ContentError):
        trust.accept_snapshot(data, stored=True)
    trust.accept_snapshot(snapshot(publisher))
    with pytest.raises(ContentError):
        trust.accept_targets(data)
    with pytest.raises(ContentError):
        Trust(data, NOW)


SAMPLE = published()


@given(damaged(timestamp(SAMPLE)))
def test_damaged_metadata_raise_our_error(data: bytes) -> None:
    trust = Trust(SAMPLE.first_root, NOW)
    try:
        trust.accept_timestamp(data)
    except (ContentError, TrustError):
        return
    # Not every byte of the file is signed: white space, or an unknown field beside `signed`.
    assert trust.timestamp_version == 1


@given(damaged(SAMPLE.first_root))
def test_damaged_roots_raise_our_error(data: bytes) -> None:
    try:
        trust = Trust(data, NOW)
    except (ContentError, TrustError):
        return
    assert trust.root_version == 1
