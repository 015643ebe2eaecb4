"""A feed (RSS, Atom) as a source: each entry is a record."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten
from typing import Any
from urllib.parse import urljoin

import orjson

from vademecum.format.json import canonical, iso_time
from vademecum.version import __version__
from vademecum_builder.sources.base import Changes, Checkpoint, Entry, Skipped, SourceError, digest_of
from vademecum_builder.sources.fetched import fetch, is_address
from vademecum_builder.sources.messages.mail import text_of_html
from vademecum_builder.sources.private_fields import why_private
from vademecum_builder.sources.records import record_item, record_key

_STRATEGY = "feed"
_NAMES = ("id", "g_id", "link", "g_link", "title")
"""The fields that can be an entry's key; without any, a hash of its text is. `g_`: a feed of products (Google Merchant)
may only have these."""
_SHORTCODE = re.compile(
    r"(?<!\[)\[(/?)([a-z][\w-]*)((?:\s+[\w-]+=(?:\"[^\"\]]*\"|'[^'\]]*'|[^\s\]\"']+))*)\s*/?\](?!\])"
)
"""WordPress's `[caption id="a"]`, `[/caption]`, `[gallery]`."""
_SHOWN = ("publish", "closed")
_OF_A_PROGRAM = re.compile(r"[?&]post_type=")
_CODE = re.compile(r"(<(pre|code)\b(?:(?!<(?:pre|code)\b)[\s\S])*</\2>)", re.IGNORECASE)
_END = re.compile(rb"</(?:[\w]+:)?(?:rss|feed|RDF)\s*>", re.IGNORECASE)


@dataclass(frozen=True)
class FeedSource:
    """The entries of a feed, each under its id or its link.

    Attributes:
        place: A file, or an address.
        keep: Whether entries stay that have dropped out of the feed since a checkpoint.
    """

    place: str
    keep: bool = True

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return all entries; none if the feed has not changed since the checkpoint.

        Raises:
            UsageError: No such file, no feed, one that was cut off or is empty, or not a checkpoint of a feed.
            HostError: The host does not answer.
        """
        known: Mapping[str, Any] = since.read(_STRATEGY, f"the feed {self.place}", orjson.loads) if since else {}
        # Another version of this program may read the same bytes differently.
        is_read = known.get("by") == __version__
        got = self._read(known["ask"] if is_read else {})
        if since and is_read and (got is None or digest_of(got[0]) == known["digest"]):
            return Changes(iter([since]))
        data, validators = got or (b"", {})
        position = {"ask": validators, "digest": digest_of(data), "by": __version__}
        entries = self._entries(data, Checkpoint(_STRATEGY, canonical(position).decode()))
        return Changes(entries, whole=not self.keep)

    def _read(self, validators: Mapping[str, str]) -> tuple[bytes, Mapping[str, str]] | None:
        if is_address(self.place):
            fetched = fetch(self.place, validators)
            if fetched is None:
                return None
            with fetched.body:
                return fetched.body.read(), fetched.validators
        try:
            return Path(self.place).read_bytes(), {}
        except OSError as error:
            raise SourceError(f"{self.place}: cannot be read: {error.strerror}") from error

    def _entries(self, data: bytes, checkpoint: Checkpoint) -> Iterator[Entry]:
        import feedparser

        feed = feedparser.parse(data)
        if not feed.get("version"):
            raise SourceError(f"{self.place}: not a feed (RSS or Atom)")
        if not _END.search(data[-1000:]):
            raise SourceError(f"{self.place}: it ends in the middle: it was cut off, or is being written")
        seen: set[str] = set()
        base = self.place if is_address(self.place) else ""
        read = [(entry, _key_of(entry), _fields(entry, base)) for entry in feed.entries]
        public = {key for _, key, fields in read if not why_private(fields)}
        for number, (entry, key, fields) in enumerate(read, 1):
            # A menu item of WordPress has the id of the post that it links to.
            if key in public | seen and why_private(fields):
                key = f"{key} {number}"
            if key is None or key in seen:
                why = f"its id {key} stands twice" if key else "no id, no link, no title and no text"
                yield Skipped(f"entry {number}", why, str(entry))
                continue
            seen.add(key)
            yield record_item(key, fields)
        if not seen:
            raise SourceError(f"{self.place}: no entry in this feed; nothing is changed")
        yield checkpoint


def _key_of(entry: Any) -> str | None:
    key = next(filter(None, (record_key(entry.get(name)) for name in _NAMES)), None)
    if key is None and entry.get("summary"):  # RSS requires a title or a description
        return digest_of(entry["summary"].encode())
    return key


def _fields(entry: Any, base: str) -> dict[str, Any]:
    """Return the fields of an entry; a relative link starts from the feed's own address (`base`)."""
    link = urljoin(base, entry.get("link") or entry.get("g_link", ""))
    bodies = [one.value for one in entry.get("content", ())] or [entry.get("summary") or entry.get("g_description", "")]
    if "wp_status" in entry:  # an export, whose shortcodes are not rendered yet
        bodies = [*map(_without_shortcodes, bodies)]
    # dict.get: feedparser's own `get` takes one for the other, with a warning.
    time = dict.get(entry, "updated_parsed") or dict.get(entry, "published_parsed")
    fields = {
        "title": entry.get("title") or entry.get("g_title") or _begin("\n".join(bodies)),
        "text": "\n".join(bodies),
        "link": link if is_address(link) else "",  # an id such as urn:uuid:… leads nowhere
        "author": entry.get("author", ""),
        "tags": [tag.term for tag in entry.get("tags", ()) if tag.get("term")],
        "updated": iso_time(datetime.fromtimestamp(timegm(time), UTC)) if time else "",
    }
    # WordPress's export: whether an item is public, and whether it is a post at all. Orders, coupons and filled-in
    # forms have states of their own, or no address but that of their type; a closed topic of a forum is public.
    fields |= {name: entry.get(f"wp_{name}", "") for name in ("post_type", "post_password")}
    if status := entry.get("wp_status", ""):
        fields["post_status"] = "private" if status not in _SHOWN or _OF_A_PROGRAM.search(link) else status
    return {name: value for name, value in fields.items() if value}


def _without_shortcodes(page: str) -> str:
    """Return a post without WordPress's shortcodes: those with attributes, or that are closed somewhere."""
    names = {name for closes, name, said in _SHORTCODE.findall(page) if closes or said} | {"gallery", "embed"}
    parts = _CODE.split(page)  # in turn: the text between, the code, and the name of its element
    parts[::3] = (_SHORTCODE.sub(lambda m: "" if m[2] in names else m[0], part) for part in parts[::3])
    del parts[2::3]
    return "".join(parts)


def _begin(page: str) -> str:
    """Return the first words of a text, for an entry without a title."""
    return shorten(next(iter(text_of_html(page).split("\n")), ""), 80, placeholder=" …")
