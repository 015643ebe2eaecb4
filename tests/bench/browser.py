"""What a visitor's browser pays: `browser.py HISTORY [--runs N]`, or `browser.py --chunks N` for pages drawn at random.

Real Chromium, real Pyodide, the real page. Builds the first state of HISTORY (see replay.py), or so many chunks in
pages of ten, serves them as GitHub Pages would with the strict policy, and measures inside the page, from the start of
the navigation: first install until searchable, first hits after a reload with the network off, and the longest task on
the main thread in both.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.replay import states
from support.pages_host import PagesHost

POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUERY = "oauth2 scopes"
PATIENCE = 60.0
WATCH = """
globalThis.bench = {longest: 0, hits: 0, installed: 0};
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) bench.longest = Math.max(bench.longest, task.duration);
}).observe({type: "longtask", buffered: true});
new MutationObserver(() => {
  const root = document.querySelector("vademecum-search")?.shadowRoot;
  if (!root || root.watched) return;
  root.watched = true;
  new MutationObserver(() => {
    if (!bench.hits && root.querySelector(".hit")) bench.hits = performance.now();
    const pill = root.querySelector("#pill-text")?.textContent ?? "";
    if (!bench.installed && pill.startsWith("Release")) bench.installed = performance.now();
  }).observe(root, {childList: true, subtree: true, characterData: true});
}).observe(document, {childList: true, subtree: true});
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("history", type=Path, nargs="?")
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        if options.history:
            next(states(options.history, folder / "source", 1))
        else:
            draw(folder / "source", options.chunks)
        command = [sys.executable, "-m", "vademecum_builder.cli.main", "build", "source", "--out", "dist"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        path = CHROMIUM if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        with PagesHost(folder / "dist", headers={"Content-Security-Policy": POLICY}) as server:
            runs = [visit(browser, server.url) for _ in range(options.runs)]
        browser.close()
    for name in runs[0]:
        values = [run[name] for run in runs]
        print(f"{name:52} median {statistics.median(values):7.0f}  worst {max(values):7.0f}")
    return 0


def draw(folder: Path, chunks: int) -> None:
    """Write pages of ten sections, of words that are asked for among others."""
    folder.mkdir()
    drawn = random.Random(1)
    words = QUERY.split() + ["".join(drawn.choices("aeioulnrst", k=drawn.randint(3, 9))) for _ in range(5_000)]
    for page in range(chunks // 10):
        sections = (f"## Section {at}\n\n{' '.join(drawn.choices(words, k=60))}.\n" for at in range(10))
        (folder / f"{page}.md").write_text(f"# Page {page}\n\n" + "\n".join(sections))


def visit(browser: Browser, url: str) -> dict[str, float]:
    """One visitor with a new profile: first install, then a reload without a network."""
    context = browser.new_context()
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(url)
    install = poll(page, "bench.installed && bench")
    poll(page, "navigator.serviceWorker.controller !== null")
    page.wait_for_timeout(1000)  # let what follows an install come to rest, and its tasks be counted
    first_longest = page.evaluate("bench.longest")
    check_observer(page)
    context.set_offline(True)
    page.goto(f"{url}?q={QUERY.replace(' ', '+')}")
    reload = poll(page, "bench.hits && bench")
    page.wait_for_timeout(500)
    reload_longest = page.evaluate("bench.longest")
    context.close()
    return {
        "first install until searchable, ms": install["installed"],
        "first install, longest main-thread task, ms": first_longest,
        "offline reload until first hits, ms": reload["hits"],
        "offline reload, longest main-thread task, ms": reload_longest,
    }


def check_observer(page: Page) -> None:
    """Make a long task on purpose: a benchmark that cannot see one would praise everything."""
    page.evaluate("() => setTimeout(() => { const end = performance.now() + 80; while (performance.now() < end); })")
    poll(page, "bench.longest >= 50")


def poll(page: Page, expression: str) -> Any:
    """Evaluate until truthy: the policy blocks Playwright's own waiting."""
    deadline = time.monotonic() + PATIENCE
    while not (value := page.evaluate(expression)):
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up waiting for {expression}")
        time.sleep(0.02)
    return value


if __name__ == "__main__":
    sys.exit(main())
