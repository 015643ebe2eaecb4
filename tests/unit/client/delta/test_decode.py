"""Packs, read: what a good one makes, and that a bad one is refused by name, whatever is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.app import texts
from support.drive import drive
from support.packing import Live, deflated, number, pack
from support.publisher import DIMENSIONS, EPOCH, Publisher
from vademecum.delta.decode import decode_pack
from vademecum.delta.dictionary import (
    COPY,
    DIFFERENCE,
    INSERT,
    REPLACE,
    SAME,
    SKIP,
    TAKE,
    Dictionary,
    Header,
    Step,
)
from vademecum.errors import ContentError
from vademecum.format.segment import ChunkRow, DocumentRow, Segment, chunk_id, decode_segment, encode_segment
from vademecum.generation.live_rows import LiveRows, assemble

OLD = {
    "a": texts("rotate the key", "run home", title="A"),
    "b": texts("a lamp", title="B"),
    "c": texts("the run of the key", title="C"),
}
NEW = {
    "a": texts("rotate the key", "a lamp and a key", "run home", title="A"),
    "c": texts("home", title="C", metadata={"tag": "x"}),
    "d": texts("rotate the lamp", title="D", url="d.html"),
}
HEADER = Header(1, 2, 8, DIMENSIONS)


@pytest.fixture
def publisher() -> Publisher:
    publisher = Publisher()
    publisher.publish(OLD)
    publisher.publish(NEW)
    return publisher


def state_of(publisher: Publisher, sequence: int) -> LiveRows[Segment]:
    rows, chunks = publisher.past[sequence]
    return assemble([decode_segment(encode_segment(EPOCH, DIMENSIONS, rows.values(), chunks.values()))])


def read(
    data: bytes, state: LiveRows[Segment], header: Header = HEADER, limit: int = 100_000
) -> LiveRows[Segment]:
    segment = decode_segment(drive(decode_pack(data, Live(state), header, EPOCH, limit)))
    assert {*segment.sequences, *segment.document_sequences} <= {header.upto}
    return assemble([segment, *state.segments])


def test_a_pack_makes_the_newer_release(publisher: Publisher) -> None:
    made = read(pack(publisher, 1, 2), state_of(publisher, 1))
    assert made.digest() == state_of(publisher, 2).digest()
    assert list(made.documents) == [b"a", b"c", b"d"]
    assert list(made.tombstones) == [b"b"]


def test_a_pack_from_a_release_without_rows(publisher: Publisher) -> None:
    publisher.publish({})
    publisher.publish(NEW)
    made = read(pack(publisher, 3, 4), state_of(publisher, 3), Header(3, 4, 8, DIMENSIONS))
    assert made.digest() == state_of(publisher, 2).digest()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (replace(HEADER, after=3), "wanted is"),
        (replace(HEADER, upto=3), "wanted is"),
        (replace(HEADER, bits=4), "wanted is"),
        (replace(HEADER, dimensions=5), "wanted is"),
    ],
)
def test_a_pack_for_another_release_or_another_space(
    publisher: Publisher, header: Header, message: str
) -> None:
    with pytest.raises(ContentError, match=message):
        read(pack(publisher, 1, 2), state_of(publisher, 1), header)


def head(*counts: int, bits: int = 8) -> bytes:
    return b"\x01" + b"".join(map(number, (1, 2, bits, DIMENSIONS, *counts)))


def entry(*parts: int, fields: bytes, coded: bytes | None = None, size: int | None = None) -> bytes:
    """One changed document: gap, facts, count of steps, steps; that none is added; and its texts."""
    coded = deflated(fields) if coded is None else coded
    told = number(len(fields) if size is None else size) + number(len(coded)) + coded
    return b"".join(map(number, parts)) + number(0) + told


FACTS = b"A\xff\xff\xff"
CHUNK = b"\xff\xffnew\xff"
ONE_NEW = entry(0, 0, 1, 1 << 3 | INSERT, fields=CHUNK)
VECTOR = deflated(bytes(DIMENSIONS))
SENT = number(0) + number(0) + number(9) + number(len(VECTOR)) + VECTOR

BAD = {
    "nothing at all": (b"", "ends after 0 bytes"),
    "another format": (b"\x02" + head()[1:], "pack of format 2"),
    "other bits": (head(0, 0, 0, bits=3), "vectors of 3 bits"),
    "cut off": (head(0, 0), "in the middle"),
    "a number without an end": (b"\x01" + b"\xff" * 9, "too long"),
    "bytes behind its end": (head(0, 0, 0) + b"x", "1 bytes behind its end"),
    "more removed than there are": (head(1, 3, 0, 0), "document 3 of 3"),
    "more changed than there are": (head(0, 1, 3, 0, 0, 0), "document 3 of 3"),
    "a count that cannot be": (head(1 << 30, 0, 0), "things announced"),
    "like a document that is not there": (head(0, 0, 1, 4, 0), "document 3 of 3"),
    "an unknown step": (head(0, 1, 0, 0, 1, 1 << 3 | 5, 0), "unknown step"),
    "a step of nothing": (head(0, 1, 0, 0, 1, COPY, 0), "unknown step"),
    "a copy beyond the end": (head(0, 1, 0, 0, 1, 3 << 3 | COPY, 0), "chunks 0 to 3 of a list of 2"),
    "taken from nowhere": (head(0, 1, 0, 0, 1, 1 << 3 | TAKE, 4, 0, 0), "names document 4"),
    "taken from itself too early": (
        head(0, 1, 0, 0, 1, 1 << 3 | TAKE, 3, 0, 0),
        "chunks 0 to 1 of a list of 0",
    ),
    "taken from beyond the end": (
        head(0, 1, 0, 0, 1, 1 << 3 | TAKE, 1, 1, 0),
        "chunks 1 to 2 of a list of 1",
    ),
    "too few fields": (head(0, 1) + entry(0, 1, 0, fields=b"A\xff\xff"), "fields of texts, expected 3"),
    "too many fields": (head(0, 1) + entry(0, 1, 0, fields=FACTS + b"x\xff"), "fields of texts, expected 3"),
    "fields without an end": (head(0, 1) + entry(0, 1, 0, fields=FACTS + b"x"), "fields of texts"),
    "not UTF-8": (head(0, 1) + entry(0, 1, 0, fields=b"\xc3\xff\xff\xff"), "not UTF-8"),
    "damaged texts": (head(0, 1) + entry(0, 1, 0, fields=FACTS, coded=b"\xee\xee"), "damaged deflate"),
    "texts that are longer than told": (head(0, 1) + entry(0, 1, 0, fields=FACTS, size=3), "expected 3"),
    "texts that are shorter than told": (head(0, 1) + entry(0, 1, 0, fields=FACTS, size=5), "expected 5"),
    "a bomb": (head(0, 1) + entry(0, 1, 0, fields=b"x" * 200_000), "more text than"),
    "texts that go on": (
        head(0, 1) + entry(0, 1, 0, fields=FACTS, coded=deflated(FACTS) + b"x"),
        "stream of",
    ),
    "no vector": (head(0, 1) + ONE_NEW, "in the middle"),
    "an unknown kind of vector": (head(0, 1) + ONE_NEW + number(3), "unknown kinds of vectors"),
    "a difference of 8 bits": (head(0, 1) + ONE_NEW + number(DIFFERENCE), "unknown kinds of vectors"),
    "the vector of a chunk that is not there": (
        head(0, 1) + ONE_NEW + number(2 << 2 | SAME),
        "chunks 2 to 3 of a list of 2",
    ),
    "a scale too large": (
        head(0, 1) + ONE_NEW + number(0) + number(65_000) + number(1_000),
        "16 bits",
    ),
    "vectors of another length": (
        head(0, 1) + ONE_NEW + SENT.replace(VECTOR, deflated(bytes(5)) + b""),
        "pack: ",
    ),
    "bytes behind the vectors": (head(0, 1) + ONE_NEW + SENT + b"x", "behind its end"),
}


def test_what_the_bad_ones_are_made_of_is_good(publisher: Publisher) -> None:
    old = state_of(publisher, 1)
    made = read(head(0, 1) + ONE_NEW + SENT, old)
    index, row = made.documents[b"a"]
    assert made.segments[index].document(row).chunks == (chunk_id("A", "", "", "new"),)
    assert read(head(0, 1) + entry(0, 1, 0, fields=FACTS), old).documents[b"a"] is not None


def test_texts_may_take_the_limit_and_no_byte_more(publisher: Publisher) -> None:
    data, old = head(0, 1) + entry(0, 1, 0, fields=FACTS), state_of(publisher, 1)
    assert read(data, old, limit=len(FACTS)).documents
    with pytest.raises(ContentError, match="more text than"):
        read(data, old, limit=len(FACTS) - 1)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_pack_is_refused(publisher: Publisher, name: str) -> None:
    data, message = BAD[name]
    header = replace(HEADER, bits=3) if "other bits" in name else HEADER
    with pytest.raises(ContentError, match=message):
        read(data, state_of(publisher, 1), header)


def test_a_vector_that_builds_on_a_document_that_is_not_named(publisher: Publisher) -> None:
    fields = b"new\xff" + FACTS + CHUNK
    told = number(len(fields)) + number(len(deflated(fields))) + deflated(fields)
    added = b"".join(map(number, (0, 1, 1 << 3 | INSERT))) + told
    with pytest.raises(ContentError, match="chunks 0 to 1 of a list of 0"):
        read(head(0, 0, 1) + added + number(SAME), state_of(publisher, 1))


@given(st.data())
def test_damage_is_refused_or_makes_another_state(data: st.DataObject) -> None:
    publisher = Publisher()
    publisher.publish(OLD)
    publisher.publish(NEW)
    good = pack(publisher, 1, 2)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + data.draw(st.binary(max_size=4)) + good[at + data.draw(st.integers(0, 4)) :]
    try:
        made = read(bad, state_of(publisher, 1))
    except ContentError:
        return
    assert made.digest()  # which state it is, the signed digest decides


def base_of(*documents: tuple[str, list[str]]) -> Live:
    rows, chunks = [], []
    for key, parts in documents:
        new = [ChunkRow(chunk_id("", "", "", part), 1, bytes(DIMENSIONS), 0, "", "", part) for part in parts]
        chunks += new
        rows.append(DocumentRow(key, 1, chunks=tuple(chunk.id for chunk in new)))
    return Live(assemble([decode_segment(encode_segment(EPOCH, DIMENSIONS, rows, chunks))]))


def test_the_dictionary_ends_with_what_is_replaced() -> None:
    base = base_of(("a", ["first"]), ("b", ["kept", "gone", "also kept"]))
    dictionary = Dictionary()
    dictionary.add(b"said before\xff")
    known = dictionary.known(base.document(1), (Step(COPY, 1), Step(REPLACE, 1), Step(COPY, 1)))
    order = [known.index(part) for part in (b"said before", b"\xffkept", b"also kept", b"gone")]
    assert order == sorted(order)
    assert known.endswith(b"b\xff\xff\xff\xff" + b"\xff\xffgone\xff")
    assert dictionary.known(None, (Step(INSERT, 1),)) == b"said before\xff"


def test_what_steps_pass_over_is_lost_too() -> None:
    base = base_of(("a", ["one", "two", "three", "four"]))
    known = Dictionary().known(base.document(0), (Step(SKIP, 1), Step(COPY, 2)))
    assert [part for part in known.split(b"\xff") if part] == [b"two", b"three", b"a", b"one", b"four"]


def test_what_was_said_long_ago_is_forgotten() -> None:
    dictionary = Dictionary()
    dictionary.add(b"long ago")
    dictionary.add(b"x" * 32_768)
    assert dictionary.known(None, ()) == b"x" * 32_768
