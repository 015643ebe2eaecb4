"""`vade check` and `vade audit`: the sources compared with what is published, and the age of each part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from vademecum.errors import EmptyStoreError
from vademecum.version import __version__
from vademecum_builder.chunking.structure import CHUNKER
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.index.rows import metadata_of, rows_of
from vademecum_builder.kinds.base import OpenedSource
from vademecum_builder.kinds.registry import joined
from vademecum_builder.publish.guard import timestamp_version
from vademecum_builder.release.previous import Previous, find_previous, locate_previous
from vademecum_builder.release.published import Published
from vademecum_builder.request import BuildRequest, Progress, TreeRequest, ignore_progress
from vademecum_builder.signing.keyring import keys_of_preview, throwaway_authority
from vademecum_builder.stages.base import find_base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.read import SourceState, read_source

EDITED = "the source has other text, address or metadata"
ORPHANED = "the source has it no more"


@dataclass(frozen=True)
class SourceCheck:
    """One source compared with the published release; keys are without the source's prefix.

    Attributes:
        name: Empty: the only folder.
        documents: How many it has now.
        missing: In the source, but not published.
        orphaned: Published, but not in the source.
        stale: Published in another state, with the reason.
    """

    name: str
    documents: int
    missing: tuple[str, ...] = ()
    orphaned: tuple[str, ...] = ()
    stale: Mapping[str, str] = field(default_factory=dict)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The keys of everything that is not as it should be."""
        return (*self.missing, *self.orphaned, *self.stale)


@dataclass(frozen=True)
class WorkspaceCheck:
    """What a check found.

    Attributes:
        release: The sequence of the published release.
        version: Of that release.
        failed: What could not be read, one line each.
    """

    release: int
    version: str
    sources: tuple[SourceCheck, ...]
    failed: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether everything is published as it is in the sources."""
        return not any(source.wrong for source in self.sources)

    def json(self) -> dict[str, Any]:
        """Return what `vade check --json` prints."""
        return asdict(self) | {"sound": self.sound}


@dataclass(frozen=True)
class DocumentAge:
    """How old a published document is, and where it came from.

    Attributes:
        updated: When it changed, according to its source; empty: the source does not say.
        release: The sequence of the release in which it last changed. `built`: when that was built, if known.
        vectors: The sequences of the releases in which its oldest and newest vector were made.
        job: The job of the workspace that brought it; 0: unknown.
        stale: Why it should be built anew; empty: it is up to date.
    """

    source: str
    key: str
    updated: str
    release: int
    built: str
    vectors: tuple[int, int]
    job: int = 0
    stale: str = ""


@dataclass(frozen=True)
class AgeReport:
    """Versions and ages of what is published."""

    release: int
    built: str
    made_by: Mapping[str, str]
    documents: tuple[DocumentAge, ...]

    def json(self) -> dict[str, Any]:
        """Return what `vade audit --json` prints."""
        told = asdict(self)
        return {"madeBy": told.pop("made_by"), **told}


def check_release(
    request: BuildRequest,
    opened: Mapping[str, Sequence[OpenedSource]],
    *,
    now: datetime | None = None,
    progress: Progress = ignore_progress,
) -> WorkspaceCheck:
    """Read the sources as a build does, and compare them with what is published; nothing is written.

    Args:
        opened: The sources of the request.

    Raises:
        EmptyStoreError: Nothing is published. UsageError: There is nothing to read.
        VademecumError: The published tree cannot be read, or is not what was signed.
    """
    previous, published = published_of(request)
    now = now or datetime.now(UTC)
    source, reader = joined(opened)
    # Nothing is signed: the context of a build just needs keys.
    context = BuildContext(request, throwaway_authority(now), previous, None, now, progress, reader)
    base = find_base(NamedEncoders(request.encoder, dimensions=request.dimensions), context)
    state = read_source(source, base, context, audited=False)
    stale = dict.fromkeys(state.modified, EDITED)
    if base.published is None:
        why = f"chunker, encoder or quantiser are no longer those of release {published.manifest.sequence}"
        stale |= dict.fromkeys(sorted(state.documents.keys() & base.documents.keys()), why)
    names = [settings.name for settings in request.sources] or [""]
    manifest = published.manifest
    checks = [_of_source(name, state, stale) for name in names]
    if request.sources:
        checks += _of_others(state.removed, names)
    return WorkspaceCheck(manifest.sequence, manifest.version, tuple(checks), state.warnings)


def _of_source(name: str, state: SourceState, stale: Mapping[str, str]) -> SourceCheck:
    prefix = f"{name}:" if name else ""

    def own(keys: Sequence[str]) -> tuple[str, ...]:
        return tuple(key.removeprefix(prefix) for key in keys if key.startswith(prefix))

    reasons = {key.removeprefix(prefix): why for key, why in stale.items() if key.startswith(prefix)}
    return SourceCheck(name, len(own(list(state.documents))), own(state.added), own(state.removed), reasons)


def _of_others(removed: Sequence[str], names: Sequence[str]) -> list[SourceCheck]:
    """Return the published documents of sources that are no longer in the settings, or have another name there."""
    orphaned: defaultdict[str, list[str]] = defaultdict(list)
    for key in removed:
        name, colon, own = key.partition(":")
        if not colon or name not in names:
            orphaned[name if colon else ""].append(own if colon else key)
    return [SourceCheck(name, 0, orphaned=tuple(keys)) for name, keys in sorted(orphaned.items())]


def published_of(request: TreeRequest) -> tuple[Previous, Published]:
    """Return the published release, verified by the roots that the publisher holds.

    Raises:
        EmptyStoreError: There is none. VademecumError: It cannot be read, or is not what was signed.
    """
    location = locate_previous(request.previous, request.out)
    if location is None:
        raise EmptyStoreError(f"nothing is published in {request.out} yet: `vade build` does that")
    copy = request.out if timestamp_version(request.out) else "DIR"
    away = "the sources are compared with what is published there: run this again when the host answers, or name a "
    away += f"copy of it with --previous {copy}"
    previous = find_previous(location, keys_of_preview(request).roots, away=away)
    if previous.published is None:
        raise EmptyStoreError(f"{location}: {'; '.join(previous.notices)}")
    return previous, previous.published


def ages_of(published: Published, check: WorkspaceCheck, jobs: Mapping[str, Mapping[str, int]]) -> AgeReport:
    """Return the ages of all published documents.

    Args:
        jobs: The job that brought each item, by source and key.
    """
    rows = rows_of(published.segments)
    manifests = [published.manifest, *published.older.values()]
    built = {manifest.sequence: manifest.built for manifest in manifests}
    stale = {(one.name, key): why for one in check.sources for key, why in one.stale.items()}
    stale |= {(one.name, key): ORPHANED for one in check.sources for key in one.orphaned}
    named = {one.name for one in check.sources}
    found = []
    for row in sorted(rows.live, key=lambda row: row.key):
        source, _, key = row.key.partition(":")
        if source not in named:
            source, key = "", row.key
        vectors = [rows.chunks[chunk].sequence for chunk in row.chunks]
        found.append(
            DocumentAge(
                source,
                key,
                str(metadata_of(row).get("updated", "")),
                row.sequence,
                built.get(row.sequence, ""),
                (min(vectors, default=row.sequence), max(vectors, default=row.sequence)),
                jobs.get(source, {}).get(key, 0),
                stale.get((source, key), ""),
            )
        )
    made_by = {
        "vademecum": __version__,
        "chunker": CHUNKER,
        "encoder": published.manifest.encoder.name,
        "epoch": published.manifest.epoch,
    }
    return AgeReport(published.manifest.sequence, published.manifest.built, made_by, tuple(found))
