"""Packs, read: what a good one makes, and that a bad one is refused by name, whatever is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.app import texts
from support.drive import drive
from support.packing import Live, deflated, number, pack, told
from support.publisher import DIMENSIONS, EPOCH, Publisher
from vademecum.delta.decode import decode_pack
from vademecum.delta.dictionary import FACTS, KEY, STEPS, Header, window
from vademecum.errors import ContentError
from vademecum.format.segment import Segment, chunk_id, decode_segment, encode_segment
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
HEADER = Header(1, 2, DIMENSIONS)


@pytest.fixture
def publisher() -> Publisher:
    publisher = Publisher()
    publisher.publish(OLD)
    publisher.publish(NEW)
    return publisher


def state_of(publisher: Publisher, sequence: int) -> LiveRows[Segment]:
    rows, chunks = publisher.past[sequence]
    return assemble([decode_segment(encode_segment(EPOCH, DIMENSIONS, rows.values(), chunks.values()))])


def read(data: bytes, state: LiveRows[Segment], header: Header = HEADER, limit: int = 100_000) -> LiveRows[Segment]:
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
    made = read(pack(publisher, 3, 4), state_of(publisher, 3), Header(3, 4, DIMENSIONS))
    assert made.digest() == state_of(publisher, 2).digest()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (replace(HEADER, after=3), "wanted is"),
        (replace(HEADER, upto=3), "wanted is"),
        (replace(HEADER, dimensions=5), "wanted is"),
    ],
)
def test_a_pack_for_another_release_or_another_space(publisher: Publisher, header: Header, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        read(pack(publisher, 1, 2), state_of(publisher, 1), header)


def head(*counts: int) -> bytes:
    return b"\x01" + b"".join(map(number, (1, 2, DIMENSIONS, *counts)))


def entry(told: int, *steps: int, fields: bytes, coded: bytes | None = None, size: int | None = None) -> bytes:
    """The first document of the base, changed; and its texts."""
    coded = deflated(fields) if coded is None else coded
    texts = number(len(fields) if size is None else size) + number(len(coded)) + coded
    return b"".join(map(number, (3 + told, *steps))) + texts


ONE_STEP = (0, 1, 3 + STEPS, 1)
FACTS_OF_A = b"A\xff\xff\xff"
CHUNK = b"\xff\xffnew\xff"
ONE_NEW = entry(STEPS, 1, 2, fields=CHUNK)
SENT = number(0) + told(bytes(DIMENSIONS))

BAD = {
    "nothing at all": (b"", "ends after 0 bytes"),
    "another format": (b"\x02" + head()[1:], "pack of format 2"),
    "cut off": (head(0), "in the middle"),
    "a number without an end": (b"\x01" + b"\xff" * 9, "too long"),
    "bytes behind its end": (head(0, 0) + b"x", "1 bytes behind its end"),
    "more removed than there are": (head(1, 3, 0), "document 3 of 3"),
    "more changed than there are": (head(0, 1, 12 + STEPS, 0), "document 3 of 3"),
    "a count that cannot be": (head(1 << 30, 0), "things announced"),
    "like a document that is not there": (head(0, 1, 12 + KEY, 0), "document 3 of 3"),
    "like none and without a key": (head(0, 1, FACTS, 0), "has no key"),
    "a copy beyond the end": (head(*ONE_STEP, 7, 0, 0), "chunks 0 to 3 of a list of 2"),
    "taken from nowhere": (head(*ONE_STEP, 3, 5, 0), "names document 1 of 1"),
    "taken from itself too early": (head(*ONE_STEP, 3, 4, 0), "chunks 0 to 1 of a list of 0"),
    "taken from beyond the end": (head(*ONE_STEP, 3, 2, 1), "chunks 1 to 2 of a list of 1"),
    "too few fields": (head(0, 1) + entry(FACTS, 0, fields=b"A\xff\xff"), "fields of texts, expected 3"),
    "too many fields": (head(0, 1) + entry(FACTS, 0, fields=FACTS_OF_A + b"x\xff"), "fields of texts, expected 3"),
    "fields without an end": (head(0, 1) + entry(FACTS, 0, fields=FACTS_OF_A + b"x"), "fields of texts"),
    "not UTF-8": (head(0, 1) + entry(FACTS, 0, fields=b"\xc3\xff\xff\xff"), "not UTF-8"),
    "damaged texts": (head(0, 1) + entry(FACTS, 0, fields=FACTS_OF_A, coded=b"\xee\xee"), "damaged deflate"),
    "texts that are longer than told": (head(0, 1) + entry(FACTS, 0, fields=FACTS_OF_A, size=3), "expected 3"),
    "texts that are shorter than told": (head(0, 1) + entry(FACTS, 0, fields=FACTS_OF_A, size=5), "expected 5"),
    "a bomb": (head(0, 1) + entry(FACTS, 0, fields=b"x" * 200_000), "more text than"),
    "texts that go on": (
        head(0, 1) + entry(FACTS, 0, fields=FACTS_OF_A, coded=deflated(FACTS_OF_A) + b"x"),
        "stream of",
    ),
    "no vector": (head(0, 1) + ONE_NEW, "in the middle"),
    "a vector that ends early": (head(0, 1) + ONE_NEW + SENT[:-1], "in the middle"),
    "a vector without an end": (head(0, 1) + ONE_NEW + number(0) + bytes(9), "in the middle"),
    "a component beyond a byte": (head(0, 1) + ONE_NEW + number(0) + bytes(9) + b"\xff" * 9, "as a component"),
    "bytes behind the vectors": (head(0, 1) + ONE_NEW + SENT + b"x", "behind its end"),
}


def test_what_the_bad_ones_are_made_of_is_good(publisher: Publisher) -> None:
    old = state_of(publisher, 1)
    made = read(head(0, 1) + ONE_NEW + SENT, old)
    index, row = made.documents[b"a"]
    assert made.segments[index].document(row).chunks == (chunk_id("A", "", "", "new"),)
    assert read(head(0, 1) + entry(FACTS, 0, fields=FACTS_OF_A), old).documents[b"a"] is not None


def test_texts_may_take_the_limit_and_no_byte_more(publisher: Publisher) -> None:
    data, old = head(0, 1) + entry(FACTS, 0, fields=FACTS_OF_A), state_of(publisher, 1)
    assert read(data, old, limit=len(FACTS_OF_A)).documents
    with pytest.raises(ContentError, match="more text than"):
        read(data, old, limit=len(FACTS_OF_A) - 1)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_pack_is_refused(publisher: Publisher, name: str) -> None:
    data, message = BAD[name]
    with pytest.raises(ContentError, match=message):
        read(data, state_of(publisher, 1), HEADER)


@pytest.mark.parametrize("like", [0, 1])
def test_a_vector_that_builds_on_a_chunk_that_is_not_there(publisher: Publisher, like: int) -> None:
    fields = b"new\xff" + FACTS_OF_A + CHUNK
    texts = number(len(fields)) + number(len(deflated(fields))) + deflated(fields)
    with pytest.raises(ContentError, match=f"of a list of {2 * like}"):
        read(head(0, 1, 3 * like + KEY, 1, 2) + texts + number(5), state_of(publisher, 1), HEADER)


def test_texts_are_held_against_the_older_document_and_those_before(publisher: Publisher) -> None:
    old = Live(state_of(publisher, 1)).document(1)
    texts = b"b\xffB\xff\xff\xff" + b"\xff\xffa lamp\xff"
    assert window(b"said before\xff", old).removeprefix(b"said before\xff") == texts
    assert window(b"said before\xff", None) == b"said before\xff"
    assert window(b"long ago" + b"x" * 32_768, None) == b"x" * 32_768
    assert window(b"x" * 32_768, old) == b"x" * (32_768 - len(texts)) + texts
