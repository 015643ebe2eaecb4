"""The options of the command that sets a repository up."""

from __future__ import annotations

from vademecum_builder.cli.options.common import EXAMPLE_SITE, AddOption, CommandGroup, add_json

COMMANDS = CommandGroup()


@COMMANDS.command(
    "init",
    "set up a repository, so that each push publishes its documents",
    f"init --source docs --address {EXAMPLE_SITE}",
)
def _init(add: AddOption) -> None:
    add("--source DIR", "folder of documents or of rendered pages (default: found)", default="")
    add("--address URL", "where it is published (default: its GitHub Pages)", default="")
    add("--encoder NAME", "builtin (default) or sentence-transformers:MODEL", default="builtin")
    add("--channel NAME", "the line of releases (default: stable)", default="stable")
    add("--yes", "ask nothing (as without a terminal)")
    add("--check", "say what is missing or wrong here, on GitHub and on the site (exit code 1 if anything is)")
    add("--dry-run", "show what would be written, and write nothing")
    add_json(add)
