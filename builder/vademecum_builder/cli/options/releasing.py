"""The options of the commands that decide about releases that are there."""

from __future__ import annotations

from pathlib import Path

from vademecum_builder.cli.options.common import (
    EXAMPLE_SITE,
    SETTINGS,
    AddOption,
    Commands,
    add_config,
    add_flag,
    add_json,
    add_keys,
    add_trust,
)


def add_to(commands: Commands) -> None:
    """Add the commands."""
    commands.add(
        "releases",
        "what a published tree holds, and what its channels lead to",
        _releases,
        f"releases {EXAMPLE_SITE}",
    )
    commands.add(
        "promote",
        "make a release the current one of a channel",
        _promote,
        f"promote 12 --to stable --out dist --previous {EXAMPLE_SITE}",
        leaves_unsaid=True,
    )
    commands.add(
        "rollout",
        "give a candidate to a share of the readers",
        _rollout,
        "rollout 12 25% --out dist",
        leaves_unsaid=True,
    )
    commands.add(
        "yank",
        "take releases back: no client installs them or goes back to them",
        _yank,
        "yank 12 --out dist",
        leaves_unsaid=True,
    )
    commands.add(
        "rollback",
        "go back to the release before: of a local store, or of a published tree",
        _rollback,
        "rollback --to 11 --out dist",
        leaves_unsaid=True,
    )
    commands.add(
        "resign",
        "sign a new timestamp before the old one expires, and nothing else",
        _tree,
        f"resign --out dist --previous {EXAMPLE_SITE}",
        leaves_unsaid=True,
    )


def _releases(add: AddOption) -> None:
    without = f"without it: where {SETTINGS} says that it is published, or what was built"
    add(
        "location",
        metavar="URL|DIST",
        nargs="?",
        help=f"the published tree: an address or a folder; {without}",
    )
    add_config(add)
    add_trust(add)
    add_json(add)


def _promote(add: AddOption) -> None:
    add("sequence", metavar="SEQUENCE", type=int, help="the number of the release")
    _to(add, "default: stable")
    _tree(add)


def _rollout(add: AddOption) -> None:
    add("sequence", metavar="SEQUENCE", type=int, help="the number of the release")
    add("share", metavar="PERCENT", help="of the readers: 25%% or 0.5%%; 0%% gives it to nobody else")
    _to(add, "default: that whose candidate it is, else stable")
    _tree(add)


def _yank(add: AddOption) -> None:
    add("sequences", metavar="SEQUENCE", type=int, nargs="+", help="the number of the release")
    _tree(add)


def _rollback(add: AddOption) -> None:
    add(
        "--store",
        metavar="PATH",
        type=Path,
        help="the local database file: a client goes back, nothing else does",
    )
    add("--to", metavar="SEQUENCE", type=int, help="publish the content of this release under a new number")
    add("--channel", metavar="NAME", help="with --to: the channel to publish in (default: stable)")
    _tree(add)


def _to(add: AddOption, default: str) -> None:
    add("--to", metavar="CHANNEL", help=default)


def _tree(add: AddOption) -> None:
    """Add which tree it is, and who signs: as `vade build` has it."""
    add_config(add)
    add(
        "--out",
        metavar="DIST",
        type=Path,
        help=f"folder of the published tree; without it: what {SETTINGS} says",
    )
    add("--previous", metavar="DIR|URL", help="the tree to go on from (default: what lies in DIST)")
    add_keys(add)
    add("--title", help="name of the knowledge base, for its pages")
    add_flag(add, "--force", "trust this machine's clock")
    add_json(add)
