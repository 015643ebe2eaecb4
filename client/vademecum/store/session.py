"""A session: one run under the writer's lock, with the store's records read once and written once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vademecum.errors import ContentError, DamagedError, NewerFormatError, VademecumError
from vademecum.format.manifest import Manifest
from vademecum.log import logger
from vademecum.policy import Policy
from vademecum.ports import Store
from vademecum.store.channel_status import ChannelStatus
from vademecum.store.pointer import Generation, Head, decode_head, encode_head, manifest_of, misfit
from vademecum.store.records import HEALTH, MANIFESTS, SYNC, Failures


class Session:
    """The pointer, the channel's status and the failures as values, and a `Store` over the one that is locked.

    A record is read from the store at most once. What is written stays here until `commit`, which writes all changes in
    one transaction, or forgets them if that fails. Objects go straight to the store: they are verified before they are
    put, and no object counts before a record names it.

    Attributes:
        status, failures: As the next commit will write them.
        healing: This device has failed so often in a row that everything is to be fetched again.
        policy: What is done unasked in this run.
    """

    status: ChannelStatus
    failures: Failures

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stored: dict[str, bytes | None] = {}
        self._changes: dict[str, bytes | None] = {}
        self._head: Head | VademecumError | None = None
        self._before: Head | VademecumError | None = None
        self.healing = False
        self.policy = Policy()
        self.objects, self.get, self.parts = store.objects, store.get, store.parts
        self.put, self.discard, self.lock, self.close = store.put, store.discard, store.lock, store.close
        self.words, self.keep_words = store.words, store.keep_words

    @classmethod
    async def begin(cls, store: Store) -> Session:
        """Read the three records. Errors: see `Store.read`."""
        session = cls(store)
        await session._recall()
        return session

    async def _recall(self) -> None:
        """Take the three values from what the store holds."""
        self.status, self.failures = await SYNC.read(self), await HEALTH.read(self)
        self._manifests, self._sealed = await MANIFESTS.read(self), await self.read("head")
        self._head = None
        self._noted = self.status, self.failures

    def _look(self) -> Head | VademecumError:
        """Compare the pointer with the signed manifests when it is first asked for."""
        if self._head is None:
            self._head = self._before = _head(self._sealed, self._manifests)
        return self._head

    def at_rest(self) -> Head | None:
        """Return the pointer as its sealed record has it, if there was nothing to do about what the channel showed,
        nothing is wrong, and the signed manifest is kept; else None."""
        status = self.status
        if not status.settled or status.error or status.stale or self.failures != Failures():
            return None
        try:
            head = decode_head(self._sealed)
        except ContentError:
            return None
        return head if head.floor is not None and head.floor.manifest in self._manifests else None

    @property
    def pointer(self) -> Head:
        """What is installed; an empty head where there is no record.

        Raises:
            NewerFormatError: The store was written by a newer major version.
            DamagedError: The record is damaged.
            StorageError: Writing it failed, and so did reading it again.
        """
        head = self._look()
        if isinstance(head, Head):
            return head
        raise head

    @pointer.setter
    def pointer(self, head: Head) -> None:
        """Set what the next commit will write; `flip` writes it at once."""
        self._look()
        self._head = head

    async def flip(self, head: Head) -> None:
        """Write the pointer, and what else has changed, in one transaction. This is the commit of an update.

        Raises:
            StorageError, QuotaError: It could not be written: the store says what it said before.
        """
        self.pointer = head
        await self.commit()

    def is_published(self, generation: Generation) -> bool:
        """Return whether its segments are exactly those that its signed manifest names, none made here."""
        manifest = self.manifest_of(generation)
        entries = () if manifest is None else manifest.segments
        return manifest is not None and {*generation.segments} == {entry.object.sha256 for entry in entries}

    def manifest_of(self, generation: Generation) -> Manifest | None:
        """Return its signed manifest, or None if that is not kept."""
        return manifest_of(generation, self._manifests)

    def unkept(self) -> Generation | None:
        """Return the installed generation if its signed manifest is not kept."""
        current = self.pointer.current
        return current if current is not None and current.manifest not in self._manifests else None

    def keep_manifest(self, digest: str, manifest: bytes) -> None:
        """Keep the manifest of a release, from the commit on that names its generation.

        If it is the installed generation's, and contradicts the pointer, the pointer is dropped.
        """
        head = self._look()
        self._manifests = {**self._manifests, digest: manifest.decode()}
        if isinstance(head, Head):
            self._head = _fitting(head, self._manifests)
            self.drop_damaged_pointer()

    def drop_damaged_pointer(self) -> None:
        """Drop the pointer if it cannot be read; one of a newer version stays."""
        if isinstance(self._look(), DamagedError):
            logger.warning("the pointer is damaged and is begun anew: %s", self._head)
            self._head = Head()

    def forget(self) -> None:
        """Forget what is installed, and the failures of this device; a wait that the host asked for stays."""
        self._head, self.status, self.failures = Head(), ChannelStatus(), Failures()
        self._changes |= dict.fromkeys(("head", "sync", "health", "spoiled", "seed"))

    async def commit(self) -> None:
        """Write what has changed, in one transaction; none is made if nothing has.

        Raises:
            StorageError, QuotaError: Nothing of it was written, and it is not tried again.
        """
        changes, self._changes = self._changes, {}
        if isinstance(self._head, Head) and (self.status, self._head) != (self._noted[0], self._before):
            self.status = _settled(self.status, self._head)
            if self._head != self._before:
                changes["head"] = None if self._head == Head() else encode_head(self._head)
        if isinstance(self._head, Head):
            named = {generation.manifest for generation in self._head.generations}
            kept = {name: text for name, text in self._manifests.items() if name in named}
            changes[MANIFESTS.name] = MANIFESTS.format(kept)
        if (self.status, self.failures) != self._noted:
            changes |= {SYNC.name: SYNC.format(self.status), HEALTH.name: HEALTH.format(self.failures)}
        # Bytes that are stored already need no transaction.
        changes = {n: data for n, data in changes.items() if n not in self._stored or data != self._stored[n]}
        try:
            if changes:
                await self._store.write(changes)
        except VademecumError as error:
            # A write that failed may have been made all the same, for example if the disk was full just after it. What
            # is garbage follows from the pointer that is there now.
            self._stored, self._head = {}, error
            await self._recall()
            raise
        self._stored |= changes
        self._before, self._noted = self._head, (self.status, self.failures)

    # The store, as others see it ---------------------------------------------------------------

    async def read(self, name: str) -> bytes | None:
        """Return a record as this run has changed it, or as it was when the run began."""
        if name in self._changes:
            return self._changes[name]
        if name not in self._stored:
            self._stored[name] = await self._store.read(name)
        return self._stored[name]

    async def write(self, records: Mapping[str, bytes | None]) -> None:
        """Set or delete records, with the next commit."""
        self._changes |= records


def _head(data: bytes | None, manifests: Mapping[str, str]) -> Head | VademecumError:
    try:
        return _fitting(decode_head(data), manifests)
    except NewerFormatError as error:
        return error
    except ContentError as error:
        return DamagedError(error.message)


def _fitting(head: Head, manifests: Mapping[str, str]) -> Head | VademecumError:
    """Return the head if it agrees with the signed manifests that are kept; a previous generation that does not agree
    is dropped."""
    for generation in head.generations:
        wrong = generation.manifest in manifests and misfit(generation, manifests[generation.manifest].encode())
        if wrong and generation is head.current:
            return DamagedError(f"the pointer is damaged: its {wrong} is not that of the signed manifest")
        if wrong:
            head = replace(head, previous=None)
    return head


def _settled(status: ChannelStatus, head: Head) -> ChannelStatus:
    """Return the status with whether the pointer leaves anything to do about the channel's latest release."""
    if status.latest is None:
        return replace(status, settled=False, reason=None)
    reason = head.reason_to_wait(status.latest.sequence, status.latest.sequence in status.yanked)
    waits_for = None if reason in ("current", "ahead") else reason
    return replace(status, settled=reason is not None, reason=waits_for)
