"""`vade rollback`."""

from __future__ import annotations

from argparse import Namespace

from vademecum.knowledge import KnowledgeBase
from vademecum_builder.cli.wording import Shown


def run(options: Namespace) -> Shown:
    """Go back to the release before."""
    with KnowledgeBase.open(options.store) as knowledge:
        left = knowledge.status()["installed"]
        generation = knowledge.rollback()
    result = {"from": left["sequence"], "to": generation.sequence, "version": generation.version}
    return result, [f"Back at release {generation.sequence} ({generation.version})."]
