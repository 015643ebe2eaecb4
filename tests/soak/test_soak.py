"""A share of the random histories that `make soak` plays, and that they find what they should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from soak.random_history import History, play
from soak.soak import soak, told
from vademecum.generation.staged import Staged
from vademecum.ports import Store
from vademecum.store.garbage import discard_all_but
from vademecum.store.pointer import Generation, Head
from vademecum.store.session import Session

PLAYED = 30
"""`make soak` plays thousands."""
HISTORIES = 60
"""At most so many until a missing rule is noticed."""


@pytest.mark.fault(
    "A4", "A9", "A16", "C30", "C31", "C32", "C33", "C34", "C37", "C38", "D42", "D44", "D45", "D47", "D49"
)
def test_random_histories_keep_the_promises() -> None:
    counts, violated = soak(0, PLAYED, lambda seed, counts: None)
    assert violated is None, told(violated)
    assert counts["histories"] == PLAYED
    kinds = {"of the real builder", "on SQLite", "crashes", "network faults", "damaged objects", "rollback"}
    kinds |= {"by direct", "by tiers", "by full", "readers held", "clear", "clock jumps"}
    assert all(counts[kind] for kind in kinds), counts


async def _nothing(*arguments: Any) -> None: ...


async def _too_much(store: Store) -> None:
    current = (await Session.begin(store)).pointer.current
    await discard_all_but(store, frozenset() if current is None else current.objects)


async def _blindly(session: Session, head: Head) -> Generation:
    assert head.current is not None
    await session.flip(head)
    return head.current


async def _empty_promise(staged: Staged) -> str:
    return staged.generation.digest


def _forgetful(session: Session) -> None:
    session._head = Head()
    session._changes |= dict.fromkeys(("trust/timestamp.json", "trust/snapshot.json"))


@pytest.mark.parametrize(
    ("rule", "without", "kind"),
    [
        ("vademecum.store.garbage.collect", _nothing, "litter"),
        ("vademecum.store.garbage.collect", _too_much, "lost data"),
        ("vademecum.update.turn_back._turn_back", _blindly, "mixed state"),
        ("vademecum.generation.staged.Staged.digest", _empty_promise, "mixed state"),
        ("vademecum.store.session.Session.forget", _forgetful, "lower floor"),
    ],
)
def test_a_rule_that_is_missing_is_noticed(
    rule: str, without: Callable[..., object], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, without)
    _, violated = soak(0, HISTORIES, lambda seed, counts: None)
    assert violated is not None, f"{HISTORIES} histories do not notice that {rule} is gone"
    assert violated.found[0].startswith(kind), violated.found
    assert f"make soak FIRST={violated.seed} SEEDS=1" in told(violated)


def test_a_seed_is_a_history(tmp_path: Path) -> None:
    """Also of the real builder, and on SQLite (59): the keys differ, and nothing else."""
    for seed in (7, 59):
        histories = [History(seed) for _ in range(2)]
        for number, history in enumerate(histories):
            (folder := tmp_path / f"{seed}-{number}").mkdir()
            play(history, folder)
        assert histories[0].counts == histories[1].counts
        assert len(histories[0].steps) > 10
