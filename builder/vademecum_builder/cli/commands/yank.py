"""`vade yank`."""

from __future__ import annotations

from argparse import Namespace

from vademecum_builder.cli.releasing import decided_at, show_decision, tree_request
from vademecum_builder.cli.wording import Shown
from vademecum_builder.releases import yank


def run(options: Namespace) -> Shown:
    """Withdraw releases."""
    request = tree_request(options)
    report = yank(request, options.sequences, now=decided_at(request))
    return show_decision(report, f"Taken back: {', '.join(map(str, options.sequences))}.", request)
