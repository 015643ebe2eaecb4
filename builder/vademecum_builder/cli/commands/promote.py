"""`vade promote`."""

from __future__ import annotations

from argparse import Namespace

from vademecum_builder.cli.releasing import decided_at, show_decision, tree_request
from vademecum_builder.cli.wording import Shown
from vademecum_builder.releases import promote


def run(options: Namespace) -> Shown:
    """Make a release the current one of a channel."""
    request = tree_request(options)
    channel = getattr(options, "to", request.channel)
    report = promote(request, options.sequence, to=channel, now=decided_at(request))
    return show_decision(report, f"Promoted release {report.sequence} ({report.version}) to {channel}.", request)
