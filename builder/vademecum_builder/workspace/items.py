"""Stored items, and the differences between two versions of one."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from vademecum.format.json import canonical
from vademecum_builder.sources.base import RECORD, SourceItem

ADDED, MODIFIED, REMOVED = "added", "modified", "removed"


@dataclass(frozen=True)
class StoredItem:
    """An item as the workspace has it.

    Attributes:
        view: Of its source.
        job: The job that brought it.
    """

    item: SourceItem
    view: str
    job: int = 0


@dataclass(frozen=True)
class Change:
    """What happened, or would happen, to an item.

    Attributes:
        what: `added`, `modified` or `removed`.
        fields: For a modified item, by changed field: SHA-256 of the old and of the new value as canonical JSON; None:
            it had no such field. An item that is not a record has one field, `content`.
        old, new: SHA-256 of the whole item; empty: there was, or is, none.
        seq, job: Its place in the log, and the job that made it; 0: none.
    """

    source: str
    key: str
    what: str
    fields: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    old: str = ""
    new: str = ""
    seq: int = 0
    job: int = 0


def digest_of(view: str, item: SourceItem) -> str:
    """Return the digest of an item and everything kept with it."""
    return hashlib.sha256(canonical([view, item.media_type, item.target, item.content_hash])).hexdigest()


def changed_fields(old: SourceItem, new: SourceItem) -> dict[str, tuple[str | None, str | None]]:
    """Return the fields that differ, with the digests of both values."""
    before, after = _fields(old), _fields(new)
    return {
        name: (before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }


def _fields(item: SourceItem) -> dict[str, str]:
    told_fields: dict[str, Any] = {"content": item.content_hash}
    if item.media_type == RECORD:
        told_fields = orjson.loads(item.data)
    return {name: hashlib.sha256(canonical([value])).hexdigest() for name, value in told_fields.items()}


def stored(row: Sequence[Any]) -> StoredItem:
    """Return the item in a row of the table, given its columns from `view` to `data`."""
    view, key, media_type, target, job, data = row
    return StoredItem(SourceItem(key, media_type, zlib.decompress(data), target), view, job)


def packed(stored: StoredItem) -> bytes:
    """Return an item as the log keeps it."""
    item = stored.item
    head = canonical([stored.view, item.key, item.media_type, item.target, stored.job])
    return zlib.compress(head + b"\n" + item.data, 6)


def unpacked(was: bytes) -> StoredItem:
    """Return the item that `packed` was given."""
    head, _, data = zlib.decompress(was).partition(b"\n")
    view, key, media_type, target, job = orjson.loads(head)
    return StoredItem(SourceItem(key, media_type, data, target), view, job)
