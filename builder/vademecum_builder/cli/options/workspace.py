"""The options of the commands about sources and the workspace: what changes, and what was done about it."""

from __future__ import annotations

from pathlib import Path

from vademecum_builder.cli.options.common import AddOption, CommandGroup, positive, whole_number
from vademecum_builder.workspace.database import DEFAULT_WORKSPACE

COMMANDS = CommandGroup()


@COMMANDS.command(
    "sources",
    "show what the sources in the settings hold, or propose a new one",
    "sources --discover sqlite:///chat.db --write",
)
def _sources(add: AddOption) -> None:
    add.config()
    add(
        "--discover URL|PATH",
        "propose a [[source]] for a database, a file of records, a folder, a feed or an archive of messages",
        default="",
    )
    add("--write", "write the proposal into the settings; then: vade build")
    add.json()


@COMMANDS.command("monitor", "show what a sync would change, by field; writes nothing", "monitor products")
def _monitor(add: AddOption) -> None:
    add_place(add)
    add("sources SOURCE", "names of sources (default: all)", nargs="*")
    add("--exit-code", "exit code 1 if something would change")
    add.json()


@COMMANDS.command("sync", "read what changed in the sources into the workspace", "sync products --ids 17,18")
def _sync(add: AddOption) -> None:
    add_place(add)
    add("sources SOURCE", "names of sources (default: all)", nargs="*")
    help_ = "read only these records again"
    add("--ids A,B", help_, lambda text: tuple(filter(None, map(str.strip, text.split(",")))), default=())
    add("--batch N", "records in a transaction (default: 500)", positive, default=500)
    add("--full", "read the whole source again")
    add("--yes", "ask nothing")
    add("--allow-shrink", "accept that more than half of a source's records are gone")
    add.progress()
    add.json()


@COMMANDS.command("jobs", "list what was done in the workspace, resume it, or undo it", "jobs resume 7")
def _jobs(add: AddOption) -> None:
    add_place(add)
    actions = ("list", "show", "resume", "retry", "cancel", "rollback")
    help_ = (
        "resume one that did not end; retry its failed records; cancel a running one after its batch; rollback: bring "
        "the items of its source back to what they were before it (then `vade build --no-sync`)"
    )
    add("action ACTION", f"{', '.join(actions)}: {help_}", nargs="?", choices=actions, default="list")
    add("id ID", "of the job", positive, nargs="?")
    add("--yes", "do not ask before a rollback (without a terminal, nothing is asked)")
    add.progress()
    add.json()


@COMMANDS.command("quarantine", "list the records that failed, and why", "quarantine retry")
def _quarantine(add: AddOption) -> None:
    add_place(add)
    actions = ("show", "retry", "drop")
    help_ = "show (default); retry: read them again; drop: forget them until they fail again"
    add("action ACTION", help_, nargs="?", choices=actions, default="show")
    add("keys KEY", "as in products:17 (default: all)", nargs="*")
    add.progress()
    add.json()


@COMMANDS.command("changes", "print the log of changes, as JSON Lines", "changes --since 120")
def _changes(add: AddOption) -> None:
    add_place(add)
    add("--since SEQ", "only changes after this number", whole_number, default=0)
    add(
        "--between",
        "what changed between the ends of two jobs, with old and new values; 0: before the first job",
        whole_number,
        metavar=("A", "B"),
        nargs=2,
    )
    add.json()


@COMMANDS.command("checkpoints", "list how far each source was read", "checkpoints --json")
def _checkpoints(add: AddOption) -> None:
    add_place(add)
    add.json()


@COMMANDS.command("check", "compare the sources with what is published; exit code 1 if they differ", "check --fix")
def _check(add: AddOption) -> None:
    add_place(add)
    _published(add)
    add("--fix", "read what differs again, and publish it")
    add.json()


@COMMANDS.command("audit", "show how old documents and vectors are, and where they came from", "audit --json")
def _audit(add: AddOption) -> None:
    add_place(add)
    _published(add)
    add.json()


def _published(add: AddOption) -> None:
    add("--previous DIR|URL", "what is published (default: as the settings say)")


def add_place(add: AddOption) -> None:
    """Add where settings and workspace lie."""
    add.config()
    add("--workspace PATH", f"default: {DEFAULT_WORKSPACE} beside the settings", Path)


CDC = COMMANDS.group("cdc", "capture the changes of a table, by triggers or a slot")


@CDC.command("remove", "remove the triggers or the slot of a source", "cdc remove shop --yes")
@CDC.command("install", "create the triggers or the slot of a source", "cdc install shop")
def _changing(add: AddOption) -> None:
    _source(add)
    add("--yes", "run the SQL (without this, it is only shown)")


@CDC.command("status", "show the triggers or the slot of a source", "cdc status shop")
def _source(add: AddOption) -> None:
    add("source SOURCE", "name of a source with `capture` in the settings")
    add.config()
    add.json()
