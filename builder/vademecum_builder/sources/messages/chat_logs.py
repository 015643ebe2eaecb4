"""Chats as lines of text: exports of WhatsApp, and logs of IRC programs (irssi, WeeChat, ZNC and the like).

A message begins with a time; lines without one belong to the message before. There are no ids: the id of a message is a
hash of its content, with a number if that occurs several times.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final

from vademecum_builder.sources.base import Skipped, digest_of
from vademecum_builder.sources.messages.message import KeyedRecord

_MARKS: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WHATSAPP: Final = re.compile(
    r"\[?(?P<day>\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4})\.?[,،]? (?:(?P<ahead>오전|오후|上午|下午|午前|午後) ?)?"
    r"(?P<clock>\d{1,2}[:.]\d\d(?:[:.]\d\d)?)(?:\s?(?:(?P<half>[ap])\.?\s?m\.?|(?P<arabic>[صم])\.?))?"
    r"(?:\]| -) (?P<text>.*)",
    re.IGNORECASE,
)
_AFTERNOON: Final = frozenset({"p", "م", "오후", "下午", "午後"})
# A name is short and has no quotation mark: WhatsApp's own lines may have a colon, too.
_SAID: Final = re.compile(r"(?P<author>[^:\"“”„«»]{1,40}): ?(?P<text>.*)")
_OWN: Final = re.compile(r"[^\]]*\][^:]*:\s?\u200e")
"""On an iPhone, WhatsApp's own texts in place of a message are marked, in every language."""
_OMITTED: Final = re.compile(
    r"<\w+(?: [\w-]+){1,4}>|(?:image|video|audio|gif|sticker|document|contact card|photo|media) omitted|null|"
    r"[\w-]+-WA\d{4,}\.\w{2,4} \([^()]+\)|"
    r"(?:this message was deleted(?: by admin .+)?|you deleted this message|diese nachricht wurde gelöscht|"
    r"du hast diese nachricht gelöscht|se eliminó este mensaje|este mensaje fue eliminado|eliminaste este mensaje|"
    r"ce message a été supprimé|vous avez supprimé ce message|(?:esta |essa )?mensagem (?:foi )?apagada|"
    r"você apagou esta mensagem|questo messaggio è stato eliminato|hai eliminato questo messaggio|"
    r"dit bericht is verwijderd|je hebt dit bericht verwijderd)\.?",
    re.IGNORECASE,
)
_EDITED: Final = re.compile(r"\s*<This message was edited>$")
_CALLED: Final = re.compile(r"@\d{7,13}(\d\d)\b")
"""Somebody who is called by the number, since the telephone knows no name."""
_IRC: Final = re.compile(
    r"\[?(?:(?P<day>\d{4}-\d\d-\d\d)[T ])?(?P<clock>\d\d:\d\d(?::\d\d)?)\]?"
    r"(?:\t(?P<tabbed>[^\t]+)\t|\s+<[ @+%&~]?(?P<nick>[^>\s]+)>\s|\s+\* (?P<does>[^\s]+)\s)(?P<text>.*)"
)
_DAY: Final = re.compile(r"--- (?P<what>Log opened|Day changed) (?P<when>.+)")
_ENGLISH: Final = re.compile(r"\w{3} (\w{3}) (\d\d)(?: \d\d:\d\d:\d\d)? (\d{4})")
_NAMED: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(-?)(\d\d)\2(\d\d)(?!\d)")
_SERVER: Final = frozenset({"-->", "<--", "--", "-", "=!=", "***"})


def is_whatsapp(head: str) -> bool:
    """Return whether a text begins like an export of WhatsApp."""
    return _begins(head, lambda line: _WHATSAPP.match(line))


def is_irc(head: str) -> bool:
    """Return whether a text begins like a log of IRC."""
    return _begins(
        head, lambda line: _IRC.match(line) or _DAY.match(line) or re.match(r"\[?\d\d:\d\d\S* (?:-!-|\*\*\*)", line)
    )


def _begins(head: str, match: Any) -> bool:
    lines = [_MARKS.sub("", line) for line in head.splitlines()[:20] if line.strip()]
    return bool(lines) and bool(match(lines[0])) and sum(bool(match(line)) for line in lines) * 2 > len(lines)


def whatsapp_messages(lines: Iterable[str], name: str, left_out: Counter[str]) -> Iterator[KeyedRecord | Skipped]:
    """Yield the messages. WhatsApp's own lines, deleted messages, and pictures that were left out are not messages.

    Args:
        name: Of the chat.
        left_out: Counts what is not a message.
    """
    read: list[tuple[int, re.Match[str], list[str]]] = []
    own: set[int] = set()
    for number, line in enumerate(lines, 1):
        plain = _MARKS.sub("", line).replace("\u202f", " ")
        if found := _WHATSAPP.match(plain):
            read.append((number, found, []))
            if _OWN.match(line):
                own.add(number)
        elif read:
            read[-1][2].append(plain)
    order = _order_of([found["day"] for _, found, _ in read])
    taken: Counter[str] = Counter()
    for number, found, more in read:
        said = _SAID.fullmatch(found["text"])
        if said is None or number in own or _OMITTED.fullmatch(said["text"].strip()):
            left_out["lines of WhatsApp itself, deleted messages and media"] += 1
            continue
        try:
            time = _time_of(found, order)
        except ValueError:
            yield Skipped(f"{name}:{number}", f"{found['day']} {found['clock']} is not a time", found[0])
            continue
        text = _CALLED.sub(r"@…\1", _EDITED.sub("", "\n".join([said["text"], *more])))
        yield f"{name}:{number}", message_fields(time, said["author"], text, name, taken)


def _order_of(days: list[str]) -> str:
    """Return the order of year, month and day that no date contradicts, and in which the dates ascend best.

    An export follows the settings of the telephone, which it does not contain.
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
    if half := found["half"] or found["arabic"] or found["ahead"]:
        hour = hour % 12 + (12 if half.lower() in _AFTERNOON else 0)
    return datetime(day["y"] + (2000 if day["y"] < 100 else 0), day["m"], day["d"], hour, minute, second)


def irc_messages(lines: Iterable[str], name: str, _: Counter[str]) -> Iterator[KeyedRecord | Skipped]:
    """Yield the messages, without those about who came and went.

    Args:
        name: Of the file, without its ending: the channel, and sometimes the day.
    """
    dated = next((one for one in _NAMED.finditer(name) if _date(one[1], one[3], one[4])), None)
    named = day = _date(dated[1], dated[3], dated[4]) if dated else ""
    channel = (name.replace(dated[0], "") if dated else name).strip("-_. ") or name
    taken: Counter[str] = Counter()
    for number, line in enumerate(lines, 1):
        if changed := _DAY.match(line):
            try:
                day = _day_of(changed["when"])
            except ValueError:
                # A localised program writes dates in its language; a file for one day has the date in its name.
                day = named if changed["what"] == "Log opened" else ""
                reason = "a day that cannot be read: expected one in English, as in Wed Oct 02 2024"
                yield Skipped(f"{name}:{number}", reason, line)
        found = _IRC.match(line)
        author = found and (found["nick"] or found["does"] or found["tabbed"])
        if not found or not author or author.strip() in _SERVER:
            continue
        if not (found["day"] or day):
            yield Skipped(f"{name}:{number}", "a time without a day: the file's name has to say it", line)
            continue
        try:
            time = datetime.fromisoformat(f"{found['day'] or day} {found['clock']}")
        except ValueError:
            yield Skipped(f"{name}:{number}", f"{found['day'] or day} {found['clock']} is not a time", line)
            continue
        text = f"{author} {found['text']}" if found["does"] else found["text"]
        yield f"{name}:{number}", message_fields(time, author.strip().lstrip("@+%&~"), text, channel, taken)


def _date(year: str, month: str, day: str) -> str:
    """Return a date in ISO 8601; empty: there is no such date."""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def _day_of(text: str) -> str:
    found = _ENGLISH.match(text)
    if found is None:
        raise ValueError(text)
    return datetime.strptime(" ".join(found.groups()), "%b %d %Y").date().isoformat()


def message_fields(time: object, author: str, text: str, channel: str, taken: Counter[str]) -> dict[str, Any]:
    """Return the fields of a message without an id; its id is a hash of author, text and time.

    Args:
        taken: Counts the ids that were assigned.
    """
    id = digest_of(f"{time}\0{author}\0{text}".encode("utf-8", "replace"))
    taken[id] += 1
    id = id if taken[id] == 1 else f"{id}-{taken[id]}"
    return {"id": id, "time": time, "author": author, "text": text, "channel": channel}
