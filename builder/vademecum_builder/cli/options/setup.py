"""The options of the command that sets a repository up."""

from __future__ import annotations

from vademecum_builder.cli.options.common import EXAMPLE_SITE, AddOption, Commands, add_flag, add_json


def add_to(commands: Commands) -> None:
    """Add the command."""
    commands.add(
        "init",
        "set up a repository, so that each push publishes its documents",
        _init,
        f"init --source docs --address {EXAMPLE_SITE}",
    )


def _init(add: AddOption) -> None:
    add(
        "--source",
        metavar="DIR",
        default="",
        help="folder of documents or of rendered pages (default: found)",
    )
    add("--address", metavar="URL", default="", help="where it is published (default: its GitHub Pages)")
    add(
        "--encoder",
        metavar="NAME",
        default="builtin",
        help="builtin (default) or sentence-transformers:MODEL",
    )
    add("--channel", metavar="NAME", default="stable", help="the line of releases (default: stable)")
    add_flag(add, "--yes", "ask nothing, as where there is no terminal")
    add_flag(
        add,
        "--check",
        "say what is missing or wrong here, on GitHub and where it is served; then exit code 1",
    )
    add_flag(add, "--dry-run", "show what would be written, and write nothing")
    add_json(add)
