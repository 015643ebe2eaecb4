"""What a publisher may choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vademecum_builder.delta.schedule import PackLimits
from vademecum_builder.index.tiers import TierLimits
from vademecum_builder.signing.metadata import Validity

Progress = Callable[[str, int, int], None]
"""Called with a stage (`reading`, `embedding`), and how much of how much is done."""


def ignore_progress(stage: str, done: int, total: int) -> None:
    """What to pass where nobody looks."""


@dataclass(frozen=True)
class Options:
    """What a publisher may choose of a release.

    Attributes:
        out: The published tree.
        base_url: Where the documents themselves are served; empty: only in the search page's reader.
        title: Name of the knowledge base, for the pages.
        version: The human version; made from date and sequence if empty.
        bits: Of a vector's component: 8, 4 or 2; another number than before is a new epoch.
        yank: Sequences to take back: no client installs them any more, nor goes back to them.
        refit: Fit the encoder anew: a new epoch, a full download for every client.
    """

    out: Path
    base_url: str = ""
    title: str = ""
    version: str = ""
    channel: str = "stable"
    bits: int = 4
    refit: bool = False
    yank: tuple[int, ...] = ()
    validity: Validity = field(default_factory=Validity)
    tiers: TierLimits = field(default_factory=TierLimits)
    packs: PackLimits = field(default_factory=PackLimits)
