"""JavaScript's own tests and types, and that what is typed in both languages agrees."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import random
import re
import shutil
import subprocess
from dataclasses import asdict, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from support.samples import MARKUP_PIECES
from vademecum.config import Config
from vademecum.encoder import alphabet, query
from vademecum.encoder import file as encoder
from vademecum.engine import Engine
from vademecum.errors import VademecumError
from vademecum.events import EVENTS
from vademecum.format import manifest, markup, objects, segment
from vademecum.generation.live_rows import assemble
from vademecum.runtime.clock import SystemClock
from vademecum.runtime.http import LEAST, HttpLimits
from vademecum.runtime.memory import MemoryStore
from vademecum.search import question as asking
from vademecum.search import results
from vademecum.search.phrases import Phrases
from vademecum.search.places import MOST_PLACES, Places
from vademecum.search.tokens import MOST_BESIDE, words_of
from vademecum.trust import metadata
from vademecum.update.states import OF_STAGE, TRANSITIONS
from vademecum_builder.pages.bundle import bundled
from vademecum_builder.pages.client_bundle import condensed

pytestmark = pytest.mark.process

JS = Path(__file__).parent
CLIENT = Path(__file__).parents[3] / "client" / "vademecum" / "js"
STATIC = Path(__file__).parents[3] / "site" / "static"
TYPES = (CLIENT / "vademecum.d.mts").read_text(encoding="utf-8")
CONSTANTS = """
const modules = await Promise.all(process.argv.slice(1).map((address) => import(address)));
console.log(JSON.stringify(Object.assign({}, ...modules)));
"""


def node(*arguments: str) -> str:
    program = shutil.which("node")
    assert program is not None, "Node.js 20 or newer is needed to test the browser client"
    done = subprocess.run([program, *arguments], cwd=JS, capture_output=True, text=True)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told if len(told) < 4000 else f"{told[:2000]}\n[...]\n{told[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def constants() -> Any:
    entries = {CLIENT / name for name in ("worker.mjs", "query.mjs", "vademecum-search.mjs")}
    modules = (path.as_uri() for path in sorted(CLIENT.rglob("*.mjs")) if path not in entries)
    return json.loads(node("--input-type=module", "--eval", CONSTANTS, *modules))


REPLACES = re.compile(r"/page\.mjs|\.prototype\.\w+ = |globalThis\.location = ")
"""What a test does to all that run in its process: the world is replaced, or a part of the client."""


def test_the_tests_of_the_modules_pass(tmp_path: Path) -> None:
    files = [path for path in JS.rglob("*.test.mjs") if "node_modules" not in path.parts]
    alone = [path for path in files if REPLACES.search(path.read_text(encoding="utf-8"))]
    assert 0 < len(alone) < len(files) / 2
    together = tmp_path / "together.mjs"  # a process for each takes longer than most of them do
    together.write_text("".join(f"import {json.dumps(path.as_uri())};\n" for path in {*files} - {*alone}))
    told = node("--test", "--test-reporter=tap", *map(str, [*alone, together]))
    assert "# fail 0" in told
    tests = sum(len(re.findall(r"^test\(", path.read_text(encoding="utf-8"), re.MULTILINE)) for path in files)
    assert int(told.split("# tests ")[1].split()[0]) >= tests > 100


def test_the_types_hold(tmp_path: Path) -> None:
    """Of the client's modules, of those of the published pages, and of an app that imports the client."""
    compiler = JS / "node_modules" / "typescript" / "bin" / "tsc"
    assert compiler.exists(), f"run `npm ci` in {JS}"
    (tmp_path / "client").symlink_to(CLIENT)  # as they lie in a published tree
    (tmp_path / "assets").symlink_to(STATIC)
    options = {"checkJs": True, "module": "nodenext", "moduleResolution": "nodenext"}
    told: dict[str, Any] = {
        "extends": "./client/tsconfig.json",
        "compilerOptions": {**options, "preserveSymlinks": True, "skipDefaultLibCheck": True},
        "files": ["client/vademecum.mjs", str(JS / "app.ts")],
        "include": ["client/**/*.mjs", "client/vademecum.d.mts", "client/**/*.d.ts", "assets/*.mjs"],
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps(told))
    checked = node(str(compiler), "-p", str(tmp_path), "--listFiles")
    modules = [*CLIENT.rglob("*.mjs"), CLIENT / "vademecum.d.mts", *STATIC.glob("*.mjs"), JS / "app.ts"]
    assert {path.name for path in modules} <= {Path(line).name for line in checked.splitlines()}


READ_MARKUP = """
const { parseMarkup, plainText } = await import(process.argv[1]);
const texts = JSON.parse((await import("node:fs")).readFileSync(process.argv[2], "utf-8"));
console.log(JSON.stringify(texts.map((text) => [parseMarkup(text), plainText(text)])));
"""


def test_both_languages_read_the_same_markup(tmp_path: Path) -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choices(MARKUP_PIECES, k=chance.randint(1, 25))) for _ in range(4000)]
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    module = (CLIENT / "format" / "markup.mjs").as_uri()
    read = json.loads(node("--input-type=module", "--eval", READ_MARKUP, module, str(tmp_path / "texts.json")))
    for text, found in zip(texts, read, strict=True):
        blocks = [{"kind": type(block).__name__.lower(), **asdict(block)} for block in markup.parse(text)]
        assert found == json.loads(json.dumps([blocks, markup.plain(text)])), text


READ_PLACES = """
const [generation, places, files] = await Promise.all(process.argv.slice(1).map((name) => import(name)));
const { segment, asked } = JSON.parse(files.readFileSync(process.env.ASKED, "utf-8"));
const opened = await generation.openGeneration([Buffer.from(segment, "base64")], { dimensions: 1, epoch: "e" });
console.log(JSON.stringify(asked.map(({ order, filters, prefer, raws, titled, limit }) => {
  const of = new places.Places(opened, order);
  const fits = of.matching(filters);
  const { owners } = of.generation;
  const may = of.fitting(fits) ?? (() => true);
  const rows = [...owners.keys()].filter((at) => owners[at] >= 0 && may(at));
  const settled = of.settled(rows, raws, fits, prefer, titled);
  const shown = settled.map((at) => ({ at, shown: of.choose(at, fits, prefer) }));
  return [of.depth(limit), rows, shown.map((hit) => [hit.at, hit.shown, of.otherPlaces(hit, prefer)])];
})));
"""


def test_both_languages_choose_the_same_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(2)
    langs, versions = ("de", "de-AT", "en", "EN", 7, None), ("1", "2", "10", "next", None)
    chunks = [
        segment.ChunkRow(i, 1, b"\1", 1, chance.choice(("", "A", "B")), chance.choice(("", "x")), f"text {i}")
        for i in range(12)
    ]
    documents = []
    for at in range(60):
        told = {"lang": chance.choice(langs), "version": chance.choice(versions), "tags": chance.choices("ab", k=2)}
        said = {name: value for name, value in told.items() if value is not None}
        page = {"pageKey": f"page {at % 9}"} if at % 4 else {}
        held = tuple(sorted(chance.sample(range(12), 3)))
        documents.append(segment.DocumentRow(f"{at:02}", 1, f"Title {at}", f"{at}/", json.dumps(said | page), held))
    data = segment.encode_segment("e", 1, documents, chunks)
    state = assemble([segment.decode_segment(data)])
    orders: tuple[Any, ...] = ({}, {"version": ("10", "2", "1")}, {"lang": ("en", "de"), "version": ("2",)})
    some: tuple[Any, ...] = ({}, {"lang": "de"}, {"version": ["1", "2"], "tags": "a"}, {"lang": "fr"})
    wanted: tuple[Any, ...] = ({}, {"lang": "de-CH"}, {"version": "1", "lang": "EN"}, {"tags": "a"})
    asked: list[dict[str, Any]] = [
        {"order": o, "filters": f, "prefer": p, "limit": 10}
        | {"raws": chance.choices(range(1, 9), k=12), "titled": chance.sample(range(12), 3)}
        for o in orders for f in some for p in wanted
    ]  # fmt: skip
    told_file = tmp_path / "asked.json"
    told_file.write_text(json.dumps({"segment": base64.b64encode(data).decode(), "asked": asked}))
    monkeypatch.setenv("ASKED", str(told_file))
    modules = [(CLIENT / "search" / name).as_uri() for name in ("generation.mjs", "places.mjs")]
    read = json.loads(node("--input-type=module", "--eval", READ_PLACES, *modules, "node:fs"))
    for question, found in zip(asked, read, strict=True):
        generation = SimpleNamespace(places=question["order"])
        of = Places(cast(Any, SimpleNamespace(state=state, generation=generation)))
        fits = of.matching(question["filters"]) if question["filters"] else None
        rows = [row for row in range(12) if fits is None or of.rows(fits)[row]]
        candidates = [(row, question["raws"][row], *of.choose(row, fits, question["prefer"])) for row in rows]
        settled = [candidates[number] for number in of.settled(candidates, question["titled"])]
        hits = [
            [row, at, [asdict(place) for place in of.other_places(row, at, question["prefer"])]]
            for row, _, at, _ in settled
        ]
        assert found == [of.depth(10), rows, hits], question
    assert any(len(hits) < len(rows) for _, rows, hits in read)


READ_PHRASES = """
const [generation, phrases, files] = await Promise.all(process.argv.slice(1).map((name) => import(name)));
const { segment, asked, lengths } = JSON.parse(files.readFileSync(process.env.ASKED, "utf-8"));
const opened = await generation.openGeneration([Buffer.from(segment, "base64")], { dimensions: 1, epoch: "e" });
const of = new phrases.Phrases(opened);
const rows = [...opened.owners.keys()];
const told = (may) => rows.map((row) => Number(may(row)));
const none = rows.map(() => 0);
const headed = (query) => [undefined, lengths, none].map((known) => told(of.headed(query, known)));
console.log(JSON.stringify(asked.map((query) => [...headed(query), told(of.phrased(query))])));
"""


def test_both_languages_see_the_same_phrases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JavaScript looks at bytes before it reads a text: of what begins again within itself it loses nothing.

    Nor does it read a title that has fewer words than the query.
    """
    chance = random.Random(3)
    pieces = ("a", "ab", "aab", "aaba", "AB", "b", "1", "1.2", "A/b", "é", "ß", "鍵")
    joints = (" ", " ", ". ", "-", "_", ", ", " – ", "")

    def written(most: int) -> str:
        return "".join(chance.choice(pieces) + chance.choice(joints) for _ in range(chance.randint(0, most)))

    chunks = [segment.ChunkRow(i, 1, b"\1", 1, written(3), "", written(9)) for i in range(300)]
    documents = [segment.DocumentRow(f"{i:03}", 1, written(3), "", "", (i,)) for i in range(300)]
    data = segment.encode_segment("e", 1, documents, chunks)
    asked = [written(3) for _ in range(200)]
    told_file = tmp_path / "asked.json"
    lengths = [len(words_of(document.title)) for document in documents]
    told_file.write_text(json.dumps({"segment": base64.b64encode(data).decode(), "asked": asked, "lengths": lengths}))
    monkeypatch.setenv("ASKED", str(told_file))
    modules = [(CLIENT / "search" / name).as_uri() for name in ("generation.mjs", "phrases.mjs")]
    read = json.loads(node("--input-type=module", "--eval", READ_PHRASES, *modules, "node:fs"))
    state = assemble([segment.decode_segment(data)])
    of = Phrases(cast(Any, SimpleNamespace(state=state)), cast(Any, None))
    each = [(of.headed(query), of.headed(f"{query} "), of.phrased(query)) for query in asked]
    told = [[[int(may(row)) for row in range(300)] for may in these] for these in each]
    expected = [[headed, headed, unread, phrased] for headed, unread, phrased in told]
    assert [*zip(asked, read, strict=True)] == [*zip(asked, expected, strict=True)]
    assert sum(any(phrased) for *_, phrased in told) > 100
    assert any(headed != unread for headed, unread, _ in told)


def test_limits_and_formats_are_the_same_in_both_languages(constants: Any) -> None:
    expected = {
        "ENCODER_FORMAT": encoder.ENCODER_FORMAT,
        "MAX_WORDS_READ": alphabet.MAX_WORDS_READ,
        "MIN_PREFIX": query.MIN_PREFIX,
        "MAX_COMPLETIONS": query.MAX_COMPLETIONS,
        "SEGMENT_FORMAT": segment.SEGMENT_FORMAT,
        "HEADING_SEPARATOR": segment.HEADING_SEPARATOR,
        "HEAD_FORMAT": objects.FORMAT,
        "IDLE_CHECK_AGE_MS": Config().idle_check_age * 1000,
        "MAX_TIMESTAMP": Config().max_timestamp,
        "TIMESTAMP": metadata.TIMESTAMP,
        "EVENTS": list(EVENTS),
        "MOST_HITS": asking.MOST_HITS,
        "MOST_BESIDE": MOST_BESIDE,
        "MOST_PLACES": MOST_PLACES,
        "PLACES": list(manifest.PLACES),
        "LEAST": LEAST,
        "TIMEOUTS": {"idle": HttpLimits().idle * 1000, "total": HttpLimits().total * 1000},
    }
    assert {name: constants.get(name) for name in expected} == expected


def declared(begin: str, end: str) -> list[str]:
    """The words in quotes of a declaration of types."""
    return re.findall(r'"([\w-]+)"', TYPES.split(begin)[1].split(end)[0])


def fields_of(interface: str) -> list[str]:
    (body,) = re.findall(rf"export interface {interface} {{(.*?)\n}}", TYPES, re.DOTALL)
    return re.findall(r"^  (\w+):", body, re.MULTILINE)


def codes(kind: type[VademecumError]) -> set[str]:
    return {kind.code}.union(*map(codes, kind.__subclasses__()))


def transient(kind: type[VademecumError]) -> set[str]:
    return ({kind.code} if kind.transient else set()).union(*map(transient, kind.__subclasses__()))


def test_what_apps_import_is_what_the_types_declare() -> None:
    module = (CLIENT / "vademecum.mjs").read_text(encoding="utf-8")
    exported = re.findall(r"^export (?:class|const) (\w+)", module, re.MULTILINE)
    exported += re.findall(r"\w+", " ".join(re.findall(r"^export \{(.*)\}", module, re.MULTILINE)))
    assert sorted(exported) == sorted(re.findall(r"^export declare \w+ (\w+)", TYPES, re.MULTILINE))


def test_error_codes_are_the_same_in_both_languages(constants: Any) -> None:
    assert codes(VademecumError) - {"not-a-store"} == set(declared("export type ErrorCode =", ";"))
    assert set(constants["TRANSIENT"]) == transient(VademecumError)


def test_the_states_of_an_update_are_those_of_the_table(constants: Any) -> None:
    """Wherever something happens, it leads to the same state; so JavaScript needs no more of the table than that."""
    leads_to = {happening: state for out in TRANSITIONS.values() for happening, state in out.items()}
    assert all(leads_to[happening] == state for out in TRANSITIONS.values() for happening, state in out.items())
    assert constants["LEADS_TO"] == leads_to
    assert constants["OF_STAGE"] == OF_STAGE
    assert set(declared("export type State =", ";")) == set(TRANSITIONS)


def test_the_status_has_the_same_keys_in_both_languages() -> None:
    """A page has five more: what it does by itself, and what it has found or shows since it was opened."""
    status = asyncio.run(Engine(MemoryStore(), {}, SystemClock()).status())
    assert set(fields_of("Status")) == {*status, "state", "mode", "offer", "preview"}


@pytest.mark.parametrize(
    ("interface", "python"),
    [
        ("Hit", results.Hit),
        ("Place", results.Place),
        ("Passage", results.Passage),
        ("KnowledgeDocument", results.DocumentView),
    ],
)
def test_results_have_the_same_keys_in_both_languages(interface: str, python: type) -> None:
    assert fields_of(interface) == [field.name for field in fields(python)]


def test_the_shim_is_small() -> None:
    """All of ours that an app loads to search English; without the element, and what is loaded where it is asked for.

    Of Snowball the stemmer of English and its base come on top, 3.5 kB.
    """
    modules = {
        path.relative_to(CLIENT).as_posix(): condensed(path.read_bytes()).decode() for path in CLIENT.rglob("*.mjs")
    }
    files = bundled(modules)
    needed = ("vademecum.mjs", "query.mjs", "worker.mjs", "search/stop_words/english.mjs")
    assert sum(len(gzip.compress(files[name].encode(), 6)) for name in needed) <= 60_000
    assert len(gzip.compress(files["vademecum-search.mjs"].encode(), 6)) <= 40_000
