"""What the fault tests really did, counted as they do it; tests/conftest.py prints the table at the end of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

VIOLATIONS = ("mixed state", "unverified read", "lost data", "lower floor", "litter", "stuck")
"""What the oracle can find (oracle.py)."""


@dataclass
class Row:
    """One family of faults, such as "SQLite beneath the file system".

    Attributes:
        points: Where faults struck: each is (scene, number of the operation).
        damages: What became of the writes that had not been synced.
        faults: The kinds of faults.
        cases: Restarts that were judged: point x fault x damage.
        found: Violations by kind.
    """

    points: set[tuple[str, int]] = field(default_factory=set)
    damages: set[str] = field(default_factory=set)
    faults: set[str] = field(default_factory=set)
    cases: int = 0
    found: dict[str, int] = field(default_factory=dict)


ROWS: dict[str, Row] = {}
COVERED: dict[str, dict[str, None]] = {}
"""The tests of each line of fault_lines.py that this run has collected."""
IN_CHROMIUM: set[str] = set()
"""The lines of fault_lines.py that a test of the core has passed in Chromium's Python."""


def count(family: str, scene: str, point: int, fault: str, damage: str, found: list[str]) -> None:
    """Count one restart after a fault, and what the oracle found there."""
    row = ROWS.setdefault(family, Row())
    row.points.add((scene, point))
    row.faults.add(fault)
    row.damages.add(damage)
    row.cases += 1
    for violation in found:
        kind = violation.partition(":")[0]
        row.found[kind] = row.found.get(kind, 0) + 1


def add(family: str, counted: Mapping[str, Any]) -> None:
    """Add what was counted elsewhere: the fields of `Row`, as they come out of JSON."""
    row = ROWS.setdefault(family, Row())
    row.points |= {(scene, number) for scene, number in counted["points"]}
    row.damages |= set(counted["damages"])
    row.faults |= set(counted["faults"])
    row.cases += counted["cases"]
    for kind, number in counted["found"].items():
        row.found[kind] = row.found.get(kind, 0) + number


def written() -> str:
    """Return all that was counted here as JSON, for `take` in another process."""
    rows = {family: asdict(row) for family, row in ROWS.items()}
    return json.dumps({"rows": rows, "covered": COVERED, "chromium": IN_CHROMIUM}, default=sorted)


def take(text: str) -> None:
    """Add what another process has `written`."""
    told = json.loads(text)
    for family, row in told.get("rows", {}).items():
        add(family, row)
    for line, tests in told.get("covered", {}).items():
        COVERED.setdefault(line, {}).update(tests)
    IN_CHROMIUM.update(told.get("chromium", []))


def table() -> list[str]:
    """Return the lines of the table; none where no fault test ran."""
    if not ROWS:
        return []
    together = Row()
    for family, row in ROWS.items():
        together.points |= {(f"{family}: {scene}", point) for scene, point in row.points}
        together.damages |= row.damages
        together.faults |= row.faults
        together.cases += row.cases
        for kind, number in row.found.items():
            together.found[kind] = together.found.get(kind, 0) + number
    head = f"{'':<30}{'cases':>8}{'points':>8}{'faults':>8}{'damage modes':>14}"
    head += f"{'mixed states':>14}{'unverified reads':>18}{'lost data':>11}{'other':>7}"
    rows = [_line(family, row) for family, row in sorted(ROWS.items())]
    return [head, *rows, _line("together", together)]


def _line(name: str, row: Row) -> str:
    mixed, unverified, lost, *others = (row.found.get(kind, 0) for kind in VIOLATIONS)
    counts = f"{name:<30}{row.cases:>8}{len(row.points):>8}{len(row.faults):>8}{len(row.damages):>14}"
    return f"{counts}{mixed:>14}{unverified:>18}{lost:>11}{sum(others):>7}"
