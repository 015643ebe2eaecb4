"""`vade status`."""

from __future__ import annotations

from argparse import Namespace

from vademecum.errors import counted
from vademecum.knowledge import KnowledgeBase
from vademecum_builder.cli.wording import Shown, policy_lines, size, stale, waiting


def run(options: Namespace) -> Shown:
    """Show the installed release, and the result of the last check."""
    with KnowledgeBase.open(options.store) as knowledge:
        status = knowledge.status()
    installed, error = status["installed"], status["lastError"]
    lines = ["Nothing installed yet."]
    if installed is not None:
        lines = [
            f"Release {installed['sequence']} ({installed['version']}), built {installed['built']}",
            f"  {counted(installed['documents'], 'documents')}, {counted(installed['chunks'], 'chunks')}, "
            f"{size(status['bytes'])} stored",
        ]
    lines += [f"  {waits}"] if (waits := waiting(status)) else []
    lines += [f"  previous: release {status['previous']['sequence']}"] if status["previous"] else []
    lines += policy_lines(status)
    lines += [f"  checked {status['contacted']}"] if status["contacted"] else []
    lines += stale(status)
    if status["expired"]:
        lines.append(f"  signatures expired on {status['expires']}: nothing new is installed")
    lines += ["  trust: the first root that was seen (pin one with --trust)"] if status["firstUse"] else []
    lines += [f"  last error ({error['code']}): {error['message']}"] if error else []
    return status, lines
