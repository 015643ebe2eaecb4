"""Discord as DiscordChatExporter writes it: a JSON or CSV file for each channel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.messages.chat_logs import message_fields
from vademecum_builder.sources.messages.message import KeyedRecord
from vademecum_builder.sources.records import Failed, Numbered, mapping, mappings

_MARKUP: Final = re.compile(r"<(@[!&]?|#|a?:\w+:)(\d+)>|<(https?://[^\s<>]+)>")
_SAID: Final = frozenset({"Default", "Reply", "0", "19", "20", "23"})
"""Types of what somebody wrote, or an app answered to a command; all others are about the server."""


def discord_messages(export: Mapping[str, Any], name: str, stem: str) -> Iterator[KeyedRecord | Skipped]:
    """Yield the messages. A message that is not an object is skipped; a part of one is ignored.

    Args:
        export: One of its files, read as JSON.
        name, stem: Of the file; `stem` stands in for the name of a channel without one.
    """
    channel = mapping(export.get("channel")).get("name") or stem
    for number, one in enumerate(export["messages"]):
        if not isinstance(one, Mapping):
            yield Skipped(f"{name}:{number}", "no object of fields", repr(one))
            continue
        if str(one.get("type") or "Default") not in _SAID:
            continue
        found = {
            "id": one.get("id"),
            "time": one.get("timestamp"),
            "author": _name(mapping(one.get("author"))),
            "text": _text(one),
            "channel": channel,
            "reply_to": mapping(one.get("reference")).get("messageId"),
            "updated": one.get("timestampEdited"),
        }
        yield f"{name}:{number}", found


def discord_rows(rows: Numbered, name: str, stem: str) -> Iterator[KeyedRecord | Skipped]:
    """Yield the messages of a table, which have no ids.

    Args:
        name, stem: Of the file, which is named `Server - Category - channel [123]`.
    """
    channel = re.sub(r" \[\d+\]$", "", stem).rpartition(" - ")[2]
    taken: Counter[str] = Counter()
    for number, row in rows:
        if isinstance(row, Failed):
            yield Skipped(f"{name}:{number}", row.reason, row.said)
            continue
        author, text = str(row.get("Author") or ""), str(row.get("Content") or "")
        yield f"{name}:{number}", message_fields(row.get("Date"), author, text, channel, taken)


def _name(user: Mapping[str, Any]) -> Any:
    return user.get("nickname") or user.get("name")


def _text(one: Mapping[str, Any]) -> str:
    names = {str(user.get("id")): _name(user) for user in mappings(one.get("mentions"))}

    def plain(match: re.Match[str]) -> str:
        kind, id, address = match.groups()
        if address:
            return str(address)  # angle brackets only suppress the preview
        return f":{kind.split(':')[1]}:" if ":" in kind else kind[0] + str(names.get(id) or id)

    texts = [_MARKUP.sub(plain, str(one.get("content") or ""))]
    for embed in mappings(one.get("embeds")):
        if texts[0]:  # a preview of a link has another page's text
            texts.append(str(embed.get("title") or ""))
            continue
        parts = [embed.get("title"), embed.get("description")]
        parts += [f"{part.get('name')}: {part.get('value')}" for part in mappings(embed.get("fields"))]
        texts.append("\n".join(map(str, filter(None, parts))))
    texts += [str(file.get("fileName") or "") for file in mappings(one.get("attachments"))]
    return "\n\n".join(filter(None, texts))
