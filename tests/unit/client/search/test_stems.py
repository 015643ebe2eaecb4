"""Forms of a word, in each language that Snowball stems; that browsers stem alike: test_twins.py."""

from __future__ import annotations

import pytest
import snowballstemmer

from vademecum.search.stems import LANGUAGES, algorithms_of, stems_of
from vademecum.search.tokens import words_of

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


def test_every_language_of_snowball_is_stemmed() -> None:
    twice = {"porter", "dutch_porter"}  # other rules for languages that are there
    assert set(LANGUAGES.values()) == set(snowballstemmer.algorithms()) - twice
    assert algorithms_of(["tlh"]) == ("english",)
