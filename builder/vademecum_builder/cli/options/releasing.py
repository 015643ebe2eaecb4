"""The options of the commands that decide about releases that are there."""

from __future__ import annotations

from pathlib import Path

from vademecum_builder.cli.options.common import EXAMPLE_SITE, SETTINGS, AddOption, CommandGroup

COMMANDS = CommandGroup()


@COMMANDS.command(
    "releases", "show what a published tree holds, and the release of each channel", f"releases {EXAMPLE_SITE}"
)
def _releases(add: AddOption) -> None:
    without = f"without it: the address that {SETTINGS} names, or what was built"
    add("location URL|DIST", f"the published tree: an address or a folder; {without}", nargs="?")
    add.config()
    add.trust()
    add.json()


@COMMANDS.command(
    "promote",
    "make a release the current one of a channel",
    f"promote 12 --to stable --out dist --previous {EXAMPLE_SITE}",
    leaves_unsaid=True,
)
def _promote(add: AddOption) -> None:
    add("sequence SEQUENCE", "the number of the release", int)
    add("--to CHANNEL", "default: stable")
    _tree(add)


@COMMANDS.command(
    "rollout", "give a candidate to a share of the readers", "rollout 12 25% --out dist", leaves_unsaid=True
)
def _rollout(add: AddOption) -> None:
    add("sequence SEQUENCE", "the number of the release", int)
    add("share PERCENT", "share of the readers: 25%% or 0.5%%; 0%%: nobody else gets it")
    add("--to CHANNEL", "default: the channel whose candidate it is, else stable")
    _tree(add)


@COMMANDS.command(
    "yank", "take releases back: no client installs them or goes back to them", "yank 12 --out dist", leaves_unsaid=True
)
def _yank(add: AddOption) -> None:
    add("sequences SEQUENCE", "the number of the release", int, nargs="+")
    _tree(add)


@COMMANDS.command(
    "rollback",
    "go back to the release before: of a local store, or of a published tree",
    "rollback --to 11 --out dist",
    leaves_unsaid=True,
)
def _rollback(add: AddOption) -> None:
    add("--store PATH", "the local database file; only this store goes back", Path)
    add("--to SEQUENCE", "publish the content of this release under a new number", int)
    add("--channel NAME", "with --to: the channel to publish in (default: stable)")
    _tree(add)


@COMMANDS.command(
    "resign",
    "sign a new timestamp before the old one expires, and nothing else",
    f"resign --out dist --previous {EXAMPLE_SITE}",
    leaves_unsaid=True,
)
def _tree(add: AddOption) -> None:
    """Add which tree it is, and who signs: as `vade build` has it."""
    add.config()
    add("--out DIST", f"folder of the published tree; without it: what {SETTINGS} says", Path)
    add("--previous DIR|URL", "the tree to continue (default: what is in DIST)")
    add.keys()
    add("--title TITLE", "name of the knowledge base, for its pages (default: as before)")
    add("--force", "trust this machine's clock")
    add.json()
