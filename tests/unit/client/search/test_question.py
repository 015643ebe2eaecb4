"""What may be asked, and what filters take. The same tables run in JavaScript: tests/unit/js/test_same_hits.py."""

from __future__ import annotations

from typing import Any, cast

import pytest

from vademecum.errors import UsageError
from vademecum.search.question import Question, check_question, matches
from vademecum.search.stop_words import STOP_WORDS
from vademecum.search.tokens import words_of

GOOD: dict[str, Any] = {"query": "", "limit": 10, "offset": 0, "mode": "hybrid", "filters": {}, "prefer": {}}
ASKED: list[dict[str, Any]] = [
    {},
    {"limit": 1, "offset": 1000},
    {"limit": 1000, "mode": "lexical"},
    {"query": "a" * 10_000, "mode": "semantic"},
    {"filters": {"nobody has this": "x", "tags": ["a", 2, True], "n": {"min": 1}, "none": []}},
    {"filters": {"date": {"min": "2024", "max": "2025"}}, "prefer": {"lang": "de"}},
    {"facets": []},
    {"facets": ["tags", "", "__proto__"]},
]
REFUSED: list[tuple[str, dict[str, Any]]] = [
    *(("query", {"query": query}) for query in (None, 7, ["key"], {"query": "key"})),
    *(("limit", {"limit": limit}) for limit in (0, -1, 1001, 1_000_000, 1.5, "5", None)),
    *(("offset", {"offset": offset}) for offset in (-1, 1001, "0", None)),
    *(("mode", {"mode": mode}) for mode in ("fuzzy", "", "HYBRID", 1, None, ["hybrid"])),
    *(("filters", {"filters": filters}) for filters in ("version", ["version"], 1)),
    *(
        ("filters: version", {"filters": {"version": wanted}})
        for wanted in (None, [None], [["1.0"]], {}, {"from": 1}, {"min": 1, "most": 2}, {"min": None}, {"min": [1]})
    ),
    *(("prefer", {"prefer": prefer}) for prefer in ("de", {"lang": 1}, {"lang": None}, ["de"])),
    *(("facets", {"facets": facets}) for facets in ("tags", {"tags": 1}, [1], [None], 7)),
]
SAYS: list[tuple[Any, Any, bool]] = [
    ("2.0", "2.0", True),
    ("2.0", "2", False),
    (2, "2", True),
    (2, "2.0", True),
    (2, "02e0", False),
    (2, 2, True),
    (2, 2.0, True),
    (2, [1, 2], True),
    (2, True, False),
    (1, True, False),
    (True, 1, False),
    (True, True, True),
    (True, "true", True),
    (False, "true", False),
    ("true", True, False),
    ("2", 2, False),
    (["oil", "pump"], "pump", True),
    (["oil", 7], ["red", "7"], True),
    (["oil"], ["red"], False),
    ([], "", False),
    (None, "", False),
    (None, [], False),
    ({"a": 1}, "a", False),
    ("", "", True),
    (7, {"min": 7}, True),
    (7, {"max": 7}, True),
    (7, {"min": 1, "max": 6}, False),
    (7, {"min": 8}, False),
    (7, {"min": "1"}, True),
    ("7", {"min": 1, "max": "7.5"}, True),
    ("10", {"min": 9}, True),
    ("10", {"min": "9"}, False),  # texts
    ("many", {"min": 1}, False),
    (7, {"min": "few"}, False),
    ("2024-05-01", {"min": "2024-01-01", "max": "2024-12-31"}, True),
    ("2024-05-01", {"max": "2024-05"}, False),
    (["2020", "2024"], {"min": "2023"}, True),
    ("\uff5a", {"max": "\U0001f600"}, True),  # by code points, where UTF-16 has the other order
    ("\U0001f600", {"max": "\uff5a"}, False),
    (None, {"min": 0}, False),
    (True, {"min": 0}, False),
    ({"a": 1}, {"min": 0}, False),
]


@pytest.mark.parametrize("asked", ASKED)
def test_what_may_be_asked(asked: dict[str, Any]) -> None:
    check_question(Question(**{**GOOD, **asked}))


@pytest.mark.parametrize(("name", "asked"), REFUSED, ids=str)
def test_what_may_not_be_asked_is_told_by_its_name(name: str, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"^{name} must "):
        check_question(Question(**{**GOOD, **asked}))


@pytest.mark.parametrize(("said", "wanted", "fits"), SAYS, ids=str)
def test_what_a_filter_takes(said: object, wanted: object, fits: bool) -> None:
    assert matches(said, cast("Any", wanted)) is fits


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("french", "je suis, je peux, je dois, je veux, nous avons, nous sommes, vous avez, vous etes"),
        ("spanish", "soy, tengo, quiero, estoy, debo, somos"),
        ("italian", "posso, devo, voglio, siamo"),
        ("portuguese", "sou, tenho, quero, estou, devo"),
        ("dutch", "ik ben, ik mag"),
        ("german", "ich darf, ich mochte"),
    ],
)
def test_what_askers_say_of_themselves_says_nothing_of_what_they_seek(language: str, said: str) -> None:
    assert set(words_of(said)) <= STOP_WORDS[language]
