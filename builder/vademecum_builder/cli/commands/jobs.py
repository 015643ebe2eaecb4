"""`vade jobs`."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace

from vademecum.errors import UsageError, counted
from vademecum_builder.cli.wording import Shown
from vademecum_builder.cli.workspace import ask_for, change_json, described, place_of, read, settings_of
from vademecum_builder.workspace.history import cancel, roll_back
from vademecum_builder.workspace.jobs import UNFINISHED, Job, SyncOptions
from vademecum_builder.workspace.store import Workspace


def run(options: Namespace) -> Shown:
    """List jobs, or act on one."""
    with Workspace(place_of(options)) as workspace:
        if options.action == "list":
            jobs = workspace.jobs()
            return {"jobs": [job.json() for job in jobs]}, [described(job) for job in jobs] or ["No jobs yet."]
        if options.id is None:
            raise UsageError(f"which job? vade jobs {options.action} ID (see `vade jobs`)")
        job = workspace.job(options.id)
        if options.action == "show":
            changes = [change_json(change) for change in workspace.changes(job=job.id)]
            lines = [f"  {change['what']:<9} {change['key']}" for change in changes]
            return {"job": job.json(), "changes": changes}, [described(job), *lines]
        if options.action == "cancel":
            return _shown(cancel(workspace, job))
        with workspace.writing():
            if options.action == "rollback":
                if sys.stdin.isatty() and not options.yes:
                    _ask(workspace, job)
                return _shown(roll_back(workspace, workspace.job(job.id)))
            return _again(options, workspace, workspace.job(job.id))


def _ask(workspace: Workspace, job: Job) -> None:
    """Say what a rollback would change, and ask for confirmation.

    Raises:
        CancelledError: It was not confirmed. UsageError: The earlier items are no longer stored.
    """
    then = workspace.before(job.id, job.source)
    gone = sum(stored is None for stored in then.values())
    ask_for(
        job.source,
        f"rollback removes {counted(gone, 'items')} of {job.source} that came since job {job.id} began, and brings "
        f"{len(then) - gone} back to what they were; the next sync compares all of the source",
    )


def _again(options: Namespace, workspace: Workspace, job: Job) -> Shown:
    if job.kind != "sync":
        raise UsageError(f"job {job.id} is not a sync: to do it again, `vade {job.kind}`")
    how = SyncOptions.of(job)
    if options.action == "retry":
        failed = tuple(one.key for one in workspace.quarantined(job.source) if one.job == job.id)
        if not failed:
            raise UsageError(f"nothing that failed in job {job.id} is in quarantine any more")
        how = replace(how, ids=failed, full=False)
    elif job.state in UNFINISHED:
        how = replace(how, resume=job)
    else:
        raise UsageError(f"job {job.id} is {job.state}: there is nothing to resume")
    [done] = read(options, settings_of(options), workspace, how)
    return _shown(done)


def _shown(job: Job) -> Shown:
    return {"job": job.json()}, [described(job)]
