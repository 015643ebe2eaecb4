"""Documents that do not say their language: it is that of their words, where these leave no doubt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.publishing import Line
from vademecum_builder.profiles.reader import PlainPages
from vademecum_builder.readers.language import guess_language
from vademecum_builder.sources.base import MARKDOWN, SourceItem
from vademecum_builder.stages.parsed import Parsed, parse

TEXTS = {
    "de": "Die Pumpe wird mit einem Schlüssel geöffnet, und der Filter ist nach einer Stunde wieder trocken. ",
    "fr": "La pompe est ouverte avec une clé, et le filtre qui est dans la boîte ne sera pas sec avant une heure. ",
    "es": "La bomba se abre con una llave, y el filtro que está en la caja no estará seco hasta las tres. ",
    "pt": "A bomba é aberta com uma chave, e o filtro que está na caixa não fica seco até as três horas do dia. ",
    "it": "La pompa si apre con una chiave, e il filtro che è nella scatola non sarà asciutto prima delle tre. ",
    "nl": "De pomp wordt met een sleutel geopend, en het filter dat in de doos zit is niet droog voor drie uur. ",
    "ru": "Насос открывают ключом, и фильтр, который был в коробке, не будет сухим до трёх часов или даже позже. ",
}
ENGLISH = "The pump is opened with a key, and the filter that is in the box will not be dry before three. "


@pytest.mark.parametrize("language", TEXTS)
def test_a_language_is_that_of_its_words(language: str) -> None:
    assert guess_language([TEXTS[language]] * 5) == language


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH * 5,
        TEXTS["de"],  # too short
        TEXTS["de"] * 3 + ENGLISH * 3,  # of two languages
        "pump = open(key); filter.dry(3); box.close() " * 20,
        "Pumpe Schlüssel Filter Dichtung Ventil Schraube Hahn Rohr " * 20,  # a list of parts
        "Помпата се отваря с ключ, а филтърът, който е в кутията, няма да бъде сух преди три часа и не се мие. " * 5,
        "Насос відкривають ключем, і фільтр, який був у коробці, не буде сухим до трьох. " * 5,
        "Na konci se a na kraji se pumpa a filtr vyjme, a na dvoře se a na střeše se nic. " * 5,
        "",
        "See github.com, gitlab.com, docs.example.com, and https://a.com/b.com. " * 40,
        "com " * 40 + "Pump " * 400,  # one word alone
    ],
)
def test_nothing_is_guessed_where_there_is_doubt_and_english_need_not_be_said(text: str) -> None:
    assert guess_language([text]) == ""


def test_of_many_words_fewer_have_to_say_little() -> None:
    catalog = TEXTS["de"] + "Pumpe Schlüssel Filter Dichtung Ventil Schraube Hahn Rohr " * 10
    assert (guess_language([catalog] * 3), guess_language([catalog] * 9)) == ("", "de")


@pytest.mark.parametrize(("before", "told"), [("", "de"), ("---\nlang: de-AT\n---\n", "de-AT")])
def test_a_document_has_it_where_it_says_none(before: str, told: str) -> None:
    text = f"{before}# Pumpen\n\n{TEXTS['de'] * 5}\n"
    parsed = parse(PlainPages(Path(), "", frozenset()), SourceItem("a.md", MARKDOWN, text.encode()), 1)
    assert isinstance(parsed, Parsed) and json.loads(parsed.row.metadata)["lang"] == told


PARTS = {
    f"{name.lower()}.md": f"# {name}\n\nFür Wasser, mit Dichtung und Ventil.\n" for name in ("Hahn", "Rohr", "Bogen")
}


def languages(line: Line) -> dict[str, str]:
    base = line.app()
    base.sync()
    return {hit.document: hit.metadata.get("lang", "") for hit in base.search("Hahn Rohr Bogen Muffe Tap Tuyau ")}


def test_documents_of_a_few_words_are_in_the_language_of_all_of_them(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(PARTS)
    assert set(languages(line).values()) == {""}  # all of them are too few
    many = PARTS | {f"muffe{n}.md": f"# Muffe {n}\n\n{TEXTS['de']}\n" for n in range(3)}
    assert line.release(many).modified == len(PARTS)
    assert set(languages(line).values()) == {"de"}
    # One alone keeps the language that it had; what says its own has that.
    line.release(many | {"muffe1.md": "# Muffe 9\n\nRund.\n", "tap.md": "---\nlang: en\n---\n# Tap\n"})
    assert languages(line) == dict.fromkeys(many, "de") | {"tap.md": "en"}


def test_a_few_words_are_not_in_the_language_of_long_documents_that_say_theirs(tmp_path: Path) -> None:
    line = Line(tmp_path)
    french = {f"rohr{n}.md": f"---\nlang: fr\n---\n# Tuyau {n}\n\n{TEXTS['fr'] * 4}\n" for n in range(3)}
    taps = {f"hahn{n}.md": f"# Tap {n}\n\n{ENGLISH}\n" for n in range(3)}
    line.release(french | taps)
    line.release(french | taps | {"hahn0.md": "# Tap\n\nRound.\n"})
    assert languages(line) == dict.fromkeys(french, "fr") | dict.fromkeys(taps, "")


def test_what_says_its_language_says_nothing_of_others(tmp_path: Path) -> None:
    line = Line(tmp_path)
    french = {f"rohr{n}.md": f"---\nlang: fr\n---\n# Tuyau {n}\n\n{TEXTS['fr']}\n" for n in range(4)}
    taps = {f"hahn{n}.md": f"# Tap {n}\n\n{ENGLISH}\n" for n in range(4)}
    line.release(french | taps)
    assert languages(line) == dict.fromkeys(french, "fr") | dict.fromkeys(taps, "")
