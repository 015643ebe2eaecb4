"""Direct packs in the engine: when they are taken, by which way, and what follows when one is no good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from support.app import App, texts
from support.packing import pack, with_packs
from support.publisher import Publisher, make_encoder
from vademecum.errors import ServerError
from vademecum.format.manifest import Manifest, decode_manifest, encode_manifest
from vademecum.format.objects import ObjectRef

NAMES = ("rotate the key", "run home", "a lamp", "the key of home", "run and rotate", "a key", "lamp and key")


def documents(edition: int) -> dict[str, dict[str, object]]:
    """Twelve documents, one of which changes with each edition."""
    found = {f"{i:02}": texts(NAMES[i % 7], f"{NAMES[(i + 2) % 7]} {i}", title=f"T{i}") for i in range(12)}
    found["05"] = texts(NAMES[edition % 7], f"edition {edition} of the key", title="T5")
    return found


def published(publisher: Publisher, editions: int) -> list[Manifest]:
    return [publisher.publish(documents(edition)) for edition in range(1, editions + 1)]


@pytest.fixture
def app() -> App:
    """A client that has installed release 1; a pack leads from there to release 2."""
    app = App(Publisher())
    published(app.publisher, 1)
    app.sync()
    app.publisher.change = with_packs(app.publisher, 1)
    return app


def kinds(app: App) -> list[str]:
    """What the last call fetched of the index, in order."""
    ends = {"json": "manifest", "pack": "pack", "gz": "tier"}
    paths = [path for path in app.requests if not path.startswith("metadata/")]
    return [ends[path.rpartition(".")[2]] for path in paths]


def expected(edition: int) -> dict[str, list[str]]:
    return {key: document["chunks"] for key, document in documents(edition).items()}  # type: ignore[misc]


def test_a_pack_is_taken_where_it_is_cheaper(app: App) -> None:
    manifest = app.publisher.publish(documents(2))
    offer = app.check()
    assert (offer.plan, offer.bytes) == ("direct", manifest.packs[0].size)
    outcome = app.sync()
    assert (outcome.plan, kinds(app)) == ("direct", ["manifest", "pack"])
    assert outcome.json()["totalBytes"] == offer.bytes
    told = [detail for name, detail in app.events if name == "updateProgress"]
    assert {detail["plan"] for detail in told} == {"direct"}
    assert {detail["totalBytes"] for detail in told} == {offer.bytes}
    assert app.content() == expected(2)
    assert app.detail("updateStarted")["plan"] == "direct"
    assert app.detail("updateStarted")["totalBytes"] == manifest.packs[0].size
    assert set(app.database.objects) == app.head.objects, "the pack itself is not kept"


def test_tiers_are_taken_where_they_are_cheaper(app: App) -> None:
    app.publisher.change = with_packs(app.publisher, 1, spoil=lambda data: data + bytes(5_000))
    app.publisher.publish(documents(2))
    assert app.sync().plan == "tiers"
    assert kinds(app) == ["manifest", "tier"]


def test_a_client_of_another_release_does_not_take_it(app: App) -> None:
    app.publisher.publish(documents(2))
    app.sync()
    app.publisher.publish(documents(3))  # packs lead from release 1 alone
    assert app.sync().plan == "tiers"
    assert app.content() == expected(3)


def test_a_new_epoch_is_fetched_whole(app: App) -> None:
    app.publisher.new_epoch("fedcba9876543210", make_encoder("lamp home key run rotate the and a of"))
    app.publisher.publish(documents(2))
    assert app.sync().plan == "full"


def test_an_update_after_a_pack(app: App) -> None:
    app.publisher.publish(documents(2))
    app.sync()
    app.publisher.change = with_packs(app.publisher, 2)
    app.publisher.publish(documents(3))
    assert app.sync().plan == "direct"
    app.publisher.change = lambda manifest: manifest
    app.publisher.publish(documents(4))
    assert app.sync().plan == "tiers"
    assert app.content() == expected(4)
    app.rollback()
    assert app.content() == expected(3)


def other_result(app: App) -> Callable[[bytes], bytes]:
    """A pack that is well made, from release 1 to release 2, and makes something else."""

    def spoil(data: bytes) -> bytes:
        other = Publisher()
        other.publish(documents(1))
        other.publish(documents(6))
        del data
        return pack(other, 1, 2)

    return spoil


SPOILS: dict[str, Callable[[App], Callable[[bytes], bytes]]] = {
    "malformed": lambda _: lambda data: data[:-9],
    "of an unknown format": lambda _: lambda data: b"\x63" + data[1:],
    "from a release that is not here": lambda _: lambda data: data[:1] + b"\x07" + data[2:],
    "with a wrong result": other_result,
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_signed_pack_that_is_no_good_falls_back_to_tiers(app: App, name: str) -> None:
    app.publisher.change = with_packs(app.publisher, 1, spoil=SPOILS[name](app))
    app.publisher.publish(documents(2))
    assert app.sync().plan == "tiers"
    assert kinds(app) == ["manifest", "pack", "tier"]
    assert app.content() == expected(2)
    assert set(app.database.objects) == app.head.objects, "nothing of the pack is left"


def test_a_pack_that_the_host_does_not_give_falls_back_to_tiers(app: App) -> None:
    path = app.publisher.publish(documents(2)).packs[0].object.path
    for trouble in (b"<html>", app.publisher.files[path][:-1], ServerError("gone", status=410)):
        again = App(app.publisher)
        again.database.records.update(app.database.records)
        again.database.objects.update(app.database.objects)
        again.host.broken[path] = trouble
        assert again.sync().plan == "tiers"
        assert again.content() == expected(2)


@pytest.mark.fault("C38")
def test_where_the_base_is_damaged_too_it_is_mended_and_the_tiers_are_taken(app: App) -> None:
    app.publisher.change = with_packs(app.publisher, 1, spoil=lambda data: data[:-9])
    app.publisher.publish(documents(2))
    name = next(iter(app.head.current.segments if app.head.current else ()))
    whole = app.database.objects[name]
    app.database.objects[name] = whole[:-1] + bytes([whole[-1] ^ 1])  # bit rot in what was installed
    assert app.sync().plan == "tiers"
    assert app.detail("corruption")["objects"] == [name]
    assert kinds(app).count("pack") == 1
    assert app.content() == expected(2)


def test_a_pack_that_is_here_is_not_fetched_again(app: App) -> None:
    manifest = app.publisher.publish(documents(2))
    entry = manifest.packs[0]
    app.database.objects[entry.sha256] = app.publisher.files[entry.object.path]
    assert app.sync().plan == "direct"
    assert kinds(app) == ["manifest"]
    assert app.content() == expected(2)


# By way of older releases ------------------------------------------------------------------------


@pytest.fixture
def far() -> App:
    """A client of release 1; packs lead from 1 to 4, and from 4 to 6."""
    app = App(Publisher())
    published(app.publisher, 1)
    app.sync()
    for edition in (2, 3):
        app.publisher.publish(documents(edition))
    app.publisher.change = with_packs(app.publisher, 3, 1)
    milestone = app.publisher.publish(documents(4))
    app.publisher.change = with_packs(app.publisher, 5, 4, by_way_of=[milestone])
    for edition in (5, 6):
        app.publisher.publish(documents(edition))
    return app


def test_by_way_of_an_older_release(far: App) -> None:
    offer = far.check()
    assert offer.plan == "direct"
    assert far.sync().plan == "direct"
    assert kinds(far) == ["manifest", "manifest", "pack", "pack"]
    assert far.content() == expected(6)
    assert far.detail("updateStarted")["totalBytes"] == offer.bytes


@pytest.mark.parametrize("edition", [3, 4, 5])
def test_from_each_release_on_the_way(far: App, edition: int) -> None:
    app = App(Publisher())
    published(app.publisher, edition)
    app.sync()
    app.host.files = far.publisher.files
    app.publisher.files = far.publisher.files
    assert app.sync().plan == "direct"
    assert app.content() == expected(6)


def test_by_way_of_two_older_releases() -> None:
    """Packs lead from 1 to 4, to 16, to 17: the last gives new titles to what both before it wrote."""
    app = App(Publisher())
    published(app.publisher, 1)
    app.sync()
    contents, earlier, bases = documents(1), list[Manifest](), {4: 1, 16: 4, 17: 16}
    for edition in range(2, 18):
        if edition in bases:
            app.publisher.change = with_packs(app.publisher, bases[edition], by_way_of=earlier)
        if edition in (4, 16):
            contents[f"new in {edition}"] = texts(f"edition {edition} of the key")
        if edition == 17:
            contents |= {key: {**contents[key], "title": "T"} for key in ("new in 4", "new in 16")}
        earlier.append(app.publisher.publish(contents))
    assert app.sync().plan == "direct"
    assert kinds(app) == ["manifest"] * 3 + ["pack"] * 3
    assert app.content() == {key: document["chunks"] for key, document in contents.items()}


def test_the_way_may_be_closed(far: App) -> None:
    way = far.publisher.manifest.packs[1].manifest_path if far.publisher.manifest else ""
    for trouble in (b"<html>", ServerError("gone", status=410)):
        again = App(far.publisher)
        again.database.records.update(far.database.records)
        again.database.objects.update(far.database.objects)
        again.host.broken[way] = trouble
        assert again.sync().plan == "tiers"
        assert again.content() == expected(6)


def test_a_way_by_another_release_than_named(far: App) -> None:
    """Its packs lead on from the installed one, and what they lead to would do: it is not what was named."""
    way = far.publisher.manifest.packs[1].manifest_path if far.publisher.manifest else ""
    milestone = decode_manifest(far.publisher.files[way])
    other = encode_manifest(replace(milestone, epoch="0" * 16))
    ref = ObjectRef(sha256(other).hexdigest(), len(other), len(other))
    publish_by_way_of(far, milestone, ref)
    far.publisher.files[far.publisher.manifest.packs[1].manifest_path if far.publisher.manifest else ""] = other
    assert far.sync().plan == "tiers"
    assert kinds(far)[:3] == ["manifest", "manifest", "tier"]


def test_a_way_by_a_manifest_that_is_too_large_is_not_asked_for(far: App) -> None:
    way = far.publisher.manifest.packs[1].manifest_path if far.publisher.manifest else ""
    milestone = decode_manifest(far.publisher.files[way])
    size = far.config.max_manifest + 1
    publish_by_way_of(far, milestone, ObjectRef(way.split("/")[1].split(".")[0], size, size))
    assert far.sync().plan == "tiers"
    assert kinds(far)[:2] == ["manifest", "tier"]


def publish_by_way_of(far: App, milestone: Manifest, ref: ObjectRef) -> None:
    """Publish one more release, whose way leads by a manifest under this name."""
    named = with_packs(far.publisher, 5, 4, by_way_of=[milestone])

    def change(manifest: Manifest) -> Manifest:
        manifest = named(manifest)
        first, second = manifest.packs
        return replace(manifest, packs=(first, replace(second, manifest=ref)))

    far.publisher.change = change
    far.publisher.publish(documents(7))


def test_a_way_that_costs_more_than_the_tiers_is_not_asked_for(far: App) -> None:
    older = far.publisher.manifest
    assert older is not None
    milestone = replace(older, sequence=4)
    far.publisher.change = with_packs(far.publisher, 4, by_way_of=[milestone], spoil=lambda data: data + bytes(9_000))
    far.publisher.publish(documents(7))
    assert far.sync().plan == "tiers"
    assert kinds(far).count("manifest") == 1
