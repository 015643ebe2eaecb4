"""The browser, the user or another page takes the store away under a running app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browser_app import App, second_release
from playwright.sync_api import Page
from python_worker import HARNESS

# A database of our name: with these object stores, and in the records what the real one had.
MALFORM = """async (stores) => {
    const name = `vademecum:${location.origin}/`;
    const done = (request) => new Promise((resolve, reject) =>
        Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
    const { dump } = await import('/raw_database.mjs');
    const { records } = await dump(name);
    await done(indexedDB.deleteDatabase(name));
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
        for (const store of stores) opening.result.createObjectStore(store);
        if (!stores.includes('records')) return;
        const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
        for (const [key, hex] of Object.entries(records)) {
            opening.transaction.objectStore('records').put(bytes(hex), key);
        }
    };
    (await done(opening)).close();
}"""
HOLD = """() => new Promise((resolve) => {
    const opening = indexedDB.open(`vademecum:${location.origin}/`);
    opening.onsuccess = () => resolve(void (window.held = opening.result));
})"""
START_CODE = "kb.initialize().then(() => 'opened', ({ code }) => code)"
TIMESTAMP = """import('/client/store.mjs')
    .then(({ IndexedStore }) => new IndexedStore(kb.url).read('trust/timestamp.json'))
    .then((data) => data?.length ?? 0)"""


@pytest.mark.fault("C35")
def test_site_data_cleared_under_a_running_page(installed: App) -> None:
    browser = installed.page.context.new_cdp_session(installed.page)
    origin = installed.host.url.rstrip("/")
    browser.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    assert installed.texts(), "the reader has its release in memory"
    installed._eventually(installed.page, "kb.getStatus().then(({ installed }) => installed === null)")
    outcome = installed.call("update")
    assert (outcome["plan"], outcome["to"]) == ("full", 1)
    assert installed.texts()
    assert installed.start(autoUpdate=False)["sequence"] == 1


@pytest.mark.fault("C35")
@pytest.mark.parametrize("stores", [[], ["records"], ["objects"], ["records", "objects"]], ids=str)
def test_a_database_that_lacks_a_part_is_made_anew(installed: App, publisher: Any, stores: list[str]) -> None:
    """The last of them lacks its index."""
    installed.page.goto(f"{installed.host.url}app.html")
    malform(installed, publisher, stores)
    second_release(publisher)
    assert installed.start(autoUpdate=False) is None
    assert (installed.page.evaluate(TIMESTAMP) > 0) == ("records" in stores), (
        "the trust floor stays if it is there"
    )
    outcome = installed.call("update")  # where the pointer is left, what it names is mended first
    assert (outcome["plan"], outcome["to"]) == ("direct" if "records" in stores else "full", 2)
    assert installed.start(autoUpdate=False)["sequence"] == 2
    assert installed.texts()


@pytest.mark.fault("C35", "C36")
def test_another_tab_that_does_not_let_go(
    installed: App, publisher: Any, eventually: Callable[[Page, str], Any]
) -> None:
    """The database cannot be made anew while it is held: that is told, and passes with its cause."""
    installed.page.goto(f"{installed.host.url}app.html")
    malform(installed, publisher, [])
    tab = installed.page.context.new_page()
    tab.goto(f"{installed.host.url}app.html")
    tab.evaluate(HOLD)
    start = "(options) => import('/client/vademecum.mjs').then(({ KnowledgeBase }) => "
    start += "void (window.kb = new KnowledgeBase({ url: '/', ...options })))"
    installed.page.evaluate(start, {"trust": publisher.root, "autoUpdate": False})
    assert installed.page.evaluate(START_CODE) == "busy"
    tab.evaluate("held.close()")
    eventually(installed.page, f"{START_CODE}.then((code) => code === 'opened')")
    assert installed.call("update")["to"] == 1


def malform(installed: App, publisher: Any, stores: list[str]) -> None:
    source = HARNESS / "raw_database.mjs"
    (publisher.dist / source.name).write_bytes(source.read_bytes())
    installed.page.evaluate(MALFORM, stores)
