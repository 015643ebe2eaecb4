"""Firefox and WebKit, whole: a first visit with its preview, the same hits as in Python, the page without a network."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import Publisher
from support.chromium import PATIENCE
from support.engines import ENGINES, Engine
from support.pages_host import PagesHost
from vademecum import KnowledgeBase

JS = Path(__file__).parents[2] / "client" / "vademecum" / "js"
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


WRITER = """import { IndexedStore } from "./js/store/store.mjs";
const store = new IndexedStore(location.origin);
for (let n = 1; ; n++) {
  await store.put(`object ${n % 5}`, new Uint8Array(300_000));
  postMessage({ event: "written", detail: n });
}
"""
WRITE = """<!doctype html><script type="module">
import { Remote } from "./js/workers/rpc.mjs";
new Remote(new Worker("writer.mjs", { type: "module" }), (_, n) => (window.written = n));
</script>"""
READ = """(async () => {
    const { IndexedStore } = await import(new URL("js/store/store.mjs", document.baseURI).href);
    return new IndexedStore(location.origin).put("another", new Uint8Array(9)).then(() => "stored", ({ code }) => code);
})()"""
LEFT = 8
"""Without a cure WebKit holds up 4 of 10 pages, Firefox 2."""


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


@pytest.mark.long
@pytest.mark.fault("C36")
@pytest.mark.parametrize("name", ENGINES)
def test_a_page_that_is_left_while_its_worker_writes_holds_up_no_other(name: str, tmp_path: Path) -> None:
    folders = [tmp_path / folder for folder in ("profile", "site")]
    for folder in folders:
        folder.mkdir()
    profile, site = folders
    shutil.copytree(JS, site / "js")
    for file, content in {"writer.mjs": WRITER, "write.html": WRITE, "read.html": "<!doctype html>"}.items():
        (site / file).write_text(content)
    with ENGINES[name](profile) as engine:
        for _ in range(LEFT):
            with PagesHost(site) as host:  # another origin each time
                engine.goto(f"{host.url}write.html")
                eventually(engine, "window.written > 1")
                engine.goto(f"{host.url}read.html")
                assert engine.evaluate(READ) == "stored"
