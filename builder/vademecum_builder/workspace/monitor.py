"""A dry run of a sync: the same comparison, but nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vademecum_builder.kinds.base import OpenedSource
from vademecum_builder.request import SourcesRequest
from vademecum_builder.sources.base import Checkpoint, Removed, Skipped, SourceItem
from vademecum_builder.workspace.items import REMOVED, Change
from vademecum_builder.workspace.run import checkpoint_of
from vademecum_builder.workspace.store import Workspace


def monitor_sources(
    workspace: Workspace, request: SourcesRequest, opened: Mapping[str, Sequence[OpenedSource]]
) -> Iterator[Change | Skipped]:
    """Yield what a sync of the request's sources would change, and what would go to quarantine.

    Raises:
        UsageError: There is nothing to read in one of them.
    """
    for settings in request.sources:
        for one in opened[settings.prefix]:
            source, view = settings.name, one.view
            since = checkpoint_of(workspace, settings, view)
            changes = one.source.changes(since)
            seen: set[str] = set()
            gone: list[str] = []
            for entry in changes.entries:
                if isinstance(entry, Checkpoint):
                    continue
                seen.add(entry.key)
                if isinstance(entry, SourceItem):
                    if change := workspace.difference(source, view, entry):
                        yield change
                    continue
                if isinstance(entry, Removed):
                    gone.append(entry.key)
                else:
                    yield Skipped(settings.prefix + entry.key, entry.reason, entry.said)
            if since is None or changes.whole:
                gone += sorted(set(workspace.keys(source, view)) - seen)
            for key in gone:
                if old := workspace.digest(source, key):
                    yield Change(source, key, REMOVED, old=old)
