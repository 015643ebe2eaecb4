"""Scrubbing: what is installed is read again and compared with its names.

Objects are named by their digests, so nothing but the pointer and the objects is needed (format.md, section 8).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

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
    held = sorted(sizes.keys() & needed)
    done, total, rotten = 0, sum(sizes[digest] for digest in held), list[str]()
    for digest in held:
        rotten += await unsound(store, [digest])
        done += sizes[digest]
        looked(done, total)
    return Scrubbed(len(held), total, tuple(sorted(set(needed) - sizes.keys())), tuple(rotten))
