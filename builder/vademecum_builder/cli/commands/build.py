"""`vade build`."""

from __future__ import annotations

import os
import shlex
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

from vademecum.errors import UsageError, counted
from vademecum_builder.build import BuildReport, BuildRequest, build
from vademecum_builder.cli import github
from vademecum_builder.cli.commands.links import told_of_links
from vademecum_builder.cli.environment import is_ci, settings_named, signing_key, time_of_build
from vademecum_builder.cli.options.common import or_settings
from vademecum_builder.cli.progress import Bars, JsonLines
from vademecum_builder.cli.wording import Shown, address_of, listed, notice, shortened, size
from vademecum_builder.cli.workspace import of_build, stopped_by_signal
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.links import check_links
from vademecum_builder.pipeline import StrictError
from vademecum_builder.plan import plan_build
from vademecum_builder.release.channels import DEFAULT_CHANNEL
from vademecum_builder.release.share import share_text
from vademecum_builder.request import Progress, SourcesRequest
from vademecum_builder.stages.audit import NO_DOCUMENT, Audit, KindCount

_FIELDS = frozenset(field.name for field in fields(BuildRequest))
_SHOWN = 5
_NAMED = 3
"""The most pages that are named for each thing to look at."""


def run(options: Namespace) -> Shown:
    """Publish a release; warnings and notices go to stderr."""
    request = request_of(options)
    now = time_of_build(os.environ, past=request.force or request.preview)
    github.refuse_moved(address_of(request.previous), os.environ)
    if getattr(options, "dry_run", False):
        return _planned(request, now)
    try:
        report = _build(request, now, lines=getattr(options, "progress", "") == "json")
    except StrictError as error:
        for warning in error.found:
            github.warn(warning, _folders(request), os.environ)
        raise
    for warning in report.warnings:
        github.warn(warning, _folders(request), os.environ)
    for line in report.notices:
        notice(line)
    for kind, count in report.left_out.items():
        files = report.files_left_out.get(kind, ())
        named = f" ({shortened(files, _SHOWN)})" if files else ""
        notice(f"left out: {counted(count, kind)}{named}")
    result = report.json() | {"address": address_of(request.previous), "out": str(request.out)}
    lines = _lines(report, request.out, preview=request.preview)
    if not request.links:
        return result, lines
    checked, links = told_of_links(check_links(str(request.out), request.links))
    # A broken link fails the command; the release stays published.
    return result | {"links": checked, "sound": checked["sound"]}, [*lines, *links]


def _planned(request: BuildRequest, now: datetime) -> Shown:
    with Bars() as bars:
        plan = plan_build(request, now=now, progress=bars)
    for warning in plan.warnings:
        notice(f"warning: {warning}")
    cost = [] if plan.cost is None else [f"  {plan.cost.before}"]
    return plan.json(), [
        f"A build would publish {counted(plan.documents, 'documents')}: {plan.added} added, "
        f"{plan.modified} modified, {plan.removed} removed; {counted(plan.embedded, 'chunks')} would be embedded",
        *cost,
        "  nothing was written, and no encoder asked",
    ]


def _build(request: BuildRequest, now: datetime, *, lines: bool) -> BuildReport:
    stage = ""

    def progress(name: str, done: int, total: int) -> None:
        nonlocal stage
        stage = name
        told(name, done, total)

    with Bars() as bars, stopped_by_signal(lambda: stage == "syncing") as stop:
        told: Progress = JsonLines() if lines else bars
        return build(request, now=now, progress=progress, stop=stop)


def request_of(options: Namespace) -> BuildRequest:
    """Return the request: from the command line, and from the settings if it names no source.

    Raises:
        UsageError: Neither says what to build, or the settings cannot be read.
    """
    from_options = {name: value for name, value in vars(options).items() if name in _FIELDS and value is not None}
    from_options |= {name: tuple(from_options[name]) for name in ("patterns", "yank") if name in from_options}
    from_options |= {"packs": PackLimits(most=options.packs)} if "packs" in from_options else {}
    from_options["make_keys"] = not is_ci(os.environ)
    if not from_options.get("preview"):
        from_options["signing_key"] = signing_key(os.environ, from_options.get("keys"))
    if "source" not in from_options and (settings := settings_named(options.config)):
        request = replace(settings, **from_options)
        return replace(request, workspace=request.workspace or of_build(request, options.config))
    missing = " and ".join(
        option for name, option in (("source", "SOURCE"), ("out", "--out")) if name not in from_options
    )
    if missing:
        raise UsageError(f"what to build? name {missing}, or {or_settings()}")
    return BuildRequest(**from_options)


def _folders(request: SourcesRequest) -> dict[str, Path]:
    """Return the folders of documents by the beginning of their keys."""
    named = {one.prefix: one.values["path"] for one in request.sources if "path" in one.values}
    return named or {"": request.source}


def _audited(audit: Audit) -> list[str]:
    """Return the table at the end of a build."""
    without_documents = {
        ending: kind.files
        for ending, kind in audit.kinds.items()
        if {*kind.others} == {NO_DOCUMENT} and not kind.documents
    }
    records = [ending for ending in audit.kinds if ending and not ending.startswith(".")]
    column, width = ("source" if records else "ending"), max(map(len, (*audit.kinds, " " * 10)))
    kinds = [
        f"    {ending or 'none':<{width}} {kind.files:>7} {kind.documents:>10}   {_reasons(kind)}".rstrip()
        for ending, kind in audit.kinds.items()
        if ending not in without_documents
    ]
    if without_documents:
        named = shortened([ending or "no ending" for ending in without_documents], _SHOWN)
        kinds.append(f"    {'others':<{width}} {sum(without_documents.values()):>7} {0:>10}   no documents: {named}")
    leftovers = [f"  left of markup: {key}: {' '.join(marks)}" for key, marks in audit.leftovers.items()]
    to_look_at = [
        *listed(leftovers, _SHOWN, " such pages"),
        *_named("without text", audit.without_text),
        *_named("older than its source, which cannot be read", audit.stale),
        *(f"  a private key, which example-keys names: {key}" for key in audit.private_keys),
        *_named("the same text", [", ".join(keys) for keys in audit.duplicates]),
        *_named("published, although its name says draft or copy", audit.unfinished),
        *_named("published, all versions of one document", [", ".join(keys) for keys in audit.versions]),
    ]
    head = f"    {column:<{width}} {'items' if records else 'files':>7}  documents   the others"
    return [head, *kinds, *to_look_at]


def _named(what: str, pages: Sequence[str]) -> list[str]:
    """Return a line for each page; for many pages, one line with a few of them."""
    if len(pages) <= _SHOWN:
        return [f"  {what}: {page}" for page in pages]
    return [f"  {what}: {len(pages)}, as {'; '.join(pages[:_NAMED])} (--json lists all)"]


def _reasons(kind: KindCount) -> str:
    return "; ".join(counted(count, reason) for reason, count in kind.others.items())


def _unaddressed(report: BuildReport) -> list[str]:
    count = report.unaddressed
    of = f"{count} of {counted(report.documents, 'documents')}"
    return [f"  without an address: {of}; hits open only in the reader, unless base-url is set"] if count else []


def _lines(report: BuildReport, out: Path, *, preview: bool) -> list[str]:
    if not report.changed:
        signed = "; signed again" if report.signed else ""
        return [
            f"Nothing changed: release {report.sequence} ({report.version}) stays{signed}.",
            *_audited(report.audit),
            *_unaddressed(report),
        ]
    where = "" if report.channel == DEFAULT_CHANNEL else f" of {report.channel}"
    lines = []
    if report.candidate is not None:
        share = f"a candidate, for {share_text(report.candidate)} of the readers"
        what = f"waits for approval ({report.waits})" if report.waits else share
        lines.append(f"  {what}: vade promote {report.sequence} --to {report.channel}")
    if report.downloads.update == report.downloads.install:
        lines.append(
            "  cut or encoded otherwise than the release before: every client downloads all of it once, "
            f"{size(report.downloads.install)}"
        )
    done = "A preview of" if preview else "Published"
    return [
        f"{done} release {report.sequence} ({report.version}){where} in {out}",
        *lines,
        f"  {counted(report.documents, 'documents')}, {counted(report.chunks, 'chunks')}: {report.added} added, "
        f"{report.modified} modified, {report.removed} removed; {counted(report.embedded, 'chunks')} embedded",
        *_audited(report.audit),
        *_unaddressed(report),
        f"  index {size(report.bytes.published)}; files written {size(report.bytes.new)}; {report.seconds:.1f} s",
        f"  next: vade serve {shlex.quote(str(out))}",
    ]
