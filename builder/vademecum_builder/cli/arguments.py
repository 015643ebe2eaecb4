"""The parser of `vade`: every command and option."""

from __future__ import annotations

import argparse
import functools

from vademecum.version import __version__
from vademecum_builder.cli.options import building, hosting, reading, releasing, workspace
from vademecum_builder.cli.options.common import CommandParser

_GROUPS = (building, hosting, releasing, reading, workspace)
"""In the order of `vade --help`."""


@functools.cache
def parser() -> argparse.ArgumentParser:
    """Return the parser. The `--help` of every command comes from it, and the command page of the docs."""
    root = CommandParser(
        prog="vade",
        description="Publish a knowledge base as a signed, versioned index on any static host, and search it offline.",
        epilog="VADEMECUM_SIGNING_KEY holds the release key if no file does; VADEMECUM_LOG=debug is -v everywhere.",
        allow_abbrev=False,
    )
    root.add_argument("-V", "--version", action="version", version=f"vademecum {__version__}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in _GROUPS:
        group.COMMANDS.add_to(commands)
    return root
