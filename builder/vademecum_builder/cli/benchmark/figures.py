"""Figures of rankings, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np

from vademecum_builder.cli.benchmark.collection import Query, Rankings

DEPTH: Final = 100
"""Documents of a ranking that count."""
FIGURES: Final = ("ndcg@10", "recall@100", "mrr", "hit@1")
Interval: TypeAlias = tuple[float, float, float]
"""A mean, and the ends of its 95 % interval."""


def figures(ranking: Sequence[str], relevant: frozenset[str]) -> tuple[float, ...]:
    """Return nDCG@10, recall@100, reciprocal rank (of the first 100) and hit@1 of one query; relevance is yes or no."""
    places = [number for number, key in enumerate(ranking[:DEPTH]) if key in relevant]
    gain = sum(1 / np.log2(place + 2) for place in places if place < 10)
    ideal = sum(1 / np.log2(place + 2) for place in range(min(10, len(relevant))))
    first = places[0] if places else None
    reciprocal = 0.0 if first is None else 1 / (first + 1)
    return float(gain / ideal), len(places) / len(relevant), reciprocal, float(first == 0)


def interval(values: Sequence[float]) -> Interval:
    """Return mean and 95 % interval, by bootstrap over the queries (Efron 1979)."""
    drawn = np.random.default_rng(0).choice(values, (1000, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return float(np.mean(values)), float(low), float(high)


def by_kind(rankings: Rankings, queries: Sequence[Query]) -> dict[str, dict[str, Interval]]:
    """Return each figure for each kind of question."""
    told = {}
    for kind in dict.fromkeys(query.kind for query in queries):
        rows = [
            figures(ranking, query.relevant)
            for ranking, query in zip(rankings, queries, strict=True)
            if query.kind == kind
        ]
        columns = zip(FIGURES, zip(*rows, strict=True), strict=True)
        told[kind] = {figure: interval(values) for figure, values in columns}
    return told
