"""The whole line on the real page: the demo's knowledge base, built, served, installed, searched offline.

Each page is kept as a picture in `test-artifacts/`: look at them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from support.pages_host import PagesHost
from vademecum_builder.cli.main import main

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "test-artifacts"
POLICY = {"Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"}
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SEARCH = "document.querySelector('vademecum-search').shadowRoot"
FIRST_HIT = f"{SEARCH}.querySelector('.hit .title')?.textContent"
READY = f"{SEARCH}?.querySelector('#pill-text')?.textContent.startsWith('Release')"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesHost]:
    """The demo's knowledge base, two releases old, below a sub-path as project pages are."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(ROOT / "tests" / "demo" / "handbook", folder / "source")
    assert main(["keys", "new", "--out", str(folder / "keys")]) == 0
    arguments = [
        "build",
        str(folder / "source"),
        "--out",
        str(folder / "dist"),
        "--keys",
        str(folder / "keys"),
    ]
    assert main([*arguments, "--title", "The allotment"]) == 0
    beans = folder / "source" / "plants" / "slugs.txt"
    beans.write_text(beans.read_text() + "\n\nHedgehogs eat more slugs than any trap.\n")
    assert main([*arguments, "--title", "The allotment"]) == 0
    with PagesHost(folder / "dist", prefix="/allotment/", headers=POLICY) as server:
        yield server


@pytest.fixture(params=[("desktop", "light"), ("desktop", "dark"), ("phone", "light")], ids="-".join)
def visitor(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, str]]:
    """A visitor with a new profile, and the name that its pictures carry."""
    device, scheme = request.param
    width, height = SIZES[device]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
    yield page, f"{device}-{scheme}"
    context.close()
    assert complaints == []


def keep(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    path = ARTEFACTS / f"{name}.png"
    page.screenshot(path=path)
    assert path.stat().st_size > 5_000, "a picture of an empty page"


def quiet(host: PagesHost) -> None:
    """Wait until nothing more is asked for: a service worker goes on keeping files when the page is ready."""
    asked = -1
    while asked != len(host.requests):
        asked = len(host.requests)
        time.sleep(1)


def test_a_visitor_reads_searches_and_goes_offline(
    host: PagesHost, visitor: tuple[Page, str], eventually: Callable[[Page, str], Any]
) -> None:
    page, name = visitor
    page.goto(host.url)
    eventually(page, READY)
    eventually(page, "navigator.serviceWorker.controller !== null")
    keep(page, f"search-welcome-{name}")

    page.fill("#query", "brown spots on my tomatoes")
    assert eventually(page, FIRST_HIT) == "Tomatoes"
    keep(page, f"search-results-{name}")

    quiet(host)
    page.context.set_offline(True)
    before = len(host.requests)
    page.goto(f"{host.url}?q=pump+after+frost")
    assert eventually(page, FIRST_HIT) == "Watering"
    asked = [request.path for request in host.requests[before:]]
    assert asked == [], "an offline search asked the host"
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


def test_the_release_page_tells_what_changed(host: PagesHost, visitor: tuple[Page, str]) -> None:
    page, name = visitor
    page.goto(f"{host.url}release.html")
    published = page.evaluate("fetch('version.json').then((answer) => answer.json())")
    assert page.inner_text("h1") == "Release 2"
    assert published["version"] in page.inner_text(".lead")
    figures = page.inner_text(".figures").split()
    assert {str(published["documentCount"]), str(published["chunkCount"])} <= set(figures)
    files = page.get_by_role("region", name="Files", exact=True)
    assert files.locator("tbody tr").count() == len(published["files"])
    assert page.locator("section.change").all_inner_texts() == ["~Changed 1\nSlugs"]
    keep(page, f"release-{name}")
