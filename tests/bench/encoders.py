"""How well and how fast the encoders are: `encoders.py CRANFIELD [HISTORY] [--model FOLDER]`.

CRANFIELD is a folder with documents.jsonl, queries.jsonl and qrels.tsv; HISTORY a history.jsonl.gz of a
Markdown tree, for time and size. Retrieval is nDCG@10 with binary relevance, through the very bytes that a
release holds; beside it how many of the ten documents that are nearest by floats of the same dimensions are among the
ten that are found so. BM25 (k1 1.2, b 0.75) over the same words is the named peer.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vademecum.encoder.query import decode_encoder, shrink
from vademecum.format.segment import scale_of
from vademecum_builder.encoders import fit
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.base import FitLimits, Fitted
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.encoders.table import Matrix, unit
from vademecum_builder.encoders.transformer import PREFIX, Model, Transformer


class Cranfield:
    def __init__(self, folder: Path) -> None:
        documents = [_parse(line) for line in _lines(folder / "documents.jsonl")]
        queries = [_parse(line) for line in _lines(folder / "queries.jsonl")]
        self.texts = [_text(document) for document in documents]
        self.queries = [query["text"] for query in queries]
        relevant = defaultdict(set)
        for line in _lines(folder / "qrels.tsv"):
            query_id, document, relevance = line.split("\t")
            if int(relevance) > 0:
                relevant[query_id].add(document)
        numbers = {document["id"]: number for number, document in enumerate(documents)}
        self.relevant = [{numbers[id_] for id_ in relevant[query["id"]]} for query in queries]

    def ndcg(self, scores: Matrix) -> float:
        """Return the mean nDCG@10 of scores [queries, documents]; ties go to the earlier document."""
        return float(np.mean(self.ndcg_each(scores)))

    def ndcg_each(self, scores: Matrix) -> Matrix:
        """Return nDCG@10 of each query that has relevant documents."""
        values = []
        for row, relevant in zip(scores, self.relevant, strict=True):
            best = np.argsort(-row, kind="stable")[:10]
            gain = sum(1 / math.log2(rank + 2) for rank, number in enumerate(best) if number in relevant)
            if relevant:
                values.append(gain / sum(1 / math.log2(rank + 2) for rank in range(min(10, len(relevant)))))
        return np.array(values)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _parse(line: str) -> dict[str, str]:
    value: dict[str, str] = json.loads(line)
    return value


def _text(document: dict[str, str]) -> str:
    title, text = document["title"], document["text"]
    return text if text.startswith(title[:20]) else f"{title}\n{text}"


def bm25(texts: Sequence[str], queries: Sequence[str], k1: float = 1.2, b: float = 0.75) -> Matrix:
    """Return BM25 scores [queries, documents]."""
    alphabet = build_alphabet(texts)
    splits = [alphabet.split(text) for text in texts]
    vocabulary = fit.choose_words(splits, 1 << 20, FitLimits())
    counts = fit.count_words(splits, vocabulary.words).astype(np.float64).tocoo()
    lengths = np.array([len(split) for split in splits])
    room = k1 * (1 - b + b * lengths / lengths.mean())
    counts.data = vocabulary.idf[counts.col] * counts.data * (k1 + 1) / (counts.data + room[counts.row])
    asked = fit.count_words([alphabet.split(query) for query in queries], vocabulary.words)
    return np.asarray((asked @ counts.tocsr().T).toarray(), dtype=np.float64)


def integer_scores(fitted: Fitted, queries: Matrix) -> Matrix:
    """Return the scores of format.md, section 4.2, for queries int [q, D]."""
    vectors = quantise(fitted.vectors)
    scales = np.array([scale_of(vector.tobytes()) for vector in vectors], np.int64)
    return (queries.astype(np.int64) @ vectors.T.astype(np.int64) * scales).astype(np.float64)


def float_scores(fitted: Fitted, queries: Matrix) -> Matrix:
    """Return the cosines of documents times the lengths of the queries, [q, documents]."""
    return np.asarray(queries @ unit(fitted.vectors).T, dtype=np.float64)


def share_of_ten(scores: Matrix, exact: Matrix) -> float:
    """Return how much of each query's ten best by `exact` are among its ten best by `scores`, on average."""
    tens = (np.argsort(-rows, axis=1, kind="stable")[:, :10].tolist() for rows in (scores, exact))
    return float(np.mean([len(set(found) & set(wanted)) / 10 for found, wanted in zip(*tens, strict=True)]))


def static_queries(fitted: Fitted, queries: Sequence[str]) -> tuple[Matrix, float]:
    """Return the client's query vectors [q, D] and the milliseconds that one took."""
    encoder = decode_encoder(fitted.encoder.query_encoder)
    encoder.check_golden()
    start = time.perf_counter()
    vectors = [encoder.encode(query) for query in queries]
    return np.array(vectors, dtype=np.int64), (time.perf_counter() - start) * 1000 / len(queries)


def report(label: str, ndcg: float, note: str = "") -> None:
    print(f"{label:34}{ndcg:8.4f}  {note}", flush=True)


def run_cranfield(cranfield: Cranfield, model: str | None) -> None:
    print(f"{'Cranfield':34}{'nDCG@10':>8}")
    report("BM25 (peer)", cranfield.ndcg(bm25(cranfield.texts, cranfield.queries)))
    for name in ["builtin"] + ([PREFIX + model] if model else []):
        start = time.perf_counter()
        fitted = NamedEncoders(name).fit(cranfield.texts)
        seconds = time.perf_counter() - start
        queries, milliseconds = static_queries(fitted, cranfield.queries)
        packed = len(gzip.compress(fitted.encoder.query_encoder, 9)) / 1e3
        scores = integer_scores(fitted, queries)
        note = f"{share_of_ten(scores, float_scores(fitted, queries)):.3f} of the nearest ten, "
        note += f"fit + embed {seconds:.1f} s, encoder {packed:.0f} kB gzipped, {milliseconds:.2f} ms a query"
        report(f"{fitted.encoder.name}, as released", cranfield.ndcg(scores), note)
        if model and name != "builtin":
            report_transformer(cranfield, fitted, Model.load(model))


def report_transformer(cranfield: Cranfield, fitted: Fitted, model: Model) -> None:
    """The ceiling: the transformer itself encodes the query, in floats."""
    assert isinstance(fitted.encoder, Transformer)
    queries = fitted.encoder.project(model.embed(cranfield.queries, FitLimits().batch))
    exact, integers = float_scores(fitted, queries), np.array([shrink(query) for query in queries.tolist()])
    note = f"{share_of_ten(integer_scores(fitted, integers), exact):.3f} of its nearest ten as released"
    report("the transformer itself, floats", cranfield.ndcg(exact), note)


def read_history(path: Path) -> list[str]:
    """Return the chunks of the first state."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        pages: dict[str, str] = json.loads(next(file))["set"]
    return [chunk for _, page in sorted(pages.items()) for chunk in _chunks(page)]


def run_history(path: Path) -> None:
    chunks = read_history(path)
    start = time.perf_counter()
    fitted = NamedEncoders("builtin").fit(chunks)
    fitting = time.perf_counter() - start
    start = time.perf_counter()
    fitted.encoder.embed(chunks)
    embedding = time.perf_counter() - start
    encoder = decode_encoder(fitted.encoder.query_encoder)
    packed = len(gzip.compress(fitted.encoder.query_encoder, 9)) / 1e3
    print(
        f"\n{path.name}: {len(chunks)} chunks, builtin fit + embed {fitting:.1f} s (embed {embedding:.1f} s),"
        f" {len(encoder.file.words)} words x {encoder.dimensions}, encoder {packed:.0f} kB gzipped"
    )


def _chunks(page: str, least: int = 350) -> list[str]:
    """Crude pieces: paragraphs, joined up to `least` characters, parted at headings."""
    pieces = [""]
    for paragraph in re.split(r"\n\s*\n", page):
        if len(pieces[-1]) > least or paragraph.startswith("#"):
            pieces.append("")
        pieces[-1] += paragraph + "\n"
    return [piece for piece in pieces if piece.strip()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cranfield", type=Path)
    parser.add_argument("history", type=Path, nargs="?")
    parser.add_argument("--model", help="folder or hub name of a sentence-transformers model")
    arguments = parser.parse_args()
    cranfield = Cranfield(arguments.cranfield)
    run_cranfield(cranfield, arguments.model)
    if arguments.history:
        run_history(arguments.history)


if __name__ == "__main__":
    main()
