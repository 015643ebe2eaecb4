"""Clients at a moment when something is about to change: what is done to them, and what they may show after it."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from support.app import App, shown, texts
from support.drive import drive
from support.faults import Fuse, FusedTransport
from support.in_hand import FixedClock, MemoryTransport
from support.packing import with_packs
from support.publisher import Publisher, make_encoder
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.format.manifest import Manifest
from vademecum.integrity.scrub import scrub
from vademecum.ports import Store
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.store.pointer import decode_head
from vademecum.store.seal import seal

Content = Mapping[str, list[str]]
"""What a reader sees: the texts of each document, by key."""
Documents = dict[str, dict[str, list[str]]]

ONE: Documents = {"a": texts("rotate the key"), "b": texts("a lamp")}
TWO: Documents = {"a": texts("rotate the lamp"), "c": texts("run home")}
THREE: Documents = {"c": texts("run home"), "d": texts("the key")}
LAST: Documents = {"d": texts("the key"), "e": texts("a lamp", "run"), "f": texts("rotate home")}

BROKEN = "a release that does not work"


@dataclass(frozen=True)
class Scene:
    """A store at rest, a published tree, and one call of the engine; nothing of it changes in a run.

    Attributes:
        database: The store before the call.
        files: What the host serves.
        old, new: What a reader may see after the call, however it ended.
        latest: What the published release holds.
        later: What the host serves one release later, which holds LAST.
        broken: Objects that were missing or damaged before the call; they may be after it, until the next clean sync.
        history: Every trusted file that was ever published: only these may be stored as trust.
        fails: The code of the error that the call ends with where nothing hinders it; None: it goes well.
    """

    name: str
    call: Callable[[Engine], Awaitable[object]]
    database: MemoryDatabase
    files: Mapping[str, bytes]
    old: Content
    new: Content
    latest: Content
    later: Mapping[str, bytes]
    history: frozenset[bytes]
    root: bytes
    now: FixedClock
    config: Config
    published: frozenset[str]
    sequence: int
    fails: str | None = None
    broken: frozenset[str] = frozenset()
    verdicts: dict[bytes, list[str]] = field(default_factory=dict)

    def engine(self, store: Store, *, later: bool = False, hours: int = 0, fuse: Fuse | None = None) -> Engine:
        """Return an engine over `store`, some hours on; `later`: the host has the next release."""
        host = MemoryTransport(self.later if later else self.files)
        return Engine(
            store,
            host if fuse is None else FusedTransport(host, fuse),
            FixedClock(self.now.now() + timedelta(hours=hours)),
            trust=self.root,
            config=self.config,
        )

    def copy(self) -> MemoryDatabase:
        return copy.deepcopy(self.database)


def _scene(
    name: str,
    app: App,
    call: Callable[[Engine], Awaitable[object]],
    *,
    old: Documents,
    new: Documents,
    latest: Documents,
    fails: str | None = None,
) -> Scene:
    publisher, database = app.publisher, copy.deepcopy(app.database)
    files = dict(publisher.files)
    assert publisher.manifest is not None
    published = frozenset(ref.sha256 for ref in publisher.manifest.objects)
    published |= {path[8:72] for path in files if path.endswith(".pack")}
    sequence = publisher.manifest.sequence
    trusted = {data for path, data in files.items() if path.startswith("metadata/")}
    trusted |= {value for name, value in database.records.items() if name.endswith(".json")}
    if name == BROKEN:
        publisher.new_epoch("d" * 16, make_encoder())
    publisher.change = lambda manifest: manifest
    publisher.publish(LAST)
    trusted |= {data for path, data in publisher.files.items() if path.startswith("metadata/")}
    return Scene(
        name=name,
        call=call,
        database=database,
        files=files,
        old=shown(old),
        new=shown(new),
        latest=shown(latest),
        later=dict(publisher.files),
        history=frozenset(trusted),
        root=publisher.first_root,
        now=app.clock,
        config=app.config,
        published=published,
        sequence=sequence,
        fails=fails,
        broken=frozenset(scrubbed(database)),
    )


def scrubbed(database: MemoryDatabase) -> tuple[str, ...]:
    """Return what is broken of the objects that the pointer names."""
    head = decode_head(database.records.get("head"))
    return drive(scrub(MemoryStore(database), head.objects)).broken


def _client(*releases: Documents, max_segments: int = 32) -> App:
    """A client that has followed these releases."""
    app = App(Publisher(), config=Config(retries=0, parallel=2, max_segments=max_segments))
    for documents in releases:
        app.publisher.publish(documents)
        app.sync()
    return app


def _sync(engine: Engine) -> Awaitable[object]:
    return engine.sync()


def _force(engine: Engine) -> Awaitable[object]:
    return engine.sync(force=True)


def _rollback(engine: Engine) -> Awaitable[object]:
    return engine.rollback()


def _pin(engine: Engine) -> Awaitable[object]:
    return engine.pin(1)


def _repair(engine: Engine) -> Awaitable[object]:
    return engine.repair()


def _clear(engine: Engine) -> Awaitable[object]:
    return engine.clear()


async def _unpin(engine: Engine) -> None:
    await engine.pin(None)
    await engine.sync()


def first_install() -> Scene:
    app = _client()
    app.publisher.publish(ONE)
    return _scene("first install", app, _sync, old={}, new=ONE, latest=ONE)


def tiers() -> Scene:
    app = _client(ONE)
    app.publisher.publish(TWO)
    return _scene("update by tiers", app, _sync, old=ONE, new=TWO, latest=TWO)


def _twelve(edition: str) -> Documents:
    """Twelve documents, one of which differs: a pack is then cheaper than a tier."""
    found = {f"{i:02}": texts(f"the key of lamp {i}", f"run home {i * i}") for i in range(12)}
    return {**found, "05": texts(f"the {edition} edition of the key")}


def direct() -> Scene:
    app = _client(_twelve("first"))
    app.publisher.change = with_packs(app.publisher, 1)
    app.publisher.publish(_twelve("second"))
    old, new = _twelve("first"), _twelve("second")
    return _scene("update by a direct pack", app, _sync, old=old, new=new, latest=new)


def epoch() -> Scene:
    """With a previous generation that becomes garbage, and a key that was replaced."""
    app = _client(ONE, TWO)
    app.publisher.rotate("timestamp", "release 2")
    app.publisher.new_epoch("c" * 16, make_encoder("the lamp and the key run home"))
    app.publisher.publish(THREE)
    return _scene("new epoch", app, _sync, old=TWO, new=THREE, latest=THREE)


def forced() -> Scene:
    app = _client(ONE)
    app.publisher.publish(TWO)
    return _scene("forced update", app, _force, old=ONE, new=TWO, latest=TWO)


def broken_release() -> Scene:
    """The new release fails its self-test here, and is refused."""
    app = _client(ONE, TWO)
    encoder = make_encoder()
    (golden,) = encoder.file.goldens
    wrong = replace(golden, vector=[0] * len(golden.vector))
    app.publisher.new_epoch("c" * 16, type(encoder)(replace(encoder.file, goldens=[wrong])))
    app.publisher.publish(THREE)
    return _scene(BROKEN, app, _sync, old=TWO, new=TWO, latest=TWO, fails="self-test")


def spoiled_release() -> Scene:
    """The new release is not the state that its manifest promises, however often it is fetched."""
    app = _client(ONE)

    def promise(manifest: Manifest) -> Manifest:
        return replace(manifest, digest="0" * 64)

    app.publisher.change = promise
    app.publisher.publish(TWO)
    return _scene("spoiled release", app, _sync, old=ONE, new=ONE, latest=ONE, fails="content")


def steps() -> Scene:
    """By two packs: the first leads to the release that the step of the installed one leads to."""
    app = _client(ONE, TWO, ONE)
    publisher = app.publisher
    publisher.change = with_packs(publisher, 3)
    between = publisher.publish(TWO)
    publisher.change = with_packs(publisher, 4, by_way_of=[between])
    publisher.publish(THREE)
    return _scene("packs by steps", app, _sync, old=ONE, new=THREE, latest=THREE)


def wrong_pack() -> Scene:
    """A pack that is what was signed, and does not decode: the tiers are fetched instead."""
    app = _client(ONE)
    app.publisher.change = with_packs(app.publisher, 1, spoil=lambda data: data[:-1])
    app.publisher.publish(TWO)
    return _scene("wrong pack", app, _sync, old=ONE, new=TWO, latest=TWO)


def damaged() -> Scene:
    """An update over an installed segment that has rotted: what it builds on has to be fetched anew."""
    app = _client(ONE)
    assert app.head.current is not None
    (name,) = app.head.current.segments
    data = app.database.objects[name]
    app.database.objects[name] = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
    new: Documents = {**ONE, "c": texts("run home")}
    app.publisher.publish(new)
    return _scene("update over a damaged object", app, _sync, old=ONE, new=new, latest=new)


def healing() -> Scene:
    """This device has failed three times in a row: everything is fetched anew, though it is the newest release."""
    app = _client(ONE, TWO)
    app.database.records["health"] = seal(b'{"healed":0,"reads":0,"syncs":3}')
    return _scene("self-heal", app, _sync, old=TWO, new=TWO, latest=TWO)


def follow() -> Scene:
    """Pinned, and asked to follow the channel again."""
    app = _client(ONE, TWO)
    app.pin(2)
    app.publisher.publish(THREE)
    return _scene("unpin and follow", app, _unpin, old=TWO, new=THREE, latest=THREE)


def rollback() -> Scene:
    app = _client(ONE, TWO)
    return _scene("rollback", app, _rollback, old=TWO, new=ONE, latest=TWO)


def pin() -> Scene:
    app = _client(ONE, TWO)
    return _scene("pin", app, _pin, old=TWO, new=ONE, latest=TWO)


_MANY: Documents = {"b": texts("the lamp"), "e": texts("run", "home")}


def _many(max_segments: int = 32) -> App:
    """Three segments, with dead rows and a tombstone that keeps an older row dead; or merged ones."""
    releases: tuple[Documents, ...] = ({**ONE, "e": texts("run")}, {**ONE, "e": texts("run", "home")}, _MANY)
    return _client(*releases, max_segments=max_segments)


def compacting_update() -> Scene:
    app = _many()
    app.config = Config(retries=0, parallel=2, max_segments=2)
    new: Documents = {**_MANY, "f": texts("the key", "rotate", "a lamp")}
    app.publisher.publish(new)
    return _scene("update that compacts", app, _sync, old=_MANY, new=new, latest=new)


def collection() -> Scene:
    """A broken-off update to another release, and a generation that falls off the end, are swept away."""
    app = _client(ONE)
    for number, documents in enumerate((TWO, THREE)):
        app.publisher.new_epoch(f"{number:016x}", make_encoder(f"the lamp and the key run {'home' * number}"))
        app.publisher.publish(documents)
        app.sync()
    app.publisher.new_epoch("d" * 16, make_encoder("a lamp"))
    litter = app.publisher.publish(ONE)
    for ref in litter.objects[:2]:
        app.database.objects[ref.sha256] = b"of an update that broke off"
    app.publisher.new_epoch("e" * 16, make_encoder("rotate the key"))
    app.publisher.publish(TWO)
    return _scene("collection", app, _sync, old=THREE, new=TWO, latest=TWO)


def clear() -> Scene:
    app = _client(ONE, TWO)
    return _scene("clear", app, _clear, old=TWO, new={}, latest=TWO)


def _rot(app: App, digest: str) -> None:
    data = app.database.objects[digest]
    app.database.objects[digest] = data[:-1] + bytes([data[-1] ^ 1])


def repair() -> Scene:
    """One object rotten, one lost; the oracle's syncs find what a broken-off repair has left."""
    app = _client(ONE, TWO)
    app.config = Config(retries=0, parallel=2)
    assert app.head.current is not None
    _rot(app, app.head.current.segments[0])
    del app.database.objects[app.head.current.encoder]
    return _scene("repair", app, _repair, old=TWO, new=TWO, latest=TWO)


def repair_of_a_merged_segment() -> Scene:
    """It is on no host: it is rebuilt from the published ones."""
    app = _many(max_segments=1)
    assert app.head.current is not None
    _rot(app, app.head.current.segments[0])
    return _scene("repair of a merged segment", app, _repair, old=_MANY, new=_MANY, latest=_MANY)


SCENES = (
    first_install,
    tiers,
    direct,
    epoch,
    forced,
    broken_release,
    spoiled_release,
    steps,
    wrong_pack,
    damaged,
    healing,
    rollback,
    pin,
    follow,
    compacting_update,
    collection,
    clear,
    repair,
    repair_of_a_merged_segment,
)
