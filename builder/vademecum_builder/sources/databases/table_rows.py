"""The rows of a table or a query, read in one connection: each is an item, or skipped with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa

from vademecum.errors import UsageError, counted
from vademecum_builder.sources.base import EmptySourceError, Entry, Removed, Skipped, SourceItem, digest_of_entry
from vademecum_builder.sources.databases.database import FETCHED, Database
from vademecum_builder.sources.records import instead, is_deleted, record_item, record_key

CHANGED: Final = "vademecum_changed"
LOOK_BACK: Final = 1000
"""How many rows before the end of the cursor are compared again."""
MOST_TWICE: Final = 1000
"""With more duplicate values than this, the column is not an id."""
_NOT_UTF_8: Final = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Table:
    """What is read of a database.

    Attributes:
        table: A name, or `schema.name`; empty: there is a query.
        query: A SELECT.
        id: The column that identifies a row.
        cursor: A column that ascends with every change, such as a time or a version; empty: every row is compared.
        deleted: A column that marks a deleted row: by true, a time, anything but null, 0 and "false".
        look_back: How many rows before the cursor's end are compared again.
    """

    database: Database
    table: str = ""
    query: str = ""
    id: str = "id"
    cursor: str = ""
    deleted: str = ""
    look_back: int = LOOK_BACK

    @property
    def name(self) -> str:
        """What is read, for messages."""
        return f"{self.database.name}, {self.table or 'query'}"


@dataclass(frozen=True)
class Row:
    """What is remembered of a row; its hash tells whether it has changed."""

    key: str
    id: Any
    cursor: Any
    digest: str


@dataclass
class TableReading:
    """A table while it is read."""

    source: Table
    connection: sa.Connection
    twice: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()

    @cached_property
    def origin(self) -> Any:
        """The table or query to select from."""
        source = self.source
        if source.query:
            return source.database.query(source.query)
        return source.database.table(self.connection, source.table)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns.

        Raises:
            UsageError: One of the settings' columns does not exist, or two have the same name.
        """
        if self.names:  # no other query is possible while rows are fetched
            return self.names
        names = tuple(self.connection.execute(self.select().limit(0)).keys())
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"{self.source.name}: two columns are called {name!r}: rename one of them with AS")
        for setting in ("id", "cursor", "deleted"):
            name = getattr(self.source, setting)
            if name and name not in names:
                where = f"{self.source.database.where}: source.{setting}: "
                raise UsageError(f"{where}{self.source.name} has no column {name!r}; {instead(name, names)}")
        self.names = names
        return names

    def count(self) -> int:
        """Return how many rows there are; raise UsageError if there are none."""
        self.columns()
        rows, _ = self._counts()
        if not rows:
            raise EmptySourceError(f"{self.source.name}: there is no row; nothing is changed")
        return rows

    def everything(self) -> Iterator[Entry]:
        """Yield every row, by its id."""
        yield from self.without_id()
        self.twice = self.ids_that_stand_twice()
        skipped: set[str] = set()
        live = removed = 0
        for row, entry in self.rows(self.select().order_by(self.column(self.source.id))):
            removed += isinstance(entry, Removed)
            if not isinstance(entry, Removed) and row.key not in skipped:
                live += 1
                yield entry
            if isinstance(entry, Skipped):
                skipped.add(row.key)
        if not live:
            no_id = f"no row has an id (no {self.source.id}): name another column as source.id"
            raise EmptySourceError(
                f"{self.source.name}: {'every row is deleted' if removed else no_id}; nothing is changed"
            )

    def without_id(self) -> Iterator[Skipped]:
        """Yield a report of the rows without an id, if any."""
        _, missing = self._counts()
        if missing:
            yield Skipped("(no id)", f"{counted(missing, 'rows')} without {self.source.id}: it is NULL")

    def _counts(self) -> tuple[int, int]:
        column = self.column(self.source.id)
        rows, with_id = self.connection.execute(
            sa.select(sa.func.count(), sa.func.count(column)).select_from(self.origin)
        ).one()
        return int(rows), int(rows) - int(with_id)

    def changed(self, statement: Any, values: Mapping[str, Any]) -> Iterator[Entry]:
        """Yield rows that changed, and those that are gone.

        Args:
            statement: Selects the id of each change as `CHANGED`, with the row, or nulls if it is gone.
            values: The statement's parameters.
        """
        self.twice = self.ids_that_stand_twice()
        skipped: set[str] = set()
        result = self.connection.execution_options(stream_results=True, yield_per=FETCHED).execute(statement, values)
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
        """Return the ids that several rows share; raise UsageError if there are too many for an accident."""
        column: sa.ColumnElement[Any] = self.column(self.source.id)
        if self.source.database.dialect == "sqlite":  # where 7 and '7' may be in one column
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

    def rows(self, statement: sa.Select[Any]) -> Iterator[tuple[Row, SourceItem | Skipped | Removed]]:
        """Yield each row that has an id, with its entry."""
        source = self.source
        statement = statement.where(self.column(source.id).is_not(None))
        result = self.connection.execution_options(stream_results=True, yield_per=FETCHED).execute(statement)
        with result:
            for fields in map(dict, result.mappings()):
                id = fields[source.id]
                entry = self.entry(id, fields)
                cursor = fields[source.cursor] if source.cursor else None
                yield Row(entry.key, id, cursor, digest_of_entry(entry)), entry

    def entry(self, id: Any, fields: Mapping[str, Any]) -> SourceItem | Skipped | Removed:
        """Return the entry of a row: an item, removed, or skipped with the reason."""
        key = record_key(id)
        if key is None:
            return Skipped(
                repr(id)[:100], f"{self.source.id} is of type {type(id).__name__}: expected a text or a whole number"
            )
        if key in self.twice:
            return Skipped(key, f"several rows have this {self.source.id}: none of them is taken")
        if self.source.deleted and is_deleted(fields[self.source.deleted]):
            return Removed(key)
        for name, value in fields.items():
            if isinstance(value, str) and not value.isprintable() and _NOT_UTF_8.search(value):
                return Skipped(key, f"{name} is not UTF-8", value.encode("utf-8", "backslashreplace").decode())
        return record_item(key, fields)

    def select(self) -> sa.Select[Any]:
        return sa.select(sa.literal_column("*")).select_from(self.origin)

    def column(self, name: str) -> sa.ColumnElement[Any]:
        return sa.column(name)
