"""A knowledge base full of hostile documents, on the real site: nothing of a document ever runs.

The `page` fixture fails on a broken policy: it is never the policy alone that saves us.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from support.pages_host import PagesHost
from vademecum.format.json import canonical
from vademecum_builder.cli.main import main

PAYLOADS = (
    "<script>parent.ran=top.ran=1</script>",
    "<img src=x onerror='top.ran=1'>",
    "\"><svg onload='top.ran=1'>",
    "</title></script><iframe srcdoc='<script>top.ran=1</script>'>",
    "javascript:top.ran=1",
    "<base href='https://evil.invalid/'>{{7*7}}${7*7}",
)
URLS = (
    "javascript:top.ran=1",
    "JaVaScRiPt:top.ran=1",
    '"java\\tscript:top.ran=1"',
    '"\\x01javascript:top.ran=1"',
    '"\\u00a0javascript:top.ran=1"',
    "data:text/html,<script>top.ran=1</script>",
    "vbscript:top.ran=1",
    "javascript&#58;top.ran=1",
    "//evil.invalid/path",
    "https://example.org/?q='\\\"><script>top.ran=1</script>",
)
DOCUMENTS = len(PAYLOADS) + len(URLS) + 2
KEY = 'hostile "><img src=x onerror=top.ran=1>.md'


def write_sources(folder: Path) -> None:
    folder.mkdir()
    for number, payload in enumerate(PAYLOADS):
        head = f"---\ntitle: {canonical(f'lamp {payload}').decode()}\nnote: {canonical(payload).decode()}\n---\n"
        text = f"# lamp `{payload}`\n\n## lamp `{payload}`\n\nThe lamp `{payload}` lamp.\n\n{payload}\n"
        (folder / f"text{number}.md").write_text(head + text)
    for number, url in enumerate(URLS):
        line = url if url.startswith('"') else canonical(url).decode()
        (folder / f"url{number}.md").write_text(f"---\nurl: {line}\n---\n# lamp number {number}\n\nA lamp.\n")
    (folder / KEY).write_text("The lamp of a hostile key.\n")
    (folder / "page.html").write_text(
        "<base href='javascript:top.ran=1//'><title>lamp</title><body onload='top.ran=1'>"
        "<h1 id='\"><script>top.ran=1</script>'>lamp &lt;script&gt;top.ran=1&lt;/script&gt;</h1>"
        "<p onclick='top.ran=1'>lamp <a href='javascript:top.ran=1'>link</a></p><script>top.ran=1</script>"
    )


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    write_sources(folder / "source")
    assert main(["keys", "new", "--out", str(folder / "keys")]) == 0
    options = ["--out", str(folder / "dist"), "--keys", str(folder / "keys"), "--title", PAYLOADS[1]]
    with pytest.MonkeyPatch.context() as careless:
        # Our builder drops such URLs, and says so: here the site has to stand alone.
        careless.setattr("vademecum_builder.readers.document._is_safe", lambda url: True)
        assert main(["build", str(folder / "source"), *options]) == 0
    return folder / "dist"


def test_no_script_of_a_document_ever_runs(page: Page, dist: Path, serve: Callable[[Path], PagesHost]) -> None:
    server = serve(dist)
    dialogs: list[str] = []

    def opened(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", opened)
    page.goto(f"{server.url}?q=lamp")
    results = page.locator("#results .hit")
    expect(results).to_have_count(DOCUMENTS)
    assert page.locator("main img, main script, main iframe, main svg[onload], base").count() == 0
    links = page.locator("#results a").evaluate_all("found => found.map((link) => link.protocol)")
    assert links and set(links) <= {"http:", "https:"}
    for index in range(DOCUMENTS):
        hit = results.nth(index)
        hit.locator("button.read" if hit.locator("button.read").count() else "a, div[role=option]").first.click()
        expect(page.locator("#reader")).to_be_visible()
        expect(page.locator("#reader-text")).to_contain_text("lamp", ignore_case=True)
        assert page.locator("dialog img, dialog script, dialog iframe").count() == 0
        assert page.locator("#reader-link").evaluate("(link) => link.protocol") in (":", "", "http:", "https:")
        page.locator("#reader [data-close]").click()
        expect(page.locator("#reader")).to_be_hidden()
        expect(page).not_to_have_url(re.compile("doc="))  # the way back, which a new address would cut off
    page.goto(f"{server.url}release.html")
    assert page.locator("main img, main script, main iframe, base").count() == 0
    schemes = page.locator("main a").evaluate_all("found => found.map((link) => link.protocol)")
    assert schemes and set(schemes) <= {"http:", "https:"}
    assert page.evaluate("[window.ran, document.title.includes('onerror')]") == [None, True]
    assert dialogs == []
    assert not [request.path for request in server.requests if request.path == "/x"]  # no image was asked for
