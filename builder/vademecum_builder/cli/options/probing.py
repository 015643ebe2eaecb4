"""The options of `vade probe`: what a published knowledge base is like from outside."""

from __future__ import annotations

from pathlib import Path

from vademecum_builder.cli.options.common import (
    EXAMPLE_SITE,
    SETTINGS,
    AddOption,
    Commands,
    add_config,
    add_json,
    add_trust,
)


def add_to(commands: Commands) -> None:
    """Add the command."""
    commands.add(
        "probe",
        "be a user: install what is published, update to it, search",
        _probe,
        f"probe {EXAMPLE_SITE} --trust root.json --expect 7 --wait 600",
    )


def _probe(add: AddOption) -> None:
    without = f"the published tree; without it: the address and the root that {SETTINGS} names"
    add("location", metavar="URL|DIST", nargs="?", help=without)
    add_config(add)
    add_trust(add)
    add("--expect", metavar="SEQUENCE", type=int, default=0, help="fail where an older release is served")
    add(
        "--wait",
        metavar="S",
        type=int,
        default=0,
        help="seconds in which the deploy may arrive, and caches may let go (default: 0)",
    )
    add(
        "--store",
        metavar="PATH",
        type=Path,
        help="a user of the release before: brought up to date where it is there, else made",
    )
    add_json(add)
