"""A Matrix room as exported by Element: its events, some of which are messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.messages.message import KeyedRecord
from vademecum_builder.sources.records import mapping, mappings

_SAID: Final = frozenset({"m.text", "m.notice", "m.emote"})
_QUOTED: Final = re.compile(r"\A(?:> .*\n)+\n")
"""The quoted message above an answer, for programs that do not know answers."""
_NAME: Final = re.compile(r"@([^:]+):.*")


def matrix_messages(export: Mapping[str, Any], name: str, left_out: Counter[str]) -> Iterator[KeyedRecord | Skipped]:
    """Yield the messages.

    Args:
        export: One of its files, read as JSON.
        name: Of the file.
        left_out: Counts encrypted and deleted messages.
    """
    events = mappings(export.get("messages"))
    names = _names(events)
    edits = {of: event for event in events if (of := _related(event, "m.replace"))}
    roots = {_related(event, "m.thread") for event in events}
    for number, event in enumerate(events):
        if event.get("type") == "m.room.encrypted":
            left_out["messages that nobody could decrypt"] += 1
        if event.get("type") != "m.room.message" or _related(event, "m.replace"):
            continue
        id, sender, content = str(event.get("event_id")), str(event.get("sender", "")), mapping(event.get("content"))
        if not content:
            left_out["messages that were deleted"] += 1
            continue
        edit = edits.get(id, {})
        if edit.get("sender") == sender:
            new = mapping(mapping(edit.get("content")).get("m.new_content"))
            content = {**new, "m.relates_to": content.get("m.relates_to")}
        if str(content.get("msgtype")) not in _SAID:
            continue
        answers = mapping(mapping(content.get("m.relates_to")).get("m.in_reply_to")).get("event_id", "")
        text = str(content.get("body", ""))
        found = {
            "id": event.get("event_id"),
            "time": _time(event),
            "author": names.get(sender) or _NAME.sub(r"\1", sender),
            "text": _QUOTED.sub("", text) if answers else text,
            "channel": export.get("room_name") or name,
            "thread": id if id in roots else _related(event, "m.thread"),
            "reply_to": answers,
            "updated": _time(edit) if edit else None,
        }
        yield f"{name}:{number}", found


def _related(event: Mapping[str, Any], how: str) -> str:
    """Return the event that an event edits, or whose thread it is in; empty: none."""
    relates = mapping(mapping(event.get("content")).get("m.relates_to"))
    return str(relates.get("event_id", "")) if relates.get("rel_type") == how else ""


def _names(events: list[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return the display names of people."""
    members = (event for event in events if event.get("type") == "m.room.member")
    profiles = ((event.get("state_key") or event.get("sender"), mapping(event.get("content"))) for event in members)
    return {str(who): str(content["displayname"]) for who, content in profiles if content.get("displayname")}


def _time(event: Mapping[str, Any]) -> Any:
    """Return the time at the server (milliseconds since 1970) with its zone."""
    at = event.get("origin_server_ts")
    if not isinstance(at, int) or not 0 <= at < 10**14:
        return at
    return datetime.fromtimestamp(at / 1000, UTC).isoformat()
