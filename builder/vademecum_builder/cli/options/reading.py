"""The options of the commands that read: a local store, and what fills it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vademecum_builder.cli.options.common import (
    EXAMPLE_SITE,
    AddOption,
    CommandGroup,
    byte_count,
    name_and_text,
    whole_number,
)

_DEFAULT = "default"
"""Gives a choice back to the app."""


COMMANDS = CommandGroup()


@COMMANDS.command("pull", "bring a local store up to date", f"pull {EXAMPLE_SITE} --store kb.db --trust root.json")
def _pull(add: AddOption) -> None:
    add.location()
    add.store()
    add.trust()
    _more_places(add)
    add("--max-bytes BYTES", "the most to download in this run; the next pull goes on (default: no limit)", byte_count)
    add("--force", "fetch the whole release, whatever is installed, without a limit")
    add.json()


@COMMANDS.command("search", "search a local store, offline", "search how do I rotate a key --store kb.db")
def _search(add: AddOption) -> None:
    add("query QUERY", "", nargs="+")
    add.store()
    add("--limit N", "default: 10", int, default=10)
    add("--offset N", "how many hits to leave out at the beginning (default: 0)", int, default=0)
    modes = "hybrid (default: by words and by meaning), lexical (by words alone) or semantic (by meaning alone)"
    add("--mode MODE", modes, default="hybrid")
    of_pairs: dict[str, Any] = {"metavar": "NAME=TEXT", "type": name_and_text, "action": "append", "default": []}
    add("--filter", "only documents whose metadata say so: version=2.0 (repeatable)", **of_pairs)
    add("--prefer", "of a page in several versions or languages, show this one: lang=de (repeatable)", **of_pairs)
    add("--facet FIELD", "count the values of this field, such as tags (repeatable)", action="append")
    add("--markdown", "print each hit whole, with its lists, tables, code and links")
    add.json()


BENCH = COMMANDS.group("bench", "measure on this machine")


@BENCH.command(
    "search", "what opening a local store and searching it costs", "bench search questions.txt --store kb.db"
)
def _bench_search(add: AddOption) -> None:
    add("questions FILE", "the questions to ask, one on each line", Path)
    add.store()
    add.json()


@BENCH.command(
    "retrieval",
    "how well search finds, by words, by meaning and by both, beside other programs",
    "bench retrieval docs --questions questions.tsv",
)
def _bench_retrieval(add: AddOption) -> None:
    add("collection DIR", "documents.jsonl, queries.jsonl and qrels.tsv; or Markdown, with --questions", Path)
    add("--questions TSV", "a table with the columns kind, question and pages (keys)", Path)
    add("--set NAME", "only rows of the table whose column `set` is NAME", default="")
    add("--encoder NAME", "as in vade build (repeatable; default: builtin)", dest="encoders", action="append")
    add("--dimensions D", "of a vector (default: 96)", int)
    add(
        "--packages DIR",
        "where MiniSearch, Orama and Pagefind are installed (npm install --prefix DIR)",
        Path,
        default=Path(),
    )
    add("--no-peers", "no other programs")
    add.json()


@COMMANDS.command("status", "show what is installed", "status --store kb.db --json")
def _status(add: AddOption) -> None:
    add.store()
    add.json()


@COMMANDS.command(
    "policy",
    "choose what a local store does with releases, or show it",
    "policy --store kb.db --channel beta --least-documents 3",
    leaves_unsaid=True,
)
def _policy(add: AddOption) -> None:
    add.store()
    modes = "automatic installs, notify announces and waits, manual waits silently, off does not even ask the host"
    add("--mode MODE", f"{modes}; `default`, also for the options below, lets the app choose", _choice)
    add("--channel NAME", "the line of releases to follow", _choice)
    over = "when to download unasked: any; unmetered: not if the user saves data, or over 2g; wifi: Wi-Fi or cable"
    add("--connection KIND", over, _choice)
    add("--max-bytes BYTES", "the most that one run downloads; 0: no limit", _count, dest="max_update_bytes")
    add("--least-documents N", "a release that changes fewer documents waits, unless it is critical", _count)
    add("--activation WHEN", "now; next-start: when the store is opened again", _choice)
    add("--pin SEQUENCE", "stay at this release; none: follow the channel again", _release)
    add("--skip SEQUENCE", "never install this release; none: undo this", _release)
    add.json()


def _choice(text: str) -> str | None:
    return None if text == _DEFAULT else text


def _count(text: str) -> int | None:
    return None if text == _DEFAULT else byte_count(text)


def _release(text: str) -> int | None:
    return None if text == "none" else whole_number(text, "release number (or none)")


@COMMANDS.command("mcp", "answer agents by the Model Context Protocol (stdio)", "mcp --store kb.db")
def _mcp(add: AddOption) -> None:
    add.store()


@COMMANDS.command("doctor", "examine a local store, and repair what is broken", f"doctor {EXAMPLE_SITE} --store kb.db")
def _doctor(add: AddOption) -> None:
    add("location URL|DIST", "the published tree to repair from; without it, only report", nargs="?")
    add.store()
    add.trust()
    _more_places(add)
    add("--check", "only report; nothing is written")
    add.json()


@COMMANDS.command(
    "completion",
    "print a completion script for a shell",
    "completion bash > ~/.local/share/bash-completion/completions/vade",
)
def _completion(add: AddOption) -> None:
    add("shell", "", choices=("bash", "zsh"))


def _more_places(add: AddOption) -> None:
    add(
        "--mirror URL|DIST",
        "another address of the same tree, asked if the first one fails (repeatable)",
        action="append",
        default=[],
    )
    add("--seed DIST", "a published tree that ships with the app, used if it is newer", Path)
