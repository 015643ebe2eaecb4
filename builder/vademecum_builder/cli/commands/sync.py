"""`vade sync`."""

from __future__ import annotations

import sys
from argparse import Namespace

from vademecum.errors import UsageError, counted
from vademecum_builder.cli.wording import Shown
from vademecum_builder.cli.workspace import ask_for, described, place_of, read, settings_of
from vademecum_builder.request import BuildRequest
from vademecum_builder.workspace.jobs import SyncOptions
from vademecum_builder.workspace.store import Workspace
from vademecum_builder.workspace.sync import chosen_sources


def run(options: Namespace) -> Shown:
    """Update the workspace from the sources."""
    request = settings_of(options)
    how = SyncOptions(tuple(options.sources), options.ids, options.full, options.batch)
    with Workspace(place_of(options), create=True) as workspace, workspace.writing():
        if options.full and not options.yes:
            _ask(workspace, request, how)
        jobs = read(options, request, workspace, how)
    return {"jobs": [job.json() for job in jobs]}, [described(job) for job in jobs]


def _ask(workspace: Workspace, request: BuildRequest, how: SyncOptions) -> None:
    """Ask for confirmation, source by source.

    Raises:
        UsageError: There is no terminal. CancelledError: It was not confirmed.
    """
    for settings in chosen_sources(request, how.sources):
        name = settings.name
        points = [one for one in workspace.views() if one.source == name and one.checkpoint]
        failed = len(workspace.quarantined(name))
        forgotten = f"{counted(len(points), 'checkpoints')} and {counted(failed, 'records')} in quarantine of {name}"
        again = f"reads {counted(workspace.count(name), 'items')} again; what did not change is not embedded again"
        told = f"--full forgets {forgotten}, and {again}"
        if not sys.stdin.isatty():
            raise UsageError(f"{told}; to do it without being asked: --yes")
        ask_for(name, told)
