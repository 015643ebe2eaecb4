"""How well search finds, by arm and beside other programs: `retrieval.py DOCUMENTS [--questions TSV] [--encoder NAME]`.

DOCUMENTS is a judged collection (a folder with documents.jsonl, queries.jsonl and qrels.tsv), a folder of documents, or
a history (.jsonl.gz) whose last state counts; for the latter two `--questions` names a table of kind, set, question and
pages, as `tests/bench/questions` has them. Each encoder's index is built, pulled and searched as people do it. The arm
`transformer` has the model itself ask. A peer is a program that reads {documents, queries} as JSON on stdin and prints
a list of document keys for each query; those in `retrieval_peers` run where node finds their packages (`--peers`).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from bench.dev_keys import make_keys
from bench.embeddings import cached_embeddings
from vademecum.encoder.query import Encoder, shrink
from vademecum.knowledge import KnowledgeBase
from vademecum.search import searcher
from vademecum.search.ranking import fuse as fuse_as_released
from vademecum_builder.build import BuildRequest, build
from vademecum_builder.encoders.directions import decode_directions
from vademecum_builder.encoders.transformer import PREFIX, Model

DEPTH = 100
FIGURES = ("ndcg@10", "recall@100", "mrr", "hit@1")
Rankings = list[list[str]]


@dataclass(frozen=True)
class Query:
    """What is asked, of which kind, and the keys of the documents that answer it."""

    kind: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True)
class Collection:
    documents: Mapping[str, str]
    """Markdown by key."""
    queries: Sequence[Query]


def read_collection(path: Path, questions: Path | None, part: str) -> Collection:
    if (path / "qrels.tsv").is_file():
        return _judged(path)
    documents: dict[str, str] = {}
    if path.is_dir():
        documents = {
            file.relative_to(path).as_posix(): file.read_text("utf-8") for file in path.rglob("*.md")
        }
    else:
        with gzip.open(path, "rt", encoding="utf-8") as states:
            for state in map(json.loads, states):
                documents |= state["set"]
                documents = {key: text for key, text in documents.items() if key not in state["delete"]}
    assert questions, "--questions: what is to be asked?"
    with questions.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if part in ("", row["set"])]
    return Collection(
        documents, [Query(row["kind"], row["question"], frozenset(row["pages"].split())) for row in rows]
    )


def _judged(folder: Path) -> Collection:
    def lines(name: str) -> Iterator[dict[str, str]]:
        yield from map(json.loads, (folder / name).read_text("utf-8").splitlines())

    relevant: dict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        query, document, relevance = line.split("\t")[:3]
        if relevance.lstrip("-").isdigit() and int(relevance) > 0:
            relevant[query].add(f"{document}.md")
    documents = {
        f"{one['id']}.md": f"# {one['title']}\n\n{one['text']}\n" for one in lines("documents.jsonl")
    }
    queries = [
        Query("judged", one["text"], frozenset(relevant[one["id"]]))
        for one in lines("queries.jsonl")
        if relevant[one["id"]]
    ]
    return Collection(documents, queries)


def figures(ranking: Sequence[str], relevant: frozenset[str]) -> tuple[float, ...]:
    """Return nDCG@10, recall@100, reciprocal rank (of the first 100) and hit@1 of one query; relevance is yes or no."""
    places = [number for number, key in enumerate(ranking[:DEPTH]) if key in relevant]
    gain = sum(1 / np.log2(place + 2) for place in places if place < 10)
    ideal = sum(1 / np.log2(place + 2) for place in range(min(10, len(relevant))))
    first = places[0] if places else None
    reciprocal = 0.0 if first is None else 1 / (first + 1)
    return float(gain / ideal), len(places) / len(relevant), reciprocal, float(first == 0)


def interval(values: Sequence[float], rounds: int = 1000) -> tuple[float, float, float]:
    """Return mean and 95 % interval, by bootstrap over the queries."""
    drawn = np.random.default_rng(0).choice(values, (rounds, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return float(np.mean(values)), float(low), float(high)


@contextmanager
def index(
    collection: Collection, encoder: str, dimensions: int | None
) -> Iterator[tuple[KnowledgeBase, bytes]]:
    """Build and pull the collection; give the opened store and the encoder's directions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key, text in collection.documents.items():
            file = folder / "docs" / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        request = BuildRequest(
            folder / "docs",
            folder / "dist",
            encoder=encoder,
            dimensions=dimensions,
            keys=folder / "keys",
            site=False,
        )
        make_keys(folder / "keys")
        build(request)
        with KnowledgeBase.open(folder / "kb.db", url=str(folder / "dist")) as knowledge:
            knowledge.sync()
            yield knowledge, _directions(folder / "dist")


def _directions(tree: Path) -> bytes:
    for file in (tree / "objects").glob("*.gz"):
        data = gzip.decompress(file.read_bytes())
        if b"vademecum.directions.1" in data[:200]:
            return data
    return b""


@contextmanager
def asked_by(model: Model, directions: bytes, dimensions: int) -> Iterator[None]:
    """Let the transformer encode what the client asks."""
    projection = decode_directions(directions, dimensions) if directions else np.eye(model.dimensions)

    def encode(_: Encoder, text: str) -> tuple[int, ...]:
        return shrink([round(float(value) * 1e6) for value in (model.embed([text], 1) @ projection)[0]])

    with patch.object(Encoder, "encode", encode):
        yield


def weighed(weight: int | None) -> Any:
    """Let words weigh so many thousandths, whatever the encoder says."""
    if weight is None:
        return nullcontext()

    def fuse(*arguments: Any, **options: Any) -> Any:
        return fuse_as_released(*arguments, **options | {"weight": weight / 1000})

    return patch.object(searcher, "fuse", fuse)


def rank(knowledge: KnowledgeBase, collection: Collection, mode: Any, weight: int | None = None) -> Rankings:
    with weighed(weight):
        return [
            [hit.document for hit in knowledge.search(query.text, DEPTH, mode=mode)]
            for query in collection.queries
        ]


# Peers ---------------------------------------------------------------------------------------------


def fts5(collection: Collection) -> Rankings:
    """SQLite FTS5 over whole pages, stemmed, the last word as a prefix, titles four times."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE pages USING fts5(key UNINDEXED, title, text, tokenize='porter unicode61')"
    )
    rows = [(key, text.split("\n", 1)[0], text) for key, text in collection.documents.items()]
    database.executemany("INSERT INTO pages VALUES (?, ?, ?)", rows)

    def one(query: str) -> list[str]:
        words = [
            "".join(c for c in word if c.isalnum())
            for word in query.replace("_", " ").replace("-", " ").split()
        ]
        terms = [f'"{word}"' for word in words if word]
        asked = " OR ".join([*terms[:-1], f"{terms[-1]}*"]) if terms else '""'
        found = database.execute(
            "SELECT key FROM pages WHERE pages MATCH ? ORDER BY bm25(pages, 0, 4, 1) LIMIT ?", (asked, DEPTH)
        )
        return [key for (key,) in found]

    return [one(query.text) for query in collection.queries]


def bm25s(collection: Collection) -> Rankings:
    """The package bm25s over whole pages, with its English stop words and a Snowball stemmer."""
    library, stemmers = import_module("bm25s"), import_module("snowballstemmer")
    stemmer = stemmers.stemmer("english").stemWords
    keys = list(collection.documents)

    def tokens(texts: Sequence[str]) -> Any:
        return library.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)

    retriever = library.BM25()
    retriever.index(tokens(list(collection.documents.values())), show_progress=False)
    found, _ = retriever.retrieve(
        tokens([query.text for query in collection.queries]), k=min(DEPTH, len(keys)), show_progress=False
    )
    return [[keys[number] for number in row] for row in found]


def node(program: Path, packages: Path) -> Callable[[Collection], Rankings]:
    def run(collection: Collection) -> Rankings:
        asked = {"documents": collection.documents, "queries": [query.text for query in collection.queries]}
        done = subprocess.run(
            ["node", program],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
            env={"NODE_PATH": str(packages / "node_modules"), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
        rankings: Rankings = json.loads(done.stdout)
        return rankings

    return run


def peers(packages: Path | None) -> dict[str, Callable[[Collection], Rankings]]:
    found: dict[str, Callable[[Collection], Rankings]] = {"FTS5": fts5, "bm25s": bm25s}
    for program in sorted(Path(__file__).with_name("retrieval_peers").glob("*.cjs")) if packages else ():
        assert packages
        found[program.stem] = node(program, packages)
    return found


def arms(options: argparse.Namespace, collection: Collection) -> Iterator[tuple[str, Rankings]]:
    for name in options.encoder:
        short = name.removeprefix(PREFIX).rsplit("/", 1)[-1]
        with index(collection, name, options.dimensions) as (knowledge, directions):
            yield f"{short} lexical", rank(knowledge, collection, "lexical")
            yield f"{short} semantic", rank(knowledge, collection, "semantic")
            weights = options.weights or [None]
            for weight in weights:
                yield f"{short} hybrid {weight or ''}".strip(), rank(knowledge, collection, "hybrid", weight)
            if name.startswith(PREFIX):
                model = Model.load(name.removeprefix(PREFIX))
                with asked_by(model, directions, options.dimensions or 96):
                    yield f"{short} transformer", rank(knowledge, collection, "semantic")
                    for weight in weights:
                        told = f"{short} transformer, hybrid {weight or ''}".strip()
                        yield told, rank(knowledge, collection, "hybrid", weight)
    if not options.no_peers:
        for name, run in peers(options.peers).items():
            try:
                yield name, run(collection)
            except (ImportError, OSError, subprocess.CalledProcessError) as error:
                print(f"{name}: left out: {getattr(error, 'stderr', '') or error}"[:200], file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("documents", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--set", default="", help="rows of this set alone (tuned, held)")
    parser.add_argument(
        "--encoder", action="append", default=[], help="builtin (default) or sentence-transformers:MODEL"
    )
    parser.add_argument("--dimensions", type=int)
    parser.add_argument(
        "--weights", type=lambda text: [int(one) for one in text.split(",")], help="of words, to try"
    )
    parser.add_argument("--cache", type=Path, help="where a model's embeddings are kept between runs")
    parser.add_argument("--peers", type=Path, help="folder in whose node_modules the peers' packages lie")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    options.encoder = options.encoder or ["builtin"]
    collection = read_collection(options.documents, options.questions, options.set)
    kinds = list(dict.fromkeys(query.kind for query in collection.queries))
    told: dict[str, dict[str, dict[str, tuple[float, float, float]]]] = {}
    with cached_embeddings(options.cache) if options.cache else nullcontext():
        for name, rankings in arms(options, collection):
            told[name] = {}
            for kind in kinds:
                rows = [
                    figures(ranking, query.relevant)
                    for ranking, query in zip(rankings, collection.queries, strict=True)
                    if query.kind == kind
                ]
                told[name][kind] = {
                    figure: interval(values)
                    for figure, values in zip(FIGURES, zip(*rows, strict=True), strict=True)
                }
            if not options.json:
                show(name, told[name])
    if options.json:
        print(json.dumps(told))


def show(name: str, told: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> None:
    print(name)
    for kind, row in told.items():
        cells = "  ".join(
            f"{figure} {mean:.3f} [{low:.3f}, {high:.3f}]" for figure, (mean, low, high) in row.items()
        )
        print(f"  {kind:12} {cells}", flush=True)
    if len(told) > 1:
        mean = np.mean([row["mrr"][0] for row in told.values()])
        print(f"  {'mean':12} mrr {mean:.3f}", flush=True)


if __name__ == "__main__":
    main()
