"""The npm package in apps as people build them: packed, installed, bundled by Vite and by webpack or loaded as it is,
and run in Chromium: the first synchronisation, and a search."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from npm_package import write_package
from support import sampling
from support.pages_host import PagesHost
from support.python_memory import put_memory
from vademecum_builder.pages.render import PROGRAM

BUNDLERS = Path(__file__).parents[1] / "packages" / "js" / "node_modules" / ".bin"
MAIN = """
import { KnowledgeBase } from "vademecum";
import "vademecum/search";

const { url, trust, clientUrl } = await (await fetch("app.json")).json();
globalThis.kb = new KnowledgeBase({ url, trust, clientUrl });
globalThis.failed = [];
kb.on("updateFailed", (error) => failed.push(error));
await kb.initialize();
"""
PAGE = '<!doctype html><meta charset="utf-8"><title>app</title><script type="module" src="{script}"></script>'
IMPORT_MAP = """<!doctype html><meta charset="utf-8"><title>app</title><script type="importmap">
{"imports": {"vademecum": "./node_modules/vademecum/client/vademecum.mjs",
             "vademecum/search": "./node_modules/vademecum/client/vademecum-search.mjs"}}
</script><script type="module" src="./src/main.mjs"></script>"""
RECIPES = (Path(__file__).parents[2] / "site" / "content" / "embedding.md").read_text(encoding="utf-8")
(VITE,) = re.findall(r"```js\n(// vite\.config\.js\n.*?)```", RECIPES, re.DOTALL)
WEBPACK = """import Terser from "%s";
export default {
  mode: "production", entry: "./src/main.mjs", experiments: { topLevelAwait: true },
  optimization: { minimizer: [new Terser(%s)] },
};
"""
MINIFIED = "" if sampling.ALL else r"{ test: /\.js$/ }"
"""All that webpack writes, by default; Pyodide's modules are minified as they come: again is half the work."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the package from its tarball."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "package").mkdir()
    write_package(folder / "package")
    [packed] = run(folder, "npm", "pack", "--silent", "./package").split()
    (folder / "app" / "src").mkdir(parents=True)
    (folder / "app" / "package.json").write_text('{"name": "app", "private": true}')
    (folder / "app" / "src" / "main.mjs").write_text(MAIN)
    run(folder / "app", "npm", "install", "--offline", "--silent", "--no-audit", "--no-fund", f"../{packed}")
    return folder / "app"


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def vite(project: Path, memory: bytes) -> Path:
    (project / "vite.config.mjs").write_text(VITE)
    (project / "index.html").write_text(PAGE.format(script="./src/main.mjs"))
    run(project, str(BUNDLERS / "vite"), "build", "--base", "./", "--outDir", "with-vite")
    return project / "with-vite"


def webpack(project: Path, memory: bytes) -> Path:
    terser = BUNDLERS.parent / "terser-webpack-plugin" / "dist" / "index.js"
    (project / "webpack.config.mjs").write_text(WEBPACK % (terser, MINIFIED))
    run(project, str(BUNDLERS / "webpack"), "--output-path", "with-webpack")
    (project / "with-webpack" / "index.html").write_text(PAGE.format(script="main.js"))
    return project / "with-webpack"


def esbuild(project: Path, memory: bytes) -> Path:
    """It follows no `new URL`: workers and runtime are copied, and the app says where they lie."""
    app = project / "with-esbuild"
    options = ("--bundle", "--format=esm", "--log-level=error", f"--outfile={app / 'main.js'}")
    run(project, str(BUNDLERS / "esbuild"), "src/main.mjs", *options)
    shutil.copytree(project / "node_modules/vademecum/client", app / "vademecum", copy_function=os.link)
    put_memory(app / "vademecum/pyodide", memory)
    (app / "index.html").write_text(PAGE.format(script="./main.js"))
    return app


def script(project: Path, memory: bytes) -> Path:
    app = project / "with-nothing"
    for part in ("src", "node_modules/vademecum"):
        shutil.copytree(project / part, app / part, copy_function=os.link)
    put_memory(app / "node_modules/vademecum/client/pyodide", memory)
    (app / "index.html").write_text(IMPORT_MAP)
    return app


@pytest.fixture
def published(publisher: Any) -> Iterator[PagesHost]:
    """The knowledge base, on an origin of its own."""
    with PagesHost(publisher.dist) as host:
        yield host


def follow_and_search(page: Page, eventually: Callable[[Page, str], Any]) -> None:
    # What the store has, the reader may be still opening.
    eventually(page, "globalThis.kb?.getLocalVersion().then((version) => version ?? failed[0])")
    assert page.evaluate("failed") == []
    [first, *_] = page.evaluate("kb.search('what to know about keys')")
    assert first["document"] == "keys.md"
    assert page.evaluate("customElements.get('vademecum-search') !== undefined")


@pytest.mark.parametrize("build", [vite, webpack, esbuild, script])
def test_an_app_syncs_and_searches(
    build: Callable[[Path, bytes], Path],
    project: Path,
    memory: bytes,
    page: Page,
    publisher: Any,
    published: PagesHost,
    eventually: Callable[[Page, str], Any],
) -> None:
    """Where Pyodide's files keep their names, Python goes on from memory; what a bundler wrote starts it."""
    app = build(project, memory)
    where = {"clientUrl": "/sub/app/vademecum/"} if build is esbuild else {}
    (app / "app.json").write_text(json.dumps({"url": published.url, "trust": publisher.root, **where}))
    inline = "" if build is not script else " 'unsafe-inline'"  # an import map
    policy = f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{inline}; connect-src 'self' {published.url}"
    with PagesHost(app, headers={"Content-Security-Policy": policy}, prefix="/sub/app/") as host:
        page.goto(host.url)
        follow_and_search(page, eventually)
        missing = [one.path for one in host.requests if one.status == 404 and "favicon" not in one.path]
        assert missing == []


def test_vites_development_server(
    project: Path, page: Page, publisher: Any, published: PagesHost, eventually: Callable[[Page, str], Any]
) -> None:
    (project / "vite.config.mjs").write_text(VITE)
    (project / "index.html").write_text(PAGE.format(script="./src/main.mjs"))
    (project / "public").mkdir()
    (project / "public/app.json").write_text(json.dumps({"url": published.url, "trust": publisher.root}))
    command = (str(BUNDLERS / "vite"), "--host", "127.0.0.1", "--port", "0", "--clearScreen", "false")
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = (re.search(r"http://127\.0\.0\.1:\S*?\d+\S*?/", line) for line in server.stdout)
            address = next(found[0] for found in said if found)
            page.goto(re.sub(r"\x1b\[\d+m", "", address))
            follow_and_search(page, eventually)
        finally:
            server.terminate()


def test_the_release_page_tells_what_a_first_visit_takes(client_folder: Path) -> None:
    files = [path for path in client_folder.rglob("*") if path.is_file() and not path.name.endswith(".d.mts")]
    taken = sum(
        path.stat().st_size if path.suffix == ".zip" else len(gzip.compress(path.read_bytes(), 6)) for path in files
    )
    assert abs(taken / 1e6 - PROGRAM / 1e6) < 0.25
    assert f"fetches {PROGRAM / 1e6} MB, gzipped" in RECIPES
