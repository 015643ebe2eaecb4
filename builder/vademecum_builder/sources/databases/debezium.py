"""Change events as Debezium writes them, one JSON object per line, in a file or in the files of a folder, sorted by
name.

An event is `{"op": "c", "before": …, "after": …}`, with or without `payload` (or `value`) around it: `c`, `u` and `r`
(created, updated, read in a snapshot) have the row, `d` means that it is gone, `t` that all rows are. The last event of
a row counts. A line that is still being written is read the next time.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vademecum_builder.sources.base import (
    RECORD,
    Changes,
    Checkpoint,
    EmptySourceError,
    Entry,
    Removed,
    Skipped,
    SourceError,
    SourceItem,
    digest_of,
)
from vademecum_builder.sources.records import record_item, record_key

STRATEGY: Final = "debezium"
_HEAD: Final = 4096
"""A file is recognised by this many bytes."""
_TRUNCATE: Final = re.compile(rb'"op"\s*:\s*"t"')


@dataclass(frozen=True)
class DebeziumEvents:
    """Rows, from their events.

    Attributes:
        path: A file, or a folder of `.jsonl` and `.json`.
        id: The field that identifies a row.
        table: Events of other tables are left out; empty: there is only one.
    """

    path: Path
    id: str = "id"
    table: str = ""

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return all rows, or those with events since a checkpoint. Everything is returned (`whole`) if a file was
        replaced, or all rows were deleted.

        Raises:
            UsageError: No such file, no row, or not a checkpoint of this source.
        """
        known = since.read(STRATEGY, "Debezium's events", _position) if since is not None else {}
        files = self._files()
        whole = any(_head(files[name], at) != head for name, (at, head) in known.items() if name in files)
        whole = whole or (
            since is not None and any(_empties(file, known.get(name, (0, ""))[0]) for name, file in files.items())
        )
        return Changes(self._entries(files, {} if whole else known, told=not whole and since is not None), whole=whole)

    def _files(self) -> dict[str, Path]:
        found = sorted(self.path.glob("*.json*")) if self.path.is_dir() else [self.path]
        if not found or not all(file.is_file() for file in found):
            raise SourceError(f"{self.path}: no such file, and no folder with .jsonl in it")
        return {file.name: file for file in found}

    def _entries(
        self, files: Mapping[str, Path], known: Mapping[str, tuple[int, str]], *, told: bool
    ) -> Iterator[Entry]:
        with closing(sqlite3.connect("")) as rows:
            rows.execute("CREATE TABLE event (key PRIMARY KEY, data) WITHOUT ROWID")
            position = {name: at for name, at in known.items() if name in files}
            for name, file in files.items():
                at = known[name][0] if name in known else 0
                with file.open("rb") as stream:
                    stream.seek(at)
                    for number, line in enumerate(stream, 1):
                        event = _event(line)
                        if event is None and not line.endswith(b"\n"):
                            break
                        at += len(line)
                        if line.strip() and (
                            left_out := self._take(rows, event, f"{name}, line {number} of {len(line)}")
                        ):
                            yield left_out
                position[name] = (at, _head(file, at))
            live = 0
            for key, data in rows.execute("SELECT key, data FROM event ORDER BY key"):
                live += data is not None
                if data is not None:
                    yield SourceItem(key, RECORD, data)
                elif told:
                    yield Removed(key)
            if not live and not told:
                raise EmptySourceError(f"{self.path}: there is no row; nothing is changed")
            yield Checkpoint(STRATEGY, json.dumps(position, sort_keys=True))

    def _take(self, rows: sqlite3.Connection, event: Any, where: str) -> Skipped | None:
        if not isinstance(event, dict):
            return None if event is _TOMBSTONE else Skipped(where, "not a JSON object")
        of = event.get("source") or {}
        if self.table and of.get("table") != self.table:
            return None
        if event.get("op") == "t":
            rows.execute("DELETE FROM event")
            return None
        row = event.get("before") if event.get("op") == "d" else event.get("after")
        row = row if isinstance(row, dict) else {}
        key = record_key(row.get(self.id))
        if event.get("op") not in ("c", "u", "r", "d") or key is None:
            return Skipped(where, f"no event of a row with {self.id}: op {event.get('op')!r}"[:200])
        old = event.get("before")
        if isinstance(old, dict) and (gone := record_key(old.get(self.id))) not in (None, key):
            rows.execute("REPLACE INTO event VALUES (?, NULL)", [gone])
        item = None if event["op"] == "d" else record_item(key, row)
        if isinstance(item, Skipped):
            return item
        rows.execute("REPLACE INTO event VALUES (?, ?)", [key, item.data if item else None])
        return None


_TOMBSTONE: Final = object()
"""Kafka's marker after a deletion: nothing of the key has to be kept."""


def _event(line: bytes) -> Any:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    for around in ("value", "payload"):
        if isinstance(record, dict) and "op" not in record and around in record:
            record = record[around]
    return _TOMBSTONE if record is None else record


def _empties(file: Path, at: int) -> bool:
    """Return whether all rows were deleted after a place in the file."""
    with file.open("rb") as stream:
        stream.seek(at)
        return any(_TRUNCATE.search(line) for line in stream)


def _head(file: Path, at: int) -> str:
    """Return the digest of a file's beginning; empty: the file is shorter than what was read of it."""
    if file.stat().st_size < at:
        return ""
    with file.open("rb") as stream:
        return digest_of(stream.read(min(at, _HEAD)))


def _position(text: str) -> dict[str, tuple[int, str]]:
    return {str(name): (int(at), str(head)) for name, (at, head) in json.loads(text).items()}
