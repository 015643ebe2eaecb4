"""Decisions about published releases (promote, roll out, yank, roll back, resign): signed changes without a build.

from vademecum_builder.releases import TreeRequest, promote, roll_out

tree = TreeRequest(out=Path("site"), keys=Path("keys"))
roll_out(tree, 12, rollout=2500)    # to a quarter of the readers
promote(tree, 12)                   # to everybody
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from vademecum.errors import UsageError
from vademecum.trust.channel import ReleasePointer
from vademecum_builder.index.rows import VectorSpace, rows_of
from vademecum_builder.pipeline import make_release
from vademecum_builder.release import channels as decisions
from vademecum_builder.release.beside import read_again
from vademecum_builder.release.channels import named, yanked_of
from vademecum_builder.release.inventory import Inventory, list_releases
from vademecum_builder.release.published import Published
from vademecum_builder.request import TreeRequest
from vademecum_builder.stages.assemble import ReleaseInput, changes_between, contents_again
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.decision import ChangeReport, open_tree
from vademecum_builder.stages.embed import Embedded
from vademecum_builder.stages.publish import publish_release, sign_again

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


def promote(request: TreeRequest, sequence: int, *, to: str = "", now: datetime | None = None) -> ChangeReport:
    """Make a release the current one of a channel: its candidate, or a release of another channel.

    Args:
        to: The channel; empty: the request's.

    Raises:
        UsageError: There is no such release or channel; the release was yanked, or is older than the current one.
        VademecumError: See `build`.
    """
    tree = open_tree(request, now)
    release = tree.release(sequence)
    return tree.change(decisions.promote(tree.channels, to or request.channel, release), release)


def roll_out(
    request: TreeRequest, sequence: int, *, rollout: int, to: str = "", now: datetime | None = None
) -> ChangeReport:
    """Make a release the candidate of a channel for a share of its clients, or change that share.

    Args:
        rollout: In hundredths of a percent (`parse_share`).
        to: The channel; empty: the one whose candidate it is, else the request's.

    Raises:
        UsageError: There is no such release or channel; the release was yanked, or is not newer than the current one;
            or there is a newer candidate.
        VademecumError: See `build`.
    """
    tree = open_tree(request, now)
    release = tree.release(sequence)
    of = [name for name, line in tree.channels.items() if line.candidate and line.candidate.sequence == sequence]
    channel = to or [*of, request.channel][0]
    return tree.change(decisions.roll_out(tree.channels, channel, release, rollout), release)


def yank(request: TreeRequest, sequences: Collection[int], *, now: datetime | None = None) -> ChangeReport:
    """Yank releases: no client installs them any more or rolls back to them. A client that has one keeps it.

    Raises:
        UsageError: One was never published.
        VademecumError: See `build`.
    """
    tree = open_tree(request, now)
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

    Clients only follow to higher numbers; they download the difference.

    Raises:
        UsageError: There is no such release, it was yanked, or it is the newest.
        VademecumError: See `build`.
    """
    tree = open_tree(request, now)
    context, last = tree.context, tree.context.previous.numbers.sequence
    pointer = tree.release(to)
    if to in yanked_of(tree.channels):
        raise UsageError(f"release {to} was taken back (yanked): there is no going back to it")
    if to == last:
        raise UsageError(f"release {to} is the newest one: there is nothing to go back from")
    before = context.previous.published
    assert before is not None, "`open_tree` has read one"
    release = read_again(context.previous, request.out, pointer)
    contents = contents_again(release)
    content = ReleaseInput(_embedded(release), release.sources, contents, release.manifest.places)
    made = make_release(content, Base(), tree.archive, context)
    written = publish_release(made, changes_between(before, release), tree.archive, context, contents)
    notice = f"the sources are as they were: revert them to release {to} as well, or the next build brings them back"
    return tree.report(made.pointer, written, notice)


def resign(request: TreeRequest, *, now: datetime | None = None) -> ChangeReport:
    """Sign a new timestamp before the old one expires, and nothing else. Errors: see `build`."""
    tree = open_tree(request, now)
    current = tree.channels[decisions.shown_channel(tree.channels)].current
    return tree.report(current, sign_again(tree.archive, tree.context))


def _embedded(release: Published) -> Embedded:
    """Return the live rows of a release as if they had just been embedded."""
    manifest, rows = release.manifest, rows_of(release.segments)
    space = VectorSpace(manifest.encoder.name, manifest.encoder.dimensions, manifest.epoch)
    live = {row.key: row for row in rows.live}
    return Embedded(replace(rows, documents=live), space, release.query_encoder, release.directions, release.model)
