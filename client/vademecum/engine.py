"""The engine: what to do about a published release, and when. The only place with policy.

How a release is installed is install.py's part; whether metadata is acceptable, trust.py's.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from typing import Any

from vademecum.config import Config
from vademecum.errors import (
    DamagedError,
    EmptyStoreError,
    ExpiredError,
    NetworkError,
    QuotaError,
    SelfTestError,
    ServerError,
    UsageError,
    VademecumError,
)
from vademecum.events import ignore
from vademecum.format.manifest import Manifest
from vademecum.generation.staged import stage_generation
from vademecum.integrity.maintenance import Upkeep, Upkept
from vademecum.integrity.scrub import Looked, ignore_looks, scrub
from vademecum.ports import Clock, Emit, Permission, Room, Store, Transport, always, unknown_room
from vademecum.store import garbage
from vademecum.store.channel_status import Latest, Notes, note_of
from vademecum.store.failures import count_read, count_sync, is_damage, is_local, note_success, read_health
from vademecum.store.objects import unsound
from vademecum.store.pointer import Generation, Head
from vademecum.store.records import Records
from vademecum.transport.downloader import Downloader
from vademecum.transport.mirrors import STALE, Mirrors
from vademecum.transport.retry_after import remember_wait, require_patience
from vademecum.trust.channel import Line, ReleasePointer
from vademecum.trust.clock_check import judge_expiry
from vademecum.trust.floor import FIRST_USE, drop_if_damaged
from vademecum.trust.refresh import Refreshed, refresh
from vademecum.update.download_budget import Budget
from vademecum.update.installer import Installer
from vademecum.update.plan import Plan, reason_to_wait, refuse_older
from vademecum.update.resolver import Follower
from vademecum.update.results import Check, Outcome
from vademecum.update.seed import Planted, Seed, seed_error
from vademecum.update.seed_install import Planter
from vademecum.update.states import Course

__all__ = ["Check", "Engine", "Outcome", "ignore"]

logger = logging.getLogger("vademecum")


class Engine:
    """Keeps one store in step with one published tree.

    Args:
        store, transport, clock: The ports. Several transports, by names fit to be shown: mirrors of one tree, the
            preferred one first.
        trust: The root metadata that the app ships; None pins the first root that the host shows.
        seed: A published tree that the app ships; see `plant`.
        emit: Called with events; what it raises is logged and changes nothing.
        room: Tells how many bytes may still be stored; an update that needs more downloads nothing.
        permission: Asked before each object of an update that is not forced: where it says no, the update pauses.
    """

    def __init__(
        self,
        store: Store,
        transport: Transport | Mapping[str, Transport],
        clock: Clock,
        *,
        trust: bytes | None = None,
        seed: Transport | None = None,
        config: Config | None = None,
        emit: Emit = ignore,
        room: Room = unknown_room,
        permission: Permission = always,
    ) -> None:
        self._store = store
        self._transports = transport if isinstance(transport, Mapping) else {"": transport}
        self._clock = clock
        self._root = trust
        self._config = config or Config()
        self._seed = None if seed is None else Seed(seed, store, clock, self._config, trust)
        self._course = Course(emit)
        self._records = Records(store)
        self._installer = Installer(store, clock, self._config, self._course, room)
        self._budget = Budget(self._config.max_update_bytes, permission)
        self._follower = Follower(store, clock, self._config, self._installer)
        self._upkeep = Upkeep(store, self._config, self._course)

    # What apps call ---------------------------------------------------------------------------

    async def check(self) -> Check:
        """Ask the host for news; nothing is installed.

        Raises:
            VademecumError: See `sync`.
        """
        async with self._writing(), self._asking() as downloader:
            pointer, stale = await self._refresh(downloader)
            offer = await self._follower.offer(pointer, await self._records.head(), downloader)
            if stale and not offer.available and offer.reason is None:
                offer = replace(offer, reason=STALE)
            await self._upkeep.after_check()
        if offer.available:
            self._course.emit("updateAvailable", asdict(offer))
        else:
            self._course.move("current")
        return offer

    async def sync(self, *, force: bool = False) -> Outcome:
        """Install the published release if there is a newer one; before it the seed, see `plant`.

        Where a seed was just installed, it is no failure that the host cannot be asked, or asked not to be: that is
        noted and announced.

        Args:
            force: Fetch and install the published release whole, even if it is the installed one,
                was refused before, or is not the pinned one. An older one is refused all the same.

        Raises:
            NetworkError, ServerError: The host cannot be asked now; trying later may help.
            ContentError, SignatureError, RollbackError, ExpiredError: What it shows is not acceptable.
            ClockError: This device's clock is implausible: whether that has expired cannot be said.
            SelfTestError: The release does not work here; it is refused from now on.
            BudgetError: The run may download no more, or not now; the next one goes on from there.
            StorageError, QuotaError, BusyError: The store is broken, full, or in use by another writer.
        """
        started = self._clock.now()
        downloader, plan, stale = None, Plan("none"), False
        async with self._writing() as healing:
            if healing:
                await self._records.drop_damaged_head()
            before = (await self._records.head()).current
            seeded = await self._planted(healing=healing)
            try:
                if seeded.kind != "none":
                    self._course.begin()
                async with self._asking(patient=not force) as downloader:
                    heals = healing and seeded.kind == "none"
                    pointer, plan, stale = await self._sync(downloader, force=force, healing=heals)
                    if plan.kind == "none":
                        self._course.move("current")
                    known = await note_success(self._store, installed=plan.kind != "none")
                    manifest = partial(self._follower.manifest, pointer, downloader)
                    await self._upkeep.after_sync(manifest, downloader, reported=known.reads > 0)
            except (NetworkError, ServerError) as error:
                if seeded.kind == "none":
                    raise
                await self._note_error(error, healing=False)
                self._course.failed(error)
            after = (await self._records.head()).current
        took = plan if plan.kind != "none" else seeded
        return Outcome(
            from_sequence=None if before is None else before.sequence,
            to_sequence=0 if after is None else after.sequence,
            version="" if after is None else after.version,
            plan=took.kind,
            total_bytes=plan.bytes,
            requests=0 if downloader is None else downloader.requests,
            bytes=0 if downloader is None else downloader.bytes,
            seconds=(self._clock.now() - started).total_seconds(),
            reason=STALE if stale else None,
            seeded=seeded.sequence,
        )

    async def plant(self) -> int | None:
        """Install the seed that the app ships, if it is newer than what is installed; the host is not asked.

        A seed is looked at once: again where it could not be read, or was found good and nothing is installed any more.

        Returns:
            The sequence that was installed, or None. What was wrong with a seed is in `status()`.

        Raises:
            StorageError, QuotaError, BusyError: The store is broken, full, or in use by another writer.
        """
        async with self._writing():
            return (await self._planted(healing=False)).sequence

    async def rollback(self) -> Generation:
        """Go back to the generation before. The one that is left is refused until a newer one appears.

        Raises:
            EmptyStoreError: There is none, or its publisher has taken it back.
            ContentError, StorageError, SelfTestError: It is damaged; the current one stays.
        """
        async with self._store.lock():
            head = (await self._records.head()).rolled_back()
            await self._refuse_yanked(head)
            back = await self._turn_back(head)
        self._announce_return(back)
        return back

    async def refuse_current(self, reason: str, *, found: Generation | None = None) -> Generation:
        """Undo the installed release, which a reader found not to work, and do not try it again.

        Args:
            found: What the reader read; where something else is installed by now, that stays. None: whatever is.

        Returns:
            What is installed now: the generation before.

        Raises:
            EmptyStoreError: There is none: now nothing is installed.
            DamagedError: What is stored is not the release: that is mended, not undone.
            ContentError, StorageError, SelfTestError: It is damaged; the current one stays.
        """
        logger.warning("the installed release does not work here: %s", reason)
        async with self._store.lock():
            before = await self._records.head()
            if before.current is not None and found not in (None, before.current):
                return before.current
            if before.current is not None and (await scrub(self._store, before.current.objects)).broken:
                raise DamagedError("the installed release is damaged here; the next update mends it")
            head = before.undone()
            if head.current is None:
                await self._records.flip(head)
                raise EmptyStoreError(
                    "the release was undone, and there is none before it: update again later"
                )
            back = await self._turn_back(head)
        self._announce_return(back)
        return back

    async def pin(self, sequence: int | None) -> None:
        """Stay at a release (None: follow the channel again).

        Raises:
            UsageError: That release is neither installed nor the previous generation.
            EmptyStoreError: It is the previous one, and its publisher has taken it back.
            ContentError, StorageError, SelfTestError: The previous one is damaged; the current one stays.
        """
        async with self._store.lock():
            head = await self._records.head()
            if sequence is None or (head.current is not None and head.current.sequence == sequence):
                await self._records.flip(replace(head, pinned=sequence))
                return
            if head.previous is None or head.previous.sequence != sequence:
                raise UsageError(f"release {sequence} is not installed here: pin the current or previous one")
            head = replace(head.exchanged(), pinned=sequence)
            await self._refuse_yanked(head)
            back = await self._turn_back(head)
        self._announce_return(back)

    async def compact(self) -> Generation:
        """Merge what is installed into one segment without dead rows, whatever the limits; return it.

        Hits, documents and the state digest stay the same, and so does what the next update takes. Updates
        compact by themselves when a limit of the configuration is passed.

        Raises:
            EmptyStoreError: Nothing is installed.
            ContentError: It is damaged.
            StorageError, QuotaError, BusyError: The store is broken, full, or in use by another writer.
        """
        async with self._store.lock():
            return await self._installer.compact(await self._records.head())

    async def repair(self, looked: Looked = ignore_looks) -> Upkept:
        """Read everything that is installed, and fetch again just what is broken. Nothing is asked if nothing is.

        Args:
            looked: Called with the bytes read so far and those there are.

        Raises:
            DamagedError: The pointer itself is damaged: a sync begins it anew.
            NetworkError, ServerError: The host cannot be asked now. What was mended before stays.
            StorageError, QuotaError, BusyError: The store is broken, full, or in use by another writer.
        """
        async with self._store.lock(), self._asking(patient=False) as downloader:

            async def manifest() -> Manifest:
                return await self._follower.manifest((await self._refresh(downloader))[0], downloader)

            return await self._upkeep.repair(manifest, downloader, looked)

    async def heal(self, *, whole: bool) -> Outcome:
        """Mend what `checkup.examine` finds: just what is broken, or (`whole`) by fetching the release anew.

        What the host cannot be asked for now is taken from the seed, if that has it. A release that is whole but does
        not work here is undone first.

        A pointer or a trusted root that cannot be read is begun anew: the root that the app ships is walked from, and
        where it ships none, the first that the host shows is pinned.

        Raises:
            VademecumError: See `sync` and `repair`.
        """
        async with self._store.lock():
            await self._records.drop_damaged_head()
            await drop_if_damaged(self._store, self._clock.now())
            await self._records.drop_damaged_notes()
        try:
            await self.repair()
        except (NetworkError, ServerError) as error:
            logger.warning("what is broken can only be mended from a seed now: %s", error)
            async with self._writing():
                planted = await self._planted(healing=True)
            if planted.kind == "none":
                raise
        await self._undo_what_does_not_work()
        pinned = (await self._records.head()).pinned is not None
        return await self.sync(force=whole and not pinned)

    async def _undo_what_does_not_work(self) -> None:
        current = (await self._records.head()).current
        if current is None or await unsound(self._store, sorted(current.objects)):
            return
        try:
            (await stage_generation(self._store, current)).self_test()
        except SelfTestError as error:
            with contextlib.suppress(EmptyStoreError):
                await self.refuse_current(error.message, found=current)

    async def clear(self) -> None:
        """Forget everything that is installed, but not the trust floor."""
        async with self._store.lock():
            await self._records.forget()
            await self._store.discard(await self._store.objects())

    async def report_damage(self, error: VademecumError) -> None:
        """Count that a reader could not open what is installed; see `Config.heal_after`.

        Raises:
            StorageError, BusyError: It could not be written down.
        """
        if is_damage(error):
            async with self._store.lock():
                await count_read(self._store)

    async def status(self) -> dict[str, Any]:
        """Return what is installed, from the store alone: no request is made."""
        head = await self._records.head()
        notes = await self._records.notes()
        objects = await self._store.objects()
        return {
            "installed": None if head.current is None else asdict(head.current),
            "previous": None if head.previous is None else asdict(head.previous),
            "pinned": head.pinned,
            "refused": list(head.refused),
            **notes.json(),
            "seed": await seed_error(self._store),
            "lastError": None if notes.error is None else notes.error.told(),
            "expired": notes.expires is not None and notes.expires <= self._clock.now(),
            "firstUse": (await self._store.read("trust/pin")) == FIRST_USE,
            "bytes": sum(objects.values()),
            "objects": len(objects),
        }

    # The steps --------------------------------------------------------------------------------

    @asynccontextmanager
    async def _asking(self, *, patient: bool = True) -> AsyncIterator[Downloader]:
        """Yield what asks the hosts, unless they asked to be left alone until later than now."""
        if patient and self._config.patient:
            await require_patience(self._store, self._clock.now())
        seed = None if self._seed is None else self._seed.downloader
        yield Downloader(Mirrors(self._transports.values()), self._clock, self._config, seed=seed)

    async def _refresh(self, downloader: Downloader) -> tuple[ReleasePointer, bool]:
        notes = await self._records.notes()
        now = self._clock.now()
        age = timedelta(seconds=self._config.idle_check_age)
        recent = notes.checked is not None and timedelta() <= now - notes.checked < age
        try:
            refreshed = await refresh(
                self._store,
                downloader,
                now,
                shipped_root=self._root,
                config=self._config,
                idle_allowed=recent,
                stale_allowed=True,
            )
        except ExpiredError as error:
            raise judge_expiry(error, now, downloader.told) from error
        line = refreshed.trust.line(self._config.channel)
        pointer = await self._follower.choose(line)
        refuse_older(pointer, await self._records.head(), line.newest)
        await self._note_check(notes, refreshed, pointer, line)
        return pointer, refreshed.stale

    async def _sync(
        self, downloader: Downloader, *, force: bool, healing: bool
    ) -> tuple[ReleasePointer, Plan, bool]:
        """Follow the host; return the release that it shows, the plan, and whether what it shows is stale."""
        pointer, stale = await self._refresh(downloader)
        head = await self._records.head()
        if healing and await self._mended(pointer, downloader):
            healing, head = False, await self._records.head()
        # A pin or a refusal is the user's will: nothing else is fetched in place of what has been lost.
        whole = force or (healing and reason_to_wait(pointer, head) in (None, "current"))
        follow = self._follower.follow
        return pointer, await follow(pointer, head, downloader, force=whole, budget=self._budget), stale

    async def _planted(self, *, healing: bool) -> Planted:
        """Install the seed if there is one, and it is to be. Errors: see `Planter.plant`."""
        if self._seed is None:
            return Planted()
        planter = Planter(self._seed, self._store, self._clock, self._config, self._installer)
        planted = await planter.plant(healing=healing)
        if planted.kind != "none":
            await note_success(self._store, installed=True)  # whatever the host is found to be afterwards
        return planted

    async def _mended(self, pointer: ReleasePointer, downloader: Downloader) -> bool:
        """Before everything is fetched anew: whether objects were broken, and all of them are mended."""
        kept = await self._upkeep.repair(lambda: self._follower.manifest(pointer, downloader), downloader)
        return bool(kept.found.broken) and not kept.broken

    async def _refuse_yanked(self, head: Head) -> None:
        """Do nothing, unless the user would go back to a release that its publisher has taken back."""
        if head.current is not None and head.current.sequence in (await self._records.notes()).yanked:
            raise EmptyStoreError(
                f"release {head.current.sequence} was taken back by its publisher: the installed one stays; "
                "a newer release comes with the next update"
            )

    async def _turn_back(self, head: Head) -> Generation:
        """Flip to a generation that was installed before, if it is still whole and works."""
        assert head.current is not None
        broken = await unsound(self._store, sorted(head.current.objects))
        if broken:
            raise DamagedError(
                f"release {head.current.sequence} cannot be gone back to: object {broken[0][:12]} is damaged here"
            )
        (await stage_generation(self._store, head.current)).self_test()
        await self._records.flip(head)
        return head.current

    def _announce_return(self, back: Generation) -> None:
        self._course.emit("rolledBack", {"sequence": back.sequence, "version": back.version})

    async def _note_check(
        self, notes: Notes, refreshed: Refreshed, pointer: ReleasePointer, line: Line
    ) -> None:
        new = Notes(
            checked=self._clock.now().replace(microsecond=0) if refreshed.complete else notes.checked,
            expires=refreshed.trust.expires,
            latest=Latest(pointer.sequence, pointer.version),
            stale=(notes.stale or self._clock.now().replace(microsecond=0)) if refreshed.stale else None,
            yanked=line.yanked,
        )
        if new != notes:
            await self._records.note(new)

    # Faults -----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[bool]:
        """Hold the writer's lock; a failure is noted, announced and raised on.

        Yields:
            Whether this device has failed so often in a row that everything is to be fetched anew.
        """
        self._course.begin()
        try:
            async with self._store.lock():
                healing = False
                try:
                    healing = (await read_health(self._store)).is_due(self._config.heal_after)
                    yield healing
                except VademecumError as error:
                    await self._note_error(error, healing=healing)
                    raise
        except VademecumError as error:
            self._course.failed(error)
            raise

    async def _note_error(self, error: VademecumError, *, healing: bool) -> None:
        try:
            # Of several hosts, all of them asked for it, or else another error would have been told (`telling`).
            await remember_wait(self._store, error, self._clock.now(), self._config.longest_wait)
            if is_local(error):
                await count_sync(self._store, healing=healing)
            if isinstance(error, QuotaError):
                await garbage.collect(self._store)  # give back what the failed update had stored
            noted = replace(await self._records.notes(), error=note_of(error, self._clock.now()))
            await self._records.note(noted)
        except VademecumError as failure:
            # The store itself is what fails: the error that is about to be raised says so.
            logger.debug("the error could not be noted: %s", failure)
