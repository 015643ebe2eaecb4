"""What a first visit costs on a slow line: `first_visit.py SOURCE|DIST [--kbit 1600] [--latency 150] [--runs N]`.

Builds SOURCE (or takes a published tree), serves it as GitHub Pages would, and visits its page with a new profile
over a line that Chromium itself slows down (CDP `Network.emulateNetworkConditions`: it holds for the page, not for what
the Python worker fetches afterwards). Prints bytes as sent and seconds from the start of the navigation: to the first
hit for a query that is typed at once, of these what was asked for before Python (which begins with the first hits, on a
line that nobody slows down), and to the verified release.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, sync_playwright

from bench.browser import ARGUMENTS, CHROMIUM, POLICY
from bench.dev_keys import make_keys
from support.pages_host import PagesHost
from vademecum_builder.cli.main import main as vade

QUERY = "how do I check a password"
PATIENCE = 180.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("--kbit", type=int, default=1600)
    parser.add_argument("--latency", type=int, default=150)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        dist = options.source
        if not (dist / "metadata").is_dir():
            dist = Path(name) / "dist"
            keys = make_keys(Path(name) / "keys")
            assert vade(["build", str(options.source), "--out", str(dist), "--keys", str(keys)]) == 0
        path = CHROMIUM if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        runs = []
        for _ in range(options.runs):
            with PagesHost(dist, headers={"Content-Security-Policy": POLICY}) as host:
                runs.append(visit(browser, host, options.kbit, options.latency))
        browser.close()
    for row in ("first hit", "before Python", "verified"):
        seconds, sent = (statistics.median(run[row][part] for run in runs) for part in (0, 1))
        print(f"{row:13} {seconds:6.1f} s  {sent / 1e6:6.2f} MB  ({options.kbit} kbit/s, {options.latency} ms)")
    return 0


def visit(browser: Browser, host: PagesHost, kbit: int, latency: int) -> dict[str, tuple[float, int]]:
    """Return seconds and bytes at each of the two moments."""
    context = browser.new_context()
    page = context.new_page()
    slow_down(context.new_cdp_session(page), kbit, latency)
    found: dict[str, tuple[float, int]] = {}
    begin = time.monotonic()

    def wait(row: str, selector: str, text: re.Pattern[str]) -> None:
        page.locator(selector).filter(has_text=text).first.wait_for(timeout=PATIENCE * 1000)
        found[row] = time.monotonic() - begin, sum(r.sent_bytes + r.header_bytes for r in host.requests)
        if row == "first hit":
            before = takewhile(lambda r: not r.path.endswith("client/worker.mjs"), list(host.requests))
            found["before Python"] = found[row][0], sum(r.sent_bytes + r.header_bytes for r in before)

    page.goto(host.url, wait_until="commit")
    page.locator("#query").fill(QUERY, timeout=PATIENCE * 1000)
    wait("first hit", ".hit", re.compile(""))
    wait("verified", "#pill-text", re.compile("^Release"))
    context.close()
    return found


def slow_down(session: CDPSession, kbit: int, latency: int) -> None:
    line = {"offline": False, "latency": latency, "downloadThroughput": kbit * 125, "uploadThroughput": kbit * 125}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", line)


if __name__ == "__main__":
    sys.exit(main())
