"""The store's pointer: which generation is installed, and what the user decided about releases.

The record `head` (format.md, section 8) is the one thing that a commit flips. A generation names every
object that it needs, so that reading never depends on metadata or on the network.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from vademecum.errors import EmptyStoreError
from vademecum.format.json import DIGEST, Fields, canonical, parse_object
from vademecum.format.manifest import Manifest, ReleaseInfo, read_info
from vademecum.format.version import FORMAT


@dataclass(frozen=True)
class Generation(ReleaseInfo):
    """One installed release. `encoder` and `segments` are digests, the latter newest first; `installed` an ISO time."""

    installed: str
    dimensions: int
    encoder: str
    segments: tuple[str, ...]

    @property
    def objects(self) -> frozenset[str]:
        """The digests of everything that reading this generation needs."""
        return frozenset((self.encoder, *self.segments))


@dataclass(frozen=True)
class Head:
    """What is installed. `refused` sequences are not installed again unless forced."""

    current: Generation | None = None
    previous: Generation | None = None
    pinned: int | None = None
    refused: tuple[int, ...] = ()

    @property
    def objects(self) -> frozenset[str]:
        return frozenset().union(*(g.objects for g in (self.current, self.previous) if g is not None))

    def reason_to_wait(self, sequence: int, yanked: bool) -> str | None:
        """Return why this published release is not to be installed: or None.

        `current`, `ahead` (a candidate that others do not get), `yanked`, `refused`, `pinned`.
        """
        if self.current is not None and sequence == self.current.sequence:
            return "current"
        if self.current is not None and sequence < self.current.sequence:
            return "ahead"
        if yanked:
            return "yanked"
        if sequence in self.refused:
            return "refused"
        if self.pinned is not None and sequence != self.pinned:
            return "pinned"
        return None

    def installed(self, generation: Generation) -> Head:
        """Return the head after installing `generation`.

        A release that is installed anew takes its own place: the way back leads to the one before still.
        """
        anew = self.current is not None and self.current.sequence == generation.sequence
        previous = self.previous if anew else self.current
        return replace(self._accept(generation.sequence), current=generation, previous=previous)

    def refuse(self, sequence: int) -> Head:
        """Return the head with `sequence` marked as not to be tried again."""
        return replace(self, refused=tuple(sorted({*self.refused, sequence})[-32:]))

    def exchanged(self) -> Head:
        """Return the head with current and previous exchanged.

        Raises:
            EmptyStoreError: There is no previous generation.
        """
        if self.current is None or self.previous is None:
            raise EmptyStoreError("no previous generation to go back to: only one release is installed here")
        back = replace(self, current=self.previous, previous=self.current)
        return back._accept(self.previous.sequence)

    def rolled_back(self) -> Head:
        """Return the head with current and previous exchanged; the release that was left is refused.

        Raises:
            EmptyStoreError: There is no previous generation.
        """
        back = self.exchanged()
        return back if self.current is None else back.refuse(self.current.sequence)

    def undone(self) -> Head:
        """Return the head without the current generation, which does not work here: it is refused.

        Raises:
            EmptyStoreError: Nothing is installed.
        """
        if self.current is None:
            raise EmptyStoreError("nothing is installed: there is nothing to undo")
        return replace(self.refuse(self.current.sequence), current=self.previous, previous=None)

    def _accept(self, sequence: int) -> Head:
        return replace(self, refused=tuple(refused for refused in self.refused if refused != sequence))


def generation_of(manifest: Manifest, segments: tuple[str, ...], installed: str) -> Generation:
    """Return the generation that installing `manifest` from `segments` gives."""
    return Generation(
        **manifest.info,
        installed=installed,
        dimensions=manifest.encoder.dimensions,
        encoder=manifest.encoder.object.sha256,
        segments=segments,
    )


def encode_head(head: Head) -> bytes:
    return canonical({**asdict(head), "format": FORMAT})


def decode_head(data: bytes | None) -> Head:
    """Read the record; None (no such record) is an empty head.

    Raises:
        NewerFormatError: Written by a newer major format.
        ContentError: Damaged.
    """
    if data is None:
        return Head()
    values = parse_object(data, "head")
    fields = Fields(values, "head")
    fields.refuse_newer(FORMAT)
    return Head(
        current=_generation(fields.optional("current", fields.child)),
        previous=_generation(fields.optional("previous", fields.child)),
        pinned=fields.optional("pinned", fields.integer),
        refused=fields.integers("refused"),
    )


def _generation(fields: Fields | None) -> Generation | None:
    if fields is None:
        return None
    return Generation(
        **read_info(fields),
        installed=fields.text("installed"),
        dimensions=fields.integer("dimensions", 1),
        encoder=fields.match("encoder", DIGEST),
        segments=fields.digests("segments"),
    )
