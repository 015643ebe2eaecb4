"""Exit codes of `vade`: one number for each family of errors that scripts would treat alike.

Why these: site/content/decisions/exit-codes.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from vademecum.errors import VademecumError

DONE, FAILED, MISUSE, INTERRUPTED = 0, 1, 2, 130

FAMILIES: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (FAILED, "failed in another way", ("error", "empty", "self-test")),
    (MISUSE, "misuse", ("usage",)),
    (
        3,
        "the host cannot be asked now, or no more is to be downloaded; try again later",
        ("network", "server", "budget"),
    ),
    (4, "bytes that are not what they should be", ("content",)),
    (
        5,
        "not acceptable: the trusted keys did not sign it, or older than what was seen",
        ("trust", "signature", "rollback", "restarted", "equivocation"),
    ),
    (6, "out of date, or this device's clock is wrong", ("expired", "clock")),
    (7, "the local store or disk", ("storage", "quota", "not-a-store")),
    (8, "another process is at it; try again later", ("busy",)),
    (9, "made by a newer vademecum", ("newer-format",)),
    (INTERRUPTED, "interrupted", ("cancelled",)),
)
"""Each exit code, its meaning, and the error codes that lead to it."""

EXITS: Mapping[str, int] = MappingProxyType({code: number for number, _, codes in FAMILIES for code in codes})


def exit_code(error: VademecumError) -> int:
    """Return the exit code of an error."""
    return EXITS[error.code]
