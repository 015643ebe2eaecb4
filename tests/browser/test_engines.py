"""Firefox and WebKit, whole: a first visit with its preview, the same hits as in Python, the page without a network."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import Publisher
from support.chromium import PATIENCE
from support.engines import ENGINES, Engine
from support.pages_host import PagesHost
from vademecum import KnowledgeBase

STARTS = 5 * PATIENCE
"""Python's own seconds: where two cores have much else to do, WebKit compiles it for two minutes."""
SEARCH = "document.querySelector('vademecum-search')"
FIRST = f"{SEARCH}?.shadowRoot?.querySelector('.hit .title')?.textContent"
STATUS = f"{SEARCH}.knowledgeBase.getStatus()"
QUESTIONS = [
    "keys",
    "what a client does",
    "mirorrs",
    "part 3 of roots",
    "number 21",
    "unplugged",
    "cl",
    '"release and"',
]
HITS = f"""Promise.all({json.dumps(QUESTIONS)}.map((query) => {SEARCH}.knowledgeBase.search(query, {{ limit: 20 }})))
    .then((all) => all.map((hits) => hits.map(({{ id, score, excerpt }}) => [id, score, excerpt])))"""


def eventually(engine: Engine, expression: str, seconds: float = PATIENCE) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := engine.evaluate(expression)):
        assert time.monotonic() < deadline, expression
        time.sleep(0.2)
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", ENGINES)
def test_a_visitor_previews_installs_and_goes_offline(name: str, publisher: Publisher, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    with ENGINES[name](profile) as engine:
        with PagesHost(publisher.dist) as host:
            engine.goto(f"{host.url}?q=mirrors")
            assert eventually(engine, FIRST) == "All about mirrors"
            assert engine.evaluate(f"{STATUS}.then(({{ preview, installed }}) => [preview?.sequence, installed])") == [
                1,
                None,
            ]
            eventually(engine, f"{STATUS}.then(({{ installed }}) => installed)", STARTS)
            with KnowledgeBase.open(tmp_path / "kb.db", url=host.url, trust=publisher.root) as kb:
                kb.sync()
                found = [
                    [[hit.id, hit.score, hit.excerpt] for hit in kb.search(query, limit=20)] for query in QUESTIONS
                ]
            assert engine.evaluate(HITS) == found
            eventually(engine, "navigator.serviceWorker.controller !== null")
        engine.goto(f"{host.url}?q=offline")
        assert eventually(engine, FIRST) == "All about offline"
