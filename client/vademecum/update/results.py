"""What the engine answers: values for apps, for `--json` and for the events."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from vademecum.update.plan import Kind


@dataclass(frozen=True)
class Check:
    """What the host has to offer.

    Attributes:
        available: There is a release to install.
        sequence, version: The published release.
        plan: How it would be installed.
        bytes: What that would download.
        installed: The installed sequence, or None.
        reason: Why a newer release is not offered (`yanked`, `refused`, `pinned`), or that the host may not know of
            one: it shows older metadata than it did before (`stale-mirror`); or None.
    """

    available: bool
    sequence: int
    version: str
    plan: Kind = "none"
    bytes: int = 0
    installed: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What a sync did: `requests` and `bytes` (bodies, as sent) count the check too; `seconds` passed.

    `total_bytes` is what the plan takes: the index alone, without metadata. `reason` is `stale-mirror` where the host
    shows older metadata than are trusted here: those went on counting, and nothing older was taken. `seeded` is
    the release that came from the seed, if one did; where no more came from the host, `to_sequence` and `plan` are
    those of it.
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

    def json(self) -> dict[str, object]:
        """Return the keys of `vade pull --json`, which are also those of JavaScript."""
        names = {"from_sequence": "from", "to_sequence": "to", "total_bytes": "totalBytes"}
        return {names.get(name, name): value for name, value in asdict(self).items()}
