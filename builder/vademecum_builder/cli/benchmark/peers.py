"""Peers over the same pages and questions, with their defaults. None of them is required."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from shutil import which
from typing import Any, Final

from vademecum.errors import UsageError
from vademecum_builder.cli.benchmark.collection import Collection, Rankings
from vademecum_builder.cli.benchmark.figures import DEPTH

_NODE: Final = {"MiniSearch": "minisearch", "Orama": "@orama/orama", "Pagefind": "pagefind"}
"""Programs in the folder `peers`, and the npm package that each takes."""
PEERS: Final = ("FTS5", "bm25s", *_NODE)


def ask(peer: str, collection: Collection, packages: Path) -> Rankings:
    """Return what a peer finds.

    Args:
        packages: The folder in whose `node_modules` packages of npm lie.

    Raises:
        UsageError: It is not installed, or does not work here; the message ends with the command that installs it.
    """
    package = _NODE.get(peer)
    if package is None:
        try:
            return _fts5(collection) if peer == "FTS5" else _bm25s(collection)
        except (ImportError, sqlite3.OperationalError) as error:
            raise UsageError(f"{peer}: {error}: pip install bm25s") from error
    install = f"npm install --prefix {packages} {package}"
    modules, node = packages / "node_modules", which("node")
    if node is None or not (modules / package).is_dir():
        raise UsageError(f"{peer}: {'no node here' if node is None else 'not installed'}: {install}")
    asked = {"documents": collection.documents, "queries": [query.text for query in collection.queries]}
    done = subprocess.run(
        [node, Path(__file__).with_name("peers") / f"{peer}.cjs"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NODE_PATH": str(modules.resolve())},
    )
    if done.returncode:
        raise UsageError(f"{peer}: {' '.join(done.stderr.split())[-200:]}: {install}")
    rankings: Rankings = json.loads(done.stdout)
    return rankings


def _fts5(collection: Collection) -> Rankings:
    """SQLite FTS5 over whole pages, stemmed, the last word as a prefix, titles four times."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE pages USING fts5(key UNINDEXED, title, text, tokenize='porter unicode61')")
    rows = [(key, text.split("\n", 1)[0], text) for key, text in collection.documents.items()]
    database.executemany("INSERT INTO pages VALUES (?, ?, ?)", rows)

    def one(query: str) -> list[str]:
        words = ["".join(c for c in word if c.isalnum()) for word in query.replace("_", " ").replace("-", " ").split()]
        terms = [f'"{word}"' for word in words if word]
        asked = " OR ".join([*terms[:-1], f"{terms[-1]}*"]) if terms else '""'
        found = database.execute(
            "SELECT key FROM pages WHERE pages MATCH ? ORDER BY bm25(pages, 0, 4, 1) LIMIT ?", (asked, DEPTH)
        )
        return [key for (key,) in found]

    return [one(query.text) for query in collection.queries]


def _bm25s(collection: Collection) -> Rankings:
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
