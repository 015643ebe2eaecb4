"""The table of cases for `decide`, which both languages pass: policy, release 9 or none, connection, what, reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vademecum.policy import CHOICES, Connection, Decision, Offered, Policy

TABLE: list[Any] = json.loads(Path(__file__).with_name("policy_cases.json").read_text(encoding="utf-8"))


def _policy(told: dict[str, Any]) -> Policy:
    named: dict[str, Any] = {CHOICES.get(name, name): value for name, value in told.items()}
    return Policy(**named | {"skipped": tuple(told.get("skipped", ()))})


def _connection(told: dict[str, Any]) -> Connection:
    return Connection(told.get("saveData", False), told.get("effectiveType", ""), told.get("type", ""))


CASES = [
    (
        _policy(policy),
        None if offered is None else Offered(9, **offered),
        _connection(connection),
        Decision(what, *reason),
    )
    for policy, offered, connection, what, *reason in TABLE
]
