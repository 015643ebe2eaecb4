"""GitHub Actions: outputs, the step summary, and annotations on file and line.

Only if `GITHUB_ACTIONS` is `true`. The escapes are those of GitHub's toolkit: a document's name or text may contain
anything, and must not become a workflow command or an output.
"""

from __future__ import annotations

import html
import os
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from vademecum.errors import UsageError, VademecumError, counted
from vademecum_builder.cli.wording import printable, size

OUTPUTS = (
    *("sequence", "version", "changed", "signed", "previous", "documents", "added", "modified", "removed"),
    *("address", "out"),
)
"""What later steps may need from a command that publishes: keys of its JSON object."""
_PLACE = re.compile(r"(?:[,:] line (\d+))?: ")
_PAGES = re.compile(r"https://[\w-]+\.github\.io(?:/[\w.-]+)?/?", re.IGNORECASE)
_LISTED = 50
"""The most warnings, and documents of each kind of change, in a summary: GitHub shows at most 1 MiB."""


def is_github(environ: Mapping[str, str]) -> bool:
    """Return whether this is a job on GitHub."""
    return environ.get("GITHUB_ACTIONS") == "true"


def warn(warning: str, folders: Mapping[str, Path], environ: Mapping[str, str]) -> None:
    """Print a warning on stderr; on GitHub as an annotation of the file and line at its beginning.

    Args:
        folders: The folder of documents by the beginning of their keys.
    """
    line = f"vade: warning: {warning}"
    if is_github(environ):
        line = _annotation("warning", warning, _place(warning, folders, environ))
    print(printable(line), file=sys.stderr)


def tell(command: str, result: Mapping[str, Any], lines: Sequence[str], environ: Mapping[str, str]) -> None:
    """Write a command's outputs and summary; nothing outside GitHub, or if it is not about a release."""
    if not is_github(environ):
        return
    if not result.get("sound", True):
        _summarise(f"vade {command} failed", _literal("\n".join(lines)), environ)
    elif "sequence" in result:
        table = _table(result) + _changes(result) if "embedded" in result else _literal("\n".join(lines))
        _summarise(f"vade {command}: {_headline(result)}", table, environ)
    # Probes expect the served release, whatever release a decision is about.
    served = {**result, "sequence": result["serves"]} if "serves" in result else result
    outputs = "".join(_output(name, served[name]) for name in OUTPUTS if name in served)
    _append(environ, "GITHUB_OUTPUT", outputs)


def tell_failure(command: str, error: VademecumError, environ: Mapping[str, str]) -> None:
    """Report why a command failed; nothing outside GitHub."""
    if not is_github(environ):
        return
    place = _place(error.message, {"": Path()}, environ)
    annotation = _annotation("error", error.message, {"title": f"vade {command}"} | place)
    print(printable(annotation), file=sys.stderr)
    reasons = _literal("\n".join([error.message, *getattr(error, "found", ())]))
    _summarise(f"vade {command} failed", f"{reasons}\nWhat is published stays as it was.\n", environ)


def refuse_moved(address: str, environ: Mapping[str, str]) -> None:
    """Raise UsageError if a job publishes to another repository's empty GitHub Pages, since it was moved."""
    from vademecum_builder.release.previous import is_empty  # what every command would wait for

    found = _PAGES.match(address)
    owner, _, name = environ.get("GITHUB_REPOSITORY", "").lower().partition("/")
    if not (is_github(environ) and found and owner):
        return
    own = f"https://{owner}.github.io/" + ("" if name == f"{owner}.github.io" else f"{name}/")
    if not f"{found[0].rstrip('/')}/".lower().startswith(own) and is_empty(address):
        raise UsageError(
            f"nothing is published at {address}, and this repository's site is {own}: was it moved or renamed? Write "
            "its address into the settings (address), and tell the apps that know the old one"
        )


def _summarise(title: str, text: str, environ: Mapping[str, str]) -> None:
    _append(environ, "GITHUB_STEP_SUMMARY", f"### {title}\n\n{text}\n")


def _literal(text: str) -> str:
    """Return a text as preformatted HTML, so that no Markdown or HTML in it has an effect."""
    return f"<pre>{html.escape(text)}</pre>\n"


def _headline(result: Mapping[str, Any]) -> str:
    release = html.escape(f"release {result['sequence']} ({result.get('version', '')})")
    if result.get("changed", True):
        return release
    return f"nothing changed, {release} stays{', signed again' if result.get('signed') else ''}"


def _table(result: Mapping[str, Any]) -> str:
    """Return the results of a build as a Markdown table, and its warnings."""
    downloads = result["downloads"]
    rows = {
        "documents": result["documents"],
        "added": result["added"],
        "modified": result["modified"],
        "removed": result["removed"],
        "chunks embedded": f"{result['embedded']} of {result['chunks']}",
        "index": size(result["bytes"]["published"]),
        "a user of the release before downloads": "-" if downloads["update"] is None else size(downloads["update"]),
        "a new user downloads, without the browser's Python": size(downloads["install"]),
        "took": f"{result['seconds']:.1f} s",
    }
    warnings = result["warnings"]
    warned = f"\n{counted(len(warnings), 'warnings')}\n\n{_literal(_first(warnings))}" if warnings else ""
    left = [f"{key}: {' '.join(marks)}" for key, marks in result["audit"]["leftovers"].items()]
    marked = (
        f"\nleft of markup, or of a merge: {counted(len(left), 'pages')}\n\n{_literal(_first(left))}" if left else ""
    )
    return "| | |\n|---|--:|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows.items()) + warned + marked


def _first(lines: Sequence[str]) -> str:
    """Return the first lines, and one with the number of further ones."""
    more = [f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    return "\n".join([*lines[:_LISTED], *more])


def _changes(result: Mapping[str, Any]) -> str:
    """Return the names of the documents that the release changes, the first of each kind; of a first release none."""
    if not result["changed"] or result["previous"] is None:
        return ""
    from vademecum_builder.release.version_json import read_changes  # what every command would wait for

    changes = read_changes(Path(result["out"], "version.json").read_bytes())
    named: list[str] = []
    for kind, found in changes.by_kind().items():
        named += (f"{kind}: {f'{change.was} -> ' if change.was else ''}{change.key}" for change in found[:_LISTED])
        more = len(found[_LISTED:]) + changes.more.get(kind, 0)
        named += [f"{kind}: and {more} more"] if more else []
    return f"\n{_literal(chr(10).join(named))}" if named else ""


def _annotation(kind: str, text: str, properties: Mapping[str, str]) -> str:
    """Return a workflow command."""
    named = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items() if value)
    return f"::{kind} {named}::{_escaped(text)}" if named else f"::{kind}::{_escaped(text)}"


def _place(text: str, folders: Mapping[str, Path], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the file and line at the beginning of a text, with the repository's path; nothing if there is none."""
    top = environ.get("GITHUB_WORKSPACE") or "."
    for match in _PLACE.finditer(text):
        name = text[: match.start()]
        for prefix, folder in folders.items():
            file = folder / name.removeprefix(prefix)
            with suppress(OSError, ValueError):  # not a possible file name
                if name.startswith(prefix) and file.is_file():
                    return {"file": os.path.relpath(file, top), "line": match[1] or ""}
    return {}


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _output(name: str, value: object) -> str:
    """Return the lines of an output in GITHUB_OUTPUT, with an end mark that cannot be guessed."""
    mark = f"end-{secrets.token_hex(16)}"
    text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    return f"{name}<<{mark}\n{text}\n{mark}\n"


def _append(environ: Mapping[str, str], variable: str, text: str) -> None:
    if file := environ.get(variable):
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(text)
