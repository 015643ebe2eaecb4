"""The docs' page of commands is what `--help` says. Run as a script, this writes the page."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from pkgutil import iter_modules
from unittest import mock

import pytest

from vademecum_builder.cli import commands
from vademecum_builder.cli.arguments import parser
from vademecum_builder.cli.exits import FAMILIES
from vademecum_builder.cli.main import main

PAGE = Path(__file__).parents[2] / "site" / "content" / "commands.md"
MODULES = sorted(module.name for module in iter_modules(commands.__path__))
_BELOW = [["bench", "search"], ["keys", "new"], ["keys", "renew"], ["keys", "rotate"]]
COMMANDS = [*([name] for name in MODULES), *_BELOW, []]
TEXT = """# Commands

Every command and option of `vade`. This page is made from the command line itself, by
`python tests/docs/test_commands_page.py`; a test fails when the two disagree.

If a command fails, it prints one line on stderr: what, where, what to do. `--json` prints one JSON object on stdout and
nothing else; if a command fails, it is `{"error": {"code": "...", "message": "...", "exit": 3}}`. Exit codes
([why](decisions/exit-codes.md)):

EXITS

`VADEMECUM_SIGNING_KEY` holds the release key if no file does, and `SOURCE_DATE_EPOCH` the time of a build that you
repeat. If `CI` is `true`, `vade build` makes no keys.
`VADEMECUM_LOG=debug` writes what the client does to stderr.
"""


def commands_page() -> str:
    rows = ["| exit | meaning | error codes |", "|---|---|---|", "| 0 | done | |"]
    rows += [f"| {n} | {what} | {', '.join(f'`{code}`' for code in codes)} |" for n, what, codes in FAMILIES]
    with mock.patch.dict(os.environ, COLUMNS="102"):  # of which argparse leaves two free
        sections = [
            f"## {command.prog}\n\n```text\n{command.format_help()}```\n" for command in with_subcommands(parser())
        ]
    return "\n".join([TEXT.replace("EXITS", "\n".join(rows)), *sections])


def with_subcommands(command: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield command
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from with_subcommands(sub)


def test_the_page_is_made_from_the_command_line() -> None:
    """But for line breaks, which differ between versions of Python. If not: run this module."""
    assert PAGE.read_text(encoding="utf-8").split() == commands_page().split()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_is_on_the_page(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown in " ".join(PAGE.read_text(encoding="utf-8").split())


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
