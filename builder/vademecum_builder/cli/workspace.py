"""Shared by the commands on the workspace: where it is, how a job is shown, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from vademecum.errors import CancelledError, UsageError, counted
from vademecum_builder.cli.environment import is_ci, settings_named
from vademecum_builder.cli.options.common import SETTINGS
from vademecum_builder.cli.progress import Bars
from vademecum_builder.cli.wording import notice, printable
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.kinds.registry import OpenedLater
from vademecum_builder.request import BuildRequest
from vademecum_builder.workspace.database import DEFAULT_WORKSPACE
from vademecum_builder.workspace.items import Change
from vademecum_builder.workspace.jobs import Job, SyncOptions, in_stages
from vademecum_builder.workspace.store import Workspace
from vademecum_builder.workspace.sync import chosen_sources, sync_sources


def any_settings_of(options: Namespace) -> BuildRequest:
    """Return the request in the settings, which may be one folder; `--previous` takes precedence if a command has it.

    Raises:
        UsageError: There are none.
    """
    request = settings_named(options.config)
    if request is None:
        raise UsageError(f"no {SETTINGS} here: write one with [[source]] in it, or name it with --config")
    return replace(request, previous=getattr(options, "previous", None) or request.previous)


def settings_of(options: Namespace) -> BuildRequest:
    """Return the request in the settings; raise UsageError if there are none, or if they name no source."""
    request = any_settings_of(options)
    if not request.sources:
        raise UsageError(
            f'{options.config}: a workspace keeps sources by their names: write name = "docs" below [[source]]'
        )
    return replace(request, workspace=place_of(options), allow_shrink=getattr(options, "allow_shrink", False))


def place_of(options: Namespace) -> Path:
    """Return where the workspace is."""
    named: Path | None = options.workspace
    return named or workspace_of(options.config)


def workspace_of(config: Path) -> Path:
    """Return where the workspace of settings is."""
    return config.parent / DEFAULT_WORKSPACE


def of_build(request: BuildRequest, config: Path) -> Path | None:
    """Return the workspace of a build that names none: an existing one, or one for sources other than folders, and for
    vectors from a host.

    CI machines make none, since it would be lost after the job: their state is the published release.
    """
    own, dear = workspace_of(config), NamedEncoders(request.encoder).is_behind_address
    wanted = dear or any(settings.kind != "folder" for settings in request.sources)
    return own if (dear or request.sources) and (own.exists() or (wanted and not is_ci(os.environ))) else None


def read(options: Namespace, request: BuildRequest, workspace: Workspace, how: SyncOptions) -> list[Job]:
    """Sync, with progress on stderr; the first Ctrl-C ends it after the current batch."""
    chosen = replace(request, sources=tuple(chosen_sources(request, how.sources)))
    with Bars() as bars, stopped_by_signal() as stop:
        report = lines_of_json if options.progress == "json" else in_stages(bars)
        jobs = sync_sources(workspace, chosen, OpenedLater(chosen), replace(how, report=report, stop=stop))
    for view in workspace.views():
        for told in view.told.get("warnings", ()) if view.source in {job.source for job in jobs} else ():
            notice(f"warning: {view.source}: {told}")
    return jobs


def ask_for(name: str, told: str) -> None:
    """Say what would be done; raise CancelledError unless the user confirms by typing the source's name."""
    print(f"{told}.\nType {name} to do it: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != name:
        raise CancelledError("nothing was changed")


def lines_of_json(job: Job) -> None:
    """Write a line for each batch of a job."""
    print(printable(json.dumps(job.json(), ensure_ascii=False)), file=sys.stderr, flush=True)


@contextmanager
def stopped_by_signal(syncs: Callable[[], bool] = lambda: True) -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether Ctrl-C was pressed; the second time, it interrupts as usual.

    Args:
        syncs: Whether batches are read; otherwise Ctrl-C interrupts at once.
    """
    asked = False
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def ask(_: int, __: FrameType | None) -> None:
        nonlocal asked
        if asked or not syncs():
            raise KeyboardInterrupt
        asked = True
        print("vade: ends after this batch (Ctrl-C again: now)", file=sys.stderr)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def described(job: Job) -> str:
    """Return a job as a line."""
    what = f"{job.kind} {job.source}".strip()
    counts = f"{job.done} read, {job.added} added, {job.modified} modified, {job.removed} removed"
    failed = f", {job.failed} failed" if job.failed else ""
    embedded = f", {counted(job.embedded, 'chunks')} embedded" if job.embedded else ""
    release = f", release {job.release}" if job.release else ""
    error = f": {job.error}" if job.error else ""
    return f"{job.id:>5}  {job.state:<11} {what:<20} {counts}{failed}{embedded}{release}; {job.seconds:.1f} s{error}"


def change_json(change: Change) -> dict[str, object]:
    """Return a change as JSON shows it."""
    return {
        "seq": change.seq,
        "job": change.job,
        "key": f"{change.source}:{change.key}",
        "what": change.what,
        "fields": {name: {"old": old, "new": new} for name, (old, new) in change.fields.items()},
        "old": change.old,
        "new": change.new,
    }
