"""What opening and searching cost, beside other programs: `search.py [--chunks N ...] [--peers FOLDER] [--no-browser]`.

Knowledge bases drawn at random (installed.py) lie in a store as an installation leaves them. In Chromium and on CPython
it measures opening, queries (round trip; p50 and p95 of 200) and memory, beside the bare kernel and exact scans of
the same vectors by others, all in one run: Orama (npm, in FOLDER/node_modules), usearch, sqlite-vec and faiss (PyPI;
what is not installed is left out). Read the ratios: times are those of a machine that may be busy, so its load is told.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from bench.browser import ARGUMENTS, CHROMIUM, POLICY
from bench.installed import Drawn, Shape
from bench.peak import cost_of
from support.pages_host import PagesHost
from vademecum.runtime.loop import run
from vademecum.runtime.sqlite.store import SqliteStore
from vademecum.search.ranking import MODES
from vademecum_builder.pages.stemmers import stemmers

HERE = Path(__file__).parent
CLIENT = HERE.parents[1] / "client" / "vademecum" / "js"
QUERIES = 200
PROFILE = "profile"
FIGURES = ("least", "p50", "p95")
OPENINGS = 5
REST = 4
"""Seconds in which nobody asks: then a worker has read ahead what questions look up."""
PEERS = ("usearch", "sqlite-vec", "faiss 4 bits", "faiss float")
OTHERS = (256,)
"""Dimensions that vectors had when the goal was set: what the scan of as many rows costs with them."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",  # these two buy a clock of 5 microseconds
    "Cross-Origin-Embedder-Policy": "require-corp",
}
PEER_MOST = 100_000
"""Chunks above which Orama is left out: it takes gigabytes."""


def measure_cpython(folder: Path) -> dict[str, Any]:
    """Each in a process of its own, for its memory."""
    rows = {}
    for name in ("vademecum", "bare numpy", *PEERS):
        cost = cost_of([sys.executable, str(HERE / "scans" / "cpython.py"), name, str(folder)])
        if "absent" not in cost.said:
            rows[name] = {**cost.said, "MB": round(cost.bytes / 1e6)}
    return rows


def measure_chromium(context: BrowserContext, folder: Path, chunks: int, peers: Path | None) -> dict[str, Any]:
    profile = folder / PROFILE
    with PagesHost(folder, headers=HEADERS) as host:

        def call(name: str, *args: Any) -> Any:
            page = _page(context, host.url)
            memory = memory_of_renderers(profile)
            found = page.evaluate(f"(args) => import('/scans/chromium.mjs').then((m) => m.{name}(...args))", args)
            if isinstance(found, dict):
                found["MB"] = (memory_of_renderers(profile) - memory) // 10**6
            page.close()
            return found

        call("install", json.loads((folder / "data" / "digests.json").read_text()))
        openings = sorted(call("open") for _ in range(OPENINGS))
        queries = json.loads((folder / "data" / "queries.json").read_text())
        rows = {mode: {**call("search", queries, mode), "open": openings[0]} for mode in MODES}
        rows[f"hybrid, {REST} s later"] = call("search", queries, "hybrid", 1000 * REST)
        rows["bare kernel"] = call("kernel", queries)
        for dimensions in OTHERS:
            rows[f"of {dimensions} dimensions"] = call("kernelOf", dimensions, queries)
        rows["query's encoding"] = call("encode", queries)
        rows["without WebAssembly"] = call("plain", queries[:20])
        if peers and chunks <= PEER_MOST:
            rows["Orama"] = call("orama", queries[:40], False)
            rows["Orama, with texts"] = call("orama", queries[:40], True)
    return rows


def _page(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(1_800_000)
    page.goto(f"{url}app.html")
    return page


def memory_of_renderers(profile: Path) -> int:
    """Return the bytes of the renderers of the browser with this profile, with their workers; shared pages divided."""
    size = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"--type=renderer" in (process / "cmdline").read_bytes() and _is_below(process, str(profile).encode()):
                size += int((process / "smaps_rollup").read_text().split("Pss:")[1].split()[0]) * 1024
    return size


def _is_below(process: Path, said: bytes) -> bool:
    """Whether the command of one of the processes that started it says this: other browsers may run on this machine."""
    while process.name != "0":
        if said in (process / "cmdline").read_bytes():
            return True
        process = process.with_name((process / "stat").read_text().rpartition(")")[2].split()[1])
    return False


def lay(folder: Path, shape: Shape, peers: Path | None) -> None:
    """Write what both runtimes read: the store of CPython, the files of the page, the queries."""
    drawn = Drawn(shape)
    objects = drawn.objects()
    (folder / "data").mkdir()
    files = {**objects, "head": drawn.head(list(objects))}
    files["digests.json"] = json.dumps(list(objects)).encode()
    files["queries.json"] = json.dumps(drawn.queries(QUERIES)).encode()
    for name, content in files.items():
        (folder / "data" / name).write_bytes(content)
    shutil.copytree(CLIENT, folder / "client")
    (folder / "client/search/stemmers").mkdir()
    for name, content in stemmers().items():
        (folder / "client/search/stemmers" / name).write_bytes(content)
    shutil.copytree(HERE / "scans", folder / "scans")
    (folder / "app.html").write_text("<!doctype html><title>app</title>")
    if peers:
        shutil.copytree(peers / "node_modules/@orama/orama/dist/browser", folder / "orama")

    async def fill() -> None:
        store = SqliteStore(folder / "store.db")
        for digest, content in objects.items():
            await store.put(digest, content)
        await store.write({"head": files["head"]})
        await store.close()

    run(fill())


def show(chunks: int, where: str, rows: dict[str, dict[str, Any]], unit: str) -> None:
    print(f"\n{chunks:,} chunks, {where} (load {os.getloadavg()[0]:.1f})")
    base = rows[unit]
    for name, row in rows.items():
        opened = f"{row['open']:8.0f}" if "open" in row else " " * 8
        times = " ".join(f"{row[key]:9.2f}" for key in FIGURES)
        ratios = " ".join(f"{row[key] / base[key]:7.1f}" for key in FIGURES)
        print(f"  {name:20} {times} {ratios} {opened} {row['MB']:6}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--chunks", type=int, nargs="+", default=[3_000, 25_000, 100_000, 1_000_000])
    parser.add_argument("--dimensions", type=int, default=96)
    parser.add_argument("--words", type=int, default=40, help="words of a chunk's text")
    parser.add_argument("--peers", type=Path, help="folder in whose node_modules @orama/orama lies")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--no-cpython", action="store_true")
    options = parser.parse_args(arguments)
    print(f"{options.dimensions} dimensions; times in ms, memory in MB")
    heads = [f"{key:>9}" for key in FIGURES] + [f"{'÷' + key:>7}" for key in FIGURES]
    print(f"  {'':20} {' '.join(heads)} {'open':>8} {'memory':>6}")
    for chunks in options.chunks:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            lay(folder, Shape(chunks, options.dimensions, options.words), options.peers)
            if not options.no_cpython:
                show(chunks, "CPython", measure_cpython(folder), "bare numpy")
            if not options.no_browser:
                with sync_playwright() as playwright:
                    path = CHROMIUM if CHROMIUM.exists() else None
                    context = playwright.chromium.launch_persistent_context(
                        folder / PROFILE, executable_path=path, args=ARGUMENTS
                    )
                    rows = measure_chromium(context, folder, chunks, options.peers)
                    context.close()
                show(chunks, "Chromium", rows, "bare kernel")
    return 0


if __name__ == "__main__":
    sys.exit(main())
