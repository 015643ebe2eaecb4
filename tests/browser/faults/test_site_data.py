"""The browser, the user or another page takes the store away under a running app."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from support.browser_app import App, second_release
from support.python_worker import HARNESS

NAME = "`vademecum:${location.origin}/`"
RECORDS = f"import('/raw_database.mjs').then(({{ readRecords }}) => readRecords({NAME}))"
# A database of our name: with these object stores, and in the records this, or what there was.
MALFORM = """async ([stores, given]) => {
    const name = `vademecum:${location.origin}/`;
    const done = (request) => new Promise((resolve, reject) =>
        Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
    const { readRecords } = await import('/raw_database.mjs');
    const records = given ?? await readRecords(name);
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
# A transaction that does not end: what WebKit at times leaves of a worker that was ended in the middle of one.
WRITE_ON = """() => {
    const go = (tx) => (tx.objectStore('objects').count().onsuccess = () => window.ended || go(tx));
    go(held.transaction(['objects', 'words'], 'readwrite'));
}"""
# A worker that reads a record, and so mends the database. It ends as the plan has it, or by itself.
MEND = """(plan) => new Promise((resolve, reject) => {
    const name = JSON.stringify({ fault: 'terminate', now: Date.now(), url: `${location.origin}/`, ...plan });
    const worker = new Worker('/mending_worker.mjs', { type: 'module', name });
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data: { event, detail } }) => {
        worker.terminate();
        resolve({ [event]: detail });
    };
})"""
READ = """() => import('/client/store/store.mjs').then(({ IndexedStore }) => {
    window.store ??= new IndexedStore(`${location.origin}/`, { patience: 300 });
    const hangs = new Promise((resolve) => setTimeout(resolve, 30_000, 'hangs'));
    const read = store.read('trust/timestamp.json').then((data) => data?.length ?? 0, ({ code }) => code);
    return Promise.race([read, hangs]);
})"""
READ_ANEW = READ.replace("window.store ??=", "const store =")
READ_OBJECT = READ.replace("read('trust/timestamp.json')", "get('none')")
SMALL = {"head": "7b7d", "trust/root.json": "7b7d0a", "trust/timestamp.json": "7b0a7d0a"}
TIMESTAMP_SIZE = 4
MORE_BROKEN: list[list[str]] = [[], ["records"]] if os.environ.get("VADEMECUM_FAULTS") == "all" else []
BROKEN = [["records"], ["records", "objects"]]
"""Object stores that are left; of two of them, the second lacks its index."""
START_CODE = "kb.initialize().then(() => 'opened', ({ code }) => code)"
TIMESTAMP = """import('/client/store/store.mjs')
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
@pytest.mark.parametrize("stores", [*MORE_BROKEN, ["objects"], ["records", "objects"]], ids=str)
def test_a_database_that_lacks_a_part_is_mended(installed: App, publisher: Any, stores: list[str]) -> None:
    """The last of them lacks its index."""
    installed.page.goto(f"{installed.host.url}app.html")
    malform(installed, publisher, stores)
    second_release(publisher)
    assert installed.start(autoUpdate=False) is None
    assert (installed.page.evaluate(TIMESTAMP) > 0) == ("records" in stores), "the trust floor stays if it is there"
    outcome = installed.call("update")  # where the pointer is left, what it names is mended first
    assert (outcome["plan"], outcome["to"]) == ("direct" if "records" in stores else "full", 2)
    assert installed.start(autoUpdate=False)["sequence"] == 2
    assert installed.texts()


@pytest.mark.fault("C35", "C36")
def test_another_tab_that_does_not_let_go(
    installed: App, publisher: Any, eventually: Callable[[Page, str], Any]
) -> None:
    """The database cannot be mended while it is held: that is told each time, and passes with its cause."""
    installed.page.route(re.compile("/client/vademecum.mjs$"), less_patient)
    installed.page.goto(f"{installed.host.url}app.html")
    malform(installed, publisher, ["records"])
    records, tab = installed.page.evaluate(RECORDS), holder(installed)
    start = "(options) => import('/client/vademecum.mjs').then(({ KnowledgeBase }) => "
    start += "void (window.kb = new KnowledgeBase({ url: '/', ...options })))"
    installed.page.evaluate(start, {"trust": publisher.root, "autoUpdate": False})
    assert installed.page.evaluate(START_CODE) == "busy"
    assert installed.page.evaluate(READ) == "busy", "it does not hang, though the mending waits before it"
    tab.evaluate("held.close()")
    eventually(installed.page, f"{START_CODE}.then((code) => code === 'opened')")
    assert installed.page.evaluate(RECORDS) == records
    second_release(publisher)
    assert installed.call("update")["to"] == 2
    assert installed.texts("second edition")


@pytest.mark.fault("C36")
def test_a_transaction_that_does_not_end(installed: App, eventually: Callable[[Page, str], Any]) -> None:
    """It is told, where the page waited for ever; what lies elsewhere is read meanwhile."""
    tab, reader = holder(installed), another(installed)
    tab.evaluate(WRITE_ON)
    assert reader.evaluate(READ_OBJECT) == "busy"
    assert reader.evaluate(READ) > 0
    tab.evaluate("window.ended = true")
    eventually(reader, f"({READ_OBJECT})().then((size) => size === 0)")


@pytest.mark.fault("C35", "C36", "D46")
@pytest.mark.parametrize("stores", BROKEN, ids=str)
@pytest.mark.parametrize("end", ["page goes on", "page is closed", "worker is terminated"])
def test_a_mending_that_was_held_up_loses_no_record(
    app: App, publisher: Any, eventually: Callable[[Page, str], Any], stores: list[str], end: str
) -> None:
    app.page.goto(f"{app.host.url}app.html")
    malform(app, publisher, stores, SMALL)
    tab, mender = holder(app), another(app)
    if end == "worker is terminated":
        assert mender.evaluate(MEND, {"at": -1, "patience": 300}) == {"ended": "busy"}
    else:
        assert mender.evaluate(READ) == "busy"
        assert mender.evaluate(READ) == "busy", "told at each use"
        assert app.page.evaluate(READ_ANEW) == "busy", "and to those that wait behind it"
    if end == "page is closed":
        mender.close()
    tab.evaluate("held.close()")
    eventually(app.page, f"({READ_ANEW})().then((size) => size === {TIMESTAMP_SIZE})")
    if end == "page goes on":
        eventually(mender, f"({READ})().then((size) => size === {TIMESTAMP_SIZE})")
    assert app.page.evaluate(RECORDS) == SMALL


@pytest.mark.fault("C30", "C35", "C36")
@pytest.mark.parametrize("stores", BROKEN, ids=str)
def test_a_mending_that_is_terminated_at_any_operation(app: App, publisher: Any, stores: list[str]) -> None:
    app.page.goto(f"{app.host.url}app.html")
    struck: list[str] = []
    while True:
        malform(app, publisher, stores, SMALL)
        ended = app.page.evaluate(MEND, {"at": len(struck)})
        assert app.page.evaluate(RECORDS) == SMALL
        if "struck" not in ended:
            break
        struck.append(ended["struck"]["name"])
        assert app.page.evaluate(MEND, {"at": -1}) == {"ended": TIMESTAMP_SIZE}
    assert ended == {"ended": TIMESTAMP_SIZE}
    assert {"open", "createIndex", "transaction", "get", "commit"} <= set(struck)


def less_patient(route: Route) -> None:
    """Have the store wait three seconds for another tab, not fifteen."""
    text = (answer := route.fetch()).text()
    assert text.count("=15_000;") == 1
    route.fulfill(response=answer, body=text.replace("=15_000;", "=3_000;"))


def another(app: App) -> Page:
    """Another tab, with nothing of ours at work."""
    tab = app.page.context.new_page()
    tab.goto(f"{app.host.url}app.html")
    return tab


def holder(app: App) -> Page:
    """A tab that keeps the database open, and hears nothing, as a frozen one does."""
    tab = another(app)
    tab.evaluate(HOLD)
    return tab


def malform(app: App, publisher: Any, stores: list[str], records: dict[str, str] | None = None) -> None:
    for name in ("mending_worker.mjs", "termination.mjs", "store_faults.mjs"):
        (publisher.dist / name).write_bytes((HARNESS / name).read_bytes())
    app.page.evaluate(MALFORM, [stores, records])
