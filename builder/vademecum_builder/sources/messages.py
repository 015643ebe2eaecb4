"""An archive of messages as a source: each strategy makes documents of messages that belong together.

A run reads the archive and compares each document by hash with what the last one told: so a new message, an edit, a
deletion, a message that came late or with a time that others have, an hour that a clock showed twice are all found,
whatever their time is, and what is told is what changed. The messages lie in a temporary file meanwhile, in the order
of (time, id).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any, Final, Protocol

from vademecum.errors import ContentError, UsageError
from vademecum.format.json import iso_time
from vademecum_builder.sources import cuts
from vademecum_builder.sources.base import (
    Changes,
    Checkpoint,
    EmptySourceError,
    Entry,
    Removed,
    Skipped,
    SourceItem,
)
from vademecum_builder.sources.cuts import Message
from vademecum_builder.sources.records import json_value, record_item, record_key
from vademecum_builder.sources.times import micros, of_micros, read_time

STRATEGIES: Final = ("conversation", "temporal", "window", "tokens")
_ESCAPED: Final = str.maketrans({"%": "%25", "/": "%2F"})


class Archive(Protocol):
    """Where messages come from."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    def read(self) -> Iterator[Message | Skipped]:
        """Yield every message that is there, in any order.

        Raises:
            UsageError: There is none, or a time has no zone.
            NetworkError: A database does not answer.
        """
        ...


@dataclass(frozen=True)
class Limits:
    """How messages are put together.

    Attributes:
        window, gap: Of `temporal`: no document is longer, none has a longer silence in it.
        silence: Of `conversation`: what is in no thread and answers nothing belongs to what was said before it, until
            nobody writes for longer.
        messages, overlap: Of `window`: about how many messages, and how many of the ones before are repeated.
        tokens: Of `tokens`: the most.
        zone: Whose midnight ends a day, and which date a document has in its title.
    """

    window: timedelta = timedelta(days=1)
    gap: timedelta = timedelta(hours=2)
    silence: timedelta = timedelta(hours=1)
    messages: int = 20
    overlap: int = 2
    tokens: int = 400
    zone: tzinfo | None = None


@dataclass(frozen=True)
class MessageView:
    """The documents that one strategy makes of an archive.

    Attributes:
        archive: All views may have one in common.
        strategy: One of `STRATEGIES`; begins each key.
        limits: How messages are put together.
    """

    archive: Archive
    strategy: str
    limits: Limits

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return the documents that are there, or what changed since a checkpoint, and a new checkpoint.

        Raises:
            UsageError: No message, a time without a zone, or not a checkpoint of this view.
            NetworkError: A database does not answer.
        """
        entries = self._entries(None if since is None else self._known(since))
        return Changes(entries, left_out=getattr(self.archive, "left_out", {}))  # a table leaves nothing out

    def _known(self, since: Checkpoint) -> Mapping[str, str]:
        try:
            if since.strategy != self.strategy:
                raise ValueError
            documents = json.loads(since.position)["documents"]
            return {str(key): str(digest) for key, digest in documents.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(f"not a checkpoint of {self.strategy} ({since.strategy})") from None

    def _entries(self, known: Mapping[str, str] | None) -> Iterator[Entry]:
        with closing(_Spool()) as spool:
            yield from spool.fill(self.archive.read())
            if (last := spool.last()) is None:
                left_out: Mapping[str, int] = getattr(self.archive, "left_out", {})
                why = "".join(f"; left out: {count} {kind}" for kind, count in left_out.items())
                raise EmptySourceError(f"{self.archive.name}: there is no message{why}; nothing is changed")
            now: dict[str, str] = {}
            for key, messages in self._documents(spool):
                entry = self._item(key, messages)
                told = entry.data if isinstance(entry, SourceItem) else repr(entry).encode()
                now[entry.key] = hashlib.sha256(told).hexdigest()[:16]
                if known is None or known.get(entry.key) != now[entry.key]:
                    yield entry
            yield from (Removed(key) for key in sorted((known or {}).keys() - now.keys()))
            position = {"cursor": [last.time.isoformat(), last.id], "documents": now}
            yield Checkpoint(self.strategy, json.dumps(position, separators=(",", ":"), ensure_ascii=False))

    def _documents(self, spool: _Spool) -> Iterator[tuple[str, list[Message]]]:
        limits = self.limits
        pieces: Mapping[str, Callable[[Iterable[Message]], Iterator[list[Message]]]] = {
            "temporal": lambda messages: cuts.by_time(messages, limits.window, limits.gap, limits.zone),
            "window": lambda messages: cuts.by_count(messages, limits.messages, limits.overlap),
            "tokens": lambda messages: cuts.by_tokens(messages, limits.tokens),
        }
        for channel in spool.channels():
            begin = f"{self.strategy}/{channel.translate(_ESCAPED) or '-'}/"
            if self.strategy == "conversation":
                for root, messages in spool.conversations(channel, limits.silence):
                    yield begin + root, messages
                continue
            seen: set[str] = set()
            for piece in pieces[self.strategy](spool.messages(channel)):
                # What a piece repeats of the one before does not name it.
                first = next(message for message in piece if message.id not in seen)
                seen = {message.id for message in piece}
                yield begin + first.id, piece

    def _item(self, key: str, messages: list[Message]) -> SourceItem | Skipped:
        told = [
            {"id": one.id, "time": iso_time(one.time), "author": one.author, "text": one.text}
            | ({"updated": iso_time(one.updated)} if one.updated else {})
            | ({"subject": one.subject} if one.subject else {})
            for one in messages
        ]
        record = {"channel": messages[0].channel, "strategy": self.strategy, "messages": told}
        return record_item(key, record)


def make_message(
    fields: Mapping[str, Any], zone: tzinfo | None, where: str, key: str = "", updated: object = None
) -> Message | Skipped:
    """Return a message, or why it is none.

    Args:
        fields: By the names of `Message`'s attributes; more are ignored.
        zone: Of times without one.
        where: The settings' file and line.
        key: What the message is called in what is told, where it has no id.
        updated: When it was last edited.

    Raises:
        NoZoneError: A time has no zone, and nobody says which it is.
    """
    from vademecum_builder.sources.times import NoZoneError

    id = record_key(fields.get("id"))
    if id is None:
        return Skipped(
            key or "(no id)", f"its id is {fields.get('id')!r}: expected a text or a whole number"[:200]
        )
    try:
        time = read_time(fields.get("time"), zone)
        edited = read_time(updated, zone) if updated not in (None, "") else None
    except NoZoneError as error:
        raise UsageError(
            f'{where}: message {id}: {error.message}: write zone = "Europe/Berlin", say'
        ) from None
    except ContentError as error:
        return Skipped(id, f"its time: {error.message}")
    texts = {
        name: str(json_value(value)) if (value := fields.get(name)) is not None else ""
        for name in ("author", "text", "channel", "subject")
    }
    ids = {name: record_key(fields.get(name)) or "" for name in ("thread", "reply_to")}
    return Message(id, time, **texts, **ids, updated=edited)


class _Spool:
    """Messages in a temporary file of SQLite's, which is gone when it is closed; what fits stays in memory."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute(
            "CREATE TABLE message (channel, at INTEGER, length INTEGER, id, thread, reply_to, root, author, text, "
            "updated, subject, twice DEFAULT 0, PRIMARY KEY (channel, id)) WITHOUT ROWID"
        )

    def close(self) -> None:
        self._file.close()

    def fill(self, messages: Iterator[Message | Skipped]) -> Iterator[Skipped]:
        """Take messages in; yield what is none. Of several messages with one id none is taken, unless they are equal.

        Raises:
            UsageError, NetworkError: As the archive's.
        """
        self._file.execute("BEGIN")
        for message in messages:
            if isinstance(message, Skipped):
                yield message
            else:
                self._put(message)
        self._file.execute("CREATE INDEX message_order ON message (channel, at, length, id)")
        for channel, id in self._file.execute("SELECT channel, id FROM message WHERE twice ORDER BY 1, 2"):
            yield Skipped(f"{channel or '-'}/{id}", "several messages have this id: none of them is taken")
        self._file.execute("DELETE FROM message WHERE twice")

    def _put(self, message: Message) -> None:
        row = (
            message.channel, micros(message.time), len(message.id), message.id, message.thread, message.reply_to,
            message.author, message.text, micros(message.updated) if message.updated else None, message.subject,
        )  # fmt: skip
        self._file.execute(
            "INSERT INTO message (channel, at, length, id, thread, reply_to, author, text, updated, "
            "subject) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET twice = twice OR "
            "(at, author, text, updated) IS NOT (excluded.at, excluded.author, excluded.text, excluded.updated)",
            row,
        )

    def last(self) -> Message | None:
        """Return the last message in the order of (time, id)."""
        found = self._select("SELECT {} FROM message ORDER BY at DESC, length DESC, id DESC LIMIT 1")
        return next(found, None)

    def channels(self) -> list[str]:
        return [name for (name,) in self._file.execute("SELECT DISTINCT channel FROM message ORDER BY 1")]

    def messages(self, channel: str) -> Iterator[Message]:
        """Yield the messages of a channel in the order of (time, id)."""
        return self._select("SELECT {} FROM message WHERE channel = ? ORDER BY at, length, id", channel)

    def conversations(self, channel: str, silence: timedelta) -> Iterator[tuple[str, list[Message]]]:
        """Yield the conversations of a channel, by their roots."""
        threads, answered = (
            {
                id
                for (id,) in self._file.execute(
                    f"SELECT DISTINCT {field} FROM message WHERE channel = ?", [channel]
                )
            }
            for field in ("thread", "reply_to")
        )
        # A conversation is found by ids and times.
        listed = [replace(message, text="") for message in self.messages(channel)]
        for message, root in zip(listed, cuts.roots(listed, silence, threads, answered), strict=True):
            self._file.execute(
                "UPDATE message SET root = ? WHERE channel = ? AND id = ?", (root, channel, message.id)
            )
        self._file.execute(
            "CREATE INDEX IF NOT EXISTS message_root ON message (channel, root, at, length, id)"
        )
        rows = self._file.execute(
            f"SELECT root, {_COLUMNS} FROM message WHERE channel = ? ORDER BY root, at, length, id", [channel]
        )
        for root, group in groupby(rows, key=lambda row: row[0]):
            yield root, [_message(row[1:]) for row in group]

    def _select(self, statement: str, *values: object) -> Iterator[Message]:
        return map(_message, self._file.execute(statement.format(_COLUMNS), values))


_COLUMNS: Final = "id, at, author, text, channel, thread, reply_to, updated, subject"


def _message(row: Any) -> Message:
    id, at, author, text, channel, thread, reply_to, updated, subject = row
    edited = of_micros(updated) if updated is not None else None
    return Message(id, of_micros(at), author, text, channel, thread, reply_to, edited, subject)


def date_of(time: datetime, zone: tzinfo | None) -> str:
    """Return the date that a clock of the zone showed; UTC where there is none."""
    return time.astimezone(zone or UTC).date().isoformat()
