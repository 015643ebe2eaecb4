"""An app's own encoder in JavaScript: the hits of Python, and its errors."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

import pytest

from support.publishing import Line
from unit.client.test_own_encoder import NARROW, PAGES, WIDE, OfModel, Tiny, directions
from unit.js.test_same_hits import JS, READ, installed, node
from vademecum.search import own_encoder

pytestmark = pytest.mark.process

QUERIES = ["the wind of the sail", "replace the key", "half a cat", "zzz"]
ASK = f"""{READ}
const load = (name) => import(`${{told.js}}/${{name}}.mjs`);
const [{{ openGeneration }}, {{ decodeEncoder }}, {{ Places }}, {{ Searcher }}] = await Promise.all(
  ["generation", "encoder", "places", "searcher"].map(load));
const [{{ openSpace }}, {{ askWith }}] = await Promise.all(["own_encoder", "../page/own_encoder"].map(load));
const file = (text) => new Uint8Array(Buffer.from(text, "base64"));
const generation = await openGeneration(told.segments.map(file), told);
const searcher = new Searcher(generation, new Places(generation, {{}}), decodeEncoder(file(told.encoder)));
const release = {{ ...told, ...JSON.parse(told.manifest) , encoder: "name", dimensions: told.dimensions }};
let space = null;
let asked = [];
const store = {{
  read: async () => ({{ kept: [{{ manifest: told.manifest }}] }}),
  words: async () => told.beside && file(told.beside),
}};
const reader = {{
  ask: async (command, {{ query, own, ...more }}) => {{
    asked.push(command);
    const question = {{ query, limit: 8, offset: 0, filters: {{}}, prefer: {{}}, ...more }};
    if (command === "search") return searcher.search(question, own && space.vector(own));
    space ??= await openSpace(store, async (record) => record, {{ release, searcher }}, false);
    return space && {{ meant: await searcher.meant(query), trial: space.trial, epoch: space.epoch }};
  }},
}};
const found = [];
for (const question of told.questions) {{
  const encoded = [];
  const encode = async (text) => (encoded.push(text), told.vectors ? told.vectors[text] ?? told.other : undefined);
  const ask = async () => (await askWith(encode, reader, question)).hits.map(({{ id, score }}) => [id, score]);
  const hits = await ask().catch(({{ code, message }}) => `${{code}}: ${{message}}`);
  found.push({{ hits, encoded: encoded.length, asked }});
  asked = [];
}}
console.log(JSON.stringify(found));
"""
QUESTIONS: list[dict[str, Any]] = [
    {"query": query, "mode": mode, "group": False} for query in QUERIES for mode in ("semantic", "hybrid")
]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    encoders: Any = OfModel(Tiny(), directions("first"))
    line = Line(tmp_path_factory.mktemp("line"), encoders=encoders)
    line.release(PAGES)
    return line


@pytest.fixture(scope="module")
def files(line: Line) -> dict[str, object]:
    published = line.previous()
    assert published is not None
    return installed(line)[1] | {
        "js": JS.as_uri(),
        "manifest": published.files[published.pointer.url_path].decode(),
        "beside": b64encode(published.directions).decode(),
        "questions": QUESTIONS,
    }


def test_the_hits_are_those_of_python(line: Line, files: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_encoder, "_TRIED", 1000)
    model = Tiny()
    kb = line.app(encoder=model)
    kb.sync()
    expected = [[[hit.id, hit.score] for hit in kb.search(limit=8, **asked)] for asked in QUESTIONS]
    vectors = {text: Tiny()(text) for text in model.asked}
    found = node(ASK, {**files, "vectors": vectors})
    assert [one["hits"] for one in found] == expected
    assert [one["encoded"] for one in found] == [4, *[1] * 7], "the passages once"
    assert found[0]["asked"] == ["space", "search"]


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        ({"other": [1.0, -1.0] * (WIDE // 2)}, "are not those of sentence-transformers:tiny"),
        ({"other": [0.0] * WIDE}, "are not those of"),
        ({"other": [1.0] * NARROW}, "has to return 24 finite numbers, .* not 12"),
        ({"other": [None] * WIDE}, "are not those of"),
        ({"other": ["a"] * WIDE}, "has to return 24 finite numbers, .*: not all of them are finite"),
        ({"other": 5}, "has to return numbers, not 5"),
        ({"none": True}, "has to return numbers, not undefined"),
    ],
)
def test_vectors_of_another_space_are_one_error_and_words_go_on(
    files: dict[str, object], vectors: dict[str, Any], told: str
) -> None:
    given = {"vectors": {}, **vectors} if "other" in vectors else {}
    questions = [*QUESTIONS[:2], {"query": "wind", "mode": "lexical", "group": False}]
    *refused, words = node(ASK, {**files, "questions": questions, **given})
    for one in refused:
        assert re.search(f"^usage: encoder: .*{told}", one["hits"])
    assert words["hits"] and words["encoded"] == 0


def test_without_directions_that_are_whole_the_table_answers(files: dict[str, object]) -> None:
    for beside in ("", b64encode(directions("second")).decode()):
        found = node(ASK, {**files, "beside": beside, "vectors": {}})
        assert found[0]["hits"] and {one["encoded"] for one in found} == {0}
