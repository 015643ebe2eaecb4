"""The engine: the operations of a client over one store and its hosts, each a run of its own.

update/ says what is done about a published release, store/pointer.py what was refused or pinned, and trust/metadata.py
whether metadata are acceptable.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from vademecum.config import Config
from vademecum.errors import (
    ContentError,
    EmptyStoreError,
    NetworkError,
    NewerFormatError,
    SelfTestError,
    ServerError,
    VademecumError,
)
from vademecum.events import ignore
from vademecum.integrity.inspection import Finding, examine
from vademecum.integrity.repair import Repaired
from vademecum.integrity.treatment import Diagnosis, treat
from vademecum.log import logger
from vademecum.policy import UNKNOWN, Connection, Policy, check_choices
from vademecum.ports import Clock, Emit, Permission, Room, Store, Transport, always, unknown_room
from vademecum.store.channel_status import LONGEST_ADDRESS
from vademecum.store.pointer import Generation
from vademecum.store.records import POLICY, SEED
from vademecum.store.session import Session
from vademecum.transport.mirrors import STALE
from vademecum.trust.channel import channel_names
from vademecum.trust.floor import PIN, is_first_use
from vademecum.update import healing, turn_back
from vademecum.update.context import Context
from vademecum.update.following import follow_and_repair
from vademecum.update.plan import Plan
from vademecum.update.results import Check, Outcome
from vademecum.update.run import EngineRuns, search_page
from vademecum.update.seed import Planted
from vademecum.update.states import Course
from vademecum.update.update import Update


class Engine:
    """Keeps one store in step with one published tree.

    Args:
        store, transport, clock: The ports. Several transports, by names fit to be shown: mirrors of one tree, the
            preferred one first.
        trust: The root metadata that the app ships; None pins the first root that the host shows.
        seed: A published tree that the app ships; see `plant`.
        policy: What is done unasked, unless the user of the store has chosen otherwise. None: the defaults of `config`.
        connection: What is known of the network.
        emit: Called with events; what it raises is logged, and has no other effect.
        room: Returns how many bytes may still be stored; an update that needs more downloads nothing.
        permission: Asked before each object of an update that is not forced; if it says no, the update pauses.
        extra: What else is fetched, after the flip: `directions` for an app that encodes queries itself, or the
            release's `model`.
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
        policy: Policy | None = None,
        connection: Connection = UNKNOWN,
        emit: Emit = ignore,
        room: Room = unknown_room,
        permission: Permission = always,
        extra: str = "",
    ) -> None:
        config = config or Config()
        self._store = store
        self._clock = clock
        self._course = Course(emit)
        hosts = transport if isinstance(transport, Mapping) else {"": transport}
        tree = search_page(next(iter(hosts), "")).partition("?")[0]  # a query may be a key that expires
        tree = tree if len(tree) <= LONGEST_ADDRESS else ""
        self._runs = EngineRuns(
            store,
            hosts.values(),
            Context(config, clock, self._course, room, connection, tree, extra),
            root=trust,
            seed=seed,
            policy=policy or Policy(channel=config.channel, max_update_bytes=config.max_update_bytes),
            permission=permission,
        )

    # What apps call ---------------------------------------------------------------------------

    async def check(self) -> Check:
        """Ask the host for news; nothing is installed. Errors: see `sync`."""
        async with self._runs.running() as session, self._runs.asking(session) as update:
            pointer, stale = await update.refresh(self._runs.root)
            offer = await update.offer(pointer)
            if stale and not offer.available and offer.reason is None:
                offer = replace(offer, reason=STALE)
        if offer.available:
            self._course.emit("updateAvailable", asdict(offer))
        else:
            self._course.move("current")
        return offer

    async def sync(self, *, force: bool = False, unasked: bool = False) -> Outcome:
        """Install the published release if there is a newer one; before it the seed, see `plant`.

        If a seed was just installed, a host that cannot be asked, or asked to be left alone, is no failure of the sync:
        that is noted and announced.

        Args:
            force: Fetch and install the published release whole, even if it is the installed one,
                was refused before, or is not the pinned one. An older one is refused all the same.
            unasked: The policy decides whether it is installed; a release that waits is the outcome's `offer`.

        Raises:
            NetworkError, ServerError: The host cannot be asked now; trying later may help.
            ContentError, SignatureError, RollbackError, ExpiredError: What it shows is not acceptable.
            ClockError: This device's clock is implausible, so nobody can say whether it has expired.
            SelfTestError: The release does not work here; it is refused from now on.
            BudgetError: The run may download no more, or not now; the next run continues.
            StorageError, QuotaError, BusyError: The store is broken, full, or in use by another writer.
        """
        started = self._clock.now()
        plan, seeded, reason = Plan("none"), Planted(), None
        async with (
            self._runs.running() as session,
            self._runs.asking(session, patient=not force, unasked=unasked) as update,
        ):
            silent = unasked and session.policy.mode == "off"
            before = after = None if force or silent or self._runs.ships_seed else await update.idle(self._runs.root)
            if before is not None:
                reason = session.status.reason
            else:
                session.drop_damaged_pointer()
                await healing.drop_forged(session)
                before = session.pointer.current
                seeded = await self._runs.seeded(session)
                if silent:
                    self._course.move("current")
                else:
                    plan, reason = await self._follow(update, seeded, force=force)
                after = session.pointer.current
        took = plan if plan.kind != "none" else seeded
        return Outcome(
            from_sequence=None if before is None else before.sequence,
            to_sequence=0 if after is None else after.sequence,
            version="" if after is None else after.version,
            plan=took.kind,
            total_bytes=plan.bytes,
            requests=update.downloader.requests,
            bytes=update.downloader.bytes,
            seconds=(self._clock.now() - started).total_seconds(),
            reason=reason,
            seeded=seeded.sequence,
            offer=update.waiting,
        )

    async def _follow(self, update: Update, seeded: Planted, *, force: bool) -> tuple[Plan, str | None]:
        """Follow the host; return the plan, and why its release was not installed."""
        new = seeded.kind != "none"
        try:
            plan, stale = await follow_and_repair(update, self._runs.root, force=force, healing=not new)
        except (NetworkError, ServerError) as error:
            if not new:
                raise
            await self._runs.note(update.session, error)
            self._course.failed(error)
            return Plan("none"), None
        return plan, STALE if stale else update.session.status.reason

    async def plant(self) -> int | None:
        """Install the seed that the app ships, if it is newer than what is installed; the host is not asked.

        A seed is examined once; again if it could not be read, or if it was good and nothing is installed any more.

        Returns:
            The sequence that was installed, or None. `status()` says what was wrong with the seed.

        Raises:
            StorageError, QuotaError, BusyError: The store is broken, full, or in use by another writer.
        """
        async with self._runs.running() as session:
            return (await self._runs.seeded(session)).sequence

    async def rollback(self) -> Generation:
        """Go back to the previous generation. The release left behind is refused until a newer one appears.

        Raises:
            EmptyStoreError: There is none, or its publisher has yanked it.
            ContentError, StorageError, SelfTestError: It is damaged; the current one stays.
        """
        async with self._runs.locked() as session:
            back = await turn_back.roll_back(session)
        self._announce_return(back)
        return back

    async def refuse_current(self, reason: str, *, found: Generation | None = None) -> Generation:
        """Undo the installed release, which a reader found not to work here, and do not try it again.

        Args:
            found: The release that the reader read; if another one is installed by now, it stays. None: any.

        Returns:
            What is installed now: the previous generation.

        Raises:
            EmptyStoreError: There is none: now nothing is installed.
            DamagedError: What is stored is damaged: that is repaired, not undone.
            ContentError, StorageError, SelfTestError: It is damaged; the current one stays.
        """
        logger.warning("the installed release does not work here: %s", reason)
        async with self._runs.locked() as session:
            current = session.pointer.current
            if current is not None and found not in (None, current):
                return current
            back = await turn_back.undo(session, reason)
        self._announce_return(back)
        return back

    async def pin(self, sequence: int | None) -> None:
        """Stay at a release (None: follow the channel again).

        Raises:
            UsageError: That release is neither installed nor the previous generation.
            EmptyStoreError: It is the previous one, and its publisher has yanked it.
            ContentError, StorageError, SelfTestError: The previous one is damaged; the current one stays.
        """
        async with self._runs.locked() as session:
            back = await turn_back.pin(session, sequence)
        if back is not None:
            self._announce_return(back)

    async def policy(self) -> Policy:
        """Return what is done unasked: as the app has it, or the user has chosen."""
        return await self._runs.policy(self._store)

    async def skip(self, sequence: int | None) -> None:
        """Do not install a release. None forgets all such decisions, but not which releases failed.

        Raises:
            UsageError: It is not a sequence, or it is installed.
        """
        async with self._runs.locked() as session:
            await turn_back.skip(session, sequence)

    async def choose(self, choices: Mapping[str, Any]) -> None:
        """Store the user's choices, by their names in JSON; None returns a choice to the app's default.

        Raises:
            UsageError: There is no such choice.
        """
        check_choices(choices)
        async with self._runs.locked() as session:
            await POLICY.write(session, {**await POLICY.read(session), **choices})

    async def repair(self) -> Repaired:
        """Read everything that is installed, and fetch again only what is broken. If nothing is, nobody is asked.

        Raises:
            DamagedError: The pointer itself is damaged; a sync replaces it.
            NetworkError, ServerError: The host cannot be asked now. What was repaired before stays.
            StorageError, QuotaError, BusyError: The store is broken, full, or in use by another writer.
        """
        return await healing.repair(self._runs)

    async def heal(self, *, whole: bool) -> Outcome:
        """Repair what `inspection.examine` finds: only what is broken, or (`whole`) by fetching the whole release
        again.

        What the host cannot give now is taken from the seed, if the seed has it. A release that is whole but does not
        work here is undone first.

        A pointer or a trusted root that cannot be read is dropped: trust begins again at the root that the app ships,
        or else at the first one that the host shows.

        Raises:
            VademecumError: See `sync` and `repair`.
        """
        await healing.drop_damaged(self._runs)
        try:
            await self.repair()
        except (NetworkError, ServerError) as error:
            logger.warning("what is broken can only be repaired from a seed now: %s", error)
            async with self._runs.running() as session:
                session.healing = True
                planted = await self._runs.seeded(session)
            if planted.kind == "none":
                raise
        not_working = await healing.what_does_not_work(self._store)
        if not_working is not None:
            with contextlib.suppress(EmptyStoreError):
                await self.refuse_current(not_working[1].message, found=not_working[0])
        pinned = (await Session.begin(self._store)).pointer.pinned is not None
        return await self.sync(force=whole and not pinned)

    async def doctor(self, *, repair: bool) -> Diagnosis:
        """Examine the store, and repair what is broken. doctor.py has examined the SQLite file before.

        Raises:
            NewerFormatError: A newer version wrote the pointer. What goes wrong in the repair is a finding.
        """

        async def look() -> list[Finding]:
            return await examine(self._store, self._clock.now())

        return await treat(look, lambda whole: self.heal(whole=whole)) if repair else Diagnosis((*await look(),))

    async def clear(self) -> None:
        """Forget everything that is installed, but not the trust floor."""
        async with self._runs.locked() as session:
            session.forget()
            await session.commit()
            await session.discard(await session.objects())

    async def report_damage(self, error: VademecumError) -> None:
        """Count that a reader could not open what is installed (`Config.heal_after`). Errors: see `Store.write`."""
        is_content = isinstance(error, ContentError | SelfTestError) and not isinstance(error, NewerFormatError)
        if is_content or error.repairable:  # content that a reader finds wrong was changed here, too
            async with self._runs.locked() as session:
                session.failures = session.failures.failed_read()

    async def status(self) -> dict[str, Any]:
        """Return what is installed, from the store alone: no request is made."""
        session = await Session.begin(self._store)
        head, status, seed = session.pointer, session.status, await SEED.read(session)
        policy = await self._runs.policy(session)
        objects = await self._store.objects()
        return {
            "installed": None if head.current is None else asdict(head.current),
            "previous": None if head.previous is None else asdict(head.previous),
            "pinned": head.pinned,
            "refused": list(head.refused),
            "local": None,
            "policy": policy.json(),
            "channels": channel_names(await session.read("trust/targets.json")),
            "reasons": {str(sequence): reason for sequence, reason in head.reasons},
            **status.json(),
            "seed": {"code": seed.code, "message": seed.message} if seed.code else None,
            "lastError": status.error and status.error.last_error(),
            "expired": status.expires is not None and status.expires <= self._clock.now(),
            "firstUse": is_first_use(await session.read(PIN)),
            "bytes": sum(objects.values()),
            "objects": len(objects),
        }

    def _announce_return(self, back: Generation) -> None:
        self._course.emit("rolledBack", {"sequence": back.sequence, "version": back.version})
