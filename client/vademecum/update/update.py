"""One update, in the order of the protocol.

    1 metadata  2 release  3 manifest  4 plan  5 download  6 stage  7 self-test  8 flip  9 collect

Each step stands below the one before it; 4 is in plan.py and ladder.py, 5 in download.py, 6 to 9 in staging.py. The
order keeps the store's promise (format.md, section 8): objects are verified before they are put; a generation is
checked whole and tested, from the stored bytes, before the pointer is flipped; garbage is collected only after the
flip. So at every moment the pointer names only objects that are there and good, of a release that works. Records are
written in two transactions: what the metadata say once they have verified, so that the trust floor stays though a long
download breaks off; and the flip.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from vademecum.errors import (
    ContentError,
    ExpiredError,
    HostError,
    NewerFormatError,
    RestartedError,
    ServerError,
    StoreError,
    TrustError,
    VademecumError,
)
from vademecum.format.json import iso_time
from vademecum.format.manifest import Manifest, PackEntry, decode_manifest
from vademecum.format.objects import ObjectRef
from vademecum.log import logger
from vademecum.policy import Offered, decide
from vademecum.store.pointer import Generation, Head
from vademecum.store.records import SPOILED
from vademecum.store.session import Session
from vademecum.transport.downloader import Downloader
from vademecum.transport.mirrors import Mirror
from vademecum.transport.waiting import require_patience
from vademecum.trust import rollout
from vademecum.trust.channel import Line, ReleasePointer
from vademecum.trust.clock_check import judge_expiry, require_past
from vademecum.trust.floor import PIN, ROOT, judge_installed, origin_from, origin_of
from vademecum.trust.metadata import TIMESTAMP, Trust
from vademecum.trust.refresh import refresh
from vademecum.trust.walk import Refreshed, Walk
from vademecum.update.context import Context
from vademecum.update.delta_chain import find_route
from vademecum.update.download import UNLIMITED, Budget
from vademecum.update.ladder import Ladder, spoiled
from vademecum.update.plan import Plan, equivocation, full_plan, plans, refuse_older, refuse_other
from vademecum.update.results import Check


class Update:
    """One run over one host, or over a seed; the session's store is locked.

    Args:
        downloader: Asks the host, or the seed.
        budget: What the run may download; it does not bound what is fetched by force or anew.
        any_time: A release built in this device's future is followed too. The metadata of a seed may have expired, and
            a device whose clock begins at 1970 and that never meets a network would have nothing otherwise.
        unasked: The policy decides what is done about a release.
        patient: Ask nobody while the hosts want to be left alone.

    Attributes:
        waiting: A release that was found, and waits because of the policy.
    """

    waiting: Check | None = None

    def __init__(
        self,
        session: Session,
        downloader: Downloader,
        context: Context,
        *,
        budget: Budget = UNLIMITED,
        any_time: bool = False,
        unasked: bool = False,
        patient: bool = False,
    ) -> None:
        self.session = session
        self.downloader = downloader
        self.context = context
        self._config, self._clock = replace(context.config, channel=session.policy.channel), context.clock
        self._budget = budget
        self._any_time = any_time
        self._unasked = unasked
        self._patient = patient
        self._shown: tuple[Mirror, bytes] | None = None
        self._critical: tuple[int, ...] = ()

    def permits(self, ref: ObjectRef) -> bool:
        """Return whether budget and connection allow to fetch an object without which the release works."""
        spent, most = self.downloader.bytes, self._budget.bytes
        return self._budget.permission() and (not spent or most is None or spent + ref.size <= most)

    # 1. The metadata ---------------------------------------------------------------------------

    async def idle(self, shipped_root: bytes | None) -> Generation | None:
        """Ask for the timestamp alone, if not long ago there was nothing to do; return what is installed if there still
        is nothing, else None: `refresh` then continues from there.

        TUF ends the cycle at an equal version (5.4.3.1); here all bytes are those that were verified, and nothing that
        they lead to has expired (5.4.4, 5.5.6, 5.6.5). js/update/idle_check.mjs is the twin.

        Raises:
            NetworkError, ServerError: The host cannot be asked now.
        """
        session, now, head = self.session, self._clock.now(), self.session.at_rest()
        status = session.status
        if head is None or self.context.extra or not self._is_recent(now) or (status.expires or now) <= now:
            return None
        if (status.channel, status.tree) != (self._config.channel, self.context.tree):
            return None
        origin = origin_of(await session.read(PIN), await session.read(ROOT))
        if origin is None or (shipped_root and origin != origin_from(shipped_root)):
            return None
        try:
            if head.objects != (await session.objects()).keys():
                return None
        except StoreError:  # an idle check does not fail because the store cannot be listed
            return None
        if self._patient:
            await require_patience(session, now)
        limit = self._config.max_timestamp

        async def ask(mirror: Mirror) -> tuple[Mirror, bytes]:
            return mirror, await self.downloader.once(mirror, TIMESTAMP, limit, True)

        self._shown = await self.downloader.by_turns(ask)
        if self._shown[1] != await session.read("trust/timestamp.json"):
            return None
        session.status = replace(status, contacted=now.replace(microsecond=0))
        self.context.course.move("current")
        return head.current

    def _is_recent(self, now: datetime) -> bool:
        checked, age = self.session.status.checked, timedelta(seconds=self._config.idle_check_age)
        return checked is not None and timedelta() <= now - checked < age

    async def refresh(self, shipped_root: bytes | None) -> tuple[ReleasePointer, bool]:
        """Walk the metadata (TUF 5.3 to 5.6); return the release to follow, and whether what is shown is stale.

        Raises:
            NetworkError, ServerError: The host cannot be asked now.
            ContentError, SignatureError, RollbackError, ExpiredError, ClockError: What it shows is not acceptable.
            EquivocationError: The trusted keys have signed one number twice. RestartedError: The line began anew.
            DamagedError: The trust floor cannot be read, and the app ships no root.
            StorageError, QuotaError: What was verified could not be written.
        """
        now = self._clock.now()
        if self._patient:
            await require_patience(self.session, now)
        try:
            refreshed = await refresh(
                Walk(self.session, self.downloader, now, self._config, self._shown),
                shipped_root,
                idle_allowed=self._is_recent(now),
                stale_allowed=True,
                # Before the targets are known, nobody can say whether a release was yanked.
                wanted=lambda sequence: self.session.pointer.reason_to_wait(sequence, yanked=False) is None,
            )
        except VademecumError as error:
            # The walk may have led to a newer root before it failed.
            root = await self.session.read(ROOT)
            if root is not None:
                judge_installed(self.session, Trust(root, now))
            if isinstance(error, ExpiredError):
                raise judge_expiry(error, now, self.downloader.host_time) from error
            raise
        judge_installed(self.session, refreshed.trust)
        line = refreshed.trust.line(self._config.channel)
        vouch(self.session, line)
        await self._find_manifest(line)
        refuse_other(self.session.pointer, line)
        pointer = await self.assigned(line)
        refuse_older(pointer, self.session.pointer, line)
        self._note(refreshed, line, pointer, now.replace(microsecond=0))
        # TUF stores each role as it verifies (5.3.8, 5.4.5, 5.5.7, 5.6.6). Here they are stored together, before
        # anything is fetched that they name, and where the walk fails with what verified until then:
        # decisions/trust-floor.md.
        await self.session.commit()
        if refreshed.equivocation:
            raise equivocation(refreshed.equivocation)
        if refreshed.restarted is not None:
            await self._refuse_restarted(refreshed.restarted.current)
        return pointer, refreshed.stale

    def _note(self, refreshed: Refreshed, line: Line, pointer: ReleasePointer, now: datetime) -> None:
        before = self.session.status
        self.session.status = replace(
            before,
            checked=now if refreshed.complete else before.checked,
            contacted=now,
            expires=refreshed.trust.expires,
            latest=rollout.latest(line, pointer),
            error=None,
            stale=(before.stale or now) if refreshed.stale else None,
            yanked=line.yanked,
            tree=self.context.tree,
            channel=self._config.channel,
        )
        self._critical = line.critical

    async def _find_manifest(self, line: Line) -> None:
        """Fetch the signed manifest of the installed release if the store has lost it.

        If the host does not have it, and the signed targets name another release under its number, or only older
        ones, the pointer is dropped.
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
            logger.warning("release %d is installed, and nobody has its manifest: it is begun anew", lost.sequence)
            self.session.pointer = Head()

    async def _refuse_restarted(self, shown: ReleasePointer) -> None:
        """Raise RestartedError if an older timestamp leads to a release newer than the installed one: no cache does."""
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
                f"{iso_time(built)}, and {seen} known here. What is installed stays. Ask the publisher to "
                "continue above the old numbers; to follow the new line as it is, use another file for the store"
            )

    # 2. The release ----------------------------------------------------------------------------

    async def assigned(self, line: Line) -> ReleasePointer:
        """Return the release that this store is to have: the current one, or a candidate. Errors: see `read_salt`."""
        if line.candidate is None:
            return line.current
        return rollout.assigned(line, await rollout.read_salt(self.session, self._clock))

    async def offer(self, pointer: ReleasePointer) -> Check:
        """Return what `follow` would do; only manifests are downloaded. Errors: see `manifest`."""
        reason = self.session.pointer.reason_to_wait(pointer.sequence, pointer.yanked)
        if reason is not None:
            return replace(self._nothing(pointer), reason=None if reason in ("current", "ahead") else reason)
        manifest = await self.manifest(pointer)
        route = await self._route(manifest)
        ladder = plans(self.session.pointer.floor, await self.session.objects(), manifest, route)
        return await self._judge(pointer, manifest, ladder[0])

    def _nothing(self, pointer: ReleasePointer) -> Check:
        current = self.session.pointer.current
        installed = None if current is None else current.sequence
        return Check(False, pointer.sequence, pointer.version, installed=installed)

    async def _judge(self, pointer: ReleasePointer, manifest: Manifest, plan: Plan) -> Check:
        """Return what the release costs and brings, and what is done about it unasked."""
        session, check = self.session, self._nothing(pointer)
        since = 0 if check.installed is None else check.installed
        documents = None if check.installed is None else manifest.documents_since(since)
        critical = any(since < sequence <= pointer.sequence for sequence in self._critical)
        offered = Offered(pointer.sequence, documents, critical)
        decision = decide(session.pointer.steer(session.policy), offered, self.context.connection)
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
            decision=decision.action,
        )

    async def follow(self, pointer: ReleasePointer, *, force: bool) -> Plan:
        """Install the release unless there is a reason not to; return the plan that worked.

        Args:
            force: Fetch it whole, and use nothing that the store holds, whatever the user decided about it before.

        Raises:
            NetworkError, ServerError, ContentError: A download failed for good.
            BudgetError: The run may download no more, or not now; what was downloaded stays for the next run.
            ContentError: The objects are those that were signed, but not the state.
            SelfTestError: The release does not work here; it is refused from now on.
            StorageError, QuotaError: The store is broken or full.
        """
        reason = self.session.pointer.reason_to_wait(pointer.sequence, pointer.yanked)
        # Users may overrule their own choice, but not the publisher's.
        if reason in ("ahead", "yanked") or (reason is not None and not force):
            return Plan("none")
        manifest = await self.manifest(pointer)
        if not force and await SPOILED.read(self.session) == spoiled(manifest):
            raise ContentError(
                f"release {manifest.sequence} was fetched whole and does not make the state that is signed; it is "
                "not fetched again until its publisher repairs it (a forced update tries)"
            )
        route = () if force else await self._route(manifest)
        context, budget = replace(self.context, config=self._config), UNLIMITED if force else self._budget
        ladder = Ladder(self.session, self.downloader, context, pointer, manifest, route, budget)
        await ladder.sweep()
        found = (full_plan((), manifest),) if force else await ladder.plans()
        if self._unasked and not force:
            check = await self._judge(pointer, manifest, found[0])
            if check.decision != "install":
                self.waiting = check
                return Plan("none")
        return await ladder.go_down(found)

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
        # Its channel is not compared: a release built for one may be promoted to another, as the signed targets say.
        if manifest.sequence != pointer.sequence:
            raise ContentError(
                f"{pointer.path} describes release {manifest.sequence}, the signed targets say {pointer.sequence}"
            )
        if not self._any_time:
            require_past(manifest, self._clock.now())
        for ref in (*manifest.objects, *manifest.extras, manifest.sources, *(entry.object for entry in manifest.packs)):
            if max(ref.size, ref.uncompressed) > self._config.max_object:
                raise ContentError(f"{pointer.path}: {ref.path} of more than {self._config.max_object} bytes")
        total = sum(ref.uncompressed for ref in manifest.objects)
        if total > self._config.max_release:
            raise ContentError(f"{pointer.path}: {total} bytes, more than {self._config.max_release}")
        return manifest

    def _check_size(self, path: str, size: int) -> None:
        if size > self._config.max_manifest:
            raise ContentError(f"{path}: {size} bytes, more than {self._config.max_manifest}")

    # 4. The plan -------------------------------------------------------------------------------

    async def _route(self, manifest: Manifest) -> tuple[PackEntry, ...]:
        """Return the packs that lead to a release; none if the host does not have them: then there are tiers."""

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


def vouch(session: Session, line: Line) -> None:
    """Note who vouches for the installed releases, if the signed targets name them."""
    for release in line.releases:
        session.pointer = session.pointer.vouched(release.sequence, release.sha256, release.root, release.signers)
