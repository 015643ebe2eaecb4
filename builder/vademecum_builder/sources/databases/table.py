"""A table or a query of a database as a source of records: all of it, or what is new by an ascending column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from vademecum.errors import UsageError
from vademecum_builder.sources.base import Changes, Checkpoint, Entry
from vademecum_builder.sources.databases.database import FETCHED
from vademecum_builder.sources.databases.table_cursor import RowPosition, read_on
from vademecum_builder.sources.databases.table_rows import Table, TableReading


@dataclass(frozen=True)
class TableSource(Table):
    """Rows as items."""

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return all rows, or those that are new or edited since a checkpoint.

        Raises:
            UsageError: No such table or column, an empty table, a cursor that went back, or not a checkpoint of this
                source.
            NetworkError: The database does not answer, is locked, or died.
        """
        if since is not None and not self.cursor:
            raise UsageError(f"{self.name}: every row is compared, so there is no checkpoint ({since.strategy})")
        known = RowPosition.of(since) if since is not None else None
        with self.database.connect() as connection:
            reading = TableReading(self, connection)
            count, columns = reading.count(), reading.columns()
        altered = known is not None and known.columns != columns
        known = None if altered else known
        return Changes(self._entries(known), whole=altered, expected=0 if known else count)

    def columns(self) -> tuple[str, ...]:
        """Check the columns and return their names. Errors: see `changes`."""
        with self.database.connect() as connection:
            return TableReading(self, connection).columns()

    def read(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield some columns of every row, in any order and as the database types them. Errors: see `changes`."""
        with self.database.connect() as connection:
            reading = TableReading(self, connection)
            statement: Any = sa.select(*map(sa.column, columns)).select_from(reading.origin)
            result = connection.execution_options(stream_results=True, yield_per=FETCHED).execute(statement)
            with result:
                yield from map(dict, result.mappings())

    def _entries(self, known: RowPosition | None) -> Iterator[Entry]:
        with self.database.connect() as connection:
            reading = TableReading(self, connection)
            reading.columns()
            yield from read_on(reading, known) if self.cursor else reading.everything()
