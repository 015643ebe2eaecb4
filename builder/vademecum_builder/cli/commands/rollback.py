"""`vade rollback`: for clients with --store, for publishers with --to."""

from __future__ import annotations

from argparse import Namespace

from vademecum.errors import UsageError
from vademecum.knowledge import KnowledgeBase
from vademecum_builder.cli.wording import Shown


def run(options: Namespace) -> Shown:
    """Go back to the previous release, or publish an earlier one under a new number."""
    if hasattr(options, "store") == hasattr(options, "to"):
        raise UsageError(
            "what is to go back? --store PATH takes a local store back to the release before; --to SEQUENCE publishes "
            "the content of that release under a new number: name one of the two"
        )
    return _of_tree(options) if hasattr(options, "to") else _of_store(options)


def _of_store(options: Namespace) -> Shown:
    with KnowledgeBase.open(options.store) as knowledge:
        left = knowledge.status()["installed"]
        generation = knowledge.rollback()
    result = {"from": left["sequence"], "to": generation.sequence, "version": generation.version}
    return result, [f"Back at release {generation.sequence} ({generation.version})."]


def _of_tree(options: Namespace) -> Shown:
    # Imported here: clients do not need what signing needs.
    from vademecum_builder.cli.releasing import decided_at, show_decision, tree_request
    from vademecum_builder.releases import roll_back

    request = tree_request(options)
    report = roll_back(request, to=options.to, now=decided_at(request))
    done = f"Published release {report.sequence} ({report.version}), with the content of release {options.to}."
    return show_decision(report, done, request)
