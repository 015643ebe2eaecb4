"""Telegram as its desktop program exports it: `result.json`, of one chat or of all
(https://telegram.org/blog/export)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.messages.message import KeyedRecord
from vademecum_builder.sources.records import mapping, mappings

_PRIVATE: Final = ("personal_chat", "bot_chat", "saved_messages")


def telegram_messages(
    export: Mapping[str, Any], name: str, left_out: Counter[str] | None
) -> Iterator[KeyedRecord | Skipped]:
    """Yield the messages.

    Left out are messages about a channel (`service`), chats of two people and notes to oneself; in an export of all
    chats, private groups, too: whoever exports a single one means to.

    Args:
        export: The file, read as JSON.
        name: Of the file.
        left_out: Counts messages of private chats; None: they are taken.
    """
    one_chat = "messages" in export
    for chat in [export] if one_chat else mappings(mapping(export.get("chats")).get("list")):
        kind = str(chat.get("type") or "")
        private = kind in _PRIVATE or (kind.startswith("private_") and not one_chat)
        channel = chat.get("name") or f"chat {chat.get('id')}"
        messages = chat.get("messages")
        for number, one in enumerate(messages if isinstance(messages, list) else []):
            key = f"{name}:{channel}:{number}"
            if not isinstance(one, Mapping):
                yield Skipped(key, "no object of fields", repr(one))
                continue
            if one.get("type") != "message":
                continue
            if left_out is not None and private:
                left_out["messages of private chats (drafts = true includes them)"] += 1
                continue
            found = {
                "id": one.get("id"),
                # `date` is in the time zone of the machine that made the export.
                "time": one.get("date_unixtime") or one.get("date"),
                "author": one.get("from") or one.get("from_id"),
                "text": _text(one.get("text")),
                "channel": channel,
                "thread": one.get("topic_id"),
                "reply_to": one.get("reply_to_message_id"),
                "updated": one.get("edited_unixtime") or one.get("edited"),
            }
            yield key, found


def _text(text: Any) -> str:
    """Return a text, which may be a list of texts and of objects for links, bold parts or names."""
    parts = text if isinstance(text, list) else [text]
    return "".join(str(mapping(one).get("text") or "") if isinstance(one, Mapping) else str(one or "") for one in parts)
