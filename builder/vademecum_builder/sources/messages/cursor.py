"""Reading a table of messages from a checkpoint: only what is in the look-back.

The cursor is (time, id). From a checkpoint, the messages of the look-back are read, with whatever their documents need
from before it, and these documents are compared by hash: this finds new messages, edits, deletions, messages that came
late, and equal times. Of everything before the look-back, only the database counts how many messages there are and how
many are deleted, and which were edited lately. If that differs, or a conversation reaches back to what is not known,
everything is read once. An edit before the look-back that no column shows is only found by reading everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from vademecum_builder.sources.base import Checkpoint, Skipped
from vademecum_builder.sources.messages.message import Limits, MessageDocument
from vademecum_builder.sources.messages.spool import Order, Spool, order_of
from vademecum_builder.sources.times import micros, of_micros, time_before

if TYPE_CHECKING:
    from vademecum_builder.sources.messages.table import MessageReading


class OlderError(Exception):
    """What is known is not enough: everything has to be read."""


@dataclass(frozen=True)
class Tail:
    """The end of a channel.

    Attributes:
        start: Where the next reading begins; before the look-back.
        whole: Whether the channel has nothing before `start`; otherwise the first piece from there is not complete.
        active: Whether there are messages in the look-back.
        documents: Digests of the documents that a later run may find changed, by the ids that name them.
        held: For conversations with answers: roots of the messages before `start` in such a document, by id.
        threaded: Messages before `start` that only become threads by messages after it.
    """

    start: Order
    whole: bool = True
    active: bool = True
    documents: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    threaded: Sequence[str] = ()


@dataclass(frozen=True)
class MessagePosition:
    """How far a table of messages was read.

    Attributes:
        cursor: Time and id of the last message.
        since: The beginning of the look-back, in microseconds.
        times, edits: The form of times (`time_form`); `edits` empty: there were none.
        digest: Of what is before the look-back.
        tails: By channel.
    """

    cursor: tuple[str, str]
    since: int
    times: str
    edits: str
    digest: str = ""
    tails: Mapping[str, Tail] = field(default_factory=dict)

    @classmethod
    def of(cls, since: Checkpoint, strategy: str) -> MessagePosition:
        """Read what `checkpoint` gave; raise UsageError if it is another checkpoint."""
        return since.read(strategy, strategy, cls._parsed)

    @classmethod
    def _parsed(cls, text: str) -> MessagePosition:
        position = orjson.loads(text)
        begin = micros(datetime.fromisoformat(position.pop("since")))
        tails = {name: Tail(tuple(tail.pop("start")), **tail) for name, tail in position.pop("tails").items()}
        return cls(tuple(position.pop("cursor")), begin, **position, tails=tails)

    def checkpoint(self, strategy: str) -> Checkpoint:
        """Return it as a checkpoint."""
        tails = {name: vars(tail) for name, tail in self.tails.items()}
        position = vars(self) | {"since": of_micros(self.since).isoformat(), "tails": tails}
        return Checkpoint(strategy, orjson.dumps(position).decode())

    @property
    def low(self) -> int:
        """A time, in microseconds, that no message of the look-back is before."""
        return micros(time_before(of_micros(self.since), self.times)[1])

    def value(self, at: int) -> Any:
        """Return a value of the time column that is not above any message since a time."""
        return time_before(of_micros(at), self.times)[0]

    def seen_before(self, reading: MessageReading) -> str:
        """Return the digest of what is now before the look-back."""
        edited = time_before(of_micros(self.since), self.edits)[0] if self.edits else None
        return reading.digest(self.value(self.since), edited)


@dataclass
class GatheredMessages:
    """The messages to make documents of.

    Attributes:
        known: What the last run knew; None: these are all messages.
        position: Where to continue, still without `tails`; None: times do not sort, so everything is read each time.
        skipped: Rows that are not messages.
        channels: Of the messages; `active`: those with messages in the look-back.
        conversations: Whether earlier messages may belong to these.
    """

    spool: Spool
    known: MessagePosition | None
    position: MessagePosition | None = None
    skipped: list[Skipped] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    active: frozenset[str] = frozenset()
    conversations: bool = False

    def tail(
        self, channel: str, known: Tail, pieces: Sequence[MessageDocument], documents: Mapping[str, str], limits: Limits
    ) -> Tail:
        """Return the end of a channel that these documents were made of.

        Args:
            pieces: All pieces, in order.
            documents: Digests of the complete ones.
        """
        spool, low, active = self.spool, self.position.low if self.position else 0, channel in self.active
        if self.conversations:
            silent = low - limits.silence // timedelta(microseconds=1)
            start = spool.spoken_since(channel, silent, low) or (low, 0, "")
            roots, held = spool.reaching(channel, start)
            kept = {root: digest for root, digest in documents.items() if root in roots}
            held = held if spool.values(channel, "reply_to") else {}
            return Tail(start, True, active, kept, held, spool.threaded(channel, start))
        sure = [piece.begin for piece in pieces if piece.sure and piece.begin[0] < low]
        told = sure[-1] if sure else (0, 0, "")
        start = sure[-2] if len(sure) > 1 else told if sure else (low, 0, "")
        kept = {piece.name: documents[piece.name] for piece in pieces if piece.told and piece.begin >= told}
        return Tail(start, known.whole and len(sure) < 2, active, kept)


def gather(
    reading: MessageReading, known: MessagePosition | None, limits: Limits, *, conversations: bool
) -> GatheredMessages:
    """Read what is new and what it may change; everything, if that is not enough.

    Args:
        conversations: Whether earlier messages may belong to these.

    Raises:
        UsageError, NetworkError: As the table.
    """
    if known is not None:
        gathered = GatheredMessages(Spool(), known, conversations=conversations)
        try:
            _read_on(gathered, known, reading)
        except OlderError:
            gathered.spool.close()
            known = None
    if known is None:
        gathered = GatheredMessages(Spool(), None, conversations=conversations)
        gathered.skipped += gathered.spool.take(reading.messages())
        gathered.skipped += gathered.spool.settle()
        gathered.channels = gathered.spool.channels()
        gathered.active = frozenset(gathered.channels)
    gathered.position = _position(gathered, reading, limits)
    return gathered


def _position(gathered: GatheredMessages, reading: MessageReading, limits: Limits) -> MessagePosition | None:
    spool, known = gathered.spool, gathered.known
    times, edits = reading.times, reading.edits | ({known.edits} if known and known.edits else set())
    if (last := spool.last()) is None or len(times) != 1 or len(edits) > 1 or "" in times | edits:
        return None
    first = spool.last(limits.least)
    since = min(micros(last.time - limits.look_back), micros(first.time)) if first else spool.earliest()
    if known:  # what lies between was not read
        since = max(known.since, since if first else 0)
    [form], edit_form = times, next(iter(edits), "")
    position = MessagePosition((last.time.isoformat(), last.id), since, form, edit_form)
    return replace(position, digest=position.seen_before(reading))


def _read_on(gathered: GatheredMessages, known: MessagePosition, reading: MessageReading) -> None:
    spool, end = gathered.spool, known.value(known.since)
    if known.seen_before(reading) != known.digest:
        raise OlderError
    gathered.skipped += spool.take(reading.messages(end))
    if spool.last() is None or spool.earliest() < known.low:
        raise OlderError
    gathered.active = frozenset(spool.channels())
    channels = gathered.active | {name for name, tail in known.tails.items() if tail.active}
    gathered.channels = sorted(channels)
    tails = {name: known.tails[name] for name in gathered.channels if name in known.tails}
    starts = {name: known.value(tail.start[0]) for name, tail in tails.items()}
    older = reading.between({name: value for name, value in starts.items() if value < end}, end)
    gathered.skipped += spool.take(
        one
        for one in older
        if isinstance(one, Skipped) or (one.channel in tails and order_of(one) >= tails[one.channel].start)
    )
    gathered.skipped += spool.settle()
    for name, tail in tails.items():
        if tail.start[2] and not spool.has(name, tail.start):
            raise OlderError
    _take_related(gathered, tails, reading, end)
    if gathered.conversations and any(
        spool.threaded(name, tail.start) != [*tail.threaded] for name, tail in tails.items()
    ):
        raise OlderError
    if reading.times != {known.times} or not reading.edits <= {known.edits or next(iter(reading.edits), "")}:
        raise OlderError


def _take_related(gathered: GatheredMessages, tails: Mapping[str, Tail], reading: MessageReading, end: object) -> None:
    """Add the earlier messages of conversations; raise OlderError if an id also occurs before the look-back."""
    spool, fields = gathered.spool, reading.table.fields
    ids = {name: spool.values(name, "id") for name in gathered.channels}
    roots: dict[str, set[str]] = {name: set() for name in gathered.channels}
    asked = {name: set(found) for name, found in ids.items()}
    if gathered.conversations:
        for name in gathered.channels:
            tail = tails.get(name)
            roots[name] = ids[name] | spool.values(name, "thread") | set(tail.documents if tail else ())
            asked[name] = roots[name] | spool.values(name, "reply_to") | set(tail.held if tail else ())
    for message in reading.related(set[str]().union(*asked.values()), set[str]().union(*roots.values()), end):
        if isinstance(message, Skipped) or (name := message.channel) not in asked:
            continue
        asks = message.id in asked[name] or message.thread in roots[name]
        if not asks or spool.has(name, order_of(message)):
            continue
        if message.id in ids[name]:
            raise OlderError
        if name in tails and (root := tails[name].held.get(message.id)):
            spool.put_before(message, root)
        elif gathered.conversations and "reply_to" in fields:
            raise OlderError  # what it answers, and what answers it, is unknown
        elif (root := message.thread or message.id) in roots[name]:
            spool.put_before(message, root)
