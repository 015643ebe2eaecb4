"""The engine's two records in the store: `head`, the pointer, and `sync`, what the last checks found."""

from __future__ import annotations

import logging

from vademecum.errors import ContentError, DamagedError, NewerFormatError
from vademecum.format.json import parse_object
from vademecum.ports import Store
from vademecum.store.channel_status import Notes, decode_notes, encode_notes
from vademecum.store.pointer import Head, decode_head, encode_head

logger = logging.getLogger("vademecum")


class Records:
    """Reads and writes them. Whoever writes holds the writer's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def head(self) -> Head:
        """Return what is installed; an empty head where there is no record.

        Raises:
            NewerFormatError: The store was written by a newer major version.
            DamagedError: The record is damaged.
        """
        data = await self._store.read("head")
        try:
            return decode_head(data)
        except NewerFormatError:
            raise
        except ContentError as error:
            raise DamagedError(str(error)) from error

    async def drop_damaged_head(self) -> None:
        """Delete the pointer if it cannot be read; a readable one stays.

        Raises:
            NewerFormatError: The store was written by a newer major version.
        """
        try:
            await self.head()
        except DamagedError as error:
            logger.warning("the pointer is damaged and is begun anew: %s", error)
            await self._store.write({"head": None})

    async def drop_damaged_notes(self) -> None:
        """Delete those of the small records that cannot be read: they only save requests."""
        damaged: list[str] = []
        for name in ("sync", "health", "retry", "scrub"):
            data = await self._store.read(name)
            try:
                if data is not None:
                    parse_object(data, name)
                    decode_notes(data if name == "sync" else None)
            except ContentError:
                damaged.append(name)
        if damaged:
            await self._store.write(dict.fromkeys(damaged))

    async def flip(self, head: Head) -> None:
        """Write the pointer. This is the commit."""
        await self._store.write({"head": encode_head(head)})

    async def notes(self) -> Notes:
        """Return what is known of the channel; damaged notes count as none.

        They only save requests: without them the next check walks everything and writes new ones.
        """
        try:
            return decode_notes(await self._store.read("sync"))
        except ContentError as error:
            logger.warning("the record 'sync' is damaged and is begun anew: %s", error)
            return Notes()

    async def note(self, notes: Notes) -> None:
        await self._store.write({"sync": encode_notes(notes)})

    async def forget(self) -> None:
        """Delete both, and what was remembered of failures here; a wait that the host asked for stays."""
        await self._store.write(dict.fromkeys(("head", "sync", "health", "spoiled", "seed")))
