"""The results of checks and updates, for apps, `--json` and events."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from vademecum.errors import VademecumError
from vademecum.policy import Action
from vademecum.update.plan import Kind


@dataclass(frozen=True)
class Check:
    """What the host offers.

    >>> Check(True, 2, "2.0", plan="direct", bytes=453, installed=1).decision
    'wait'

    Attributes:
        available: There is a release to install.
        sequence, version: The published release.
        plan: How it would be installed.
        bytes: Of the index, that this would download.
        installed: The installed sequence, or None.
        reason: Why a newer release is not offered (`yanked`, `refused`, `pinned`), why an offered one waits
            (`policy.Decision`), or `stale-mirror`: the host shows older metadata than before; else None.
        cost: Bytes that an update would download in all, with metadata and manifest.
        documents: How many documents it changes; None: unknown.
        critical: Whether it, or a release since the installed one, is marked critical by its publisher.
        decision: What the policy does about it unasked.
    """

    available: bool
    sequence: int
    version: str
    plan: Kind = "none"
    bytes: int = 0
    installed: int | None = None
    reason: str | None = None
    cost: int = 0
    documents: int | None = None
    critical: bool = False
    decision: Action = "wait"


@dataclass(frozen=True)
class Outcome:
    """What a sync did.

    >>> Outcome(1, 2, "2.0", "direct", requests=5, bytes=4_680, seconds=0.4).json()["to"]
    2

    Attributes:
        from_sequence: What was installed before, or None.
        to_sequence, version: What is installed now; 0 and empty: nothing.
        plan: How it was installed; `none`: nothing was.
        requests, bytes: Of the run, the check included; bytes of bodies, as sent.
        seconds: The run took.
        total_bytes: Of the index, that the plan takes.
        reason: Why the published release was not installed (`yanked`, `refused`, `pinned`), or `stale-mirror`: the host
            shows older metadata than are trusted here, and nothing was taken from it; else None.
        seeded: The release that came from the seed, if any; if nothing newer came from the host, `to_sequence` and
            `plan` are about it.
        offer: A release that waits, as the policy says.
        error: What failed, or None; the installed release stays and answers.
    """

    from_sequence: int | None
    to_sequence: int
    version: str
    plan: Kind
    requests: int
    bytes: int
    seconds: float
    total_bytes: int = 0
    reason: str | None = None
    seeded: int | None = None
    offer: Check | None = None
    error: VademecumError | None = field(default=None, compare=False)

    def json(self) -> dict[str, object]:
        """Return the keys of `vade pull --json` and of JavaScript, where errors are thrown instead."""
        names = {"from_sequence": "from", "to_sequence": "to", "total_bytes": "totalBytes"}
        return {
            names.get(name, name): value for name, value in asdict(replace(self, error=None)).items() if name != "error"
        }
