"""Tabs that are closed, crash or freeze in the middle of an update; strict durability; readers across a flip."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Route

from support.browser_app import App, second_release, until
from support.chromium import own_chromium

Eventually = Callable[[Page, str], Any]
UPDATE = "void kb.update().then((outcome) => (window.outcome = outcome), ({ code }) => (window.outcome = code))"
FREE = "navigator.locks.query().then(({ held }) => held.every(({ name }) => name !== `vademecum:${kb.url}`))"
DURABILITY = """async () => {
    const { IndexedStore } = await import('/client/store/store.mjs');
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
DIARY = """() => {
    Object.assign(window, { diary: [], ticks: 0 });
    for (const name of ['freeze', 'resume']) document.addEventListener(name, () => diary.push(name));
    setInterval(() => (ticks += 1), 20);
}"""
A_WHILE = "new Promise((done) => setTimeout(done, 1_500))"
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
    until(tab.page, lambda: held)  # the manifest has been read, and the lock is held
    end(tab.page)
    eventually(installed.page, FREE)
    assert installed.texts()
    assert installed.call("getStatus")["installed"]["sequence"] == 1
    assert installed.call("update")["to"] == 2
    assert any("second edition" in text for text in installed.texts("second edition"))


@pytest.fixture
def frozen(
    browser: Browser, publisher: Any, serve: Callable[[Path], Any], eventually: Eventually, tmp_path: Path
) -> Iterator[App]:
    """Release 1 is installed in a tab that can be frozen, which keeps a diary."""
    with own_chromium(browser.browser_type, tmp_path / "profile") as own:
        page = own.contexts[0].new_page()
        app = App(page, serve(publisher.dist), publisher.root, eventually)
        app.start(autoUpdate=False)
        app.call("setMode", "off")
        app.call("update")
        page.evaluate(DIARY)
        yield app


@pytest.mark.fault("D46")
def test_a_frozen_tab_goes_on(frozen: App, publisher: Any, eventually: Eventually) -> None:
    """What it asked for comes while it is frozen. The update ends after the thaw, or the next one does."""
    page, other = frozen.page, another_tab(frozen, publisher, eventually)
    second_release(publisher)
    frozen.host.requests.clear()
    held: list[Route] = []
    page.route("**/objects/**", lambda route: held.append(route))
    page.evaluate(UPDATE)
    until(page, lambda: held)
    page.bring_to_front()
    eventually(page, "ticks > 2")
    browser = page.context.new_cdp_session(page)
    browser.send("Page.setWebLifecycleState", {"state": "frozen"})
    until(page, lambda: page.evaluate("diary.includes('freeze')"))  # it cannot wait for itself any more
    before = page.evaluate("ticks")
    for route in held:
        route.continue_()
    page.unroute("**/objects/**")
    until(other.page, lambda: len(frozen.requested("objects/")) >= len(held))
    other.page.evaluate(A_WHILE)
    assert other.call("getStatus")["installed"]["sequence"] == 1
    assert other.texts(), "another tab reads on"
    assert page.evaluate("[ticks, diary, window.outcome ?? null]") == [before, ["freeze"], None], "it stands still"
    browser.send("Page.setWebLifecycleState", {"state": "active"})
    eventually(page, "diary.includes('resume')")
    eventually(page, f"ticks > {before} && window.outcome")
    outcome = page.evaluate("outcome")
    if outcome == "network":  # the request may have been cut off
        outcome = frozen.call("update")
    assert outcome["to"] == 2
    assert frozen.texts("second edition")


@pytest.mark.fault("D42", "D44")
def test_a_reader_in_another_tab_sees_one_release_or_the_other(
    installed: App, publisher: Any, eventually: Eventually
) -> None:
    tab = another_tab(installed, publisher, eventually)
    before = tab.texts("edition of keys")
    tab.page.evaluate(READ)
    eventually(tab.page, "seen.size > 0")
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
