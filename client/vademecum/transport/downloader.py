"""The downloader: mirrors in turn, retries, waits, limits, and verification of every object."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

from vademecum.config import Config
from vademecum.errors import ContentError, NetworkError, ServerError, TrustError, VademecumError
from vademecum.format.objects import ObjectRef, PackRef, inflate, inflate_named, verified
from vademecum.log import logger
from vademecum.ports import Clock, Progress, Transport
from vademecum.transport.mirrors import Mirror, Mirrors, telling
from vademecum.transport.waiting import seconds_to_wait

T = TypeVar("T")

ABSENT = frozenset({403, 404})
"""How hosts say "no such file": some object stores answer 403."""


def is_absent(error: VademecumError) -> bool:
    """Whether a host said that there is no such file."""
    return isinstance(error, ServerError) and error.status in ABSENT


class Downloader:
    """Fetches files of one tree and counts what that took.

    Args:
        hosts: One transport, or several mirrors of the tree. What one mirror does not give as it should is asked of
            the next one at once; waits come when all have had their turn.
        seed: Over the tree that the app ships: objects that lie there are not asked of the host, nor counted.

    Attributes:
        requests: Requests made so far, further tries among them.
        bytes: Body bytes received so far, as sent.
        host_time: The latest Date header; answers from caches have earlier ones.
        first_contact: Nothing is known of this host yet: its 404 is an answer, and no edge that lags behind.
    """

    def __init__(
        self, hosts: Transport | Mirrors, clock: Clock, config: Config, *, seed: Downloader | None = None
    ) -> None:
        self.mirrors = hosts if isinstance(hosts, Mirrors) else Mirrors([hosts])
        self._seed = seed
        self._clock = clock
        self._config = config
        self.requests = 0
        self.bytes = 0
        self.host_time: datetime | None = None
        self.first_contact = False
        self._prefetched: tuple[tuple[str, ObjectRef], asyncio.Future[bytes]] | None = None

    async def fetch(self, path: str, limit: int, *, fresh: bool = False, progress: Progress | None = None) -> bytes:
        """Return the file at `path`, after as many tries as the configuration allows.

        Raises:
            NetworkError, ServerError: Still failing after the last try.
            ContentError: More than `limit` bytes.
        """
        return await self.by_turns(lambda mirror: self.once(mirror, path, limit, fresh, progress))

    async def fetch_accepted(self, path: str, limit: int, accept: Callable[[bytes], None]) -> bytes:
        """Return the file at `path` that `accept` does not raise on; other mirrors may have a better one.

        Raises:
            NetworkError, ServerError, ContentError: See `fetch`.
            TrustError, ContentError: What `accept` raises.
        """

        async def one(mirror: Mirror) -> bytes:
            data = await self.once(mirror, path, limit)
            accept(data)
            return data

        return await self.by_turns(one)

    async def fetch_or_absent(self, path: str, limit: int) -> bytes | None:
        """Return the file, or None when the host says that there is none. Absence is not tried again.

        Errors: see `fetch`.
        """
        return await self.by_turns(lambda mirror: self.once_or_absent(mirror, path, limit))

    async def fetch_object(self, ref: ObjectRef, progress: Progress | None = None) -> bytes:
        """Return the verified content of an object.

        Wrong bytes may come from a stale or broken cache on the way: they are asked for once more, past all caches.

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
        return await self._verified(ref.path, limit, lambda data: inflate(ref, data), progress)

    async def _from_seed(self, ref: ObjectRef, progress: Progress | None) -> bytes | None:
        """Return the verified content from the seed, or None. Packs are for what is newer than any seed."""
        if self._seed is None or isinstance(ref, PackRef):
            return None
        try:
            return await self._seed.fetch_object(ref, progress)
        except (NetworkError, ServerError, ContentError) as error:
            logger.debug("not from the seed: %s", error)
            return None

    async def fetch_named(self, sha256: str, most: int) -> bytes | None:
        """Return the verified content of an object of which only the digest is known. Errors: see `fetch_object`.

        Args:
            most: The most bytes that it may have, inflated: its size is not signed anywhere.

        Returns:
            None if the host has no such file. Absence is not tried again: what a client made itself is on no host.
        """
        path = ObjectRef(sha256, most, most).path

        async def one(mirror: Mirror) -> bytes | None:
            body = await self.once_or_absent(mirror, path, most)
            return None if body is None else inflate_named(sha256, body, most)

        return await self.by_turns(one)

    def prefetch(self, path: str, ref: ObjectRef) -> None:
        """Begin to fetch a file that `fetch_plain` may soon be asked for; at most one at a time.

        It is fetched as by `fetch_plain`, with the waits that the host asks for, and `fetch_plain` returns the result
        or raises the error. If that is never called, nobody hears of it. `close` ends it.
        """
        if self._prefetched is None:
            self._prefetched = (path, ref), asyncio.ensure_future(self._fetch_plain(path, ref))

    async def close(self) -> None:
        """End what `prefetch` has begun. Closing twice is fine."""
        if self._prefetched is not None:
            self._prefetched[1].cancel()
            await asyncio.gather(self._prefetched[1], return_exceptions=True)

    async def fetch_plain(self, path: str, ref: ObjectRef) -> bytes:
        """Return the verified content of a file that is not gzipped: `ref` names its digest and length.

        What `prefetch` brought counts only under the same path, digest and length.

        Raises:
            ContentError: Wrong bytes, also when asked for past all caches.
            NetworkError, ServerError: See `fetch`.
        """
        if self._prefetched is not None and self._prefetched[0] == (path, ref):
            (_, begun), self._prefetched = self._prefetched, None
            return await begun
        return await self._fetch_plain(path, ref)

    async def _fetch_plain(self, path: str, ref: ObjectRef) -> bytes:
        return await self._verified(path, ref.size, lambda data: verified(ref, data, path))

    async def _verified(
        self, path: str, limit: int, verify: Callable[[bytes], bytes], progress: Progress | None = None
    ) -> bytes:
        async def one(mirror: Mirror) -> bytes:
            try:
                return verify(await self.once(mirror, path, limit, False, progress))
            except ContentError:
                return verify(await self.once(mirror, path, limit, True, progress))

        return await self.by_turns(one)

    async def once(
        self, mirror: Mirror, path: str, limit: int, fresh: bool = False, progress: Progress | None = None
    ) -> bytes:
        """Return what this mirror has at `path`, with one request. Errors: see `Transport.fetch`."""
        self.requests += 1
        asked, came = self._clock.now(), 0

        def counted(received: int) -> None:
            nonlocal came
            came = received
            if progress is not None:
                progress(received)

        try:
            body = await mirror.transport.fetch(path, limit=limit, fresh=fresh, progress=counted)
        except VademecumError as error:
            unanswered = isinstance(error, NetworkError) and not came
            mirror.mute = unanswered and self._clock.now() - asked > timedelta(seconds=self._config.longest_wait)
            mirror.heard = mirror.heard or not isinstance(error, NetworkError)
            raise
        mirror.heard, mirror.mute = True, False
        self.host_time = max(filter(None, (body.host_time, self.host_time)), default=None)
        self.bytes += body.transferred
        return body.data

    async def once_or_absent(self, mirror: Mirror, path: str, limit: int) -> bytes | None:
        """The same; None when it says that there is no such file."""
        try:
            return await self.once(mirror, path, limit, True)
        except ServerError as error:
            if error.status in ABSENT:
                return None
            raise

    async def by_turns(
        self, work: Callable[[Mirror], Awaitable[T]], *, but: Collection[Mirror] = (), insist: bool = True
    ) -> T:
        """Return what `work` returns for the first mirror with which it does not fail.

        A mirror is asked again, after a wait, where that may help: not after wrong content.

        Args:
            but: Mirrors to pass over; at least one must remain.
            insist: Otherwise each has one turn, and nobody is waited for.

        Raises:
            NetworkError, ServerError, ContentError, TrustError: Every mirror failed; of their errors see `telling`.
        """
        failed: dict[Mirror, VademecumError] = {}
        hopeless: set[Mirror] = set(but)
        for attempt in count():
            waits = []
            for mirror in [mirror for mirror in self.mirrors.turns() if mirror not in hopeless]:
                try:
                    return await work(mirror)
                except (NetworkError, ServerError, ContentError, TrustError) as error:
                    mirror.failures += 1
                    failed[mirror] = error
                    wait = seconds_to_wait(
                        error,
                        attempt,
                        self._config,
                        self._clock.jitter(),
                        heard=mirror.heard,
                        mute=mirror.mute,
                        first_contact=self.first_contact,
                    )
                    if wait is None:
                        hopeless.add(mirror)
                        if (error.retry_after or 0) > self._config.longest_wait:
                            mirror.wait = error.retry_after
                    else:
                        waits.append(wait)
            if not waits or not insist or attempt >= self._config.retries:
                raise telling(failed.values()) if failed else self.mirrors.let_alone()
            await self._clock.sleep(min(waits))
        raise AssertionError("unreachable: the last try returns or raises")


def at_once(refs: Sequence[ObjectRef], config: Config) -> int:
    """Return how many of these objects may be on their way at a time: their bodies and contents lie in memory."""
    largest = max((ref.size + ref.uncompressed for ref in refs), default=0)
    return max(1, min(config.parallel, config.max_on_the_way // max(largest, 1)))


async def in_parallel(items: Iterable[T], parallel: int, work: Callable[[T], Awaitable[None]]) -> None:
    """Run `work` on every item, at most `parallel` at a time; the first error ends the rest."""
    gate = asyncio.Semaphore(parallel)

    async def gated(item: T) -> None:
        async with gate:
            await work(item)

    tasks = [asyncio.ensure_future(gated(item)) for item in items]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
