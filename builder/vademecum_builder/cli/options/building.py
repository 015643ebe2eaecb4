"""The options of the commands that publish: `vade init`, `vade build` and what belongs to them."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final

from vademecum.encoder.file import MAX_DIMENSIONS
from vademecum.errors import UsageError
from vademecum_builder.cli.options.common import (
    EXAMPLE_SITE,
    SETTINGS,
    AddOption,
    CommandGroup,
    byte_count,
    positive,
    whole_number,
)
from vademecum_builder.release.share import parse_share
from vademecum_builder.request import QUERY_ENCODERS
from vademecum_builder.signing.defaults import DEFAULT_KEYS

COMMANDS = CommandGroup()


@COMMANDS.command(
    "init",
    "set up a repository, so that each push publishes its documents",
    f"init --source docs --address {EXAMPLE_SITE}",
)
def _init(add: AddOption) -> None:
    add("--source DIR", "folder of documents or of rendered pages (default: found)", default="")
    add("--address URL", "where it is published (default: its GitHub Pages)", default="")
    add("--encoder NAME", "builtin (default) or sentence-transformers:MODEL", default="builtin")
    add("--channel NAME", "the line of releases (default: stable)", default="stable")
    add("--yes", "ask nothing (as without a terminal)")
    add("--check", "say what is missing or wrong here, on GitHub and on the site (exit code 1 if anything is)")
    add("--dry-run", "show what would be written, and write nothing")
    add.json()


def _address(text: str) -> str:
    """Take an address, or a path from the root of a site."""
    if text and not re.match(r"https?://[^\s/]|/", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an address; did you mean https://{text}?")
    return text


def _share(text: str) -> int:
    try:
        return parse_share(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(error.message) from None


def _read(add: AddOption) -> None:
    add.config()
    add("--pattern GLOB", "git-style: guide/** or !drafts/", dest="patterns", action="append")
    add("--profile NAME", "the generator of the sources, or plain (default: found)")
    add("--drafts", "publish drafts too, and unlisted, noindex, future and expired pages")
    add("--base-url URL", "where the documents are served; hits link there", _address)
    add(
        "--workspace PATH",
        "what this machine remembers between builds (default: .vademecum/work.db beside the settings)",
        Path,
    )
    add("--batch N", "records that the workspace takes in at a time (default: 500)", positive)
    add("--no-sync", "build from the workspace as it is", dest="sync", action="store_false")


def _meaning(add: AddOption) -> None:
    add("--encoder NAME", "builtin (default), sentence-transformers:MODEL or http:https://host/v1#MODEL")
    add(
        "--dimensions D",
        "of a vector (default: as before, else 96); another number is a full download for every client",
        lambda text: whole_number(text, f"number from 1 to {MAX_DIMENSIONS}", least=1, most=MAX_DIMENSIONS),
    )
    add(
        "--query-encoder",
        "transformer: publish the model's own files too, for apps that encode queries with it (default: as before)",
        choices=QUERY_ENCODERS,
    )
    add("--refit", "fit the encoder again: a full download for every client")


def _release(add: AddOption) -> None:
    add("--out DIST", "folder of the published tree", Path)
    add("--previous DIR|URL", "the release to build on (default: what is in DIST)")
    add("--title TITLE", "name of the knowledge base, for its pages")
    add("--release-version TEXT", "human version (default: date and number)", dest="version")
    add("--channel NAME", "the line of releases to publish in (default: stable)")
    add(
        "--candidate PERCENT",
        "publish a candidate, for this share of the readers (default: 0, until you roll it out or promote it)",
        _share,
        nargs="?",
        const=0,
    )
    add("--critical", "clients that wait for larger changes install this release too")
    add("--yank SEQUENCE", "take a release back: no client installs it or goes back to it", int, action="append")
    add(
        "--erase-removed",
        "leave no byte of removed documents in the tree: implies --refit, and keeps no earlier release",
    )
    add(
        "--packs BYTES",
        "the most bytes that direct packs may take on the host (default: twice the index; 0: no packs)",
        byte_count,
    )
    add("--no-site", "publish the index alone: no pages, no browser client", dest="site", action="store_false")
    add("--whole", "write the tree even if nothing changed: for a deploy that replaces the whole site")


def _signing(add: AddOption) -> None:
    add.keys()
    add("--preview", "build only for a look, as at a pull request: needs no key, and signs with one that nobody keeps")


def _care(add: AddOption) -> None:
    add("--strict", "publish nothing if there is a warning, a leftover of markup or a broken link (exit code 1)")
    add("--links DIR|URL", "after the build, look for each hit's address and anchor on the real pages")
    add("--allow-empty", "publish even if no document is left")
    add("--allow-shrink", "publish even if more than half of the documents are gone")
    add("--force", "if the previous release cannot be used, build again above all its numbers; trust this clock")
    add("--restart", "begin again at number 1; clients that have an earlier release do not follow")


_BUILD: Final = {
    "what is read": _read,
    "how meaning is encoded": _meaning,
    "the release, and its place": _release,
    "keys": _signing,
    "what is refused, and what is forced": _care,
}
"""Its options by what they are about, in the order of `--help`."""


@COMMANDS.command(
    "build",
    "publish a release of a folder of documents",
    f"build _site --out dist --previous {EXAMPLE_SITE}",
    leaves_unsaid=True,
    groups=_BUILD,
)
def _build(add: AddOption) -> None:
    help_ = "folder of rendered pages (_site, public), or of Markdown, text and HTML"
    without = f"{help_}; without it: what {SETTINGS} says"
    add("source SOURCE", without, Path, nargs="?", default=None)
    add("--dry-run", "say what would be published and embedded, and what that costs")
    add.progress()
    add.json()


KEYS = COMMANDS.group("keys", "make or renew signing keys")


@KEYS.command("new", "make a root key, a release key and root.json", "keys new --out keys")
def _keys_new(add: AddOption) -> None:
    add("--out DIR", f"default: {DEFAULT_KEYS}", Path, default=DEFAULT_KEYS)
    add("--root-keys N", "how many root keys to make (default: 1)", int, default=1)
    add("--threshold M", "how many of them must sign (default: 1)", int, default=1)
    add.json()


@KEYS.command("renew", "sign root.json again before it expires", "keys renew --keys keys")
def _keys_renew(add: AddOption) -> None:
    add("--keys DIR", f"default: {DEFAULT_KEYS}", Path, default=DEFAULT_KEYS)
    add.json()


@KEYS.command("rotate", "replace the release key, and sign root.json again", "keys rotate --keys keys")
def _keys_rotate(add: AddOption) -> None:
    add("--keys DIR", f"default: {DEFAULT_KEYS}", Path, default=DEFAULT_KEYS)
    add("--overlap", "keep the old release key beside the new one, for now (default: revoke it)")
    add("--retire", "after --overlap and a build: make no new key, and revoke all but the newest")
    add.json()


@COMMANDS.command(
    "verify", "check every signature, hash and digest of a published tree", f"verify {EXAMPLE_SITE} --trust root.json"
)
def _verify(add: AddOption) -> None:
    add.location()
    add.trust()
    add("--expect SEQUENCE", "fail if an older release is served", int, default=0)
    add.json()


@COMMANDS.command("links", "check that each hit's page and anchor exists", "links dist --against _site")
def _links(add: AddOption) -> None:
    add.location()
    add.trust()
    add("--against DIR|URL", "the real pages: a rendered folder, or the site's address", required=True)
    add.json()


@COMMANDS.command("serve", "serve a published tree on this machine, to try it", "serve dist --port 8000")
def _serve(add: AddOption) -> None:
    add(
        "folder DIST",
        "the published tree, or the site that it lies in (default: `out` of the settings)",
        Path,
        nargs="?",
    )
    add.config()
    add("--port N", "default: 8000; 0: any free port", int, default=8000)
    add("--max-age S", "how many seconds browsers may cache (default: 600)", int, default=600)
