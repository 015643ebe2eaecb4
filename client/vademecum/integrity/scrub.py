"""Scrubbing: installed objects are read again and compared with their digests.

Objects are named by their digests, so nothing but the pointer and the objects is needed (format.md, section 8).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from vademecum.ports import Store
from vademecum.store.objects import unsound


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


async def scrub(store: Store, needed: Collection[str]) -> Scrubbed:
    """Look at all of these objects, one at a time.

    Args:
        needed: What the pointer names.

    Raises:
        StorageError: The store cannot be read.
    """
    sizes = await store.objects()
    held = sorted(sizes.keys() & needed)
    missing = tuple(sorted(set(needed) - sizes.keys()))
    rotten = tuple(await unsound(store, held))
    return Scrubbed(len(held), sum(sizes[digest] for digest in held), missing, rotten)
