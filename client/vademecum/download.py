"""Getting files from a host that may fail: retries, waits, limits and the check of every object."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

from .config import Config
from .errors import ContentError, NetworkError, ServerError, VademecumError
from .format import ObjectRef, PackRef, inflate, verified
from .ports import Clock, Progress, Transport

logger = logging.getLogger("vademecum")

_PASSING = frozenset({404, 408, 425, 429, 500, 502, 503, 504})
"""Statuses that may pass: 404 because a host's edges learn of a new file one by one."""

_ABSENT = frozenset({403, 404})
"""How hosts say "no such file": some object stores answer 403."""


class Downloader:
    """Fetches files of one tree and counts what that took.

    Args:
        seed: Over the tree that the app ships: objects that lie there are not asked of the host, nor counted.

    Attributes:
        requests: Requests made so far, further tries among them.
        bytes: Body bytes received so far, as sent.
    """

    def __init__(
        self, transport: Transport, clock: Clock, config: Config, *, seed: Downloader | None = None
    ) -> None:
        self._transport = transport
        self._seed = seed
        self._clock = clock
        self._config = config
        self.requests = 0
        self.bytes = 0

    async def fetch(
        self, path: str, limit: int, *, fresh: bool = False, progress: Progress | None = None
    ) -> bytes:
        """Return the file at `path`, after as many tries as the configuration allows.

        Raises:
            NetworkError, ServerError: Still failing after the last try.
            ContentError: More than `limit` bytes.
        """
        return await self._fetch(path, limit, fresh, progress, _PASSING)

    async def fetch_or_absent(self, path: str, limit: int) -> bytes | None:
        """Return the file, or None when the host says that there is none. Absence is not tried again.

        Raises:
            NetworkError, ServerError, ContentError: See `fetch`.
        """
        try:
            return await self._fetch(path, limit, True, None, _PASSING - _ABSENT)
        except ServerError as error:
            if error.status in _ABSENT:
                return None
            raise

    async def _fetch(
        self, path: str, limit: int, fresh: bool, progress: Progress | None, passing: frozenset[int]
    ) -> bytes:
        for attempt in count():
            try:
                return await self._once(path, limit, fresh, progress)
            except (NetworkError, ServerError) as error:
                if attempt >= self._config.retries:
                    raise
                wait = self._wait(error, attempt, passing)
                if wait is None:
                    raise
            await self._clock.sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")

    async def fetch_object(self, ref: ObjectRef, progress: Progress | None = None) -> bytes:
        """Return the verified content of an object.

        Wrong bytes may come from a stale or broken cache on the way: they are asked for once more,
        past all caches.

        Raises:
            ContentError: Wrong bytes twice, or an object larger than the configuration allows.
            NetworkError, ServerError: See `fetch`.
        """
        if max(ref.size, ref.uncompressed) > self._config.max_object:
            raise ContentError(f"{ref.path}: {ref.uncompressed} bytes, more than {self._config.max_object}")
        seeded = await self._from_seed(ref, progress)
        if seeded is not None:
            return seeded
        limit = max(ref.size, ref.uncompressed)
        try:
            return inflate(ref, await self.fetch(ref.path, limit, progress=progress))
        except ContentError:
            return inflate(ref, await self.fetch(ref.path, limit, fresh=True, progress=progress))

    async def _from_seed(self, ref: ObjectRef, progress: Progress | None) -> bytes | None:
        """Return the verified content from the seed, or None. Packs are for what is newer than any seed."""
        if self._seed is None or isinstance(ref, PackRef):
            return None
        try:
            return await self._seed.fetch_object(ref, progress)
        except (NetworkError, ServerError, ContentError) as error:
            logger.debug("not from the seed: %s", error)
            return None

    async def fetch_plain(self, path: str, ref: ObjectRef) -> bytes:
        """Return the verified content of a file that is not gzipped: `ref` names its digest and length.

        Raises:
            ContentError: Wrong bytes, also when asked for past all caches.
            NetworkError, ServerError: See `fetch`.
        """
        try:
            return verified(ref, await self.fetch(path, ref.size), path)
        except ContentError:
            return verified(ref, await self.fetch(path, ref.size, fresh=True), path)

    async def _once(self, path: str, limit: int, fresh: bool, progress: Progress | None) -> bytes:
        self.requests += 1
        body = await self._transport.fetch(path, limit=limit, fresh=fresh, progress=progress)
        self.bytes += body.transferred
        return body.data

    def _wait(self, error: VademecumError, attempt: int, passing: frozenset[int]) -> float | None:
        """Return the seconds to wait before the next try, or None where trying again is of no use."""
        asked = 0.0
        if isinstance(error, ServerError):
            if error.status not in passing:
                return None
            asked = error.retry_after or 0.0
        if asked > self._config.longest_wait:
            return None
        backoff = self._config.backoff * (1 << attempt) * (0.5 + self._clock.jitter())
        return max(asked, min(backoff, self._config.longest_wait))


async def in_parallel(
    refs: Sequence[ObjectRef], parallel: int, work: Callable[[ObjectRef], Awaitable[None]]
) -> None:
    """Run `work` on every reference, at most `parallel` at a time; the first error ends the rest."""
    gate = asyncio.Semaphore(parallel)

    async def gated(ref: ObjectRef) -> None:
        async with gate:
            await work(ref)

    tasks = [asyncio.ensure_future(gated(ref)) for ref in refs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
