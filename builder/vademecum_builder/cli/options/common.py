"""Adding commands, and the options that several of them share."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from vademecum.errors import UsageError
from vademecum_builder.signing.defaults import DEFAULT_KEYS

SETTINGS = Path("vademecum.toml")
"""What a build does where the command line names no source (settings.py)."""


def or_settings() -> str:
    """Return what else may be done where the command line is silent: settings may lie here, or in a folder above."""
    if SETTINGS.is_file():
        return f"name none of it: {SETTINGS} says what"
    above = next((folder for folder in Path.cwd().parents if (folder / SETTINGS).is_file()), None)
    return f"run this in {above}, where {SETTINGS} lies" if above else f"let `vade init` write {SETTINGS}"


EXAMPLE_SITE = "https://example.org/kb/"


class CommandParser(argparse.ArgumentParser):
    """Raises what is wrong with a command line as any other misuse, and says what may have been meant."""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """Parse; what is left over is this command's mistake, not the program's."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            # What stands behind an option that there is not may have been meant as its value.
            unknown = next((word for word in rest if word[:1] == "-"), "")
            self.error(f"there is no {unknown}" if unknown else f"{' '.join(rest)}: not taken here")
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        wrong = re.search(r"(?:there is no |invalid choice: ')([^\s'=]+)", message)
        choices = re.findall(r"[\w-]+", message.partition("(choose from ")[2])
        known = choices or [one for action in self._actions for one in action.option_strings if one[:2] == "--"]
        # Of options all begin alike, which makes none like another.
        alike = {word.strip("-"): word for word in sorted(known)}
        meant = [alike[name] for name in get_close_matches(wrong[1].strip("-"), alike, 1)] if wrong else []
        message = re.sub(r" \(choose from .*\)$", "", message) if meant else message
        guess = f"; did you mean {meant[0]}?" if meant else ""
        if message.startswith("there is no -") and any(action.dest == "query" for action in self._actions):
            guess += f"{'' if guess else ';'} to search for it, put it last, behind --"  # manuals are full of options
        message = re.sub(r"invalid int value: (.+)", r"\1 is not a whole number", message)
        raise UsageError(f"{message}{guess} (see `{self.prog} --help`)")


class AddOption:
    """Adds options to a command, each spelt as `--help` shows it: `add("--keep HOURS", "how long ...", hours)`.

    Args:
        add: Adds to a parser, or to a group of it.
    """

    def __init__(self, add: Callable[..., object]) -> None:
        self._add = add

    def __call__(self, spelling: str, help_: str, kind: Callable[[str], object] | None = None, **more: Any) -> None:
        """Add one.

        Args:
            spelling: `DIST` as `dist DIST`, or `--out DIST`; an option without a word behind it is said or not.
            kind: Takes the text that is given; None: as it is.
            more: As `argparse` has it.
        """
        name, _, word = spelling.partition(" ")
        told: dict[str, Any] = {"metavar": word} if word else {}
        if kind is not None:
            told["type"] = _local_path if kind is Path else kind
        elif not word and name.startswith("-") and "choices" not in more:
            told["action"] = "store_true"
        self._add(name, help=help_, **(told | more))

    def location(self) -> None:
        """Add the published tree that is read."""
        self("location URL|DIST", "the published tree: an address or a folder")

    def store(self) -> None:
        """Add the local store, which has to be named."""
        self("--store PATH", "the local database file", Path, required=True)

    def trust(self) -> None:
        """Add the root that is trusted."""
        self("--trust FILE", "root.json; without it, the first seen is pinned", Path)

    def json(self) -> None:
        """Add that the result is JSON."""
        self("--json", "print one JSON object on stdout and nothing else")

    def config(self) -> None:
        """Add where the settings lie."""
        self("--config FILE", f"default: {SETTINGS}", Path, default=SETTINGS)

    def keys(self) -> None:
        """Add who signs, where a tree is there."""
        self("--keys DIR", f"folder of keys (default: {DEFAULT_KEYS})", Path)
        self("--root FILE", "public root metadata (default: root.json among the keys)", Path)

    def progress(self) -> None:
        """Add how progress is told."""
        self("--progress", "on stderr; json: one line after each batch", choices=("bar", "json"), default="bar")


Fill = Callable[[AddOption], object]
"""Adds the options of a command."""


class CommandGroup:
    """Commands that belong together, in the order in which `vade --help` names them.

    Args:
        name, purpose: Of the command whose own commands they are; empty: they are commands of `vade`.
    """

    def __init__(self, name: str = "", purpose: str = "") -> None:
        self._name, self._purpose = name, purpose
        self._commands: list[Callable[[Any], None]] = []

    def group(self, name: str, purpose: str) -> CommandGroup:
        """Return commands of a command, which is added here."""
        inner = CommandGroup(name, purpose)
        self._commands.append(inner.add_to)
        return inner

    def command(
        self,
        name: str,
        purpose: str,
        example: str,
        *,
        leaves_unsaid: bool = False,
        groups: Mapping[str, Fill] = MappingProxyType({}),
    ) -> Callable[[Fill], Fill]:
        """Have the decorated function add the options of a command.

        Args:
            purpose: A few words that begin small.
            example: What stands after `vade`.
            leaves_unsaid: What is not given is no attribute of the result: the settings have it.
            groups: By title, what adds more options: where there are too many to read in one list.
        """

        def take(fill: Fill) -> Fill:
            def add_to(within: Any) -> None:
                command = _add_command(within, name, purpose, epilog=f"example: vade {example}")
                command.argument_default = argparse.SUPPRESS if leaves_unsaid else None
                fill(AddOption(command.add_argument))
                for title, more in groups.items():
                    more(AddOption(command.add_argument_group(title).add_argument))
                quiet: dict[str, Any] = {"action": "store_true", "default": False}
                command.add_argument("-q", "--quiet", **quiet, help="say nothing but errors")
                command.add_argument("-v", "--verbose", **quiet, help="tell on stderr what is done")

            self._commands.append(add_to)
            return fill

        return take

    def add_to(self, within: Any) -> None:
        """Add them to the commands of a parser."""
        if self._name:
            parser = _add_command(within, self._name, self._purpose)
            within = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for add in self._commands:
            add(within)


def _add_command(within: Any, name: str, purpose: str, **more: Any) -> argparse.ArgumentParser:
    told = f"{purpose[0].upper()}{purpose[1:]}."
    parser: argparse.ArgumentParser = within.add_parser(
        name, help=purpose, description=told, allow_abbrev=False, **more
    )
    return parser


def _local_path(text: str) -> Path:
    """Take a path of this machine, of which an address would make a folder `https:`."""
    if "://" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is an address, and this takes a path of this machine")
    return Path(text)


def whole_number(text: str, what: str = "whole number", *, least: int = 0, most: int = 2**63 - 1) -> int:
    """Take a whole number within bounds."""
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not a {what}")
    return int(text)


def positive(text: str) -> int:
    """Take a whole number above 0."""
    return whole_number(text, "whole number above 0", least=1)


def byte_count(text: str) -> int:
    """Take a number of bytes."""
    return whole_number(text, "number of bytes")


def name_and_text(text: str) -> tuple[str, str]:
    """Take NAME=TEXT."""
    name, separator, value = text.partition("=")
    if not (name and separator):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=TEXT")
    return name, value
