"""`vade completion`: shtab makes the script from the grammar, for the shells that it knows."""

from __future__ import annotations

from argparse import Namespace

import shtab

from vademecum_builder.cli.arguments import parser
from vademecum_builder.cli.wording import Shown


def run(options: Namespace) -> Shown:
    """Return the script that completes commands and options in a shell."""
    return {}, [shtab.complete(parser(), options.shell)]
