"""What a model was asked is kept slice by slice, so that no text is embedded twice beyond one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from vademecum.errors import ContentError, NetworkError
from vademecum_builder.encoders.kept import KeptModel
from vademecum_builder.encoders.table import Matrix, Progress
from vademecum_builder.workspace.store import Workspace


@dataclass
class Dear:
    """A model that counts, and fails after so many texts."""

    most: int = 10**9
    digest: str = "d" * 64
    dimensions: int = 3
    asked: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str], batch: int, progress: Progress | None = None) -> Matrix:
        if len(self.asked) + len(texts) > self.most:
            raise NetworkError("no answer")
        self.asked += texts
        return np.array([[len(text), sum(map(ord, text)), 1 / len(text)] for text in texts]).reshape(-1, 3)


TEXTS = [f"text {number % 700}" for number in range(1000)]


def test_a_model_is_asked_for_each_text_once_however_often_it_breaks_off(tmp_path: Path) -> None:
    asked: list[str] = []
    whole = Dear().embed(TEXTS, 32)
    with Workspace(tmp_path / "work.db", create=True) as workspace:
        for most in (300, 600, 300):
            model = Dear(most)
            with suppress(NetworkError):
                made = KeptModel(model, workspace.vectors).embed(TEXTS, 32)
            asked += model.asked
        assert sorted(asked) == sorted(set(TEXTS))
        assert np.array_equal(made, whole)


def test_another_model_is_asked_anew(tmp_path: Path) -> None:
    with Workspace(tmp_path / "work.db", create=True) as workspace:
        KeptModel(Dear(), workspace.vectors).embed(["a"], 32)
        other = Dear(digest="e" * 64)
        KeptModel(other, workspace.vectors).embed(["a"], 32)
    assert other.asked == ["a"]


def test_vectors_of_old_jobs_go_beyond_a_number_of_bytes(tmp_path: Path) -> None:
    with Workspace(tmp_path / "work.db", create=True) as workspace:
        for text in ("old", "new", "newest"):
            workspace.begin("build", "")
            KeptModel(Dear(), workspace.vectors).embed([text], 32)
        for most, asked in ((48, ["old"]), (0, ["old", "new"])):
            workspace.vectors.forget(most)
            model = Dear()
            kept = {text: sha256(text.encode()).digest() for text in ("old", "new", "newest")}
            there = workspace.vectors.of(model.digest, list(kept.values()))
            assert [text for text, name in kept.items() if name not in there] == asked


def test_a_model_that_is_another_by_now_is_told(tmp_path: Path) -> None:
    class Other(Dear):
        def embed(self, texts: Sequence[str], batch: int, progress: Progress | None = None) -> Matrix:
            return np.ones((len(texts), 5))

    with Workspace(tmp_path / "work.db", create=True) as workspace:
        KeptModel(Dear(), workspace.vectors).embed(["a"], 32)
        for texts in (["a", "b"], ["b", "a"]):
            with pytest.raises(ContentError, match="vectors of 5 dimensions where it gave 3 before"):
                KeptModel(Other(), workspace.vectors).embed(texts, 32)


def test_progress_counts_what_is_kept(tmp_path: Path) -> None:
    with Workspace(tmp_path / "work.db", create=True) as workspace:
        KeptModel(Dear(), workspace.vectors).embed(TEXTS[:300], 32)
        told: list[tuple[int, int]] = []
        KeptModel(Dear(), workspace.vectors).embed(TEXTS[:600], 32, lambda done, total: told.append((done, total)))
        assert told == [(556, 600), (600, 600)]
        assert KeptModel(Dear(), workspace.vectors).embed([], 32).shape == (0, 3)


@pytest.mark.slow
def test_a_build_from_a_workspace_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from support.workshop import Workshop, lamp
    from vademecum_builder.encoders.http import HttpModel

    asked: list[str] = []

    def batches(self: HttpModel, texts: Sequence[str]) -> Iterator[tuple[int, Matrix]]:
        asked.extend(texts)
        seeds = [sum(map(ord, text)) for text in texts]
        if texts:
            yield 0, np.array([np.random.default_rng(seed).standard_normal(8) for seed in seeds])

    monkeypatch.setattr(HttpModel, "batches", batches)
    monkeypatch.setattr(HttpModel, "dimensions", 8)
    monkeypatch.chdir(tmp_path)
    shop = Workshop(tmp_path)
    shop.write([lamp(number) for number in range(20)])
    model = "http:https://a.example/v1#small"
    shop.build(encoder=model)
    first = len(asked)
    shop.build(encoder=model, refit=True)
    assert first and len(asked) == first, "an encoder is fitted anew without asking for any text again"
    shop.write([lamp(number) for number in range(21)])
    shop.build(encoder=model)
    assert len(asked) == first + 1
