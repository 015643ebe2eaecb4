"""Scrubbing: what is installed is read again and compared with its names, a bounded part of it at a time.

Objects are named by their digests, so nothing but the pointer and the objects is needed (format.md, section 8). What is
missing shows in the list of objects, each time; what is there is read in turn. The record `scrub` says where
the last look ended; losing it costs a round begun anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from vademecum.errors import ContentError
from vademecum.format.json import DIGEST, Fields, canonical, parse_object
from vademecum.ports import Store
from vademecum.store.objects import unsound

Looked = Callable[[int, int], None]
"""Called with the bytes looked at so far, and those of all that is to be looked at."""


@dataclass(frozen=True)
class Scrubbed:
    """What a look at stored objects found.

    Attributes:
        checked: How many objects were read.
        bytes: Their size.
        missing: Digests of objects that are not there, sorted.
        rotten: Digests of objects that are not what their names say, sorted.
    """

    checked: int = 0
    bytes: int = 0
    missing: tuple[str, ...] = ()
    rotten: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[str, ...]:
        """What is missing or rotten, sorted."""
        return tuple(sorted(self.missing + self.rotten))


def ignore_looks(done: int, total: int) -> None:
    """The listener that does nothing."""


async def scrub(store: Store, needed: Collection[str], looked: Looked = ignore_looks) -> Scrubbed:
    """Look at all of these objects, one at a time.

    Args:
        needed: What the pointer names.

    Raises:
        StorageError: The store cannot be read.
    """
    sizes = await store.objects()
    return await _look(store, needed, sorted(sizes.keys() & needed), sizes, looked)


async def scrub_next(store: Store, needed: Collection[str], most: int) -> Scrubbed:
    """Look at the next of these objects, about `most` bytes of them, and remember where that ended.

    After total / most calls, rounded up, each of them was looked at. The caller holds the writer's lock.

    Raises:
        StorageError: The store cannot be read or written.
    """
    sizes = await store.objects()
    after = _decode(await store.read("scrub"))
    turn = next_slice({digest: sizes[digest] for digest in sizes.keys() & needed}, after, most)
    found = await _look(store, needed, turn, sizes)
    if found.checked < len(sizes.keys() & needed):
        await store.write({"scrub": canonical({"after": turn[-1]})})
    return found


def next_slice(sizes: Mapping[str, int], after: str, most: int) -> list[str]:
    """Return the digests behind `after`, in a ring, until they have `most` bytes: one at least. Pure."""
    ring = sorted(sizes)
    start = bisect_right(ring, after)
    taken: list[str] = []
    total = 0
    for digest in ring[start:] + ring[:start]:
        if taken and total >= most:
            break
        taken.append(digest)
        total += sizes[digest]
    return taken


async def _look(
    store: Store,
    needed: Collection[str],
    turn: Collection[str],
    sizes: Mapping[str, int],
    looked: Looked = ignore_looks,
) -> Scrubbed:
    done, total, rotten = 0, sum(sizes[digest] for digest in turn), list[str]()
    for digest in turn:
        rotten += await unsound(store, [digest])
        done += sizes[digest]
        looked(done, total)
    missing = tuple(sorted(set(needed) - sizes.keys()))
    return Scrubbed(len(turn), total, missing, tuple(sorted(rotten)))


def _decode(data: bytes | None) -> str:
    try:
        return "" if data is None else Fields(parse_object(data, "scrub"), "scrub").match("after", DIGEST)
    except ContentError:
        return ""
