"""Stored objects: not rewritten while they are intact, verified before use, never read beyond their end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from vademecum.errors import DamagedError, StorageError
from vademecum.ports import Span, Store


async def keep(store: Store, digest: str, content: bytes) -> None:
    """Store a verified object, unless the store holds these very bytes already.

    A forced update fetches objects that the installed generation reads from. A power cut while one of them is
    written again could leave it torn, with the pointer still naming it. Errors: see `Store.put`.
    """
    if await store.get(digest) != content:
        await store.put(digest, content)


async def holds(store: Store, digest: str) -> bool:
    """Return whether the object is there, and what its name says. Errors: see `Store.get`."""
    data = await store.get(digest)
    return data is not None and hashlib.sha256(data).hexdigest() == digest


async def unsound(store: Store, digests: Iterable[str]) -> list[str]:
    """Return those of the stored objects that are not what their names say: a power cut may have torn them.

    Errors: see `Store.get`.
    """
    found = []
    for digest in digests:
        data = await store.get(digest)
        if data is not None and hashlib.sha256(data).hexdigest() != digest:
            found.append(digest)
    return found


async def read_sound(store: Store, digest: str) -> bytes:
    """Return an object that is what its name says: a disk may have changed it since it was verified.

    Raises:
        StorageError: The store has lost it.
        DamagedError: It is something else.
    """
    data = await store.get(digest)
    if data is None:
        raise lacks(digest)
    if hashlib.sha256(data).hexdigest() != digest:
        raise DamagedError(f"the stored object {digest[:12]} is damaged: the next update repairs it")
    return data


def lacks(digest: str) -> StorageError:
    """Return the error for a missing object. A sync may be fetching it: after a damaged file was begun anew."""
    return StorageError(f"the store lacks object {digest[:12]}: it is fetched again, now or by the next sync")


def check_spans(digest: str, size: int, spans: Sequence[Span]) -> None:
    """Raise StorageError if a span reaches beyond an object of so many bytes."""
    for at, length in spans:
        if at < 0 or length < 0 or at + length > size:
            raise StorageError(f"object {digest[:12]} has {size} bytes, asked for {at} to {at + length}")
