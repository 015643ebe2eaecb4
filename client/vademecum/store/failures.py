"""The record `health`: how often in a row this device failed, not the network nor the publisher.

After a few such failures the installed generation is fetched whole, once: what a disk has lost, a host still has.
If that fails here too, nothing more is tried until something works again, or the user forces an update.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vademecum.errors import (
    BusyError,
    ContentError,
    NewerFormatError,
    NotAStoreError,
    QuotaError,
    SelfTestError,
    StoreError,
    VademecumError,
)
from vademecum.format.json import Fields, canonical, parse_object
from vademecum.ports import Store


@dataclass(frozen=True)
class Health:
    """What failed here.

    Attributes:
        syncs: Syncs in a row that failed for want of a working store.
        reads: Times that a reader could not open what is installed, since everything was fetched anew.
        healed: Whether a whole download has been tried since, in vain.
    """

    syncs: int = 0
    reads: int = 0
    healed: bool = False

    def is_due(self, after: int) -> bool:
        """Whether everything is to be fetched anew."""
        return max(self.syncs, self.reads) >= after and not self.healed


def is_local(error: VademecumError) -> bool:
    """Whether this device failed, in a way that fetching everything anew could mend.

    A full disk, another program's file, another writer and a newer version's store are none of that.
    """
    return isinstance(error, StoreError) and not isinstance(error, QuotaError | NotAStoreError | BusyError)


def is_damage(error: VademecumError) -> bool:
    """The same for a reader: whatever it finds wrong with the content lies here, too."""
    found = isinstance(error, ContentError | SelfTestError) and not isinstance(error, NewerFormatError)
    return found or is_local(error)


async def read_health(store: Store) -> Health:
    """Return the record; a damaged one begins anew.

    Raises:
        StorageError: See `Store.read`.
    """
    data = await store.read("health")
    if data is None:
        return Health()
    try:
        fields = Fields(parse_object(data, "health"), "health")
        return Health(fields.integer("syncs"), fields.integer("reads"), fields.integer("healed", 0, 1) == 1)
    except ContentError:
        return Health()


async def count_sync(store: Store, *, healing: bool) -> None:
    """Count a failed sync. `healing`: it was the one that should have mended things.

    Raises:
        StorageError: See `Store.write`.
    """
    known = await read_health(store)
    await _write(store, replace(known, syncs=known.syncs + 1, healed=known.healed or healing))


async def count_read(store: Store) -> None:
    """Count a failure of a reader.

    Raises:
        StorageError: See `Store.write`.
    """
    known = await read_health(store)
    await _write(store, replace(known, reads=known.reads + 1))


async def note_success(store: Store, *, installed: bool) -> Health:
    """A sync went well. What a reader found is mended by an installation, or by a repair.

    Returns:
        What was known before.

    Raises:
        StorageError: See `Store.write`.
    """
    known = await read_health(store)
    new = Health() if installed else replace(known, syncs=0)
    if new != known:
        await _write(store, new)
    return known


async def note_repair(store: Store) -> None:
    """What a reader had found was mended.

    Raises:
        StorageError: See `Store.write`.
    """
    await _write(store, replace(await read_health(store), reads=0))


async def _write(store: Store, health: Health) -> None:
    value = {"syncs": health.syncs, "reads": health.reads, "healed": int(health.healed)}
    await store.write({"health": None if health == Health() else canonical(value)})
