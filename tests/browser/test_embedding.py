"""The recipes of embedding.md: across origins, and beside an app's own service worker."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path
from string import ascii_lowercase, hexdigits
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from support.browser_app import FOUND, second_release
from support.chromium import ARGS, CHROMIUM, PATIENCE
from support.pages_host import Answer, PagesHost, Site
from support.python_memory import StartedHost

RECIPES = (Path(__file__).parents[2] / "site" / "content" / "embedding.md").read_text(encoding="utf-8")
APPS = (Path(__file__).parents[2] / "site" / "content" / "apps.md").read_text(encoding="utf-8")
(SERVICE_WORKER,) = re.findall(r"```js\n(// sw\.js\n.*?)```", RECIPES, re.DOTALL)
(EXTENSION,) = re.findall(r"```json\n(.*?)```", RECIPES, re.DOTALL)
(POPUP,) = re.findall(r"```html\n(<!doctype.*?)```", RECIPES, re.DOTALL)
(FOREIGN_POLICY,) = re.findall(r"`(script-src https://kb\.example [^`]*)`", RECIPES)
BEGIN = """async ([client, options]) => {
    const { KnowledgeBase } = await import(client);
    globalThis.kb = new KnowledgeBase(options);
    await kb.initialize();
    await kb.update();
}"""
TOLD = "({ code, message }) => [code, message]"


@dataclass(frozen=True)
class Shy(Site):
    """A host that sends CORS headers with some answers alone."""

    readable: frozenset[int] = frozenset({200})

    def answer(self, target: str, headers: Message) -> Answer:
        found = super().answer(target, headers)
        if found.status in self.readable:
            return found
        return replace(
            found, headers={name: told for name, told in found.headers.items() if not name.startswith("Access")}
        )


Start = Callable[..., tuple[PagesHost, PagesHost]]


@pytest.fixture
def start(publisher: Any, tmp_path: Path, client_folder: Path, memory: bytes) -> Iterator[Start]:
    """Serve an app with its own `client/`, and the knowledge base, on origins of their own."""
    running: list[PagesHost] = []
    folder = tmp_path / "app"
    shutil.copytree(client_folder, folder / "client", copy_function=os.link)
    (folder / "index.html").write_text("<!doctype html><title>app</title>")

    def begin(policy: str = "", readable: frozenset[int] | None = None) -> tuple[PagesHost, PagesHost]:
        tree: PagesHost = StartedHost(publisher.dist, memory).start()
        if readable is not None:
            tree.site = Shy(tree.site.root, readable=readable)
        told = policy.replace("https://kb.example", tree.url.rstrip("/"))
        app = StartedHost(folder, memory, headers={"Content-Security-Policy": told} if told else {}).start()
        running.extend((tree, app))
        return app, tree

    yield begin
    for host in running:
        host.stop()


@pytest.mark.parametrize("foreign", [False, True])
def test_it_works_under_trusted_types(foreign: bool, page: Page, publisher: Any, start: Start) -> None:
    policy = "; ".join(re.findall(r"Trusted Types \(`([^`]*)`\) \| `([^`]*)`", APPS)[0])
    app, tree = start(f"{FOREIGN_POLICY}; {policy}" if foreign else policy)
    reported: list[str] = []
    page.on("console", lambda message: reported.append(message.text) if "Trusted" in message.text else None)
    assert begun(page, app, f"{tree.url if foreign else app.url}client/vademecum.mjs", publisher, tree) is None
    assert found(page) == "keys.md"
    assert reported == []


def test_a_second_copy_of_the_script_under_trusted_types(browser: Browser, publisher: Any, start: Start) -> None:
    policy = "; ".join(re.findall(r"Trusted Types \(`([^`]*)`\) \| `([^`]*)`", APPS)[0])
    (duplicates,) = re.findall(r"a second copy of the script on the page `([^`]*)`", APPS)
    first = (
        "import('/client/vademecum.mjs?1').then(({ KnowledgeBase }) => new KnowledgeBase({ url: '/' }).initialize())"
    )
    for told, code in ((policy, "usage"), (f"{policy} {duplicates}", None)):
        app, tree = start(told)
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(app.url)
            page.evaluate(first)
            error = begun(page, app, f"{app.url}client/vademecum.mjs", publisher, tree, again=True)
            assert (error and error[0]) == code
            assert error is None or "for a second copy of this script with 'allow-duplicates'" in error[1]


def test_trusted_types_without_the_policy_are_one_error(page: Page, publisher: Any, start: Start) -> None:
    app, tree = start("require-trusted-types-for 'script'; trusted-types other")
    code, message = begun(page, app, f"{app.url}client/vademecum.mjs", publisher, tree)
    assert code == "usage" and "allow the policy vademecum" in message


def test_it_works_under_a_policy_with_nonces(page: Page, publisher: Any, start: Start, tmp_path: Path) -> None:
    (word,) = re.findall(r"has nonces on its scripts \| `([^`]*)`", APPS)
    app, tree = start(f"script-src 'nonce-abc' {word} 'wasm-unsafe-eval'")
    script = 'import { KnowledgeBase } from "./client/vademecum.mjs"; Object.assign(globalThis, { KnowledgeBase });'
    (tmp_path / "app" / "index.html").write_text(f'<script type="module" nonce="abc">{script}</script>')
    page.goto(app.url)
    options = {"url": tree.url, "trust": publisher.root, "autoUpdate": False}
    page.evaluate("(options) => (globalThis.kb = new KnowledgeBase(options)).update()", options)
    assert found(page) == "keys.md"


def begun(page: Page, app: PagesHost, client: str, publisher: Any, tree: PagesHost, *, again: bool = False) -> Any:
    """Open the app, unless it is, and update; return the error, or None."""
    if not again:
        page.goto(app.url)
    options = {"url": tree.url, "trust": publisher.root, "autoUpdate": False}
    return page.evaluate(f"(args) => ({BEGIN})(args).then(() => null, {TOLD})", [client, options])


def found(page: Page) -> str:
    return str(page.evaluate("(query) => kb.search(query)", FOUND)[0]["document"])


def test_a_client_of_another_origin_works_under_the_policy_that_is_told(
    page: Page, publisher: Any, start: Start
) -> None:
    app, tree = start(FOREIGN_POLICY)
    assert begun(page, app, f"{tree.url}client/vademecum.mjs", publisher, tree) is None
    assert found(page) == "keys.md"


def test_where_the_policy_allows_no_such_worker_one_line_says_what_to_allow(
    browser: Browser, publisher: Any, start: Start
) -> None:
    app, tree = start(FOREIGN_POLICY.replace("worker-src blob:", "worker-src"))
    with browser.new_context() as context:
        code, message = begun(context.new_page(), app, f"{tree.url}client/vademecum.mjs", publisher, tree)
    assert code == "server"
    assert "worker-src blob:" in message and "copy client/ to this page's origin" in message


def test_a_host_whose_404_has_no_cors_header_is_followed(page: Page, publisher: Any, start: Start) -> None:
    app, tree = start(readable=frozenset({200}))
    assert begun(page, app, "/client/vademecum.mjs", publisher, tree) is None
    assert found(page) == "keys.md"


def test_a_host_that_lets_nobody_read_gives_one_error(page: Page, publisher: Any, start: Start) -> None:
    app, tree = start(readable=frozenset())
    code, message = begun(page, app, "/client/vademecum.mjs", publisher, tree)
    assert code == "server" and "lets no page of another origin read it (CORS)" in message


def test_a_page_of_an_extension_searches(browser: Browser, publisher: Any, start: Start, tmp_path: Path) -> None:
    app, tree = start()
    folder = tmp_path / "extension"
    shutil.copytree(app.site.root / "client", folder / "client", copy_function=os.link)
    (folder / "root.json").write_text(publisher.root)
    (folder / "manifest.json").write_text(EXTENSION)
    (folder / "popup.html").write_text(POPUP.replace("https://kb.example/", tree.url))
    loaded = [f"--{option}={folder}" for option in ("disable-extensions-except", "load-extension")]
    allowed = ["--headless=new", "--disable-features=DisableLoadExtensionCommandLineSwitch"]
    with browser.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=CHROMIUM, args=[*ARGS, *loaded, *allowed]
    ) as context:
        page = context.new_page()
        # Chromium calls an unpacked extension by the place where it lies.
        digits = hashlib.sha256(str(folder).encode()).hexdigest()[:32]
        page.goto(
            f"chrome-extension://{digits.translate(str.maketrans(hexdigits[:16], ascii_lowercase[:16]))}/popup.html"
        )
        page.locator("vademecum-search input").first.fill(FOUND)
        page.locator("vademecum-search a", has_text="Keys").first.wait_for(timeout=PATIENCE * 1000)


@pytest.mark.parametrize("passes", [True, False])
def test_beside_a_service_worker_that_answers_from_its_cache(
    passes: bool, page: Page, publisher: Any, start: Start, eventually: Callable[[Page, str], Any]
) -> None:
    """Without the line that lets the tree pass, a new release is never seen."""
    app, _ = start()
    shutil.copytree(publisher.dist, app.site.root / "kb")
    recipe = SERVICE_WORKER if passes else SERVICE_WORKER.replace("url.startsWith(TREE)", "false")
    (app.site.root / "sw.js").write_text(recipe)
    page.goto(app.url)
    page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => null)")
    eventually(page, "navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    eventually(page, "navigator.serviceWorker.controller !== null")
    options = {"url": "/kb/", "trust": publisher.root, "autoUpdate": False}
    page.evaluate(BEGIN, ["/client/vademecum.mjs", options])
    second_release(publisher)
    shutil.copytree(publisher.dist, app.site.root / "kb", dirs_exist_ok=True)
    assert page.evaluate("kb.checkForUpdates().then(({ available }) => available)") is passes


CLASSIC = """const early = [];
addEventListener("message", ({ data }) => early?.push(data));
import(location.hash.slice(1)).then(() => {
  for (const data of early.splice(0)) dispatchEvent(new MessageEvent("message", { data }));
});"""
CLASSIC_ALONE = """self.Worker = class extends Worker {
    constructor(address, { name }) { super(`/classic.js#${address}`, { name }); }
};"""


def test_workers_that_a_bundler_starts_as_classic_ones(page: Page, publisher: Any) -> None:
    """Turbopack does, with Next: there Python refused to start, which could load scripts."""
    (publisher.dist / "classic.js").write_text(CLASSIC)
    page.add_init_script(CLASSIC_ALONE)
    with PagesHost(publisher.dist) as host:  # Python starts as it comes: one from memory asks nothing
        page.goto(f"{host.url}app.html")
        page.evaluate(BEGIN, ["/client/vademecum.mjs", {"url": "/", "trust": publisher.root, "autoUpdate": False}])
        assert found(page) == "keys.md"
        assert any("/classic.js" in request.path for request in host.requests)
