"""A table or a query of messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa

from vademecum.errors import UsageError
from vademecum_builder.sources.base import Skipped, digest_of
from vademecum_builder.sources.databases.database import FETCHED
from vademecum_builder.sources.databases.table import TableSource
from vademecum_builder.sources.databases.table_rows import TableReading
from vademecum_builder.sources.messages.cuts import Message
from vademecum_builder.sources.messages.message import MESSAGES, NOT_FOR_EVERYBODY, make_message
from vademecum_builder.sources.private_fields import may_say, why_private
from vademecum_builder.sources.records import instead, is_deleted, json_value
from vademecum_builder.sources.times import time_form

_CHANNELS: Final = 100
_VALUES: Final = 10_000
"""The most in one statement: databases have limits (SQLite: 32,766 parameters, an expression 1,000 deep)."""


@dataclass(frozen=True)
class MessageTable:
    """Rows that are messages.

    Attributes:
        rows: The table or query.
        fields: The columns of `id`, `time`, `author`, `text`, `channel`, `thread`, `reply_to`, `updated` and `deleted`,
            by these names.
        zone: Of times without one.
        private: Whether to take messages that are marked as not public, too.
    """

    rows: TableSource
    fields: Mapping[str, str]
    zone: tzinfo | None = None
    private: bool = False

    @property
    def name(self) -> str:
        """Database and table, without a password."""
        return self.rows.name

    def check(self) -> None:
        """Refuse a column that does not exist.

        Raises:
            UsageError: With the column, and the one that may be meant; or there is no table.
            NetworkError: The database does not answer.
        """
        columns = self.rows.columns()
        for name, column in self.fields.items():
            if column not in columns:
                where = f"{self.rows.database.where}: source.{name.replace('_', '-')}: "
                raise UsageError(f"{where}{self.name} has no column {column!r}; {instead(column, columns)}")

    def read(self) -> Iterator[Message | Skipped]:
        """Yield the messages, in any order. Errors: see `check`, or a time without a zone."""
        with self.reading() as reading:
            yield from reading.messages()

    @contextmanager
    def reading(self) -> Iterator[MessageReading]:
        """Open the table for reading one consistent state. Errors: see `check`."""
        self.check()
        with self.rows.database.connect() as connection:
            if self.rows.database.dialect == "sqlite":  # its driver begins no transaction before a SELECT
                connection.exec_driver_sql("BEGIN")
            yield MessageReading(self, connection)


@dataclass
class MessageReading:
    """A table of messages while it is read.

    Attributes:
        times, edits: The forms of the times that were read, and of those of edits (`time_form`).
        left_out: How many of the messages are not public, by reason.
    """

    table: MessageTable
    connection: sa.Connection
    times: set[str] = field(default_factory=set)
    edits: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)

    def messages(self, since: object = None) -> Iterator[Message | Skipped]:
        """Yield all messages, or those whose time column is at least this value."""
        yield from self._read(*([] if since is None else [self._column("time") >= since]))

    def between(self, starts: Mapping[str, object], end: object) -> Iterator[Message | Skipped]:
        """Yield the messages of some channels, each from its own start to a common end."""
        for some in _batches(sorted(starts), _CHANNELS):
            of = [sa.and_(self._is("channel", [one]), self._column("time") >= starts[one]) for one in some]
            yield from self._read(self._column("time") < end, sa.or_(*of))

    def related(self, ids: Collection[str], threads: Collection[str], end: object) -> Iterator[Message | Skipped]:
        """Yield the messages before a time that have one of these ids or threads."""
        for name, values in (("id", ids), ("thread", threads)):
            for some in _batches(sorted(values) if name in self.table.fields else [], _VALUES):
                yield from self._read(self._column("time") < end, self._is(name, some))

    def digest(self, end: object, edited: object) -> str:
        """Return a digest of how many messages there are before a time, deleted and edited ones, and which of them
        were edited since another one: it is another one when one of them came, went, or was edited."""
        fields, old = self.table.fields, self._column("time") < end
        counts: list[Any] = [sa.func.count()] + (
            [sa.func.count(self._column("updated"))] if "updated" in fields else []
        )
        gone = [self._reading.column(name) for name in self._telling]
        gone += [self._column("deleted")] if "deleted" in fields else []
        found = self._rows(sa.select(*counts, *gone).where(old).group_by(*gone))
        if edited is not None:
            both = [self._column("id"), self._column("updated")]
            found += self._rows(sa.select(*both).where(old, both[1] >= edited))
        return digest_of("\n".join(sorted(found)).encode())

    def _rows(self, statement: sa.Select[Any]) -> list[str]:
        rows = self.connection.execute(statement.select_from(self._reading.origin))
        return [repr([json_value(value) for value in row]) for row in rows]

    def _read(self, *conditions: sa.ColumnElement[bool]) -> Iterator[Message | Skipped]:
        table, where = self.table, self.table.rows.database.where
        names = dict.fromkeys([*table.fields.values(), *self._telling])
        columns = [self._reading.column(name) for name in names]
        statement = sa.select(*columns).select_from(self._reading.origin).where(*conditions)
        result = self.connection.execution_options(stream_results=True, yield_per=FETCHED).execute(statement)
        with result:
            for number, row in enumerate(result.mappings()):
                fields: dict[str, Any] = {name: row[column] for name, column in table.fields.items()}
                if fields["time"] is not None:
                    self.times.add(time_form(fields["time"]))
                if fields.get("updated") not in (None, ""):
                    self.edits.add(time_form(fields["updated"]))
                if said := why_private({name: json_value(row[name]) for name in self._telling}, table=MESSAGES):
                    self.left_out[NOT_FOR_EVERYBODY.format(said)] += 1
                elif not is_deleted(fields.get("deleted")):
                    yield make_message(fields, table.zone, where, f"row {number}")

    @cached_property
    def _reading(self) -> TableReading:
        return TableReading(self.table.rows, self.connection)

    @cached_property
    def _telling(self) -> Sequence[str]:
        """The columns that may mark a message as private."""
        fields = self.table.fields.values()
        there = () if self.table.private else self._reading.columns()
        return [name for name in there if may_say(name, MESSAGES) and name not in fields]

    def _column(self, name: str) -> sa.ColumnElement[Any]:
        return self._reading.column(self.table.fields[name])

    def _is(self, name: str, values: Collection[str]) -> sa.ColumnElement[bool]:
        """Return the condition that a column has one of these values, whatever its type; "" stands for NULL."""
        if name not in self.table.fields:
            return sa.true()
        column = self._column(name)
        found = sa.cast(column, sa.String).in_(values)
        return sa.or_(found, column.is_(None)) if "" in values else found


def _batches(values: list[str], size: int) -> Iterator[list[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))
