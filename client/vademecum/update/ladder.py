"""Steps 4 to 9 of an update: the plans for a release are tried, the cheapest first, until one works."""

from __future__ import annotations

from dataclasses import dataclass

from vademecum.errors import ContentError, QuotaError
from vademecum.format.manifest import Manifest, PackEntry
from vademecum.integrity.repair import Repair
from vademecum.integrity.scrub import scrub
from vademecum.log import logger
from vademecum.store import garbage
from vademecum.store.objects import unsound
from vademecum.store.records import SPOILED, Spoiled
from vademecum.store.session import Session
from vademecum.transport.downloader import Downloader
from vademecum.trust.channel import ReleasePointer
from vademecum.update.context import Context
from vademecum.update.download import UNLIMITED, Budget, download, require_room
from vademecum.update.plan import Plan, full_plan, plans
from vademecum.update.staging import StagingError, activate, stage


@dataclass
class Ladder:
    """The plans of one release, whose metadata and manifest have verified.

    Attributes:
        session: Its store is locked.
        pointer, manifest: The release.
        route: The packs that lead there; none: there are tiers.
        budget: What the run may download; it does not bound what is fetched anew.
    """

    session: Session
    downloader: Downloader
    context: Context
    pointer: ReleasePointer
    manifest: Manifest
    route: tuple[PackEntry, ...]
    budget: Budget

    async def sweep(self) -> None:
        """Delete what an interrupted update has left, except sound objects of this release."""
        installed = self.session.pointer.objects
        wanted = _named(self.manifest).union(entry.object.sha256 for entry in self.route)
        await garbage.discard_all_but(self.session, installed | await self._sound(wanted - installed))

    async def _sound(self, wanted: frozenset[str]) -> frozenset[str]:
        """Return those of these objects that the store holds undamaged."""
        held = wanted & (await self.session.objects()).keys()
        return held.difference(await unsound(self.session, held))

    async def plans(self) -> tuple[Plan, ...]:
        """Return the plans to try, by what the store holds now."""
        return plans(self.session.pointer.floor, await self.session.objects(), self.manifest, self.route)

    async def go_down(self, ladder: tuple[Plan, ...]) -> Plan:
        """Install the release by the first of these plans that works; return it. Errors: see `Update.follow`.

        If the packs fail, the tiers are fetched; if these do not fit what is stored, everything is fetched. But if a
        plan failed because of damaged objects, they are repaired first, once, and the plans are tried again; if they
        cannot be repaired, at least the sound ones are not fetched again.
        """
        mended = len(ladder) == 1
        while True:
            plan, ladder = ladder[0], ladder[1:]
            try:
                return await self._carry_out(plan)
            except StagingError as error:
                if not ladder:
                    await self._give_up(error)
                    raise error.cause from error
                logger.warning("release %d by %s: %s", self.manifest.sequence, plan.kind, error.cause)
            # A second attempt has no budget: a later run would begin it again.
            self.budget = UNLIMITED
            if not mended and await self._broken():
                mended = True
                await self._repair()
                if await self._broken():
                    ladder = (full_plan(await self._sound(_named(self.manifest)), self.manifest),)
                else:
                    ladder = await self.plans()

    async def _broken(self) -> bool:
        """Return whether an object of the installed generation is missing or damaged."""
        current = self.session.pointer.current
        return current is not None and bool((await scrub(self.session, current.objects)).broken)

    async def _repair(self) -> None:
        async def known() -> Manifest:
            return self.manifest

        repair = Repair(self.session, self.context.config, self.context.course, self.downloader)
        await repair.repair((await scrub(self.session, self.session.pointer.objects)).broken, known)

    async def _give_up(self, error: StagingError) -> None:
        """Note a release that came whole, as signed, but does not make the signed state: it is not fetched again."""
        if isinstance(error.cause, ContentError) and not await unsound(self.session, _named(self.manifest)):
            await SPOILED.write(self.session, spoiled(self.manifest))
        await garbage.collect(self.session)

    async def _carry_out(self, plan: Plan) -> Plan:
        """Download, stage, test, flip, collect by one plan; raise StagingError if that is not the signed state."""
        manifest = self.manifest
        await require_room(plan, self.context.room)
        detail = {"sequence": manifest.sequence, "version": manifest.version, "plan": plan.kind}
        self.context.course.emit("updateStarted", {**detail, "totalBytes": plan.bytes})
        try:
            await download(plan, self.session, self.downloader, self.budget, self.context)
            self.context.course.progress("verifying", plan.kind, plan.bytes, plan.bytes)
            staged = await stage(self.session, plan, self.pointer, manifest, self.context)
        except QuotaError as error:
            await garbage.tidy(self.session)  # free at once what was stored
            raise QuotaError(error.message, plan.inflated, await self.context.room()) from error
        self.context.course.progress("installing", plan.kind, plan.bytes, plan.bytes)
        await activate(self.session, staged)
        self.context.course.emit("updateCompleted", {**detail, "bytes": self.downloader.bytes})
        return plan


def _named(manifest: Manifest) -> frozenset[str]:
    return frozenset(ref.sha256 for ref in manifest.objects)


def spoiled(manifest: Manifest) -> Spoiled:
    """Return the note about a release that came whole but is not the signed state."""
    return Spoiled(manifest.sequence, manifest.digest)
