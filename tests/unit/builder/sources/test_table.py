"""Rows of a database: what is told since a checkpoint, on SQLite and on a real PostgreSQL, and what is refused."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from support.postgres import new_database
from vademecum.errors import NetworkError, UsageError
from vademecum_builder.sources.base import Checkpoint, Entry, Skipped, SourceItem
from vademecum_builder.sources.databases.database import Database, decode_value, encode_value
from vademecum_builder.sources.databases.table import TableSource
from vademecum_builder.sources.records import fields_with_lost_characters, json_value


class Shop:
    """A table `item` in some database."""

    def __init__(self, url: str, id: str = "INTEGER PRIMARY KEY") -> None:
        self.engine = create_engine(url)
        moment = "TIMESTAMP" if "postgres" in url else "TEXT"
        self.run(f"CREATE TABLE item (id {id}, name TEXT, updated {moment}, gone BOOLEAN)")
        self.source = TableSource(Database(url, Path("/")), "item", cursor="updated", deleted="gone")

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def put(self, id: object, name: str | None, updated: str | None) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("DELETE FROM item WHERE id = :id"), {"id": id})
            row = {"id": id, "name": name, "updated": updated}
            connection.execute(text("INSERT INTO item VALUES (:id, :name, :updated, NULL)"), row)

    def close(self) -> None:
        self.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.process)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "shop.db").touch()
    made = Shop(f"sqlite:///{tmp_path}/shop.db" if request.param == "sqlite" else new_database())
    yield made
    made.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "shop.db").touch()
    made = Shop(f"sqlite:///{tmp_path}/shop.db", "")
    yield made
    made.close()


def told(source: TableSource, since: Checkpoint | None = None) -> tuple[dict[str, Any], Checkpoint | None]:
    """Return names by key, None for what is gone, the reason of what was left out; and the last checkpoint."""
    found: dict[str, Any] = {}
    checkpoint = None
    for entry in source.changes(since).entries:
        if isinstance(entry, Checkpoint):
            checkpoint = entry
        else:
            assert entry.key not in found
            found[entry.key] = _said(entry)
    return found, checkpoint


def _said(entry: Entry) -> Any:
    match entry:
        case SourceItem():
            return json.loads(entry.data)["name"]
        case Skipped():
            return entry
        case _:
            return None


def test_new_edited_and_deleted_rows_are_told_once(shop: Shop) -> None:
    for id in (1, 2, 3):
        shop.put(id, f"item {id}", f"2026-01-0{id} 10:00:00")
    everything, since = told(shop.source)
    assert everything == {"1": "item 1", "2": "item 2", "3": "item 3"}
    assert told(shop.source, since) == ({}, since)
    shop.put(4, "item 4", "2026-01-05 10:00:00")
    shop.put(1, "item 1 again", "2026-01-06 10:00:00")
    shop.run("UPDATE item SET gone = true, updated = '2026-01-07 10:00:00' WHERE id = 2")
    news, since = told(shop.source, since)
    assert news == {"4": "item 4", "1": "item 1 again", "2": None}
    assert told(shop.source, since) == ({}, since)
    assert told(shop.source)[0] == {"1": "item 1 again", "3": "item 3", "4": "item 4"}


def test_equal_cursors_late_rows_and_hard_deletions_in_the_look_back_are_found(shop: Shop) -> None:
    for id in (2, 4, 6):
        shop.put(id, f"item {id}", "2026-01-05 10:00:00")
    _, since = told(shop.source)
    shop.put(3, "of the same second, with a smaller id", "2026-01-05 10:00:00")
    shop.put(9, "committed late", "2026-01-05 10:00:00")
    shop.run("DELETE FROM item WHERE id = 4")
    shop.put(6, "edited in the same second", "2026-01-05 10:00:00")
    news, since = told(shop.source, since)
    assert news == {
        "3": "of the same second, with a smaller id",
        "9": "committed late",
        "4": None,
        "6": "edited in the same second",
    }
    assert told(shop.source, since) == ({}, since)


def test_the_look_back_has_an_end_but_cuts_no_equal_values(shop: Shop) -> None:
    for id in range(1, 8):
        shop.put(id, f"item {id}", "2026-01-05 10:00:00" if id > 3 else f"2026-01-0{id} 10:00:00")
    source = replace(shop.source, look_back=2)
    _, since = told(source)
    assert since is not None
    assert since.strategy == "cursor"
    assert [key for key, *_ in json.loads(since.position)["seen"]] == ["4", "5", "6", "7"]
    shop.put(1, "its cursor stays: out of the look-back", "2026-01-01 10:00:00")
    shop.put(4, "item 4 again", "2026-01-05 10:00:00")
    assert told(source, since)[0] == {"4": "item 4 again"}


def test_where_there_are_other_columns_every_row_is_read_again(shop: Shop) -> None:
    for id in range(1, 8):
        shop.put(id, f"item {id}", f"2026-01-0{id} 10:00:00")
    source = replace(shop.source, look_back=2)
    _, since = told(source)
    shop.run("ALTER TABLE item ADD COLUMN more TEXT DEFAULT 'x'")
    assert source.changes(since).whole
    news, since = told(source, since)
    assert news.keys() == set("1234567")
    assert told(source, since) == ({}, since)


def test_a_row_whose_cursor_is_set_back_is_told(shop: Shop) -> None:
    for id in (1, 2, 3):
        shop.put(id, f"item {id}", f"2026-01-0{id} 10:00:00")
    _, since = told(replace(shop.source, look_back=1))
    shop.put(3, "item 3, dated back", "2025-01-01 10:00:00")
    news, since = told(shop.source, since)
    assert news == {"3": "item 3, dated back"}
    assert told(shop.source, since) == ({}, since)


def test_an_older_copy_of_the_table_is_refused(shop: Shop) -> None:
    shop.put(1, "item 1", "2026-01-01 10:00:00")
    shop.put(2, "item 2", "2026-01-09 10:00:00")
    _, since = told(replace(shop.source, look_back=1))
    shop.run("DELETE FROM item WHERE id = 2")
    with pytest.raises(UsageError, match=r"updated went back.*vade sync --full"):
        told(shop.source, since)


def test_without_a_cursor_everything_is_told_and_nothing_remembered(shop: Shop) -> None:
    shop.put(2, "b", None)
    shop.put(1, "a", None)
    source = replace(shop.source, cursor="")
    assert told(source) == ({"1": "a", "2": "b"}, None)
    with pytest.raises(UsageError, match="every row is compared"):
        source.changes(Checkpoint("cursor", "{}"))


def test_a_query_is_read_like_a_table(shop: Shop) -> None:
    shop.put(1, "10:30 and 5 %", "2026-01-01 10:00:00")
    query = "SELECT id, name || ' :x %' AS name, updated FROM item WHERE name LIKE '%:30%' ORDER BY id;"
    source = replace(shop.source, table="", query=query, deleted="")
    news, since = told(source)
    assert news == {"1": "10:30 and 5 % :x %"}
    assert told(source, since) == ({}, since)


def test_a_row_without_a_cursor_is_told_as_left_out(shop: Shop) -> None:
    shop.put(1, "a", "2026-01-01 10:00:00")
    shop.put(2, "b", None)
    news, _ = told(shop.source)
    assert news["1"] == "a"
    assert "1 row without updated" in news["(no cursor)"].reason


def test_long_tables_have_checkpoints_on_the_way(lite: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vademecum_builder.sources.databases.table_cursor._CHECKPOINT_ROWS", 10)
    for id in range(25):
        lite.put(id, f"item {id}", f"2026-01-01 10:00:{id // 2:02}")
    source = replace(lite.source, look_back=3)
    entries = list(source.changes(None).entries)
    first = next(entry for entry in entries if isinstance(entry, Checkpoint))
    rest, last = told(source, first)
    assert list(rest) == [str(id) for id in range(10, 25)]
    assert last == entries[-1]


def test_ids_that_identify_nothing_are_left_out_and_the_others_go_on(lite: Shop) -> None:
    lite.run(
        "INSERT INTO item (id, name) VALUES (1, 'one'), (NULL, 'none'), (2, 'two'), ('2', 'twice'), (1.5, 'half')",
        "INSERT INTO item (id, name) VALUES ('', 'empty')",
    )
    news, _ = told(replace(lite.source, cursor=""))
    assert news.pop("1") == "one"
    assert {key: entry.reason for key, entry in news.items()} == {
        "(no id)": "1 row without id: it is NULL",
        "2": "several rows have this id: none of them is taken",
        "1.5": "id is of type float: expected a text or a whole number",
        "''": "id is of type str: expected a text or a whole number",
    }


def test_an_id_of_several_rows_is_told_once_where_there_is_a_cursor(lite: Shop) -> None:
    lite.run("INSERT INTO item (id, name, updated) VALUES (1, 'a', '2026-01-01'), (2, 'b', '2026-01-02')")
    _, since = told(lite.source)
    lite.run("INSERT INTO item (id, name, updated) VALUES (2, 'c', '2026-01-03'), (3, 'd', '2026-01-03')")
    for before, others in ((None, {"1": "a", "3": "d"}), (since, {"3": "d"})):
        twice = Skipped("2", "several rows have this id: none of them is taken")
        assert told(lite.source, before)[0] == {**others, "2": twice}


def test_a_table_of_a_schema_and_a_view_are_read_and_named(lite: Shop) -> None:
    lite.run(
        "INSERT INTO item (id, name, updated) VALUES (1, 'a', '2026-01-01')", "CREATE VIEW shown AS SELECT * FROM item"
    )
    for name in ("main.item", "shown", "main.shown"):
        assert told(replace(lite.source, table=name))[0] == {"1": "a"}
    for name, meant in (("main.itm", "main.item"), ("main.show", "main.shown"), ("show", "shown")):
        with pytest.raises(UsageError, match=f"has no table '{name}'; did you mean {meant}"):
            told(replace(lite.source, table=name))


def test_a_column_that_is_no_id_is_refused(lite: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vademecum_builder.sources.databases.table_rows.MOST_TWICE", 2)
    lite.run("INSERT INTO item (id) VALUES (0), (1), (1), (2), (2)")
    assert told(replace(lite.source, cursor=""))[0].keys() == {"0", "1", "2"}
    lite.run("INSERT INTO item (id) VALUES (3), (3)")
    with pytest.raises(UsageError, match=r"more than 2 values of 'id' stand in several rows.*source\.id"):
        told(replace(lite.source, cursor=""))


def test_text_that_is_none_or_too_much_is_left_out(lite: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vademecum_builder.sources.records.MAX_BYTES", 2**20)
    lite.run("INSERT INTO item (id, name) VALUES (1, CAST(x'48fffe' AS TEXT)), (3, 'a' || char(0) || 'b')")
    lite.put(2, "x" * 2**20, None)
    news, _ = told(replace(lite.source, cursor=""))
    assert (news["1"].reason, news["1"].said) == ("name is not UTF-8", r"H\udcff\udcfe")
    assert news["2"].reason == "larger than 1 MB; the largest field is 'name'"
    assert news["3"] == "a\ufffdb"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"table": "items"}, "no table 'items'; did you mean item?"),
        ({"id": "idd"}, r"source.id: .*no column 'idd'; did you mean id\?"),
        ({"cursor": "update"}, r"source.cursor: .*did you mean updated\?"),
        ({"deleted": "dead"}, r"source.deleted: .*there is gone, id, name, updated"),
        ({"table": "", "query": "SELEC 1"}, "syntax"),
    ],
)
def test_what_is_not_there_is_named(shop: Shop, setting: dict[str, str], said: str) -> None:
    shop.put(1, "a", "2026-01-01 10:00:00")
    with pytest.raises(UsageError, match=said):
        shop.source.__class__(**{**shop.source.__dict__, **setting}).changes(None)


@pytest.mark.process
def test_two_columns_of_one_name_are_refused() -> None:
    source = TableSource(Database(new_database(), Path("/")), query="SELECT 1 AS id, 2 AS id")
    with pytest.raises(UsageError, match="two columns are called 'id': rename one of them with AS"):
        source.changes(None)


def test_a_table_of_which_no_row_has_an_id_says_so(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE item (id, name)")
        made.execute("INSERT INTO item VALUES (NULL, 'Pump')")
    source = TableSource(Database("sqlite:///a.db", tmp_path), "item")
    with pytest.raises(UsageError, match=r"item: no row has an id \(no id\): name another column"):
        [*source.changes(None).entries]


def test_an_empty_table_and_one_of_deleted_rows_are_refused(shop: Shop) -> None:
    with pytest.raises(UsageError, match="there is no row"):
        shop.source.changes(None)
    shop.put(1, "a", "2026-01-01 10:00:00")
    _, since = told(shop.source)
    shop.run("UPDATE item SET gone = true")
    for source in (shop.source, replace(shop.source, cursor="")):
        with pytest.raises(UsageError, match="every row is deleted"):
            told(source)
    shop.run("DELETE FROM item")
    with pytest.raises(UsageError, match="there is no row"):
        shop.source.changes(since)


def test_a_locked_database_may_be_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE item (id)")
        other.execute("INSERT INTO item VALUES (1)")
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr("vademecum_builder.sources.databases.database.BUSY_SECONDS", 0.05)
        with pytest.raises(NetworkError, match="database is locked; nothing is lost: try again"):
            TableSource(Database("sqlite:///a.db", tmp_path), "item").changes(None)


@pytest.mark.process
def test_a_database_that_dies_in_a_read_loses_nothing() -> None:
    shop = Shop(new_database())
    shop.run("INSERT INTO item SELECT n, 'item ' || n, '2026-01-01'::timestamp FROM generate_series(1, 5000) n")
    entries = shop.source.changes(None).entries
    next(entries)
    shop.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
             "AND pid <> pg_backend_pid()")  # fmt: skip
    with pytest.raises(NetworkError, match="try again"):
        list(entries)
    assert len(told(shop.source)[0]) == 5000
    shop.close()


@pytest.mark.process
def test_no_message_has_a_password_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://ann:s3cret%2Fword@127.0.0.1:1/shop?password=s3cret/word")
    with pytest.raises(NetworkError, match="//ann@127") as failure:
        TableSource(Database("${DATABASE_URL}", tmp_path), "item").changes(None)
    assert "s3cret" not in str(failure.value)
    one, other = (Database(f"postgresql://ann:s3cret@{host}/shop", tmp_path) for host in ("a", "b"))
    assert "s3cret" not in repr(one)
    assert repr(one) != repr(other)  # a checkpoint of one is none of the other


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///not-there.db", "not-there.db: no such file"),
        ("sqlite://", "is a folder; write sqlite:/// and the database's path"),
        ("sqlite:///:memory:", ":memory:: no such file"),
        ("${NOT_SET_ANYWHERE}", "the environment variable NOT_SET_ANYWHERE is not set"),
        ("shop.db:", "not a database's address; write sqlite:///shop.db"),
        ("oracel://host/name", "SQLAlchemy knows no database 'oracel'"),
        ("mysql+mysqldb://host/name", "the driver MySQLdb is not installed"),
        ("sqlite:///note.txt", "file is not a database: it is damaged, or no database: restore a copy"),
    ],
)
def test_what_is_no_database_is_said_in_one_line(url: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("This is no database, and never was one. " * 30)
    with pytest.raises(UsageError, match=said) as failure:
        TableSource(Database(url, tmp_path, "vademecum.toml, line 3"), "item").changes(None)
    assert str(failure.value).startswith("vademecum.toml, line 3: ")
    assert not (tmp_path / "not-there.db").exists()


@pytest.mark.parametrize("position", ["", "{}", "[]", '{"seen": 1}'])
def test_what_is_no_checkpoint_of_a_table_is_refused(lite: Shop, position: str) -> None:
    lite.put(1, "a", "2026-01-01")
    for strategy in ("cursor", "log"):
        with pytest.raises(UsageError, match="not a checkpoint"):
            lite.source.changes(Checkpoint(strategy, position))


def test_a_checkpoint_of_another_strategy_is_refused_whatever_it_says(lite: Shop) -> None:
    lite.put(1, "a", "2026-01-01")
    (checkpoint,) = (one for one in lite.source.changes(None).entries if isinstance(one, Checkpoint))
    lite.source.changes(checkpoint)
    with pytest.raises(UsageError, match="not a checkpoint of a table by its cursor"):
        lite.source.changes(replace(checkpoint, strategy="other"))


def test_values_of_a_cursor_come_back_as_they_were() -> None:
    from datetime import UTC, date, datetime
    from uuid import UUID

    for value in (7, 1.5, "a", datetime(2026, 1, 1, 10, 0, 0, 7), datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1),
                  Decimal("1.10"), UUID(int=7), b"\0\xff"):  # fmt: skip
        assert decode_value(json.loads(json.dumps(encode_value(value)))) == value
    with pytest.raises(UsageError, match="type bool has no order"):
        encode_value(True)


@pytest.mark.parametrize(
    ("written", "value"),
    [("1.10", 1.1), ("7.00", 7), ("0.12345678901234567890", "0.12345678901234567890"), ("NaN", "NaN")],
)
def test_a_number_of_a_database_is_one_of_json_where_that_is_the_same(written: str, value: object) -> None:
    assert json_value(Decimal(written)) == value


def test_fields_that_lost_characters_are_named() -> None:
    told = [json.dumps({"a": end, "b": ["x", end], "c": "y"}, ensure_ascii=False).encode() for end in ("\ufffd", "z")]
    assert [*map(fields_with_lost_characters, told)] == [["a", "b"], []]
