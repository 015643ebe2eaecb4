"""What all updates of an engine share."""

from __future__ import annotations

from dataclasses import dataclass

from vademecum.config import Config
from vademecum.policy import Connection
from vademecum.ports import Clock, Room
from vademecum.update.states import Course


@dataclass(frozen=True)
class Context:
    """What all updates of an engine have in common.

    Attributes:
        tree: Where the tree's search page is.
        extra: What else is fetched, after the flip: `directions` for an app that encodes queries itself, or the
            `model`; empty: nothing.
    """

    config: Config
    clock: Clock
    course: Course
    room: Room
    connection: Connection
    tree: str
    extra: str = ""
