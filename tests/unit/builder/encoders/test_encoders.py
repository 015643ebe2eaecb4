"""The builder's encoders: quantiser, alphabet, fits, and what a later build reuses."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_info, threadpool_limits  # type: ignore[import-untyped]

from vademecum.encoder.file import EncoderFile, encode_encoder
from vademecum.encoder.query import Encoder, decode_encoder
from vademecum.errors import ContentError, SelfTestError, UsageError
from vademecum.format.segment import scale_of
from vademecum_builder.encoders import directions, fit
from vademecum_builder.encoders.alphabet import build_alphabet, fold
from vademecum_builder.encoders.base import DocumentEncoder, FitLimits, Fitted
from vademecum_builder.encoders.builtin import fit_builtin
from vademecum_builder.encoders.prior import shipped_prior
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.encoders.registry import NamedEncoders, published_name
from vademecum_builder.encoders.table import quantise_table, unpack_rows
from vademecum_builder.encoders.transformer import PREFIX, Model, Transformer, digest_model

TEXTS = [
    "Keys\nRotate\nTo rotate a key, run `vade keys new` and publish again.",
    "Keys\nLose\nWhoever loses the root key starts a new line; nobody can help.",
    "Search\nRanking\nScores are integers, and ties break by the id of the chunk.",
    "Search\nOffline\nA query never waits for the network: everything is in the store.",
    "Store\nQuota\nWhen the disk is full the installed generation stays as it is.",
    "Setup\nOptions\nThe option `response_model` of max-age speaks HTTP/2 to C++.",
]


def scores(encoder: DocumentEncoder, query: str, vectors: NDArray[np.float64]) -> NDArray[np.int64]:
    integers = quantise(vectors)
    scales = [scale_of(row.tobytes()) for row in integers]
    asked = np.array(decode_encoder(encoder.query_encoder).encode(query), dtype=np.int64)
    return integers.astype(np.int64) @ asked * scales


def best(fitted: Fitted, query: str) -> int:
    return int(np.argmax(scores(fitted.encoder, query, fitted.vectors)))


# The quantiser


def test_the_example_of_the_page() -> None:
    vectors = quantise(np.array([[3.0, -4.0, 0.0], [0.0, 0.0, 0.0], [0.0, 2.0, 1.0]]))
    assert vectors.dtype == np.int8
    assert vectors.tolist() == [[5, -7, 0], [0, 0, 0], [0, 8, 4]]
    assert quantise(np.zeros((0, 5))).shape == (0, 5)


@pytest.mark.parametrize("dimensions", [96, 384, 128])
def test_vectors_point_where_the_real_ones_do(dimensions: int) -> None:
    rows = np.random.default_rng(5).standard_normal((40, dimensions)) * np.linspace(2, 0.1, dimensions)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    values = quantise(rows)
    scales = np.array([scale_of(row.tobytes()) for row in values])
    found = values * scales[:, None] / 65535
    assert (found * rows).sum(axis=1).mean() > 0.998
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=2e-3)


def test_the_largest_component_is_never_cut_off() -> None:
    """One that all other dimensions together are nothing beside: steps become as wide as it takes."""
    row = np.ones((1, 4096))
    row[0, 7] = -1e6
    vector = quantise(row)[0]
    assert vector[7] == -127 and not vector[8:].any()


def test_many_rows_are_those_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(8).standard_normal((10, 24))
    whole = quantise(rows)
    monkeypatch.setattr("vademecum_builder.encoders.quantise._BATCH", 3)
    assert whole.tobytes() == quantise(rows).tobytes()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ContentError, match="vector 1 "):
        quantise(np.array([[1.0, 2.0], [0.0, bad]]))


VECTORS = st.lists(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=1, max_size=5
)


@given(rows=VECTORS)
def test_each_row_is_quantised_by_itself(rows: list[list[float]]) -> None:
    vectors = quantise(np.array(rows))
    for row, vector in zip(rows, vectors, strict=True):
        assert quantise(np.array([row]))[0].tobytes() == vector.tobytes()
        assert bool(scale_of(vector.tobytes())) == any(row)


def test_a_table_keeps_directions_and_relative_sizes() -> None:
    rows = np.array([[6.0, -3.0], [0.002, 0.004], [0.0, 0.0]])
    table = quantise_table(rows, np.array([2.0, 3.0, 1.0]), 1 / np.sqrt([22.5, 2.5, 1]))
    assert components_of(table, 2).tolist() == [[6, -3], [1, 2], [0, 0]]
    assert table[1] == [65535, round(65535 * 0.003), 0]


LATIN = build_alphabet([])
OWN = FitLimits(general=0)
"""Without the general words of the language: a stand-in for a model knows none."""


def components_of(table: tuple[bytes, list[int]], dimensions: int) -> NDArray[np.int8]:
    """What the client reads: int8 [V, D]; the numpy reader must say the same."""
    rows, weights = table
    words = [str(number) for number in range(len(weights))]
    file = EncoderFile("x", dimensions, words, rows, weights, LATIN)
    read = [list(Encoder(file).row(position)) for position in range(len(words))]
    assert unpack_rows(file).tolist() == read
    return np.array(read, np.int8).reshape(len(words), dimensions)


@given(
    st.integers(1, 9).flatmap(
        lambda size: st.lists(st.lists(st.integers(-7, 7), min_size=size, max_size=size), min_size=1, max_size=5)
    )
)
def test_what_four_bits_hold_is_read_as_it_was(rows: list[list[int]]) -> None:
    values = np.array(rows, np.float64)
    lengths = np.sqrt((values * values).mean(axis=1))
    table = quantise_table(values, np.ones(len(rows)), 1 / np.where(lengths > 0, lengths, 1.0))
    assert len(table[0]) == len(rows) * -(-len(rows[0]) // 2)
    assert components_of(table, len(rows[0])).tolist() == rows


def test_a_step_cuts_off_what_is_large_and_the_weight_leaves_the_least_error() -> None:
    rows = np.random.default_rng(9).standard_normal((20, 300)) * np.linspace(1, 5, 20)[:, None]
    rows[0, :2] = 40, -40
    rows[1] = 0
    table = quantise_table(rows, np.ones(20), np.full(20, 0.6))
    components = components_of(table, 300).astype(np.float64)
    assert components[0, :2].tolist() == [7, -7]
    weights = np.array(table[1])
    assert weights[1] == 0
    best = [(row @ c) / (c @ c) if c.any() else 0.0 for row, c in zip(rows, components, strict=True)]
    assert np.allclose(weights / weights[-1], np.array(best) / best[-1], rtol=1e-3)
    cosines = (
        (rows * components).sum(axis=1)[2:] / np.linalg.norm(rows[2:], axis=1) / np.linalg.norm(components[2:], axis=1)
    )
    assert cosines.min() > 0.97


# The alphabet


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("`response_model` max-age HTTP/2 C++", ["response", "model", "max", "age", "http", "2", "c"]),
        ("ÉTÉ e\u0301te\u0301 été", ["ete", "ete", "ete"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("Ёлка ёлка", ["елка", "елка"]),
        ("ΚΛΕΙΔΊ κλειδί ς", ["κλειδι", "κλειδι", "σ"]),
        ("鍵を回す", ["鍵", "を", "回", "す"]),
        ("ﾊﾝ", ["ハ", "ン"]),
        ("열쇠 회전", ["열쇠", "회전"]),
        ("हिन्दी कुंजी", ["हिन्दी", "कुंजी"]),
        ("x² ① ½", ["x2", "1"]),
        ("don't — “stop”🙂now", ["don", "t", "stop", "now"]),
        ("", []),
    ],
)
def test_splitting_with_a_built_alphabet(text: str, words: list[str]) -> None:
    assert build_alphabet([text]).split(text) == words


def test_the_alphabet_knows_cases_and_bases_of_what_it_has_seen() -> None:
    alphabet = build_alphabet(["ёж"])
    assert alphabet.split("ЁЖ еж ЕЖ") == ["еж", "еж", "еж"]
    assert alphabet.split("жук") == ["ж"]


def test_latin_needs_not_be_seen() -> None:
    alphabet = build_alphabet([])
    assert alphabet.split("Łódź, ÿ 42 e\u0301") == ["łodz", "y", "42", "e"]
    assert [code for code in alphabet.codes if 0x2BD <= code <= 0x37F] == [*range(0x300, 0x370)]
    assert [code for code in alphabet.codes if 0x170 <= code <= 0x190] == [*range(0x170, 0x180)]


def test_folding_is_settled() -> None:
    letters = [chr(code) for code in range(0x3100) if not 0xD800 <= code < 0xE000]
    for letter in letters:
        folded = fold(letter)
        assert folded is None or "".join(filter(None, map(fold, folded))) == folded, hex(ord(letter))


def test_the_alphabet_does_not_depend_on_order() -> None:
    assert build_alphabet(["aж", "鍵"]) == build_alphabet(["鍵ж", "ж"])


# The vocabulary


def test_the_words_of_most_texts_come_first_and_rare_ones_count_more() -> None:
    vocabulary = fit.choose_words([["b", "b", "z", "d"], ["b", "c"], ["b"]], 10, FitLimits())
    assert vocabulary.words == ["b", "d", "z", "c"]
    assert 0 < vocabulary.idf[0] < vocabulary.idf[1] == vocabulary.idf[3] == vocabulary.rarest


def test_caps_of_the_vocabulary() -> None:
    splits = [["b", "a", "x" * 41, "y" * 40], ["b"]]
    assert fit.choose_words(splits, 10, FitLimits()).words == ["b", "a", "y" * 40]
    assert fit.choose_words(splits, 2, FitLimits()).words == ["b", "a"]


# The fits


def test_ridge_is_what_the_normal_equations_say() -> None:
    chance = np.random.default_rng(5)
    features, targets = chance.standard_normal((7, 4)), chance.standard_normal((7, 3))
    for x, y in ((features, targets), (features.T.copy(), targets[:4])):
        prior = chance.standard_normal((x.shape[1], 3))
        found = fit.fit_ridge(sparse.csr_array(x), y, 0.5, prior)
        expected = np.linalg.solve(x.T @ x + 0.5 * np.eye(x.shape[1]), x.T @ y + 0.5 * prior)
        np.testing.assert_allclose(found, expected, atol=1e-2)


def test_a_word_that_no_text_has_keeps_its_prior() -> None:
    features = sparse.csr_array(np.array([[1.0, 0.0], [1.0, 0.0]]))
    rows = fit.fit_ridge(features, np.ones((2, 3)), 0.5, np.array([[0.0] * 3, [1.0, 2.0, 3.0]]))
    assert rows[1].tolist() == [1, 2, 3]
    np.testing.assert_allclose(rows[0], 0.8)
    assert fit.fit_ridge(sparse.csr_array((0, 2)), np.ones((0, 3)), 0.5, rows).tolist() == rows.tolist()


def test_lsa_is_the_truncated_decomposition() -> None:
    dense = np.random.default_rng(6).standard_normal((40, 30)) * 0.8 ** np.arange(30)
    rows = fit.fit_lsa(sparse.csr_array(dense), FitLimits(dimensions=10))
    _, values, transposed = np.linalg.svd(dense)
    expected = transposed[:10].T * np.sqrt(values[:10])
    np.testing.assert_allclose(np.abs(rows), np.abs(expected), atol=1e-6)
    assert (rows[np.abs(rows).argmax(axis=0), np.arange(10)] > 0).all()


def test_lsa_of_alike_texts_has_no_noise_directions() -> None:
    rows = fit.fit_lsa(sparse.csr_array(np.ones((20, 12))), FitLimits())
    assert np.abs(rows[:, 0]).min() > 0
    assert not rows[:, 1:].any()


def test_sums_of_a_fit_are_made_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def spy(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            threads.extend(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")
            return function(*arguments)

        return call

    monkeypatch.setattr(fit, "_decompose", spy(fit._decompose))
    monkeypatch.setattr(directions, "_moment", spy(directions._moment))
    with threadpool_limits(limits=2, user_api="blas"):
        fit.fit_lsa(sparse.csr_array(np.eye(3)), FitLimits())
        directions.find_directions(np.eye(3), np.eye(3), 2)
    assert len(threads) >= 2 and set(threads) == {1}


def test_words_outside_the_sample_get_vectors_too() -> None:
    texts = [f"{text} only{number}" for number, text in enumerate(TEXTS * 3)]
    fitted = NamedEncoders("builtin", FitLimits(sample=6)).fit(texts)
    assert np.abs(scores(fitted.encoder, "only7", fitted.vectors)).any()
    assert len(fit.spread_evenly(18, 6)) == 6


def test_positions_spread_evenly() -> None:
    assert fit.spread_evenly(10, 4).tolist() == [0, 2, 5, 7]
    assert fit.spread_evenly(3, 4).tolist() == [0, 1, 2]
    assert fit.spread_evenly(0, 4).tolist() == []


def test_parts_are_different_lines_and_sentences_in_a_fixed_order() -> None:
    texts = ["A title\nOne thing. Another thing!  Last one", "One thing. x"]
    parts = fit.choose_parts(texts, 10)
    assert sorted(parts) == ["A title", "Another thing!", "Last one", "One thing."]
    assert parts == fit.choose_parts(texts[::-1], 10)
    assert fit.choose_parts(texts, 2) == parts[:2]


# `builtin`


def test_it_finds_by_word_and_by_company() -> None:
    fitted = NamedEncoders("builtin").fit(
        [*TEXTS, "a car has an engine", "an automobile has an engine", "a car, a car"]
    )
    assert best(fitted, "how do I rotate a key") == 0
    assert best(fitted, "response_mod") == 5
    assert best(fitted, "quota") == 4
    assert scores(fitted.encoder, "car", fitted.vectors)[7] > 0


def test_it_knows_words_of_the_language_that_would_be_taken_for_those_of_the_texts() -> None:
    names = " ".join(f"zq{chr(97 + at % 26)}{chr(97 + at // 26)}" for at in range(200))
    fitted = NamedEncoders("builtin").fit(["a stronger lamp is in the house"] * 40 + [f"of this house {names}"])
    encoder = decode_encoder(fitted.encoder.query_encoder)
    assert encoder.knows("stranger") and not encoder.knows("strenger"), "most of what is said is of the language"
    assert not encoder.knows("festival"), "nothing is near to it"
    assert not any(encoder.encode("stranger")) and any(encoder.encode("stronger"))  # it means nothing here
    foreign = NamedEncoders("builtin").fit(["die stärkere lampe stronger steht"] * 40)
    assert not decode_encoder(foreign.encoder.query_encoder).knows("stranger")


def test_two_words_that_mean_another_one_have_the_row_of_what_texts_say() -> None:
    texts = ["the lamp was disabled by a click", "a lamp is lit", *("where is the lamp" for _ in range(9))]
    fitted = NamedEncoders("builtin").fit(texts)
    encoder = decode_encoder(fitted.encoder.query_encoder)
    assert encoder.file.words.index("turn off") == encoder.file.words.index("disabled") + 1
    off, disabled = (encoder.row(encoder.file.words.index(word)) for word in ("turn off", "disabled"))
    assert off == disabled and any(off)
    assert not fitted.encoder.embed(["turn off"]).any()
    foreign = NamedEncoders("builtin").fit(["die Lampe ist disabled", "eine andere Lampe brennt"])
    assert not any(" " in word for word in decode_encoder(foreign.encoder.query_encoder).file.words)


def test_every_rare_word_finds_its_text() -> None:
    texts = [f"{TEXTS[number % 6]} the name of it is name{number}x" for number in range(300)]
    fitted = NamedEncoders("builtin", FitLimits(dimensions=24)).fit(texts)
    ranks = [
        int((scores(fitted.encoder, f"name{number}x", fitted.vectors) > score).sum())
        for number in range(0, 300, 10)
        for score in [scores(fitted.encoder, f"name{number}x", fitted.vectors)[number]]
    ]
    assert max(ranks) < 5, "36 where rows stay as long as the analysis makes them"


@functools.cache
def table() -> Fitted:
    """Fitted once, and by the worker alone whose tests ask for it."""
    return NamedEncoders("builtin").fit(TEXTS)


@given(st.lists(st.sampled_from([*TEXTS, "", "rotate", "unknown zzz ŋ zzz", "keys keys"]), max_size=8))
def test_any_batch_gives_the_same_bits(texts: list[str]) -> None:
    together = table().encoder.embed(texts)
    assert together.shape == (len(texts), table().encoder.dimensions)
    client = decode_encoder(table().encoder.query_encoder)
    for text, vector in zip(texts, together, strict=True):
        assert vector.tobytes() == table().encoder.embed([text])[0].tobytes()
        title = f"{text.splitlines()[0]}\n" if "\n" in text else ""
        assert [int(value) for value in vector] == client.accumulate(title + text, prefixes=False)


def test_of_passages_that_say_the_same_that_below_the_title_that_is_asked_for_is_nearest() -> None:
    said = [f"{title}\nHow to do it\npublish the manifest of each release" for title in ("keys", "encoder", "browser")]
    vectors = table().encoder.embed(said)
    title, body = table().encoder.embed(["keys", said[0].partition("\n")[2]])
    once = (title + body) @ title / np.linalg.norm(title + body)
    assert scores(table().encoder, "keys", vectors).argmax() == 0
    assert vectors[0] @ title / np.linalg.norm(vectors[0]) > once, "the title counts twice"


def test_more_texts_than_one_batch() -> None:
    done: list[tuple[int, int]] = []
    texts = TEXTS * 400
    vectors = table().encoder.embed(texts, lambda *state: done.append(state))
    assert vectors.tobytes() == np.tile(table().vectors, (400, 1)).tobytes()
    assert done == [(2048, 2400), (2400, 2400)]


def test_the_vectors_of_the_fit_are_those_of_a_later_build() -> None:
    later = NamedEncoders("builtin").load(table().encoder.query_encoder)
    assert later is not None
    assert later.embed(TEXTS).tobytes() == table().vectors.tobytes()
    assert (later.identity, later.name, later.dimensions) == (table().encoder.identity, "builtin", 96)
    assert later.query_encoder == table().encoder.query_encoder


def test_words_weigh_more_against_it_than_against_a_transformer() -> None:
    assert (
        decode_encoder(table().encoder.query_encoder).file.words_weight
        == FitLimits().builtin_words_weight
        > FitLimits().model_words_weight
    )


def test_another_table_is_another_identity() -> None:
    assert NamedEncoders("builtin").fit(TEXTS[:-1]).encoder.identity != table().encoder.identity


@pytest.mark.process
def test_the_same_texts_give_the_same_bytes_in_any_process() -> None:
    script = (
        "import json, sys; from vademecum_builder.encoders.registry import NamedEncoders;"
        "print(NamedEncoders('builtin').fit(json.load(sys.stdin)).encoder.identity)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            input=json.dumps(TEXTS),
            env={**os.environ, "PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, threads in (("1", "1"), ("2", "2"))
    }
    assert len(digests) == 1


@pytest.mark.parametrize("texts", [[], [""], ["🙂 --"], ["one"], TEXTS[:2], ["same text"] * 3, ["", *TEXTS]])
def test_tiny_knowledge_bases(texts: list[str]) -> None:
    fitted = NamedEncoders("builtin").fit(texts)
    assert fitted.vectors.shape == (len(texts), 96)
    decode_encoder(fitted.encoder.query_encoder).check_golden()
    for number, text in enumerate(texts):
        words = decode_encoder(fitted.encoder.query_encoder).split(text)
        found = scores(fitted.encoder, text, fitted.vectors)
        assert found[number] == found.max() and (found[number] > 0) == bool(words)


def test_goldens_are_short_pieces_and_prove_the_table() -> None:
    words = sorted({word.strip(".!?") for word in " ".join(TEXTS).split()})
    texts = [" ".join(words[start:] + words[:start]) for start in range(20)]
    encoder = decode_encoder(NamedEncoders("builtin").fit(texts).encoder.query_encoder)
    goldens = encoder.file.goldens
    assert len(goldens) == 16
    assert max(len(golden.text) for golden in goldens) == 80
    assert all(any(golden.vector) for golden in goldens)
    # some end in an unknown word, which completions stand for
    ends = [encoder.split(golden.text)[-1] for golden in goldens]
    assert any(end not in encoder.file.words and any(encoder.encode(end)) for end in ends)
    encoder.check_golden()
    with pytest.raises(SelfTestError):
        Encoder(replace(encoder.file, rows=bytes(len(encoder.file.rows)))).check_golden()


@pytest.mark.process
def test_scipy_waits_until_something_is_fitted() -> None:
    script = "import sys, vademecum_builder.encoders.registry; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# Names, and a transformer without a model


@pytest.mark.parametrize("name", ["bert", "sentence-transformers", "sentence-transformers:", "Builtin"])
def test_unknown_encoders_are_told_what_there_is(name: str) -> None:
    for call in (
        lambda: NamedEncoders(name).fit(TEXTS),
        lambda: NamedEncoders(name).load(table().encoder.query_encoder),
    ):
        with pytest.raises(UsageError, match=r"builtin, sentence-transformers:MODEL .* or http:"):
            call()


def test_the_extra_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UsageError, match=r"pip install .*\[models\]'"):
        NamedEncoders(f"{PREFIX}any").fit(TEXTS)


def test_a_release_does_not_name_the_folder_of_a_model(tmp_path: Path) -> None:
    folder = tmp_path / "secret" / "mini"
    folder.mkdir(parents=True)
    assert published_name(f"{PREFIX}{folder}") == f"{PREFIX}mini"
    assert published_name(f"{PREFIX}owner/mini") == f"{PREFIX}owner/mini"
    assert published_name("builtin") == "builtin"


def test_a_damaged_encoder_of_the_previous_release_is_refused() -> None:
    with pytest.raises(ContentError):
        NamedEncoders("builtin").load(table().encoder.query_encoder[:-1])


def test_another_encoder_than_the_previous_one_must_be_fitted() -> None:
    assert NamedEncoders(f"{PREFIX}owner/mini").load(table().encoder.query_encoder) is None
    assert NamedEncoders("builtin").load(frozen("owner/mini", "d1")) is None


def frozen(model: str, digest: str) -> bytes:
    """The encoder file of a release whose vectors `model` made."""
    file = decode_encoder(table().encoder.query_encoder).file
    return encode_encoder(replace(file, name=PREFIX + model, model=digest))


def make_folder(path: Path) -> Path:
    path.mkdir()
    (path / "config.json").write_text("{}")
    (path / "model.safetensors").write_bytes(b"weights")
    return path


def test_a_model_in_a_folder_is_known_by_what_shapes_its_vectors(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "mini")
    digest = digest_model(folder)
    (folder / "README.md").write_text("hello")
    assert digest_model(folder) == digest == digest_model(make_folder(tmp_path / "copy"))
    kept = NamedEncoders(f"{PREFIX}{folder}").load(frozen("mini", digest))
    assert kept is not None
    assert kept.identity == f"{PREFIX}mini@{digest}"
    (folder / "model.safetensors").write_bytes(b"Weights")
    assert digest_model(folder) != digest
    assert NamedEncoders(f"{PREFIX}{folder}").load(frozen("mini", digest)) is None


class Recorder:
    """Stands where a SentenceTransformer does: gives each text its length, and keeps the batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def encode(self, texts: Sequence[str], **_: Any) -> NDArray[np.float32]:
        self.batches.append(list(texts))
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


def test_texts_of_like_length_go_together_and_come_back_in_order() -> None:
    recorder, done = Recorder(), list[tuple[int, int]]()
    texts = ["x" * length for length in (3, 9, 1, 7, 5)]
    vectors = Model(recorder, "d").embed(texts, 2, lambda *state: done.append(state))
    assert vectors[:, 0].tolist() == [3, 9, 1, 7, 5]
    assert [list(map(len, batch)) for batch in recorder.batches[1:]] == [[9, 7], [5, 3], [1]]
    assert done == [(2, 5), (4, 5), (5, 5)]


def test_a_model_is_loaded_when_something_is_embedded_and_once() -> None:
    loads = []

    def load() -> Model:
        loads.append(1)
        return Model(Recorder(), "d1")

    encoder = Transformer("name", "d1", 2, b"", 32, load)
    assert encoder.embed([]).shape == (0, 2)
    assert not loads
    encoder.embed(["a"])
    encoder.embed(["b"])
    assert len(loads) == 1


def test_vectors_of_another_model_are_never_mixed_in() -> None:
    encoder = Transformer("name", "d1", 2, b"", 32, lambda: Model(Recorder(), "d2"))
    with pytest.raises(UsageError, match="--force"):
        encoder.embed(["a"])


@pytest.mark.parametrize(
    ("error", "reason"), [(OSError("not\nthere"), "OSError: not there"), (RuntimeError("shape"), "RuntimeError: shape")]
)
def test_a_model_that_cannot_be_loaded_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, reason: str
) -> None:
    def refuse(_: str) -> None:
        raise error

    install(monkeypatch, refuse)
    with pytest.raises(UsageError, match="mini' cannot be loaded: " + reason) as caught:
        Model.load(str(make_folder(tmp_path / "mini")))
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, lambda _: Recorder())
    with pytest.raises(UsageError, match="nowhere': no such folder"):
        Model.load(str(tmp_path / "nowhere"))


def test_a_hub_name_is_known_by_the_files_that_were_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = install(monkeypatch, lambda _: Recorder(), make_folder(tmp_path / "snapshot"))
    digests = {Model.load(name).digest for name in ("mini", "owner/mini")}
    assert digests == {digest_model(tmp_path / "snapshot")}
    assert asked == ["sentence-transformers/mini", "owner/mini"]


def test_fitting_a_transformer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With a stand-in model whose space is simple enough to know the answer."""
    install(monkeypatch, lambda _: Recorder())
    folder, done = make_folder(tmp_path / "mini"), list[tuple[int, int]]()
    fitted = NamedEncoders(f"{PREFIX}{folder}", OWN).fit(TEXTS, progress=lambda *state: done.append(state))
    assert fitted.encoder.name == f"{PREFIX}mini"
    assert fitted.encoder.identity == f"{PREFIX}mini@{digest_model(folder)}"
    assert fitted.vectors.tolist() == [[len(text), 1.0] for text in TEXTS]
    # every chunk, all their sentences and headings, and each word by itself
    words = {word for text in TEXTS for word in build_alphabet(TEXTS).split(text)}
    assert done[-1] == (count := len(TEXTS) + len(fit.choose_parts(TEXTS, 100)) + len(words), count)
    assert str(tmp_path).encode() not in fitted.encoder.query_encoder
    query = decode_encoder(fitted.encoder.query_encoder)
    assert query.file.words_weight == FitLimits().model_words_weight
    query.check_golden()
    assert query.encode("rotate")[0] == 127
    later = NamedEncoders(f"{PREFIX}{folder}").load(fitted.encoder.query_encoder)
    assert later is not None
    assert later.identity == fitted.encoder.identity
    assert later.embed(TEXTS).tobytes() == fitted.vectors.tobytes()


def test_rows_of_common_words_are_finer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[float]] = []

    def spy(rows: NDArray[np.float64], weights: NDArray[np.float64], steps: NDArray[np.float64]) -> Any:
        asked.append(steps.tolist())
        return quantise_table(rows, weights, steps)

    monkeypatch.setattr(fit, "quantise_table", spy)
    install(monkeypatch, lambda _: Recorder())
    limits = replace(OWN, common=2, step=0.3, rare_step=0.9, general_step=2.0)
    texts = ["a the", "a stronger"]
    NamedEncoders(f"{PREFIX}{make_folder(tmp_path / 'mini')}", limits).fit(texts)
    fit_builtin(texts, limits)
    [plain, builtin], general = asked, shipped_prior().mistaken(["a", "the", "stronger"])
    assert plain == builtin[:3] == [0.3, 0.9, 0.9]
    assert builtin.count(2.0) == len(general) > 0


class Wide(Recorder):
    """A model of five dimensions that knows lengths and a few letters."""

    def encode(self, texts: Sequence[str], **_: Any) -> NDArray[np.float32]:
        return np.array([[len(text), *(text.count(a) for a in "aeio")] for text in texts], np.float32)


def test_more_dimensions_than_wanted_are_projected_onto_directions_that_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, lambda _: Wide())
    name = f"{PREFIX}{make_folder(tmp_path / 'mini')}"
    fitted = NamedEncoders(name, OWN, 3).fit(TEXTS)
    encoder = fitted.encoder
    kept = directions.decode_directions(encoder.directions, 3)
    assert kept.shape == (5, 3)
    assert fitted.vectors.tobytes() == (Wide().encode(TEXTS).astype(float) @ kept).tobytes()
    query = decode_encoder(encoder.query_encoder)
    assert (encoder.dimensions, query.dimensions) == (3, 3)
    query.check_golden()
    for wanted in (3, None):
        later = NamedEncoders(name, dimensions=wanted).load(encoder.query_encoder, encoder.directions)
        assert later is not None
        assert (later.identity, later.directions) == (encoder.identity, encoder.directions)
        assert later.embed(TEXTS).tobytes() == fitted.vectors.tobytes()
    # another number is another space, and so are other directions
    assert NamedEncoders(name, dimensions=4).load(encoder.query_encoder, encoder.directions) is None
    other = NamedEncoders(name, OWN, 3).fit(TEXTS[:3]).encoder
    assert other.identity != encoder.identity
    # the model's own five are all that there are, however many are wanted
    whole = NamedEncoders(name, OWN, 5).fit(TEXTS).encoder
    assert (whole.dimensions, whole.directions) == (5, b"")
    assert NamedEncoders(name, dimensions=6).load(whole.query_encoder) is not None
    assert NamedEncoders(name, dimensions=4).load(whole.query_encoder) is None


def test_another_number_of_dimensions_is_another_space_for_builtin_too() -> None:
    encoder = NamedEncoders("builtin", dimensions=8).fit(TEXTS).encoder
    later = {
        wanted: NamedEncoders("builtin", dimensions=wanted).load(encoder.query_encoder) for wanted in (None, 8, 4, 9)
    }
    assert [wanted for wanted, found in later.items() if found] == [None, 8]


def test_directions_are_the_principal_ones() -> None:
    vectors = np.random.default_rng(3).standard_normal((50, 6)) * [9, 8, 7, 0.1, 0.1, 0.1]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = directions.find_directions(vectors, np.zeros((0, 6)), 3).astype(float)
    _, _, axes = np.linalg.svd(vectors)
    assert (np.abs((axes[:3] @ found).diagonal()) / np.linalg.norm(found, axis=0) > 0.999).all()
    assert (found[np.abs(found).argmax(axis=0), [0, 1, 2]] > 0).all()
    # what else may be written of has directions too, once the texts have no more
    few = directions.find_directions(vectors[:1], np.eye(6), 4)
    assert np.linalg.matrix_rank(few) == 4
    both = directions.find_directions(np.eye(3)[:1], np.eye(3)[1:2], 2)
    assert not both[2].any()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        directions.encode_directions(np.ones((5, 2), np.int8)),
        directions.encode_directions(np.ones((0, 3), np.int8)),
        encode_encoder(EncoderFile("x", 3, [], b"", [], LATIN)),
    ],
)
def test_other_objects_are_no_directions(data: bytes) -> None:
    with pytest.raises(ContentError):
        directions.decode_directions(data, 3)


def install(monkeypatch: pytest.MonkeyPatch, load: Callable[[str], object], snapshot: Path = Path()) -> list[str]:
    """Put stand-ins where the extra's packages are; return the list of hub names asked for."""
    asked: list[str] = []

    def snapshot_download(name: str, *, local_files_only: bool) -> str:
        assert local_files_only
        asked.append(name)
        return str(snapshot)

    modules: dict[str, dict[str, object]] = {
        "sentence_transformers": {"SentenceTransformer": load},
        "huggingface_hub": {"snapshot_download": snapshot_download},
        "transformers.utils.logging": {"disable_progress_bar": lambda: None},
    }
    for name, content in modules.items():
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**content))
    return asked
