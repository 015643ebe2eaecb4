"""Mattermost's bulk export: JSON Lines, one object of a type a line
(https://docs.mattermost.com/onboard/bulk-loading-data.html).

Posts have no ids there: author, text and time identify them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.messages.chat_logs import message_fields
from vademecum_builder.sources.messages.message import KeyedRecord
from vademecum_builder.sources.records import Failed, Numbered, mapping, mappings


def mattermost_messages(lines: Numbered, name: str, left_out: Counter[str] | None) -> Iterator[KeyedRecord | Skipped]:
    """Yield each post and each reply.

    Args:
        name: Of the file.
        left_out: Counts posts of private channels and direct messages; None: they are taken.
    """
    private: set[tuple[Any, Any]] = set()
    taken: Counter[str] = Counter()
    for number, line in lines:
        key = f"{name}:{number}"
        if isinstance(line, Failed):
            yield Skipped(key, line.reason, line.said)
            continue
        kind = str(line.get("type") or "")
        item = mapping(line.get(kind))
        place = (item.get("team"), item.get("channel"))
        if kind == "channel" and item.get("type") == "P":
            private.add((item.get("team"), item.get("name")))
        if kind not in ("post", "direct_post"):
            continue
        if left_out is not None and (kind == "direct_post" or place in private):
            left_out["messages of private chats (drafts = true includes them)"] += 1
            continue
        members = item.get("channel_members")
        channel = ", ".join(map(str, members)) if isinstance(members, list) else str(place[1] or "")
        root = ""
        for one in (item, *mappings(item.get("replies"))):
            if one.get("type"):  # a post about the channel: who joined, its new name
                continue
            author, text = str(one.get("user") or ""), str(one.get("message") or "")
            found = message_fields(one.get("create_at"), author, text, channel, taken)
            root = root or found["id"]
            thread = {"thread": root} if item.get("replies") else {}
            yield key, found | thread | {"updated": one.get("edit_at")}
