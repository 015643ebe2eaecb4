"""One text in many places: which documents a search may show, and which of several places it shows."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from support.publisher import EPOCH
from vademecum.encoder.query import decode_encoder
from vademecum.format.segment import ChunkRow, DocumentRow, chunk_id, decode_segment, encode_segment, scale_of
from vademecum.generation.live_rows import assemble
from vademecum.generation.opened import Opened
from vademecum.search.places import Places
from vademecum.search.question import Question
from vademecum.search.results import Hit, Place
from vademecum.search.searcher import Searcher
from vademecum.store.pointer import Generation
from vademecum_builder.encoders.base import FitLimits
from vademecum_builder.encoders.builtin import fit_builtin
from vademecum_builder.encoders.quantise import quantise

START = "Turn the red lever to start the pump."
Texts = list[tuple[str, str]]
"""Headings and text of chunks."""


def index_of(
    documents: Mapping[str, tuple[dict[str, Any], Texts]],
    order: Mapping[str, tuple[str, ...]] | None = None,
    title: str = "Pump",
) -> Searcher:
    texts = sorted({text for _, chunks in documents.values() for text in chunks})
    table = fit_builtin([text for _, text in texts] * 3, FitLimits())
    vectors = [vector.tobytes() for vector in quantise(table.embed([text for _, text in texts]))]
    rows = {
        text: ChunkRow(chunk_id(title, *text, ""), 1, vector, scale_of(vector), text[0], "a", text[1])
        for text, vector in zip(texts, vectors, strict=True)
    }
    held = [
        DocumentRow(
            key, 1, said.get("title", title), f"{key}/", json.dumps(said), tuple(rows[text].id for text in chunks)
        )
        for key, (said, chunks) in documents.items()
    ]
    encoder = decode_encoder(table.query_encoder)
    segment = decode_segment(encode_segment(EPOCH, encoder.dimensions, held, list(rows.values())))
    state = assemble([segment])
    generation = Generation(1, "v", "", EPOCH, state.digest(), len(held), len(rows), "", encoder.dimensions, "", ())
    return Searcher(Opened(replace(generation, places=order or {}), state, encoder))


def shown(hits: list[Hit]) -> list[tuple[str, list[str]]]:
    return [(hit.document, [place.document for place in hit.places]) for hit in hits]


@functools.cache
def versions() -> Searcher:
    pages = {f"{name}/pump": ({"version": name, "pageKey": "pump"}, [("", START)]) for name in ("1.0", "10.0", "2.0")}
    return index_of(pages, {"version": ("10.0", "2.0", "1.0")})


def test_of_one_text_in_many_versions_the_current_one_is_shown_and_the_others_are_listed() -> None:
    (hit,) = versions().search(Question("start the pump"))
    assert shown([hit]) == [("10.0/pump", ["2.0/pump", "1.0/pump"])]
    assert hit.metadata["version"] == "10.0"
    assert hit.places[0] == Place("2.0/pump", "Pump", "2.0/pump/#a", version="2.0")


def test_a_reader_of_one_version_gets_this_one() -> None:
    assert shown(versions().search(Question("start the pump", prefer={"version": "2.0"}))) == [
        ("2.0/pump", ["10.0/pump", "1.0/pump"])
    ]
    assert shown(versions().search(Question("start the pump", prefer={"version": "7"})))[0][0] == "10.0/pump"


def test_a_filter_takes_only_documents_that_say_so() -> None:
    assert shown(versions().search(Question("start the pump", filters={"version": "1.0"}))) == [
        ("1.0/pump", ["10.0/pump", "2.0/pump"])
    ]
    assert shown(versions().search(Question("start the pump", filters={"version": ["1.0", "2.0"]})))[0][0] == "2.0/pump"
    assert versions().search(Question("start the pump", filters={"version": "3.0"})) == []
    assert versions().search(Question("start the pump", filters={"version": "1.0", "lang": "de"})) == []


def test_a_filter_goes_by_any_field_and_into_lists() -> None:
    index = index_of({"a": ({"tags": ["oil", "red"]}, [("", START)]), "b": ({}, [("", START + " Now.")])})
    assert shown(index.search(Question("start the pump", filters={"tags": "red"}))) == [("a", [])]
    assert shown(index.search(Question("start the pump", filters={"tags": ["blue", "oil"]}))) == [("a", [])]


def test_as_many_hits_as_are_asked_for_come_through_a_filter() -> None:
    documents = {f"{i:02}": ({"n": str(i % 2)}, [("", f"{START} {i}")]) for i in range(40)}
    assert len(index_of(documents).search(Question("start the pump", 15, filters={"n": "1"}))) == 15


def test_without_places_the_lowest_key_is_shown_and_mirrors_are_listed() -> None:
    index = index_of({"b": ({}, [("", START)]), "a": ({}, [("", START)]), "c": ({}, [("", START)])})
    assert shown(index.search(Question("start the pump"))) == [("a", ["b", "c"])]


def test_an_older_version_of_a_section_gives_way_and_one_that_is_gone_stays() -> None:
    index = index_of(
        {
            "1/pump": ({"version": "1", "pageKey": "pump"}, [("Start", START), ("Oil", "Oil the pump in May.")]),
            "2/pump": ({"version": "2", "pageKey": "pump"}, [("Start", START + " Gently.")]),
        },
        {"version": ("2", "1")},
    )
    found = shown(index.search(Question("start the pump in May with oil")))
    assert sorted(found) == [("1/pump", ["2/pump"]), ("2/pump", ["1/pump"])]
    many = index.search(Question("start the pump in May with oil", limit=1)).total
    assert many == 2, "the second is another hit, though it is one page"
    assert [hit.heading for hit in index.search(Question("oil the pump in May")) if hit.document == "1/pump"] == ["Oil"]
    assert shown(index.search(Question("start the pump"))) == [("2/pump", ["1/pump"])]


@pytest.mark.parametrize(
    ("language", "expected"), [("", "a"), ("de", "de/a"), ("de-AT", "de/a"), ("DE", "de/a"), ("fr", "a")]
)
def test_a_translation_is_shown_to_those_who_read_its_language(language: str, expected: str) -> None:
    index = index_of(
        {
            "a": ({}, [("Begin", "Run pumpctl start")]),
            "de/a": ({"lang": "de", "pageKey": "a"}, [("Anfang", "Run pumpctl start")]),
        },
        {"lang": ("de",)},
    )
    prefer = {"lang": language} if language else {}
    (hit,) = index.search(Question("pumpctl start", prefer=prefer))
    assert hit.document == expected
    assert len(hit.places) == 1


@pytest.mark.parametrize("headings", [("Start", "Anfang"), ("", ""), ("Installation", "Installation")])
def test_a_translation_that_does_not_answer_takes_no_place(headings: tuple[str, str]) -> None:
    index = index_of(
        {
            "a": ({}, [(headings[0], START)]),
            "de/a": (
                {"lang": "de", "pageKey": "a"},
                [(headings[1], "Zieh den roten Hebel pump, dann warte auf das Wasser")],
            ),
        },
        {"lang": ("de",)},
    )
    assert index.search(Question("start the pump", prefer={"lang": "de"}))[0].document == "a"


def test_who_types_the_title_of_a_translation_means_it() -> None:
    index = index_of(
        {
            "a": ({"title": "Valves"}, [("", START)]),
            "de/a": ({"title": "Ventile", "lang": "de", "pageKey": "a"}, [("", START + " Ventile")]),
        },
        {"lang": ("de",)},
    )
    assert [hit.document for hit in index.search(Question("ventile"))] == ["de/a"]
    assert [hit.document for hit in index.search(Question("start the pump"))] == ["a"]


@pytest.mark.parametrize(
    ("prefer", "titled", "scores", "stay"),
    [
        ({}, "", {"a": 80, "de/a": 100}, ["a"]),
        ({}, "", {"a": 79, "de/a": 100}, ["a", "de/a"]),
        ({"lang": "de"}, "", {"a": 100, "de/a": 60}, ["de/a"]),
        ({"lang": "de"}, "", {"a": 100, "de/a": 59}, ["a", "de/a"]),
        ({}, "a de/a", {"a": 9, "de/a": 100}, ["a"]),
        ({"lang": "de"}, "a de/a", {"a": 100, "de/a": 9}, ["de/a"]),
        ({}, "de/a", {"a": 100, "de/a": 80}, ["de/a"]),
        ({}, "de/a", {"a": 100, "de/a": 79}, ["a", "de/a"]),
        ({"lang": "de"}, "a", {"a": 100, "de/a": 90}, ["a"]),
    ],
)
def test_a_translation_has_to_be_nearly_as_good(
    prefer: dict[str, str], titled: str, scores: dict[str, int], stay: list[str]
) -> None:
    """Less nearly for those who ask for its language; but whose title is typed, that stands in the list once."""
    pages: dict[str, tuple[dict[str, Any], Texts]] = {
        "a": ({}, [("Start", START)]),
        "de/a": ({"lang": "de", "pageKey": "a"}, [("Anfang", START)]),
    }
    assert stays(pages, {"lang": ("de",)}, prefer, scores, titled.split()) == stay


def stays(
    pages: Mapping[str, tuple[dict[str, Any], Texts]],
    order: Mapping[str, tuple[str, ...]],
    prefer: Mapping[str, str],
    scores: Mapping[str, int],
    titled: Collection[str],
) -> list[str]:
    """Return which of two documents stay, by the scores of their chunks, in the order of the keys of `scores`."""
    places = Places(index_of(pages, order)._opened)
    held = [places.choose(row, None, prefer) for row in range(2)]
    candidates = [(row, scores[list(scores)[at]], at, rank) for row, (at, rank) in enumerate(held)]
    called = {row for row, _, at, _ in candidates if [*scores][at] in titled}
    return sorted([*scores][candidates[number][2]] for number in places.settled(candidates, called))


@pytest.mark.parametrize(
    ("headings", "scores", "stay"),
    [
        (("Start", "Begin"), {"1/a": 100, "2/a": 80}, ["2/a"]),
        (("Start", "Begin"), {"1/a": 100, "2/a": 79}, ["1/a", "2/a"]),
        (("Start", "Begin"), {"1/a": 9, "2/a": 100}, ["2/a"]),
        (("Start", "Start"), {"1/a": 100, "2/a": 9}, ["2/a"]),
    ],
)
def test_an_older_version_gives_way_to_a_newer_that_answers_under_another_heading(
    headings: tuple[str, str], scores: dict[str, int], stay: list[str]
) -> None:
    pages: dict[str, tuple[dict[str, Any], Texts]] = {
        f"{name}/a": ({"version": name, "pageKey": "a"}, [(heading, f"{START} {name}")])
        for name, heading in zip("12", headings, strict=True)
    }
    assert stays(pages, {"version": ("2", "1")}, {}, scores, frozenset()) == stay
