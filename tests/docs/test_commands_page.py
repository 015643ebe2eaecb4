"""The docs' page of commands is what `--help` says."""

from __future__ import annotations

from pathlib import Path
from pkgutil import iter_modules

import pytest

from vademecum_builder.cli import commands
from vademecum_builder.cli.arguments import commands_page
from vademecum_builder.cli.main import main

PAGE = Path(__file__).parents[2] / "site" / "content" / "commands.md"
MODULES = sorted(module.name for module in iter_modules(commands.__path__))
COMMANDS = [[name] for name in MODULES] + [["keys", "new"], ["keys", "renew"], []]


def test_the_page_is_made_from_the_command_line() -> None:
    """But for line breaks, which differ between versions of Python. If not: see the page's first lines."""
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
