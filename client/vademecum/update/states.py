"""The states of an update. The table below is the truth: the engine's announcements go by it, JavaScript's copy and the
diagram in the documentation (site/content/apps.md) are compared with it.

A resting state stays until the app asks for something; the others pass while something runs. A run that is cancelled,
or finds another writer at work, falls back to its last resting state, without an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from vademecum.events import Events

State = Literal[
    "idle",
    "checking",
    "up-to-date",
    "update-available",
    "downloading",
    "verifying",
    "installing",
    "installed",
    "failed",
]

Happening = Literal[
    "check", "current", "offer", "download", "verify", "install", "complete", "fail", "turn-back", "forget"
]
"""What moves an update on: the host is asked; it has nothing new, or offers a release; a plan is begun (again, where a
cheaper one did not work out); its objects are here, and verified; the new generation is in place; an error; a way
back to the generation before; everything is forgotten."""

RESTING: tuple[State, ...] = ("idle", "up-to-date", "update-available", "installed", "failed")

_AT_REST: dict[Happening, State] = {"check": "checking", "turn-back": "installing", "fail": "failed", "forget": "idle"}

TRANSITIONS: Mapping[State, Mapping[Happening, State]] = MappingProxyType(
    {
        **dict.fromkeys(RESTING, _AT_REST),
        "checking": {
            "current": "up-to-date",
            "offer": "update-available",
            "download": "downloading",
            "complete": "installed",
            "fail": "failed",
        },
        "downloading": {"download": "downloading", "verify": "verifying", "fail": "failed"},
        "verifying": {"download": "downloading", "install": "installing", "fail": "failed"},
        "installing": {"complete": "installed", "fail": "failed"},
    }
)


class Course(Events):
    """Moves an update from state to state, and announces its events; an event that the table does not allow is not
    announced."""

    state: State = "idle"

    def begin(self) -> None:
        """Begin another run, which asks the host first, however the last one ended."""
        self.state = "idle"
        self.move("check")

    def move(self, happening: Happening) -> None:
        """Go to the next state.

        Raises:
            RuntimeError: The table has no such transition: a mistake in the program.
        """
        try:
            self.state = TRANSITIONS[self.state][happening]
        except KeyError:
            raise RuntimeError(f"an update that is {self.state} cannot {happening}") from None

    def emit(self, name: str, detail: Mapping[str, Any]) -> None:
        """Announce one event. Raises RuntimeError if it cannot happen in this state, see `move`."""
        happening = _OF_EVENT.get(name) or OF_STAGE.get(detail.get("stage", ""))
        if happening is not None and (happening, self.state) != ("download", "downloading"):
            self.move(happening)
        super().emit(name, detail)


_OF_EVENT: Mapping[str, Happening] = {
    "updateAvailable": "offer",
    "updateStarted": "download",
    "updateCompleted": "complete",
    "updateFailed": "fail",
}
OF_STAGE: Mapping[str, Happening] = {"downloading": "download", "verifying": "verify", "installing": "install"}
"""By the stage of `updateProgress`."""
