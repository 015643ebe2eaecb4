"""Words of all scripts and languages, and excerpts of made texts: the same in Python and in JavaScript."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from snowballstemmer import stemmer

from support.sampling import sample
from unit.js.conftest import made_stemmers
from unit.js.test_same_hits import JS, PAGES, READ, node
from vademecum.format.markup import plain
from vademecum.search.excerpt import excerpt_of
from vademecum.search.local import index_documents
from vademecum.search.phrases import standing
from vademecum.search.segment_words import read_words
from vademecum.search.stems import BEFORE, LANGUAGES, algorithms_of, stems_of
from vademecum.search.stop_words import STOP_WORDS
from vademecum.search.tokens import words_of
from vademecum.search.words import Words

__all__ = ["made_stemmers"]
pytestmark = pytest.mark.process

WORDS = f"""{READ}
const {{ wordsOf }} = await import(told.js + "/tokens.mjs");
const {{ algorithmsOf, loadStems }} = await import(told.js + "/stems.mjs");
const [stems, stop, parts, before] = [{{}}, {{}}, {{}}, {{}}];
for (const [name, words] of Object.entries(told.asked)) {{
  const found = await loadStems([name]);
  stems[name] = words.map((word) => found.of(word)[0]);
  stop[name] = [...found.stop].sort();
  before[name] = found.before;
  parts[name] = found.longer(["grandhotel"], "hotel", found).length === 0 ? ["hotel"] : [];
}}
const algorithms = told.tags.map((tag) => algorithmsOf([tag]));
console.log(JSON.stringify({{ words: told.texts.map(wordsOf), stems, stop, parts, before, algorithms }}));
"""


def parts_of(algorithm: str) -> list[str]:
    tables = [table for name, table in vars(type(stemmer(algorithm))).items() if name.startswith("a_")]
    return [among.s for table in tables for among in table]


def made_of(parts: list[str]) -> list[str]:
    drawn = random.Random(1)
    return ["".join(drawn.choices(parts, k=drawn.randint(1, 5))) for _ in range(300)]


def test_words_stems_and_stop_words_are_the_same() -> None:
    """Over all that our own documentation says, the stop words of all languages, and what each's tables are made of:
    each language stems its own words, and a sample of the others."""
    content = Path(__file__).parents[4] / "site" / "content"
    texts = [plain(path.read_text(encoding="utf-8")) for path in sorted(content.rglob("*.md"))]
    algorithms = sorted(set(LANGUAGES.values()))
    own = {name: " ".join([*made_of(parts_of(name)), *sorted(STOP_WORDS.get(name, ()))]) for name in algorithms}
    texts += [*PAGES.values(), *own.values(), *(" ".join(sorted(words)) for words in STOP_WORDS.values())]
    words = list(dict.fromkeys(word for text in texts for word in words_of(text)))
    asked = {name: [*words_of(own[name]), *sample(words, 12, f"stems of {name}")] for name in algorithms}
    known = [chr(code) for code in range(0x2FFFF) if unicodedata.ucd_3_2_0.category(chr(code))[0] not in "C"]
    few = (known[at] for at in range(len(known)) if known[at] < "\u3400" or at % 40 == 0)  # of Han not all
    texts += [f"a{letter}b {letter}{letter}.{letter}1" for letter in few]
    tags = [a + b for a in " abcdefghijklmnopqrstuvwxyz" for b in " abcdefghijklmnopqrstuvwxyz"] + [
        "",
        "de-AT",
        "PT-br",
    ]
    told = node(WORDS, {"js": JS.as_uri(), "texts": texts, "asked": asked, "tags": tags})
    assert told["words"] == [list(words_of(text)) for text in texts]
    assert told["algorithms"] == [list(algorithms_of([tag])) for tag in tags]
    for name in algorithms:
        assert told["stems"][name] == [min(stems_of(word, (name,))) for word in asked[name]], name
    assert told["before"] == {name: BEFORE.get(name, []) for name in algorithms}
    assert told["stop"] == {name: sorted(STOP_WORDS.get(name, ())) for name in algorithms}
    opened = index_documents([{"key": "a", "text": "Eine Grandhotel"}])
    words_ = [read_words(segment) for segment in opened.state.segments]
    unknown = {name: [*Words(opened, words_, (name,)).find("hotel ").unknown] for name in algorithms}
    assert told["parts"] == unknown and sum(not each for each in unknown.values()) == 7


EXCERPTS = f"""{READ}
const {{ excerptOf }} = await import(told.js + "/excerpt.mjs");
const {{ standing }} = await import(told.js + "/phrases.mjs");
console.log(JSON.stringify(told.texts.map(([text, words, phrases]) => {{
  const seen = phrases.length ? standing(phrases) : undefined;
  const {{ excerpt, marks, quote, found }} = excerptOf(text, new Set(words), seen);
  return [excerpt, marks, quote, [...new Set(found)].sort()];
}})));
"""


def made_texts(count: int) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield texts of sentences as long as an excerpt takes them, or one letter longer, words that are in them, and
    phrases that may be."""
    drawn = random.Random(2)
    plain_words = [
        "pump",
        "pump",
        "Pumps",
        "oil.can",
        "oilCan",
        "read_text",
        "(key)",
        "pump-",
        "e.g.",
        "…",
        "x" * 41,
        "|",
    ]
    asked = ["pump", "pumps", "oil", "can", "oil.can", "read", "text", "key", "ol", "鍵を", "zz"]
    ends = [". ", "! ", ".\n", "\n\n", "\n ", "; ", "。"]
    phrases = ["pump oil", "Key pump", "can pump pumps", "oil.can", "text", "read text", "鍵を", "öl pump", "zz"]
    for at in range(count):
        words = [*plain_words, "Öl", "鍵を"] if at % 2 else plain_words
        rest, text = drawn.choice([120, 240, 700]) + drawn.randrange(3), ""
        while rest > 0:
            size = min(rest, drawn.choice([20, 40, 60, 118, 119, 120, 239, 240, 300]))
            sentence = " ".join(drawn.choices(words, k=size // 6))[: size - 2].ljust(size - 2, "o")
            text += sentence + drawn.choice(ends if at % 2 else ends[:-1])
            rest -= size
        yield text, drawn.sample(asked, 2), drawn.sample(phrases, at % 3)


def test_excerpts_are_the_same() -> None:
    texts = [*made_texts(300), ("", ["pump"], []), (" \n\t", ["pump"], ["pump"])]
    moved = 0
    for (text, words, phrases), told in zip(texts, node(EXCERPTS, {"js": JS.as_uri(), "texts": texts}), strict=True):
        excerpt, marks, quote, found = excerpt_of(text, frozenset(words), standing(phrases))
        assert [excerpt, [*map(list, marks)], [*quote], sorted(found)] == told, (text, words, phrases)
        moved += excerpt != excerpt_of(text, frozenset(words))[0]
    assert moved > 20
