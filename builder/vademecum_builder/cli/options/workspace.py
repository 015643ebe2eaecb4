"""The options of the commands over the workspace: what changes in the sources, and what was done about it."""

from __future__ import annotations

from pathlib import Path

from vademecum_builder.cli.options.common import (
    AddOption,
    Commands,
    add_config,
    add_flag,
    add_json,
    add_progress,
    positive,
    whole_number,
)
from vademecum_builder.workspace.database import DEFAULT_WORKSPACE


def add_to(commands: Commands) -> None:
    """Add the commands."""
    commands.add(
        "monitor", "say what a sync would change, by field; nothing is written", _monitor, "monitor products"
    )
    commands.add(
        "sync", "bring the workspace to what the sources say now", _sync, "sync products --ids 17,18"
    )
    commands.add("jobs", "list what was done in the workspace, or go on with it", _jobs, "jobs resume 7")
    commands.add("quarantine", "list the records that failed, and why", _quarantine, "quarantine retry")
    commands.add("changes", "print the log of changes, as JSON Lines", _changes, "changes --since 120")
    commands.add(
        "checkpoints",
        "list how far each source was read, or forget it",
        _checkpoints,
        "checkpoints reset chat/temporal",
    )
    commands.add(
        "check",
        "compare the sources with what is published; exit code 1 where they differ",
        _check,
        "check --fix",
    )
    commands.add(
        "audit", "say how old documents and vectors are, and where they came from", _audit, "audit --json"
    )


def _check(add: AddOption) -> None:
    add_place(add)
    _published(add)
    add_flag(add, "--fix", "read anew what differs, and publish it")
    add_json(add)


def _audit(add: AddOption) -> None:
    add_place(add)
    _published(add)
    add_json(add)


def _published(add: AddOption) -> None:
    add("--previous", metavar="DIR|URL", help="what is published (default: as the settings say)")


def _monitor(add: AddOption) -> None:
    add_place(add)
    add("sources", metavar="SOURCE", nargs="*", help="names of sources (default: all)")
    add_flag(add, "--exit-code", "end with 1 where something would change")
    add_json(add)


def _sync(add: AddOption) -> None:
    add_place(add)
    add("sources", metavar="SOURCE", nargs="*", help="names of sources (default: all)")
    add("--ids", metavar="A,B", type=_names, default=(), help="read these records alone anew")
    add("--batch", metavar="N", type=positive, default=500, help="records in a transaction (default: 500)")
    add_flag(add, "--dry-run", "say what would change, as `vade monitor` does")
    add_flag(add, "--full", "forget how far it was read, and read everything")
    add_flag(add, "--yes", "ask nothing")
    add_flag(add, "--allow-shrink", "though more than half of a source's records are gone")
    add_progress(add)
    add_json(add)


def _jobs(add: AddOption) -> None:
    add_place(add)
    actions = ("list", "show", "resume", "retry", "cancel", "rollback")
    help_ = (
        "show one; resume what did not end; retry what failed in it; cancel what runs, at a batch's end; rollback: the "
        "items of its source as they were before it (then `vade build --no-sync`)"
    )
    add(
        "action",
        metavar="ACTION",
        nargs="?",
        choices=actions,
        default="list",
        help=f"{', '.join(actions)}: {help_}",
    )
    add("id", metavar="ID", nargs="?", type=positive, help="of the job")
    add_flag(add, "--yes", "ask nothing before a rollback; where there is no terminal nobody is asked")
    add_progress(add)
    add_json(add)


def _quarantine(add: AddOption) -> None:
    add_place(add)
    actions = ("show", "retry", "drop")
    help_ = "show (default); retry: read them again; drop: forget them until they fail again"
    add("action", metavar="ACTION", nargs="?", choices=actions, default="show", help=help_)
    add("keys", metavar="KEY", nargs="*", help="as in products:17 (default: all)")
    add_progress(add)
    add_json(add)


def _changes(add: AddOption) -> None:
    add_place(add)
    add("--since", metavar="SEQ", type=whole_number, default=0, help="what came after it")
    add(
        "--between",
        metavar=("A", "B"),
        nargs=2,
        type=whole_number,
        help="what differs between the ends of two jobs, with both values; 0: before the first",
    )
    add_json(add)


def _checkpoints(add: AddOption) -> None:
    add_place(add)
    add(
        "action",
        metavar="ACTION",
        nargs="?",
        choices=("list", "reset"),
        default="list",
        help="list (default) or reset",
    )
    add("name", metavar="SOURCE/VIEW", nargs="?", help="a source, or one of its views")
    add_json(add)


def add_place(add: AddOption) -> None:
    """Add where settings and workspace lie."""
    add_config(add)
    add("--workspace", metavar="PATH", type=Path, help=f"default: {DEFAULT_WORKSPACE} beside the settings")


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in text.split(","))))
