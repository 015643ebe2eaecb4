"""Upkeep: after each sync a part of what is installed is looked at, and what is broken is mended.

Nothing of it delays or fails what the user asked for: it comes last, and its errors are logged.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from vademecum.config import Config
from vademecum.errors import VademecumError
from vademecum.events import Announcer
from vademecum.integrity.repair import ManifestOf, Repairer
from vademecum.integrity.scrub import Looked, Scrubbed, ignore_looks, scrub, scrub_next
from vademecum.ports import Store
from vademecum.store import garbage
from vademecum.store.failures import count_read, note_repair
from vademecum.store.pointer import Head
from vademecum.store.records import Records
from vademecum.transport.downloader import Downloader

logger = logging.getLogger("vademecum")


@dataclass(frozen=True)
class Upkept:
    """What was looked at, and the digests of what was broken: `repaired` is not any more, `broken` is still."""

    found: Scrubbed
    repaired: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


class Upkeep:
    """Looks after one store. The caller holds the writer's lock."""

    def __init__(self, store: Store, config: Config, announcer: Announcer) -> None:
        self._store = store
        self._records = Records(store)
        self._config = config
        self._announcer = announcer

    async def after_sync(self, manifest: ManifestOf, downloader: Downloader, *, reported: bool) -> None:
        """Look at the next part of what is installed, mend what is broken, and sweep what nobody names.

        Args:
            reported: A reader could not open what is installed: all of it is looked at.
        """
        if not reported and not self._config.scrub_bytes:
            return
        try:
            head = await self._records.head()
            found = await self._look(head, whole=reported)
            if found.broken:
                await self._mend(head, found, manifest, downloader)
            await garbage.collect(self._store)
        except VademecumError as error:
            logger.warning("what is installed could not be looked after: %s", error)

    async def after_check(self) -> None:
        """Look at the next part; what is broken is left to the next sync, because a check downloads nothing."""
        if not self._config.scrub_bytes:
            return
        try:
            head = await self._records.head()
            found = await self._look(head, whole=False)
            if found.broken:
                await count_read(self._store)
                sequence = None if head.current is None else head.current.sequence
                detail = {"objects": list(found.broken), "repaired": 0, "sequence": sequence}
                self._announcer.emit("corruption", detail)
        except VademecumError as error:
            logger.warning("what is installed could not be looked at: %s", error)

    async def repair(
        self, manifest: ManifestOf, downloader: Downloader, looked: Looked = ignore_looks
    ) -> Upkept:
        """Look at everything, mend what is broken, and sweep what nobody names.

        Raises:
            VademecumError: See `Engine.repair`.
        """
        head = await self._records.head()
        found = await scrub(self._store, head.objects, looked)
        kept = await self._mend(head, found, manifest, downloader) if found.broken else Upkept(found)
        await garbage.collect(self._store)
        return kept

    async def _look(self, head: Head, *, whole: bool) -> Scrubbed:
        if whole:
            return await scrub(self._store, head.objects, ignore_looks)
        return await scrub_next(self._store, head.objects, self._config.scrub_bytes)

    async def _mend(
        self, head: Head, found: Scrubbed, manifest: ManifestOf, downloader: Downloader
    ) -> Upkept:
        repairer = Repairer(self._store, self._config, self._announcer, downloader)
        mended = await repairer.repair(head, found.broken, manifest)
        if repairer.repaired:
            await note_repair(self._store)
        repaired = tuple(repairer.repaired)
        return Upkept(found, repaired, tuple(sorted(mended.objects & {*found.broken} - {*repaired})))
