"""`vade rollout`."""

from __future__ import annotations

from argparse import Namespace

from vademecum_builder.cli.releasing import decided_at, show_decision, tree_request
from vademecum_builder.cli.wording import Shown
from vademecum_builder.release.share import parse_share, share_text
from vademecum_builder.releases import roll_out


def run(options: Namespace) -> Shown:
    """Release a candidate to a share of the readers."""
    share, request, channel = parse_share(options.share), tree_request(options), getattr(options, "to", "")
    now = decided_at(request)
    report = roll_out(request, options.sequence, rollout=share, to=channel, now=now)
    done = f"Release {report.sequence} ({report.version}) is for {share_text(share)} of the readers."
    return show_decision(report, done, request)
