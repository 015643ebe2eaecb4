"""A message as read from any archive, and a document made of several messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Any, Final

from vademecum.errors import ContentError, UsageError
from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.messages.cuts import Message
from vademecum_builder.sources.messages.spool import Order
from vademecum_builder.sources.private_fields import without_contacts
from vademecum_builder.sources.records import json_value, record_key
from vademecum_builder.sources.times import NoZoneError, read_time

MESSAGES: Final = "messages"
"""What is known of their fields is more than of those of anything (`private_fields`)."""
NOT_FOR_EVERYBODY: Final = "messages that are not public: {} (drafts = true includes them)"
_NEVER: Final = (None, "", 0, "0")


KeyedRecord = tuple[str, Mapping[str, Any]]
"""The place of a message in an export, and its fields by the names of `cuts.Message`."""


@dataclass(frozen=True)
class Limits:
    """How messages are combined.

    Attributes:
        window, gap: For `temporal`: the longest document, and the longest silence within it.
        silence: For `conversation`: a message without thread or `reply_to` belongs to the one before, unless nobody
            wrote for longer than this.
        messages, overlap: For `window`: about how many messages, and how many previous ones are repeated.
        tokens: For `tokens`: the most.
        zone: Its midnight ends a day, and its date is in the title of a document.
        look_back, least: How far back from the last message of a table messages are compared, and at least how many.
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
class MessageDocument:
    """A document of messages.

    Attributes:
        name: The id of its first message, or of its thread.
        begin: For a piece: where it begins.
        sure: For a piece: `Piece.sure`.
        told: Whether it is complete, not cut off at its beginning.
    """

    name: str
    messages: Sequence[Message]
    begin: Order = (0, 0, "")
    sure: bool = True
    told: bool = True


def make_message(fields: Mapping[str, Any], zone: tzinfo | None, where: str, key: str = "") -> Message | Skipped:
    """Return a message, or why it cannot be read.

    Args:
        fields: By the names of `Message`'s attributes; others are ignored.
        zone: Of times without one.
        where: The settings' file and line.
        key: The name of a message without an id, for reports.

    Raises:
        UsageError: A time has no zone, and the settings name none.
    """
    id, updated = record_key(fields.get("id")), fields.get("updated")
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
    texts["author"] = without_contacts(texts["author"])
    ids = {name: record_key(fields.get(name) or None) or "" for name in ("thread", "reply_to")}
    return Message(id, time, **texts, **ids, updated=edited)
