"""`vade quarantine`."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from vademecum.errors import UsageError
from vademecum_builder.cli.wording import Shown
from vademecum_builder.cli.workspace import described, place_of, read, settings_of
from vademecum_builder.workspace.jobs import SyncOptions
from vademecum_builder.workspace.store import Quarantined, Workspace


def run(options: Namespace) -> Shown:
    """List failed items, or act on them."""
    with Workspace(place_of(options)) as workspace:
        chosen = _chosen(workspace.quarantined(), options.keys)
        if options.action == "show":
            return {"quarantine": [asdict(one) for one in chosen]}, [
                *(f"{one.source}:{one.key}: {one.reason} (job {one.job})" for one in chosen),
                f"{len(chosen)} in quarantine.",
            ]
        with workspace.writing():
            if options.action == "drop":
                with workspace.batch():
                    for one in chosen:
                        workspace.release(one.source, one.key)
                return {"dropped": len(chosen)}, [f"{len(chosen)} dropped: they come back if they fail again."]
            request = settings_of(options)
            jobs = []
            for source in sorted({one.source for one in chosen}):
                ids = tuple(one.key for one in chosen if one.source == source)
                jobs += read(options, request, workspace, SyncOptions((source,), ids))
    return {"jobs": [job.json() for job in jobs]}, [described(job) for job in jobs] or ["Nothing to retry."]


def _chosen(all_: list[Quarantined], keys: list[str]) -> list[Quarantined]:
    known = {f"{one.source}:{one.key}": one for one in all_}
    if missing := [key for key in keys if key not in known]:
        raise UsageError(f"{missing[0]} is not in quarantine (see `vade quarantine`)")
    return [known[key] for key in keys] if keys else all_
