"""From which older releases packs lead, and which packs stay published (format.md, section 3.1). Pure.

Direct packs lead to a release from the last few before it. For older ones there is a ladder of steps: the step of
release *s* leads to the next multiple of 4; of 16 if *s* is a multiple of 4; of 64 if it is one of 16, and so on. A
client that is *k* releases behind climbs at most 3 steps of each size, and then takes a direct pack where the next step
would lead beyond the current release. So one pack per release stays published, and the steps together cost little more
than what changed: most documents do not change in two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vademecum.delta.dictionary import FANOUT, step_of
from vademecum.format.manifest import Manifest, PackEntry
from vademecum.format.objects import ObjectRef


@dataclass(frozen=True)
class PackLimits:
    """What packs may cost the host.

    Attributes:
        recent: Direct packs lead from this many previous releases.
        share: Bytes of all packs that stay published, as a share of the segments' bytes.
        floor: Bytes that packs may always take.
        most: Bytes that packs may take, whatever the segments take; None: `share` and `floor` apply.
    """

    recent: int = 6
    share: float = 2.0
    floor: int = 262_144
    most: int | None = None

    def budget(self, segments: int) -> int:
        """Return how many bytes packs may take beside segments of this many bytes."""
        return max(self.floor, int(self.share * segments)) if self.most is None else self.most


def leads_on(sequence: int) -> bool:
    """Return whether a step leads to this release."""
    return sequence % FANOUT == 0


def bases(sequence: int, first: int, limits: PackLimits) -> list[int]:
    """Return the releases that packs lead from to this one, newest first, none below `first`.

    >>> bases(23, 1, PackLimits(recent=2))
    [22, 21, 20, 16]
    """
    recent = range(sequence - 1, max(first, sequence - limits.recent) - 1, -1)
    found = set(recent)
    size = 1
    while size <= sequence:
        # Releases on this rung whose step does not end before this release: the last few multiples of its size.
        newest = (sequence - 1) // size * size
        found.update(base for base in range(newest, newest - FANOUT * size, -size) if base > 0)
        size *= FANOUT
    steps = (base for base in found if base in recent or step_of(base) >= sequence)
    return sorted((base for base in steps if base >= first), reverse=True) if limits.recent else []


def steps_to(manifest: Manifest) -> tuple[PackEntry, ...]:
    """Return the packs of a manifest that stay published after its release is replaced."""
    return tuple(entry for entry in manifest.packs if step_of(entry.after) == manifest.sequence)


def files_needed(packs: Iterable[PackEntry], older: Mapping[str, Manifest]) -> dict[str, ObjectRef]:
    """Return the files of older releases that these packs depend on: path -> digest and size.

    Args:
        older: Manifests of older releases by digest; nothing is kept of releases that are not among them.
    """
    files: dict[str, ObjectRef] = {}
    for entry in packs:
        manifest = None if entry.manifest is None else older.get(entry.manifest.sha256)
        if entry.manifest is not None and manifest is not None:
            steps = steps_to(manifest)
            files[entry.manifest_path] = entry.manifest
            files |= {step.object.path: step.object for step in steps}
            files |= files_needed(steps, older)
    return files
