"""`kind = "catalog"`: from the settings to documents, and what they may not say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vademecum import KnowledgeBase
from vademecum.errors import ContentError, UsageError
from vademecum_builder.build import build
from vademecum_builder.kinds.registry import kind_of, open_sources
from vademecum_builder.readers.document import LONGEST_URL, Document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.readers.private import why_private_record
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import Skipped, SourceItem
from vademecum_builder.sources.prices import price_of

WITHHELD = "pages that are not public"
UNREADABLE = "is not a time that can be read: write it as 2027-03-31"
SETTINGS = """
site = false
[[source]]
name = "shop"
kind = "catalog"
path = "shop.json"
"""


def documents(
    folder: Path, records: list[dict[str, Any]], settings: str = "", told: list[str] | None = None
) -> list[Document]:
    (folder / "shop.json").write_text(json.dumps(records))
    (folder / "vademecum.toml").write_text(SETTINGS + settings)
    request = read_settings(folder / "vademecum.toml")
    [opened] = kind_of("catalog").open_source(request.sources[0], request)
    reader = opened.reader()
    read = [reader.read(item) for item in opened.source.changes(None).entries if isinstance(item, SourceItem)]
    assert all(isinstance(document, Document) for document in read)
    [anew] = kind_of("catalog").open_source(request.sources[0], request)
    assert (anew.reader(), repr(anew.reader())) == (reader, repr(reader))  # what it has read makes it no other one
    if told is not None:
        told += reader.warnings()
    return read  # type: ignore[return-value]


def text(document: Document) -> str:
    return "\n".join(str(block) for section in document.sections for block in section.blocks)


PUMP = {"id": 7, "name": "Pump", "note": "Of steel.", "spec": {"use": "For water.", "tags": ["oil", "air"]}, "kg": 4}


def test_without_settings_every_text_is_read(tmp_path: Path) -> None:
    pump, german, neither = documents(
        tmp_path, [PUMP, {"id": 8, "text": "Rund.", "titel": "Ventil"}, {"id": 9, "note": "A"}]
    )
    assert (pump.key, pump.title, pump.url, pump.metadata) == ("7", "Pump", "", {})
    assert text(pump) == "Of steel.\nSpec tags: oil, air\nSpec use: For water."
    assert (german.title, text(german), neither.title) == ("Ventil", "Rund.", "A")


def test_a_record_says_its_language_as_tables_of_translations_call_it(tmp_path: Path) -> None:
    names = ("lang", "locale", "langcode", "lang_code", "language_code")
    said = [*((name, "pt_BR") for name in names), ("language", "Dutch"), ("lang", "of the film")]
    read = documents(tmp_path, [{"id": n, "name": "Pump", name: value} for n, (name, value) in enumerate(said)])
    assert [one.metadata.get("lang") for one in read] == [*["pt-BR"] * len(names), None, None]


def test_what_a_name_calls_private_is_no_text_unless_the_settings_name_it(tmp_path: Path) -> None:
    told: list[str] = []
    record = {
        "id": 1,
        "name": "Ann",
        "Passwort": "hunter2",
        "who": {"e-mail": "a@b.org"},
        "InternalNotes": ["Owes us."],
    }
    records = [record | {"id": n, "desk": f"ask Bo, 0171-555 {n}", "bio": "Plants trees."} for n in range(3)]
    assert {text(one) for one in documents(tmp_path, records, told=told)} == {
        f"Bio: Plants trees.\nDesk: ask Bo, 0171-555 {n}" for n in range(3)
    }
    private, reached = told
    assert "InternalNotes, Passwort, who.e-mail are left out" in private and "desk are published" in reached
    told.clear()
    [one, *_] = documents(tmp_path, records, 'text = ["Passwort"]', told)
    assert (text(one), told) == ("hunter2", [])


def test_of_an_object_that_is_named_what_its_names_call_private_is_left_out_unless_it_is_named(tmp_path: Path) -> None:
    fields = {"bio": "Plants trees.", "password": "pbkdf2", "at": [{"town": "York", "email": "a@b.org"}]}
    record = {"id": 1, "fields": fields, "more": {"token": {"a": "t0k"}, "x": 1}}
    told: list[str] = []
    settings = 'title = "id"\ntext = ["fields"]\nmetadata = ["more"]\n'
    [one] = documents(tmp_path, [record], settings, told)
    assert (text(one), one.metadata) == ("at: York, bio: Plants trees.", {"more": {"x": 1}})
    assert len(told) == 1 and "source.text: fields.at.email, fields.password, more.token are left out" in told[0]
    named = settings.replace('"fields"', '"fields", "fields.password", "fields.at.0.email"')
    [one] = documents(tmp_path, [record], named.replace('"more"', '"more.token.a"'))
    assert (
        text(one)
        == "at: email: a@b.org, town: York, bio: Plants trees., password: pbkdf2\nPassword: pbkdf2\nAt email: a@b.org"
    )
    assert one.metadata == {"more.token.a": "t0k"}


def test_each_setting_shapes_the_document(tmp_path: Path) -> None:
    settings = """
id = "id"
title = "{name} no. {id}"
text = ["note", "Use: {spec.use} {missing.by.all}"]
link = "https://shop.example/{name}?q={spec.tags}"
metadata = ["kg", "spec.tags", "note"]
updated = "at"
"""
    record = PUMP | {"name": "Ö/l & Gas", "at": "2026-11-28T12:00:00+01:00", "missing": {"by": {"all": None}}}
    with pytest.raises(UsageError, match="no record has a field 'missing"):
        documents(tmp_path, [record], settings)
    [pump] = documents(tmp_path, [record], settings.replace(" {missing.by.all}", ""))
    assert (pump.title, text(pump)) == ("Ö/l & Gas no. 7", "Of steel.\nUse: For water.")
    assert pump.url == "https://shop.example/%C3%96%2Fl%20%26%20Gas?q=oil%2C%20air"
    assert pump.metadata == {
        "kg": 4, "spec.tags": ["oil", "air"], "note": "Of steel.", "updated": "2026-11-28T11:00:00Z",
    }  # fmt: skip


def test_of_a_field_with_another_use_the_rest_is_text(tmp_path: Path) -> None:
    [pump] = documents(tmp_path, [PUMP], 'metadata = ["spec.use", "kg"]')
    assert (text(pump), pump.metadata) == ("Of steel.\nSpec tags: oil, air", {"spec.use": "For water.", "kg": 4})


MONSTER = {
    "id": 1,
    "name": "Basilisk",
    "size": "Medium",
    "damageImmunities": ["poison", "acid"],
    "desc": "A lizard of stone",
    "label": "King of snakes",
    "gaze": "Turns to stone who looks at it.",
    "armor class": 15,
    "kind": {"name": "monstrosity"},
}
FACTS = 'text = ["size", "damageImmunities", "desc", "gaze", "label", "name", "armor class", "kind.name"]'


def blocks(document: Document) -> list[str]:
    return [block_text(block) for section in document.sections for block in section.blocks]


@pytest.mark.parametrize("form", ["plain", "auto", "markdown"])
def test_a_fact_stands_with_its_name_and_those_that_follow_each_other_in_one_paragraph(
    tmp_path: Path, form: str
) -> None:
    [monster] = documents(tmp_path, [MONSTER], f'title = "name"\n{FACTS}\nformat = "{form}"\n')
    assert blocks(monster) == [
        "Size: Medium\nDamage immunities: poison, acid",
        "A lizard of stone",
        "Turns to stone who looks at it.",
        "King of snakes",
        "Basilisk",
        "Armor class: 15\nKind: monstrosity",
    ]


def test_what_is_a_block_of_markdown_or_the_text_of_a_wiki_has_no_name_before_it(tmp_path: Path) -> None:
    record = {"id": 1, "title": "A", "part": "- a hose", "care": "## Care", "wiki": "#REDIRECT [[B]]", "more": "x"}
    [markdown] = documents(tmp_path, [record], 'text = ["part", "care", "more"]\nformat = "markdown"\n')
    assert [(section.headings, [*map(block_text, section.blocks)]) for section in markdown.sections] == [
        ((), ["a hose"]),
        (("Care",), ["More: x"]),
    ]
    (tmp_path / "vademecum.toml").write_text(f'{SETTINGS}text = ["wiki", "more"]\nformat = "mediawiki"\n')
    request = read_settings(tmp_path / "vademecum.toml")
    [opened] = kind_of("catalog").open_source(request.sources[0], request)
    [item] = [one for one in opened.source.changes(None).entries if isinstance(one, SourceItem)]
    assert opened.reader().read(item) == "pages of a wiki that lead to others"


def test_a_list_of_words_is_a_fact_and_one_of_paragraphs_is_a_text_each(tmp_path: Path) -> None:
    record = {
        "id": 1,
        "name": "Ann",
        "desk": [f"ask Bo, 0171-555 {n}, or at the door" for n in range(9)],
        "html": ["<p>Plants trees.</p>", "<p>Waters them</p>"],
        "rule": ["Who plants a tree waters it.", "Who has none waits"],
        "wood": ["oak", "elm"],
    }
    told: list[str] = []
    [one] = documents(tmp_path, [record], told=told)
    desk, *others = blocks(one)
    assert desk.startswith("Desk: ask Bo, 0171-555 0, or") and "desk are published" in told[0]
    assert others == [
        "Plants trees.",
        "Waters them",
        "Who plants a tree waters it.",
        "Rule: Who has none waits\nWood: oak, elm",
    ]


def test_what_stands_alone_or_in_braces_is_said_without_a_name(tmp_path: Path) -> None:
    [alone] = documents(tmp_path, [MONSTER], 'text = "size"')
    [braces] = documents(tmp_path, [MONSTER], 'text = ["{size}", "Type: {kind.name}", "armor class"]')
    [single] = documents(tmp_path, [{"id": 1, "name": "Basilisk", "size": "Medium"}])
    assert [blocks(one) for one in (alone, braces, single)] == [
        ["Medium"],
        ["Medium", "Type: monstrosity", "Armor class: 15"],
        ["Medium"],
    ]


def test_what_becomes_the_title_is_said_without_a_name(tmp_path: Path) -> None:
    records = [{"id": 1, "kind": "Pump", "wood": "oak", "size": "M"}, {"id": 2, "kind": "", "wood": "elm", "size": "S"}]
    read = documents(tmp_path, records, 'title = "kind"\ntext = ["kind", "wood", "size"]\n')
    assert [(one.title, blocks(one)) for one in read] == [
        ("Pump", ["Pump", "Wood: oak\nSize: M"]),
        ("elm", ["elm", "Size: S"]),
    ]
    [bare] = documents(tmp_path, [{"id": 1, "wood": "oak", "size": "M"}])
    assert (bare.title, blocks(bare)) == ("M", ["M", "Wood: oak"])


def test_a_name_is_no_markup_and_what_is_markup_has_no_name(tmp_path: Path) -> None:
    record = {
        "id": 1,
        "name": "Chair",
        "<b>": "R&D",
        "*#*": "4",
        "care": "<b>Oil</b> it",
        "wood": "oak",
        "use": "Sit on it: it holds.",
    }
    settings = 'title = "name"\ntext = ["<b>", "wood", "care", "use"]\nformat = '
    [auto] = documents(tmp_path, [record], f'{settings}"auto"\n')
    [html] = documents(tmp_path, [record], f'{settings}"html"\n')
    [markdown] = documents(tmp_path, [record], f'{settings.replace("<b>", "*#*")}"markdown"\n')
    assert blocks(auto) == ["<b>: R&D\nWood: oak", "Oil it", "Sit on it: it holds."]
    assert blocks(html)[0] == blocks(auto)[0]
    assert blocks(markdown) == ["*#*: 4\nWood: oak\nCare: Oil it", "Sit on it: it holds."]


def test_records_are_read_anew_where_a_fact_gets_its_name(tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text(json.dumps([MONSTER]))
    shapes = []
    for told in ('text = ["size", "kind.name"]', 'text = ["{size}", "kind.name"]'):
        (tmp_path / "vademecum.toml").write_text(SETTINGS + told)
        request = read_settings(tmp_path / "vademecum.toml")
        [opened] = kind_of("catalog").open_source(request.sources[0], request)
        shapes.append(opened.reader().shaped_by(SourceItem("1", "", b"")))
    assert shapes[0] != shapes[1]


def test_an_address_that_leads_nowhere_is_left_out_and_told(tmp_path: Path) -> None:
    urls = ["https://a.example/a b", "https://a.example/".ljust(LONGEST_URL, "x"), "https://a.example/a\tb", "x" * 9999]
    read = documents(tmp_path, [{"id": n, "name": "A", "u": url} for n, url in enumerate(urls)], 'link = "u"')
    assert [one.url for one in read] == ["", urls[1], "", ""]
    told = "{}: address {!r} is left out: too long, or with spaces"
    assert [one.warnings for one in read] == [
        () if n == 1 else (told.format(n, url[:60]),) for n, url in enumerate(urls)
    ]  # fmt: skip


def test_every_setting_makes_other_documents(tmp_path: Path) -> None:
    def shape(settings: str) -> str:
        (tmp_path / "vademecum.toml").write_text(SETTINGS + settings)
        request = read_settings(tmp_path / "vademecum.toml")
        [opened] = kind_of("catalog").open_source(request.sources[0], request)
        return opened.reader().shaped_by(SourceItem("7", "", b""))

    (tmp_path / "shop.json").write_text("[{}]")
    told = [
        'text = "note"',
        'text = ["name"]',
        'title = "note"',
        'link = "note"',
        'metadata = ["kg"]',
        'updated = "at"',
    ]
    told += ['zone = "UTC"', 'format = "html"', 'id = "name"', 'metadata = ["at"]', 'title = "{note}!"']
    assert len({*map(shape, ["", *told])}) == 1 + len(told) and shape(told[0]) == shape(told[0])


def test_a_time_without_a_zone_is_an_error_of_its_record(tmp_path: Path) -> None:
    why = "2026-01-01 00:00:00 has no zone; the settings have to say which it is"
    with pytest.raises(ContentError) as failed:
        documents(tmp_path, [PUMP | {"at": "2026-01-01 00:00:00"}], 'updated = "at"')
    assert failed.value.message == f'7: at: {why} source.updated: write zone = "Europe/Berlin", say'


def test_tags_of_stack_exchange_are_a_list(tmp_path: Path) -> None:
    tags = ["<hops><dry-hop>", "|hops|dry-hop|", "a < b > c", "<b>bold</b> text"]
    read = documents(tmp_path, [PUMP | {"id": n, "tags": one} for n, one in enumerate(tags)], 'metadata = ["tags"]')
    assert [document.metadata["tags"] for document in read] == [["hops", "dry-hop"]] * 2 + tags[2:]


def test_a_record_whose_date_cannot_be_read_has_none_and_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    records = [PUMP | {"id": n, "at": at} for n, at in enumerate(("04/01/2025", "2025-04-01", "", "31.02.2025"))]
    read = documents(tmp_path, records, 'updated = "at"\nzone = "UTC"\n', told)
    assert [document.metadata.get("updated") for document in read] == [None, "2025-04-01T00:00:00Z", None, None]
    [warning] = told
    assert "source.updated: 2 records without a date, as 0: '04/01/2025' is not a time: " in warning


def test_a_title_in_markdown_is_shown_without_marks_and_code_that_speaks_of_html_is_no_html(tmp_path: Path) -> None:
    record = {"id": 1, "title": "Has each [frame](#frame) a `title`?", "note": "The `<img>` and [more](#more)."}
    [plain] = documents(tmp_path, [record])
    assert (plain.title, text(plain)) == (record["title"], record["note"])
    [marked] = documents(tmp_path, [record], 'format = "markdown"\ntitle = "title"\n')
    assert marked.title == "Has each frame a title?"
    [several] = documents(tmp_path, [record | {"title": "# Two\n## lines"}], 'format = "markdown"\ntitle = "title"\n')
    assert several.title.startswith("# Two")


def test_what_is_html_becomes_text_and_what_speaks_of_it_stays(tmp_path: Path) -> None:
    records = [
        {
            "id": 1,
            "name": "Nuts &amp; bolts",
            "note": '<p>Of <b>steel</b>.</p><h2 id="care">Care</h2><ul><li>Oil it<li>Dry it</ul>',
        },
        {"id": 2, "name": "a < b", "note": "if a < b and c > d: x<y>z"},
        {"id": 3, "name": "Mixed", "note": "1 < 2\nnext", "more": "<p>Yes</p>"},
    ]
    nuts, plain, mixed = documents(tmp_path, records)
    assert nuts.title == "Nuts & bolts"
    assert [section.headings for section in nuts.sections] == [(), ("Care",)]
    assert not any(section.anchor for section in nuts.sections)
    assert "Oil it" in text(nuts) and "<" not in text(nuts)
    assert (plain.title, text(plain)) == ("a < b", "if a < b and c > d: x<y>z")
    assert text(mixed) == "Yes\n1 < 2\nnext"


@pytest.mark.parametrize(
    ("written", "read"),
    [("03.05.2024", "2024-05-03T00:00:00Z"), ("3.5.2024 14:07", "2024-05-03T14:07:00Z"), ("03.05.24", None)],
)
def test_a_date_with_points_has_its_day_first(tmp_path: Path, written: str, read: str | None) -> None:
    (found,) = documents(tmp_path, [PUMP | {"at": written}], 'updated = "at"\nzone = "UTC"\n', [])
    assert found.metadata.get("updated") == read


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("12.50", 12.5), ("$1,299", 1299), ("1.299,00 €", 1299), ("EUR 1.299", 1299), ("1,299.95 USD", 1299.95),
        ("1'299.-", 1299), ("CHF 1’299.50", 1299.5), ("0,99", 0.99), ("0.125", 0.125), ("1.250", 1.25), ("12", 12),
        ("1 299 kr", 1299), ("-5.00", -5), ("12,-", 12), ("1.234.567", 1234567), ("on request", "on request"), ("", ""),
        ("12 to 15", "12 to 15"), ("2026-01-01", "2026-01-01"), ("€", "€"),
        ("03.05.2024", "03.05.2024"), ("1.2.3", "1.2.3"), ("192.168.1.1", "192.168.1.1"), ("1,00,000", 100000),
        ("₹12,34,567.50", 1234567.5), ("1.234.567,89", 1234567.89),
    ],
)  # fmt: skip
def test_a_price_is_a_number_however_it_is_written(written: str, price: float | str) -> None:
    assert price_of(written) == price


def test_prices_are_numbers_in_the_metadata_and_other_texts_stay(tmp_path: Path) -> None:
    record = {
        "id": 1,
        "name": "a",
        "sale_price": "1.299,00 €",
        "zip": "01067",
        "price": {"amount": "12.50"},
        "cost": "",
    }
    [one] = documents(tmp_path, [record], 'metadata = ["sale_price", "zip", "price.amount", "cost"]')
    assert one.metadata == {"sale_price": 1299, "zip": "01067", "price.amount": 12.5}


@pytest.mark.slow
def test_a_catalog_is_searched_and_filtered_and_a_failing_record_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [
        "id;name;price;text",
        "1;Pump;12,50;Moves water",
        "2;Valve;1.200,00;Stops water",
        "3;ragged",
        "4;D;1;\x00x",
    ]
    (tmp_path / "shop.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "vademecum.toml").write_text(SETTINGS.replace("json", "csv") + 'metadata = ["price"]')
    report = build(read_settings(tmp_path / "vademecum.toml"))
    assert report.documents == 3
    assert "shop:shop.csv:4: skipped: 2 fields in a row of 4 columns" in report.warnings
    with KnowledgeBase.open(tmp_path / "kb.db", url=str(tmp_path / "site")) as kb:
        kb.sync()
        hits = kb.search("water", filters={"price": {"min": 100}})
        assert [(hit.document, hit.title) for hit in hits] == [("shop:2", "Valve")]


@pytest.mark.slow
def test_a_record_that_says_it_is_a_draft_is_left_out_and_an_event_to_come_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    records = [{"id": 1, "name": "a", "published": False}, {"id": 2, "name": "Party", "date": "2999-01-01"}]
    (tmp_path / "shop.json").write_text(json.dumps(records))
    for more, count in (("", 1), ("", 1), ("drafts = true", 2)):
        (tmp_path / "vademecum.toml").write_text(f'{SETTINGS}metadata = ["date"]\n{more}')
        assert build(read_settings(tmp_path / "vademecum.toml")).documents == count


@pytest.mark.slow
def test_a_field_that_is_called_a_time_and_holds_none_keeps_records_back_until_the_settings_say_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    records = [{"id": n, "name": f"Game {n}", "published_on": one} for n, one in enumerate(["Steam", "", "bientôt"])]
    more = [{"id": 3, "draft": True}, {"id": 4, "active": "no", "published_on": "GOG"}]
    (tmp_path / "shop.json").write_text(json.dumps([*records, *more]))
    told = f'{WITHHELD}: published_on {UNREADABLE}, or drafts = ["published_on"] where it is none'
    for drafts, left_out in (
        ("", {told: ["shop:0", "shop:2"], f"{WITHHELD}: draft": ["shop:3"], f"{WITHHELD}: active": ["shop:4"]}),
        ('["published_on"]', {f"{WITHHELD}: draft": ["shop:3"], f"{WITHHELD}: active": ["shop:4"]}),
        ('["published_on", "active"]', {f"{WITHHELD}: draft": ["shop:3"]}),
        ("true", {}),
    ):
        (tmp_path / "vademecum.toml").write_text(SETTINGS + (f"drafts = {drafts}" if drafts else ""))
        assert build(read_settings(tmp_path / "vademecum.toml")).files_left_out == left_out


@pytest.mark.slow
@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_of_a_record_in_two_files_nothing_is_published_where_one_says_that_it_is_not_for_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    public = [{"id": n, "name": f"Valve {n}", "text": "It opens."} for n in range(4)]
    draft = [{"id": 1, "name": "Valve 1", "draft": True}, {"id": 2, "name": "Other", "draft": True}]
    twice = [{"id": 9, "name": "Pump"}, {"id": 9, "name": "Pump", "deleted": True}]
    for name, records in zip(order, (public, [*draft, {"id": 3, "name": "Valve 3"}, *twice]), strict=True):
        (tmp_path / "shop" / f"{name}.json").write_text(json.dumps(records))
    settings = SETTINGS.replace("shop.json", "shop")
    open_ = ["Valve 0", "Valve 2", "Valve 3", "Valve 3"]
    for drafts, titles in (
        ("", open_),
        ("", open_),
        ('drafts = ["draft", "deleted"]', [*open_, "Other", "Pump", "Valve 1", "Valve 1"]),
    ):
        (tmp_path / "vademecum.toml").write_text(settings + drafts)
        build(read_settings(tmp_path / "vademecum.toml"))
        with KnowledgeBase.open(tmp_path / "kb.db", url=str(tmp_path / "site")) as kb:
            kb.sync()
            assert sorted(one.title for one in kb.documents()) == sorted(titles)


@pytest.mark.slow
def test_of_files_that_all_have_a_record_of_an_id_and_name_all_are_published_unless_one_is_not_for_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "vademecum.toml").write_text(SETTINGS.replace("shop.json", "shop"))
    chapters = [{"id": 1, "title": "Introduction", "text": f"Chapter {n} begins."} for n in range(4)]
    other = {"id": 1, "title": "Preface", "text": "It is of another book."}
    draft = {"id": 1, "title": "Introduction", "draft": True}
    whole = ["shop:1", "shop:b/1", "shop:c/1"]
    for listed, keys in (
        (chapters[:3], whole),
        ([*chapters[:3], draft], []),
        (chapters[:3], whole),
        ([draft, *chapters[:3]], []),
        ([chapters[0], draft, *chapters[1:]], []),
        ([other, chapters[0], draft, chapters[1]], ["shop:1"]),
        ([other, draft, chapters[0]], ["shop:1"]),
    ):
        for file in (tmp_path / "shop").iterdir():
            file.unlink()
        for name, record in zip("abcde", listed, strict=False):
            (tmp_path / "shop" / f"{name}.json").write_text(json.dumps([record, {"id": 2, "title": f"Other {name}"}]))
        report = build(read_settings(tmp_path / "vademecum.toml"))
        with KnowledgeBase.open(tmp_path / "kb.db", url=str(tmp_path / "site")) as kb:
            kb.sync()
            assert sorted(one.key for one in kb.documents() if not one.title.startswith("Other")) == keys, listed
        lost = [told for told in report.warnings if told.endswith("and its name in another file is not public")]
        assert bool(lost) == (draft in listed[:-1])


def test_what_an_object_says_for_programs_is_not_told_and_a_description_has_no_name(tmp_path: Path) -> None:
    record = {"id": 1, "name": "Run", "abstract": {"description": "Of the tagging banks"}}
    record["files"] = [
        {"checksum": "adler32:b7014f6f", "uri": "root://a.example//1.zip", "kind": "event", "about": "W"}
    ]
    [run] = documents(tmp_path, [record], 'text = ["abstract.description", "files"]')
    assert blocks(run) == ["Of the tagging banks", "Files: about: W, kind: event"]


def test_html_that_a_program_has_escaped_as_a_whole_is_html_and_what_speaks_of_it_is_text(tmp_path: Path) -> None:
    for said, told in (
        ("&lt;p&gt;It &lt;b&gt;opens&lt;/b&gt; &amp;amp; shuts.&lt;/p&gt;", "It opens & shuts."),
        ("Write &lt;p&gt; before a paragraph &amp; after it.", "Write <p> before a paragraph & after it."),
        ("&lt;b&gt; or &lt;strong&gt;", "<b> or <strong>"),
        ("&lt;p class='x'&gt;&lt;/p&gt;", "<p class='x'></p>"),
        ("<p>Write &lt;p&gt;</p>", "Write <p>"),
    ):
        [valve] = documents(tmp_path, [{"id": 1, "name": "Valve", "text": said}])
        assert blocks(valve) == [told]


@pytest.mark.slow
def test_an_embargo_that_nobody_can_read_is_told_with_its_record_and_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    records = [{"id": n, "name": "a", "embargo_until": until} for n, until in enumerate(["", "after the fair"])]
    (tmp_path / "shop.json").write_text(json.dumps(records))
    (tmp_path / "vademecum.toml").write_text(SETTINGS)
    report = build(read_settings(tmp_path / "vademecum.toml"))
    why = f'{WITHHELD}: embargo_until {UNREADABLE}, or drafts = ["embargo_until"] where it is none'
    assert (report.documents, report.files_left_out) == (1, {why: ["shop:1"]})


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ('path = "none.json"', r"none\.json: no such file"),
        ('path = "https://"', r"line 6: source\.path: expected a file, a folder, a glob"),
        ('path = "a.json"\ntitel = "x"', r"line 7: source\.titel: no such key; did you mean title\?"),
        ('path = "a.json"\ntext = "{a"', r"line 3: template '{a'"),
        ('path = "a.json"\nencoding = "utf-9"', r"line 7: source\.encoding: expected the name of an encoding"),
        ('title = "a"', r"line 3: source: path is missing"),
    ],
)
def test_settings_that_cannot_be_meant(tmp_path: Path, settings: str, why: str) -> None:
    (tmp_path / "a.json").write_text('[{"id": 1}]')
    (tmp_path / "vademecum.toml").write_text(SETTINGS.replace('path = "shop.json"', settings))
    with pytest.raises(UsageError, match=why):
        build(read_settings(tmp_path / "vademecum.toml"))


def test_an_id_that_no_record_has_is_told_with_the_fields_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"line 3: source\.id: no record has a field 'nr'; .*sku"):
        documents(tmp_path, [{"sku": "a1", "name": "Lamp"}], 'id = "nr"')


def test_a_record_deeper_than_a_reader_goes_is_an_error_of_that_record(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="nested deeper than"):
        documents(tmp_path, [{"id": 1, "x": json.loads("[" * 50 + "]" * 50)}])


def test_skipped_records_keep_to_themselves_what_they_said() -> None:
    assert "secret" not in repr(Skipped("a", "b", "secret"))
    assert Skipped("a", "b", "é" * 201).said == "é" * 200


def test_a_row_that_is_a_draft_keeps_the_record_out_that_it_is_merged_with(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(
        "Handle,Title,Body,Option,Status\nshirt,Shirt,Secret draft shirt,S,draft\nshirt,,,M,active\n"
        "hat,Hat,A hat,S,active\nhat,,,M,active\n"
    )
    settings = SETTINGS.replace("shop.json", "shop.csv") + 'id = "Handle"\nmerge = true\n'
    (tmp_path / "vademecum.toml").write_text(settings)
    report = build(read_settings(tmp_path / "vademecum.toml"))
    assert (report.documents, report.left_out) == (1, {"pages that are not public: status": 1})


@pytest.mark.parametrize(
    ("record", "private"),
    [
        ({"post_status": "draft"}, True),
        ({"Status": "draft", "Title": "x"}, True),
        ({"post_password": "x"}, True),
        ({"post_password": "", "post_status": "publish", "post_type": "post"}, False),
        ({"post_type": "revision"}, True),
        ({"Visibility in catalog": "hidden"}, True),
        ({"Published": "-1"}, True),
        ({"status": "open", "text": 'say {"status":"draft"}'}, False),
        ({"body": "x" * 20_000, "status": "draft"}, True),
        ({"Status": ["draft", "active"]}, True),
        ({"published": [True, False]}, True),
        ({"Status": ["active", "archived"]}, False),
        ({"id": 1, "state": "draft"}, True),
        ({"id": 1, "state": "open", "status": "pending"}, False),
        ({"id": 1, "post_status": "future"}, True),
        ({"id": 1, "status": "future"}, True),
        ({"id": 1, "post_type": "attachment"}, True),
        ({"id": 1, "post_type": "page", "post_status": "publish"}, False),
        ({"id": 1, "reviews": [{"status": "spam"}, {"draft": True}], "author": {"private": True}}, False),
        ({"document_status": "draft"}, False),
        ({"content": "What noindex does"}, False),
        ({"robots": "noindex, nofollow"}, True),
        ({"robots": "index"}, False),
        ({"is_private": True}, True),
        ({"active": "0"}, True),
        ({"is_active": True, "enabled": "yes", "is_disabled": 0}, False),
        ({"is_enabled": False}, True),
        ({"inactive": 1}, True),
        ({"isPublic": False}, True),
        ({"confidential": 1, "title": "x"}, True),
        ({"internal_id": 1, "public_url": "https://a.example", "visible_to": "0"}, False),
        ({"comment_approved": "spam"}, True),
        ({"visibility": "friends"}, True),
        ({"audience": "staff"}, True),
        ({"audience": "internal"}, True),
        ({"target_audience": "Employees only"}, True),
        ({"audience": "developers"}, False),
        ({"visibility": 4}, False),
        ({"visibility": "Not Visible Individually"}, True),
        ({"product_online": 2}, True),
        *(({f"{on}published": False}, True) for on in ("website_", "web_", "webshop_is_")),
        ({"website_published": True, "posts_published": 0, "user_segment_id": None}, False),
        ({"user_segment_id": 102}, True),
        ({"deleted_at": "2026-01-01"}, True),
        ({"deleted_at": None, "hidden_at": "", "delete_time": 0, "trashed_at": "0000-00-00 00:00:00"}, False),
        ({"deleted_at": "NULL", "removed_at": "\\N", "trashed_on": "None"}, False),
        ({"published_at": "NULL"}, True),
        ({"visibility": "paid"}, True),
        ({"visibility": "specified"}, True),
        ({"visibility": {"type": "role", "value": "Agents"}}, True),
        ({"chatType": "oneOnOne"}, True),
        ({"jsdPublic": False}, True),
        ({"privacyStatus": "private"}, True),
        ({"published_at": None}, True),
        ({"published_at": "2026-01-01"}, False),
        ({"message_state": "moderated"}, True),
        ({"channel_type": "DirectMessage"}, True),
        ({"type": "private"}, False),
        *(({f"{one}": "draft"}, True) for one in ("_status", "workflow_state", "articleStatus", "content_status")),
        *(({"status": one}, True) for one in ("Entwurf", "brouillon", "Non publié", "borrador", "bozza", "rascunho")),
        *(({"Status": one}, True) for one in ("nicht veröffentlicht", "in draft", "Não publicado", "no publicado")),
        *(({"Status": one}, False) for one in ("veröffentlicht", "publié", "concept", "activo")),
        *(
            ({one: "nein"}, True)
            for one in ("Veröffentlicht", "ist_sichtbar", "aktiv", "freigegeben", "veroeffentlicht", "öffentlich")
        ),
        *(({one: "no"}, True) for one in ("publicado", "pubblicato", "activo", "searchable")),
        *(({one: "ja"}, True) for one in ("Entwurf", "vertraulich", "intern", "gelöscht")),
        *(({one: "sì"}, True) for one in ("bozza", "privato")),
        *(({one: "nein"}, False) for one in ("Entwurf", "vertraulich", "intern", "gelöscht")),
        ({"aktiv": "ja", "no_index": False, "publicado": "sí", "is_live": False, "classification": "secret"}, False),
        ({"noIndex": True}, True),
        ({"access_level": "internal"}, True),
        ({"security_classification": "Top Secret"}, True),
        *(({"_id": "x", one: {"title": "T", "status": "draft"}}, True) for one in ("_source", "fields", "node", "doc")),
        ({"id": 1, "attributes": {"title": "T", "publishedAt": None}}, True),
        ({"id": 1, "attributes": {"title": "T", "status": "published", "author": {"private": True}}}, False),
        ({"name": "Oak chair", "attributes": {"visible": False}}, False),
        ({"_index": "all pages", "_source": {"status": "draft"}, "highlight": "an oak"}, True),
        ({"key": "P-1", "fields": {"summary": "T", "security": {"self": "/rest/securitylevel/1", "name": "A"}}}, True),
        ({"_id": "drafts.4f2a"}, True),
        ({"_id": "4f2a", "Security Level": None}, False),
        ({"Security Level": "Staff only"}, True),
    ],
)
def test_what_a_shop_or_a_blog_says_of_a_record_keeps_it_private(record: dict[str, Any], private: bool) -> None:
    assert bool(why_private_record(record)) is private


def test_a_draft_that_an_object_wraps_is_published_where_the_settings_say_so() -> None:
    record = {"_id": "1", "_source": {"title": "T", "status": "draft"}}
    assert why_private_record(record).endswith(": _source.status")
    assert not why_private_record(record, but=("_source.status",))


def test_what_is_of_a_record_that_is_not_for_everybody_is_left_out_with_it(tmp_path: Path) -> None:
    def read(text: str = "", **posts: Any) -> list[str]:
        told = [{"id": n, **one} for n, one in enumerate(({"status": "published"}, {"status": "draft"}, posts))]
        (tmp_path / "posts.json").write_text(json.dumps({"data": {"items": told, "others": [{"id": "x", "a": "b"}]}}))
        answers = [{"id": f"a{n}", "post": {"id": n}, "text": "T"} for n in range(3)]
        both = {"id": "both", "post": [{"id": 0}, {"id": 1}], "post_ids": [0, 1], "text": "T"}
        (tmp_path / "answers.json").write_text(json.dumps([*answers, both]))
        parents = 'parents = ["post.id in posts.json", "post_ids in posts.json"]'
        settings = f'[[source]]\nname = "a"\nkind = "catalog"\npath = "answers.json"\n{parents}\n{text}'
        (tmp_path / "vademecum.toml").write_text(settings)
        [[opened]] = open_sources(read_settings(tmp_path / "vademecum.toml")).values()
        reader = opened.reader()
        items = [one for one in opened.source.changes(None).entries if isinstance(one, SourceItem)]
        shapes.append(reader.shaped_by(items[0]))
        return [one.key for one in items if not isinstance(reader.read(one), str)]

    shapes: list[str] = []
    assert read() == ["a0", "a2"]
    assert read(published_at="2999-01-01") == ["a0"]
    assert read("drafts = true", published_at="2999-01-01") == ["a0", "a1", "a2", "both"]
    assert len({*shapes}) == 3  # what was read is read again where a post is hidden later
    parents = 'parents = ["comment_id in comments.json", "post in posts.json", "comment_id in others.json"]'
    (tmp_path / "comments.json").write_text(json.dumps([{"id": 10 + n, "post": n} for n in range(3)]))
    (tmp_path / "others.json").write_text(json.dumps([{"id": 12, "draft": True}]))
    (tmp_path / "answers.json").write_text(json.dumps([{"id": f"b{n}", "comment_id": 10 + n} for n in range(3)]))
    settings = f'[[source]]\nname = "a"\nkind = "catalog"\npath = "answers.json"\n{parents}'
    (tmp_path / "vademecum.toml").write_text(settings)
    [[opened]] = open_sources(read_settings(tmp_path / "vademecum.toml")).values()
    items = (one for one in opened.source.changes(None).entries if isinstance(one, SourceItem))
    reader = opened.reader()
    assert [one.key for one in items if not isinstance(reader.read(one), str)] == ["b0"]
    (tmp_path / "posts.jsonl").write_text('{"id": 1, "draft": true}\n{"id": 2, "draft": tru\n')
    (tmp_path / "vademecum.toml").write_text(settings.replace("others.json", "posts.jsonl"))
    [[opened]] = open_sources(read_settings(tmp_path / "vademecum.toml")).values()
    with pytest.raises(UsageError, match=r"posts\.jsonl.*2.*what refers to it may not be for everybody"):
        opened.reader()
    for wrong in ('["post_id"]', '["post_id in "]', '[" in posts.json"]', "[]"):
        (tmp_path / "v.toml").write_text(
            f'[[source]]\nname = "a"\nkind = "catalog"\npath = "a.json"\nparents = {wrong}'
        )
        with pytest.raises(UsageError, match="parents: expected a list of fields and where the records are"):
            read_settings(tmp_path / "v.toml")
