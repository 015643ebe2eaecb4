"""An app's own encoder in Chromium: Python fetches the directions, the page encodes, the hits are CPython's."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from support.pages_host import PagesHost
from support.publishing import Line
from unit.client.test_own_encoder import PAGES, OfModel, Tiny, directions
from vademecum.knowledge import KnowledgeBase
from vademecum.search import own_encoder

QUERY = "the wind of the sail"
ASK = """async ([trust, vectors, query]) => {
    const { KnowledgeBase } = await import('/client/vademecum.mjs');
    let encoded = 0;
    const encoder = async (text) => (encoded++, vectors[text]);
    const kb = new KnowledgeBase({ url: '/', trust, autoUpdate: false, encoder });
    await kb.initialize();
    await kb.update();
    const ask = (mode) => kb.search(query, { limit: 8, mode, group: false });
    const answers = [await ask('semantic'), await ask('hybrid')];
    const told = [answers.flat().map(({ id, score }) => [id, score]), encoded, answers.map(({ encoder }) => encoder)];
    for (const text of Object.keys(vectors)) vectors[text] = [1, 2];
    told.push(await ask('semantic').then(() => 'none', ({ code, message }) => `${code}: ${message}`));
    await kb.close();
    return told;
}"""

GUIDE = Path(__file__).parents[2] / "site" / "content" / "apps.md"
TRANSFORMERS = """
export const env = { allowLocalModels: false, allowRemoteModels: true, backends: { onnx: { wasm: {} } } };
export async function pipeline(task, model) {
    if (!env.allowLocalModels) throw new Error("local models are disabled");
    await import(`${env.backends.onnx.wasm.wasmPaths}ort-wasm-simd-threaded.mjs`);
    const vectors = await (await fetch(`${env.localModelPath}${model}/vectors.json`)).json();
    return async (text) => ({ data: Float64Array.from(vectors[text]) });
}
"""
"""Of the library what an app may do wrong (4.3): models of one's own are off in browsers till they are allowed, and its
runtime is imported from beside it, so that a relative address is one of that folder.
"""
AS_SHOWN = """async (query) => {
    const { kb } = await import('/app.mjs');
    await kb.initialize();
    await kb.ready;
    const hits = await kb.search(query, { limit: 8, mode: 'semantic', group: false });
    await kb.close();
    return [hits.encoder, hits.map(({ id, score }) => [id, score])];
}"""


@pytest.mark.slow
def test_the_apps_model_asks_in_a_browser(
    page: Page, client_folder: Path, serve: Callable[[Path], PagesHost], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_encoder, "_TRIED", 1000)  # so that all passages are encoded here
    encoders: Any = OfModel(Tiny(), directions("first"))
    line = Line(tmp_path, now=datetime.now(UTC).replace(microsecond=0), encoders=encoders)
    line.release(PAGES)
    model = Tiny()
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=line.out, trust=line.root, encoder=model)
    assert kb.sync().error is None
    found = [kb.search(QUERY, 8, mode=mode, group=False) for mode in ("semantic", "hybrid")]
    expected = [[hit.id, hit.score] for hits in found for hit in hits]

    shutil.copytree(client_folder, line.out / "client")
    (line.out / "app.html").write_text("<!doctype html><title>app</title>")
    page.goto(f"{serve(line.out).url}app.html")
    vectors = {text: Tiny()(text) for text in model.asked}
    hits, encoded, by, refused = page.evaluate(ASK, [line.root.decode(), vectors, QUERY])
    assert (hits, encoded) == (expected, 5), "three passages, and two questions"
    assert by == ["own", "own"]
    assert refused.startswith("usage: encoder: it has to return 24 finite numbers")


@pytest.mark.slow
def test_an_app_with_transformers_js_is_as_the_documentation_shows_it(
    page: Page, client_folder: Path, serve: Callable[[Path], PagesHost], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_encoder, "_TRIED", 1000)
    encoders: Any = OfModel(Tiny(), directions("first"))
    line = Line(tmp_path, now=datetime.now(UTC).replace(microsecond=0), encoders=encoders)
    line.release(PAGES)
    model = Tiny()
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=line.out, trust=line.root, encoder=model)
    assert kb.sync().error is None
    expected = [[hit.id, hit.score] for hit in kb.search(QUERY, 8, mode="semantic", group=False)]

    shutil.copytree(client_folder, line.out / "client")
    [shown] = re.findall(r"```js\n(import \{ env, pipeline \}.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    root = f"const rootJson = {json.dumps(line.root.decode())};\n"
    files = {
        "app.html": "<!doctype html><title>app</title>",
        "app.mjs": f"{root}{shown.replace('https://example.org/kb/', '/')}export {{ kb }};\n",
        "transformers/transformers.min.js": TRANSFORMERS,
        "transformers/ort-wasm-simd-threaded.mjs": "",
        "models/all-MiniLM-L6-v2/vectors.json": json.dumps({text: list(Tiny()(text)) for text in model.asked}),
    }
    for name, text in files.items():
        (line.out / name).parent.mkdir(parents=True, exist_ok=True)
        (line.out / name).write_text(text)
    page.goto(f"{serve(line.out).url}app.html")
    assert page.evaluate(AS_SHOWN, QUERY) == ["own", expected]
