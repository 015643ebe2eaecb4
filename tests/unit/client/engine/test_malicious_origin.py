"""What a malicious or compromised origin may show, end to end, and what must hold after each of it.

The names say the subject; the oracle is one function: the installed generation is whole and as before, the trust floor
is not lower, and the next honest release installs.
"""

from __future__ import annotations

import copy
import functools
import gzip
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from support.app import App, texts
from support.publisher import Publisher, TestKey, sign
from unit.client.trust.test_signatures import changed, with_higher_s
from vademecum.config import Config
from vademecum.errors import VademecumError
from vademecum.trust.metadata import TIMESTAMP

ONE = {"a": texts("rotate the key", "run home")}
TWO = {"a": texts("rotate the key", "run to the lamp")}
THREE = {"b": texts("a lamp")}
Attack = Callable[[App], None]


@pytest.fixture
def app() -> App:
    """Two releases seen and installed; two keys must sign the timestamp."""
    publisher = Publisher()
    publisher.keys["timestamp"].append(TestKey("second"))
    publisher.root.add_key(TestKey("second").key, "timestamp")
    publisher.root.roles["timestamp"].threshold = 2
    publisher.publish_root()
    app = App(publisher, config=Config(retries=0))
    for documents in (ONE, TWO):
        publisher.publish(documents)
        app.sync()
    return app


def floor(app: App) -> list[int]:
    names = ("root", "timestamp", "snapshot", "targets")
    return [json.loads(app.database.records[f"trust/{name}.json"])["signed"]["version"] for name in names]


def survives(app: App, attack: Attack, code: str) -> None:
    """The oracle: the attack is refused with this code, and harms nothing."""
    honest, before, known = copy.deepcopy(app.publisher), app.content(), floor(app)
    attack(app)
    app.clock.advance(86_400)  # a newer root is asked for once a day
    for _ in range(2):  # a second try, as a client makes it, changes nothing
        with pytest.raises(VademecumError) as refused:
            app.sync(force=True)
        assert refused.value.code == code, refused.value
        assert (app.sequence, app.content()) == (2, before)
        assert all(new >= old for new, old in zip(floor(app), known, strict=True))
        known = floor(app)
    assert app.detail("updateFailed")["code"] == code
    honest.now = app.clock.now()
    for signed in (honest.timestamp, honest.snapshot, honest.targets):
        signed.version += 10  # beyond whatever the attacker had signed
    app.publisher.files.clear()
    honest.publish(THREE)
    app.publisher.files.update(honest.files)
    assert app.sync().to_sequence == 3
    assert app.content() == {"b": ["a lamp"]}


def resign(app: App, change: Callable[[bytes], bytes]) -> None:
    """Publish a release, then change the timestamp as it is served."""
    app.publisher.publish(THREE)
    app.publisher.files[TIMESTAMP] = change(app.publisher.files[TIMESTAMP])


def timestamp_signed_by(*words: str) -> Attack:
    def attack(app: App) -> None:
        app.publisher.publish(THREE)
        app.publisher.files[TIMESTAMP] = sign(app.publisher.timestamp, [TestKey(word) for word in words])

    return attack


def old_timestamp(app: App) -> None:
    app.publisher.timestamp.version = 1
    app.publisher.write_timestamp()


def old_expired_timestamp(app: App) -> None:
    """The client's own is expired too: it is a floor all the same."""
    app.clock.advance(40 * 86_400)
    app.publisher.timestamp.version = 1
    app.publisher.timestamp.expires = app.clock.now() + timedelta(days=1)
    app.publisher.write_timestamp()


def old_snapshot(app: App) -> None:
    app.publisher.snapshot.version = 1
    app.publisher.write_snapshot()
    app.publisher.sign_timestamp()


def old_targets(app: App) -> None:
    app.publisher.targets.version = 1
    app.publisher.write_targets()
    app.publisher.sign_snapshot()
    app.publisher.sign_timestamp()


def old_release(app: App) -> None:
    """Every version is newer, but the release that they list is the first."""
    fresh = Publisher()
    first = fresh.publish(ONE)
    app.publisher.files.update({path: data for path, data in fresh.files.items() if not path.startswith("metadata/")})
    app.publisher.announce(first)


def expired(app: App) -> None:
    app.publisher.publish(THREE)
    app.publisher.timestamp.expires = app.clock.now() - timedelta(seconds=1)
    app.publisher.write_timestamp()


def frozen(app: App) -> None:
    app.clock.advance(31 * 86_400)


def other_manifest(app: App) -> None:
    app.publisher.publish(THREE)
    new, old = (
        next(path for path in app.publisher.files if path.startswith("releases/") and path.endswith(f".{n}.json"))
        for n in (3, 2)
    )
    app.publisher.files[new] = app.publisher.files[old]


def replace_objects(content: Callable[[bytes], bytes]) -> Attack:
    def attack(app: App) -> None:
        app.publisher.publish(THREE)
        for path, data in app.publisher.files.items():
            if path.startswith("objects/"):
                app.publisher.files[path] = content(data)

    return attack


def next_root(version: int, *words: str) -> Attack:
    def attack(app: App) -> None:
        app.publisher.publish(THREE)
        app.publisher.root.version = version
        app.publisher.files["metadata/3.root.json"] = sign(app.publisher.root, [TestKey(word) for word in words])

    return attack


@functools.cache
def bomb() -> bytes:
    return gzip.compress(bytes(20_000_000))


ATTACKS: dict[str, tuple[Attack, str]] = {
    "pointer unsigned": (timestamp_signed_by(), "signature"),
    "pointer signed by a wrong key": (timestamp_signed_by("stranger", "second"), "signature"),
    "pointer signed below the threshold": (timestamp_signed_by("release"), "signature"),
    "malleable signature, S beyond L": (lambda app: resign(app, lambda d: changed(d, with_higher_s)), "signature"),
    "rollback of the snapshot under a newer pointer": (old_snapshot, "rollback"),
    "rollback of the targets under a newer pointer": (old_targets, "rollback"),
    "older generation under a newer pointer": (old_release, "rollback"),
    "expired pointer": (expired, "expired"),
    "frozen pointer": (frozen, "expired"),
    "rollback below a pointer that is expired itself": (old_expired_timestamp, "expired"),
    "mix-and-match of manifest and targets": (other_manifest, "content"),
    "right name, wrong bytes": (replace_objects(lambda data: gzip.compress(b"other")), "content"),
    "longer than declared": (replace_objects(lambda data: data + bytes(1_000_000)), "content"),
    "decompression bomb": (replace_objects(lambda data: bomb()), "content"),
    "duplicate JSON keys": (lambda app: resign(app, lambda d: b'{"signed":{},' + d[1:]), "content"),
    "NaN in JSON": (lambda app: resign(app, lambda d: b'{"x":NaN,' + d[1:]), "content"),
    "lone surrogate in JSON": (lambda app: resign(app, lambda d: b'{"x":"\\ud800",' + d[1:]), "content"),
    "byte order mark": (lambda app: resign(app, lambda d: b"\xef\xbb\xbf" + d), "content"),
    "trailing data": (lambda app: resign(app, lambda d: d + b"{}"), "content"),
    "root of the same version": (next_root(2, "root"), "rollback"),
    "root that skips a version": (next_root(4, "root"), "rollback"),
    "root signed by a stranger": (next_root(3, "stranger"), "signature"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_malicious_origin(app: App, name: str) -> None:
    survives(app, *ATTACKS[name])


@pytest.mark.fault("A4")
def test_an_older_pointer_lowers_nothing(app: App) -> None:
    """It may be a cache that is behind: no failure, and nothing older is installed, not even by force."""
    before, known = app.content(), floor(app)
    old_timestamp(app)
    for force in (False, True):
        outcome = app.sync(force=force)
        assert (outcome.reason, outcome.to_sequence, outcome.plan) == ("stale-mirror", 2, "full" if force else "none")
        assert "updateFailed" not in app.names()
        assert (app.content(), floor(app)) == (before, known)


@pytest.mark.fault("A2")
def test_an_invalid_signature_beside_enough_valid_ones(app: App) -> None:
    app.publisher.publish(THREE)
    keys = [TestKey(word) for word in ("release", "second", "stranger")]
    value = json.loads(sign(app.publisher.timestamp, keys))
    value["signatures"][2]["sig"] = "ab" * 64
    app.publisher.files[TIMESTAMP] = json.dumps(value).encode()
    assert app.sync(force=True).to_sequence == 3


@pytest.mark.fault("A15")
def test_a_revoked_key_that_goes_on_signing(app: App) -> None:
    """The new root is taken, and with it the old key is worth nothing; its owner's releases are refused."""
    app.publisher.rotate("targets", "new release")
    app.publisher.sign()
    app.sync(force=True)
    before, good = app.content(), list(app.publisher.keys["targets"])
    app.publisher.keys["targets"] = [TestKey("release")]
    app.publisher.publish(THREE)
    with pytest.raises(VademecumError) as refused:
        app.sync(force=True)
    assert refused.value.code == "signature"
    assert (app.sequence, app.content()) == (2, before)
    app.publisher.keys["targets"] = good
    app.publisher.sign()
    assert app.sync(force=True).to_sequence == 3


@pytest.mark.fault("A14")
def test_root_rotations_while_offline_for_long(app: App) -> None:
    """More than one run walks: each goes a bounded way on from the last good root, which is kept."""
    for number in range(9):
        app.publisher.rotate("root", f"root {number}")
    app.publisher.rotate("snapshot", "new release")
    app.publisher.publish(THREE)
    app.config = Config(retries=0, max_root_rotations=4)
    reached = []
    for _ in range(2):
        with pytest.raises(VademecumError):
            app.sync(force=True)
        reached.append(floor(app)[0])
        assert app.sequence == 2
    assert reached == [6, 10]
    assert app.sync(force=True).to_sequence == 3
