"""The oracle: what must hold after any fault and a restart. One function, for every fault test on every store.

1. The store opens offline at exactly the old or exactly the new generation.
2. The trust floor never went down, and holds nothing that the publisher did not sign.
3. No unverified byte is readable: what the pointer names has the digest that it is named by.
4. Leftovers are bounded: what was held or was being fetched, and one generation's size of merged rows; the
   next release sweeps all of it away.
5. The next clean sync succeeds, and so does the one after it.

Where the scene began with broken objects, these alone may be broken still, until the next clean sync.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Mapping

from support.app import read_content, shown
from support.drive import drive
from support.scenes import LAST, Scene
from vademecum.errors import VademecumError
from vademecum.ports import Store
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.store.pointer import Generation, Head, decode_head

REST = 25
"""Hours until the next clean sync: a host may ask for a day without requests."""
ROLES = ("root", "timestamp", "snapshot", "targets")


async def judge(scene: Scene, store: Store) -> list[str]:
    """Return what is wrong with `store`, opened after a fault in `scene`; empty when the promise was kept.

    Each line begins with one of tally.VIOLATIONS. The store is brought up to date on the way.
    """
    held = frozenset(scene.database.objects)
    found = await _at_rest(scene, store)
    if found:
        return found
    head = decode_head(await store.read("head"))
    stays = _stays(scene, head)
    before = await read_content(store) if stays else scene.latest
    try:
        await scene.engine(store, hours=REST).sync()
    except VademecumError as error:
        if error.code != scene.fails:
            return [f"stuck: the next clean sync failed: {error.code}: {error}"]
    found = await _kept(scene, store)
    content = await read_content(store)
    if content != before:
        found.append(f"stuck: after the next clean sync a reader sees {content}")
    sizes = await store.objects()
    head = decode_head(await store.read("head"))
    # A merged segment whose compaction was cut off is known to nobody; it waits for the next release too.
    litter = sizes.keys() - head.objects - held - scene.published
    if sum(sizes[digest] for digest in litter) > sum(sizes[digest] for digest in head.objects):
        found.append(f"litter: {len(litter)} objects after the next clean sync")
    return found or await _one_release_later(scene, store)


def judge_content(scene: Scene, records: Mapping[str, bytes], objects: Mapping[str, bytes]) -> list[str]:
    """Judge a store in memory with this content; the same content is judged once.

    The engine sees nothing of a store but its content, so that content stands for every store that holds it.
    """
    hasher = hashlib.sha256()
    for name, data in [*sorted(records.items()), *sorted(objects.items())]:
        hasher.update(f"{name} {len(data)} ".encode() + data)
    key = hasher.digest()
    if key not in scene.verdicts:
        store = MemoryStore(MemoryDatabase(dict(records), dict(objects)))
        scene.verdicts[key] = drive(judge(scene, store))
    return scene.verdicts[key]


async def _at_rest(scene: Scene, store: Store) -> list[str]:
    """The offline half: nothing is asked of the host."""
    try:
        content = await read_content(store)
    except (VademecumError, AssertionError) as error:
        current = decode_head(await store.read("head")).current
        if isinstance(error, VademecumError) and current is not None and current.objects & scene.broken:
            await scene.engine(store).report_damage(error)  # as every reader does
            return await _kept(scene, store, scene.broken)
        return [f"mixed state: the store does not open: {error}"]
    if content not in (scene.old, scene.new):
        return [f"mixed state: a reader sees {content}"]
    return await _kept(scene, store, scene.broken)


async def _kept(scene: Scene, store: Store, broken: Container[str] = ()) -> list[str]:
    head = decode_head(await store.read("head"))
    return await kept(store, head, scene.database.records, scene.history, broken)


async def kept(
    store: Store, head: Head, before: Mapping[str, bytes], history: Container[bytes], broken: Container[str] = ()
) -> list[str]:
    """Return what is wrong with the floor, and with the digests of what can be read.

    Args:
        head: The pointer of this store.
        before: The records before the fault.
        history: Every trusted file that was ever published.
        broken: Objects that were missing or damaged before the fault: they are as they are.
    """
    found = []
    for role in ROLES:
        record = await store.read(f"trust/{role}.json")
        floor = before.get(f"trust/{role}.json")
        if record is not None and record not in history:
            found.append(f"unverified read: trust/{role}.json was never published")
        elif _version(record) < _version(floor):
            found.append(f"lower floor: {role} {_version(record)}, was {_version(floor)}")
    for generation in (head.current, head.previous):
        found += [] if generation is None else await _digests(store, generation, broken)
    return found


async def _digests(store: Store, generation: Generation, broken: Container[str]) -> list[str]:
    found = []
    for digest in sorted(generation.objects):
        if digest in broken:
            continue
        data = await store.get(digest)
        if data is None:
            found.append(f"lost data: release {generation.sequence} has no object {digest[:12]}")
        elif hashlib.sha256(data).hexdigest() != digest:
            found.append(f"unverified read: object {digest[:12]} of release {generation.sequence}")
    return found


def _version(record: bytes | None) -> int:
    if record is None:
        return 0
    version: int = json.loads(record)["signed"]["version"]
    return version


def _stays(scene: Scene, head: Head) -> bool:
    """Whether the user's or the self-test's decision keeps the published release away."""
    published = scene.sequence
    if published in head.refused:
        return True
    return head.pinned is not None and head.pinned != published


async def _one_release_later(scene: Scene, store: Store) -> list[str]:
    """A pinned client is asked to follow all the same."""
    pinned = decode_head(await store.read("head")).pinned is not None
    try:
        await scene.engine(store, later=True, hours=REST).sync(force=pinned)
        content = await read_content(store)
    except VademecumError as error:
        return [f"stuck: one release later: {error.code}: {error}"]
    found = await _kept(scene, store)
    if content != shown(LAST):
        found.append(f"stuck: one release later a reader sees {content}")
    head = decode_head(await store.read("head"))
    if frozenset(await store.objects()) != head.objects:
        found.append("litter: one release later there still is some")
    return found
