"""A collection to measure on: judged, or documents and a table of questions."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vademecum.errors import UsageError

Rankings = list[list[str]]
"""Keys of documents for each query, the best first."""


_ENDINGS = (".md", ".markdown", ".mdx")
"""Of documents. The peers get their text as it is, so no HTML."""


@dataclass(frozen=True)
class Query:
    """What is asked, of which kind, and the keys of the documents that answer it."""

    kind: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True)
class Collection:
    """Documents, Markdown by key, and what is asked of them."""

    documents: Mapping[str, str]
    queries: Sequence[Query]


def read_collection(path: Path, questions: Path | None, part: str = "") -> Collection:
    """Read a folder with documents.jsonl, queries.jsonl and qrels.tsv; or documents, and a table of questions.

    Args:
        path: Such a folder; a folder of Markdown; or a history (.jsonl.gz of `set` and `delete`), of which the last
            state counts.
        questions: A table with the columns kind, question, pages (keys, with blanks between) and perhaps set.
        part: Of the table, rows of this set alone; empty: all.

    Raises:
        UsageError: Nothing says what is to be asked, or a file is not as it should be; it says which.
    """
    try:
        if (path / "qrels.tsv").is_file():
            return _judged(path)
        documents = _documents(path)
        if questions is None:
            raise UsageError(f"{path}: nothing to ask: name a table with --questions (kind, question, pages)")
        with questions.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file, delimiter="\t") if part in ("", row.get("set"))]
        queries = [Query(row["kind"], row["question"], frozenset(row["pages"].split())) for row in rows]
    except (ValueError, KeyError, AttributeError) as error:
        raise UsageError(f"{questions or path}: not as it should be: {error!r}") from error
    unknown = sorted(frozenset().union(*(query.relevant for query in queries)) - documents.keys())
    if unknown:
        other = f": it is not Markdown ({', '.join(_ENDINGS)})" if (path / unknown[0]).is_file() else ""
        raise UsageError(f"{questions}: no document {unknown[0]} in {path}{other}")
    return _measurable(Collection(documents, [query for query in queries if query.relevant]), path)


def _documents(path: Path) -> dict[str, str]:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in _ENDINGS and file.is_file())
        return {file.relative_to(path).as_posix(): file.read_text("utf-8", "replace") for file in files}
    documents: dict[str, str] = {}
    with gzip.open(path, "rt", encoding="utf-8") as states:
        for state in map(json.loads, states):
            documents |= state["set"]
            documents = {key: text for key, text in documents.items() if key not in state["delete"]}
    return documents


def _judged(folder: Path) -> Collection:
    def lines(name: str) -> Iterator[dict[str, Any]]:
        yield from map(json.loads, filter(None, (folder / name).read_text("utf-8").splitlines()))

    relevant: dict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        query, document, relevance = line.split("\t")[:3]
        if relevance.lstrip("-").isdigit() and int(relevance) > 0:
            relevant[query].add(f"{document}.md")
    documents = {f"{one['id']}.md": f"# {one['title']}\n\n{one['text']}\n" for one in lines("documents.jsonl")}
    queries = [
        Query("judged", one["text"], frozenset(relevant[str(one["id"])]))
        for one in lines("queries.jsonl")
        if relevant[str(one["id"])]
    ]
    return _measurable(Collection(documents, queries), folder)


def _measurable(collection: Collection, path: Path) -> Collection:
    if not collection.queries or not collection.documents:
        raise UsageError(
            f"{path}: {len(collection.documents)} documents, {len(collection.queries)} questions with an answer: "
            "there is nothing to measure"
        )
    return collection
