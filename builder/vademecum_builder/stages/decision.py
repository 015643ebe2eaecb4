"""The published tree that a decision about releases changes: read, verified, and signed anew."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vademecum.errors import UsageError
from vademecum.trust.channel import ReleasePointer
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.publish.guard import refuse_preview, timestamp_version
from vademecum_builder.release.channels import Channels, check_channel, named, yanked_of
from vademecum_builder.release.previous import find_previous, locate_previous, require_clock
from vademecum_builder.release.version_json import line_json
from vademecum_builder.request import BuildRequest, TreeRequest
from vademecum_builder.signing.keyring import choose_authority, find_keys
from vademecum_builder.stages.archive import Archive, find_archive
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.publish import Written, publish_channels


@dataclass(frozen=True)
class ChangeReport:
    """What a decision did.

    Attributes:
        sequence, version: Of the release that it was about.
        channels: What each channel leads to now.
        changed: False if there was nothing to change, and nothing was written.
        bytes: How many were written.
        notices: What else the publisher should read.
    """

    sequence: int
    version: str
    channels: Channels
    changed: bool
    bytes: int = 0
    notices: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return what the commands print with `--json`."""
        return {
            "sequence": self.sequence,
            "version": self.version,
            "changed": self.changed,
            "signed": self.changed,
            "channels": {name: line_json(line) for name, line in self.channels.items()},
            "bytes": {"new": self.bytes},
        }


@dataclass(frozen=True)
class PublishedTree:
    """A tree that was read and verified, and what is needed to sign it anew."""

    context: BuildContext
    archive: Archive

    @property
    def channels(self) -> Channels:
        """What each channel leads to."""
        return self.context.previous.channels

    def release(self, sequence: int) -> ReleasePointer:
        """Return the place of a release; raise UsageError if the tree has none of that number."""
        closure = self.archive.closures.get(sequence)
        if closure is None:
            last = self.context.previous.numbers.sequence
            why = "is not kept any more" if 1 <= sequence <= last else "was never published"
            why = "was taken back (yanked)" if sequence in yanked_of(self.channels) else why
            there = ", ".join(map(str, self.archive.closures))
            raise UsageError(f"release {sequence} {why}: there is {there} (`vade releases` lists them)")
        hint = closure.hint
        pointer = ReleasePointer(hint.sequence, hint.path, hint.sha256, hint.length, closure.manifest.version)
        return named(self.channels).get(sequence, pointer)

    def change(self, channels: Channels, about: ReleasePointer) -> ChangeReport:
        """Sign what channels lead to from now on, if anything changes."""
        if channels == self.channels:
            return self.report(about, Written(channels))
        return self.report(about, publish_channels(channels, self.archive, self.context))

    def report(self, about: ReleasePointer, written: Written, *notices: str) -> ChangeReport:
        """Return what was done; `notices` are added if anything was."""
        return ChangeReport(
            about.sequence,
            about.version,
            written.channels,
            written.signed,
            written.bytes,
            (*self.context.previous.notices, *(notices if written.signed else ())),
        )


def open_tree(request: TreeRequest, now: datetime | None) -> PublishedTree:
    """Read and verify a published tree, and find who signs the changes to it.

    Raises:
        UsageError: There is no tree, or it was signed with keys that are no longer valid.
        VademecumError: See `build`.
    """
    now = now or datetime.now(UTC)
    check_channel(request.channel)
    location = locate_previous(request.previous, request.out)
    if location is None:
        raise UsageError(
            f"{request.out}: there is no published tree; name it with --out, or where it is published with --previous"
        )
    refuse_preview(Path(location))
    timestamp_before = timestamp_version(request.out)
    keys = find_keys(request, out=request.out, published_at=location, make=False, now=now)
    away = "what is published there is read, and signed again: run this again when the host answers, or name a whole "
    away += f"copy of it with --previous {request.out if timestamp_before else 'DIR'}"
    previous = find_previous(location, keys.roots, request.channel, away=away)
    authority = choose_authority(keys, previous.roots, now)
    published = previous.published
    if published is None:
        raise UsageError(f"{previous.notices[0]}: `vade build` comes first")
    if not request.force:
        require_clock(previous, keys.roots, request.validity, now)
    has_pages = request.site and published.site is not None
    tree: dict[str, Any] = {one.name: getattr(request, one.name) for one in fields(TreeRequest)}
    tree["title"] = request.title or published.title  # no source is read that could name it
    context = BuildContext(
        BuildRequest(source=Path(), **tree),
        authority,
        previous,
        SiteBuilder(request.runtime_cache) if has_pages else None,
        now,
        timestamp_before=timestamp_before,
    )
    return PublishedTree(context, find_archive(context))
