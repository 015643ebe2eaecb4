"""Installing one release: download, stage, compact, test, flip, collect garbage.

The order keeps the store's promise (design, section 6): objects are verified before they are put; a
generation is checked whole and tested, from the stored bytes, before `head` is flipped; garbage is collected
only after the flip. So at every moment `head` names only objects that are there and good, of a release that works.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from vademecum.config import Config
from vademecum.errors import (
    ContentError,
    EmptyStoreError,
    QuotaError,
    SelfTestError,
    ServerError,
    StoreError,
)
from vademecum.events import Announcer
from vademecum.format.json import iso_time
from vademecum.format.manifest import Manifest, PackEntry
from vademecum.format.objects import ObjectRef
from vademecum.generation.compaction import choose, choose_all, compact
from vademecum.generation.lazy_segment import StoredSegment
from vademecum.generation.staged import Staged, stage_generation
from vademecum.integrity.repair import Repairer
from vademecum.integrity.scrub import scrub
from vademecum.ports import Clock, Room, Store, unknown_room
from vademecum.store import garbage
from vademecum.store.objects import keep, require_sound, unsound
from vademecum.store.pointer import Generation, Head, generation_of
from vademecum.store.records import Records
from vademecum.transport.downloader import Downloader, in_parallel
from vademecum.update.apply_delta import apply_packs
from vademecum.update.download_budget import UNLIMITED, Budget
from vademecum.update.plan import Plan, full_plan, plans
from vademecum.update.quarantine import mark_spoiled, refuse_spoiled

logger = logging.getLogger("vademecum")


class Installer:
    """Installs releases in one store. The caller holds the writer's lock."""

    def __init__(
        self, store: Store, clock: Clock, config: Config, announcer: Announcer, room: Room = unknown_room
    ) -> None:
        self._store = store
        self._records = Records(store)
        self._clock = clock
        self._config = config
        self._announcer = announcer
        self._room = room

    async def install(
        self,
        manifest: Manifest,
        head: Head,
        downloader: Downloader,
        *,
        route: tuple[PackEntry, ...] = (),
        force: bool,
        budget: Budget = UNLIMITED,
    ) -> Plan:
        """Install a release by the cheapest plan; return the plan that worked.

        When packs do not lead there after all, the tiers are fetched; when what is stored does not add up
        with what came, everything is fetched anew. Each is tried once; but damaged objects are mended first
        (repair.py), and where they cannot be, sound ones are not fetched again.

        Args:
            head: What the store's pointer says now.
            route: Packs from the installed release to this one.
            force: Use nothing that the store holds.
            budget: What the run may download; it does not bound what is fetched by force or anew.

        Raises:
            NetworkError, ServerError, ContentError: A download failed for good.
            BudgetError: The run may download no more, or not now; what has come stays for the next one.
            ContentError: The objects are those that were signed, but not the state.
            SelfTestError: The release does not work here; it is refused from now on.
            StorageError, QuotaError: The store is broken or full.
        """
        if not force:
            await refuse_spoiled(self._store, manifest)
        await self._sweep(head, manifest, route)
        whole, budget = full_plan((), manifest), UNLIMITED if force else budget
        if not force:
            done, budget = await self._climb_down(manifest, head, downloader, route, budget)
            if done is not None:
                return done
            if (await scrub(self._store, _needed(head))).broken:
                whole = full_plan(await self._sound(_named(manifest)), manifest)
        try:
            return await self._carry_out(whole, manifest, head, downloader, budget)
        except _StagingError as error:
            if isinstance(error.cause, ContentError) and not await unsound(self._store, _named(manifest)):
                await mark_spoiled(self._store, manifest)
            await garbage.collect(self._store)
            raise error.cause from error

    async def _climb_down(
        self,
        manifest: Manifest,
        head: Head,
        downloader: Downloader,
        route: tuple[PackEntry, ...],
        budget: Budget,
    ) -> tuple[Plan | None, Budget]:
        """Try the plans that use what the store holds; return the one that worked, or None, and the budget left.

        Where one fails over damaged objects, they are mended, and the ladder is gone down once more.
        """
        for mended in (False, True):
            for plan in await self._ladder(manifest, head, route):
                if plan == full_plan((), manifest):
                    return None, budget
                try:
                    return await self._carry_out(plan, manifest, head, downloader, budget), budget
                except _StagingError as error:
                    budget = (
                        UNLIMITED  # what is fetched anew is fetched at once: a later run would begin anew
                    )
                    logger.warning("release %d by %s: %s", manifest.sequence, plan.kind, error.cause)
                if not mended and (await scrub(self._store, _needed(head))).broken:
                    head = await self._mend(manifest, head, downloader)
                    if (await scrub(self._store, _needed(head))).broken:
                        return None, budget
                    break
            else:
                return None, budget
        return None, budget

    async def _mend(self, manifest: Manifest, head: Head, downloader: Downloader) -> Head:
        async def known() -> Manifest:
            return manifest

        broken = (await scrub(self._store, head.objects)).broken
        repairer = Repairer(self._store, self._config, self._announcer, downloader)
        return await repairer.repair(head, broken, known)

    async def _ladder(self, manifest: Manifest, head: Head, route: tuple[PackEntry, ...]) -> tuple[Plan, ...]:
        """Return the plans that use what the store holds. Once one of them failed, all is fetched anew."""
        ladder = plans(head.current, await self._store.objects(), manifest, route)
        return ladder[:-1] or ladder

    async def _sound(self, wanted: frozenset[str]) -> frozenset[str]:
        """Return those of these objects that the store holds, and that are what their names say."""
        held = wanted & (await self._store.objects()).keys()
        return held.difference(await unsound(self._store, held))

    async def compact(self, head: Head) -> Generation:
        """Merge all segments of the current generation into one; return it, installed in its own place.

        Raises:
            EmptyStoreError: Nothing is installed.
            ContentError, StorageError, QuotaError: The generation stays as it is.
        """
        if head.current is None:
            raise EmptyStoreError("nothing is installed: there is nothing to compact")
        staged = await stage_generation(self._store, head.current)
        chosen = choose_all(staged.state, self._config)
        if not chosen:
            return head.current
        compacted = (await compact(staged, chosen, self._config)).generation
        await self._records.flip(replace(head, current=compacted))
        await garbage.tidy(self._store)
        return compacted

    async def _sweep(self, head: Head, manifest: Manifest, route: tuple[PackEntry, ...]) -> None:
        """Delete what an interrupted update has left, but for the sound objects of this one."""
        wanted = _named(manifest).union(entry.object.sha256 for entry in route)
        await garbage.discard_all_but(self._store, head.objects | await self._sound(wanted - head.objects))

    async def _carry_out(
        self, plan: Plan, manifest: Manifest, head: Head, downloader: Downloader, budget: Budget
    ) -> Plan:
        await self._require_room(plan)
        detail = {"sequence": manifest.sequence, "version": manifest.version, "plan": plan.kind}
        self._announcer.emit("updateStarted", {**detail, "totalBytes": plan.bytes})
        try:
            await self._fetch(plan, downloader, budget)
            self._announcer.progress("verifying", plan.kind, plan.bytes, plan.bytes)
            staged = await self._unpack(plan, manifest, head)
        except QuotaError as error:
            await garbage.tidy(self._store)  # give back at once what was stored
            raise QuotaError(error.message, _inflated(plan), await self._room()) from error
        self._announcer.progress("installing", plan.kind, plan.bytes, plan.bytes)
        await self._activate(staged, head)
        self._announcer.emit("updateCompleted", {**detail, "bytes": downloader.bytes})
        return plan

    async def _require_room(self, plan: Plan) -> None:
        """Do nothing, unless it is known that what a plan downloads cannot be stored.

        Raises:
            QuotaError: It is; nothing was downloaded.
        """
        needed, available = _inflated(plan), await self._room()
        if available is not None and available < needed:
            raise QuotaError(
                f"the update needs {needed} bytes, {available} may be stored here: make room; nothing was downloaded",
                needed,
                available,
            )

    async def _fetch(self, plan: Plan, downloader: Downloader, budget: Budget) -> None:
        """Download what a plan takes. A pack that the host does not give is no reason to fail: there are tiers."""
        try:
            await self._download(plan, downloader, budget)
        except (ContentError, ServerError) as error:
            if plan.kind == "direct":
                raise _StagingError(error) from error
            raise

    async def _unpack(self, plan: Plan, manifest: Manifest, head: Head) -> Staged:
        """Stage what was downloaded; of packs, what they make of the installed generation."""
        if plan.kind != "direct" or head.current is None:
            return await self._stage(plan, manifest)
        try:
            made = await apply_packs(self._store, head.current, plan.hops, manifest, self._config)
        except (ContentError, StoreError) as error:
            raise _StagingError(error) from error
        return await self._stage(replace(plan, segments=made.segments + plan.segments), manifest, made.known)

    async def _download(self, plan: Plan, downloader: Downloader, budget: Budget) -> None:
        now, later = budget.split(plan.downloads, downloader.bytes)
        left = list(later)
        received: dict[str, int] = {}

        async def one(ref: ObjectRef) -> None:
            if not budget.permission():
                left.append(ref)
                return

            def progress(count: int) -> None:
                # A host that undoes the gzip sends more than the manifest says: never above 100 %. What is asked for
                # again, there or elsewhere, begins at nothing: never back.
                received[ref.sha256] = max(received.get(ref.sha256, 0), min(count, ref.size))
                self._announcer.progress("downloading", plan.kind, sum(received.values()), plan.bytes)

            content = await downloader.fetch_object(ref, progress)
            await keep(self._store, ref.sha256, content)
            progress(ref.size)

        await in_parallel(now, self._config.parallel, one)
        budget.require_all(left)

    async def _stage(self, plan: Plan, manifest: Manifest, known: tuple[StoredSegment, ...] = ()) -> Staged:
        """Check the new generation whole, from the bytes as they are stored; return it."""
        generation = generation_of(manifest, plan.segments, iso_time(self._clock.now()))
        try:
            staged = await stage_generation(self._store, generation, known)
            if await staged.digest() != manifest.digest:
                raise ContentError(f"release {manifest.sequence}: the state digest is not the signed one")
            # No part of the state, and kept from release to release.
            await require_sound(self._store, generation.encoder)
        except (ContentError, StoreError) as error:
            raise _StagingError(error) from error
        chosen = choose(staged.state, self._config) if plan.kind != "full" else frozenset()
        return await self._compacted(staged, chosen) if chosen else _trimmed(staged)

    async def _compacted(self, staged: Staged, chosen: frozenset[int]) -> Staged:
        """Return the staged generation compacted, or as it is: housekeeping never fails an update."""
        try:
            return await compact(staged, chosen, self._config)
        except (ContentError, StoreError) as error:
            logger.warning(
                "release %d is installed without compaction: %s", staged.generation.sequence, error
            )
            return _trimmed(staged)

    async def _activate(self, staged: Staged, head: Head) -> None:
        """Flip to the new generation if it works here; if it does not, have it refused.

        The test comes first: between a flip and a test after it, a crash would leave what does not work.
        """
        generation = staged.generation
        try:
            staged.self_test()
        except SelfTestError as error:
            again = head.current is not None and head.current.sequence == generation.sequence
            await self._records.flip(head.undone() if again else head.refuse(generation.sequence))
            await garbage.tidy(self._store)
            raise SelfTestError(f"release {generation.sequence} does not work here: {error}") from error
        await self._records.flip(head.installed(generation))
        await garbage.tidy(self._store)


def _inflated(plan: Plan) -> int:
    return sum(ref.uncompressed for ref in plan.downloads)


def _needed(head: Head) -> frozenset[str]:
    return frozenset() if head.current is None else head.current.objects


def _named(manifest: Manifest) -> frozenset[str]:
    return frozenset(ref.sha256 for ref in manifest.objects)


def _trimmed(staged: Staged) -> Staged:
    """Return the generation without the segments that hold nothing it needs."""
    used, generation = staged.state.used, staged.generation
    segments = tuple(digest for index, digest in enumerate(generation.segments) if index in used)
    return replace(staged, generation=replace(generation, segments=segments))


class _StagingError(Exception):
    """What was staged does not make the signed state."""

    def __init__(self, cause: ContentError | ServerError | StoreError) -> None:
        super().__init__(str(cause))
        self.cause = cause
