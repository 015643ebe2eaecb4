"""`vade cdc`: what captures the changes of a table."""

from __future__ import annotations

from vademecum_builder.cli.options.common import AddOption, Commands, add_config, add_flag, add_json


def add_to(commands: Commands) -> None:
    """Add the commands."""
    cdc = commands.group("cdc", "capture the changes of a table, by triggers or a slot")
    cdc.add("install", "make what captures the changes of a source", _changing, "cdc install shop")
    cdc.add("remove", "take away what captures the changes of a source", _changing, "cdc remove shop --yes")
    cdc.add("status", "say what captures the changes of a source", _source, "cdc status shop")


def _source(add: AddOption) -> None:
    add("source", metavar="SOURCE", help="name of a source with `capture` in the settings")
    add_config(add)
    add_json(add)


def _changing(add: AddOption) -> None:
    _source(add)
    add_flag(add, "--yes", "run the SQL, which is only shown otherwise")
