"""The command line's grammar: every command and option of `vade`, and nothing that does anything."""

from __future__ import annotations

import argparse
from pathlib import Path

import vademecum

DEFAULT_KEYS = Path(".vademecum/keys")


def parser() -> argparse.ArgumentParser:
    """Return the parser. `--help` of every command comes from here, and so does the docs' command page."""
    root = argparse.ArgumentParser(
        prog="vade",
        description="Publish a knowledge base as a signed, versioned index on any static host, and search it offline.",
    )
    root.add_argument("--version", action="version", version=f"vademecum {vademecum.__version__}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _build(commands.add_parser("build", help="publish a release of a folder of documents"))
    _keys(commands.add_parser("keys", help="make or renew signing keys"))
    _verify(commands.add_parser("verify", help="check every signature, hash and digest of a published tree"))
    _serve(commands.add_parser("serve", help="a local static host that behaves like GitHub Pages"))
    _pull(commands.add_parser("pull", help="bring a local store up to date"))
    _search(commands.add_parser("search", help="search a local store, offline"))
    _status(commands.add_parser("status", help="what is installed"))
    _rollback(commands.add_parser("rollback", help="go back to the release before"))
    return root


def _build(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("source", metavar="SOURCE", type=Path, help="folder of Markdown, plain text and HTML")
    add("--out", metavar="DIST", type=Path, required=True, help="folder of the published tree")
    add("--previous", metavar="DIR|URL", help="the release to build on (default: what lies in DIST)")
    add("--encoder", metavar="NAME", help="builtin (default) or sentence-transformers:MODEL")
    add("--refit", action="store_true", help="fit the encoder anew: a full download for every client")
    add("--pattern", metavar="GLOB", action="append", default=[], help="git-style: guide/** or !drafts/")
    add("--base-url", metavar="URL", default="", help="where the documents are served; hits link there")
    add("--title", default="", help="name of the knowledge base, for its pages")
    add("--release-version", metavar="TEXT", default="", help="human version (default: date and number)")
    add("--keys", metavar="DIR", type=Path, help=f"folder of keys (default: {DEFAULT_KEYS})")
    add("--root", metavar="FILE", type=Path, help="public root metadata (default: root.json among the keys)")
    add(
        "--no-site",
        dest="site",
        action="store_false",
        help="publish the index alone: no pages, no browser client",
    )
    add("--force", action="store_true", help="start a new line of releases when the previous is unusable")
    _json(command)


def _keys(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="make a root key, a release key and root.json")
    new.add_argument("--out", metavar="DIR", type=Path, default=DEFAULT_KEYS, help=f"default: {DEFAULT_KEYS}")
    _json(new)
    renew = actions.add_parser("renew", help="sign root.json anew before it expires")
    renew.add_argument(
        "--keys", metavar="DIR", type=Path, default=DEFAULT_KEYS, help=f"default: {DEFAULT_KEYS}"
    )
    renew.add_argument("--rotate", action="store_true", help="with a new release key: the old one is revoked")
    _json(renew)


def _verify(command: argparse.ArgumentParser) -> None:
    _location(command)
    _trust(command)
    _json(command)


def _serve(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIST", type=Path, help="folder of the published tree")
    command.add_argument(
        "--port", metavar="N", type=int, default=8000, help="default: 8000; 0 takes a free one"
    )
    command.add_argument(
        "--max-age", metavar="S", type=int, default=600, help="seconds that browsers may cache"
    )


def _pull(command: argparse.ArgumentParser) -> None:
    _location(command)
    _store(command)
    _trust(command)
    command.add_argument(
        "--force", action="store_true", help="fetch the release whole, whatever is installed"
    )
    _json(command)


def _search(command: argparse.ArgumentParser) -> None:
    command.add_argument("query", metavar="QUERY")
    _store(command)
    command.add_argument("--limit", metavar="N", type=int, default=10, help="default: 10")
    _json(command)


def _status(command: argparse.ArgumentParser) -> None:
    _store(command)
    _json(command)


def _rollback(command: argparse.ArgumentParser) -> None:
    _store(command)
    _json(command)


def _location(command: argparse.ArgumentParser) -> None:
    command.add_argument("location", metavar="URL|DIST", help="the published tree: an address or a folder")


def _store(command: argparse.ArgumentParser) -> None:
    command.add_argument("--store", metavar="PATH", type=Path, required=True, help="the local database file")


def _trust(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--trust", metavar="FILE", type=Path, help="root.json; without it, the first seen is pinned"
    )


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--json", action="store_true", help="print one JSON object on stdout and nothing else"
    )
