"""The packs of a release: from which older releases, and within which budget; and the history for the next build."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from vademecum.delta.dictionary import Header
from vademecum.format.manifest import PackEntry
from vademecum.format.objects import ObjectRef
from vademecum_builder.delta.encode import encode_pack
from vademecum_builder.delta.old_rows import History
from vademecum_builder.delta.schedule import bases, files_needed, leads_on
from vademecum_builder.index.segments import LaidSegments
from vademecum_builder.release.published import Published
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.embed import Embedded


@dataclass(frozen=True)
class Packs:
    """The packs of a release.

    Attributes:
        entries: For the manifest, newest base first.
        files: The packs themselves: path -> content.
        kept: Files of older releases that stay published because packs start from there.
        history: Rows of older releases, for the next build.
    """

    entries: tuple[PackEntry, ...]
    files: Mapping[str, bytes]
    kept: frozenset[str]
    history: History


@dataclass
class _Budget:
    """Bytes spent on packs, and on the files of older releases that they start from."""

    total: int
    files: dict[str, int] = field(default_factory=dict)

    def allows(self, files: Mapping[str, ObjectRef]) -> bool:
        """Add these files if there is room for them, and return whether there was."""
        wanted = self.files | {path: ref.size for path, ref in files.items()}
        if sum(wanted.values()) > self.total:
            return False
        self.files = wanted
        return True


def make_packs(embedded: Embedded, base: Base, segments: LaidSegments, context: BuildContext) -> Packs:
    """Return the packs that lead to a release; none in a new epoch.

    Args:
        segments: The release's tiers: a pack has to be smaller than the tiers that it replaces.
    """
    sequence, limits, rows = context.sequence, context.request.packs, embedded.rows
    published, space = base.published, embedded.space
    if published is None:
        return Packs((), {}, frozenset(), History(sequence))
    history = published.history.followed(base.rows, rows, sequence)
    older = {**published.older, published.pointer.sha256: published.manifest}
    budget = _Budget(limits.budget(sum(entry.object.size for entry in segments.entries)))
    entries: list[PackEntry] = []
    files: dict[str, bytes] = {}
    for after in bases(sequence, history.first, limits):
        header = Header(after, sequence, space.dimensions)
        content = encode_pack(history.release(after, rows), rows, header)
        manifest = _manifest(after, published)
        entry = PackEntry(after, hashlib.sha256(content).hexdigest(), len(content), manifest)
        tiers = sum(tier.object.size for tier in segments.entries if tier.upto > after)
        if len(content) >= tiers:
            continue
        if not budget.allows({entry.object.path: entry.object, **files_needed([entry], older)}):
            break
        entries.append(entry)
        files[entry.object.path] = content
    oldest = entries[-1].after if entries else sequence
    return Packs(tuple(entries), files, frozenset(files_needed(entries, older)), history.since(oldest))


def _manifest(after: int, published: Published) -> ObjectRef | None:
    """Return the manifest of an older release that a step starts from; None: no step does."""
    if not leads_on(after):
        return None
    if after == published.manifest.sequence:
        return ObjectRef(published.pointer.sha256, published.pointer.length, published.pointer.length)
    return next((entry.manifest for entry in published.manifest.packs if entry.after == after), None)
