"""The store's pointer: which generation is installed, and what the user decided about releases.

The record `head` (format.md, section 8) is the one thing that a commit flips. A generation names every
object that it needs, so that reading never depends on metadata or on the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace

from vademecum.errors import EmptyStoreError
from vademecum.format.json import DIGEST, Fields, canonical, parse_object
from vademecum.format.manifest import Manifest, ReleaseInfo, decode_manifest, read_info
from vademecum.format.objects import FORMAT
from vademecum.policy import UNKNOWN, Offered, Policy, decide
from vademecum.store.seal import LONGEST_MESSAGE, as_text, seal, unseal


@dataclass(frozen=True)
class Generation(ReleaseInfo):
    """One installed release.

    Attributes:
        installed: An ISO time.
        encoder, segments: Digests, of segments the newest first.
        manifest: The digest of its manifest, as it is signed.
        root, signers: Who vouches for it: the keys that signed its targets, by their fingerprints, and the version of
            the root that named them.
        revoked: The trusted root does not name them any more: its sequence is no floor, and nobody goes back to it.
    """

    installed: str
    dimensions: int
    encoder: str
    segments: tuple[str, ...]
    manifest: str = ""
    root: int = 0
    signers: tuple[str, ...] = ()
    revoked: bool = False

    @property
    def objects(self) -> frozenset[str]:
        """The digests of everything that reading this generation needs."""
        return frozenset((self.encoder, *self.segments))

    @property
    def fingerprint(self) -> str:
        """What stands for these very segments as this release."""
        return hashlib.sha256(" ".join((self.digest, *self.segments)).encode()).hexdigest()


@dataclass(frozen=True)
class Head:
    """What is installed. `refused` sequences are not installed again unless forced; `reasons` says why, of those that
    did not work here."""

    current: Generation | None = None
    previous: Generation | None = None
    pinned: int | None = None
    refused: tuple[int, ...] = ()
    reasons: tuple[tuple[int, str], ...] = ()

    @property
    def generations(self) -> tuple[Generation, ...]:
        """The current one and the one before, as far as there are any."""
        return tuple(generation for generation in (self.current, self.previous) if generation is not None)

    @property
    def objects(self) -> frozenset[str]:
        """The digests that they name: all else may be collected."""
        return frozenset().union(*(generation.objects for generation in self.generations))

    @property
    def floor(self) -> Generation | None:
        """The installed release below which nothing is installed; None where nobody vouches for one."""
        return None if self.current is None or self.current.revoked else self.current

    def judged(self, named: Collection[str], threshold: int) -> Head:
        """Return the head under a root that names these keys for the targets, by their fingerprints.

        A release is revoked whose signers it names no more, or too few of them.
        """

        def judge(generation: Generation | None) -> Generation | None:
            if generation is None:
                return None
            still = len({*generation.signers} & {*named})
            return replace(generation, revoked=still < max(1, min(threshold, len(generation.signers))))

        return replace(self, current=judge(self.current), previous=judge(self.previous))

    def vouched(self, sequence: int, manifest: str, root: int, signers: tuple[str, ...]) -> Head:
        """Return the head after these keys have signed that release: they vouch for it where it is installed."""

        def vouch(generation: Generation | None) -> Generation | None:
            if generation is None or (generation.sequence, generation.manifest) != (sequence, manifest):
                return generation
            return replace(generation, root=root, signers=signers, revoked=False)

        return replace(self, current=vouch(self.current), previous=vouch(self.previous))

    def reason_to_wait(self, sequence: int, yanked: bool) -> str | None:
        """Return why this published release is not to be installed: or None.

        `current`, `ahead` (a candidate that others do not get), `yanked`, `refused`, `pinned`.
        """
        if self.floor is not None and sequence == self.floor.sequence:
            return "current"
        if self.floor is not None and sequence < self.floor.sequence:
            return "ahead"
        if yanked:
            return "yanked"
        return decide(self.steer(Policy(connection="any")), Offered(sequence), UNKNOWN).reason or None

    def steer(self, policy: Policy) -> Policy:
        """Return the policy with what was decided about single releases."""
        chosen = self._chosen
        return replace(policy, pinned=chosen.pinned, skipped=chosen.refused)

    @property
    def _chosen(self) -> Head:
        """The head with those choices of the user that count: none about a line whose keys are revoked."""
        if self.current is None or not self.current.revoked:
            return self
        pinned = None if self.pinned == self.current.sequence else self.pinned
        return replace(self, pinned=pinned, refused=(), reasons=())

    def installed(self, generation: Generation) -> Head:
        """Return the head after installing `generation`.

        A release that is installed anew, or in place of a revoked one, takes its place: the way back leads to the one
        before still. To a revoked one there is none.
        """
        anew = self.floor is None or self.floor.sequence == generation.sequence
        previous = _unrevoked(self.previous if anew else self.current)
        return replace(self._chosen._accept(generation.sequence), current=generation, previous=previous)

    def refuse(self, sequence: int, reason: str = "") -> Head:
        """Return the head with `sequence` marked as not to be tried again, and why, if it does not work here."""
        refused = tuple(sorted({*self.refused, sequence})[-32:])
        known = {**dict(self.reasons), sequence: as_text(reason)}
        reasons = tuple((number, known[number]) for number in refused if known.get(number))
        return replace(self, refused=refused, reasons=reasons)

    def exchanged(self) -> Head:
        """Return the head with current and previous exchanged; raise EmptyStoreError if there is no way back."""
        if self.current is None or self.previous is None:
            raise EmptyStoreError("no previous generation to go back to: only one release is installed here")
        if self.previous.revoked:
            raise EmptyStoreError(
                f"release {self.previous.sequence} was signed by keys that are revoked: the installed one stays"
            )
        back = replace(self, current=self.previous, previous=self.current)
        return back._accept(self.previous.sequence)

    def rolled_back(self) -> Head:
        """Return the head as `exchanged` does, and the release that was left refused."""
        back = self.exchanged()
        return back if self.current is None else back.refuse(self.current.sequence)

    def undone(self, reason: str = "") -> Head:
        """Return the head without the current generation, which is refused; raise EmptyStoreError if there is none."""
        if self.current is None:
            raise EmptyStoreError("nothing is installed: there is nothing to undo")
        back = _unrevoked(self.previous)
        return replace(self.refuse(self.current.sequence, reason), current=back, previous=None)

    def _accept(self, sequence: int) -> Head:
        refused = tuple(refused for refused in self.refused if refused != sequence)
        return replace(self, refused=refused, reasons=tuple(why for why in self.reasons if why[0] != sequence))


def _unrevoked(generation: Generation | None) -> Generation | None:
    return None if generation is None or generation.revoked else generation


def generation_of(manifest: Manifest, segments: tuple[str, ...], installed: str) -> Generation:
    """Return the generation that installing `manifest` from `segments` gives."""
    return Generation(
        **manifest.info,
        installed=installed,
        dimensions=manifest.encoder.dimensions,
        encoder=manifest.encoder.object.sha256,
        segments=segments,
    )


def manifest_of(generation: Generation, kept: Mapping[str, str]) -> Manifest | None:
    """Return the signed manifest of a generation, of those that a store keeps by their digests; or None."""
    text = kept.get(generation.manifest)
    return None if text is None else decode_manifest(text.encode())


def misfit(generation: Generation, manifest: bytes) -> str:
    """Return what a generation says otherwise than its signed manifest; empty: nothing."""
    if hashlib.sha256(manifest).hexdigest() != generation.manifest:
        return "manifest"
    signed = decode_manifest(manifest)
    known = generation_of(signed, generation.segments, generation.installed)
    said = replace(generation, manifest="", root=0, signers=(), revoked=False)
    return next((name for name, value in asdict(known).items() if getattr(said, name) != value), "")


def encode_head(head: Head) -> bytes:
    """Return the record `head` (format.md, section 8)."""
    return seal(canonical({**asdict(head), "format": FORMAT}))


def decode_head(data: bytes | None) -> Head:
    """Read the record; None (no such record) is an empty head.

    Raises:
        NewerFormatError: Written by a newer major format.
        ContentError: Damaged.
    """
    if data is None:
        return Head()
    values = parse_object(unseal(data, "head"), "head")
    fields = Fields(values, "head")
    fields.refuse_newer(FORMAT)
    return Head(
        current=fields.optional("current", lambda name: _generation(fields.child(name))),
        previous=fields.optional("previous", lambda name: _generation(fields.child(name))),
        pinned=fields.optional("pinned", fields.integer),
        refused=fields.integers("refused"),
        reasons=tuple((why.integer("0"), why.text("1", longest=LONGEST_MESSAGE)) for why in fields.lists("reasons")),
    )


def _generation(fields: Fields) -> Generation:
    return Generation(
        **read_info(fields),
        installed=fields.text("installed"),
        dimensions=fields.integer("dimensions", 1),
        encoder=fields.match("encoder", DIGEST),
        segments=fields.digests("segments"),
        manifest=fields.match("manifest", DIGEST),
        root=fields.integer("root"),
        signers=fields.digests("signers"),
        revoked=fields.boolean("revoked"),
    )
