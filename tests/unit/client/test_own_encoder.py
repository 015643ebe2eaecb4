"""An app encodes queries itself: along the release's directions, in its model's space or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from support.publishing import Line, begun
from vademecum.config import Config
from vademecum.encoder.file import decode_encoder_file, encode_encoder
from vademecum.encoder.model import ModelFile, decode_model, encode_model
from vademecum.errors import ContentError, UsageError
from vademecum.knowledge import KnowledgeBase
from vademecum.runtime.loop import run
from vademecum.runtime.sqlite.store import SqliteStore
from vademecum.search import published_model
from vademecum.store.pointer import decode_head
from vademecum_builder.encoders.base import DocumentEncoder, Fitted
from vademecum_builder.encoders.directions import encode_directions
from vademecum_builder.encoders.registry import NamedEncoders
from vademecum_builder.encoders.table import Matrix
from vademecum_builder.encoders.transformer import Transformer

PAGES = {
    f"{name}.md": f"# {name.title()}\n\n{text}\n\n## More\n\nNothing else is said of the {name}.\n"
    for name, text in {
        "keys": "Replace the signing key each year, and revoke the old one.",
        "bread": "Feed the starter with flour and water twice a day.",
        "cats": "A cat sleeps for most of the day and hunts at dusk.",
        "boats": "Reef the main sail early when the wind gets up.",
    }.items()
}
WIDE, NARROW = 24, 12


def noise(seed: str, *shape: int) -> Matrix:
    return np.random.default_rng([*seed.encode()]).normal(size=shape)


def directions(name: str, width: int = WIDE) -> bytes:
    axes = np.linalg.qr(noise(name, width, NARROW))[0]
    return encode_directions(np.rint(axes * 127).astype(np.int8))


@dataclass(frozen=True)
class Tiny:
    """A model: the sum of a text's words, each a direction of its own."""

    name: str = "tiny"
    dimensions: int = WIDE
    asked: list[str] = field(default_factory=list, compare=False)

    @property
    def digest(self) -> str:
        return sha256(self.name.encode()).hexdigest()

    def embed(self, texts: Sequence[str], batch: int, progress: object = None) -> Matrix:
        return np.stack([np.asarray(self(text)) for text in texts])

    def __call__(self, text: str) -> Sequence[float]:
        self.asked.append(text)
        words = "".join(c if c.isalnum() else " " for c in text.lower()).split() or ["nothing"]
        total: Matrix = np.sum([noise(self.name + word, self.dimensions) for word in words], axis=0)
        found: list[float] = total.tolist()
        return found


@dataclass
class OfModel:
    """Encoders of a build: documents by a model, whose directions may change with a refit."""

    model: Tiny
    along: bytes

    def load(self, query_encoder: bytes, directions: bytes = b"") -> DocumentEncoder | None:
        return self._encoder(query_encoder) if directions == self.along else None

    def fit(self, texts: Sequence[str], progress: Callable[[int, int], None] | None) -> Fitted:
        table = decode_encoder_file(NamedEncoders("builtin", dimensions=NARROW).fit(texts).encoder.query_encoder)
        encoder = self._encoder(encode_encoder(replace(table, name=f"sentence-transformers:{self.model.name}")))
        return Fitted(encoder, encoder.embed(texts))

    def _encoder(self, table: bytes) -> Transformer:
        name = f"sentence-transformers:{self.model.name}"
        return Transformer(name, self.model.digest, NARROW, table, 32, lambda: self.model, self.along)


def _released(folder: Path) -> Line:
    encoders: Any = OfModel(Tiny(), directions("first"))
    line = Line(folder, encoders=encoders)
    line.release(PAGES)
    return line


@pytest.fixture
def line(tmp_path: Path) -> Line:
    encoders: Any = OfModel(Tiny(), directions("first"))
    return replace(begun(_released, tmp_path), encoders=encoders)


@pytest.fixture
def opened(line: Line) -> Callable[..., KnowledgeBase]:
    def open_(encoder: Any = None, **options: Any) -> KnowledgeBase:
        return line.app(encoder=encoder, config=Config(idle_check_age=0), **options)

    return open_


def meant(kb: KnowledgeBase, query: str = "the wind of the sail") -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in kb.search(query, 8, mode="semantic", group=False)]


def expected(kb: KnowledgeBase, along: bytes, query: str = "the wind of the sail") -> list[tuple[str, float]]:
    """The cosines of the query's vector with those of all passages, and of their pages, in floats."""
    axes = np.frombuffer(along[-WIDE * NARROW :], np.int8).reshape(WIDE, NARROW).astype(float)
    hits = kb.search("the", 20, mode="lexical", group=False)
    texts = ["\n".join(filter(None, (hit.title, *hit.heading.split(" › "), hit.text))) for hit in hits]
    rows = Tiny().embed(texts, 1) @ axes
    asked = np.asarray(Tiny()(query)) @ axes
    cosines = rows @ asked / np.linalg.norm(rows, axis=1) / np.linalg.norm(asked)
    pages = [
        np.mean([c for c, other in zip(cosines, hits, strict=True) if other.document == hit.document]) for hit in hits
    ]
    near = (5 * cosines + 3 * np.array(pages)) / 8
    found = [(hit.id, float(n)) for hit, n, c in zip(hits, near, cosines, strict=True) if c > 0]
    return sorted(found, key=lambda pair: -pair[1])[:8]


def kept(line: Line, changed: bytes | None = None) -> bytes | None:
    """What lies beside the encoder in the store; `changed` takes its place."""

    async def look() -> bytes | None:
        store = SqliteStore(line.folder / "kb.db")
        try:
            current = decode_head(await store.read("head")).current
            assert current is not None
            if changed is not None:
                await store.keep_words(current.encoder, changed)
            return await store.words(current.encoder)
        finally:
            await store.close()

    return run(look())


def compare(found: list[tuple[str, float]], wanted: list[tuple[str, float]]) -> None:
    by_id = dict(wanted)
    for id_, score in found[:5]:
        assert score == pytest.approx(by_id[id_], abs=0.03), "steps, and 12 dimensions"


def test_the_apps_encoder_asks_in_place_of_the_table(line: Line, opened: Callable[..., KnowledgeBase]) -> None:
    asked = Tiny()
    kb = opened(asked)
    kb.sync()
    searcher = kb._installation.answering().searcher
    assert searcher.own is not None
    _, near = searcher._near(searcher._words.find("the wind of the sail"), 0.0)
    found = {f"{id_:016x}": score for id_, score in zip(searcher._index.ids.tolist(), near.tolist(), strict=True)}
    for id_, score in expected(kb, directions("first")):
        assert found[id_] == pytest.approx(score, abs=0.03), "steps, and 12 dimensions"
    assert kb.search("Winds of the sail")[0].document == "boats.md"
    assert asked.asked[-1] == "Winds of the sail", "the table reads what it knows, a model what was typed"


def test_directions_are_fetched_by_those_alone_whose_app_encodes(
    line: Line, opened: Callable[..., KnowledgeBase]
) -> None:
    plain = opened().sync()
    assert kept(line) is None
    own = opened(Tiny())
    first = own.sync()
    assert (first.plan, kept(line)) == ("none", directions("first"))
    assert first.bytes > 0 and plain.plan == "full"
    line.later(hours=1)
    line.release({**PAGES, "new.md": "# New\n\nA page of news.\n"})
    before = own.sync().requests
    assert own.release.sequence == 2 and kept(line) == directions("first")
    line.later(hours=1)
    line.release({**PAGES, "new.md": "# New\n\nA page of other news.\n"})
    assert opened().sync().requests == before, "what is kept is not fetched again"


def test_the_table_answers_until_a_sync_brings_the_directions(
    line: Line, opened: Callable[..., KnowledgeBase], caplog: pytest.LogCaptureFixture
) -> None:
    opened().sync()
    model = Tiny()
    offline = opened(model, locations=())
    assert meant(offline) == meant(opened())
    assert "until the next sync brings the directions of sentence-transformers:tiny" in caplog.text
    assert model.asked == []
    kb = opened(model)
    table = meant(kb)
    kb.sync()
    assert meant(kb) != table, "the same release, asked by the model from now on"
    offline.reload()
    assert meant(offline) == meant(kb)


def test_a_refit_brings_other_directions(line: Line, opened: Callable[..., KnowledgeBase]) -> None:
    kb = opened(Tiny())
    kb.sync()
    line.encoders.along = directions("second")  # type: ignore[attr-defined]
    line.later(hours=1)
    line.release({**PAGES, "keys.md": "# Keys\n\nReplace them.\n"})
    kb.sync()
    assert kept(line) == directions("second")
    compare(meant(kb), expected(kb, directions("second")))


def test_damaged_directions_are_not_used_and_are_fetched_again(
    line: Line, opened: Callable[..., KnowledgeBase]
) -> None:
    opened().sync()
    table = meant(opened())
    kb = opened(Tiny())
    kb.sync()
    kept(line, directions("first")[:-1] + b"\x55")
    kb.reload()
    assert meant(kb) == table
    kb.sync()
    assert meant(kb) != table


@pytest.mark.parametrize(
    ("encoder", "told"),
    [
        (Tiny("other"), r"are not those of sentence-transformers:tiny.* cosine of -?0\.[0-3]"),
        (Tiny(dimensions=NARROW), "has to return 24 finite numbers, .* not 12"),
        (lambda _: [[0.0] * WIDE], "not 1x24"),
        (lambda _: 1.0, "not one"),
        (lambda _: [float("nan")] * WIDE, "24 finite numbers.*: not all of them are finite"),
        (lambda _: [10**400] * WIDE, "has to return numbers: int too large"),
        (lambda _: [1e300] * WIDE, "are not those of"),
        (lambda _: ["a"], "has to return numbers"),
        (lambda _: None, "24 finite numbers|has to return numbers"),
        (lambda _: [0.0] * WIDE, "are not those of"),
    ],
)
def test_vectors_of_another_space_are_one_error_and_words_go_on(
    line: Line, opened: Callable[..., KnowledgeBase], encoder: Any, told: str
) -> None:
    kb = opened(encoder)
    kb.sync()
    for _ in range(2):
        with pytest.raises(UsageError, match=told):
            kb.search("wind")
    assert kb.search("wind", mode="lexical")[0].document == "boats.md"


def test_a_model_is_tried_once_and_its_own_errors_pass_through(
    line: Line, opened: Callable[..., KnowledgeBase]
) -> None:
    model = Tiny()
    kb = opened(model)
    kb.sync()
    kb.search("wind")
    assert len(model.asked) == 4 and model.asked[-1] == "wind"
    assert sum(text in {*Tiny().asked, "wind"} for text in model.asked) == 1
    kb.search("sial")
    kb.sync()
    kb.search("cats")
    assert model.asked[4:] == ["sail", "cats"], "what is meant is asked, and nothing is tried again"

    def away(text: str) -> Sequence[float]:
        raise ValueError("the host of the model is away")

    with pytest.raises(ValueError, match="host of the model"):
        opened(away).search("wind")


def test_a_release_without_directions_takes_vectors_as_they_are(
    line: Line, opened: Callable[..., KnowledgeBase]
) -> None:
    encoders: Any = OfModel(Tiny(dimensions=NARROW), b"")
    line.encoders = encoders
    line.later(hours=1)
    line.release({**PAGES, "keys.md": "# Keys\n\nReplace them.\n"})
    kb = opened(Tiny(dimensions=NARROW))
    kb.sync()
    assert kept(line) is None
    assert kb.search("reef the main sail early when the wind gets up", mode="semantic")[0].document == "boats.md"


def test_an_encoder_is_a_function() -> None:
    with pytest.raises(UsageError, match="encoder must be a function"):
        KnowledgeBase.open("kb.db", encoder="all-MiniLM-L6-v2")  # type: ignore[arg-type]


def test_the_releases_own_model_takes_what_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_model, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs onnxruntime and tokenizers: pip install .*\[onnx\]'"):
        KnowledgeBase.open("kb.db", encoder="published")


def test_the_releases_own_model_is_loaded_once_and_its_faults_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[bytes] = []

    class Tokenizer:
        @classmethod
        def from_buffer(cls, data: bytes) -> Tokenizer:
            loaded.append(data)
            return cls()

        def encode(self, text: str) -> Any:
            return SimpleNamespace(ids=[len(text), 7], attention_mask=[1, 0])

    class Session:
        def __init__(self, data: bytes) -> None:
            loaded.append(data)
            if len(loaded) == 2:
                raise RuntimeError("busy")

        def run(self, names: list[str], inputs: dict[str, Any]) -> Any:
            told = {name: (value.dtype.name, value.tolist()) for name, value in inputs.items()}
            return [[(names, told)]]

    for name, module in (("tokenizers", {"Tokenizer": Tokenizer}), ("onnxruntime", {"InferenceSession": Session})):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**module))
    encode = published_model.run_model(encode_model(ModelFile(b"graph", b"{}")))
    with pytest.raises(ContentError, match="the release's model does not work here: busy"):
        encode("a key")
    told = {"input_ids": ("int64", [[5, 7]]), "attention_mask": ("int64", [[1, 0]])}
    assert [encode("a key"), encode("a key")] == [(["vector"], told)] * 2
    assert loaded == [b"{}", b"graph"] * 2


@pytest.mark.parametrize(
    "data", [b"", encode_model(ModelFile(b"", b"{}")), encode_model(ModelFile(b"graph", b"")), directions("a")]
)
def test_other_objects_are_no_model(data: bytes) -> None:
    with pytest.raises(ContentError):
        decode_model(data)


def test_where_a_release_brings_no_model_the_table_answers(
    line: Line, opened: Callable[..., KnowledgeBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    kb = opened("published")
    kb.sync()
    assert (meant(kb), kept(line)) == (meant(opened()), None)


def test_a_pause_keeps_what_no_release_needs_for_later(
    line: Line, opened: Callable[..., KnowledgeBase], caplog: pytest.LogCaptureFixture
) -> None:
    enough = opened().sync().bytes
    (line.folder / "kb.db").unlink()
    kb = opened(Tiny())
    kb.set_policy(max_update_bytes=enough)
    kb.sync()
    assert kb.release.sequence == 1 and kept(line) is None
    assert "the directions of release 1 (" in caplog.text and "neither budget nor connection" in caplog.text
    kb.set_policy(max_update_bytes=None)
    kb.sync()
    assert kept(line) is not None
