"""`vade`: parses, calls, prints, and returns the exit code (exits.py). A failure is one line on stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import redirect_stderr, suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

from vademecum import log_to_stderr
from vademecum.errors import CancelledError, SignatureError, StorageError, UsageError, VademecumError
from vademecum.origin import pip_install
from vademecum_builder.cli import github
from vademecum_builder.cli.arguments import parser
from vademecum_builder.cli.exits import DONE, FAILED, MISUSE, exit_code
from vademecum_builder.cli.wording import Shown, notice, pointed, printable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `vade`; return the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given:
        parser().print_help(sys.stderr)
        return MISUSE
    wants_json = "--json" in given
    if isinstance(sys.stdout, TextIOWrapper):
        # Characters that stdout lacks (a pipe on Windows, `LC_ALL=C`) are escaped; JSON is UTF-8.
        sys.stdout.reconfigure(encoding="utf-8" if wants_json else None, errors="backslashreplace")
    # Libraries log retries, which are not messages: their outcome is reported.
    logging.getLogger("stamina").addHandler(logging.NullHandler())
    try:
        options = parser().parse_args(given)
        if options.verbose:
            log_to_stderr("debug")
        # Notices and bars go to stderr; failures are reported below.
        with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere if options.quiet else sys.stderr):
            result, lines = _call(options)
            github.tell(options.command, result, lines, os.environ)
        if wants_json or (lines and not options.quiet):
            _say(json.dumps(result, ensure_ascii=False) if wants_json else "\n".join(lines))
    except VademecumError as error:
        return _fail(given[0], error, wants_json)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("vademecum"):
            raise
        hint = f"`vade {given[0]}` needs {error.name}: {pip_install('build')}"
        return _fail(given[0], UsageError(hint), wants_json)
    except OSError as error:
        # An unexpected error of a disk or a permission: still one line, never a traceback.
        mistyped = isinstance(error, FileNotFoundError) and str(error.filename) in given
        failure = (UsageError if mistyped else StorageError)(
            f"{error.filename or 'file system'}: {error.strerror or error}"
        )
        return _fail(given[0], failure, wants_json)
    except KeyboardInterrupt:
        cancelled = CancelledError("interrupted; what was published or installed is unchanged")
        return _fail(given[0], cancelled, wants_json)
    return DONE if result.get("sound", True) else FAILED


def _call(options: Namespace) -> Shown:
    # Imported by name, so that `vade search` neither loads what only builds need nor requires the extra.
    command = import_module(f"vademecum_builder.cli.commands.{options.command}")
    try:
        shown: Shown = command.run(options)
    except SignatureError as error:
        place = getattr(options, "location", None) or ""
        if not import_module("vademecum_builder.publish.guard").is_preview(Path(place)):
            raise
        hint = f"{place}: a preview is signed with keys of its own: leave out --trust, and pull it into a new store"
        raise UsageError(hint) from error
    return shown


def _say(text: str) -> None:
    """Print a result; raise `StorageError` if it cannot be written, such as on a full disk."""
    try:
        print(printable(text), flush=True)
    except OSError as error:
        # Nothing may be left for Python to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # `vade search ... | head`: the reader has seen enough
            raise StorageError(f"the output cannot be written: {error.strerror or error}") from error


def _fail(command: str, error: VademecumError, wants_json: bool) -> int:
    status = exit_code(error)
    message = pointed(error.message)
    with suppress(OSError):  # the summary's file is not ours, and the reason is printed anyway
        github.tell_failure(command, error, os.environ)
    notice(" ".join(message.split()))
    if wants_json:
        told = {"code": error.code, "message": message, "exit": status}
        with suppress(StorageError):  # the line above and the exit code report it
            _say(json.dumps({"error": told}, ensure_ascii=False))
    return status


if __name__ == "__main__":
    sys.exit(main())
