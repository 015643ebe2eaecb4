"""The same questions in Python and in JavaScript: the same hits, scores, excerpts and marks, bit for bit."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from base64 import b64encode
from dataclasses import asdict, replace
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import pytest

from support.publishing import Line, pulled
from unit.client.search.test_question import ASKED, GOOD, REFUSED, SAYS
from unit.client.test_fallback import DOCUMENTS
from vademecum.format.markup import plain
from vademecum.generation.opened import Opened, open_generation
from vademecum.ports import Store
from vademecum.runtime.loop import run
from vademecum.search.kept_words import encode_words
from vademecum.search.local import index_documents
from vademecum.search.question import Question
from vademecum.search.results import Hit
from vademecum.search.searcher import Searcher
from vademecum.search.segment_words import read_words
from vademecum.store.objects import read_sound
from vademecum.store.pointer import decode_head
from vademecum_builder.encoders.prior import shipped_prior

pytestmark = pytest.mark.process
JS = Path(__file__).parents[3] / "client" / "vademecum" / "js" / "search"

PAGES = {
    "en.md": "# Background tasks\n\nThe `BackgroundTasks` of a response run after it. 😀 Retry after 1.5 s! "
    "See read_text(), keyedPump.\n\n"
    "## CORS\n\nA page of another origin may not read the answer unless headers allow it.\n\n"
    "## 2.1 New keys\n\nNone.\n\n"
    f"## Pumps\n\n{'Oil them. ' * 12}Use a hand pump, e.g. {'a small one ' * 9}(i.e. z. B. т. е. a siphon) for it. "
    f"{'Plan b. ' * 20}\n",
    "de.md": "---\nlang: de\ntags: [oil, 2, 1.50, true, oil, {a: b}]\nyear: 2024\n---\n"
    "# Schlüssel tauschen\n\nDie Straße zum Schloss. Neue Schlüssel werden erzeugt. Die Wasserpumpe im Kassenladen.\n\n"
    "## Öl für Pumpen\n\nNeu im Newsletter, und im Newsletterarchiv. Eine Newsliste ist sichtbar.\n",
    "fr.md": "---\nlang: fr\ntags: [__proto__, constructor, oil, -0.0, 1.0e-9]\nyear: 2023.5\n---\n"
    "# Clés\n\nL'été, les clés changées ouvrent la même porte. Où sont-elles ?\n",
    "es.md": "---\nlang: es\n---\n# Búsqueda\n\nLas páginas encontradas se muestran ordenadas.\n",
    "ru.md": "---\nlang: ru\n---\n# Новый ключ\n\nКлючи хранятся в папке. Ещё один ключ нужен.\n",
    "ja.md": "---\nlang: ja\n---\n# バックグラウンドタスク\n\n応答のあとでタスクを実行する。ﾊﾞｯｸｱｯﾌﾟの鍵。\n",
    "mixed.md": "---\nlang: ja\n---\n# FastAPIの設定\n\nread_textを呼ぶと2.99円。ファイル_名とPython网站。ﾀｽｸapi。\n",
    "th.md": "# กุญแจ\n\nกุญแจใหม่ถูกสร้างขึ้น\n",
    "th2.md": "---\nversion: '2'\n---\n# กุญแจ\n\nกุญแจใหม่ถูกสร้างขึ้น\n",
    "bare.md": "# Background pumps\n",
    "spare.md": "# Some spare parts\n\nOf a pump.\n\n## More of them\n\nOf a siphon.\n",
    "store.md": "# Store\n\nThe `spareparts` of it, and `hanami-cli` of hanami.\n",
    "parts.md": "# Parts\n\n| Part | Size (mm) |\n| --- | --- |\n| hand pump | 5 |\n| siphon: | 7 |\n\nOf these:\n\n"
    "- a pump\n- an oil can. \n- 密钥。\n- a key\n\n```\npump(\n  oil,\n)\n\n\n"
    "siphon 😀\n{ }\n/**\n * oil\n */\nkey\n```\n",
    **{
        f"{place}/wheel.md": f"---\n{said}\npageKey: wheel\n---\n# {title}\n\n{text}\n\n## Brake\n\nA shoe.\n"
        for place, said, title, text in (
            ("en/1", "lang: en\nversion: '1'", "Wheels", "Turn the wheel."),
            ("en/2", "lang: en\nversion: '2'", "Wheels", "Turn the wheel by hand."),
            ("de/2", "lang: de\nversion: '2'", "Wheels", "The wheel turns."),
            ("fr/3", "lang: fr\nversion: '3'", "Roues", "Turn the wheel."),
        )
    },
    **{
        f"en/{version}/lathe.md": f"---\nlang: en\nversion: '{version}'\npageKey: lathe\n---\n# Lathe\n\n{text}\n"
        for version, text in (
            ("1", "## Speed\n\nSet the spindle of a lathe."),
            ("2", "## Spindle\n\nTo set a lathe up."),
        )
    },
    "care.md": "# Care of hand pumps\n\nFor those who have one.\n\n## Oil\n\nHand pumps: oil hand pumps.\n\n"
    "## 2 Winter rules\n\n### Drain\n\nOpen the tap.\n\n### Cover\n\nWinter rules; a winter: winter rules.\n",
    "blog/2.md": "# Pumps of today\n\nA hand pump, for a siphon in the background.\n",
    "samples.md": "# Samples\n\nSome.\n\n```\nopen the tap of a wheel, lathe: dovetail\n```\n",
    "zh.md": "# 密钥\n\n新的密钥存放在文件夹中。\n",
    "valve.md": f"# Valve\n\nFiles. {' '.join(word for word in shipped_prior().words[:150] if 'value' not in word)}\n",
}
QUESTIONS = [
    *(
        "background task",
        "backgruond",
        "pump in the background",
        "value of valvr",
        '"firr" „back ground" “backgruond”',
        'a "hand pump"',
        '"hand pump" "plan b"',
        '"pump hand" oil "key xyzzy"',
        '"タスクを実行"',
        '"新的密" key',
        '"oil key" "the pump oil" "oil key and"',
        'which "oil key" does one use for a pump in the background when the tasks that read files of others are new',
        '"wheel by hand"',
        "set a lathe",  # an older version gives way under another heading
        "read_txet",
        "e-10123",
        "wo ist die backgruond seite fürs lesen",
        "backgr",
        "CORS",
        "of another origin",
        "use a hand-pump",
        "siphon",
        "a pump, a siphon, a pump: zxcvbn, zxcvbn",
        "new keys",
        "öl für pumpen",
        "read_text",
        "read_te",
        "task.backgr",
        "back ground tasks",
        "back ground",
        "back grounds",
        "new slet",
        "pum*",
        "*",
        "299",
        "films",
        "background-task",
        "handpump",
        "pumporigin",
        "pump b",
        "pmup b",
        "turnwheel",
        "wheelturn now b",
        "spareparts oil",
        "spareparts",
        "aspare part",
        "hanam",
        "some spare pa",
        "spare p",
        "winter ru*",
        "hanamicli",
        "hanami_cli",
        "to b",
        "oil a hand pump z",
        "pumps é",
        "pump 가",
        '"oil key" b',
        "PumpingOil",
        "keyedPump",
        "bakgroumd",
        "siphon pump bakgroumd",
        "keyed pump",
        "answerallow",
        "page.origin",
        "2.1",
        "2.2 keys",
        "978-2-1-5555-1",
        "sec. 2-1-9",
        "f-16",
        "b-2",
        '5" backgruond 7" page',
        "»backgruond«",
        "A/C",
        "response.read_text",
        "re-try after",
        "te read_te",
        "schlussel",
        "Wo Schlüsel für Großes tuaschen",
        "strasse",
        "erzeugen",
        "cles",
        "porte",
    ),
    *(
        "été",
        "paginas",
        "encontrar",
        "новые ключи",
        "еще",
        "タスク",
        "鍵",
        "バックグラウンドタスク",
        "バックアップ",
        "ﾊﾞｯｸｸﾞﾗｳﾝﾄﾞ",
        "ハ\u3099ック Новыи\u0306",
        "กุญแจ",
        "密钥",
        "新",
    ),
    *(
        "密钥",
        "新的文件",
        "fastapi 設定",
        "FastAPI の設定",
        "read_textを",
        "python网站のファイル_名 2.99",
        "バックエンド zxcvb 密钥未知 background",
        "background tasks?",
        "pizza in naples",
        "",
        "the",
        "…",
        "1.5",
        "x" * 300,
        "origin headers allow 😀",
        "open the tap of a lathe",  # one page has all of it, in code
        "dovetail of the pump and siphon keys",
        "background tasks to open a ta",
    ),
    # In languages that pages are in, or none is.
    *("wie tausche ich den zylinder", "come cambio la mia chiave", "hoe kan ik mijn wachtwoord wijzigen", "a la carte"),
    *("schloss", "pumpe", "laden", "Wo ist die Pumpe?", "kasse", "der", "taus", "rasse", '"Pumpe"'),  # parts of words
    *("newsleter", "sicherheit"),
    *(
        "hand pumps",
        "of hand pumps",
        "care of hand",
        "hand pmups",
        "winter rules",
        "2 winter rules",
        '"winter rules" cover',
    ),
    *("wheel", "turn the wheel", "wheels", "roues", "brake", "a shoe"),  # in many places
    # What nobody means to ask.
    *(
        "\ud800",
        "key \udc00 task",
        "\x00\x1b[31m tasks\x7f",
        "a" * 10_000,
        "task " * 2_000,
        "鍵" * 5_000,
        "?!…",
        "\u202etask",
    ),
    *("task ключи 鍵 été", "\ufeff", "/" * 500, "a_" * 3_000, "A" * 9 + "a" * 9, "\u0301\u0301", " \t\n"),
]
OTHERWISE: list[dict[str, Any]] = [
    {"group": False},
    {"mode": "lexical"},
    {"mode": "semantic"},
    {"prefer": {"lang": "de-AT", "version": "2"}},
    {"limit": 1, "offset": 1},
    {"filters": {"lang": ["de", "en"]}, "prefer": {"version": "1"}},
    {"mode": "semantic", "group": False},
]


def made_questions(count: int) -> list[str]:
    """Return questions of words of the pages: as they are, put together, cut, misspelt, quoted."""
    drawn = random.Random(1)
    words = [word.strip("#*`.,!?()") for page in PAGES.values() for word in plain(page).split()]
    pairs = [*pairwise(words)]

    def changed(word: str) -> str:
        at = drawn.randrange(len(word) + 1)
        return drawn.choice(
            [
                word[:at],
                word[:at] + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
                word[:at] + word[at : at + 1] * 2 + word[at + 1 :],
                word[:at] + drawn.choice("aeinst1.-_/ ") + word[at:],
                f'"{word}"',
                word.upper(),
                word.title() * 2,
            ]
        )

    def question() -> str:
        parts = [word for _ in range(drawn.randint(1, 2)) for word in drawn.choice(pairs)][drawn.randrange(2) :]
        parts = [changed(word) if drawn.random() < 0.4 else word for word in parts]
        return "".join(part + drawn.choice(["", "-", "_", ".", "/", *"     "]) for part in parts)

    return [question() for _ in range(count)]


def node(script: str, told: object) -> Any:
    program = shutil.which("node")
    assert program is not None, "Node.js 20 or newer is needed to test the browser client"
    done = subprocess.run(
        [program, "--input-type=module", "--eval", script], input=json.dumps(told), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


READ = 'const told = JSON.parse((await import("node:fs")).readFileSync(0, "utf8"));'
SEARCH = f"""{READ}
const {{ openGeneration }} = await import(told.js + "/generation.mjs");
const {{ decodeEncoder }} = await import(told.js + "/encoder.mjs");
const {{ Places }} = await import(told.js + "/places.mjs");
const {{ Searcher }} = await import(told.js + "/searcher.mjs");
const {{ withFurther }} = await import(told.js + "/../page/further.mjs");
const file = (text) => new Uint8Array(Buffer.from(text, "base64"));
const [searcher, unordered] = await Promise.all([told.order, {{}}].map(async (order) => {{
  const generation = await openGeneration(told.segments.map(file), told);
  return new Searcher(generation, new Places(generation, order), decodeEncoder(file(told.encoder)));
}}));
const found = [];
const all = {{ limit: 10, offset: 0, mode: "hybrid", group: true, filters: {{}}, prefer: {{}} }};
const add = (answer) => found.push({{ ...answer, hits: withFurther(answer.hits, answer.further, () => {{}}) }});
for (const question of told.questions) add(await searcher.search({{ ...all, ...question }}));
for (const question of told.unordered ?? []) add(await unordered.search({{ ...all, ...question }}));
for (const id of told.similar ?? []) add(searcher.similar(BigInt("0x" + id), 5));
console.log(JSON.stringify(found));
"""


def is_declared(answer: dict[str, Any]) -> bool:
    """Whether an answer has just what `Results` of vademecum.d.mts declares beside the hits."""
    types = (JS.parent / "vademecum.d.mts").read_text(encoding="utf-8")
    (body,) = re.findall(r"interface Results extends Array<Hit> {(.*?)\n}", types, re.DOTALL)
    return answer.keys() - {"hits", "further"} == set(re.findall(r"^  (\w+):", body, re.MULTILINE))


def installed(line: Line) -> tuple[Opened, dict[str, object]]:
    """Return a generation as Python opens it, and what JavaScript needs for the same."""
    return run(read(pulled(line)))


async def read(store: Store) -> tuple[Opened, dict[str, object]]:
    generation = decode_head(await store.read("head")).current
    assert generation is not None
    opened = await open_generation(store, generation)
    names = [generation.encoder, *generation.segments]
    encoder, *segments = [b64encode(await read_sound(store, name)).decode() for name in names]
    told = {"dimensions": opened.encoder.dimensions, "epoch": opened.state.segments[0].epoch}
    told |= {"order": generation.places}
    return opened, {"encoder": encoder, "segments": segments, **told}


def shown(hit: Hit) -> dict[str, Any]:
    """Return a hit as JavaScript has it: places in a text count UTF-16 units."""
    told = asdict(hit) | {"more": [*map(shown, hit.more)], "places": [*map(asdict, hit.places)]}
    units = [len(hit.excerpt[:at].encode("utf-16-le")) // 2 for mark in hit.marks for at in mark]
    return told | {"marks": [list(pair) for pair in zip(units[::2], units[1::2], strict=True)]}


def test_the_hits_are_the_same(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(PAGES)
    line.release(
        {**PAGES, "en.md": PAGES["en.md"] + "\nOne more.\n", "zh.md": ""} | {"new.md": "# Keys\n\nNew keys.\n"}
    )
    opened, files = installed(line)
    asked = [*QUESTIONS, *made_questions(300)]
    unordered: list[dict[str, Any]] = [{"query": query} for query in asked]
    questions = [{"query": query, **how} for query, how in zip(asked, cycle(OTHERWISE))]
    some: list[dict[str, Any]] = [
        {"lang": ["de", "ja", "zh"]},
        {"year": {"min": 2023}},
        {"tags": "oil"},
        {"nobody": "x"},
    ]
    questions += [
        {"query": query, "mode": mode, "group": True, "filters": filters}
        for query in ("", "?!…", "key", "cles")
        for mode in ("hybrid", "lexical", "semantic")
        for filters in some
    ]
    fields = ["tags", "year", "lang", "nobody", "__proto__", "version"]
    questions += [
        {"query": query, "mode": "hybrid", "group": True, "facets": fields} for query in ("key", "cles", "กุญแจ")
    ]
    questions += [{"query": "กุญแจ", "filters": {"version": "2"}, "facets": ["version"]}]
    questions += [{"query": "key", "filters": {"langg": "de", "veriosn": "1", "lang": "de", "x": 1}}]
    found = node(SEARCH, {"js": JS.as_uri(), "questions": questions, "unordered": unordered, **files})
    searcher, bare = Searcher(opened), Searcher(replace(opened, generation=replace(opened.generation, places={})))
    assert {"", "it", "nl"} == {told["language"] for told in found}
    for at, (question, told) in enumerate(zip([*questions, *unordered], found, strict=True)):
        hits = (searcher if at < len(questions) else bare).search(Question(**question))
        assert [shown(hit) for hit in hits] == told["hits"], question
        assert (hits.total, list(hits.unknown), hits.nearest) == (told["total"], told["unknown"], told["nearest"]), (
            question
        )
        assert hits.facets == told["facets"], question
        assert (hits.meant, hits.language) == (told["meant"], told["language"]), question
        assert hits.unsaid == told["unsaid"], question
        assert set(hits.words) == set(told["words"]), question
    assert all(map(is_declared, found))


@pytest.mark.parametrize("options", [{}, {"dimensions": 33}], ids=str)
def test_what_is_similar_is_the_same(tmp_path: Path, options: dict[str, Any]) -> None:
    line = Line(tmp_path)
    line.release(PAGES, **options)
    opened, files = installed(line)
    ids = [f"{id_:016x}" for id_ in (*opened.state.chunks.ids, 1)]
    found = node(SEARCH, {"js": JS.as_uri(), "questions": [], "similar": ids, **files})
    for id_, told in zip(ids, found, strict=True):
        hits = Searcher(opened).similar(int(id_, 16), 5)
        assert [shown(hit) for hit in hits] == told["hits"], id_
        assert hits.total == told["total"]
    assert all(map(is_declared, found))


LOCAL = f"""{READ}
const {{ openLocal }} = await import(told.js + "/local.mjs");
const {{ searcher, release }} = await openLocal(told.documents);
const all = {{ limit: 10, offset: 0, mode: "hybrid", group: true, filters: {{}}, prefer: {{}} }};
const found = [];
for (const query of told.queries) found.push(await searcher.search({{ ...all, query }}));
console.log(JSON.stringify({{ found, release }}));
"""
LOCALLY = [
    "warranty",
    "f-9",
    "rotate keys",
    "pump valve",
    "filter",
    "Keys",
    "grosse",
    "strasse",
    "水泵",
    "lamp",
    "pomp",
    *("𞤣", "𞤭𞤫𞤧𞤭", "𞤳𞤫𞤧𞤤", "𞤣𞤫𞤼𞤫", "𞤁𞤫𞤬𞤼𞤫𞤫", "𞤣𞤵𞤬𞤼𞤫𞤪𞤫", "𞤶𞤢𞤺𞤲𞤭𞤲𞤮𞤱𞤭", "𞤶𞤢𞤲𞤺𞤭𞤭𞤲"),
]


ADLAM = {"key": "ff", "title": "Adlam", "text": "𞤁𞤫𞤬𞤼𞤫𞤪𞤫 𞤶𞤢𞤲𞤺𞤭𞤲𞤮𞤱𞤮 𞤣𞤫𞤬𞤼𞤫 𞤳𞤫𞤧𞤭 𞤆𞤵𞤤𞤢𞤪"}
"""Each of its letters is two UTF-16 units."""


def test_documents_of_an_app_are_found_the_same() -> None:
    documents = [*DOCUMENTS, ADLAM]
    told = node(LOCAL, {"js": JS.as_uri(), "documents": documents, "queries": [*LOCALLY, "title", ""]})
    opened = index_documents(documents)
    searcher, generation = Searcher(opened), opened.generation
    counted = (told["release"]["documents"], told["release"]["chunks"])
    assert counted == (generation.documents, generation.chunks)
    names = ("id", "document", "title", "url", "text", "score", "excerpt", "marks")
    for query, found in zip([*LOCALLY, "title", ""], told["found"], strict=True):
        hits = [{name: shown(hit)[name] for name in names} for hit in searcher.search(Question(query))]
        assert [{name: hit[name] for name in names} for hit in found["hits"]] == hits, query
    assert sum(len(found["hits"]) for found in told["found"]) > 9


def test_a_phrase_of_common_words_is_read_for_in_the_best_chunks_and_in_others_only_where_these_lack_it() -> None:
    texts = [*(f"of the n{at}" + " wheel" * (at % 40) for at in range(1100)), "the of the " + "axle " * 150]
    documents = [{"key": f"{at:04}", "text": text} for at, text in enumerate(texts)]
    queries = ['"of the"', '"the of"', '"the of" "of the"']
    told = node(LOCAL, {"js": JS.as_uri(), "documents": documents, "queries": queries})
    searcher = Searcher(index_documents(documents))
    found = [searcher.search(Question(query)) for query in queries]
    assert [(hits.total, [hit.id for hit in hits]) for hits in found] == [
        (one["total"], [hit["id"] for hit in one["hits"]]) for one in told["found"]
    ]
    assert 1000 <= found[0].total < 1100 and "1100" not in {hit.document for hit in found[0]}
    assert [[hit.document for hit in hits] for hits in found[1:]] == [["1100"], ["1100"]]


KEPT = f"""{READ}
const {{ decodeSegment }} = await import(told.js + "/../format/segment.mjs");
const {{ encodeWords }} = await import(told.js + "/kept_words.mjs");
const {{ readWords }} = await import(told.js + "/segment_words.mjs");
const segments = told.segments.map((text) => decodeSegment(new Uint8Array(Buffer.from(text, "base64"))));
const kept = await Promise.all(segments.map((segment) => encodeWords(readWords(segment), "0".repeat(64))));
console.log(JSON.stringify(kept.map((bytes) => Buffer.from(bytes).toString("base64"))));
"""


def test_the_words_that_are_kept_are_the_same_bytes(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(PAGES)
    opened, files = installed(line)
    kept = [encode_words(read_words(segment), "0" * 64) for segment in opened.state.segments]
    assert node(KEPT, {"js": JS.as_uri(), **files}) == [b64encode(words).decode() for words in kept]


ASK = f"""{READ}
const {{ checkQuestion, says }} = await import(told.js + "/question.mjs");
const refused = (asked) => {{
  try {{
    checkQuestion({{ ...told.good, ...asked }});
    return "";
  }} catch (error) {{
    return error.code + " " + error.message;
  }}
}};
const found = told.says.map(([said, wanted]) => says(said, wanted));
const [good, bad] = [told.asked.map(refused), told.refused.map(([, asked]) => refused(asked))];
console.log(JSON.stringify({{ good, refused: bad, says: found }}));
"""


def test_the_same_may_be_asked_and_filters_take_the_same() -> None:
    told = node(
        ASK, {"js": JS.as_uri(), "good": GOOD, "asked": ASKED, "refused": REFUSED, "says": [row[:2] for row in SAYS]}
    )
    assert told["good"] == [""] * len(ASKED)
    for (name, asked), refused in zip(REFUSED, told["refused"], strict=True):
        assert refused.startswith(f"usage search: {name} must "), asked
        assert ("filters narrow a question" in refused) is (name == "offset"), "whoever reads on is told how"
    assert told["says"] == [fits for _, _, fits in SAYS]
