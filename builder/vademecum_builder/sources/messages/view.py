"""An archive of messages as a source: each strategy makes documents of messages that belong together.

An export is read as a whole; of a table only what is new, with a look-back that is compared (`cursor`). Every document
whose content has changed is yielded: new messages, edits, deletions, messages that came late or with equal times, and
an hour that a clock showed twice are all found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from vademecum.errors import counted
from vademecum.format.json import iso_time
from vademecum_builder.sources.base import (
    Changes,
    Checkpoint,
    EmptySourceError,
    Entry,
    Removed,
    Skipped,
    SourceItem,
    digest_of_entry,
)
from vademecum_builder.sources.messages import cuts
from vademecum_builder.sources.messages.cursor import GatheredMessages, MessagePosition, Tail, gather
from vademecum_builder.sources.messages.cuts import Message, Piece
from vademecum_builder.sources.messages.message import Limits, MessageDocument
from vademecum_builder.sources.messages.spool import Spool, order_of
from vademecum_builder.sources.records import record_item

if TYPE_CHECKING:
    from vademecum_builder.sources.messages.table import MessageReading

STRATEGIES: Final = ("conversation", "temporal", "window", "tokens")
_ESCAPED: Final = str.maketrans({"%": "%25", "/": "%2F"})


class Archive(Protocol):
    """Where messages come from."""

    @property
    def name(self) -> str:
        """Its name in messages to the publisher."""
        ...

    def read(self) -> Iterator[Message | Skipped]:
        """Yield all messages, in any order.

        Raises:
            UsageError: There is none, or a time has no zone.
            NetworkError: A database does not answer.
        """
        ...


@runtime_checkable
class Table(Archive, Protocol):
    """An archive that can be read in part."""

    def reading(self) -> AbstractContextManager[MessageReading]:
        """Open it for reading."""
        ...


@dataclass(frozen=True)
class MessageView:
    """The documents that one strategy makes of an archive.

    Attributes:
        archive: Several views may share one.
        strategy: One of `STRATEGIES`; each key begins with it.
        limits: How messages are combined.
        counts: Whether it reports what the archive leaves out: only one of several views does.
    """

    archive: Archive
    strategy: str
    limits: Limits
    counts: bool = True

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return all documents, or for a table those that changed since a checkpoint, and a new checkpoint.

        Raises:
            UsageError: No message, a time without a zone, or not a checkpoint of this view.
            NetworkError: A database does not answer.
        """
        if not isinstance(self.archive, Table):
            if since is not None:
                since.read(self.strategy, self.strategy, str)
            left_out: Mapping[str, int] = getattr(self.archive, "left_out", {})
            return Changes(self._export(left_out), whole=since is not None, left_out=left_out if self.counts else {})
        known = None if since is None else MessagePosition.of(since, self.strategy)
        with self.archive.reading() as reading:
            gathered = gather(reading, known, self.limits, conversations=self.strategy == "conversation")
        whole = known is not None and gathered.known is None
        return Changes(self._table(gathered), whole, left_out=reading.left_out if self.counts else {})

    def _export(self, left_out: Mapping[str, int]) -> Iterator[Entry]:
        with closing(Spool()) as spool:
            yield from spool.take(self.archive.read())
            yield from spool.settle()
            if spool.last() is None:
                why = "".join(f"; left out: {counted(count, kind)}" for kind, count in left_out.items())
                raise EmptySourceError(f"{self.archive.name}: there is no message{why}; nothing is changed")
            for channel in spool.channels():
                for document in self._documents(spool, channel):
                    yield self._item(channel, document)

    def _table(self, gathered: GatheredMessages) -> Iterator[Entry]:
        """Yield the documents whose digest has changed since the last run, and those that are gone."""
        position, known = gathered.position, gathered.known.tails if gathered.known else {}
        tails = dict(known)
        with closing(gathered.spool) as spool:
            yield from gathered.skipped
            if spool.last() is None:
                raise EmptySourceError(f"{self.archive.name}: there is no message; nothing is changed")
            for channel in gathered.channels:
                before = known.get(channel, Tail((0, 0, "")))
                made: dict[str, str] = {}
                documents: list[MessageDocument] = []
                for document in self._documents(spool, channel, untold=not before.whole):
                    documents.append(replace(document, messages=()))
                    if not document.told:
                        continue
                    entry = self._item(channel, document)
                    made[document.name] = digest_of_entry(entry)
                    if before.documents.get(document.name) != made[document.name]:
                        yield entry
                for name in sorted(before.documents.keys() - made.keys()):
                    yield Removed(self._key(channel, name))
                if position:
                    tails[channel] = gathered.tail(channel, before, documents, made, self.limits)
            if position:
                yield replace(position, tails=tails).checkpoint(self.strategy)

    def _documents(self, spool: Spool, channel: str, *, untold: bool = False) -> Iterator[MessageDocument]:
        """Yield the documents of a channel.

        Args:
            untold: Whether everything up to the first sure piece is incomplete, since what is before it is unknown.
        """
        limits = self.limits
        if self.strategy == "conversation":
            for root, messages in spool.conversations(channel, limits.silence):
                yield MessageDocument(root, messages)
            return
        cut: Mapping[str, Callable[[Iterable[Message]], Iterator[Piece]]] = {
            "temporal": lambda messages: cuts.by_time(messages, limits.window, limits.gap, limits.zone),
            "window": lambda messages: cuts.by_count(messages, limits.messages, limits.overlap),
            "tokens": lambda messages: cuts.by_tokens(messages, limits.tokens),
        }
        sure = 0
        for piece in cut[self.strategy](spool.messages(channel)):
            sure += piece.sure
            # Messages repeated from the previous piece do not name a piece.
            begin = order_of(piece.first)
            yield MessageDocument(piece.first.id, piece.messages, begin, piece.sure, told=sure > untold)

    def _key(self, channel: str, name: str) -> str:
        return f"{self.strategy}/{channel.translate(_ESCAPED) or '-'}/{name}"

    def _item(self, channel: str, document: MessageDocument) -> SourceItem | Skipped:
        messages = [
            {"id": one.id, "time": iso_time(one.time), "author": one.author, "text": one.text}
            | ({"updated": iso_time(one.updated)} if one.updated else {})
            | ({"subject": one.subject} if one.subject else {})
            for one in document.messages
        ]
        record = {"channel": channel, "strategy": self.strategy, "messages": messages}
        return record_item(self._key(channel, document.name), record)


def date_of(time: datetime, zone: tzinfo | None) -> str:
    """Return the date in a zone; None: UTC."""
    return time.astimezone(zone or UTC).date().isoformat()
