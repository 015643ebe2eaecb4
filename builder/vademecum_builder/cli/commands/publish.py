"""`vade publish`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from vademecum.errors import UsageError, counted
from vademecum.runtime.files import real_path
from vademecum.trust.metadata import TIMESTAMP
from vademecum_builder.cli.environment import settings_or
from vademecum_builder.cli.progress import Bars
from vademecum_builder.cli.wording import Shown, notice, size
from vademecum_builder.hosting.base import PublishOptions
from vademecum_builder.hosting.publishing import Delivery, publish
from vademecum_builder.hosting.targets import is_folder
from vademecum_builder.release.location import read_root


def run(options: Namespace) -> Shown:
    """Upload a built tree to its hosts; the exit code is 1 if one of them failed."""
    folder, targets = _from_to(options)
    with Bars() as bars:
        done = publish(
            folder,
            targets,
            PublishOptions(options.keep, options.history, options.dry_run),
            trust=read_root(options.trust),
            progress=lambda stage, count, total: bars(stage, count, total, "B"),
        )
    for path in done.foreign:
        notice(f"left out, because it is not part of the tree: {path}")
    for failed in (each for each in done.deliveries if each.error is not None):
        notice(str(failed.error))
    told = {
        "sequence": done.sequence,
        "dryRun": options.dry_run,
        "sound": all(each.error is None for each in done.deliveries),
        "leftOut": list(done.foreign),
        "targets": [_json(each) for each in done.deliveries],
    }
    served = [each for each in done.deliveries if each.error is None]
    verb = "Would publish" if options.dry_run else "Published" if served else "Did not publish"
    return told, [f"{verb} release {done.sequence}", *(_line(each, options.dry_run) for each in done.deliveries)]


def _from_to(options: Namespace) -> tuple[Path, Sequence[str]]:
    """Return the tree and its targets from the command line or the settings; raise UsageError if neither names them."""
    if options.dist is not None and options.targets:
        return options.dist, options.targets
    settings = settings_or(options.config, "publish what, and where? vade publish DIST TARGET")
    if not settings.publish:
        raise UsageError(f'{options.config} names no place: publish = ["s3://bucket/kb"], or vade publish DIST TARGET')
    if options.dist is None:
        return settings.out, settings.publish
    if not (options.dist / TIMESTAMP).exists():
        place = options.dist
        raise UsageError(f"{place} is not a built tree; to publish there: vade publish {settings.out} {place}")
    if real_path(options.dist) in [real_path(place) for place in settings.publish if is_folder(place)]:
        raise UsageError(f"{options.dist} is where {options.config} publishes to: vade publish alone does so")
    return options.dist, settings.publish


def _json(one: Delivery) -> dict[str, object]:
    error = None if one.error is None else {"code": one.error.code, "message": one.error.message}
    return {**vars(one), "error": error}


def _line(one: Delivery, dry_run: bool) -> str:
    if one.error is not None:
        return f"  {one.target}: failed ({one.error.code}); it serves what it served before"
    kept = f", {one.kept} no longer needed stay a while" if one.kept else ""
    gone, sent = ("to delete", "to send") if dry_run else ("deleted", "sent")
    return (
        f"  {one.target}: {counted(one.files, 'files')} {sent} ({size(one.bytes)}), {one.skipped} were there, "
        f"{one.deleted} {gone}{kept}; {one.seconds:.1f} s"
    )
