"""Which rows of a generation count, and its digest."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum.errors import ContentError
from vademecum.format.segment import ChunkRow, DocumentRow, Segment, decode_segment, encode_segment
from vademecum.generation.live_rows import LiveRows, assemble

EPOCH = "0123456789abcdef"


def document(key: str, sequence: int, *chunks: int, title: str = "") -> DocumentRow:
    return DocumentRow(key, sequence, title, chunks=chunks)


def tombstone(key: str, sequence: int) -> DocumentRow:
    return DocumentRow(key, sequence, removed=True)


def chunk(number: int, sequence: int, scale: int = 1) -> ChunkRow:
    return ChunkRow(number, sequence, bytes([number % 100, 2]), scale, "H", "a", f"text {number}")


def segment(*rows: DocumentRow | ChunkRow, epoch: str = EPOCH, dimensions: int = 2) -> Segment:
    documents = [row for row in rows if isinstance(row, DocumentRow)]
    chunks = [row for row in rows if isinstance(row, ChunkRow)]
    return decode_segment(encode_segment(epoch, dimensions, documents, chunks))


def keys(state: LiveRows[Segment]) -> list[bytes]:
    return list(state.documents)


def test_the_highest_sequence_counts() -> None:
    old = segment(document("a", 1, 1), chunk(1, 1))
    new = segment(document("a", 2, 2, title="new"), chunk(2, 2))
    for segments in ([old, new], [new, old]):
        state = assemble(segments)
        assert list(state.chunks) == [2]
        place = state.documents[b"a"]
        assert state.segments[place[0]].document(place[1]).title == "new"


def test_of_one_chunk_the_highest_sequence_counts() -> None:
    """A text that left and came back may have been embedded twice."""
    old = segment(document("a", 1, 1), chunk(1, 1, scale=5))
    new = segment(document("b", 3, 1), chunk(1, 3, scale=9))
    for segments in ([old, new], [new, old]):
        state = assemble(segments)
        index, row = state.chunks[1]
        assert state.segments[index].scales[row] == 9


def test_tombstones_and_what_comes_after_them() -> None:
    first = segment(document("a", 1, 1), document("b", 1, 1), chunk(1, 1))
    gone = segment(tombstone("a", 2))
    back = segment(document("a", 3, 1))
    assert keys(assemble([first, gone])) == [b"b"]
    assert keys(assemble([gone, first])) == [b"b"]
    assert keys(assemble([back, gone, first])) == [b"a", b"b"]
    assert assemble([first, gone]).tombstones == {b"a": (1, 0)}


def test_chunks_that_no_live_document_names_are_dead() -> None:
    state = assemble([segment(document("a", 1, 1), chunk(1, 1), chunk(2, 1))])
    assert list(state.chunks) == [1]
    assert not assemble([segment(document("a", 1, 1), chunk(1, 1)), segment(tombstone("a", 2))]).chunks


def test_a_shared_chunk_belongs_to_the_lowest_key_in_bytes() -> None:
    state = assemble([segment(document("ä", 1, 1), document("z", 1, 1), document("Z", 1, 2), chunk(1, 1), chunk(2, 1))])
    assert [state.owner(chunk) for chunk in (1, 2)] == [b"z", b"Z"]
    assert keys(state) == [b"Z", b"z", "ä".encode()]


def test_used_segments_are_those_with_a_row_that_counts() -> None:
    first = segment(document("a", 1, 1), document("b", 1, 2), chunk(1, 1), chunk(2, 1))
    replaced = segment(document("c", 2, 2))
    second = segment(tombstone("a", 3), document("c", 3, 2))
    state = assemble([second, replaced, first])
    assert state.used == {0, 2}
    chunkless = segment(tombstone("b", 4))
    assert assemble([chunkless, second, replaced, first]).used == {0, 1, 3}


def test_missing_chunks_are_refused() -> None:
    with pytest.raises(ContentError, match="document 'a' names chunk 0000000000000007, which no segment has"):
        assemble([segment(document("a", 1, 7))])


def test_epochs_and_dimensions_are_not_mixed() -> None:
    for other in (segment(epoch="f" * 16), segment(dimensions=3)):
        with pytest.raises(ContentError, match="different epochs"):
            assemble([segment(), other])


def test_no_segments_give_the_empty_state() -> None:
    state = assemble(list[Segment]())
    assert not state.documents and not state.chunks and not state.used
    assert state.digest() == assemble([segment()]).digest()


BASE: list[DocumentRow | ChunkRow] = [document("a", 1, 1, 2, title="A"), chunk(1, 1), chunk(2, 1)]


@pytest.mark.parametrize(
    "rows",
    [
        [document("b", 1, 1, 2, title="A"), chunk(1, 1), chunk(2, 1)],
        [document("a", 1, 1, 2, title="B"), chunk(1, 1), chunk(2, 1)],
        [document("a", 1, 2, 1, title="A"), chunk(1, 1), chunk(2, 1)],
        [document("a", 1, 1, title="A"), chunk(1, 1), chunk(2, 1)],
        [document("a", 1, 1, 2, title="A"), chunk(1, 1, scale=2), chunk(2, 1)],
        [DocumentRow("a", 1, "A", "u", "", (1, 2)), chunk(1, 1), chunk(2, 1)],
        [DocumentRow("a", 1, "A", "", "{}", (1, 2)), chunk(1, 1), chunk(2, 1)],
        [*BASE[:2], ChunkRow(2, 1, b"\x02\x03", 1, "H", "a", "text 2")],
        [*BASE[:2], ChunkRow(2, 1, b"\x02\x02", 1, "I", "a", "text 2")],
        [*BASE[:2], ChunkRow(2, 1, b"\x02\x02", 1, "H", "b", "text 2")],
        [*BASE[:2], ChunkRow(2, 1, b"\x02\x02", 1, "H", "a", "text 3")],
        [*BASE[:2], ChunkRow(2, 1, b"\x02\x02", 1, "Ha", "", "text 2")],
    ],
)
def test_the_digest_covers_everything_that_a_reader_sees(rows: list[DocumentRow | ChunkRow]) -> None:
    assert assemble([segment(*rows)]).digest() != assemble([segment(*BASE)]).digest()


def test_the_digest_does_not_cover_the_history() -> None:
    later: list[DocumentRow | ChunkRow] = [
        document("a", 7, 1, 2, title="A"),
        chunk(1, 8),
        chunk(2, 9),
        chunk(3, 9),
        tombstone("x", 9),
    ]
    assert assemble([segment(*later)]).digest() == assemble([segment(*BASE)]).digest()


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.lists(st.integers(0, 5), max_size=3)), max_size=8),
    st.data(),
)
def test_no_segmentation_changes_the_digest(history: list[tuple[str, bool, list[int]]], data: st.DataObject) -> None:
    rows: list[DocumentRow | ChunkRow] = []
    for sequence, (key, removed, chunks) in enumerate(history, 1):
        rows.append(tombstone(key, sequence) if removed else document(key, sequence, *chunks))
        rows.extend(chunk(number, sequence) for number in set(chunks))
    whole = assemble([segment(*rows)])
    parts: list[list[DocumentRow | ChunkRow]] = [[] for _ in range(data.draw(st.integers(1, 4)))]
    for row in rows:
        for index in data.draw(st.sets(st.integers(0, len(parts) - 1), min_size=1)):
            parts[index].append(row)  # a row may well lie in several segments
    segments = data.draw(st.permutations([segment(*part) for part in parts]))
    split = assemble(segments)
    assert split.digest() == whole.digest()
    assert split.chunks.owners == whole.chunks.owners
    assert assemble([segments[index] for index in sorted(split.used)]).digest() == whole.digest()


def test_the_order_of_segments_does_not_matter() -> None:
    parts = [
        segment(document("a", 1, 1), chunk(1, 1)),
        segment(document("a", 2, 2), document("b", 2, 1), chunk(2, 2)),
        segment(tombstone("b", 3)),
        segment(document("c", 4, 1, 2)),
    ]
    digests = {assemble(order).digest() for order in itertools.permutations(parts)}
    assert len(digests) == 1
