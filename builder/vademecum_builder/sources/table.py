"""A table or a query of a database as a source of records: all of it, or what is new by a column that rises.

Since a checkpoint, all rows are read from where the look-back begins, and compared by hash with what was told of them:
so equal values of the column, rows that were committed late, and rows that are gone from there are found. A column
of a whole table that goes back is refused: what was restored from a copy has to be compared whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa

from vademecum.errors import UsageError
from vademecum_builder.sources.base import (
    Changes,
    Checkpoint,
    Entry,
    Removed,
    Skipped,
    SourceError,
    SourceItem,
)
from vademecum_builder.sources.database import FETCHED, Database, decode_value, encode_value
from vademecum_builder.sources.records import instead, is_deleted, record_item, record_key

STRATEGY: Final = "cursor"
CHANGED: Final = "vademecum_changed"
LOOK_BACK: Final = 1000
"""Rows before the end of the cursor that are compared again."""
MOST_TWICE: Final = 1000
"""With more ids that stand twice, the column is no id."""
_CHECKPOINT_ROWS: Final = 5000
_NOT_UTF_8: Final = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class TableSource:
    """Rows as items.

    Attributes:
        database: Where they are.
        table: Its name, or `schema.name`; empty: there is a query.
        query: A SELECT.
        id: The column that identifies a row.
        cursor: A column that rises with every change, such as a time or a version; empty: every row is told.
        deleted: A column that says of a row that it is gone: true, a time, anything but null, 0 and "false".
        look_back: How many rows before the cursor's end are compared again.
    """

    database: Database
    table: str = ""
    query: str = ""
    id: str = "id"
    cursor: str = ""
    deleted: str = ""
    look_back: int = LOOK_BACK

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return all rows, or those that are new or edited since a checkpoint.

        Raises:
            UsageError: No such table or column, nothing in it, a cursor that went back, or not a checkpoint of this
                source.
            NetworkError: The database does not answer, is locked, or died.
        """
        if since is not None and not self.cursor:
            raise UsageError(
                f"{self.name}: every row is compared, so there is no checkpoint ({since.strategy})"
            )
        known = _Position.of(since) if since is not None else None
        with self.database.connect() as connection:
            count = TableReading(self, connection).count()
        return Changes(self._entries(known), expected=0 if known else count)

    @property
    def name(self) -> str:
        """What is read, for messages."""
        return f"{self.database.name}, {self.table or 'query'}"

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns, after they were checked.

        Raises:
            UsageError: One of the settings' columns is not there.
            NetworkError: As `changes`.
        """
        with self.database.connect() as connection:
            return TableReading(self, connection).columns()

    def read(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield some columns of every row, in any order, as the database gives them.

        Raises:
            UsageError, NetworkError: As `changes`.
        """
        with self.database.connect() as connection:
            reading = TableReading(self, connection)
            statement: Any = sa.select(*map(sa.column, columns)).select_from(reading.origin)
            result = connection.execution_options(stream_results=True, yield_per=FETCHED).execute(statement)
            with result:
                yield from map(dict, result.mappings())

    def _entries(self, known: _Position | None) -> Iterator[Entry]:
        with self.database.connect() as connection:
            reading = TableReading(self, connection)
            reading.columns()
            yield from reading.since(known) if self.cursor else reading.everything()


@dataclass(frozen=True)
class _Position:
    """How far rows were told.

    Attributes:
        cursor, id: Of the last row, encoded.
        start: The cursor where the look-back begins, encoded.
        seen: Of each row from there its key, its id, encoded, and a hash of what it was.
    """

    cursor: Any
    id: Any
    start: Any
    seen: Mapping[str, tuple[Any, str]]

    @classmethod
    def of(cls, since: Checkpoint) -> _Position:
        try:
            if since.strategy != STRATEGY:
                raise ValueError
            told = json.loads(since.position)
            seen = {key: (id, digest) for key, id, digest in told["seen"]}
            return cls(told["cursor"], told["id"], told["start"], seen)
        except (ValueError, KeyError, TypeError):
            raise UsageError(f"not a checkpoint of a table by its cursor ({since.strategy})") from None

    def checkpoint(self) -> Checkpoint:
        seen = [[key, id, digest] for key, (id, digest) in self.seen.items()]
        told = {"cursor": self.cursor, "id": self.id, "start": self.start, "seen": seen}
        return Checkpoint(STRATEGY, json.dumps(told, separators=(",", ":"), ensure_ascii=False))


@dataclass(frozen=True)
class _Row:
    """What is remembered of a row: its hash tells whether it is another one."""

    key: str
    id: Any
    cursor: Any
    digest: str


@dataclass
class TableReading:
    """A table while it is read."""

    source: TableSource
    connection: sa.Connection
    twice: frozenset[str] = frozenset()

    @cached_property
    def origin(self) -> Any:
        """What is selected from."""
        source = self.source
        if source.query:
            return source.database.query(source.query)
        return source.database.table(self.connection, source.table)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns.

        Raises:
            UsageError: One of the settings' columns is not there, or two have one name.
        """
        names = tuple(self.connection.execute(self.select().limit(0)).keys())
        for name in names:
            if names.count(name) > 1:
                raise UsageError(
                    f"{self.source.name}: two columns are called {name!r}: name one of them anew with AS"
                )
        for setting in ("id", "cursor", "deleted"):
            name = getattr(self.source, setting)
            if name and name not in names:
                where = f"{self.source.database.where}: source.{setting}: "
                raise UsageError(f"{where}{self.source.name} has no column {name!r}; {instead(name, names)}")
        return names

    def count(self) -> int:
        """Return how many rows there are.

        Raises:
            UsageError: There is none.
        """
        self.columns()
        rows, _ = self._counts()
        if not rows:
            raise SourceError(f"{self.source.name}: there is no row; nothing is changed")
        return rows

    def everything(self) -> Iterator[Entry]:
        """Yield every row, by its id."""
        yield from self._without_id()
        self.twice = self.ids_that_stand_twice()
        skipped: set[str] = set()
        live = 0
        for row, entry in self.rows(self.select().order_by(self.column(self.source.id))):
            if not isinstance(entry, Removed) and row.key not in skipped:
                live += 1
                yield entry
            if isinstance(entry, Skipped):
                skipped.add(row.key)
        if not live:
            raise SourceError(f"{self.source.name}: every row is deleted; nothing is changed")

    def since(self, known: _Position | None) -> Iterator[Entry]:
        """Yield what is new, in the cursor's order, and a checkpoint now and then."""
        source, cursor = self.source, self.column(self.source.cursor)
        if known is None:
            yield from self._without_id()
        yield from self._without_cursor()
        self.twice = self.ids_that_stand_twice()
        told = set(known.seen) if known else set()
        statement = self.select().order_by(cursor, self.column(source.id)).where(cursor.is_not(None))
        if known is not None:
            statement = statement.where(cursor >= decode_value(known.start))
        kept: list[_Row] = []
        skipped: set[str] = set()
        read = live = 0
        for row, entry in self.rows(statement):
            read += 1
            live += not isinstance(entry, Removed)
            before = known.seen.get(row.key) if known else None
            news = row.digest != before[1] if before else bool(known) or not isinstance(entry, Removed)
            if news and row.key not in skipped:
                yield entry
            if isinstance(entry, Skipped):
                skipped.add(row.key)
            told.discard(row.key)
            kept.append(row)
            if read % _CHECKPOINT_ROWS == 0 and not told:
                kept = self._look_back(kept)
                yield self._position(kept).checkpoint()
        if known is None and not live:
            raise SourceError(f"{source.name}: every row is deleted; nothing is changed")
        if known is not None and told:
            yield from self._gone(known, told, read)
        if kept:
            yield self._position(self._look_back(kept)).checkpoint()
        elif known is not None:
            yield replace(known, seen={}).checkpoint()

    def _gone(self, known: _Position, keys: set[str], read: int) -> Iterator[Entry]:
        """Yield rows of the look-back that are no longer in it: deleted, or their cursor was set back."""
        ids = [decode_value(known.seen[key][0]) for key in sorted(keys)]
        found = set()
        for start in range(0, len(ids), FETCHED):
            statement = self.select().where(self.column(self.source.id).in_(ids[start : start + FETCHED]))
            for row, entry in self.rows(statement):
                found.add(row.key)
                yield entry
        if not found and not read:
            raise UsageError(
                f"{self.source.name}: {self.source.cursor} went back: nothing is left of what was read up to "
                f"{known.cursor!r}; was an older copy restored? compare all of it: vade sync --full"
            )
        yield from (Removed(key) for key in sorted(keys - found))

    def _look_back(self, rows: list[_Row]) -> list[_Row]:
        """Return the last rows, with all that have the same cursor as the first of them."""
        if len(rows) <= self.source.look_back:
            return rows
        first = rows[-self.source.look_back].cursor
        at = len(rows) - self.source.look_back
        while at and rows[at - 1].cursor == first:
            at -= 1
        return rows[at:]

    def _position(self, rows: list[_Row]) -> _Position:
        seen = {row.key: (encode_value(row.id), row.digest) for row in rows}
        return _Position(
            encode_value(rows[-1].cursor), encode_value(rows[-1].id), encode_value(rows[0].cursor), seen
        )

    def _without_id(self) -> Iterator[Skipped]:
        _, missing = self._counts()
        if missing:
            yield Skipped("(no id)", f"{missing} rows have no {self.source.id}: it is NULL")

    def _without_cursor(self) -> Iterator[Skipped]:
        column = self.column(self.source.cursor)
        count = self.connection.scalar(
            sa.select(sa.func.count()).select_from(self.origin).where(column.is_(None))
        )
        if count:
            hint = f"select COALESCE({self.source.cursor}, …) in a query"
            yield Skipped("(no cursor)", f"{count} rows have no {self.source.cursor}: it is NULL; {hint}")

    def _counts(self) -> tuple[int, int]:
        column = self.column(self.source.id)
        rows, with_id = self.connection.execute(
            sa.select(sa.func.count(), sa.func.count(column)).select_from(self.origin)
        ).one()
        return int(rows), int(rows) - int(with_id)

    def changed(self, statement: Any, values: Mapping[str, Any]) -> Iterator[Entry]:
        """Yield rows that changed, and those that are gone.

        Args:
            statement: Selects the id of each change as `CHANGED`, and the row beside it, or nulls.
            values: What stands for the statement's parameters.
        """
        self.twice = self.ids_that_stand_twice()
        skipped: set[str] = set()
        result = self.connection.execution_options(stream_results=True, yield_per=FETCHED).execute(
            statement, values
        )
        with result:
            for fields in map(dict, result.mappings()):
                id = fields.pop(CHANGED)
                there = fields[self.source.id] is not None
                entry = self.entry(id, fields) if there else Removed(record_key(id) or str(id)[:100])
                if entry.key not in skipped:
                    yield entry
                if isinstance(entry, Skipped):
                    skipped.add(entry.key)

    def ids_that_stand_twice(self) -> frozenset[str]:
        column: sa.ColumnElement[Any] = self.column(self.source.id)
        if self.source.database.dialect == "sqlite":  # where 7 and '7' may stand in one column
            column = sa.cast(column, sa.String)
        statement = (
            sa.select(column).select_from(self.origin).where(column.is_not(None)).group_by(column)
            .having(sa.func.count() > 1).limit(MOST_TWICE + 1)
        )  # fmt: skip
        ids = self.connection.scalars(statement).all()
        if len(ids) > MOST_TWICE:
            raise UsageError(
                f"{self.source.name}: more than {MOST_TWICE} values of {self.source.id!r} stand in several rows, such "
                f"as {ids[0]!r}: name the column that identifies a row (source.id)"
            )
        return frozenset(filter(None, map(record_key, ids)))

    def rows(self, statement: sa.Select[Any]) -> Iterator[tuple[_Row, SourceItem | Skipped | Removed]]:
        source = self.source
        statement = statement.where(self.column(source.id).is_not(None))
        result = self.connection.execution_options(stream_results=True, yield_per=FETCHED).execute(statement)
        with result:
            for fields in map(dict, result.mappings()):
                id = fields[source.id]
                entry = self.entry(id, fields)
                told = entry.data if isinstance(entry, SourceItem) else repr(entry).encode()
                digest = hashlib.sha256(told).hexdigest()[:16]
                yield _Row(entry.key, id, fields[source.cursor] if source.cursor else None, digest), entry

    def entry(self, id: Any, fields: Mapping[str, Any]) -> SourceItem | Skipped | Removed:
        key = record_key(id)
        if key is None:
            return Skipped(
                repr(id)[:100],
                f"{self.source.id} is of type {type(id).__name__}: expected a text or a whole number",
            )
        if key in self.twice:
            return Skipped(key, f"several rows have this {self.source.id}: none of them is taken")
        if self.source.deleted and is_deleted(fields[self.source.deleted]):
            return Removed(key)
        for name, value in fields.items():
            if isinstance(value, str) and not value.isprintable() and _NOT_UTF_8.search(value):
                return Skipped(
                    key, f"{name} is not UTF-8", value[:200].encode("utf-8", "backslashreplace").decode()
                )
        return record_item(key, fields)

    def select(self) -> sa.Select[Any]:
        return sa.select(sa.literal_column("*")).select_from(self.origin)

    def column(self, name: str) -> sa.ColumnElement[Any]:
        return sa.column(name)
