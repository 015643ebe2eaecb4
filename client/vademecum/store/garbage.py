"""Garbage collection: objects that neither the current nor the previous generation needs."""

from __future__ import annotations

from vademecum.errors import StoreError
from vademecum.log import logger
from vademecum.ports import Store
from vademecum.store.session import Session


async def collect(session: Session) -> None:
    """Delete the objects that the pointer does not need.

    Raises:
        StorageError: The store is broken.
        DamagedError: The pointer cannot be read: nobody knows what is needed.
    """
    await discard_all_but(session, session.pointer.objects)


async def discard_all_but(store: Store, needed: frozenset[str]) -> None:
    """Delete all other objects; raise StorageError if the store is broken."""
    garbage = [digest for digest in await store.objects() if digest not in needed]
    if garbage:
        await store.discard(garbage)


async def tidy(session: Session) -> None:
    """Collect garbage after a flip: what has been decided stands, even if this fails."""
    try:
        await collect(session)
    except StoreError as error:
        logger.warning("garbage stays until the next update: %s", error)
