"""The result of a command, and phrases that several commands share."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Shown = tuple[dict[str, Any], Sequence[str]]
"""What a command returns: the JSON object, and the lines for people."""


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return a text without control sequences: titles, texts and versions may come from any publisher.

    Control characters except line feed and tab, and those that change the direction of text, are escaped as in JSON.
    """
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def notice(text: str) -> None:
    """Print a notice, which is not part of the result, on stderr."""
    print(printable(f"vade: {text}"), file=sys.stderr)


def address_of(previous: str | None) -> str:
    """Return where a tree is published, if that is known."""
    return previous if previous and previous.startswith("http") else ""


def size(count: int) -> str:
    """Return a number of bytes for people: 999 B, 1.2 kB, 5.67 MB."""
    return f"{count} B" if count < 1000 else f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.2f} MB"


def shortened(names: Sequence[str], most: int) -> str:
    """Return the first names, and the number of further ones."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def listed(lines: Sequence[str], most: int = 20, what: str = "") -> list[str]:
    """Return the first lines, and one with the number of further ones."""
    more = len(lines) - most
    return [*lines[:most], *([f"  and {more} more{what} (--json lists all)"] if more > 0 else [])]


def stale(status: Mapping[str, Any]) -> list[str]:
    """Say since when the host shows older metadata than seen before; no lines if it does not."""
    since = status["staleSince"]
    return [f"  the host shows older metadata than these, since {since} (a stale mirror?)"] if since else []


def policy_lines(status: Mapping[str, Any]) -> list[str]:
    """Describe the policy for new releases, and decisions about single ones."""
    policy, pinned, refused = status["policy"], status["pinned"], status["refused"]
    budget, least = policy["maxUpdateBytes"], policy["leastDocuments"]
    told = [
        f"  follows {policy['channel']}, {policy['mode']}; connection {policy['connection']}, "
        f"{f'at most {size(budget)} a run' if budget else 'no byte budget'}, "
        f"{f'waits for {least} changed documents' if least else 'every change'}, "
        f"{'at once' if policy['activation'] == 'now' else 'from the next start on'}"
    ]
    if candidate := (status["latest"] or {}).get("candidate"):
        who = "this store is among them" if candidate["assigned"] else "this store is not among them"
        told.append(f"  release {candidate['sequence']} is for {candidate['rollout'] / 100:g} % of the readers: {who}")
    told += [f"  pinned to release {pinned}"] if pinned is not None else []
    told += [f"  passed over: release {', '.join(map(str, refused))}"] if refused else []
    return told


def waiting(status: Mapping[str, Any]) -> str:
    """Say why the published release is not the installed one; empty if that needs no explanation."""
    installed, latest = status["installed"], status["latest"]
    if installed is not None and installed["revoked"]:
        return "signed by keys that are revoked: pull a release of the new ones, higher or lower"
    # A candidate that others do not get, or that was withdrawn, stays until there is a newer release.
    if latest is None or (installed is not None and latest["sequence"] <= installed["sequence"]):
        return ""
    number = latest["sequence"]
    if number in status["yanked"] and installed is None:
        return f"release {number} was taken back by its publisher, and there is no other yet"
    if number in status["yanked"]:
        return f"release {number} is published, and was taken back by its publisher: a newer one will come"
    if number in status["refused"]:
        reason = status["reasons"].get(str(number))
        what = f"does not work here: {reason}" if reason else "a rollback left it"
        return f"release {number} is published, but {what} (pull --force takes it)"
    if status["pinned"] is not None:
        return f"release {number} is published; this store is pinned to release {status['pinned']}"
    return f"release {number} is published: pull it"


_OF_SOURCE = re.compile(r"(?P<file>[^\n]+?), line (?P<line>\d+): source\.(?P<key>[\w-]+)")


def pointed(message: str) -> str:
    """Return a message about a key of a `[[source]]` with the line of that key in place of the table's; other messages
    are returned unchanged."""
    found = _OF_SOURCE.match(message)
    if found is None:
        return message
    try:
        lines = Path(found["file"]).read_text("utf-8-sig").splitlines()
    except (OSError, ValueError):
        return message
    for number, line in enumerate(lines[int(found["line"]) :], int(found["line"]) + 1):
        if line.lstrip().startswith("["):
            break
        if re.match(rf"\s*[\"']?{re.escape(found['key'])}[\"']?\s*[=.]", line):
            return f"{found['file']}, line {number}{message[found.end('line') :]}"
    return message
