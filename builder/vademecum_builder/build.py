"""The one way to build, for every caller: the command line, a workflow's job, a service, a notebook.

from pathlib import Path
from vademecum_builder.build import BuildRequest, build

report = build(BuildRequest(source=Path("docs"), out=Path("site"), keys=Path("keys")))
print(report.sequence, report.added, report.embedded)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from vademecum.errors import NetworkError, SignatureError, UsageError, VademecumError
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.encoders.registry import DEFAULT_ENCODER, NamedEncoders, published_name
from vademecum_builder.kinds.base import OpenedSource
from vademecum_builder.kinds.registry import joined, open_sources
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.pipeline import run_stages
from vademecum_builder.publish.guard import is_preview, timestamp_version
from vademecum_builder.release.channels import check_channel
from vademecum_builder.release.numbers import Numbers, are_young, begun_anew, channels_left, lacks_timestamp, named_in
from vademecum_builder.release.previous import (
    Previous,
    find_previous,
    is_empty,
    is_here,
    locate_previous,
    require_clock,
    without_roots,
)
from vademecum_builder.request import WITHOUT_DEAD, ArchiveLimits, BuildRequest, Progress, ignore_progress
from vademecum_builder.signing.keyring import Keys, choose_authority, find_keys, keys_of_preview, throwaway_authority
from vademecum_builder.signing.keys import Authority
from vademecum_builder.sources.base import Source
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.documents import NamedReaders
from vademecum_builder.stages.report import BuildReport
from vademecum_builder.workspace.building import run_job, run_with_vectors, stored
from vademecum_builder.workspace.jobs import SyncOptions, in_stages
from vademecum_builder.workspace.store import Workspace
from vademecum_builder.workspace.sync import refuse_unfinished, sync_sources

__all__ = ["BuildReport", "BuildRequest", "build"]


def build(
    request: BuildRequest,
    *,
    now: datetime | None = None,
    progress: Progress = ignore_progress,
    stop: Callable[[], bool] = lambda: False,
) -> BuildReport:
    """Publish a release of a source, if anything changed since the previous one.

    Args:
        now: Aware; goes into the release and its expiry dates: the same time gives the same bytes. None: the clock's.
        progress: Called with a stage, how much of it is done, and of how much.
        stop: Asked after each batch that a workspace takes in; True ends the build.

    Raises:
        UsageError: The request makes no sense.
        VademecumError: Anything else, as one clear line. The tree still serves what it served before.
    """
    started = time.monotonic()
    now = now or datetime.now(UTC)
    request, unheeded = _erasing(request)
    published_name(request.encoder or DEFAULT_ENCODER)
    check_channel(request.channel)
    opened = open_sources(request)
    location = locate_previous(request.previous, request.out)
    after_preview = is_preview(request.out)
    if after_preview and request.previous is None and not request.preview:
        location = None  # nobody has its keys any more, and no client follows it
    timestamp_before = 0 if after_preview else timestamp_version(request.out)
    if location and "://" in location:
        progress("asking", 0, 1)  # takes a while without a network
    in_place = location == str(request.out)
    if request.preview:
        if timestamp_before and in_place:
            raise UsageError(_NO_OTHER_PLACE.format(request.out))
        keys, previous, authority = _start_preview(location, request, now, over_preview=after_preview and in_place)
    else:
        keys, previous, authority = _start_release(location, request, now)
    if not request.force:
        require_clock(previous, keys.roots, request.validity, now)
    site = SiteBuilder(request.runtime_cache) if request.site else None
    context = BuildContext(request, authority, previous, site, now, progress, timestamp_before=timestamp_before)
    report, notices = _run(request, opened, context, stop)
    notices = [*unheeded, *keys.notices, *previous.notices, *filter(None, notices)]
    return replace(report, notices=tuple(notices), seconds=time.monotonic() - started)


def _erasing(request: BuildRequest) -> tuple[BuildRequest, list[str]]:
    """Return the request with all that `erase_removed` implies, and a notice for each limit that it overrides."""
    if not request.erase_removed:
        return request, []
    overridden = {"packs": request.packs not in (PackLimits(), WITHOUT_DEAD["packs"])}
    overridden["keep"] = request.archive not in (ArchiveLimits(), WITHOUT_DEAD["archive"])
    return replace(request, refit=True, **WITHOUT_DEAD), [
        _UNHEEDED.format(name) for name in overridden if overridden[name]
    ]


def _start_preview(
    location: str | None, request: BuildRequest, now: datetime, *, over_preview: bool
) -> tuple[Keys, Previous, Authority]:
    """Return the keys that exist, what to compare the preview with, and the throwaway key that signs it."""
    keys = keys_of_preview(request)
    if over_preview:
        keys = replace(keys, roots={})  # none of our keys signed what it is compared with
    return keys, without_roots(_previous(location, keys, request, now)), throwaway_authority(now)


def _start_release(location: str | None, request: BuildRequest, now: datetime) -> tuple[Keys, Previous, Authority]:
    """Return the keys, what the release is built on, and who signs it."""
    published_at = None if request.force or request.restart else location
    keys = find_keys(request, out=request.out, published_at=published_at, make=request.make_keys, now=now)
    previous = _previous(location, keys, request, now)
    return keys, previous, choose_authority(keys, previous.roots, now)


def _run(
    request: BuildRequest, opened: Mapping[str, Sequence[OpenedSource]], context: BuildContext, stop: Callable[[], bool]
) -> tuple[BuildReport, list[str]]:
    """Return the report, and the notices of the readers and the encoder."""
    encoders = NamedEncoders(request.encoder, dimensions=request.dimensions)
    if request.workspace is None or not request.sources:
        if not request.sync:
            raise UsageError("--no-sync builds from a workspace, and there is none: name it with --workspace")
        source, reader = joined(opened)
        report = _run_keeping_vectors(request, source, encoders, replace(context, reader=reader))
        return replace(report, cost=encoders.cost), [reader.notice, *encoders.notices]
    with Workspace(request.workspace, create=True) as workspace, workspace.writing():
        source, named = joined(_as_stored(workspace, request, opened, context, stop))
        readers = cast("NamedReaders", named)
        encoders = replace(encoders, kept=workspace.vectors)
        report = run_job(
            workspace, request, readers, lambda noted: run_stages(source, encoders, replace(context, reader=noted))
        )
        return replace(report, cost=encoders.cost), [readers.notice, *encoders.notices]


def _run_keeping_vectors(
    request: BuildRequest, source: Source, encoders: NamedEncoders, context: BuildContext
) -> BuildReport:
    """Run a build that reads no workspace; vectors from a host are kept in one, if there is one."""
    if request.workspace is None or not encoders.is_behind_address:
        return run_stages(source, encoders, context)
    with Workspace(request.workspace, create=True) as workspace, workspace.writing():
        kept = replace(encoders, kept=workspace.vectors)
        return run_with_vectors(workspace, request, lambda: run_stages(source, kept, context))


def _as_stored(
    workspace: Workspace,
    request: BuildRequest,
    opened: Mapping[str, Sequence[OpenedSource]],
    context: BuildContext,
    stop: Callable[[], bool],
) -> Mapping[str, Sequence[OpenedSource]]:
    """Bring the workspace up to date, if that is wanted, and return the sources as it has them."""
    if request.sync:
        options = SyncOptions(batch=request.batch, reads=False, report=in_stages(context.progress), stop=stop)
        sync_sources(workspace, request, opened, options)
    else:
        refuse_unfinished(workspace, request.sources)
    return stored(workspace, request, opened)


def _previous(location: str | None, keys: Keys, request: BuildRequest, now: datetime) -> Previous:
    """Return what to build on; if there is nothing, or `force` gives it up, numbers that no client has seen."""
    if request.restart:
        return Previous(notices=(_RESTARTED,))
    if location is None:
        return _begin_anew("", keys, request, now)
    elsewhere = location != str(request.out)
    try:
        return find_previous(location, keys.roots, request.channel)
    except VademecumError as error:
        if elsewhere:
            gone = not isinstance(error, NetworkError) and is_empty(location)
        else:
            gone = lacks_timestamp(request.out, keys.newest_root)
        # What this machine serves under other keys is an earlier preview: nobody has its keys any more.
        tried_here = isinstance(error, SignatureError) and is_here(location)
        if request.preview and not gone and (tried_here or (error.transient and "://" in location)):
            numbers, why = named_in(request.out), error.message.partition(" (")[0]
            return Previous(numbers, notices=(_UNREACHED.format(why, numbers.sequence + 1),))
        if not (request.force or gone):
            raise
    return _begin_anew(location if elsewhere else "", keys, request, now)


def _begin_anew(lost: str, keys: Keys, request: BuildRequest, now: datetime) -> Previous:
    """Return the numbers to begin with when there is no release to build on.

    Args:
        lost: The place outside of the output folder where no usable tree was found; empty: there is no such place.
    """
    numbers = Numbers()  # for a preview, which no client follows
    if not request.preview:
        # While the keys are new, an empty host is a new host; later, it is a host that has lost its tree.
        had_a_tree = lost != "" and (request.force or not (keys.unused or are_young(keys.roots, now)))
        numbers = begun_anew(request.out, keys.roots, now, lost=had_a_tree, unused=keys.unused)
    number, left = numbers.sequence + 1, bool(keys.roots and numbers.sequence and not lost)
    channels = channels_left(request.out, keys.newest_root) if left else {}
    if lost and not request.force:
        built_here = named_in(request.out) != Numbers()
        message = _EMPTY if not numbers.sequence else _EMPTY_ABOVE if built_here else _EMPTY_UNSEEN
        notices = [message.format(lost, number)]
    else:
        above = _WITHOUT_TIMESTAMP if channels else _ABOVE
        notices = [above.format(number)] if numbers.sequence else []
    return Previous(numbers, channels=channels, notices=tuple(notices))


_UNHEEDED = "what is said of `{}` waits for the next build: --erase-removed has no packs and keeps no release"
_EMPTY = "nothing is published at {} yet: this is its first release, number {}"
_EMPTY_ABOVE = "nothing is published at {} yet: what was built here before is not there, and this is number {}"
_EMPTY_UNSEEN = (
    "nothing is published at {} yet: this is its first release as far as can be seen from here, number {}, above all "
    "that its keys can have signed"
)
_WITHOUT_TIMESTAMP = (
    "the timestamp of the previous release is lost or damaged: nothing but numbers and channels is taken from its "
    "tree, everything is read and embedded again, and this is number {}"
)
_NO_OTHER_PLACE = (
    "{}: holds a release that clients may follow, and no address says that it is published elsewhere as well. A "
    "preview would replace it: name another folder for the preview with --out"
)
_UNREACHED = "{}: this preview is not compared with it, and is number {}"
_RESTARTED = (
    "the numbers begin at 1: a client that has a release of these keys keeps it, and says that the line was "
    "restarted; other channels, and what was taken back, are not gone on from"
)
_ABOVE = (
    "there is no release to go on from, so this one is number {}, above all that these keys can have published (a very "
    "first release begins at 1 with --restart); other channels, and what was taken back, are not gone on from"
)
