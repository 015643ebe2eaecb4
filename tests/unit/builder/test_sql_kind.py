"""`kind = "sql"`: from the settings to hits, and what they may not say."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vademecum import KnowledgeBase
from vademecum.errors import UsageError
from vademecum_builder.build import BuildReport, build
from vademecum_builder.discovery.discover import discover
from vademecum_builder.kinds.records import RecordReader
from vademecum_builder.kinds.registry import open_sources
from vademecum_builder.kinds.sql import captured, table_source
from vademecum_builder.request import SourceSettings
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import SourceItem
from vademecum_builder.sources.databases.capture import Triggers
from vademecum_builder.sources.databases.database import Database
from vademecum_builder.sources.databases.slot import Slot
from vademecum_builder.sources.databases.table import TableSource

SETTINGS = """
site = false
[[source]]
name = "shop"
kind = "sql"
url = "sqlite:///shop.db"
table = "item"
title = "name"
text = "{name}: {description}"
link = "https://shop.example/{id}"
metadata = ["price"]
updated = "changed"
zone = "Europe/Berlin"
"""
ROWS = [
    (1, "Oak chair", "A chair of oak with four legs.", 19.5, "2026-07-01 10:00:00", "secret"),
    (2, "Pine table", "A table of pine for six.", 80, "2026-01-01T10:00:00+00:00", "secret"),
]


def write(folder: Path, rows: Sequence[tuple[Any, ...]] = ROWS) -> None:
    with closing(sqlite3.connect(folder / "shop.db", isolation_level=None)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS item (id, name, description, price, changed, cost)")
        database.execute("DELETE FROM item")
        database.executemany("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?)", rows)


def release(folder: Path, settings: str = SETTINGS) -> BuildReport:
    (folder / "vademecum.toml").write_text(settings)
    return build(read_settings(folder / "vademecum.toml"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_rows_become_hits(place: Path) -> None:
    assert release(place).documents == 2
    with KnowledgeBase.open(place / "kb.db", url=str(place / "site")) as kb:
        kb.sync()
        hit = kb.search("chair of oak")[0]
        assert (hit.document, hit.title, hit.url) == ("shop:1", "Oak chair", "https://shop.example/1")
        assert hit.text == "Oak chair: A chair of oak with four legs."
        assert hit.metadata == {"price": 19.5, "source": "shop", "updated": "2026-07-01T08:00:00Z"}
        assert kb.search("table of pine")[0].metadata["updated"] == "2026-01-01T10:00:00Z"


@pytest.mark.slow
def test_a_changed_field_that_is_no_text_is_embedded_by_nobody(place: Path) -> None:
    release(place)
    write(place, [(*ROWS[0][:3], 17.5, *ROWS[0][4:]), (*ROWS[1][:5], "more secret")])
    report = release(place)
    assert (report.modified, report.embedded) == (1, 0)
    write(place, [(*ROWS[0][:2], "A chair of ash.", *ROWS[0][3:]), ROWS[1]])
    report = release(place)
    assert (report.modified, report.embedded) == (1, 1)


@pytest.mark.slow
def test_by_default_all_text_is_text_but_what_is_called_private(place: Path) -> None:
    release(place, "\n".join(line for line in SETTINGS.splitlines() if not line.startswith(("text", "title"))))
    with KnowledgeBase.open(place / "kb.db", url=str(place / "site")) as kb:
        kb.sync()
        assert kb.search("chair of oak")[0].text == "A chair of oak with four legs."


@pytest.mark.slow
def test_markup_in_a_field_is_read(place: Path) -> None:
    rows = [(1, "Chair", "<p>Of <b>oak</b></p><script>x()</script>", 1, None, ""), (2, "Table", "a", 1, None, "")]
    write(place, rows)
    release(place, SETTINGS.replace('"{name}: {description}"', '["description"]\nformat = "html"'))
    with KnowledgeBase.open(place / "kb.db", url=str(place / "site")) as kb:
        kb.sync()
        assert kb.search("oak")[0].text == "Of oak"


@pytest.mark.slow
def test_a_time_without_a_zone_is_left_out_until_the_settings_say_which(place: Path) -> None:
    report = release(place, SETTINGS.replace('zone = "Europe/Berlin"', ""))
    assert report.documents == 1
    [warning] = [warning for warning in report.warnings if "zone" in warning]
    assert "1: changed: 2026-07-01 10:00:00 has no zone" in warning
    assert 'zone = "Europe/Berlin"' in warning


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('table = "item"', "", r"line 3: source: no table: name one \(or a query\)"),
        ('table = "item"', 'table = "item"\nquery = "SELECT 1"', "table and query: take one of them out"),
        ('table = "item"', 'table = "items"', "line 3: source.table: .*did you mean item"),
        ('title = "name"', 'title = "nome"', "line 3: source.title: there is no field 'nome'; did you mean name"),
        ("{description}", "{descripton}", "line 3: source.text: .*did you mean description"),
        ('["price"]', '["prize"]', "line 3: source.metadata: .*did you mean price"),
        ('"changed"', '"change"', "line 3: source.updated: .*did you mean changed"),
        ("{description}", "{description", "line 3: template .*expected '}'"),
        ('"Europe/Berlin"', '"Berlin"', "line 13: source.zone: expected the zone of times"),
        ('url = "sqlite:///shop.db"', "url = 7", "line 6: source.url: expected a database's address"),
        ('url = "sqlite:///shop.db"', "", "line 3: source: url is missing"),
        ("{id}", "{idd}", "line 3: source.link: .*did you mean id"),
        ("site = false", "site = false\n[[source]]\nkind = 'sq'", "there is no kind 'sq'; did you mean sql"),
        ("{id}", "{qqq}", r"there is \w+(, \w+)+$"),
        ("zone =", "look-back = 0\nzone =", "source.look-back: expected a number of rows above 0"),
    ],
)
def test_settings_that_cannot_be_meant(place: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        release(place, SETTINGS.replace(old, new))
    assert not (place / "site").exists()


def test_the_settings_say_what_is_read_and_how_changes_are_captured(place: Path) -> None:
    more = 'cursor = "changed"\ndeleted = "cost"\nlook-back = 5\n'
    (place / "vademecum.toml").write_text(SETTINGS + more)
    request = read_settings(place / "vademecum.toml")
    [[one]] = open_sources(request).values()
    where = f"{place / 'vademecum.toml'}, line 3"
    table = TableSource(Database("sqlite:///shop.db", place, where), "item", "", "id", "changed", "cost", 5)
    assert one.source == table
    reader = RecordReader.of(request.sources[0], "changed", "cost")
    assert one.reader() == replace(reader, order=("id", "name", "description", "price", "changed", "cost"))
    (place / "vademecum.toml").write_text(SETTINGS + 'capture = "triggers"\n')
    [[one]] = open_sources(read_settings(place / "vademecum.toml")).values()
    assert one.source == Triggers(replace(table, cursor="", deleted="", look_back=1000))
    plain = replace(table, cursor="")
    found = [
        captured(SourceSettings("my-shop", "sql", {"capture": how} if how else {}, where), plain)
        for how in ("triggers", "slot", "")
    ]
    assert found == [Triggers(plain), Slot(plain, "vademecum_my_shop"), None]
    settings = SourceSettings("shop", "sql", {"capture": "slot"}, where)
    with pytest.raises(UsageError, match="line 3: source: cursor and capture: take one of them out"):
        captured(settings, table)
    with pytest.raises(UsageError, match="line 3: source: capture: a query has none: name a table"):
        captured(settings, replace(plain, table="", query="SELECT 1"))
    query = SourceSettings("shop", "sql", {"url": Database("sqlite:///shop.db", place), "query": "SELECT 1"}, where)
    assert table_source(query) == TableSource(Database("sqlite:///shop.db", place, where), query="SELECT 1")


@pytest.mark.slow
def test_a_column_that_vanished_stops_the_build_and_the_release_stays(place: Path) -> None:
    release(place)
    with closing(sqlite3.connect(place / "shop.db", isolation_level=None)) as database:
        database.execute("ALTER TABLE item RENAME COLUMN description TO descr")
    with pytest.raises(UsageError, match=r"source\.text: there is no field 'description'; did you mean descr"):
        release(place)
    write_back = SETTINGS.replace("{description}", "{descr}")
    assert not release(place, write_back).changed


def test_without_sqlalchemy_it_says_what_brings_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vademecum_builder.sources.databases.database", None)
    with pytest.raises(UsageError, match=r"source.url: .*pip install .*\[sql\]'"):
        release(place)


def test_what_a_card_says_on_its_sides_stands_apart_and_its_title_has_no_markup(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, flds TEXT, tags TEXT)")
        for n in range(6):
            made.execute(
                "INSERT INTO notes VALUES (?, ?, 'sea')", (n, f"Whale {n}\x1f<b>A mammal</b>&nbsp;that swims {n}")
            )
    [found] = discover(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    (tmp_path / "vademecum.toml").write_text(found.toml())
    [[opened]] = open_sources(read_settings(tmp_path / "vademecum.toml")).values()
    item = next(one for one in opened.source.changes(None).entries if isinstance(one, SourceItem))
    told = opened.reader().read(item)
    assert not isinstance(told, str)
    assert told.title == "Whale 0 A mammal that swims 0"
