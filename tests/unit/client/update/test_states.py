from __future__ import annotations

from typing import Any, get_args

import pytest

from vademecum.errors import NetworkError
from vademecum.events import ignore
from vademecum.update.states import RESTING, TRANSITIONS, Course, Happening, State


def course(*happenings: Happening, begin: State = "idle") -> State:
    update = Course(ignore)
    update.state = begin
    for happening in happenings:
        update.move(happening)
    return update.state


def test_the_table_is_whole() -> None:
    """Every state has a way out, every happening leads somewhere, and every state is reached."""
    assert set(TRANSITIONS) == set(get_args(State))
    assert {happening for out in TRANSITIONS.values() for happening in out} == set(get_args(Happening))
    assert {state for out in TRANSITIONS.values() for state in out.values()} == set(get_args(State))


def test_the_course_of_an_update() -> None:
    assert course("check", "current") == "up-to-date"
    assert course("check", "offer") == "update-available"
    assert course("check", "download", "verify", "install", "complete") == "installed"
    assert course("check", "download", "verify", "download", "verify", "install", "complete") == "installed"
    assert course("check", "offer", "turn-back", "complete") == course("check", "complete") == "installed"
    assert course("check", "download", "download", "verify", "install", "complete", "forget") == "idle"


@pytest.mark.parametrize("state", get_args(State))
def test_everything_can_fail(state: State) -> None:
    assert course("fail", begin=state) == "failed"


@pytest.mark.parametrize("state", sorted(set(get_args(State)) - set(RESTING)))
def test_what_passes_asks_nothing_new(state: State) -> None:
    for happening in ("check", "turn-back", "forget"):
        with pytest.raises(RuntimeError, match=f"an update that is {state} cannot {happening}"):
            course(happening, begin=state)


def test_nothing_is_installed_that_was_not_verified() -> None:
    leads_to = {state for state, out in TRANSITIONS.items() if "installing" in out.values()}
    assert leads_to == {"verifying", *RESTING}  # the others: a way back
    assert "install" not in TRANSITIONS["downloading"]


def test_announcements_go_by_the_table() -> None:
    told: list[str] = []
    announced = Course(lambda name, _: told.append(name))
    progress: dict[str, Any] = {"plan": "full", "count": 1, "total": 2}
    announced.begin()
    with pytest.raises(RuntimeError):
        announced.progress("installing", **progress)
    announced.emit("updateStarted", {})
    announced.progress("downloading", **progress)
    announced.progress("downloading", **progress)
    with pytest.raises(RuntimeError):
        announced.emit("updateCompleted", {})
    announced.progress("verifying", **progress)
    announced.progress("installing", **progress)
    announced.emit("corruption", {})  # of no update: it may come at any time
    announced.emit("updateCompleted", {})
    announced.failed(NetworkError("gone"))
    assert told == ["updateStarted", *["updateProgress"] * 4, "corruption", "updateCompleted", "updateFailed"]
    announced.begin()
    announced.move("current")
    assert announced.state == "up-to-date"
