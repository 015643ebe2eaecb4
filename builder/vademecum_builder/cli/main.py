"""`vade`: parse, call, print, exit code (exits.py). A failure is one line on stderr."""

from __future__ import annotations

import json
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from vademecum.errors import CancelledError, StorageError, UsageError, VademecumError
from vademecum.integrity.inspection import Finding
from vademecum_builder.cli.arguments import parser
from vademecum_builder.cli.exits import DONE, FAILED, exit_code

Shown = tuple[dict[str, Any], Sequence[str]]
"""What a command returns: the JSON object, and the lines for people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `vade`; return the exit code."""
    options = parser().parse_args(arguments)
    wants_json = getattr(options, "json", False)
    try:
        result, lines = _COMMANDS[options.command](options)
    except VademecumError as error:
        return _fail(error, wants_json)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("vademecum"):
            raise
        hint = f"`vade {options.command}` needs {error.name}: pip install 'vademecum[build]'"
        return _fail(UsageError(hint), wants_json)
    except OSError as error:
        # A disk or a permission outside of what the stages expect; still one line, never a trace.
        failure = StorageError(f"{error.filename or 'file system'}: {error.strerror or error}")
        return _fail(failure, wants_json)
    except KeyboardInterrupt:
        cancelled = CancelledError("interrupted; what was published or installed is unchanged")
        return _fail(cancelled, wants_json)
    _say(json.dumps(result, ensure_ascii=False) if wants_json else "\n".join(lines))
    return DONE if result.get("sound", True) else FAILED


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # `vade search ... | head`: the reader has seen enough. Nothing may be left for Python to flush at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(error: VademecumError, wants_json: bool) -> int:
    status = exit_code(error)
    print(f"vade: {' '.join(error.message.split())}", file=sys.stderr)
    if wants_json:
        told = {"code": error.code, "message": error.message, "exit": status}
        print(json.dumps({"error": told}, ensure_ascii=False))
    return status


# The builder's commands ---------------------------------------------------------------------------


def _build(options: Namespace) -> Shown:
    from vademecum_builder.build import publish
    from vademecum_builder.cli.progress import Bars

    with Bars() as bars:
        done = publish(options, os.environ, bars)
    report = done.report
    for warning in report.warnings:
        print(f"vade: warning: {warning}", file=sys.stderr)
    for notice in done.notices:
        print(f"vade: {notice}", file=sys.stderr)
    result = {
        "sequence": report.sequence,
        "version": report.version,
        "documents": report.documents,
        "chunks": report.chunks,
        "added": report.added,
        "modified": report.modified,
        "removed": report.removed,
        "embedded": report.embedded,
        "changed": report.changed,
        "bytes": {"published": report.bytes_published, "new": report.bytes_new},
        "seconds": round(done.seconds, 3),
        "signed": report.signed,
        "site": report.site,
        "warnings": list(report.warnings),
    }
    if not report.changed:
        signed = "; signed anew" if report.signed else ""
        return result, [f"Nothing changed: release {report.sequence} ({report.version}) stays{signed}."]
    return result, [
        f"Published release {report.sequence} ({report.version}) in {options.out}",
        f"  {report.documents} documents, {report.chunks} chunks: {report.added} added, "
        f"{report.modified} modified, {report.removed} removed; {report.embedded} chunks embedded",
        f"  index {_size(report.bytes_published)}; files written {_size(report.bytes_new)}; {done.seconds:.1f} s",
        f"  next: vade serve {shlex.quote(str(options.out))}",
    ]


def _keys(options: Namespace) -> Shown:
    from vademecum_builder.build import now_of
    from vademecum_builder.signing import keys

    now = now_of(os.environ)
    if options.action == "new":
        keys.new_keys(options.out, now)
        root = options.out / keys.ROOT_FILE
        return {"keys": str(options.out)}, [
            f"Made {root} (public: ship it with your app),",
            f"  {options.out / keys.ROOT_KEY} (keep it offline: it can replace every other key),",
            f"  {options.out / keys.RELEASE_KEY} (signs releases; in CI put it into {keys.KEY_VARIABLE}).",
        ]
    version = keys.renew_root(options.keys, now, rotate=options.rotate)
    return {"version": version}, [f"Signed root version {version}; the next `vade build` publishes it."]


def _verify(options: Namespace) -> Shown:
    from vademecum_builder.release.verify import verify

    found = verify(options.location, options.trust, expect=options.expect)
    return asdict(found), [
        f"Good: release {found.sequence} ({found.version}), {found.documents} documents, {found.chunks} chunks;",
        f"  {found.files} files, {_size(found.bytes)}, every signature, hash, digest and golden vector; "
        f"signed until {found.expires[:10]}",
    ]


def _serve(options: Namespace) -> Shown:
    from vademecum_builder.server.static import PagesServer, Request

    def log(request: Request) -> None:
        path = ascii(request.path)[1:-1]  # whatever a client sent: nothing that a terminal would obey
        print(
            f"{request.method} {path} {request.status} {request.sent_bytes} B "
            f"{request.seconds * 1000:.0f} ms",
            file=sys.stderr,
        )

    server = PagesServer(options.folder, options.port, max_age=options.max_age, log=log)
    print(f"Serving {options.folder} at {server.url} (stop with Ctrl+C)", flush=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    return {}, ["Stopped."]


# The client's commands ----------------------------------------------------------------------------


def _pull(options: Namespace) -> Shown:
    from vademecum.config import Config
    from vademecum.knowledge import KnowledgeBase
    from vademecum_builder.cli.progress import Bars

    with (
        KnowledgeBase.open(
            options.store,
            url=[options.location, *options.mirror],
            trust=options.trust,
            seed=options.seed,
            config=Config(max_update_bytes=options.max_bytes),
        ) as knowledge,
        Bars() as bars,
    ):
        knowledge.on("updateProgress", bars.update)
        outcome = knowledge.sync(force=options.force)
        status = knowledge.status()
    result = {**outcome.json(), "seconds": round(outcome.seconds, 3)}
    if status["seed"] is not None:
        print(f"vade: the seed was passed over: {status['seed']['message']}", file=sys.stderr)
    requests = "1 request" if outcome.requests == 1 else f"{outcome.requests} requests"
    cost = f"{requests}, {_size(outcome.bytes)}, {outcome.seconds:.1f} s"
    if outcome.plan == "none":
        here = f"release {outcome.to_sequence} ({outcome.version})"
        if waits := _waiting(status):
            return result, [f"Stays at {here}; {cost}", f"  {waits}"]
        return result, [f"Up to date: {here}; {cost}", *_stale(status)]
    before = "nothing" if outcome.from_sequence is None else f"release {outcome.from_sequence}"
    seed = f"; release {outcome.seeded} from the seed" if outcome.seeded is not None else ""
    return result, [
        f"Installed release {outcome.to_sequence} ({outcome.version}) over {before}; "
        f"plan {outcome.plan}, {cost}{seed}"
    ]


def _search(options: Namespace) -> Shown:
    from vademecum.knowledge import KnowledgeBase

    with KnowledgeBase.open(options.store) as knowledge:
        hits = knowledge.search(options.query, options.limit)
        release = knowledge.release.sequence
    result = {"release": release, "hits": [asdict(hit) for hit in hits]}
    lines = [f"No hits in release {release}."] if not hits else []
    for number, hit in enumerate(hits, 1):
        place = " › ".join(filter(None, (hit.title, hit.heading)))
        lines += [f"{number:2}. {place}  ({hit.score:.2f})", f"    {hit.url or hit.document}"]
        lines += [f"    {_excerpt(hit.text)}"]
    return result, lines


def _status(options: Namespace) -> Shown:
    from vademecum.knowledge import KnowledgeBase

    with KnowledgeBase.open(options.store) as knowledge:
        status = knowledge.status()
    installed, error = status["installed"], status["error"]
    lines = ["Nothing installed yet."]
    if installed is not None:
        lines = [
            f"Release {installed['sequence']} ({installed['version']}), built {installed['built']}",
            f"  {installed['documents']} documents, {installed['chunks']} chunks, {_size(status['bytes'])} stored",
        ]
    lines += [f"  {waits}"] if (waits := _waiting(status)) else []
    lines += [f"  previous: release {status['previous']['sequence']}"] if status["previous"] else []
    lines += [f"  checked {status['checked']}"] if status["checked"] else []
    lines += _stale(status)
    lines += (
        [f"  signatures expired on {status['expires']}: nothing new is installed"]
        if status["expired"]
        else []
    )
    lines += ["  trust: the first root that was seen (pin one with --trust)"] if status["firstUse"] else []
    lines += [f"  last error ({error['code']}): {error['message']}"] if error else []
    return status, lines


def _doctor(options: Namespace) -> Shown:
    from vademecum.knowledge import KnowledgeBase
    from vademecum_builder.cli.progress import Bars

    places = [options.location, *options.mirror] if options.location else options.mirror
    with (
        KnowledgeBase.open(options.store, url=places, trust=options.trust, seed=options.seed) as knowledge,
        Bars() as bars,
    ):
        knowledge.on("updateProgress", bars.update)
        found = knowledge.doctor(
            repair=not options.check, looked=lambda done, total: bars("reading", done, total, "B")
        )
    lines = [f"was {_line(finding)}" for finding in found.before if not finding.sound]
    lines += [_line(finding) for finding in found.findings]
    if not found.sound and (options.check or not places):
        lines.append(f"To mend it: vade doctor --store {shlex.quote(str(options.store))} URL")
    return found.json(), lines


def _line(finding: Finding) -> str:
    return f"{'ok ' if finding.sound else 'BAD'}  {finding.name}: {finding.message}"


def _rollback(options: Namespace) -> Shown:
    from vademecum.knowledge import KnowledgeBase

    with KnowledgeBase.open(options.store) as knowledge:
        left = knowledge.status()["installed"]
        generation = knowledge.rollback()
    result = {"from": left["sequence"], "to": generation.sequence, "version": generation.version}
    return result, [f"Back at release {generation.sequence} ({generation.version})."]


def _stale(status: Mapping[str, Any]) -> list[str]:
    since = status["staleSince"]
    return [f"  the host shows older metadata than these, since {since} (a stale mirror?)"] if since else []


def _waiting(status: Mapping[str, Any]) -> str:
    """Say why the published release is not the installed one; empty where that needs no words."""
    installed, latest = status["installed"], status["latest"]
    if installed is None or latest is None or latest["sequence"] == installed["sequence"]:
        return ""
    number = latest["sequence"]
    if number in status["refused"]:
        return (
            f"release {number} is published, but was rolled back or did not work here (pull --force takes it)"
        )
    if status["pinned"] is not None:
        return f"release {number} is published; this store is pinned to release {status['pinned']}"
    return f"release {number} is published: pull it"


def _size(count: int) -> str:
    return (
        f"{count} B" if count < 1000 else f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.2f} MB"
    )


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:159]}…"


_COMMANDS: dict[str, Callable[[Namespace], Shown]] = {
    "build": _build,
    "keys": _keys,
    "verify": _verify,
    "serve": _serve,
    "pull": _pull,
    "search": _search,
    "status": _status,
    "doctor": _doctor,
    "rollback": _rollback,
}

if __name__ == "__main__":
    sys.exit(main())
