"""What a publisher decides about releases that are there: each a signed change, without sources and without a model.

from vademecum_builder.releases import TreeRequest, promote, roll_out

tree = TreeRequest(out=Path("site"), keys=Path("keys"))
roll_out(tree, 12, rollout=2500)    # to a quarter of the readers
promote(tree, 12)                   # to everybody
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vademecum.errors import UsageError
from vademecum.trust.channel import ReleasePointer
from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.index.rows import rows_of
from vademecum_builder.index.space import VectorSpace
from vademecum_builder.index.tiers import TierLimits
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.pipeline import make_release
from vademecum_builder.publish.tree import timestamp_version
from vademecum_builder.release import channels as decisions
from vademecum_builder.release.beside import read_again
from vademecum_builder.release.channels import DEFAULT_CHANNEL, Channels, named, yanked_of
from vademecum_builder.release.inventory import Inventory, list_releases
from vademecum_builder.release.numbers import check_clock
from vademecum_builder.release.previous import find_previous, locate_previous
from vademecum_builder.release.published import Published
from vademecum_builder.release.version_json import line_json
from vademecum_builder.request import ArchiveLimits, BuildRequest
from vademecum_builder.signing.keyring import choose_authority, find_keys
from vademecum_builder.signing.metadata import Validity
from vademecum_builder.stages.archive import Archive, find_archive
from vademecum_builder.stages.assemble import changes_between, contents_again
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.embed import Embedded
from vademecum_builder.stages.publish import Written, publish_channels, publish_release, sign_again

__all__ = [
    "ChangeReport",
    "Inventory",
    "TreeRequest",
    "list_releases",
    "promote",
    "resign",
    "roll_back",
    "roll_out",
    "yank",
]


@dataclass(frozen=True)
class TreeRequest:
    """Which tree to change, and who signs. All but `out` has a default; each field is that of `BuildRequest`.

    Attributes:
        out: Folder of the published tree: whole and ready to be deployed afterwards.
        previous: The tree that is gone on from, an address or a folder; None: what lies in `out`.
        channel: What is meant where no channel is named.
        site: Whether pages are rendered, where the tree has some.
    """

    out: Path
    previous: str | None = None
    channel: str = DEFAULT_CHANNEL
    title: str = ""
    keys: Path | None = None
    root: Path | None = None
    signing_key: str = field(default="", repr=False)
    site: bool = True
    runtime_cache: Path | None = None
    force: bool = False
    validity: Validity = field(default_factory=Validity)
    tiers: TierLimits = field(default_factory=TierLimits)
    packs: PackLimits = field(default_factory=PackLimits)
    archive: ArchiveLimits = field(default_factory=ArchiveLimits)


def tree_of(request: BuildRequest) -> TreeRequest:
    """Return the tree that a build publishes."""
    return TreeRequest(**{one.name: getattr(request, one.name) for one in fields(TreeRequest)})


@dataclass(frozen=True)
class ChangeReport:
    """What a decision did.

    Attributes:
        sequence, version: Of the release that it was about.
        channels: What each channel leads to now.
        changed: False where all was so already, and nothing was written.
        bytes: Written.
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


def promote(
    request: TreeRequest, sequence: int, *, to: str = "", now: datetime | None = None
) -> ChangeReport:
    """Make a release the current one of a channel: a candidate of it, or one of another channel.

    Args:
        to: The channel; empty: the request's.

    Raises:
        UsageError: There is no such release or channel; it was taken back, or is older than the current one.
        VademecumError: See `build`.
    """
    tree = _open(request, now)
    release = tree.release(sequence)
    return tree.change(decisions.promote(tree.channels, to or request.channel, release), release)


def roll_out(
    request: TreeRequest, sequence: int, *, rollout: int, to: str = "", now: datetime | None = None
) -> ChangeReport:
    """Make a release the candidate of a channel for so many of its readers, or change for how many it is.

    Args:
        rollout: In hundredths of a percent (`parse_share`).
        to: The channel; empty: that whose candidate it is, else the request's.

    Raises:
        UsageError: There is no such release or channel; it was taken back, or is not newer than the current one; or a
            newer candidate is on its way.
        VademecumError: See `build`.
    """
    tree = _open(request, now)
    release = tree.release(sequence)
    of = [
        name for name, line in tree.channels.items() if line.candidate and line.candidate.sequence == sequence
    ]
    channel = to or [*of, request.channel][0]
    return tree.change(decisions.roll_out(tree.channels, channel, release, rollout), release)


def yank(request: TreeRequest, sequences: Collection[int], *, now: datetime | None = None) -> ChangeReport:
    """Take releases back: no client installs them any more, nor goes back to them. Who has one reads on.

    Raises:
        UsageError: One was never published.
        VademecumError: See `build`.
    """
    tree = _open(request, now)
    last = tree.context.previous.numbers.sequence
    channels = decisions.yank(tree.channels, sequences, last)
    hit = [name for name, line in channels.items() if line.current.sequence in sequences]
    notices = tuple(
        f"release {channels[name].current.sequence} is the current one of {name}: who has it keeps it, and nobody else "
        "gets any, until a newer one is published (`vade rollback --to SEQUENCE` does so with older content)"
        for name in hit
    )
    last = max(sequences)
    version = next((one.version for one in named(channels).values() if one.sequence == last), "")
    report = tree.change(channels, ReleasePointer(last, "", "", 0, version))
    return replace(report, notices=report.notices + notices)


def roll_back(request: TreeRequest, *, to: int, now: datetime | None = None) -> ChangeReport:
    """Publish the content of an earlier release under a new number, in the request's channel.

    Clients follow to higher numbers alone; what they download is the difference.

    Raises:
        UsageError: There is no such release, it was taken back, or none is newer.
        VademecumError: See `build`.
    """
    tree = _open(request, now)
    context, last = tree.context, tree.context.previous.numbers.sequence
    pointer = tree.release(to)
    if to in yanked_of(tree.channels):
        raise UsageError(f"release {to} was taken back (yanked): there is no going back to it")
    if to == last:
        raise UsageError(f"release {to} is the newest one: there is nothing to go back from")
    before = context.previous.published
    assert before is not None, "`_open` has read one"
    release = read_again(context.previous, request.out, pointer)
    contents = contents_again(release)
    made = make_release(
        _embedded(release), release.sources, Base(), tree.archive, contents, release.manifest.places, context
    )
    written = publish_release(made, changes_between(before, release), tree.archive, context, contents)
    notice = f"the sources are as they were: revert them to release {to} as well, or the next build brings them back"
    return tree.report(made.pointer, written, notice)


def resign(request: TreeRequest, *, now: datetime | None = None) -> ChangeReport:
    """Sign a new timestamp, and nothing else: before the old one expires, where nothing is to be built.

    Raises:
        VademecumError: See `build`.
    """
    tree = _open(request, now)
    current = tree.channels[decisions.shown_channel(tree.channels)].current
    return tree.report(current, sign_again(tree.archive, tree.context))


@dataclass(frozen=True)
class _Tree:
    """A tree that was read and verified, and what is needed to sign it anew."""

    context: BuildContext
    archive: Archive

    @property
    def channels(self) -> Channels:
        return self.context.previous.channels

    def release(self, sequence: int) -> ReleasePointer:
        """Return where a release lies.

        Raises:
            UsageError: The tree has none of that number.
        """
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
        """Sign what channels lead to from now on, if that is something new."""
        if channels == self.channels:
            return self.report(about, Written(channels))
        return self.report(about, publish_channels(channels, self.archive, self.context))

    def report(self, about: ReleasePointer, written: Written, *notices: str) -> ChangeReport:
        return ChangeReport(
            about.sequence,
            about.version,
            written.channels,
            written.signed,
            written.bytes,
            (*self.context.previous.notices, *(notices if written.signed else ())),
        )


def _open(request: TreeRequest, now: datetime | None) -> _Tree:
    now = now or datetime.now(UTC)
    decisions.check_channel(request.channel)
    location = locate_previous(request.previous, request.out)
    if location is None:
        raise UsageError(
            f"{request.out}: there is no published tree; name it with --out, or where it is published with --previous"
        )
    lying = timestamp_version(request.out)
    keys = find_keys(
        request.keys,
        request.root,
        out=request.out,
        published_at=location,
        signing_key=request.signing_key,
        make=False,
        now=now,
    )
    previous = find_previous(location, keys.roots, request.channel)
    authority = choose_authority(keys, previous.roots, now)
    published = previous.published
    if published is None:
        raise UsageError(f"{previous.notices[0]}: `vade build` comes first")
    if not request.force:
        signed = published.expires - request.validity.timestamp
        check_clock(
            now, published.manifest.built, previous.told, request.validity, signed=signed, roots=keys.roots
        )
    has_pages = request.site and published.site is not None
    as_build: Mapping[str, Any] = {one.name: getattr(request, one.name) for one in fields(request)}
    context = BuildContext(
        BuildRequest(source=Path(), **as_build),
        authority,
        previous,
        SiteBuilder(request.runtime_cache) if has_pages else None,
        now,
        lying=lying,
    )
    return _Tree(context, find_archive(context))


def _embedded(release: Published) -> Embedded:
    """Return the live rows of a release, as if they were embedded now."""
    manifest, rows = release.manifest, rows_of(release.segments)
    bits = release.segments[0].bits if release.segments else BuildRequest.bits
    space = VectorSpace(manifest.encoder.name, manifest.encoder.dimensions, bits, manifest.epoch)
    live = {row.key: row for row in rows.live}
    return Embedded(
        replace(rows, documents=live), space, release.query_encoder, release.directions, release.model
    )
