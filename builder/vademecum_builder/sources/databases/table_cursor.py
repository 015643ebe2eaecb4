"""Reading a table from a checkpoint, by an ascending column.

All rows since the beginning of the look-back are read and compared by hash with those of the last reading: this finds
equal values of the column, rows that were committed late, and rows that are gone. A column that went back as a whole is
refused: a table that was restored from a copy has to be compared completely.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
import sqlalchemy as sa

from vademecum.errors import UsageError, counted
from vademecum_builder.sources.base import Checkpoint, EmptySourceError, Entry, Removed, Skipped
from vademecum_builder.sources.databases.database import FETCHED, decode_value, encode_value
from vademecum_builder.sources.databases.table_rows import Row, TableReading

STRATEGY: Final = "cursor"
_CHECKPOINT_ROWS: Final = 5000


@dataclass(frozen=True)
class RowPosition:
    """How far rows were read.

    Attributes:
        cursor, id: Of the last row, encoded.
        start: The cursor at the beginning of the look-back, encoded.
        seen: For each row from there by key: its id, encoded, and a hash of its content.
        columns: The names of the columns: if they change, every row has changed.
    """

    cursor: Any
    id: Any
    start: Any
    seen: Mapping[str, tuple[Any, str]]
    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, since: Checkpoint) -> RowPosition:
        """Read what `checkpoint` gave; raise UsageError if it is another checkpoint."""
        return since.read(STRATEGY, "a table by its cursor", cls._parsed)

    @classmethod
    def _parsed(cls, text: str) -> RowPosition:
        position = orjson.loads(text)
        seen = {key: (id, digest) for key, id, digest in position["seen"]}
        return cls(position["cursor"], position["id"], position["start"], seen, tuple(position.get("columns", ())))

    def checkpoint(self) -> Checkpoint:
        """Return it as a checkpoint."""
        seen = [[key, id, digest] for key, (id, digest) in self.seen.items()]
        position = {"cursor": self.cursor, "id": self.id, "start": self.start, "seen": seen, "columns": self.columns}
        return Checkpoint(STRATEGY, orjson.dumps(position).decode())


def read_on(reading: TableReading, known: RowPosition | None) -> Iterator[Entry]:
    """Yield what is new, in the order of the cursor, with checkpoints in between."""
    source, cursor = reading.source, reading.column(reading.source.cursor)
    if known is None:
        yield from reading.without_id()
    yield from _without_cursor(reading)
    reading.twice = reading.ids_that_stand_twice()
    told = set(known.seen) if known else set()
    statement = reading.select().order_by(cursor, reading.column(source.id)).where(cursor.is_not(None))
    if known is not None:
        statement = statement.where(cursor >= decode_value(known.start))
    kept: list[Row] = []
    skipped: set[str] = set()
    read, live = 0, False
    for row, entry in reading.rows(statement):
        read += 1
        live |= not isinstance(entry, Removed)
        before = known.seen.get(row.key) if known else None
        news = row.digest != before[1] if before else bool(known) or not isinstance(entry, Removed)
        if news and row.key not in skipped:
            yield entry
        if isinstance(entry, Skipped):
            skipped.add(row.key)
        told.discard(row.key)
        kept.append(row)
        if read % _CHECKPOINT_ROWS == 0 and not told:
            kept = _look_back(kept, source.look_back)
            yield _position(reading, kept).checkpoint()
    if known is None and not live:
        raise EmptySourceError(f"{source.name}: every row is deleted; nothing is changed")
    if known is not None and told:
        yield from _gone(reading, known, told, read)
    if kept:
        yield _position(reading, _look_back(kept, source.look_back)).checkpoint()
    elif known is not None:
        yield replace(known, seen={}).checkpoint()


def _gone(reading: TableReading, known: RowPosition, keys: set[str], read: int) -> Iterator[Entry]:
    """Yield rows that are no longer in the look-back: deleted, or with a cursor that was set back."""
    ids = [decode_value(known.seen[key][0]) for key in sorted(keys)]
    found = set()
    for start in range(0, len(ids), FETCHED):
        statement = reading.select().where(reading.column(reading.source.id).in_(ids[start : start + FETCHED]))
        for row, entry in reading.rows(statement):
            found.add(row.key)
            yield entry
    if not found and not read:
        raise UsageError(
            f"{reading.source.name}: {reading.source.cursor} went back: nothing is left of what was read up to "
            f"{known.cursor!r}; was an older copy restored? compare all of it: vade sync --full"
        )
    yield from (Removed(key) for key in sorted(keys - found))


def _look_back(rows: list[Row], least: int) -> list[Row]:
    """Return the last rows, including all with the same cursor as the first of them."""
    if len(rows) <= least:
        return rows
    first = rows[-least].cursor
    at = len(rows) - least
    while at and rows[at - 1].cursor == first:
        at -= 1
    return rows[at:]


def _position(reading: TableReading, rows: list[Row]) -> RowPosition:
    seen = {row.key: (encode_value(row.id), row.digest) for row in rows}
    cursor, id, start = map(encode_value, (rows[-1].cursor, rows[-1].id, rows[0].cursor))
    return RowPosition(cursor, id, start, seen, reading.columns())


def _without_cursor(reading: TableReading) -> Iterator[Skipped]:
    column = reading.column(reading.source.cursor)
    count = reading.connection.scalar(sa.select(sa.func.count()).select_from(reading.origin).where(column.is_(None)))
    if count:
        hint = f"select COALESCE({reading.source.cursor}, …) in a query"
        yield Skipped("(no cursor)", f"{counted(count, 'rows')} without {reading.source.cursor}: it is NULL; {hint}")
