"""A table or a query of messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from vademecum.errors import UsageError
from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.cuts import Message
from vademecum_builder.sources.messages import make_message
from vademecum_builder.sources.records import instead, is_deleted
from vademecum_builder.sources.table import TableSource


@dataclass(frozen=True)
class MessageTable:
    """Rows that are messages.

    Attributes:
        rows: The table or query.
        fields: What `id`, `time`, `author`, `text`, `channel`, `thread`, `reply_to`, `updated` and `deleted` are called
            there, by these names.
        zone: Of times without one.
    """

    rows: TableSource
    fields: Mapping[str, str]
    zone: tzinfo | None = None

    @property
    def name(self) -> str:
        """Database and table, without a password."""
        return self.rows.name

    def check(self) -> None:
        """Refuse a column that is not there.

        Raises:
            UsageError: It names it, and which one may be meant; or there is no table.
            NetworkError: The database does not answer.
        """
        columns = self.rows.columns()
        for name, column in self.fields.items():
            if column not in columns:
                where = f"{self.rows.database.where}: source.{name.replace('_', '-')}: "
                raise UsageError(f"{where}{self.name} has no column {column!r}; {instead(column, columns)}")

    def read(self) -> Iterator[Message | Skipped]:
        """Yield the messages, in any order.

        Raises:
            UsageError: As `check`, or a time without a zone.
            NetworkError: The database does not answer, is locked, or died.
        """
        self.check()
        for number, row in enumerate(self.rows.read(tuple(self.fields.values()))):
            fields: dict[str, Any] = {name: row[column] for name, column in self.fields.items()}
            if not is_deleted(fields.get("deleted")):
                where = self.rows.database.where
                yield make_message(fields, self.zone, where, f"row {number}", fields.get("updated"))
