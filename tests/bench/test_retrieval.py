"""The figures of the benchmark of retrieval, and the questions that it asks."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from vademecum_builder.cli.benchmark.collection import read_collection
from vademecum_builder.cli.benchmark.figures import figures, interval
from vademecum_builder.cli.main import main

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
    (tmp_path / "lamp.mdx").write_text("# Lamps\n")
    table = tmp_path / "questions.tsv"
    table.write_text("kind\tset\tquestion\tpages\nexact\theld\tkeys\tkey.md\nexact\ttuned\tlamp\tkey.md\n")
    found = read_collection(tmp_path, table, "held")
    assert found.documents == {"key.md": "# Keys\n", "lamp.mdx": "# Lamps\n"}
    assert [(query.kind, query.text, query.relevant) for query in found.queries] == [
        ("exact", "keys", frozenset({"key.md"}))
    ]


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    pages = {"1": "Keys are rotated each year", "2": "Bread is baked in an iron pot", "3": "Cats sleep all day"}
    asked = {"a": "rotate a key", "b": "baking bread", "c": "nobody judged this"}
    documents = [{"id": key, "title": text.split()[0], "text": text} for key, text in pages.items()]
    queries = [{"id": key, "text": text} for key, text in asked.items()]
    for name, rows in (("documents", documents), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "qrels.tsv").write_text("a\t1\t1\nb\t2\t2\nc\t3\t0\n")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main(["bench", "retrieval", *map(str, arguments), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.slow
def test_a_judged_collection_by_arm(judged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, judged, "--no-peers")
    assert (found["documents"], found["questions"], found["missing"]) == (3, 2, {})
    assert list(found["arms"]) == ["builtin lexical", "builtin semantic", "builtin hybrid"]
    assert found["arms"]["builtin hybrid"]["judged"]["mrr"] == [1, 1, 1]
    assert list(found["arms"]["builtin lexical"]["judged"]) == ["ndcg@10", "recall@100", "mrr", "hit@1"]


@pytest.mark.slow
def test_peers_that_are_missing_are_named_with_what_installs_them(
    judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = tmp_path / "nothing"
    found = told(capsys, judged, "--packages", nothing)
    assert found["arms"]["FTS5"]["judged"]["hit@1"] == [1, 1, 1]
    for peer, package in (("MiniSearch", "minisearch"), ("Orama", "@orama/orama"), ("Pagefind", "pagefind")):
        assert found["missing"][peer].endswith(f"npm install --prefix {nothing} {package}")
    assert "bm25s" in found["arms"] or found["missing"]["bm25s"].endswith("pip install bm25s")
    assert main(["bench", "retrieval", str(judged), "--packages", str(nothing)]) == 0
    shown = capsys.readouterr().out
    assert "3 documents, 2 questions" in shown and "left out: Pagefind: " in shown


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"queries.jsonl": "{"}, "not as it should be"),
        ({"queries.jsonl": '{"id": "a"}\n'}, "not as it should be"),
        ({"documents.jsonl": ""}, "0 documents, 2 questions"),
        ({"qrels.tsv": "a\t1\t0\n"}, "0 questions with an answer"),
        ({"qrels.tsv": "a 1 1\n"}, "not as it should be"),
    ],
)
def test_what_is_no_collection_is_one_line(
    judged: Path, capsys: pytest.CaptureFixture[str], changed: dict[str, str], why: str
) -> None:
    for name, text in changed.items():
        (judged / name).write_text(text)
    assert main(["bench", "retrieval", str(judged), "--no-peers"]) == 2
    line = capsys.readouterr().err
    assert why in line and line.count("\n") == 1


def test_documents_need_questions_and_questions_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key.md").write_text("# Keys\n")
    assert main(["bench", "retrieval", str(tmp_path)]) == 2
    assert "name a table with --questions" in capsys.readouterr().err
    table = tmp_path / "questions.tsv"
    table.write_text("kind\tquestion\tpages\nexact\tkeys\tlamp.md\n")
    assert main(["bench", "retrieval", str(tmp_path), "--questions", str(table)]) == 2
    assert "no document lamp.md" in capsys.readouterr().err
    (tmp_path / "lamp.html").write_text("<h1>Lamp</h1>")
    table.write_text("kind\tquestion\tpages\nexact\tkeys\tlamp.html\n")
    assert main(["bench", "retrieval", str(tmp_path), "--questions", str(table)]) == 2
    assert f"no document lamp.html in {tmp_path}: it is not Markdown" in capsys.readouterr().err
    table.write_text("kind\tquestion\nexact\tkeys\n")
    assert main(["bench", "retrieval", str(tmp_path), "--questions", str(table)]) == 2
