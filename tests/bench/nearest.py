"""How many of the ten texts nearest by floats a release finds: `nearest.py DIR [--questions TSV] [--model NAME]`.

Asked and read as in `vade bench retrieval`, which says how well search finds; here each document is one text. Floats
are those of the same dimensions, and what they are compared with are the very bytes that a release holds.
"""

from __future__ import annotations

import argparse
import gzip
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vademecum.encoder.query import decode_encoder, shrink
from vademecum.format.segment import scale_of
from vademecum_builder.cli.benchmark.collection import read_collection
from vademecum_builder.encoders.base import FitLimits, Fitted
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.encoders.registry import DEFAULT_ENCODER, NamedEncoders
from vademecum_builder.encoders.table import Matrix, unit
from vademecum_builder.encoders.transformer import PREFIX, Model, Transformer


def integer_scores(fitted: Fitted, queries: Matrix) -> Matrix:
    """Return the scores of format.md, section 4.2, for queries int [q, D]."""
    vectors = quantise(fitted.vectors)
    scales = np.array([scale_of(vector.tobytes()) for vector in vectors], np.int64)
    return (queries.astype(np.int64) @ vectors.T.astype(np.int64) * scales).astype(np.float64)


def share_of_ten(fitted: Fitted, asked: Matrix, floats: Matrix) -> float:
    """Return how much of each query's ten nearest by `floats` [q, D] are among those by integers `asked`: the mean."""
    both = integer_scores(fitted, asked), np.asarray(floats @ unit(fitted.vectors).T, dtype=np.float64)
    tens = (np.argsort(-rows, axis=1, kind="stable")[:, :10].tolist() for rows in both)
    return float(np.mean([len(set(found) & set(wanted)) / 10 for found, wanted in zip(*tens, strict=True)]))


def measure(name: str, texts: Sequence[str], queries: Sequence[str]) -> None:
    started = time.perf_counter()
    fitted = NamedEncoders(name).fit(texts)
    seconds = time.perf_counter() - started
    encoder = decode_encoder(fitted.encoder.query_encoder)
    encoder.check_golden()
    started = time.perf_counter()
    asked = np.array([encoder.encode(query) for query in queries], dtype=np.float64)
    milliseconds = (time.perf_counter() - started) * 1000 / len(queries)
    packed = len(gzip.compress(fitted.encoder.query_encoder, 9)) / 1e3
    note = f"fit + embed {seconds:.1f} s, encoder {packed:.0f} kB gzipped, {milliseconds:.2f} ms a query"
    print(f"{fitted.encoder.name:34}{share_of_ten(fitted, asked, asked):8.3f}  {note}", flush=True)
    if isinstance(fitted.encoder, Transformer):
        floats = fitted.encoder.project(Model.load(name.removeprefix(PREFIX)).embed(queries, FitLimits().batch))
        asked = np.array([shrink(query) for query in floats.tolist()], dtype=np.float64)
        print(f"{'asked by the transformer itself':34}{share_of_ten(fitted, asked, floats):8.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--model", help="folder or hub name of a sentence-transformers model")
    options = parser.parse_args()
    collection = read_collection(options.collection, options.questions)
    asked = [query.text for query in collection.queries]
    for name in [DEFAULT_ENCODER, *([PREFIX + options.model] if options.model else [])]:
        measure(name, list(collection.documents.values()), asked)
