"""What the commands' options share: how a command is added, and the options that several of them have."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from vademecum.errors import UsageError
from vademecum_builder.signing.folder import DEFAULT_KEYS

SETTINGS = Path("vademecum.toml")
"""What a build does where the command line names no source (settings.py)."""


def or_settings() -> str:
    """Return what else may be done where the command line is silent: settings may lie in a folder above."""
    above = next((folder for folder in Path.cwd().parents if (folder / SETTINGS).is_file()), None)
    return f"run this in {above}, where {SETTINGS} lies" if above else f"write {SETTINGS}"


EXAMPLE_SITE = "https://example.org/kb/"
AddOption = Callable[..., object]


class CommandParser(argparse.ArgumentParser):
    """Raises what is wrong with a command line as any other misuse, and says what may have been meant."""

    given: Sequence[str] = ()

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """Parse; what is left over is this command's mistake, not the program's."""
        self.given = list(args or ())
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"there is no {' '.join(rest)}")
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Raise it.

        Raises:
            UsageError: Always.
        """
        known = re.findall(r"(?<![\w-])(?:--[a-z][a-z-]+|[a-z]+)(?![\w-])", self.format_help())
        wrong = re.search(r"(?:there is no |invalid choice: ')([^\s'=]+)", message)
        meant = get_close_matches(wrong[1], sorted(set(known) - {wrong[1]}), 1) if wrong else []
        message = re.sub(r" \(choose from .*\)$", "", message) if meant else message
        guess = f"; did you mean {meant[0]}?" if meant else ""
        query = self._as_query()
        guess += f"{'' if guess else ';'} to search for it: {query}" if query else ""
        raise UsageError(f"{message}{guess} (see `{self.prog} --help`)")

    def _as_query(self) -> str:
        """Return how to search for what looks like an option, of which manuals are full; empty: nothing does."""
        words: list[str] = []
        options: list[str] = []
        given = iter(self.given)
        for word in given:
            known = self._option_string_actions.get(word.partition("=")[0])
            if known is None:
                words.append(word)
            else:
                options += [word, *islice(given, known.nargs is None and "=" not in word)]
        is_query = any(action.dest == "query" for action in self._actions)
        if "--" in words or not (is_query and any(word.startswith("-") for word in words)):
            return ""
        return f"`{shlex.join([*self.prog.split(), *options, '--', *words])}`"


class Commands:
    """Commands that are added to a parser, or to a command that has commands of its own."""

    def __init__(self, parser: argparse.ArgumentParser, width: int | None, dest: str = "command") -> None:
        self._width = width
        self._form = partial(argparse.HelpFormatter, width=width)
        self._within: Any = parser.add_subparsers(dest=dest, required=True, metavar=dest.upper())

    def add(
        self,
        name: str,
        purpose: str,
        fill: Callable[[AddOption], object],
        example: str = "",
        *,
        leaves_unsaid: bool = False,
        groups: Mapping[str, Callable[[AddOption], object]] = MappingProxyType({}),
    ) -> argparse.ArgumentParser:
        """Add a command and return its parser.

        Args:
            purpose: A few words that begin small.
            fill: Adds the options.
            example: What stands after `vade`.
            leaves_unsaid: What is not given is no attribute of the result: the settings have it.
            groups: By title, what adds more options: where there are too many to read in one list.
        """
        command: argparse.ArgumentParser = self._within.add_parser(
            name,
            help=purpose,
            description=f"{purpose[0].upper()}{purpose[1:]}.",
            epilog=f"example: vade {example}" if example else None,
            formatter_class=self._form,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS if leaves_unsaid else None,
        )
        fill(command.add_argument)
        for title, more in groups.items():
            more(command.add_argument_group(title).add_argument)
        if example:
            quiet: dict[str, Any] = {"action": "store_true", "default": False}
            command.add_argument("-q", "--quiet", **quiet, help="say nothing but errors")
            command.add_argument("-v", "--verbose", **quiet, help="tell on stderr what is done")
        return command

    def group(self, name: str, purpose: str) -> Commands:
        """Add a command that has commands of its own."""
        return Commands(self.add(name, purpose, lambda _: None), self._width, "action")


def byte_count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes")
    return int(text)


def name_and_text(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (name and separator):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=TEXT")
    return name, value


def add_location(add: AddOption) -> None:
    add("location", metavar="URL|DIST", help="the published tree: an address or a folder")


def add_store(add: AddOption) -> None:
    add("--store", metavar="PATH", type=Path, required=True, help="the local database file")


def add_trust(add: AddOption) -> None:
    add("--trust", metavar="FILE", type=Path, help="root.json; without it, the first seen is pinned")


def add_json(add: AddOption) -> None:
    add_flag(add, "--json", "print one JSON object on stdout and nothing else")


def add_config(add: AddOption) -> None:
    add("--config", metavar="FILE", type=Path, default=SETTINGS, help=f"default: {SETTINGS}")


def add_flag(add: AddOption, name: str, help_: str) -> None:
    """Add what is said or not."""
    add(name, action="store_true", help=help_)


def add_keys(add: AddOption) -> None:
    """Add who signs, where a tree is there."""
    add("--keys", metavar="DIR", type=Path, help=f"folder of keys (default: {DEFAULT_KEYS})")
    add("--root", metavar="FILE", type=Path, help="public root metadata (default: root.json among the keys)")


def add_progress(add: AddOption) -> None:
    """Add how progress is told."""
    add(
        "--progress",
        choices=("bar", "json"),
        default="bar",
        help="on stderr; json: one line after each batch",
    )


def whole_number(text: str) -> int:
    """Take a whole number."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def positive(text: str) -> int:
    """Take a whole number above 0."""
    if not whole_number(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return int(text)
