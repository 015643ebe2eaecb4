"""What the signed targets say of a channel: our one field beside those of TUF (format.md, section 2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from vademecum.errors import ContentError
from vademecum.format.json import DIGEST, Fields, parse_object
from vademecum.format.objects import FORMAT, MAX_SEQUENCE, ObjectRef

CUSTOM = "vademecum"
"""The name of our one field in `targets.signed`."""

WHOLE = 10_000
"""A rollout to everybody, in hundredths of a percent."""

MOST_YANKED = 1000

RELEASE_PATH = re.compile(r"releases/[0-9A-Za-z._-]{1,100}")


@dataclass(frozen=True)
class ManifestHint:
    """What the signed snapshot says that the targets will: where the current release's manifest lies.

    A hint saves a round trip and decides nothing: what it leads to counts if the targets name the very same.
    """

    sequence: int
    path: str
    sha256: str
    length: int

    @property
    def url_path(self) -> str:
        """The manifest's path in the published tree: the digest stands before the file's name (TUF 6.2)."""
        folder, _, name = self.path.rpartition("/")
        return f"{folder}/{self.sha256}.{name}"

    @property
    def manifest(self) -> ObjectRef:
        """Digest and length of the manifest, which is not gzipped."""
        return ObjectRef(self.sha256, self.length, self.length)

    def json(self) -> dict[str, object]:
        """Return the entry of the snapshot's field, as `read_hint` reads it."""
        return {"length": self.length, "release": self.path, "sequence": self.sequence, "sha256": self.sha256}


@dataclass(frozen=True)
class ReleasePointer(ManifestHint):
    """What the signed targets say of a release: the same, whether it was taken back, and who says so: the version of
    the trusted root, and the fingerprints of the keys that signed."""

    version: str
    yanked: bool = False
    root: int = 0
    signers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """What the signed targets say of a channel.

    Attributes:
        current: The release for everybody.
        candidate: A newer one for some, or None.
        rollout: For how many: of 10,000. 0 where what is signed is no such number.
        yanked: Sequences that the publisher has taken back.
        critical: Sequences that must not wait for others; without those that are no sequences.
        elsewhere: The highest sequence that another channel names: a reader may come from there.
    """

    current: ReleasePointer
    candidate: ReleasePointer | None = None
    rollout: int = 0
    yanked: tuple[int, ...] = ()
    critical: tuple[int, ...] = ()
    elsewhere: int = 0

    @property
    def releases(self) -> tuple[ReleasePointer, ...]:
        """All that can be installed."""
        return (self.current,) if self.candidate is None else (self.current, self.candidate)

    @property
    def newest(self) -> int:
        """The highest sequence that is named: the publisher knows of it."""
        return max(*(release.sequence for release in self.releases), self.elsewhere, *self.yanked)


Target = Callable[[str], tuple[str, int]]
"""Returns digest and length of a signed target, or raises `ContentError`."""


def read_line(custom: object, channel: str, target: Target) -> Line:
    """Return what our field says of a channel.

    A candidate that is not as format.md says counts as none: everybody stays with the current release.

    Args:
        custom: The value of our field in the signed targets; None where it is not there.
        target: Finds the targets that are signed beside it.

    Raises:
        NewerFormatError: The publisher writes a newer major format.
        ContentError: There is no such channel, or the entry is malformed.
    """
    if not isinstance(custom, dict):
        raise ContentError(f"targets.json has no field {CUSTOM!r}: not a tree that vademecum published")
    fields = Fields(custom, CUSTOM)
    fields.refuse_newer(FORMAT)
    channels = fields.child("channels")
    if channel not in channels:
        published = ", ".join(sorted(custom["channels"])) or "none"
        raise ContentError(
            f"there is no channel {channel}; the published channels are: {published} "
            "(`vade policy --channel NAME` chooses one)"
        )
    entry = channels.child(channel)
    yanked = entry.integers("yanked") if "yanked" in entry else ()
    if len(yanked) > MOST_YANKED:
        raise ContentError(f"{CUSTOM}: {len(yanked)} yanked releases, more than {MOST_YANKED}")
    current = _pointer(entry, yanked, target)
    candidate, rollout = _candidate(entry, yanked, target)
    if candidate is not None and candidate.sequence <= current.sequence:
        candidate = None
    others = (other for name, other in custom["channels"].items() if name != channel)
    elsewhere = max((0, *map(_sequence, others)))
    return Line(current, candidate, rollout, yanked, _critical(entry), elsewhere)


def channel_names(targets: bytes | None) -> list[str]:
    """Return the channels that verified targets name, by name; none of what cannot be read."""
    try:
        signed = {} if targets is None else parse_object(targets, "targets.json").get("signed", {})
        named = signed[CUSTOM]["channels"]
    except (ContentError, KeyError, TypeError):
        return []
    return sorted(named) if isinstance(named, dict) else []


def read_hint(custom: object, channel: str) -> ManifestHint | None:
    """Return what our field in the signed snapshot says of a channel; None where it says nothing that counts.

    Args:
        custom: The value of the field; None where it is not there, as in trees of earlier builders.
    """
    if not isinstance(custom, dict):
        return None
    try:
        entry = Fields(custom, CUSTOM).child("channels").child(channel)
        return ManifestHint(
            entry.integer("sequence", 1, MAX_SEQUENCE),
            entry.match("release", RELEASE_PATH),
            entry.match("sha256", DIGEST),
            entry.integer("length", 1),
        )
    except ContentError:
        return None


def _pointer(entry: Fields, yanked: tuple[int, ...], target: Target) -> ReleasePointer:
    path = entry.match("release", RELEASE_PATH)
    sequence = entry.integer("sequence", 1, MAX_SEQUENCE)
    sha256, length = target(path)
    return ReleasePointer(sequence, path, sha256, length, entry.text("version", 1, 100), sequence in yanked)


def _sequence(entry: object) -> int:
    """Return the sequence of another channel's release; 0 for what is none."""
    sequence = entry.get("sequence") if isinstance(entry, dict) else None
    return sequence if type(sequence) is int else 0


def _critical(entry: Fields) -> tuple[int, ...]:
    """Return the sequences that must not wait; junk makes none of them urgent, and closes nothing."""
    try:
        return entry.integers("critical") if "critical" in entry else ()
    except ContentError:
        return ()


def _candidate(entry: Fields, yanked: tuple[int, ...], target: Target) -> tuple[ReleasePointer | None, int]:
    """Return the candidate and its rollout; junk closes: it is a candidate for nobody, or none at all."""
    try:
        named = entry.optional("candidate", entry.child)
        if named is None:
            return None, 0
        candidate = _pointer(named, yanked, target)
    except ContentError:
        return None, 0
    try:
        return candidate, named.integer("rollout", 0, WHOLE)
    except ContentError:
        return candidate, 0
