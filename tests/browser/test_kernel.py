"""The kernel of the scan in a real Chromium: with the leave of the page's policy, and without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from fuzz.seeds import small_segment
from support.pages_host import PagesHost

JS = Path(__file__).parents[2] / "client" / "vademecum" / "js"
SCORES = """async () => {
    const { place, Scan } = await import('/js/search/scan.mjs');
    const { decodeSegment } = await import('/js/format/segment.mjs');
    const file = new Uint8Array(await (await fetch('/segment')).arrayBuffer());
    const { kernel, files } = place([file]);
    const segment = decodeSegment(files[0]);
    const query = Int8Array.from({ length: segment.dimensions }, (_, i) => 90 - 7 * i);
    const plain = new Scan([segment]).scores(query);
    return [kernel !== null, [...plain], [...new Scan([segment], kernel).scores(query)]];
}"""


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
