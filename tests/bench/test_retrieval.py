"""The figures of the benchmark of retrieval, and the questions that it asks."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from bench.retrieval import figures, interval, read_collection

QUESTIONS = Path(__file__).parent / "questions" / "docs-history.tsv"


def test_figures_of_a_ranking() -> None:
    one = frozenset({"a", "b"})
    assert figures(["a", "b", "c"], one) == (1, 1, 1, 1)
    ndcg, recall, reciprocal, first = figures(["c", "a"], one)
    assert (recall, reciprocal, first) == (0.5, 0.5, 0)
    assert ndcg == pytest.approx(0.6309 / 1.6309, abs=1e-4)
    assert figures([], one) == (0, 0, 0, 0)
    assert figures(["x"] * 100 + ["a"], one) == (0, 0, 0, 0)


def test_an_interval_holds_the_mean() -> None:
    mean, low, high = interval([0.0, 1.0] * 50)
    assert low < mean == 0.5 < high
    assert interval([1.0, 1.0]) == (1, 1, 1)


def test_the_questions_are_of_four_kinds_and_half_of_each_is_held_out() -> None:
    rows = list(csv.DictReader(QUESTIONS.read_text("utf-8").splitlines(), delimiter="\t"))
    assert len({row["question"] for row in rows}) == len(rows) == 200
    assert Counter((row["kind"], row["set"]) for row in rows) == {
        (kind, part): count // 2
        for kind, count in {"meaning": 90, "exact": 44, "misspelt": 34, "half-typed": 32}.items()
        for part in ("tuned", "held")
    }


def test_a_folder_and_a_table_are_a_collection(tmp_path: Path) -> None:
    (tmp_path / "key.md").write_text("# Keys\n")
    table = tmp_path / "questions.tsv"
    table.write_text("kind\tset\tquestion\tpages\nexact\theld\tkeys\tkey.md\nexact\ttuned\tlamp\tlamp.md\n")
    found = read_collection(tmp_path, table, "held")
    assert found.documents == {"key.md": "# Keys\n"}
    assert [(query.kind, query.text, query.relevant) for query in found.queries] == [
        ("exact", "keys", frozenset({"key.md"}))
    ]
