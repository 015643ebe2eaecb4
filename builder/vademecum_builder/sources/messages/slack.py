"""Slack's export: a folder for each channel with a file for each day.

The fields are those of https://api.slack.com/events/message; what a program posted is in `blocks` or `attachments` if
`text` is empty, and is text like any other.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.messages.message import KeyedRecord
from vademecum_builder.sources.records import mapping, mappings

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\.json")
_MARKUP: Final = re.compile(r"<([@#!]?)([^<>|\s]+)(?:\|([^<>]*))?>")
_SAID: Final = frozenset(
    {"", "bot_message", "me_message", "thread_broadcast", "reply_broadcast", "file_share", "file_comment"}
)
"""Subtypes of what somebody wrote. All others are about the channel: who joined, what was pinned, deleted, renamed."""
_PRIVATE: Final = ("groups.json", "dms.json", "mpims.json")
_LISTS: Final = ("channels.json", *_PRIVATE)


def slack_days(folder: Path) -> Iterator[Path]:
    """Yield the files of an export that hold messages."""
    return (file for file in sorted(folder.glob("*/*.json")) if _DAY.fullmatch(file.name))


def slack_messages(
    folder: Path, load: Callable[[Path], Any], left_out: Counter[str] | None
) -> Iterator[KeyedRecord | Skipped]:
    """Yield the messages. A message that is not an object is skipped; a part of one is ignored.

    Args:
        load: Reads a JSON file.
        left_out: Counts messages of private channels and of people among themselves; None: they are taken.
    """
    private = {
        str(one.get(name)) for list_ in _PRIVATE for one in _listed(folder / list_, load) for name in ("id", "name")
    }
    users = {str(user.get("id")): _name(user) for user in _listed(folder / "users.json", load)}
    users.setdefault("USLACKBOT", "Slackbot")
    names = users | {str(one.get("id")): one.get("name") for list_ in _LISTS for one in _listed(folder / list_, load)}
    for file in slack_days(folder):
        channel = file.parent.name
        day = load(file)
        for number, message in enumerate(day if isinstance(day, list) else [day]):
            key = f"{channel}/{file.name}:{number}"
            if not isinstance(message, Mapping):
                yield Skipped(key, "no object of fields", repr(message))
                continue
            if str(message.get("subtype") or "") not in _SAID or message.get("type", "message") != "message":
                continue
            if left_out is not None and channel in private:
                left_out["messages of private chats (drafts = true includes them)"] += 1
                continue
            user, profile = message.get("user"), mapping(message.get("user_profile"))
            found = {
                "id": message.get("ts"),
                "time": message.get("ts"),
                "author": users.get(str(user)) or profile.get("display_name") or message.get("username") or user,
                "text": slack_text(_text(message), names),
                "channel": channel,
                "thread": message.get("thread_ts"),
                "updated": mapping(message.get("edited")).get("ts"),
            }
            yield key, found


def slack_text(text: str, names: Mapping[Any, Any]) -> str:
    """Return a text as it is shown.

    Args:
        names: Of users and channels, by their ids.
    """

    def plain(match: re.Match[str]) -> str:
        kind, target, label = match.groups()
        if kind == "!":  # <!here>, <!subteam^S012|@oncall>, <!date^1706782800^{date}|Feb 1>
            return label or "@" + target.partition("^")[0]
        if kind:
            return kind + str(label or names.get(target) or target)
        address = target.removeprefix("mailto:").removeprefix("tel:")
        return f"{label} ({address})" if label and label != address else address

    return html.unescape(_MARKUP.sub(plain, text))


def _name(user: Mapping[str, Any]) -> Any:
    profile = mapping(user.get("profile"))
    return profile.get("display_name") or user.get("real_name") or profile.get("real_name") or user.get("name")


def _listed(file: Path, load: Callable[[Path], Any]) -> list[Mapping[str, Any]]:
    return mappings(load(file)) if file.exists() else []


def _text(message: Mapping[str, Any]) -> str:
    texts = [str(message.get("text") or "") or _of_blocks(message.get("blocks"))]
    for one in mappings(message.get("attachments")):
        if one.get("from_url"):  # a preview of a link has another page's text
            texts.append(str(one.get("title") or ""))
            continue
        parts = [one.get(name) for name in ("pretext", "title", "text")]
        parts += [f"{part.get('title')}: {part.get('value')}" for part in mappings(one.get("fields"))]
        texts.append("\n".join(map(str, filter(None, parts))) or str(one.get("fallback") or ""))
    texts += [str(one.get("title") or one.get("name") or "") for one in mappings(message.get("files"))]
    return "\n\n".join(filter(None, texts))


def _of_blocks(block: Any) -> str:
    """Return the text of a tree of blocks, in the markup of `text`."""
    if isinstance(block, list):
        return "\n".join(filter(None, map(_of_blocks, block)))
    if not isinstance(block, dict):
        return ""
    match block.get("type"):
        case "user":
            return f"<@{block.get('user_id')}>"
        case "channel":
            return f"<#{block.get('channel_id')}>"
        case "link":
            return f"<{block.get('url')}|{block.get('text') or block.get('url')}>"
        case "emoji":
            return f":{block.get('name')}:"
        case "rich_text_section" | "rich_text_quote":
            return "".join(map(_of_blocks, mappings(block.get("elements"))))
        case "rich_text_preformatted":
            return f"```\n{''.join(map(_of_blocks, mappings(block.get('elements'))))}\n```"
    text = block.get("text")
    if isinstance(text, str):
        return text
    return _of_blocks([text, block.get("fields"), block.get("elements")])
