"""A generation whose rows stay in the store: the same state, row for row, as a plain model of the rule."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.app import App, texts
from support.drive import drive
from support.publisher import Publisher, make_encoder
from support.samples import generation
from vademecum.encoder.file import encode_encoder
from vademecum.errors import ContentError, SelfTestError, StorageError
from vademecum.format.segment import ChunkRow, DocumentRow, decode_segment, encode_segment
from vademecum.generation.live_rows import assemble
from vademecum.generation.opened import open_generation
from vademecum.generation.staged import Staged, stage_generation
from vademecum.ports import Span
from vademecum.runtime.memory import MemoryDatabase, MemoryStore

EPOCH = "0123456789abcdef"
KEYS = ("a", "b", "ä", "z", "Z")
IDS = (1, 2, 3, 1 << 40, (1 << 63) + 5, (1 << 64) - 1)

Part = tuple[list[DocumentRow], list[ChunkRow]]


def chunk(number: int, sequence: int) -> ChunkRow:
    text = f"text of {number} é" * (number % 3)
    return ChunkRow(number, sequence, bytes([number % 200, sequence % 200]), number % 9, "H", "a", text)


def document(key: str, sequence: int, *chunks: int, removed: bool = False) -> DocumentRow:
    if removed:
        return DocumentRow(key, sequence, removed=True)
    return DocumentRow(key, sequence, f"{key} of {sequence}", f"{key}.html", "{}", chunks)


def stage(store: MemoryDatabase, parts: Sequence[Part]) -> Staged:
    """Store these segments, and stage a generation of them."""
    files = [encode_segment(EPOCH, 2, *part) for part in parts]
    names = []
    for file in (*files, encode_encoder(make_encoder().file)):
        names.append(hashlib.sha256(file).hexdigest())
        store.objects[names[-1]] = file
    named = replace(generation(9), segments=tuple(names[:-1]), encoder=names[-1], epoch=EPOCH)
    return drive(stage_generation(MemoryStore(store), named))


# The rule of format.md, section 5, in the plainest words ---------------------------------------------


@dataclass(frozen=True)
class Model:
    documents: dict[str, DocumentRow]
    chunks: dict[int, ChunkRow]
    owners: dict[int, str]
    tombstones: dict[str, DocumentRow]

    def digest(self) -> str:
        out = [b"vademecum.state.1\n"]
        for key in sorted(self.documents, key=str.encode):
            row = self.documents[key]
            out += [framed(text) for text in (key, row.title, row.url, row.metadata)]
            out.append(len(row.chunks).to_bytes(4, "little"))
            out += [number.to_bytes(8, "little") for number in row.chunks]
        for number in sorted(self.chunks):
            found = self.chunks[number]
            out += [number.to_bytes(8, "little"), found.scale.to_bytes(2, "little"), found.vector]
            out += [framed(text) for text in (found.headings, found.anchor, found.text)]
        return hashlib.sha256(b"".join(out)).hexdigest()


def framed(text: str) -> bytes:
    return len(text.encode()).to_bytes(4, "little") + text.encode()


def model(parts: Sequence[Part]) -> Model:
    """Return what counts, or raise KeyError where a live document names a chunk that is not there."""
    newest: dict[str, DocumentRow] = {}
    rows: dict[int, ChunkRow] = {}
    for documents, chunks in parts:
        for row in documents:
            if row.key not in newest or newest[row.key].sequence < row.sequence:
                newest[row.key] = row
        for found in chunks:
            if found.id not in rows or rows[found.id].sequence < found.sequence:
                rows[found.id] = found
    live = {key: row for key, row in newest.items() if not row.removed}
    owners = {n: key for key in sorted(live, key=str.encode, reverse=True) for n in live[key].chunks}
    return Model(live, {n: rows[n] for n in owners}, owners, {k: newest[k] for k in newest.keys() - live.keys()})


@st.composite
def histories(draw: st.DrawFn) -> list[Part]:
    """Segments of a random history: ids in several of them, tombstones, texts that leave and come back."""
    parts: list[Part] = [([], []) for _ in range(draw(st.integers(1, 4)))]
    for sequence in range(1, draw(st.integers(1, 6)) + 1):
        for key in draw(st.lists(st.sampled_from(KEYS), max_size=3, unique=True)):
            numbers = draw(st.lists(st.sampled_from(IDS), max_size=4))
            row = document(key, sequence, *numbers, removed=draw(st.booleans()))
            for at in draw(st.sets(st.integers(0, len(parts) - 1), min_size=1)):
                parts[at][0].append(row)
        for number in draw(st.lists(st.sampled_from(IDS), max_size=5, unique=True)):
            for at in draw(st.sets(st.integers(0, len(parts) - 1), min_size=1)):
                parts[at][1].append(chunk(number, sequence))
    return parts


@pytest.mark.slow
@given(histories())
def test_the_state_is_that_of_the_model(parts: list[Part]) -> None:
    database = MemoryDatabase()
    try:
        expected = model(parts)
    except KeyError:
        with pytest.raises(ContentError, match="which no segment has"):
            stage(database, parts)
        return
    staged = stage(database, parts)
    state = staged.state
    documents = drive(staged.document_rows(state.documents.places))
    assert documents == [expected.documents[key] for key in sorted(expected.documents, key=str.encode)]
    assert drive(staged.chunks(state.chunks)) == [expected.chunks[n] for n in sorted(expected.chunks)]
    assert {n: state.owner(n).decode() for n in state.chunks} == expected.owners
    buried = drive(staged.document_rows(state.tombstones.places))
    assert {row.key: row for row in buried} == expected.tombstones
    assert drive(staged.digest()) == expected.digest()
    inside = assemble([decode_segment(encode_segment(EPOCH, 2, *part)) for part in parts])
    assert inside.digest() == expected.digest()
    for key in KEYS:
        assert (key.encode() in state.documents) == (key in expected.documents)
    for number in IDS:
        assert (number in state.chunks) == (number in expected.chunks)


def test_many_rows_are_read_in_batches_and_merged_in_ranges_of_ids() -> None:
    """More rows than one range of ids and one batch hold, in two segments and three sequences."""
    count = 5000
    numbers = [int.from_bytes(hashlib.sha256(bytes([i & 255, i >> 8])).digest()[:8], "big") for i in range(count)]
    rows = [chunk(number, 1 + i % 3) for i, number in enumerate(numbers)]
    owners = [document(f"d{i:03}", 1 + i % 3, *numbers[i::100]) for i in range(100)]
    parts: list[Part] = [(owners[::2], rows[::2]), (owners[1::2], rows[1::2])]
    staged = stage(MemoryDatabase(), parts)
    assert list(staged.state.chunks) == sorted(numbers)
    assert drive(staged.digest()) == model(parts).digest()


# What is asked of the store ----------------------------------------------------------------------------


class Counting(MemoryStore):
    """Says how many bytes one call asked for at most, how often it was called, and for how many spans in all."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self.most = self.calls = self.spans = 0

    async def parts(self, digest: str, spans: Sequence[Span]) -> list[bytes] | None:
        self.most, self.calls = max(self.most, sum(length for _, length in spans)), self.calls + 1
        self.spans += len(spans)
        return await super().parts(digest, spans)


def test_the_digest_never_asks_for_more_than_a_batch() -> None:
    rows = [replace(chunk(number, 1), text="x" * 100) for number in range(1, 20_001)]
    database = MemoryDatabase()
    staged = stage(database, [([document("a", 1, *range(1, 20_001))], rows)])
    store = Counting(database)
    assert drive(replace(staged, store=store).digest()) == drive(staged.digest())
    assert (store.most, store.calls) == (4096 * (2 + 1 + 1 + 100), 1 + 5)
    assert store.spans == 3 + 5 * 4, "neighbouring rows are read together, a span for each column"


def test_an_object_that_is_lost_meanwhile_is_said() -> None:
    database = MemoryDatabase()
    staged = stage(database, [([document("a", 1, 1)], [chunk(1, 1)])])
    database.objects.clear()
    with pytest.raises(StorageError, match="lacks object"):
        drive(staged.digest())


def test_segments_and_an_encoder_that_are_known_are_not_read_again() -> None:
    database = MemoryDatabase()
    base = stage(database, [([document("a", 1, 1)], [chunk(1, 1)])])
    both = stage(database, [([document("b", 2)], []), ([document("a", 1, 1)], [chunk(1, 1)])])
    (shared,) = base.state.segments
    del database.objects[shared.name], database.objects[base.generation.encoder]
    again = drive(stage_generation(base.store, both.generation, base))
    assert again.state.segments[1] is shared and again.encoder is base.encoder
    other = replace(both.generation, encoder="0" * 64)
    with pytest.raises(StorageError, match="lacks object"):
        drive(stage_generation(base.store, other, base))
    assert again.state.documents == both.state.documents
    with pytest.raises(StorageError, match="lacks object"):
        drive(stage_generation(base.store, both.generation))


@pytest.mark.parametrize(
    ("documents", "chunks"),
    [
        ([document("b", 1), document("a", 1)], []),
        ([document("a", 1), document("a", 1)], []),
        ([document("a", 1), document("b", 2)], []),
        ([], [chunk(2, 1), chunk(1, 1)]),
        ([], [chunk(1, 1), chunk(1, 1)]),
        ([], [chunk(1, 1), chunk(2, 2)]),
    ],
)
def test_rows_that_are_not_in_the_order_of_the_format_are_refused(
    documents: list[DocumentRow], chunks: list[ChunkRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vademecum.format.segment.sorted", lambda rows, key: list(rows), raising=False)
    with pytest.raises(ContentError, match="not in the order of the format"):
        stage(MemoryDatabase(), [(documents, chunks)])


def test_what_is_staged_is_what_a_reader_opens() -> None:
    app = App(Publisher())
    app.publisher.publish({"a": texts("rotate the key"), "b": texts("a lamp")})
    app.sync()
    current = app.head.current
    assert current is not None
    store = MemoryStore(app.database)
    staged, opened = drive(stage_generation(store, current)), drive(open_generation(store, current))
    assert drive(staged.digest()) == opened.state.digest() == current.digest
    assert staged.state.documents == opened.state.documents
    staged.self_test()
    with pytest.raises(SelfTestError, match="documents, chunks and dimensions are"):
        replace(staged, generation=replace(current, chunks=7)).self_test()
    with pytest.raises(ContentError, match="is of epoch"):
        drive(stage_generation(store, replace(current, epoch="f" * 16)))
