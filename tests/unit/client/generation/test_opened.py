"""Opening an installed generation, and the self-test that activation runs."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from support.app import App, texts
from support.drive import drive
from support.publisher import Publisher
from vademecum.encoder.file import EncoderFile, encode_encoder
from vademecum.errors import ContentError, DamagedError, NewerFormatError, SelfTestError, StorageError
from vademecum.format.segment import DocumentRow, encode_segment
from vademecum.format.tensors import TensorFile, decode_tensors, encode_tensors
from vademecum.generation.opened import Opened, open_generation
from vademecum.runtime.memory import MemoryStore
from vademecum.store.pointer import Generation


@pytest.fixture
def app() -> App:
    app = App(Publisher())
    app.publisher.publish({"a": texts("rotate the key"), "b": texts("a lamp")})
    app.sync()
    return app


def current(app: App) -> Generation:
    assert app.head.current is not None
    return app.head.current


def opened(app: App, generation: Generation | None = None) -> Opened:
    return drive(open_generation(MemoryStore(app.database), generation or current(app)))


def put(app: App, content: bytes) -> str:
    """Store an object; return its name."""
    digest = hashlib.sha256(content).hexdigest()
    app.database.objects[digest] = content
    return digest


@pytest.mark.fault("D44")
def test_what_is_open_does_not_need_the_store_any_more(app: App) -> None:
    generation = opened(app)
    app.database.objects.clear()
    generation.self_test()
    assert generation.state.digest() == generation.generation.digest
    assert list(generation.state.documents) == [b"a", b"b"]


def test_a_lost_object_is_said(app: App) -> None:
    for digest in current(app).objects:
        kept = app.database.objects.pop(digest)
        with pytest.raises(StorageError, match=f"lacks object {digest[:12]}: it is fetched again"):
            opened(app)
        app.database.objects[digest] = kept


@pytest.mark.fault("C38")
def test_a_damaged_object_is_refused(app: App) -> None:
    """Also where the damage lies in a text, which any text could be."""
    for digest in current(app).objects:
        kept = app.database.objects[digest]
        for damaged in (kept[: len(kept) // 2], kept[:-1] + bytes([kept[-1] ^ 1])):
            app.database.objects[digest] = damaged
            with pytest.raises(DamagedError, match=f"{digest[:12]} is damaged: the next update repairs it"):
                opened(app)
        app.database.objects[digest] = kept


def test_a_segment_of_another_epoch_is_refused(app: App) -> None:
    """All segments agree, but not with the generation."""
    with pytest.raises(ContentError, match="is of epoch '0123456789abcdef', not 'ffffffffffffffff'"):
        opened(app, replace(current(app), epoch="f" * 16))


def test_a_segment_of_a_newer_format_is_refused(app: App) -> None:
    (digest,) = current(app).segments
    file = decode_tensors(app.database.objects[digest])
    newer = TensorFile(file.tensors, {**file.metadata, "format": "vademecum.segment.2"})
    with pytest.raises(NewerFormatError):
        opened(app, replace(current(app), segments=(put(app, encode_tensors(newer)),)))


@pytest.mark.parametrize("field", ["documents", "chunks", "dimensions"])
def test_the_counts_must_be_those_of_the_manifest(app: App, field: str) -> None:
    opened(app).self_test()
    wrong = replace(current(app), **{field: 7})  # type: ignore[arg-type]
    with pytest.raises(SelfTestError, match="documents, chunks and dimensions are"):
        opened(app, wrong).self_test()


def test_vectors_and_encoder_have_the_same_dimensions(app: App) -> None:
    row = DocumentRow("a", 1)
    segment = put(app, encode_segment(current(app).epoch, 5, [row], []))
    mixed = replace(current(app), segments=(segment,), documents=1, chunks=0)
    with pytest.raises(SelfTestError, match="differ in dimensions"):
        opened(app, mixed).self_test()


def test_the_encoder_must_give_its_golden_vectors(app: App) -> None:
    good = opened(app).encoder.file
    (golden,) = good.goldens
    wrong: EncoderFile = replace(good, goldens=[replace(golden, vector=[0] * good.dimensions)])
    with pytest.raises(SelfTestError, match="another vector"):
        opened(app, replace(current(app), encoder=put(app, encode_encoder(wrong)))).self_test()
