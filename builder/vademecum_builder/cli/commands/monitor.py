"""`vade monitor`."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from vademecum_builder.cli.wording import Shown, listed
from vademecum_builder.cli.workspace import change_json, place_of, settings_of
from vademecum_builder.kinds.registry import open_sources
from vademecum_builder.sources.base import Skipped
from vademecum_builder.workspace.items import ADDED, MODIFIED, REMOVED, Change
from vademecum_builder.workspace.monitor import monitor_sources
from vademecum_builder.workspace.store import Workspace
from vademecum_builder.workspace.sync import chosen_sources

_SHOWN = 50


def run(options: Namespace) -> Shown:
    """Say what a sync would change."""
    request = settings_of(options)
    request = replace(request, sources=tuple(chosen_sources(request, options.sources)))
    place = place_of(options)
    with ExitStack() as stack:
        if not place.exists():  # without a workspace, everything is new
            place = Path(stack.enter_context(TemporaryDirectory())) / place.name
        workspace = stack.enter_context(Workspace(place, create=True))
        found = list(monitor_sources(workspace, request, open_sources(request)))
    changes = [one for one in found if isinstance(one, Change)]
    failed = [one for one in found if isinstance(one, Skipped)]
    counts = Counter(change.what for change in changes)
    result = {
        "changes": [change_json(change) for change in changes],
        "failed": [{"key": one.key, "reason": one.reason} for one in failed],
        "sound": not (options.exit_code and changes),
    }
    lines = listed([*map(_line, changes)], _SHOWN) + listed([f"! {one.key}: {one.reason}" for one in failed], _SHOWN)
    summary = ", ".join(f"{counts[what]} {what}" for what in (ADDED, MODIFIED, REMOVED) if counts[what])
    return result, [*lines, f"A sync would change: {summary or 'nothing'}."]


def _line(change: Change) -> str:
    sign = {ADDED: "+", MODIFIED: "~", REMOVED: "-"}[change.what]
    return f"{sign} {change.source}:{change.key}{': ' if change.fields else ''}{', '.join(change.fields)}"
