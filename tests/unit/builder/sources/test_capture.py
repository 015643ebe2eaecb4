"""Change data capture by triggers and by a slot: what is told, exactly, and what happens between two runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from support.applied_changes import AppliedChanges
from support.postgres import new_database
from vademecum.errors import UsageError
from vademecum_builder.sources.base import Checkpoint
from vademecum_builder.sources.databases import slot
from vademecum_builder.sources.databases.capture import Triggers, run_statements
from vademecum_builder.sources.databases.database import Database
from vademecum_builder.sources.databases.slot import Slot
from vademecum_builder.sources.databases.table import TableSource

TABLE = "my item's"


class Shop:
    """A table with a name that has to be quoted, and what captures its changes."""

    def __init__(self, kind: str, folder: Path) -> None:
        (folder / "shop.db").touch()
        self.postgres = kind != "sqlite"
        url = new_database() if self.postgres else f"sqlite:///{folder}/shop.db"
        self.engine = create_engine(url)
        self.table = f'"{TABLE}"'
        self.run(f'CREATE TABLE {self.table} ("ID" {"integer" if self.postgres else ""} PRIMARY KEY, name TEXT)')
        self.run(f"INSERT INTO {self.table} VALUES (1, 'one'), (2, 'two'), (3, 'three')")
        rows = TableSource(Database(url, Path("/"), "vademecum.toml, line 3"), TABLE, id="ID")
        self.capture = Slot(rows, f"slot_{self.engine.url.database}") if kind == "slot" else Triggers(rows)
        self.told = AppliedChanges()

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def install(self) -> None:
        run_statements(self.capture.table, self.capture.install())

    def news(self) -> tuple[dict[str, Any], set[str]]:
        """Return names by id of what is told since the last time, and what is gone."""
        self.told.listen(self.capture)
        return {key: json.loads(self.told.items[key])["name"] for key in sorted(self.told.news)}, self.told.gone

    def close(self) -> None:
        if isinstance(self.capture, Slot):
            run_statements(self.capture.table, self.capture.remove())  # a slot lives longer than what it is about
        self.engine.dispose()


@pytest.fixture(params=["sqlite", *(pytest.param(one, marks=pytest.mark.process) for one in ("postgresql", "slot"))])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(request.param, tmp_path)
    yield made
    made.close()


def test_what_changed_is_told_exactly_once(shop: Shop) -> None:
    shop.install()
    assert shop.news() == ({"1": "one", "2": "two", "3": "three"}, set())
    assert shop.news() == ({}, set())
    shop.run(
        f"INSERT INTO {shop.table} VALUES (4, 'four')",
        f"""UPDATE {shop.table} SET name = 'two again' WHERE "ID" = 2""",
        f"""UPDATE {shop.table} SET name = 'two at last' WHERE "ID" = 2""",
        f"""DELETE FROM {shop.table} WHERE "ID" = 1""",
        f"""UPDATE {shop.table} SET "ID" = 30 WHERE "ID" = 3""",
    )
    assert shop.news() == ({"4": "four", "2": "two at last", "30": "three"}, {"1", "3"})
    assert shop.news() == ({}, set())
    shop.run(f"INSERT INTO {shop.table} VALUES (1, 'one is back')", f"""DELETE FROM {shop.table} WHERE "ID" = 4""")
    assert shop.news() == ({"1": "one is back"}, {"4"})
    full = AppliedChanges().listen(shop.capture)
    assert full.items == shop.told.items


def test_what_a_run_did_not_keep_is_told_again(shop: Shop) -> None:
    shop.install()
    shop.news()
    shop.run(f"INSERT INTO {shop.table} VALUES (4, 'four')")
    before = shop.told.checkpoint
    assert shop.news()[0] == {"4": "four"}
    shop.told.checkpoint = before  # the transaction that would have kept it was rolled back
    assert shop.news()[0] == {"4": "four"}


def test_what_nothing_captured_is_told_as_everything(shop: Shop) -> None:
    shop.install()
    shop.news()
    run_statements(shop.capture.table, shop.capture.remove())
    shop.run(f"""DELETE FROM {shop.table} WHERE "ID" = 1""")
    with pytest.raises(UsageError, match=r"line 3: source.capture: .*vade cdc install"):
        shop.news()
    assert shop.capture.status() == {"installed": False}
    shop.install()
    shop.run(f"INSERT INTO {shop.table} VALUES (4, 'four')")
    assert shop.news()[0] == {"2": "two", "3": "three", "4": "four"}
    assert shop.told.items.keys() == {"2", "3", "4"}
    assert shop.capture.status()["installed"]


def test_a_table_that_is_emptied_and_filled_again(shop: Shop) -> None:
    shop.install()
    shop.news()
    empty = "TRUNCATE" if shop.postgres else "DELETE FROM"
    shop.run(f"{empty} {shop.table}", f"INSERT INTO {shop.table} VALUES (2, 'two'), (5, 'five')")
    shop.news()
    assert shop.told.items.keys() == {"2", "5"}
    shop.run(f"{empty} {shop.table}")
    with pytest.raises(UsageError, match="there is no row; nothing is changed"):
        shop.news()


def test_a_column_that_is_new_changes_rows_that_nobody_wrote(shop: Shop) -> None:
    shop.install()
    shop.news()
    shop.run(f"ALTER TABLE {shop.table} ADD COLUMN more TEXT DEFAULT 'x'")
    shop.news()
    assert all(b'"more":"x"' in data for data in shop.told.items.values())


def test_a_program_that_writes_in_its_own_way_is_heard(shop: Shop) -> None:
    shop.install()
    shop.news()
    if shop.postgres:
        shop.run(f"""INSERT INTO {shop.table} VALUES (2, 'x') ON CONFLICT ("ID") DO UPDATE SET name = 'upserted'""")
        shop.run(f"INSERT INTO {shop.table} VALUES (7, 'a') ON CONFLICT DO NOTHING")
    else:
        shop.run(f"INSERT OR REPLACE INTO {shop.table} VALUES (2, 'upserted')")
        shop.run(f"INSERT OR IGNORE INTO {shop.table} VALUES (7, 'a')")
        assert shop.news() == ({"2": "upserted", "7": "a"}, set())
        shop.run(
            f"INSERT OR IGNORE INTO {shop.table} VALUES (7, 'b'), (8, 'c')",
            f"REPLACE INTO {shop.table} VALUES (7, 'a')",
        )
        assert shop.news() == ({"7": "a", "8": "c"}, set())
        return
    assert shop.news() == ({"2": "upserted", "7": "a"}, set())


@pytest.mark.process
@pytest.mark.parametrize("kind", ["postgresql", "slot"])
def test_a_transaction_that_ends_late_is_not_lost(kind: str, tmp_path: Path) -> None:
    shop = Shop(kind, tmp_path)
    shop.install()
    shop.news()
    with shop.engine.begin() as late:
        late.execute(text(f"INSERT INTO {shop.table} VALUES (10, 'began first')"))
        shop.run(f"INSERT INTO {shop.table} VALUES (11, 'ended first')")
        assert shop.news()[0] == {"11": "ended first"}
        shop.run(f"INSERT INTO {shop.table} VALUES (12, 'after that')")
        shop.news()
    assert "10" in shop.news()[0]
    assert shop.told.items.keys() == {"1", "2", "3", "10", "11", "12"}
    assert shop.news() == ({}, set())
    shop.close()


@pytest.mark.process
@pytest.mark.parametrize("kind", ["postgresql", "slot"])
def test_what_is_under_way_while_everything_is_read_is_told_later(kind: str, tmp_path: Path) -> None:
    shop = Shop(kind, tmp_path)
    shop.install()
    with shop.engine.begin() as late:
        late.execute(text(f"INSERT INTO {shop.table} VALUES (10, 'not yet')"))
        assert shop.news()[0].keys() == {"1", "2", "3"}
    assert shop.news()[0]["10"] == "not yet"
    shop.close()


@pytest.mark.process
def test_a_slot_moves_on_when_what_was_read_is_kept(tmp_path: Path) -> None:
    shop = Shop("slot", tmp_path)
    shop.install()
    shop.news()
    shop.run(f"INSERT INTO {shop.table} SELECT n, repeat('x', 1000) FROM generate_series(100, 1100) n")
    assert len(shop.news()[0]) == 1001
    kept = shop.capture.status()["kept"]
    shop.news()
    assert shop.capture.status()["kept"] < kept
    another = AppliedChanges(checkpoint=shop.told.checkpoint)
    shop.run(f"INSERT INTO {shop.table} VALUES (5000, 'five')")
    shop.news()
    shop.run(f"INSERT INTO {shop.table} VALUES (6000, 'six')")
    shop.news()  # by now the slot is behind what the other one knows
    assert another.listen(shop.capture).items == shop.told.items
    shop.close()


@pytest.mark.process
def test_where_more_rows_changed_than_are_held_all_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "MOST_CHANGED", 3)
    shop = Shop("slot", tmp_path)
    shop.install()
    shop.news()
    shop.run(
        f"INSERT INTO {shop.table} VALUES (4, 'four'), (5, 'five'), (6, 'six')",
        f'DELETE FROM {shop.table} WHERE "ID" = 1',
    )
    changes = shop.capture.changes(shop.told.checkpoint)
    assert changes.whole
    changes.entries.close()  # type: ignore[attr-defined]  # a generator
    shop.news()
    assert sorted(shop.told.items) == ["2", "3", "4", "5", "6"]
    assert not shop.capture.changes(shop.told.checkpoint).whole
    shop.close()


@pytest.mark.process
def test_what_cannot_be_captured_is_said(tmp_path: Path) -> None:
    shop = Shop("slot", tmp_path)
    shop.run("CREATE TABLE loose (id integer, name text)", "INSERT INTO loose VALUES (1, 'a'), (NULL, 'b')")
    loose = TableSource(shop.capture.table.database, "loose")
    with pytest.raises(UsageError, match='id is not a primary key: use capture = "triggers"'):
        Slot(loose, "loose").install()
    run_statements(loose, Triggers(loose).install())
    shop.run("INSERT INTO loose VALUES (NULL, 'c')")  # the program that writes is never stopped
    assert AppliedChanges().listen(Triggers(loose)).items.keys() == {"1"}
    lite = TableSource(Database("sqlite:///shop.db", tmp_path), "item")
    with pytest.raises(UsageError, match="a slot is made for a table of PostgreSQL"):
        Slot(lite, "lite").install()
    shop.run("SELECT 1")
    shop.engine.dispose()


def test_what_is_made_for_tables_of_like_names_is_called_otherwise(tmp_path: Path) -> None:
    long = "a" * 40
    tables = {long: long, f"{long}a": f"{long}_", f"{long}b": f"{long}_", "my_item": "my_item", "my-item": "my_item_"}
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    names = set()
    for table, name in tables.items():
        with engine.begin() as made:
            made.execute(text(f'CREATE TABLE "{table}" (id INTEGER PRIMARY KEY)'))
        told = str(Triggers(TableSource(Database("sqlite:///a.db", tmp_path), table)).install())
        found = re.findall(r"CREATE TABLE vademecum_changes_(\w+) .*CREATE TRIGGER vademecum_(\w+)_insert", told)
        assert {*found[0]} == {found[0][0]} and found[0][0].startswith(name)
        assert len(found[0][0]) == len(name) + 8 * name.endswith("_")
        names |= {*found[0]}
    assert len(names) == len(tables)
    engine.dispose()


@pytest.mark.parametrize(
    "checkpoint", [Checkpoint("cursor", "{}"), Checkpoint("triggers", "{}"), Checkpoint("slot", "[]")]
)
def test_what_is_no_checkpoint_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    rows = TableSource(Database("sqlite:///shop.db", tmp_path), "item")
    for source in (Triggers(rows), Slot(rows, "slot")):
        with pytest.raises(UsageError, match="not a checkpoint of"):
            source.changes(checkpoint)
