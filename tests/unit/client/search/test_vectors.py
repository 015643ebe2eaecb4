"""Exact ranking on numpy against the same thing said in ten lines of pure Python."""

from __future__ import annotations

import base64
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.publisher import EPOCH, make_encoder
from vademecum.encoder.file import EncoderFile
from vademecum.encoder.query import Encoder, decode_encoder
from vademecum.errors import ContentError
from vademecum.format.segment import ChunkRow, DocumentRow, decode_segment, encode_segment, scale_of
from vademecum.generation.live_rows import assemble
from vademecum.generation.opened import Opened
from vademecum.search.question import Question
from vademecum.search.results import Passage, view_document
from vademecum.search.searcher import Searcher
from vademecum.search.vectors import Index
from vademecum.store.pointer import Generation
from vademecum_builder.encoders.base import FitLimits
from vademecum_builder.encoders.builtin import fit_builtin
from vademecum_builder.encoders.quantise import quantise


def opened(encoder: Encoder, *segments: Sequence[DocumentRow | ChunkRow]) -> Opened:
    decoded = [
        decode_segment(
            encode_segment(
                EPOCH,
                encoder.dimensions,
                [row for row in rows if isinstance(row, DocumentRow)],
                [row for row in rows if isinstance(row, ChunkRow)],
            )
        )
        for rows in segments
    ]
    state = assemble(decoded)
    counts = (len(state.documents), len(state.chunks))
    generation = Generation(1, "v", "", EPOCH, state.digest(), *counts, "", encoder.dimensions, "", ())
    return Opened(generation, state, encoder)


def bare(dimensions: int) -> Encoder:
    """An encoder without words, for tests that bring their own vectors."""
    return Encoder(EncoderFile("bare", dimensions, [], b"", [], make_encoder().file.alphabet))


def chunk(number: int, vector: bytes, scale: int, text: str = "") -> ChunkRow:
    return ChunkRow(number, 1, vector, scale, "", "", text or f"text {number}")


def components(vector: bytes) -> list[int]:
    return [value - 256 if value > 127 else value for value in vector]


def brute_force(rows: Sequence[ChunkRow], query: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Ids and scores as format.md, section 4.2, tells it."""
    found = []
    for row in rows:
        score = row.scale * sum(q * v for q, v in zip(query, components(row.vector), strict=True))
        if score > 0:
            found.append((-score, row.id))
    return [(number, -score) for score, number in sorted(found)[:limit]]


def ranked(index: Index, query: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Ids and scores of the best chunks, as they are from the index."""
    scores = index.scores(np.array(query, np.int64))
    found = sorted((-int(score), int(number)) for number, score in zip(index.ids, scores, strict=True) if score > 0)
    return [(number, -score) for score, number in found[:limit]]


WORDS = ["key", "lamp", "rotate", "run", "home", "store", "quota", "offline"]


@given(data=st.data())
def test_ranking_is_that_of_brute_force(data: st.DataObject) -> None:
    dimensions = data.draw(st.integers(1, 9))
    vectors = st.binary(min_size=dimensions, max_size=dimensions) | st.just(b"\x80" * dimensions)
    made = st.builds(chunk, st.integers(0, 2**64 - 1), vectors, st.sampled_from([0, 1, 2, 65535]))
    rows = data.draw(st.lists(made, max_size=12, unique_by=lambda row: row.id))
    query = data.draw(st.lists(st.integers(-127, 127), min_size=dimensions, max_size=dimensions))
    cut, limit = data.draw(st.integers(0, 12)), data.draw(st.integers(0, 14))
    documents = [DocumentRow("a", 1, chunks=tuple(row.id for row in rows))]
    index = Index(opened(bare(dimensions), [*documents, *rows[:cut]], rows[cut:]))
    assert ranked(index, query, limit) == brute_force(rows, query, limit)


@pytest.mark.parametrize("dimensions", [1024, 1025, 4096])
def test_the_largest_sums_are_exact(dimensions: int) -> None:
    """Where float32 would begin to round: the scores of two differ by one component."""
    full, almost, least = (bytes([component]) for component in b"\x7f\x7e\x80")
    vectors = (full * (dimensions - 1) + almost, full * dimensions, least * dimensions)
    rows = [chunk(number, vector, 65535) for number, vector in enumerate(vectors, 1)]
    index = Index(opened(bare(dimensions), [DocumentRow("a", 1, chunks=(1, 2, 3)), *rows]))
    for sign, expected in ((127, [2, 1]), (-127, [3])):
        query = [sign] * dimensions
        scores = brute_force(rows, query, 3)
        assert [number for number, _ in scores] == expected
        assert ranked(index, query, 3) == scores


def test_the_shown_score_is_about_the_cosine() -> None:
    table = fit_builtin([f"{word} {other}" for word in WORDS for other in WORDS], FitLimits())
    encoder = decode_encoder(table.query_encoder)
    texts = [f"{word} lamp strange{word}" for word in WORDS]
    vectors = [row.tobytes() for row in quantise(table.embed(texts))]
    rows = [chunk(i, vectors[i], scale_of(vectors[i]), text) for i, text in enumerate(texts)]
    documents = [DocumentRow(str(row.id), 1, chunks=(row.id,)) for row in rows]
    searcher = Searcher(opened(encoder, [*documents, *rows]))
    for text in texts:
        hit = searcher.search(Question(text, mode="semantic"))[0]
        assert hit.text == text
        assert hit.score == pytest.approx(1, abs=0.02)


def ranked_ids(rows: Sequence[ChunkRow], query: Sequence[int], limit: int) -> list[int]:
    documents = [DocumentRow("a", 1, chunks=tuple(row.id for row in rows))]
    index = Index(opened(bare(len(query)), [*documents, *rows]))
    return [number for number, _ in ranked(index, query, limit)]


@pytest.mark.parametrize("limit", [1, 2, 50, 99, 100, 1000])
def test_exact_ties_break_by_id_also_where_the_limit_cuts(limit: int) -> None:
    numbers = [(number * 7919) % 101 + 2**63 * (number % 2) for number in range(100)]
    rows = [chunk(number, b"\x05\x05", 100) for number in dict.fromkeys(numbers)]
    assert ranked_ids(rows, [1, 2], limit) == sorted(row.id for row in rows)[:limit]


def test_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vademecum.search.vectors._BLOCK", 3)
    rows = [chunk(number, bytes([number]), 7) for number in range(1, 20)]
    assert ranked_ids(rows, [1], 5) == [19, 18, 17, 16, 15]


# The same in JavaScript ---------------------------------------------------------------------------

GOLDEN = Path(__file__).parent / "golden_scan.json"
SIZES = [96, 384, 7, 12]


def golden_case(dimensions: int) -> dict[str, Any]:
    """Return a query, a segment, and what both sides must make of them."""
    chance = random.Random(dimensions)
    query = [chance.randint(-127, 127) for _ in range(dimensions)]
    rows = [
        ChunkRow(chance.getrandbits(64), 1, chance.randbytes(dimensions), chance.getrandbits(16), "", "", "")
        for _ in range(30)
    ]
    document = DocumentRow("a", 1, chunks=tuple(row.id for row in rows))
    segment = encode_segment("e", dimensions, [document], rows)
    return {
        "dimensions": dimensions,
        "query": query,
        "segment": base64.b64encode(segment).decode(),
        "hits": [[f"{number:016x}", score] for number, score in brute_force(rows, query, 10)],
    }


def test_the_golden_file_is_what_the_page_says() -> None:
    """tests/unit/js/search/golden_scan.test.mjs reads it too; a hit is id and integer score."""
    cases = json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"]
    assert cases == [golden_case(size) for size in SIZES]
    assert all(len(case["hits"]) == 10 for case in cases)


@pytest.mark.parametrize("dimensions", SIZES)
def test_the_golden_hits_are_found(dimensions: int) -> None:
    case = golden_case(dimensions)
    segment = decode_segment(base64.b64decode(case["segment"]))
    rows: list[DocumentRow | ChunkRow] = [segment.chunk(i) for i in range(len(segment.ids))]
    index = Index(opened(bare(segment.dimensions), [segment.document(0), *rows]))
    found = ranked(index, case["query"], 10)
    assert [[f"{number:016x}", score] for number, score in found] == case["hits"]


# Hits --------------------------------------------------------------------------------------------


@pytest.fixture
def sample() -> Opened:
    encoder = make_encoder()

    def row(number: int, text: str, headings: str = "", anchor: str = "") -> ChunkRow:
        sums = encoder.accumulate(text, prefixes=False)
        largest = max(map(abs, sums))
        values = bytes(math.floor(v * 127 / largest + 0.5) & 0xFF for v in sums)
        return ChunkRow(number, 1, values, scale_of(values), headings, anchor, text)

    return opened(
        encoder,
        [
            DocumentRow("b", 1, "Title B", "b.html", '{"x":[1]}', (1, 2)),
            DocumentRow("c", 1, "Title C", "", "", (2, 3)),
            DocumentRow("dead", 1, "Dead", "", "", (4,)),
            row(1, "rotate the key", "Keys\x1fRotate", "rotate"),
            row(2, "run home"),
            row(3, "a lamp", "Lamp", "lamp"),
            row(4, "the dead key"),
        ],
        [DocumentRow("dead", 2, removed=True)],
    )


def test_a_hit_shows_everything(sample: Opened) -> None:
    hit = Searcher(sample).search(Question("rotate the key", mode="semantic"))[0]
    assert hit.id == "0000000000000001"
    assert (hit.document, hit.title, hit.heading) == ("b", "Title B", "Keys › Rotate")
    assert (hit.url, hit.text, hit.metadata) == ("b.html#rotate", "rotate the key", {"x": [1]})
    assert 5 / 8 < hit.score < 1, "the cosine of a text with itself is 1, and counts five eighths"


def test_a_url_has_an_anchor_only_where_both_are_known(sample: Opened) -> None:
    index = Searcher(sample)
    by_text = {hit.text: hit for query in ("run home", "lamp") for hit in index.search(Question(query))}
    assert by_text["run home"].url == "b.html"
    assert by_text["a lamp"].url == ""


def test_a_shared_chunk_belongs_to_the_lowest_key(sample: Opened) -> None:
    hit = next(hit for hit in Searcher(sample).search(Question("run home")) if hit.text == "run home")
    assert hit.document == "b"


@pytest.mark.parametrize("query", ["", "   ", "xyzzy plugh", "…"])
def test_no_known_word_gives_no_hits(sample: Opened, query: str) -> None:
    assert Searcher(sample).search(Question(query)) == []


@pytest.mark.parametrize("limit", [0, -1])
def test_no_room_gives_no_hits(sample: Opened, limit: int) -> None:
    assert Searcher(sample).search(Question("key", limit)) == []


def test_the_dead_are_not_found(sample: Opened) -> None:
    assert "the dead key" not in {hit.text for hit in Searcher(sample).search(Question("the dead key", 100))}


def test_an_empty_generation() -> None:
    assert Searcher(opened(make_encoder())).search(Question("key")) == []
    only_tombstones = opened(make_encoder(), [DocumentRow("gone", 1, removed=True)])
    assert Searcher(only_tombstones).search(Question("key")) == []


def test_metadata_that_are_no_object_raise_our_error() -> None:
    encoder = make_encoder()
    rows: list[DocumentRow | ChunkRow] = [
        DocumentRow("a", 1, metadata="[1]", chunks=(1,)),
        chunk(1, bytes([1, 1, 1, 1]), 9),
    ]
    index = Searcher(opened(encoder, rows))
    with pytest.raises(ContentError, match="document metadata"):
        for query in ("key", "lamp", "run", "home", "rotate", "and"):  # some of them have a positive score
            index.search(Question(query))


# Whole documents ---------------------------------------------------------------------------------


def test_a_document_in_reading_order(sample: Opened) -> None:
    view = view_document(sample, "b")
    assert view is not None
    assert (view.key, view.title, view.url, view.metadata) == ("b", "Title B", "b.html", {"x": [1]})
    (rotate, home) = sample.state.segments[0].document(sample.state.documents[b"b"][1]).chunks
    assert view.chunks == (
        Passage(f"{rotate:016x}", "Keys › Rotate", ("Keys", "Rotate"), "rotate", "rotate the key", "rotate the key"),
        Passage(f"{home:016x}", "", (), "", "run home", "run home"),
    )


@pytest.mark.parametrize("key", ["", "a", "dead"])
def test_a_document_that_is_not_there(sample: Opened, key: str) -> None:
    assert view_document(sample, key) is None
