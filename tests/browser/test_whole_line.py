"""The whole line on the real page: the demo's knowledge base, built, served, installed, searched offline.

Each page is kept as a picture in `test-artifacts/`: look at them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from support.browser_app import eventually
from support.pages_host import PagesHost
from vademecum_builder.cli.main import main

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "test-artifacts"
POLICY = {"Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"}
LOOKS: dict[str, tuple[tuple[int, int], Literal["light", "dark"]]] = {
    "desktop-light": ((1280, 800), "light"),
    "desktop-dark": ((1280, 800), "dark"),
    "phone-light": ((390, 844), "light"),
}
SEARCH = "document.querySelector('vademecum-search').shadowRoot"
FIRST_HIT = f"{SEARCH}.querySelector('.hit .title')?.textContent"
WHOLE = "(name, files) => caches.open(name).then((kept) => kept.keys()).then((kept) => kept.length === files)"
CHECKED = """document.querySelector('vademecum-search').knowledgeBase.getStatus()
    .then(({ state }) => state === 'up-to-date')"""
READY = f"{SEARCH}?.querySelector('#pill-text')?.textContent.startsWith('Release')"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesHost]:
    """The demo's knowledge base, two releases old, below a sub-path as project pages are."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(ROOT / "tests" / "demo" / "handbook", folder / "source")
    assert main(["keys", "new", "--out", str(folder / "keys")]) == 0
    arguments = ["build", str(folder / "source"), "--out", str(folder / "dist"), "--keys", str(folder / "keys")]
    assert main([*arguments, "--title", "The allotment"]) == 0
    beans = folder / "source" / "plants" / "slugs.txt"
    beans.write_text(beans.read_text() + "\n\nHedgehogs eat more slugs than any trap.\n")
    assert main([*arguments, "--title", "The allotment"]) == 0
    with PagesHost(folder / "dist", prefix="/allotment/", headers=POLICY) as server:
        yield server


def looks(page: Page) -> Iterator[str]:
    """One look after another, by the name that its pictures carry."""
    for name, ((width, height), scheme) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        yield name


def keep(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    path = ARTEFACTS / f"{name}.png"
    page.screenshot(path=path)
    assert path.stat().st_size > 5_000, "a picture of an empty page"


def quiet(page: Page, host: PagesHost) -> None:
    """Wait until nothing more is asked for: the service worker has kept all files of Python."""
    (files,) = re.findall(r"const RUNTIME = (\{.*?\});", (host.site.root / "sw.js").read_text(), re.DOTALL)
    eventually(page, f"({WHOLE})('vademecum {host.url} runtime', {len(json.loads(files))})")
    expect(page.locator("#documents .tree")).to_be_attached()


def test_a_visitor_reads_searches_and_goes_offline(host: PagesHost, page: Page) -> None:
    page.goto(host.url)
    eventually(page, READY)
    eventually(page, "navigator.serviceWorker.controller !== null")
    quiet(page, host)
    for name in looks(page):
        page.context.set_offline(False)
        page.goto(host.url)
        eventually(page, READY)
        keep(page, f"search-welcome-{name}")
        page.fill("#query", "brown spots on my tomatoes")
        assert eventually(page, FIRST_HIT) == "Tomatoes"
        keep(page, f"search-results-{name}")
        eventually(page, CHECKED)
        expect(page.locator("#documents .tree")).to_be_attached()
        goes_offline(page, host, name)


def goes_offline(page: Page, host: PagesHost, name: str) -> None:
    page.context.set_offline(True)
    expect(page.locator("#pill")).to_contain_text("offline")
    before = len(host.requests)
    page.goto(f"{host.url}?q=pump+after+frost")
    assert eventually(page, FIRST_HIT) == "Watering"
    # The browser itself looks for a newer service worker when it likes, and is not offline as the page is.
    asked = {request.path for request in host.requests[before:]} - {"/allotment/sw.js"}
    assert asked == set(), "an offline search asked the host"
    page.keyboard.press("Escape")
    page.click("#pill")
    eventually(page, f"{SEARCH}.querySelector('#details').open")
    keep(page, f"details-offline-{name}")
    page.keyboard.press("Escape")

    page.fill("#query", "hedgehogs eat slugs")
    assert eventually(page, FIRST_HIT) == "Slugs"
    page.click(".hit [role=option]")
    eventually(page, f"{SEARCH}.querySelector('#reader').open")
    keep(page, f"reader-offline-{name}")


def test_without_webassembly_in_the_worker_that_answers_it_goes_offline_as_well(
    host: PagesHost, page: Page, tmp_path: Path
) -> None:
    """As where there is no SIMD: what stands in for it is kept with the other modules."""
    tree = tmp_path / "dist"
    shutil.copytree(host.site.root, tree)
    worker, keeper = tree / "client" / "query.mjs", tree / "sw.js"
    digest = hashlib.sha256(worker.read_bytes()).hexdigest()
    worker.write_text(f"delete globalThis.WebAssembly;\n{worker.read_text()}")
    keeper.write_text(keeper.read_text().replace(digest, hashlib.sha256(worker.read_bytes()).hexdigest()))
    with PagesHost(tree, prefix="/allotment/", headers=POLICY) as other:
        page.goto(other.url)
        eventually(page, READY)
        eventually(page, "navigator.serviceWorker.controller !== null")
        quiet(page, other)
        page.context.set_offline(True)
        before = len(other.requests)
        page.goto(f"{other.url}?q=pump+after+frost")
        assert eventually(page, FIRST_HIT) == "Watering"
        assert {request.path for request in other.requests[before:]} <= {"/allotment/sw.js"}
        assert "/allotment/client/search/passes.mjs" in {request.path for request in other.requests[:before]}
        page.context.set_offline(False)


def test_the_release_page_tells_what_changed(host: PagesHost, page: Page) -> None:
    page.goto(f"{host.url}release.html")
    published = page.evaluate("fetch('version.json').then((answer) => answer.json())")
    assert page.inner_text("h1") == "Release 2"
    assert published["version"] in page.inner_text(".lead")
    figures = page.inner_text(".figures").split()
    assert {str(published["documentCount"]), str(published["chunkCount"])} <= set(figures)
    page.locator("summary", has_text="How this release was made").click()
    files = page.get_by_role("region", name="Files", exact=True)
    assert files.locator("tbody tr").count() == len(published["files"])
    assert page.locator("section.change").all_inner_texts() == ["~Changed 1\nSlugs"]
    for name in looks(page):
        keep(page, f"release-{name}")
