"""Tabs that are closed, crash or freeze in the middle of an update; strict durability; readers across a flip."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from browser_app import App, second_release
from playwright.sync_api import Error, Page, Route

Eventually = Callable[[Page, str], Any]
PATIENCE = 60.0
"""Seconds until a test gives up; no statement about speed."""
UPDATE = (
    "void kb.update().then((outcome) => (window.outcome = outcome), ({ code }) => (window.outcome = code))"
)
FREE = "navigator.locks.query().then(({ held }) => held.every(({ name }) => name !== `vademecum:${kb.url}`))"
DURABILITY = """async () => {
    const { IndexedStore } = await import('/client/store.mjs');
    const made = [];
    const transaction = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (...args) {
        const tx = transaction.apply(this, args);
        if (tx.mode === 'readwrite') made.push(tx.durability);
        return tx;
    };
    const store = new IndexedStore(`${kb.url}elsewhere/`);
    await store.put('a'.repeat(64), new Uint8Array(3));
    await store.write([['head', new Uint8Array(3)]]);
    await store.discard(['a'.repeat(64)]);
    await store.clear([]);
    return made;
}"""
READ = """() => {
    window.seen = new Set();
    const read = async () => {
        while (!window.enough) seen.add(JSON.stringify((await kb.search('edition of keys')).map(({ text }) => text)));
        return [...seen];
    };
    window.reading = read();
    return void 0;
}"""


def another_tab(installed: App, publisher: Any, eventually: Eventually) -> App:
    tab = App(installed.page.context.new_page(), installed.host, publisher.root, eventually)
    tab.start(autoUpdate=False)
    return tab


def close(page: Page) -> None:
    page.close()


def crash(page: Page) -> None:
    with contextlib.suppress(Error):  # it is not there any more when the page would have been loaded
        page.goto("chrome://crash", timeout=5_000)


def wait_for(held: list[Route], page: Page) -> None:
    """Wait until a request is held back."""
    deadline = time.monotonic() + PATIENCE
    while not held:
        assert time.monotonic() < deadline, "nothing is asked for"
        page.wait_for_timeout(20)


@pytest.mark.fault("C30", "D43", "D46")
@pytest.mark.parametrize("end", [close, crash])
def test_a_tab_that_ends_in_the_middle_of_an_update(
    end: Callable[[Page], None], installed: App, publisher: Any, eventually: Eventually
) -> None:
    tab = another_tab(installed, publisher, eventually)
    second_release(publisher)
    held: list[Route] = []
    tab.page.route("**/objects/**", lambda route: held.append(route))
    tab.page.evaluate(UPDATE)
    wait_for(held, tab.page)  # the manifest has been read, and the lock is held
    end(tab.page)
    eventually(installed.page, FREE)
    assert installed.texts()
    assert installed.call("getStatus")["installed"]["sequence"] == 1
    assert installed.call("update")["to"] == 2
    assert any("second edition" in text for text in installed.texts("second edition"))


@pytest.mark.fault("D46")
def test_a_frozen_tab_goes_on(installed: App, publisher: Any, eventually: Eventually) -> None:
    second_release(publisher)
    held: list[Route] = []
    installed.page.route("**/objects/**", lambda route: held.append(route))
    installed.page.evaluate(UPDATE)
    wait_for(held, installed.page)
    browser = installed.page.context.new_cdp_session(installed.page)
    browser.send("Page.setWebLifecycleState", {"state": "frozen"})
    installed.page.unroute("**/objects/**")  # which lets what was held go on
    browser.send("Page.setWebLifecycleState", {"state": "active"})
    eventually(installed.page, "window.outcome")
    outcome = installed.page.evaluate("outcome")
    if outcome == "network":  # the request may have been cut off
        outcome = installed.call("update")
    assert outcome["to"] == 2


@pytest.mark.fault("D42", "D44")
def test_a_reader_in_another_tab_sees_one_release_or_the_other(
    installed: App, publisher: Any, eventually: Eventually
) -> None:
    tab = another_tab(installed, publisher, eventually)
    before = tab.texts("edition of keys")
    tab.page.evaluate(READ)
    second_release(publisher)
    assert installed.call("update")["to"] == 2
    tab.wait_for("updateCompleted")
    after = tab.texts("edition of keys")
    eventually(tab.page, "seen.size > 1 && (window.enough = true)")
    seen = tab.page.evaluate("reading.then((all) => all.map((texts) => JSON.parse(texts)))")
    assert before != after
    assert sorted(seen) == sorted([before, after])


@pytest.mark.fault("C37")
def test_what_is_written_is_strictly_durable(installed: App) -> None:
    made = installed.page.evaluate(DURABILITY)
    assert made == ["strict"] * 4
