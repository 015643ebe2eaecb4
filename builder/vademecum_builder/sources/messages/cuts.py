"""Cutting an archive of messages into documents, so that each cut depends on nearby messages alone.

Counting from the beginning would move every later cut when an old message is deleted. So cuts depend on what is near:
on a gap or a calendar border between two messages, on who answers whom, or, if a size is asked for, on the local
minimum of a hash of the messages' ids (N. Bjørner, A. Blass, Y. Gurevich: Content-dependent chunking for differential
compression, the local maximum approach, 2010). A message that is added, edited or deleted then changes the document
that it is in, and at most the ones beside it.
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
"""About how many characters a token has; a word is at least one token."""


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        id: Unique in its channel.
        time: When it was written, in UTC.
        author, text: As they are shown.
        channel: Empty: there is only one.
        thread: The id that all messages of its thread share, such as that of the first one. Empty: it is in no thread.
        reply_to: The id of the message that it answers; empty: none.
        updated: When it was last edited, in UTC; None: unknown.
        subject: Of a mail, without `Re:` and the like.
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
        repeated: How many of them are repeated from the previous piece.
        sure: Whether nothing before it influences where it and the pieces after it are cut.
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
        window: Windows follow each other since 1970; those of whole days begin at midnight of the zone.
        zone: None: UTC.
    """

    def border(before: Message, after: Message) -> bool:
        return after.time - before.time > gap or _window(before, window, zone) != _window(after, window, zone)

    return _cut(messages, border)


def by_count(messages: Iterable[Message], count: int, overlap: int = 0) -> Iterator[Piece]:
    """Cut about every `count` messages: usually more than half of that, at most twice as many.

    Args:
        overlap: How many messages of the previous piece each piece begins with.
    """
    before: list[Message] = []
    for piece in _by_hash(messages, lambda message: 1, count // 2, 2 * count):  # noqa: ARG005
        whole = [*before, *piece.messages]
        yield Piece(whole, len(before), piece.sure)
        before = whole[-overlap:] if overlap else []


def by_tokens(messages: Iterable[Message], most: int) -> Iterator[Piece]:
    """Cut between messages, so that no piece has more than `most` tokens, unless a single message has more."""
    return _by_hash(messages, tokens, most // 4, most)


def tokens(message: Message) -> int:
    """Return about how many tokens a message has: one for a word, or for four characters."""
    text = f"{message.author} {message.text}"
    return max(len(text.split()), -(-len(text) // _CHARACTERS))


def roots(
    messages: Iterable[Message],
    silence: timedelta,
    threads: set[str],
    answered: set[str],
    before: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[str, bool]]:
    """Yield for each message the root of its conversation, and whether that conversation ends by silence.

    A thread is a conversation; an answer belongs to the conversation of its message; all other messages form one until
    nobody writes for longer than `silence`.

    Args:
        messages: Of one channel, in order.
        threads, answered: All ids in `thread` and `reply_to` of the channel.
        before: The roots of earlier messages that these may answer.
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
    """A message, where it begins and ends by weight, and its hash."""

    message: Message
    begin: int
    end: int
    hash: bytes


def _by_hash(messages: Iterable[Message], weight: Callable[[Message], int], radius: int, most: int) -> Iterator[Piece]:
    """Cut before each message whose hash is the smallest of all that begin within `radius` of it; a piece that weighs
    more than `most` is cut before its smallest, and so on. The end stays open until `radius` more has followed.

    Nothing before a cut influences what comes after it: a message within `radius` of the cut has a larger hash, and
    all that a later message is compared with comes after the cut.
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
