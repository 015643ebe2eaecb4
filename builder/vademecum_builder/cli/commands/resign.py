"""`vade resign`."""

from __future__ import annotations

from argparse import Namespace

from vademecum_builder.cli.releasing import decided_at, show_decision, tree_request
from vademecum_builder.cli.wording import Shown
from vademecum_builder.releases import resign


def run(options: Namespace) -> Shown:
    """Sign a new timestamp, and nothing else."""
    request = tree_request(options)
    now = decided_at(request)
    report = resign(request, now=now)
    return show_decision(report, f"Signed again, until {now + request.validity.timestamp:%Y-%m-%d %H:%M} UTC.", request)
