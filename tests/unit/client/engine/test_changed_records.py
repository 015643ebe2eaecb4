"""A store that a disk or another program has changed: never believed, never stuck, mended by the host or told."""

from __future__ import annotations

import contextlib
import copy
import json
from dataclasses import replace
from random import Random

import pytest

from support import sampling
from support.app import App, shown, texts
from support.drive import drive
from support.publisher import Publisher
from vademecum.config import Config
from vademecum.errors import ContentError, DamagedError, EmptyStoreError, NetworkError, VademecumError
from vademecum.integrity.inspection import examine
from vademecum.runtime.memory import MemoryStore
from vademecum.store.pointer import encode_head
from vademecum.store.records import MANIFESTS
from vademecum.store.seal import seal, unseal
from vademecum.trust.floor import ROOT

ONE = {"a": texts("rotate the key", "run home")}
TWO = {"a": texts("rotate the key", "run to the lamp")}
THREE = {"a": texts("a lamp"), "b": texts("home")}
FLIPS = 400 if sampling.ALL else 60


@pytest.fixture
def app() -> App:
    """Two releases were installed; a third is published, or will be."""
    app = App(Publisher(), config=Config(retries=0, idle_check_age=0))
    for documents in (ONE, TWO):
        app.publisher.publish(documents)
        app.sync()
    return app


def mends(app: App) -> None:
    """The next sync has the release, or says what is wrong, and the doctor's work is enough then."""
    try:
        app.sync()
    except VademecumError:
        drive(app.engine().heal(whole=False))
    assert app.content() == shown(THREE)
    assert app.sequence == 3
    findings = drive(examine(MemoryStore(app.database), app.clock.now()))
    assert [finding for finding in findings if not finding.sound] == []


@pytest.mark.slow
@pytest.mark.fault("E58")
def test_any_bit_of_any_record_may_flip(app: App) -> None:
    app.publisher.publish(THREE)
    before, random = copy.deepcopy(app.database), Random("flips")
    places = [(name, at) for name, data in before.records.items() for at in range(len(data))]
    for name, at in random.sample(places, FLIPS):
        app.database = copy.deepcopy(before)
        data = bytearray(app.database.records[name])
        data[at] ^= 1 << random.randrange(8)
        app.database.records[name] = bytes(data)
        with contextlib.suppress(VademecumError):
            assert (app.sequence, app.content()) == (2, shown(TWO)), "what is shown is what was installed"
        mends(app)


@pytest.mark.fault("E58")
@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_flipped_bit_of_what_was_signed_is_told(app: App, role: str) -> None:
    app.publisher.publish(THREE)
    name = f"trust/{role}.json"
    record = app.database.records[name]
    at = record.index(b'"version":') + 10
    app.database.records[name] = record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]
    findings = drive(examine(MemoryStore(app.database), app.clock.now()))
    assert [finding.name for finding in findings if not finding.sound] == ["trust"]
    mends(app)


@pytest.mark.fault("E58")
@pytest.mark.parametrize("sequence", [1, 3, 6])
def test_a_pointer_that_says_another_sequence(app: App, sequence: int) -> None:
    app.publisher.publish(THREE)
    record = app.database.records["head"]
    app.database.records["head"] = record.replace(b'"sequence":2', b'"sequence":%d' % sequence)
    with pytest.raises(DamagedError):
        app.status()
    assert not drive(examine(MemoryStore(app.database), app.clock.now()))[0].sound
    mends(app)


@pytest.mark.fault("E58")
@pytest.mark.parametrize(
    "change", [{"sequence": 6}, {"digest": "0" * 64}, {"encoder": "0" * 64}, {"manifest": "0" * 64, "sequence": 6}]
)
def test_a_pointer_that_another_program_has_written(app: App, change: dict[str, object]) -> None:
    """Its seal is right, and the signed manifest beside it says something else, or nobody has it."""
    head = app.head
    assert head.current is not None
    app.database.records["head"] = encode_head(replace(head, current=replace(head.current, **change)))  # type: ignore[arg-type]
    app.publisher.publish(THREE)
    mends(app)


@pytest.mark.fault("E58")
def test_a_segment_that_another_program_has_written(app: App) -> None:
    """Another release of the same store's, under this one's name."""
    app.publisher.publish(THREE)
    head = app.head
    assert head.current is not None
    assert head.previous is not None
    forged = replace(head.current, segments=head.previous.segments, digest=head.previous.digest, chunks=2)
    app.database.records["head"] = encode_head(replace(head, current=forged))
    mends(app)


@pytest.mark.fault("E58")
def test_a_pointer_to_segments_that_are_not_the_release(app: App) -> None:
    """All else in it is right, and so is its seal. No newer release hides it."""
    head = app.head
    assert head.current is not None
    assert head.previous is not None
    forged = replace(head, current=replace(head.current, segments=head.previous.segments))
    app.database.records["head"] = encode_head(forged)
    assert not all(finding.sound for finding in drive(examine(MemoryStore(app.database), app.clock.now())))
    assert app.sync().plan == "full"
    assert (app.sequence, app.content()) == (2, shown(TWO))


@pytest.mark.fault("E58")
def test_a_checkup_begins_the_root_anew_that_was_seen_first_and_cannot_be_read(app: App) -> None:
    app.clear()
    engine = app.engine()
    engine._runs.root = None
    drive(engine.sync())
    app.database.records["trust/root.json"] = b"rot"
    with pytest.raises(ContentError):
        drive(engine.sync())
    drive(engine.heal(whole=False))
    findings = drive(examine(MemoryStore(app.database), app.clock.now()))
    assert [finding for finding in findings if not finding.sound] == []
    assert (app.sequence, app.content()) == (2, shown(TWO))


@pytest.mark.fault("E58")
def test_a_pointer_is_begun_anew_that_its_lost_manifest_does_not_fit(app: App) -> None:
    head = app.head
    assert head.current is not None
    forged = replace(head, current=replace(head.current, version="another"))
    app.database.records["head"] = encode_head(forged)
    del app.database.records["manifests"]
    app.sync()
    assert app.head.current is not None
    assert app.head.current.version == head.current.version


@pytest.mark.fault("E58")
def test_a_way_back_to_segments_that_are_not_the_release(app: App) -> None:
    head = app.head
    assert head.current is not None
    assert head.previous is not None
    forged = replace(head, previous=replace(head.previous, segments=head.current.segments))
    app.database.records["head"] = encode_head(forged)
    with pytest.raises(DamagedError, match="not as it was signed"):
        app.rollback()
    assert (app.sequence, app.content()) == (2, shown(TWO))


@pytest.mark.fault("E58")
def test_a_manifest_that_is_lost_is_fetched_again_once_that_can_be(app: App) -> None:
    del app.database.records["manifests"]
    assert app.head.current is not None
    app.host.broken[f"releases/{app.head.current.manifest}.2.json"] = NetworkError("broke off")
    assert (app.sync().plan, app.sequence) == ("none", 2)
    app.host.broken.clear()
    app.sync()
    assert app.head.current is not None
    assert app.head.current.manifest in MANIFESTS.parse(app.database.records["manifests"])
    assert app.head.previous is not None


@pytest.mark.fault("E58")
@pytest.mark.parametrize("version", [1, 9])
def test_a_root_that_another_program_has_put_there(app: App, version: int) -> None:
    stranger = Publisher(line="stranger ")
    for _ in range(version - 1):
        stranger.publish_root()
    app.database.records["trust/root.json"] = stranger.files[f"metadata/{version}.root.json"]
    app.publisher.publish(THREE)
    mends(app)
    assert json.loads(app.database.records["trust/root.json"])["signed"]["version"] == 1


@pytest.mark.fault("E58")
def test_a_pointer_without_a_digest_of_its_own_or_of_its_manifest_is_not_believed(app: App) -> None:
    app.publisher.publish(THREE)
    before = app.database.records["head"]
    values = json.loads(unseal(before, "head"))
    values["current"] |= {"manifest": "", "sequence": 6}
    for bad in (unseal(before, "head"), seal(json.dumps(values).encode())):
        app.database.records["head"] = bad
        with pytest.raises(DamagedError):
            app.status()
        mends(app)


@pytest.mark.fault("E58")
@pytest.mark.parametrize("change", [{"sequence": 9}, {"digest": "0" * 64}, {"encoder": "0" * 64}])
def test_what_another_program_made_of_the_release_before_is_no_way_back(app: App, change: dict[str, object]) -> None:
    head = app.head
    assert head.previous is not None
    app.database.records["head"] = encode_head(replace(head, previous=replace(head.previous, **change)))  # type: ignore[arg-type]
    assert app.status()["previous"] is None
    with pytest.raises(EmptyStoreError, match="only one release"):
        drive(app.engine().rollback())
    assert (app.sequence, app.content()) == (2, shown(TWO))


@pytest.mark.fault("E58")
def test_a_root_that_another_program_has_put_there_is_told(app: App) -> None:
    """It is well signed, by itself; what its keys did not sign looks like the work of a revoked key."""
    app.database.records[ROOT] = Publisher(line="stranger ").first_root
    [told] = [f for f in drive(examine(MemoryStore(app.database), app.clock.now())) if not f.sound]
    assert told.name == "trust" and "not what was written" in told.message
