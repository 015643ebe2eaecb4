"""The model that a release brings, run in Chromium by onnxruntime-web as the documentation shows it."""

from __future__ import annotations

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
from unit.builder.encoders import test_models as of_model
from vademecum.knowledge import KnowledgeBase
from vademecum_builder.encoders.base import Fitted

PACKAGES = Path(__file__).parents[1] / "packages" / "js" / "node_modules"
GUIDE = Path(__file__).parents[2] / "site" / "content" / "apps.md"
LOADED = (
    (
        "onnxruntime",
        "onnxruntime-web",
        ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    ),
    ("tokenizers", "@huggingface/tokenizers", ("tokenizers.min.mjs",)),
)
model, fitted = of_model.model, of_model.fitted
OF_MODEL = """async ([trust, query]) => {
    const { KnowledgeBase } = await import('/client/vademecum.mjs');
    const { encoder } = await import('/encoder.mjs');
    const kb = new KnowledgeBase({ url: '/', trust, autoUpdate: false, encoder });
    await kb.initialize();
    await kb.update();
    const ask = () => kb.search(query, { mode: 'semantic', group: false });
    const table = await ask();
    let own = table;
    for (let tries = 0; own.encoder !== 'own' && tries < 600; tries++) {
      await new Promise((done) => setTimeout(done, 100));
      own = await ask();
    }
    await kb.close();
    return [table.encoder, own.encoder, own.map(({ id, score }) => [id, score])];
}"""


@pytest.mark.slow
@pytest.mark.model
def test_the_releases_own_model_asks_in_a_browser(
    page: Page, client_folder: Path, serve: Callable[[Path], PagesHost], tmp_path: Path, fitted: Fitted
) -> None:
    """As the documentation shows it, with onnxruntime-web of npm, under the policy of every page here."""
    encoders: Any = of_model.OfThis(fitted)
    line = Line(tmp_path, now=datetime.now(UTC).replace(microsecond=0), encoders=encoders)
    pages = {f"{n}.md": "# {}\n\n## {}\n\n{}\n".format(*text.split("\n")) for n, text in enumerate(of_model.TEXTS)}
    line.release(pages, query_encoder="transformer")
    kb = KnowledgeBase.open(tmp_path / "kb.db", url=line.out, trust=line.root, encoder="published")
    assert kb.sync().error is None
    query = "how often do kittens eat"
    expected = kb.search(query, mode="semantic", group=False)

    shutil.copytree(client_folder, line.out / "client")
    for name, folder, files in LOADED:
        (line.out / name).mkdir()
        for file in files:
            shutil.copy(PACKAGES / folder / "dist" / file, line.out / name)
    [shown] = re.findall(r"```js\n(// encoder\.mjs\n.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (line.out / "encoder.mjs").write_text(shown)
    (line.out / "app.html").write_text("<!doctype html><title>app</title>")
    page.goto(f"{serve(line.out).url}app.html")
    first, then, hits = page.evaluate(OF_MODEL, [line.root.decode(), query])
    assert (first, then) == ("table", "own"), "the model comes behind the first hits"
    assert [one for one, _ in hits[:3]] == [hit.id for hit in expected[:3]]
    assert hits[0][1] == pytest.approx(expected[0].score, abs=0.01)
