"""`vade yank`."""

from __future__ import annotations

import os
from argparse import Namespace

from vademecum_builder.cli.environment import time_of_build
from vademecum_builder.cli.releasing import told, tree_request
from vademecum_builder.cli.wording import Shown
from vademecum_builder.releases import yank


def run(options: Namespace) -> Shown:
    """Take releases back."""
    request = tree_request(options)
    report = yank(request, options.sequences, now=time_of_build(os.environ, past=request.force))
    return told(report, f"Taken back: {', '.join(map(str, options.sequences))}.", request)
