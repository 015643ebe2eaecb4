"""Messages in a temporary SQLite file, sorted by (time, id), while documents are made of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any, Final

from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.messages import cuts
from vademecum_builder.sources.messages.cuts import Message
from vademecum_builder.sources.times import micros, of_micros

Order = tuple[int, int, str]
"""The sort key of a message: microseconds since 1970, the length of its id, its id."""
_COLUMNS: Final = "id, at, author, text, channel, thread, reply_to, updated, subject"


def order_of(message: Message) -> Order:
    """Return the sort key of a message."""
    return (micros(message.time), len(message.id), message.id)


class Spool:
    """Messages; what fits stays in memory, and the file is gone when it is closed."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("")
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute(
            "CREATE TABLE message (channel, at INTEGER, length INTEGER, id, thread, reply_to, author, text, updated, "
            "subject, root, spoken DEFAULT 0, before DEFAULT 0, twice DEFAULT 0, PRIMARY KEY (channel, id)) "
            "WITHOUT ROWID"
        )

    def close(self) -> None:
        self._file.close()

    def take(self, messages: Iterable[Message | Skipped]) -> Iterator[Skipped]:
        """Add messages; yield what was skipped."""
        for message in messages:
            if isinstance(message, Skipped):
                yield message
            else:
                self._put(message)

    def settle(self) -> Iterator[Skipped]:
        """Finish adding. Of different messages with one id, none stays; yield these."""
        self._file.execute("CREATE INDEX message_order ON message (channel, at, length, id)")
        for channel, id in self._file.execute("SELECT channel, id FROM message WHERE twice ORDER BY 1, 2"):
            yield Skipped(f"{channel or '-'}/{id}", "several messages have this id: none of them is taken")
        self._file.execute("DELETE FROM message WHERE twice")

    def put_before(self, message: Message, root: str) -> None:
        """Add an earlier message whose conversation is known."""
        self._put(message)
        self._file.execute(
            "UPDATE message SET before = 1, root = ? WHERE channel = ? AND id = ?", (root, message.channel, message.id)
        )

    def _put(self, message: Message) -> None:
        row = (
            message.channel, *order_of(message), message.thread, message.reply_to, message.author, message.text,
            micros(message.updated) if message.updated else None, message.subject,
        )  # fmt: skip
        self._file.execute(
            "INSERT INTO message (channel, at, length, id, thread, reply_to, author, text, updated, "
            "subject) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET twice = twice OR "
            "(at, author, text, updated) IS NOT (excluded.at, excluded.author, excluded.text, excluded.updated)",
            row,
        )

    def earliest(self) -> int:
        """Return the time of the first message, in microseconds; there must be one."""
        [(at,)] = self._file.execute("SELECT min(at) FROM message")
        return int(at)

    def last(self, number: int = 1) -> Message | None:
        """Return the last message by (time, id), or the one at this number from the end; None: there are fewer."""
        found = self._select(
            "SELECT {} FROM message ORDER BY at DESC, length DESC, id DESC LIMIT 1 OFFSET ?", number - 1
        )
        return next(found, None)

    def has(self, channel: str, order: Order) -> bool:
        """Return whether there is a message with exactly this time and id."""
        found = self._file.execute(
            "SELECT 1 FROM message WHERE channel = ? AND (at, length, id) = (?, ?, ?)", (channel, *order)
        )
        return found.fetchone() is not None

    def channels(self) -> list[str]:
        """Return the channels of all messages, sorted."""
        return [name for (name,) in self._file.execute("SELECT DISTINCT channel FROM message ORDER BY 1")]

    def values(self, channel: str, field: str) -> set[str]:
        """Return the values of a field in a channel's messages."""
        found = self._file.execute(f"SELECT DISTINCT {field} FROM message WHERE channel = ?", (channel,))
        return {value for (value,) in found if value}

    def messages(self, channel: str) -> Iterator[Message]:
        """Yield the messages of a channel by (time, id)."""
        return self._select("SELECT {} FROM message WHERE channel = ? AND NOT before ORDER BY at, length, id", channel)

    def conversations(self, channel: str, silence: timedelta) -> Iterator[tuple[str, list[Message]]]:
        """Yield the conversations of a channel with their roots."""
        threads, answered = self.values(channel, "thread"), self.values(channel, "reply_to")
        told = self._file.execute("SELECT id, root FROM message WHERE channel = ? AND before", (channel,))
        # Texts are not needed to find conversations.
        listed = [replace(message, text="") for message in self.messages(channel)]
        found = cuts.roots(listed, silence, threads, answered, dict(told))
        for message, (root, spoken) in zip(listed, found, strict=True):
            self._file.execute(
                "UPDATE message SET root = ?, spoken = ? WHERE channel = ? AND id = ?",
                (root, spoken, channel, message.id),
            )
        self._file.execute("CREATE INDEX IF NOT EXISTS message_root ON message (channel, root, at, length, id)")
        rows = self._file.execute(
            f"SELECT root, {_COLUMNS} FROM message WHERE channel = ? ORDER BY root, at, length, id", [channel]
        )
        for root, group in groupby(rows, key=lambda row: row[0]):
            yield root, [_message(row[1:]) for row in group]

    def spoken_since(self, channel: str, since: int, until: int) -> Order | None:
        """Return the beginning of the conversation that silence had not ended at `since`, among messages before
        `until`."""
        found = self._file.execute(
            "SELECT root.at, root.length, root.id FROM message one JOIN message root "
            "ON root.channel = one.channel AND root.id = one.root "
            "WHERE one.channel = ? AND one.spoken AND one.at >= ? AND one.at < ? ORDER BY one.at LIMIT 1",
            (channel, since, until),
        )
        return next(((at, length, id) for at, length, id in found), None)

    def reaching(self, channel: str, start: Order) -> tuple[set[str], Mapping[str, str]]:
        """Return the roots of the conversations that continue after a place, and the root of each of their messages
        before it, by id."""
        roots = {
            root
            for (root,) in self._file.execute(
                "SELECT DISTINCT root FROM message WHERE channel = ? AND (at, length, id) >= (?, ?, ?)",
                (channel, *start),
            )
        }
        rows = self._file.execute(
            "SELECT id, root FROM message WHERE channel = ? AND (at, length, id) < (?, ?, ?)", (channel, *start)
        )
        return roots, {id: root for id, root in rows if root in roots}

    def threaded(self, channel: str, start: Order) -> list[str]:
        """Return the messages before a place whose threads are only named after it: without the later messages they
        belonged to another conversation."""
        rows = self._file.execute(
            "SELECT id, thread, (at, length, id) >= (?, ?, ?) FROM message WHERE channel = ?", (*start, channel)
        ).fetchall()
        behind, here = ({thread for _, thread, where in rows if where == side} for side in (True, False))
        return sorted(id for id, thread, where in rows if not (where or thread) and id in behind - here)

    def _select(self, statement: str, *values: object) -> Iterator[Message]:
        return map(_message, self._file.execute(statement.format(_COLUMNS), values))


def _message(row: Any) -> Message:
    id, at, author, text, channel, thread, reply_to, updated, subject = row
    edited = of_micros(updated) if updated is not None else None
    return Message(id, of_micros(at), author, text, channel, thread, reply_to, edited, subject)
