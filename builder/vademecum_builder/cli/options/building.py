"""The options of the commands that publish: `vade build` and what belongs to it."""

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
    Commands,
    add_config,
    add_flag,
    add_json,
    add_keys,
    add_location,
    add_progress,
    add_trust,
    byte_count,
    positive,
)
from vademecum_builder.release.share import parse_share
from vademecum_builder.request import QUERY_ENCODERS
from vademecum_builder.signing.folder import DEFAULT_KEYS


def add_to(commands: Commands) -> None:
    """Add the commands."""
    commands.add(
        "build",
        "publish a release of a folder of documents",
        _build,
        f"build _site --out dist --previous {EXAMPLE_SITE}",
        leaves_unsaid=True,
        groups=_BUILD,
    )
    keys = commands.group("keys", "make or renew signing keys")
    keys.add("new", "make a root key, a release key and root.json", _keys_new, "keys new --out keys")
    keys.add("renew", "sign root.json anew before it expires", _keys_renew, "keys renew --keys keys")
    keys.add(
        "rotate", "replace the release key, and sign root.json anew", _keys_rotate, "keys rotate --keys keys"
    )
    commands.add(
        "verify",
        "check every signature, hash and digest of a published tree",
        _verify,
        f"verify {EXAMPLE_SITE} --trust root.json",
    )
    commands.add(
        "links", "ask whether each hit's page and anchor is there", _links, "links dist --against _site"
    )
    commands.add(
        "serve", "serve a published tree on this machine, to try it", _serve, "serve dist --port 8000"
    )


def _address(text: str) -> str:
    """Take an address, or a path from the root of a site."""
    if text and not re.match(r"https?://[^\s/]|/", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no address; did you mean https://{text}?")
    return text


def _dimensions(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_DIMENSIONS):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MAX_DIMENSIONS}")
    return int(text)


def _share(text: str) -> int:
    try:
        return parse_share(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(error.message) from None


def _build(add: AddOption) -> None:
    help_ = "folder of rendered pages (_site, public), or of Markdown, text and HTML"
    without = f"{help_}; without it: what {SETTINGS} says"
    add("source", metavar="SOURCE", type=Path, nargs="?", default=None, help=without)
    add_flag(add, "--dry-run", "say what would be published and embedded, and what that costs")
    add_progress(add)
    add_json(add)


def _read(add: AddOption) -> None:
    add_config(add)
    add("--pattern", metavar="GLOB", dest="patterns", action="append", help="git-style: guide/** or !drafts/")
    add("--profile", metavar="NAME", help="the generator of the sources, or plain (default: found)")
    add_flag(add, "--drafts", "take in drafts, unlisted and noindex pages, and those of another time")
    add("--base-url", metavar="URL", type=_address, help="where the documents are served; hits link there")
    add(
        "--workspace",
        metavar="PATH",
        type=Path,
        help="what this machine remembers between builds (default: .vademecum/work.db beside the settings)",
    )
    add("--batch", metavar="N", type=positive, help="records that it takes in at a time (default: 500)")
    add("--no-sync", dest="sync", action="store_false", help="build from the workspace as it is")


def _meaning(add: AddOption) -> None:
    add(
        "--encoder",
        metavar="NAME",
        help="builtin (default), sentence-transformers:MODEL or http:https://host/v1#MODEL",
    )
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
        "--query-encoder",
        choices=QUERY_ENCODERS,
        help="transformer: publish the model's own files, too, for apps that ask with it (default: as before)",
    )
    add_flag(add, "--refit", "fit the encoder anew: a full download for every client")


def _release(add: AddOption) -> None:
    add("--out", metavar="DIST", type=Path, help="folder of the published tree")
    add("--previous", metavar="DIR|URL", help="the release to build on (default: what lies in DIST)")
    add("--title", help="name of the knowledge base, for its pages")
    add("--release-version", metavar="TEXT", dest="version", help="human version (default: date and number)")
    add("--channel", metavar="NAME", help="the line of releases to publish in (default: stable)")
    add(
        "--candidate",
        metavar="PERCENT",
        type=_share,
        nargs="?",
        const=0,
        help="as a candidate of the channel, for so many of its readers (default: 0, until rolled out or promoted)",
    )
    add_flag(add, "--critical", "clients that wait for larger changes install this release all the same")
    add(
        "--yank",
        metavar="SEQUENCE",
        type=int,
        action="append",
        help="take a release back: no client installs it or goes back to it",
    )
    add(
        "--packs",
        metavar="BYTES",
        type=byte_count,
        help="most that direct packs may take on the host (default: twice the index; 0: none)",
    )
    add(
        "--no-site",
        dest="site",
        action="store_false",
        help="publish the index alone: no pages, no browser client",
    )
    add_flag(
        add,
        "--whole",
        "write the tree also where nothing changed: for a deploy that replaces the site which it is a part of",
    )


def _signing(add: AddOption) -> None:
    add_keys(add)
    add_flag(
        add, "--preview", "for a look, as at a pull request: signed with a key that nobody keeps; needs none"
    )


def _care(add: AddOption) -> None:
    add_flag(
        add,
        "--strict",
        "where there is a warning, a leftover of markup or a broken link, publish nothing: exit code 1",
    )
    add("--links", metavar="DIR|URL", help="then ask the real pages for each hit's address and anchor")
    add_flag(add, "--allow-empty", "publish a release without documents, where none is left")
    add_flag(add, "--allow-shrink", "publish a release of less than half the documents of the one before")
    add_flag(
        add,
        "--force",
        "build anew, on above all numbers, where the previous release is unusable; trust this clock",
    )
    add_flag(
        add, "--restart", "begin at number 1: a very first release; clients of an earlier line do not follow"
    )


_BUILD: Final = {
    "what is read": _read,
    "how meaning is encoded": _meaning,
    "the release, and its place": _release,
    "keys": _signing,
    "what is refused, and what is forced": _care,
}
"""Its options by what they are about, in the order of `--help`."""


def _keys_new(add: AddOption) -> None:
    add("--out", metavar="DIR", type=Path, default=DEFAULT_KEYS, help=f"default: {DEFAULT_KEYS}")
    add("--root-keys", metavar="N", type=int, default=1, help="make so many root keys (default: 1)")
    add("--threshold", metavar="M", type=int, default=1, help="of which so many have to sign (default: 1)")
    add_json(add)


def _keys_renew(add: AddOption) -> None:
    add("--keys", metavar="DIR", type=Path, default=DEFAULT_KEYS, help=f"default: {DEFAULT_KEYS}")
    add_json(add)


def _keys_rotate(add: AddOption) -> None:
    add("--keys", metavar="DIR", type=Path, default=DEFAULT_KEYS, help=f"default: {DEFAULT_KEYS}")
    add_flag(
        add,
        "--overlap",
        "the new release key stands beside the old one, as planned (default: the old one is revoked)",
    )
    add_flag(add, "--retire", "after --overlap and a build: no new key, and the newest one alone stays")
    add_json(add)


def _verify(add: AddOption) -> None:
    add_location(add)
    add_trust(add)
    add("--expect", metavar="SEQUENCE", type=int, default=0, help="fail where an older release is served")
    add_json(add)


def _links(add: AddOption) -> None:
    add_location(add)
    add_trust(add)
    add(
        "--against", metavar="DIR|URL", required=True, help="the real pages: a rendered folder, or their site"
    )
    add_json(add)


def _serve(add: AddOption) -> None:
    add("folder", metavar="DIST", type=Path, help="folder of the published tree")
    add("--port", metavar="N", type=int, default=8000, help="default: 8000; 0 takes a free one")
    add("--max-age", metavar="S", type=int, default=600, help="seconds that browsers may cache")
