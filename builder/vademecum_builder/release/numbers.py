"""The numbers of a line of releases: a client that has seen one only follows to higher ones (TUF 5.4.3, 5.5.5, 5.6.4).

So a build numbers above everything that was ever published: above what can be read of a tree; if that is lost, above
what its file names tell, or above as many releases as there can have been by now. If only the timestamp of a tree is
lost, its channels can still be read, though nothing leads from the root to the targets any more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tuf.api.metadata import Metadata, Targets

from vademecum.errors import ClockError, VademecumError
from vademecum.trust.channel import CUSTOM, channel_names, read_line
from vademecum.trust.floor import ANY_TIME
from vademecum.trust.metadata import TIMESTAMP, Trust
from vademecum_builder.publish.guard import is_preview, timestamp_version
from vademecum_builder.release.channels import Channels
from vademecum_builder.signing.defaults import Validity
from vademecum_builder.signing.metadata import Versions, check_signed, parse_root

NEVER_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
"""No release of this format is older."""
_FIRST_WEEKS = timedelta(days=30)
"""Keys that look unused for longer have probably been used on another machine."""
_NAME = re.compile(r"metadata/(\d{1,10})\.(?:snapshot|targets)\.json|releases/[0-9a-f]{64}\.(\d{1,10})\.json")
_AHEAD = timedelta(days=1)
"""Clients install nothing that was built further in the future of their clock (`Config`: `clock`)."""
_PAUSE = timedelta(days=100)
"""After a longer pause, and without a host to compare with, the publisher has to confirm that the clock is right."""


@dataclass(frozen=True)
class Numbers:
    """What the next release counts on from: the sequence and metadata versions of the last one; 0: there is none."""

    sequence: int = 0
    versions: Versions = field(default_factory=Versions)

    def within(self, most: int) -> Numbers:
        """Return the numbers, none of them above `most`."""
        found = self.versions
        versions = Versions(*(min(n, most) for n in (found.targets, found.snapshot, found.timestamp)))
        return Numbers(min(self.sequence, most), versions)


def most_by(now: datetime, since: datetime = NEVER_BEFORE) -> int:
    """Return how many releases there can have been at that time, at one a second."""
    return max(0, int((now - since).total_seconds()))


def named_in(folder: Path) -> Numbers:
    """Return the numbers in the file names of a tree, whatever state the files are in."""
    names = [_NAME.fullmatch(path.relative_to(folder).as_posix()) for path in folder.glob("*/*.json")]
    found = [match.groups() for match in names if match]
    signed = max([timestamp_version(folder), *(int(version) for version, _ in found if version)])
    # A build signs each role once and makes at most one release, so no sequence is above a version.
    sequence = max((int(number) for _, number in found if number), default=signed)
    return Numbers(sequence, Versions(signed, signed, signed))


def begun_anew(out: Path, roots: Mapping[int, bytes], now: datetime, *, lost: bool, unused: bool = False) -> Numbers:
    """Return numbers that no client has seen yet, for a line whose releases cannot be read.

    Args:
        out: The file names in it tell earlier numbers.
        roots: The publisher's root metadata: no release is older than the first.
        lost: There is, or was, a tree elsewhere.
        unused: The keys have not been used here since they were made (`Keys.unused`).
    """
    made = max(map(_made, roots.values()), default=now)
    floor = most_by(max(now, made))  # a clock that is behind must not lower a number
    named = Numbers() if is_preview(out) else named_in(out).within(floor)
    if not lost and len(roots) == 1:
        if unused and now < made + _FIRST_WEEKS:
            floor = 0
        elif are_young(roots, now):
            # With keys a day old, no line can have been lost yet, or continued above a thief's numbers: they are small.
            floor = most_by(now, made)
    if named != Numbers() and not lost:
        # A very first build that died before it wrote the timestamp, the last file: no client has seen a release.
        unseen = not (out / TIMESTAMP).exists() and named.versions.timestamp <= 1 and are_young(roots, now)
        # A timestamp may be signed again without a new snapshot, and its version is in no file name.
        signed = replace(named.versions, timestamp=max(floor, named.versions.timestamp))
        return Numbers() if unseen else replace(named, versions=signed)
    highest = max(floor, named.sequence, named.versions.targets)
    return Numbers(highest, Versions(highest, highest, highest))


def are_young(roots: Mapping[int, bytes], now: datetime) -> bool:
    """Return whether the keys are less than a day old: they probably sign their very first release."""
    return 1 in roots and now < _made(roots[1]) + timedelta(days=1)


def _made(root: bytes) -> datetime:
    """Return when root metadata was made by `vade keys`."""
    return parse_root(root).signed.expires - Validity().root


def check_clock(
    now: datetime,
    built: str,
    host_time: datetime | None,
    validity: Validity,
    *,
    signed: datetime | None = None,
    roots: Mapping[int, bytes] | None = None,
) -> None:
    """Refuse a build time at which no client would install the release.

    Args:
        built: When the previous release was built, an ISO time; empty: there is none that is trusted.
        host_time: The host's Date header, if any. It is not signed, but more recent than the previous release.
        signed: When the previous release was last signed; later than `built` if nothing has changed since.
        roots: The publisher's root metadata: if nothing else is known, no release is older than the first.

    Raises:
        ClockError: The release would expire at once, or lie in the future of all clients.
    """
    before = [datetime.fromisoformat(built)] if built else []
    witness = host_time or max([*before, *([signed] if signed else [])], default=None)
    if witness is not None:
        who = "the host's clock says" if host_time else "the previous release was signed on"
        close = witness - validity.timestamp / 2 < now < witness + (_AHEAD if host_time else _PAUSE)
    else:
        witness, who = _made(roots[min(roots)]) if roots else now, "its keys were made on"
        close = witness < now + _AHEAD
    if not close:
        raise ClockError(
            f"this build's time is {now:%Y-%m-%d %H:%M}, and {who} {witness:%Y-%m-%d %H:%M}: clients would not install "
            "the release. Set this machine's clock, or SOURCE_DATE_EPOCH; --force goes on where this time is right"
        )


def lacks_timestamp(out: Path, root: bytes) -> bool:
    """Return whether the timestamp there is damaged, not signed by anybody.

    That is: it is no metadata at all, or claims a signature by keys that the root names, and does not have it. If
    another key has signed it, it may be a stranger's tree; a damaged disk cannot do that.
    """
    try:
        trust, data = Trust(root, ANY_TIME), (out / TIMESTAMP).read_bytes()
    except (VademecumError, OSError):
        return False
    return trust.claims("timestamp", data) and not trust.signs("timestamp", data)


def channels_left(out: Path, root: bytes) -> Channels:
    """Return the channels of the newest targets that the root's keys have signed; empty: there are none."""
    found = {int(path.name.split(".")[0]): path for path in out.glob("metadata/[1-9]*.targets.json")}
    for version in sorted(found, reverse=True):
        with suppress(VademecumError, OSError):
            data = found[version].read_bytes()
            check_signed(data, f"metadata/{version}.targets.json", [root])
            return _channels(data)
    return {}


def _channels(data: bytes) -> Channels:
    signed = Metadata[Targets].from_bytes(data).signed

    def target(path: str) -> tuple[str, int]:
        return signed.targets[path].hashes["sha256"], signed.targets[path].length

    custom = signed.unrecognized_fields.get(CUSTOM)
    return {name: read_line(custom, name, target) for name in channel_names(data)}
