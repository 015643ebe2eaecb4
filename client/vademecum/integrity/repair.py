"""Repair: damaged objects alone are downloaded again, with the checks of an update.

The name of an object says what it must be, so a host that has it can mend it, whatever else it shows. A segment
that this client made itself, by merging or from a pack, is on no host: its rows are in the published
segments of the release, which are fetched from the newest tier on, until the state is the signed one again.

What is good is never written again. The pointer changes only where objects take the place of others, and only after
the state that they make was read back from the store; so a crash leaves the old generation, as good or bad as it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from vademecum.config import Config
from vademecum.errors import ContentError, SelfTestError, ServerError, StorageError, StoreError, TrustError
from vademecum.events import Events
from vademecum.format.manifest import Manifest
from vademecum.format.objects import ObjectRef
from vademecum.generation.staged import stage_generation
from vademecum.integrity.scrub import Scrubbed, scrub
from vademecum.log import logger
from vademecum.store import garbage
from vademecum.store.objects import holds
from vademecum.store.pointer import Generation
from vademecum.store.session import Session
from vademecum.transport.downloader import ABSENT, Downloader

ManifestOf = Callable[[], Awaitable[Manifest]]
"""Asks for the manifest of the release that the channel shows; called only when something is broken."""


@dataclass(frozen=True)
class Repaired:
    """What was looked at, and the digests of what was broken: `repaired` is not any more, `broken` is still."""

    scrubbed: Scrubbed
    repaired: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


class Repair:
    """Mends the objects of one store, which the session has locked.

    Attributes:
        repaired: The digests of what was broken and is not any more, in the order in which that was done.
    """

    def __init__(self, session: Session, config: Config, events: Events, downloader: Downloader) -> None:
        self._session = session
        self._config = config
        self._events = events
        self._downloader = downloader
        self.repaired: list[str] = []

    async def run(self, manifest: ManifestOf) -> Repaired:
        """Look at everything, mend what is broken, and sweep what nobody names. Errors: see `repair`."""
        found = await scrub(self._session, self._session.pointer.objects)
        return await self.run_on(found, manifest)

    async def run_on(self, found: Scrubbed, manifest: ManifestOf) -> Repaired:
        """The same, where it is known already what is broken."""
        if found.broken:
            await self.repair(found.broken, manifest)
        await garbage.collect(self._session)
        still = self._session.pointer.objects & {*found.broken} - {*self.repaired}
        return Repaired(found, tuple(self.repaired), tuple(sorted(still)))

    async def repair(self, broken: Sequence[str], manifest: ManifestOf) -> None:
        """Mend these objects, and announce it.

        A previous generation that no host can mend is given up, once the current one is whole: going back to
        it would fail.

        Args:
            manifest: Asks for the manifest of the release that the channel shows: it has sizes, and names what to
                rebuild from. Where metadata are not acceptable, what is installed is mended without.

        Raises:
            NetworkError, ServerError: The host cannot be asked now. What was mended before stays.
            ContentError: The manifest is not acceptable.
            StorageError, QuotaError: The store is broken or full.
        """
        current = self._session.pointer.current
        try:
            await self._repair(broken, await _manifest_or_none(manifest))
        finally:
            sequence = None if current is None else current.sequence
            detail = {"objects": list(broken), "repaired": len(self.repaired), "sequence": sequence}
            self._events.emit("corruption", detail)

    async def _repair(self, broken: Sequence[str], manifest: Manifest | None) -> None:
        head = self._session.pointer
        current = frozenset() if head.current is None else head.current.objects
        refs = {} if manifest is None else {ref.sha256: ref for ref in manifest.objects}
        ordered = sorted(broken, key=lambda digest: (digest not in current, digest))  # what answers now comes first
        lost = {digest for digest in ordered if not await self._fetch(digest, refs.get(digest))}
        mended = head
        if head.current is not None and lost & current:
            rebuilt = await self._rebuild(head.current, lost, manifest)
            if rebuilt is None:
                return
            mended = replace(mended, current=rebuilt)
            self.repaired += sorted(lost & current)
        if mended.previous is not None and lost & mended.previous.objects:
            logger.warning("release %d cannot be gone back to any more", mended.previous.sequence)
            mended = replace(mended, previous=None)
        if self.repaired:
            self._session.failures = replace(self._session.failures, reads=0)
        if mended != head:
            await self._session.flip(mended)

    async def _fetch(self, digest: str, ref: ObjectRef | None) -> bool:
        """Fetch one object again; return whether it is in the store now, and good."""
        content = await self._content(digest, ref)
        if content is None:
            return False
        await self._session.put(digest, content)
        if not await holds(self._session, digest):
            raise StorageError(f"object {digest[:12]} does not come back from the store as it was put")
        self.repaired.append(digest)
        return True

    async def _content(self, digest: str, ref: ObjectRef | None) -> bytes | None:
        """Return the verified content; None where the host has none."""
        try:
            if ref is not None:
                return await self._downloader.fetch_object(ref)
            return await self._downloader.fetch_named(digest, self._config.max_repair)
        except ContentError as error:
            logger.warning("object %s: %s", digest[:12], error)
        except ServerError as error:
            if error.status not in ABSENT:
                raise
        return None

    async def _rebuild(
        self, current: Generation, lost: Collection[str], manifest: Manifest | None
    ) -> Generation | None:
        """Return the generation with published segments in place of the lost ones; None where that cannot be."""
        if manifest is None or (manifest.sequence, manifest.digest) != (current.sequence, current.digest):
            logger.warning("release %d cannot be repaired: it is not the published one", current.sequence)
            return None
        kept = [digest for digest in current.segments if digest not in lost]
        tiers: list[str] = []
        for _, tier in groupby(manifest.segments, key=lambda entry: (entry.after, entry.upto)):
            refs = [entry.object for entry in tier]
            if not await self._have(refs):
                return None
            tiers += [ref.sha256 for ref in refs]
            segments = [*tiers, *(digest for digest in kept if digest not in tiers)]
            generation = replace(current, segments=tuple(segments))
            if await self._is_whole(generation):
                return generation
        return None

    async def _have(self, refs: Iterable[ObjectRef]) -> bool:
        """Fetch those of these published objects that the store does not hold; return whether it has all now."""
        for ref in refs:
            if not await holds(self._session, ref.sha256):
                try:
                    content = await self._downloader.fetch_object(ref)
                except ContentError as error:
                    logger.warning("object %s: %s", ref.sha256[:12], error)
                    return False
                await self._session.put(ref.sha256, content)
        return True

    async def _is_whole(self, generation: Generation) -> bool:
        """Return whether these objects, as they are stored, make the signed state and work here."""
        try:
            staged = await stage_generation(self._session, generation)
            staged.self_test()
            return await staged.digest() == generation.digest
        except (ContentError, SelfTestError, StoreError) as error:
            logger.debug("release %d is not whole yet: %s", generation.sequence, error)
            return False


async def _manifest_or_none(manifest: ManifestOf) -> Manifest | None:
    try:
        return await manifest()
    except TrustError as error:
        logger.warning("repairs go by the names of objects alone: %s", error)
        return None
