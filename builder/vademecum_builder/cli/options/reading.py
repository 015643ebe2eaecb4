"""The options of the commands that read: a local store, and what fills it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vademecum_builder.cli.options.common import (
    EXAMPLE_SITE,
    AddOption,
    Commands,
    add_flag,
    add_json,
    add_location,
    add_store,
    add_trust,
    byte_count,
    name_and_text,
)

_DEFAULT = "default"
"""Gives a choice back to the app."""


def add_to(commands: Commands) -> None:
    """Add the commands."""
    commands.add(
        "pull",
        "bring a local store up to date",
        _pull,
        f"pull {EXAMPLE_SITE} --store kb.db --trust root.json",
    )
    commands.add(
        "search", "search a local store, offline", _search, "search how do I rotate a key --store kb.db"
    )
    bench = commands.group("bench", "measure on this machine")
    bench.add(
        "search",
        "what opening a local store and searching it costs",
        _bench_search,
        "bench search questions.txt --store kb.db",
    )
    bench.add(
        "retrieval",
        "how well search finds, by words, by meaning and by both, beside other programs",
        _bench_retrieval,
        "bench retrieval docs --questions questions.tsv",
    )
    commands.add("status", "what is installed", _status, "status --store kb.db --json")
    commands.add(
        "policy",
        "choose what a local store does about releases, or show it",
        _policy,
        "policy --store kb.db --channel beta --least-documents 3",
        leaves_unsaid=True,
    )
    commands.add("mcp", "answer agents by the Model Context Protocol (stdio)", _mcp, "mcp --store kb.db")
    commands.add(
        "doctor",
        "examine a local store, and mend what is broken",
        _doctor,
        f"doctor {EXAMPLE_SITE} --store kb.db",
    )
    commands.add(
        "completion",
        "print the shell's completion of this command line",
        _completion,
        "completion bash > ~/.local/share/bash-completion/completions/vade",
    )


def _pull(add: AddOption) -> None:
    add_location(add)
    add_store(add)
    add_trust(add)
    _more_places(add)
    add(
        "--max-bytes",
        metavar="BYTES",
        type=byte_count,
        help="pause before more is downloaded; the next pull goes on (default: no limit)",
    )
    add_flag(add, "--force", "fetch the release whole, whatever is installed and whatever it takes")
    add_json(add)


def _search(add: AddOption) -> None:
    add("query", metavar="QUERY", nargs="+")
    add_store(add)
    add("--limit", metavar="N", type=int, default=10, help="default: 10")
    add("--offset", metavar="N", type=int, default=0, help="hits to leave out before the first (default: 0)")
    modes = "hybrid (default: by words and by meaning), lexical or semantic (by one of them alone)"
    add("--mode", metavar="MODE", default="hybrid", help=modes)
    of_pairs: dict[str, Any] = {
        "metavar": "NAME=TEXT",
        "type": name_and_text,
        "action": "append",
        "default": [],
    }
    add("--filter", **of_pairs, help="documents alone whose metadata say so: version=2.0 (repeatable)")
    add("--prefer", **of_pairs, help="of a page in several places this one: lang=de (repeatable)")
    add(
        "--facet",
        metavar="FIELD",
        action="append",
        help="count what documents say there, as in tags (repeatable)",
    )
    add_flag(add, "--markdown", "print each hit whole, with its lists, tables, code and links")
    add_json(add)


def _bench_search(add: AddOption) -> None:
    add("questions", metavar="FILE", type=Path, help="the questions to ask, one on each line")
    add_store(add)
    add_json(add)


def _bench_retrieval(add: AddOption) -> None:
    add(
        "collection",
        metavar="DIR",
        type=Path,
        help="documents.jsonl, queries.jsonl and qrels.tsv; or Markdown, with --questions",
    )
    add(
        "--questions",
        metavar="TSV",
        type=Path,
        help="a table with the columns kind, question and pages (keys)",
    )
    add("--set", metavar="NAME", default="", help="of the table, rows whose column `set` says so")
    add(
        "--encoder",
        metavar="NAME",
        dest="encoders",
        action="append",
        help="as in vade build (repeatable; default: builtin)",
    )
    add("--dimensions", metavar="D", type=int, help="of a vector (default: 96)")
    add(
        "--packages",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="where MiniSearch, Orama and Pagefind are installed (npm install --prefix DIR)",
    )
    add_flag(add, "--no-peers", "no other programs")
    add_json(add)


def _status(add: AddOption) -> None:
    add_store(add)
    add_json(add)


def _policy(add: AddOption) -> None:
    add_store(add)
    add(
        "--mode",
        metavar="MODE",
        type=_choice,
        help="automatic, notify, manual or off; default (of any of these) has the app choose",
    )
    add("--channel", metavar="NAME", type=_choice, help="the line of releases to follow")
    over = "over which one is downloaded unasked: any, unmetered or wifi"
    add("--connection", metavar="KIND", type=_choice, help=over)
    add(
        "--max-bytes",
        metavar="BYTES",
        dest="max_update_bytes",
        type=_count,
        help="the most that one run downloads; 0: no limit",
    )
    add(
        "--least-documents",
        metavar="N",
        type=_count,
        help="a release that changes fewer waits for more of them, unless it is critical",
    )
    add("--activation", metavar="WHEN", type=_choice, help="now or next-start")
    add(
        "--pin",
        metavar="SEQUENCE",
        type=_release,
        help="stay at this release; none: follow the channel again",
    )
    add(
        "--skip",
        metavar="SEQUENCE",
        type=_release,
        help="pass this release over; none: nothing is passed over",
    )
    add_json(add)


def _choice(text: str) -> str | None:
    return None if text == _DEFAULT else text


def _count(text: str) -> int | None:
    return None if text == _DEFAULT else byte_count(text)


def _release(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is neither the number of a release nor none")
    return int(text)


def _mcp(add: AddOption) -> None:
    add_store(add)


def _doctor(add: AddOption) -> None:
    add(
        "location",
        metavar="URL|DIST",
        nargs="?",
        help="the published tree to mend from; without it, only report",
    )
    add_store(add)
    add_trust(add)
    _more_places(add)
    add_flag(add, "--check", "only report; nothing is written")
    add_json(add)


def _completion(add: AddOption) -> None:
    add("shell", choices=("bash", "zsh"))


def _more_places(add: AddOption) -> None:
    add(
        "--mirror",
        metavar="URL|DIST",
        action="append",
        default=[],
        help="another place of the same tree, asked where the first fails (repeatable)",
    )
    add(
        "--seed",
        metavar="DIST",
        type=Path,
        help="a published tree that ships with the app: taken where it is newer",
    )
