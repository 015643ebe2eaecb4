"""Thirty days of a shop, as a catalog and as a database with captured changes: each day's release is what a build from
nothing makes, and what is embedded is exactly what has another text.

Days of 10,000 records with VADEMECUM_FAULTS=all (`make faults`), of some hundred in the usual run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from data.chat import Chat
from data.shop import Shop
from support.applied_changes import AppliedChanges, differing
from support.postgres import new_database
from vademecum import KnowledgeBase
from vademecum_builder.build import BuildReport, build
from vademecum_builder.settings import read_settings
from vademecum_builder.sources.base import Source
from vademecum_builder.sources.databases.capture import Triggers, run_statements
from vademecum_builder.sources.databases.database import Database
from vademecum_builder.sources.databases.debezium import DebeziumEvents
from vademecum_builder.sources.databases.slot import Slot
from vademecum_builder.sources.databases.table import TableSource
from vademecum_builder.sources.messages.message import Limits
from vademecum_builder.sources.messages.table import MessageTable
from vademecum_builder.sources.messages.view import STRATEGIES, MessageView

SETTINGS = """
out = "{out}"
site = false
[[source]]
name = "shop"
kind = "catalog"
path = "shop.jsonl"
title = "name"
text = "{{description}}"
metadata = ["price", "stock"]
updated = "changed"
"""


WHOLE = [pytest.param(10_000, 30, marks=pytest.mark.slow)] if os.environ.get("VADEMECUM_FAULTS") == "all" else []


def documents(site: str) -> dict[str, object]:
    with KnowledgeBase.open(Path(f"{site}.db"), url=site) as kb:
        kb.sync()
        return {page.key: page for page in kb.documents()}


@pytest.mark.parametrize(("products", "days"), [(200, 4), *WHOLE])
def test_a_catalog(products: int, days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shop = Shop(products)
    for day in shop.days(days):
        lines = (json.dumps(vars(product)) + "\n" for product in shop.rows.values())
        Path("shop.jsonl").write_text("".join(lines))
        Path("vademecum.toml").write_text(SETTINGS.format(out="site"))
        report = build(read_settings(Path("vademecum.toml")))
        if day == 1:
            continue
        new = [id for id in shop.put if id > products + (day - 2) * max(1, products // 200)]
        assert (report.added, report.removed) == (len(new), len(shop.gone))
        assert report.modified == len(shop.put) - len(new)
        assert report.embedded == len(new) + len(shop.said_anew)
        if day in (2, days):
            Path("vademecum.toml").write_text(SETTINGS.format(out=f"anew-{day}"))
            build(read_settings(Path("vademecum.toml")))
            assert documents("site") == documents(f"anew-{day}")


def writer(engine: Engine) -> Callable[[Shop], None]:
    def write(shop: Shop) -> None:
        with engine.begin() as connection:
            ids = [{"id": id} for id in (*shop.put, *shop.gone)]
            rows = [vars(shop.rows[id]) for id in shop.put]
            connection.execute(text("DELETE FROM product WHERE id = :id"), ids)
            columns = "(:id, :name, :description, :price, :stock, :changed)"
            connection.execute(text(f"INSERT INTO product VALUES {columns}"), rows)

    return write


@pytest.mark.parametrize(("products", "days"), [(300, 8), *WHOLE])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "slot", "debezium"])
def test_a_database_with_captured_changes(kind: str, products: int, days: int, tmp_path: Path) -> None:
    (tmp_path / "shop.db").touch()
    url = f"sqlite:///{tmp_path}/shop.db" if kind in ("sqlite", "debezium") else new_database()
    engine = create_engine(url)
    with engine.begin() as connection:
        table = "(id INTEGER PRIMARY KEY, name TEXT, description TEXT, price FLOAT, stock INTEGER, changed TEXT)"
        connection.execute(text(f"CREATE TABLE product {table}"))
    write, rows = writer(engine), TableSource(Database(url, tmp_path), "product")
    events = tmp_path / "events.jsonl"
    capture = Slot(rows, f"slot_{engine.url.database}") if kind == "slot" else Triggers(rows)
    source: Source = DebeziumEvents(events) if kind == "debezium" else capture
    run_statements(rows, capture.install())
    shop, told = Shop(products), AppliedChanges()
    for _ in shop.days(days):
        write(shop)
        with events.open("a") as stream:
            stream.writelines(json.dumps({"op": "u", "after": vars(shop.rows[id])}) + "\n" for id in shop.put)
            stream.writelines(json.dumps({"op": "d", "before": {"id": id}}) + "\n" for id in shop.gone)
        before = dict(told.items)
        told.listen(source)
        assert told.items == AppliedChanges().listen(rows).items
        assert (told.news, told.gone) == differing(before, told.items)
        assert told.news == {str(id) for id in shop.put}
    if kind == "slot":
        run_statements(rows, capture.remove())
    engine.dispose()


TABLE = """
site = false
out = "{out}"
[[source]]
name = "shop"
kind = "sql"
url = "sqlite:///shop.db"
table = "product"
title = "name"
text = "{{description}}"
metadata = ["price"]
{more}
[[source]]
name = "chat"
kind = "messages"
url = "sqlite:///chat.db"
table = "message"
channel = "channel"
thread = "thread"
reply-to = "reply_to"
deleted = "deleted"
strategies = ["conversation", "window", "tokens", "temporal"]
"""


@pytest.mark.parametrize("more", ["", 'capture = "triggers"'], ids=["compared", "captured"])
def test_a_workspace_and_its_releases(more: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.db").touch()
    engine, shop, chat = create_engine("sqlite:///shop.db"), Shop(200), Chat(600)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE product (id, name, description, price, stock, changed)"))
    rows = TableSource(Database("sqlite:///shop.db", tmp_path), "product")
    run_statements(rows, Triggers(rows).install())

    def release(out: str, workspace: Path | None) -> BuildReport:
        Path("vademecum.toml").write_text(TABLE.format(out=out, more=more))
        return build(replace(read_settings(Path("vademecum.toml")), workspace=workspace))

    for day in shop.days(4):
        chat.next_day()
        chat.write_database(Path("chat.db"))
        writer(engine)(shop)
        release("site", Path("work.db"))
        anew = release(f"anew-{day}", None)
        assert documents("site") == documents(f"anew-{day}")
        assert not release("site", Path("work.db")).changed
        assert anew.documents == len(documents("site"))
    engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_chat_archive(strategy: str, tmp_path: Path) -> None:
    fields = {name: name for name in
              ("id", "time", "author", "text", "channel", "thread", "reply_to", "updated", "deleted")}  # fmt: skip
    rows = TableSource(Database("sqlite:///chat.db", tmp_path), "message")
    view = MessageView(MessageTable(rows, fields), strategy, Limits(look_back=timedelta(days=4), least=200))
    chat, told = Chat(10_000 if WHOLE else 1_000), AppliedChanges()
    for day in chat.days(30 if WHOLE else 10):
        chat.write_database(tmp_path / "chat.db")
        before = dict(told.items)
        told.listen(view)
        if day % 10 == 0:
            assert told.items == AppliedChanges().listen(view).items
        news, gone = differing(before, told.items)
        assert len(news) + len(gone) <= 3 * len(chat.touched)
