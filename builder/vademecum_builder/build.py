"""The one way to build, for every caller: the command line, a workflow's job, a service, a notebook.

from pathlib import Path
from vademecum_builder.build import BuildRequest, build

report = build(BuildRequest(source=Path("docs"), out=Path("site"), keys=Path("keys")))
print(report.sequence, report.added, report.embedded)
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

from vademecum.errors import VademecumError
from vademecum_builder.encoders.registry import DEFAULT_ENCODER, NamedEncoders, published_name
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.pipeline import BuildReport, run_stages
from vademecum_builder.publish.tree import check_target
from vademecum_builder.release.previous import find_previous, locate_previous
from vademecum_builder.release.published import Published
from vademecum_builder.request import BuildRequest, Progress, ignore_progress
from vademecum_builder.signing.folder import DEFAULT_KEYS
from vademecum_builder.signing.keyring import Keys, choose_authority, find_keys
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.documents import choose_reader

__all__ = ["BuildReport", "BuildRequest", "build"]


def build(
    request: BuildRequest, *, now: datetime | None = None, progress: Progress = ignore_progress
) -> BuildReport:
    """Publish a release of a source, if anything changed since the previous one.

    Args:
        now: Aware; goes into the release and its expiry dates: the same time, the same bytes. None: this machine's.
        progress: Called with a stage, and how much of how much is done.

    Raises:
        UsageError: Something in the request cannot be meant.
        VademecumError: One clear line. The tree serves what it served before.
    """
    started = time.monotonic()
    now = now or datetime.now(UTC)
    source = _checked_source(request)
    location = locate_previous(request.previous, request.out)
    keys = find_keys(
        request.keys,
        request.root,
        out=request.out,
        published_at=None if request.force else location,
        signing_key=request.signing_key,
        make=request.make_keys,
        now=now,
    )
    previous = _previous(location, keys, force=request.force)
    authority = choose_authority(keys, previous.roots if previous else {}, now)
    site = SiteBuilder(request.runtime_cache) if request.site else None
    reader = choose_reader(source, request)
    context = BuildContext(request, authority, previous, site, now, progress, reader)
    report = run_stages(source, NamedEncoders(request.encoder), context)
    notices = (*keys.notices, *([reader.notice] if reader.notice else []))
    return replace(report, notices=notices, seconds=time.monotonic() - started)


def _checked_source(request: BuildRequest) -> FolderSource:
    """Return the source, after what can be said at once: before keys are made or a release is fetched.

    Raises:
        UsageError: A folder or an encoder that cannot be meant; nothing to read.
    """
    published_name(request.encoder or DEFAULT_ENCODER)
    source = FolderSource(request.source, request.patterns, leave_out=(request.out, DEFAULT_KEYS.parent))
    documents = source.scan()
    check_target(request.out, request.source)
    next(item for item in documents if isinstance(item, SourceItem))
    return source


def _previous(location: str | None, keys: Keys, *, force: bool) -> Published | None:
    """Return the release to build on, or None: there is none, or `force` gives up one that cannot be used."""
    if location is None:
        return None
    try:
        return find_previous(location, keys.roots)
    except VademecumError:
        if force:
            return None
        raise
