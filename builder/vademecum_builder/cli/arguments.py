"""The command line's grammar: every command and option of `vade`, and nothing that does anything."""

from __future__ import annotations

import argparse
from functools import partial

from vademecum.version import __version__
from vademecum_builder.cli.options import (
    building,
    cdc,
    hosting,
    probing,
    reading,
    releasing,
    setup,
    sources,
    workspace,
)
from vademecum_builder.cli.options.common import CommandParser, Commands

_GROUPS = (setup, building, hosting, probing, releasing, reading, sources, workspace, cdc)
"""In the order in which `vade --help` names them."""


def parser(width: int | None = None) -> argparse.ArgumentParser:
    """Return the parser. `--help` of every command comes from here, and so does the docs' command page.

    Args:
        width: Columns of the help; None: those of the terminal.
    """
    root = CommandParser(
        prog="vade",
        description="Publish a knowledge base as a signed, versioned index on any static host, and search it offline.",
        epilog="VADEMECUM_SIGNING_KEY holds the release key where no file does; VADEMECUM_LOG=debug is -v everywhere.",
        formatter_class=partial(argparse.HelpFormatter, width=width),
        allow_abbrev=False,
    )
    root.add_argument("-V", "--version", action="version", version=f"vademecum {__version__}")
    commands = Commands(root, width)
    for group in _GROUPS:
        group.add_to(commands)
    return root
