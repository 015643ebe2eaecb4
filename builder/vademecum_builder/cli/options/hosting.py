"""The options of the command that brings a built tree to its hosts: `vade publish`."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

from vademecum_builder.cli.options.common import SETTINGS, AddOption, Commands, add_config, add_flag, add_json


def add_to(commands: Commands) -> None:
    """Add the command."""
    commands.add(
        "publish",
        "bring a built tree to its hosts, the pointer last",
        _publish,
        "publish dist s3://bucket/kb user@example.org:/var/www/kb",
    )


def _hours(text: str) -> timedelta:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours")
    return timedelta(hours=int(text))


def _publish(add: AddOption) -> None:
    without = f"without it: what {SETTINGS} says"
    add("dist", metavar="DIST", type=Path, nargs="?", help=f"folder of the published tree; {without}")
    add(
        "targets",
        metavar="TARGET",
        nargs="*",
        help="a folder, s3://bucket/prefix, user@host:/path, ssh://, rsync://, gh-pages, or git+URL#branch "
        f"(of a branch also branch:folder); {without}",
    )
    add_config(add)
    add("--trust", metavar="FILE", type=Path, help="root.json, by which the tree has to verify first")
    add(
        "--keep",
        metavar="HOURS",
        type=_hours,
        default=timedelta(hours=24),
        help="how long a file stays that is needed no more (default: 24)",
    )
    add_flag(add, "--history", "add to a branch's history, rather than replace it")
    add_flag(add, "--dry-run", "write nothing; say what would be sent and deleted")
    add_json(add)
