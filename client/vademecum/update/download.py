"""Step 5 of an update: the objects that a plan takes, each verified before it is put; and the budget of a run, at whose
end it pauses between two objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vademecum.errors import BudgetError, ContentError, QuotaError, ServerError, counted
from vademecum.format.objects import ObjectRef
from vademecum.ports import Permission, Room, always
from vademecum.store.objects import keep
from vademecum.store.session import Session
from vademecum.transport.downloader import Downloader, at_once, in_parallel
from vademecum.update.context import Context
from vademecum.update.plan import Plan
from vademecum.update.staging import StagingError


@dataclass(frozen=True)
class Budget:
    """What bounds the downloads of one run.

    Attributes:
        bytes: The most bytes that the run downloads; None: any number.
        permission: Asked before each object; the run continues only while it says yes.
    """

    bytes: int | None = None
    permission: Permission = always

    def split(self, refs: Sequence[ObjectRef], spent: int) -> tuple[Sequence[ObjectRef], Sequence[ObjectRef]]:
        """Return the objects whose bytes the run may download, and those that wait for the next run.

        The first one always is, so that each run makes progress.

        Args:
            spent: Bytes that this run has downloaded.
        """
        if self.bytes is None:
            return refs, ()
        for index, ref in enumerate(refs):
            spent += ref.size
            if index > 0 and spent > self.bytes:
                return refs[:index], refs[index:]
        return refs, ()

    def require_all(self, later: Sequence[ObjectRef]) -> None:
        """Raise BudgetError if something waits for the next run."""
        if not later:
            return
        size = sum(ref.size for ref in later)
        limit = "" if self.bytes is None else f" (a run may download {self.bytes})"
        raise BudgetError(
            f"paused: {counted(len(later), 'files')} of {size} bytes left{limit}; the next run goes on with them"
        )


UNLIMITED = Budget()


async def require_room(plan: Plan, room: Room) -> None:
    """Raise QuotaError, before anything is downloaded, if there is known to be too little room for a plan's objects."""
    needed, available = plan.inflated, await room()
    if available is not None and available < needed:
        raise QuotaError(
            f"the update needs {needed} bytes, {available} may be stored here: make room; nothing was downloaded",
            needed,
            available,
        )


async def download(plan: Plan, session: Session, downloader: Downloader, budget: Budget, context: Context) -> None:
    """Download what a plan takes, and put it.

    Raises:
        StagingError: The host does not have a pack. That need not fail the update: there are tiers.
        NetworkError, ServerError, ContentError: A download failed for good.
        BudgetError: The run may download no more, or not now.
        StorageError, QuotaError: The store is broken or full.
    """
    now, later = budget.split(plan.downloads, downloader.bytes)
    left = list(later)
    received: dict[str, int] = {}

    async def one(ref: ObjectRef) -> None:
        if not budget.permission():
            left.append(ref)
            return

        def progress(count: int) -> None:
            # A host that undoes the gzip sends more than the manifest says: never show more than 100 %. A retry begins
            # at nothing: never go back.
            received[ref.sha256] = max(received.get(ref.sha256, 0), min(count, ref.size))
            context.course.progress("downloading", plan.kind, sum(received.values()), plan.bytes)

        content = await downloader.fetch_object(ref, progress)
        await keep(session, ref.sha256, content)
        progress(ref.size)

    try:
        await in_parallel(now, at_once(now, context.config), one)
    except (ContentError, ServerError) as error:
        if plan.kind == "direct":
            raise StagingError(error) from error
        raise
    budget.require_all(left)
