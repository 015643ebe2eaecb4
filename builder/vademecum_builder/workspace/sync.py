"""Bringing a workspace up to date with its sources, with a job for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from vademecum.errors import CancelledError, StoreError, UsageError, VademecumError
from vademecum_builder.kinds.base import OpenedSource
from vademecum_builder.request import BuildRequest, SourceSettings, SourcesRequest
from vademecum_builder.workspace.jobs import DONE, Job, SyncOptions
from vademecum_builder.workspace.run import SourceRun
from vademecum_builder.workspace.store import Workspace

_ALL: Final = SyncOptions()


def sync_sources(
    workspace: Workspace,
    request: BuildRequest,
    opened: Mapping[str, Sequence[OpenedSource]],
    options: SyncOptions = _ALL,
) -> list[Job]:
    """Read what changed in the sources into the workspace; each source is a job of its own.

    The caller holds the writer's lock (`Workspace.writing`).

    Args:
        opened: The sources of the request, as `open_sources` gives them.

    Raises:
        UsageError: There is no such source; or one of them vanished, is empty, lost more than half of its items, or has
            more failures than the request allows. What was read is kept; nothing is removed or published; the sources
            after it are still read. Or no source has one of the ids.
        CancelledError: It was stopped; a resumed job continues after the last batch.
    """
    runs: list[SourceRun] = []
    errors: list[VademecumError] = []
    for settings in chosen_sources(request, options.sources):
        views = partial(opened.__getitem__, settings.prefix)
        runs.append(SourceRun(workspace, request, settings, views, options))
        try:
            runs[-1].run()
        except (CancelledError, StoreError):
            raise
        except VademecumError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    if missing := set(options.ids).difference(*(run.found for run in runs)):
        raise UsageError(f"no source that was read has {', '.join(sorted(missing))} (ids: `vade sources`)")
    return [run.job for run in runs]


def refuse_unfinished(workspace: Workspace, sources: Sequence[SourceSettings]) -> None:
    """Refuse to publish a workspace that a sync has left half done: some records are new, others are not.

    Raises:
        UsageError: The last sync of a whole source was refused, cancelled or broke off.
    """
    for job in {job.source: job for job in workspace.jobs() if not job.asked.get("ids")}.values():
        if job.state != DONE and job.source in {settings.name for settings in sources}:
            raise UsageError(
                f"{job.source}: its last sync (job {job.id}) is {job.state}, so that a part of it alone is new: "
                f"`vade sync {job.source}` first, or `vade jobs rollback {job.id}`"
            )


def chosen_sources(request: SourcesRequest, names: Sequence[str]) -> list[SourceSettings]:
    """Return the sources of these names; all if no name is given. Raise UsageError if there is no such source."""
    known = {settings.name: settings for settings in request.sources}
    if missing := [name for name in names if name not in known]:
        raise UsageError(f"there is no source {missing[0]!r}; there is {', '.join(known)}")
    return [known[name] for name in names] if names else list(request.sources)
