"""An archive of messages as a source: each strategy makes documents of messages that belong together.

An export is read whole; of a table what is new, with a look-back that is compared (`message_cursor`). What is told is
each document that has another content: a new message, an edit, a deletion, a message that came late or with a time that
others have, an hour that a clock showed twice are all found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from vademecum.errors import ContentError, UsageError
from vademecum.format.json import iso_time
from vademecum_builder.sources import cuts
from vademecum_builder.sources.base import Changes, Checkpoint, EmptySourceError, Entry, Removed, Skipped, SourceItem
from vademecum_builder.sources.cuts import Message, Piece
from vademecum_builder.sources.message_spool import Order, Spool, order_of
from vademecum_builder.sources.records import json_value, record_item, record_key
from vademecum_builder.sources.times import read_time

if TYPE_CHECKING:
    from vademecum_builder.sources.message_cursor import Gathered
    from vademecum_builder.sources.message_table import MessageReading

STRATEGIES: Final = ("conversation", "temporal", "window", "tokens")
NOT_FOR_EVERYBODY: Final = "messages that are not for everybody: {} (drafts = true takes them in)"
_NEVER: Final = (None, "", 0, "0")
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


@runtime_checkable
class Table(Archive, Protocol):
    """An archive of which a part can be read."""

    def reading(self) -> AbstractContextManager[MessageReading]:
        """Open it to be read."""
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
        look_back, least: How long before the last message of a table, and how many messages at least, are compared.
    """

    window: timedelta = timedelta(days=1)
    gap: timedelta = timedelta(hours=2)
    silence: timedelta = timedelta(hours=1)
    messages: int = 20
    overlap: int = 2
    tokens: int = 400
    zone: tzinfo | None = None
    look_back: timedelta = timedelta(days=30)
    least: int = 1000


@dataclass(frozen=True)
class Made:
    """A document of messages.

    Attributes:
        name: The id of its first message, or of its thread.
        begin: Of a piece: where it begins.
        sure: Of a piece: `Piece.sure`.
        told: Whether it is one that was not cut off.
    """

    name: str
    messages: Sequence[Message]
    begin: Order = (0, 0, "")
    sure: bool = True
    told: bool = True


@dataclass(frozen=True)
class MessageView:
    """The documents that one strategy makes of an archive.

    Attributes:
        archive: All views may have one in common.
        strategy: One of `STRATEGIES`; begins each key.
        limits: How messages are put together.
        counts: Whether it tells what the archive leaves out: of several views of it, one does.
    """

    archive: Archive
    strategy: str
    limits: Limits
    counts: bool = True

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return the documents that are there, or, of a table, what changed since a checkpoint, and a new checkpoint.

        Raises:
            UsageError: No message, a time without a zone, or not a checkpoint of this view.
            NetworkError: A database does not answer.
        """
        if since is not None and since.strategy != self.strategy:
            raise UsageError(f"not a checkpoint of {self.strategy} ({since.strategy})")
        if not isinstance(self.archive, Table):
            left_out: Mapping[str, int] = getattr(self.archive, "left_out", {})
            return Changes(self._export(left_out), whole=since is not None, left_out=left_out if self.counts else {})
        from vademecum_builder.sources.message_cursor import Position, gather

        known = None if since is None else Position.of(since)
        with self.archive.reading() as reading:
            gathered = gather(reading, known, self.limits, conversations=self.strategy == "conversation")
        whole = known is not None and gathered.known is None
        return Changes(self._table(gathered), whole, left_out=reading.left_out if self.counts else {})

    def _export(self, left_out: Mapping[str, int]) -> Iterator[Entry]:
        with closing(Spool()) as spool:
            yield from spool.take(self.archive.read())
            yield from spool.settle()
            if spool.last() is None:
                why = "".join(f"; left out: {count} {kind}" for kind, count in left_out.items())
                raise EmptySourceError(f"{self.archive.name}: there is no message{why}; nothing is changed")
            for channel in spool.channels():
                for document in self._documents(spool, channel):
                    yield self._item(channel, document)

    def _table(self, gathered: Gathered) -> Iterator[Entry]:
        """Tell documents that have another digest than the last run knew, and those that are gone."""
        from vademecum_builder.sources.message_cursor import Tail

        position, known = gathered.position, gathered.known.tails if gathered.known else {}
        tails = dict(known)
        with closing(gathered.spool) as spool:
            yield from gathered.skipped
            if spool.last() is None:
                raise EmptySourceError(f"{self.archive.name}: there is no message; nothing is changed")
            for channel in gathered.channels:
                before = known.get(channel, Tail((0, 0, "")))
                made: dict[str, str] = {}
                documents: list[Made] = []
                for document in self._documents(spool, channel, untold=not before.whole):
                    documents.append(replace(document, messages=()))
                    if not document.told:
                        continue
                    entry = self._item(channel, document)
                    told = entry.data if isinstance(entry, SourceItem) else repr(entry).encode()
                    made[document.name] = hashlib.sha256(told).hexdigest()[:16]
                    if before.documents.get(document.name) != made[document.name]:
                        yield entry
                for name in sorted(before.documents.keys() - made.keys()):
                    yield Removed(self._key(channel, name))
                if position:
                    tails[channel] = gathered.tail(channel, before, documents, made, self.limits)
            if position:
                yield replace(position, tails=tails).checkpoint(self.strategy)

    def _documents(self, spool: Spool, channel: str, *, untold: bool = False) -> Iterator[Made]:
        """Yield the documents of a channel.

        Args:
            untold: Whether the first sure piece is there to be cut off, since what lies before it is not known.
        """
        limits = self.limits
        if self.strategy == "conversation":
            for root, messages in spool.conversations(channel, limits.silence):
                yield Made(root, messages)
            return
        cut: Mapping[str, Callable[[Iterable[Message]], Iterator[Piece]]] = {
            "temporal": lambda messages: cuts.by_time(messages, limits.window, limits.gap, limits.zone),
            "window": lambda messages: cuts.by_count(messages, limits.messages, limits.overlap),
            "tokens": lambda messages: cuts.by_tokens(messages, limits.tokens),
        }
        sure = 0
        for piece in cut[self.strategy](spool.messages(channel)):
            sure += piece.sure
            # What a piece repeats of the one before does not name it.
            begin = order_of(piece.first)
            yield Made(piece.first.id, piece.messages, begin, piece.sure, told=sure > untold)

    def _key(self, channel: str, name: str) -> str:
        return f"{self.strategy}/{channel.translate(_ESCAPED) or '-'}/{name}"

    def _item(self, channel: str, document: Made) -> SourceItem | Skipped:
        told = [
            {"id": one.id, "time": iso_time(one.time), "author": one.author, "text": one.text}
            | ({"updated": iso_time(one.updated)} if one.updated else {})
            | ({"subject": one.subject} if one.subject else {})
            for one in document.messages
        ]
        record = {"channel": channel, "strategy": self.strategy, "messages": told}
        return record_item(self._key(channel, document.name), record)


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
        return Skipped(key or "(no id)", f"its id is {fields.get('id')!r}: expected a text or a whole number"[:200])
    try:
        time = read_time(fields.get("time"), zone)
        edited = read_time(updated, zone) if updated not in _NEVER else None
    except NoZoneError as error:
        raise UsageError(f'{where}: message {id}: {error.message}: write zone = "Europe/Berlin", say') from None
    except ContentError as error:
        return Skipped(id, f"its time: {error.message}")
    texts = {
        name: str(json_value(value)) if (value := fields.get(name)) is not None else ""
        for name in ("author", "text", "channel", "subject")
    }
    ids = {name: record_key(fields.get(name) or None) or "" for name in ("thread", "reply_to")}
    return Message(id, time, **texts, **ids, updated=edited)


def date_of(time: datetime, zone: tzinfo | None) -> str:
    """Return the date that a clock of the zone showed; UTC where there is none."""
    return time.astimezone(zone or UTC).date().isoformat()
