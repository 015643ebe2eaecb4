"""Pages that their own generator would not show to everybody. A signed release cannot be called back: in doubt, out.

The head of a page is read line by line, not parsed: broken YAML, TOML or JSON may say that it is a draft, too.
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
"""Bytes of a file in which it may say that it is private."""
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
"""Of something else than the page, mostly; in front matter that nothing can be read of, who knows."""
_OF_THE_PAGE = frozenset({"head", "meta", "robots", "search"})
"""Fields with fields of their own that say who may find the page."""
_OF_THE_FILE = _OF_THE_PAGE | {"metadata", "params", "extra"}
"""As above in JSON: of a notebook, and of the heads that Hugo and Zola read, whose names a publisher chooses."""
_DATE = re.compile(
    r"(?:^|^[ \t]+(?=\")|[{,][ \t]*(?=\"))[\"']?(?P<name>[a-z]+(?:[_-]?[a-z]+){0,3})[\"']?[ \t]*[:=][ \t]*"
    r"(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<plain>[^\n]*?)[ \t,}]*(?:[ \t]#.*)?(?:$|(?=,[ \t]*\")))",
    re.MULTILINE | re.IGNORECASE,
)
_WRITTEN = re.compile(r"date|published|pub_?date(?:_?time)?", re.IGNORECASE)
"""When a page was written or came out, in whatever words: `today`, `last-modified`, `n.d.`"""
_EXPIRES = re.compile(r"expiry_?date", re.IGNORECASE)
_TO_COME = re.compile(
    r"\b(?:(?:coming )?soon|tb[acd]|to be \w+|upcoming|forthcoming|scheduled|unreleased|tomorrow|not yet"
    r"|(?:^|(?:in|the|near|some) )future(?:$|[,;:.(]| (?:date|day|time|release|version)| \()"
    r"|next (?:\w+ )?(?:(?:week|month|quarter|year)s?|season|sprint|release|version|spring|summer|autumn|fall|winter"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|[a-z]+(?:ary|ust|ber)|march|april|may|june|july))\b",
    re.IGNORECASE,
)
"""Not what publishers are called: `Future plc`, `Next Big Book`."""
_WORDS = """
    draft unlisted private hidden noindex search publish sitemap pagefind robots visib date embargo
    go_live golive go_dead
""".split()
"""One of them stands in whatever the patterns above find: most heads have none, which is seen at once."""
_RAW_NOTE = re.compile(rb"(?:^|\n)id: [0-9a-f]{32}\n(?:\w+:.*\n)+type_: \d+$")
_FIELDS = 1 << 14
"""Bytes in which the fields behind such a note are."""
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
"""Code in a text that is no HTML: a page may tell how to write such an element."""


def is_raw_note(data: bytes) -> bool:
    """Return whether a file is a note as Joplin keeps it: behind the text stand its fields (a conflict, the bin), and
    names of folders and tags are files as well."""
    return _RAW_NOTE.search(data[-_FIELDS:].rstrip().replace(b"\r\n", b"\n")) is not None


def head_of(data: bytes) -> str:
    """Return the beginning of a file as text, whatever its encoding is."""
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data[:HEAD].decode("utf-16" if utf16 else "utf-8", "replace")


def why_private(head: str, now: datetime | None = None) -> str:
    """Return why a page is to be left out, as a line of a table says it; empty: it is not.

    Args:
        head: The page, or its beginning.
        now: Dates are compared with it; None: they do not matter.
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
        said, _ = json.JSONDecoder().raw_decode(head.lstrip("\ufeff \t\n"))
    except (ValueError, RecursionError):
        said = None  # YAML, TOML, or what is broken
    return _why(_of_the_page(said, _OF_THE_FILE) if isinstance(said, dict) else front[0], now)


def _why(front: str, now: datetime | None) -> str:
    """Return why a page with this front matter is to be left out."""
    folded = front.casefold()
    if not any(word in folded for word in _WORDS):
        return ""
    said = _FLAGS.search(front) or (_is_broken(front) and _INDENTED.search(front))
    if said:
        return _told(said)
    for date in _DATE.finditer(front) if now else ():
        value = (date["double"] or date["single"] or date["plain"] or "").strip()
        if now is not None and (why := _why_not_today(date["name"].replace("-", "_"), value, now)):
            return f"pages not for everybody: {date['name']} {why}"
    return ""


def _why_not_today(name: str, value: str, now: datetime) -> str:
    """Return why a page with this date is not shown on a day, whatever the hour and its zone; empty: it is."""
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
    """Return why a document with these metadata (a JSON object) is to be left out, as `why_private`."""
    return _why(_of_the_page(orjson.loads(metadata), _OF_THE_PAGE), now)


def _of_the_page(fields: dict[str, object], names: Collection[str]) -> str:
    """Return as JSON what a page's fields say of itself, and those of these names. What lies within another field
    speaks of that: `sidebar: {hidden: true}` keeps a page out of a menu, no reader out."""
    own = {name: value for name, value in fields.items() if name.casefold() in names or not _has_fields(value)}
    return json.dumps(own, ensure_ascii=False)


def _has_fields(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value))


def why_private_record(record: Mapping[str, Any], now: datetime | None = None, but: Collection[str] = ()) -> str:
    """Return why a record is to be left out, as `why_private`: one of its own fields says so.

    Args:
        but: Fields that are mere facts, whatever they are called.
    """
    said = private_fields.why_private(record, now, but)
    return said and f"pages not for everybody: {said}"


def _told(said: re.Match[str]) -> str:
    name = next(name for name in said.groupdict().values() if name)
    return f"pages not for everybody: {name.lower()}"


def _is_broken(front: str) -> bool:
    """Return whether front matter with an indented flag says nothing to who reads it as YAML."""
    if not _INDENTED.search(front) or front.lstrip("\ufeff \n")[0] == "+":
        return False
    try:
        yaml.compose(front.strip().strip("-"), yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return True
    return False
