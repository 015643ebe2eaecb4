"""Collecting garbage: the objects that neither the current nor the previous generation needs."""

from __future__ import annotations

import logging

from vademecum.errors import StorageError
from vademecum.ports import Store
from vademecum.store.records import Records

logger = logging.getLogger("vademecum")


async def collect(store: Store) -> None:
    """Delete the objects that the pointer does not need.

    Raises:
        StorageError: The store is broken.
    """
    await discard_all_but(store, (await Records(store).head()).objects)


async def discard_all_but(store: Store, needed: frozenset[str]) -> None:
    """Delete the other objects.

    Raises:
        StorageError: The store is broken.
    """
    garbage = [digest for digest in await store.objects() if digest not in needed]
    if garbage:
        await store.discard(garbage)


async def tidy(store: Store) -> None:
    """Collect garbage after a flip: what has been decided stands, even if this fails."""
    try:
        await collect(store)
    except StorageError as error:
        logger.warning("garbage stays until the next update: %s", error)
