"""Compaction: fewer segments and no dead rows, and nothing that a reader or a later update could notice."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.app import App, texts
from support.drive import drive
from support.faults import FullStore
from support.publisher import Publisher
from support.samples import generation
from support.sampling import ALL
from vademecum.config import Config
from vademecum.encoder.file import encode_encoder
from vademecum.errors import ContentError
from vademecum.format.segment import ChunkRow, DocumentRow, Segment, decode_segment, encode_segment
from vademecum.generation.compaction import compact, pieces, segments_to_merge, write_piece
from vademecum.generation.live_rows import LiveRows, assemble
from vademecum.generation.opened import Opened, open_generation
from vademecum.generation.staged import Staged, stage_generation
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.store.pointer import Generation
from vademecum.update.plan import Plan, plans

EPOCH = "0123456789abcdef"
NEVER = Config(max_segments=10**6, max_dead_share=1.0)
MERGE_ALL = Config(max_segments=1, max_dead_share=0.0, min_dead_bytes=0)
"""All that is small or has a dead row is merged."""
OFTEN = Config(max_segments=2, min_dead_bytes=0)
Row = DocumentRow | ChunkRow


def document(key: str, sequence: int, *chunks: int) -> DocumentRow:
    return DocumentRow(key, sequence, f"Title of {key}", f"{key}.html", "{}", chunks)


def tombstone(key: str, sequence: int) -> DocumentRow:
    return DocumentRow(key, sequence, removed=True)


def chunk(number: int, sequence: int, length: int = 20) -> ChunkRow:
    return ChunkRow(number, sequence, bytes([number % 100, sequence % 100]), 7, "H\x1fI", "a", "é" * length)


def file(*rows: Row) -> bytes:
    documents = [row for row in rows if isinstance(row, DocumentRow)]
    return encode_segment(EPOCH, 2, documents, [row for row in rows if isinstance(row, ChunkRow)])


def segment(*rows: Row) -> Segment:
    return decode_segment(file(*rows))


def rows_of(files: Iterable[bytes]) -> set[Row]:
    rows: set[Row] = set()
    for part in map(decode_segment, files):
        rows |= {part.chunk(row) for row in range(len(part.ids))}
        rows |= {part.document(row) for row in range(len(part.keys))}
    return rows


def staged(*files: bytes) -> Staged:
    """A generation of these segments, newest first, as an update finds it in its store."""
    database, names = MemoryDatabase(), []
    for file in (*files, encode_encoder(Publisher().encoder.file)):
        names.append(hashlib.sha256(file).hexdigest())
        database.objects[names[-1]] = file
    named = replace(generation(2, *names[:-1]), segments=tuple(names[:-1]), encoder=names[-1], epoch=EPOCH)
    return drive(stage_generation(MemoryStore(database), named))


def merged(stage: Staged, chosen: Collection[int], most: int = 1_000_000) -> list[bytes]:
    return [drive(write_piece(stage, piece)) for piece in pieces(stage.state, chosen, most)]


# What is merged into what ---------------------------------------------------------------------------


def test_a_merged_segment_holds_the_rows_that_count_with_their_sequences() -> None:
    old = file(document("a", 1, 1, 2), document("b", 1, 3), chunk(1, 1), chunk(2, 1), chunk(3, 1))
    new = file(document("a", 4, 2, 4), chunk(4, 4), chunk(2, 3))
    counting = file(document("a", 4, 2, 4), document("b", 1, 3), chunk(4, 4), chunk(2, 3), chunk(3, 1))
    assert merged(staged(new, old), {0, 1}) == [counting]


def test_rows_of_other_segments_stay_there() -> None:
    old = file(document("a", 1, 1), document("b", 1, 3), chunk(1, 1), chunk(3, 1))
    middle = file(document("a", 2, 2), document("c", 2, 1, 2), chunk(2, 2))
    new = file(document("a", 3, 1, 2))
    assert rows_of(merged(staged(new, middle, old), {0, 1})) == {
        document("a", 3, 1, 2),
        document("c", 2, 1, 2),
        chunk(2, 2),
    }


def test_a_tombstone_stays_while_an_older_row_lies_elsewhere() -> None:
    old = file(document("a", 1, 1), document("b", 1, 1), chunk(1, 1))
    middle = file(document("x", 2, 1), document("a", 2, 1))
    new = file(tombstone("a", 3), tombstone("x", 3))
    stage = staged(new, middle, old)
    without_base = merged(stage, {0})
    assert rows_of(without_base) == {tombstone("a", 3)}, "no other needed segment has a row of x"
    assert rows_of(merged(stage, {0, 2})) == {document("b", 1, 1), chunk(1, 1)}
    kept = assemble([*map(decode_segment, without_base), decode_segment(old)])
    assert kept.digest() == drive(stage.digest())


def test_the_same_rows_give_the_same_bytes_however_they_were_spread() -> None:
    parts = [
        file(document("a", 1, 1), chunk(1, 1)),
        file(document("b", 2, 2), chunk(2, 2)),
        file(document("c", 2, 1, 2), chunk(3, 2)),
    ]
    (expected,) = merged(staged(*parts), {0, 1, 2})
    assert merged(staged(*parts[::-1]), {0, 1, 2}) == [expected]
    (part,) = merged(staged(*parts), {0, 2})
    assert merged(staged(parts[1], part), {0, 1}) == [expected]
    assert merged(staged(expected), {0}) == [expected]


def test_nothing_is_left_of_what_is_all_removed() -> None:
    stage = staged(file(tombstone("a", 2)), file(document("a", 1, 1), chunk(1, 1)))
    assert merged(stage, segments_to_merge(stage.state, MERGE_ALL)) == []


@pytest.mark.parametrize("most", [1, 100, 300, 1000, 100_000])
def test_what_is_merged_is_cut_into_files_of_a_size(most: int) -> None:
    """Each row lies in one of them; only a row that is larger by itself makes a larger one."""
    rows: list[Row] = [document(f"d{i}", 1 + i % 3, i) for i in range(8)]
    rows += [chunk(i, 1 + i % 3) for i in range(8)]
    spread_out = [file(*rows[0::2]), file(*rows[1::2])]
    files = merged(staged(*spread_out), {0, 1}, most)
    assert sorted(map(repr, rows)) == sorted(repr(row) for part in files for row in rows_of([part]))
    assert len(files) == {1: 16, 100_000: 1}.get(most, len(files))
    assert all(len(rows_of([part])) == 1 or len(part) <= most + 4096 for part in files)


# When, and which ------------------------------------------------------------------------------------


def spread(*lengths: int) -> LiveRows[Segment]:
    """One live document a segment; the lengths are those of the texts."""
    return assemble([segment(document(f"d{i}", 1, i), chunk(i, 1, length)) for i, length in enumerate(lengths)])


def test_below_the_limits_nothing_is_merged() -> None:
    assert segments_to_merge(spread(*[20] * 32), Config()) == frozenset()
    assert segments_to_merge(spread(20), Config(max_segments=0)) == frozenset()
    assert segments_to_merge(assemble([]), OFTEN) == frozenset()


def test_many_small_segments_leave_the_large_one_alone() -> None:
    assert segments_to_merge(spread(*[20] * 32, 9000), Config()) == frozenset(range(32))
    assert segments_to_merge(spread(9000, *[20] * 31, 4000), Config()) == frozenset(range(1, 32))


def test_a_segment_no_larger_than_the_smaller_ones_together_is_merged_with_them() -> None:
    state = spread(100, 100, 150, 9000)
    assert segments_to_merge(state, Config(max_segments=3)) == {0, 1, 2}
    assert segments_to_merge(state, Config(max_segments=4)) == frozenset()


def test_segments_that_nothing_needs_do_not_count() -> None:
    """They leave the generation without being rewritten."""
    replaced = segment(document("d0", 0, 9), chunk(9, 0))
    state = assemble([*spread(20, 20).segments, replaced])
    assert segments_to_merge(state, Config(max_segments=2, min_dead_bytes=0)) == frozenset()
    assert segments_to_merge(state, MERGE_ALL) == {0, 1}


def test_as_many_are_merged_as_the_limit_asks_for() -> None:
    state = spread(20, 200, 2000, 20_000)
    assert segments_to_merge(state, Config(max_segments=3)) == {0, 1}
    assert segments_to_merge(state, Config(max_segments=1)) == {0, 1, 2, 3}
    assert segments_to_merge(state, Config(max_segments=0)) == {0, 1, 2, 3}


def test_segments_that_are_mostly_dead_are_rewritten() -> None:
    half_dead = segment(document("a", 1, 1), *(chunk(i, 1) for i in range(1, 8)))
    fresh = segment(document("b", 2, 50), chunk(50, 2))
    state = assemble([fresh, half_dead])
    assert segments_to_merge(state, Config(min_dead_bytes=0)) == {1}
    assert segments_to_merge(state, Config(min_dead_bytes=0, max_dead_share=0.9)) == frozenset()
    assert segments_to_merge(state, Config()) == frozenset(), "a few dead bytes are not worth it"


def test_segments_of_full_size_are_left_alone_until_they_are_mostly_dead() -> None:
    state = spread(*[20] * 3, 9000, 9000)
    assert segments_to_merge(state, Config(max_segments=2)) == {0, 1, 2, 3, 4}
    full = Config(max_segments=2, max_merged=10_000, min_dead_bytes=0)
    assert segments_to_merge(state, full) == {0, 1, 2}
    assert segments_to_merge(state, replace(full, max_segments=3)) == frozenset()
    full_and_dead = segment(document("a", 1, 1), *(chunk(i, 1, 4000) for i in range(1, 4)))
    assert segments_to_merge(assemble([full_and_dead]), full) == {0}


def test_one_segment_without_dead_rows_is_not_rewritten() -> None:
    assert segments_to_merge(spread(20), MERGE_ALL) == frozenset()
    assert segments_to_merge(assemble([segment(document("a", 1, 1), chunk(1, 1), chunk(2, 1))]), MERGE_ALL) == {0}


@pytest.mark.slow
def test_a_row_is_rewritten_a_logarithmic_number_of_times() -> None:
    """200 updates of one size: merged each time the limit is passed, as the installer does."""
    sizes, written = [20_000], 0
    for _ in range(200):
        sizes.insert(0, 40)
        chosen = segments_to_merge(spread(*sizes), Config(max_segments=8))
        if chosen:
            merged = sum(sizes[i] for i in chosen)
            written += merged
            sizes = [merged, *(size for i, size in enumerate(sizes) if i not in chosen)]
        assert len(sizes) <= 8
    assert written <= 200 * 40 * 9 + 40_000


# In the store ---------------------------------------------------------------------------------------


LARGE = {"z": texts("run home " * 200)}
FOUR = {**LARGE, "a": texts("rotate the lamp"), "c": texts("run home"), "d": texts("a lamp", "home")}


@pytest.fixture
def app() -> App:
    """A client that has followed three releases: its store holds three segments, of which one is large."""
    app = App(Publisher())
    for documents in (
        {"a": texts("rotate the key"), "b": texts("a lamp"), "c": texts("run home")},
        {"a": texts("rotate the lamp"), "b": texts("a lamp"), "c": texts("run home")},
        {"a": texts("rotate the lamp"), "c": texts("run home")},
    ):
        app.publisher.publish({**LARGE, **documents})
        app.sync()
    assert len(current(app).segments) == 3
    return app


def current(app: App) -> Generation:
    assert app.head.current is not None
    return app.head.current


def opened(app: App, which: Generation | None = None) -> Opened:
    return drive(open_generation(MemoryStore(app.database), which or current(app)))


def ranking(opened: Opened, query: str) -> list[tuple[int, int, bytes, str]]:
    """All hits by the rule of format.md, section 4.2: score, id, document and text."""
    vector = opened.encoder.encode(query)
    hits = []
    for number, (index, row) in opened.state.chunks.items():
        part = opened.state.segments[index]
        products = zip(memoryview(part.chunk(row).vector).cast("b"), vector, strict=True)
        score = part.scales[row] * sum(a * b for a, b in products)
        if score > 0:
            hits.append((score, number, opened.state.owner(number), part.chunk(row).text))
    return sorted(hits, key=lambda hit: (-hit[0], hit[1]))


def test_an_update_may_leave_one_segment(app: App) -> None:
    previous = current(app)
    plain = App(app.publisher)
    app.config = MERGE_ALL
    app.publisher.publish(FOUR)
    app.sync()
    plain.sync()
    assert len(current(app).segments) == 1
    assert current(app) == replace(current(plain), segments=current(app).segments)
    assert app.head.previous == previous
    assert app.content() == plain.content()
    assert set(app.database.objects) == app.head.objects
    app.rollback()
    assert app.sequence == 3


def test_everything_removed_leaves_no_segment(app: App) -> None:
    app.config = MERGE_ALL
    app.publisher.publish({})
    app.sync()
    assert current(app).segments == ()
    assert app.content() == {}
    app.publisher.publish(FOUR)
    assert app.sync().plan == "tiers"
    assert len(app.content()) == len(FOUR)


def test_full_and_forced_installs_are_not_compacted(app: App) -> None:
    app.config = OFTEN
    manifest = app.publisher.publish(FOUR)
    names = tuple(entry.object.sha256 for entry in manifest.segments)
    assert len(names) == 4
    app.sync(force=True)
    assert current(app).segments == names
    fresh = App(app.publisher, config=OFTEN)
    assert fresh.sync().plan == "full"
    assert current(fresh).segments == names


def test_a_merged_segment_stands_first(app: App) -> None:
    """Readers that take the first of two rows with one id get the newest."""
    app.config = Config(max_segments=3)
    app.publisher.publish(FOUR)
    app.sync()
    kept = [name for name in current(app).segments if f"objects/{name}.gz" in app.publisher.files]
    assert current(app).segments[1:] == tuple(kept) != ()


def warned(caplog: pytest.LogCaptureFixture) -> bool:
    return any("without compaction" in record.getMessage() for record in caplog.records)


def test_a_full_disk_leaves_the_update_uncompacted(app: App, caplog: pytest.LogCaptureFixture) -> None:
    app.config = OFTEN
    (newest, *_) = app.publisher.publish(FOUR).segments
    room = sum(map(len, app.database.objects.values())) + newest.object.uncompressed
    with caplog.at_level(logging.WARNING):
        drive(app.engine(FullStore(app.database, room)).sync())
    assert warned(caplog)
    assert app.sequence == 4
    assert app.content()["d"] == ["a lamp", "home"]
    assert len(current(app).segments) > 2
    assert set(app.database.objects) <= app.head.objects


class Forgetful(MemoryStore):
    """A store that does not give a merged object back as it was put; `garble` says how."""

    def __init__(self, app: App, garble: Any) -> None:
        super().__init__(app.database)
        self._published, self._garble = app.publisher.files, garble

    async def get(self, digest: str) -> bytes | None:
        data = await super().get(digest)
        published = f"objects/{digest}.gz" in self._published
        return data if published or data is None else self._garble(data)


def swap_sequences(data: bytes) -> bytes:
    """Valid, and the same live state: only the digest of the object tells."""
    part = decode_segment(data)
    rows = [part.document(row) for row in range(len(part.keys))]
    rows[0] = replace(rows[0], sequence=rows[0].sequence + 1)
    chunks = [part.chunk(row) for row in range(len(part.ids))]
    return encode_segment(part.epoch, part.dimensions, rows, chunks)


@pytest.mark.parametrize("garble", [lambda data: None, lambda data: data[:-1], swap_sequences])
def test_what_does_not_come_back_as_it_was_put_is_not_used(
    app: App, caplog: pytest.LogCaptureFixture, garble: Any
) -> None:
    app.config = OFTEN
    app.publisher.publish(FOUR)
    with caplog.at_level(logging.WARNING):
        drive(app.engine(Forgetful(app, garble)).sync())
    assert warned(caplog)
    assert app.sequence == 4
    assert all(f"objects/{name}.gz" in app.publisher.files for name in current(app).segments)
    assert set(app.database.objects) <= app.head.objects, "the merged object is garbage, and collected"


def test_another_state_is_refused() -> None:
    stage = staged(file(document("a", 1, 1), chunk(1, 1)), file(document("b", 2, 1)))
    good = replace(stage, generation=replace(stage.generation, digest=drive(stage.digest())))
    compacted = drive(compact(good, {0, 1}, Config()))
    assert len(compacted.generation.segments) == 1
    assert drive(compacted.digest()) == good.generation.digest
    with pytest.raises(ContentError, match="not the signed state"):
        drive(compact(stage, {0, 1}, Config()))


# Over whole histories -------------------------------------------------------------------------------

WORDS = ("rotate", "the key", "a lamp", "run", "home", "key of the lamp")
documents = st.dictionaries(
    st.sampled_from("abcdef"), st.lists(st.sampled_from(WORDS), max_size=3, unique=True), max_size=6
)
steps = st.lists(
    st.tuples(documents, st.sampled_from(["follow", "follow", "follow", "skip", "merge", "back"])),
    min_size=1,
    max_size=12,
)
limits = st.builds(
    Config,
    max_segments=st.integers(1, 4),
    max_dead_share=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    min_dead_bytes=st.sampled_from([0, 200]),
)


@pytest.mark.slow
@settings(max_examples=settings().max_examples if ALL else min(15, settings().max_examples))  # each is a history
@given(steps, limits)
def test_no_history_shows_a_difference(history: list[tuple[dict[str, list[str]], str]], config: Config) -> None:
    """Beside a client that never compacts: the same plans, bytes, documents and hits, release by release."""
    publisher = Publisher()
    plain, compacting = App(publisher, config=NEVER), App(publisher, config=config)
    for state, step in history:
        publisher.publish({key: texts(*chunks) for key, chunks in state.items()})
        if step == "skip":
            continue
        if step == "merge":  # the publisher's tiers reach further back than the clients need
            publisher.borders[1:-1] = publisher.borders[1:-1:2]
        assert plan(plain) == plan(compacting)
        held = any(ref.sha256 in plain.database.objects for ref in plan(plain).downloads)
        left, right = plain.sync(), compacting.sync()
        # A published segment that happens to be held whole is not fetched again; once merged, it is not held.
        same_bytes = replace(right, bytes=left.bytes, requests=left.requests, total_bytes=left.total_bytes)
        assert left == right or (held and left == same_bytes)
        if current(compacting).segments != current(plain).segments:
            assert len(current(compacting).segments) <= max(config.max_segments, len(publisher.borders))
        same(plain, compacting)
        if step == "back" and plain.head.previous is not None:
            plain.rollback()
            compacting.rollback()
            same(plain, compacting)


def plan(app: App) -> Plan:
    """The next plan, whatever objects happen to be held."""
    assert app.publisher.manifest is not None
    update = plans(app.head.current, (), app.publisher.manifest)[0]
    return replace(update, segments=())


def same(plain: App, compacting: App) -> None:
    left, right = opened(plain), opened(compacting)
    right.self_test()
    assert plain.content() == compacting.content()
    assert left.state.digest() == right.state.digest() == current(compacting).digest
    assert left.state.chunks.owners == right.state.chunks.owners
    for query in WORDS:
        assert ranking(left, query) == ranking(right, query)
