"""The kernel in a real Chromium: with the leave of the page's policy, and without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route

from fuzz.seeds import small_segment
from support.browser_app import FOUND, App
from support.pages_host import PagesHost

JS = Path(__file__).parents[2] / "client" / "vademecum" / "js"
SCORES = """async () => {
    const { place, plainPasses } = await import('/js/search/scan.mjs');
    const { decodeSegment } = await import('/js/format/segment.mjs');
    const file = new Uint8Array(await (await fetch('/segment')).arrayBuffer());
    const { kernel, files } = place([file]);
    const segments = files.map(decodeSegment);
    const query = Int8Array.from({ length: segments[0].dimensions }, (_, i) => 90 - 7 * i);
    const plain = await plainPasses();
    return [kernel !== null, ...[plain, kernel ?? plain].map((passes) => [...passes.scores(segments, query)])];
}"""
FALLBACK = "search/passes.mjs"
WITHOUT_WEBASSEMBLY = "delete globalThis.WebAssembly;\n"
"""What the worker that answers begins with, where its policy forbids WebAssembly or there is none."""
QUESTIONS = (FOUND, "keys roots", "what a client does with mirrors", '"of the release"')


@pytest.mark.parametrize("allowed", [True, False])
def test_the_policy_decides_whether_there_is_a_kernel_and_never_the_scores(
    allowed: bool, browser: Browser, tmp_path: Path
) -> None:
    shutil.copytree(JS, tmp_path / "js")
    (tmp_path / "index.html").write_text("<!doctype html><title>scan</title>")
    (tmp_path / "segment").write_bytes(small_segment())
    policy = "default-src 'self'; script-src 'self'" + (" 'wasm-unsafe-eval'" if allowed else "")
    with PagesHost(tmp_path, headers={"Content-Security-Policy": policy}) as host:
        page = browser.new_page()
        page.goto(host.url)
        has_kernel, plain, fast = page.evaluate(SCORES)
        page.close()
    assert has_kernel is allowed
    assert any(plain)
    assert fast == plain


def answers(app: App) -> list[object]:
    return [app.call("search", question, {"mode": mode}) for question in QUESTIONS for mode in ("hybrid", "semantic")]


def has_no_webassembly(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=WITHOUT_WEBASSEMBLY + answer.text())


def test_only_where_there_is_no_webassembly_its_fallback_is_fetched_and_gives_the_same_hits(installed: App) -> None:
    hits = answers(installed)
    assert all(hits)
    assert installed.requested(FALLBACK) == []
    installed.page.route("**/client/query.mjs", has_no_webassembly)
    installed.start(autoUpdate=False)
    assert answers(installed) == hits
    assert installed.requested(FALLBACK) == [f"/client/{FALLBACK}"]


def test_a_fallback_that_is_missing_is_one_error(installed: App) -> None:
    (installed.host.site.root / "client" / FALLBACK).unlink()
    installed.page.route("**/client/query.mjs", has_no_webassembly)
    installed.page.goto(f"{installed.host.url}app.html")
    error = installed.page.evaluate("""async () => {
      const { KnowledgeBase } = await import("/client/vademecum.mjs");
      const kb = new KnowledgeBase({ url: "/", autoUpdate: false });
      return kb.initialize().then(() => null, ({ code, message }) => [code, message]);
    }""")
    assert error[0] == "server" and FALLBACK in error[1]
