"""The hosts of one published tree: a list, tried in order, in each run anew (decisions/mirrors.md).

Within a run, a host that fails is asked after the others, and one that asks to be left alone is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vademecum.errors import ServerError, VademecumError
from vademecum.ports import Transport

STALE = "stale-mirror"
"""Why nothing was installed, where all hosts show older metadata than the trusted ones."""


@dataclass(eq=False)
class Mirror:
    """One host in one run.

    Attributes:
        failures: In this run.
        heard: Whether it has answered anything in this run.
        mute: Whether no byte came for its last request, for longer than a run waits.
        wait: The seconds for which it asked to be left alone; it is not asked again in this run.
    """

    transport: Transport
    failures: int = 0
    heard: bool = False
    mute: bool = False
    wait: float | None = None


class Mirrors:
    """The hosts of one run, the preferred one first."""

    def __init__(self, transports: Iterable[Transport]) -> None:
        self._all = [*map(Mirror, transports)]

    def turns(self) -> list[Mirror]:
        """Return the mirrors to ask, best first: one that failed in this run comes later."""
        left = [mirror for mirror in self._all if mirror.wait is None]
        return sorted(left, key=lambda mirror: mirror.failures)  # the sort is stable: else in the app's order

    def let_alone(self) -> ServerError:
        """Return the error to raise if all mirrors have asked in this run to be left alone."""
        wait = min(mirror.wait for mirror in self._all if mirror.wait is not None)
        return ServerError("the host asked to be left alone for a while; try again later", 503, wait)


def telling(errors: Iterable[VademecumError]) -> VademecumError:
    """Return the error that says best what to do: a transient one before others, then the one that passes first."""
    return min(errors, key=lambda error: (not error.transient, error.retry_after or 0.0))
