"""One update, told in the order of the protocol.

    1 metadata  2 release  3 manifest  4 plan  5 download  6 stage  7 self-test  8 flip  9 collect

Each step is below the one before it, 5 in download.py, 6 to 9 in staging.py. The order keeps the store's promise
(format.md, section 8): objects are verified before they are put; a generation is checked whole and tested, from the
stored bytes, before the pointer is flipped; garbage is collected only after the flip. So at every moment the pointer
names only objects that are there and good, of a release that works. Records are written in two transactions: what the
metadata say once they have verified, so that the trust floor stays though a long download breaks off; and the flip.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vademecum.config import Config
from vademecum.errors import (
    ContentError,
    ExpiredError,
    HostError,
    NewerFormatError,
    QuotaError,
    RestartedError,
    ServerError,
    TrustError,
    VademecumError,
)
from vademecum.format.json import iso_time
from vademecum.format.manifest import Manifest, PackEntry, decode_manifest
from vademecum.format.objects import ObjectRef
from vademecum.integrity.repair import Repair
from vademecum.integrity.scrub import scrub
from vademecum.policy import Connection, Offered, decide
from vademecum.ports import Clock, Room
from vademecum.store import garbage
from vademecum.store.objects import unsound
from vademecum.store.pointer import Head
from vademecum.store.records import SPOILED, Spoiled
from vademecum.store.session import Session
from vademecum.transport.downloader import Downloader
from vademecum.trust import rollout
from vademecum.trust.channel import Line, ReleasePointer
from vademecum.trust.clock_check import judge_expiry, require_past
from vademecum.trust.floor import ROOT, judge_installed
from vademecum.trust.metadata import Trust
from vademecum.trust.refresh import refresh
from vademecum.update.delta_chain import find_route
from vademecum.update.download import download, require_room
from vademecum.update.download_budget import UNLIMITED, Budget
from vademecum.update.plan import Plan, equivocation, full_plan, plans, refuse_older, refuse_other
from vademecum.update.results import Check
from vademecum.update.staging import StagingError, activate, stage
from vademecum.update.states import Course

logger = logging.getLogger("vademecum")


@dataclass(frozen=True)
class Surroundings:
    """What all updates of an engine have in common: its limits, the time, who is told, the room that is left, and the
    network."""

    config: Config
    clock: Clock
    course: Course
    room: Room
    connection: Connection
    beside: str = ""
    """What else is fetched, after the flip: `directions` for an app that encodes queries itself, or the `model`."""


class Update:
    """One run over one host, or over a seed; the session's store is locked.

    Args:
        downloader: Asks the host, or the seed.
        budget: What the run may download; it does not bound what is fetched by force or anew.
        any_time: A release that was built in this device's future is followed too: of a seed nobody asks whether its
            metadata have expired, and a device whose clock begins at 1970 and that never meets a network would
            have nothing otherwise.
        unasked: The policy says what is done about a release.

    Attributes:
        waiting: A release that was found and not installed, as the policy has it.
    """

    waiting: Check | None = None

    def __init__(
        self,
        session: Session,
        downloader: Downloader,
        around: Surroundings,
        *,
        budget: Budget = UNLIMITED,
        any_time: bool = False,
        unasked: bool = False,
    ) -> None:
        self.session = session
        self.downloader = downloader
        self.around = around
        self._config, self._clock = replace(around.config, channel=session.policy.channel), around.clock
        self._course, self._room = around.course, around.room
        self._budget = budget
        self._any_time = any_time
        self._unasked = unasked
        self._critical: tuple[int, ...] = ()

    def permits(self, ref: ObjectRef) -> bool:
        """Return whether the run may go on to this object, which no release needs."""
        spent, most = self.downloader.bytes, self._budget.bytes
        return self._budget.permission() and (not spent or most is None or spent + ref.size <= most)

    # 1. The metadata ---------------------------------------------------------------------------

    async def refresh(self, shipped_root: bytes | None) -> tuple[ReleasePointer, bool]:
        """Walk the metadata (TUF 5.3 to 5.6); return the release to follow, and whether what is shown is stale.

        Raises:
            NetworkError, ServerError: The host cannot be asked now.
            ContentError, SignatureError, RollbackError, ExpiredError, ClockError: What it shows is not acceptable.
            EquivocationError: The trusted keys have signed one number twice. RestartedError: The line began anew.
            DamagedError: The trust floor cannot be read, and no root was shipped.
            StorageError, QuotaError: What was verified could not be written.
        """
        now, before = self._clock.now(), self.session.status
        age = timedelta(seconds=self._config.idle_check_age)
        recent = before.checked is not None and timedelta() <= now - before.checked < age
        try:
            found = await refresh(
                self.session,
                self.downloader,
                now,
                shipped_root=shipped_root,
                config=self._config,
                idle_allowed=recent,
                stale_allowed=True,
                # Before its targets are known, nobody can say whether a release was taken back.
                wanted=lambda sequence: self.session.pointer.reason_to_wait(sequence, yanked=False) is None,
            )
        except VademecumError as error:
            root = await self.session.read(
                ROOT
            )  # the walk may have led to another one, whatever became of it
            if root is not None:
                judge_installed(self.session, Trust(root, now))
            if isinstance(error, ExpiredError):
                raise judge_expiry(error, now, self.downloader.told) from error
            raise
        judge_installed(self.session, found.trust)
        line = found.trust.line(self._config.channel)
        vouch(self.session, line)
        await self._find_manifest(line)
        refuse_other(self.session.pointer, line)
        pointer = await self.assigned(line)
        refuse_older(pointer, self.session.pointer, line)
        now = now.replace(microsecond=0)
        self.session.status = replace(
            before,
            checked=now if found.complete else before.checked,
            expires=found.trust.expires,
            latest=rollout.latest(line, pointer),
            error=None,
            stale=(before.stale or now) if found.stale else None,
            yanked=line.yanked,
        )
        self._critical = line.critical
        # TUF stores each role as it verifies (5.3.8, 5.4.5, 5.5.7, 5.6.6). Here they are stored together, before
        # anything is fetched that they name, and where the walk fails with what verified until then:
        # decisions/trust-floor.md.
        await self.session.commit()
        if found.equivocation:
            raise equivocation(found.equivocation)
        if found.restarted is not None:
            await self._refuse_restarted(found.restarted.current)
        return pointer, found.stale

    async def _find_manifest(self, line: Line) -> None:
        """See that the signed manifest of what is installed lies beside it.

        A pointer to a release that nobody vouches for, under a number that is not its own, is begun anew.
        """
        lost = self.session.unkept()
        if lost is None:
            return
        path = f"releases/{lost.manifest}.{lost.sequence}.json"
        try:
            data = await self.downloader.fetch_or_absent(path, self._config.max_manifest)
        except HostError as error:
            logger.debug("the manifest of what is installed cannot be had now: %s", error)
            return
        if data is not None and hashlib.sha256(data).hexdigest() == lost.manifest:
            self.session.keep_manifest(lost.manifest, data)
        elif data is None and (
            line.newest < lost.sequence or lost.sequence in {release.sequence for release in line.releases}
        ):
            logger.warning(
                "release %d is installed, and nobody has its manifest: it is begun anew", lost.sequence
            )
            self.session.pointer = Head()

    async def _refuse_restarted(self, shown: ReleasePointer) -> None:
        """Do nothing, unless an older timestamp leads to a release that was built after the installed one.

        Raises:
            RestartedError: It does: no cache shows that.
        """
        current = self.session.pointer.current
        try:
            built = datetime.fromisoformat((await self.manifest(shown)).built)
        except (HostError, TrustError) as error:
            logger.debug("release %d cannot be looked at: %s", shown.sequence, error)
            return
        if current is None or built > datetime.fromisoformat(current.built):
            seen = "newer metadata were" if current is None else f"release {current.sequence} is"
            raise RestartedError(
                f"the publisher's line was restarted: the host shows release {shown.sequence}, built on "
                f"{iso_time(built)}, and {seen} known here. What is installed stays. Ask the publisher, who can number "
                "on from above; if the new line is to be followed as it is, begin anew with another file for the store"
            )

    # 2. The release ----------------------------------------------------------------------------

    async def assigned(self, line: Line) -> ReleasePointer:
        """Return the release of the line that this store is to have: the current one, or a candidate.

        Raises:
            StorageError: The salt could not be read.
        """
        if line.candidate is None:
            return line.current
        return rollout.assigned(line, await rollout.read_salt(self.session, self._clock))

    async def offer(self, pointer: ReleasePointer) -> Check:
        """Return what `follow` would do; nothing but manifests is downloaded. Errors: see `manifest`."""
        check = self._nothing(pointer)
        reason = self.session.pointer.reason_to_wait(pointer.sequence, pointer.yanked)
        if reason is not None:
            return replace(check, reason=None if reason in ("current", "ahead") else reason)
        manifest = await self.manifest(pointer)
        return await self._judge(check, pointer, manifest, await self._route(manifest))

    def _nothing(self, pointer: ReleasePointer) -> Check:
        current = self.session.pointer.current
        installed = None if current is None else current.sequence
        return Check(False, pointer.sequence, pointer.version, installed=installed)

    async def _judge(
        self, check: Check, pointer: ReleasePointer, manifest: Manifest, route: tuple[PackEntry, ...]
    ) -> Check:
        """Return a check with what the release costs and brings, and what is done about it unasked."""
        session, plan = self.session, (await self._plans(manifest, route))[0]
        since = 0 if check.installed is None else check.installed
        documents = None if check.installed is None else manifest.documents_since(since)
        critical = any(since < sequence <= pointer.sequence for sequence in self._critical)
        offered = Offered(pointer.sequence, documents, critical)
        decision = decide(session.pointer.steer(session.policy), offered, self.around.connection)
        timestamp = await session.read("trust/timestamp.json") or b""
        return replace(
            check,
            available=True,
            plan=plan.kind,
            bytes=plan.bytes,
            reason=decision.reason or None,
            cost=len(timestamp) + pointer.length + plan.bytes,
            documents=documents,
            critical=critical,
            decision=decision.what,
        )

    async def follow(self, pointer: ReleasePointer, *, force: bool) -> Plan:
        """Install the release, unless something speaks against it; return the plan that worked.

        Args:
            force: Fetch it whole and use nothing that the store holds, whatever the user decided about it before.

        Raises:
            NetworkError, ServerError, ContentError: A download failed for good.
            BudgetError: The run may download no more, or not now; what has come stays for the next one.
            ContentError: The objects are those that were signed, but not the state.
            SelfTestError: The release does not work here; it is refused from now on.
            StorageError, QuotaError: The store is broken or full.
        """
        reason = self.session.pointer.reason_to_wait(pointer.sequence, pointer.yanked)
        # The user may overrule himself, but not the publisher.
        if reason in ("ahead", "yanked") or (reason is not None and not force):
            return Plan("none")
        manifest = await self.manifest(pointer)
        if not force:
            await self._refuse_spoiled(manifest)
        route = () if force else await self._route(manifest)
        if self._unasked and not force:
            check = await self._judge(self._nothing(pointer), pointer, manifest, route)
            if check.decision != "install":
                self.waiting = check
                return Plan("none")
        await self._sweep(manifest, route)
        if force:
            self._budget = UNLIMITED
        ladder = [full_plan((), manifest)] if force else await self._ladder(manifest, route)
        return await self._install(pointer, manifest, route, ladder)

    # 3. Its manifest ---------------------------------------------------------------------------

    async def manifest(self, pointer: ReleasePointer) -> Manifest:
        """Return the manifest that the signed targets name.

        Raises:
            NetworkError, ServerError: The host cannot be asked now.
            ContentError: It is not what was signed, or beyond the limits of the configuration.
            ClockError: It was built in this device's future.
        """
        self._check_size(pointer.path, pointer.length)
        data = await self.downloader.fetch_plain(pointer.url_path, pointer.manifest)
        manifest = decode_manifest(data)
        self.session.keep_manifest(pointer.sha256, data)
        # Not its channel: a release that was built for one may be promoted to another. The signed targets say where.
        if manifest.sequence != pointer.sequence:
            raise ContentError(
                f"{pointer.path} describes release {manifest.sequence}, the signed targets say {pointer.sequence}"
            )
        if not self._any_time:
            require_past(manifest, self._clock.now())
        for ref in (
            *manifest.objects,
            *manifest.beside,
            manifest.sources,
            *(entry.object for entry in manifest.packs),
        ):
            if max(ref.size, ref.uncompressed) > self._config.max_object:
                raise ContentError(f"{pointer.path}: {ref.path} of more than {self._config.max_object} bytes")
        total = sum(ref.uncompressed for ref in manifest.objects)
        if total > self._config.max_release:
            raise ContentError(f"{pointer.path}: {total} bytes, more than {self._config.max_release}")
        return manifest

    def _check_size(self, path: str, size: int) -> None:
        if size > self._config.max_manifest:
            raise ContentError(f"{path}: {size} bytes, more than {self._config.max_manifest}")

    async def _refuse_spoiled(self, manifest: Manifest) -> None:
        """Do nothing, unless this release is known not to be what its manifest says. Raises ContentError: it is."""
        if await SPOILED.read(self.session) == _spoiled(manifest):
            raise ContentError(
                f"release {manifest.sequence} was fetched whole and does not make the state that is signed; it is "
                "not fetched again until its publisher mends it (a forced update tries)"
            )

    # 4. The plan -------------------------------------------------------------------------------

    async def _route(self, manifest: Manifest) -> tuple[PackEntry, ...]:
        """Return the packs that lead to a release; none, where the host does not show the way: there are tiers."""

        async def fetch(entry: PackEntry) -> Manifest:
            assert entry.manifest is not None
            self._check_size(entry.manifest_path, entry.manifest.size)
            return decode_manifest(await self.downloader.fetch_plain(entry.manifest_path, entry.manifest))

        installed = self.session.pointer.floor  # no row of a revoked release goes into another
        try:
            return () if installed is None else await find_route(installed, manifest, fetch)
        except (ContentError, ServerError, NewerFormatError) as error:
            logger.warning("release %d: no way by packs: %s", manifest.sequence, error)
            return ()

    async def _sweep(self, manifest: Manifest, route: tuple[PackEntry, ...]) -> None:
        """Delete what an interrupted update has left, but for the sound objects of this one."""
        installed = self.session.pointer.objects
        wanted = _named(manifest).union(entry.object.sha256 for entry in route)
        await garbage.discard_all_but(self.session, installed | await self._sound(wanted - installed))

    async def _sound(self, wanted: frozenset[str]) -> frozenset[str]:
        """Return those of these objects that the store holds, and that are what their names say."""
        held = wanted & (await self.session.objects()).keys()
        return held.difference(await unsound(self.session, held))

    async def _plans(self, manifest: Manifest, route: tuple[PackEntry, ...]) -> tuple[Plan, ...]:
        return plans(self.session.pointer.floor, await self.session.objects(), manifest, route)

    async def _ladder(self, manifest: Manifest, route: tuple[PackEntry, ...]) -> list[Plan]:
        """Return the plans to try: those that use what the store holds, the cheapest first; then everything anew."""
        ladder, anew = await self._plans(manifest, route), full_plan((), manifest)
        return [*(plan for plan in ladder[:-1] or ladder if plan != anew), anew]

    async def _install(
        self, pointer: ReleasePointer, manifest: Manifest, route: tuple[PackEntry, ...], ladder: list[Plan]
    ) -> Plan:
        """Go down the ladder; return the plan that worked.

        When packs do not lead there after all, the tiers are fetched; when what is stored does not add up
        with what came, everything is fetched anew. But where a plan failed over damaged objects, they are mended
        first, once, and the ladder is gone down once more; where they cannot be mended, sound ones are not fetched
        again.
        """
        mended = len(ladder) == 1
        while True:
            plan, *ladder = ladder
            try:
                return await self._carry_out(plan, pointer, manifest)
            except StagingError as error:
                if not ladder:
                    await self._give_up(manifest, error)
                    raise error.cause from error
                logger.warning("release %d by %s: %s", manifest.sequence, plan.kind, error.cause)
            # What is fetched anew is fetched at once: a later run would begin anew.
            self._budget = UNLIMITED
            if not mended and await self._broken():
                mended = True
                await self._repair(manifest)
                if await self._broken():
                    ladder = [full_plan(await self._sound(_named(manifest)), manifest)]
                else:
                    ladder = await self._ladder(manifest, route)

    async def _broken(self) -> bool:
        """Return whether an object of the installed generation is missing or damaged."""
        current = self.session.pointer.current
        return current is not None and bool((await scrub(self.session, current.objects)).broken)

    async def _repair(self, manifest: Manifest) -> None:
        async def known() -> Manifest:
            return manifest

        repair = Repair(self.session, self._config, self._course, self.downloader)
        await repair.repair((await scrub(self.session, self.session.pointer.objects)).broken, known)

    async def _give_up(self, manifest: Manifest, error: StagingError) -> None:
        """All that was signed has come, and it is not the state that was: the same would come again."""
        if isinstance(error.cause, ContentError) and not await unsound(self.session, _named(manifest)):
            await SPOILED.write(self.session, _spoiled(manifest))
        await garbage.collect(self.session)

    # 5 to 9. One plan --------------------------------------------------------------------------

    async def _carry_out(self, plan: Plan, pointer: ReleasePointer, manifest: Manifest) -> Plan:
        """Download, stage, test, flip and collect by one plan: see download.py and staging.py.

        Raises:
            StagingError: It does not make the signed state.
        """
        await require_room(plan, self._room)
        detail = {"sequence": manifest.sequence, "version": manifest.version, "plan": plan.kind}
        self._course.emit("updateStarted", {**detail, "totalBytes": plan.bytes})
        try:
            await download(plan, self.session, self.downloader, self._budget, self._config, self._course)
            self._course.progress("verifying", plan.kind, plan.bytes, plan.bytes)
            staged = await stage(self.session, plan, pointer, manifest, self._config, self._clock.now())
        except QuotaError as error:
            await garbage.tidy(self.session)  # give back at once what was stored
            raise QuotaError(error.message, plan.inflated, await self._room()) from error
        self._course.progress("installing", plan.kind, plan.bytes, plan.bytes)
        await activate(self.session, staged)
        self._course.emit("updateCompleted", {**detail, "bytes": self.downloader.bytes})
        return plan


def vouch(session: Session, line: Line) -> None:
    """Note of the installed releases who vouches for them, where the signed targets name them."""
    for release in line.releases:
        session.pointer = session.pointer.vouched(
            release.sequence, release.sha256, release.root, release.signers
        )


def _named(manifest: Manifest) -> frozenset[str]:
    return frozenset(ref.sha256 for ref in manifest.objects)


def _spoiled(manifest: Manifest) -> Spoiled:
    return Spoiled(manifest.sequence, manifest.digest)
