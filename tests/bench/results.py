"""What the updates benchmark found: figures of each pair of releases, and their medians and worst cases."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.minimum import Minimum
from bench.peak import Cost
from bench.pulling import Pull

FIRST = 0
"""Stands in the place of "releases behind" for a first install."""
MINIMUM, ROWS, OURS = "minimum", "vademecum, rows alone", "vademecum, all"
USUAL, COLUMNS = "usual", "columns"


@dataclass(frozen=True)
class Measured:
    """One pair. `peers`: (program, layout) -> bytes. What was not asked for, or not installed, is missing."""

    behind: int
    start: int | None
    target: int
    minimum: Minimum | None
    pull: Pull | None
    peers: Mapping[tuple[str, str], int]

    @property
    def bytes(self) -> dict[str, int]:
        """Bytes by the name of the arm; none counts the encoder."""
        found: dict[str, int] = {}
        if self.minimum:
            found[MINIMUM] = self.minimum.total
        if self.pull:
            found |= {ROWS: self.pull.payload, OURS: self.pull.all_in - self.pull.encoder}
        return found | {arm_name(*arm): count for arm, count in self.peers.items()}

    def as_json(self) -> dict[str, Any]:
        return {
            "behind": self.behind,
            "from": self.start,
            "to": self.target,
            "minimum": self.minimum and {**asdict(self.minimum), "total": self.minimum.total},
            "vademecum": self.pull and {**asdict(self.pull), "all_in": self.pull.all_in},
            "peers": {arm_name(*arm): count for arm, count in self.peers.items()},
        }


@dataclass(frozen=True)
class Costs:
    """What building, hosting and applying take. Sizes in bytes.

    Attributes:
        host_all: Every file of every release's tree. host_last: The last tree alone.
        first_build, update_builds: Seconds, in a process that runs already.
        build: An update build in a process of its own. pulls: Pulls likewise, by what they do.
    """

    host_all: int
    host_last: int
    first_build: float
    update_builds: Sequence[float]
    build: Cost
    pulls: Mapping[str, Cost]


@dataclass(frozen=True)
class Results:
    """A whole run. `facts`: command, machine, date and the like, by name."""

    facts: Mapping[str, str]
    releases: int
    documents: int
    chunks: int
    missing: Sequence[str]
    measured: Sequence[Measured]
    costs: Costs | None

    @property
    def distances(self) -> list[int]:
        """Releases behind, rising; the first install last."""
        found = {item.behind for item in self.measured}
        return sorted(found - {FIRST}) + sorted(found & {FIRST})

    @property
    def arms(self) -> list[str]:
        return list(dict.fromkeys(arm for item in self.measured for arm in item.bytes))

    def at(self, distance: int) -> list[Measured]:
        return [item for item in self.measured if item.behind == distance]

    def values(self, arm: str, distance: int) -> list[int]:
        return [item.bytes[arm] for item in self.at(distance) if arm in item.bytes]

    def median(self, arm: str, distance: int) -> float | None:
        values = self.values(arm, distance)
        return statistics.median(values) if values else None

    def ratios(self, arm: str, base: str, distance: int) -> list[float]:
        """Return arm / base of each pair that has both; a pair where the base is 0 bytes has no ratio."""
        pairs = [item.bytes for item in self.at(distance) if arm in item.bytes and item.bytes.get(base)]
        return [found[arm] / found[base] for found in pairs]

    def wins(self) -> list[tuple[str, int]]:
        """Return (arm, distance) where a peer's median is below ours."""
        peers = [arm for arm in self.arms if arm not in (MINIMUM, ROWS, OURS)]
        return [(arm, distance) for arm in peers for distance in self.distances if self._beats(arm, distance)]

    def as_json(self) -> dict[str, Any]:
        medians = {
            arm: {distance_name(d): _spread(self.values(arm, d)) for d in self.distances if self.values(arm, d)}
            for arm in self.arms
        }
        return {
            **self.facts,
            "releases": self.releases,
            "documents": self.documents,
            "chunks": self.chunks,
            "missing": list(self.missing),
            "bytes": medians,
            "costs": None if self.costs is None else asdict(self.costs),
            "pairs": [item.as_json() for item in self.measured],
        }

    def _beats(self, arm: str, distance: int) -> bool:
        theirs, ours = self.median(arm, distance), self.median(OURS, distance)
        return theirs is not None and ours is not None and theirs < ours


def arm_name(program: str, layout: str) -> str:
    return f"{program}, {layout}"


def distance_name(distance: int) -> str:
    return "first install" if distance == FIRST else str(distance)


def choose_distances(releases: int, wished: Sequence[int]) -> list[int]:
    """Return the distances that a history has; where it is too short for the last, its whole length in its place."""
    possible = [distance for distance in wished if distance < releases]
    longest = releases - 1
    return possible if len(possible) == len(wished) or longest in (0, *possible) else [*possible, longest]


def choose_pairs(releases: int, distances: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Return (start, target) pairs: for each distance up to `most`, spread evenly over the history.

    Args:
        releases: They are numbered from 1 to this.
    """
    pairs = []
    for distance in distances:
        starts = releases - distance
        count = min(most, starts)
        steps = [round(i * (starts - 1) / max(1, count - 1)) for i in range(count)]
        pairs += [(1 + step, 1 + step + distance) for step in (steps if count > 1 else steps and [starts - 1])]
    return pairs


def _spread(values: Sequence[int]) -> dict[str, float]:
    return {"median": statistics.median(values), "worst": max(values), "pairs": len(values)}
