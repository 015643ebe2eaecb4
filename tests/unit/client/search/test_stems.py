"""Forms of a word, in each language that Snowball stems; that browsers stem alike: test_twins.py."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import snowballstemmer

from vademecum.search.local import index_documents
from vademecum.search.segment_words import read_words
from vademecum.search.stems import BEFORE, LANGUAGES, _stemmer, algorithms_of, stems_of
from vademecum.search.tokens import words_of
from vademecum.search.words import Words

FORMS = {
    "ar": "مفتاح المفتاح مفتاحها",
    "ca": "servidor servidors",
    "cs": "server servery serveru",
    "de-AT": "Schlüssel Schlüsseln",
    "el": "κλειδί κλειδιά κλειδιού",
    "eo": "servilo serviloj",
    "et": "kasutaja kasutajad kasutajate",
    "fa": "کلید کلیدها کلیدهای",
    "hi": "किताब किताबें",
    "hy": "սերվեր սերվերներ",
    "id": "perbarui memperbarui diperbarui",
    "lt": "raktas raktai rakto raktą",
    "pl": "klucz klucze kluczy klucza kluczem",
    "sr": "сервер сервери сервера server serveri",
    "ta": "சாவி சாவிகள்",
    "tr": "kitap kitaplar",
}


@pytest.mark.parametrize("tag", FORMS)
def test_forms_of_a_word_have_one_stem(tag: str) -> None:
    words = words_of(FORMS[tag])
    assert len(words) == len(FORMS[tag].split())
    assert len({stems_of(word, algorithms_of([tag])) for word in words}) == 1


@pytest.mark.parametrize(
    ("tag", "text", "query"),
    [
        ("ar", "عند فقدان المفتاح يجب استبداله", "مفتاح"),
        ("ar", "مفتاح", "المفتاح"),
        ("ar", "بالمفتاح", "المفتاح"),
        ("id", "cara memperbarui perangkat", "diperbarui"),
        ("id", "mencari", "cari"),
    ],
)
def test_a_word_is_found_whatever_its_language_puts_before_it(tag: str, text: str, query: str) -> None:
    opened = index_documents([{"key": "a", "text": text}])
    words = Words(opened, [read_words(segment) for segment in opened.state.segments], algorithms_of([tag]))
    assert words.find(f"{query} ").unknown == ()


@pytest.mark.parametrize("name", BEFORE)
def test_what_is_looked_for_in_front_is_what_a_stemmer_takes_off(name: str) -> None:
    stem = snowballstemmer.stemmer(name).stemWord
    words = {
        "arabic": "كتاب خادم مستخدم",
        "indonesian": "ajar baru barui cari kunci guna",
        "sesotho": "bala ruta senotlolo",
    }
    for before in BEFORE[name]:
        assert any(stem(before + word) == stem(word) for word in words[name].split()), before


def test_every_language_of_snowball_is_stemmed() -> None:
    twice = {"porter", "dutch_porter"}  # other rules for languages that are there
    assert set(LANGUAGES.values()) == set(snowballstemmer.algorithms()) - twice
    assert algorithms_of(["tlh"]) == ("english",)


def test_threads_do_not_stem_in_each_others_words() -> None:
    """A stemmer keeps in itself the word that it is at: a server's threads got an IndexError, or stems of other words,
    which stayed in the cache for all."""
    with ThreadPoolExecutor(1) as pool:
        there = pool.submit(_stemmer, "english").result()
    here = _stemmer("english")
    assert here("rotations") == there("rotations") == "rotat"
    assert getattr(here, "__self__", here) is not getattr(there, "__self__", here)
    assert _stemmer("english") == here
