"""History of a workspace: items as of the end of a job, and rolling a source back to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from vademecum.errors import UsageError
from vademecum_builder.workspace.items import StoredItem, changed_fields
from vademecum_builder.workspace.jobs import CANCELLING, DONE, RUNNING, Job
from vademecum_builder.workspace.store import Workspace


@dataclass(frozen=True)
class Difference:
    """An item at the end of one job and at the end of another; None: it was not there."""

    source: str
    key: str
    old: StoredItem | None
    new: StoredItem | None

    @property
    def fields(self) -> list[str]:
        """The fields that differ; none if the item was not there at one of the two."""
        return list(changed_fields(self.old.item, self.new.item)) if self.old and self.new else []


def between(workspace: Workspace, first: int, last: int) -> Iterator[Difference]:
    """Yield what differs between the ends of two jobs, by source and key.

    Args:
        first, last: Numbers of jobs; 0: before all.

    Raises:
        UsageError: There are no such jobs in this order, or earlier versions of the items are no longer kept.
    """
    if first > last:
        raise UsageError(f"job {first} is not before job {last}")
    for number in filter(None, (first, last)):
        workspace.job(number)
    for source in sorted({change.source for change in workspace.changes()}):
        then, later = workspace.before(first + 1, source), workspace.before(last + 1, source)
        for key in sorted(then):
            new = later[key] if key in later else workspace.item(source, key)
            if then[key] is None and new is None:
                continue
            old = then[key]
            if old is None or new is None or changed_fields(old.item, new.item):
                yield Difference(source, key, old, new)


def roll_back(workspace: Workspace, job: Job) -> Job:
    """Restore a source's items as they were before a job; this is a job of its own, in one transaction.

    The checkpoints of the source are dropped: the next sync compares all of it.

    Raises:
        UsageError: The job was not a sync, or earlier versions of the items are no longer kept.
    """
    if job.kind == "build":
        raise UsageError(f"job {job.id} is a build: to take a release back, `vade build --yank {job.release or 'N'}`")
    source = job.source
    before = workspace.before(job.id, source)
    own = workspace.begin("rollback", source, {"job": job.id})
    with workspace.batch():
        for key, stored in before.items():
            if stored is None:
                count = int(workspace.remove(own.id, source, key))
                own = replace(own, removed=own.removed + count)
            elif change := workspace.difference(source, stored.view, stored.item):
                workspace.put(own.id, stored.view, stored.item, change)
                counted = {change.what: getattr(own, change.what) + 1}
                own = replace(own, **counted)
        for view in workspace.views():
            if view.source == source:
                workspace.set_view(replace(view, checkpoint=None, job=own.id))
        return workspace.note(replace(own, state=DONE, total=len(before), done=len(before)))


def cancel(workspace: Workspace, job: Job) -> Job:
    """Ask a running job to end after its batch; raise UsageError if it is not running."""
    if job.state != RUNNING:
        raise UsageError(f"job {job.id} is {job.state}: there is nothing to cancel")
    with workspace.batch():
        return workspace.note(replace(job, state=CANCELLING))
