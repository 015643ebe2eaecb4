"""The seams between the engine and the world. The engine never asks where it runs.

Three ports: `Transport` brings bytes, `Store` keeps them, `Clock` knows the time. Real ones are for
CPython (`runtime/http.py`, `runtime/folder.py`, `runtime/sqlite/`) and for browsers (`runtime/browser.py`), the clock
for both (`runtime/clock.py`); others are in memory (`runtime/memory.py`, tests/support/in_hand.py). One contract suite
(tests/contract) runs against all transports, and one against all stores.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Progress = Callable[[int], None]
"""Called with the number of body bytes received so far, while a body streams in."""

Emit = Callable[[str, Mapping[str, Any]], None]
"""Called with the name of an event and its details: `updateStarted`, `updateProgress` ...."""


Span = tuple[int, int]
"""Where bytes lie in an object: (offset, length)."""


@dataclass(frozen=True)
class Body:
    """One response body.

    Attributes:
        data: The body, with any transfer or content encoding of the host undone.
        transferred: Bytes of the body as they came over the wire (before decoding), for accounting.
        host_time: The Date header, if any. Not signed: fit for messages only.
    """

    data: bytes
    transferred: int
    host_time: datetime | None = field(default=None, compare=False)


Room = Callable[[], Awaitable[int | None]]
"""Returns how many bytes may still be stored, or None where nobody knows."""


async def unknown_room() -> int | None:
    """Nobody knows."""
    return None


Permission = Callable[[], bool]
"""Tells whether another object may be downloaded now, for example over this connection. Must not raise."""


def always() -> bool:
    """Nobody minds."""
    return True


class Transport(Protocol):
    """Reads files of one published tree. One call, one request: retries are the downloader's business."""

    async def fetch(self, path: str, *, limit: int, fresh: bool = False, progress: Progress | None = None) -> Body:
        """Return the file at `path`, relative to the tree, `/`-separated.

        Args:
            path: For example `metadata/timestamp.json`. Not quoted, but for a slash inside a name: `%2F`.
            limit: The most bytes that `data` may have. Streaming stops at one byte more.
            fresh: Go past every cache between here and the host (used for `timestamp.json`).
            progress: Called while the body streams in.

        Raises:
            NetworkError: No answer, or the body broke off, stalled or timed out.
            ServerError: A status other than 200; 404 when the file is not there.
            ContentError: More than `limit` bytes.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. Closing twice is fine."""
        ...


class RecordStore(Protocol):
    """Small named records: what the walk through the metadata needs of a store."""

    async def read(self, name: str) -> bytes | None:
        """Return the record, or None if there is none."""
        ...

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        """Set (bytes) or delete (None) all of these records."""
        ...


class Store(RecordStore, Protocol):
    """The client's local database: named records, content-addressed objects, and a writer's lock.

    Records are small (a few kilobytes) and named by short ASCII strings. Objects are named by the
    SHA-256 of their content (64 lower-case hex digits); the engine verifies them before it puts them.
    """

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        """Set (bytes) or delete (None) all of these records, atomically and durably.

        When this returns, the records and every object put before it survive a power cut; when it
        raises, none of the records has changed. This is the commit that flips a generation.
        """
        ...

    async def objects(self) -> Mapping[str, int]:
        """Return the digests of all stored objects with their sizes in bytes."""
        ...

    async def get(self, digest: str) -> bytes | None:
        """Return the object's bytes, or None if it is not stored."""
        ...

    async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
        """Return these spans of an object, in this order, or None if it is not stored.

        Memory is taken for the spans alone where the database allows it, never for more than one object.

        Raises:
            StorageError: A span reaches beyond the object.
        """
        ...

    async def put(self, digest: str, data: bytes) -> None:
        """Store an object. Putting one that is there already replaces it with the same bytes."""
        ...

    async def discard(self, digests: Iterable[str]) -> None:
        """Delete these objects and their words, all or none of them; unknown ones are passed over."""
        ...

    async def words(self, digest: str) -> bytes | None:
        """Return what was kept as the words of an object, or None: a cache, which nobody has to have."""
        ...

    async def keep_words(self, digest: str, words: bytes) -> None:
        """Keep the words of an object in place of earlier ones; of one that is not stored nothing is kept.

        Readers call it as well, without the writer's lock: the words follow from the object alone.
        """
        ...

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Return a context in which this is the one writer, across processes or tabs.

        The lock goes away with its process or tab, whatever happened.

        Raises:
            BusyError: On entering, when another writer holds it.
        """
        ...

    async def close(self) -> None:
        """Let go of the database. Closing twice is fine."""
        ...


class Clock(Protocol):
    """Time, waiting and chance: everything that would make a run differ from the next."""

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    def jitter(self) -> float:
        """Return a random number in [0, 1)."""
        ...
