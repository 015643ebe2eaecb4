"""What a question finds: by word, by meaning, misspelt, half typed; grouped, explained, honest."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.publishing import searched
from vademecum.encoder.query import Encoder
from vademecum.errors import UsageError
from vademecum.knowledge import KnowledgeBase
from vademecum.search.excerpt import Quote, excerpt_of, lacking, link_to, marks_of
from vademecum.search.phrases import standing
from vademecum.search.ranking import MODES, Mode, fuse
from vademecum.search.results import Hit, Place, Results
from vademecum.search.words import logarithm

PAGES = {
    "keys.md": "# Signing keys\n\n## Rotate\n\nReplace the release key. A rotated key signs nothing any more.\n\n"
    "## Make\n\nMake a root key, and a release key.\n",
    "tasks.md": "# Background tasks\n\nCall `add_task()` of `BackgroundTasks` to send mail after the answer.\n",
    "store.md": "# The store\n\nThe store is one SQLite file. Locking the store keeps other writers out.\n",
    "search.md": "# Search\n\nQueries are answered offline. A key is never needed for searching.\n",
    "de.md": "---\nlang: de\ntags: [locks, 2]\n---\n# Schlüssel\n\nDie Schlüssel werden im Ordner aufbewahrt.\n",
    "rotate.md": "# Rotate\n\nTurn the wheel.\n",
    "tidy.md": "# Store tidying\n\nThrows away what is old; rules say which copies stay.\n",
    "book.md": "# Handbook\n\nWriters, readers, mail, wheels and tidying: tidying by hand, or each night.\n\n"
    "## 2.1 By hand\n\nNothing.\n\n## Hands\n\nA hand, the other hand: by hand, by both hands.\n",
}


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return searched(tmp_path_factory.mktemp("search"), PAGES)


def keys(hits: Results) -> list[str]:
    return [hit.document for hit in hits]


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("locked", "store.md"),  # the same stem
        ("add_task", "tasks.md"),  # an identifier
        ("backgroundtasks", "tasks.md"),  # camel case, typed without
        ("sqllite file", "store.md"),  # misspelt
        ("backgruond", "tasks.md"),  # two letters swapped
        ("backgr", "tasks.md"),  # half typed
        ("backrgo", "tasks.md"),  # both
        ("add_ta", "tasks.md"),  # an identifier, half typed
        ("schlussel", "de.md"),  # without its accent
        ("SQLITE", "store.md"),
    ],
)
def test_the_words_find_it(kb: KnowledgeBase, query: str, document: str) -> None:
    for mode in ("hybrid", "lexical"):
        hits = kb.search(query, mode=mode)
        assert keys(hits)[0] == document, mode
        assert (hits.unknown, hits.nearest) == ((), False)


def test_a_page_whose_title_was_typed_comes_first(kb: KnowledgeBase) -> None:
    assert keys(kb.search("rotate"))[0] == "rotate.md"
    assert keys(kb.search("  ROTATE. "))[0] == "rotate.md"
    assert keys(kb.search("rotate the key"))[0] == "keys.md"


@pytest.mark.parametrize("title", ["handbook", "hnadbook"])
def test_a_page_whose_title_was_typed_is_shown_from_its_beginning(kb: KnowledgeBase, title: str) -> None:
    for mode in ("hybrid", "lexical"):
        first, *_ = kb.search(title, mode=mode)
        assert (first.document, first.heading, [more.heading for more in first.more]) == (
            "book.md", "", ["2.1 By hand", "Hands"]
        )  # fmt: skip


def test_of_an_identifier_that_no_page_has_the_last_part_is_being_typed(kb: KnowledgeBase) -> None:
    hits = kb.search("app.backgr")
    assert (keys(hits)[0], hits.unknown) == ("tasks.md", ("app.backgr", "app"))


def test_a_part_that_is_a_word_of_its_own_in_the_query_counts(kb: KnowledgeBase) -> None:
    assert kb.search("ta add_ta").unknown == ("ta",)


def test_a_page_that_is_called_what_was_asked_for_is_before_one_that_speaks_of_it_more(kb: KnowledgeBase) -> None:
    assert keys(kb.search("tidying"))[0] == "tidy.md"
    assert keys(kb.search("tidyi"))[0] == "tidy.md"


def test_a_heading_typed_as_it_is_leads_to_its_section(kb: KnowledgeBase) -> None:
    for query in ("by hand", "By hand?"):
        assert kb.search(query)[0].heading.endswith("2.1 By hand")


LONG = {
    "pumps.md": "# Care of hand pumps\n\nFor those who have one in their garden, or two.\n\n"
    "## Oil\n\nHand pumps, other pumps: oil hand pumps.\n\n"
    "## 2 Winter rules\n\n### Drain\n\nTake care, take care of the tap: care!\n\n"
    "### Cover\n\nWinter rules; rules of a winter: winter rules.\n\n## Big hand\n\nTwo hands.\n",
    "wheels.md": "# Big wheels\n\nOf wagons that horses draw.\n\n## Old wheels\n\nWheels, wheels: old wheels.\n",
    "other.md": "# Other\n\nA hand, a pump, a rule, a winter.\n",
}


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return searched(tmp_path_factory.mktemp("long"), LONG)


@pytest.mark.parametrize(
    ("query", "heading"),
    [
        ("hand pumps", ""),  # half of the title
        ("care of hand", ""),
        ("hand pmups", ""),
        ("care", "2 Winter rules › Drain"),  # less than half
        ("wheels", "Old wheels"),  # in a heading, too
        ("pumps for winter", "2 Winter rules › Cover"),
        ("winter rules", "2 Winter rules › Drain"),  # a heading without text of its own
        ("2 winter rules", "2 Winter rules › Drain"),
        ("rules of a winter", "2 Winter rules › Cover"),
    ],
)
def test_a_part_of_a_title_or_a_heading_leads_to_where_the_page_begins_to_say_it(
    long: KnowledgeBase, query: str, heading: str
) -> None:
    for mode in ("hybrid", "lexical"):
        first, *others = long.search(query, mode=mode)
        assert (first.document, first.heading) == ("wheels.md" if query == "wheels" else "pumps.md", heading), mode
        assert first.id not in {more.id for more in first.more}
        assert all(first.score >= other.score for other in (*first.more, *others))


def test_where_passages_are_told_one_by_one_the_best_is_first(long: KnowledgeBase) -> None:
    assert long.search("winter rules", group=False)[0].heading == "2 Winter rules › Cover"


def test_what_is_in_quotes_stands_where_a_page_is_shown_from(long: KnowledgeBase) -> None:
    assert long.search('hand pumps "oil hand"')[0].heading == "Oil"


@pytest.mark.parametrize("query", ["address already in use", "Address already in use?", "read_timeout"])
def test_what_a_text_says_word_for_word_is_before_what_has_the_words_more_often(tmp_path: Path, query: str) -> None:
    pages = {
        "said.md": "# Faults\n\nIt says `address already in use`, and stops; see server.read_timeout.\n",
        "often.md": "# Links\n\nAn address that is in use already, and another address that is used.\n",
        "more.md": "# Clocks\n\nA read-timeout.\n",
    }
    base = searched(tmp_path, pages)
    assert [keys(base.search(query, mode=mode))[0] for mode in ("hybrid", "lexical")] == ["said.md"] * 2


@pytest.mark.parametrize("keys_", [("blog/lamps.md", "lamps.md"), ("lamps.md", "blog/lamps.md")])
def test_a_page_that_tells_what_was_new_is_behind_one_as_good(tmp_path: Path, keys_: tuple[str, str]) -> None:
    pages = {key: f"# Lamps\n\n## {n}\n\nThe lamp burns oil.\n" for key, n in zip(keys_, "12", strict=True)}
    assert keys(searched(tmp_path, pages).search("oil burns")) == ["lamps.md", "blog/lamps.md"]


def test_what_a_question_says_twice_counts_twice(kb: KnowledgeBase) -> None:
    assert keys(kb.search("sqlite wheel", mode="lexical"))[0] == "rotate.md"
    assert keys(kb.search("sqlite wheel sqlite", mode="lexical"))[0] == "store.md"
    assert kb.search("mail zxcvbn zxcvbn").unknown == ("zxcvbn",)


@pytest.mark.parametrize(("sections", "share"), [(1, 2.0), (5, 1.04)])
def test_nearness_weighs_less_where_each_page_is_one_passage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sections: int, share: float
) -> None:
    pages = {
        f"{name}.md": f"# {name}\n\n" + "".join(f"## Part {n}\n\nThe {name} has {n}.\n\n" for n in range(sections))
        for name in ("lamp", "pump")
    }
    near = dict[str, float]()

    def fused(cosines: Any, nearness: Any, *arguments: Any, mode: Any, **options: Any) -> Any:
        near[mode] = nearness.max()
        return fuse(cosines, nearness, *arguments, mode=mode, **options)

    monkeypatch.setattr("vademecum.search.searcher.fuse", fused)
    base = searched(tmp_path, pages)
    for mode in MODES:
        base.search("lamp", mode=mode)
    assert near["semantic"] / near["hybrid"] == pytest.approx(share)


def test_hits_of_one_document_are_one_and_the_others_below_it(kb: KnowledgeBase) -> None:
    hits = kb.search("key")
    assert len(set(keys(hits))) == len(hits) == hits.total
    first = next(hit for hit in hits if hit.document == "keys.md")
    assert [hit.document for hit in first.more] == ["keys.md"]
    apart = kb.search("key", group=False)
    assert keys(apart).count("keys.md") == 2
    assert apart.total == len(apart)


def test_a_hit_has_at_most_ten_others_of_its_document(tmp_path: Path) -> None:
    page = "# Lamp\n\n" + "".join(f"## Part {n}\n\nThe lamp has {n}.\n\n" for n in range(14))
    (hit,) = searched(tmp_path, {"lamp.md": page}).search("lamp")
    assert len(hit.more) == 10


def test_pages_of_hits_are_the_whole_list(kb: KnowledgeBase) -> None:
    whole = kb.search("key store search tasks", 20)
    pages = [hit for offset in range(0, 20, 2) for hit in kb.search("key store search tasks", 2, offset=offset)]
    assert [hit.id for hit in pages] == [hit.id for hit in whole]


def test_a_hit_says_why_and_shows_the_sentence_with_its_words(kb: KnowledgeBase) -> None:
    (hit, *_) = kb.search("rotated keys")
    assert hit.why.words == 1
    assert hit.excerpt.endswith("A rotated key signs nothing any more.")
    assert [hit.excerpt[start:stop] for start, stop in hit.marks] == ["key", "rotated", "key"]
    (task, *_) = kb.search("task")
    assert {task.excerpt[start:stop] for start, stop in task.marks} == {"task", "Tasks"}, "parts of identifiers"


def test_what_no_page_has_is_told(kb: KnowledgeBase) -> None:
    hits = kb.search("zxcvbn key")
    assert (hits.unknown, keys(hits) != []) == (("zxcvbn",), True)
    hits = kb.search("pizza in naples key")
    assert hits.unknown == ("pizza", "naples")
    assert hits.nearest
    assert kb.search("qwertzuiop") == []
    for query in ("how to qwertzuiop", "how to qwertzuiop qwertzuiop"):
        assert kb.search(query) == [], "how to alone means nothing"
    hits = kb.search("qwertzuiop keys of the store")
    assert (hits.unknown, hits.nearest, keys(hits) != []) == (("qwertzuiop",), True, True)


@pytest.mark.parametrize(
    ("query", "nearest"),
    [
        ("sqlite offline ordner", True),  # each on another page
        ("sqlite offline", False),  # of two words a page has half
        ("sqlite locking offline ordner", False),
        ("sqlite locking keeps offline ordner throws turned", False),  # a page has two of a long question at least
        ("sqlite offline ordner throws turned nothing serve", True),
    ],
)
def test_hits_are_only_near_where_no_page_has_most_of_the_words(kb: KnowledgeBase, query: str, nearest: bool) -> None:
    hits = kb.search(query)
    assert (hits.nearest, keys(hits) != []) == (nearest, True)


def test_what_was_taken_for_another_word_is_told(kb: KnowledgeBase) -> None:
    assert kb.search("backgruond taks").meant == "background task"
    assert kb.search("background tas").meant == "", "it is still being typed"
    assert kb.search("zxcvbn key").meant == ""
    hits = kb.search("Shlüssel Ordner Čtvrtek")
    assert (hits.meant, hits.unknown) == ("Schlüssel Ordner Čtvrtek", ("Čtvrtek",)), "not folded: as people write it"


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("sstore", "store"),
        ("rtore ", ""),
        ("ublishe ", ""),
        ("ackground ", "background"),  # a slip in the first letter of a long word is one
        ("abckground ", "background"),
        ("abckgruond ", ""),
        ("ackgrou", ""),
        ("bockgr", "background"),
        ("bockg", ""),  # so few letters are near to how some word begins
    ],
)
def test_what_is_near_to_a_word_by_chance_is_not_taken_for_it(kb: KnowledgeBase, query: str, meant: str) -> None:
    hits = kb.search(query, mode="lexical")
    assert (hits.unknown, hits.meant) == ((() if meant else (query.strip(),)), meant)


def test_one_word_in_two_spellings_is_one(tmp_path: Path) -> None:
    pages = {
        "lasagna.md": "# Lasagna\n\nBake it. The sauce is one of yogurt.\n",
        "ragu.md": "# Ragu\n\nFor lasagne. Its colour is red.\n",
        "dip.md": "# Dip\n\nYoghurt, in every color.\n",
        "bread.md": "# Bread\n\nFlour, of which pasta and paste are made.\n",
        "florist.md": "# Florists\n\nThey sell a flor.\n",
        "short.md": "# Abbreviations\n\nAccommodate them.\n",
        "de.md": "---\nlang: de\n---\n# Hut\n\nDie Hütte ist aus Holz.\n",
    }
    base = searched(tmp_path, pages)
    assert keys(base.search("lasagne ", mode="lexical")) == ["lasagna.md", "ragu.md"]
    for query, found in (
        ("yoghurt", "lasagna.md dip.md"),
        ("colours", "ragu.md dip.md"),
        ("flour", "bread.md"),
        ("abreviations", "short.md"),  # doubled among the letters that words are looked up by
        ("acomodate", "short.md"),
    ):
        hits = base.search(f"{query} ", mode="lexical")
        assert (set(keys(hits)), hits.meant) == (set(found.split()), "")


def texts_encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list into which each text goes that is encoded from now on."""
    read = list[str]()

    def encode(encoder: Encoder, text: str) -> tuple[int, ...]:
        read.append(text)
        return encoded(encoder, text)

    encoded = Encoder.encode
    monkeypatch.setattr(Encoder, "encode", encode)
    return read


def test_the_table_reads_a_word_that_it_lacks_as_the_commonest_of_its_stem(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read = texts_encoded(monkeypatch)
    for query, known in (
        ("Wheeling a rotating keyz", "wheel a rotate key"),
        ("Keys of a store", "Keys of a store"),
        ("wheelingRoot", "wheel root"),
    ):
        kb.search(query, mode="semantic")
        assert read.pop() == known
    base = searched(
        tmp_path,
        {"a.md": "# Dates\n\nA zorpingDate.\n", "b.md": "# Zorps\n\nIt zorps.\n", "c.md": "# Zorps\n\nAll zorps.\n"},
    )
    for query, known in (("zorping", "zorps"), ("zorpingDate", "zorpingDate")):
        base.search(query, mode="semantic")
        assert read.pop() == known, "a part of a name that a page has is no form of a word"


def test_in_a_question_nothing_is_put_right_by_two_changes(tmp_path: Path) -> None:
    base = searched(tmp_path, {"a.md": "# Cabinets\n\nA dossier of each year.\n"})
    for query, meant, unknown in (
        ("dessiner", "dossier", ()),
        ("dessiner cabinets", "dossier cabinets", ()),
        ("dessiner cabinets year", "", ("dessiner",)),
        ("dossieer cabinets year", "dossier cabinets year", ()),
    ):
        hits = base.search(query)
        assert (hits.meant, hits.unknown) == (meant, unknown), query


def test_a_letter_that_is_being_typed_counts_little_and_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {"a.md": "# Feeding\n\nA filament of plastic.\n", "b.md": "# Arms\n\nPsi c of Psi c.\n"}
    base = searched(tmp_path, pages | {"c.md": "# Keys\n\n3 of 3, 가 of 가.\n", "d.md": "# Doors\n\nNone.\n"})
    read = texts_encoded(monkeypatch)
    for query, best, known in (
        ("filament c", "a.md", "filament"),
        ("filament c ", "b.md", "filament c "),
        ("filament 3", "c.md", "filament 3"),
        ("filament 가", "c.md", "filament 가"),
        ("the c", "b.md", "the c"),
        ("c", "b.md", "c"),
    ):
        assert base.search(query, mode="lexical")[0].document == best, query
        base.search(query, mode="semantic")
        assert read.pop() == known
    found = base.search("filament c", mode="lexical")
    assert {"a.md", "b.md"} == set(keys(found)), "it may be a word"
    for query, unknown in (("filament q", ()), ("filament q ", ("q",))):
        assert base.search(query).unknown == unknown


def test_similar_passages_are_of_other_pages(kb: KnowledgeBase) -> None:
    (hit,) = (hit for hit in kb.search("replace the release key") if hit.document == "keys.md")
    alike = kb.similar(hit.id, 3)
    assert "keys.md" not in keys(alike)
    assert len(set(keys(alike))) == len(alike) > 0
    assert [hit.score for hit in alike] == sorted((hit.score for hit in alike), reverse=True)
    (nearest,) = kb.similar(alike[0].id, 1)
    assert nearest.score == pytest.approx(alike[0].score, abs=0.1), "the cosine goes both ways"
    assert kb.similar("0" * 16) == []


@pytest.mark.parametrize("mode", MODES)
def test_a_query_means_the_same_however_its_letters_came(tmp_path: Path, mode: Mode) -> None:
    pages = {
        "a.md": "# バックアップ\n\nデータの写しを取る。\n",
        "b.md": "# データ\n\n表とグラフ。\n",
        "c.md": "# 鍵\n\n鍵。\n",
    }
    kb = searched(tmp_path, pages)
    first, *others = (
        [(hit.document, hit.score) for hit in kb.search(query, mode=mode)]
        for query in ("バックアップ データ", "ﾊﾞｯｸｱｯﾌﾟ ﾃﾞｰﾀ", unicodedata.normalize("NFD", "バックアップ データ"))
    )
    assert first and others == [first, first]


@pytest.mark.parametrize("id_", ["", "0" * 15, "G" * 16, "A" * 16, None, 7])
def test_what_is_no_id_is_told(kb: KnowledgeBase, id_: Any) -> None:
    with pytest.raises(UsageError, match="id must be"):
        kb.similar(id_)
    with pytest.raises(UsageError, match="limit must be"):
        kb.similar("0" * 16, 0)


def test_filters_and_facets(kb: KnowledgeBase) -> None:
    hits = kb.search("schlussel key", filters={"lang": "de"}, facets=["tags", "lang", "nobody"])
    assert keys(hits) == ["de.md"]
    assert hits.facets == {"tags": {"locks": 1, "2": 1}, "lang": {"de": 1}, "nobody": {}}
    assert keys(kb.search("schlussel", filters={"tags": "2"})) == ["de.md"], "what a facet names, a filter takes"
    assert kb.search("key", filters={"lang": "fr"}) == []
    assert kb.search("key").facets == {}, "of the usual fields none differs"


def test_a_field_of_the_filters_that_no_document_has_is_told_with_what_may_be_meant(kb: KnowledgeBase) -> None:
    hits = kb.search("key", filters={"langg": "de", "x": "1", "tags": "2"})
    assert (hits, hits.unsaid) == ([], {"langg": "lang", "x": ""})
    assert kb.search("key", filters={"lang": "fr"}).unsaid == kb.search("key").unsaid == {}


def test_facets_count_each_document_that_holds_what_answers(tmp_path: Path) -> None:
    pages = {f"{v}/{name}.md": f"---\nversion: '{v}'\n---\n# {name}\n\nA key.\n" for v in "12" for name in "ab"}
    base = searched(tmp_path, pages)
    assert base.search("key").facets == {"version": {"1": 2, "2": 2}}, "all of the hits stand in both"
    assert base.search("key", filters={"version": "2"}).facets == {"version": {"2": 2}}


@pytest.mark.parametrize(
    ("query", "language"),
    [
        ("comment changer le mot de passe", "fr"),
        ("¿cómo cambio la contraseña de un usuario?", "es"),
        ("wie wird der schlüssel erneuert", ""),  # one page is German
        ("how do I renew the flux compensator", ""),
        ("contraseña", ""),  # of one word nobody can tell
        ("a la carte", ""),
    ],
)
def test_a_question_in_a_language_that_no_page_is_in_is_told_so(kb: KnowledgeBase, query: str, language: str) -> None:
    assert kb.search(query).language == language


@pytest.mark.parametrize("query", ["", " ?! "])
@pytest.mark.parametrize("mode", ["hybrid", "semantic", "lexical"])
def test_filters_alone_list_what_fits_by_key(kb: KnowledgeBase, query: str, mode: Any) -> None:
    assert kb.search(query, mode=mode) == []
    hits = kb.search(query, mode=mode, filters={"lang": "de"}, facets=["tags"])
    assert (keys(hits), hits.total, hits.nearest) == (["de.md"], 1, False)
    assert (hits[0].why.words, hits[0].why.meaning, hits[0].more) == (None, None, ())
    assert hits[0].text.startswith("Die Schlüssel")
    assert hits.facets == {"tags": {"locks": 1, "2": 1}}


def test_what_is_listed_comes_page_by_page(tmp_path: Path) -> None:
    pages = {f"{name}.md": f"---\nkind: news\n---\n# {name}\n\nOne.\n\n## Two\n\nTwo.\n" for name in "zbxa"}
    base = searched(tmp_path, pages)
    listed = [hit for offset in (0, 2, 4) for hit in base.search("", 2, offset=offset, filters={"kind": "news"})]
    assert [(hit.document, hit.text) for hit in listed] == [(f"{name}.md", "One.") for name in "abxz"]
    assert [hit.score for hit in listed] == sorted((hit.score for hit in listed), reverse=True)


def test_the_words_of_a_question_are_those_that_its_hits_have(kb: KnowledgeBase) -> None:
    assert set(kb.search("rotating the key").words) == {"rotate", "rotated", "key", "keys"}
    assert set(kb.search("backgr").words) == {"background", "backgroundtasks"}
    assert kb.search("…").words == ()


@pytest.mark.parametrize(
    ("text", "words", "phrase"),
    [
        ("One. (Rotate the key, now or never.) Done.", {"key", "rotate"}, "Rotate the key, now"),
        ("A - b\n\n- see `tmp_path_factory` there.", {"path"}, "`tmp_path_factory` there"),
        ("Cell | Rotate it | Other cell", {"rotate"}, "Rotate it"),
        ("始めに。鍵を交換します。終わり。", {"交換"}, "鍵を交換します"),
        ("Nothing of it.", {"key"}, ""),
        ("x" * 5_000, {"x" * 64}, "x" * 40),
        ("A line\nthat ends", {"line"}, "line"),
    ],
)
def test_a_link_names_whole_words_from_the_first_that_was_asked_for(text: str, words: set[str], phrase: str) -> None:
    assert excerpt_of(text, frozenset(words))[2].text.strip("(.,)」。") == phrase


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("Never. Now rotate the key. Done.", "Never. Now", "Done"),
        ("The old one:\n\n    rotate the key now\n\nIt is new.", "The old one:", "It is new"),
        ("keys | rotate the key now | never", "", ""),
        ("Name | Use\nrotate the key now | Here", "Use", ""),
        (f"{'x' * 40} words of before, (rotate the key now) {'y' * 30} {'z' * 30}", "words of before,", "y" * 30),
        ("rotate the key now", "", ""),
        (f"{'x' * 99}\nrotate the key now\n{'y' * 99}", "", ""),
        ("\U0001f511 " * 40 + "rotate the key now", ("\U0001f511 " * 23).strip(), ""),
    ],
)
def test_a_link_says_which_of_several_places_is_meant(text: str, before: str, after: str) -> None:
    """By whole words beside it, of the neighbouring lines at most, and not of other cells."""
    quote = excerpt_of(text, frozenset({"rotate"}))[2]
    assert (quote.before, quote.after) == (before, after)


@pytest.mark.parametrize("short", ["e.g.", "z. B.", "(i.e.", "D. E. Knuth", "т. е."])
def test_a_full_stop_behind_a_single_letter_ends_no_sentence(short: str) -> None:
    told = f"Use {short} the pump {'again and ' * 14}again"
    assert excerpt_of(f"{told}. {'More ' * 40}.", frozenset({"pump"}))[0] == f"{told}."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Name | Use\nkey | signs\ntask | 5 s", "Name | Use • key | signs • task | 5 s"),
        ("Needed:\n\na key\na pump \n\n\ta can.\nDone", "Needed: a key • a pump • a can. Done"),
        ("鍵を交換。\n終わり\n以上", "鍵を交換。 終わり • 以上"),
        ("call(\n  1,\n  2\n)\n[3]", "call( 1, 2 ) • [3]"),
        ("x =\n  a\n  && b\n  .map(c)\n.env\ncurl \\\n  -v", "x = a && b .map(c) • .env • curl \\ -v"),
        ("/**\n * Runs it\n */\nvoid run()\n{\n  go\n}\n* a note", "/** * Runs it */ void run() { go } • * a note"),
    ],
)
def test_lines_of_an_excerpt_are_told_apart(text: str, shown: str) -> None:
    assert excerpt_of(text, frozenset())[0] == shown


def test_an_excerpt_does_not_begin_with_the_line_before_its_cell() -> None:
    told = f"Oil | {'Fill it ' * 30}again. | Turn the key."
    assert excerpt_of(told, frozenset({"key"}))[0] == "Turn the key."


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("网站的饼干设置", ["网站"], ["网站"]),
        ("网站的饼干设置", ["饼干", "干设"], ["饼干设"]),
        ("ระบบคุกกี้", ["ระ", "ะบ"], ["ระบ"]),
        ("Python网站", ["python"], ["Python"]),
        ("FastAPIの設定", ["fastapi", "設定"], ["FastAPI", "設定"]),
        ("ファイル_名", ["イル", "名"], ["イル", "名"]),
    ],
)
def test_of_writing_without_spaces_the_letters_alone_are_marked(text: str, words: list[str], marked: list[str]) -> None:
    assert [text[start:stop] for start, stop in marks_of(text, frozenset(words))] == marked


def test_what_no_page_has_is_told_in_words_and_not_in_pairs_of_letters(kb: KnowledgeBase) -> None:
    assert kb.search("key バックエンド zxcvb 未知").unknown == ("zxcvb", "バックエンド", "未知")
    assert lacking(["饼干", "干设"], "网站的饼干设置") == ("饼干设",)


def test_a_name_ends_where_writing_without_spaces_begins(tmp_path: Path) -> None:
    """Else *FastAPIの設定* is a name of its own, and a page that has *fast* and *api* apart comes first."""
    apart = "# 速い\n\nこれはfastなapiです。設定。\n"
    pages = {"a.md": "# 設定\n\nFastAPIの設定を変更します。\n", "b.md": apart, "c.md": "# 他\n"}
    hits = searched(tmp_path, pages).search("fastapi 設定")
    assert hits[0].document == "a.md" and hits.meant == ""
    assert [hits[0].excerpt[start:stop] for start, stop in hits[0].marks] == ["FastAPI", "設定"]


def test_a_link_marks_the_words_on_the_page_of_a_document(kb: KnowledgeBase) -> None:
    assert link_to("", Quote("key")) == ""
    assert link_to("https://docs.example/p", Quote()) == "https://docs.example/p"
    assert link_to("https://docs.example/p", Quote("a&b")) == "https://docs.example/p#:~:text=a%26b"
    (hit, *_) = kb.search("locking")
    assert hit.link == hit.url == "", "it has no page, and the tree is a folder"


@pytest.mark.parametrize("query", ["", "   ", "…?!", "\x00\x02", "\ud800", "a" * 10_000, "key " * 5_000, "の タ key"])
@pytest.mark.parametrize("mode", ["hybrid", "semantic", "lexical"])
def test_any_text_is_a_question(kb: KnowledgeBase, query: str, mode: str) -> None:
    hits = kb.search(query, mode=mode)  # type: ignore[arg-type]
    assert all(math.isfinite(hit.score) for hit in hits)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limit": 0}, "limit must be from 1 to 1000"),
        ({"limit": 1_000_000}, "limit must be from 1 to 1000"),
        ({"offset": -1}, "offset must be from 0 to 1000"),
        ({"offset": 1001}, "not 1001; filters narrow a question"),
        ({"filters": []}, "filters must name a value for each field"),
        ({"filters": {1: "key"}}, "filters must name a value for each field"),
        ({"prefer": []}, "prefer must name a text for each field"),
        ({"mode": "fuzzy"}, "mode must be one of hybrid, semantic, lexical"),
    ],
)
def test_what_cannot_be_meant(kb: KnowledgeBase, options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        kb.search("key", **options)  # type: ignore[arg-type]


def test_the_logarithm_is_one() -> None:
    for value in (1.0, 1.5, 2.0, 10.0, 123456.789):
        assert logarithm(value) == pytest.approx(math.log(value), rel=1e-15, abs=1e-15)


def test_a_hit_is_printed_in_one_line() -> None:
    further = Hit("1", "b.md", "B", "", "", "the whole text", 1.0, markdown="the *whole* text")
    hit = Hit("0", "a.md", "A", "B", "https://docs.example/a", "the whole text", 1.0, more=(further,))
    places = (Place("c.md", "C", ""),)
    whole = replace(hit, markdown="the *whole* text", places=places, marks=((0, 1),), link="https://docs.example/a#")
    shown = "id='0', document='a.md', title='A', heading='B', url='https://docs.example/a', score=1.0, metadata={}"
    assert repr(whole) == f"Hit({shown}, excerpt='', why=Why(words=None, meaning=None))"


@pytest.fixture(scope="module")
def quoted(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    text = "A [release key](https://example.org/any) signs it, and **re**leases too. 応答のあとで実行する。"
    return searched(tmp_path_factory.mktemp("quoted"), {**PAGES, "links.md": f"# Links\n\n{text}\n"})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("query", "documents", "unknown"),
    [
        ('"release key"', {"keys.md", "links.md"}, ()),
        ('sign "release key"', {"keys.md", "links.md"}, ()),  # beside other words
        ('"key signs it"', {"links.md"}, ()),  # the address of the link in it is not read
        ('"root key" "release key"', {"keys.md"}, ()),  # both in one passage
        ('"root key" "copies stay"', set(), ()),  # each somewhere, together nowhere
        ('"background tasks"', {"tasks.md"}, ()),  # in a title
        ('"by hand"', {"book.md"}, ()),  # a stop word and another
        ('"releases"', {"links.md"}, ()),  # one word, and no other form of it
        ('"あとで実行"', {"links.md"}, ()),  # writing without spaces
        ('"--" wheel', {"rotate.md", "book.md"}, ()),  # no word in it
    ],
)
def test_what_is_in_quotes_stands_so_in_each_hit(
    quoted: KnowledgeBase, query: str, documents: set[str], unknown: tuple[str, ...], mode: Mode
) -> None:
    hits = quoted.search(query, mode=mode)
    assert {hit.document for hit in hits} >= documents and hits.unknown == unknown
    if "--" not in query:
        assert {hit.document for hit in hits} == documents and hits.total == len(documents)


MANY = "Keys are made, and keys are kept, and the key of a release is one of these. "
SAID_THEN = [
    # All words are in the sentence before, and not as they were asked for.
    (f"{MANY * 4}Then sign with a release key.", '"release key"', "Then sign with a release key.", "release key"),
    (f"{MANY * 4}It is the way of the key.", '"of the key"', "It is the way of the key.", "of the key"),
    (f"{MANY * 4}One of them releases it.", '"releases"', "One of them releases it.", "releases it"),
    # In the middle of a line that is longer than an excerpt, and at its end.
    (f"A key {'and ' * 99} a release key {'and so ' * 99}", '"release key"', "a release key", "release key and so"),
    (f"{'release or key, ' * 30}Release key", '"release key"', "Release key", "Release key"),
    # Of two sentences that have it that with most of the words.
    (f"A release key. {MANY * 4}A release key signs.", 'sign "release key"', "key signs.", "release key signs"),
    (f"{MANY * 4}The re-release key of it.", '"release key"', "The re-release key", "re-release key of it"),
    (f"{'鍵と応答。' * 80}応答のあとで実行する。", '"あとで実行"', "あとで実行", "応答のあとで実行する"),
    # What stands across the end of a sentence is in none.
    (f"{MANY * 4}A release. Key it.", '"release key"', MANY.strip(), "key of a release"),
]


@pytest.mark.parametrize(("text", "query", "shown", "phrase"), SAID_THEN)
def test_an_excerpt_shows_what_was_asked_for_in_quotes(
    tmp_path: Path, text: str, query: str, shown: str, phrase: str
) -> None:
    page = f"# Signing\n\n{text}\n\n## More\n\n{text}\n\nMore.\n"
    [hit] = searched(tmp_path, {"a.md": page}).search(query)
    assert len(hit.more) == 1
    assert all(shown in one.excerpt for one in (hit, *hit.more)), hit
    assert (
        excerpt_of(text, frozenset({"release", "key", "signs"}), standing([query.split('"')[1]]))[2].text.rstrip(".,")
        == phrase
    )


def test_quotes_of_prose_ask_for_nothing(quoted: KnowledgeBase) -> None:
    prose = "which {} signs it, of all that are kept here and there, and who may use them to sign by hand"
    hits = quoted.search(prose.format('"release key"'))
    assert list(hits) == list(quoted.search(prose.format("release key"))) and len(hits) > 2


def test_a_phrase_that_no_page_has_is_told_and_its_words_find_what_they_find(quoted: KnowledgeBase) -> None:
    hits = quoted.search('"key release"')
    assert hits.unknown == ("key release",) and list(hits) == list(quoted.search("key release"))
    assert quoted.search('"rotates" "key xyzzy"').unknown == ("xyzzy", "rotates")  # told once
    assert quoted.search('"release key"', filters={"lang": "de"}).total == 0


def test_of_a_phrase_in_quotes_those_chunks_are_read_first_that_fit_the_filters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "A hand pump, in the yard of the neighbours, who lend it."
    pages = {"a.md": "# A\n\nA hand pump.\n", "b.md": f"---\nlang: de\n---\n# B\n\n{text}\n"}
    base = searched(tmp_path, pages)
    assert keys(base.search('"hand pump"')) == ["a.md", "b.md"]
    monkeypatch.setattr("vademecum.search.searcher._READ_FOR", 1)
    assert keys(base.search('"hand pump"')) == ["a.md"]
    assert keys(base.search('"hand pump"', filters={"lang": "de"})) == ["b.md"]
