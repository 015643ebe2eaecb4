"""The prior of the language: the one that comes along, and the one that is made for another model and kept."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vademecum.errors import ContentError
from vademecum.search.spelling import meant_by, tries
from vademecum_builder.encoders import prior as priors
from vademecum_builder.encoders.base import FitLimits
from vademecum_builder.encoders.prior import PROBES, Prior, decode_prior, encode_prior, find_prior, fit_prior

SMALL = FitLimits(general=40)


class Letters:
    """A model that counts letters; it keeps how many texts it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float64]:
        self.asked.append(len(texts))
        counts = np.array([[1 + text.count(letter) for letter in "etaoin"] for text in texts], np.float64)
        return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VADEMECUM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_prior_that_comes_along() -> None:
    shipped = decode_prior((priors._FOLDER / "all-MiniLM-L6-v2.gz").read_bytes())
    assert shipped.rows.shape == (len(shipped.words), 384) == (20_600, 384)
    assert len(shipped.phrases) == 600 and "turn off" in shipped.phrases
    assert not any(" " in word for word in shipped.common_beyond(shipped.words[:19_000], 1))
    assert len(shipped.positions) == len(shipped.words)
    rows = shipped.of(["photo", "picture", "river"])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert rows[0] @ rows[1] > 0.4 > rows[0] @ rows[2]
    assert shipped.is_of(shipped.probes) and not shipped.is_of(-shipped.probes)
    assert not shipped.is_of(shipped.probes[:, :6])


def test_a_row_is_near_the_word_itself_and_near_the_sentences() -> None:
    """A word that no sentence has keeps its own vector; one that always comes with another learns from it."""
    model = Letters()
    made = fit_prior(["eee", "ttt", "zzz"], ["eee ttt"] * 40, model)
    own = model(["eee", "ttt", "zzz"])
    assert made.rows[[2]].tolist()[0] == own[2].tolist()
    wanted = model(["eee ttt"])[0]
    assert np.abs(sum(made.rows[:2]) / np.sqrt(2) - wanted).max() < 0.1
    assert np.abs(sum(own[:2]) / np.sqrt(2) - wanted).max() > 0.1


def test_a_file_keeps_directions_and_sizes() -> None:
    chance = np.random.default_rng(4)
    rows = chance.standard_normal((300, 64)) / 10
    read = decode_prior(encode_prior(Prior([f"word{i}" for i in range(300)], rows, rows[:4])))
    assert read.words[7] == "word7"
    sizes = np.linalg.norm(read.rows[:], axis=1) / np.linalg.norm(rows, axis=1)
    cosines = (read.rows[:] * rows).sum(axis=1) / np.linalg.norm(rows, axis=1) ** 2 / sizes
    assert cosines.min() > 0.97 and np.abs(sizes - 1).max() < 0.15


@pytest.mark.slow
def test_another_model_gets_one_of_its_own_once(cache: Path) -> None:
    model = Letters()
    made = find_prior(model, "d1", SMALL)
    assert model.asked == [len(PROBES), len(PROBES) + len(made.words) + 40]
    assert made.words[:2] == ["the", "to"]
    (kept,) = cache.iterdir()
    model.asked.clear()
    again = find_prior(model, "d1", SMALL)
    assert model.asked == [len(PROBES)]
    np.testing.assert_allclose(again.rows[:], made.rows[:], atol=0.2)
    # a file that is damaged is made anew, and a cache that cannot be written stops nothing
    for damage in (b"", gzip.compress(b"x" * 20), kept.read_bytes()[:-9]):
        kept.write_bytes(damage)
        assert find_prior(Letters(), "d1", SMALL).rows[:].tobytes() == made.rows[:].tobytes()
        assert len(decode_prior(kept.read_bytes()).words) == len(made.words)
    kept.unlink()
    cache.rmdir()
    cache.write_bytes(b"")
    assert find_prior(Letters(), "d1", SMALL).rows[:].tobytes() == made.rows[:].tobytes()


def test_no_sentences_no_prior() -> None:
    model = Letters()
    none = find_prior(model, "d1", FitLimits(general=0))
    assert (list(none.words), none.rows.shape, model.asked) == ([], (0, 6), [len(PROBES)])
    assert none.joined(["key"], np.ones((1, 6))).of(["key"]).tolist() == [[1.0] * 6]


def test_the_words_beside_those_of_the_texts() -> None:
    prior = Prior(["the", "key", "photo", "lamp"], np.eye(4), np.eye(4))
    assert prior.common_beyond(["key", "jsonable"], 1) == ["the"]
    assert prior.common_beyond(["key", "jsonable", "photo"], 1) == ["the", "lamp"]
    assert prior.common_beyond(["key", "jsonable", "photo"], 2) == ["the"]
    assert prior.common_beyond(["schlüssel"], 1) == []  # texts in another language


def test_words_that_would_be_taken_for_those_of_the_texts() -> None:
    words = "spell shells sell stairs hell she smell something universe junction".split()
    prior = Prior(words, np.ones((10, 1)), np.ones((1, 1)))
    assert prior.mistaken(["shell", "sold"]) == ["spell", "shells", "sell", "smell"], "none that begins otherwise"
    assert prior.mistaken(["spell", "shell"]) == ["shells", "sell", "smell"]
    assert prior.mistaken(["shed"]) == [], "so short a word as she is not taken for another"
    assert prior.mistaken(["soothing", "function"]) == ["something", "junction"], "two changes, or the first letter"
    assert prior.mistaken(["universally"]) == ["universe"], "what it begins with is near"


@pytest.mark.parametrize("texts", [["shell", "soothing", "universally"], ["starting", "fixer", "sell", "smelt", "cot"]])
def test_words_taken_for_others_are_those_that_a_client_takes(texts: list[str]) -> None:
    shipped = decode_prior((priors._FOLDER / "all-MiniLM-L6-v2.gz").read_bytes())
    asked = [word for word in shipped.words[::20] if " " not in word and word not in texts]
    texts.sort()

    def is_taken(word: str) -> bool:
        return any(meant_by(texts, word, most, begun=begun) for most, begun in tries(word, typed=True))

    taken = list(filter(is_taken, asked))
    assert [word for word in shipped.mistaken(texts) if word in set(asked)] == taken != []


def test_other_files_are_refused() -> None:
    for data in (gzip.compress(b""), gzip.compress(b"x" * 20)):
        with pytest.raises(ContentError):
            decode_prior(data)
