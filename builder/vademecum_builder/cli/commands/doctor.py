"""`vade doctor`."""

from __future__ import annotations

import shlex
from argparse import Namespace

from vademecum.integrity.inspection import CHANNEL, Finding
from vademecum.knowledge import KnowledgeBase
from vademecum_builder.cli.progress import Bars
from vademecum_builder.cli.wording import Shown


def run(options: Namespace) -> Shown:
    """Examine a local store, and repair it if a published tree is named."""
    places = [options.location, *options.mirror] if options.location else options.mirror
    with (
        KnowledgeBase.open(options.store, url=places, trust=options.trust, seed=options.seed) as knowledge,
        Bars() as bars,
    ):
        knowledge.on("updateProgress", bars.update)
        found = knowledge.doctor(repair=not options.check)
    lines = [f"was {_line(finding)}" for finding in found.before if not finding.sound]
    lines += [_line(finding) for finding in found.checks]
    # Problems of the channel cannot be repaired here: their own line says what helps.
    repairable = any(not finding.sound and finding.name != CHANNEL for finding in found.checks)
    if repairable and (options.check or not places):
        lines.append(f"To repair it: vade doctor --store {shlex.quote(str(options.store))} URL")
    return found.json(), lines


def _line(finding: Finding) -> str:
    return f"{'ok ' if finding.sound else 'BAD'}  {finding.name}: {finding.message}"
