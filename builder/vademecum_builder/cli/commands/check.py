"""`vade check`."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace

from vademecum.errors import UsageError, counted
from vademecum_builder.build import build
from vademecum_builder.cli.environment import is_ci, signing_key, time_of_build
from vademecum_builder.cli.progress import Bars
from vademecum_builder.cli.wording import Shown, listed
from vademecum_builder.cli.workspace import any_settings_of, of_build
from vademecum_builder.kinds.registry import open_sources
from vademecum_builder.request import BuildRequest
from vademecum_builder.workspace.check import WorkspaceCheck, check_release
from vademecum_builder.workspace.jobs import SyncOptions
from vademecum_builder.workspace.store import Workspace
from vademecum_builder.workspace.sync import refuse_unfinished, sync_sources


def run(options: Namespace) -> Shown:
    """Compare the sources with the published release."""
    request = any_settings_of(options)
    now = time_of_build(os.environ)
    with Bars() as bars:
        found = check_release(request, open_sources(request), now=now, progress=bars)
    if found.sound or not options.fix:
        return found.json(), list(_lines(found))
    request = replace(request, workspace=options.workspace or of_build(request, options.config))
    _read_again(request, found)
    build_request = replace(
        request,
        sync=request.workspace is None,
        make_keys=not is_ci(os.environ),
        signing_key=signing_key(os.environ, None),
    )
    with Bars() as bars:
        report = build(build_request, now=now, progress=bars)
        after = check_release(request, open_sources(request), now=now, progress=bars)
    mended = {"before": found.json(), "release": report.sequence, "embedded": report.embedded}
    return after.json() | {"mended": mended}, [
        *_lines(found),
        f"Published release {report.sequence}: {report.added} added, {report.modified} modified, {report.removed} "
        f"removed, {counted(report.embedded, 'chunks')} embedded",
        *_lines(after),
    ]


def _read_again(request: BuildRequest, found: WorkspaceCheck) -> None:
    """Update only the differing items in the workspace, if there is one, from the sources."""
    if request.workspace is None:
        return
    with Workspace(request.workspace, create=True) as workspace, workspace.writing():
        for one in found.sources:
            own = replace(request, sources=tuple(s for s in request.sources if s.name == one.name))
            if not own.sources:
                continue
            try:
                refuse_unfinished(workspace, own.sources)
                whole = not workspace.count(one.name)
            except UsageError:  # more than the differences may be incomplete
                whole = True
            known = {key for key in one.orphaned if workspace.digest(one.name, key)}
            ids = () if whole else (*one.missing, *one.stale, *sorted(known))
            if ids or whole:
                sync_sources(workspace, own, open_sources(own), SyncOptions((one.name,), ids))


def _lines(found: WorkspaceCheck) -> Iterable[str]:
    for one in found.sources:
        prefix = f"{one.name}:" if one.name else ""
        parts = {"missing": one.missing, "orphaned": one.orphaned, "stale": one.stale}
        yield (
            f"{one.name or 'documents'}: {one.documents} in the source; "
            + ", ".join(f"{len(keys)} {what}" for what, keys in parts.items())
        )
        for what, keys in parts.items():
            why = one.stale if what == "stale" else {}
            yield from listed([f"  {what}: {prefix}{k}{f' ({why[k]})' if why else ''}" for k in keys], what=f" {what}")
    if found.sound:
        yield f"Release {found.release} ({found.version}) holds what the sources hold."
    else:
        yield f"Release {found.release} ({found.version}) differs: `vade check --fix` fixes just this."
