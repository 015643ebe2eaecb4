"""Cutting an archive of messages into documents, so that each cut depends on nearby messages alone.

A count from the beginning would move every later cut when one old message is deleted. So cuts are found by what is
near: by a gap or a border of the calendar between two messages, by who answers whom, or, where a size is asked for, by
the local minimum of a hash of the messages' ids (N. Bjørner, A. Blass, Y. Gurevich: Content-dependent chunking for
differential compression, the local maximum approach, 2010). A message that is added, edited or deleted then changes the
document that it is in, and at most the ones beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Final

_DAY: Final = timedelta(days=1)
_CHARACTERS: Final = 4
"""Of a token, about; a word is one at least."""


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        id: Unique in its channel.
        time: When it was written, in UTC.
        author, text: As they are shown.
        channel: Empty: there is one.
        thread: The id that all messages of its thread have in common; may be that of the first one. Empty: in none.
        reply_to: The id of the message that it answers; empty: none.
        updated: When it was last edited, in UTC; None: nobody knows.
        subject: Of a mail, without what says that it answers one.
    """

    id: str
    time: datetime
    author: str
    text: str = field(repr=False)
    channel: str = ""
    thread: str = ""
    reply_to: str = ""
    updated: datetime | None = None
    subject: str = ""


@dataclass(frozen=True)
class Piece:
    """Messages that belong together.

    Attributes:
        repeated: How many of them are repeated from the piece before.
        sure: Whether nothing that lies before it has a say in where it and those behind it are cut.
    """

    messages: Sequence[Message]
    repeated: int = 0
    sure: bool = True

    @property
    def first(self) -> Message:
        """The first that is not repeated."""
        return self.messages[self.repeated]


def by_time(messages: Iterable[Message], window: timedelta, gap: timedelta, zone: tzinfo | None) -> Iterator[Piece]:
    """Cut where nobody wrote for longer than `gap`, and at the borders of windows.

    Args:
        messages: Of one channel, in order.
        window: Windows lie side by side since 1970; those of whole days begin at midnight of the zone.
        zone: None: UTC.
    """

    def border(before: Message, after: Message) -> bool:
        return after.time - before.time > gap or _window(before, window, zone) != _window(after, window, zone)

    return _cut(messages, border)


def by_count(messages: Iterable[Message], count: int, overlap: int = 0) -> Iterator[Piece]:
    """Cut about every `count` messages, most often from more than half of it; twice as many is the most.

    Args:
        overlap: How many messages before its first one a piece begins with.
    """
    before: list[Message] = []
    for piece in _by_hash(messages, lambda message: 1, count // 2, 2 * count):  # noqa: ARG005
        whole = [*before, *piece.messages]
        yield Piece(whole, len(before), piece.sure)
        before = whole[-overlap:] if overlap else []


def by_tokens(messages: Iterable[Message], most: int) -> Iterator[Piece]:
    """Cut between messages, so that no piece has more than `most` tokens, but for a message that alone has more."""
    return _by_hash(messages, tokens, most // 4, most)


def tokens(message: Message) -> int:
    """Return about how many tokens a message is: a word, or four characters."""
    text = f"{message.author} {message.text}"
    return max(len(text.split()), -(-len(text) // _CHARACTERS))


def roots(
    messages: Iterable[Message],
    silence: timedelta,
    threads: set[str],
    answered: set[str],
    before: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[str, bool]]:
    """Yield for each message what the messages of its conversation have in common, and whether silence ends it.

    A thread is a conversation; what answers a message is of that message's; all others are, until nobody writes for
    longer than `silence`.

    Args:
        messages: Of one channel, in order.
        threads, answered: All that `thread` and `reply_to` name in the channel.
        before: The roots of messages before these that they may answer.
    """
    known = dict(before)
    last: Message | None = None
    root = ""
    for message in messages:
        spoken = False
        if message.thread or message.id in threads:
            found = message.thread or message.id
        elif message.reply_to in known:
            found = known[message.reply_to]
        else:
            if last is None or message.time - last.time > silence:
                root = message.id
            last, found, spoken = message, root, True
        if message.id in answered:
            known[message.id] = found
        yield found, spoken


def _cut(messages: Iterable[Message], border: Callable[[Message, Message], bool]) -> Iterator[Piece]:
    piece: list[Message] = []
    for message in messages:
        if piece and border(piece[-1], message):
            yield Piece(piece)
            piece = []
        piece.append(message)
    if piece:
        yield Piece(piece)


def _window(message: Message, window: timedelta, zone: tzinfo | None) -> int:
    if window % _DAY:
        return int(message.time.timestamp() // window.total_seconds())
    return message.time.astimezone(zone or message.time.tzinfo).toordinal() // (window // _DAY)


@dataclass(frozen=True)
class _At:
    """A message, where it begins, counted in what messages weigh, and its hash."""

    message: Message
    begin: int
    end: int
    hash: bytes


def _by_hash(messages: Iterable[Message], weight: Callable[[Message], int], radius: int, most: int) -> Iterator[Piece]:
    """Cut before each message whose hash is the smallest of all that begin within `radius` of it; where a piece
    weighs more than `most`, before its smallest, and so on. The end is open until `radius` more is there.

    What lies before a cut need not be known behind it: a message within `radius` of it has a larger hash than it, and
    all that another one looks at lies behind it.
    """
    piece: list[_At] = []
    pending = 1  # of the piece, the first that is not decided; its first message is a cut
    end = 0
    for message in messages:
        digest = hashlib.sha256(f"{message.channel}\0{message.id}".encode()).digest()
        at = _At(message, end, end + weight(message), digest)
        end = at.end
        piece.append(at)
        while pending < len(piece) and at.begin - piece[pending].begin > radius:
            if _is_smallest(piece, pending, radius):
                yield from _split(piece[:pending], most)
                piece, pending = piece[pending:], 0
            pending += 1
    if piece:
        yield from _split(piece, most)


def _is_smallest(piece: Sequence[_At], number: int, radius: int) -> bool:
    here = piece[number]
    return all(here.hash <= other.hash for other in piece if abs(here.begin - other.begin) <= radius)


def _split(piece: Sequence[_At], most: int, *, sure: bool = True) -> Iterator[Piece]:
    if len(piece) == 1 or piece[-1].end - piece[0].begin <= most:
        yield Piece([at.message for at in piece], sure=sure)
        return
    cut = min(range(1, len(piece)), key=lambda number: piece[number].hash)
    yield from _split(piece[:cut], most, sure=sure)
    yield from _split(piece[cut:], most, sure=False)
