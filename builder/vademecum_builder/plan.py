"""A dry run: what a build would do, and what its encoder would cost. Nothing is written or embedded.

from pathlib import Path
from vademecum_builder.plan import plan_build
from vademecum_builder.settings import read_settings

print(plan_build(read_settings(Path("vademecum.toml"))).cost)
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from vademecum.errors import VademecumError
from vademecum_builder.encoders.http import Cost
from vademecum_builder.encoders.kept import Estimated
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.kinds.registry import joined, open_sources
from vademecum_builder.release.previous import Previous, find_previous, is_empty, locate_previous
from vademecum_builder.request import BuildRequest, Progress, ignore_progress
from vademecum_builder.signing.keyring import keys_of_preview, throwaway_authority
from vademecum_builder.stages.base import find_base
from vademecum_builder.stages.context import BuildContext
from vademecum_builder.stages.embed import embed_texts, texts_to_embed
from vademecum_builder.stages.read import read_source
from vademecum_builder.workspace.store import Workspace


@dataclass(frozen=True)
class BuildPlan:
    """What a build would do.

    Attributes:
        documents: How many the release would have.
        added, modified, removed: How many documents.
        embedded: How many chunks would be sent to the encoder.
        cost: Of a model behind an address, fitting included; None: another encoder, or nothing to do.
        warnings: One line each.
    """

    documents: int
    added: int
    modified: int
    removed: int
    embedded: int
    cost: Cost | None = None
    warnings: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return what `vade build --dry-run --json` prints."""
        return asdict(self) | {"warnings": list(self.warnings)}


def plan_build(
    request: BuildRequest, *, now: datetime | None = None, progress: Progress = ignore_progress
) -> BuildPlan:
    """Read the sources as a build does, and compare them with what is published.

    Raises:
        UsageError: The request makes no sense, or there is nothing to read.
        VademecumError: A source or the published tree cannot be read.
    """
    now = now or datetime.now(UTC)
    source, reader = joined(open_sources(request))
    context = BuildContext(request, throwaway_authority(now), _previous(request), None, now, progress, reader)
    with ExitStack() as stack:
        vectors = None
        if request.workspace is not None and request.workspace.exists():
            vectors = stack.enter_context(Workspace(request.workspace)).vectors
        encoders = NamedEncoders(request.encoder, dimensions=request.dimensions, kept=vectors, estimates=True)
        base = find_base(encoders, context)
        state = read_source(source, base, context, audited=False)
        texts = texts_to_embed(state, base)
        cost = None
        if texts and encoders.is_behind_address:
            try:
                embed_texts(texts, base, encoders, context)
            except Estimated as estimated:
                cost = estimated.cost
    counts = (len(state.added), len(state.modified), len(state.removed), len(texts))
    return BuildPlan(len(state.documents), *counts, cost, state.warnings)


def _previous(request: BuildRequest) -> Previous:
    location = locate_previous(request.previous, request.out)
    if location is None or request.restart:
        return Previous()
    try:
        return find_previous(location, keys_of_preview(request).roots, request.channel)
    except VademecumError:
        if not is_empty(location):
            raise
        return Previous()
