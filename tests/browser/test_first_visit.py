"""The first visit: hits before Python, marked as a preview, and one clear error where something is missing."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Publisher
from support.browser_app import FOUND, App, until
from support.chromium import PATIENCE
from support.pages_host import PagesHost, Request
from vademecum_builder.cli.main import main

Serve = Callable[[Path], PagesHost]
Eventually = Callable[[Page, str], Any]

ASKED = f"""kb.search({json.dumps(FOUND)}).then((hits) => [hits.length, hits.preview === true], ({{ code }}) => code)"""


class Held:
    """Keeps an answer of the host back until it is let go."""

    def __init__(self, host: PagesHost, part: str) -> None:
        self._part, self._go = part, threading.Event()
        host.log = self._log

    def _log(self, request: Request) -> None:
        if self._part in request.path:
            assert self._go.wait(60)

    def release(self) -> None:
        self._go.set()


def yank(publisher: Publisher) -> None:
    assert main(["yank", "1", "--out", str(publisher.dist), "--keys", str(publisher.folder / "keys")]) == 0


def stored(app: App) -> int:
    status = app.call("getStatus")
    return int(status["objects"])


def test_what_came_answers_while_python_verifies_it(app: App, eventually: Eventually) -> None:
    held = Held(app.host, "pyodide.asm.wasm")
    app.start(preview=True)
    eventually(app.page, "events.some(([name, detail]) => name === 'updateProgress' && detail.stage === 'downloading')")
    eventually(app.page, "kb.getStatus().then(({ preview }) => preview !== null)")
    count, preview = app.page.evaluate(ASKED)
    assert count > 0 and preview is True
    assert (app.call("getStatus")["installed"], stored(app)) == (None, 0)
    eventually(app.page, "events.some(([name, detail]) => detail.stage === 'starting' && detail.bytes > 0)")
    held.release()
    app.wait_for("updateCompleted")
    assert app.page.evaluate(ASKED) == [count, False]
    status = app.call("getStatus")
    assert (status["preview"], status["installed"]["sequence"]) == (None, 1)
    objects = app.requested("/objects/")
    assert len(objects) == len(set(objects)), "Python takes what the preview has fetched"
    names = [name for name, detail in app.page.evaluate("events") if detail and detail.get("stage") != "starting"]
    assert names[0] == "updateProgress", "data first, then Python"


def test_a_preview_that_does_not_verify_is_taken_away(app: App, publisher: Publisher, eventually: Eventually) -> None:
    timestamp = publisher.dist / "metadata" / "timestamp.json"
    signed = json.loads(timestamp.read_bytes())
    signed["signatures"][0]["sig"] = "00" * 64
    timestamp.write_bytes(json.dumps(signed).encode())
    held = Held(app.host, "pyodide.asm.wasm")
    app.start(preview=True)
    eventually(app.page, "kb.getStatus().then(({ preview }) => preview !== null)")
    assert app.page.evaluate(ASKED)[1] is True
    app.page.evaluate("globalThis.previews = []; kb.on('preview', (detail) => previews.push(detail)); undefined")
    held.release()
    app.wait_for("updateFailed")
    eventually(app.page, "previews.length > 0 && previews[0] === null")
    assert app.page.evaluate(ASKED) == "empty"
    assert (app.events("updateFailed")[0]["code"], stored(app)) == ("signature", 0)
    assert app.page.evaluate("kb.update().then(() => null, ({ code }) => code)") == "signature"
    assert app.page.evaluate("previews") == [None], "what failed is not shown again"


def test_a_release_that_was_taken_back_is_not_shown(page: Page, publisher: Publisher, serve: Serve) -> None:
    yank(publisher)
    host = serve(publisher.dist)
    page.goto(f"{host.url}index.html?q=keys")
    told = "Release 1 was taken back by its publisher, and there is no other yet."
    expect(page.locator("#install-text")).to_have_text(told, timeout=PATIENCE * 1000)
    expect(page.locator("#pill")).to_have_text("Nothing here yet · online")
    assert [request.path for request in host.requests if "/objects/" in request.path] == []


def test_a_preview_of_what_is_not_for_this_reader_is_taken_away(app: App, eventually: Eventually) -> None:
    app.start(preview=True, autoUpdate=False)
    app.call("setMode", "off")
    app.call("skip", 1)
    app.page.evaluate(
        "globalThis.previews = []; kb.on('preview', (detail) => previews.push(detail?.sequence)); undefined"
    )
    assert app.call("update")["reason"] == "refused"
    assert app.page.evaluate("previews.map(String)") == ["1", "undefined"]
    assert app.page.evaluate(ASKED) == "empty"
    status = app.call("getStatus")
    assert (status["preview"], status["installed"], status["reason"]) == (None, None, "refused")


def test_where_nobody_could_ask_the_preview_stays_a_preview(app: App, publisher: Publisher) -> None:
    (publisher.dist / "client" / "pyodide" / "pyodide.asm.wasm").unlink()
    app.start(preview=True)
    app.wait_for("updateFailed")
    assert app.events("updateFailed")[0]["code"] == "server"
    assert app.page.evaluate(ASKED)[1] is True
    assert stored(app) == 0


def test_who_goes_back_to_a_page_is_shown_the_preview_again(
    app: App, publisher: Publisher, eventually: Eventually
) -> None:
    (publisher.dist / "client" / "pyodide" / "pyodide.asm.wasm").unlink()
    app.start(preview=True)
    app.wait_for("updateFailed")
    for event in ("pagehide", "pageshow"):
        app.page.evaluate(f"dispatchEvent(new PageTransitionEvent('{event}', {{ persisted: true }})); undefined")
    eventually(app.page, f"{ASKED}.then((found) => found[1] === true)")


@pytest.mark.fault("B22")
def test_a_host_that_never_gives_its_objects_is_waited_for_once(app: App) -> None:
    """Python would ask it for the same: megabytes and another half a minute later."""
    app.page.clock.install()
    app.page.route("**/objects/*", lambda route: None)
    app.start(preview=True)
    until(app.page, lambda: app.requested("/releases/"))

    def given_up() -> bool:
        app.page.clock.fast_forward(31_000)
        return "updateFailed" in app.names()

    until(app.page, given_up)
    assert app.events("updateFailed")[0]["code"] == "network"
    assert app.requested("pyodide") == []


START = """async ([module, url, trust]) => {
    const { KnowledgeBase } = await import(module);
    const kb = globalThis.kb = new KnowledgeBase({ url, trust, preview: true });
    globalThis.previews = [];
    kb.on("preview", (detail) => previews.push(detail));
    await kb.initialize();
    await new Promise((resolve) => kb.on("updateProgress", ({ stage }) => stage === "starting" && resolve()));
}"""


@pytest.mark.parametrize(
    ("place", "address", "module", "shown"),
    [
        ("beside", "page.html", "/kb/client/vademecum.mjs", [1]),
        ("of another origin", "page.html", "/kb/client/vademecum.mjs", []),
        ("of its own scripts", "kb/app.html", "/client/vademecum.mjs", []),
        ("in a frame", "framed.html", "/kb/client/vademecum.mjs", []),
    ],
)
def test_a_page_previews_where_its_scripts_are_of_the_tree_and_of_its_own_origin(
    page: Page, publisher: Publisher, place: str, address: str, module: str, shown: list[int]
) -> None:
    """That the host names what was signed decides nothing elsewhere: see the threat model."""
    root = publisher.folder / "site"
    shutil.copytree(publisher.dist, root / "kb")
    shutil.copytree(publisher.dist / "client", root / "client")
    (root / "page.html").write_text("<!doctype html><title>app</title>")
    (root / "framed.html").write_text('<!doctype html><title>app</title><iframe src="kb/app.html"></iframe>')
    with PagesHost(root) as here, PagesHost(root) as there:
        host, origin = (there, there.url.rstrip("/")) if place == "of another origin" else (here, "")
        page.goto(f"{here.url}{address}")
        frame = page.frames[-1]
        frame.evaluate(START, [f"{origin}{module}", f"{origin}/kb/", publisher.root])
        assert frame.evaluate("previews.map(({ sequence }) => sequence)") == shown
        assert any("/objects/" in request.path for request in host.requests) == bool(shown)


def test_who_saves_data_is_asked_first(app: App) -> None:
    app.page.add_init_script(
        "Object.defineProperty(navigator, 'connection', "
        "{ value: Object.assign(new EventTarget(), { saveData: true }) })"
    )
    app.start(preview=True)
    app.wait_for_state("update-available")
    assert [*app.requested("/objects/"), *app.requested("worker.mjs"), *app.requested("pyodide")] == []
    app.page.evaluate("void kb.update()")
    app.wait_for("updateCompleted")


def test_who_saves_data_finds_a_button_in_place_of_a_bar(page: Page, publisher: Publisher, serve: Serve) -> None:
    page.add_init_script(
        "Object.defineProperty(navigator, 'connection', "
        "{ value: Object.assign(new EventTarget(), { saveData: true }) })"
    )
    page.goto(serve(publisher.dist).url)
    page.get_by_role("button", name="Download").click()
    expect(page.locator("#pill")).to_contain_text("Release 1 ·")


# What is missing ----------------------------------------------------------------------------------

RUNTIME = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]
OURS = ["runtime.json", "vademecum.zip", "worker.mjs"]


@pytest.mark.parametrize("name", [*(f"pyodide/{name}" for name in RUNTIME), *OURS])
def test_a_file_of_the_program_that_is_missing_is_one_error(app: App, publisher: Publisher, name: str) -> None:
    (publisher.dist / "client" / name).unlink()
    app.start(autoUpdate=False)
    app.call("setMode", "off")
    error = app.page.evaluate("kb.update().then(() => null, ({ code, message }) => [code, message])")
    assert error[0] == "server"
    assert name.split("/")[-1] in error[1] and "404" in error[1]


def test_a_query_worker_that_is_missing_is_one_error(app: App, publisher: Publisher) -> None:
    (publisher.dist / "client" / "query.mjs").unlink()
    app.page.goto(f"{app.host.url}app.html")
    error = app.page.evaluate("""async () => {
      const { KnowledgeBase } = await import("/client/vademecum.mjs");
      return new KnowledgeBase({ url: "/" }).initialize().then(() => null, ({ code, message }) => [code, message]);
    }""")
    assert error[0] == "server" and "query.mjs" in error[1]


def test_a_module_of_the_search_that_is_missing_is_one_error(app: App, publisher: Publisher) -> None:
    (publisher.dist / "client" / "search" / "stemmers" / "english.js").unlink()
    app.install()
    error = app.page.evaluate(
        f"kb.search({json.dumps(FOUND)}).then(() => null, ({{ code, message }}) => [code, message])"
    )
    assert error[0] == "server" and "stemmers/english.js" in error[1]


def test_a_policy_without_wasm_is_told_as_such(page: Page, publisher: Publisher, eventually: Eventually) -> None:
    headers = {"Content-Security-Policy": "default-src 'self'"}
    with PagesHost(publisher.dist, headers=headers) as host:
        app = App(page.context.new_page(), host, publisher.root, eventually)
        app.start(autoUpdate=False)
        app.call("setMode", "off")
        error = app.page.evaluate("kb.update().then(() => null, ({ code, message }) => [code, message])")
    assert error[0] == "usage" and "wasm-unsafe-eval" in error[1]
