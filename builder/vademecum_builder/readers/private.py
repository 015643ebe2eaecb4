"""Pages that their own generator would not show to everybody. A signed release cannot be recalled: in doubt, out.

Heads of pages are read line by line, not parsed: broken YAML, TOML or JSON may mark a draft, too.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson
import yaml

from vademecum.errors import ContentError
from vademecum_builder.sources import private_fields
from vademecum_builder.sources.times import spans_of

HEAD = 16 * 1024
"""The bytes at the beginning of a file that may mark it as private."""
_FRONT = re.compile(
    r"\A\ufeff?\s*(?:(?:---|\+\+\+)[ \t]*\n(?:(?!(?:---|\+\+\+|\.\.\.)[ \t]*$).*\n){0,200}"
    r"|\{[^\n]*\n?(?:(?!\}).*\n){0,200})",
    re.MULTILINE,
)


def _key(names: str, group: str) -> str:
    return rf"(?:^|^[ \t]+(?=\")|[{{,][ \t]*(?=\"))[\"']?(?P<{group}>(?:page-)?(?:{names}))[\"']?[ \t]*[:=][ \t]*[\"']?"


_YES, _NO = r"(?:(?:true|yes|on|1)\b|[yt](?![\w./]))", r"(?:(?:false|no|off|0|-1)\b|[nf](?![\w./]))"
_FLAGS = re.compile(
    f"{_key('(?:is_?)?(?:draft|unlisted|private|hidden)|noindex|search_exclude', 'yes')}{_YES}"
    f"|{_key('publish(?:ed)?|search|sitemap|pagefind', 'no')}{_NO}"
    f"|{_key('robots', 'robots')}[^\\n]*\\b(?:noindex|none)\\b"
    f"|{_key('visibility', 'visibility')}(?:private|hidden|unlisted|internal|draft|members|paid)\\b"
    # `head:` of VitePress and Starlight: an element, whatever its shape.
    r"|\bcontent[\"']?[ \t]*[:=][ \t]*[\"']?[^\n\"'}]*\b(?P<noindex>noindex)\b"
    rf"|{_key('search', 'search')}(?:\{{|\n(?:[ \t]+.*\n)*?[ \t]+)[ \t]*[\"']?exclude[\"']?[ \t]*[:=][ \t]*{_YES}",
    re.MULTILINE | re.IGNORECASE,
)
_INDENTED = re.compile(
    rf"^[ \t]+[\"']?(?P<yes>draft|unlisted|private|noindex)[\"']?[ \t]*[:=][ \t]*[\"']?{_YES}",
    re.MULTILINE | re.IGNORECASE,
)
"""Mostly about something within the page; in broken front matter, it may be about the page."""
_OF_THE_PAGE = frozenset({"head", "meta", "robots", "search"})
"""Fields whose own fields control who may find the page."""
_OF_THE_FILE = _OF_THE_PAGE | {"metadata", "params", "extra"}
"""The same in JSON: of notebooks, and of heads of Hugo and Zola, whose names a publisher chooses."""
_DATE = re.compile(
    r"(?:^|^[ \t]+(?=\")|[{,][ \t]*(?=\"))[\"']?(?P<name>[a-z]+(?:[_-]?[a-z]+){0,3})[\"']?[ \t]*[:=][ \t]*"
    r"(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<plain>[^\n]*?)[ \t,}]*(?:[ \t]#.*)?(?:$|(?=,[ \t]*\")))",
    re.MULTILINE | re.IGNORECASE,
)
_WRITTEN = re.compile(r"date|published|pub_?date(?:_?time)?", re.IGNORECASE)
"""Dates of pages, in whatever words: `today`, `last-modified`, `n.d.`"""
_EXPIRES = re.compile(r"expiry_?date", re.IGNORECASE)
_TO_COME = re.compile(
    r"\b(?:(?:coming )?soon|tb[acd]|to be \w+|upcoming|forthcoming|scheduled|unreleased|tomorrow|not yet"
    r"|(?:^|(?:in|the|near|some) )future(?:$|[,;:.(]| (?:date|day|time|release|version)| \()"
    r"|next (?:\w+ )?(?:(?:week|month|quarter|year)s?|season|sprint|release|version|spring|summer|autumn|fall|winter"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|[a-z]+(?:ary|ust|ber)|march|april|may|june|july))\b",
    re.IGNORECASE,
)
"""Not names of publishers: `Future plc`, `Next Big Book`."""
_WORDS = """
    draft unlisted private hidden noindex search publish sitemap pagefind robots visib date embargo
    go_live golive go_dead
""".split()
"""Each match of the patterns above has one of them; most heads have none, so this test is the first."""
_RAW_NOTE = re.compile(rb"(?:^|\n)id: [0-9a-f]{32}\n(?:\w+:.*\n)+type_: \d+$")
_FIELDS = 1 << 14
"""The bytes at the end of a file that may have the fields of such a note."""
RAW_NOTE = "raw notes of Joplin: export them as Markdown with front matter"
_ROBOTS = re.compile(
    r"^\.\. meta::\n(?:[ \t]+.*\n)*?[ \t]+:robots:.*\b(?:noindex|none)\b|"
    r"<meta\b(?=[^<>]*\bname=[\"']?(?:robots|googlebot))(?=[^<>]*\bcontent=[\"']?[^\"'<>]*\b(?:noindex|none)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_SHOWN = re.compile(
    r"^[ \t>]*(?P<fence>`{3,}|~{3,})(?:(?!^[ \t>]*(?P=fence))[\s\S])*(?:^[ \t>]*(?P=fence)[`~]*)?"
    r"|`[^`\n]+`|^(?: {3}|\t).*<meta.*",
    re.MULTILINE,
)
"""Code in a text that is not HTML: a page may explain such an element."""


def is_raw_note(data: bytes) -> bool:
    """Return whether a file is a raw note of Joplin, with its fields after the text (a conflict, the bin); names of
    folders and tags are such files, too."""
    return _RAW_NOTE.search(data[-_FIELDS:].rstrip().replace(b"\r\n", b"\n")) is not None


def head_of(data: bytes) -> str:
    """Return the beginning of a file as text, in whatever encoding."""
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data[:HEAD].decode("utf-16" if utf16 else "utf-8", "replace")


def why_private(head: str, now: datetime | None = None) -> str:
    """Return the short reason why a page is left out; empty if it is not.

    Args:
        head: The page, or its beginning.
        now: Pages with later dates are left out; None: dates do not matter.
    """
    head = head.replace("\r\n", "\n")
    front = _FRONT.match(head)
    if front is None:
        head = head[:HEAD]
        if "meta" not in head.lower() or not _ROBOTS.search(head):
            return ""
        is_html = head.lstrip("\ufeff \t\n").startswith("<")
        return "pages with noindex" if is_html or _ROBOTS.search(_SHOWN.sub("", head)) else ""
    try:
        fields, _ = json.JSONDecoder().raw_decode(head.lstrip("\ufeff \t\n"))
    except (ValueError, RecursionError):
        fields = None  # YAML, TOML, or broken
    return _why(_of_the_page(fields, _OF_THE_FILE) if isinstance(fields, dict) else front[0], now)


def _why(front: str, now: datetime | None) -> str:
    """Return why a page with this front matter is left out."""
    folded = front.casefold()
    if not any(word in folded for word in _WORDS):
        return ""
    flag = _FLAGS.search(front) or (_is_broken(front) and _INDENTED.search(front))
    if flag:
        return _reason(flag)
    for date in _DATE.finditer(front) if now else ():
        value = (date["double"] or date["single"] or date["plain"] or "").strip()
        if now is not None and (why := _why_not_today(date["name"].replace("-", "_"), value, now)):
            return f"pages that are not public: {date['name']} {why}"
    return ""


def _why_not_today(name: str, value: str, now: datetime) -> str:
    """Return why a page with this date is not shown on a day, whatever the hour and time zone; empty if it is."""
    first, last = now.replace(hour=0, minute=0, second=0, microsecond=0), now.replace(hour=23, minute=59, second=59)
    if not _WRITTEN.fullmatch(name):
        when = "until" if _EXPIRES.fullmatch(name) else private_fields.shown_when(name)
        return private_fields.why_not_now(when, value, first if when == "until" else last) if when else ""
    if _TO_COME.search(value):
        return "to come"
    try:
        return "to come" if all(begin > last for begin, _ in spans_of(value, now.year + private_fields.AHEAD)) else ""
    except ContentError:
        return ""


def why_private_metadata(metadata: str, now: datetime | None = None) -> str:
    """Return why a document with these metadata (a JSON object) is left out, like `why_private`."""
    return _why(_of_the_page(orjson.loads(metadata), _OF_THE_PAGE), now)


def _of_the_page(fields: dict[str, object], names: Collection[str]) -> str:
    """Return as JSON the fields about the page itself, and those with these names. Fields within other fields are about
    something else: `sidebar: {hidden: true}` hides a page in a menu, not from readers."""
    own = {name: value for name, value in fields.items() if name.casefold() in names or not _has_fields(value)}
    return json.dumps(own, ensure_ascii=False)


def _has_fields(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value))


def why_private_record(record: Mapping[str, Any], now: datetime | None = None, but: Collection[str] = ()) -> str:
    """Return why a record is left out, like `why_private`, by its own fields.

    Args:
        but: Fields that are only facts, whatever their names.
    """
    reason = private_fields.why_private(record, now, but)
    return reason and f"pages that are not public: {reason}"


def _reason(flag: re.Match[str]) -> str:
    name = next(name for name in flag.groupdict().values() if name)
    return f"pages that are not public: {name.lower()}"


def _is_broken(front: str) -> bool:
    """Return whether front matter with an indented flag is broken YAML."""
    if not _INDENTED.search(front) or front.lstrip("\ufeff \n")[0] == "+":
        return False
    try:
        yaml.compose(front.strip().strip("-"), yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return True
    return False
