"""Tables of messages, read on from a checkpoint: what is told is what a reading of everything finds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from support.applied_changes import AppliedChanges, differing
from support.postgres import new_database
from support.sampling import sample
from vademecum_builder.sources.databases.database import Database
from vademecum_builder.sources.databases.table import TableSource
from vademecum_builder.sources.messages.message import Limits, make_message
from vademecum_builder.sources.messages.table import MessageReading, MessageTable
from vademecum_builder.sources.messages.view import STRATEGIES, MessageView

NAMES = ("id", "time", "author", "text", "channel", "thread", "reply_to", "updated", "deleted")
LIMITS = Limits(look_back=timedelta(days=3), least=50, silence=timedelta(hours=3), messages=8, tokens=60)
ZONES = tuple(map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Kolkata")))


def offset(moment: datetime) -> str:
    return moment.astimezone(ZONES[moment.minute % 3]).isoformat()


FORMS: dict[str, Callable[[datetime], object]] = {
    "offsets": offset,
    "local": lambda moment: moment.astimezone(ZONES[0]).strftime("%Y-%m-%d %H:%M:%S.%f"),
    "seconds": lambda moment: int(moment.timestamp()),
    "milliseconds": lambda moment: int(moment.timestamp() * 1000),
    "digits": lambda moment: f"{moment.timestamp():.6f}",
    "no order": lambda moment: moment.strftime("%Y%m%dT%H%M%SZ"),
}


@dataclass
class Archive:
    """A table of messages that changes."""

    random: Random
    now: datetime = datetime(2026, 10, 20, 6, tzinfo=UTC)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    next_id: int = 100

    def add(self, answers: bool = True, ago: timedelta = timedelta(0), channel: str = "") -> None:
        random = self.random
        row: dict[str, Any] = dict.fromkeys(NAMES)
        row |= {"id": self.next_id, "time": self.now - ago, "author": random.choice("ABC"), "deleted": False}
        row |= {"text": "word " * random.randint(1, 12) + str(self.next_id)}
        row["channel"] = channel or random.choice(("general", "help", "help", "büro/1"))
        if answers and random.random() < 0.3:
            there = [one for one in self.rows.values() if one["channel"] == row["channel"]]
            if there and (answered := random.choice(there[-12:])):
                how = "thread" if random.random() < 0.5 else "reply_to"
                row[how] = answered[how] if how == "thread" and answered[how] else answered["id"]
        self.rows[self.next_id] = row
        self.next_id += random.choice((1, 1, 7))
        self.now += random.choice((timedelta(0), timedelta(minutes=9), timedelta(hours=2)))

    def recent(self) -> dict[str, Any]:
        late = self.now - timedelta(days=2)
        return self.random.choice([row for row in self.rows.values() if row["time"] > late])

    def old(self) -> dict[str, Any]:
        return self.random.choice(list(self.rows.values())[: len(self.rows) // 2])

    def step(self) -> None:
        """Change what is recent."""
        for _ in range(self.random.randint(1, 12)):
            self.add()
        for _ in range(2):
            self.recent()["text"] = f"edited at {self.now}"  # nothing tells
            self.rows.pop(self.recent()["id"])
            self.recent()["deleted"] = True
            self.add(ago=timedelta(hours=self.random.randint(1, 47)))
        if self.random.random() < 0.2:
            self.add(channel="quiet")

    def step_back(self) -> None:
        """Change what is old, so that a column or a count tells."""
        match self.random.randint(0, 4):
            case 0:
                self.old().update(text=f"old, edited at {self.now}", updated=self.now)
            case 1:
                self.rows.pop(self.old()["id"])
            case 2:
                self.add(ago=timedelta(days=self.random.randint(5, 9)))
            case 3:
                self.old()["deleted"] = True
            case 4:
                row = self.old()
                self.add(answers=False, channel=str(row["channel"]))
                self.rows[max(self.rows)][self.random.choice(("thread", "reply_to"))] = row["id"]

    def write(self, file: Path, form: str) -> None:
        def cell(value: object) -> object:
            return FORMS[form](value) if isinstance(value, datetime) else value

        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute("BEGIN")
            database.execute("DROP TABLE IF EXISTS message")
            database.execute(f"CREATE TABLE message ({', '.join(NAMES)})")
            values = ([cell(row[name]) for name in NAMES] for row in self.rows.values())
            database.executemany(f"INSERT INTO message VALUES ({', '.join('?' * len(NAMES))})", values)
            database.execute("COMMIT")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What readings began with; None: with everything."""
    begun: list[object] = []
    messages = MessageReading.messages

    def noted(self: MessageReading, since: object = None) -> object:
        begun.append(since)
        return messages(self, since)

    monkeypatch.setattr(MessageReading, "messages", noted)
    return begun


def view(folder: Path, strategy: str, *without: str, limits: Limits = LIMITS) -> MessageView:
    rows = TableSource(Database("sqlite:///chat.db", folder), "message")
    fields = {name: name for name in NAMES if name not in without}
    return MessageView(MessageTable(rows, fields, ZONES[0]), strategy, limits)


WITHOUT = {
    "offsets": "",
    "local": "reply_to",
    "seconds": "thread",
    "milliseconds": "channel thread",
    "digits": "updated",
    "no order": "deleted",
}
"""The columns that an archive whose times are written so has not."""


@pytest.mark.slow
@pytest.mark.parametrize(("form", "strategy"), sample(list(product(WITHOUT, STRATEGIES)), 3, "archives of messages"))
def test_what_is_told_is_what_a_reading_of_everything_finds(
    form: str, strategy: str, tmp_path: Path, begun: list[object]
) -> None:
    without = WITHOUT[form]
    archive, told, one = (
        Archive(Random(f"{form} {strategy}")),
        AppliedChanges(),
        view(tmp_path, strategy, *without.split()),
    )
    for _ in range(100):
        archive.add()
    read_on = 0
    for number in range(9):
        archive.step()
        if number % 4 == 3 and without != "updated":
            archive.step_back()
        archive.write(tmp_path / "chat.db", form)
        before = dict(told.items)
        begun.clear()
        told.listen(one)
        if None not in begun:
            read_on += 1
            assert (told.news, told.gone) == differing(before, told.items)
        assert told.items == AppliedChanges().listen(one).items
    assert read_on == 0 if form == "no order" else read_on > 0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_checkpoint_and_what_is_read_are_bounded_by_the_look_back(
    strategy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, told = Archive(Random(strategy)), AppliedChanges()
    sizes: list[int] = []
    read: list[object] = []
    one = view(tmp_path, strategy, "thread", "reply_to")

    def noted(*message: Any) -> object:
        read.append(message)
        return make_message(*message)

    monkeypatch.setattr("vademecum_builder.sources.messages.table.make_message", noted)
    for count in (300, 600, 1200):
        while len(archive.rows) < count:
            archive.add(answers=False)
        archive.write(tmp_path / "chat.db", "seconds")
        told.listen(one)
        archive.add(answers=False)
        archive.write(tmp_path / "chat.db", "seconds")
        read.clear()
        told.listen(one)
        assert told.checkpoint and len(told.news) <= 2
        sizes.append(len(told.checkpoint.position))
        assert len(read) < 300
    assert max(sizes) < 1.5 * min(sizes)


def test_what_lies_before_the_look_back_is_known_by_what_tells_of_it(tmp_path: Path) -> None:
    def digest(fields: tuple[str, ...] = ("updated", "deleted"), edited: int | None = 1500) -> str:
        named = {name: name for name in ("id", "time", "author", "text", *fields)}
        with MessageTable(TableSource(Database("sqlite:///a.db", tmp_path), "message"), named).reading() as reading:
            return reading.digest(2000, edited)

    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as table:
        table.execute("CREATE TABLE message (id, time, author, text, updated, deleted, private)")
        for n in range(9):
            table.execute(
                "INSERT INTO message VALUES (?, ?, 'a', 'b', ?, 0, 0)", (n, 1000 + 200 * n, 1200 if n else None)
            )
        plain = digest((), None)
        for changes in (
            "INSERT INTO message VALUES (9, 1999, 'a', 'b', NULL, 0, 0)",
            "UPDATE message SET deleted = 1 WHERE id = 1",
            "UPDATE message SET private = 1 WHERE id = 2",
            "UPDATE message SET updated = 100 WHERE id = 0",
            "UPDATE message SET updated = 1500 WHERE id = 3",
            "UPDATE message SET updated = 1501 WHERE id = 3",
            "DELETE FROM message WHERE id = 4",
        ):
            known = digest()
            table.execute(changes)
            assert digest() != known, changes
        for nothing in (
            "UPDATE message SET text = 'c'", "UPDATE message SET updated = 1499 WHERE id = 5",
            "INSERT INTO message VALUES (10, 2000, 'a', 'b', NULL, 0, 0)",
        ):  # fmt: skip
            known = digest()
            table.execute(nothing)
            assert digest() == known, nothing
        assert digest((), None) != plain and digest(edited=None) != known


def test_an_old_edit_that_nothing_tells_of_is_found_by_reading_everything(tmp_path: Path) -> None:
    archive, told, one = Archive(Random(5)), AppliedChanges(), view(tmp_path, "conversation", "updated", "thread")
    for _ in range(300):
        archive.add()
    archive.write(tmp_path / "chat.db", "offsets")
    told.listen(one)
    archive.old()["text"] = "another text"
    archive.write(tmp_path / "chat.db", "offsets")
    assert told.listen(one).news == set()
    assert len(differing(told.items, AppliedChanges().listen(one).items)[0]) == 1


@pytest.mark.process
@pytest.mark.parametrize("kind", ["TIMESTAMPTZ", "TIMESTAMP", "DATE", "BIGINT", "NUMERIC"])
def test_columns_of_postgresql(kind: str, tmp_path: Path, begun: list[object]) -> None:
    columns = f"(id UUID PRIMARY KEY, time {kind}, author TEXT, text TEXT, channel INTEGER, thread UUID)"
    url = new_database()
    engine = sa.create_engine(url)
    names = ("id", "time", "author", "text", "channel", "thread")
    rows = TableSource(Database(url, tmp_path), "message")
    limits = replace(LIMITS, least=20)
    one = MessageView(MessageTable(rows, {name: name for name in names}, ZONES[0]), "conversation", limits)
    told, random, thread = AppliedChanges(), Random(1), UUID(int=5 << 90)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE message {columns}"))
    for number in range(120):
        moment: object = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=5 * number)
        assert isinstance(moment, datetime)
        seconds = int(moment.timestamp()) * (1000 if kind == "NUMERIC" else 1)
        value = {"DATE": moment.date(), "TIMESTAMP": moment.replace(tzinfo=None)}.get(kind, moment)
        with engine.begin() as connection:
            connection.execute(
                sa.text("INSERT INTO message VALUES (:id, :time, 'Ann', :text, :channel, :thread)"),
                {
                    "id": UUID(int=random.getrandbits(128)),
                    "time": seconds if kind in ("BIGINT", "NUMERIC") else value,
                    "text": f"Message {number}.",
                    "channel": number % 3,
                    "thread": thread if number in (1, 118) else None,
                },
            )
        if number > 50 and number % 10 == 8:
            told.listen(one)
            read_on = None not in begun[-1:]
            assert told.items == AppliedChanges().listen(one).items
    assert read_on
    engine.dispose()
