"""Chats as lines of text: what WhatsApp exports, and the logs of programs for IRC (irssi, WeeChat, ZNC and their like).

A line begins with a time; what follows without one belongs to the message before. Neither has ids: a message is called
by a hash of what it says, and by how often that was said before.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from vademecum_builder.sources.base import Skipped

_MARKS: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WHATSAPP: Final = re.compile(
    r"\[?(?P<day>\d{1,4}[./-]\d{1,2}[./-]\d{1,4}),? (?P<clock>\d{1,2}[:.]\d\d(?:[:.]\d\d)?)"
    r"(?:\s?(?P<half>[ap])\.?\s?m\.?)?(?:\]| -) (?P<text>.*)",
    re.IGNORECASE,
)
_SAID: Final = re.compile(r"(?P<author>[^:]{1,60}): ?(?P<text>.*)")
_OMITTED: Final = re.compile(
    r"<?(?:\w+ ){0,2}(?:omitted|weggelassen|ausgeschlossen|omis|omitid[oa])>?", re.IGNORECASE
)
_IRC: Final = re.compile(
    r"\[?(?:(?P<day>\d{4}-\d\d-\d\d)[T ])?(?P<clock>\d\d:\d\d(?::\d\d)?)\]?"
    r"(?:\t(?P<tabbed>[^\t]+)\t|\s+<[ @+%&~]?(?P<nick>[^>\s]+)>\s|\s+\* (?P<does>[^\s]+)\s)(?P<text>.*)"
)
_DAY: Final = re.compile(r"--- (?:Log opened|Day changed) \w{3} (\w{3}) (\d\d)(?: \d\d:\d\d:\d\d)? (\d{4})")
_NAMED: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")
_SERVER: Final = frozenset({"-->", "<--", "--", "-", "=!=", "***"})

Found = tuple[str, dict[str, Any]]


def is_whatsapp(head: str) -> bool:
    """Return whether a text begins as an export of WhatsApp does."""
    return _begins(head, lambda line: _WHATSAPP.match(line))


def is_irc(head: str) -> bool:
    """Return whether a text begins as a log of IRC does."""
    return _begins(
        head,
        lambda line: (
            _IRC.match(line) or _DAY.match(line) or re.match(r"\[?\d\d:\d\d\S* (?:-!-|\*\*\*)", line)
        ),
    )


def _begins(head: str, match: Any) -> bool:
    lines = [_MARKS.sub("", line) for line in head.splitlines()[:20] if line.strip()]
    return bool(lines) and bool(match(lines[0])) and sum(bool(match(line)) for line in lines) * 2 > len(lines)


def whatsapp_messages(lines: Iterable[str], name: str) -> Iterator[Found | Skipped]:
    """Yield where each message stands, and its fields by the names of `cuts.Message`; what WhatsApp says itself, and
    pictures that were left out, are none.

    Args:
        name: Of the chat.
    """
    read: list[tuple[int, re.Match[str], list[str]]] = []
    for number, line in enumerate(lines, 1):
        plain = _MARKS.sub("", line).rstrip("\r\n").replace("\u202f", " ")
        if found := _WHATSAPP.match(plain):
            read.append((number, found, []))
        elif read:
            read[-1][2].append(plain)
    order = _order_of([found["day"] for _, found, _ in read])
    taken: Counter[str] = Counter()
    for number, found, more in read:
        said = _SAID.fullmatch(found["text"])
        if said is None or _OMITTED.fullmatch(said["text"].strip()):
            continue
        try:
            time = _time_of(found, order)
        except ValueError:
            yield Skipped(f"{name}:{number}", f"{found['day']} {found['clock']} is no time", found[0][:200])
            continue
        yield f"{name}:{number}", _fields(time, said["author"], "\n".join([said["text"], *more]), name, taken)


def _order_of(days: list[str]) -> str:
    """Return in which order a date has year, month and day: as no date contradicts it, and as they rise.

    An export follows the telephone's settings and does not say which they are.
    """
    parts = [[int(part) for part in re.split(r"[./-]", day)] for day in days]
    fits = []
    for order in ("ymd",) if parts and parts[0][0] > 31 else ("dmy", "mdy"):
        dates = [[dict(zip(order, one, strict=True))[unit] for unit in "ymd"] for one in parts]
        if all(month <= 12 for _, month, _ in dates):
            fits.append((sum(one > other for one, other in pairwise(dates)), order))
    return min(fits, default=(0, "dmy"))[1]


def _time_of(found: re.Match[str], order: str) -> datetime:
    day = dict(zip(order, map(int, re.split(r"[./-]", found["day"])), strict=True))
    hour, minute, second = map(int, re.split("[:.]", f"{found['clock']}:0")[:3])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    return datetime(day["y"] + (2000 if day["y"] < 100 else 0), day["m"], day["d"], hour, minute, second)


def irc_messages(lines: Iterable[str], name: str) -> Iterator[Found | Skipped]:
    """Yield where each message stands, and its fields; who came and went is none.

    Args:
        name: Of the file, without its ending: the channel, and of some the day.
    """
    dated = _NAMED.search(name)
    day = "-".join(dated.groups()) if dated else ""
    channel = _NAMED.sub("", name).strip("-_. ") or name
    taken: Counter[str] = Counter()
    for number, line in enumerate(lines, 1):
        plain = line.rstrip("\r\n")
        if changed := _DAY.match(plain):
            day = datetime.strptime(" ".join(changed.groups()), "%b %d %Y").date().isoformat()
        found = _IRC.match(plain)
        author = found and (found["nick"] or found["does"] or found["tabbed"])
        if not found or not author or author.strip() in _SERVER:
            continue
        if not (found["day"] or day):
            yield Skipped(
                f"{name}:{number}", "a time without a day: the file's name has to say it", plain[:200]
            )
            continue
        time = datetime.fromisoformat(f"{found['day'] or day} {found['clock']}")
        text = f"{author} {found['text']}" if found["does"] else found["text"]
        yield f"{name}:{number}", _fields(time, author.strip().lstrip("@+%&~"), text, channel, taken)


def _fields(time: datetime, author: str, text: str, channel: str, taken: Counter[str]) -> dict[str, Any]:
    id = hashlib.sha256(f"{time}\0{author}\0{text}".encode("utf-8", "replace")).hexdigest()[:16]
    taken[id] += 1
    id = id if taken[id] == 1 else f"{id}-{taken[id]}"
    return {"id": id, "time": time, "author": author, "text": text, "channel": channel}
