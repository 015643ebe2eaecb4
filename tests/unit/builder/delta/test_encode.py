"""Packs of the builder, read by the client: any two releases, and what each kind of change costs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum.delta.decode import decode_pack
from vademecum.delta.dictionary import Header, OldDocument, step_of
from vademecum.format.segment import ChunkRow, DocumentRow, Segment, chunk_id, decode_segment, encode_segment, scale_of
from vademecum.generation.live_rows import LiveRows, assemble
from vademecum_builder.delta.encode import encode_pack
from vademecum_builder.delta.old_rows import History, OldRelease
from vademecum_builder.delta.schedule import PackLimits, bases
from vademecum_builder.index.rows import Rows

EPOCH = "0123456789abcdef"
DIMENSIONS = 32
PROSE = (
    "A knowledge base that its readers carry along is searched where they are, without a host.",
    "Keys are rotated by the publisher; no client needs to be told, and none is asked.",
    "When the lamp is lit, the message goes out, and the answer comes back before dawn.",
    "Nothing that was installed is written again: a row that no document names is dead.",
)


@dataclass
class Line:
    """Releases in memory: documents are lists of texts by key."""

    sequence: int = 0
    rows: Rows = field(default_factory=Rows)
    past: dict[int, Rows] = field(default_factory=dict)
    history: History = field(default_factory=lambda: History(1))

    def release(self, documents: dict[str, tuple[str, ...]], title: str = "Title") -> None:
        self.sequence += 1
        chunks: dict[int, ChunkRow] = {}
        rows: dict[str, DocumentRow] = {}
        for key, texts in documents.items():
            found = [self._chunk(title, text) for text in texts]
            chunks |= {row.id: row for row in found}
            row = DocumentRow(key, self.sequence, title, f"{key}.html", "", tuple(row.id for row in found))
            known = self.rows.documents.get(key)
            rows[key] = known if known is not None and replace(known, sequence=self.sequence) == row else row
        for key, known in self.rows.documents.items():
            if key not in rows:
                rows[key] = known if known.removed else DocumentRow(key, self.sequence, removed=True)
        before, self.rows = self.rows, Rows(rows, chunks)
        self.history = self.history.followed(before, self.rows, self.sequence)
        self.past[self.sequence] = self.rows

    def _chunk(self, title: str, text: str) -> ChunkRow:
        chunk = chunk_id(title, "Heading", "heading", text)
        if chunk in self.rows.chunks:
            return self.rows.chunks[chunk]
        # Texts that begin alike have vectors that are alike; the same text embedded again differs a little.
        alike = np.random.default_rng(sum(text[:20].encode())).normal(size=DIMENSIONS)
        noise = np.random.default_rng([chunk % 2**32, self.sequence]).normal(size=DIMENSIONS)
        vector = np.rint(4 * alike + 0.6 * noise).astype(np.int8).tobytes()
        return ChunkRow(chunk, self.sequence, vector, scale_of(vector), "Heading", "heading", text)

    def pack(self, after: int) -> bytes:
        old = self.history.release(after, self.rows)
        return encode_pack(old, self.rows, Header(after, self.sequence, DIMENSIONS))

    def state(self, sequence: int) -> LiveRows[Segment]:
        rows = self.past[sequence]
        content = encode_segment(EPOCH, DIMENSIONS, rows.documents.values(), rows.chunks.values())
        return assemble([decode_segment(content)])

    def unpacked(self, data: bytes, after: int) -> Segment:
        header = Header(after, self.sequence, DIMENSIONS)
        base = Base(self.history.release(after, self.rows))
        return decode_segment(asyncio.run(decode_pack(data, base, header, EPOCH, 10**6)))

    def check(self, after: int) -> Segment:
        """Apply the pack to what a client of that release has; return the segment that it makes."""
        segment = self.unpacked(self.pack(after), after)
        made = assemble([segment, *self.state(after).segments])
        assert made.digest() == self.state(self.sequence).digest()
        return segment


@dataclass(frozen=True)
class Base:
    old: OldRelease

    def __len__(self) -> int:
        return len(self.old)

    async def documents(self, indices: Sequence[int]) -> list[OldDocument]:
        return [self.old.document(index) for index in indices]


TEXTS = st.sampled_from([f"{prose} {number}" for prose in PROSE for number in range(4)])
DOCUMENTS = st.dictionaries(st.sampled_from("abcdefgh"), st.lists(TEXTS, max_size=5).map(tuple), max_size=6)


@pytest.mark.slow
@given(st.lists(st.tuples(DOCUMENTS, st.sampled_from(["Title", "Other"])), min_size=2, max_size=7))
def test_a_pack_from_any_release_makes_the_last_one(releases: list[tuple[dict[str, tuple[str, ...]], str]]) -> None:
    line = Line()
    for documents, title in releases:
        line.release(documents, title)
    for after in range(1, line.sequence):
        line.check(after)


@pytest.fixture
def line() -> Line:
    line = Line()
    line.release({f"{n:02}": tuple(f"{prose} {n}" for prose in PROSE) for n in range(20)})
    return line


def documents(line: Line) -> dict[str, tuple[str, ...]]:
    return {row.key: tuple(line.rows.chunks[chunk].text for chunk in row.chunks) for row in line.rows.live}


def test_an_edit_of_a_sentence(line: Line) -> None:
    now = documents(line)
    now["07"] = (now["07"][0] + " At dusk.", *now["07"][1:])
    line.release(now)
    assert len(line.check(1).ids) == 1
    assert len(line.pack(1)) < 80  # the sentence, what differs in 32 codes, and where


def test_a_renamed_document_sends_neither_text_nor_vector(line: Line) -> None:
    now = documents(line)
    now["moved"] = now.pop("07")
    line.release(now)
    segment = line.check(1)
    assert (len(segment.ids), list(segment.keys), list(segment.removed)) == (0, ["07", "moved"], [1, 0])
    assert len(line.pack(1)) < 60


def test_a_renamed_and_edited_document_is_held_against_the_one_it_came_from(line: Line) -> None:
    now = documents(line)
    first, *rest = now.pop("07")
    line.release({**now, "moved": (first + " At dusk.", *rest)})
    assert len(line.check(1).ids) == 1
    assert len(line.pack(1)) < 100, "the sentence, and the difference of one vector"


def test_a_document_whose_chunks_all_got_another_title_is_found_by_its_texts(line: Line) -> None:
    now = documents(line)
    line.release({**now, "07": now["07"]}, "Other")
    same = len(line.pack(1))
    now["moved"] = now.pop("07")
    line.release(now, "Other")
    assert len(line.check(1).ids) == 80
    assert len(line.pack(1)) < same + 40, "its texts are those of the document that is gone"


def test_a_metadata_only_change_sends_no_vector(line: Line) -> None:
    line.release(documents(line))
    rows = dict(line.rows.documents)
    rows["03"] = replace(rows["03"], sequence=2, metadata='{"tag":"x"}')
    line.rows = line.past[2] = Rows(rows, line.rows.chunks)
    line.history = line.history.followed(line.past[1], line.rows, 2)
    assert len(line.check(1).ids) == 0
    assert len(line.pack(1)) < 60


def test_a_text_that_left_and_came_back_embedded_anew_is_sent_again(line: Line) -> None:
    all_of_it = documents(line)
    line.release({key: texts for key, texts in all_of_it.items() if key != "07"})
    line.release(all_of_it)
    assert len(line.check(1).ids) == 4  # its vectors are others now
    assert len(line.check(2).ids) == 4


def test_an_empty_release_and_one_larger_than_all_before(line: Line) -> None:
    line.release({})
    assert len(line.check(1).keys) == 20
    line.release({f"{n:03}": tuple(f"{prose} {n}" for prose in PROSE) for n in range(100)})
    line.check(1)
    line.check(2)


def test_the_same_rows_give_the_same_pack(line: Line) -> None:
    now = documents(line)
    line.release({**now, "x": now.pop("05")})
    assert line.pack(1) == line.pack(1)


# The ladder ------------------------------------------------------------------------------------------


def test_steps() -> None:
    assert [step_of(sequence) for sequence in (1, 3, 4, 5, 12, 15, 16, 20, 48, 63, 64)] == [
        4, 4, 16, 8, 16, 16, 64, 32, 64, 64, 256,
    ]  # fmt: skip


@pytest.mark.parametrize("sequence", [2, 5, 16, 17, 63, 64, 84, 100, 257, 1000])
def test_every_release_leads_to_the_last_one_in_a_few_steps(sequence: int) -> None:
    limits = PackLimits(recent=8)
    direct = bases(sequence, 1, limits)
    assert set(range(max(1, sequence - 8), sequence)) <= set(direct)
    assert len(direct) <= 8 + 4 * len(f"{sequence:b}")
    for start in range(1, sequence):
        at, steps = start, 0
        while at not in direct:
            assert step_of(at) < sequence
            assert at in bases(step_of(at), 1, limits), "its step was published when that release was made"
            at, steps = step_of(at), steps + 1
        assert steps <= 3 * len(f"{sequence:b}") / 2


def test_no_packs_from_before_the_history_and_none_if_none_are_wanted() -> None:
    assert bases(10, 7, PackLimits()) == [9, 8, 7]
    assert bases(10, 1, PackLimits(recent=0)) == []


def test_a_budget() -> None:
    assert PackLimits(share=0.5, floor=100).budget(1_000) == 500
    assert PackLimits(share=0.5, floor=100).budget(20) == 100
    assert PackLimits(most=7).budget(1_000) == 7
