"""A chat archive over days: new messages, edits, deletions, late ones, equal times, in three zones, by seed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from data.words import sentence

ZONES = tuple(map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Kolkata")))
CHANNELS = ("general", "help/desk", "büro")
# The last Sunday of October is among the days: clocks in Berlin show an hour twice.
FIRST = datetime(2026, 10, 20, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A message as an archive has it; times are ISO texts with the offset of the author's zone."""

    id: int
    time: str
    author: str
    text: str
    channel: str
    thread: int | None = None
    reply_to: int | None = None
    updated: str | None = None
    deleted: bool = False


@dataclass
class Chat:
    """The state of an archive; `next_day` moves it on.

    Attributes:
        messages: How many there are after 30 days, about.
        rows: By id.
        touched: The ids that the last day added, edited, or deleted.
    """

    messages: int = 10_000
    seed: int = 1
    day: int = 0
    rows: dict[int, Row] = field(default_factory=dict)
    touched: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._next_id = 1

    def days(self, count: int) -> Iterator[int]:
        """Move on, one day at a time."""
        for _ in range(count):
            self.next_day()
            yield self.day

    def next_day(self) -> None:
        random, self.touched = self._random, []
        start = FIRST + timedelta(days=self.day)
        self.day += 1
        for _ in range(max(1, self.messages // 30)):
            moment = start + timedelta(seconds=random.randrange(16 * 3600))
            if random.random() < 0.05 and self.touched:  # the very moment of another one
                moment = datetime.fromisoformat(self.rows[self.touched[-1]].time)
            if random.random() < 0.02 and self.day > 1:  # late: it was written days before it came
                moment -= timedelta(days=random.randint(1, self.day))
            self._add(moment)
        there = list(self.rows)
        for id in random.sample(there, max(1, len(there) // 200)):
            moment = start + timedelta(hours=17)
            text = f"{sentence(random)} (edited)"
            self.rows[id] = replace(self.rows[id], text=text, updated=moment.isoformat())
            self.touched.append(id)
        for id in random.sample(there, max(1, len(there) // 400)):
            if random.random() < 0.5:
                del self.rows[id]  # nothing tells
            else:
                self.rows[id] = replace(self.rows[id], deleted=True, updated=(start + timedelta(hours=18)).isoformat())
            self.touched.append(id)

    def write_database(self, file: Path) -> None:
        """Write the table `message` of an SQLite database, or make it what it is now."""
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute("BEGIN")
            database.execute("DROP TABLE IF EXISTS message")
            database.execute(
                "CREATE TABLE message (id INTEGER PRIMARY KEY, time, author, text, channel, thread, reply_to, "
                "updated, deleted)"
            )
            values = ([*vars(row).values()] for row in self.rows.values())
            database.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            database.execute("COMMIT")

    def write_json_lines(self, file: Path) -> None:
        """Write one object a line."""
        file.write_text("".join(json.dumps(vars(row)) + "\n" for row in self.rows.values()))

    def _add(self, moment: datetime) -> None:
        random = self._random
        channel = random.choice(CHANNELS)
        author = random.choice(("Ann", "Bob", "Cem", "Dia"))
        recent = [row for id in self.touched[-30:] if (row := self.rows.get(id)) and row.channel == channel]
        answered = random.choice(recent) if recent and random.random() < 0.25 else None
        threaded = answered is not None and random.random() < 0.5
        row = Row(
            id=self._next_id,
            time=moment.astimezone(random.choice(ZONES)).isoformat(),
            author=author,
            text=" ".join(sentence(random) for _ in range(random.randint(1, 3))),
            channel=channel,
            thread=(answered.thread or answered.id) if answered and threaded else None,
            reply_to=answered.id if answered and not threaded else None,
        )
        self._next_id += 1
        self.rows[row.id] = row
        self.touched.append(row.id)
