"""The command line's grammar: every command and option of `vade`, and nothing that does anything."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from vademecum.encoder.file import MAX_DIMENSIONS
from vademecum.errors import UsageError
from vademecum.version import __version__
from vademecum_builder.signing.folder import DEFAULT_KEYS

SETTINGS = Path("vademecum.toml")
"""What a build does where the command line names no source (settings.py)."""
_Add = Callable[..., object]
_Within = Any  # what `add_subparsers` returns: argparse has no public name for it


class CommandParser(argparse.ArgumentParser):
    """Raises what is wrong with a command line as any other misuse, and says what may have been meant."""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """Parse; what is left over is this command's mistake, not the program's."""
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
        raise UsageError(f"{message}{guess} (see `{self.prog} --help`)")


def parser(width: int | None = None) -> argparse.ArgumentParser:
    """Return the parser. `--help` of every command comes from here, and so does the docs' command page.

    Args:
        width: Columns of the help; None: those of the terminal.
    """
    form = partial(argparse.HelpFormatter, width=width)
    root = CommandParser(
        prog="vade",
        description="Publish a knowledge base as a signed, versioned index on any static host, and search it offline.",
        epilog="VADEMECUM_SIGNING_KEY holds the release key where no file does; VADEMECUM_LOG=debug is -v everywhere.",
        formatter_class=form,
        allow_abbrev=False,
    )
    root.add_argument("-V", "--version", action="version", version=f"vademecum {__version__}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(
        within: _Within, name: str, purpose: str, fill: Callable[[_Add], object], example: str = ""
    ) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = within.add_parser(
            name,
            help=purpose,
            description=f"{purpose[0].upper()}{purpose[1:]}.",
            epilog=f"example: vade {example}" if example else None,
            formatter_class=form,
            allow_abbrev=False,
            # Of a build, what is not given stays as the settings have it.
            argument_default=argparse.SUPPRESS if name == "build" else None,
        )
        fill(command.add_argument)
        if example:
            command.add_argument(
                "-q", "--quiet", action="store_true", default=False, help="say nothing but errors"
            )
            command.add_argument(
                "-v", "--verbose", action="store_true", default=False, help="tell on stderr what is done"
            )
        return command

    site = "https://example.org/kb/"
    add(
        commands,
        "build",
        "publish a release of a folder of documents",
        _build,
        f"build _site --out dist --previous {site}",
    )
    of_keys = add(commands, "keys", "make or renew signing keys", lambda _: None)
    keys = of_keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    add(keys, "new", "make a root key, a release key and root.json", _keys_new, "keys new --out keys")
    add(
        keys, "renew", "sign root.json anew before it expires", _keys_renew, "keys renew --keys keys --rotate"
    )
    add(
        commands,
        "verify",
        "check every signature, hash and digest of a published tree",
        _verify,
        f"verify {site} --trust root.json",
    )
    add(
        commands,
        "links",
        "ask whether each hit's page and anchor is there",
        _links,
        "links dist --against _site",
    )
    add(
        commands,
        "serve",
        "serve a published tree on this machine, to try it",
        _serve,
        "serve dist --port 8000",
    )
    add(
        commands,
        "pull",
        "bring a local store up to date",
        _pull,
        f"pull {site} --store kb.db --trust root.json",
    )
    add(
        commands,
        "search",
        "search a local store, offline",
        _search,
        "search how do I rotate a key --store kb.db",
    )
    of_bench = add(commands, "bench", "measure on this machine", lambda _: None)
    bench = of_bench.add_subparsers(dest="action", required=True, metavar="ACTION")
    add(
        bench,
        "search",
        "what opening a local store and searching it costs",
        _bench_search,
        "bench search questions.txt --store kb.db",
    )
    add(commands, "status", "what is installed", _status, "status --store kb.db --json")
    add(commands, "mcp", "answer agents by the Model Context Protocol (stdio)", _mcp, "mcp --store kb.db")
    add(
        commands,
        "doctor",
        "examine a local store, and mend what is broken",
        _doctor,
        f"doctor {site} --store kb.db",
    )
    add(commands, "rollback", "go back to the release before", _status, "rollback --store kb.db")
    add(
        commands,
        "completion",
        "print the shell's completion of this command line",
        _completion,
        "completion bash > ~/.local/share/bash-completion/completions/vade",
    )
    return root


def _bytes(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes")
    return int(text)


def _dimensions(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_DIMENSIONS):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MAX_DIMENSIONS}")
    return int(text)


def _build(add: _Add) -> None:
    help_ = "folder of rendered pages (_site, public), or of Markdown, text and HTML"
    without = f"{help_}; without it: what {SETTINGS} says"
    add("source", metavar="SOURCE", type=Path, nargs="?", default=None, help=without)
    add("--config", metavar="FILE", type=Path, default=SETTINGS, help=f"default: {SETTINGS}")
    add("--out", metavar="DIST", type=Path, help="folder of the published tree")
    add("--previous", metavar="DIR|URL", help="the release to build on (default: what lies in DIST)")
    add("--encoder", metavar="NAME", help="builtin (default) or sentence-transformers:MODEL")
    add(
        "--bits",
        type=int,
        choices=(8, 4, 2),
        help="of a vector's component (default: 4); another number than before is a full download",
    )
    add(
        "--dimensions",
        metavar="D",
        type=_dimensions,
        help="of a vector (default: as before, else 96); another number than before is a full download",
    )
    add(
        "--packs",
        metavar="BYTES",
        type=_bytes,
        help="most that direct packs may take on the host (default: twice the index; 0: none)",
    )
    add("--refit", action="store_true", help="fit the encoder anew: a full download for every client")
    add(
        "--yank",
        metavar="SEQUENCE",
        type=int,
        action="append",
        help="take a release back: no client installs it or goes back to it",
    )
    add("--pattern", metavar="GLOB", dest="patterns", action="append", help="git-style: guide/** or !drafts/")
    add(
        "--profile",
        metavar="NAME",
        help="the generator of the sources, or plain (default: found)",
    )
    add(
        "--drafts",
        action="store_true",
        help="take in drafts, unlisted and noindex pages, and those of another time",
    )
    add("--base-url", metavar="URL", help="where the documents are served; hits link there")
    add(
        "--strict",
        action="store_true",
        help="where there is a warning, a leftover of markup or a broken link, publish nothing: exit code 1",
    )
    add(
        "--links",
        metavar="DIR|URL",
        help="then ask the real pages for each hit's address and anchor",
    )
    add("--title", help="name of the knowledge base, for its pages")
    add("--release-version", metavar="TEXT", dest="version", help="human version (default: date and number)")
    add("--keys", metavar="DIR", type=Path, help=f"folder of keys (default: {DEFAULT_KEYS})")
    add("--root", metavar="FILE", type=Path, help="public root metadata (default: root.json among the keys)")
    add(
        "--no-site",
        dest="site",
        action="store_false",
        help="publish the index alone: no pages, no browser client",
    )
    add(
        "--force",
        action="store_true",
        help="build anew, on above all numbers, where the previous release is unusable; trust this clock",
    )
    add(
        "--first",
        metavar="NUMBER",
        type=int,
        help="of the release, where nothing is published: you know that no client has seen a higher one",
    )
    add(
        "--restart",
        action="store_true",
        help="begin at number 1: a very first release; clients of an earlier line do not follow",
    )
    _json(add)


def _keys_new(add: _Add) -> None:
    add("--out", metavar="DIR", type=Path, default=DEFAULT_KEYS, help=f"default: {DEFAULT_KEYS}")
    _json(add)


def _keys_renew(add: _Add) -> None:
    add("--keys", metavar="DIR", type=Path, default=DEFAULT_KEYS, help=f"default: {DEFAULT_KEYS}")
    add(
        "--rotate",
        action="store_true",
        help="with a new release key: the old one is revoked, as after a theft",
    )
    add(
        "--overlap",
        action="store_true",
        help="with a new release key beside the old one, for a planned rotation",
    )
    add(
        "--retire", action="store_true", help="after --overlap and a build: with the newest release key alone"
    )
    _json(add)


def _verify(add: _Add) -> None:
    _location(add)
    _trust(add)
    add("--expect", metavar="SEQUENCE", type=int, default=0, help="fail where an older release is served")
    _json(add)


def _links(add: _Add) -> None:
    _location(add)
    _trust(add)
    add(
        "--against", metavar="DIR|URL", required=True, help="the real pages: a rendered folder, or their site"
    )
    _json(add)


def _serve(add: _Add) -> None:
    add("folder", metavar="DIST", type=Path, help="folder of the published tree")
    add("--port", metavar="N", type=int, default=8000, help="default: 8000; 0 takes a free one")
    add("--max-age", metavar="S", type=int, default=600, help="seconds that browsers may cache")


def _pull(add: _Add) -> None:
    _location(add)
    _store(add)
    _trust(add)
    _more_places(add)
    add(
        "--max-bytes",
        metavar="BYTES",
        type=_bytes,
        help="pause before more is downloaded; the next pull goes on (default: no limit)",
    )
    add(
        "--force",
        action="store_true",
        help="fetch the release whole, whatever is installed and whatever it takes",
    )
    _json(add)


def _search(add: _Add) -> None:
    add("query", metavar="QUERY", nargs="+")
    _store(add)
    add("--limit", metavar="N", type=int, default=10, help="default: 10")
    add("--offset", metavar="N", type=int, default=0, help="hits to leave out before the first (default: 0)")
    modes = "hybrid (default: by words and by meaning), lexical or semantic (by one of them alone)"
    add("--mode", metavar="MODE", default="hybrid", help=modes)
    of_pairs: dict[str, Any] = {"metavar": "NAME=TEXT", "type": _pair, "action": "append", "default": []}
    add("--filter", **of_pairs, help="documents alone whose metadata say so: version=2.0 (repeatable)")
    add("--prefer", **of_pairs, help="of a page in several places this one: lang=de (repeatable)")
    add(
        "--markdown", action="store_true", help="print each hit whole, with its lists, tables, code and links"
    )
    _json(add)


def _bench_search(add: _Add) -> None:
    add("questions", metavar="FILE", type=Path, help="the questions to ask, one on each line")
    _store(add)
    _json(add)


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (name and separator):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=TEXT")
    return name, value


def _status(add: _Add) -> None:
    _store(add)
    _json(add)


def _mcp(add: _Add) -> None:
    _store(add)


def _completion(add: _Add) -> None:
    add("shell", choices=("bash", "zsh"))


def _more_places(add: _Add) -> None:
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


def _doctor(add: _Add) -> None:
    add(
        "location",
        metavar="URL|DIST",
        nargs="?",
        help="the published tree to mend from; without it, only report",
    )
    _store(add)
    _trust(add)
    _more_places(add)
    add("--check", action="store_true", help="only report; nothing is written")
    _json(add)


def _location(add: _Add) -> None:
    add("location", metavar="URL|DIST", help="the published tree: an address or a folder")


def _store(add: _Add) -> None:
    add("--store", metavar="PATH", type=Path, required=True, help="the local database file")


def _trust(add: _Add) -> None:
    add("--trust", metavar="FILE", type=Path, help="root.json; without it, the first seen is pinned")


def _json(add: _Add) -> None:
    add("--json", action="store_true", help="print one JSON object on stdout and nothing else")
