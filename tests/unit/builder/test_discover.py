"""What is proposed for what strangers have: exports of shops, of programs for chats, tables of other people's apps."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
import sqlalchemy as sa
import yaml

from support.pages_host import PagesHost
from support.postgres import new_database
from vademecum.errors import UsageError
from vademecum_builder.discovery.discover import discover
from vademecum_builder.discovery.fields import fields_of
from vademecum_builder.discovery.names import Names
from vademecum_builder.discovery.people import is_dealing, is_of_people
from vademecum_builder.discovery.proposals import Proposal, name_of, of_records
from vademecum_builder.discovery.roles import proposal
from vademecum_builder.discovery.schema import Schema
from vademecum_builder.discovery.tables import _names
from vademecum_builder.kinds.records import OF_WITHHELD
from vademecum_builder.kinds.registry import open_sources
from vademecum_builder.readers.private import why_private_record
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.catalog import CatalogSource
from vademecum_builder.sources.databases.database import Database
from vademecum_builder.sources.formats.record_files import Layout
from vademecum_builder.sources.private_fields import is_named_private

SHOPIFY = """Handle,Title,Body (HTML),Published,Variant SKU,Image Position
oak-chair,Oak Chair,<p>Made by hand of oak.</p>,true,A-1,1
oak-chair,,,,A-2,2
brass-lamp,Brass Lamp,<p>Of brass and for desks.</p>,false,B-1,1
brass-lamp,,,,B-2,2
"""


def rows(make: Callable[[int], Mapping[str, Any]], count: int = 20) -> list[Mapping[str, Any]]:
    return [make(number) for number in range(count)]


def text_of(number: int) -> str:
    return f"This one tells of boats and sails with number {number}."


FILES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "shopify.csv": (
        SHOPIFY,
        {"id": "Handle", "merge": True, "title": "Title", "text": ["Body (HTML)", "Variant SKU"]},
    ),
    "two-lists.json": (
        json.dumps({
            "errors": [{"code": 7}],
            "data": {"items": rows(lambda n: {"id": n, "attributes": {"title": f"T{n}", "body": text_of(n)}})},
        }),
        {"records": "data.items", "id": "id", "title": "attributes.title", "text": ["attributes.body"]},
    ),
    "one-bad-row.jsonl": (
        "\n".join(json.dumps({"number": max(n, 1), "title": f"T{n}", "text": text_of(n)}) for n in range(20)) + "\n",
        {"id": "number", "title": "title", "text": ["text"]},
    ),
    "keyed.json": (
        json.dumps({"products": {f"p{n}": {"name": f"T{n}", "about": text_of(n)} for n in range(4)} | {"p9": {}}}),
        {"records": "products.*", "id": "_key", "title": "name", "text": ["about", "_key"]},
    ),
    "places.geojson": (
        json.dumps({"type": "FeatureCollection", "features": rows(lambda n: {
            "type": "Feature", "id": f"node/{n}", "properties": {"name": f"Museum {n}", "about": text_of(n)},
            "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [2, 3]]]},
        })}),
        {"id": "id", "title": "properties.name", "text": ["properties.about", "id"]},
    ),
    "tabs.txt": (
        "sku\tname\tnote\n" + "".join(f"s{n}\tName {n}\t{text_of(n)}\n" for n in range(3)),
        {"id": "sku", "title": "name", "text": ["note", "sku"]},
    ),
    "stops.txt": (
        "\ufeffstop_id,stop_name,stop_desc\r\n" + "".join(f"S{n},Stop {n},{text_of(n)}\r\n" for n in range(3)),
        {"id": "stop_id", "title": "stop_name", "text": ["stop_desc", "stop_id"]},
    ),
    "magento.csv": (
        "sku,name,description,visibility,created_at,salt_100g,hashtags\n"
        + "".join(f'M{n},Bag {n},{text_of(n)},"Catalog, Search","1/2/26, 2:01 PM",0.{n},#a\n' for n in range(9)),
        {"id": "sku", "title": "name", "text": ["description", "sku"],
         "metadata": ["created_at", "hashtags", "salt_100g"]},
    ),
    "reviews.csv": (
        "review_id,product,author,date,rating,body\n"
        + "".join(f"{n},chair,ann,2024-01-0{n + 1},5,{text_of(n)}\n" for n in range(5)),
        {"id": "review_id", "text": ["body"], "metadata": ["product", "author", "rating", "date"]},
    ),
    "teams.json": (
        json.dumps({"value": rows(lambda n: {
            "id": str(n), "replyToId": None, "createdDateTime": f"2024-01-01T10:{n:02}:00Z",
            "from": {"user": {"id": "u-1", "displayName": "Ann"}}, "body": {"content": f"<div>{text_of(n)}</div>"},
            "channelIdentity": {"channelId": "c"},
        })}),
        {"time": "createdDateTime", "author": "from.user.displayName", "text": "body.content",
         "channel": "channelIdentity.channelId"},
    ),
    "matrix.json": (
        json.dumps({"room_name": "Boats", "messages": rows(lambda n: {
            "sender": "@ann:x", "room_id": "!a:x", "event_id": f"$e{n}", "origin_server_ts": 1704103260000 + n,
            "content": {"msgtype": "m.text", "body": text_of(n)},
        })}),
        {"id": "event_id", "author": "sender", "text": "content.body", "time": "origin_server_ts",
         "channel": "room_id"},
    ),
    "jira.json": (
        json.dumps({"issues": rows(lambda n: {
            "id": str(n), "key": f"OPS-{n}", "self": f"https://a.example/rest/{n}", "fields": {
                "status": {"name": "Open"}, "summary": f"Leak {n}", "reporter": {"html_url": "https://a.example/ann"},
                "description": {"type": "doc", "content": [
                    {"type": "paragraph", "content": [{"type": "text", "text": text_of(n)}]},
                ]},
            },
        })}),
        {"id": "id", "title": "fields.summary", "text": ["fields.description", "key"]},
    ),
    "issues.json": (
        json.dumps(rows(lambda n: {
            "id": n, "url": f"https://api.a.example/{n}", "user": {"login": "ann", "html_url": "https://a.example/ann"},
            "html_url": f"https://a.example/{n}", "title": f"T{n}", "body": text_of(n),
        })),
        {"id": "id", "link": "html_url", "title": "title", "text": ["body"]},
    ),
    "faq.csv": (  # a column that is called a name is not what a record is called where many have the same
        "key,name,question,answer,answer_html,passages\n"
        + "".join(f"{n},WHO,How {n} is it?,{text_of(n)},<p>{text_of(n)}</p>,of {n} books\n" for n in range(9)),
        {"id": "key", "title": "question", "text": ["answer_html", "passages", "key"], "metadata": ["name"]},
    ),
    "lamps.csv": (  # prices and groups first; how the shop works nobody asks for
        "sku,name,about,watts,Published,Tax Status,Inventory Qty,Price,maker,made\n" + "".join(
            f"L{n},Lamp {n},{text_of(n)},{n}.5,true,{n % 3},{n},{n}.90 EUR,{'ABC'[n % 3]},200{n}-01-01\n"
            for n in range(9)
        ),
        {"id": "sku", "title": "name", "text": ["about", "sku", "maker"],
         "metadata": ["Price", "maker", "watts", "made"]},
    ),
    "members.csv": (
        "nr,Vorname,Nachname,Telefon,Notiz intern\n" + "".join(f"{n},A{n},B{n},0731 12345{n},owes\n" for n in range(9)),
        {"id": "nr", "title": "{Vorname} {Nachname}", "text": ["Vorname", "Nachname"]},
    ),
    "papers.csv": (  # neither a code nor a share is a telephone; nor are two of one id variants
        "id,title,abstract,ISSN,share\n" + "".join(
            f"p{n or 1},{'' if n == 5 else f'T{n}'},{text_of(n)},0028-083{n % 4},0.0012345678{n:02}\n"
            for n in range(20)
        ),
        {"id": "id", "title": "title", "text": ["abstract", "id"], "metadata": ["ISSN", "share"]},
    ),
    "club.json": (
        json.dumps({
            "members": rows(lambda n: {"nr": n, "name": f"Ann {n}", "mail": "a@b.org"}),
            "guests": [{"nr": 1, "name": "Bo", "mail": "b@b.org"}],
        }),
        {"records": "guests", "id": "nr", "title": "name", "text": ["name"]},
    ),
    "jobs.json": (
        json.dumps(rows(lambda n: {
            "id": n, "title": f"Job {n}", "about": text_of(n), "position": ["back", "striker"][n % 2],
            "inventory_number": f"INV-{n}", "sort_order": n, "inventory_policy": ["deny", "continue"][n % 2],
        })),
        {"id": "id", "title": "title", "text": ["about", "inventory_number"],
         "metadata": ["position", "inventory_number"]},
    ),
    "events.csv": (
        "id,title,about,country,important_date,created_at\n"
        + "".join(f"{n},T{n},{text_of(n)},New {n % 2},2026-01-{n + 1:02},2025-01-{n + 1:02}\n" for n in range(20)),
        {"id": "id", "title": "title", "text": ["about", "country"], "metadata": ["country", "important_date"]},
    ),
    "recipes.json": (
        json.dumps(rows(lambda n: {
            "id": n, "name": f"T{n}", "ingredients": [text_of(n)] * 9, "pictures": [f"https://a.example/{n}.png"],
            "refs": [f"78f1d2ae-a579-44c4-8fc5-3e17757371{n}"] * 9,
        })),
        {"id": "id", "title": "name", "text": ["ingredients"], "metadata": ["refs"]},
    ),
    "street-map.json": (
        json.dumps(rows(lambda n: {
            "id": n, "name": f"T{n}", "tags": {"addr:city": f"Old {n}", "what!": text_of(n), "phone": f"0{n}"},
        })),
        {"id": "id", "title": "name", "text": ["tags.addr:city", "tags.what!"]},
    ),
    "universities.csv": (  # of two with one name behind those that are looked at the second is lost
        "name,about\n" + "".join(f"T{n},{text_of(n)}\n" for n in (*range(1001), 5)),
        {"id": "*", "title": "name", "text": ["about"]},
    ),
    "ghost.json": (
        json.dumps({"db": [{"data": {
            "users": [{"id": 1, "name": "Ann", "password": "x" * 9999}], "tags": [{"id": 2}],
            "posts": rows(lambda n: {"id": str(n), "title": f"T{n}", "html": f"<p>{text_of(n)}</p>"}),
        }}]}),
        {"records": "db.*.data.posts", "id": "id", "title": "title", "text": ["html"]},
    ),
    "wiki.xml": (
        "<wiki>" + "".join(
            f"<page><title>T{n}</title><id>{n}</id><by><id>3</id></by><text>{text_of(n)}</text></page>"
            for n in range(4)
        ) + "<page><title>T4</title><id>4</id><by><id>3</id></by><moved title='T1' by='3'/></page></wiki>",
        {"records": "page", "id": "id", "title": "title", "text": ["text"], "metadata": ["moved.title"]},
    ),
    "glossary.csv": (  # some terms are there twice, no definition is
        "term,definition\n" + "".join(f"Term {n % 18},{text_of(n)}\n" for n in range(20)),
        {"id": "*", "title": "term", "text": ["definition"]},
    ),
    "mongo.jsonl": (
        "".join(json.dumps({
            "_id": n if n % 2 else {"$oid": f"53c2ae8528d75d572c06ad9{n}"}, "title": f"T{n}", "about": text_of(n),
            "shown": {"$date": {"$numberLong": "1700000000000"}},
        }) + "\n" for n in range(9)),
        {"id": "_id", "title": "title", "text": ["about"], "metadata": ["shown"]},
    ),
    "talks.xml": (  # by day and room; of speakers there is one, or there are several
        "<all>" + "".join(f"<day date='2024-12-2{day}'>" + "".join(
            f"<room name='Hall {room}'>" + "".join(
                f"<event id='{day}{room}{n}'><title>Talk {day}{room}{n}</title><abstract>{text_of(n)}</abstract>"
                f"<persons>{(1 + n % 2) * '<person id=_1_>Ann Lee</person>'}</persons></event>"
                for n in range(9)
            ) + "</room>" for room in "ab"
        ) + "</day>" for day in range(3)).replace("_1_", "'1'") + "</all>",
        {"records": "day.room.event", "id": "id", "title": "title", "text": ["abstract", "id", "persons.person"]},
    ),
    "pairs.json": (
        json.dumps(rows(lambda n: {"id": n, "name": f"T{n}", "about": text_of(n), "old": [f"/a/{n}"], "combos": {
            f"with {m}": {"status": "Safe"} | ({"note": text_of(m + n)} if m % 2 else {}) for m in range(12)
        }})),
        {"id": "id", "title": "name", "text": ["about", "combos"]},
    ),
    "jira.csv": (
        "Summary,Issue key,Status,Created,Updated,Description,Comment,Comment,Attachment\n" + "".join(
            f"Leak {n},OPS-{n},Done,04/Jan/24 3:5{n} PM,05/Jan/24 10:00 AM,{text_of(n)},"
            f'"05/Jan/24 9:00 AM;557058:a-1;It was the valve {n}, {text_of(n)}",,04/Jan/24 3:5{n} PM;557058:a-1;a.pdf;https://a.b/{n}\n'
            for n in range(9)
        ),
        {"id": "Issue key", "title": "Summary", "text": ["Description", "Comment", "Issue key"], "updated": "Updated",
         "zone": "UTC"},
    ),
    "ratings.jsonl": (
        "".join(
            json.dumps({"_id": {"$oid": f"53c2ae8528d75d572c06ad9{n}"}, "book": n, "stars": n / 2}) + "\n"
            for n in range(9)
        ),
        {"id": "_id", "text": ["_id"], "metadata": ["book", "stars"]},
    ),
    "parts.toml": (
        "".join(f'[[part]]\nid = "p{n}"\nname = "Part {n}"\nabout = "{text_of(n)}"\n' for n in range(3)),
        {"id": "id", "title": "name", "text": ["about", "id"]},
    ),
    "mattermost.jsonl": ('{"type": "version", "version": 1}\n', {"shape": "mattermost"}),
    "ops - pumps [1].csv": ("AuthorID,Author,Date,Content,Attachments,Reactions\n", {"shape": "discord"}),
    "chat.txt": (
        "12/31/23, 9:15 PM - Ann: Happy new year\n1/1/24, 9:15 AM - Bob: Thanks\n",
        {"shape": "whatsapp", "zone": "UTC"},
    ),
    "irc.log": ("--- Log opened Mon Jan 01 10:00:00 2024\n10:01 < ann> Hello\n", {"shape": "irc", "zone": "UTC"}),
    "result.json": (
        json.dumps({"name": "Boats", "messages": [{"id": 1, "type": "message", "text": "x", "text_entities": []}]}),
        {"shape": "telegram"},
    ),
}  # fmt: skip


PRIVATE = """
    cost cost_price costUSD costAmount unit_cost purchasePrice buying_price dealerPrice standard_price wholesale margin
    EK EK-Preis EKPreis EKNetto netto_EK Einkaufspreis Kosten Marge coste inkoopprijs insurance_value Versicherungswert
    donor_name Spender_Name
    passkey passports userPasscodes Passwörter passphrase PassNr Passnummer passnr pass user_pass smtp_pass pwd user_pwd
    smtp_pw pw_reset private_key client_secret reset_token apiKey login_hash user_salt Kennwort Geheimzahl contraseña
    mot_de_passe senha wachtwoord
    access_tokens apiTokens user_token token_hash Jahresgehalt smartphone_number his_mobile lent_by
    BankAccount bank_card creditCard Kontonummer IBAN E-Mail Phone
    mobile home_mobile mobile_no mobile_nr mobile_num Telefon courriel correo ip clientIp ip_country ipaddr
    home_address Adresse Anschrift dirección indirizzo endereço
    ssn ssnumber emp_ssnr customerssn SSN4 birthday dob dob_year Geburtsdatum nacimiento naissance nascita geboortedatum
    salary wage min_wage wage_group Gehalt sueldo stipendio
    borrower borrowed lent_to loaned_by Ausgeliehen_an Ausleiher Entliehen Entleiher contact_name contactPerson
    Ansprechpartner
    internal_notes privateComments staffRemarks admin_memo seller_note Interne_Bemerkung Interner_Vermerk
    interner_Kommentar notes_internal Notizen_(intern) commentsPrivate Kommentar_intern remarks_staff remark_admin
    Bemerkung_(intern) What_is_your_home_address What_is_your_salary Who_has_a_salary Phone_number_-_required
"""
"""Columns of shops, libraries and staff, in seven languages."""


PUBLIC = """
    price costume purchases internal_storage Gebaeck passengers passages powder hashtags ISSN accessno salt compass
    bypass overpass underpass surpass trespass boarding_pass day_pass season_pass mountain_pass mobile_friendly
    isMobile has_email requires_password supports_phone email_verified taliban Caliban secretary Geheimtipp desenha
    opensecrets tokenizer tokens max_tokens token_count token_symbol hash_rate sea_salt ip_rating IP-Klasse voice_mail
    microphone headphones saxophone phoneme phonetic addressable addressing addressed Alkoholgehalt Fettgehalt
    birthstone kostenlos marginalia equivalent_to international_notes author authority
"""
"""In which words of the former are."""


def test_what_an_article_costs_its_seller_and_what_lets_somebody_in_is_nobodys_business() -> None:
    public = PUBLIC.split()
    public += [f"pass_{one}" for one in "rate count fail mark ratio score percent type through count_2".split()]
    fields = fields_of({name: f"{name} {n}" for name in ("id", "text", *PRIVATE.split(), *public)} for n in range(3))
    told = proposal(fields, 3)
    assert {one.name for one in fields if not one.is_private} == {"id", "text", *public}
    assert {*told["text"], *told.get("metadata", ()), told.get("title")} == {"id", "text", *public}


LIBRARY = [
    {"Signatur": f"R {n}", "Titel": f"Der Berg {n}", "Verfasser": name, "Regal": f"Regal {n % 3}", "Art": kind}
    | {"Bei": f"Frau {name} {told}" if n % 3 == 0 else "", "Zu": kind != "Roman"}
    for n, (name, kind, told) in enumerate(
        4 * [("Mann, T.", "Roman", "0171-555"), ("Ende, M.", "Jugend", "a@b.org"), ("Dahl", "Krimi", "+49 30 123")]
    )
]  # fmt: skip


def test_what_people_type_is_found_by_words_and_where_they_are_reached_is_nobodys_business() -> None:
    told = proposal(fields_of(LIBRARY), len(LIBRARY))
    assert (told["id"], told["title"]) == ("Signatur", "Titel")
    assert {*told["text"]} >= {"Signatur", "Verfasser", "Art"} and {*told["metadata"]} >= {"Art", "Zu"}
    assert "Bei" not in str(told) and "Zu" not in told["text"]
    again = proposal(fields_of([record | {"Titel": ""} for record in LIBRARY]), len(LIBRARY))
    assert again.get("title") != "Regal"  # many records have the same


@pytest.mark.parametrize(
    ("value", "private"),
    [
        *((v, True) for v in ("Ann, 06 12 34 78 90", "+33 6 12 34 78 90", "0049 171 1234578", "(201) 555-1001")),
        *((v, True) for v in ("201-555-1001", "0171/555 12", "00491711234578", "a.b@docs.example.org")),
        *(
            (v, False)
            for v in ("pkg@1.2.3", "git@github.com:a/b.git", "01/04/2025", "978-0-13-468599-1", "v0.1-2345", "01-2025")
        ),
        *((v, False) for v in ("01-04-2025", "5.001234 5678 9", "A00123456789", "1.0171 555 1234", "A201-555-1001")),
    ],
)
def test_where_people_are_reached_is_seen_by_its_form(value: str, private: bool) -> None:
    found = fields_of({"id": n, "where": value, "Teile-Nr.": f"{value} {n}"} for n in range(3))
    assert [one.is_private for one in found] == [False, private, False]


@pytest.mark.parametrize(
    ("name", "private"),
    [
        *((v, True) for v in ("note-attributes.latitude", "note-attributes.author", "geoDataExif.longitude")),
        *((v, True) for v in ("exif.GPSLatitude", "user_location", "author.location", "checkin.place_name")),
        *((v, False) for v in ("latitude", "location.lat", "note-attributes.source", "author")),
        *((v, False) for v in ("authors.latin", "device_class", "geo_data", "notes", "exif.lens")),
    ],
)
def test_where_somebody_was_is_private_and_where_a_thing_is_is_not(name: str, private: bool) -> None:
    assert is_named_private(name) is private


def test_a_field_that_is_not_always_a_time_says_not_when_a_record_changed() -> None:
    records = [{"id": n, "text": f"one and the same {n}", "updated_at": "2024-01-02"} for n in range(9)]
    assert proposal(fields_of(records), 9)["updated"] == "updated_at"
    assert "updated" not in proposal(fields_of([*records, records[0] | {"updated_at": "01/04/2025"}]), 10)


def test_a_table_of_which_nobody_may_read_a_row_is_not_proposed(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        for table in ("note", "page"):
            made.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, body, internal)")
            rows_ = [(n, f"what is in here is long enough {n}", table == "note" or n > 3) for n in range(9)]
            made.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows_)
    [found] = discover(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    assert found.settings["table"] == "page" and "note" in str(found.notes)


def test_of_a_database_with_a_search_of_its_own_and_the_order_of_another_program_the_texts_are_proposed(
    tmp_path: Path,
) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.create_collation("unicase", lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))
        made.execute('CREATE TABLE card (id INTEGER PRIMARY KEY, name TEXT COLLATE "unicase" UNIQUE, side TEXT)')
        made.executemany("INSERT INTO card VALUES (?, ?, ?)", ((n, f"{'nN'[n % 2]}{n}", text_of(n)) for n in range(9)))
        made.execute("CREATE VIRTUAL TABLE tips USING fts5(tip)")
        made.executemany("INSERT INTO tips VALUES (?)", ([text_of(n)] for n in range(9)))
    found = {one.settings["table"]: one for one in discover(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)}
    assert {*found} == {"card", "tips"}
    assert found["card"].settings["text"] == ["side"] and not found["card"].notes
    with Database(f"sqlite:///{tmp_path / 'a.db'}", tmp_path).connect() as read:
        by_name = "SELECT count(*) FROM card WHERE name = 'N4' OR name = 'n5'"
        assert read.exec_driver_sql(by_name).scalar() == 2, "found by its index"


def test_no_date_at_all_is_no_telephone() -> None:
    [found] = fields_of({"pubdate": "0101-01-01 00:00:00+00:00"} for _ in range(3))
    assert not found.is_private


def test_markup_far_into_a_text_of_a_table_is_seen() -> None:
    records = [
        {"id": n, "name": f"Drill {n}", "text": "Turns and turns. " * 9 + "<b>No battery.</b>"} for n in range(3)
    ]
    assert of_records("a", "sql", {}, fields_of(records), 3).settings["format"] == "auto"


HIDDEN = 'left out are drafts and private records, by: {0}; if the field does not mean that, write drafts = ["{0}"]'
PEOPLE = "it looks like a list of people, of their secrets or of what they bought: whoever has a release reads it"


@pytest.mark.parametrize(("more", "id"), [(50, "county_id"), (60, "*")])
def test_what_many_records_have_in_common_names_none(tmp_path: Path, more: int, id: str) -> None:
    lines = [{"county_id": n % 1000, "name": f"Wren {n % 9}", "about": text_of(n % 99)} for n in range(1000 + more)]
    (tmp_path / "a.json").write_text(json.dumps(lines))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    assert found.settings["id"] == id and ("left out: 50" in str(found.notes)) is (more == 50)


def test_a_person_has_two_names_and_neither_names_a_record() -> None:
    lines = [{"first_name": f"A. {n}", "last_name": f"B{n % 3} C", "about": text_of(n)} for n in range(9)]
    told = proposal(fields_of(lines), 9)
    assert (told["title"], told.get("id")) == ("{first_name} {last_name}", None)
    assert proposal(fields_of([{"first_name": one["first_name"], "last_name": "B"} for one in lines]), 9)["text"] == [
        "first_name", "last_name"
    ]  # fmt: skip


def test_what_others_call_a_record_is_no_title_and_nothing_to_filter_by() -> None:
    lines = [
        {"id": {"house": f"H{n}", "wiki": f"Ann ({n})"}, "name": {"first": "Ann", "official_full": f"Ann Lee {n}"},
         "about": text_of(n)}
        for n in range(9)
    ]  # fmt: skip
    told = proposal(fields_of(lines), 9)
    assert (told["id"], told["title"]) == ("id.house", "name.official_full")
    assert "id.wiki" not in str(told)


NO_LINK = 'no field has the address of a page: if its end is in {0}, write link = "https://example.org/{{{0}}}"'
SAME = {
    "shopify.csv": [HIDDEN.format("Published"), NO_LINK.format("Handle")],
    "two-lists.json": ["not read, as a source of its own would: errors"],
    "members.csv": [PEOPLE, "private, so left out: Telefon, Notiz intern"],
    "papers.csv": ["records with the id of an earlier one, which are left out: 1"],
    "club.json": [PEOPLE, "private, so left out: mail", "not read, as a source of its own would: members"],
    "one-bad-row.jsonl": ["records with the number of an earlier one, which are left out: 1"],
    "street-map.json": ["private, so left out: tags.phone"],
    "universities.csv": ["no field identifies a record: an edited one is reported as removed and added"],
    "ratings.jsonl": ["no field has words in it, so nobody finds a record: is it to be joined to another file?"],
    "glossary.csv": ["no field identifies a record: an edited one is reported as removed and added"],
    "talks.xml": ["what they stand in is not read: name", "what they stand in is not read: date"],
    "ghost.json": ["not read, as a source of its own would: db.*.data.users, db.*.data.tags"],
} | {
    name: [f"the same in every record, so left out: {fields}"]
    for name, fields in {
        "places.geojson": "type, geometry.type, geometry.coordinates",
        "jira.json": "fields.status.name, fields.reporter.html_url",
        "issues.json": "user.login, user.html_url",
    }.items()
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_a_stranger_is_proposed_as_what_it_is(tmp_path: Path, name: str) -> None:
    content, expected = FILES[name]
    (tmp_path / name).write_text(content)
    kind = "messages" if "time" in expected or "shape" in expected else "catalog"
    called = {"ops - pumps [1].csv": "ops-pumps-1"}.get(name, name.partition(".")[0])
    notes = [ZONELESS] if "zone" in expected else SAME.get(name, [])
    [found] = discover(str(tmp_path / name), tmp_path)
    assert found == Proposal(called, kind, {"path": name, **expected}, notes) and not found.missing


def test_a_source_is_called_by_small_letters_digits_and_dashes() -> None:
    assert [name_of(one) for one in ("Our Shop_2!", "Geräte", "本", "a" * 50, f"{'b' * 39} c")] == [
        "our-shop-2", "gerate", "source", "a" * 40, "b" * 39,
    ]  # fmt: skip


def test_where_nothing_names_a_record_all_of_it_does_in_a_file_and_of_a_table_it_has_to_be_written(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.jsonl").write_text('{"post": {"text": "This is one and the same."}}\n' * 3)
    [found] = discover(str(tmp_path / "a.jsonl"), tmp_path)
    assert found.settings["id"] == "*" and not found.missing and "# no field identifies a record" in found.toml()
    found = replace(found, kind="sql", settings={"table": "a"})
    assert found.missing and "# id: the field that identifies" in found.toml()


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (lambda n: {"state": f"New {n}", "share": f"0.{n}"}, {"id": "state", "title": "state", "text": ["state"]}),
        (lambda n: {"x": f"A{n % 3}", "y": n % 2}, {"id": "*", "text": ["x"]}),
        (lambda n: {"x": n, "y": n % 2}, {"id": "x", "text": None}),
        (lambda n: {"category_name": f"Tea {n}", "about": text_of(n)}, {"title": "category_name"}),
        (lambda n: {"contact_name": f"Ann {n}", "company_name": f"Oak {n}"}, {"title": "company_name"}),
        (lambda n: {"id": n, "name": {"common": f"N{n}", "official": f"Of N{n}"}}, {"title": "name.common"}),
        (lambda n: {"id": n, "name": {"official": f"Of N{n}", "common": f"N{n}"}}, {"title": "name.common"}),
        (lambda n: {"id": n, "title": {"rendered": f"T{n}"}, "link": f"https://a/{n}"}, {"title": "title.rendered"}),
        (lambda n: {"id": n, "about": text_of(n), "unit": "in minutes" if n == 3 else None}, {"title": "about"}),
        (lambda n: {"id": n, "name": f"N{n}", "path": f"/wiki/Somebody_of_{n}"}, {"text": ["name"], "link": None}),
        (lambda n: {"id": n, "name": f"N{n}", "x": f"507d95d5719dbef170f15b{n}"}, {"text": ["name"]}),
        (lambda n: {"sku": n or 1, "title": f"T{n}", "about": text_of(n)}, {"id": "sku"}),
        (lambda n: {"id": n - 1, "about": text_of(n), "unique": f"U{n}"}, {"id": "id"}),
        (lambda n: {"id": n, "body": text_of(n) * 9, "by": "Ann"}, {"title": None, "text": ["body"]}),
        (
            lambda n: {
                "id": n,
                "title": f"T{n}",
                "author": [{"family": f"Oak {n}", "given": "Ann"}],
                "images": [{"src": f"https://a/{n}.png", "width": 3}],
                "by": [{"name": "Al", "email": f"a{n}@b.org"}],
            },
            {"text": ["title", "author"], "metadata": None},
        ),
        (lambda n: {"id": n, "first_name": f"A{n}", "LastName": f"B{n}"}, {"title": "{first_name} {LastName}"}),
        (
            lambda n: {"id": n, "called": f"One {n}", "x": text_of(n), "death": {"place": {"name": "Rome"}}},
            {"title": "called"},
        ),
        (lambda n: {"isbn": f"97{n}" if n else None, "name": f"N{n}"}, {"id": "name"}),
        (lambda n: {"sum": n + 0.5, "who": f"A{n % 3}"}, {"id": "*"}),
        (lambda n: {"id": n, "name": f"N{n}", "unit": "kg", "size": n % 4}, {"metadata": ["size"]}),
    ],
)
def test_what_records_are_called_by_and_what_is_their_text(
    tmp_path: Path, record: Callable[[int], Mapping[str, Any]], expected: Mapping[str, Any]
) -> None:
    (tmp_path / "a.json").write_text(json.dumps(rows(record, 12)))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    assert {name: found.settings.get(name) for name in expected} == expected
    (tmp_path / "v.toml").write_text(found.toml())
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    assert sum(isinstance(one, SourceItem) for one in opened.source.changes(None).entries) >= 11


def test_messages_in_files_by_what_they_are_about_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "general").mkdir()
    for topic, at in (("new members", 0), ("oil & water", 1)):
        said = [
            {
                "id": 10 * n + at,
                "content": f"<p>{text_of(n)}</p>",
                "sender_full_name": f"Ann {n % 3}",
                "timestamp": 1.7e9 + n,
            }
            for n in range(5)
        ]
        (tmp_path / f"general/{topic}.json").write_text(json.dumps(said))
    [found] = discover(str(tmp_path / "general"), tmp_path)
    assert (found.kind, found.settings["author"]) == ("messages", "sender_full_name")
    (tmp_path / "v.toml").write_text(found.toml())
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    read = [opened.reader().read(one) for one in opened.source.changes(None).entries if isinstance(one, SourceItem)]
    told = [(one.metadata["channel"], one.metadata["messages"]) for one in read if not isinstance(one, str)]
    assert sorted(told) == [("new members", 5), ("oil & water", 5)]
    for day in (1, 2):  # a folder by day is one place
        (tmp_path / f"days/2024-01-0{day}.json").parent.mkdir(exist_ok=True)
        (tmp_path / f"days/2024-01-0{day}.json").write_text(
            json.dumps([{**one, "id": f"{one['id']}{day}"} for one in said])
        )
    (tmp_path / "v.toml").write_text(discover(str(tmp_path / "days"), tmp_path)[0].toml())
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    assert sum(isinstance(one, SourceItem) for one in opened.source.changes(None).entries) == 1


def test_an_object_whose_names_are_values_is_one_field(tmp_path: Path) -> None:
    def about(n: int) -> Mapping[str, Any]:
        return {
            "name": f"Land {n}",
            "languages": {f"l{n}": f"Tongue {n}", f"l{n + 1}": f"Tongue {n + 1}"},
            "called": {f"n{m}": {"common": f"A{n} in {m}", "official": f"B{n}"} for m in range(12)},
            "size": {"width": n, "height": n + 1},
            "visits": {f"2026-0{m}": n * m for m in range(1, 4)},
            "by_level": {f"{m}": f"heals {m} of {n} wounds" for m in range(1, 4)},
            "borders": {},  # an empty list, as PHP writes it
        }

    (tmp_path / "a.json").write_text(json.dumps(rows(about)))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    assert found.settings["text"] == ["languages", "called", "by_level"]
    assert found.settings["metadata"] == ["size.width", "size.height"]


def test_lists_that_are_not_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({name: rows(lambda n: {"id": n, "name": f"N{n}"}) for name in "ab"}))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    assert found.settings["records"] == "a" and [*found.notes] == ["not read, as a source of its own would: b"]


def test_a_feed_of_products_is_a_catalog(tmp_path: Path) -> None:
    item = "<item><g:id>K{0}</g:id><title>T{0}</title><about>{1}</about><g:price>{0}.00 EUR</g:price></item>"
    head = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>'
    items = "".join(item.format(n, text_of(n)) for n in range(3))
    (tmp_path / "a.xml").write_text(f"{head}{items}</channel></rss>")
    [found] = discover(str(tmp_path / "a.xml"), tmp_path)
    assert (found.kind, found.settings["records"], found.settings["metadata"]) == ("catalog", "channel.item", ["price"])


def test_a_feed_is_one_whose_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "News.xml").write_text('<rss version="2.0"></rss>')
    assert discover(str(tmp_path / "News.xml"), tmp_path) == [Proposal("news", "feed", {"path": "News.xml"})]


def test_a_box_of_a_mail_server_is_one_of_mails(tmp_path: Path) -> None:
    for name in ("cur", "new"):
        (tmp_path / "List" / name).mkdir(parents=True)
    told = {"path": "List", "shape": "mbox"}
    assert discover(str(tmp_path / "List"), tmp_path) == [Proposal("list", "messages", told, [])]


def test_files_that_hold_each_something_else_are_sources_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1,Oak\n2,Elm\n")
    (tmp_path / "b.csv").write_text("id,name\n3,Ash\n4,Fir\n")
    assert [one.settings["path"] for one in discover(str(tmp_path), tmp_path)] == ["."]
    (tmp_path / "c.csv").write_text("street,town,width\nHigh,York,3\nLow,York,4\n")
    assert [one.settings["path"] for one in discover(str(tmp_path), tmp_path)] == ["a.csv", "b.csv", "c.csv"]


def test_files_that_have_nothing_in_common_and_tables_of_a_program_are_refused(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.csv").write_text(f"a{number % 9},b{number % 9}\n{text_of(1)},2\n")
    with pytest.raises(
        UsageError, match="each of its files holds something else: name the one that people are to search"
    ):
        discover(str(tmp_path), tmp_path)
    (tmp_path / "words").mkdir()
    for number in range(60):
        told = {"about": text_of(number), "source": "a", f"list {number}": ["x", "y"]}
        (tmp_path / "words" / f"{number}.json").write_text(json.dumps(told))
    with pytest.raises(UsageError, match="words: each of its files holds something else"):
        discover(str(tmp_path / "words"), tmp_path)
    dumped = rows(lambda n: {"model": "auth.user", "pk": n, "fields": {"password": f"pbkdf2{n}"}})
    (tmp_path / "dump.json").write_text(json.dumps(dumped))
    with pytest.raises(UsageError, match=r"rows of all tables of a program \(Django's dumpdata\): name its database"):
        discover(str(tmp_path / "dump.json"), tmp_path)


def test_what_packs_one_record_a_file_is_no_record(tmp_path: Path) -> None:
    for number in range(3):
        told = {"type": "bundle", "id": f"b{number}", "objects": [{"id": f"o{number}", "name": text_of(number)}]}
        (tmp_path / f"{number}.json").write_text(json.dumps(told))
    [found] = discover(str(tmp_path), tmp_path)
    assert found.settings == {"path": ".", "id": "id", "title": "name", "text": ["name", "id"]}


def test_of_a_large_file_of_objects_by_key_the_beginning_is_looked_at(tmp_path: Path) -> None:
    many = {str(n): {"id": n, "name": f"T{n}", "about": text_of(n) * 50} for n in range(600)}
    for name, told in (("a", many), ("b", {"things": many})):
        (tmp_path / f"{name}.json").write_text(json.dumps(told))
        [found] = discover(str(tmp_path / f"{name}.json"), tmp_path)
        assert (found.settings["records"], found.settings["title"]) == ("*" if name == "a" else "things.*", "name")
        assert found.settings["id"] == "id" and "_key" not in str(found.settings)


def test_of_a_folder_of_tables_those_of_persons_and_of_what_they_bought_are_left_out_and_told(tmp_path: Path) -> None:
    for name, make in {
        "customers": lambda n: f"{n},Ann {n},a{n}@b.org\n",
        "orders": lambda n: f"{n},Ann {n},{n}.50\n",
        "products": lambda n: f"{n},Oak {n},{text_of(n)}\n",
    }.items():
        head = {"customers": "id,name,email", "orders": "no,customer,sum", "products": "sku,title,about"}[name]
        (tmp_path / f"{name}.csv").write_text(head + "\n" + "".join(map(make, range(9))))
    [found] = discover(str(tmp_path), tmp_path)
    assert found.name == "products" and found.notes[-1].endswith("left out: customers.csv, orders.csv")
    (tmp_path / "products.csv").unlink()
    with pytest.raises(UsageError, match=r"left out: customers\.csv, orders\.csv: name one yourself"):
        discover(str(tmp_path), tmp_path)
    assert discover(str(tmp_path / "customers.csv"), tmp_path)[0].name == "customers"


def test_values_that_begin_alike_are_not_the_same() -> None:
    begin = "In affected versions an attacker can write beyond a buffer that holds "
    records = [{"id": n, "name": f"A {n}", "parts": [{"n": begin, "at": 7}, {"n": 3, "at": n}]} for n in range(20)]
    found = {one.name: one for one in fields_of(records)}
    assert not found["parts"].is_the_same(20) and len(found["parts"].values) == 20


def test_an_id_names_a_document_and_is_published_so_it_is_not_where_somebody_is_reached() -> None:
    records = [{"email": f"{n}@a.example", "quote": f"What {n} people say of a pump."} for n in range(9)]
    assert proposal(fields_of(records), 9)["id"] == "quote"
    events = [{"uid": f"{n}@a.example", "summary": f"Feast of {n} people and a pump"} for n in range(9)]
    assert of_records("a", "catalog", {}, fields_of(events), 9).notes == []
    assert proposal(fields_of(events), 9)["id"] == "uid"


def test_a_list_of_sentences_is_a_text_and_one_of_words_is_none() -> None:
    words = [
        {"id": n, "means": [f"a toad of the {n}th river"], "tags": ["toad", f"river {n % 3}", "south america"]}
        for n in range(9)
    ]
    told = proposal(fields_of(words), 9)
    assert told["text"][0] == "means" and "tags" in told["metadata"]


def test_files_that_hold_each_something_else_are_told_as_such_and_not_by_the_list_of_one(tmp_path: Path) -> None:
    for n in range(31):
        lists = {f"a{n}": {"parts": [{"id": 1}, {"id": 2}]}, f"b{n}": {"roles": [{"id": 1}]}}
        (tmp_path / f"{n}.json").write_text(json.dumps({"what": lists}))
    with pytest.raises(UsageError, match="each of its files holds something else"):
        discover(str(tmp_path), tmp_path)
    few = tmp_path / "few"
    few.mkdir()
    (few / "a.csv").write_text("id,name,text\n1,Pump,It moves water up.\n2,Valve,It stops the water.\n")
    (few / "b.json").write_text(json.dumps({"files": [{"id": 1, "said": "One of two."}], "more": [{"x": 1}]}))
    assert [one.settings.get("records") for one in discover(str(few), tmp_path)] == [None, "files"]


def test_conversations_and_notes_are_found_by_what_is_written_in_lists(tmp_path: Path) -> None:
    """In place of the id alone; an address of whoever wrote a note does not make the note one of a person."""
    said = [{"id": f"c{n}", "turns": [{"from": "human", "value": text_of(n)}] * 2} for n in range(9)]
    notes = [{"title": f"Note {n}", "children": [{"string": text_of(n), "edit-email": "a@b.org"}]} for n in range(9)]
    issues = [{"id": n, "title": text_of(n), "comments": [{"body": text_of(n), "at": 1, "by": 2}]} for n in range(9)]
    people = [{"id": n, "firm": text_of(n), "staff": [{"name": "Ann Lee", "email": "a@b.org"}]} for n in range(9)]
    found = {}
    for name, records in {"said": said, "notes": notes, "issues": issues, "people": people}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(records))
        found[name] = discover(str(tmp_path / f"{name}.json"), tmp_path)[0].settings["text"]
    assert found == {
        "said": ["turns"],
        "notes": ["title", "children"],
        "issues": ["title", "comments"],
        "people": ["firm"],
    }


def test_notes_that_would_show_where_their_writer_is_reached_are_not_proposed(tmp_path: Path) -> None:
    notes = [{"note": text_of(n), "author_email": "a@b.org"} for n in range(3)]
    records = [{"title": f"Pump {n}", "description": text_of(n), "notes": notes} for n in range(9)]
    (tmp_path / "pumps.json").write_text(json.dumps(records))
    assert discover(str(tmp_path / "pumps.json"), tmp_path)[0].settings["text"] == ["description"]


def test_events_are_records_too(tmp_path: Path) -> None:
    """They went last, as a log of what happened to others."""
    events = [{"id": n, "title": f"Concert {n}", "description": text_of(n)} for n in range(9)]
    halls = [{"id": n, "name": f"Hall {n}"} for n in range(3)]
    (tmp_path / "fair.json").write_text(json.dumps({"events": events, "halls": halls}))
    assert discover(str(tmp_path / "fair.json"), tmp_path)[0].settings["records"] == "events"


def test_neither_who_wrote_a_post_nor_who_filled_in_a_form_is_its_title(tmp_path: Path) -> None:
    posts = [
        {"id": n, "name": f"Ann {n % 3}", "username": f"ann{n % 3}", "cooked": f"<p>{text_of(n)}</p>"} for n in range(9)
    ]
    users = [{"id": n, "name": f"Ann {n}", "username": f"ann{n}", "bio": text_of(n)} for n in range(9)]
    form = [
        {"Timestamp": f"01/0{n}/2023 09:00:00", "What is your name?": f"Ann {n}", "What do you like?": text_of(n)}
        for n in range(1, 9)
    ]
    found = {}
    for name, records in {"posts": posts, "users": users, "form": form}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(records))
        told = discover(str(tmp_path / f"{name}.json"), tmp_path)[0].settings
        found[name] = (told.get("title"), told["text"])
    assert found == {"posts": (None, ["cooked"]), "users": ("name", ["bio"]), "form": (None, ["What do you like?"])}


def test_of_a_board_its_cards_are_read_not_what_happened_to_them(tmp_path: Path) -> None:
    """As Trello exports it; a path on somebody's disk is nobody's business."""
    cards = [
        {"id": f"c{n}", "name": f"Card {n}", "desc": text_of(n), "file": f"C:\\Users\\ann\\{n} a.pdf"} for n in range(5)
    ]
    actions = [{"id": f"a{n}", "type": "commentCard", "text": text_of(n)} for n in range(50)]
    (tmp_path / "board.json").write_text(json.dumps({"name": "B", "actions": actions, "cards": cards}))
    [found] = discover(str(tmp_path / "board.json"), tmp_path)
    assert (found.settings["records"], found.settings["title"]) == ("cards", "name")
    assert "file" not in str(found.settings)


def test_records_below_topics_that_say_nothing_are_the_records(tmp_path: Path) -> None:
    """Else each topic is a document without a text, and what is below it is nowhere."""
    rules = [
        {"rule": {"title": text_of(n), "tests": {"1": [text_of(n)] * 4}, "refs": [{"wcag": [n]}]}} for n in range(9)
    ]
    topics = [{"topic": f"T{n}", "number": n, "rules": rules} for n in range(3)]
    (tmp_path / "rules.json").write_text(json.dumps({"version": 1, "topics": topics}))
    [found] = discover(str(tmp_path / "rules.json"), tmp_path)
    assert (found.settings["records"], found.settings["text"]) == ("topics.*.rules", ["rule.tests.1"])
    assert found.notes[-1] == "what they stand in is not read: topic, number"
    (tmp_path / "rules.json").write_text(json.dumps([{"topic": "T", "about": text_of(1) * 40, "rules": rules[:1]}] * 3))
    [found] = discover(str(tmp_path / "rules.json"), tmp_path)
    assert "records" not in found.settings and found.settings["text"][0] == "about"


def test_a_folder_of_records_with_lists_in_them_is_one_catalog(tmp_path: Path) -> None:
    for n in range(40):  # else the lists are compared: of one kind in a file, of another in the next
        rules = "".join(f"\n  - {{kind{n % 9}: age, operator: =, value{n % 9}: {n}}}" for _ in range(2))
        (tmp_path / f"{n:02}.yml").write_text(f"label: {text_of(n)}\nnote: {text_of(n)} Yes.\nrules:{rules}\n")
    [found] = discover(str(tmp_path), tmp_path)
    assert (found.kind, found.settings["path"], found.settings["records"]) == ("catalog", ".", ".")


def test_texts_in_markdown_are_proposed_as_such_and_html_is_not(tmp_path: Path) -> None:
    for said, form in (("[one](#two) and `<b>`", "markdown"), ("<b>x</b> [one](#two)", None), ("a[1](x)", None)):
        records = rows(lambda n, said=said: {"id": n, "title": f"T{n}", "text": f"{text_of(n)} {said}"})  # type: ignore[misc]
        (tmp_path / "a.json").write_text(json.dumps(records))
        [found] = discover(str(tmp_path / "a.json"), tmp_path)
        assert found.settings.get("format") == form, said


def test_a_folder_of_records_in_yaml_is_a_catalog_and_beside_pages_it_is_none(tmp_path: Path) -> None:
    for name in "ab":
        told = "".join(f"- {{id: {name}{n}, title: T{n}, body: '{text_of(n)}'}}\n" for n in range(4))
        (tmp_path / f"{name}.yaml").write_text(told)
    [found] = discover(str(tmp_path), tmp_path)
    assert (found.kind, found.settings["path"], found.settings["id"]) == ("catalog", ".", "id")
    (tmp_path / "c.md").write_text("# C")
    assert [one.kind for one in discover(str(tmp_path), tmp_path)] == ["folder"]


def test_files_that_are_a_record_each_are_called_as_they_lie(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        about = {"title": f"Of {folder}", "text": text_of(1), "works": [{"n": 1}, {"n": 2}]}
        (tmp_path / folder / "page.json").write_text(json.dumps(about))
    [found] = discover(str(tmp_path), tmp_path)
    assert found.settings["records"] == "."
    (tmp_path / "v.toml").write_text(found.toml().replace(f'id = "{found.settings["id"]}"', 'id = "_key"'))
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    keys = [one.key for one in opened.source.changes(None).entries if isinstance(one, SourceItem)]
    assert keys == ["a/page", "b/page"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("posts.xml", "\ufeff<?xml version='1.0'?><posts>{}</posts>", "<row Id='{0}' Title='T{0}' Body='{1}'/>"),
        (
            "shop.xml",
            "<a xmlns:g='u'><made>1</made><b>{}</b></a>",
            "<g:p><id>{0}</id><Title>T{0}</Title><x>{1}</x></g:p>",
        ),
        ("pages.yaml", "{}", "- {{Id: {0}, Title: T{0}, Body: '{1}', day: 2024-01-02}}\n"),
        ("pages.yml", "{}", "---\nId: {0}\nTitle: T{0}\nBody: '{1}'\n"),
    ],
)
def test_records_in_xml_and_yaml(tmp_path: Path, name: str, content: str, expected: str) -> None:
    (tmp_path / name).write_text(content.format("".join(expected.format(n, text_of(n)) for n in range(20))))
    [found] = discover(str(tmp_path / name), tmp_path)
    assert found.settings["id"].lower() == "id" and found.settings["title"] == "Title" and not found.missing
    (tmp_path / "v.toml").write_text(found.toml())
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    items = [one for one in opened.source.changes(None).entries if isinstance(one, SourceItem)]
    assert len(items) == 20
    document = opened.reader().read(items[3])
    assert not isinstance(document, str) and document.title == "T3"


def test_what_every_record_says_alike_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(rows(lambda n: {"id": n, "name": f"N{n}", "unit": "kg"})))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    assert "the same in every record, so left out: unit" in found.notes


def test_why_no_record_can_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Export of 2024-01-01\n\nid,name\n1,One\n")
    with pytest.raises(UsageError, match=r"a.csv:3: 2 fields in a row of 1 column"):
        discover(str(tmp_path / "a.csv"), tmp_path)


def test_what_participants_wrote_to_each_other_is_told_to_be_that(tmp_path: Path) -> None:
    said = rows(lambda n: {"sender_name": "Ann", "timestamp_ms": 1700000000000 + n, "content": text_of(n)})
    (tmp_path / "a.json").write_text(json.dumps({"participants": [{"name": "Ann"}, {"name": "Bo"}], "messages": said}))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    assert found.notes[0].startswith("it looks like what its participants wrote to each other")


def test_a_description_of_an_api_is_no_list_of_records(tmp_path: Path) -> None:
    called = {"parameters": rows(lambda n: {"name": f"p{n}", "description": text_of(n)})}
    (tmp_path / "api.yaml").write_text("# of pumps\nopenapi: 3.0.3\npaths: {/x: {get: {summary: All}}}\n")
    with pytest.raises(UsageError, match="it describes an API"):
        discover(str(tmp_path / "api.yaml"), tmp_path)
    (tmp_path / "api.json").write_text(json.dumps({"openapi": "3.0.3", "paths": {"/x": {"get": called}}}))
    with pytest.raises(UsageError, match="describes an API"):
        discover(str(tmp_path / "api.json"), tmp_path)
    (tmp_path / "api.json").write_text(json.dumps({"info": "Pumps", "openapi": "3.0.3"}, indent=2))
    with pytest.raises(UsageError, match="describes an API"):
        discover(str(tmp_path / "api.json"), tmp_path)


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_a_list_of_apis_is_one_of_records(tmp_path: Path, ending: str) -> None:
    apis = rows(lambda n: {"openapi": "3.0.3", "name": f"API {n}", "text": text_of(n)})
    written = {"json": json.dumps({"apis": apis}, indent=2), "yaml": yaml.safe_dump(apis, sort_keys=False)}
    (tmp_path / f"a.{ending}").write_text(written[ending])
    [found] = discover(str(tmp_path / f"a.{ending}"), tmp_path)
    assert found.kind == "catalog" and found.settings["title"] == "name"


def test_a_folder_of_one_programs_messages_is_an_archive(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(
            "12/31/23, 9:15 PM - Ann: Happy new year\n1/1/24, 9:15 AM - Bob: Thanks\n"
        )
    (tmp_path / "a.jpg").write_bytes(b"")
    [found] = discover(str(tmp_path), tmp_path)
    assert (found.kind, found.settings["shape"], found.settings["zone"]) == ("messages", "whatsapp", "UTC")
    (tmp_path / "essay.txt").write_text("Of boats.")
    assert [one.kind for one in discover(str(tmp_path), tmp_path)] == ["folder"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.sty", "@book{oil,\n  title = {Of oil},\n}\n"),
        ("pci.ids", "#\n#\tList of PCI ID's\n0001  SafeNet (wrong ID)\n0010  Allied Telesis, Inc (Wrong ID)\n"),
        (
            "fortunes",
            "A banker is a fellow who lends you his umbrella\nwhen the sun shines and wants it back\n%\nNo.\n",
        ),
    ],
)
def test_a_file_of_another_format_is_no_list_of_records(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=rf"{re.escape(name)}: no records with text in it.* JSON or CSV$"):
        discover(str(tmp_path / name), tmp_path)


def test_what_was_published_in_a_folder_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "pumps.csv").write_text("id;name\n1;Bilge pump\n2;Hand pump\n")
    for place in ("metadata/timestamp.json", "releases/1.json", "assets/examples.json"):
        (tmp_path / "site" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / place).write_text('["how do pumps work"]')
    assert [one.settings["id"] for one in discover(str(tmp_path), tmp_path)] == ["id"]
    assert [file.name for file in CatalogSource(str(tmp_path)).files()] == ["pumps.csv"]
    for n in range(2):
        (tmp_path / f"{n}.md").write_text("# Pump\n\nOil it.\n")
    assert [one.kind for one in discover(str(tmp_path), tmp_path)] == ["folder"]


def test_a_folder_with_nothing_to_read_says_what_is_in_it(tmp_path: Path) -> None:
    for name in ("team.vcf", "b.vcf", "c.msg", "Makefile"):
        (tmp_path / name).write_text("BEGIN:VCARD")
    with pytest.raises(UsageError, match=r"no documents and no records in this folder \(2 \.vcf, 1 \.msg\)$"):
        discover(str(tmp_path), tmp_path)
    (tmp_path / "blog.xml").write_text('<rss version="2.0"></rss>')
    with pytest.raises(UsageError, match=r"name a file of it, as .*blog\.xml"):
        discover(str(tmp_path), tmp_path)


def test_files_of_office_programs_are_documents_of_a_folder_that_has_others(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.docx"):
        (tmp_path / name).write_bytes(b"%PDF-")
    assert [one.kind for one in discover(str(tmp_path), tmp_path)] == ["files"]
    (tmp_path / "a.md").write_text("# A")
    assert [one.kind for one in discover(str(tmp_path), tmp_path)] == ["folder"]  # which reads them
    with pytest.raises(UsageError, match="one document"):
        discover(str(tmp_path / "a.pdf"), tmp_path)


BLOG = """
CREATE TABLE wp_posts (ID INTEGER PRIMARY KEY, post_title, post_content, post_status, post_password);
CREATE TABLE wp_comments (comment_ID INTEGER PRIMARY KEY, comment_author, comment_author_email, comment_date_gmt,
    comment_content, comment_parent);
CREATE TABLE wp_users (ID INTEGER PRIMARY KEY, user_login, user_pass, user_email, display_name);
CREATE TABLE article (id INTEGER PRIMARY KEY, title, body, author, created_at, meta);
CREATE TABLE tag (id INTEGER, lang, description, PRIMARY KEY (id, lang));
CREATE TABLE django_session (session_key PRIMARY KEY, session_data);
CREATE TABLE wp_options (option_id INTEGER PRIMARY KEY, option_name, option_value);
INSERT INTO django_session VALUES ('k-1', 'what nobody but Ann may have, in several words');
INSERT INTO wp_options VALUES (1, 'mail_server', 'the key of the mail server is in here');
INSERT INTO wp_users VALUES (1, 'ann', '$P$x', 'ann@x.example', 'Ann Lee');
"""


def test_tables_of_other_peoples_apps(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "blog.db")) as blog, blog:
        blog.executescript(BLOG)
        for n in range(9):
            password = "secret" if n == 2 else ""
            blog.execute("INSERT INTO wp_posts VALUES (?, ?, ?, 'publish', ?)",
                         (n, f"Post {n}", f"<p>{text_of(n)}</p>", password))  # fmt: skip
            blog.execute("INSERT INTO wp_comments VALUES (?, 'ann', 'ann@x.example', '2024-01-01 10:00:00', ?, 0)",
                         (n, text_of(n)))  # fmt: skip
            blog.execute("INSERT INTO article VALUES (?, ?, ?, 'ann', '2024-01-01 10:00:00', ?)",
                         (n, f"Article {n}", text_of(n), '{"a": "some words in it"}'))  # fmt: skip
            blog.execute("INSERT INTO tag VALUES (?, ?, ?)", (n // 2, "de" if n % 2 else "en", text_of(n)))
    found = {one.name: one for one in discover("sqlite:///blog.db", tmp_path)}
    assert {name: one.kind for name, one in found.items()} == {
        "wp-posts": "sql", "wp-comments": "messages", "article": "sql", "tag": "sql",
    }  # fmt: skip
    url = {"url": "sqlite:///blog.db"}
    assert (found["article"].settings, found["article"].notes) == (
        url | {"table": "article", "id": "id", "title": "title", "text": ["body"], "metadata": ["author"]},
        (f"{OTHERS_PRIVATE}: django_session, wp_options, wp_users",),
    )
    both = "CAST(m.id AS VARCHAR(500)) || '-' || CAST(m.lang AS VARCHAR(500)) AS record_key"
    assert found["tag"].settings == url | {
        "query": f"SELECT m.*, {both} FROM tag AS m", "id": "record_key", "text": ["description"], "metadata": ["lang"],
    }  # fmt: skip
    assert (found["wp-comments"].settings, found["wp-comments"].notes) == (
        url | {"table": "wp_comments", "id": "comment_ID", "time": "comment_date_gmt", "author": "comment_author",
               "text": "comment_content", "reply-to": "comment_parent", "zone": "UTC"},
        [ZONELESS],
    )  # fmt: skip
    assert (
        found["wp-posts"].toml() == """[[source]]
# private, so left out: post_password
"""
        f"# {HIDDEN.format('post_password')}\n"
        """name = "wp-posts"
kind = "sql"
url = "sqlite:///blog.db"
table = "wp_posts"
id = "ID"
title = "post_title"
text = ["post_content"]
format = "auto"
"""
    )


OTHERS_PRIVATE = "private tables, and those of a program's own, are left out"
ZONELESS = "the times have no zone: is it this one?"
TALKS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "post": (
        "post_id INTEGER PRIMARY KEY, posted, member_id REFERENCES member (member_id), body, room, answers_to",
        {"id": "post_id", "time": "posted", "author": "author_name", "text": "body", "channel": "room",
         "reply-to": "answers_to",
         "query": "SELECT m.*, author.handle AS author_name FROM post AS m "
         "LEFT JOIN member AS author ON author.member_id = m.member_id"},
    ),
    "nachrichten": (
        "nr INTEGER PRIMARY KEY, gesendet_am, absender, inhalt, kanal, antwort_auf, geändert_am, geloescht",
        {"id": "nr", "time": "gesendet_am", "author": "absender", "text": "inhalt", "channel": "kanal",
         "reply-to": "antwort_auf", "updated": "geändert_am", "deleted": "geloescht", "table": "nachrichten"},
    ),
    "mensajes": (
        "id INTEGER PRIMARY KEY, enviado_en, remitente, texto, sala, respuesta_a, editado, borrado",
        {"time": "enviado_en", "author": "remitente", "text": "texto", "channel": "sala", "reply-to": "respuesta_a",
         "updated": "editado", "deleted": "borrado", "table": "mensajes"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("table", TALKS)
def test_an_archive_of_messages_in_another_language_is_one(tmp_path: Path, table: str) -> None:
    columns, expected = TALKS[table]
    with closing(sqlite3.connect(tmp_path / "a.db")) as talk, talk:
        talk.execute("CREATE TABLE member (member_id INTEGER PRIMARY KEY, handle, email)")
        talk.execute(f"CREATE TABLE {table} ({columns})")
        more = ", NULL" * (columns.count(",") - 4)
        for n in range(9):
            talk.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, 'ops'{more})", (n, 1767225600 + n, "1", text_of(n)))
    assert discover("sqlite:///a.db", tmp_path) == [
        Proposal(table, "messages", {"url": "sqlite:///a.db", **expected}, (f"{OTHERS_PRIVATE}: member",))
    ]


SHOP = """
    CREATE TABLE Genre (GenreId INTEGER PRIMARY KEY, Name TEXT);
    CREATE TABLE Suppliers (SupplierID INTEGER PRIMARY KEY, ContactName TEXT, CompanyName TEXT, HomePage TEXT);
    CREATE TABLE Album (AlbumId INTEGER PRIMARY KEY, Title TEXT);
    CREATE TABLE Track (TrackId INTEGER PRIMARY KEY, Name TEXT, Composer TEXT, AlbumId INTEGER REFERENCES Album,
        GenreId INTEGER REFERENCES Genre, SupplierID INTEGER, EmployeeID INTEGER REFERENCES Employees);
    CREATE TABLE Employees (EmployeeID INTEGER PRIMARY KEY, FirstName TEXT, Title TEXT, HomePhone TEXT, Notes TEXT);
    CREATE TABLE Orders (OrderID INTEGER PRIMARY KEY, CustomerID TEXT, ShipName TEXT, ShipCity TEXT);
    CREATE TABLE Executive_Orders (id INTEGER PRIMARY KEY, title TEXT, text TEXT);
    CREATE VIEW Tracks AS SELECT Name, Composer FROM Track;
"""


def test_tables_of_a_shop_name_what_ids_stand_for_and_say_nothing_of_who_works_or_buys_there(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.executescript(SHOP)
        for n in range(1, 13):
            database.execute("INSERT INTO Genre VALUES (?, ?)", (n, f"Genre {n}"))
            database.execute("INSERT INTO Suppliers VALUES (?, ?, ?, ?)", (n, f"Ann {n}", f"Oak & Co {n}", text_of(n)))
            database.execute("INSERT INTO Album VALUES (?, ?)", (n, f"Album {n}"))
            database.execute("INSERT INTO Track VALUES (?, ?, 'A. B. Cee', ?, ?, ?, 1)", (n, f"Track {n}", n, n, n % 3))
            database.execute(
                "INSERT INTO Employees VALUES (?, ?, 'Clerk', '(206) 555-9857', ?)", (n, f"A{n}", text_of(n))
            )
            database.execute("INSERT INTO Orders VALUES (?, 'ANN', ?, 'Bergamo')", (n, f"Ann's Market {n}"))
            database.execute("INSERT INTO Executive_Orders VALUES (?, ?, ?)", (n, f"Order {n}", text_of(n)))
        database.commit()
    found = {one.name: one for one in discover(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)}
    assert {*found} == {"suppliers", "track", "executive-orders"}
    assert found["suppliers"].settings["title"] == "CompanyName" and "ContactName" not in str(
        found["suppliers"].settings
    )
    assert found["track"].settings["metadata"] == ["Album", "Genre", "Supplier"]
    notes = "\n".join(note for one in found.values() for note in one.notes)
    assert "Employees, Orders" in notes and "found twice; left out: Tracks" in notes
    (tmp_path / "v.toml").write_text(found["track"].toml())
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    first = next(one for one in opened.source.changes(None).entries if isinstance(one, SourceItem))
    document = opened.reader().read(first)
    assert not isinstance(document, str)
    assert document.metadata == {"Album": "Album 1", "Genre": "Genre 1", "Supplier": "Oak & Co 1"}


def test_rows_have_the_names_of_what_they_are_linked_with_but_of_drafts_and_people(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.executescript("""
            CREATE TABLE blog_post (id INTEGER PRIMARY KEY, title TEXT, slug TEXT UNIQUE, body TEXT, status TEXT);
            CREATE TABLE blog_tag (id INTEGER PRIMARY KEY, name TEXT, slug TEXT);
            CREATE TABLE blog_post_tags (id INTEGER PRIMARY KEY, post_id INTEGER, tag_id INTEGER);
            CREATE TABLE members (id INTEGER PRIMARY KEY, name TEXT, email TEXT);
            CREATE TABLE post_likes (post_id INTEGER, member_id INTEGER);
            CREATE TABLE clients (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT);
            CREATE TABLE post_clients (post_id INTEGER, client_id INTEGER);
            CREATE TABLE actor (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT);
            CREATE TABLE post_actor (post TEXT REFERENCES blog_post (slug), actor_id INTEGER);
        """)
        for n in range(1, 7):
            state = "draft" if n == 2 else "published"
            database.execute(
                "INSERT INTO blog_post VALUES (?, ?, ?, ?, ?)", (n, f"T{n}", f"of-oil-{n}", text_of(n), state)
            )
            database.execute("INSERT INTO blog_tag VALUES (?, ?, ?)", (n, f"tag {n}", f"tag-{n}"))
            database.execute("INSERT INTO members VALUES (?, ?, ?)", (n, f"Ann {n}", f"a{n}@b.org"))
            database.execute("INSERT INTO clients VALUES (?, ?, 'Oak', ?)", (n, f"Bob {n}", f"b{n}@c.org"))
            database.execute("INSERT INTO actor VALUES (?, ?, 'Elm')", (n, f"Cleo {n}"))
            for link, of in (("post_likes", n), ("post_clients", n), ("post_actor", f"of-oil-{n}")):
                database.execute(f"INSERT INTO {link} VALUES (?, ?)", (of, n))
            for tag in (n, 1, 1):
                database.execute("INSERT INTO blog_post_tags (post_id, tag_id) VALUES (?, ?)", (n, tag))
        database.commit()
    found = discover(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    assert [one.name for one in found] == ["actor", "blog-post"]
    assert found[1].settings["text"] == ["body", "tag", "actor"]
    (tmp_path / "v.toml").write_text(found[1].toml())
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    items = {
        one.key: json.loads(one.data) for one in opened.source.changes(None).entries if isinstance(one, SourceItem)
    }
    assert [items[key]["tag"] for key in ("1", "3")] == ["tag 1", "tag 1, tag 3"]
    assert items["3"]["actor"] == "Cleo 3 Elm"


def test_comments_are_of_their_article_and_published_with_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name, email)")
        made.execute(
            "CREATE TABLE article (id INTEGER PRIMARY KEY, title, body, publish_at, embargo DATETIME, visible_until)"
        )
        made.execute(
            "CREATE TABLE comment (id INTEGER PRIMARY KEY, user_id REFERENCES users (id), "
            "article_id REFERENCES article (id), body, created_at, created_by)"
        )
        times: list[tuple[str | int | None, str | int | None, str | int | None]] = [
            ("2020-01-01", None, "2999-01-01"),
            ("soon", None, None),
            ("01/02/2999", None, None),
            ("2999-01-01T00:00:00Z", None, None),
        ]
        times += [(None, "2999-01-01 00:00:00", None), (None, None, "2020-01-01"), (None, "2020-01-01 00:00:00", None)]
        # Seconds and thousands of them, also in columns that say they have times; days of a spreadsheet.
        times += [(1600000000, 1600000000123, 32503680000), (32503680000, None, None), (32503680000000, None, None)]
        times += [
            (None, 32503680000, None),
            (None, None, 1600000000000),
            (None, "03.12.2999", None),
            (46500, None, None),
        ]
        for n, when in enumerate(times):
            made.execute("INSERT INTO users VALUES (?, ?, ?)", (n, f"Ann {n}", f"a{n}@b.org"))
            made.execute("INSERT INTO article VALUES (?, ?, ?, ?, ?, ?)", (n, f"Pump {n}", text_of(n), *when))
            made.execute(
                "INSERT INTO comment VALUES (?, ?, ?, ?, '2024-01-01 10:00:00Z', ?)", (n, n, n, text_of(n), f"Bob {n}")
            )
    found = {one.name: one for one in discover(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)}
    told = found["comment"].settings
    assert (found["comment"].kind, told["thread"], told["subject"]) == ("messages", "article_id", "thread_name")
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        rows_ = database.execute(f"SELECT thread_name FROM ({told['query']}) ORDER BY 1")
        assert [*rows_] == [("Pump 0",), ("Pump 6",), ("Pump 7",)]


def test_a_table_that_says_by_a_time_of_the_database_that_it_is_published_is_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE page (id INTEGER PRIMARY KEY, title, body, published_at)")
        for n in range(3):
            made.execute("INSERT INTO page VALUES (?, ?, ?, '2024-01-01 10:00:00')", (n, f"P{n}", text_of(n)))
    sample = Schema.sample

    def timed(schema: Schema, table: str, most: int) -> Any:
        """As PostgreSQL gives its times; SQLite has none."""
        found, columns = sample(schema, table, most)
        return [{**row, "published_at": datetime(2024, 1, 1, tzinfo=UTC)} for row in found], columns

    monkeypatch.setattr(Schema, "sample", timed)
    assert [one.name for one in discover(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)] == ["page"]


def test_tables_of_many_months_are_told_once_and_what_a_database_keeps_to_search_by_is_no_text(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("CREATE TABLE film (id INTEGER PRIMARY KEY, title TEXT, about TEXT, found TEXT)")
        for month in range(1, 4):
            database.execute(f"CREATE TABLE payment_p2024_0{month} (id INTEGER PRIMARY KEY, customer_id INTEGER)")
        words = "'boat':4 'sail':6,9A 'it''s':1"
        database.executemany(
            "INSERT INTO film VALUES (?, ?, ?, ?)", [(n, f"T{n}", text_of(n), words) for n in range(9)]
        )
        database.commit()
    [found] = discover(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    assert found.settings["text"] == ["about"] and found.notes[-1].endswith("left out: payment_p…_…")


def test_where_there_are_views_alone_they_are_what_is_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute(
            "CREATE VIEW page AS SELECT 1 AS id, 'Of oil and water' AS title, 'It burns at night.' AS body"
        )
    assert [one.name for one in discover(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)] == ["page"]


@pytest.mark.parametrize(
    "field",
    ["einkaufspreis", "Gehalt", "correo", "mot_de_passe", "salary", "depot_ort", "Magazinplatz", "storage_location"],
)
def test_what_is_private_in_another_language_is_not_proposed(tmp_path: Path, field: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(rows(lambda n: {"id": n, "name": text_of(n), field: f"{n} x"})))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    assert field not in str(found.settings) and field in str(found.notes)


FORUM = """
CREATE TABLE users (id INTEGER PRIMARY KEY, nickname, username);
CREATE TABLE topics (id INTEGER PRIMARY KEY, title, archetype);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id REFERENCES users (id), topic_id REFERENCES topics (id), raw,
    created_at, picture);
INSERT INTO users VALUES (1, '', 'ann');
INSERT INTO topics VALUES (1, 'Boats', 'regular'), (2, 'Between us', 'private_message');
"""


def test_private_topics_of_a_forum_are_left_out_and_bytes_are_no_text(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "forum.db")) as forum, forum:
        forum.executescript(FORUM)
        for n in range(9):
            row = (n, 1 + n % 2, f"{'secret' if n % 2 else text_of(n)}", 1767225600 + n, b"\x89PNG")
            forum.execute("INSERT INTO posts VALUES (?, 1, ?, ?, ?, ?)", row)
    found = {one.name: one for one in discover("sqlite:///forum.db", tmp_path)}
    settings = found["posts"].settings
    assert found == {"posts": Proposal(
        "posts", "messages",
        {"url": "sqlite:///forum.db", "query": settings["query"], "time": "created_at", "author": "author_name",
         "text": "raw", "thread": "topic_id", "subject": "thread_name"},
        ("what is in something private (a channel, a topic …) is left out: see WHERE", f"{OTHERS_PRIVATE}: users"),
    )}  # fmt: skip
    with closing(sqlite3.connect(tmp_path / "forum.db")) as forum:
        said = [dict(zip([one[0] for one in rows.description], row, strict=True)) for rows in
                [forum.execute(settings["query"])] for row in rows]  # fmt: skip
    assert {(one["author_name"], one["thread_name"]) for one in said} == {("ann", "Boats")} and len(said) == 5
    assert "secret" not in str(said)


def test_a_list_of_names_is_nobodys_business_and_what_people_tell_of_themselves_is_text(tmp_path: Path) -> None:
    def made(name: str, about: str) -> str:
        with closing(sqlite3.connect(tmp_path / name)) as file, file:
            file.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, title, about)")
            file.executemany("INSERT INTO users VALUES (?, 'Sailor', ?)", [(n, f"{about} {n}") for n in range(20)])
        return f"sqlite:///{name}"

    with pytest.raises(UsageError, match="left out, as private or a program's own: users"):
        discover(made("names.db", "Ann Lee"), tmp_path)
    (found,) = discover(made("texts.db", "Writes of boats and of the sea. " * 9), tmp_path)
    assert found.settings["table"] == "users"


# What is said in them is for everybody where it is "open"; the number that comes with it says what it lies in.
PROGRAMS: Mapping[str, str] = {
    "a chat without underscores": """
        CREATE TABLE users (id PRIMARY KEY, username, password);
        CREATE TABLE channels (id PRIMARY KEY, deleteat BIGINT, type, displayname);
        CREATE TABLE posts (id PRIMARY KEY, createat BIGINT, editat BIGINT, deleteat BIGINT, userid, channelid, rootid,
            message);
        INSERT INTO channels VALUES (1, 0, 'O', 'Town'), (2, 0, 'P', 'Leads'), (3, 0, 'D', 'a__b'), (4, 7, 'O', 'Gone');
        INSERT INTO posts SELECT n, 1767225600000 + n, 0, 0, 1, n % 4 + 1, '', said FROM numbers;
    """,
    "a forum with categories for some, and hidden posts": """
        CREATE TABLE categories (id INTEGER PRIMARY KEY, name, read_restricted BOOLEAN);
        CREATE TABLE topics (id INTEGER PRIMARY KEY, title, category_id, visible BOOLEAN, deleted_at TIMESTAMP);
        CREATE TABLE posts (id INTEGER PRIMARY KEY, topic_id, user_id, raw, created_at, hidden BOOLEAN, post_type);
        INSERT INTO categories VALUES (1, 'Boats', 0), (2, 'Staff', 1);
        INSERT INTO topics VALUES (1, 'A', 1, 1, NULL), (2, 'B', 2, 1, NULL), (3, 'C', 1, 0, NULL),
            (4, 'D', 1, 1, '2026-01-01');
        INSERT INTO posts SELECT n, n % 4 + 1, 1, said, 1767225600 + n, 0, 1 FROM numbers;
        INSERT INTO posts VALUES (90, 1, 1, 'secret', 1767225600, 1, 1), (91, 1, 1, 'secret', 1767225600, 0, 4);
    """,
    "a board with passwords and private messages": """
        CREATE TABLE phpbb_forums (forum_id INTEGER PRIMARY KEY, forum_name TEXT, forum_password TEXT);
        CREATE TABLE phpbb_topics (topic_id INTEGER PRIMARY KEY, forum_id, topic_title, topic_visibility);
        CREATE TABLE phpbb_posts (post_id INTEGER PRIMARY KEY, topic_id, poster_id, poster_ip, post_time, post_text);
        CREATE TABLE phpbb_privmsgs (msg_id INTEGER PRIMARY KEY, author_id, message_time, message_text);
        INSERT INTO phpbb_forums VALUES (1, 'Boats', ''), (2, 'Locked', '$2y$');
        INSERT INTO phpbb_topics VALUES (1, 1, 'A', 1), (2, 2, 'B', 1), (3, 1, 'C', 0), (4, 1, 'D', 2);
        INSERT INTO phpbb_posts SELECT n, n % 4 + 1, 2, '10.0.0.1', 1767225600 + n, said FROM numbers;
        INSERT INTO phpbb_privmsgs SELECT n, 2, 1767225600 + n, 'secret ' || said FROM numbers;
    """,
    "tickets with notes for those who answer": """
        CREATE TABLE messages (id INTEGER PRIMARY KEY, conversation_id, sender_id, created_at, content,
            private BOOLEAN);
        INSERT INTO messages SELECT n, 1, 1, 1767225600 + n, said, n % 4 > 0 FROM numbers;
    """,
    "issues of projects": """
        CREATE TABLE projects (id INTEGER PRIMARY KEY, name, visibility_level INTEGER);
        CREATE TABLE issues (id INTEGER PRIMARY KEY, title, description, project_id, confidential BOOLEAN);
        INSERT INTO projects VALUES (1, 'Boats', 20), (2, 'Ours', 10), (3, 'Mine', 0);
        INSERT INTO issues SELECT n, 'Leak', said, min(n % 4 + 1, 3), 0 FROM numbers;
        INSERT INTO issues VALUES (90, 'Leak', 'secret', 1, 1);
    """,
    "notes of a tracker": """
        CREATE TABLE projects (id INTEGER PRIMARY KEY, name, is_public BOOLEAN, default_query_id REFERENCES queries,
            default_plan_id REFERENCES plans);
        CREATE TABLE queries (id INTEGER PRIMARY KEY, name, visibility INTEGER);
        CREATE TABLE plans (id INTEGER PRIMARY KEY, name, is_private BOOLEAN);
        CREATE TABLE issues (id INTEGER PRIMARY KEY, project_id REFERENCES projects, subject, is_private BOOLEAN);
        CREATE TABLE parts (id INTEGER PRIMARY KEY, subject);
        CREATE TABLE notes (id INTEGER PRIMARY KEY, noted_type, noted_id INTEGER, text, title);
        INSERT INTO queries VALUES (1, 'secret', 2);
        INSERT INTO plans VALUES (1, 'secret', 1), (2, 'x', 0);
        INSERT INTO projects VALUES (1, 'A', 1, 1, 1), (2, 'B', 0, 1, 1);
        INSERT INTO issues VALUES (1, 1, 'One', 0), (2, 2, 'secret', 0), (3, 1, 'secret', 1);
        INSERT INTO parts VALUES (1, 'Part');
        INSERT INTO notes SELECT n, CASE n % 3 WHEN 0 THEN 'Issue' WHEN 1 THEN 'App\\Models\\Part' ELSE 'Gone' END,
            1, CASE WHEN n % 3 = 2 THEN 'secret' WHEN n < 8 THEN 'open, about ' || n || ' boats' ELSE 'of ' || n END,
            'N' || n FROM numbers WHERE n < 18;
        UPDATE notes SET text = 'of boats' WHERE id = 7;
        INSERT INTO notes VALUES (90, 'Issue', 2, 'secret', 'N'), (91, 'Issue', 3, 'secret', 'N');
    """,
    "comments of a blog": """
        CREATE TABLE wp_posts (ID INTEGER PRIMARY KEY, post_title, post_content, post_status, post_password);
        CREATE TABLE wp_comments (comment_ID INTEGER PRIMARY KEY, comment_post_ID, comment_author, comment_date,
            comment_date_gmt, comment_content, comment_approved);
        INSERT INTO wp_posts VALUES (1, 'A', '', 'publish', ''), (2, 'B', '', 'draft', ''), (3, 'C', '', 'private', ''),
            (4, 'D', '', 'publish', 'x');
        INSERT INTO wp_comments SELECT n, n % 4 + 1, 'ann', 1767225600 + n, 1767225600 + n, said, '1' FROM numbers;
        INSERT INTO wp_comments VALUES (90, 1, 'x', 1767225600, 1, 'secret', 'spam'),
            (91, 1, 'x', 1767225600, 1, 'secret', '0');
    """,
    "answers to a post by its address": """
        CREATE TABLE posts (id INTEGER PRIMARY KEY, slug TEXT UNIQUE, title, status);
        CREATE TABLE remarks (id INTEGER PRIMARY KEY, entry TEXT REFERENCES posts(slug), body, title,
            old INTEGER REFERENCES gone);
        INSERT INTO posts VALUES (1, 'a', 'A', 'published'), (2, 'b', 'B', 'draft'),
            (3, 'c', 'C', 'draft'), (4, 'd', 'D', 'draft');
        INSERT INTO remarks SELECT n, CHAR(97 + n % 4), said, 'N' || n, NULL FROM numbers;
    """,
    "answers to a post of a site": """
        CREATE TABLE posts (site INTEGER, id INTEGER, title, status, PRIMARY KEY (site, id));
        CREATE TABLE remarks (id INTEGER PRIMARY KEY, site INTEGER, entry INTEGER, body, title,
            FOREIGN KEY (site, entry) REFERENCES posts (site, id));
        INSERT INTO posts VALUES (1, 1, 'A', 'published'), (1, 2, 'B', 'draft'),
            (2, 1, 'C', 'draft'), (2, 2, 'D', 'draft');
        INSERT INTO remarks SELECT n, n % 4 / 2 + 1, n % 2 + 1, said, 'N' || n FROM numbers;
    """,
    "the same, by what the columns are called alone": """
        CREATE TABLE posts (site INTEGER, id INTEGER, title, status, PRIMARY KEY (site, id));
        CREATE TABLE remarks (id INTEGER PRIMARY KEY, site INTEGER, post_id INTEGER, body, title);
        INSERT INTO posts VALUES (1, 1, 'A', 'published'), (1, 2, 'B', 'draft'),
            (2, 1, 'C', 'draft'), (2, 2, 'D', 'draft');
        INSERT INTO remarks SELECT n, n % 4 / 2 + 1, n % 2 + 1, said, 'N' || n FROM numbers;
    """,
    "the same, called alike in both": """
        CREATE TABLE posts (site INTEGER, post_id INTEGER, title, status, PRIMARY KEY (site, post_id));
        CREATE TABLE remarks (id INTEGER PRIMARY KEY, site INTEGER, post_id INTEGER, body, title);
        INSERT INTO posts VALUES (1, 1, 'A', 'published'), (1, 2, 'B', 'draft'),
            (2, 1, 'C', 'draft'), (2, 2, 'D', 'draft');
        INSERT INTO remarks SELECT n, n % 4 / 2 + 1, n % 2 + 1, said, 'N' || n FROM numbers;
    """,
    "answers to a post without a key, and to one by months": """
        CREATE TABLE posts (id INTEGER, title, status);
        CREATE TABLE pages (id INTEGER, made DATETIME, title, status, PRIMARY KEY (id, made));
        CREATE TABLE remarks (id INTEGER, post_id INTEGER, body, title);
        CREATE TABLE notes (id INTEGER, made DATETIME, page_id INTEGER, body, title, PRIMARY KEY (id, made));
        INSERT INTO posts VALUES (1, 'A', 'published'), (2, 'B', 'draft'), (3, 'C', 'draft'), (4, 'D', 'draft');
        INSERT INTO pages SELECT id, '2026-01-01 00:00:00', title, status FROM posts;
        INSERT INTO remarks SELECT n, n % 4 + 1, said, 'N' || n FROM numbers WHERE n < 8;
        INSERT INTO notes SELECT n, '2026-02-01 00:00:00', n % 4 + 1, said, 'N' || n FROM numbers WHERE n > 7;
    """,
    "answers to nobody knows which post": """
        CREATE TABLE posts (site INTEGER, no INTEGER, title, body, status, PRIMARY KEY (site, no));
        CREATE TABLE remarks (id INTEGER PRIMARY KEY, post_id INTEGER, body, title);
        INSERT INTO posts SELECT 1, n, 'N' || n, said, CASE n % 4 WHEN 0 THEN 'published' ELSE 'draft' END FROM numbers;
        INSERT INTO remarks SELECT n, n, 'secret ' || n, 'N' || n FROM numbers;
    """,
    "the same, though a key of posts is called as that of answers": """
        CREATE TABLE posts (id INTEGER, version INTEGER, title, body, status, PRIMARY KEY (id, version));
        CREATE TABLE remarks (id INTEGER PRIMARY KEY, post_id INTEGER, body, title);
        INSERT INTO posts SELECT n, n, 'N' || n, said, CASE n % 4 WHEN 0 THEN 'published' ELSE 'draft' END FROM numbers;
        INSERT INTO remarks SELECT n, n, 'secret ' || n, 'N' || n FROM numbers;
    """,
    "the same, of posts without a key": """
        CREATE TABLE posts (no INTEGER, title, body, status);
        CREATE TABLE remarks (id INTEGER PRIMARY KEY, post_id INTEGER, body, title);
        INSERT INTO posts SELECT n, 'N' || n, said, CASE n % 4 WHEN 0 THEN 'published' ELSE 'draft' END FROM numbers;
        INSERT INTO remarks SELECT n, n, 'secret ' || n, 'N' || n FROM numbers;
    """,
    "topics of a site whose last post is withheld": """
        CREATE TABLE posts (site INTEGER, id INTEGER, topic_id INTEGER, title, status, PRIMARY KEY (site, id),
            FOREIGN KEY (site, topic_id) REFERENCES topics (site, id));
        CREATE TABLE topics (site INTEGER, id INTEGER, last_post_id INTEGER, title, body, PRIMARY KEY (site, id),
            FOREIGN KEY (site, last_post_id) REFERENCES posts (site, id));
        INSERT INTO posts SELECT 1, n, n, 'N' || n, 'draft' FROM numbers;
        INSERT INTO topics SELECT 1, n, n, 'N' || n, said FROM numbers WHERE n % 4 = 0;
    """,
}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_program_shows_not_to_everybody_is_not_published(tmp_path: Path, program: str) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.executescript(
            "CREATE TEMP TABLE numbers AS WITH RECURSIVE c(n) AS (SELECT 0 UNION SELECT n + 1 FROM c WHERE n < 19) "
            "SELECT n, CASE n % 4 WHEN 0 THEN 'open, about boats and sails' ELSE 'secret of the staff' END AS said "
            "FROM c;" + PROGRAMS[program]
        )
    found = discover("sqlite:///a.db", tmp_path)
    (tmp_path / "vademecum.toml").write_text("\n".join(one.toml() for one in found))
    request = read_settings(tmp_path / "vademecum.toml")
    told = ""
    for [view] in open_sources(request).values():
        items = [one for one in view.source.changes(None).entries if isinstance(one, SourceItem)]
        told += str([view.reader().read(one) for one in items if not why_private_record(json.loads(one.data))])
    assert told.count("open, about") == 5 and "secret" not in told and "Models" not in told
    assert "comment_date_gmt" in str(found) or "wp" not in str(found)


def test_many_tables_that_refer_to_each_other_are_looked_at_once_or_not_proposed(tmp_path: Path) -> None:
    """Of the ways along which they do there are millions."""

    def proposed(name: str, count: int, refers: Callable[[int], Iterable[int]], flag: str = "") -> int:
        with closing(sqlite3.connect(tmp_path / name)) as made:
            for n in range(count):
                columns = "".join(f", t{other}_id REFERENCES t{other}(id)" for other in refers(n))
                made.execute(f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, title, body{flag}{columns})")
                made.execute(f"INSERT INTO t{n} (title, body) VALUES ('A', ?)", [text_of(n)])
            made.commit()
        return len(discover(f"sqlite:///{tmp_path}/{name}", tmp_path))

    assert proposed("chain.db", 25, lambda n: range(max(0, n - 3), n)) == 25
    assert proposed("circle.db", 9, lambda n: {*range(9)} - {n}) == 9
    with pytest.raises(UsageError):
        proposed("flags.db", 9, lambda n: {*range(9)} - {n}, ", private DEFAULT 0")


def test_what_a_record_says_itself_is_no_condition_and_of_its_author_nothing_is_asked(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name, private)")
        made.execute("INSERT INTO users VALUES (1, 'Ann', 1), (2, 'Bob', 0)")
        made.execute("CREATE TABLE pages (id INTEGER PRIMARY KEY, title, body, draft, user_id REFERENCES users(id))")
        made.execute("INSERT INTO pages VALUES (1, 'A', ?, 0, 1), (2, 'B', ?, 1, 2)", (text_of(1), text_of(2)))
    (found,) = discover("sqlite:///a.db", tmp_path)
    assert (found.settings.get("table"), found.settings.get("query")) == ("pages", None)


def test_a_visibility_that_is_a_number_is_not_guessed(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE statuses (id INTEGER PRIMARY KEY, text, visibility)")
        made.execute("INSERT INTO statuses VALUES (1, ?, 0), (2, ?, 3)", (text_of(1), text_of(2)))
    with pytest.raises(UsageError, match=r"left out, as private .*: statuses: name it yourself"):
        discover("sqlite:///a.db", tmp_path)


@pytest.mark.process
def test_a_password_in_an_address_is_told_where_it_is_written(tmp_path: Path) -> None:
    url = sa.make_url(new_database())
    engine = sa.create_engine(url)
    with engine.begin() as made:
        made.execute(sa.text("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)"))
        made.execute(sa.text("INSERT INTO note VALUES (1, :text)"), {"text": text_of(1)})
    engine.dispose()
    plain, told = (
        discover(one.render_as_string(hide_password=False), tmp_path) for one in (url, url.set(password="secret"))
    )
    assert not plain[0].notes and 'write url = "${DATABASE_URL}"' in str(told[0].notes)


@pytest.mark.process
def test_partitions_are_read_once_and_answers_to_a_post_of_a_site_go_with_it(tmp_path: Path) -> None:
    url = new_database()
    engine = sa.create_engine(url)
    with engine.begin() as made:
        for told in (
            "CREATE TABLE post (site INT, id INT, title TEXT, body TEXT, status TEXT, PRIMARY KEY (site, id)) "
            "PARTITION BY RANGE (site)",
            "CREATE TABLE post_1 PARTITION OF post FOR VALUES FROM (1) TO (2)",
            "CREATE TABLE remark (id INT PRIMARY KEY, site INT, entry INT, note TEXT, "
            "FOREIGN KEY (site, entry) REFERENCES post (site, id))",
        ):
            made.exec_driver_sql(told)
        for n in range(4):
            values = {"n": n, "title": f"Pump {n}", "text": text_of(n), "state": "draft" if n % 2 else "published"}
            made.execute(sa.text("INSERT INTO post VALUES (1, :n, :title, :text, :state)"), values)
            made.execute(sa.text("INSERT INTO remark VALUES (:n, 1, :n, :text)"), values)
    found = {one.name: one for one in discover(url, tmp_path)}
    assert sorted(found) == ["post", "remark"] and "left out: post_…" in str(found["post"].notes)
    with engine.connect() as connection:
        shown = connection.exec_driver_sql(f"SELECT id FROM ({found['remark'].settings['query']}) AS q ORDER BY 1")
        assert [*shown.scalars()] == [0, 2]
    engine.dispose()


@pytest.mark.process
@pytest.mark.parametrize("kind", ["BIGINT", "DOUBLE PRECISION"])
def test_times_of_an_article_that_are_numbers_hold_for_its_comments(tmp_path: Path, kind: str) -> None:
    url = new_database()
    engine = sa.create_engine(url)
    times: list[int | None] = [None, 0, 1600000000, 1600000000123, 20240131, 2020, 32503680000, 32503680000000, 46500]
    times += [20991231, 2999]
    with engine.begin() as made:
        made.exec_driver_sql(
            f"CREATE TABLE article (id INT PRIMARY KEY, title TEXT, body TEXT, publish_at {kind}, "
            "published_at BOOLEAN DEFAULT true)"
        )
        made.exec_driver_sql(
            "CREATE TABLE comment (id INT PRIMARY KEY, article_id INT REFERENCES article, author TEXT, body TEXT, "
            "created_at TIMESTAMPTZ DEFAULT now())"
        )
        for n, at in enumerate(times):
            values = {"n": n, "title": f"Pump {n}", "text": text_of(n), "at": at}
            made.execute(sa.text("INSERT INTO article VALUES (:n, :title, :text, :at)"), values)
            made.execute(sa.text("INSERT INTO comment VALUES (:n, :n, 'Ann', :text)"), values)
    found = {one.name: one for one in discover(url, tmp_path)}
    with engine.connect() as connection:
        shown = connection.exec_driver_sql(f"SELECT id FROM ({found['comment'].settings['query']}) AS q ORDER BY 1")
        assert [*shown.scalars()] == [0, 1, 2, 3, 4, 5]
    engine.dispose()


def test_days_and_years_in_digits_hold_for_comments(tmp_path: Path) -> None:
    rows = [
        *((20240131, None, None), (2020, None, None), (20991231, None, None), (2999, None, None)),
        *((None, 20240131, None), (None, 2020, None), (None, 20991231, None), (None, 2999, None)),
        *((None, None, 20240131), (None, None, 2020), (None, None, 20991231), (None, None, 2999)),
    ]
    today = datetime.now(UTC)
    rows += [(today.year, today.year, None), (None, None, today.year), (int(f"{today:%Y%m%d}"),) * 2 + (None,)]
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, title, publish_date, visible_until, embargo)")
        made.execute("CREATE TABLE remarks (id INTEGER PRIMARY KEY, article_id, title, body)")
        for n, times in enumerate(rows):
            made.execute("INSERT INTO articles VALUES (?, 'A', ?, ?, ?)", (n, *times))
            made.execute("INSERT INTO remarks VALUES (?, ?, ?, ?)", (n, n, f"R{n}", text_of(n)))
        made.commit()
        found = {one.name: one for one in discover("sqlite:///a.db", tmp_path)}
        shown = made.execute(f"SELECT id FROM ({found['remarks'].settings['query']}) ORDER BY 1").fetchall()
    assert [id for (id,) in shown] == [0, 1, 6, 7, 8, 9, 12, 14]


SHOP_IN_LANGUAGES = """
    CREATE TABLE oc_product (product_id INTEGER PRIMARY KEY, model, price, image, sort_order, lft, checked, status);
    CREATE TABLE oc_product_description (product_id, language_id, name, meta_title, description,
        PRIMARY KEY (product_id, language_id));
    CREATE TABLE oc_language (language_id INTEGER PRIMARY KEY, name);
    CREATE TABLE oc_layout (layout_id INTEGER PRIMARY KEY, name);
    CREATE TABLE oc_module (module_id INTEGER PRIMARY KEY, name);
    CREATE TABLE oc_layout_module (layout_module_id INTEGER PRIMARY KEY, layout_id, position);
    CREATE TABLE oc_writer (writer_id INTEGER PRIMARY KEY, login, password);
    CREATE TABLE oc_writer_description (writer_id, language_id, name, description,
        PRIMARY KEY (writer_id, language_id));
    INSERT INTO oc_language VALUES (1, 'English');
    INSERT INTO oc_layout VALUES (1, 'Home'), (2, 'Shop');
    INSERT INTO oc_module VALUES (1, 'Banner'), (2, 'Carousel');
    INSERT INTO oc_layout_module VALUES (1, 1, 0), (2, 2, 0);
"""


def test_what_is_translated_is_a_document_with_what_is_the_same_in_all_languages(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.executescript(SHOP_IN_LANGUAGES)
        for n in range(12):
            product = (n, f"ART-{n}", n + 0.5, f"demo/{n}.jpg", n, n, f"{n:032x}", 1)
            made.execute("INSERT INTO oc_product VALUES (?, ?, ?, ?, ?, ?, ?, ?)", product)
            made.execute("INSERT INTO oc_product_description VALUES (?, 1, ?, ?, ?)",
                         (n, f"Pump {n}", f"Pump {n}", text_of(n)))  # fmt: skip
            made.execute("INSERT INTO oc_writer VALUES (?, ?, 'x')", (n, f"ann{n}"))
            made.execute("INSERT INTO oc_writer_description VALUES (?, 1, ?, ?)", (n, f"Work {n}", text_of(n)))
    found = {one.name: one.settings for one in discover("sqlite:///a.db", tmp_path)}
    assert "oc-product" not in found and "layout_module_id" not in str(found) and "oc_writer" not in str(found)
    told = found["oc-product-description"]
    assert (told["title"], told["text"], told["metadata"]) == ("name", ["description", "model"], ["price"])
    (tmp_path / "v.toml").write_text(Proposal("a", "sql", told).toml())
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    [item] = [one for one in opened.source.changes(None).entries if isinstance(one, SourceItem) and one.key == "7-1"]
    document = opened.reader().read(item)
    assert not isinstance(document, str) and document.metadata["price"] == 7.5 and "Model: ART-7" in str(document)


def test_what_tells_records_apart_is_no_measure_and_what_says_that_a_file_came_whole_no_text() -> None:
    lines = [
        {"size": {"bytes": 10 * n + 7}, "recid": 900 - n, "title": f"Run {n}", "abstract": {"description": text_of(n)},
         "by": "The Open Data Portal", "tax_class_name": f"Goods of class {n}", "Lagerort": f"Shelf {n} at left",
         "files": [{"checksum": f"adler32:{n:08x}", "uri": f"root://host.example//{n}.zip", "size": 7}],
         "packed": f"has_options=0,color={n}", "cover": f"covers/{n}.jpg", "digest": f"{n:040x}", "lft": n * 2,
         "lock_version": n, "ftp": f"ftp://host.example/a file of many words {n}".replace(" ", "_")}
        for n in range(12)
    ]  # fmt: skip
    told = proposal(fields_of(lines), 12)
    assert (told["id"], told["text"]) == ("recid", ["abstract.description"])
    assert told["metadata"] == ["size.bytes"]
    nameless = [{"at": {"size": n}, "title": text_of(n)} for n in range(9)]
    assert proposal(fields_of(nameless), 9)["id"] == "title"
    assert "id" not in proposal(fields_of([{"at": {"size": n}, "title": "Same"} for n in range(9)]), 9)


def test_a_body_is_no_title_though_it_is_short() -> None:
    told = proposal(fields_of({"id": n, "text": f"h1. Page {n}"} for n in range(9)), 9)
    assert "title" not in told


def test_a_text_of_one_page_has_the_title_of_that_page(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE pages (id INTEGER PRIMARY KEY, title)")
        for table in ("contents", "remarks"):
            made.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, page_id REFERENCES pages, text)")
        for n in range(9):
            made.execute("INSERT INTO pages VALUES (?, ?)", (n, f"Sails {n}"))
            made.execute("INSERT INTO contents VALUES (?, ?, ?)", (n, n, text_of(n)))
            made.execute("INSERT INTO remarks VALUES (?, ?, ?)", (n, n // 2, text_of(n)))
    found = {one.name: one.settings for one in discover("sqlite:///a.db", tmp_path)}
    assert (found["contents"]["title"], found["contents"]["text"]) == ("page", ["text"])
    assert "title" not in found["remarks"] and found["remarks"]["text"] == ["text", "page"]


def test_it_is_asked_whether_states_that_nobody_knows_are_meant_to_be_published() -> None:
    def noted(name: str, *values: object) -> str:
        lines = [{"id": n, name: one, "title": f"T{n}", "text": text_of(n)} for n, one in enumerate(values * 2)]
        return str(of_records("a", "catalog", {}, fields_of(lines), len(lines)).notes)

    asked = "records whose {} are published: are they meant to be?"
    assert asked.format("status is julkaistu, luonnos") in noted("status", "julkaistu", "luonnos")
    assert asked.format("post_status is 0, 1") in noted("post_status", 0, 1)
    for name, values in (("status", ["published"]), ("genre", ["rock", "pop"]), ("status", [*range(11)])):
        assert "meant to be" not in noted(name, *values)
    unread = "records whose published_on cannot be read are left out; if it is not a time of publication, write drafts"
    assert f'{unread} = ["published_on"]' in noted("published_on", "Steam", "2020-01-01")
    assert "nobody can read" not in noted("published_on", "2999", "2020-01-01")


PRESS = """
    CREATE TABLE article (id SERIAL PRIMARY KEY, slug TEXT, status TEXT);
    CREATE TABLE article_translation (article_id INT REFERENCES article, locale TEXT, title TEXT, body TEXT,
        PRIMARY KEY (article_id, locale));
    CREATE TABLE category (id SERIAL PRIMARY KEY, name TEXT);
    CREATE TABLE article_category (article_id INT REFERENCES article, category_id INT REFERENCES category);
    CREATE TABLE writer (id SERIAL PRIMARY KEY, name TEXT, mail TEXT);
    CREATE TABLE job_log (id SERIAL PRIMARY KEY, message TEXT);
    INSERT INTO article (slug, status) SELECT 'art-' || n, 'published' FROM generate_series(1, 9) n;
    INSERT INTO article_translation SELECT n, l, 'Pump ' || n || l, 'It moves water out of cellar ' || n
        FROM generate_series(1, 9) n, unnest(ARRAY['de', 'en']) l;
    INSERT INTO category (name) VALUES ('Pumps'), ('Valves'), ('Pipes');
    INSERT INTO article_category SELECT n, 1 + mod(n, 3) FROM generate_series(1, 9) n;
    INSERT INTO job_log (message) SELECT 'Job ' || n || ' is done at last' FROM generate_series(1, 9) n;
    CREATE VIEW hidden AS SELECT * FROM writer;
"""


@pytest.mark.process
def test_of_a_database_what_may_be_read_is_proposed_and_what_may_not_is_told(tmp_path: Path) -> None:
    url = sa.make_url(new_database())
    role = f"reader_{url.database}"
    engine = sa.create_engine(url)
    with engine.begin() as made:
        made.exec_driver_sql(PRESS)
        made.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        tables = "article, article_translation, category, article_category, job_log"
        made.exec_driver_sql(f"GRANT SELECT ON {tables} TO {role}; GRANT SELECT (id, name) ON writer TO {role}")
    engine.dispose()
    (found,) = discover(url.set(username=role).render_as_string(hide_password=False), tmp_path)
    assert "this user may not read, or nobody can: writer, hidden" in found.notes
    assert "private tables, and those of a program's own, are left out: job_log" in found.notes
    # An article is what it is translated in, with what it is linked with; its language is `lang`.
    assert (found.name, found.settings["text"]) == ("article-translation", ["body", "category"])
    assert "link.article_id = m.article_id" in found.settings["query"] and "metadata" not in found.settings


def test_an_archive_beside_other_lists_keeps_its_own_names(tmp_path: Path) -> None:
    said = [
        {
            "message_id": f"t/{n}",
            "topic_id": "t",
            "text": text_of(n),
            "creator": {"name": "Ann", "email": "a@b.example"},
        }
        | {"created_date": f"Tuesday, April 6, 2021 at 1:0{n}:02\u202fPM UTC"}
        for n in range(9)
    ]
    (tmp_path / "a.json").write_text(json.dumps({"messages": said, "seen": [{"id": 1}]}))
    (found,) = discover(str(tmp_path / "a.json"), tmp_path)
    names = {name: found.settings[name] for name in ("id", "time", "author", "thread")}
    assert (found.kind, names) == ("messages", {
        "id": "message_id", "time": "created_date", "author": "creator.name", "thread": "topic_id",
    })  # fmt: skip
    (tmp_path / "group_info.json").write_text(json.dumps({"members": [{"name": f"N {n}"} for n in range(9)]}))
    assert "group_info.json" in str(discover(str(tmp_path), tmp_path)[0].notes)
    (tmp_path / "z.json").write_text(json.dumps({"zerver_message": [{"id": 1, "content": "x"}]}))
    with pytest.raises(UsageError, match="what people wrote to each other alone"):
        discover(str(tmp_path / "z.json"), tmp_path)


def test_of_several_names_the_one_that_tells_records_apart_is_the_title() -> None:
    countries = [{"code": f"C{n}", "currency_name": f"Mark {n // 2}", "country_name": f"Land {n}"} for n in range(40)]
    assert proposal(fields_of(countries), 40)["title"] == "country_name"
    tools = [{"nr": f"C{n}", "name_en": f"Saw {n}" * (n % 3 > 0), "name_de": f"Kleine Säge {n}"} for n in range(40)]
    assert proposal(fields_of(tools), 40)["title"] == "name_de"


def test_a_number_that_is_called_is_private_and_so_is_a_table_of_them(tmp_path: Path) -> None:
    lines = [{"id": n, "number": f"650 780-75{n:02}", "department": f"Hall {n}"} for n in range(20)]
    assert "number" not in str(proposal(fields_of(lines), 20))
    assert is_of_people("phones", fields_of(lines), 20, ["id", "number"])
    for name in ("phone_models", "phones"):
        assert not is_of_people(name, fields_of([{"id": 1, "about": text_of(1)}]), 1, ["id", "about"])


@pytest.mark.parametrize(
    ("table", "columns", "private"),
    [
        ("conversations", "id, contacts, body", True),
        ("chat_messages", "id, visitor_id, body", True),
        ("conversations", "id, user_id, body", False),  # of a forum
        ("conversion", "id, customer, body", False),
        ("moz_places", "id, title, url", True),
        ("urls", "id, title, visit_count, last_visit_time", True),
        ("urls", "id, title, VisitCount", False),  # of a site's own pages
    ],
)
def test_what_somebody_asked_a_shop_and_where_he_has_been_is_nobodys_business(
    table: str, columns: str, private: bool
) -> None:
    assert is_of_people(table, fields_of([{"id": 1, "body": text_of(1)}]), 1, columns.split(", ")) is private


def test_a_name_goes_before_a_subject_that_many_have() -> None:
    events = [{"id": n, "eventName": f"Class {n}", "subject": ["Art", "Music", "Law"][n % 3]} for n in range(90)]
    assert proposal(fields_of(events), 90)["title"] == "eventName"
    assert proposal(fields_of([{**one, "eventName": text_of(9)} for one in events]), 90)["title"] == "subject"


def test_records_of_a_library_in_a_format_of_tapes_are_to_be_converted(tmp_path: Path) -> None:
    (tmp_path / "a.mrc").write_bytes(b"01060cam  22002894a 4500001000900000")
    with pytest.raises(UsageError, match=r"records of a library in MARC .* convert them to MARCXML"):
        discover(str(tmp_path / "a.mrc"), tmp_path)


def test_a_dump_of_a_database_is_to_be_loaded(tmp_path: Path) -> None:
    for name, head in (("a.sql", b"-- MySQL dump 10.13\n"), ("b.bak", b"PGDMP\x01\x0e\x00")):
        (tmp_path / name).write_bytes(head)
        with pytest.raises(UsageError, match="a dump of a database: load it"):
            discover(str(tmp_path / name), tmp_path)


def test_a_state_beside_published_that_is_none_is_asked_for() -> None:
    states = ["draft", "published", "in review"]
    articles = [{"id": n, "title": f"Pump {n}", "text": text_of(n), "status": states[n % 3]} for n in range(9)]
    notes = of_records("a", "catalog", {}, fields_of(articles), 9).notes
    assert "records whose status is in review are published: are they meant to be?" in notes
    tickets = [one | {"status": str(one["status"]).replace("published", "open")} for one in articles]
    assert "are they meant" not in str(of_records("a", "catalog", {}, fields_of(tickets), 9).notes)


@contextmanager
def names_of(folder: Path, *statements: str) -> Iterator[Names]:
    with closing(sqlite3.connect(folder / "a.db")) as made, made:
        for statement in statements:
            made.execute(statement)
    database = Database("sqlite:///a.db", folder)
    with database.connect() as connection:
        yield Names(Schema(database, connection))


def test_what_an_id_stands_for_is_told_by_what_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = (
        "users (id PRIMARY KEY, name)", "xf_users (id PRIMARY KEY, x_user, user_name)",
        "boxes (id PRIMARY KEY, subject)",
        "categories (category_id PRIMARY KEY, x, category_title)", "pairs (a, b, name, PRIMARY KEY (a, b))",
        "xf_posts (id PRIMARY KEY, user_id, box_id, parent_category_id, pairs_id, box, posts_id)",
        "sites (name, boxid, owner REFERENCES users (id), written_by, at)",
    )  # fmt: skip
    with names_of(tmp_path, *(f"CREATE TABLE {table}" for table in tables)) as named:

        def joined(table: str, column: str, *, people: bool = False) -> tuple[str, str] | None:
            found = named.join("m", table, column, "t", people=people)
            return found and (found.sql.partition(" ON ")[0], found.name)

        assert joined("xf_posts", "user_id") == ("LEFT JOIN xf_users AS t", "t.user_name")
        assert joined("xf_posts", "box_id") == ("LEFT JOIN boxes AS t", "t.subject")
        assert joined("sites", "boxid") == ("LEFT JOIN boxes AS t", "t.subject")
        assert named.join("m", "xf_posts", "parent_category_id", "t", people=False) == (
            "LEFT JOIN categories AS t ON t.category_id = m.parent_category_id", "t.category_title",
        )  # fmt: skip
        assert joined("sites", "owner") == ("LEFT JOIN users AS t", "t.name")
        none = [("xf_posts", name) for name in ("pairs_id", "box", "posts_id", "id")] + [("sites", "at")]
        assert not any(joined(*one, people=True) for one in none)
        assert named.joined == {"xf_users", "boxes", "categories", "users"}
        assert (
            named.schema.as_one("m", ["a", "b c"])
            == "CAST(m.a AS VARCHAR(500)) || '-' || CAST(m.\"b c\" AS VARCHAR(500))"
        )
        monkeypatch.setattr(Database, "dialect", "mysql")
        assert named.schema.as_one("m", ["a", "b"]) == "CONCAT_WS('-', CAST(m.a AS CHAR), CAST(m.b AS CHAR))"


def test_what_an_id_stands_for_takes_no_columns_name(tmp_path: Path) -> None:
    ids = ", ".join(f"{name} REFERENCES genres (id)" for name in ("genre", "second_genre_id", "mood"))
    tables = ("genres (id PRIMARY KEY, name)", f"tracks (id PRIMARY KEY, {ids}, mood_name)")
    with names_of(tmp_path, *(f"CREATE TABLE {table}" for table in tables)) as named:
        found = _names("tracks", named.schema.sample("tracks", 0)[1], named)
    assert {name: column for name, (column, _) in found.items()} == {
        "genre_name": "genre",
        "second_genre": "second_genre_id",
    }


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("members", "display_name nickname nick user_name full_name handle login name"),
        ("topics", "display_name title subject name"),
    ],
)
def test_which_column_says_what_a_row_is_called(tmp_path: Path, table: str, names: str) -> None:
    there = names.split()
    for at, first in enumerate(there):
        name = f"t{at}_{table}"
        made = (f"CREATE TABLE {name} (id PRIMARY KEY, {', '.join(reversed(there[at:]))}, about)",
                f"CREATE TABLE t{at}_posts (id, {name}_id)")  # fmt: skip
        with names_of(tmp_path, *made) as named:
            assert named.join("m", f"t{at}_posts", f"{name}_id", "t", people=False) == (
                f"LEFT JOIN {name} AS t ON t.id = m.{name}_id", f"t.{first}",
            )  # fmt: skip
            if not at:  # the one table of people
                only = [named.join("m", "t0_posts", one, "t", people=True) for one in ("written_by", "By", "at")]
                assert [bool(one) for one in only] == ([True, True, False] if table == "members" else [False] * 3)


def test_what_has_to_be_true_of_a_row_for_everybody_to_read_it(tmp_path: Path) -> None:
    tables = {
        "rooms": "id PRIMARY KEY, type, visibility, trashed_at TIMESTAMP, deleted_at TEXT, hidden_on INTEGER, "
        "removed_date NUMERIC, published_at, status, state, access, draft, public BOOLEAN",
        "posts": "id PRIMARY KEY, room_id",
        "comments": "id PRIMARY KEY, post_id, visibility",
        "levels": "id PRIMARY KEY, privacy_level",
        "pages": "id, level_id",
        "many": "id PRIMARY KEY, access",
        "more": "id PRIMARY KEY, access",
        "notes": "id, many_id, more_id",
    }
    rows = [
        "rooms VALUES (1, 'O', 'public', NULL, '', 0, 0, '2026', 'open', 'open', 'it''s all', 0, 1)",
        "rooms VALUES (2, 'P', 'private', NULL, '', 0, 0, NULL, 'draft', 'closed', 'members', 1, 0)",
        "rooms VALUES (3, 'D', NULL, NULL, '', 0, 0, NULL, 'closed', 'closed', NULL, NULL, 1)",
        "comments VALUES (1, 1, 'secret')",
        "levels VALUES (1, 0), (2, 1)",
        *(f"many VALUES ({n}, '{'private' if n else 'all'} {n}')" for n in range(20)),
        *(f"more VALUES ({n}, '{'private' if n else 'all'} {n}')" for n in range(21)),
    ]
    statements = [*(f"CREATE TABLE {name} ({columns})" for name, columns in tables.items())]
    with names_of(tmp_path, *statements, *(f"INSERT INTO {row}" for row in rows)) as named:
        found = {table: named.visibility.for_everybody(table) for table in tables}
    shown = ["({}type IS NULL OR {}type IN ('O'))", "({}visibility IS NULL OR {}visibility IN ('public'))"]
    dates = " AND ".join(
        f"({one} IS NULL OR {one} IN (0, ''))" for one in ("trashed_at", "deleted_at", "hidden_on", "removed_date")
    )
    told = (
        f"{' AND '.join(shown).format(*[''] * 4)} AND {dates} "
        "AND NOT (published_at IS NULL OR published_at IN (0, '')) "
        "AND (published_at IS NULL OR published_at IN (0, '') OR CASE TYPEOF(published_at) WHEN 'text' "
        "THEN published_at LIKE '____-__-__%' AND published_at <= CAST(CURRENT_TIMESTAMP AS CHAR(19)) "
        "ELSE (published_at / CASE WHEN published_at > 100000000000000000 THEN 1000000000 "
        "WHEN published_at > 100000000000000 THEN 1000000 WHEN published_at > 100000000000 THEN 1000 "
        "WHEN published_at > 100000000 THEN 1 END <= CAST(STRFTIME('%s', 'now') AS INTEGER) "
        "OR CASE WHEN published_at BETWEEN 10000101 AND 99991231 THEN published_at "
        "WHEN published_at BETWEEN 1000 AND 9999 THEN published_at * 10000 + 101 END "
        "<= CAST(STRFTIME('%Y%m%d', 'now') AS INTEGER)) END) "
        "AND (status IS NULL OR status NOT IN ('draft')) "
        "AND (access IS NULL OR access IN ('it''s all')) AND (draft IS NULL OR draft IN (0)) "
        "AND (public IS NULL OR public IN (1))"
    )
    rooms = f"room_id IS NULL OR {{}}room_id IN (SELECT id FROM rooms WHERE {told})"
    assert found == {
        "rooms": [one.format("m.", "m.") for one in shown],
        "posts": [f"(m.{rooms.format('m.')})"],
        "comments": None,
        "levels": None,
        "pages": None,
        "many": [],
        "more": [],
        "notes": [
            "(m.many_id IS NULL OR m.many_id IN (SELECT id FROM many WHERE (access IS NULL OR access IN ('all 0'))))"
        ],
    }


EXPORTED = {
    "a.txt": ("12/31/23, 9:15 PM - Ann: Hi\n", "whatsapp"),
    "b.json": ('{"messages": [{"text_entities": []}]}', "telegram"),
    "c.jsonl": ('{"type": "version", "version": 1}\n', "mattermost"),
    "d.csv": ("AuthorID,Author,Date,Content\n", "discord"),
    "e.log": ("--- Log opened Mon Jan 01 10:00:00 2024\n", "irc"),
    "f.weechatlog": ("2024-01-01 10:01:00\tann\tHello\n", "irc"),
    "g.mbox": ("From a Thu Jan  1 00:00:00 2026\n", "mbox"),
}


def test_a_packed_export_is_known_by_a_file_in_it(tmp_path: Path) -> None:
    def packed(name: str, *files: str) -> Path:
        with ZipFile(tmp_path / name, "w") as made:
            for file in files:
                made.writestr(file, EXPORTED.get(file.rpartition("/")[2], ("", ""))[0])
        return tmp_path / name

    for file, (_, shape) in EXPORTED.items():
        zoned = {"zone": "UTC"} if shape in ("whatsapp", "irc") else {}
        found = discover(str(packed("Out 1.zip", "z.png", f"in/{file}")), tmp_path)
        told = {"path": "Out 1.zip", "shape": shape, **zoned}
        assert found == [Proposal("out-1", "messages", told, [ZONELESS] if zoned else [])]
    [slack] = discover(str(packed("slack.zip", "x/users.json", "x/channels.json")), tmp_path / "elsewhere")
    assert slack.settings == {"path": (tmp_path / "slack.zip").as_posix(), "shape": "slack"}
    for name in ("users.json", "channels.json"):
        (tmp_path / "team").mkdir(exist_ok=True)
        (tmp_path / "team" / name).write_text("[]")
    assert discover(str(tmp_path / "team"), tmp_path) == [
        Proposal("team", "messages", {"path": "team", "shape": "slack"}, [])
    ]
    with pytest.raises(UsageError, match=r"other\.zip: a packed folder: unpack it, and name the folder"):
        discover(str(packed("other.zip", "users.json", "z.txt")), tmp_path)
    with pytest.raises(UsageError, match=r"a\.docx: one document; name the folder that it lies in"):
        discover(str(packed("a.docx", "c.jsonl")), tmp_path)
    with pytest.raises(UsageError, match=r"a\.xlsx: damaged: no workbook that can be read"):
        discover(str(packed("a.xlsx", "xl/workbook.xml")), tmp_path)
    with pytest.raises(UsageError, match=r"none: no such file or folder; a database is sqlite:///FILE"):
        discover("none", tmp_path)


def test_records_among_the_documents_of_a_folder_are_named(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.md", "d.md", "e.md", "f.md", "package.json", "Thumbs.db"):
        (tmp_path / name).write_text("{}")
    for name in (".vademecum/keys/root.json", *(f".cache/{n}.csv" for n in range(9))):  # hidden: none of its files
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    [found] = discover(str(tmp_path), tmp_path)
    assert (found.kind, found.notes) == ("folder", [])
    (tmp_path / "parts").mkdir()
    for name in ("parts/a.csv", "parts/b.tsv", "parts/c.csv"):
        (tmp_path / name).write_text("id,name\n1,Pump\n")
    with closing(sqlite3.connect(tmp_path / "club.sqlite")) as club:
        club.execute("CREATE TABLE member (id)")
    (tmp_path / "list.mbox").write_text("From a\n")
    [note] = discover(str(tmp_path), tmp_path)[0].notes
    assert note.endswith("records or mail: club.sqlite, list.mbox, parts/a.csv and 2 more")


def test_what_lies_at_an_address_is_told_by_how_it_begins(tmp_path: Path) -> None:
    (tmp_path / "News.xml").write_text('<rss version="2.0"></rss>')
    (tmp_path / "items.json").write_text(json.dumps({"data": rows(lambda n: {"id": n, "name": text_of(n)}), "n": []}))
    assert discover("https://a.example/Our-Docs.git", tmp_path) == [
        Proposal("our-docs", "git", {"url": "https://a.example/Our-Docs.git"})
    ]
    with PagesHost(tmp_path) as host:
        assert discover(f"{host.url}News.xml", tmp_path) == [Proposal("news", "feed", {"path": f"{host.url}News.xml"})]
        [found] = discover(f"{host.url}items.json?page=1", tmp_path)
        assert (found.name, found.kind) == ("items", "catalog")
        assert found.settings == {"path": f"{host.url}items.json?page=1", "id": "id", "title": "name", "text": ["name"]}


def test_a_name_without_blanks_beside_a_name_is_no_text() -> None:
    kinds = ("Great Sword", "Long Bow", "Round Shield")
    slugs = {one: one.lower().replace(" ", "-") for one in kinds}
    found = proposal(
        fields_of(
            {
                "index": f"thing-no-{n}",
                "name": f"Thing No. {n}",
                "text": text_of(n),
                "kind": {"index": slugs[kinds[n % 3]], "name": kinds[n % 3]},
                "use": slugs[kinds[n % 3]],
            }
            for n in range(12)
        ),
        12,
    )
    assert (found["id"], found["title"], found["metadata"]) == ("index", "name", ["kind.name", "use"])
    assert found["text"] == ["text", "kind.name", "use"]


def test_lists_of_words_and_objects_that_are_numbers_in_a_record_or_two_are_found_by_words() -> None:
    hard = {"name": "Bite", "desc": "It bites and does not let go.", "dc": {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}}
    fields = fields_of(
        {
            "id": n,
            "name": f"Thing {n}",
            "text": text_of(n),
            "immune": ["poison", "acid", "cold", ["fire", "thunder", "necrotic"][n % 3]],
            "files": [f"{n}" * 40],
            "feats": [hard if n < 3 else {"name": "Bite", "desc": "It bites."}],
            "staff": [{"name": "Ann", "email": "a@b.org"} if n == 5 else {"name": "Bo"}],
        }
        for n in range(10)
    )
    assert proposal(fields, 10)["text"] == ["text", "feats", "immune"]


def test_lists_of_one_object_that_are_alike_are_one(tmp_path: Path) -> None:
    topics = {f"topic {t}": [{"q": f"How {t} {n}?", "a": text_of(n)} for n in range(3)] for t in "abc"}
    (tmp_path / "a.json").write_text(json.dumps(topics))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    assert (found.settings["records"], found.settings["text"]) == ("*[]", ["a", "_list"])
    for others in ({"topic d": [{"name": "D", "b": 1, "c": 2}]}, {"items": topics["topic a"]}):
        (tmp_path / "a.json").write_text(json.dumps(topics | others))
        assert discover(str(tmp_path / "a.json"), tmp_path)[0].settings["records"] != "*[]"
    (tmp_path / "a.json").write_text(json.dumps({one: topics[one] for one in ("topic a", "topic b")}))
    assert discover(str(tmp_path / "a.json"), tmp_path)[0].settings["records"] in ("topic a", "topic b")


@pytest.mark.parametrize("ending", ["json", "xml"])
def test_files_that_are_a_record_each_are_called_by_their_file_and_what_lists_them_is_none(
    tmp_path: Path, ending: str
) -> None:
    for n in range(6):
        record = {"title": f"Talk {n % 2}", "about": text_of(n), "parts": [{"part": f"P{n}{k}"} for k in range(n % 3)]}
        inner = "".join(f"<part><of>P{n}{k}</of></part>" for k in range(n % 3))
        written = f"<talk><title>{record['title']}</title><about>{record['about']}</about>{inner}</talk>"
        (tmp_path / f"talk {n}.{ending}").write_text(json.dumps(record) if ending == "json" else written)
    (tmp_path / f"a.{ending}").write_text('{"title": "Talks"}' if ending == "json" else "<talks><of>1</of></talks>")
    [found] = discover(str(tmp_path), tmp_path)
    settings = found.settings
    assert (settings["records"], settings["id"], settings["title"]) == (".", "_key", "title")
    assert settings["text"][0] == "about"


def test_messages_are_known_by_the_list_that_they_stand_in_and_by_what_they_are_nested_in(tmp_path: Path) -> None:
    sent = rows(
        lambda n: {
            "_id": f"m{n}",
            "msg": text_of(n),
            "ts": f"2024-01-{n + 1:02}T10:00:00.000Z",
            "u": {"username": "ann"},
        }
    )
    (tmp_path / "pumps.json").write_text(json.dumps({"messages": sent}))
    [found] = discover(str(tmp_path / "pumps.json"), tmp_path)
    assert (found.kind, found.name, found.settings["author"]) == ("messages", "pumps", "u.username")
    (tmp_path / "pumps.json").write_text(json.dumps([{**one, "rid": "GENERAL"} for one in sent]))
    [found] = discover(str(tmp_path / "pumps.json"), tmp_path)
    assert (found.kind, found.settings["channel"]) == ("messages", "rid")


def test_artists_are_found_without_their_day_of_birth(tmp_path: Path) -> None:
    works = rows(
        lambda n: {"id": n, "title": f"W{n}", "about": text_of(n), "by": [{"name": f"Ann {n}", "birth_date": "1900"}]}
    )
    (tmp_path / "a.json").write_text(json.dumps(works))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    assert found.settings["text"] == ["about", "by"]
    (tmp_path / "v.toml").write_text(found.toml())
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    item = next(one for one in opened.source.changes(None).entries if isinstance(one, SourceItem))
    assert "Ann 0" in str(opened.reader().read(item)) and "1900" not in str(opened.reader().read(item))


def test_of_a_wiki_with_its_history_the_newest_is_read(tmp_path: Path) -> None:
    revisions = "".join(f"<revision><text bytes='9'>Pump {n}</text></revision>" for n in range(3))
    pages = "".join(f"<page><title>P{n}</title><ns>0</ns><id>{n}</id>{revisions}</page>" for n in range(2))
    (tmp_path / "w.xml").write_text(f"<mediawiki>{pages}</mediawiki>")
    read = CatalogSource(str(tmp_path / "w.xml"), Layout("page")).sample(9)
    assert [one["revision"]["text"]["#text"] for one in read] == ["Pump 2", "Pump 2"]


@pytest.mark.parametrize(
    ("name", "value", "other", "asked"),
    [
        ("archived", True, False, True),
        ("isDiscontinued", "yes", "no", True),
        ("discontinued_at", "2024-01-01", None, True),
        ("status", "archived", "active", True),
        ("archived", False, False, False),
        ("status", "sold", "active", False),
    ],
)
def test_what_is_no_longer_is_asked_for(tmp_path: Path, name: str, value: object, other: object, asked: bool) -> None:
    lamps = rows(lambda n: {"sku": f"L{n}", "name": f"Lamp {n}", "about": text_of(n), name: value if n % 4 else other})
    (tmp_path / "a.json").write_text(json.dumps(lamps))
    [found] = discover(str(tmp_path / "a.json"), tmp_path)
    told = f"records that are no longer current by {name} are published, too: are they meant to be?"
    assert (told in found.notes) is asked
    named = [{**one, name: None, "nick": "retired" if n == 3 else f"N{n}"} for n, one in enumerate(lamps)]
    (tmp_path / "a.json").write_text(json.dumps(named))
    assert "no longer" not in str(discover(str(tmp_path / "a.json"), tmp_path)[0].notes)


def test_a_list_of_one_record_is_that_record(tmp_path: Path) -> None:
    parts = [{"id": n, "text": text_of(n)} for n in range(3)]
    for number, (record, at) in enumerate(
        [
            ({"name": "Acolyte", "about": "You have spent your life in a temple.", "parts": parts}, None),
            ({"type": "table", "database": "shop", "data": parts}, "*.data"),
        ]
    ):
        (tmp_path / f"{number}.json").write_text(json.dumps([record]))
        [found] = discover(str(tmp_path / f"{number}.json"), tmp_path)
        assert found.settings.get("records") == at


def test_what_values_are_and_which_address_is_that_of_the_page() -> None:
    values = {
        "a": (["x", "y"], "list"), "b": ([1, "x"], "nested"), "c": ([{"x": "y"}], "objects"), "d": (True, "truth"),
        "e": (1.5, "number"), "f": ("1.299,00 €", "number"), "g": ("2026-01-01", "time"), "h": ("31.12.2026", "time"),
        "i": ("http://a.example", "address"), "j": ('{"a": 1}', "nested"), "k": ("[1]", "nested"),
        "l": ("{open", "text"),
        "m": (f"sha256:{'0f' * 32}", "nested"), "n": ("sha256:0f", "text"), "o": ("Oak", "text"),
        "p": ("see https://a", "text"),
    }  # fmt: skip
    found = fields_of([{name: value for name, (value, _) in values.items()} | {"q": None, "r": "", "s": []}])
    assert {one.name: one.type for one in found} == {name: kind for name, (_, kind) in values.items()}
    names = "html_url web_url url link permalink href".split()
    for at, name in enumerate(names):
        record = {one: f"https://a.example/{one}/{{}}" for one in reversed(names[at:])}
        records = [{"id": n, "name": f"T{n}", "body": text_of(n)} | record for n in range(9)]
        assert proposal(fields_of(records), 9)["link"] == name
    for name in "product_url website_url homepage_url website homepage identifier".split():
        for own in (True, False):
            records = [{"id": n, "name": f"T{n}", "body": text_of(n), name: f"https://a/{own and n}"} for n in range(9)]
            assert ("link" in proposal(fields_of(records), 9)) is own, (name, own)
    nested = [{"id": n, "name": f"T{n}", "body": text_of(n), "by": {"url": f"https://a/{n}"}} for n in range(9)]
    assert "link" not in proposal(fields_of(nested), 9)


# By table: its other columns, the share of rows that have them, and whether it is somebody's knowledge.
KNOWLEDGE: Mapping[str, tuple[str, float, bool]] = {
    "tips": ("pass_phrase", 0.25, True), "hints": ("password", 1, False), "leaks": ("api_secret", 0.75, False),
    "talks": ("speaker_email", 1, True), "speakers": ("full_name, e_mail", 1, False),
    "halls": ("full_name, e_mail", 0.5, True), "customer_stories": ("town", 1, True), "members": ("mobile", 1, False),
    "old_migrations": ("x", 1, False), "django_log": ("x", 1, False), "app_settings": ("x", 1, False),
    "private_messages": ("x", 1, False), "xf_pm": ("x", 1, False), "addresses": ("x", 1, False),
    "orders": ("customer_id", 1, False), "order_guides": ("x", 1, True), "Guest Bookings": ("guestNo", 1, False),
}  # fmt: skip


def test_which_tables_are_somebodys_knowledge(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        for table, (columns, share, _) in KNOWLEDGE.items():
            names = columns.split(", ")
            made.execute(f'CREATE TABLE "{table}" (id INTEGER PRIMARY KEY, body, {columns})')
            for n in range(8):
                told = [f"T{n}" if n < 8 * share else None for _ in names]
                marks = ", ".join("?" * len(names))
                made.execute(f'INSERT INTO "{table}" (body, {columns}) VALUES (?, {marks})', (text_of(n), *told))
    found = {one.settings["table"]: one for one in discover("sqlite:///a.db", tmp_path)}
    assert {*found} == {table for table, (_, _, shown) in KNOWLEDGE.items() if shown}
    private = ", ".join(sorted(table for table, (_, _, shown) in KNOWLEDGE.items() if not shown))
    [noted] = [note for one in found.values() for note in one.notes if note.startswith(OTHERS_PRIVATE)]
    assert sorted(noted.partition(": ")[2].split(", ")) == private.split(", ")


# Tables as programs, shops, forums and offices call them, by the columns that they have besides.
NOBODYS = {
    "users shop_customers member accounts persons people contacts employees staff patients subscribers guests leads "
    "logins auth_group addresses": "town",
    "sessions tokens schema_migrations cache wp_options settings config configuration preferences jobs queue "
    "admin_log audit_logs access_log error_log event_log activity_log request_log system_log job_log sync_log mail_log "
    "import_log oauth_clients secrets credentials wp_usermeta schema_info content_types alembic_version "
    "django_site pg_stat ar_internal_metadata active_storage_blobs coupons gift_cards vouchers gutscheine": "x",
    "private_message phpbb_privmsgs personal_chats direct_topics pms dms xf_pmtext conversation_messages drafts "
    "whispers": "x",
    "shop_orders invoices": "customer_id", "purchases payments": "buyer_name", "sales rentals": "client_no",
    "loans": "borrower_nr", "reservations": "guest_num", "bookings": "member_number", "carts": "user_code",
    "baskets": "account_key", "checkouts": "personId", "refunds": "employee", "shipments": "staff",
    "transactions subscriptions": "user", "appointments": "patient", "receipts": "customer",
    "order_items order_lines line_items shop_orderitem": "order_id", "order_itemmeta": "order_item_id",
    "invoice_lines": "InvoiceNo", "support_tickets": "customer_id",
    "tickets complaints": "requester_id", "enquiries": "submitter_id",
    "complaints enquiries inquiries": "user_id", "ticket_messages": "ticket_id",
}  # fmt: skip
SECRET = "password passwd user_pass api_secret reset_token iban ssn".split()
NAMED = "full_name first_name lastName surname display_name user_name nickname".split()
REACHED = "email phone mobile telefon address salary min_wage wage_group".split()


def test_what_programs_shops_and_offices_keep_of_people_is_not_proposed(tmp_path: Path) -> None:
    tables = {table: ("Words", columns) for names, columns in NOBODYS.items() for table in names.split()}
    tables |= {f"t{n}": ("Words", column) for n, column in enumerate(SECRET)}
    tables |= {f"m{n}": ("Words", f"e_mail, {column}") for n, column in enumerate(NAMED)}
    tables |= {f"users_{n}": (text_of(n), column) for n, column in enumerate(REACHED)}
    knowledge = {
        "towns": ("Words", "name"),
        "loans": ("Words", "loan_id"),
        "product_stories": ("Words", "name"),
        "user_stories": (text_of(9), "town"),
    }
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        for table, (text, columns) in (tables | knowledge).items():
            made.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, body, {columns})")
            marks = ", ".join(["?"] * len(columns.split()))
            for n in range(4):
                told = [f"T{n}" for _ in columns.split()]
                made.execute(f"INSERT INTO {table} (body, {columns}) VALUES (?, {marks})", (f"{text} {n}", *told))
    found = discover("sqlite:///a.db", tmp_path)
    assert {one.settings["table"] for one in found} == {*knowledge}


def test_what_belongs_to_somebodys_order_or_ticket_is_not_proposed_but_what_is_lent_is(tmp_path: Path) -> None:
    tables = {
        "tickets": "customer_id", "loans": "borrower_id", "followups": "ticket_id", "books": "current_loan_id",
        "remarks": "ticket_id, is_public", "ratings": "book_id",
    }  # fmt: skip
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        for table, columns in tables.items():
            made.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, title, body, {columns})")
            marks = ", ".join(["1"] * len(columns.split()))
            for n in range(4):
                made.execute(
                    f"INSERT INTO {table} (title, body, {columns}) VALUES (?, ?, {marks})", (f"T {n}", text_of(n))
                )
    found = discover("sqlite:///a.db", tmp_path)
    assert {one.name for one in found} == {"books", "remarks", "ratings"}


def test_a_table_of_names_in_two_languages_stands_in_what_refers_to_it_and_is_no_document(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE tools (id INTEGER PRIMARY KEY, name_de, name_en, about, kind_id)")
        made.execute("CREATE TABLE kind (id INTEGER PRIMARY KEY, name_de, name_en)")
        for n in range(1, 9):
            made.execute("INSERT INTO kind VALUES (?, ?, ?)", (n, f"Säge {n}", f"Saw {n}"))
            made.execute("INSERT INTO tools VALUES (?, ?, '', ?, ?)", (n, f"Kleine Säge {n}", text_of(n), n))
    [found] = discover("sqlite:///a.db", tmp_path)
    assert (found.name, found.settings["title"]) == ("tools", "name_de") and "kind" in found.settings["text"]


DEALINGS = {
    "Bestellungen": "kunde_id", "bestellpositionen": "bestellung_id", "rechnungen": "kundennummer", "Aufträge": "Kunde",
    "zahlungen": "rechnungs_nr", "Reservierung": "gast_id", "ausleihen": "mitglied_id", "warenkorb": "benutzer_id",
    "commandes": "utilisateur_id", "factures": "commande_id", "pedidos": "cliente_id", "ordini": "cliente_id",
    "bestellingen": "klant_id", "annotations": "user", "Wishlist": "member_id", "reading_history": "user_id",
}  # fmt: skip
"""Tables by what they say of whom somebody's dealings are."""
NO_DEALINGS = {
    "annotations": "painting_id", "auftragsarten": "art", "buchung_tipps": "autor", "reservas": "parque_id",
    "ordinazioni": "secolo",
}  # fmt: skip


def test_dealings_are_known_in_other_languages_and_what_names_nobody_is_none() -> None:
    assert [name for name, column in DEALINGS.items() if not is_dealing(name, ["id", column, "text"])] == []
    assert [name for name, column in NO_DEALINGS.items() if is_dealing(name, ["id", column, "text"])] == []
    for name, called in (("kunden", "nachname"), ("usuarios", "nombre")):
        people = [{called: f"Huber {n}", "e_mail": f"k{n}@x.example"} for n in range(9)]
        assert is_of_people(name, fields_of(people), 9, [called, "e_mail"])


KEPT_BY_PROGRAMS = {
    "deny continue": "inventory_item inventory_manager Inventory_Policy inventoryQty inventory_quantity "
    "inventory_tracker fulfillment_service taxable tax_status tax_class taxCode requires_shipping needsShipping "
    "shipping_class backorders weight_unit gift_card",
    "1 2": "position tab_position column_2 sort_order menu_order display_order sortIndex menu_row display_column",
    "2024-01-02 2024-03-04": "created_at inserted added_on imported_at indexed_at crawled fetched_at synced_at "
    "last_accessed last_seen last_login date_uploaded submitted_on creado date_cree erstellt_am angelegt_am expires "
    "exported_at timestamp time_stamp feed_ts updated_at modified date_changed edited lastUpdate last_change last_edit "
    "geändert geaendert bearbeitet modificado modificato modifié_le actualizado atualizada gewijzigd",
}
"""Fields by what two records say in turn: how a shop works, how a page is laid out, when a program did something."""
ASKED_FOR = {"deny continue": "policy tax_rate", "1 2": "size", "2024-01-02 2024-03-04": "founded important_date posts"}


def test_what_a_program_keeps_for_itself_is_no_field_to_filter_by() -> None:
    records: list[dict[str, Any]] = [{"id": n, "name": f"T{n}", "about": text_of(n)} for n in range(9)]
    for values, names in (*KEPT_BY_PROGRAMS.items(), *ASKED_FOR.items()):
        for n, record in enumerate(records):
            record |= dict.fromkeys(names.split(), values.split()[n % 2])
    told = proposal(fields_of(records), 9)
    assert {*told["metadata"]} == {name for names in ASKED_FOR.values() for name in names.split()}


def test_rows_below_one_that_alone_has_an_id_and_a_title_are_of_it() -> None:
    lines = [{"id": f"p{n}", "name": f"Desk {n}", "about": text_of(n), "value": "Oak"} for n in range(6)]
    told = proposal(fields_of([*lines[:3], {"value": "Ash"}, {"value": "Elm"}, *lines[3:]]), 8)
    assert (told["id"], told.get("merge")) == ("id", True)
    assert "merge" not in proposal(fields_of(lines), 6)


def test_what_a_program_alone_reads_is_neither_a_link_nor_a_filter() -> None:
    def line(n: int) -> dict[str, Any]:
        uuid = f"d56956bf-6ed0-465e-bb4a-ec9bde65c5f{n}"
        program = {"published_by": n % 2, "owner": uuid, "translations": [uuid, uuid], "created_at": 1736850000000 + n}
        people = {"colour": ["red", "blue"][n % 2], "added_sugar": n, "population": 7_800_000_000 + n}
        return (
            {"id": n, "title": f"T{n}", "text": text_of(n), "url": f"https://a.example/api/v2/t/{n}"} | program | people
        )

    told = proposal(fields_of(map(line, range(9))), 9)
    assert told["metadata"] == ["colour", "added_sugar", "population"] and "link" not in told
    for url, link in (("https://a.example/{}.json", None), ("https://a.example/apiary/{}", "url")):
        lines = [line(n) | {"url": url.format(n)} for n in range(9)]
        assert proposal(fields_of(lines), 9).get("link") == link


def test_who_writes_addresses_himself_is_told_how() -> None:
    lines = [{"id": n, "slug": f"boats-{n}", "title": f"Boats {n}", "text": text_of(n)} for n in range(3)]
    told = of_records("a", "catalog", {}, fields_of(lines), 3)
    assert 'write link = "https://example.org/{slug}"' in str(told.notes)
    linked = [one | {"url": f"https://a.example/{one['slug']}"} for one in lines]
    assert "example.org" not in str(of_records("a", "catalog", {}, fields_of(linked), 3).notes)


def test_what_refers_to_records_some_of_which_are_left_out_is_left_out_with_them(tmp_path: Path) -> None:
    def write(*states: str) -> None:
        posts = [
            {"id": n, "post_id": n, "slug": f"of-{n}", "status": one, "title": f"T{n}", "teaser": text_of(n)}
            for n, one in enumerate(states)
        ]
        parts = [{"id": n + 7, "posts_id": n, "lang": "de", "body": text_of(n)} for n in range(len(states))]
        authors = [{"code": n, "posts_id": n, "genre": f"G{n}", "story": text_of(n)} for n in range(len(states))]
        answers = [{"id": n, "to": [f"of-{n}"], "answer": text_of(n)} for n in range(len(states))]
        places = [{"id": n, "sort": n, "name": f"P{n}", "about": text_of(n)} for n in range(len(states))]
        told = [
            {"id": n, "post_id": n, "author": "Ann", "date": f"2026-01-0{n + 1}", "body": text_of(n)} for n in (0, 1)
        ]
        rows_of = {"posts": posts, "post_parts": parts, "genres": authors, "answers": answers, "places": places}
        for name, rows in (rows_of | {"comments": told}).items():
            (tmp_path / f"{name}.json").write_text(json.dumps(rows))

    write("published", "draft")
    found = {one.name: one for one in discover(str(tmp_path), tmp_path)}
    assert {name: one.settings["parents"] for name, one in found.items() if "parents" in one.settings} == {
        "answers": ["to in posts.json"], "comments": ["post_id in posts.json"], "genres": ["posts_id in posts.json"],
        "post-parts": ["posts_id in posts.json"],
    }  # fmt: skip
    assert [*found] == ["answers", "comments", "genres", "places", "post-parts", "posts"]
    assert found["comments"].kind == "catalog"
    write("published", "published")
    every = discover(str(tmp_path), tmp_path)
    assert "parents" not in str(every)
    assert [one.name for one in every] == ["answers", "comments", "genres", "places", "post-parts", "posts"]
    assert every[1].kind == "messages"


@pytest.mark.process
def test_other_schemas_of_postgresql_are_told(tmp_path: Path) -> None:
    url = new_database()
    engine = sa.create_engine(url)
    with engine.begin() as made:
        made.exec_driver_sql("CREATE TABLE pages (id INT PRIMARY KEY, body TEXT)")
        made.execute(sa.text("INSERT INTO pages VALUES (1, :text)"), {"text": text_of(1)})
        made.exec_driver_sql("CREATE SCHEMA empty; CREATE SCHEMA other; CREATE TABLE other.things (id INT)")
    engine.dispose()
    [found] = discover(url, tmp_path)
    told = "other schemas are not read: other: name a table of theirs as schema.table, or end the address in "
    told += "?options=-csearch_path%3Dother"
    assert told in found.notes
    with engine.begin() as made:
        made.exec_driver_sql("DROP TABLE pages; ALTER TABLE other.things ADD body TEXT")
        made.execute(sa.text("INSERT INTO other.things VALUES (1, :text)"), {"text": text_of(1)})
    engine.dispose()
    with pytest.raises(UsageError, match=re.escape(told)):
        discover(url, tmp_path)
    [found] = discover(f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3Dother", tmp_path)
    assert found.settings["table"] == "things"


def test_what_is_counted_is_no_reference_and_what_answers_in_another_file_goes_with_it(tmp_path: Path) -> None:
    """Dumps of Stack Exchange: a comment on an answer to a question that was deleted."""
    posts = [
        {
            "Id": n,
            "ParentId": n - 1 if n % 2 else "",
            "Body": text_of(n),
            "DeletionDate": "2020-01-01" if n == 4 else "",
        }
        for n in range(2, 12)
    ]
    of_posts = [{"Id": n, "PostId": n, "Votes": n, "Text": text_of(n)} for n in range(2, 12)]
    for name, rows in {"posts": posts, "comments": of_posts, "votes": of_posts}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    found = {one.name: one.settings.get("parents") for one in discover(str(tmp_path), tmp_path)}
    assert found["posts"] == ["ParentId in posts.json"]
    assert found["comments"] == ["PostId in posts.json", "ParentId in posts.json"]


def test_what_programs_call_things_by_is_neither_text_nor_a_filter() -> None:
    lines = [
        {"id": f"{n}", "name": f"Card {n}", "desc": text_of(n), "idBoard": f"b{n % 2}", "shortLink": f"aB{n}", "pos": n,
         "files": f"a{n}.pdf (https://a.example/{n}),b.png (https://a.example/b)", "closed": n == 1}
        for n in range(9)
    ]  # fmt: skip
    found = of_records("cards", "catalog", {}, fields_of(lines), 9)
    assert (found.settings["text"], found.settings["metadata"]) == (["desc"], ["closed"])
    assert "records that are no longer current by closed are published, too: are they meant to be?" in found.notes
    assert is_of_people("post_revisions", [], 0, []) and is_of_people("PostHistory", [], 0, [])
    assert not is_of_people("exhibition_history", [], 0, [])


def test_what_moderators_note_is_nobodys_business() -> None:
    for name, columns in (("banlist", "id reason"), ("x_bans", "id"), ("log", "id user_ip"), ("x_logs", "ip_address"),
                          ("reports", "id post_id text"), ("warnings", "comment_id")):  # fmt: skip
        assert is_of_people(name, [], 0, columns.split())
    for name, columns in (
        ("log", "id nick text"),
        ("reports", "id year text"),
        ("urban_list", "id"),
        ("catalog", "ip"),
    ):
        assert not is_of_people(name, [], 0, columns.split())


def test_only_rdf_of_rss_is_a_feed(tmp_path: Path) -> None:
    for name, schema in (("a.rdf", "http://purl.org/rss/1.0/"), ("b.rdf", "http://www.zotero.org/namespaces/export#")):
        (tmp_path / name).write_text(f'<?xml version="1.0"?>\n<rdf:RDF\n  xmlns="{schema}">\n</rdf:RDF>')
    [found] = discover(str(tmp_path / "a.rdf"), tmp_path)
    assert found.kind == "feed"
    with pytest.raises(UsageError):
        discover(str(tmp_path / "b.rdf"), tmp_path)


ANSWERS: list[tuple[int, Any, str, int]] = [
    (1, 0, "published", 1), (2, None, "draft", 2), (3, 1, "published", 2), (4, 2, "published", 1),
    (5, 4, "published", 3), (6, 3, "published", 2),
]  # fmt: skip
"""The id, what it answers, the state, who wrote it: 2, 4 and 5 are not public."""


@pytest.mark.parametrize(
    ("above", "columns"),
    [
        ("above", "id INTEGER PRIMARY KEY, above INTEGER REFERENCES posts(id)"),
        ("parent_id", "id INTEGER PRIMARY KEY, parent_id INTEGER"),
        ("beitrag_nr", "id INTEGER PRIMARY KEY, beitrag_nr INTEGER"),
        ("parent_id", "id INTEGER, parent_id REAL"),  # as pandas writes a table
        ("above", "id INTEGER PRIMARY KEY, above REFERENCES posts(id), previous_id REFERENCES posts(id)"),
        ("above", "no INTEGER PRIMARY KEY, id INTEGER UNIQUE, above INTEGER REFERENCES posts(id)"),
        ("above", "id INTEGER, above INTEGER, site DEFAULT 1, PRIMARY KEY (site, id), "
         "FOREIGN KEY (site, above) REFERENCES posts(site, id)"),
    ],
)  # fmt: skip
def test_an_answer_to_what_is_left_out_of_its_own_table_is_left_out(tmp_path: Path, above: str, columns: str) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute(f"CREATE TABLE posts (title, body, status, writer_id, {columns})")
        for id, of, state, writer in ANSWERS:
            names = f"title, body, status, writer_id, id, {above}"
            row = (f"T{id}", text_of(id), state, writer, id, of)
            made.execute(f"INSERT INTO posts ({names}) VALUES (?, ?, ?, ?, ?, ?)", row)
        if "previous_id" in columns:
            made.execute("UPDATE posts SET previous_id = id - 1")
        if "UNIQUE" in columns:
            made.execute(f"INSERT INTO posts (title, body, status, {above}) VALUES ('T', 'Draft.', 'draft', 2)")
    with closing(sqlite3.connect(tmp_path / "a.db")) as made:
        (found,) = discover("sqlite:///a.db", tmp_path)
        assert sorted(row[0] for row in made.execute(f"SELECT id FROM ({found.settings['query']})")) == [1, 3, 6]
    assert not {above, "site"} & {*found.settings.get("metadata", ())}


@pytest.mark.process
def test_an_answer_that_pandas_wrote_into_postgresql_is_left_out(tmp_path: Path) -> None:
    engine = sa.create_engine(url := new_database())
    with engine.begin() as made:
        made.exec_driver_sql("CREATE TABLE posts (id BIGINT, parent_id FLOAT, status TEXT, title TEXT, body TEXT)")
        for id, of, state, _ in ANSWERS:
            row = {"id": id, "of": of, "state": state, "text": text_of(id)}
            made.execute(sa.text("INSERT INTO posts VALUES (:id, :of, :state, :text, :text)"), row)
    with engine.connect() as made:
        [found] = discover(url, tmp_path)
        assert sorted(made.scalars(sa.text(f"SELECT id FROM ({found.settings['query']}) AS found"))) == [1, 3, 6]
    engine.dispose()


@pytest.mark.parametrize(("order", "number"), [(1, int), (-1, int), (1, float)])
def test_an_answer_to_what_is_left_out_of_its_own_file_is_left_out(
    tmp_path: Path, order: int, number: Callable[[int], float]
) -> None:
    rows = [
        {"id": id, "title": f"T{id}", "body": text_of(id), "parent_id": above and number(above), "status": state,
         "writer_id": writer, "previous_id": id - 1 or None}
        for id, above, state, writer in [*ANSWERS, (7, 9, "published", 1)][::order]  # 9 is gone
    ]  # fmt: skip
    (tmp_path / "posts in may.json").write_text(json.dumps(rows))
    [found] = discover(str(tmp_path / "posts in may.json"), tmp_path)
    assert found.settings["parents"] == ["parent_id in posts in may.json"]
    (tmp_path / "vademecum.toml").write_text(found.toml())
    [[opened]] = open_sources(read_settings(tmp_path / "vademecum.toml")).values()
    reader = opened.reader()
    items = [one for one in opened.source.changes(None).entries if isinstance(one, SourceItem)]
    assert [one.key for one in items if reader.read(one) == OF_WITHHELD] == [str(n) for n in (4, 5)[::order]]


@pytest.mark.parametrize("sheets", [["Posts"], ["Posts", "Remarks"], ["Posts #2 (2024)", "Remarks"]])
def test_an_answer_to_what_is_left_out_of_its_own_sheet_is_left_out(tmp_path: Path, sheets: list[str]) -> None:
    book = openpyxl.Workbook()
    named = [(f"p{id}", text_of(id), above and f"p{above}", state) for id, above, state, _ in ANSWERS]
    numbered = [(id, text_of(id), above, state) for id, above, state, _ in ANSWERS]
    remarks = [(100 + id, text_of(100 + id), id, "") for id, *_ in ANSWERS]
    for name, rows in zip(sheets, (named if len(sheets) == 1 else numbered, remarks), strict=False):
        sheet = book.create_sheet(name)
        for row in [("id", "body", "post_id" if name == "Remarks" else "parent_id", "status"), *rows]:
            sheet.append(row)
    book.save(tmp_path / "all.xlsx")
    proposed = [one.toml(one.name) for one in discover(str(tmp_path / "all.xlsx"), tmp_path)]
    (tmp_path / "vademecum.toml").write_text("\n".join(proposed))
    left = []
    for [opened] in open_sources(read_settings(tmp_path / "vademecum.toml")).values():
        reader = opened.reader()
        items = [one for one in opened.source.changes(None).entries if isinstance(one, SourceItem)]
        left += [one.key for one in items if reader.read(one) == OF_WITHHELD]
    assert left == (["p4", "p5"] if len(sheets) == 1 else ["4", "5", "102", "104", "105"])


def test_rows_of_a_table_without_a_key_are_told_apart_by_their_ids_and_language(tmp_path: Path) -> None:
    """As tables read from CSV have none; but where two rows have the same, nothing tells them apart."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        for table in ("plant_texts", "plant_notes"):
            made.execute(f"CREATE TABLE {table} (plant_id, language_id, text)")
            rows_of = [(n, language, text_of(n)) for n in range(20) for language in range(2)]
            made.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows_of)
        made.execute("INSERT INTO plant_notes VALUES (1, 1, ?)", [text_of(21)])
    found = {one.name: one for one in discover("sqlite:///a.db", tmp_path)}
    assert "id" not in found["plant-notes"].settings and found["plant-texts"].settings["id"] == "record_key"
    (tmp_path / "v.toml").write_text(found["plant-texts"].toml())
    [[opened]] = open_sources(read_settings(tmp_path / "v.toml")).values()
    keys = {one.key for one in opened.source.changes(None).entries if isinstance(one, SourceItem)}
    assert keys == {f"{n}-{language}" for n in range(20) for language in range(2)}


def test_what_is_called_as_a_table_and_has_its_ids_alone_refers_to_it(tmp_path: Path) -> None:
    """But where a database says what refers to what: there an order is a number."""
    for name, told in (("a.db", ""), ("b.db", "REFERENCES makers(id)")):
        with closing(sqlite3.connect(tmp_path / name)) as made, made:
            made.execute("CREATE TABLE makers (id INTEGER PRIMARY KEY, name)")
            made.execute("INSERT INTO makers VALUES (1, 'Acme')")
            made.execute(f"CREATE TABLE articles (id INTEGER PRIMARY KEY, body, draft, maker INTEGER {told})")
            made.execute("CREATE TABLE remarks (id INTEGER PRIMARY KEY, note, article INTEGER, maker INTEGER)")
            for n in range(1, 7):
                made.execute("INSERT INTO articles VALUES (?, ?, ?, 1)", (n, text_of(n), n == 2))
                made.execute("INSERT INTO remarks VALUES (?, ?, ?, ?)", (n, text_of(n), n, n))
        found = {one.name: one for one in discover(f"sqlite:///{name}", tmp_path)}
        refers = "m.article IN" in str(found["remarks"].settings.get("query"))
        assert (refers, "AS maker" in str(found["remarks"].settings)) == (not told, False)


@pytest.mark.parametrize(
    ("files", "id", "reference"), [("Produkte", "Produkt Nr", "Produkt-Nr"), ("categories", "code", "CategoryCode")]
)
def test_an_id_is_called_as_people_call_numbers(tmp_path: Path, files: str, id: str, reference: str) -> None:
    of = [{id: n, "draft": n == 1, "title": f"T{n}", "about": text_of(n)} for n in range(3)]
    reviews = [{reference: n, "heading": f"R{n}", "said": text_of(n)} for n in range(3)]
    for name, rows in {files: of, "reviews": reviews}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    found = {one.name: one for one in discover(str(tmp_path), tmp_path)}
    assert found["reviews"].settings["parents"] == [f"{reference} in {files}.json"]
    source = CatalogSource(str(tmp_path / f"{files}.json"), is_private=lambda record: bool(record["draft"]))
    assert [one.ids for one in source.references([]) if one.is_private] == [["1"]]


def test_what_is_of_what_is_left_out_is_left_out_however_far_below(tmp_path: Path) -> None:
    posts = [
        {"id": n, "slug": f"of-{n}", "draft": n == 1, "title": f"T{n}", "teaser": text_of(n), "comment_id": 10 + n,
         "last_answer_id": n} for n in range(3)
    ]  # fmt: skip
    comments = [{"id": 10 + n, "post_id": n, "heading": f"C{n}", "said": text_of(n)} for n in range(3)]
    answers = [{"ID": n, "comment_id": 10 + n, "topic": f"A{n}", "answer": text_of(n)} for n in range(3)]
    thanks = [{"key": f"k{n}", "answer_id": n, "from": f"B{n}", "thank": text_of(n)} for n in range(3)]
    rows_of = {"answers": answers, "comments": comments, "posts": posts, "thanks": thanks}
    for name, rows in rows_of.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    found = {one.name: one for one in discover(str(tmp_path), tmp_path)}
    above = ["answer_id in answers.json", "comment_id in comments.json", "post_id in posts.json"]
    assert {name: one.settings.get("parents") for name, one in found.items()} == {
        "answers": above[1:], "comments": above[2:], "posts": None, "thanks": above,
    }  # fmt: skip


def test_files_of_numbers_alone_are_left_out_and_named_beside_those_with_text(tmp_path: Path) -> None:
    foods = ["id,name,about", *(f"{n},Food {n},{text_of(n)}" for n in range(9))]
    values = ["food_id,kcal,iron", *(f"{n},{90.5 + n * n},{n / 7}" for n in range(9))]
    for name, rows in (("foods", foods), ("values", values), ("others", values)):
        (tmp_path / f"{name}.csv").write_text("\n".join([*rows, ""]))
    [found] = discover(str(tmp_path), tmp_path)
    assert found.name == "foods"
    left = "files that hold numbers alone, by which nobody finds them, are left out: others.csv, values.csv"
    assert [*found.notes] == [left]
    (tmp_path / "lists.json").write_text(
        json.dumps([{"id": n, "of": {"it": ["to boil", "to bake"]}} for n in range(9)])
    )
    assert [one.name for one in discover(str(tmp_path), tmp_path)] == ["foods", "lists"]
    (tmp_path / "lists.json").unlink()
    (tmp_path / "foods.csv").write_text("grams,ounces\n1.5,7.25\n2.5,9.75\n")
    with pytest.raises(UsageError, match=r"numbers alone, .*: foods\.csv, others\.csv, values\.csv: name"):
        discover(str(tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("back", "other"),
    [("post_id REFERENCES posts", True), ("post_id", False), ("last_post_id REFERENCES posts", False)],
)
def test_an_id_called_after_a_table_that_refers_back_stands_for_something_else(
    tmp_path: Path, back: str, other: bool
) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, title, body, comment_id TEXT)")
        made.execute(f"CREATE TABLE comments (id INTEGER PRIMARY KEY, {back}, body, status)")
        for n in range(9):
            made.execute("INSERT INTO posts VALUES (?, ?, ?, ?)", (n, f"T{n}", text_of(n), f"64ae{n}"))
            made.execute("INSERT INTO comments VALUES (?, ?, ?, ?)", (n, n, text_of(n), ["hidden", "shown"][n % 2]))
    found = {one.name: str(one.settings) for one in discover("sqlite:///a.db", tmp_path)}
    assert ("comment_id IN" not in found["posts"]) == other


@pytest.mark.slow
def test_what_is_no_database_is_proposed_without_sqlalchemy(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sku,name,text\n" + "".join(f"p-{n},Chair {n},Of oak.\n" for n in range(9)))
    script = (
        "import sys; sys.modules['sqlalchemy'] = None; from vademecum_builder.cli.main import main; sys.exit(main())"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, "sources", "--discover", "a.csv"], cwd=tmp_path, capture_output=True, text=True
    )
    assert 'kind = "catalog"' in told.stdout, told.stderr
