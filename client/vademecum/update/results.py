"""What the engine answers: values for apps, for `--json` and for the events."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from vademecum.errors import VademecumError
from vademecum.policy import What
from vademecum.update.plan import Kind


@dataclass(frozen=True)
class Check:
    """What the host has to offer.

    Attributes:
        available: There is a release to install.
        sequence, version: The published release.
        plan: How it would be installed.
        bytes: What that would download of the index.
        installed: The installed sequence, or None.
        reason: Why a newer release is not offered (`yanked`, `refused`, `pinned`), or what one that is offered waits
            for (see `policy.Decision`), or that the host may not know of one: it shows older metadata than it did
            before (`stale-mirror`); or None.
        cost: What an update would download in all, metadata and manifest too, as they lie on the host.
        documents: How many documents it changes; None: nobody knows.
        critical: Its publisher says that it must not wait for others.
        decision: What is done about it unasked.
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
    decision: What = "wait"


@dataclass(frozen=True)
class Outcome:
    """What a sync did: `requests` and `bytes` (bodies, as sent) count the check too; `seconds` passed.

    `to_sequence` is what is installed now; 0: nothing is. `total_bytes` is what the plan takes: the index alone,
    without metadata. `reason` says why the published release was not installed (`yanked`, `refused`, `pinned`), or
    `stale-mirror` where the host shows older metadata than are trusted here: those went on counting, and nothing older
    was taken. `seeded` is
    the release that came from the seed, if one did; where no more came from the host, `to_sequence` and `plan` are
    those of it. `offer` is a release that was found and waits, as the policy has it. `error` is what kept `sync` from
    doing its work, or None: what is installed stays, and answers.
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
        """Return the keys of `vade pull --json`, which are also those of JavaScript: there an error is thrown."""
        names = {"from_sequence": "from", "to_sequence": "to", "total_bytes": "totalBytes"}
        return {
            names.get(name, name): value for name, value in asdict(replace(self, error=None)).items() if name != "error"
        }
