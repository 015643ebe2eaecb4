"""A sync where nothing was left to do: one request, and nothing below the timestamp is looked at. The twin in
JavaScript: tests/unit/js/update/idle_check.test.mjs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from support.app import App, texts
from support.drive import drive
from support.in_hand import MemoryTransport
from support.publisher import NOW
from unit.client.store.test_session import Counting
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import DamagedError
from vademecum.knowledge import KnowledgeBase
from vademecum.policy import Policy
from vademecum.runtime.memory import MemoryStore
from vademecum.store.channel_status import ChannelStatus, ErrorNote
from vademecum.store.records import HEALTH, MANIFESTS, SYNC, Failures
from vademecum.trust.floor import FIRST_USE, PIN, ROOT, encode_pin


@pytest.fixture
def app() -> App:
    return App.holding({"a": texts("rotate the key")})


def walked(app: App) -> bool:
    """Sync; return whether the metadata below the timestamp were looked at."""
    store = Counting(app.database)
    drive(app.engine(store).sync())
    return "trust/snapshot.json" in store.reads


def test_nothing_below_the_timestamp_is_looked_at(app: App) -> None:
    assert not walked(app)
    outcome = app.sync()
    assert (outcome.from_sequence, outcome.to_sequence, outcome.plan, outcome.requests) == (1, 1, "none", 1)
    assert app.requests == ["metadata/timestamp.json"]


def status(**values: Any) -> Callable[[App], None]:
    return lambda app: drive(SYNC.write(MemoryStore(app.database), replace(noted(app), **values)))


def noted(app: App) -> ChannelStatus:
    return drive(SYNC.read(MemoryStore(app.database)))


def failed(app: App) -> None:
    drive(HEALTH.write(MemoryStore(app.database), Failures(syncs=1)))


def without_manifest(app: App) -> None:
    drive(MANIFESTS.write(MemoryStore(app.database), {}))


def without_object(app: App) -> None:
    app.database.objects.popitem()


def without_pointer(app: App) -> None:
    del app.database.records["head"]


def of_another_root(app: App) -> None:
    app.database.records[PIN] = encode_pin(FIRST_USE, app.database.records[ROOT])


@pytest.mark.parametrize(
    "change",
    [
        status(settled=False),
        status(error=ErrorNote("network", "gone", NOW)),
        status(stale=NOW),
        status(expires=NOW),
        status(expires=None),
        status(checked=NOW - timedelta(days=1)),
        status(channel="beta"),
        status(tree="https://other.example/"),
        failed,
        without_manifest,
        without_object,
        without_pointer,
        of_another_root,
    ],
)
def test_what_is_not_as_it_was_is_looked_at(app: App, change: Callable[[App], None]) -> None:
    change(app)
    app.clock.advance(1)
    assert walked(app)
    assert not walked(app), "once"


def test_a_note_of_another_root_is_found_where_no_root_is_shipped_too(app: App) -> None:
    app.database.records[PIN] = b"first-use of something"
    engine = Engine(MemoryStore(app.database), MemoryTransport(app.host), app.clock)
    with pytest.raises(DamagedError, match="the trusted root in this store"):
        drive(engine.sync())


def test_who_asks_for_nothing_unasked_asks_nothing(app: App) -> None:
    app.policy = Policy(mode="off")
    assert (app.sync(unasked=True).requests, app.requests) == (0, [])


def test_what_is_missing_beside_the_release_is_looked_for(app: App) -> None:
    store = Counting(app.database)
    engine = Engine(store, MemoryTransport(app.host), app.clock, trust=app.publisher.first_root, extra="directions")
    drive(engine.sync())
    assert "trust/snapshot.json" in store.reads


def test_what_the_host_shows_is_not_asked_for_twice(app: App) -> None:
    app.publisher.publish({"a": texts("rotate the lamp")})
    assert app.sync().to_sequence == 2
    assert app.requests.count("metadata/timestamp.json") == 1


def test_a_pull_without_news_is_short(app: App, tmp_path: Path) -> None:
    """Functions of ours that are called, over a folder: at most 120, whoever reads along."""
    tree = tmp_path / "tree"
    for path, content in app.publisher.files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(content)
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=tree, trust=app.publisher.first_root, config=Config(retries=0))
    assert kb.sync().plan == "full"
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and "vademecum" in code.co_filename and not code.co_name.startswith("<"):
            called.add(code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        outcome = kb.sync()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert (outcome.plan, outcome.requests) == ("none", 1)
    assert 50 < len(called) <= 120, sorted(code.co_qualname for code in called)
