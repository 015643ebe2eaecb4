"""The options of the commands about sources."""

from __future__ import annotations

from vademecum_builder.cli.options.common import AddOption, Commands, add_config, add_flag, add_json


def add_to(commands: Commands) -> None:
    """Add the commands."""
    commands.add(
        "sources",
        "what the sources of the settings hold, or what could be read at a place",
        _sources,
        "sources --discover sqlite:///chat.db --write",
    )


def _sources(add: AddOption) -> None:
    add_config(add)
    add(
        "--discover",
        metavar="URL|PATH",
        default="",
        help="propose a [[source]] for a database, a file of records, a folder, a feed or an archive of messages",
    )
    add_flag(add, "--write", "write the proposal into the settings; then: vade build")
    add_json(add)
