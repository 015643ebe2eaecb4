"""Change data capture by a logical slot of PostgreSQL: the server keeps its log until it was told that it is read.

The output plugin is pgoutput, which every server has. A slot moves on at the beginning of the next run, up to the
checkpoint that this one is given: what was read before whoever reads has kept it is read again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import Connection, inspect, text

from vademecum.errors import UsageError
from vademecum_builder.sources.base import Changes, Checkpoint, Entry
from vademecum_builder.sources.databases.capture import id_type
from vademecum_builder.sources.databases.database import FETCHED
from vademecum_builder.sources.databases.table import TableSource
from vademecum_builder.sources.databases.table_rows import CHANGED, TableReading

STRATEGY: Final = "slot"
MOST_CHANGED: Final = 1_000_000
"""Ids of rows that are held at a time."""


@dataclass(frozen=True)
class Slot:
    """A table of PostgreSQL, read by a slot.

    Attributes:
        table: What is read; its id is the primary key.
        name: Of the slot, and of its publication: letters, digits and `_`.
    """

    table: TableSource
    name: str

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return all rows, or those that changed since a checkpoint. Everything is told (`whole`) where what happened
        in between is not known: the slot is another one or was moved on, or the table was truncated or has other
        columns; or where more than `MOST_CHANGED` rows changed.

        Raises:
            UsageError: There is no slot, nothing to read, or not a checkpoint of this source.
            NetworkError: The database does not answer or died, or another reader has the slot.
        """
        known, before = since.read(STRATEGY, "a slot", _position) if since is not None else (None, ())
        logged = _Logged(self.table.id, known or "")
        with self.table.database.connect(write=True) as connection:
            reading = TableReading(self.table, connection)
            count, columns = reading.count(), reading.columns()
            confirmed = self._confirmed(connection)
            now = str(connection.scalar(text("SELECT CAST(pg_current_wal_insert_lsn() AS text)")))
            if known is None:
                return Changes(self._everything(confirmed, now), expected=count)
            if _number(confirmed) <= _number(known):
                self._move_on(connection, known)
                for data in self._peek(connection):
                    logged.take(data)
                    if len(logged.ids) > MOST_CHANGED:  # reading all rows takes no memory, and hardly longer
                        break
                few = len(logged.ids) <= MOST_CHANGED
                if few and not logged.truncated and columns == before:
                    return Changes(self._changed(sorted(logged.ids), logged.end))
                confirmed = known
            return Changes(self._everything(confirmed, now), whole=True, expected=count)

    def install(self) -> Sequence[str]:
        """Return the statements that make slot and publication.

        Raises:
            UsageError: The database is another one, does not log what a slot needs, or the id is not a primary key.
            NetworkError: The database does not answer.
        """
        with self.table.database.connect() as connection:
            if self.table.database.dialect != "postgresql" or not self.table.table:
                raise UsageError(f"{self.table.name}: a slot is made for a table of PostgreSQL")
            TableReading(self.table, connection).columns()
            level = connection.scalar(text("SHOW wal_level"))
            if level != "logical":
                raise UsageError(f"{self.table.name}: wal_level is {level}: set it to logical, and restart the server")
            schema, _, plain = self.table.table.rpartition(".")
            key = inspect(connection).get_pk_constraint(plain, schema or None)["constrained_columns"]
            if self.table.id not in key:  # an UPDATE of a published table without an identity is refused
                raise UsageError(f'{self.table.name}: {self.table.id} is not a primary key: use capture = "triggers"')
            return [
                f"CREATE PUBLICATION {self.name} FOR TABLE {self._quoted(connection)}",
                f"SELECT pg_create_logical_replication_slot('{self.name}', 'pgoutput')",
            ]

    def remove(self) -> Sequence[str]:
        """Return the statements that undo `install`."""
        found = f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{self.name}'"
        return [found, f"DROP PUBLICATION IF EXISTS {self.name}"]

    def status(self) -> dict[str, Any]:
        """Return `installed`, and how many bytes of the server's log it has not read (`kept`).

        Raises:
            UsageError: The database is another one.
            NetworkError: The database does not answer.
        """
        with self.table.database.connect() as connection:
            kept = connection.scalar(
                text("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) FROM pg_replication_slots "
                     "WHERE slot_name = :name"), {"name": self.name},
            )  # fmt: skip
            return {"installed": False} if kept is None else {"installed": True, "kept": int(kept)}

    def _everything(self, confirmed: str, now: str) -> Iterator[Entry]:
        with self.table.database.connect() as connection:
            reading = TableReading(self.table, connection)
            columns = reading.columns()
            # The log has a commit a moment before others see it. Where no transaction is under way in what is read,
            # all that was committed before `now` is in it; else what follows the slot's place is told again.
            quiet = "SELECT pg_snapshot_xmin(s) = pg_snapshot_xmax(s) FROM pg_current_snapshot() AS s"
            end = now if connection.scalar(text(quiet)) else confirmed
            yield from reading.everything()
            yield Checkpoint(STRATEGY, orjson.dumps({"lsn": end, "columns": columns}).decode())

    def _changed(self, ids: Sequence[str], end: str) -> Iterator[Entry]:
        with self.table.database.connect() as connection:
            reading = TableReading(self.table, connection)
            columns = reading.columns()
            quote = connection.dialect.identifier_preparer.quote
            table, id = self._quoted(connection), quote(self.table.id)
            kind = id_type(connection, table, self.table.id)
            statement = text(
                f"SELECT c.id AS {CHANGED}, t.* FROM unnest(CAST(CAST(:ids AS text[]) AS {kind}[])) AS c(id) "
                f"LEFT JOIN {table} AS t ON t.{id} = c.id ORDER BY c.id"
            )
            for start in range(0, len(ids), 10 * FETCHED):
                yield from reading.changed(statement, {"ids": list(ids[start : start + 10 * FETCHED])})
            yield Checkpoint(STRATEGY, orjson.dumps({"lsn": end, "columns": columns}).decode())

    def _confirmed(self, connection: Connection) -> str:
        found = connection.scalar(
            text("SELECT CAST(confirmed_flush_lsn AS text) FROM pg_replication_slots WHERE slot_name = :name"),
            {"name": self.name},
        )
        if found is None:
            where = f"{self.table.database.where}: source.capture: "
            raise UsageError(f"{where}{self.table.name} has no slot {self.name} yet: vade cdc install")
        return str(found)

    def _move_on(self, connection: Connection, lsn: str) -> None:
        statement = text("SELECT pg_replication_slot_advance(:name, CAST(CAST(:lsn AS text) AS pg_lsn))")
        if _number(lsn) > _number(self._confirmed(connection)):
            connection.execute(statement, {"name": self.name, "lsn": lsn})

    def _peek(self, connection: Connection) -> Iterator[bytes]:
        statement = text(
            "SELECT data FROM pg_logical_slot_peek_binary_changes(CAST(:name AS text), NULL, NULL, "
            "'proto_version', '1', 'publication_names', CAST(:name AS text))"
        )
        result = connection.execution_options(stream_results=True, yield_per=FETCHED).execute(
            statement, {"name": self.name}
        )
        with result:
            yield from (bytes(data) for (data,) in result)

    def _quoted(self, connection: Connection) -> str:
        return ".".join(map(connection.dialect.identifier_preparer.quote, self.table.table.split(".")))


@dataclass
class _Logged:
    """What a log says, message by message (PostgreSQL, "Logical Replication Message Formats").

    Attributes:
        id: The column that identifies a row.
        end: Where the last transaction ends.
        ids: Of the rows that changed, as text.
        truncated: Whether all rows are gone.
    """

    id: str
    end: str
    ids: set[str] = field(default_factory=set)
    truncated: bool = False
    columns: dict[int, int] = field(default_factory=dict)
    """Of relations, which of its columns is the id."""

    def take(self, data: bytes) -> None:
        kind, at = data[:1], 5
        match kind:
            case b"C":
                self.end = "{:X}/{:X}".format(*struct.unpack_from("!II", data, 10))
            case b"T":
                self.truncated = True
            case b"R":
                self.columns[struct.unpack_from("!I", data, 1)[0]] = _column(data, self.id)
            case b"I" | b"U" | b"D":
                relation = struct.unpack_from("!I", data, 1)[0]
                while at < len(data):  # the old key or row, the new row
                    values, at = _tuple(data, at + 1)
                    id = values[self.columns[relation]]
                    if id is not None:
                        self.ids.add(id)


def _column(data: bytes, name: str) -> int:
    at = data.index(b"\0", data.index(b"\0", 5) + 1) + 2  # behind namespace, name, identity
    (count,) = struct.unpack_from("!H", data, at)
    at += 2
    names = []
    for _ in range(count):
        end = data.index(b"\0", at + 1)
        names.append(data[at + 1 : end].decode())
        at = end + 9
    return names.index(name)


def _tuple(data: bytes, at: int) -> tuple[list[str | None], int]:
    (count,) = struct.unpack_from("!H", data, at)
    at += 2
    values: list[str | None] = []
    for _ in range(count):
        kind, at = data[at : at + 1], at + 1
        if kind in (b"t", b"b"):
            (length,) = struct.unpack_from("!I", data, at)
            at += 4
            values.append(data[at : at + length].decode())
            at += length
        else:  # null, or a large value that did not change
            values.append(None)
    return values, at


def _number(lsn: str) -> int:
    high, _, low = lsn.partition("/")
    return int(high, 16) << 32 | int(low, 16)


def _position(text: str) -> tuple[str, tuple[str, ...]]:
    position = orjson.loads(text)
    _number(position["lsn"])
    return str(position["lsn"]), tuple(position.get("columns", ()))
