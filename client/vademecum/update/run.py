"""Runs of the engine: the lock, the session under it, the hosts, and what is noted and announced of an error."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace

from vademecum.errors import BusyError, QuotaError, VademecumError
from vademecum.log import logger
from vademecum.policy import Policy
from vademecum.ports import Permission, RecordStore, Store, Transport
from vademecum.store import garbage
from vademecum.store.channel_status import ErrorNote
from vademecum.store.records import POLICY
from vademecum.store.session import Session
from vademecum.transport.downloader import Downloader
from vademecum.transport.mirrors import Mirrors
from vademecum.transport.waiting import remember_wait
from vademecum.update.context import Context
from vademecum.update.download import Budget
from vademecum.update.seed import Planted, Seed
from vademecum.update.update import Update


class EngineRuns:
    """Begins runs over one store and one tree. Arguments: see `Engine`."""

    def __init__(
        self,
        store: Store,
        transports: Collection[Transport],
        context: Context,
        *,
        root: bytes | None,
        seed: Transport | None,
        policy: Policy,
        permission: Permission,
    ) -> None:
        self.store = store
        self.context = context
        self.root = root
        self._transports = transports
        self._policy = policy
        self._permission = permission
        self.ships_seed = seed is not None
        self._seed = None if seed is None else Seed(seed, context, root)

    async def policy(self, store: RecordStore) -> Policy:
        """Return the app's policy, with the user's choices over it."""
        return self._policy.chosen(await POLICY.read(store))

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[Session]:
        """Hold the writer's lock. The session is committed at the end, even if something failed.

        Raises:
            BusyError: Another writer holds it.
            StorageError, QuotaError: The store cannot be read or written.
        """
        async with self.store.lock():
            session = await Session.begin(self.store)
            session.policy = await self.policy(session)
            session.healing = session.failures.is_due(self.context.config.heal_after)
            try:
                yield session
            except VademecumError:
                await _commit_if_possible(session)
                raise
            await session.commit()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Session]:
        """The same for a run of an update, whose failure is noted and announced too.

        It is announced under the lock, so that a listener that syncs again finds the store busy instead of starting a
        run inside this one. Another writer at work is not a failure, and is not announced; js/update/updates.mjs does
        the same.
        """
        self.context.course.begin()
        announced: VademecumError | None = None
        try:
            async with self.locked() as session:
                try:
                    yield session
                except VademecumError as error:
                    await self.note(session, error)
                    await _commit_if_possible(session)
                    self.context.course.failed(error)
                    announced = error
                    raise
        except VademecumError as error:
            if error is not announced and not isinstance(error, BusyError):
                self.context.course.failed(error)
            raise

    @asynccontextmanager
    async def asking(self, session: Session, *, patient: bool = True, unasked: bool = False) -> AsyncIterator[Update]:
        """Yield an update over the hosts.

        Args:
            patient: Raise ServerError, and ask nobody, while the hosts want to be left alone.
        """
        config, clock = self.context.config, self.context.clock
        seed = None if self._seed is None else self._seed.downloader
        downloader = Downloader(Mirrors(self._transports), clock, config, seed=seed)
        try:
            budget = Budget(session.policy.max_update_bytes or None, self._permission)
            patient = patient and config.patient
            yield Update(session, downloader, self.context, budget=budget, unasked=unasked, patient=patient)
        except VademecumError as error:
            error.requests, error.bytes = downloader.requests, downloader.bytes
            raise
        finally:
            await downloader.close()

    async def seeded(self, session: Session) -> Planted:
        """Install the seed if there is one that should be installed. Errors: see `Seed.install`."""
        planted = Planted() if self._seed is None else await self._seed.install(session)
        if planted.kind != "none":
            self.context.course.begin()
        return planted

    async def note(self, session: Session, error: VademecumError) -> None:
        """Have an error written down with the next commit."""
        config, now = self.context.config, self.context.clock.now()
        # If there are several hosts, all of them asked for it: else another error would have been raised (`telling`).
        await remember_wait(session, error, now, config.longest_wait)
        if error.repairable:
            session.failures = session.failures.failed_sync(healing=session.healing)
        if isinstance(error, QuotaError):
            with contextlib.suppress(VademecumError):
                await garbage.collect(session)  # free what the failed update has stored
        session.status = replace(session.status, error=ErrorNote.of(error, now))


def search_page(location: str) -> str:
    """Return where a tree's search page is, a query kept, user and password left out; empty for a folder.

    >>> search_page("https://me:secret@docs.example/kb/index.html?v=1")
    'https://docs.example/kb/?v=1'
    """
    parts = re.fullmatch(r"(https?://)(?:[^/@]*@)?([^?#]*?)(?:/index\.html|/)?(\?[^#]*)?(?:#.*)?", location)
    return f"{parts[1]}{parts[2]}/{parts[3] or ''}" if parts else ""


async def _commit_if_possible(session: Session) -> None:
    """Commit what the failed run found. If that fails too, the store is at fault, and the first error says so."""
    try:
        await session.commit()
    except VademecumError as failure:
        logger.debug("what was found could not be noted: %s", failure)
