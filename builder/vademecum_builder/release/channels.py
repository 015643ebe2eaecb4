"""The channels after a publisher's decision. Pure: no release is read or written.

Two things always hold, and clients rely on both: the sequence of a channel's current release never falls, nor does the
highest sequence that a channel names (`Line.newest`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from vademecum.errors import UsageError
from vademecum.trust.channel import MOST_YANKED, Line, ReleasePointer

Channels = Mapping[str, Line]
"""What each channel leads to, by its name."""

DEFAULT_CHANNEL = "stable"
CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def check_channel(name: str) -> str:
    """Return the name; raise UsageError if it cannot be the name of a channel."""
    if not CHANNEL_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a name for a channel: up to 40 of a-z, 0-9, ., - and _, a letter or digit first"
        )
    return name


def shown_channel(channels: Channels) -> str:
    """Return the channel that a tree's pages and version.json are about."""
    return DEFAULT_CHANNEL if DEFAULT_CHANNEL in channels else min(channels)


def newest_of(channels: Channels) -> int:
    """Return the highest sequence that any channel names: the next release is above it."""
    return max((line.newest for line in channels.values()), default=0)


def yanked_of(channels: Channels) -> tuple[int, ...]:
    """Return the sequences that were yanked."""
    return tuple(sorted({one for line in channels.values() for one in line.yanked}))


def named(channels: Channels) -> dict[int, ReleasePointer]:
    """Return the releases that channels lead to, by sequence."""
    return {release.sequence: release for line in channels.values() for release in line.releases}


def newest_release(channels: Channels, channel: str) -> ReleasePointer:
    """Return the newest release of a channel, candidates included; if there is no such channel, the newest of all."""
    lines = [channels[channel]] if channel in channels else channels.values()
    return max((release for line in lines for release in line.releases), key=lambda one: one.sequence)


def with_release(channels: Channels, channel: str, release: ReleasePointer, rollout: int | None = None) -> Channels:
    """Return the channels after a new release.

    Args:
        rollout: It is a candidate for this share of the clients, in hundredths of a percent. None: it is for everybody,
            as is the first release of a channel.
    """
    line = channels.get(channel)
    if line is None or rollout is None:
        before = line or Line(release, yanked=yanked_of(channels))
        after = replace(before, current=release, candidate=None, rollout=0)
    else:
        after = replace(line, candidate=release, rollout=rollout)
    return {**channels, channel: after}


def promote(channels: Channels, channel: str, release: ReleasePointer) -> Channels:
    """Return the channels with a release as the current one of a channel: its candidate, or one of another channel.

    Raises:
        UsageError: There is no such channel; the release was yanked, or is older than the current one.
    """
    line = _line(channels, channel)
    _refuse_yanked(channels, release.sequence, "promoted")
    current = line.current.sequence
    if release.sequence < current:
        raise UsageError(
            f"release {release.sequence} is older than {current}, the current one of {channel}, and no client goes "
            f"back: `vade rollback --to {release.sequence}` publishes its content under a new number"
        )
    behind = line.candidate is None or line.candidate.sequence <= release.sequence
    candidate, rollout = (None, 0) if behind else (line.candidate, line.rollout)
    return {**channels, channel: replace(line, current=release, candidate=candidate, rollout=rollout)}


def roll_out(channels: Channels, channel: str, release: ReleasePointer, rollout: int) -> Channels:
    """Return the channels with a release as a channel's candidate, for a share of its clients.

    Raises:
        UsageError: There is no such channel; the release was yanked, is not newer than the current one, or there is a
            newer candidate.
    """
    line = _line(channels, channel)
    _refuse_yanked(channels, release.sequence, "rolled out")
    number, candidate = release.sequence, line.candidate
    if number <= line.current.sequence:
        is_current = number == line.current.sequence
        where = "is" if is_current else f"is older than {line.current.sequence},"
        raise UsageError(f"release {number} {where} the current one of {channel}: there is nothing to roll out")
    if candidate is not None and candidate.sequence > number and candidate.sequence not in line.yanked:
        raise UsageError(
            f"release {candidate.sequence} is the candidate of {channel}, and newer than {number}: who has it does not "
            f"go back; take it back first with `vade yank {candidate.sequence}`"
        )
    return {**channels, channel: replace(line, candidate=release, rollout=rollout)}


def yank(channels: Channels, sequences: Collection[int], last: int) -> Channels:
    """Return the channels after releases were yanked from all of them.

    Args:
        last: The last release that was ever published.

    Raises:
        UsageError: One of them was never published.
    """
    for sequence in sequences:
        if not 1 <= sequence <= last:
            raise UsageError(f"release {sequence} cannot be yanked: there is no such release; the last one is {last}")
    yanked = tuple(sorted({*yanked_of(channels), *sequences})[-MOST_YANKED:])
    return {name: replace(line, yanked=yanked) for name, line in channels.items()}


def _line(channels: Channels, name: str) -> Line:
    if name not in channels:
        raise UsageError(
            f"there is no channel {name}, only {', '.join(channels)} (`vade build --channel NAME` begins one)"
        )
    return channels[name]


def mark_critical(channels: Channels, sequence: int) -> Channels:
    """Return the channels with a release that clients install even if it changes few documents."""
    return {
        name: replace(line, critical=tuple(sorted({*line.critical, sequence})[-MOST_YANKED:]))
        for name, line in channels.items()
    }


def _refuse_yanked(channels: Channels, sequence: int, what: str) -> None:
    if sequence in yanked_of(channels):
        raise UsageError(f"release {sequence} was taken back (yanked): it cannot be {what} any more")
