"""Segments of a release: what they hold together, and what a client at any older release makes of them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vademecum.errors import ContentError
from vademecum.format.manifest import SegmentEntry
from vademecum.format.objects import inflate
from vademecum.format.segment import ChunkRow, DocumentRow, Segment, decode_segment, encode_segment
from vademecum.generation.live_rows import assemble
from vademecum_builder.index.rows import Rows, VectorSpace, rows_of
from vademecum_builder.index.segments import LaidSegments, lay_segments
from vademecum_builder.index.tiers import TierLimits

EPOCH = "0123456789abcdef"
SPACE = VectorSpace("none", 3, EPOCH)
LIMITS = TierLimits(s0=200, cheap=100)


def chunk(identity: int, sequence: int, weight: int = 40) -> ChunkRow:
    return ChunkRow(identity, sequence, bytes([identity % 100, sequence % 100, 7]), 9, "", "", "x" * weight)


def document(key: str, sequence: int, *chunks: int, title: str = "") -> DocumentRow:
    return DocumentRow(key, sequence, title or key, chunks=chunks)


def rows(documents: Iterable[DocumentRow], chunks: Iterable[ChunkRow]) -> Rows:
    return Rows({row.key: row for row in documents}, {row.id: row for row in chunks})


@dataclass
class Line:
    """Releases packed one upon the other, and what clients hold that stopped at each of them."""

    limits: TierLimits = LIMITS
    sequence: int = 0
    current: Rows = field(default_factory=Rows)
    packed: LaidSegments = field(default_factory=lambda: LaidSegments((), {}, ""))
    objects: dict[str, bytes] = field(default_factory=dict)
    clients: dict[int, list[str]] = field(default_factory=dict)

    def release(self, documents: dict[str, DocumentRow | None], chunks: Iterable[ChunkRow] = ()) -> LaidSegments:
        """Publish changed documents (None: deleted), and the chunks that they name and that are new."""
        self.sequence += 1
        table = dict(self.current.documents)
        for key, row in documents.items():
            table[key] = row if row is not None else DocumentRow(key, self.sequence, removed=True)
        needed = {identity for row in table.values() for identity in row.chunks}
        known = {**{row.id: row for row in chunks}, **self.current.chunks}
        self.current = Rows(table, {identity: known[identity] for identity in needed})
        published = [(entry, self.segment(entry)) for entry in self.packed.entries]
        self.packed = lay_segments(self.current, self.sequence, SPACE, published=published, limits=self.limits)
        for entry in self.packed.entries:
            if entry.object.path in self.packed.files:
                self.objects[entry.object.sha256] = inflate(entry.object, self.packed.files[entry.object.path])
        self.update_clients()
        return self.packed

    def segment(self, entry: SegmentEntry) -> Segment:
        return decode_segment(self.objects[entry.object.sha256])

    def update_clients(self) -> None:
        """A client at v takes the segments beyond v and keeps its own (vademecum.update.plan)."""
        self.clients[self.sequence] = [entry.object.sha256 for entry in self.packed.entries]

    def updated(self, version: int) -> list[str]:
        newer = [entry.object.sha256 for entry in self.packed.entries if entry.upto > version]
        return [*newer, *(digest for digest in self.clients[version] if digest not in newer)]

    def check(self) -> None:
        whole = encode_segment(EPOCH, 3, list(self.current.documents.values()), list(self.current.chunks.values()))
        assert self.packed.digest == assemble([decode_segment(whole)]).digest()
        for version in self.clients:
            segments = [decode_segment(self.objects[digest]) for digest in self.updated(version)]
            assert assemble(segments).digest() == self.packed.digest, f"a client at {version}"
        read = rows_of([self.segment(entry) for entry in self.packed.entries])
        assert (read.documents, read.chunks) == (self.current.documents, self.current.chunks)


@pytest.mark.slow
@given(st.randoms(use_true_random=False), st.sampled_from([300, 8_388_608]))
@settings(max_examples=15, deadline=None)
def test_every_older_client_arrives_at_the_state_of_all_live_rows(chance: random.Random, part: int) -> None:
    line = Line(replace(LIMITS, part=part))
    for _ in range(9):
        documents: dict[str, DocumentRow | None] = {}
        chunks: list[ChunkRow] = []
        for key in chance.sample("abcdefgh", chance.randint(1, 3)):
            if chance.random() < 0.3:
                documents[key] = None
                continue
            ids = chance.sample(range(1, 30), chance.randint(0, 4))
            documents[key] = document(key, line.sequence + 1, *ids, title=chance.choice("xyz"))
            chunks += [chunk(identity, line.sequence + 1, 40 + identity) for identity in ids]
        line.release(documents, chunks)
        line.check()


def test_published_segments_that_stay_are_the_same_objects_and_are_not_written_again() -> None:
    line = Line()
    large = [chunk(identity, 1, 1000) for identity in range(1, 20)]
    first = line.release({"a": document("a", 1, *range(1, 20))}, large)
    second = line.release({"b": document("b", 2, 30)}, [chunk(30, 2)])
    assert second.entries[-1].object == first.entries[-1].object
    assert list(second.files) == [second.entries[0].object.path]


def test_a_large_tier_is_cut_into_parts_that_stay_together() -> None:
    """Neighbours in the format's order, each of about the size asked for; kept and rewritten as one tier."""
    line = Line(replace(LIMITS, part=3000))
    large = [chunk(identity, 1, 1000) for identity in range(1, 20)]
    first = line.release({"a": document("a", 1, *range(1, 20)), "b": document("b", 1)}, large)
    assert [(entry.after, entry.upto) for entry in first.entries] == [(0, 1)] * 10
    assert [entry.documents for entry in first.entries] == [2, *[0] * 9]
    assert [identity for entry in first.entries for identity in line.segment(entry).ids] == list(range(1, 20))
    assert all(entry.object.uncompressed <= 3000 + 4096 for entry in first.entries)
    second = line.release({"b": document("b", 2, 30)}, [chunk(30, 2)])
    assert [entry.object for entry in second.entries[1:]] == [entry.object for entry in first.entries]
    third = line.release({"a": document("a", 3, 1, 2)})
    kept = {entry.object for entry in third.entries} & {entry.object for entry in first.entries}
    assert not kept, "mostly dead: all parts of the tier are written anew"
    line.check()


def test_a_deletion_travels_as_a_tombstone_and_a_text_that_comes_back_is_sent_again() -> None:
    line = Line()
    line.release({"a": document("a", 1, 1), "b": document("b", 1, 2)}, [chunk(1, 1), chunk(2, 1)])
    line.release({"b": None})
    assert [row.key for row in line.current.live] == ["a"]
    assert line.current.documents["b"].removed
    line.check()
    packed = line.release({"b": document("b", 3, 2)}, [chunk(2, 3)])
    newest = line.segment(packed.entries[0])
    assert 2 in newest.ids
    line.check()


def test_a_rename_sends_rows_but_no_vector_again() -> None:
    line = Line()
    many = [chunk(identity, 1, 500) for identity in range(1, 20)]
    line.release({"old": document("old", 1, *range(1, 20))}, many)
    packed = line.release({"old": None, "new": document("new", 2, *range(1, 20))})
    newest = line.segment(packed.entries[0])
    assert sorted(newest.keys) == ["new", "old"]
    assert not newest.ids
    line.check()


def test_a_change_of_metadata_alone_sends_no_vector() -> None:
    line = Line()
    line.release({"a": document("a", 1, 1)}, [chunk(1, 1, 5000)])
    packed = line.release({"a": document("a", 2, 1, title="Another title")})
    assert (packed.entries[0].documents, packed.entries[0].chunks) == (1, 0)
    line.check()


def test_entries_count_the_rows_of_their_files() -> None:
    line = Line()
    line.release({"a": document("a", 1, 1, 2), "b": document("b", 1)}, [chunk(1, 1), chunk(2, 1)])
    packed = line.release({"b": None})
    for entry in packed.entries:
        segment = line.segment(entry)
        assert (entry.documents, entry.chunks) == (len(segment.keys), len(segment.ids))


def test_nothing_is_no_segment_and_has_the_digest_of_the_format_page() -> None:
    packed = lay_segments(Rows(), 1, SPACE)
    assert (packed.entries, packed.files) == ((), {})
    assert packed.digest == "36d47d2a5ca11db9848d1d2dd738f37c262e0d4d97a3883f70202904327ef730"


def test_the_same_rows_give_the_same_bytes_in_whatever_order_they_come() -> None:
    documents, chunks = [document("a", 1, 1), document("b", 1, 2)], [chunk(1, 1), chunk(2, 1)]
    forwards = lay_segments(rows(documents, chunks), 1, SPACE)
    backwards = lay_segments(rows(documents[::-1], chunks[::-1]), 1, SPACE)
    assert forwards == backwards


def test_rows_that_do_not_read_back_are_refused() -> None:
    orphan = rows([document("a", 1)], [chunk(1, 1)])  # no document names the chunk
    with pytest.raises(ContentError, match="does not read back"):
        lay_segments(orphan, 1, SPACE)
    missing = rows([document("a", 1, 1)], [])
    with pytest.raises(ContentError, match="names chunk"):
        lay_segments(missing, 1, SPACE)


def test_rows_of_takes_the_newest_row_of_a_key_tombstones_too() -> None:
    newer = encode_segment(EPOCH, 3, [DocumentRow("a", 2, removed=True), document("b", 2)], [])
    older = encode_segment(EPOCH, 3, [document("a", 1, 1), document("b", 1)], [chunk(1, 1)])
    read = rows_of([decode_segment(newer), decode_segment(older)])
    assert read.documents == {"a": DocumentRow("a", 2, removed=True), "b": document("b", 2)}
    assert read.chunks == {}
